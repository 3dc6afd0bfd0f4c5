//! The question a block or input step asks: keys in, answers out, a few lines to draw.

use super::frame::{Line, Style};
use super::text::{fit, one_line};
use crate::run::event::{Blocked, Choice, Field, Input, Presence};

/// A key, as far as a question cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// A character.
    Char(char),
    /// Confirms.
    Enter,
    /// Leaves the step blocked.
    Escape,
    /// Removes the character before.
    Backspace,
    /// Moves up.
    Up,
    /// Moves down.
    Down,
    /// Ctrl-C.
    Interrupt,
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Open the step with these meta-data values.
    Unblock(Vec<(String, String)>),
    /// Leave it blocked.
    Leave,
    /// The person wants out of the run.
    Interrupt,
}

/// Where a question stands.
#[derive(Debug, Clone)]
pub(crate) struct Prompt {
    blocked: Blocked,
    /// Answers so far, in the order of the fields.
    answers: Vec<(String, String)>,
    entry: Entry,
    complaint: Option<String>,
}

/// What is being entered.
#[derive(Debug, Clone)]
enum Entry {
    /// No field is left: only a confirmation.
    Confirm,
    Text(String),
    Choose {
        at: usize,
    },
    Mark {
        at: usize,
        marked: Vec<bool>,
    },
}

impl Prompt {
    /// Begins to ask.
    pub(crate) fn new(mut blocked: Blocked) -> Self {
        blocked.fields.iter_mut().for_each(offer_nothing);
        let entry = blocked.fields.first().map_or(Entry::Confirm, entry);
        Self { blocked, answers: Vec::new(), entry, complaint: None }
    }

    /// The step in question.
    pub(crate) fn step(&self) -> &str {
        &self.blocked.step
    }

    /// Takes one key; answers when the question is settled.
    pub(crate) fn press(&mut self, key: Key) -> Option<Answer> {
        self.complaint = None;
        match key {
            Key::Interrupt => return Some(Answer::Interrupt),
            Key::Escape => return Some(Answer::Leave),
            Key::Enter => return self.confirm(),
            Key::Up => self.move_by(-1),
            Key::Down => self.move_by(1),
            Key::Backspace => {
                if let Entry::Text(text) = &mut self.entry {
                    text.pop();
                }
            }
            Key::Char(char) => self.character(char),
        }
        None
    }

    /// What was wrong with the answer the control plane was given.
    pub(crate) fn complain(&mut self, complaint: String) {
        self.answers.clear();
        self.entry = self.blocked.fields.first().map_or(Entry::Confirm, entry);
        self.complaint = Some(complaint);
    }

    fn field(&self) -> Option<&Field> {
        self.blocked.fields.get(self.answers.len())
    }

    fn options(&self) -> &[Choice] {
        match self.field().map(|field| &field.input) {
            Some(Input::Select { options, .. } | Input::MultiSelect { options, .. }) => options,
            _ => &[],
        }
    }

    fn character(&mut self, char: char) {
        match &mut self.entry {
            Entry::Text(text) if !char.is_control() => text.push(char),
            Entry::Mark { at, marked } if char == ' ' => {
                if let Some(mark) = marked.get_mut(*at) {
                    *mark = !*mark;
                }
            }
            _ => {}
        }
    }

    fn move_by(&mut self, step: isize) {
        let count = self.options().len();
        if let Entry::Choose { at } | Entry::Mark { at, .. } = &mut self.entry
            && count > 0
        {
            *at = (*at).saturating_add_signed(step).min(count - 1);
        }
    }

    fn confirm(&mut self) -> Option<Answer> {
        let Some(field) = self.field() else { return Some(self.settle()) };
        let value = self.value();
        if value.is_empty() && field.presence == Presence::Required {
            self.complaint = Some("an answer is required".to_owned());
            return None;
        }
        let key = field.key.clone();
        self.answers.push((key, value));
        match self.field().map(entry) {
            Some(next) => {
                self.entry = next;
                None
            }
            None => Some(self.settle()),
        }
    }

    fn settle(&self) -> Answer {
        Answer::Unblock(self.answers.clone())
    }

    fn value(&self) -> String {
        match &self.entry {
            Entry::Confirm => String::new(),
            Entry::Text(text) => text.clone(),
            Entry::Choose { at } => {
                self.options().get(*at).map(|option| option.value.clone()).unwrap_or_default()
            }
            Entry::Mark { marked, .. } => {
                let chosen = self.options().iter().zip(marked).filter(|(_, marked)| **marked);
                chosen.map(|(option, _)| option.value.as_str()).collect::<Vec<_>>().join("\n")
            }
        }
    }

