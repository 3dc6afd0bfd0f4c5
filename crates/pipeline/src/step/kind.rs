//! The types of steps and what names them (spec/pipeline.md §7).

use crate::value::Map;

/// The type of a step that the agent understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepKind {
    /// `command`, `script`, or a step with plugins.
    Command,
    /// `wait`, `waiter`.
    Wait,
    /// `block`, `input`, `manual`.
    Input,
    /// `trigger`.
    Trigger,
    /// `group`.
    Group,
}

impl StepKind {
    /// The keys that tell the type of a step without `type`, in order of precedence.
    pub(crate) const KEYS: [(&'static str, Self); 10] = [
        ("command", Self::Command),
        ("commands", Self::Command),
        ("plugins", Self::Command),
        ("wait", Self::Wait),
        ("waiter", Self::Wait),
        ("block", Self::Input),
        ("input", Self::Input),
        ("manual", Self::Input),
        ("trigger", Self::Trigger),
        ("group", Self::Group),
    ];

    /// The type that a step which is only a string has.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        match name {
            "wait" | "waiter" => Some(Self::Wait),
            "block" | "input" | "manual" => Some(Self::Input),
            _ => None,
        }
    }

    /// The type that the value of `type` names.
    pub(crate) fn of_type(name: &str) -> Option<Self> {
        match name {
            "command" | "script" => Some(Self::Command),
            "trigger" => Some(Self::Trigger),
            "group" => Some(Self::Group),
            _ => Self::of_name(name),
        }
    }

    /// The type that the keys of a map tell.
    pub(crate) fn of_keys(map: &Map) -> Option<Self> {
        Self::KEYS.iter().find(|(key, _)| map.contains_key(*key)).map(|(_, kind)| *kind)
    }
}
