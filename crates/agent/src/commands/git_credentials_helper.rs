//! `git-credentials-helper`: what git asks for a password (docs/spec/cli.md §18).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use redkite_api::blocking::Client;
use redkite_api::wire::RepositoryUrl;
use redkite_api::{JobId, calls};

use crate::cli::{Command, Context};
use crate::failure::Failure;
use crate::options::{AccessOptions, GlobalOptions};
use crate::output::Output;
use crate::stdin;

/// Answer git with a token for a repository, as a credential helper
///
/// Git calls it; see gitcredentials(7). Only get is answered.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(flatten)]
    access: AccessOptions,

    /// The job that asks
    #[arg(long, env = "BUILDKITE_JOB_ID")]
    job_id: String,

    /// What git wants: get, store or erase
    action: Option<String>,
}

impl Command for Args {
    const REQUIRED: &'static [&'static str] = &["job-id", "agent-access-token", "endpoint"];

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        if cx.environment.get("BUILDKITE_JOB_ID").is_none_or(|job| job.is_empty()) {
            tracing::warn!("This command is called by git, within a job");
            tracing::warn!("It is of little use to people");
        }
        if self.action.as_deref() != Some("get") {
            return Ok(());
        }
        match self.token(cx) {
            Ok(token) => answer(&mut cx.out, "token", &token),
            Err(reason) => {
                tracing::error!("Error: {reason}. Authentication will proceed, but will fail.");
                answer(&mut cx.out, "fail", "fail")?;
                Err(Failure::Silent(1))
            }
        }
    }
}

impl Args {
    fn token(&self, cx: &Context) -> Result<String, String> {
        let input = stdin::text().map_err(|error| error.to_string())?;
        let request = RepositoryUrl { repo_url: repository(&input)? };
        let call = calls::secret::repository_token(&JobId::from(self.job_id.as_str()), &request);
        let answer = Client::new(self.access.settings(&cx.environment)).call(&call);
        let token =
            answer.map_err(|error| format!("failed to get a repository access token: {error}"))?.token;
        if token.is_empty() {
            Err("the server gave no token".to_owned())
        } else {
            Ok(token.reveal().to_owned())
        }
    }
}

const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b',')
    .remove(b'/')
    .remove(b':')
    .remove(b';')
    .remove(b'=')
    .remove(b'@');
const HOST: &AsciiSet = &PATH.add(b'@').add(b'/').remove(b'[').remove(b']');

/// The repository that git describes. Git has decoded the path, so it is encoded again; nothing else is changed, as
/// the server may compare it letter by letter.
fn repository(input: &str) -> Result<String, String> {
    let component = |name: &str| {
        let lines = input.lines().filter_map(|line| line.split_once('='));
        let value = lines.filter(|(key, _)| *key == name).map(|(_, value)| value.trim()).next_back();
        value
            .filter(|value| !value.is_empty())
            .ok_or_else(|| format!("missing component in git credential input: {name}"))
    };
    let (protocol, host, path) = (component("protocol")?, component("host")?, component("path")?);
    if protocol != "https" {
        return Err(format!("protocol must be https, got {protocol:?}"));
    }
    let path = path.strip_prefix('/').unwrap_or(path);
    Ok(format!("https://{}/{}", utf8_percent_encode(host, HOST), utf8_percent_encode(path, PATH)))
}

fn answer(out: &mut Output, user: &str, password: &str) -> Result<(), Failure> {
    Ok(out.text(&format!("username={user}\npassword={password}\n\n"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_describes_a_repository() {
        let check = |input: &str, url: &str| assert_eq!(repository(input), Ok(url.to_owned()), "{input}");
        check("protocol=https\nhost=h.example\npath=o/r.git\n", "https://h.example/o/r.git");
        check("protocol=https\r\nhost=h\r\npath=/o/r\r\n", "https://h/o/r");
        check("protocol=https\nhost=a\npath=x=y\nhost=b\n", "https://b/x=y");
        check(
            "protocol=https\nhost=H.Example:443\npath=o/../r x.git\n",
            "https://H.Example:443/o/../r%20x.git",
        );
        check("protocol=https\nhost=[::1]\npath=a%zz?q#f'é\n", "https://[::1]/a%25zz%3Fq%23f%27%C3%A9");
    }

    #[test]
    fn what_is_no_repository_is_refused() {
        let check = |input: &str, says: &str| {
            let refused = repository(input).expect_err(input);
            assert!(refused.contains(says), "{refused}");
        };
        check("", "missing component in git credential input: protocol");
        check("protocol=https\npath=x\n", "missing component in git credential input: host");
        check("protocol=https\nhost=\npath=x\n", "missing component in git credential input: host");
        check("protocol=https\nhost=h\n", "missing component in git credential input: path");
        check("protocol=http\nhost=h\npath=x\n", "must be https");
    }
}
