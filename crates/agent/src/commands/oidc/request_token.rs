//! `oidc request-token` (docs/spec/cli.md §18).

use redkite_api::wire::OidcRequest;
use redkite_api::{JobId, calls};

use crate::cli::{Command, Context};
use crate::commands::job_api;
use crate::failure::Failure;
use crate::options::{ApiOptions, GlobalOptions};

const OPT_OUT: &str = "BUILDKITE_AGENT_OIDC_REQUEST_TOKEN_SKIP_TOKEN_REDACTION";

/// Print an OpenID Connect token that says which job this is
///
/// The token is hidden in the job's log before it is printed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(flatten)]
    api: ApiOptions,

    /// Whom the token is for
    #[arg(long)]
    audience: String,

    /// Seconds for which it is valid; 0 leaves that to the service
    #[arg(long, default_value_t = 0)]
    lifetime: i64,

    /// The job that asks for it
    #[arg(long, env = "BUILDKITE_JOB_ID")]
    job: String,

    /// The claim that becomes the token's subject
    #[arg(long, env = "BUILDKITE_OIDC_TOKEN_SUBJECT_CLAIM")]
    subject_claim: String,

    /// Claims to add
    #[arg(long, env = "BUILDKITE_OIDC_TOKEN_CLAIMS", value_delimiter = ',')]
    claim: Vec<String>,

    /// Claims to add as session tags of AWS
    #[arg(long, env = "BUILDKITE_OIDC_TOKEN_AWS_SESSION_TAGS", value_delimiter = ',')]
    aws_session_tag: Vec<String>,

    /// Don't hide it in the job's log
    #[arg(long, env = "BUILDKITE_AGENT_OIDC_REQUEST_TOKEN_SKIP_TOKEN_REDACTION")]
    skip_redaction: bool,

    /// jwt for the token alone, gcp for what Google Cloud's executable-sourced credentials expect
    #[arg(long, default_value = "jwt")]
    format: String,
}

impl Command for Args {
    const REQUIRED: &'static [&'static str] = &["agent-access-token", "endpoint", "job"];

    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        if self.lifetime < 0 {
            return Err(Failure::new(format!("lifetime {} must be a non-negative integer", self.lifetime)));
        }
        if !matches!(self.format.as_str(), "jwt" | "gcp") {
            let format = &self.format;
            return Err(Failure::new(format!(
                "format {format:?} is not valid. Supported values are 'jwt' and 'gcp'"
            )));
        }
        let client = self.api.client(&cx.environment);
        let request = OidcRequest {
            audience: self.audience.clone(),
            lifetime: self.lifetime,
            claims: self.claim,
            aws_session_tags: self.aws_session_tag,
            subject_claim: self.subject_claim,
        };
        let answer = client.call(&calls::secret::oidc_token(&JobId::from(self.job), &request));
        let token = answer.inspect_err(|_| refused(&self.audience))?.token;
        let token = token.reveal();
        if !self.skip_redaction {
            let job = job_api::for_redaction(cx, "skip-redaction", OPT_OUT)?;
            job.redact(token).map_err(|error| job_api::not_hidden("failed to redact OIDC token", &error))?;
        }
        Ok(cx.out.line(&if self.format == "gcp" { for_google(token) } else { token.to_owned() })?)
    }
}

fn refused(audience: &str) {
    if audience.is_empty() {
        tracing::error!("Could not obtain OIDC token for default audience");
    } else {
        tracing::error!("Could not obtain OIDC token for audience {audience}");
    }
}

/// The members in the order of the reference.
fn for_google(token: &str) -> String {
    let answer = serde_json::json!({
        "id_token": token,
        "token_type": "urn:ietf:params:oauth:token-type:jwt",
        "version": 1,
        "success": true,
    });
    let text = answer.to_string();
    text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}
