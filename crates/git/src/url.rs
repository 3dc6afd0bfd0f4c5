//! URLs the way repositories and plugins are written: generic references, scp-like addresses, paths.
use std::fmt;

/// The parts of a URL reference. Everything but `path` and `fragment` is as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Url {
    /// In lower case; empty for a relative reference.
    pub scheme: String,
    /// What precedes `@`, still encoded.
    pub user_info: Option<String>,
    /// With the port, if any.
    pub host: String,
    /// Decoded. Empty for an opaque URL (`scheme:rest`).
    pub path: String,
    /// After `#`, decoded.
    pub fragment: String,
}

/// Why a text is no URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// A control character.
    #[error("invalid control character in URL {0:?}")]
    ControlCharacter(String),
    /// Nothing before the colon.
    #[error("missing protocol scheme in {0:?}")]
    MissingScheme(String),
    /// `host:path` is not a relative reference.
    #[error("first path segment in URL {0:?} cannot contain colon")]
    ColonInFirstSegment(String),
    /// `%` without two hexadecimal digits.
    #[error("invalid URL escape in {0:?}")]
    Escape(String),
    /// A character that user information can't have.
    #[error("invalid user information in a URL")]
    UserInfo,
    /// A character that a host can't have.
    #[error("invalid host name {0:?}")]
    Host(String),
    /// A port that is no number.
    #[error("invalid port {0:?} after host")]
    Port(String),
}

impl Url {
    /// Takes `text` apart.
    ///
    /// # Errors
    /// When it is not a URL reference.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        if text.chars().any(|c| c.is_ascii_control()) {
            return Err(UrlError::ControlCharacter(text.to_owned()));
        }
        let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
        let (scheme, rest) = split_scheme(rest)?;
        let rest = rest.split_once('?').map_or(rest, |(path, _query)| path);
        let mut url =
            Self { scheme: scheme.to_ascii_lowercase(), fragment: decode(fragment)?, ..Self::default() };
        if !rest.starts_with('/') {
            if !scheme.is_empty() {
                return Ok(url);
            }
            if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
                return Err(UrlError::ColonInFirstSegment(text.to_owned()));
            }
        }
        let path = match rest.strip_prefix("//") {
            Some(rest) if !scheme.is_empty() || !rest.starts_with('/') => {
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                url.set_authority(authority)?;
                path
            }
            _ => rest,
        };
        url.path = decode(path)?;
        Ok(url)
    }

    fn set_authority(&mut self, authority: &str) -> Result<(), UrlError> {
        let host = match authority.rsplit_once('@') {
            None => authority,
            Some((user_info, host)) => {
                if !user_info.chars().all(is_user_info) {
                    return Err(UrlError::UserInfo);
                }
                decode(user_info)?;
                self.user_info = Some(user_info.to_owned());
                host
            }
        };
        check_host(host)?;
        host.clone_into(&mut self.host);
        Ok(())
    }

    /// The host without its port.
    #[must_use]
    pub fn host_name(&self) -> &str {
        match self.host.rsplit_once(':') {
            Some((name, port)) if !port.contains(']') => name,
            _ => &self.host,
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme)?;
        if let Some(user) = &self.user_info {
            write!(f, "{user}@")?;
        }
        write!(f, "{}{}", self.host, self.path)
    }
}

fn split_scheme(text: &str) -> Result<(&str, &str), UrlError> {
    for (at, c) in text.char_indices() {
        match c {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if at > 0 => {}
            ':' if at == 0 => return Err(UrlError::MissingScheme(text.to_owned())),
            ':' => return Ok((&text[..at], &text[at + 1..])),
            _ => break,
        }
    }
    Ok(("", text))
}

fn is_user_info(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c)
}

fn check_host(host: &str) -> Result<(), UrlError> {
    if host.chars().any(|c| c.is_ascii() && (c == ' ' || "<>\"\\^`{|}".contains(c))) {
        return Err(UrlError::Host(host.to_owned()));
    }
    let after = match host.strip_prefix('[') {
        Some(literal) => {
            let (_, after) = literal.split_once(']').ok_or_else(|| UrlError::Host(host.to_owned()))?;
            after
        }
        None => host.find(':').map_or("", |_| &host[host.rfind(':').unwrap_or_default()..]),
    };
    match after.strip_prefix(':') {
        None if after.is_empty() => Ok(()),
        Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => Ok(()),
        _ => Err(UrlError::Port(after.to_owned())),
    }
}

fn decode(text: &str) -> Result<String, UrlError> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|b| char::from(b).to_digit(16));
        let value = digit().zip(digit()).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        decoded.push(value.ok_or_else(|| UrlError::Escape(text.to_owned()))?);
    }
    Ok(String::from_utf8_lossy(&decoded).into_owned())
}

