//! `retry` and `soft_fail` (spec/control-plane.md §3.16): which ends of a job are tried again or forgiven.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::DefinitionError;
use super::read::{Reader, integer, one_or_many, truth};
use crate::state::SignalReason;

/// What may be tried again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// Rules for retries nobody asks for, in order; the first that matches decides.
    pub automatic: Vec<RetryRule>,
    /// Whether a person may retry.
    pub manual: ManualRetry,
}

/// One automatic retry rule; all its conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryRule {
    /// Exit statuses.
    pub exit_status: ExitStatuses,
    /// Signals.
    pub signal: Words,
    /// Signal reasons.
    pub signal_reason: Words,
    /// How many retries of one job this rule grants; 0 matches and never retries.
    pub limit: u32,
}

/// Which exit statuses are meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExitStatuses {
    /// `"*"`: 1 to 255, so neither success nor a lost agent.
    AnyFailure,
    /// These.
    These(Vec<i32>),
}

/// Which words (signals, reasons) are meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Words {
    /// `"*"`: any, and none.
    Any,
    /// These, in normal form; `none` is the absence.
    These(Vec<String>),
}

/// Whether a person may retry a job of the step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManualRetry {
    /// Failed jobs.
    pub allowed: bool,
    /// Passed jobs too.
    pub permit_on_passed: bool,
    /// Shown when it is refused.
    pub reason: Option<String>,
}

impl Default for ManualRetry {
    fn default() -> Self {
        Self { allowed: true, permit_on_passed: false, reason: None }
    }
}

/// Which failures count as passed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SoftFail {
    /// None.
    #[default]
    Never,
    /// Every one.
    Always,
    /// Those with these exit statuses.
    On(Vec<i32>),
}

/// How a process ended, as far as rules look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending<'a> {
    /// The exit status; -1 when there is none.
    pub exit_status: i32,
    /// The signal's name.
    pub signal: Option<&'a str>,
    /// Why it was sent.
    pub reason: Option<SignalReason>,
}

/// The largest `limit` of a rule.
const MAX_LIMIT: i64 = 10;
/// The limit of a rule that names none, and of `automatic: true`.
const DEFAULT_LIMIT: u32 = 2;
/// The word for "no signal" and "no reason".
const NONE: &str = "none";

impl SoftFail {
    /// Whether a job that ended with `exit_status` counts as passed. Success is not forgiven, it passed.
    pub fn forgives(&self, exit_status: i32) -> bool {
        match self {
            Self::Never => false,
            Self::Always => exit_status != 0,
            Self::On(statuses) => exit_status != 0 && statuses.contains(&exit_status),
        }
    }

    pub(super) fn read(reader: &Reader<'_>) -> Result<Self, DefinitionError> {
        const KEYS: &[&str] = &["soft_fail"];
        let Some(value) = reader.get(KEYS) else { return Ok(Self::Never) };
        Self::from_value(value).ok_or_else(|| reader.bad(KEYS, "true, false or a list of exit statuses"))
    }

    pub(super) fn from_value(value: &Value) -> Option<Self> {
        if let Some(all) = truth(value) {
            return Some(if all { Self::Always } else { Self::Never });
        }
        let mut statuses = Vec::new();
        for item in one_or_many(value) {
            let status = item.as_object()?.get("exit_status")?;
            for status in one_or_many(status) {
                if status == "*" {
                    return Some(Self::Always);
                }
                statuses.push(exit_status(status)?);
            }
        }
        Some(Self::On(statuses))
    }
}

impl RetryRule {
    /// Whether the rule speaks about a job that ended like this.
    pub fn matches(&self, ending: Ending<'_>) -> bool {
        self.exit_status.matches(ending.exit_status)
            && self.signal.matches(ending.signal.map(signal_name).as_deref())
            && self.signal_reason.matches(ending.reason.map(SignalReason::as_str))
    }
}

impl ExitStatuses {
    fn matches(&self, status: i32) -> bool {
        match self {
            Self::AnyFailure => (1..=255).contains(&status),
            Self::These(statuses) => statuses.contains(&status),
        }
    }
}

impl Words {
    fn matches(&self, word: Option<&str>) -> bool {
        match self {
            Self::Any => true,
            Self::These(words) => words.iter().any(|known| known == word.unwrap_or(NONE)),
        }
    }
}

