//! What is odd about a pipeline but does not stop it: a tree of remarks (spec/pipeline.md §9).

use std::fmt::{self, Display, Formatter};

/// A remark, with the remarks that explain it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    message: String,
    children: Vec<Warning>,
}

impl Warning {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), children: Vec::new() }
    }

    pub(crate) fn with(message: impl Into<String>, children: Vec<Self>) -> Self {
        Self { message: message.into(), children }
    }

    /// Several remarks under no heading; a single one stands for itself.
    pub(crate) fn joined(mut warnings: Vec<Self>) -> Option<Self> {
        match warnings.len() {
            0 | 1 => warnings.pop(),
            _ => Some(Self { message: String::new(), children: warnings }),
        }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.message.lines().map(str::to_owned).collect();
        for child in &self.children {
            for (index, line) in child.lines().into_iter().enumerate() {
                lines.push(format!("{}{line}", if index == 0 { "  ↳ " } else { "    " }));
            }
        }
        lines
    }
}

impl Display for Warning {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_are_shown_as_a_tree() {
        let step = |text: &str| Warning::with(text, vec![Warning::new("cause"), Warning::new("two\nlines")]);
        let tree = Warning::with("top", vec![step("one"), step("two")]);
        let expected = "top\n  ↳ one\n      ↳ cause\n      ↳ two\n        lines\n  ↳ two\n      ↳ cause\n      \
                        ↳ two\n        lines";
        assert_eq!(tree.to_string(), expected);
    }
}