    /// The question in lines of at most `columns`.
    pub(crate) fn lines(&self, columns: usize) -> Vec<Line> {
        let mut lines = vec![Line::of(Style::Warn, format!("? {}", one_line(&self.blocked.label)))];
        if let Some(prompt) = &self.blocked.prompt {
            lines.extend(prompt.lines().map(|line| Line::of(Style::Plain, format!("  {}", one_line(line)))));
        }
        for ((_, value), field) in self.answers.iter().zip(&self.blocked.fields) {
            let value = value.replace('\n', ", ");
            lines.push(Line::of(Style::Dim, format!("  {}: {}", one_line(&field.label), one_line(&value))));
        }
        if let Some(field) = self.field() {
            lines.extend(self.field_lines(field, columns));
        }
        lines.extend(
            self.complaint.as_ref().map(|text| Line::of(Style::Bad, format!("  {}", one_line(text)))),
        );
        lines.push(Line::of(Style::Dim, format!("  {}", self.help())));
        lines.into_iter().map(|line| line.fit(columns)).collect()
    }

    fn field_lines(&self, field: &Field, columns: usize) -> Vec<Line> {
        let optional = if field.presence == Presence::Optional { " (optional)" } else { "" };
        let mut lines = vec![Line::of(Style::Bold, format!("  {}{optional}", one_line(&field.label)))];
        lines.extend(field.hint.as_ref().map(|hint| Line::of(Style::Dim, format!("  {}", one_line(hint)))));
        match &self.entry {
            Entry::Confirm => {}
            Entry::Text(text) => lines.push(
                Line::of(Style::Active, "  > ")
                    .with(Style::Plain, format!("{}▏", tail_of(text, columns.saturating_sub(6)))),
            ),
            Entry::Choose { at } => lines.extend(self.options().iter().enumerate().map(|(index, option)| {
                option_line(index == *at, if index == *at { "●" } else { "○" }, option)
            })),
            Entry::Mark { at, marked } => {
                lines.extend(self.options().iter().zip(marked).enumerate().map(
                    |(index, (option, marked))| {
                        option_line(index == *at, if *marked { "[x]" } else { "[ ]" }, option)
                    },
                ));
            }
        }
        lines
    }

    fn help(&self) -> &'static str {
        match &self.entry {
            Entry::Confirm => "Enter continues · Esc leaves it blocked",
            Entry::Text(_) => "Enter confirms · Esc leaves it blocked",
            Entry::Choose { .. } => "↑ ↓ choose · Enter confirms · Esc leaves it blocked",
            Entry::Mark { .. } => "↑ ↓ move · Space marks · Enter confirms · Esc leaves it blocked",
        }
    }
}

fn option_line(current: bool, mark: &str, option: &Choice) -> Line {
    let style = if current { Style::Active } else { Style::Plain };
    let pointer = if current { "›" } else { " " };
    Line::of(style, format!("  {pointer} {mark} {}", one_line(&option.label)))
}

/// The end of a text that is longer than the screen: that is where the cursor is.
fn tail_of(text: &str, columns: usize) -> String {
    let reversed: String = text.chars().rev().collect();
    fit(&reversed, columns).chars().rev().collect()
}

/// A select field that may stay empty has that as its last option.
fn offer_nothing(field: &mut Field) {
    if let (Presence::Optional, Input::Select { options, .. }) = (field.presence, &mut field.input) {
        options.push(Choice { label: "(none)".to_owned(), value: String::new() });
    }
}

fn entry(field: &Field) -> Entry {
    match &field.input {
        Input::Text { default, .. } => Entry::Text(default.clone().unwrap_or_default()),
        Input::Select { options, default } => {
            let chosen = options.iter().position(|option| Some(&option.value) == default.as_ref());
            let fallback =
                if field.presence == Presence::Optional { options.len().saturating_sub(1) } else { 0 };
            Entry::Choose { at: chosen.unwrap_or(fallback) }
        }
        Input::MultiSelect { options, defaults } => Entry::Mark {
            at: 0,
            marked: options.iter().map(|option| defaults.contains(&option.value)).collect(),
        },
    }
}

#[cfg(test)]
#[path = "prompt_tests.rs"]
mod tests;
