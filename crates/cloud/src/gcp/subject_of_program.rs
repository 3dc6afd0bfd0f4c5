//! Statements of other identity providers that a program prints, or has left in a file.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use super::external_account::{Executable, ExternalAccount};
use super::impersonation::email;
use crate::program::Program;
use crate::{CloudError, Variables, filled};

const USUAL_MILLIS: u64 = 30_000;
const SAML: &str = "urn:ietf:params:oauth:token-type:saml2";
const KINDS: [&str; 3] =
    ["urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token", SAML];

/// Version 1 of what it prints.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Printed {
    version: u64,
    success: bool,
    token_type: String,
    id_token: String,
    saml_response: String,
    expiration_time: Option<i64>,
    code: String,
    message: String,
}

/// The state of a statement that can be read.
#[derive(Debug, PartialEq, Eq)]
enum Read {
    Token(String),
    Expired,
    /// The program's own refusal.
    Refused(String),
}

/// The statement, from its file while that counts, or else from the program.
pub(super) fn token(
    variables: Variables<'_>,
    account: &ExternalAccount,
    executable: &Executable,
) -> Result<String, CloudError> {
    if filled(variables, "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES").as_deref() != Some("1") {
        return Err(CloudError::Credentials(
            "its credential_source is an executable, which only runs with \
             GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1"
                .to_owned(),
        ));
    }
    if let Some(token) = kept(executable)? {
        return Ok(token);
    }
    let failed = |what: String| CloudError::Credentials(format!("its executable failed: {what}"));
    let printed =
        program(account, executable)?.printed(variables).map_err(|error| failed(error.to_string()))?;
    match read(&printed, Timestamp::now(), executable.output_file.is_some()) {
        Ok(Read::Token(token)) => Ok(token),
        Ok(Read::Expired) => Err(failed("it printed a token that has expired".to_owned())),
        Ok(Read::Refused(why)) => Err(failed(why)),
        Err(what) => Err(failed(format!("it printed {what}"))),
    }
}

/// What an earlier run has left. One that can't be read is an error; one that counts no longer is none.
fn kept(executable: &Executable) -> Result<Option<String>, CloudError> {
    let Some(path) = &executable.output_file else { return Ok(None) };
    let Ok(text) = std::fs::read(path) else { return Ok(None) };
    if text.is_empty() {
        return Ok(None);
    }
    match read(&text, Timestamp::now(), true) {
        Ok(Read::Token(token)) => Ok(Some(token)),
        Ok(Read::Expired | Read::Refused(_)) => Ok(None),
        Err(what) => Err(CloudError::Credentials(format!("its output_file {path} has {what}"))),
    }
}

/// The command's words are parted by blanks, without a shell.
fn program(account: &ExternalAccount, executable: &Executable) -> Result<Program, CloudError> {
    let words: Vec<_> = executable.command.split_whitespace().collect();
    let [path, args @ ..] = words.as_slice() else {
        return Err(CloudError::Credentials("its executable has no command".to_owned()));
    };
    let millis = executable.timeout_millis.unwrap_or(USUAL_MILLIS);
    if !(5_000..=120_000).contains(&millis) {
        return Err(CloudError::Credentials(format!(
            "its timeout_millis is {millis}: an executable gets 5000 to 120000"
        )));
    }
    let mut program = Program::plain(path, args, Duration::from_millis(millis))
        .with("GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE", &account.audience)
        .with("GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE", &account.subject_token_type)
        .with("GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE", "0");
    if let Some(email) = account.service_account_impersonation_url.as_deref().and_then(email) {
        program = program.with("GOOGLE_EXTERNAL_ACCOUNT_IMPERSONATED_EMAIL", email);
    }
    if let Some(path) = &executable.output_file {
        program = program.with("GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE", path);
    }
    Ok(program)
}

/// A statement's end must be told where it is kept.
fn read(text: &[u8], now: Timestamp, is_kept: bool) -> Result<Read, String> {
    let printed: Printed =
        serde_json::from_slice(text).map_err(|_| "no JSON of the documented form".to_owned())?;
    if printed.version != 1 {
        return Err(format!("version {}, but only 1 is known", printed.version));
    }
    if !printed.success {
        return match (printed.code.as_str(), printed.message.as_str()) {
            ("", _) | (_, "") => Err("a failure without code and message".to_owned()),
            (code, message) => Ok(Read::Refused(format!("{code}: {message}"))),
        };
    }
    if is_kept && printed.expiration_time.is_none() {
        return Err("no expiration_time, which an output_file needs".to_owned());
    }
    if printed.expiration_time.is_some_and(|end| end <= now.as_second()) {
        return Ok(Read::Expired);
    }
    if !KINDS.contains(&printed.token_type.as_str()) {
        return Err(format!("the token_type {:?}, which is not known", printed.token_type));
    }
    let (field, token) = match printed.token_type.as_str() {
        SAML => ("saml_response", printed.saml_response),
        _ => ("id_token", printed.id_token),
    };
    if token.is_empty() { Err(format!("no {field}")) } else { Ok(Read::Token(token)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_checked() {
        let now = Timestamp::from_second(1000).unwrap();
        let id = r#""version":1,"success":true,"token_type":"urn:ietf:params:oauth:token-type:id_token""#;
        let saml = id.replace("id_token", "saml2");
        let token = || Ok(Read::Token("jwt".to_owned()));
        let wrong = |what: &str| Err(what.to_owned());
        for (text, is_kept, expected) in [
            (format!(r#"{{{id},"id_token":"jwt"}}"#), false, token()),
            (format!(r#"{{{saml},"saml_response":"jwt"}}"#), false, token()),
            (format!(r#"{{{id},"id_token":"jwt","expiration_time":1001}}"#), true, token()),
            (format!(r#"{{{id},"id_token":"jwt","expiration_time":1000}}"#), true, Ok(Read::Expired)),
            (
                format!(r#"{{{id},"id_token":"jwt"}}"#),
                true,
                wrong("no expiration_time, which an output_file needs"),
            ),
            (format!(r#"{{{id},"saml_response":"jwt"}}"#), false, wrong("no id_token")),
            (format!(r#"{{{saml},"id_token":"jwt"}}"#), false, wrong("no saml_response")),
            (
                r#"{"version":1,"success":false,"code":"401","message":"not you"}"#.to_owned(),
                true,
                Ok(Read::Refused("401: not you".to_owned())),
            ),
            (
                r#"{"version":1,"success":false}"#.to_owned(),
                false,
                wrong("a failure without code and message"),
            ),
            (r#"{"version":2}"#.to_owned(), false, wrong("version 2, but only 1 is known")),
            (
                r#"{"version":1,"success":true,"token_type":"x","id_token":"jwt"}"#.to_owned(),
                false,
                wrong("the token_type \"x\", which is not known"),
            ),
            ("jwt".to_owned(), false, wrong("no JSON of the documented form")),
        ] {
            assert_eq!(read(text.as_bytes(), now, is_kept), expected, "{text}");
        }
    }
}
