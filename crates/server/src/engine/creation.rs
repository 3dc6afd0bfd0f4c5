//! A build is made (control-plane.md §5.2).

use indexmap::IndexMap;
use redkite_pipeline::{Form, Precedence, Variables, interpolate_pipeline, json, parse};
use redkite_redact::NameCase;
use redkite_scheduler::definition::Pipeline;
use redkite_scheduler::facts::{Organization, Person, PipelineFacts};
use redkite_scheduler::{Build, BuildId, Facts};
use uuid::Uuid;

use super::placement::placed;
use super::{Change, Context, Failure, Refusal, Wrong};
use crate::plane::{Interpolation, NewBuild, Placement, References};
use crate::store::{BuildsTable, MetaDataTable};

/// The organisation of an installation that has one only.
pub(crate) const ORGANIZATION: &str = "redkite";

/// Makes a build and starts it.
pub(crate) struct CreateBuild(pub NewBuild);

impl Change for CreateBuild {
    type Reply = BuildId;

    async fn apply(&self, cx: &mut Context<'_>) -> Result<BuildId, Failure> {
        let id = BuildId::from(Uuid::now_v7());
        let number = BuildsTable::next_number(cx.db().await?, &self.0.slug).await?;
        let facts = self.facts(u64::try_from(number).unwrap_or(1), &cx.settings.origin);
        let pipeline = self.pipeline(&facts, id, cx.settings.placement)?;
        let (build, changes) =
            Build::create(id, facts, pipeline, cx.now, &mut Uuid::now_v7).map_err(super::follow::refusal)?;
        cx.world.add_build(build);
        for (key, value) in &self.0.meta_data {
            MetaDataTable::set(cx.db().await?, &id.to_string(), key, value).await?;
        }
        cx.follow(id, changes).await?;
        Ok(id)
    }
}

impl CreateBuild {
    fn facts(&self, number: u64, origin: &str) -> Facts {
        let new = &self.0;
        let person = (!new.author.is_empty()).then(|| Person {
            name: new.author.clone(),
            email: new.author_email.clone(),
            ..Person::default()
        });
        Facts {
            organization: Organization { id: stable_id(ORGANIZATION), slug: ORGANIZATION.to_owned() },
            pipeline: PipelineFacts {
                id: stable_id(&new.slug),
                slug: new.slug.clone(),
                name: new.slug.clone(),
                repository: new.repository.clone(),
                default_branch: None,
                provider: "git".to_owned(),
                teams: Vec::new(),
            },
            number,
            url: format!("{origin}/{ORGANIZATION}/{}/builds/{number}", new.slug),
            source: new.source,
            branch: new.branch.clone(),
            commit: new.commit.clone(),
            message: Some(new.message.clone()),
            author: person.clone(),
            creator: person,
            env: new.env.clone(),
            ..Facts::default()
        }
    }

    /// Reads the file as an upload of it would be read: what it names is known from the build on, and
    /// anything else is empty.
    fn pipeline(&self, facts: &Facts, id: BuildId, placement: Placement) -> Result<Pipeline, Refusal> {
        let mut parsed = parse(&self.0.pipeline).map_err(|error| invalid(&error))?.pipeline;
        if self.0.interpolation == Interpolation::ByPlane {
            let mut variables = Variables::new(variables(facts, id), NameCase::Exact);
            interpolate_pipeline(&mut parsed, &mut variables, Precedence::Pipeline)
                .map_err(|error| invalid(&error))?;
        }
        let document = json::to_serde(&parsed.to_value(Form::Json)).map_err(|error| invalid(&error))?;
        let document = placed(document, placement);
        let pipeline = Pipeline::read(&document).map_err(|error| invalid(&error))?;
        if self.0.references == References::MustExist {
            pipeline.check_references().map_err(|error| invalid(&error))?;
        }
        Ok(pipeline)
    }
}

fn invalid(error: &dyn std::error::Error) -> Refusal {
    Wrong::Malformed.because(crate::failure_text::describe(error))
}

/// The variables that are known before any job is.
fn variables(facts: &Facts, id: BuildId) -> IndexMap<String, String> {
    let mut all: IndexMap<String, String> = [
        ("BUILDKITE", "true".to_owned()),
        ("CI", "true".to_owned()),
        ("BUILDKITE_ORGANIZATION_SLUG", facts.organization.slug.clone()),
        ("BUILDKITE_PIPELINE_ID", facts.pipeline.id.clone()),
        ("BUILDKITE_PIPELINE_SLUG", facts.pipeline.slug.clone()),
        ("BUILDKITE_PIPELINE_NAME", facts.pipeline.name.clone()),
        ("BUILDKITE_PIPELINE_PROVIDER", facts.pipeline.provider.clone()),
        ("BUILDKITE_REPO", facts.pipeline.repository.clone()),
        ("BUILDKITE_BUILD_ID", id.to_string()),
        ("BUILDKITE_BUILD_NUMBER", facts.number.to_string()),
        ("BUILDKITE_BUILD_URL", facts.url.clone()),
        ("BUILDKITE_SOURCE", facts.source.as_str().to_owned()),
        ("BUILDKITE_BRANCH", facts.branch.clone()),
        ("BUILDKITE_COMMIT", facts.commit.clone()),
        ("BUILDKITE_MESSAGE", facts.message.clone().unwrap_or_default()),
        ("BUILDKITE_TAG", String::new()),
        ("BUILDKITE_PULL_REQUEST", "false".to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    all.extend(facts.env.clone());
    all
}

/// The same id for the same name, for things that have no row of their own yet.
fn stable_id(name: &str) -> String {
    use sha2::{Digest as _, Sha256};
    let digest = Sha256::digest(name.as_bytes());
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}
