//! The retry rule of every call, as values (spec/agent-api.md §6.4), and what they mean (§6.1–6.3).

use crate::error::ApiError;
use http::StatusCode;
use std::time::Duration;

/// How often a call is tried, how long between, and what ends it early.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    /// Attempts in all; 1 is a call that is never repeated.
    pub attempts: u32,
    /// The wait after a failed attempt.
    pub wait: Wait,
    /// What is added to the wait.
    pub jitter: Jitter,
    /// Which failures are final.
    pub stop: Stop,
    /// How long it may take.
    pub deadline: Deadline,
    /// Whether a `Retry-After` answer replaces the wait.
    pub retry_after: RetryAfter,
    /// Whether failed attempts are reported.
    pub report: Report,
}

/// The wait after failed attempt `n`, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wait {
    /// Always the same.
    Every(Duration),
    /// 2ⁿ seconds.
    Doubling,
    /// `first`^(n/16 + 1), in milliseconds: a curve that grows slower than doubling.
    Curve(Duration),
}

/// A random span added to a wait, in milliseconds; a negative sum means no wait.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jitter {
    from: i64,
    to: i64,
}

/// Which failures end the attempts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stop {
    /// A status that is not retryable, an undecodable answer, a transport error that will not heal (§6.3).
    Standard,
    /// The same, but a body that just broke off is no answer.
    StandardAnswer,
    /// Nothing does.
    Never,
    /// Any answer at all, or a transport error that will not heal. A body that just broke off is no answer.
    AnyResponse,
    /// An answer that is not retryable; transport errors are always repeated.
    FinalStatus,
    /// Any 4xx, 429 included.
    ClientError,
    /// Any 4xx but 429.
    ClientErrorBut429,
    /// Any 4xx but 423 and 429.
    Acquire,
    /// Only these statuses.
    Statuses(&'static [u16]),
}

/// A limit on the time of the attempts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Deadline {
    /// Only the 60 seconds that bound each request (§2.3).
    None,
    /// All attempts and waits together.
    Total(Duration),
    /// Each of the first four attempts; later ones may take their time.
    PerAttempt(Duration),
}

/// Whether a server's `Retry-After` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// It replaces the computed wait, jitter included.
    Honoured,
    /// It is not looked at.
    Ignored,
}

/// Whether a failed attempt that will be repeated is worth a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// A warning each time.
    Warn,
    /// Only the last failure is seen.
    Silent,
}

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const NO_JITTER: Jitter = Jitter { from: 0, to: 0 };
const ONE_SECOND: Jitter = Jitter { from: 0, to: 1000 };
const BACK_ONE_ON_FIVE: Jitter = Jitter { from: -1000, to: 5000 };

const fn every(attempts: u32, seconds: u64, stop: Stop) -> Policy {
    Policy {
        attempts,
        wait: Wait::Every(secs(seconds)),
        jitter: NO_JITTER,
        stop,
        deadline: Deadline::None,
        retry_after: RetryAfter::Ignored,
        report: Report::Warn,
    }
}

const fn curve(attempts: u32, first_ms: u64, stop: Stop) -> Policy {
    Policy { wait: Wait::Curve(Duration::from_millis(first_ms)), ..every(attempts, 0, stop) }
}

const fn doubling(attempts: u32) -> Policy {
    Policy { wait: Wait::Doubling, ..every(attempts, 0, Stop::Standard) }
}

