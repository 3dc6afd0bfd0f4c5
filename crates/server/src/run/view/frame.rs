//! Styled lines, and how they become text with or without colours.

use super::text;

/// What a piece of text means; the shell decides which colour that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Nothing special.
    Plain,
    /// Beside the point.
    Dim,
    /// A heading.
    Bold,
    /// Ended well.
    Good,
    /// Failed.
    Bad,
    /// Needs attention.
    Warn,
    /// Under way.
    Active,
}

/// Whether colours are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    /// SGR sequences around what has a style.
    Colours,
    /// Text only.
    None,
}

/// One line, made of styled pieces.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Line(Vec<(Style, String)>);

/// What is on the screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Frame {
    /// From top to bottom; none is wider than the size it was made for.
    pub(crate) lines: Vec<Line>,
}

impl Line {
    /// A line of one piece.
    pub(crate) fn of(style: Style, text: impl Into<String>) -> Self {
        Self::default().with(style, text)
    }

    /// This line and one more piece.
    pub(crate) fn with(mut self, style: Style, text: impl Into<String>) -> Self {
        let text = text.into();
        if !text.is_empty() {
            self.0.push((style, text));
        }
        self
    }

    /// Columns it takes.
    pub(crate) fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| text::width(text)).sum()
    }

    /// This line in at most `columns`.
    pub(crate) fn fit(self, columns: usize) -> Self {
        let mut room = columns;
        let mut fitted = Self::default();
        for (style, text) in self.0 {
            let cut = text::fit(&text, room);
            let missing = cut != text;
            room -= text::width(&cut);
            fitted = fitted.with(style, cut);
            if missing {
                break;
            }
        }
        fitted
    }

    /// This line, and `end` at the right edge of `columns`; the line gives way.
    pub(crate) fn justify(self, end: Self, columns: usize) -> Self {
        let room = columns.saturating_sub(end.width() + 1);
        if end.width() == 0 || room == 0 {
            return self.fit(columns);
        }
        let start = self.fit(room);
        let gap = columns - start.width() - end.width();
        let mut line = start.with(Style::Plain, " ".repeat(gap));
        line.0.extend(end.0);
        line
    }

    /// The line as text, without an end.
    pub(crate) fn text(&self, paint: Paint) -> String {
        let text: String = self.0.iter().map(|(style, text)| painted(*style, text, paint)).collect();
        text.trim_end_matches(' ').to_owned()
    }
}

fn painted(style: Style, text: &str, paint: Paint) -> String {
    let code = match style {
        Style::Plain => return text.to_owned(),
        Style::Dim => "2",
        Style::Bold => "1",
        Style::Good => "32",
        Style::Bad => "31",
        Style::Warn => "33",
        Style::Active => "36",
    };
    match paint {
        Paint::None => text.to_owned(),
        Paint::Colours => format!("\x1b[{code}m{text}\x1b[0m"),
    }
}

impl Frame {
    /// All lines, each ended.
    pub(crate) fn text(&self, paint: Paint) -> String {
        self.lines.iter().map(|line| line.text(paint) + "\n").collect()
    }

    /// Rows that this frame takes on a screen of `columns`, where longer lines are wrapped.
    pub(crate) fn rows(&self, columns: usize) -> usize {
        self.lines.iter().map(|line| line.width().max(1).div_ceil(columns.max(1))).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_stays_and_the_start_gives_way() {
        for (start, end, columns, expected) in [
            ("Build", "1.0s", 14, "Build     1.0s"),
            ("A long label", "1.0s", 12, "A long… 1.0s"),
            ("日本語日本語", "9s", 8, "日本… 9s"),
            ("Build", "", 14, "Build"),
            ("Build", "1.0s", 4, "Bui…"),
        ] {
            let line = Line::of(Style::Plain, start).justify(Line::of(Style::Dim, end), columns);
            assert_eq!(line.text(Paint::None), expected);
            assert!(line.width() <= columns);
        }
    }

    #[test]
    fn counts_wrapped_rows() {
        let frame = Frame { lines: vec![Line::of(Style::Plain, "12345678"), Line::default()] };
        assert_eq!([frame.rows(80), frame.rows(8), frame.rows(5), frame.rows(3)], [2, 2, 3, 4]);
    }

    #[test]
    fn colours_only_when_asked() {
        let line = Line::of(Style::Bad, "✗").with(Style::Plain, " x");
        assert_eq!(line.text(Paint::None), "✗ x");
        assert_eq!(line.text(Paint::Colours), "\x1b[31m✗\x1b[0m x");
    }
}
