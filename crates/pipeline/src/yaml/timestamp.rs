//! Dates and times that are written without quotes (spec/pipeline.md §4.3, §12.1).

/// The RFC 3339 form of `text` if it is a date or a time.
pub(super) fn parse(text: &str) -> Option<String> {
    let mut input = Input(text);
    let year = input.digits(4..=4)?;
    let month = input.after('-')?.digits(1..=2)?;
    let day = input.after('-')?.digits(1..=2)?;
    if !(1..=12).contains(&month) || day < 1 || day > days_in(month, year) {
        return None;
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    match input.0.chars().next() {
        None => Some(format!("{date}T00:00:00Z")),
        Some('T' | 't') => {
            input.0 = &input.0[1..];
            let time = input.time()?;
            Some(format!("{date}T{time}{}", input.zone()?))
        }
        Some(' ') => {
            input.0 = input.0.trim_start_matches(' ');
            let time = input.time()?;
            input.0.is_empty().then(|| format!("{date}T{time}Z"))
        }
        Some(_) => None,
    }
}

fn days_in(month: u32, year: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// What is left of the text.
struct Input<'a>(&'a str);

impl Input<'_> {
    /// A number of so many digits; as many as there are.
    fn digits(&mut self, count: std::ops::RangeInclusive<usize>) -> Option<u32> {
        let len = self.0.bytes().take(*count.end()).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.0.split_at(len);
        self.0 = rest;
        count.contains(&len).then(|| digits.parse().ok())?
    }

    fn after(&mut self, separator: char) -> Option<&mut Self> {
        self.0 = self.0.strip_prefix(separator)?;
        Some(self)
    }

    /// `h:m:s[.frac]`, written in full, the fraction cut at nanoseconds and without trailing zeros.
    fn time(&mut self) -> Option<String> {
        let hour = self.digits(1..=2)?;
        let minute = self.after(':')?.digits(1..=2)?;
        let second = self.after(':')?.digits(1..=2)?;
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let fraction = self.fraction()?;
        let point = if fraction.is_empty() { "" } else { "." };
        Some(format!("{hour:02}:{minute:02}:{second:02}{point}{fraction}"))
    }

    fn fraction(&mut self) -> Option<String> {
        let Some(rest) = self.0.strip_prefix('.') else { return Some(String::new()) };
        let len = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = rest.split_at(len);
        self.0 = rest;
        (len > 0).then(|| digits[..len.min(9)].trim_end_matches('0').to_owned())
    }

    /// `Z` or `±hh:mm`, to the end.
    fn zone(&mut self) -> Option<String> {
        let sign = self.0.chars().next()?;
        self.0 = &self.0[sign.len_utf8()..];
        let zone = match sign {
            'Z' => "Z".to_owned(),
            '+' | '-' => {
                let hours = self.digits(2..=2)?;
                let minutes = self.after(':')?.digits(2..=2)?;
                match (hours, minutes) {
                    (0, 0) => "Z".to_owned(),
                    (0..=24, 0..=59) => format!("{sign}{hours:02}:{minutes:02}"),
                    _ => return None,
                }
            }
            _ => return None,
        };
        self.0.is_empty().then_some(zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_full() {
        let check = |text: &str, expected: &str| assert_eq!(parse(text).as_deref(), Some(expected), "{text}");
        check("2024-01-02", "2024-01-02T00:00:00Z");
        check("2024-1-2", "2024-01-02T00:00:00Z");
        check("2024-02-29", "2024-02-29T00:00:00Z");
        check("2024-01-02 03:04:05.5", "2024-01-02T03:04:05.5Z");
        check("2024-01-02   3:4:5", "2024-01-02T03:04:05Z");
        check("2024-01-02T03:04:05+10:00", "2024-01-02T03:04:05+10:00");
        check("2024-01-02t03:04:05.1234567891230Z", "2024-01-02T03:04:05.123456789Z");
        check("2024-01-02T03:04:05.500-00:00", "2024-01-02T03:04:05.5Z");
        for text in [
            "2024-01-02T03:04:05",
            "2024-01-02 03:04:05Z",
            "2023-02-30",
            "24-01-02",
            "2024-13-01",
            "2024-01-02T1",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