/// `text` with the password of its user information replaced, for the log.
#[must_use]
pub fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    match authority.rsplit_once('@') {
        Some((user_info, host)) => match user_info.split_once(':') {
            Some((user, _)) => format!("{scheme}://{user}:xxxxx@{host}{path}"),
            None => text.to_owned(),
        },
        None => text.to_owned(),
    }
}

/// A repository's address as a URL (spec/checkout.md §16): a URL as it is, `[user@]host:path` as `ssh`,
/// anything else as a file.
///
/// # Errors
/// When it has a scheme and yet is no URL.
pub fn repository(text: &str) -> Result<Url, UrlError> {
    if let Some((scheme, _)) = text.split_once("://")
        && !scheme.is_empty()
        && !scheme.contains(':')
    {
        return Url::parse(text);
    }
    if let Some(url) = scp_like(text) {
        return Ok(url);
    }
    Ok(Url {
        scheme: "file".to_owned(),
        path: format!("/{}", text.replace('\\', "/").trim_start_matches('/')),
        ..Url::default()
    })
}

fn scp_like(text: &str) -> Option<Url> {
    let (address, path) = text.split_once(':')?;
    let (user, host) = match address.split_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, address),
    };
    let path = path.strip_prefix('/').unwrap_or(path);
    // One letter before the colon is a drive.
    let plausible = host.chars().count() >= 2 && !host.contains(['/', '\\']) && !path.is_empty();
    plausible.then(|| Url {
        scheme: "ssh".to_owned(),
        user_info: user.map(str::to_owned),
        host: host.to_owned(),
        path: format!("/{path}"),
        fragment: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parts_are_told_apart() {
        let check = |text: &str, scheme: &str, user: Option<&str>, host: &str, path: &str, fragment: &str| {
            let url = Url::parse(text).expect(text);
            let parts = (url.scheme.as_str(), url.user_info.as_deref(), url.host.as_str());
            assert_eq!(parts, (scheme, user, host), "{text}");
            assert_eq!((url.path.as_str(), url.fragment.as_str()), (path, fragment), "{text}");
        };
        check("github.com/a/b#v1", "", None, "", "github.com/a/b", "v1");
        check("ssh://git@h.x:22/a.git", "ssh", Some("git"), "h.x:22", "/a.git", "");
        check("https://u:p%40s@h/a%20b?q#v%201", "https", Some("u:p%40s"), "h", "/a b", "v 1");
        check("file:///opt/x", "file", None, "", "/opt/x", "");
        check("./a/b", "", None, "", "./a/b", "");
        check("C:\\plugins", "c", None, "", "", "");
        check("zip+https://e.com/m.zip#sha256:ab", "zip+https", None, "e.com", "/m.zip", "sha256:ab");
        check("https://[::1]:80/x", "https", None, "[::1]:80", "/x", "");
        check("", "", None, "", "", "");
        check("///a", "", None, "", "///a", "");
    }

    #[test]
    fn what_is_no_url_is_refused() {
        let check = |text: &str, error: fn(String) -> UrlError| {
            let found = Url::parse(text).expect_err(text);
            assert_eq!(
                std::mem::discriminant(&found),
                std::mem::discriminant(&error(String::new())),
                "{text}"
            );
        };
        check("git@host:org/repo", UrlError::ColonInFirstSegment);
        check(":x", UrlError::MissingScheme);
        check("https://h/%zz", UrlError::Escape);
        check("https://h:port/", UrlError::Port);
        check("https://h<x/", UrlError::Host);
        check("a\u{7f}", UrlError::ControlCharacter);
        assert_eq!(Url::parse("https://a b@h/"), Err(UrlError::UserInfo));
    }

    #[test]
    fn repositories_are_urls_addresses_or_paths() {
        let check =
            |text: &str, expected: &str| assert_eq!(repository(text).expect(text).to_string(), expected);
        check("git@github.com:o/r.git", "ssh://git@github.com/o/r.git");
        check("git@github.com-alias1:o/r.git", "ssh://git@github.com-alias1/o/r.git");
        check("host.only:path", "ssh://host.only/path");
        check("user@host:/abs/path", "ssh://user@host/abs/path");
        check("ssh://git@scm.x:7999/y.git", "ssh://git@scm.x:7999/y.git");
        check("C:/foo", "file:///C:/foo");
        check("C:\\foo", "file:///C:/foo");
        check("/home/x", "file:///home/x");
        check("https://h/x", "https://h/x");
        assert!(repository("ssh://h:x/").is_err());
    }

    #[test]
    fn passwords_are_hidden() {
        assert_eq!(without_password("https://u:p@h/x"), "https://u:xxxxx@h/x");
        assert_eq!(without_password("https://u@h/x"), "https://u@h/x");
        assert_eq!(without_password("/a/b:c@d"), "/a/b:c@d");
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "\\PC*") {
            let _ = Url::parse(&text);
            let _ = repository(&text);
            let _ = without_password(&text);
        }
    }
}
