//! Repository addresses as they may be shown (spec/redaction-and-logs.md §8).

use std::borrow::Cow;

/// `url` with `xxxxx` in the place of a password; `(invalid URL)` for what begins like a URL and is none.
pub fn public_url(url: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = url.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) else {
        return Cow::Borrowed(url);
    };
    let authority_len = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(authority_len);
    if !is_well_formed(authority, tail) {
        return Cow::Borrowed("(invalid URL)");
    }
    let Some((user_info, host)) = authority.rsplit_once('@') else { return Cow::Borrowed(url) };
    match user_info.split_once(':') {
        Some((user, _)) => Cow::Owned(format!("{scheme}://{user}:xxxxx@{host}{tail}")),
        None => Cow::Borrowed(url),
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

fn is_well_formed(authority: &str, tail: &str) -> bool {
    let (user_info, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let is_visible = |text: &str| !text.bytes().any(|byte| byte.is_ascii_control());
    is_visible(authority)
        && is_visible(tail)
        && user_info.bytes().all(is_user_info_byte)
        && has_whole_escapes(user_info)
        && has_whole_escapes(host)
        && has_whole_escapes(tail.split('?').next().unwrap_or(tail))
        && !host.contains([' ', '<', '>', '"', '\\', '^', '`', '{', '}', '|'])
        && has_valid_port(host)
}

fn is_user_info_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte)
}

/// Whether each `%` is followed by two hexadecimal digits.
fn has_whole_escapes(text: &str) -> bool {
    let is_hex = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'%', bytes).all(|at| is_hex(bytes.get(at + 1)) && is_hex(bytes.get(at + 2)))
}

fn has_valid_port(host: &str) -> bool {
    let after_host = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((_, after)) => after,
            None => return false,
        },
        None => host.find(':').map_or("", |colon| &host[colon..]),
    };
    match after_host.strip_prefix(':') {
        Some(port) => port.bytes().all(|byte| byte.is_ascii_digit()),
        None => after_host.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        let check = |url: &str, expected: &str| assert_eq!(public_url(url), expected);
        check("https://user:secret@host/x", "https://user:xxxxx@host/x");
        check("https://:pw@h", "https://:xxxxx@h");
        check("https://u:p@w@h:8080/a?b#c", "https://u:xxxxx@h:8080/a?b#c");
        check("https://user@host/x", "https://user@host/x");
        check("https://host/a:b@c", "https://host/a:b@c");
        check("git@host:path", "git@host:path");
        check("../relative", "../relative");
        check("", "");
        check("https://u:p w@h/x", "(invalid URL)");
        check("https://h:port/x", "(invalid URL)");
        check("https://u:%zz@h/x", "(invalid URL)");
        check("https://[::1/x", "(invalid URL)");
        check("https://[::1]:80/x", "https://[::1]:80/x");
        check("ssh://git@h:22/x\n", "(invalid URL)");
    }
}
