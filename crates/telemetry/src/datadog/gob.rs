//! Reading the one thing that Go's encoding is used for here: a map from strings to strings.

/// The map that these bytes encode; `None` if they are something else.
pub(crate) fn string_map(bytes: &[u8]) -> Option<Vec<(String, String)>> {
    let mut input = Input(bytes);
    loop {
        let length = input.length()?;
        let mut message = Input(input.take(length)?);
        // A negative type's message describes the type.
        if message.signed()? > 0 {
            return message.map();
        }
    }
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number below 128 is itself; others follow their length, which is written negated.
    fn unsigned(&mut self) -> Option<u64> {
        let first = self.take(1)?[0];
        if first < 0x80 {
            return Some(first.into());
        }
        let count = usize::from(first.wrapping_neg());
        let digits = self.take(count).filter(|_| count <= 8)?;
        Some(digits.iter().fold(0, |number, digit| number << 8 | u64::from(*digit)))
    }

    /// The lowest bit says whether the others are complemented.
    fn signed(&mut self) -> Option<i64> {
        let number = self.unsigned()?;
        let value = i64::try_from(number >> 1).ok()?;
        Some(if number & 1 == 0 { value } else { !value })
    }

    fn length(&mut self) -> Option<usize> {
        self.unsigned()?.try_into().ok()
    }

    fn string(&mut self) -> Option<String> {
        let length = self.length()?;
        String::from_utf8(self.take(length)?.to_vec()).ok()
    }

    fn map(&mut self) -> Option<Vec<(String, String)>> {
        // Stands before every value that is no struct.
        self.take(1).filter(|zero| zero == &[0])?;
        let count = self.length()?;
        (0..count).map(|_| Some((self.string()?, self.string()?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE;

    fn check(encoded: &str, expected: Option<&[(&str, &str)]>) {
        let bytes = URL_SAFE.decode(encoded).expect("base64");
        let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        assert_eq!(string_map(&bytes), expected.map(|map| map.iter().map(pair).collect()));
    }

    #[test]
    fn maps_that_go_has_written() {
        check(
            "DX8EAQL_gAABDAEMAAAy_4AAAhJ4LWRhdGFkb2ctdHJhY2UtaWQDMjU1E3gtZGF0YWRvZy1wYXJlbnQtaWQCMTY=",
            Some(&[("x-datadog-trace-id", "255"), ("x-datadog-parent-id", "16")]),
        );
        check("DX8EAQL_gAABDAEMAAAE_4AAAA==", Some(&[]));
    }

    #[test]
    fn lengths_of_several_bytes() {
        // The second message has 0x0135 bytes, its value 0x012c.
        let head = [13, 127, 4, 1, 2, 255, 128, 0, 1, 12, 1, 12, 0, 0];
        let mut bytes = head.to_vec();
        bytes.extend([254, 1, 53, 255, 128, 0, 1, 1, b'a', 254, 1, 44]);
        bytes.extend([b'x'; 300]);
        assert_eq!(string_map(&bytes), Some(vec![("a".into(), "x".repeat(300))]));
        for cut in 0..bytes.len() {
            assert_eq!(string_map(&bytes[..cut]), None, "{cut}");
        }
    }

    #[test]
    fn something_else() {
        check("", None);
        check("AAAA", None);
        check("__________8=", None);
    }
}
