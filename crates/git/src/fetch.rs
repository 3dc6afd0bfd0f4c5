//! The common fetch routine and its fallback (spec/checkout.md §8.4).
use crate::classify::{Class, Operation};
use crate::command::{Args, Git, split_flags};
use crate::error::{CheckoutError, During};
use crate::retry::{Policy, random};
use redkite_shell::{RunError, Shell};
use std::ffi::{OsStr, OsString};

/// One fetch.
#[derive(Clone, Debug)]
pub(crate) struct Fetch<'a> {
    /// Before `fetch` on the command line.
    pub(crate) global: Vec<OsString>,
    /// The fetch flags, unsplit.
    pub(crate) flags: &'a OsStr,
    /// A remote's name or URL.
    pub(crate) remote: &'a str,
    /// Each is split into words: a custom one may hold several.
    pub(crate) refspecs: Vec<String>,
    /// How often it is tried in place.
    pub(crate) policy: Policy,
}

impl<'a> Fetch<'a> {
    /// A fetch from origin, tried once.
    pub(crate) fn origin(flags: &'a OsStr, refspecs: Vec<String>) -> Self {
        Self { global: Vec::new(), flags, remote: "origin", refspecs, policy: Policy::ONCE }
    }

    /// Runs it, as often as its policy allows.
    pub(crate) fn run(&self, shell: &Shell, git: Git<'_>) -> Result<(), CheckoutError> {
        let args = self.args()?;
        let mut seen = Vec::new();
        for attempt in self.policy.tries(random) {
            let Err(error) = git.run_noting(Operation::Fetch, args.clone(), &mut seen) else {
                return Ok(());
            };
            let Some(class) = error.class() else { return Err(error) };
            if class == Class::FetchBadReference {
                shell.log().comment(attempt);
            }
            if class.ends_inner_retry() {
                return Err(error);
            }
            if attempt.is_last() {
                return Err(if self.policy.attempts > 1 { error.final_as(class) } else { error });
            }
            pause(shell, attempt.pause)?;
        }
        Ok(())
    }

    fn args(&self) -> Result<Args, CheckoutError> {
        let mut args = Args::new(self.global.iter().cloned())
            .and(["fetch"])
            .and(split_flags("git-fetch-flags", self.flags)?)
            .and(["--", self.remote]);
        for refspec in &self.refspecs {
            let words = redkite_shell::split_words(refspec);
            args = args.and(words.map_err(|error| {
                CheckoutError::Invalid(format!("splitting refspec {refspec:?}: {error}"))
            })?);
        }
        Ok(args)
    }
}

/// Fetches refspecs of origin; if one of them is unknown there, all heads and tags, which may contain it.
pub(crate) fn with_fallback(
    shell: &Shell,
    flags: &OsStr,
    refspecs: Vec<String>,
) -> Result<(), CheckoutError> {
    let doing = format!("fetching refspecs [{}]", refspecs.join(" "));
    let git = Git::new(shell);
    match Fetch::origin(flags, refspecs).run(shell, git) {
        Ok(()) => return Ok(()),
        Err(error) if error.class().is_some_and(|class| class != Class::FetchBadReference) => {
            return Err(error).during(doing);
        }
        Err(error) if shell.context().is_over() => return Err(error).during(doing),
        Err(_) => {}
    }
    shell.log().comment("Some refspec fetches failed, trying to fetch all heads and tags");
    let heads =
        git.capture(Args::new(["config", "remote.origin.fetch"])).during("getting remote.origin.fetch")?;
    let everything = vec![heads, "+refs/tags/*:refs/tags/*".to_owned()];
    let fetch = Fetch { policy: Policy::FETCH, ..Fetch::origin(flags, everything) };
    fetch.run(shell, git).during(doing)
}

/// Sleeps between two tries, unless the job or the attempt ends.
pub(crate) fn pause(shell: &Shell, duration: std::time::Duration) -> Result<(), CheckoutError> {
    if shell.context().sleep(duration) { Ok(()) } else { Err(RunError::over(shell.context()).into()) }
}
