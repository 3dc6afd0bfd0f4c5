//! Getting an archive: from a file, or by HTTP.
use super::ArchiveError;
use crate::reference::Reference;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use redkite_api::{Connections, Halt, UserAgent};
use redkite_git::retry::{Policy, random};
use redkite_shell::{RunError, Shell};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(5 * 60);
const CHUNK: usize = 64 * 1024;

/// Where an archive comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    File(PathBuf),
    Web { url: String, authorization: Option<String> },
}

impl Source {
    pub(super) fn of(reference: &Reference) -> Result<Self, ArchiveError> {
        let scheme = reference.scheme().strip_prefix("zip+").unwrap_or_default();
        let location = reference.location();
        match scheme {
            // A host before the path is this one.
            "file" => {
                Ok(Self::File(PathBuf::from(location.find('/').map_or(location, |at| &location[at..]))))
            }
            "http" | "https" => {
                // The location is decoded; parsing it encodes what has to be.
                let text = format!("{scheme}://{location}");
                let url = url::Url::parse(&text).map_err(|_| ArchiveError::Url(text))?;
                Ok(Self::Web { url: url.into(), authorization: reference.auth().map(basic) })
            }
            other => Err(ArchiveError::Scheme(other.to_owned())),
        }
    }

    /// Writes the archive to `target`.
    pub(super) fn download(&self, shell: &Shell, target: &Path) -> Result<(), ArchiveError> {
        match self {
            Self::File(path) => fs::copy(path, target).map(drop).map_err(ArchiveError::file("copying", path)),
            Self::Web { url, authorization } => {
                for attempt in Policy::PLUGIN_CLONE.tries(random) {
                    let Err(error) = request_in_time(shell, url, authorization.as_deref(), target) else {
                        return Ok(());
                    };
                    if attempt.is_last() || shell.context().is_over() {
                        return Err(error);
                    }
                    shell.log().comment(format_args!("Downloading the plugin failed: {error} ({attempt})"));
                    if !shell.context().sleep(attempt.pause) {
                        return Err(ArchiveError::Over(RunError::over(shell.context())));
                    }
                }
                Ok(())
            }
        }
    }
}

fn basic(auth: &str) -> String {
    let (user, password) = auth.split_once(':').unwrap_or((auth, ""));
    let decoded = |text: &str| percent_decode_str(text).collect::<Vec<u8>>();
    let credentials = [decoded(user), vec![b':'], decoded(password)].concat();
    format!("Basic {}", STANDARD.encode(credentials))
}

/// A server that does not answer can't hold up a job that is cancelled.
fn request_in_time(
    shell: &Shell,
    url: &str,
    authorization: Option<&str>,
    target: &Path,
) -> Result<(), ArchiveError> {
    let (url, authorization) = (url.to_owned(), authorization.map(str::to_owned));
    let (target, halt) = (target.to_owned(), Halt::default());
    let heeded = halt.clone();
    let work = move || request(&heeded, &url, authorization.as_deref(), &target);
    shell.within_time("plugin download", work, || halt.give()).map_err(ArchiveError::Over)?
}

fn request(halt: &Halt, url: &str, authorization: Option<&str>, target: &Path) -> Result<(), ArchiveError> {
    let failed = |error| ArchiveError::Transport(Box::new(error));
    let connections = Connections::new(|| {
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(LIMIT));
        config.user_agent(UserAgent::agent().to_string())
    });
    let mut request = http::Request::get(url);
    if let Some(authorization) = authorization {
        request = request.header("Authorization", authorization);
    }
    let request = request.body(()).map_err(|error| failed(error.into()))?;
    let answer = connections.fetch(request).map_err(failed)?;
    let status = answer.status();
    if !status.is_success() {
        return Err(ArchiveError::Status {
            code: status.as_u16(),
            reason: status.canonical_reason().unwrap_or(""),
        });
    }
    let file = File::create(target).map_err(ArchiveError::file("creating", target))?;
    save(halt, answer.into_body().into_reader(), file, target)
}

/// Copies what comes, as long as it is wanted.
fn save(halt: &Halt, mut from: impl Read, mut to: impl Write, target: &Path) -> Result<(), ArchiveError> {
    let mut chunk = vec![0; CHUNK];
    loop {
        if halt.is_given() {
            return Err(ArchiveError::Over(RunError::Cancelled));
        }
        let read = match from.read(&mut chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(ArchiveError::Transport(Box::new(error.into()))),
            Ok(0) => return Ok(()),
            Ok(read) => read,
        };
        to.write_all(&chunk[..read]).map_err(ArchiveError::file("writing", target))?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::of(&Reference::parse(text).expect(text)).expect(text)
    }

    #[test]
    fn archives_come_from_files_and_servers() {
        assert_eq!(source("zip+file:///a/b.zip#sha256:x"), Source::File("/a/b.zip".into()));
        assert_eq!(source("zip+file://localhost/a/b.zip"), Source::File("/a/b.zip".into()));
        assert_eq!(
            source("zip+https://u%40x:p@ex.com/p/my%20own.zip?x=1"),
            Source::Web {
                url: "https://ex.com/p/my%20own.zip".into(),
                authorization: Some("Basic dUB4OnA=".into())
            }
        );
        let error =
            Source::of(&Reference::parse("zip+ftp://h/x").expect("a URL")).expect_err("no such thing");
        assert_eq!(error.to_string(), "scheme ftp is not supported");
    }
}
