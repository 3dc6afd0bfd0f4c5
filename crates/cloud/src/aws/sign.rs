//! Signature Version 4, by Amazon's own library.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;

use crate::CloudError;
use crate::http::Ask;

/// For what a request is signed.
pub(crate) struct Scope<'a> {
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
}

/// The request with the headers that prove who sends it.
pub(crate) fn signed(
    mut ask: Ask,
    credentials: &Credentials,
    scope: &Scope<'_>,
    now: SystemTime,
) -> Result<Ask, CloudError> {
    let refused = |error: &dyn std::error::Error| {
        CloudError::Setting(format!("the request to {} can't be signed: {error}", scope.service))
    };
    let identity = credentials.clone().into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(scope.region)
        .name(scope.service)
        .time(now)
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| refused(&error))?;
    let headers = ask.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let request =
        SignableRequest::new(ask.method.as_str(), &ask.url, headers, SignableBody::Bytes(&ask.body))
            .map_err(|error| refused(&error))?;
    let (made, _) = sign(request, &params.into()).map_err(|error| refused(&error))?.into_parts();
    let added: Vec<_> = made.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    ask.headers.extend(added);
    Ok(ask)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// 2015-08-30T12:36:00Z, and what the published test suite says comes out then.
    #[test]
    fn the_published_test_suite_is_met() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_440_938_160);
        let credentials =
            Credentials::from_keys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None);
        let scope = Scope { service: "service", region: "us-east-1" };
        let form = "application/x-www-form-urlencoded";
        let home = "https://example.amazonaws.com/";
        let post = |url: &str| Ask { method: http::Method::POST, ..Ask::get(url) };
        for (name, ask, signature) in [
            (
                "get-vanilla",
                Ask::get(home),
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            (
                "get-vanilla-query-order-key-case",
                Ask::get(format!("{home}?Param2=value2&Param1=value1")),
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            ("post-vanilla", post(home), "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            (
                "post-x-www-form-urlencoded",
                Ask::post(home, form, "Param1=value1"),
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
        ] {
            let signed = signed(ask, &credentials, &scope, now).unwrap();
            let found = signed.headers.iter().find(|(name, _)| name == "authorization").unwrap();
            assert!(found.1.ends_with(&format!("Signature={signature}")), "{name}: {}", found.1);
        }
    }
}
