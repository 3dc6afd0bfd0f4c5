//! A filtered fetch from the remote mirror makes git note it as a source of missing objects. That note is taken
//! back, also when the agent was killed in between: a marker with the URL's digest says whose it is
//! (spec/checkout.md §11.5, §11.6).
use crate::error::{CheckoutError, During};
use redkite_process::{Cancel, Context};
use redkite_shell::{Command, Display, RunError, Shell};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::time::{Duration, Instant};

const MARKER: &str = "buildkite.remote-mirror-promisor";
const CLEAN_UP_LIMIT: Duration = Duration::from_secs(5);

/// The checkout's own git configuration, read and written without a word in the log.
pub(super) struct Config<'a>(&'a Shell);

impl<'a> Config<'a> {
    pub(super) const fn new(shell: &'a Shell) -> Self {
        Self(shell)
    }

    fn run(&self, args: &[&str]) -> Result<String, RunError> {
        let words = ["config", "--local"].iter().chain(args).copied();
        self.0.capture(&Command::new("git", words).display(Display::Never).hide_stderr())
    }

    fn checked(&self, args: &[&str]) -> Result<String, CheckoutError> {
        self.run(args).map_err(silent)
    }

    /// The same, where status 1 says that there is nothing.
    fn query(&self, args: &[&str]) -> Result<Option<String>, CheckoutError> {
        match self.run(args) {
            Err(RunError::Failed(ending)) if ending.code() == 1 => Ok(None),
            answer => answer.map(Some).map_err(silent),
        }
    }

    pub(super) fn get(&self, key: &str) -> Result<Option<String>, CheckoutError> {
        Ok(self.query(&["--get", key])?.filter(|value| !value.is_empty()))
    }

    /// Whether there is any setting for the remote called `url`.
    pub(super) fn mentions(&self, url: &str) -> Result<bool, CheckoutError> {
        let listed = self.query(&["--get-regexp", r"^remote\..*\..*$"])?.unwrap_or_default();
        let prefix = format!("remote.{url}.");
        Ok(listed.lines().any(|line| line.starts_with(&prefix)))
    }

    /// Notes that what git is about to write about `url` is ours.
    pub(super) fn mark(&self, url: &str) -> Result<(), CheckoutError> {
        self.checked(&[MARKER, &digest(url)]).map(drop)
    }
}

/// A failure's text without the command line, which may hold a secret.
fn silent(error: RunError) -> CheckoutError {
    match error {
        error @ (RunError::Cancelled | RunError::TimedOut) => CheckoutError::Command(error),
        error => CheckoutError::Invalid(format!("silent git config failed: {error}")),
    }
}

fn digest(url: &str) -> String {
    hex::encode(Sha256::digest(url))
}

/// Takes back what a fetch from `url` left behind. It is done also for a job that is being cancelled.
pub(super) fn clean_up(shell: &Shell, url: &str) -> Result<(), CheckoutError> {
    let own_time = Context::until(&Cancel::new()).with_deadline(Instant::now() + CLEAN_UP_LIMIT);
    let detached = shell.within(&own_time);
    let config = Config::new(&detached);
    hand_over(&config, url)
        .and_then(|()| unmark(&config))
        .map_err(unsafe_state)
        .during("cleaning up unsafe remote mirror promisor state")
}

/// What the remote mirror promised, origin promises from now on.
fn hand_over(config: &Config<'_>, url: &str) -> Result<(), CheckoutError> {
    if config.get(MARKER)? != Some(digest(url)) {
        return Ok(());
    }
    let key = |name: &str| format!("remote.{url}.{name}");
    if config.get(&key("promisor"))?.is_none() {
        return Ok(());
    }
    let filter = config.get(&key("partialclonefilter"))?;
    config.checked(&["remote.origin.promisor", "true"])?;
    if let Some(filter) = filter {
        config.checked(&["remote.origin.partialclonefilter", &filter])?;
    }
    config.checked(&["--remove-section", &format!("remote.{url}")]).map(drop)
}

fn unmark(config: &Config<'_>) -> Result<(), CheckoutError> {
    match config.get(MARKER)? {
        Some(_) => config.checked(&["--unset-all", MARKER]).map(drop),
        None => Ok(()),
    }
}

/// Finishes what an interrupted attempt left (§11.6). A checkout without the marker costs no command.
pub(crate) fn repair(shell: &Shell, checkout: &Path) -> Result<(), CheckoutError> {
    let dot_git = checkout.join(".git");
    let Ok(found) = dot_git.metadata() else { return Ok(()) };
    let config_text = || std::fs::read(dot_git.join("config")).unwrap_or_default();
    if found.is_dir() && !String::from_utf8_lossy(&config_text()).contains("remote-mirror-promisor") {
        return Ok(());
    }
    try_repair(shell).map_err(unsafe_state).during("repairing interrupted remote mirror promisor state")
}

fn try_repair(shell: &Shell) -> Result<(), CheckoutError> {
    let config = Config::new(shell);
    let Some(marker) = config.get(MARKER)? else { return Ok(()) };
    let listed = config.query(&["--get-regexp", r"^remote\..*\.promisor$"])?.unwrap_or_default();
    let keys = listed.lines().map(|line| line.rsplit_once(' ').map_or(line, |(key, _value)| key));
    let urls = keys.filter_map(|key| key.strip_prefix("remote.")?.strip_suffix(".promisor"));
    let mut web = urls.filter(|name| name.starts_with("https://") || name.starts_with("http://"));
    match web.find(|url| digest(url) == marker) {
        Some(url) => clean_up(shell, url),
        None => unmark(&config),
    }
}

/// A checkout whose promises are unclear is removed.
fn unsafe_state(error: CheckoutError) -> CheckoutError {
    CheckoutError::Unsafe { source: Box::new(error) }
}
