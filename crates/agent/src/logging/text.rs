//! One line of the text format, with and without colour.

use std::fmt::Write as _;

use super::Level;

/// What one line says.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    /// `YYYY-MM-DD HH:MM:SS`, local time.
    pub(crate) time: &'a str,
    /// Its level.
    pub(crate) level: Level,
    /// The message; it may span lines.
    pub(crate) message: &'a str,
    /// Key and value, in order.
    pub(crate) fields: &'a [(String, String)],
}

impl Line<'_> {
    /// The line without colour, newline included.
    pub(crate) fn plain(&self) -> String {
        let mut text = format!("{} {:<6} ", self.time, self.level.name());
        let prefix = self.prefix();
        if !prefix.is_empty() {
            text.push_str(&prefix);
            text.push(' ');
        }
        text.push_str(self.message);
        if !self.fields.is_empty() {
            text.push(' ');
        }
        let fields: Vec<_> = self.rest().map(|(key, value)| format!("{key}={value}")).collect();
        text.push_str(&fields.join(" "));
        text.push('\n');
        text
    }

    /// The line in colour, newline included.
    pub(crate) fn coloured(&self) -> String {
        let (head, body) = colours(self.level);
        let mut text = format!("\x1b[{head}m{} {:<6}\x1b[0m ", self.time, self.level.name());
        let prefix = self.prefix();
        if !prefix.is_empty() {
            write!(text, "\x1b[38;5;243m{prefix}\x1b[0m ").expect("writing to a string");
        }
        write!(text, "\x1b[{body}m{}\x1b[0m", self.message).expect("writing to a string");
        if !self.fields.is_empty() {
            text.push(' ');
        }
        let fields: Vec<_> = self
            .rest()
            .map(|(key, value)| format!("\x1b[1;38;5;251m{key}=\x1b[0m\x1b[{body}m{value}\x1b[0m"))
            .collect();
        text.push_str(&fields.join(" "));
        text.push('\n');
        text
    }

    fn prefix(&self) -> String {
        self.fields.iter().filter(|(key, _)| is_prefix(key)).map(|(_, value)| value.as_str()).collect()
    }

    fn rest(&self) -> impl Iterator<Item = &(String, String)> {
        self.fields.iter().filter(|(key, _)| !is_prefix(key))
    }
}

/// The agent's and the hook's name stand before the message, without their key.
fn is_prefix(key: &str) -> bool {
    matches!(key, "agent" | "hook")
}

/// Colours of the head and of the message.
fn colours(level: Level) -> (&'static str, &'static str) {
    match level {
        Level::Debug => ("38;5;251", "38;5;251"),
        Level::Notice => ("1;36", "0"),
        Level::Info => ("38;5;48", "0"),
        Level::Warn => ("33", "0"),
        Level::Error => ("31", "0"),
        Level::Fatal => ("31", "31"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_has_its_colours() {
        let coloured = [
            (Level::Debug, "38;5;251", "DEBUG ", "38;5;251"),
            (Level::Notice, "1;36", "NOTICE", "0"),
            (Level::Info, "38;5;48", "INFO  ", "0"),
            (Level::Warn, "33", "WARN  ", "0"),
            (Level::Error, "31", "ERROR ", "0"),
            (Level::Fatal, "31", "FATAL ", "31"),
        ];
        let fields = [("hook", "h"), ("agent", "a"), ("key", "v")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        for (level, head, name, body) in coloured {
            let line = Line { time: "T", level, message: "m", fields: &fields[1..] };
            let expected = format!(
                "\x1b[{head}mT {name}\x1b[0m \x1b[38;5;243ma\x1b[0m \x1b[{body}mm\x1b[0m \
                 \x1b[1;38;5;251mkey=\x1b[0m\x1b[{body}mv\x1b[0m\n"
            );
            assert_eq!(line.coloured(), expected);
            let line = Line { fields: &fields[..1], ..line };
            assert_eq!(line.plain(), format!("T {name} h m \n"));
        }
    }

    fn line(fields: &[(String, String)]) -> [String; 2] {
        let line = Line { time: "2026-01-02 03:04:05", level: Level::Warn, message: "mind", fields };
        [line.plain(), line.coloured()]
    }

    #[test]
    fn prefixes_stand_before_and_other_fields_after_the_message() {
        let fields = [("agent".into(), "a-1".into()), ("key".into(), "v".into())];
        assert_eq!(line(&[])[0], "2026-01-02 03:04:05 WARN   mind\n");
        assert_eq!(line(&fields)[0], "2026-01-02 03:04:05 WARN   a-1 mind key=v\n");
        assert_eq!(line(&fields[..1])[0], "2026-01-02 03:04:05 WARN   a-1 mind \n");
        assert_eq!(line(&[])[1], "\x1b[33m2026-01-02 03:04:05 WARN  \x1b[0m \x1b[0mmind\x1b[0m\n");
    }
}
