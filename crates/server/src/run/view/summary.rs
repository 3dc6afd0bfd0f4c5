//! The end of a run: how it went, what failed and how, where everything lies.

use jiff::Timestamp;

use super::frame::{Frame, Line, Style};
use super::model::{Model, Row};
use super::plain::name;
use super::text::{duration, expand_tabs, one_line};
use super::tree::{build_word, ending};
use crate::run::event::{Annotation, BuildFinished, BuildState, Job, State, StepKind};

/// Lines of a failed job's log, and of an annotation.
const SHOWN: usize = 20;

/// What is said when the build is over. Lines are as long as they are: the terminal wraps them.
pub(crate) fn summary(model: &Model, now: Timestamp) -> Frame {
    let mut lines = vec![Line::default()];
    for annotation in &model.annotations {
        lines.extend(annotation_lines(annotation));
    }
    for job in model.current_jobs().into_iter().filter(|job| job.state.is_failure()) {
        lines.extend(failure(model, job));
    }
    lines.push(verdict(model, now));
    lines.extend(model.finished.iter().flat_map(|finished| places(model, finished)));
    Frame { lines }
}

fn annotation_lines(annotation: &Annotation) -> Vec<Line> {
    let style = match annotation.style.as_str() {
        "error" => Style::Bad,
        "warning" => Style::Warn,
        "success" => Style::Good,
        _ => Style::Plain,
    };
    let mut lines = vec![Line::of(style, format!("Annotation {}", one_line(&annotation.context)))];
    lines.extend(quoted(annotation.body.lines()));
    lines.push(Line::default());
    lines
}

fn failure(model: &Model, job: &Job) -> Vec<Line> {
    let how = ending(job).map(|ending| format!(": {ending}")).unwrap_or_default();
    let heading = format!("✗ {} {}{how}", name(model, job), job.state.word());
    let mut lines = vec![Line::of(Style::Bad, heading)];
    let log = model.log(&job.id);
    let skipped = log.len().saturating_sub(SHOWN);
    lines.extend(quoted(log.skip(skipped)));
    if let Some(path) = &job.log {
        lines.push(Line::of(Style::Dim, format!("  log: {path}")));
    }
    lines.push(Line::default());
    lines
}

fn quoted<'a>(text: impl Iterator<Item = &'a str>) -> Vec<Line> {
    text.take(SHOWN)
        .map(|line| Line::of(Style::Dim, "  │ ").with(Style::Plain, printable(&expand_tabs(line))))
        .collect()
}

fn printable(line: &str) -> String {
    line.chars().filter(|char| !char.is_control()).collect()
}

fn verdict(model: &Model, now: Timestamp) -> Line {
    let state = model.state.unwrap_or(BuildState::Scheduled);
    let (symbol, style) = match state {
        BuildState::Passed => ("✓", Style::Good),
        BuildState::Blocked => ("?", Style::Warn),
        BuildState::Canceled | BuildState::Canceling => ("⊘", Style::Warn),
        BuildState::NotRun => ("−", Style::Dim),
        _ => ("✗", Style::Bad),
    };
    let number = model.build.as_ref().map(|build| format!(" #{}", build.number)).unwrap_or_default();
    let time = model.build_span(now).map(|span| format!(" in {}", duration(span))).unwrap_or_default();
    Line::of(style, format!("{symbol} Build{number} {}", build_word(state)))
        .with(Style::Plain, time)
        .with(Style::Dim, format!(" ({})", counts(model)))
}

/// `9 passed, 1 soft failed`: the steps that are not barriers, by what became of them.
fn counts(model: &Model) -> String {
    const ORDER: [State; 14] = [
        State::Passed,
        State::SoftFailed,
        State::Failed,
        State::TimedOut,
        State::Expired,
        State::Canceled,
        State::Blocked,
        State::Running,
        State::Stopping,
        State::Queued,
        State::Limited,
        State::Waiting,
        State::NotRun,
        State::Skipped,
    ];
    let rows = model.rows();
    let steps: Vec<_> = rows
        .iter()
        .filter_map(|row| match row {
            Row::Step { step, .. } if step.kind != StepKind::Wait => Some(step.state),
            _ => None,
        })
        .collect();
    let count = |state| steps.iter().filter(|&&of| of == state).count();
    let parts: Vec<_> = ORDER
        .into_iter()
        .map(|state| (count(state), state))
        .filter(|(count, _)| *count > 0)
        .map(|(count, state)| format!("{count} {}", state.word()))
        .collect();
    if parts.is_empty() { "no steps".to_owned() } else { parts.join(", ") }
}

fn places(model: &Model, finished: &BuildFinished) -> Vec<Line> {
    let mut lines = vec![Line::of(Style::Dim, format!("  logs:      {}", finished.logs))];
    if let Some(folder) = &finished.artifacts {
        let count = model.artifacts.len();
        lines.push(Line::of(Style::Dim, format!("  artifacts: {folder} ({count})")));
    }
    lines
}
