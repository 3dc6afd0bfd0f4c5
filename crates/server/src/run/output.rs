//! What is printed: a live tree, plain lines, or events as JSON.

use std::io::{self, IsTerminal as _, Stdout, Write as _};

use jiff::Timestamp;

use super::environment::Environment;
use super::event::Stamped;
use super::screen::Screen;
use super::view::{Frame, Line, Model, Paint, Plain, Prompt, Size, summary, tree};

/// Width of the final tree where there is no terminal.
const PLAIN_COLUMNS: usize = 100;

/// Where the run is shown, and how.
#[derive(Debug)]
pub(crate) enum Output {
    /// A tree that is redrawn.
    Live(Box<Screen<Stdout>>),
    /// Lines with prefixes.
    Plain(Plain),
    /// One event a line.
    Json,
}

/// How the run is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people: live in a terminal.
    People,
    /// For programs.
    Json,
}

impl Output {
    /// Decides by what standard output is.
    pub(crate) fn new(format: Format, env: &Environment) -> Self {
        let dumb = env.value("TERM").is_none_or(|term| term == "dumb");
        match format {
            Format::Json => Self::Json,
            Format::People if io::stdout().is_terminal() && !dumb => {
                let paint = if env.value("NO_COLOR").is_some() { Paint::None } else { Paint::Colours };
                Self::Live(Box::new(Screen::new(io::stdout(), paint)))
            }
            Format::People => Self::Plain(Plain::default()),
        }
    }

    /// Whether a person can be asked.
    pub(crate) fn can_ask(&self) -> bool {
        matches!(self, Self::Live(_)) && io::stdin().is_terminal()
    }

    /// Tells `event`, which `model` has taken in.
    pub(crate) fn tell(&mut self, model: &Model, event: &Stamped) -> io::Result<()> {
        let mut out = io::stdout().lock();
        match self {
            Self::Live(_) => Ok(()),
            Self::Plain(plain) => {
                plain.lines(model, event).iter().try_for_each(|line| writeln!(out, "{line}"))?;
                out.flush()
            }
            Self::Json => {
                serde_json::to_writer(&mut out, event)?;
                out.write_all(b"\n")?;
                out.flush()
            }
        }
    }

    /// Draws how things stand.
    pub(crate) fn draw(&mut self, model: &Model, prompt: Option<&Prompt>) -> io::Result<()> {
        let Self::Live(screen) = self else { return Ok(()) };
        let size = Screen::<Stdout>::size();
        let question = prompt.map(|prompt| prompt.lines(size.columns)).unwrap_or_default();
        let room = size.rows.saturating_sub(question.len()).max(1);
        let mut frame = tree(model, Timestamp::now(), Size { rows: room, ..size });
        frame.lines.extend(question);
        frame.lines.truncate(size.rows);
        screen.draw(frame)
    }

    /// Shows the finished tree and the summary.
    pub(crate) fn finish(&mut self, model: &Model) -> io::Result<()> {
        let now = Timestamp::now();
        match self {
            Self::Json => Ok(()),
            Self::Live(screen) => {
                let size = Size { rows: usize::MAX, ..Screen::<Stdout>::size() };
                let mut frame = tree(model, now, size);
                frame.lines.extend(summary(model, now).lines);
                screen.leave(&frame)
            }
            Self::Plain(_) => {
                let size = Size { columns: PLAIN_COLUMNS, rows: usize::MAX };
                let mut frame = Frame { lines: vec![Line::default()] };
                frame.lines.extend(tree(model, now, size).lines);
                frame.lines.extend(summary(model, now).lines);
                let mut out = io::stdout().lock();
                out.write_all(frame.text(Paint::None).as_bytes())?;
                out.flush()
            }
        }
    }
}
