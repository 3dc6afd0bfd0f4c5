//! What happens to each document on its way (docs/spec/pipeline.md §2).

use redkite_api::JobId;
use redkite_api::blocking::Client;
use redkite_pipeline::sign::sign_pipeline;
use redkite_pipeline::{
    ChangedFiles, Exposed, NotSerializable, Parsed, Pipeline, Precedence, Variables, Warning, YamlIndent,
    apply_if_changed, documents, exposed_secrets, interpolate_pipeline, to_json, to_yaml,
};
use redkite_redact::NamePatterns;

use super::input::Input;
use super::send::{Placement, send};
use super::{Args, changed};
use crate::cli::{Context, home_directory};

use crate::failure::{Failure, OrFail, chain};

const TRACE_CONTEXT: &str = "BUILDKITE_TRACE_CONTEXT";

/// What the documents of one invocation share.
pub(super) struct Run<'a> {
    pub(super) args: &'a Args,
    pub(super) cx: &'a mut Context,
    pub(super) variables: Variables,
    pub(super) precedence: Precedence,
    pub(super) patterns: NamePatterns,
    pub(super) destination: Destination,
    pub(super) changed: ChangedFiles,
}

/// Where finished pipelines go.
pub(super) enum Destination {
    Json,
    /// One stream: documents after the first follow a marker.
    Yaml {
        printed: usize,
    },
    Server(Box<Client>),
}

impl Run<'_> {
    /// Every document of `input`, one after the other.
    pub(super) fn input(&mut self, input: Input) -> Result<(), Failure> {
        let name = input.name.clone();
        let text = input.read()?;
        for (index, document) in documents(&text).enumerate() {
            let parsed = document.or_fail(format!("{name:?} holds no valid pipeline"))?;
            let pipeline = self.prepared(parsed, &name)?;
            self.deliver(&pipeline, &name, index + 1)?;
        }
        Ok(())
    }

    fn prepared(&mut self, parsed: Parsed, name: &str) -> Result<Pipeline, Failure> {
        let Parsed { mut pipeline, warning } = parsed;
        if !self.args.no_interpolation {
            self.add_trace_context(&mut pipeline);
            interpolate_pipeline(&mut pipeline, &mut self.variables, self.precedence)
                .or_fail(format!("the variables of {name:?} can't be replaced"))?;
        }
        if let Some(warning) = warning {
            self.report(&warning, name)?;
        }
        if !self.patterns.is_empty() {
            self.search(&pipeline, name)?;
        }
        if self.args.signing.is_wanted() {
            self.sign(&mut pipeline)?;
        }
        // What this changes is never covered by a signature.
        self.apply_if_changed(&mut pipeline);
        Ok(pipeline)
    }

    fn sign(&self, pipeline: &mut Pipeline) -> Result<(), Failure> {
        let signing = &self.args.signing;
        let key = signing.key(&self.cx.environment)?;
        let repository = self.cx.environment.get("BUILDKITE_REPO").unwrap_or_default();
        sign_pipeline(pipeline, &*key, &repository, |payload| signing.note(&*key, payload))
            .or_fail("signing the pipeline")
    }

    fn add_trace_context(&self, pipeline: &mut Pipeline) {
        if let Some(context) = self.cx.environment.get(TRACE_CONTEXT) {
            pipeline.env.get_or_insert_default().insert(TRACE_CONTEXT.to_owned(), context);
        }
    }

    fn report(&self, warning: &Warning, name: &str) -> Result<(), Failure> {
        if self.args.reject_parse_warnings {
            return Err(Failure::new(format!(
                "{name:?} is not uploaded, because --reject-parse-warnings is set and there are warnings:\n{warning}"
            )));
        }
        tracing::warn!("{name:?} is uploaded, but not all of it is understood:\n{warning}");
        Ok(())
    }

    fn search(&self, pipeline: &Pipeline, name: &str) -> Result<(), Failure> {
        let exposed = exposed_secrets(pipeline, &self.variables, &self.patterns)
            .map_err(|error| unserializable(name, &error))?;
        let Exposed { names, short, bad_patterns } = exposed;
        if let Some(error) = bad_patterns {
            tracing::warn!(
                "Secrets are not looked for, because --redacted-vars has malformed patterns: {error}"
            );
        }
        if !short.is_empty() {
            tracing::warn!(
                "Values of less than {} bytes are not looked for: {}",
                redkite_redact::MIN_VALUE_LEN,
                short.join(", ")
            );
        }
        if names.is_empty() {
            return Ok(());
        }
        let names = names.join(" ");
        if self.args.reject_secrets {
            return Err(Failure::new(format!(
                "{name:?} is not uploaded, because it holds the values of secret variables: [{names}]"
            )));
        }
        tracing::warn!("{name:?} holds the values of secret variables: [{names}]");
        tracing::warn!(
            "To refuse such pipelines use --reject-secrets or set BUILDKITE_AGENT_PIPELINE_UPLOAD_REJECT_SECRETS"
        );
        tracing::warn!("The next major version of the agent refuses them by default");
        Ok(())
    }

    fn apply_if_changed(&mut self, pipeline: &mut Pipeline) {
        let (args, environment) = (self.args, &self.cx.environment);
        let home = redkite_text::into_shown(home_directory(environment));
        let find_out = || changed::find_out(args, environment);
        for error in apply_if_changed(pipeline, &mut self.changed, &home, find_out) {
            tracing::warn!("A step runs because its if_changed condition can't be understood: {error}");
        }
    }

    fn deliver(&mut self, pipeline: &Pipeline, name: &str, number: usize) -> Result<(), Failure> {
        match &mut self.destination {
            Destination::Json => {
                let text = to_json(pipeline).map_err(|error| unserializable(name, &error))?;
                self.cx.out.text(&text)?;
            }
            Destination::Yaml { printed } => {
                let marker = if *printed > 0 { "---\n" } else { "" };
                *printed += 1;
                self.cx.out.text(&format!("{marker}{}", to_yaml(pipeline, YamlIndent::Four)))?;
            }
            Destination::Server(client) => {
                upload(client, self.args, pipeline)?;
                tracing::info!("Uploaded pipeline #{number} of {name:?}");
            }
        }
        Ok(())
    }
}

fn upload(client: &Client, args: &Args, pipeline: &Pipeline) -> Result<(), Failure> {
    if args.job.is_empty() {
        return Err(Failure::new(
            "no job: --job, or BUILDKITE_JOB_ID in a job, says whose build gets the steps",
        ));
    }
    let placement = if args.replace { Placement::Replace } else { Placement::Insert };
    send(client, &JobId::from(args.job.as_str()), pipeline, placement).map_err(|error| {
        tracing::error!("The upload failed: {}", chain(&error));
        Failure::Silent(1)
    })
}

fn unserializable(name: &str, error: &NotSerializable) -> Failure {
    Failure::new(format!(
        "{name:?} can't be written as JSON, so that it can neither be searched for secrets nor uploaded: {error}"
    ))
}
