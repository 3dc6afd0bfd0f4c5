//! The live tree: one row for each step or job, the last lines of what runs, never more than the screen holds.

use jiff::{SignedDuration, Timestamp};

use super::frame::{Frame, Line, Style};
use super::model::{Model, Row};
use super::text::{duration, expand_tabs, fit, one_line};
use crate::run::event::{BuildState, Job, State, Step, StepKind};

/// Log lines shown below a running job, when there is room.
const TAIL: usize = 5;
/// One picture each tenth of a second.
const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// The room a frame has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    /// Width.
    pub(crate) columns: usize,
    /// Height; `usize::MAX` for a tree that isn't redrawn.
    pub(crate) rows: usize,
}

/// What may happen to a row when there are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Shown as long as anything is.
    Keep,
    /// Ended well: the first to be folded.
    Done,
    /// Has not begun: folded next.
    Idle,
}

struct Entry {
    line: Line,
    class: Class,
    tail: Vec<Line>,
}

/// The tree at `now`, in `size`.
pub(crate) fn tree(model: &Model, now: Timestamp, size: Size) -> Frame {
    let mut entries: Vec<_> = model.rows().iter().map(|row| entry(model, row, now, size.columns)).collect();
    let room = size.rows.saturating_sub(1);
    for class in [Class::Done, Class::Idle] {
        if entries.len() > room {
            entries = fold(entries, class, size.columns);
        }
    }
    cut(&mut entries, room, size.columns);
    share_out_tails(&mut entries, room);
    let mut lines = vec![header(model, now, size.columns)];
    for entry in entries {
        lines.push(entry.line);
        lines.extend(entry.tail);
    }
    Frame { lines }
}

fn header(model: &Model, now: Timestamp, columns: usize) -> Line {
    let Some(build) = &model.build else { return Line::of(Style::Dim, "starting").fit(columns) };
    let state = model.state.unwrap_or(BuildState::Scheduled);
    let start = Line::of(Style::Bold, one_line(&build.pipeline))
        .with(Style::Dim, format!(" {} ", one_line(&build.branch)))
        .with(Style::Dim, build.commit.get(..7).unwrap_or(&build.commit))
        .with(Style::Plain, format!(" {}", one_line(title(&build.message))));
    let time = model.build_span(now).map(duration).unwrap_or_default();
    let end = Line::of(Style::Dim, format!("#{} ", build.number))
        .with(build_style(state), build_word(state))
        .with(Style::Dim, format!(" {time:>6}"));
    start.justify(end, columns)
}

/// The first line of a message.
fn title(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}

fn build_style(state: BuildState) -> Style {
    match state {
        BuildState::Passed => Style::Good,
        BuildState::Failed | BuildState::Failing => Style::Bad,
        BuildState::Blocked | BuildState::Canceling | BuildState::Canceled => Style::Warn,
        BuildState::Running => Style::Active,
        BuildState::Scheduled | BuildState::NotRun => Style::Dim,
    }
}

/// The word for a build's state.
pub(super) fn build_word(state: BuildState) -> &'static str {
    match state {
        BuildState::Scheduled => "scheduled",
        BuildState::Running => "running",
        BuildState::Failing => "failing",
        BuildState::Blocked => "blocked",
        BuildState::Canceling => "canceling",
        BuildState::Passed => "passed",
        BuildState::Failed => "failed",
        BuildState::Canceled => "canceled",
        BuildState::NotRun => "nothing to run",
    }
}

fn entry(model: &Model, row: &Row<'_>, now: Timestamp, columns: usize) -> Entry {
    let (depth, name, span, job) = match row {
        Row::Group(step) => (0, one_line(&step.label), None, None),
        Row::Step { step, job, depth } => (*depth, step_name(step, *job), model.span(step, now), *job),
        Row::Job { step, job, depth } => (*depth, job_name(step, job), Model::job_span(job, now), Some(*job)),
    };
    let state = row.state();
    let (symbol, style) =
        if matches!(row, Row::Group(_)) { ("▾", look(state, now).1) } else { mark(row, now) };
    let start = Line::of(Style::Plain, "  ".repeat(depth))
        .with(style, symbol)
        .with(name_style(state), format!(" {name}"));
    let end = line_end(&note(row, state, job), style_of_note(state), span, columns);
    Entry {
        line: start.justify(end, columns),
        class: class(row),
        tail: job
            .filter(|job| !job.state.is_settled())
            .map(|job| tail(model, job, depth, columns))
            .unwrap_or_default(),
    }
}

