//! What options of `start` may not say (docs/spec/agent.md §2.2): each check with its message.

use std::num::NonZeroU32;
use std::time::Duration;

use redkite_process::Signal;
use redkite_worker::OnFailure;
use redkite_worker::settings::{CancelSettings, OverrideMode, PingMode};
use regex::Regex;

use super::Args;
use crate::failure::Failure;
use crate::output::Output;

/// Fails unless `value` is one of `allowed`.
fn one_of(what: &str, value: &str, allowed: &[&str]) -> Result<(), Failure> {
    if allowed.contains(&value) {
        return Ok(());
    }
    let listed: Vec<_> = allowed.iter().filter(|word| !word.is_empty()).copied().collect();
    Err(Failure::new(format!("invalid {what} {value:?}, must be one of [{}]", listed.join(" "))))
}

/// The form of the log, whose check is told on standard output like that of a wrong command line.
pub(super) fn check_log_format(args: &Args, out: &mut Output) -> Result<(), Failure> {
    let format = args.log.log_format.as_str();
    if matches!(format, "text" | "json") {
        return Ok(());
    }
    out.line(&format!("Unknown log-format of {format:?}, try text or json"))?;
    Err(Failure::Silent(1))
}

/// The checks that need nothing but one option each.
pub(super) fn check_words(args: &Args) -> Result<(), Failure> {
    let checkout = &args.checkout;
    one_of("git mirror checkout mode", &checkout.git_mirror_checkout_mode, &["dissociate", "reference"])?;
    one_of("sparse checkout mode", &checkout.git_sparse_checkout_mode, &["", "cone", "no-cone"])?;
    one_of("ping mode", &args.ping_mode, &["auto", "poll-only", "ping-only", "stream-only"])?;
    let verification = &checkout.git_commit_verification;
    if !matches!(verification.as_str(), "" | "strict" | "warn") {
        let text = "invalid value for --git-commit-verification";
        return Err(Failure::new(format!("{text}: {verification:?} (must be \"strict\" or \"warn\")")));
    }
    Ok(())
}

/// The last checks of words, after the grace periods.
pub(super) fn check_telemetry(args: &Args) -> Result<(), Failure> {
    let (encoding, backend) = (&args.telemetry.trace_context_encoding, &args.telemetry.tracing_backend);
    if !matches!(encoding.as_str(), "" | "gob" | "json") {
        let text = format!("while parsing trace context encoding: invalid encoding {encoding:?}");
        return Err(Failure::new(text));
    }
    if !matches!(backend.as_str(), "" | "datadog" | "opentelemetry") {
        let text = format!(
            "the given tracing backend {backend:?} is not supported. Valid backends are: [\"datadog\" \"opentelemetry\" \"\"]"
        );
        return Err(Failure::new(text));
    }
    Ok(())
}

pub(super) fn ping_mode(args: &Args) -> PingMode {
    match args.ping_mode.as_str() {
        "poll-only" | "ping-only" => PingMode::PollOnly,
        "stream-only" => PingMode::StreamOnly,
        _ => PingMode::Auto,
    }
}

/// What is done with jobs that can't be verified.
pub(super) fn on_unverified(args: &Args) -> Result<OnFailure, Failure> {
    match args.signing.verification_failure_behavior.as_str() {
        "block" => Ok(OnFailure::Block),
        "warn" => Ok(OnFailure::Warn),
        other => Err(Failure::new(format!(
            "invalid job verification no signature behavior {other:?}. Must be one of: [block warn]"
        ))),
    }
}

/// Without commands of its own choice a job must not change how its checkout is made.
pub(super) fn override_mode(args: &Args) -> Result<OverrideMode, Failure> {
    let mode = match args.checkout.checkout_override_mode.as_str() {
        "" => OverrideMode::default(),
        mode => mode.parse()?,
    };
    Ok(if args.permissions.no_command_eval { OverrideMode::Strict } else { mode })
}

/// How jobs are cancelled.
pub(super) fn cancel(args: &Args, signal_grace: Duration) -> Result<CancelSettings, Failure> {
    let signal = Signal::from_cancel_name(&args.cancel.cancel_signal)
        .map_err(|error| Failure::new(format!("failed to parse cancel-signal: {error}")))?;
    let signal_grace = i64::try_from(signal_grace.as_secs()).unwrap_or(i64::MAX);
    Ok(CancelSettings { signal, grace: args.cancel.cancel_grace_period, signal_grace })
}

/// How many agents there are to be.
pub(super) fn spawn(args: &Args) -> Result<NonZeroU32, Failure> {
    let (per_cpu, spawn) = (args.identity.spawn_per_cpu, args.identity.spawn);
    let spawn = match per_cpu {
        1.. if spawn > 1 => {
            return Err(Failure::new("you can't specify spawn and spawn-per-cpu at the same time"));
        }
        1.. => {
            per_cpu.saturating_mul(std::thread::available_parallelism().map_or(1, |cpus| cpus.get() as i64))
        }
        _ => spawn,
    };
    if !args.lifetime.acquire_job.is_empty() && spawn != 1 {
        return Err(Failure::new("you can't spawn multiple agents and acquire a job at the same time"));
    }
    let number = u32::try_from(spawn).ok().and_then(NonZeroU32::new);
    number.ok_or_else(|| Failure::new(format!("invalid spawn {spawn}, must be at least 1")))
}

/// The patterns of a list; `place` reads `in allowed-plugins`.
pub(super) fn patterns(list: &[String], place: &str) -> Result<Vec<Regex>, Failure> {
    let compile = |text: &String| {
        Regex::new(text)
            .map_err(|error| Failure::Logged(format!("Regex {text} {place} failed to compile: {error}")))
    };
    list.iter().map(compile).collect()
}

/// The patterns of allowed variables; `None` when all are.
pub(super) fn variables(args: &Args) -> Result<Option<Vec<Regex>>, Failure> {
    let given = &args.permissions.allowed_environment_variables;
    if !args.permissions.enable_environment_variable_allowlist {
        return match given.is_empty() {
            true => Ok(None),
            false => Err(Failure::Logged(
                "allowed-environment-variables is set, but enable-environment-variable-allowlist is not set"
                    .into(),
            )),
        };
    }
    let always = ["^BUILDKITE$", "^BUILDKITE_.*$", "^CI$"].map(str::to_owned);
    let all: Vec<_> = always.iter().chain(given).cloned().collect();
    patterns(&all, "in allowed-environment-variables").map(Some)
}