/// A call that its own loop repeats: ping and job state.
pub const ONCE: Policy = every(1, 0, Stop::Never);
/// `POST register`.
pub const REGISTER: Policy = every(30, 10, Stop::Standard);
/// `POST connect`; even a 401 is repeated.
pub const CONNECT: Policy = every(10, 5, Stop::Never);
/// `POST disconnect`.
pub const DISCONNECT: Policy = every(4, 1, Stop::Never);
/// `POST heartbeat`.
pub const HEARTBEAT: Policy = every(10, 5, Stop::FinalStatus);
/// `PUT jobs/{job}/accept`.
pub const ACCEPT: Policy = every(30, 5, Stop::AnyResponse);
/// `PUT jobs/{job}/acquire`.
pub const ACQUIRE: Policy = Policy {
    attempts: 7,
    jitter: BACK_ONE_ON_FIVE,
    stop: Stop::Acquire,
    deadline: Deadline::Total(secs(330)),
    retry_after: RetryAfter::Honoured,
    ..doubling(7)
};
/// `PUT jobs/{job}/start`.
pub const START: Policy = doubling(7);
/// `POST jobs/{job}/chunks`.
pub const CHUNK: Policy = Policy {
    jitter: ONE_SECOND,
    deadline: Deadline::Total(secs(3600)),
    ..curve(12, 2000, Stop::ClientError)
};
/// `POST jobs/{job}/header_times`.
pub const HEADER_TIMES: Policy = every(10, 5, Stop::ClientError);
/// `PUT jobs/{job}/finish`.
pub const FINISH: Policy =
    Policy { jitter: ONE_SECOND, deadline: Deadline::Total(secs(3600)), ..curve(12, 2000, Stop::Standard) };
/// `POST` and `DELETE jobs/{job}/annotations`.
pub const ANNOTATION: Policy = Policy { jitter: ONE_SECOND, ..every(5, 1, Stop::Standard) };
/// `POST jobs/{job}/data/set`.
pub const META_DATA_SET: Policy = curve(10, 2000, Stop::Standard);
/// `POST jobs/{job}/data/set-batch`.
pub const META_DATA_SET_BATCH: Policy = curve(10, 2000, Stop::Statuses(&[401, 404]));
/// `POST …/data/get`, `exists` and `keys`.
pub const META_DATA_READ: Policy = every(10, 5, Stop::Standard);
/// `steps/{step}`: export, update, cancel.
pub const STEP: Policy = every(10, 5, Stop::Standard);
/// `builds/{build}/cancel`, `pause`, `resume`, `stop`.
pub const CONTROL: Policy = Policy { jitter: ONE_SECOND, ..every(5, 1, Stop::Standard) };
/// `POST jobs/{job}/oidc/tokens`.
pub const OIDC: Policy = doubling(5);
/// `GET jobs/{job}/secrets`.
pub const SECRET: Policy = Policy { jitter: BACK_ONE_ON_FIVE, stop: Stop::StandardAnswer, ..doubling(3) };
/// `POST jobs/{job}/repository_access_token`.
pub const REPOSITORY_TOKEN: Policy =
    Policy { retry_after: RetryAfter::Honoured, ..every(3, 5, Stop::FinalStatus) };
/// `PUT jobs/{job}/promise_failure`.
pub const PROMISE_FAILURE: Policy = curve(10, 2000, Stop::Standard);
/// `PUT jobs/{job}`.
pub const JOB_UPDATE: Policy = curve(10, 2000, Stop::Standard);
/// `POST jobs/{job}/pipelines`. A 202 that doesn't say where to look is repeated.
pub const PIPELINE_UPLOAD: Policy = every(60, 5, Stop::Standard);
/// `GET jobs/{job}/pipelines/{uuid}`.
pub const PIPELINE_STATUS: Policy =
    Policy { retry_after: RetryAfter::Honoured, ..every(60, 5, Stop::Statuses(&[422])) };
/// `POST jobs/{job}/artifacts`.
pub const ARTIFACTS_CREATE: Policy =
    Policy { deadline: Deadline::PerAttempt(secs(10)), ..curve(10, 500, Stop::ClientErrorBut429) };
/// `PUT jobs/{job}/artifacts`.
pub const ARTIFACTS_UPDATE: Policy =
    Policy { deadline: Deadline::PerAttempt(secs(5)), ..curve(10, 500, Stop::Never) };
/// `GET builds/{build}/artifacts/search`.
pub const ARTIFACTS_SEARCH: Policy = Policy { report: Report::Silent, ..every(10, 5, Stop::Never) };
/// The content of one artifact or one part of it, to wherever it goes.
pub const CONTENT_UPLOAD: Policy = every(10, 5, Stop::Never);
/// The content of one artifact, from wherever it is.
pub const CONTENT_DOWNLOAD: Policy = every(5, 5, Stop::Never);
/// Everything under `cache_registries`.
pub const CACHE: Policy = Policy { jitter: ONE_SECOND, ..curve(5, 500, Stop::Standard) };

