//! Bodies of requests and answers as people may see them: everything but what opens doors.

use std::borrow::Cow;

use serde_json::Value;

use crate::shown::{CREDENTIALS, HIDDEN, is_credential, shown_url};

/// A body as text; what is none is only counted. `asked` is where it came from or goes to.
pub(crate) fn body(asked: &str, body: &[u8]) -> String {
    let is_text = |text: &&str| !text.chars().any(|c| c.is_control() && !c.is_whitespace());
    let Some(text) = std::str::from_utf8(body).ok().filter(is_text) else {
        return format!("({} bytes that are no text)", body.len());
    };
    let Ok(mut value) = serde_json::from_str::<Value>(text) else { return unless_telling(text) };
    let path = asked.split('?').next().unwrap_or_default();
    let also = path.ends_with("/secrets").then_some("value");
    if hide(&mut value, also) == 0 { text.to_owned() } else { value.to_string() }
}

/// What can't be read can't be shown in part, either.
fn unless_telling(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    if CREDENTIALS.iter().any(|word| lower.contains(word)) {
        return format!("({} bytes that speak of credentials)", text.len());
    }
    text.to_owned()
}

/// Hides values; answers how many.
fn hide(value: &mut Value, also: Option<&str>) -> usize {
    match value {
        Value::Array(items) => items.iter_mut().map(|item| hide(item, also)).sum(),
        Value::Object(members) => members
            .iter_mut()
            .map(|(name, member)| match member {
                Value::String(text) if is_credential(name) || also == Some(name) => {
                    HIDDEN.clone_into(text);
                    1
                }
                // Of the collector's headers, any can be a key.
                Value::Object(headers) if name == "headers" => {
                    headers.values_mut().for_each(|value| *value = HIDDEN.into());
                    headers.len()
                }
                other => hide(other, also),
            })
            .sum(),
        Value::String(text) if text.contains("://") => hide_in_url(text),
        _ => 0,
    }
}

fn hide_in_url(text: &mut String) -> usize {
    match shown_url(text) {
        Cow::Borrowed(same) if same == text.as_str() => 0,
        shown => {
            *text = shown.into_owned();
            1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_shown_without_what_opens_doors() {
        for (url, text, expected) in [
            ("http://h/register", r#"{"id":1, "access_token":"s"}"#, r#"{"id":1,"access_token":"[hidden]"}"#),
            ("http://h/x", r#"[{"job":{"token":"s"}}]"#, r#"[{"job":{"token":"[hidden]"}}]"#),
            ("http://h/jobs/j/secrets?key=k", r#"{"value":"s"}"#, r#"{"value":"[hidden]"}"#),
            ("http://h/jobs/j/data/get", r#"{ "value":"v"}"#, r#"{ "value":"v"}"#),
            (
                "http://h/x",
                r#"{"env":{"MY_SECRET_KEY":"s","A":"b"}}"#,
                r#"{"env":{"MY_SECRET_KEY":"[hidden]","A":"b"}}"#,
            ),
            (
                "http://h/register",
                r#"{"tracing":{"exporter":{"headers":{"X-Team":"s"}}}}"#,
                r#"{"tracing":{"exporter":{"headers":{"X-Team":"[hidden]"}}}}"#,
            ),
            (
                "http://h/search",
                r#"[{"url":"https://s/a?X-Amz-Signature=s&n=1"}]"#,
                r#"[{"url":"https://s/a?X-Amz-Signature=%5Bhidden%5D&n=1"}]"#,
            ),
            ("http://h/x", r#"{"repo_url":"https://u:s@h/r"}"#, r#"{"repo_url":"https://u:***@h/r"}"#),
            ("http://h/x", "no JSON", "no JSON"),
            ("http://h/x", r#"{"access_token":"s"#, "(18 bytes that speak of credentials)"),
            ("http://h/x", "\u{1f}\u{1}", "(2 bytes that are no text)"),
        ] {
            assert_eq!(body(url, text.as_bytes()), expected, "{url}");
        }
        assert_eq!(body("http://h/x", &[0xff, 0xfe, 0]), "(3 bytes that are no text)");
    }
}
