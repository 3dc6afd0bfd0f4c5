//! Reading that stops when it is told to.

use std::io::{self, Read};

use redkite_api::Halt;

/// A reader that fails once the word to stop was given.
#[derive(Debug)]
pub(crate) struct Heeding<'a, R> {
    pub(crate) reader: R,
    pub(crate) halt: &'a Halt,
}

impl<R: Read> Read for Heeding<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.halt.is_given() {
            return Err(io::Error::other("stopped"));
        }
        self.reader.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_read_after_the_word() {
        let halt = Halt::default();
        let mut reader = Heeding { reader: &b"abc"[..], halt: &halt };
        let mut buffer = [0; 2];
        assert_eq!(reader.read(&mut buffer).expect("there is something"), 2);
        halt.give();
        assert_eq!(reader.read(&mut buffer).expect_err("it is stopped").to_string(), "stopped");
    }
}
