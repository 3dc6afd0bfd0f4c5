//! What of addresses people may see: everything but what opens doors.

use std::borrow::Cow;

use url::Url;

/// What is shown in the place of what isn't.
pub(crate) const HIDDEN: &str = "[hidden]";

/// The last word of what holds a credential, as a header, a member, a parameter or a variable.
pub(crate) const CREDENTIALS: [&str; 14] = [
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

#[cfg(test)]
mod tests {
    use super::*;

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
