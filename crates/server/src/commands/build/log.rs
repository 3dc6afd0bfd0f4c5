//! `redkite build log`.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use redkite_scheduler::{JobId, JobKind};

use super::super::{Failure, output};
use super::Target;
use super::stamps::Unstamped;
use crate::admin::{AdminClient, AdminError, LogAnswer};
use crate::plane::{BuildView, JobView};

/// How often a running job is asked for more.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// Print the logs of a build: of one job, or of all that have started.
#[derive(Debug, clap::Args)]
pub(in crate::commands) struct Args {
    #[command(flatten)]
    target: Target,
    /// The job, by id or by the key of its step
    #[arg(long, value_name = "ID|KEY")]
    job: Option<String>,
    /// Go on until the jobs have ended
    #[arg(long)]
    follow: bool,
    /// Print the log as it came, with the agent's timestamps
    #[arg(long)]
    raw: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let server = args.target.connect()?;
    let mut shown: Vec<JobId> = Vec::new();
    loop {
        let build = args.target.read(&server)?;
        let next = wanted(&build, args.job.as_deref())?.into_iter().find(|job| !shown.contains(&job.id));
        match next {
            Some(job) => {
                if args.job.is_none() {
                    output::note(format_args!("== {} ({})", job.label, job.id));
                }
                show(args, &server, job.id)?;
                shown.push(job.id);
            }
            None if !args.follow || over(&build, args.job.as_deref(), &shown) => return Ok(()),
            None => pause(),
        }
    }
}

/// The jobs whose logs are asked for, as far as they have started.
fn wanted<'a>(build: &'a BuildView, name: Option<&str>) -> Result<Vec<&'a JobView>, Failure> {
    let named = |step: &&crate::plane::StepView| name.is_some() && step.key.as_deref() == name;
    let by_key: Vec<_> = build.steps.iter().filter(named).flat_map(|step| &step.jobs).collect();
    let jobs: Vec<_> = match name {
        None => build.jobs().filter(|job| job.kind == JobKind::Script).collect(),
        Some(_) if !by_key.is_empty() => by_key,
        Some(name) => build.jobs().filter(|job| job.id.to_string() == name).collect(),
    };
    match name {
        Some(name) if jobs.is_empty() => {
            Err(Failure::NotFound(format!("the build has no job or step `{name}`")))
        }
        _ => Ok(jobs.into_iter().filter(|job| job.started_at.is_some()).collect()),
    }
}

/// Whether nothing can come any more.
fn over(build: &BuildView, name: Option<&str>, shown: &[JobId]) -> bool {
    let state = build.summary.state;
    state.is_terminal() || (name.is_some() && !shown.is_empty())
}

fn show(args: &Args, server: &AdminClient, job: JobId) -> Result<(), Failure> {
    let mut log =
        Reading { server, job, from: 0, unstamped: (!args.raw).then(Unstamped::default), open_line: false };
    loop {
        // Looked at before the log: what comes until the end of the job is then read, too.
        let ended = args.target.read(server)?.job(job).is_none_or(|job| job.state.is_terminal());
        match (log.print(ended)?, ended || !args.follow) {
            (true, _) => {}
            (false, true) => return log.finish(),
            (false, false) => pause(),
        }
    }
}

/// One job's log on its way to the output.
struct Reading<'a> {
    server: &'a AdminClient,
    job: JobId,
    from: u64,
    unstamped: Option<Unstamped>,
    /// Whether what was printed last is in the middle of a line.
    open_line: bool,
}

impl Reading<'_> {
    /// Prints what there is; answers whether there was anything.
    fn print(&mut self, ended: bool) -> Result<bool, Failure> {
        let path = format!("jobs/{}/log?from={}&ended={ended}", self.job, self.from);
        let part: LogAnswer = self.server.get(&path)?;
        let bytes = STANDARD.decode(&part.bytes).map_err(|error| AdminError::Refused(error.to_string()))?;
        match &mut self.unstamped {
            Some(unstamped) => {
                let text = unstamped.push(&bytes);
                self.text(&text)?;
            }
            None => output::bytes(&bytes)?,
        }
        let moved = part.next > self.from;
        self.from = part.next;
        Ok(moved)
    }

    fn text(&mut self, text: &[u8]) -> Result<(), Failure> {
        self.open_line = text.last().map_or(self.open_line, |last| *last != b'\n');
        output::bytes(text)
    }

    /// What follows, another job's log or a prompt, begins on a line of its own.
    fn finish(mut self) -> Result<(), Failure> {
        if let Some(unstamped) = &mut self.unstamped {
            let rest = unstamped.finish();
            self.text(&rest)?;
        }
        if self.open_line { output::bytes(b"\n") } else { Ok(()) }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a one-request command has no runtime; it asks again after a while"
)]
fn pause() {
    let until = Instant::now() + LOOK_EVERY;
    std::thread::sleep(until.saturating_duration_since(Instant::now()));
}
