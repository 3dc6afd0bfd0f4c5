//! A running job: its settings, its shell, and what it has gathered on its way.

use std::path::PathBuf;
use std::time::Duration;

use redkite_git::credentials::{Managed, Reach};
use redkite_hooks::HookSettings;
use redkite_plugin::{LoadedPlugin, Plugin};
use redkite_process::{Cancel, Context};
use redkite_shell::Shell;
use redkite_telemetry::{Span, SpanStart};

use crate::checkout::CheckoutPhaseError;
use crate::error::PhaseError;
use crate::outcome::Failures;
use crate::phase::{ORDER, Passed, Phase, Progress, Until};
use crate::redaction::Redaction;
use crate::settings::{Live, Settings};
use crate::surroundings::{PendingDirectory, Surroundings};

/// One job, while it runs.
pub(crate) struct Job<'a> {
    pub(crate) settings: Settings,
    /// The settings of the moment.
    pub(crate) live: Live,
    /// Its shell, under the context of the phase that runs.
    pub(crate) shell: Shell,
    pub(crate) contexts: Contexts,
    /// The whole job, as its trace shows it.
    pub(crate) span: Span,
    pub(crate) surroundings: &'a mut dyn Surroundings,
    pub(crate) hook_settings: HookSettings,
    pub(crate) redaction: Redaction,
    pub(crate) pending_directory: PendingDirectory,
    /// Credentials of the server for git, if the job wants them.
    pub(crate) managed: Option<Managed>,
    /// How the repository is reached.
    pub(crate) reach: Reach,
    /// The plugins that the job lists.
    pub(crate) requested_plugins: Vec<Plugin>,
    /// The plugins whose hooks take part.
    pub(crate) plugins: Vec<LoadedPlugin>,
    /// Where the repository's hooks and plugins are looked for, once there is something.
    pub(crate) checkout_root: Option<PathBuf>,
    /// Directories that go at the end.
    pub(crate) leftovers: Vec<PathBuf>,
    pub(crate) failures: Failures,
    /// The error of a phase before the report.
    pub(crate) unreported: Option<PhaseError>,
    /// `BUILDKITE_COMMAND_EXIT_STATUS` before teardown: `pre-exit` hooks can't change a job's status by it.
    pub(crate) command_status: Option<String>,
}

/// The ends that phases can have (spec/job.md §14.3).
#[derive(Clone, Debug)]
pub(crate) struct Contexts {
    pub(crate) cancel: Cancel,
    pub(crate) grace: Duration,
    pub(crate) parent: Parent,
}

/// Who has started the bootstrap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parent {
    /// An agent. It kills this process a moment after the grace period, and what runs then would be nobody's.
    Agent,
    /// Somebody else.
    Other,
}

/// How long a hook that is asked to end at the end of the grace period may take when an agent is waiting: less than
/// the agent waits.
const BEFORE_THE_AGENT: Duration = Duration::from_millis(100);

impl Contexts {
    fn of(&self, until: Until) -> Context {
        match (until, self.parent) {
            (Until::Cancel, _) => Context::until(&self.cancel),
            (Until::Grace, Parent::Other) => Context::grace_after(&self.cancel, self.grace),
            (Until::Grace, Parent::Agent) => Context::grace_after(&self.cancel, self.grace)
                .killing_after(self.grace.saturating_add(BEFORE_THE_AGENT)),
        }
    }

    /// For hooks that have a grace period of their own, unless an agent ends it.
    pub(crate) fn own_grace(&self) -> Context {
        match self.parent {
            Parent::Agent => self.of(Until::Grace),
            Parent::Other => Context::grace_from_now(&self.cancel, self.grace),
        }
    }
}

impl Job<'_> {
    /// Does all of the job's work, in order.
    pub(crate) fn run(&mut self) {
        let mut progress = Progress::default();
        for (phase, when, until) in ORDER {
            if !progress.allows(when, &self.settings.parts) {
                continue;
            }
            self.shell = self.shell.within(&self.contexts.of(until));
            let passed = match self.perform(phase) {
                Ok(()) => Passed::Yes,
                Err(error) => {
                    self.note(phase, error);
                    Passed::No
                }
            };
            progress.note(phase, passed);
        }
    }

    fn perform(&mut self, phase: Phase) -> Result<(), PhaseError> {
        let git = |error| PhaseError::Checkout(CheckoutPhaseError::Git(error));
        match phase {
            Phase::Credentials => self.enable_credentials().map_err(git),
            Phase::SetUp => self.within(SpanStart::phase("environment"), Self::set_up),
            Phase::CredentialsAgain => self.refresh_credentials().map_err(git),
            Phase::Plugins => self.get_plugins(),
            Phase::Checkout => self.within(SpanStart::phase("checkout"), Self::check_out),
            Phase::EnterExisting => self.enter_existing(),
            Phase::VendoredPlugins => self.find_vendored_plugins(),
            Phase::Command => self.run_command_phase(),
            Phase::Artifacts => self.upload_artifacts(),
            Phase::Report => self.report(),
            Phase::TearDown => self.tear_down(),
        }
    }

    /// Does a part of the work inside of a span.
    pub(crate) fn within<T, E: std::fmt::Display>(
        &mut self,
        start: SpanStart,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let trace = self.shell.trace().clone();
        trace.within(start, |_| work(self))
    }

    /// Says what failed, and notes what it means for the exit status; most errors wait for the report.
    fn note(&mut self, phase: Phase, error: PhaseError) {
        if !matches!(phase, Phase::TearDown | Phase::Artifacts) {
            self.span.fail(&error);
        }
        let log = self.shell.log();
        match phase {
            Phase::Credentials | Phase::CredentialsAgain => {
                log.error(format_args!("Error configuring repository credentials: {error}"));
                self.failures.phase = Some(error.code());
            }
            Phase::SetUp => {
                log.error(format_args!("Error setting up job executor: {error}"));
                self.failures.set_up = Some(error.set_up_code());
            }
            Phase::TearDown => {
                log.error(format_args!("Error tearing down job executor: {error}"));
                self.failures.teardown = Some(error.code());
            }
            Phase::Artifacts => {
                log.error(&error);
                self.failures.artifacts = Some(error.code());
            }
            _ => {
                self.failures.phase = Some(error.code());
                self.unreported = Some(error);
            }
        }
    }

    /// Says what failed in the phases before; an artifact phase that decides the status keeps it unsaid
    /// (spec/job.md §12).
    fn report(&mut self) -> Result<(), PhaseError> {
        self.command_status = self.shell.get("BUILDKITE_COMMAND_EXIT_STATUS").map(redkite_text::into_shown);
        let decided = self.failures.artifacts.is_some() && self.failures.command.is_none();
        if let Some(error) = self.unreported.take().filter(|_| !decided) {
            self.shell.log().error(error);
        }
        Ok(())
    }
}
