//! Statements of other identity providers that lie in a file or at an address.

use serde_json::Value;

use super::external_account::{Format, Source};
use crate::CloudError;
use crate::http::{Ask, Service, Way};

/// What a file holds.
pub(super) fn of_file(path: &str, format: &Format) -> Result<String, CloudError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| CloudError::Credentials(format!("reading the subject token in {path}: {error}")))?;
    read(&text, format).map_err(|what| CloudError::Credentials(format!("the file {path} {what}")))
}

/// What a server answers.
pub(super) fn of_url(url: &str, source: &Source) -> Result<String, CloudError> {
    let service = Service::new("the source of the subject token", Way::Open);
    let answer = service.ask(|| {
        Ok(source.headers.iter().fold(Ask::get(url), |ask, (name, value)| ask.header(name, value)))
    })?;
    read(&answer.body, &source.format).map_err(|what| {
        CloudError::Credentials(format!("the answer of the source of the subject token {what}"))
    })
}

fn read(text: &str, format: &Format) -> Result<String, String> {
    let token = match format.kind.as_str() {
        "" | "text" => text.trim().to_owned(),
        "json" => {
            let field = &format.subject_token_field_name;
            let value: Value = serde_json::from_str(text).map_err(|_| "is not JSON".to_owned())?;
            let token = value.get(field).and_then(Value::as_str);
            token.ok_or_else(|| format!("has no text called {field:?}"))?.to_owned()
        }
        other => return Err(format!("should have the format {other:?}: there are text and json")),
    };
    if token.is_empty() { Err("has no token in it".to_owned()) } else { Ok(token) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_text_or_members() {
        let form = |kind: &str| Format { kind: kind.into(), subject_token_field_name: String::new() };
        let json = |field: &str| Format { kind: "json".into(), subject_token_field_name: field.into() };
        for (text, format, expected) in [
            (" jwt\n", form(""), Ok("jwt")),
            ("jwt", form("text"), Ok("jwt")),
            (r#"{"id":"jwt"}"#, json("id"), Ok("jwt")),
            (r#"{"id":"jwt"}"#, json("other"), Err("has no text called \"other\"")),
            (r#"{"id":1}"#, json("id"), Err("has no text called \"id\"")),
            ("jwt", json("id"), Err("is not JSON")),
            (" ", form(""), Err("has no token in it")),
            ("", form("xml"), Err("should have the format \"xml\": there are text and json")),
        ] {
            assert_eq!(read(text, &format).as_deref().map_err(String::as_str), expected, "{text}");
        }
    }
}