/// Note and time at the right edge. A note leaves most of a narrow screen to the label.
fn line_end(note: &str, style: Style, span: Option<SignedDuration>, columns: usize) -> Line {
    let note = fit(note, (columns / 3).max(7));
    match span.map(duration) {
        None if note.is_empty() => Line::default(),
        // Under the tenths of other rows' times stays free.
        None => Line::of(style, note).with(Style::Plain, " ".repeat(7)),
        Some(span) => Line::of(style, note).with(Style::Dim, format!(" {span:>6}")),
    }
}

fn mark(row: &Row<'_>, now: Timestamp) -> (&'static str, Style) {
    match row {
        Row::Step { step, .. } if step.kind == StepKind::Wait => ("─", look(step.state, now).1),
        _ => look(row.state(), now),
    }
}

/// The symbol of a state and its style.
fn look(state: State, now: Timestamp) -> (&'static str, Style) {
    match state {
        State::Waiting | State::Limited => ("·", Style::Dim),
        State::Queued => ("○", Style::Dim),
        State::Blocked => ("?", Style::Warn),
        State::Running => (spinner(now), Style::Active),
        State::Stopping => ("◌", Style::Warn),
        State::Passed => ("✓", Style::Good),
        State::SoftFailed => ("!", Style::Warn),
        State::Failed | State::TimedOut | State::Expired => ("✗", Style::Bad),
        State::Canceled => ("⊘", Style::Warn),
        State::Skipped | State::NotRun => ("−", Style::Dim),
    }
}

fn spinner(now: Timestamp) -> &'static str {
    let tenth = now.as_millisecond() / 100;
    usize::try_from(tenth.rem_euclid(10)).ok().and_then(|tenth| SPINNER.get(tenth)).unwrap_or(&SPINNER[0])
}

const fn name_style(state: State) -> Style {
    match state {
        State::Waiting | State::Limited | State::Queued | State::Skipped | State::NotRun => Style::Dim,
        _ => Style::Plain,
    }
}

const fn style_of_note(state: State) -> Style {
    match state {
        State::Failed | State::TimedOut | State::Expired => Style::Bad,
        State::SoftFailed | State::Blocked | State::Canceled | State::Stopping => Style::Warn,
        _ => Style::Dim,
    }
}

/// What stands beside the time: nothing when the symbol says it all.
fn note(row: &Row<'_>, state: State, job: Option<&Job>) -> String {
    let retry = job.filter(|job| job.attempt > 0).map(|job| format!("retry {}", job.attempt));
    let is_barrier = matches!(row, Row::Step { step, .. } if step.kind == StepKind::Wait);
    let word = match state {
        State::Passed | State::Running => None,
        State::Waiting | State::Queued if is_barrier || matches!(row, Row::Group(_)) => None,
        State::Failed | State::SoftFailed => Some(match job.and_then(ending) {
            Some(ending) => format!("{}: {ending}", state.word()),
            None => state.word().to_owned(),
        }),
        other => Some(other.word().to_owned()),
    };
    retry.into_iter().chain(word).collect::<Vec<_>>().join(", ")
}

/// How a job ended, in a few words.
pub(super) fn ending(job: &Job) -> Option<String> {
    match (&job.signal, job.exit_status, &job.reason) {
        (Some(signal), _, None) if signal != "0" => Some(signal.clone()),
        (_, Some(-1), Some(reason)) => Some(reason.clone()),
        (_, Some(-1), None) => Some("agent lost".to_owned()),
        (_, Some(status), _) => Some(format!("exit {status}")),
        _ => None,
    }
}

