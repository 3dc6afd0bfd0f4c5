//! `credential_process`: a program of the user's that prints credentials, run by the shell as the SDKs do.

use std::time::Duration;

use aws_credential_types::Credentials;
use jiff::Timestamp;
use serde::Deserialize;

use super::config::Config;
use crate::CloudError;
use crate::program::Program;

/// How long it may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Version 1 of what it prints.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Printed {
    version: u64,
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    expiration: Option<String>,
}

/// The credentials that it prints.
pub(super) fn credentials(config: &Config<'_>, line: &str) -> Result<Credentials, CloudError> {
    let printed = Program::line(line, config.variables, LIMIT).printed(config.variables);
    let failed = |what: String| CloudError::Credentials(format!("its credential_process failed: {what}"));
    let text = printed.map_err(|error| failed(error.to_string()))?;
    read(&text, Timestamp::now()).map_err(|what| failed(format!("it printed {what}")))
}

fn read(text: &[u8], now: Timestamp) -> Result<Credentials, String> {
    let printed: Printed =
        serde_json::from_slice(text).map_err(|_| "no JSON of the documented form".to_owned())?;
    if printed.version != 1 {
        return Err(format!("Version {}, but only 1 is known", printed.version));
    }
    for (name, value) in
        [("AccessKeyId", &printed.access_key_id), ("SecretAccessKey", &printed.secret_access_key)]
    {
        if value.is_empty() {
            return Err(format!("no {name}"));
        }
    }
    if let Some(text) = printed.expiration {
        let expires: Timestamp =
            text.parse().map_err(|_| format!("the Expiration {text:?}, which is no time of RFC 3339"))?;
        if expires <= now {
            return Err(format!("credentials that have expired at {expires}"));
        }
    }
    let token = printed.session_token.filter(|token| !token.is_empty());
    Ok(Credentials::from_keys(printed.access_key_id, printed.secret_access_key, token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_checked() {
        let now: Timestamp = "2024-05-01T00:00:00Z".parse().unwrap();
        let check = |text: &str, expected: Result<Option<&str>, &str>| {
            let read = read(text.as_bytes(), now);
            let read = read.as_ref().map(Credentials::session_token).map_err(String::as_str);
            assert_eq!(read, expected, "{text}");
        };
        let keys = r#""AccessKeyId":"A","SecretAccessKey":"S""#;
        let with = |more: &str| format!("{{{keys}{more}}}");
        check(&with(r#","Version":1"#), Ok(None));
        check(
            &with(r#","Version":1,"SessionToken":"T","Expiration":"2024-05-01T02:00:00+01:00""#),
            Ok(Some("T")),
        );
        check(&with(r#","Version":1,"SessionToken":"","Expiration":null"#), Ok(None));
        check(&with(r#","Version":2"#), Err("Version 2, but only 1 is known"));
        check(&with(""), Err("Version 0, but only 1 is known"));
        check(r#"{"Version":1,"AccessKeyId":"A"}"#, Err("no SecretAccessKey"));
        check(r#"{"Version":1,"SecretAccessKey":"S"}"#, Err("no AccessKeyId"));
        check(
            &with(r#","Version":1,"Expiration":"2024-04-30T23:59:59Z""#),
            Err("credentials that have expired at 2024-04-30T23:59:59Z"),
        );
        check(
            &with(r#","Version":1,"Expiration":"soon""#),
            Err("the Expiration \"soon\", which is no time of RFC 3339"),
        );
        check("S3CR3T", Err("no JSON of the documented form"));
        check(r#"{"Version":1,"AccessKeyId":["S3CR3T"]}"#, Err("no JSON of the documented form"));
    }
}
