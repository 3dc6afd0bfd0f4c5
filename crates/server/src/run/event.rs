//! What a local run tells: one closed set of events, drawn by the views and printed by `--json`.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// One line of `redkite run --json`: when, what (`docs/run.md`, "Events").
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Stamped {
    /// When redkite saw it.
    #[serde(serialize_with = "rfc3339")]
    pub(crate) time: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub(crate) event: Event,
}

/// Something that happened in the run. Field names and words are a stable interface: new ones may be added,
/// existing ones stay.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event {
    /// The build exists; always the first event.
    BuildStarted(BuildInfo),
    /// The build's state changed.
    BuildChanged(BuildChanged),
    /// A step appeared, or something about it changed.
    Step(Step),
    /// A job appeared, or something about it changed.
    Job(Job),
    /// A job's log has one more line, without escape sequences.
    Log(LogLine),
    /// An annotation was written or changed.
    Annotation(Annotation),
    /// A job uploaded an artifact.
    Artifact(Artifact),
    /// A block or input step waits for a person.
    Blocked(Blocked),
    /// Something a person should know about the run itself.
    Notice(Notice),
    /// The end; always the last event.
    BuildFinished(BuildFinished),
}

/// The build that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct BuildInfo {
    /// The build's UUID.
    pub(crate) id: String,
    /// Its number, counted in the data folder.
    pub(crate) number: u64,
    /// The pipeline's slug.
    pub(crate) pipeline: String,
    /// The branch it builds.
    pub(crate) branch: String,
    /// The full id of the commit it builds.
    pub(crate) commit: String,
    /// The build's message.
    pub(crate) message: String,
    /// What the jobs check out.
    pub(crate) source: Source,
    /// The folder of the run's logs and artifacts.
    pub(crate) folder: String,
}

/// What the jobs check out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    /// The commit at HEAD.
    Commit,
    /// The working tree as it was (`--dirty`).
    WorkingTree,
}

/// The build's state now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct BuildChanged {
    /// The new state.
    pub(crate) state: BuildState,
}

/// States of a build (spec/control-plane.md §2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BuildState {
    /// Nothing has started yet.
    Scheduled,
    /// Jobs run.
    Running,
    /// Jobs run, and the build can only fail.
    Failing,
    /// Only a person can make it go on.
    Blocked,
    /// Jobs are being stopped.
    Canceling,
    /// Every job passed or failed softly.
    Passed,
    /// A job failed.
    Failed,
    /// Stopped before its end.
    Canceled,
    /// No step had anything to run.
    NotRun,
}

/// A step of the build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Step {
    /// The step's UUID.
    pub(crate) id: String,
    /// Its key, if the pipeline gives one.
    pub(crate) key: Option<String>,
    /// What a person calls it.
    pub(crate) label: String,
    /// Its type.
    pub(crate) kind: StepKind,
    /// The id of the group it belongs to.
    pub(crate) group: Option<String>,
    /// Its place in the build, from 0; later steps move when a job uploads more.
    pub(crate) position: u32,
    /// Where it stands.
    pub(crate) state: State,
}

/// Types of steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StepKind {
    /// Runs jobs.
    Command,
    /// A barrier.
    Wait,
    /// A barrier that a person opens.
    Block,
    /// A question that is no barrier.
    Input,
    /// Starts another pipeline's build.
    Trigger,
    /// Holds other steps.
    Group,
}

/// Where a step or a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// What it depends on is not settled.
    Waiting,
    /// Its concurrency group is full.
    Limited,
    /// A person has to open it.
    Blocked,
    /// Ready, no agent has it yet.
    Queued,
    /// An agent runs it.
    Running,
    /// It is being stopped.
    Stopping,
    /// Ended well.
    Passed,
    /// Failed, and the pipeline forgives it.
    SoftFailed,
    /// Failed.
    Failed,
    /// Stopped for taking too long.
    TimedOut,
    /// Stopped because somebody asked.
    Canceled,
    /// No agent took it in time.
    Expired,
    /// Its own `if`, `branches` or `skip` took it out, or another upload did.
    Skipped,
    /// What it depends on failed.
    NotRun,
}

impl State {
    /// Nothing more happens to it.
    pub(crate) const fn is_settled(self) -> bool {
        !matches!(
            self,
            Self::Waiting | Self::Limited | Self::Blocked | Self::Queued | Self::Running | Self::Stopping
        )
    }

    /// A reason for the build to fail.
    pub(crate) const fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::TimedOut | Self::Expired)
    }

    /// The word shown to people.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Limited => "waiting for its concurrency group",
            Self::Blocked => "blocked",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Passed => "passed",
            Self::SoftFailed => "soft failed",
            Self::Failed => "failed",
            Self::TimedOut => "timed out",
            Self::Canceled => "canceled",
            Self::Expired => "expired",
            Self::Skipped => "skipped",
            Self::NotRun => "not run",
        }
    }
}

