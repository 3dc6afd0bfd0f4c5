//! The live picture in a terminal: drawn below what is there, over its own last version.

use std::io::{self, Write};

use crossterm::cursor::{Hide, MoveToColumn, MoveUp, Show};
use crossterm::queue;
use crossterm::terminal::{self, BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};

use super::view::{Frame, Paint, Size};

/// A terminal too strange to say its size.
const USUAL: (u16, u16) = (80, 24);

/// The part of a terminal that is redrawn.
#[derive(Debug)]
pub(crate) struct Screen<W: Write> {
    out: W,
    paint: Paint,
    shown: Frame,
    /// The terminal's width when that was drawn.
    columns: u16,
}

impl<W: Write> Screen<W> {
    /// Nothing is drawn yet.
    pub(crate) fn new(out: W, paint: Paint) -> Self {
        Self { out, paint, shown: Frame::default(), columns: 0 }
    }

    /// The room for a frame. The last column stays free: some terminals wrap when it is written.
    pub(crate) fn size() -> Size {
        let (columns, rows) = terminal::size().unwrap_or(USUAL);
        Size { columns: usize::from(columns.max(2)) - 1, rows: usize::from(rows.max(3)) - 1 }
    }

    /// Replaces what is shown by `frame`.
    pub(crate) fn draw(&mut self, frame: Frame) -> io::Result<()> {
        if frame == self.shown {
            return Ok(());
        }
        queue!(self.out, BeginSynchronizedUpdate, Hide)?;
        self.replace(&frame)?;
        queue!(self.out, EndSynchronizedUpdate)?;
        self.out.flush()?;
        self.shown = frame;
        Ok(())
    }

    /// Replaces what is shown by `frame`, which stays; what is drawn later goes below.
    pub(crate) fn leave(&mut self, frame: &Frame) -> io::Result<()> {
        self.replace(frame)?;
        queue!(self.out, Show)?;
        self.shown = Frame::default();
        self.out.flush()
    }

    /// Writes over what is shown. It isn't cleared first: a terminal may keep what is cleared from its first row
    /// on in its history, once for every picture.
    fn replace(&mut self, frame: &Frame) -> io::Result<()> {
        let columns = terminal::size().unwrap_or(USUAL).0;
        if !self.shown.lines.is_empty() {
            // After a resize, lines may have been wrapped.
            let rows = u16::try_from(self.shown.rows(usize::from(columns))).unwrap_or(u16::MAX);
            queue!(self.out, MoveUp(rows), MoveToColumn(0))?;
            if columns != self.columns {
                queue!(self.out, Clear(ClearType::FromCursorDown))?;
            }
        }
        self.columns = columns;
        // Raw mode needs the carriage returns.
        for line in &frame.lines {
            write!(self.out, "{}", line.text(self.paint))?;
            queue!(self.out, Clear(ClearType::UntilNewLine))?;
            self.out.write_all(b"\r\n")?;
        }
        if self.shown.lines.len() > frame.lines.len() {
            queue!(self.out, Clear(ClearType::FromCursorDown))?;
        }
        Ok(())
    }
}

impl<W: Write> Drop for Screen<W> {
    fn drop(&mut self) {
        // Whatever ended the run, the cursor comes back.
        drop(queue!(self.out, Show).and_then(|()| self.out.flush()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::view::{Line, Style};

    fn frame(lines: &[&str]) -> Frame {
        Frame { lines: lines.iter().map(|line| Line::of(Style::Plain, *line)).collect() }
    }

    #[test]
    fn a_frame_replaces_the_one_before() {
        let mut screen = Screen::new(Vec::new(), Paint::None);
        screen.draw(frame(&["one", "two"])).expect("a vector takes everything");
        let first = screen.out.len();
        screen.draw(frame(&["one", "two"])).expect("a vector takes everything");
        assert_eq!(screen.out.len(), first, "nothing new, nothing written");
        screen.draw(frame(&["three"])).expect("a vector takes everything");
        let second = String::from_utf8_lossy(&screen.out[first..]).into_owned();
        assert!(second.contains("\x1b[2A\x1b[1Gthree\x1b[K\r\n\x1b[J"), "{second:?}");
    }

    #[test]
    fn what_is_left_is_not_erased() {
        let mut screen = Screen::new(Vec::new(), Paint::None);
        screen.draw(frame(&["one"])).expect("a vector takes everything");
        screen.leave(&frame(&["end"])).expect("a vector takes everything");
        let before = screen.out.len();
        screen.draw(frame(&["next"])).expect("a vector takes everything");
        let after = String::from_utf8_lossy(&screen.out[before..]).into_owned();
        assert!(!after.contains("\x1b[J") && !after.contains('A'), "{after:?}");
    }
}