impl Retry {
    pub(super) fn read(reader: &Reader<'_>) -> Result<Self, DefinitionError> {
        let Some(value) = reader.get(&["retry"]) else { return Ok(Self::default()) };
        let map = value.as_object().ok_or_else(|| reader.bad(&["retry"], "a mapping"))?;
        let retry = reader.nested(map, "retry");
        Ok(Self { automatic: automatic(&retry)?, manual: manual(&retry)? })
    }
}

fn automatic(retry: &Reader<'_>) -> Result<Vec<RetryRule>, DefinitionError> {
    const KEYS: &[&str] = &["automatic"];
    let Some(value) = retry.get(KEYS) else { return Ok(Vec::new()) };
    let every_failure = || RetryRule {
        exit_status: ExitStatuses::AnyFailure,
        signal: Words::Any,
        signal_reason: Words::Any,
        limit: DEFAULT_LIMIT,
    };
    match truth(value) {
        Some(true) => Ok(vec![every_failure()]),
        Some(false) => Ok(Vec::new()),
        None => one_or_many(value)
            .iter()
            .map(|item| {
                let map = item
                    .as_object()
                    .ok_or_else(|| retry.bad(KEYS, "true, false, a rule or a list of rules"))?;
                rule(&retry.nested(map, "retry.automatic"))
            })
            .collect(),
    }
}

fn rule(reader: &Reader<'_>) -> Result<RetryRule, DefinitionError> {
    const STATUS: &[&str] = &["exit_status"];
    let exit_status = match reader.get(STATUS) {
        None => ExitStatuses::AnyFailure,
        Some(any) if any == "*" => ExitStatuses::AnyFailure,
        Some(value) => one_or_many(value)
            .iter()
            .map(exit_status)
            .collect::<Option<Vec<_>>>()
            .map(ExitStatuses::These)
            .ok_or_else(|| reader.bad(STATUS, "\"*\", an integer from -1 to 255 or a list of them"))?,
    };
    let limit = reader.integer_in(&["limit"], 0, MAX_LIMIT, "an integer from 0 to 10")?;
    Ok(RetryRule {
        exit_status,
        signal: words(reader, "signal", signal_name)?,
        signal_reason: reasons(reader)?,
        limit: limit.unwrap_or(DEFAULT_LIMIT),
    })
}

fn reasons(reader: &Reader<'_>) -> Result<Words, DefinitionError> {
    let reasons = words(reader, "signal_reason", str::to_owned)?;
    let known = |word: &String| word == NONE || SignalReason::from_word(word).is_some();
    match &reasons {
        Words::These(words) if !words.iter().all(known) => Err(reader.bad(
            &["signal_reason"],
            "\"*\" or one of none, cancel, agent_stop, agent_refused, agent_incompatible, process_run_error, signature_rejected, stack_error",
        )),
        _ => Ok(reasons),
    }
}

fn words(reader: &Reader<'_>, key: &str, normal: impl Fn(&str) -> String) -> Result<Words, DefinitionError> {
    let Some(words) = reader.strings(&[key])? else { return Ok(Words::Any) };
    if words.iter().any(|word| word == "*") {
        return Ok(Words::Any);
    }
    Ok(Words::These(words.iter().map(|word| normal(word)).collect()))
}

/// `SIGKILL`, `kill` and `Kill` are one signal.
fn signal_name(word: &str) -> String {
    let lower = word.to_ascii_lowercase();
    lower.strip_prefix("sig").map(str::to_owned).unwrap_or(lower)
}

fn exit_status(value: &Value) -> Option<i32> {
    integer(value).filter(|status| (-1..=255).contains(status)).and_then(|status| i32::try_from(status).ok())
}

fn manual(retry: &Reader<'_>) -> Result<ManualRetry, DefinitionError> {
    const KEYS: &[&str] = &["manual"];
    let Some(value) = retry.get(KEYS) else { return Ok(ManualRetry::default()) };
    if let Some(allowed) = truth(value) {
        return Ok(ManualRetry { allowed, ..ManualRetry::default() });
    }
    let map = value.as_object().ok_or_else(|| retry.bad(KEYS, "true, false or a mapping"))?;
    let rule = retry.nested(map, "retry.manual");
    Ok(ManualRetry {
        allowed: rule.boolean(&["allowed"])?.unwrap_or(true),
        permit_on_passed: rule.boolean(&["permit_on_passed"])?.unwrap_or(false),
        reason: rule.string(&["reason"])?,
    })
}