/// One attempt at (one part of) a command step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Job {
    /// The job's UUID.
    pub(crate) id: String,
    /// The id of its step.
    pub(crate) step: String,
    /// Its own label when it differs from the step's (matrix).
    pub(crate) label: Option<String>,
    /// Which part of a parallel step it is.
    pub(crate) parallel: Option<Parallel>,
    /// 0, or which retry it is.
    pub(crate) attempt: u32,
    /// Another attempt took its place.
    pub(crate) retried: bool,
    /// Where it stands.
    pub(crate) state: State,
    /// How it ended.
    pub(crate) exit_status: Option<i32>,
    /// The signal that ended it.
    pub(crate) signal: Option<String>,
    /// Why it was stopped or refused, in the words of the Agent API.
    pub(crate) reason: Option<String>,
    /// When an agent started it.
    #[serde(serialize_with = "rfc3339_option")]
    pub(crate) started_at: Option<Timestamp>,
    /// When it was settled.
    #[serde(serialize_with = "rfc3339_option")]
    pub(crate) finished_at: Option<Timestamp>,
    /// The file that holds its log, once it has one.
    pub(crate) log: Option<String>,
}

/// Which part of a parallel step a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Parallel {
    /// From 0.
    pub(crate) index: u32,
    /// How many there are.
    pub(crate) total: u32,
}

/// One line of a job's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct LogLine {
    /// The job's id.
    pub(crate) job: String,
    /// The line without its end, escape sequences and overwritten parts.
    pub(crate) line: String,
}

/// An annotation of the build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Annotation {
    /// Its context.
    pub(crate) context: String,
    /// `default`, `info`, `warning`, `error` or `success`.
    pub(crate) style: String,
    /// Markdown or HTML, as the job wrote it.
    pub(crate) body: String,
}

/// An uploaded file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Artifact {
    /// The job that uploaded it.
    pub(crate) job: String,
    /// Its path as uploaded.
    pub(crate) path: String,
    /// Bytes.
    pub(crate) size: u64,
    /// Where it lies now.
    pub(crate) file: String,
}

/// A step that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Blocked {
    /// The step's id.
    pub(crate) step: String,
    /// Its key.
    pub(crate) key: Option<String>,
    /// Its label.
    pub(crate) label: String,
    /// What it asks.
    pub(crate) prompt: Option<String>,
    /// What has to be filled in.
    pub(crate) fields: Vec<Field>,
}

/// A field of a block or input step (spec/control-plane.md §3.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Field {
    /// The meta-data key it is stored under.
    pub(crate) key: String,
    /// What a person reads.
    pub(crate) label: String,
    /// More about it.
    pub(crate) hint: Option<String>,
    /// Whether it may stay empty.
    pub(crate) presence: Presence,
    /// How it is answered.
    pub(crate) input: Input,
}

/// Whether a field may stay empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Presence {
    /// It needs an answer.
    Required,
    /// It may stay empty.
    Optional,
}

/// How a field is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Input {
    /// Free text.
    Text {
        /// What it holds at first.
        default: Option<String>,
        /// A pattern the whole answer has to match.
        format: Option<String>,
    },
    /// One of some options.
    Select {
        /// What there is to choose from.
        options: Vec<Choice>,
        /// The value chosen at first.
        default: Option<String>,
    },
    /// Any of some options.
    MultiSelect {
        /// What there is to choose from.
        options: Vec<Choice>,
        /// The values chosen at first.
        defaults: Vec<String>,
    },
}

/// One option of a select field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Choice {
    /// What a person reads.
    pub(crate) label: String,
    /// What is stored.
    pub(crate) value: String,
}

/// A message about the run itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Notice {
    /// How much it matters.
    pub(crate) level: Level,
    /// What to know.
    pub(crate) message: String,
}

/// How much a notice matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    /// Good to know.
    Info,
    /// Something is odd.
    Warning,
    /// Something went wrong.
    Error,
}

/// The end of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct BuildFinished {
    /// How the build ended.
    pub(crate) state: BuildState,
    /// What redkite's own exit status will be.
    pub(crate) exit_status: u8,
    /// How long it took.
    pub(crate) duration_ms: u64,
    /// The folder that holds the logs.
    pub(crate) logs: String,
    /// The folder that holds the artifacts, if there are any.
    pub(crate) artifacts: Option<String>,
}

fn rfc3339<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&format_args!("{time:.3}"))
}

fn rfc3339_option<S: Serializer>(time: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => rfc3339(time, to),
        None => to.serialize_none(),
    }
}
