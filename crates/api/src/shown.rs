//! What of requests and answers people may see: everything but what opens doors.

use std::borrow::Cow;

use serde_json::Value;
use url::Url;

/// What is shown in the place of what isn't.
pub(crate) const HIDDEN: &str = "[hidden]";

/// The last word of what holds a credential, as a header, a member, a parameter or a variable.
const CREDENTIALS: [&str; 14] = [
    "authorization",
    "authenticate",
    "cookie",
    "token",
    "secret",
    "password",
    "passphrase",
    "private_key",
    "access_key",
    "api_key",
    "secret_key",
    "signature",
    "credential",
    "connection_string",
];

/// Whether what has this name is a credential.
pub(crate) fn is_credential(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    let name = name.trim_end_matches('s');
    CREDENTIALS.iter().any(|word| {
        name.strip_suffix(word).is_some_and(|before| before.is_empty() || before.ends_with('_'))
            || name.strip_suffix(&word.replace('_', "")).is_some_and(|before| before.ends_with('_'))
    }) || matches!(name, "set_cookie" | "sig" | "apikey")
}

/// A URL as people may see it: without a password, and without credentials in its query.
#[must_use]
pub fn shown_url(text: &str) -> Cow<'_, str> {
    let is_plain = !text.contains(['@', '?']);
    let parsed = if is_plain { None } else { Url::parse(text).ok() };
    let Some(mut url) = parsed else { return without_userinfo(text) };
    let secret = |url: &Url| url.query_pairs().any(|(name, _)| is_credential(&name));
    if url.password().is_none() && !secret(&url) {
        return Cow::Borrowed(text);
    }
    if url.password().is_some() && url.set_password(Some("***")).is_err() {
        return Cow::Borrowed(HIDDEN);
    }
    if secret(&url) {
        let pairs: Vec<_> = url.query_pairs().into_owned().collect();
        let shown =
            pairs.iter().map(|(name, value)| (name, if is_credential(name) { HIDDEN } else { value }));
        url.query_pairs_mut().clear().extend_pairs(shown);
    }
    Cow::Owned(url.into())
}

/// What is no URL may hold a password all the same.
fn without_userinfo(text: &str) -> Cow<'_, str> {
    match text.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?))) {
        Some((scheme, (_, rest))) => Cow::Owned(format!("{scheme}://***@{rest}")),
        None => Cow::Borrowed(text),
    }
}

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

    #[test]
    fn urls_are_shown_without_passwords() {
        for (url, expected) in [
            ("http://h/v3", "http://h/v3"),
            ("http://u@h/v3?a=b", "http://u@h/v3?a=b"),
            ("http://u:s@h/v3", "http://u:***@h/v3"),
            ("http://h/v3?a=b&access_token=s", "http://h/v3?a=b&access_token=%5Bhidden%5D"),
            ("http://u:s@h:x/v3", "http://***@h:x/v3"),
            ("not a URL", "not a URL"),
        ] {
            assert_eq!(shown_url(url), expected);
        }
    }

    #[test]
    fn credentials_are_known_by_their_names() {
        for name in [
            "Authorization",
            "Proxy-Authorization",
            "Set-Cookie",
            "X-Auth-Token",
            "tokens",
            "DB_PASSWORD",
            "api-key",
        ] {
            assert!(is_credential(name), "{name}");
        }
        for name in ["key", "tokenizer", "value", "content-type", "monkey", "secretary"] {
            assert!(!is_credential(name), "{name}");
        }
    }
}
