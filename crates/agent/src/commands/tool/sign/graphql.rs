//! The two questions that `tool sign` has for the GraphQL API (docs/spec/pipeline.md §18).

use std::time::Duration;

use redkite_api::Connections;
use serde::Deserialize;
use serde_json::{Value, json};

/// How long an answer may take.
const TIME_LIMIT: Duration = Duration::from_secs(60);

const GET_PIPELINE: &str = "query GetPipeline($orgPipelineSlug: ID!) { \
    pipeline(slug: $orgPipelineSlug) { id repository { url } steps { yaml } } }";

const UPDATE_PIPELINE: &str = "mutation UpdatePipeline($id: ID!, $yaml: String!) { \
    pipelineUpdate(input: {id: $id, steps: {yaml: $yaml}}) { clientMutationId pipeline { steps { yaml } } } }";

/// The API, as somebody.
pub(super) struct GraphQl<'a> {
    connections: Connections,
    endpoint: &'a str,
    token: &'a str,
}

/// A pipeline as the server keeps it.
pub(super) struct StoredPipeline {
    pub(super) id: String,
    pub(super) repository_url: String,
    pub(super) yaml: String,
}

/// A question was not answered.
#[derive(Debug, thiserror::Error)]
pub(super) enum GraphQlError {
    /// The request failed.
    #[error("asking {endpoint}: {source}")]
    Request { endpoint: String, source: Box<ureq::Error> },
    /// The answer says what is wrong.
    #[error("{0}")]
    Answer(String),
    /// The answer has no meaning.
    #[error("{endpoint} answered something else: {source}")]
    Unreadable { endpoint: String, source: serde_json::Error },
}

impl<'a> GraphQl<'a> {
    pub(super) fn new(endpoint: &'a str, token: &'a str) -> Self {
        let connections = Connections::new(|| ureq::Agent::config_builder().timeout_global(Some(TIME_LIMIT)));
        Self { connections, endpoint, token }
    }

    /// The pipeline called `ORGANISATION/PIPELINE`; `None` if there is none.
    pub(super) fn pipeline(&self, slug: &str) -> Result<Option<StoredPipeline>, GraphQlError> {
        #[derive(Deserialize)]
        struct Data {
            pipeline: Option<Found>,
        }
        #[derive(Deserialize)]
        struct Found {
            id: String,
            repository: Repository,
            steps: Steps,
        }
        #[derive(Deserialize)]
        struct Repository {
            url: String,
        }
        #[derive(Deserialize)]
        struct Steps {
            yaml: String,
        }
        let data = self.ask("GetPipeline", GET_PIPELINE, &json!({ "orgPipelineSlug": slug }))?;
        let Data { pipeline } = serde_json::from_value(data).map_err(|error| self.unreadable(error))?;
        Ok(pipeline.map(|found| StoredPipeline {
            id: found.id,
            repository_url: found.repository.url,
            yaml: found.steps.yaml,
        }))
    }

    /// Replaces the steps of a pipeline.
    pub(super) fn update(&self, id: &str, yaml: &str) -> Result<(), GraphQlError> {
        self.ask("UpdatePipeline", UPDATE_PIPELINE, &json!({ "id": id, "yaml": yaml })).map(|_| ())
    }

    fn ask(&self, operation: &str, query: &str, variables: &Value) -> Result<Value, GraphQlError> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            data: Value,
            #[serde(default)]
            errors: Vec<Problem>,
        }
        #[derive(Deserialize)]
        struct Problem {
            message: String,
        }
        let question =
            json!({ "query": query, "variables": variables, "operationName": operation }).to_string();
        let request = http::Request::post(self.endpoint)
            .header("Authorization", format!("Bearer {}", self.token))
            .header("Content-Type", "application/json")
            .body(question);
        let answer = request.map_err(ureq::Error::from).and_then(|request| self.connections.run(request));
        let text = answer.and_then(|mut answer| answer.body_mut().read_to_string()).map_err(|source| {
            GraphQlError::Request { endpoint: self.endpoint.to_owned(), source: Box::new(source) }
        })?;
        let Answer { data, errors } = serde_json::from_str(&text).map_err(|error| self.unreadable(error))?;
        match errors.first() {
            Some(Problem { message }) => Err(GraphQlError::Answer(message.clone())),
            None => Ok(data),
        }
    }

    fn unreadable(&self, source: serde_json::Error) -> GraphQlError {
        GraphQlError::Unreadable { endpoint: self.endpoint.to_owned(), source }
    }
}
