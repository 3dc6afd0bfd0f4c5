//! Builds from rows, and rows from builds.

use redkite_scheduler::build::{Changes, Head, Job, Step};
use redkite_scheduler::{Build, BuildId};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::{BuildRow, BuildsTable, Connection, StoreError};

/// Reads a build with all its steps and jobs.
pub(super) async fn read(db: &mut Connection, id: &str) -> Result<Option<Build>, StoreError> {
    let Some(head) = BuildsTable::find(db, id).await? else { return Ok(None) };
    let head: Head = parse(&head, || format!("build {id}"))?;
    let steps = all::<Step>(&BuildsTable::steps(db, id).await?, || format!("the steps of build {id}"))?;
    let jobs = all::<Job>(&BuildsTable::jobs(db, id).await?, || format!("the jobs of build {id}"))?;
    Ok(Some(Build::from_parts(head, steps, jobs)))
}

/// Writes what an event has changed, and nothing else.
pub(super) async fn write(db: &mut Connection, build: &Build, changes: &Changes) -> Result<(), StoreError> {
    let id = build.id().to_string();
    if changes.head {
        BuildsTable::save(db, &head_row(build)).await?;
    }
    for step in changes.steps.iter().filter_map(|step| build.step(*step)) {
        BuildsTable::save_step(db, (&id, &step.id.to_string()), step.position.into(), &json(step)).await?;
    }
    for job in changes.jobs.iter().filter_map(|job| build.job(*job)) {
        BuildsTable::save_job(db, (&id, &job.id.to_string()), job.state.as_str(), &json(job)).await?;
    }
    for entry in &changes.timeline {
        BuildsTable::add_event(db, &entry.job.to_string(), entry.at.as_millis(), entry.kind.as_str()).await?;
    }
    Ok(())
}

fn head_row(build: &Build) -> BuildRow {
    let head = build.head();
    BuildRow {
        id: head.id.to_string(),
        pipeline: head.facts.pipeline.slug.clone(),
        number: i64::try_from(head.facts.number).unwrap_or(i64::MAX),
        state: head.state.as_str().to_owned(),
        live: !head.state.is_terminal(),
        created_at: head.created_at.as_millis(),
        body: json(head),
    }
}

/// The head of a build's row alone, for lists.
pub(crate) fn head(body: &str) -> Result<Head, StoreError> {
    parse(body, || "a build".to_owned())
}

/// The id of a stored build.
pub(crate) fn build_id(text: &str) -> Option<BuildId> {
    text.parse().ok()
}

fn all<T: DeserializeOwned>(bodies: &[String], what: impl Fn() -> String) -> Result<Vec<T>, StoreError> {
    bodies.iter().map(|body| parse(body, &what)).collect()
}

fn parse<T: DeserializeOwned>(body: &str, what: impl Fn() -> String) -> Result<T, StoreError> {
    serde_json::from_str(body).map_err(|source| StoreError::Body { what: what(), source })
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("rows have only text keys")
}
