//! The keyword `format`: whether a text is what it should look like.
use redkite_git::url::Url;
use regex::Regex;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether `text` has this format. A format that is not known says nothing.
pub(super) fn is_of(format: &str, text: &str) -> bool {
    match format {
        "date-time" => {
            text.to_uppercase().split_once('T').is_some_and(|(date, time)| is_date(date) && is_time(time))
        }
        "date" => is_date(text),
        "time" => is_time(&text.to_uppercase()),
        "email" | "idn-email" => is_email(text),
        "hostname" => is_like(
            r"^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$",
            text,
        ),
        "idn-hostname" => text
            .split('.')
            .all(|label| is_like(r"^[^\x00-,/:-@\[-`\{-\x7f-][^\x00-,/:-@\[-`\{-\x7f]*$", label)),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "uri" | "iri" => Url::parse(text).is_ok_and(|url| !url.scheme.is_empty()),
        "uri-reference" | "iri-reference" => Url::parse(text).is_ok(),
        "uri-template" => is_like(r"^([^{}]|\{[^{}]*\})*$", text),
        "json-pointer" => is_like(r"^(/([^~]|~[01])*)?$", text),
        "relative-json-pointer" => is_like(r"^[0-9]+(#|/([^~]|~[01])*)?$", text),
        "regex" => Regex::new(text).is_ok(),
        _ => true,
    }
}

fn is_like(pattern: &str, text: &str) -> bool {
    Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text))
}

fn is_email(text: &str) -> bool {
    let address =
        text.strip_suffix('>').and_then(|text| text.rsplit_once('<')).map_or(text, |(_, inner)| inner);
    address.rsplit_once('@').is_some_and(|(user, host)| {
        let quoted = user.len() > 2 && user.starts_with('"') && user.ends_with('"');
        let plain = !user.is_empty() && !user.contains(char::is_whitespace);
        (quoted || plain) && !host.is_empty() && !host.contains(char::is_whitespace)
    })
}

fn is_date(text: &str) -> bool {
    if !is_like("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", text) {
        return false;
    }
    let part = |range: std::ops::Range<usize>| text[range].parse::<u32>().unwrap_or(0);
    let (year, month, day) = (part(0..4), part(5..7), part(8..10));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    (1..=days).contains(&day)
}

fn is_time(text: &str) -> bool {
    is_like(
        r"^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$",
        text,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts that have the format, and texts that don't.
    fn check(format: &str, good: &[&str], bad: &[&str]) {
        let of = |texts: &[&str], expected| {
            for text in texts {
                assert_eq!(is_of(format, text), expected, "{format}: {text:?}");
            }
        };
        of(good, true);
        of(bad, false);
    }

    #[test]
    fn each_format_has_its_texts() {
        check(
            "date-time",
            &["2020-01-01T00:00:00Z", "2020-01-01T00:00:00.5+02:00", "2020-01-01t00:00:00z"],
            &["2020-01-01 00:00:00Z", "2020-13-01T00:00:00Z", "y"],
        );
        check("date", &["2020-02-29"], &["2020-1-1", "x", "2020-02-30", "2100-02-29"]);
        check("time", &["10:00:00Z", "10:00:00.5+01:00"], &["10:00:00", "x", "25:00:00Z"]);
        check("email", &["a@b", "a@b.c", "A <a@b.c>", "\"a b\"@c"], &["a", "a@", "@b"]);
        check("idn-email", &["é@b"], &["x"]);
        check("hostname", &["a", "a.b", "1.2.3.4"], &["a_b", "-a", "é", "a..b", "", "a.", &"x".repeat(64)]);
        check("idn-hostname", &["é", "a-b.c"], &["a b", "-a"]);
        check("ipv4", &["1.2.3.4"], &["999.1.1.1", "::1", "x", "1.2.3", "01.2.3.4"]);
        check("ipv6", &["::1", "::ffff:1.2.3.4"], &["1.2.3.4", "x", "::1%eth0"]);
        check(
            "uri",
            &["http://a", "mailto:x"],
            &["a", "::", "/a", "a b", "http://a b", "#x", "", "http://[::1"],
        );
        check("uri-reference", &["a", "http://a", "/a?x#y"], &["::", "%zz"]);
        check("iri", &["http://é"], &["x"]);
        check("iri-reference", &["é"], &["::"]);
        check("uri-template", &["{a}", "x"], &["{", "a}"]);
        check("json-pointer", &["/a", "", "/~1"], &["a", "/~2", "#/a"]);
        check("relative-json-pointer", &["0", "1/a", "0#"], &["x"]);
        check("regex", &["a+"], &["(", "(?=a)"]);
        check("uuid", &["x"], &[]);
    }
}