/// A step's label, with the part if it has only one job.
pub(super) fn step_name(step: &Step, job: Option<&Job>) -> String {
    match job.and_then(|job| job.label.as_deref()) {
        Some(label) => one_line(label),
        None => one_line(&step.label),
    }
}

/// The label of one of several jobs of a step.
pub(super) fn job_name(step: &Step, job: &Job) -> String {
    format!("{}{}", one_line(job.label.as_deref().unwrap_or(&step.label)), part(job))
}

/// Which one of several jobs of a step.
pub(super) fn part(job: &Job) -> String {
    job.parallel.map(|part| format!(" {}/{}", part.index + 1, part.total)).unwrap_or_default()
}

fn class(row: &Row<'_>) -> Class {
    match row.state() {
        State::Passed | State::Skipped => Class::Done,
        State::Waiting | State::Limited | State::Queued | State::NotRun => Class::Idle,
        _ => Class::Keep,
    }
}

fn tail(model: &Model, job: &Job, depth: usize, columns: usize) -> Vec<Line> {
    let log = model.log(&job.id);
    let skipped = log.len().saturating_sub(TAIL);
    log.skip(skipped)
        .map(|line| {
            Line::of(Style::Dim, format!("{}│ {}", "  ".repeat(depth + 1), expand_tabs(line))).fit(columns)
        })
        .collect()
}

/// Runs of rows of `class` become one row each.
fn fold(entries: Vec<Entry>, class: Class, columns: usize) -> Vec<Entry> {
    let mut folded: Vec<Entry> = Vec::new();
    let mut run: Vec<Entry> = Vec::new();
    for entry in entries {
        if entry.class == class {
            run.push(entry);
        } else {
            close_run(&mut run, class, columns, &mut folded);
            folded.push(entry);
        }
    }
    close_run(&mut run, class, columns, &mut folded);
    folded
}

fn close_run(run: &mut Vec<Entry>, class: Class, columns: usize, folded: &mut Vec<Entry>) {
    if run.len() < 2 {
        folded.append(run);
        return;
    }
    let (symbol, style, word) = match class {
        Class::Idle => ("·", Style::Dim, "waiting"),
        Class::Done | Class::Keep => ("✓", Style::Good, "done"),
    };
    let line = Line::of(style, symbol).with(Style::Dim, format!(" {} rows {word}", run.len()));
    folded.push(Entry { line: line.fit(columns), class, tail: Vec::new() });
    run.clear();
}

/// What still doesn't fit is counted instead of shown; what needs eyes is shown first.
fn cut(entries: &mut Vec<Entry>, room: usize, columns: usize) {
    if entries.len() <= room {
        return;
    }
    let shown = room.saturating_sub(1);
    let keepers = entries.iter().filter(|entry| entry.class == Class::Keep).count();
    let mut others = shown.saturating_sub(keepers);
    let mut hidden = 0;
    let mut kept = 0;
    entries.retain(|entry| {
        let stays = kept < shown
            && (entry.class == Class::Keep
                || others > 0 && {
                    others -= 1;
                    true
                });
        kept += usize::from(stays);
        hidden += usize::from(!stays);
        stays
    });
    if room > 0 {
        let line = Line::of(Style::Dim, format!("… {hidden} more")).fit(columns);
        entries.push(Entry { line, class: Class::Idle, tail: Vec::new() });
    }
}

/// Each running job gets its part of the rows that are left.
fn share_out_tails(entries: &mut [Entry], room: usize) {
    let mut left = room.saturating_sub(entries.len());
    let mut running = entries.iter().filter(|entry| !entry.tail.is_empty()).count();
    for entry in entries.iter_mut().filter(|entry| !entry.tail.is_empty()) {
        let share = left.div_ceil(running.max(1)).min(entry.tail.len());
        entry.tail.drain(..entry.tail.len() - share);
        left -= share;
        running -= 1;
    }
}

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;
