//! From a container's variables to its bootstrap (docs/spec/local-apis.md §10, steps 4–8).

use std::path::{Path, PathBuf};
use std::time::Duration;

use redkite_kubernetes::{Bootstrap, Overlay};
use redkite_process::{Launch, Policy, Signal, Terminal};

use super::WORKSPACE;
use crate::cli::{boolean, integer};
use crate::failure::{Failure, OrFail};
use crate::options::CancelOptions;

/// The job's processes give way to those that talk to the agent.
const NICE: u8 = 5;

/// The agent gives a container up at the end of the signal grace period. A bootstrap that is killed here at the same
/// moment would race with that, and the job's end would be one or the other.
const AFTER_THE_AGENT: Duration = Duration::from_millis(250);

/// The bootstrap of a container with these variables, to which those are added that only the container knows.
pub(super) fn bootstrap(mut environment: Overlay) -> Result<Bootstrap, Failure> {
    let program = std::env::current_exe().or_fail("finding this program")?;
    let build_path = environment
        .get("BUILDKITE_BUILD_PATH")
        .map_or_else(|| Path::new(WORKSPACE).join("build"), PathBuf::from);
    let terminal = terminal(&environment)?;
    let cancel = cancel(&environment)?;
    let signal = signal(&cancel)?;
    let grace = cancel.signal_grace()?;
    environment.set("BUILDKITE_KUBERNETES_EXEC", "true");
    if environment.get("BUILDKITE_BUILD_CHECKOUT_PATH").is_none() {
        environment.set("BUILDKITE_BUILD_CHECKOUT_PATH", build_path.join("buildkite"));
    }
    environment.set("BUILDKITE_BIN_PATH", program.parent().unwrap_or(Path::new("")));
    if terminal != Terminal::None {
        environment.set("TERM", "xterm-256color");
    }
    Ok(Bootstrap {
        heading: heading(&environment),
        policy: Policy::new(signal, grace + AFTER_THE_AGENT, terminal),
        cancel_grace: Duration::from_secs(cancel.cancel_grace_period.unsigned_abs()),
        launch: Launch {
            args: vec!["bootstrap".into()],
            env: environment.into_variables(),
            terminal,
            nice: NICE,
            ..Launch::new(program, build_path)
        },
    })
}

fn heading(environment: &Overlay) -> String {
    let phases = environment.get("BUILDKITE_BOOTSTRAP_PHASES").map(|phases| phases.to_string_lossy());
    format!("~~~ Bootstrapping phases {}\n", phases.as_deref().unwrap_or("(unknown)"))
}

fn terminal(environment: &Overlay) -> Result<Terminal, Failure> {
    let wanted = text(environment, "BUILDKITE_PTY").map_or(Ok(true), |text| boolean(&text));
    let wanted = wanted.or_fail("parsing BUILDKITE_PTY")?;
    Ok(if wanted && Terminal::EXISTS { Terminal::Pty } else { Terminal::None })
}

fn cancel(environment: &Overlay) -> Result<CancelOptions, Failure> {
    let number = |name: &str, default: i64| {
        text(environment, name).map_or(Ok(default), |text| integer(&text)).or_fail(format!("parsing {name}"))
    };
    Ok(CancelOptions {
        cancel_signal: text(environment, "BUILDKITE_CANCEL_SIGNAL").unwrap_or_else(|| "SIGTERM".to_owned()),
        cancel_grace_period: number("BUILDKITE_CANCEL_GRACE_PERIOD", 10)?,
        signal_grace_period_seconds: number("BUILDKITE_SIGNAL_GRACE_PERIOD_SECONDS", -1)?,
    })
}

/// The bootstrap itself is never killed at once: it has to hand SIGKILL on to the job's command.
fn signal(cancel: &CancelOptions) -> Result<Signal, Failure> {
    let signal =
        Signal::from_cancel_name(&cancel.cancel_signal).or_fail("parsing BUILDKITE_CANCEL_SIGNAL")?;
    Ok(if signal == Signal::KILL { Signal::TERM } else { signal })
}

fn text(environment: &Overlay, name: &str) -> Option<String> {
    environment.get(name).map(|value| value.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<Bootstrap, Failure> {
        let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        bootstrap(Overlay::new(variables, [], Path::new("/workspace")))
    }

    fn variable(bootstrap: &Bootstrap, name: &str) -> Option<String> {
        let found = bootstrap.launch.env.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.to_string_lossy().into_owned())
    }

    #[test]
    fn defaults_of_a_container() {
        let bootstrap = of(&[]).expect("defaults are right");
        assert_eq!(bootstrap.launch.dir, Path::new("/workspace/build"));
        assert_eq!(bootstrap.launch.args, ["bootstrap"]);
        assert_eq!(bootstrap.heading, "~~~ Bootstrapping phases (unknown)\n");
        assert_eq!(bootstrap.cancel_grace, Duration::from_secs(10));
        assert_eq!(
            (bootstrap.policy.signal, bootstrap.policy.grace),
            (Signal::TERM, Duration::from_millis(9250))
        );
        let check = |name, value| assert_eq!(variable(&bootstrap, name).as_deref(), Some(value), "{name}");
        check("BUILDKITE_KUBERNETES_EXEC", "true");
        check("BUILDKITE_BUILD_CHECKOUT_PATH", "/workspace/build/buildkite");
    }

    #[test]
    fn the_jobs_variables_say_how_it_runs() {
        let bootstrap = of(&[
            ("BUILDKITE_BUILD_PATH", "/b"),
            ("BUILDKITE_BUILD_CHECKOUT_PATH", "/c"),
            ("BUILDKITE_BOOTSTRAP_PHASES", "plugin,command"),
            ("BUILDKITE_PTY", "false"),
            ("BUILDKITE_CANCEL_SIGNAL", "SIGKILL"),
            ("BUILDKITE_CANCEL_GRACE_PERIOD", "20"),
            ("BUILDKITE_SIGNAL_GRACE_PERIOD_SECONDS", "3"),
        ]);
        let bootstrap = bootstrap.expect("they make sense");
        assert_eq!(bootstrap.launch.dir, Path::new("/b"));
        assert_eq!(bootstrap.launch.terminal, Terminal::None);
        assert_eq!(bootstrap.heading, "~~~ Bootstrapping phases plugin,command\n");
        assert_eq!(bootstrap.cancel_grace, Duration::from_secs(20));
        assert_eq!(
            (bootstrap.policy.signal, bootstrap.policy.grace),
            (Signal::TERM, Duration::from_millis(3250))
        );
        assert_eq!(variable(&bootstrap, "BUILDKITE_BUILD_CHECKOUT_PATH").as_deref(), Some("/c"));
        assert_eq!(variable(&bootstrap, "TERM"), None);
    }

    #[test]
    fn what_makes_no_sense_is_an_error() {
        for (name, value) in [
            ("BUILDKITE_CANCEL_SIGNAL", "SIGX"),
            ("BUILDKITE_CANCEL_GRACE_PERIOD", "soon"),
            ("BUILDKITE_SIGNAL_GRACE_PERIOD_SECONDS", "10"),
            ("BUILDKITE_PTY", "maybe"),
        ] {
            assert!(of(&[(name, value)]).is_err(), "{name}={value}");
        }
    }
}
