//! Arguments of two parts, such as `--env NAME=VALUE`.

/// `NAME=VALUE`, of a variable.
pub(crate) fn name_value(text: &str) -> Result<(String, String), String> {
    pair(text, "NAME=VALUE")
}

/// `KEY=VALUE`, of meta-data or a field.
pub(crate) fn key_value(text: &str) -> Result<(String, String), String> {
    pair(text, "KEY=VALUE")
}

/// The value may be empty, what is before it may not.
fn pair(text: &str, form: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("it has to be {form}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs() {
        for (text, expected) in [
            ("A=b", Some(("A", "b"))),
            ("A=", Some(("A", ""))),
            ("A=b=c", Some(("A", "b=c"))),
            ("A", None),
            ("=b", None),
        ] {
            let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
            assert_eq!(
                name_value(text),
                expected.clone().ok_or("it has to be NAME=VALUE".to_owned()),
                "{text}"
            );
            assert_eq!(key_value(text), expected.ok_or("it has to be KEY=VALUE".to_owned()), "{text}");
        }
    }
}
