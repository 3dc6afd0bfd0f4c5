//! What a started job must pass before its process is: signature, lists, `pre-bootstrap` (spec/agent.md §14.4–14.6).

use super::allowed;
use super::environment::{self, Access, JobFiles, Variables};
use super::finish::Refusal;
use super::signature::{self, Checked};
use crate::hooks::{self, Hook, HookError};
use crate::log::JobLog;
use crate::settings::Settings;
use crate::survive::{Place, point};
use redkite_api::Http2;
use redkite_api::wire::Job;
use std::ffi::OsString;
use std::fmt::Display;
use std::path::PathBuf;
use tokio::task::JoinError;
use tracing::Span;

/// One job before its gates.
pub(crate) struct Gate<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) job: &'a Job,
    pub(crate) received: &'a Variables,
    pub(crate) files: &'a JobFiles,
    pub(crate) access: Access<'a>,
    pub(crate) cache_paths: &'a [String],
    pub(crate) log: &'a JobLog,
    /// Within which the agent's log is written.
    pub(crate) span: &'a Span,
}

const PRE_BOOTSTRAP: &str = "pre-bootstrap";

impl Gate<'_> {
    /// Lets the job pass or says why not, in its log and in the agent's.
    pub(crate) async fn pass(&self) -> Result<(), Refusal> {
        self.signature()?;
        self.say_cache();
        if let Err(error) = allowed::check(&self.job.env, &self.settings.job.permissions) {
            self.log.line(&error.to_string());
            tracing::error!("{error}");
            return Err(Refusal::Agent);
        }
        self.say_mirror();
        self.pre_bootstrap().await
    }

    fn signature(&self) -> Result<(), Refusal> {
        let permissions = &self.settings.job.permissions;
        match signature::check(self.job, permissions.keys.as_deref(), permissions.on_unverified) {
            Checked::Unsigned => Ok(()),
            Checked::Verified(signature) => {
                self.log.line("~~~ ✅ Job signature verified");
                self.log.line(&format!("signature: {signature}"));
                tracing::info!(jobID = %self.job.id, signature, "Successfully verified job");
                Ok(())
            }
            Checked::Failed { error, lines, runs } => {
                lines.iter().for_each(|line| self.log.line(line));
                tracing::warn!(jobID = %self.job.id, error, "Job verification failed");
                if !runs {
                    return Err(Refusal::Signature);
                }
                if permissions.keys.is_none() {
                    return Ok(());
                }
                tracing::warn!("Job will be run without verification");
                tracing::warn!("verification-failure-behavior=block would have refused it");
                Ok(())
            }
        }
    }

    fn say_cache(&self) {
        let compute = self.job.env.get("BUILDKITE_COMPUTE_TYPE").map(String::as_str);
        if self.cache_paths.is_empty() || compute != Some("self-hosted") {
            return;
        }
        self.log.line("+++ ⚠️ Cache settings detected on self-hosted agent");
        self.log.line(&format!("cache paths: {}", self.cache_paths.join(", ")));
        tracing::info!("The step has cache settings, which self-hosted agents don't act on");
    }

    /// Says that the job's mirror is left out, if it is.
    fn say_mirror(&self) {
        let variable = |variables: &Variables, name: &str| variables.get(name).cloned().unwrap_or_default();
        let wanted = variable(&self.job.env, "BUILDKITE_GIT_REMOTE_MIRROR_URL");
        let used = variable(self.received, "BUILDKITE_GIT_REMOTE_MIRROR_URL");
        if !wanted.is_empty() && used.is_empty() {
            let repository = variable(&self.job.env, "BUILDKITE_REPO");
            self.log.line(&format!(
                "Remote Git mirror is not permitted by --allowed-repositories; using canonical repository: {}",
                redkite_redact::public_url(&repository)
            ));
        }
    }

    async fn pre_bootstrap(&self) -> Result<(), Refusal> {
        let path = match hooks::find(&self.settings.job.hooks_path, PRE_BOOTSTRAP) {
            Ok(None) => return Ok(()),
            Ok(Some(path)) => path,
            Err(error) => return Err(self.rejected(&error)),
        };
        let shown = path.display().to_string();
        tracing::info!("Running pre-bootstrap hook {shown:?}");
        match self.run_hook(path).await {
            Ok(Ok(())) => {
                tracing::info!("Finished pre-bootstrap hook {shown:?}: job accepted");
                Ok(())
            }
            Ok(Err(error)) => Err(self.rejected(&error)),
            // A bug of ours must not leave the job without an end.
            Err(panic) => Err(self.rejected(&panic)),
        }
    }

    async fn run_hook(&self, path: PathBuf) -> Result<Result<(), HookError>, JoinError> {
        let (env, shell) = (self.hook_environment(), self.settings.job.hooks_shell.clone());
        let (span, job) = (self.span.clone(), self.job.id.clone());
        let thread = tokio::task::spawn_blocking(move || {
            let _entered = span.enter();
            point(Place::PreBootstrap, job.as_str());
            let hook = Hook { name: PRE_BOOTSTRAP, path: &path, shell: &shell, env };
            hook.run(|bytes| tracing::info!("{}", String::from_utf8_lossy(bytes)))
        });
        thread.await
    }

    fn rejected(&self, error: &dyn Display) -> Refusal {
        tracing::error!("{error}");
        tracing::error!("The pre-bootstrap hook rejected job {}", self.job.id);
        self.log.line("pre-bootstrap hook rejected this job, see the buildkite-agent logs for more details");
        Refusal::Agent
    }

    /// The agent's variables and how to find the job; deliberately none of the job's own.
    fn hook_environment(&self) -> Vec<(OsString, OsString)> {
        let mut env = self.settings.environment.clone();
        let access = self.access;
        let flag = |on: bool| OsString::from(on.to_string());
        env.extend(
            [
                ("BUILDKITE_ENV_FILE", self.files.env.clone().into()),
                ("BUILDKITE_ENV_JSON_FILE", self.files.env_json.clone().into()),
                ("BUILDKITE_JOB_ID", self.job.id.as_str().into()),
                ("BUILDKITE_AGENT_ACCESS_TOKEN", access.token.reveal().into()),
                ("BUILDKITE_AGENT_ENDPOINT", access.endpoint.as_str().into()),
                ("BUILDKITE_NO_HTTP2", flag(access.http2 == Http2::Disabled)),
                ("BUILDKITE_AGENT_DEBUG", flag(self.settings.job.debug)),
                ("BUILDKITE_AGENT_DEBUG_HTTP", flag(access.log.dumps)),
            ]
            .map(|(name, value)| (OsString::from(name), value)),
        );
        env.extend(self.log.tmpfile().map(|path| (environment::LOG_TMPFILE.into(), path.into())));
        env
    }
}
