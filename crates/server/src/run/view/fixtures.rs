//! A run to draw in tests.

use jiff::{SignedDuration, Timestamp};

use super::Model;
use crate::run::event::{
    BuildChanged, BuildFinished, BuildInfo, BuildState, Event, Job, LogLine, Parallel, Source, Stamped,
    State, Step, StepKind,
};

/// `millis` after the run began.
pub(super) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(1_700_000_000_000 + millis).expect("in range")
}

pub(super) fn stamped(millis: i64, event: Event) -> Stamped {
    Stamped { time: at(millis), event }
}

pub(super) fn started() -> Event {
    Event::BuildStarted(BuildInfo {
        id: "b".to_owned(),
        number: 12,
        pipeline: "calc".to_owned(),
        branch: "main".to_owned(),
        commit: "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d".to_owned(),
        message: "Add division\n\nby zero is an error".to_owned(),
        source: Source::Commit,
        folder: "/data/runs/12".to_owned(),
    })
}

pub(super) fn step(position: u32, label: &str, kind: StepKind, group: Option<&str>, state: State) -> Event {
    Event::Step(Step {
        id: label.to_owned(),
        key: None,
        label: label.to_owned(),
        kind,
        group: group.map(str::to_owned),
        position,
        state,
    })
}

pub(super) fn job(step: &str, part: Option<(u32, u32)>, state: State, span: Option<(i64, i64)>) -> Job {
    Job {
        id: format!("{step}/{}", part.map_or(0, |part| part.0)),
        step: step.to_owned(),
        label: None,
        parallel: part.map(|(index, total)| Parallel { index, total }),
        attempt: 0,
        retried: false,
        state,
        exit_status: match state {
            State::Passed => Some(0),
            State::Failed => Some(1),
            State::SoftFailed => Some(3),
            _ => None,
        },
        signal: None,
        reason: None,
        started_at: span.map(|span| at(span.0)),
        finished_at: span.filter(|_| state.is_settled()).map(|span| at(span.1)),
        log: span.map(|_| format!("/data/runs/12/logs/{step}.log")),
    }
}

pub(super) fn line(job: &str, line: &str) -> Event {
    Event::Log(LogLine { job: job.to_owned(), line: line.to_owned() })
}

pub(super) fn finished(state: BuildState) -> Event {
    Event::BuildFinished(BuildFinished {
        state,
        exit_status: u8::from(state != BuildState::Passed),
        duration_ms: 9_000,
        logs: "/data/runs/12/logs".to_owned(),
        artifacts: Some("/data/runs/12/artifacts".to_owned()),
    })
}

/// Built, testing in a group, with more to come.
pub(super) fn halfway() -> Vec<Stamped> {
    use State::{Passed, Queued, Running, Skipped, Waiting};
    use StepKind::{Block, Command, Group, Wait};
    let mut events = vec![
        started(),
        Event::BuildChanged(BuildChanged { state: BuildState::Running }),
        step(0, "Build", Command, None, Passed),
        step(1, "Tests", Group, None, Running),
        step(2, "Unit", Command, Some("Tests"), Running),
        step(3, "Lint", Command, Some("Tests"), State::SoftFailed),
        step(4, "Nightly only", Command, None, Skipped),
        step(5, "wait", Wait, None, Waiting),
        step(6, "Release 🚀 to 日本", Block, None, Waiting),
        Event::Job(job("Build", None, Passed, Some((100, 1_300)))),
        Event::Job(job("Unit", Some((0, 3)), Passed, Some((1_400, 2_900)))),
        Event::Job(job("Unit", Some((1, 3)), Running, Some((1_400, 0)))),
        Event::Job(job("Unit", Some((2, 3)), Queued, None)),
        Event::Job(job("Lint", None, State::SoftFailed, Some((1_400, 1_500)))),
    ];
    events.extend((1..=8).map(|number| line("Unit/1", &format!("test {number}\tok"))));
    events.into_iter().map(|event| stamped(0, event)).collect()
}

pub(super) fn model(events: &[Stamped]) -> Model {
    let mut model = Model::default();
    events.iter().for_each(|event| model.apply(event));
    model
}

/// The end of the same run: a part failed, the rest could not run.
pub(super) fn failed() -> Vec<Stamped> {
    let mut events = halfway();
    let end = [
        line("Unit/1", "assertion failed: 1 / 0"),
        Event::Job(job("Unit", Some((1, 3)), State::Failed, Some((1_400, 8_000)))),
        Event::Job(job("Unit", Some((2, 3)), State::Passed, Some((2_900, 3_000)))),
        step(1, "Tests", StepKind::Group, None, State::Failed),
        step(2, "Unit", StepKind::Command, Some("Tests"), State::Failed),
        step(5, "wait", StepKind::Wait, None, State::NotRun),
        step(6, "Release 🚀 to 日本", StepKind::Block, None, State::NotRun),
        finished(BuildState::Failed),
    ];
    events.extend(end.into_iter().map(|event| stamped(9_000, event)));
    events
}

/// A build of many steps, `running` of them under way.
pub(super) fn long(steps: u32, running: std::ops::Range<u32>) -> Vec<Stamped> {
    let mut events = vec![started()];
    for number in 0..steps {
        let state = if number < running.start {
            State::Passed
        } else if running.contains(&number) {
            State::Running
        } else {
            State::Waiting
        };
        let label = format!("Step {number}");
        events.push(step(number, &label, StepKind::Command, None, state));
        events.push(Event::Job(job(&label, None, state, (state != State::Waiting).then_some((0, 500)))));
        if state == State::Running {
            events.extend((0..9).map(|text| line(&format!("{label}/0"), &format!("line {text}"))));
        }
    }
    events.into_iter().map(|event| stamped(0, event)).collect()
}

/// `span` as a duration, for assertions.
pub(super) fn millis(span: SignedDuration) -> i128 {
    span.as_millis()
}
