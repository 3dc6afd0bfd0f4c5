//! The job log: the executor's own lines, each of a kind (spec/job.md §3.2), and its children's output.

use std::ffi::OsStr;
use std::fmt::{self, Display};
use std::io::Write;
use std::sync::Arc;

use redkite_redact::{RedactingWriter, Redactor};

use crate::{os, quote_word};

/// A redacted stream of the job log.
pub type LogWriter = RedactingWriter<Box<dyn Write + Send>>;

/// Warnings that can be turned into plain lines (`--disable-warnings-for`, spec/job.md §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarningId {
    /// Values too short to be redacted.
    ShortRedactedVars,
    /// Patterns that are none.
    BadRedactedVars,
    /// The job API was switched off.
    JobApiDisabled,
    /// The job API does not exist here.
    JobApiUnavailable,
    /// The commit could not be reported.
    GitCommitResolutionFailed,
    /// A sparse checkout leaves submodules out.
    SubmodulesInitSkipped,
    /// There are submodules, but they are not wanted.
    SubmodulesDisabled,
}

impl WarningId {
    /// As on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ShortRedactedVars => "short-redacted-vars",
            Self::BadRedactedVars => "bad-redacted-vars",
            Self::JobApiDisabled => "job-api-disabled",
            Self::JobApiUnavailable => "job-api-unavailable",
            Self::GitCommitResolutionFailed => "git-commit-resolution-failed",
            Self::SubmodulesInitSkipped => "submodules-init-skipped",
            Self::SubmodulesDisabled => "submodules-disabled",
        }
    }
}

/// One job's log. Clones write to the same one. A log that cannot be written to any more loses its lines: its
/// reader is gone, and the job's end does not depend on it.
#[derive(Clone)]
pub struct Log {
    lines: LogWriter,
    output: LogWriter,
    disabled: Arc<[String]>,
}

impl Log {
    /// A log whose own lines go to `lines` and whose children's output goes to `output`; the warnings named in
    /// `disabled` are plain lines.
    pub fn new(
        lines: impl Write + Send + 'static,
        output: impl Write + Send + 'static,
        disabled: Vec<String>,
    ) -> Self {
        let redacted = |sink: Box<dyn Write + Send>| RedactingWriter::new(sink, Redactor::new());
        Self {
            lines: redacted(Box::new(lines)),
            output: redacted(Box::new(output)),
            disabled: disabled.into(),
        }
    }

    /// Opens a collapsed group.
    pub fn header(&self, text: impl Display) {
        self.line(format_args!("~~~ {text}"));
    }

    /// A remark.
    pub fn comment(&self, text: impl Display) {
        self.line(format_args!("\x1b[90m# {text}\x1b[0m"));
    }

    /// What is about to be run.
    pub fn prompt(&self, text: impl Display) {
        self.line(format_args!("\x1b[90m{}\x1b[0m {text}", os::PROMPT));
    }

    /// What is about to be run, in bytes that need not be text.
    pub(crate) fn prompt_bytes(&self, line: &[u8]) {
        let head = format!("\x1b[90m{}\x1b[0m ", os::PROMPT);
        let _ = (&self.lines).write_all(&[head.as_bytes(), line, b"\n"].concat());
    }

    /// What would do the same in a shell: a program and its arguments, quoted where they must be.
    pub fn prompt_of<T: AsRef<OsStr>>(&self, program: &str, args: impl IntoIterator<Item = T>) {
        let mut line = program.as_bytes().to_vec();
        for arg in args {
            line.push(b' ');
            line.extend_from_slice(quote_word(arg.as_ref()).as_encoded_bytes());
        }
        self.prompt_bytes(&line);
    }

    /// A failure; opens the group it stands in.
    pub fn error(&self, text: impl Display) {
        self.line(format_args!("\x1b[31m🚨 Error: {text}\x1b[0m"));
        self.expand();
    }

    /// Something to look at; opens the group it stands in.
    pub fn warning(&self, text: impl Display) {
        self.line(format_args!("\x1b[33m⚠️ Warning: {text}\x1b[0m"));
        self.expand();
    }

    /// A warning that a user can turn into a plain line.
    pub fn optional_warning(&self, id: WarningId, text: impl Display) {
        if self.disabled.iter().any(|disabled| disabled == id.name()) {
            return self.plain(text);
        }
        let how = id.name();
        self.warning(format_args!(
            "{text}. You can disable this warning by passing the `--disable-warnings-for {how}` flag"
        ));
    }

    /// Opens the group that the log is in.
    pub fn expand(&self) {
        self.line(format_args!("^^^ +++"));
    }

    /// A line as it is.
    pub fn plain(&self, text: impl Display) {
        self.line(format_args!("{text}"));
    }

    /// A line of bytes that need not be text.
    pub fn plain_bytes(&self, mut line: Vec<u8>) {
        line.push(b'\n');
        let _ = (&self.lines).write_all(&line);
    }

    /// A child's output.
    pub fn output(&self, bytes: &[u8]) {
        // See the type's comment for why a failure is not reported; there is nowhere to report it to.
        let _ = (&self.output).write_all(bytes);
    }

    /// Makes these values secrets, in both streams, from here on.
    pub fn redact<V: AsRef<[u8]>>(&self, values: impl IntoIterator<Item = V> + Clone) {
        self.lines.add(values.clone());
        self.output.add(values);
    }

    /// Hands on what was held back as a secret's possible beginning: the text before this is complete
    /// (spec/redaction-and-logs.md §5, "flush").
    pub fn release(&self) {
        let _ = self.output.release();
        let _ = self.lines.release();
    }

    fn line(&self, text: fmt::Arguments<'_>) {
        let _ = (&self.lines).write_all(format!("{text}\n").as_bytes());
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_shell::Shared;

    fn check(write: impl Fn(&Log), expected: &str) {
        let lines = Shared::default();
        write(&Log::new(lines.clone(), std::io::sink(), vec!["bad-redacted-vars".into()]));
        assert_eq!(lines.text(), expected);
    }

    #[test]
    fn every_kind_of_line() {
        check(|log| log.header("H"), "~~~ H\n");
        check(|log| log.comment("C"), "\x1b[90m# C\x1b[0m\n");
        check(|log| log.prompt("ls -l"), &format!("\x1b[90m{}\x1b[0m ls -l\n", os::PROMPT));
        check(|log| log.error("E"), "\x1b[31m🚨 Error: E\x1b[0m\n^^^ +++\n");
        check(|log| log.warning("W"), "\x1b[33m⚠️ Warning: W\x1b[0m\n^^^ +++\n");
        check(|log| log.plain("P\nQ"), "P\nQ\n");
    }

    #[test]
    fn warnings_can_be_made_plain() {
        check(|log| log.optional_warning(WarningId::BadRedactedVars, "W"), "W\n");
        check(
            |log| log.optional_warning(WarningId::JobApiDisabled, "W"),
            "\x1b[33m⚠️ Warning: W. You can disable this warning by passing the \
             `--disable-warnings-for job-api-disabled` flag\x1b[0m\n^^^ +++\n",
        );
    }

    #[test]
    fn secrets_are_redacted_in_both_streams() {
        let (lines, output) = (Shared::default(), Shared::default());
        let log = Log::new(lines.clone(), output.clone(), Vec::new());
        log.redact(["hunter2"]);
        log.prompt("echo hunter2");
        log.output(b"hunter2 hunt");
        assert_eq!(output.text(), "[REDACTED] ");
        log.release();
        assert_eq!(output.text(), "[REDACTED] hunt");
        assert!(lines.text().ends_with("echo [REDACTED]\n"));
    }
}