impl Policy {
    /// What to do after `failed` attempts (at least one), the last with `error`, when `elapsed` has gone by since the
    /// first began. `random` is uniform in [0, 1).
    #[must_use]
    pub fn after(&self, failed: u32, error: &ApiError, elapsed: Duration, random: f64) -> Next {
        if failed >= self.attempts || self.stop.ends(error) {
            return Next::GiveUp;
        }
        let asked = error.retry_after().filter(|_| self.retry_after == RetryAfter::Honoured);
        let wait = asked.unwrap_or_else(|| self.wait_after(failed - 1, random));
        match self.deadline {
            // An attempt that can't be made in time isn't waited for.
            Deadline::Total(limit) if elapsed.saturating_add(wait) >= limit => Next::GiveUp,
            _ => Next::Wait(wait),
        }
    }

    /// The wait after failed attempt `n`, counted from 0.
    #[must_use]
    pub fn wait_after(&self, n: u32, random: f64) -> Duration {
        self.jitter.add_to(self.wait.after(n), random)
    }

    /// The limit of attempt `n` (from 0) when `elapsed` has gone by since the first began.
    #[must_use]
    pub fn time_left(&self, n: u32, elapsed: Duration) -> Option<Duration> {
        match self.deadline {
            Deadline::Total(limit) => Some(limit.saturating_sub(elapsed)),
            Deadline::PerAttempt(limit) if n < 4 => Some(limit),
            Deadline::PerAttempt(_) | Deadline::None => None,
        }
    }
}

/// What follows a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try again after this.
    Wait(Duration),
    /// The failure is the call's result.
    GiveUp,
}

impl Wait {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "milliseconds of a wait are far below 2⁵²"
    )]
    fn after(self, n: u32) -> Duration {
        match self {
            Self::Every(wait) => wait,
            Self::Doubling => secs(1u64.checked_shl(n).unwrap_or(u64::MAX)),
            Self::Curve(first) => {
                let ms = (first.as_millis() as f64).powf(f64::from(n) / 16.0 + 1.0);
                // The float may lie a hair under a whole number.
                Duration::from_millis((ms + 1e-6).floor() as u64)
            }
        }
    }
}

impl Jitter {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "spans of seconds in milliseconds"
    )]
    fn add_to(self, wait: Duration, random: f64) -> Duration {
        let extra = self.from + ((self.to - self.from) as f64 * random) as i64;
        match u64::try_from(extra) {
            Ok(more) => wait + Duration::from_millis(more),
            Err(_) => wait.saturating_sub(Duration::from_millis(extra.unsigned_abs())),
        }
    }
}

impl Stop {
    fn ends(self, error: &ApiError) -> bool {
        let status = error.status();
        let is_client_error = status.is_some_and(|s| s.is_client_error());
        let is = |code: u16| status == StatusCode::from_u16(code).ok();
        if error.asks_for_another_attempt() {
            return false;
        }
        match self {
            Self::Never => false,
            Self::Standard => !error.is_retryable(),
            Self::StandardAnswer => !error.is_retryable() && !error.is_broken_off(),
            Self::AnyResponse if error.is_broken_off() => false,
            Self::AnyResponse => status.is_some() || !error.is_retryable(),
            Self::FinalStatus => status.is_some() && !error.is_retryable(),
            Self::ClientError => is_client_error,
            Self::ClientErrorBut429 => is_client_error && !is(429),
            Self::Acquire => is_client_error && !is(423) && !is(429),
            Self::Statuses(final_ones) => final_ones.iter().any(|code| is(*code)) || error.is_final(),
        }
    }
}

/// Whether a status says that the same call may work later (§6.2).
#[must_use]
pub fn is_retryable_status(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status.as_u16() >= 500
}
