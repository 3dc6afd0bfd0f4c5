//! Command lines as a prompt shows them (spec/job.md §4, "prompt formatting").

use std::borrow::Cow;
use std::path::Path;

/// Longer arguments are cut, when they have to be quoted.
const LONGEST: usize = 120;

/// `program` and `args` on one line.
pub fn command_line<'a>(program: &str, args: impl IntoIterator<Item = &'a str>) -> String {
    args.into_iter().fold(program.to_owned(), |mut line, arg| {
        line.push(' ');
        line.push_str(&shown(arg));
        line
    })
}

/// What follows a command that is given its input.
pub(crate) const STDIN: &str = " < /dev/stdin";

fn shown(arg: &str) -> Cow<'_, str> {
    if !arg.contains([' ', '\n']) {
        return Cow::Borrowed(arg);
    }
    if arg.len() < LONGEST {
        return Cow::Owned(go_quoted(arg));
    }
    let end = (LONGEST..=arg.len()).find(|&end| arg.is_char_boundary(end)).unwrap_or(arg.len());
    Cow::Owned(go_quoted(&format!("{}...", &arg[..end])))
}

/// A double-quoted literal of `text` (spec/redaction-and-logs.md §4).
pub fn go_quoted(text: &str) -> String {
    format!("\"{}\"", String::from_utf8_lossy(&redkite_redact::quoted(text.as_bytes())))
}

/// A path as a double-quoted literal: whatever is in it, it stays on one line.
pub fn quoted_path(path: &Path) -> String {
    let quoted = redkite_redact::quoted(path.as_os_str().as_encoded_bytes());
    format!("\"{}\"", String::from_utf8_lossy(&quoted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(args: &[&str], expected: &str) {
        assert_eq!(command_line("git", args.iter().copied()), expected);
    }

    #[test]
    fn only_blanks_and_line_ends_are_quoted() {
        check(&[], "git");
        check(&["clone", "--", "!x", "/*", ""], "git clone -- !x /* ");
        check(&["a b", "c\nd", "e\"f g"], r#"git "a b" "c\nd" "e\"f g""#);
    }

    #[test]
    fn long_quoted_arguments_are_cut() {
        let long = "x".repeat(200);
        check(&[&long], &format!("git {long}"));
        check(&[&format!("a {long}")], &format!("git \"a {}...\"", "x".repeat(118)));
        let short = format!("a {}", "x".repeat(117));
        check(&[&short], &format!("git \"{short}\""));
        let wide = format!("a {}é rest", "x".repeat(117));
        check(&[&wide], &format!("git \"a {}é...\"", "x".repeat(117)));
    }
}
