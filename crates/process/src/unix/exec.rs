//! Executing a program as it is.

use std::ffi::{CString, OsStr, c_char};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

/// A command's program, arguments and environment, laid ready for the time between fork and exec. The function that
/// [`Command`] calls there has GNU's C library give a shell what the system can't execute, such as half a binary or
/// one of another kind of machine; other libraries, and children without a terminal, get the system's error.
#[derive(Debug)]
pub(super) struct Image {
    program: CString,
    args: List,
    env: List,
}

impl Image {
    /// Of a command whose program is a path and whose whole environment is set.
    ///
    /// # Errors
    /// When there is a NUL in it.
    pub(super) fn of(command: &Command) -> io::Result<Self> {
        let program = CString::new(command.get_program().as_bytes())?;
        let args = std::iter::once(command.get_program()).chain(command.get_args());
        let env = command.get_envs().filter_map(|(name, value)| Some([name, value?].join(OsStr::new("="))));
        let args = List::of(args.map(OsStr::as_bytes).map(CString::new))?;
        let env = List::of(env.map(|entry| CString::new(entry.as_bytes())))?;
        Ok(Self { program, args, env })
    }

    /// Becomes the program; returns only when that failed. It allocates nothing and takes no lock.
    #[expect(unsafe_code, reason = "no library offers this system call without allocating")]
    pub(super) fn execute(&self) -> io::Error {
        // SAFETY: the program and everything in both lists end in NUL, both lists end in a null pointer, and all of
        // it lives as long as `self`.
        unsafe { libc::execve(self.program.as_ptr(), self.args.pointers(), self.env.pointers()) };
        io::Error::last_os_error()
    }
}

/// Strings as the system wants them: pointers, and a null pointer at the end.
#[derive(Debug)]
struct List {
    pointers: Vec<*const c_char>,
    #[expect(dead_code, reason = "it keeps alive what the pointers point to")]
    strings: Vec<CString>,
}

impl List {
    fn of(strings: impl Iterator<Item = Result<CString, std::ffi::NulError>>) -> io::Result<Self> {
        let strings: Vec<CString> = strings.collect::<Result<_, _>>()?;
        let pointers = strings.iter().map(|string| string.as_ptr()).chain([std::ptr::null()]).collect();
        Ok(Self { pointers, strings })
    }

    fn pointers(&self) -> *const *const c_char {
        self.pointers.as_ptr()
    }
}

// SAFETY: the pointers lead into the strings beside them, which nobody changes and which move and die with them.
#[expect(unsafe_code, reason = "raw pointers are not `Send` by themselves")]
unsafe impl Send for List {}
// SAFETY: as above; what is shared is only read.
#[expect(unsafe_code, reason = "raw pointers are not `Sync` by themselves")]
unsafe impl Sync for List {}
