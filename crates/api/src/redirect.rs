//! Redirects, followed by hand because credentials go along on every hop (spec/agent-api.md §2.3).

use http::{HeaderMap, Method, StatusCode};

/// The most hops of one request: Go's programs send ten requests in all.
pub(crate) const LIMIT: u32 = 9;

/// Where a redirect leads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hop {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) keeps_body: bool,
}

/// The next request after this answer; `None` when the answer is what the caller gets.
pub(crate) fn next(method: &Method, url: &str, status: StatusCode, headers: &HeaderMap) -> Option<Hop> {
    let location = headers.get(http::header::LOCATION)?.to_str().ok().filter(|text| !text.is_empty())?;
    let keeps_body = match status.as_u16() {
        301..=303 => false,
        307 | 308 => true,
        _ => return None,
    };
    let url = url::Url::parse(url).ok()?.join(location).ok()?;
    let is_plain = matches!(*method, Method::GET | Method::HEAD);
    let method = if keeps_body || is_plain { method.clone() } else { Method::GET };
    Some(Hop { method, url: url.into(), keeps_body })
}

/// What the next request says of where it comes from: nothing of a user, and nothing that TLS has hidden.
pub(crate) fn referer(from: &str, to: &str) -> Option<String> {
    let mut url = url::Url::parse(from).ok()?;
    if url.scheme() == "https" && !to.starts_with("https:") {
        return None;
    }
    url.set_username("").and_then(|()| url.set_password(None)).ok()?;
    url.set_fragment(None);
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hop_says_where_it_comes_from_unless_that_was_secret() {
        for (from, to, expected) in [
            ("http://u:p@h/a?b#c", "https://o/", Some("http://h/a?b")),
            ("https://h/a", "https://o/", Some("https://h/a")),
            ("https://h/a", "http://h/", None),
        ] {
            assert_eq!(referer(from, to).as_deref(), expected, "{from} {to}");
        }
    }

    #[test]
    fn an_empty_location_leads_nowhere() {
        let headers = [(http::header::LOCATION, "".parse().unwrap())].into_iter().collect();
        assert_eq!(next(&Method::GET, "http://h/", StatusCode::FOUND, &headers), None);
    }

    #[test]
    fn a_hop_keeps_or_drops_method_and_body() {
        for (status, method, expected) in [
            (302, Method::POST, Some((Method::GET, false))),
            (303, Method::PUT, Some((Method::GET, false))),
            (307, Method::POST, Some((Method::POST, true))),
            (308, Method::PUT, Some((Method::PUT, true))),
            (304, Method::GET, None),
        ] {
            let headers = [(http::header::LOCATION, "../y".parse().unwrap())].into_iter().collect();
            let hop = next(&method, "http://h/v3/a/x", StatusCode::from_u16(status).unwrap(), &headers);
            let expected = expected.map(|(method, keeps_body)| {
                let url = "http://h/v3/y".to_owned();
                Hop { method, url, keeps_body }
            });
            assert_eq!(hop, expected, "{status}");
        }
    }
}
