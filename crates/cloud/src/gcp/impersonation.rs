//! Speaking for a service account: IAM gives its token to whoever may have it.

use serde::Deserialize;
use serde_json::json;

use super::credentials::SCOPE;
use crate::CloudError;
use crate::http::{Ask, Service, Way};

/// How long the token lasts when nobody has said.
const SECONDS: u64 = 3600;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Granted {
    access_token: String,
}

/// The service account's token, for the token of somebody who may have it, also by way of delegates.
pub(super) fn token(
    url: &str,
    source: &str,
    delegates: &[String],
    seconds: Option<u64>,
) -> Result<String, CloudError> {
    let seconds = seconds.filter(|seconds| *seconds > 0).unwrap_or(SECONDS);
    let mut body = json!({ "scope": [SCOPE], "lifetime": format!("{seconds}s") });
    if !delegates.is_empty() {
        body["delegates"] = delegates.into();
    }
    let answer = Service::new("Google's service for credentials of service accounts", Way::Open).ask(|| {
        let ask = Ask::post(url, "application/json", body.to_string());
        Ok(ask.header("authorization", format!("Bearer {source}")))
    });
    let granted = answer.and_then(|answer| answer.json::<Granted>());
    granted.map(|granted| granted.access_token).map_err(|error| match email(url) {
        Some(email) => error.during(format!("speaking for {email}")),
        None => error,
    })
}

/// Whom an address of that service speaks for.
pub(super) fn email(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("/serviceAccounts/")?;
    rest.strip_suffix(":generateAccessToken")
}
