//! Names of a job's temporary directories, by which its agent finds those of a job that was killed.

use crate::Shell;

/// Whose they are, of whatever kind.
const KINDS: [&str; 4] =
    ["buildkite-agent-hook-wrapper", ".buildkite-ssh-key-", "zip-plugin-", ".plugin-clone-"];

/// How many random characters follow.
const RANDOM: usize = 6;

/// What stands before the random characters of a job's names: its number between dashes.
fn mark(job: &str) -> String {
    let plain = job.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect::<String>();
    format!("-{plain}-")
}

/// Whether a file of this name is a temporary one of this job's.
pub fn is_temporary_of(job: &str, name: &str) -> bool {
    let Some((known, _)) = name.split_at_checked(name.len().saturating_sub(RANDOM)) else { return false };
    let is_marked = known.ends_with(&mark(job)) && KINDS.iter().any(|kind| known.starts_with(kind));
    !job.is_empty() && (is_marked || known == format!("buildkite-job-{job}"))
}

impl Shell {
    /// What goes between the kind and the random characters in a name that [`is_temporary_of`] knows.
    pub fn job_mark(&self) -> String {
        let job = self.base_env().iter().rev().find(|(name, _)| name == "BUILDKITE_JOB_ID");
        mark(&job.map(|(_, id)| redkite_text::shown(id).into_owned()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_jobs_own_names_are_its() {
        let job = "0190-ab/1";
        for name in [
            "buildkite-agent-hook-wrapper-0190-ab-1-Xy12Zw",
            ".buildkite-ssh-key-pipe-0190-ab-1-Xy12Zw",
            "zip-plugin--0190-ab-1-Xy12Zw",
            "buildkite-job-0190-ab/1Xy12Zw",
        ] {
            assert!(is_temporary_of(job, name), "{name}");
            assert!(!is_temporary_of("", name) && !is_temporary_of("0190-ab/2", name), "{name}");
        }
        for name in [
            "buildkite-agent-hook-wrapper381241655",
            "buildkite-agent-hook-wrapper-0190-ab-1-Xy12Zw.old",
            "buildkite-agent-hook-wrapper-0190-ab-12-Xy12Zw",
            "other-0190-ab-1-Xy12Zw",
            "é-0190-ab-1-Xy12Zw",
            "",
            "12345é",
        ] {
            assert!(!is_temporary_of(job, name), "{name}");
        }
    }
}
