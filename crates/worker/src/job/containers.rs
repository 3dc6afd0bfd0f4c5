//! A job run by the containers of a pod (spec/agent.md §19).

use super::environment::JobVariables;
use super::finish::Outcome;
use super::work::Stages;
use crate::log::JobLog;
use crate::settings::{ContainerSettings, JobSettings};
use crate::stop::StopListener;
use redkite_kubernetes::{End, Pod, PodError, Status};
use redkite_process::{Cancel, Ending};
use redkite_text::Spoken;
use std::ffi::OsString;
use std::num::ParseIntError;
use std::sync::Arc;
use std::time::Duration;
use tracing::Span;

/// The variable of the agent that says how many containers there are.
const COUNT: &str = "BUILDKITE_CONTAINER_COUNT";

/// It is not known how many containers a job has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed to parse {COUNT}: {value:?}: {source}")]
pub(crate) struct BadCount {
    value: String,
    source: ParseIntError,
}

/// How many containers each job of this agent has.
pub(crate) fn count(environment: &[(OsString, OsString)]) -> Result<u32, BadCount> {
    let value = environment.iter().find(|(name, _)| name == COUNT).map(|(_, value)| value.to_string_lossy());
    let value = value.unwrap_or_default();
    value.parse().map_err(|source| BadCount { value: value.into_owned(), source })
}

/// Containers that may join.
pub(crate) struct Containers {
    pod: Pod,
    agent: StopListener,
}

impl Containers {
    /// `count` containers, which get the `inherited` variables under those of the job.
    pub(crate) fn new(
        settings: &JobSettings,
        containers: ContainerSettings,
        count: u32,
        environment: (&[(OsString, OsString)], &JobVariables),
        agent: StopListener,
    ) -> Self {
        let (inherited, variables) = environment;
        let pod = Pod {
            directory: settings.context_dir.clone(),
            count: usize::try_from(count).unwrap_or(usize::MAX),
            start_timeout: containers.start_timeout,
            grace: settings.cancel.signal_grace(),
            environment: super::bootstrap::process_environment(inherited, variables),
            cancel: Cancel::new(),
        };
        Self { pod, agent }
    }

    /// Asks for their end.
    pub(crate) fn cancel(&self) -> Cancel {
        self.pod.cancel.clone()
    }

    /// Sees them to their end; they run as soon as they can join. Their output goes to `log`, what there is to say
    /// about them to the agent's log within `span`.
    pub(crate) async fn run(self, log: Arc<JobLog>, stages: Stages, span: Span) -> Outcome {
        let Self { pod, agent } = self;
        if pod.cancel.is_cancelled() {
            return Outcome::NotStarted;
        }
        let (cancel, start_timeout) = (pod.cancel.clone(), pod.start_timeout.unwrap_or_default());
        let thread = {
            let log = log.clone();
            tokio::task::spawn_blocking(move || {
                let _gone = stages.gone.drop_guard();
                span.in_scope(|| pod.run(|| stages.running.cancel(), |bytes| log.output(bytes)))
            })
        };
        match thread.await {
            Ok(Ok(End::Decided(status))) => {
                if let Some(hint) = hint(status, cancel.is_cancelled()).filter(|_| !agent.is_forced()) {
                    log.line(HINT_HEADING);
                    log.line(hint);
                }
                Outcome::Ended(Ending::Exited(status.code))
            }
            Ok(Ok(End::NotStarted)) => not_started(&log, &timed_out(start_timeout)),
            Ok(Err(error)) => not_started(&log, &with_cause(&error)),
            // A bug of ours must not leave the job without an end.
            Err(panic) => not_started(&log, &panic.to_string()),
        }
    }
}

fn not_started(log: &JobLog, why: &str) -> Outcome {
    tracing::error!("Error running job: {why}");
    log.line(&format!("Error running job: {why}"));
    Outcome::NotStarted
}

fn timed_out(timeout: Duration) -> String {
    format!("timed out waiting {} for all containers to connect", Spoken(timeout))
}

fn with_cause(error: &PodError) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}

const HINT_HEADING: &str = "+++ Unknown container exit status";

/// What may explain a status that no container reported.
fn hint(status: Status, cancelled: bool) -> Option<&'static str> {
    if cancelled && status.absent {
        return Some(
            "The job was cancelled before all of its containers had connected. Perhaps Kubernetes could not pull an \
             image, or had no room for the pod.",
        );
    }
    status.lost.then_some(
        "A container has gone without reporting its exit status. Perhaps it was killed for using more memory than it \
         may (OOM), or its node was lost.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_a_number() {
        let count = |value: &str| count(&[("A".into(), "9".into()), (COUNT.into(), value.into())]);
        assert_eq!((count("3"), count("0")), (Ok(3), Ok(0)));
        for wrong in ["", "x", "-1", "1.5"] {
            let error = count(wrong).expect_err(wrong).to_string();
            assert!(error.starts_with("failed to parse BUILDKITE_CONTAINER_COUNT: "), "{error}");
        }
        assert!(super::count(&[]).is_err());
    }

    #[test]
    fn odd_ends_are_explained() {
        let check = |absent, lost, cancelled, word: Option<&str>| {
            let hint = hint(Status { code: -7, absent, lost }, cancelled);
            assert_eq!(hint.is_some(), word.is_some());
            assert!(hint.unwrap_or_default().contains(word.unwrap_or_default()), "{hint:?}");
        };
        check(false, false, true, None);
        check(true, false, false, None);
        check(true, false, true, Some("image"));
        check(false, true, false, Some("OOM"));
        check(true, true, true, Some("image"));
    }
}
