//! Command lines as a prompt shows them (spec/job.md §4, "prompt formatting").

use std::borrow::Cow;
use std::ffi::OsStr;

/// Longer arguments are cut, when they have to be quoted.
const LONGEST: usize = 120;

/// `program` and `args` on one line: bytes, since a secret in them must be recognised.
pub(crate) fn command_line<T: AsRef<OsStr>>(program: &OsStr, args: impl IntoIterator<Item = T>) -> Vec<u8> {
    args.into_iter().fold(program.as_encoded_bytes().to_vec(), |mut line, arg| {
        line.push(b' ');
        line.extend_from_slice(&shown(arg.as_ref().as_encoded_bytes()));
        line
    })
}

/// What follows a command that is given its input.
pub(crate) const STDIN: &[u8] = b" < /dev/stdin";

fn shown(arg: &[u8]) -> Cow<'_, [u8]> {
    if !arg.iter().any(|byte| matches!(byte, b' ' | b'\n')) {
        return Cow::Borrowed(arg);
    }
    if arg.len() < LONGEST {
        return Cow::Owned(quoted_bytes(arg).into_bytes());
    }
    let is_inside = |byte: &&u8| (0x80..0xc0).contains(*byte);
    let end = LONGEST + arg[LONGEST..].iter().take_while(is_inside).count();
    Cow::Owned(quoted_bytes(&[&arg[..end], b"..."].concat()).into_bytes())
}

/// A double-quoted literal of `text` (spec/redaction-and-logs.md §4): whatever is in it, it stays on one line.
pub fn quoted(text: impl AsRef<OsStr>) -> String {
    quoted_bytes(text.as_ref().as_encoded_bytes())
}

fn quoted_bytes(bytes: &[u8]) -> String {
    format!("\"{}\"", redkite_text::shown_bytes(&redkite_redact::quoted(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(args: &[&str], expected: &str) {
        assert_eq!(command_line("git".as_ref(), args), expected.as_bytes());
    }

    #[test]
    fn only_blanks_and_line_ends_are_quoted() {
        check(&[], "git");
        check(&["clone", "--", "!x", "/*", ""], "git clone -- !x /* ");
        check(&["a b", "c\nd", "e\"f g"], r#"git "a b" "c\nd" "e\"f g""#);
    }

    #[test]
    #[cfg(unix)]
    fn bytes_stay_or_are_quoted() {
        let args = [b"\xffa".as_slice(), b"\xff a", b"\x80"].map(redkite_text::from_bytes);
        assert_eq!(command_line("git".as_ref(), args), b"git \xffa \"\\xff a\" \x80");
        let long = redkite_text::from_bytes([b"a ".to_vec(), vec![0xff; 200]].concat());
        let line = format!("git \"a {}...\"", "\\xff".repeat(118));
        assert_eq!(command_line("git".as_ref(), [long]), line.as_bytes());
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
