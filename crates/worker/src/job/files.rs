//! The files that lie ready for a job and its hooks, removed when it is over (spec/agent.md §14.3, §15.2).

use super::environment::{JobFiles, Variables};
use redkite_api::JobId;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The files of one job; dropping it removes them.
#[derive(Debug)]
pub(crate) struct FilesOfJob(JobFiles);

/// A file that could not be laid.
#[derive(Debug, thiserror::Error)]
#[error("writing {path} for the job: {source}")]
pub(crate) struct FileError {
    path: PathBuf,
    source: io::Error,
}

/// Names that experiment `propagate-agent-config-vars` puts at the start of the shell-format file.
const CONFIG_VARIABLES: &str = "\
BUILDKITE_GIT_CHECKOUT_FLAGS
BUILDKITE_ARTIFACT_UPLOAD_CONCURRENCY
BUILDKITE_GIT_CLEAN_FLAGS
BUILDKITE_GIT_CLONE_FLAGS
BUILDKITE_GIT_CLONE_MIRROR_FLAGS
BUILDKITE_GIT_MIRROR_CHECKOUT_MODE
BUILDKITE_GIT_FETCH_FLAGS
BUILDKITE_GIT_MIRRORS_LOCK_TIMEOUT
BUILDKITE_GIT_MIRRORS_PATH
BUILDKITE_GIT_MIRRORS_SKIP_UPDATE
BUILDKITE_GIT_SUBMODULES
BUILDKITE_GIT_SUBMODULE_CLONE_CONFIG
BUILDKITE_CHECKOUT_OVERRIDE_MODE
BUILDKITE_CANCEL_GRACE_PERIOD
BUILDKITE_COMMAND_EVAL
BUILDKITE_LOCAL_HOOKS_ENABLED
BUILDKITE_PLUGINS_ENABLED
BUILDKITE_REDACTED_VARS
BUILDKITE_SHELL
BUILDKITE_HOOKS_SHELL
BUILDKITE_SIGNAL_GRACE_PERIOD_SECONDS
BUILDKITE_SSH_KEYSCAN
BUILDKITE_STRICT_SINGLE_HOOKS
BUILDKITE_TRACE_CONTEXT_ENCODING
BUILDKITE_TRACING_BACKEND
BUILDKITE_TRACING_SERVICE_NAME
BUILDKITE_TRACING_TRACEPARENT
BUILDKITE_TRACING_TRACESTATE
BUILDKITE_TRACING_PROPAGATE_TRACEPARENT
BUILDKITE_AGENT_AWS_KMS_KEY
BUILDKITE_AGENT_GCP_KMS_KEY
BUILDKITE_AGENT_JWKS_FILE
BUILDKITE_AGENT_JWKS_KEY_ID
";

/// Whether the shell-format file begins with the names of the agent's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConfigNames {
    /// It doesn't.
    Absent,
    /// It does, for `docker run --env-file` to take them from its caller.
    First,
}

impl FilesOfJob {
    /// Lays the files for `job` in `dir`, with `variables` as they came from the server.
    pub(crate) fn lay(
        dir: &Path,
        job: &JobId,
        variables: &Variables,
        names: ConfigNames,
    ) -> Result<Self, FileError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| FileError { path, source }
        };
        std::fs::create_dir_all(dir).map_err(failed(dir))?;
        // Slashes in an id would lead out of the folder.
        let id = job.as_str().replace(['/', '\\'], "-");
        let digits = crate::random::below(u64::from(u32::MAX));
        let files = Self(JobFiles {
            env: dir.join(format!("job-env-{id}{digits}")),
            env_json: dir.join(format!("job-env-json-{id}{digits}")),
            timeout: dir.join(format!("job-timeout-{id}")),
        });
        write_new(&files.0.env, shell_format(variables, names).as_bytes()).map_err(failed(&files.0.env))?;
        write_new(&files.0.env_json, json_format(variables).as_bytes()).map_err(failed(&files.0.env_json))?;
        Ok(files)
    }

    /// Where they are.
    pub(crate) fn paths(&self) -> &JobFiles {
        &self.0
    }

    /// Leaves the mark by which the executor knows that the job took too long.
    pub(crate) fn mark_timeout(&self) -> io::Result<()> {
        let mut options = OpenOptions::new();
        crate::os::unchangeable_by_others(options.write(true).create(true).truncate(true));
        options.open(&self.0.timeout)?.write_all(b"true")
    }
}

impl Drop for FilesOfJob {
    fn drop(&mut self) {
        for path in [&self.0.env, &self.0.env_json, &self.0.timeout] {
            if let Err(error) = std::fs::remove_file(path)
                && error.kind() != io::ErrorKind::NotFound
            {
                tracing::warn!("Couldn't remove {}: {error}", path.display());
            }
        }
    }
}

/// Writes a file that nobody else may read and that did not exist.
fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    crate::os::private(&mut options);
    options.open(path)?.write_all(content)
}

/// `NAME="value"` lines with backslash escapes; not meant to be sourced by a shell.
fn shell_format(variables: &Variables, names: ConfigNames) -> String {
    let mut text = match names {
        ConfigNames::Absent => String::new(),
        ConfigNames::First => CONFIG_VARIABLES.to_owned(),
    };
    for (name, value) in variables {
        let value = redkite_redact::quoted(value.as_bytes());
        text.push_str(&format!("{name}=\"{}\"\n", String::from_utf8_lossy(&value)));
    }
    text
}

/// One object with sorted names, safe inside HTML and JavaScript.
fn json_format(variables: &Variables) -> String {
    let text = serde_json::to_string(variables).expect("variables are text");
    let mut safe = String::with_capacity(text.len() + 1);
    for character in text.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                safe.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            other => safe.push(other),
        }
    }
    safe.push('\n');
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables() -> Variables {
        [("B", "a \"q\" $x\n"), ("A", "<&>\u{2028}")].map(|(n, v)| (n.to_owned(), v.to_owned())).into()
    }

    #[test]
    fn both_formats() {
        let text = shell_format(&variables(), ConfigNames::Absent);
        assert_eq!(text, "A=\"<&>\\u2028\"\nB=\"a \\\"q\\\" $x\\n\"\n");
        let json = json_format(&variables());
        assert_eq!(json, "{\"A\":\"\\u003c\\u0026\\u003e\\u2028\",\"B\":\"a \\\"q\\\" $x\\n\"}\n");
        assert!(shell_format(&variables(), ConfigNames::First).starts_with("BUILDKITE_GIT_CHECKOUT_FLAGS\n"));
    }

    #[test]
    fn files_go_with_the_job() {
        let dir = tempfile::tempdir().unwrap();
        let below = dir.path().join("made");
        let files = FilesOfJob::lay(&below, &"J/1".into(), &variables(), ConfigNames::Absent).unwrap();
        files.mark_timeout().unwrap();
        assert_eq!(std::fs::read_dir(&below).unwrap().count(), 3);
        drop(files);
        assert_eq!(std::fs::read_dir(&below).unwrap().count(), 0);
    }
}
