//! Child processes: run to the end, or kept running and looked at from outside.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::error::BenchError;

/// How long a process may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(20);
/// How often a process that was asked to end is looked at.
const LOOK: Duration = Duration::from_millis(5);
/// How much of a failed process's output is shown.
const SHOWN: usize = 2_000;

/// What a process needs to be started.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    program: PathBuf,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    directory: PathBuf,
}

/// A process that runs in the background, ended with its value.
pub(crate) struct Running {
    child: RefCell<Child>,
    plan: Plan,
    log: PathBuf,
}

impl Plan {
    /// A program with nothing in its environment but the path and a home of its own.
    pub(crate) fn new(program: &Path, home: &Path) -> Self {
        let variables = [("PATH", SEARCH_PATH.to_owned()), ("HOME", home.display().to_string())];
        Self {
            program: program.to_path_buf(),
            arguments: Vec::new(),
            variables: variables.map(|(name, value)| (name.to_owned(), value)).to_vec(),
            directory: home.to_path_buf(),
        }
    }

    pub(crate) fn arguments<I: IntoIterator<Item = S>, S: Into<String>>(mut self, arguments: I) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    pub(crate) fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn directory(mut self, directory: &Path) -> Self {
        self.directory = directory.to_path_buf();
        self
    }

    #[expect(clippy::disallowed_methods, reason = "the program that measures is not one that is measured")]
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(self.arguments.iter().map(OsStr::new))
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.directory)
            .stdin(Stdio::null());
        command
    }

    /// Runs the program to its end, its output thrown away, and tells how long that took.
    pub(crate) fn time(&self) -> Result<Duration, BenchError> {
        let mut command = self.command();
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let begin = Instant::now();
        let status = command.status().map_err(|source| self.start_error(source))?;
        let taken = begin.elapsed();
        if status.success() { Ok(taken) } else { Err(self.failure(status)) }
    }

    /// Runs the program to its end and gives what it printed.
    pub(crate) fn output(&self) -> Result<String, BenchError> {
        let output = self.command().output().map_err(|source| self.start_error(source))?;
        if !output.status.success() {
            return Err(self.failed(output.status, &output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Starts the program in the background, its output going to `log`.
    pub(crate) fn start(self, log: &Path) -> Result<Running, BenchError> {
        let fixture = |source: io::Error| BenchError::Fixture { path: log.to_path_buf(), source };
        let file = File::create(log).map_err(fixture)?;
        let mut command = self.command();
        command.stdout(file.try_clone().map_err(fixture)?).stderr(file);
        let child = command.spawn().map_err(|source| self.start_error(source))?;
        Ok(Running { child: RefCell::new(child), plan: self, log: log.to_path_buf() })
    }

    /// The output of a run that is only made to see why the one before failed.
    fn failure(&self, status: ExitStatus) -> BenchError {
        let output = self.command().output();
        self.failed(status, &output.map(|output| output.stderr).unwrap_or_default())
    }

    fn failed(&self, status: ExitStatus, output: &[u8]) -> BenchError {
        let from = output.len().saturating_sub(SHOWN);
        BenchError::Failed {
            program: self.program.clone(),
            what: self.arguments.join(" "),
            status: status.to_string(),
            output: String::from_utf8_lossy(&output[from..]).trim().to_owned(),
        }
    }

    fn start_error(&self, source: io::Error) -> BenchError {
        BenchError::Start { program: self.program.clone(), source }
    }
}

/// Where the tools are that jobs and checkouts call.
const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What processes use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    /// Seconds of CPU time, with those of children that have ended.
    pub(crate) cpu_seconds: f64,
    /// Memory of their own and their share of what they share.
    pub(crate) memory_mib: f64,
}

impl Running {
    pub(crate) fn id(&self) -> u32 {
        self.child.borrow().id()
    }

    /// An error with the end of its output when it has ended by itself.
    pub(crate) fn still_runs(&self) -> Result<(), BenchError> {
        match self.child.borrow_mut().try_wait() {
            Ok(Some(status)) => Err(self.plan.failed(status, &std::fs::read(&self.log).unwrap_or_default())),
            _ => Ok(()),
        }
    }

    /// What the process has used until now.
    pub(crate) fn usage(&self) -> Result<Usage, BenchError> {
        let pid = self.id();
        usage(pid).map_err(|source| BenchError::Usage { pid, source })
    }

    /// Asks the process to end and waits for it.
    pub(crate) fn stop(self) -> Result<(), BenchError> {
        self.end().map(|_| ())
    }

    fn end(&self) -> Result<ExitStatus, BenchError> {
        let program = self.plan.program.clone();
        let failed = |source| BenchError::Start { program, source };
        if let Some(pid) = Pid::from_raw(i32::try_from(self.id()).unwrap_or_default()) {
            let _ = kill_process(pid, Signal::TERM);
        }
        let end = Instant::now() + GRACE;
        while Instant::now() < end {
            match self.child.borrow_mut().try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) => std::thread::park_timeout(LOOK),
                Err(source) => return Err(failed(source)),
            }
        }
        let mut child = self.child.borrow_mut();
        let _ = child.kill();
        child.wait().map_err(failed)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.still_runs().is_ok() {
            let _ = self.end();
        }
    }
}

/// What a process has used, with its children that have ended.
fn usage(pid: u32) -> io::Result<Usage> {
    // utime, stime, cutime, cstime.
    Ok(Usage { cpu_seconds: cpu_seconds(&stat(pid)?, 14..=17), memory_mib: memory_mib(pid)? })
}

/// The CPU time that a process has used itself.
pub(crate) fn own_cpu_seconds(pid: u32) -> io::Result<f64> {
    Ok(cpu_seconds(&stat(pid)?, 14..=15))
}

/// A child of a process.
pub(crate) fn child_of(parent: u32) -> Option<u32> {
    let processes = std::fs::read_dir("/proc").ok()?.flatten();
    let mut ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let parent = parent.to_string();
    ids.find(|pid| stat(*pid).is_ok_and(|fields| fields.get(PARENT - FIRST) == Some(&parent)))
}

/// The fields of `/proc/PID/stat` from the third on: the second is a name that may hold anything.
fn stat(pid: u32) -> io::Result<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    Ok(fields.split_whitespace().map(str::to_owned).collect())
}

/// Numbers of fields as in proc(5).
const FIRST: usize = 3;
const PARENT: usize = 4;

fn cpu_seconds(stat: &[String], fields: std::ops::RangeInclusive<usize>) -> f64 {
    let ticks: f64 = fields.filter_map(|field| stat.get(field - FIRST)?.parse::<f64>().ok()).sum();
    ticks / TICKS_PER_SECOND
}

/// The proportional set size.
pub(crate) fn memory_mib(pid: u32) -> io::Result<f64> {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let kib = rollup
        .lines()
        .find_map(|line| line.strip_prefix("Pss:")?.trim().strip_suffix("kB")?.trim().parse::<f64>().ok())
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no Pss in smaps_rollup"))?;
    Ok(kib / 1024.0)
}

/// The unit of `/proc/PID/stat`, the same on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;
