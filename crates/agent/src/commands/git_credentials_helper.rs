//! `git-credentials-helper`: what git asks for a password (docs/spec/cli.md §18).

use redkite_api::blocking::Client;
use redkite_api::wire::RepositoryUrl;
use redkite_api::{JobId, calls};
use url::Url;

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

/// The repository that git describes.
fn repository(input: &str) -> Result<String, String> {
    let component = |name: &str| {
        let lines = input.lines().filter_map(|line| line.split_once('='));
        let value = lines.filter(|(key, _)| key.trim() == name).map(|(_, value)| value.trim()).next_back();
        value
            .filter(|value| !value.is_empty())
            .ok_or_else(|| format!("missing component in git credential input: {name}"))
    };
    let (protocol, host, path) = (component("protocol")?, component("host")?, component("path")?);
    if protocol != "https" {
        return Err(format!("protocol must be https, got {protocol:?}"));
    }
    let mut url =
        Url::parse(&format!("https://{host}")).map_err(|error| format!("host {host:?}: {error}"))?;
    url.set_path(path);
    Ok(url.to_string())
}

fn answer(out: &mut Output, user: &str, password: &str) -> Result<(), Failure> {
    Ok(out.text(&format!("username={user}\npassword={password}\n\n"))?)
}
