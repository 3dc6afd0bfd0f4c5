//! Which artifacts a query finds (agent-api.md §15.6, control-plane.md §15.2).

use std::collections::{HashMap, HashSet};

use axum::Json;
use axum::extract::State;
use globset::{GlobBuilder, GlobMatcher};
use redkite_api::wire::Artifact;
use redkite_scheduler::Time;
use serde::Deserialize;

use super::address::{DOWNLOAD_FOR, Permission};
use crate::agent_api::Api;
use crate::agent_api::answer::Answer;
use crate::agent_api::body::Params;
use crate::agent_api::caller::AnyBuild;
use crate::agent_api::origin::Origin;
use crate::engine::{ReadBuild, Refusal, Wrong};
use crate::plane::BuildView;
use crate::store::{ArtifactRow, ArtifactsTable};

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::agent_api) struct Search {
    query: String,
    scope: String,
    state: String,
    include_retried_jobs: bool,
    include_duplicates: bool,
}

pub(in crate::agent_api) async fn search(
    State(api): State<Api>,
    AnyBuild(build): AnyBuild,
    Origin(origin): Origin,
    Params(search): Params<Search>,
) -> Answer<Json<Vec<Artifact>>> {
    let rows = ArtifactsTable::of_build(api.database.readers(), &build.to_string()).await?;
    let view = api.engine.perform(ReadBuild(build)).await?;
    let found = search.find(rows, &jobs(&view, &search))?;
    Ok(Json(found.into_iter().map(|row| artifact(row, &api, &origin)).collect()))
}

/// The jobs whose artifacts count: those of the scope, and of each the latest attempt only.
fn jobs(view: &BuildView, search: &Search) -> HashSet<String> {
    let in_scope = |step: &&crate::plane::StepView| {
        search.scope.is_empty()
            || step.key.as_deref() == Some(search.scope.as_str())
            || step.label == search.scope
            || step.id.to_string() == search.scope
            || step.jobs.iter().any(|job| job.id.to_string() == search.scope)
    };
    let steps: Vec<_> = view.steps.iter().filter(in_scope).collect();
    let jobs = steps.into_iter().flat_map(|step| &step.jobs);
    let one = view.jobs().any(|job| job.id.to_string() == search.scope);
    jobs.filter(|job| !one || job.id.to_string() == search.scope)
        .filter(|job| one || search.include_retried_jobs || job.retried_in.is_none())
        .map(|job| job.id.to_string())
        .collect()
}

impl Search {
    /// Artifacts in the order of their declaration; of several with one path the newest, if not all are wanted.
    fn find(&self, rows: Vec<ArtifactRow>, jobs: &HashSet<String>) -> Result<Vec<ArtifactRow>, Refusal> {
        let pattern = self.pattern()?;
        let matches = |path: &str| {
            let path = path.replace('\\', "/");
            pattern.as_ref().is_none_or(|pattern| pattern.is_match(&path)) || path == self.query
        };
        let found: Vec<_> = rows
            .into_iter()
            .filter(|row| self.state.is_empty() || row.state == self.state)
            .filter(|row| jobs.contains(&row.job) && matches(&row.path))
            .collect();
        if self.include_duplicates {
            return Ok(found);
        }
        let newest: HashMap<String, usize> =
            found.iter().enumerate().map(|(place, row)| (row.path.clone(), place)).collect();
        if self.is_exact() && found.iter().map(|row| &row.job).collect::<HashSet<_>>().len() > 1 {
            let text = "Multiple artifacts were found for query: ";
            return Err(Wrong::Malformed
                .because(format_args!("{text}`{}`. Try scoping by the job ID or name.", self.query)));
        }
        Ok(found
            .into_iter()
            .enumerate()
            .filter(|(place, row)| newest[&row.path] == *place)
            .map(|(_, row)| row)
            .collect())
    }

    fn is_exact(&self) -> bool {
        !self.query.contains(['*', '?', '[', '{'])
    }

    /// None matches everything.
    fn pattern(&self) -> Result<Option<GlobMatcher>, Refusal> {
        if self.query.is_empty() {
            return Ok(None);
        }
        let query = self.query.replace('\\', "/");
        let query = query.strip_prefix("./").unwrap_or(&query);
        let glob = GlobBuilder::new(query).literal_separator(true).build();
        let wrong = |error| {
            Wrong::Malformed.because(format_args!("The query `{}` is not valid: {error}", self.query))
        };
        glob.map(|glob| Some(glob.compile_matcher())).map_err(wrong)
    }
}

fn artifact(row: ArtifactRow, api: &Api, origin: &str) -> Artifact {
    let url = if row.upload_destination.is_empty() {
        let expires = Time::from(jiff::Timestamp::now()) + DOWNLOAD_FOR;
        format!("{origin}{}", Permission::Download.path(&row.id, expires, &api.settings.key))
    } else {
        row.url
    };
    Artifact {
        id: row.id.into(),
        path: row.path,
        absolute_path: row.absolute_path,
        glob_path: row.glob_path,
        file_size: row.file_size,
        sha1sum: row.sha1sum,
        sha256sum: row.sha256sum,
        job_id: row.job.into(),
        created_at: jiff::Timestamp::from_millisecond(row.created_at).unwrap_or(jiff::Timestamp::UNIX_EPOCH),
        url,
        upload_destination: row.upload_destination,
        content_type: row.content_type,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(job: &str, path: &str) -> ArtifactRow {
        ArtifactRow {
            id: format!("{job}-{path}"),
            batch: String::new(),
            position: 0,
            build: String::new(),
            job: job.into(),
            state: "finished".into(),
            stored: true,
            path: path.into(),
            absolute_path: String::new(),
            glob_path: String::new(),
            file_size: 0,
            sha1sum: String::new(),
            sha256sum: String::new(),
            content_type: String::new(),
            upload_destination: String::new(),
            url: String::new(),
            created_at: 0,
        }
    }

    /// Two jobs, `a` and `b`, with artifacts; what a query finds, or none when it is refused.
    #[track_caller]
    fn check(query: &str, expected: Option<&[&str]>) {
        let rows = vec![row("a", "dir/x.txt"), row("a", "y.txt"), row("b", "y.txt"), row("b", "win\\z.txt")];
        let jobs = HashSet::from(["a".to_owned(), "b".to_owned()]);
        let search = Search { query: query.into(), state: "finished".into(), ..Search::default() };
        let found = search.find(rows, &jobs).ok();
        let ids = found.map(|rows| rows.into_iter().map(|row| row.id).collect::<Vec<_>>());
        assert_eq!(ids, expected.map(|ids| ids.iter().map(|id| (*id).to_owned()).collect()), "{query}");
    }

    #[test]
    fn queries_find_paths() {
        check("*.txt", Some(&["b-y.txt"]));
        check("**/*.txt", Some(&["a-dir/x.txt", "b-y.txt", "b-win\\z.txt"]));
        check("dir/*", Some(&["a-dir/x.txt"]));
        check("win/z.txt", Some(&["b-win\\z.txt"]));
        check("{dir,win}/?.txt", Some(&["a-dir/x.txt", "b-win\\z.txt"]));
        check("none", Some(&[]));
        check("y.txt", None);
    }
}
