//! What a job's end means: the one place that knows its exit status (spec/job.md §15).

use std::num::IntErrorKind;

use redkite_process::Signal;

/// How the bootstrap ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With this status, of which the system keeps 8 bits.
    Status(i32),
    /// By this signal, with which it was cancelled.
    Signal(Signal),
}

/// Status of a set-up that failed without a status of its own.
const SET_UP_FAILED: i32 = 125;
/// Status of a job that was cancelled with SIGQUIT.
const QUIT: i32 = 131;

/// Everything that went wrong in a job, as statuses.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failures {
    /// Set-up; without a status unless a shell hook gave one.
    pub(crate) set_up: Option<Option<i32>>,
    /// Credentials, plugins, checkout, or the hooks around the command.
    pub(crate) phase: Option<i32>,
    /// The command ran and failed.
    pub(crate) command: Option<CommandFailed>,
    /// The artifact phase.
    pub(crate) artifacts: Option<i32>,
    /// Teardown.
    pub(crate) teardown: Option<i32>,
}

/// A command that ran and failed: artifacts can't change its job's status any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommandFailed {
    /// How.
    pub(crate) text: String,
}

impl Failures {
    /// The job's status. `command_status` is what `BUILDKITE_COMMAND_EXIT_STATUS` says at the end.
    pub(crate) fn status(&self, command_status: Option<&str>) -> i32 {
        let artifacts = self.artifacts.filter(|_| self.command.is_none());
        let command = || command_status.and_then(number).map_or(0, truncated);
        self.teardown
            .or(self.set_up.map(|status| status.unwrap_or(SET_UP_FAILED)))
            .or(artifacts)
            .or(self.phase)
            .unwrap_or_else(command)
    }
}

/// A status as somebody has written it; one that no number can hold is the nearest that there is.
fn number(text: &str) -> Option<i64> {
    match text.parse::<i64>() {
        Ok(number) => Some(number),
        Err(error) => match error.kind() {
            IntErrorKind::PosOverflow => Some(i64::MAX),
            IntErrorKind::NegOverflow => Some(i64::MIN),
            _ => None,
        },
    }
}

/// A status as a process can have it; of longer numbers the last 8 bits are left.
fn truncated(status: i64) -> i32 {
    i32::try_from(status).unwrap_or_else(|_| i32::from(status.to_le_bytes()[0]))
}

/// How the bootstrap ends when its status would be `status` and this signal was received (spec/job.md §14.4).
pub(crate) fn outcome(status: i32, received: Option<Signal>) -> Outcome {
    match received {
        None => Outcome::Status(status),
        Some(Signal::QUIT) => Outcome::Status(QUIT),
        Some(signal) => Outcome::Signal(signal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `failed` names failures: `s`et-up, `p`hase, `a`rtifacts, `t`eardown, each with its status, `c`ommand without.
    fn check(failed: &str, command_status: Option<&str>, expected: i32) {
        let status = |letter: char| -> Option<i32> {
            failed.split_whitespace().find_map(|word| word.strip_prefix(letter)?.parse().ok())
        };
        let failures = Failures {
            set_up: failed.split_whitespace().any(|word| word.starts_with('s')).then(|| status('s')),
            phase: status('p'),
            command: failed.contains('c').then(|| CommandFailed { text: String::new() }),
            artifacts: status('a'),
            teardown: status('t'),
        };
        assert_eq!(failures.status(command_status), expected, "{failed:?} {command_status:?}");
    }

    #[test]
    fn the_table_of_statuses() {
        check("", None, 0);
        check("", Some("0"), 0);
        check("c", Some("3"), 3);
        check("c", Some("-1"), -1);
        check("c", Some("0"), 0);
        check("c", Some("nonsense"), 0);
        check("c", Some("+7"), 7);
        check("c", Some("99999999999"), 255);
        check("c", Some("99999999999999999999"), 255);
        check("c", Some("-99999999999999999999"), 0);
        check("", Some("1"), 1);
        check("s7", None, 7);
        check("s", None, 125);
        check("p128", None, 128);
        check("p5 a1", None, 1);
        check("a4", Some("0"), 4);
        check("c a4", Some("3"), 3);
        check("a4", Some("1"), 4);
        check("c p5", Some("3"), 5);
        check("c p5 a4", Some("3"), 5);
        check("p5 a4", Some("0"), 4);
        check("c p5 a4 t9", Some("3"), 9);
        check("s t9", None, 9);
    }

    #[test]
    fn a_cancelled_job_dies_as_it_was_told() {
        assert_eq!(outcome(3, None), Outcome::Status(3));
        assert_eq!(outcome(0, Some(Signal::TERM)), Outcome::Signal(Signal::TERM));
        assert_eq!(outcome(3, Some(Signal::QUIT)), Outcome::Status(131));
    }
}
