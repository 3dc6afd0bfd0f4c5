//! The job's remote mirror: a second address for the same objects (spec/checkout.md §11). Whatever it can't give,
//! the repository itself gives.
mod decision;
mod existing;
mod fresh;
mod on_host;
mod promisor;

pub(crate) use existing::fetch_into_checkout;
pub(crate) use fresh::{Cloned, clone};
pub(crate) use on_host::{create, update};
pub(crate) use promisor::repair;

use crate::classify::Class;
use crate::command::split_flags;
use crate::credentials::helper;
use crate::error::CheckoutError;
use crate::settings::Settings;
use crate::url::without_password;
use decision::{GitDirectory, Site, Situation, Skip};
use redkite_shell::{RunError, Shell};
use redkite_telemetry::Span;
use redkite_text::Spoken;
use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

pub(crate) use decision::Site as MirrorSite;

/// What came of the remote mirror in one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    NotReached,
    Hit,
    Miss,
    Timeout,
    Error,
    Skipped,
}

impl Outcome {
    const fn name(self) -> &'static str {
        match self {
            Self::NotReached => "notReached",
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Timeout => "timeout",
            Self::Error => "error",
            Self::Skipped => "skipped",
        }
    }
}

/// The remote mirror's part in one attempt.
#[derive(Debug)]
pub(crate) struct RemoteMirror {
    url: String,
    site: Option<Site>,
    skip: Option<Skip>,
    outcome: Outcome,
    took: Duration,
}

impl RemoteMirror {
    /// Decides whether this attempt uses it.
    pub(crate) fn decide(settings: &Settings, attempt: u32, checkout: &Path) -> Self {
        let split = |option, text| split_flags(option, text).unwrap_or_default();
        let dot_git = checkout.join(".git");
        let situation = Situation {
            attempt,
            git: match dot_git.symlink_metadata() {
                Err(_) => GitDirectory::Missing,
                Ok(_) if dot_git.is_dir() => GitDirectory::Directory,
                Ok(_) => GitDirectory::Elsewhere,
            },
            clone_flags: &split("git-clone-flags", &settings.flags.clone),
            fetch_flags: &split("git-fetch-flags", &settings.flags.fetch),
        };
        let decision = decision::decide(settings, situation);
        Self {
            url: settings.remote_mirror.url.clone(),
            site: decision.ok(),
            skip: decision.err(),
            outcome: if decision.is_ok() { Outcome::NotReached } else { Outcome::Skipped },
            took: Duration::ZERO,
        }
    }

    /// Whether it is to be used at `site` and hasn't been.
    pub(crate) fn is_due_at(&self, site: Site) -> bool {
        self.site == Some(site) && self.outcome == Outcome::NotReached
    }

    /// Whether it gave the commit.
    pub(crate) fn has_hit(&self) -> bool {
        self.outcome == Outcome::Hit
    }

    /// Another process holds the mirror on this host for too long: the job goes on without either.
    pub(crate) fn give_up_waiting(&mut self, shell: &Shell) {
        self.outcome = Outcome::Timeout;
        shell
            .log()
            .comment("Timed out waiting for on-host Git mirror; using canonical repository without it");
    }

    fn conclude(&mut self, outcome: Outcome, since: Instant) {
        self.outcome = outcome;
        self.took = since.elapsed();
    }

    /// The remote mirror was not asked at all.
    fn conclude_unused(&mut self, outcome: Outcome) {
        self.outcome = outcome;
    }

    fn skip_for(&mut self, skip: Skip) {
        self.outcome = Outcome::Skipped;
        self.skip = Some(skip);
    }

    /// Says what came of it, in the log and in the attempt's span; at the end of every attempt.
    pub(crate) fn report(&self, shell: &Shell, span: &Span) {
        span.set("git.remote_mirror.outcome", self.outcome.name());
        span.set("git.remote_mirror.site", self.site.map_or("none", Site::name));
        if let Some(skip) = self.skip {
            span.set("git.remote_mirror.skip_reason", skip.name());
        }
        let mut line =
            format!("outcome={} site={}", self.outcome.name(), self.site.map_or("none", Site::name));
        if let Some(skip) = self.skip {
            line += &format!(" skip_reason={}", skip.name());
        }
        let millis = u64::try_from((self.took + Duration::from_micros(500)).as_millis()).unwrap_or(u64::MAX);
        if millis > 0 {
            span.set("git.remote_mirror.duration_ms", millis.to_string());
            line += &format!(" duration={}", Spoken(Duration::from_millis(millis)));
        }
        if self.site.is_some() {
            line += &format!(" url={}", without_password(&self.url));
        }
        shell.log().comment(format_args!("Remote Git mirror: {line}"));
    }
}

/// Options for every command that talks to the remote mirror: no credentials and headers but the agent's own.
fn transport(agent: &Path) -> Vec<OsString> {
    let own = redkite_text::join(["credential.helper=".as_ref(), helper(agent).as_os_str()], "");
    let mut words = options(&["credential.useHttpPath=true", "credential.helper="]);
    words.extend(["-c".into(), own]);
    words.extend(options(&["http.extraHeader=", "protocol.version=2"]));
    words
}

/// Options for a whole clone: it has no time limit, but it must get on.
fn patience() -> Vec<OsString> {
    options(&["http.lowSpeedLimit=1000", "http.lowSpeedTime=60"])
}

fn options(settings: &[&str]) -> Vec<OsString> {
    settings.iter().flat_map(|setting| ["-c", setting]).map(OsString::from).collect()
}

/// What a failed clone comes to.
fn clone_outcome(error: &CheckoutError) -> Outcome {
    match error.class() {
        Some(Class::CloneTimeout) => Outcome::Timeout,
        _ => Outcome::Error,
    }
}

/// What a failed fetch comes to; `limited` is the shell with the fetch's own time limit.
fn fetch_outcome(error: &CheckoutError, limited: &Shell) -> Outcome {
    match error.class() {
        _ if limited.context().is_over() => Outcome::Timeout,
        Some(Class::FetchRefNotOnRemote) => Outcome::Miss,
        _ => Outcome::Error,
    }
}

/// A job that ends does not fall back to anything.
fn still_running(shell: &Shell) -> Result<(), CheckoutError> {
    if shell.context().is_over() { Err(RunError::over(shell.context()).into()) } else { Ok(()) }
}

/// The same shell with the time limit of a fetch.
fn limited(shell: &Shell, settings: &Settings) -> Shell {
    shell.within(&shell.context().with_deadline(Instant::now() + settings.remote_mirror.limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agent_is_the_only_source_of_credentials() {
        assert_eq!(
            transport(Path::new("/opt/it's/agent")).join(" ".as_ref()),
            "-c credential.useHttpPath=true -c credential.helper= \
             -c credential.helper=!'/opt/it'\\''s/agent' git-credentials-helper -c http.extraHeader= \
             -c protocol.version=2"
        );
        assert_eq!(patience().join(" ".as_ref()), "-c http.lowSpeedLimit=1000 -c http.lowSpeedTime=60");
    }
}
