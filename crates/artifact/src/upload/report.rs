//! What the server is told of each artifact: that it is finished, or that it isn't (docs/spec/artifacts.md §5.3).

use std::time::Instant;

use redkite_api::calls::artifact::update;
use redkite_api::wire::{ArtifactState, ArtifactStates, ArtifactUpdate, PartEtag};

use super::workers::Ended;
use super::{Etags, Figures, Pending, Uploader};

/// The states of a batch.
pub(super) struct Report<'a> {
    artifacts: Vec<Progress<'a>>,
    errors: Vec<String>,
}

struct Progress<'a> {
    pending: &'a Pending<'a>,
    /// Units that have not ended.
    left: usize,
    etags: Etags,
    state: Option<ArtifactState>,
    told: bool,
}

impl<'a> Report<'a> {
    pub(super) fn new(pending: &'a [Pending<'a>]) -> Self {
        let progress = |pending: &'a Pending<'a>| Progress {
            pending,
            left: pending.units.len(),
            etags: Etags::new(),
            state: None,
            told: false,
        };
        Self { artifacts: pending.iter().map(progress).collect(), errors: Vec::new() }
    }

    /// An artifact is finished when all its units are, and in error when one of them is.
    pub(super) fn note(&mut self, ended: Ended) {
        let progress = &mut self.artifacts[ended.artifact];
        match ended.result {
            Ok(etag) => {
                progress.etags.extend(etag.map(|PartEtag { part_number, etag }| (part_number, etag)));
                progress.left -= 1;
                if progress.left == 0 && progress.state.is_none() {
                    progress.state = Some(ArtifactState::Finished);
                }
            }
            Err(error) => {
                progress.state = Some(ArtifactState::Error);
                self.errors.push(error.to_string());
            }
        }
    }

    /// Tells the server what it hasn't been told. If that fails, it is tried again with the next report.
    pub(super) fn send(&mut self, uploader: &Uploader<'_>, figures: &mut Figures) {
        let news: Vec<_> =
            (0..self.artifacts.len()).filter(|&index| self.artifacts[index].is_news()).collect();
        if news.is_empty() {
            return;
        }
        let states = news.iter().filter_map(|&index| self.artifacts[index].update()).collect();
        let started = Instant::now();
        let told = uploader.client.call(&update(&uploader.upload.job, &ArtifactStates { artifacts: states }));
        figures.state_update += started.elapsed();
        figures.state_updates += 1;
        match told {
            Ok(()) => news.into_iter().for_each(|index| self.artifacts[index].told = true),
            Err(error) => {
                tracing::error!("Error updating artifact states: {error}");
                self.errors.push(error.to_string());
            }
        }
    }

    pub(super) fn into_errors(self) -> Vec<String> {
        self.errors
    }
}

impl Progress<'_> {
    fn is_news(&self) -> bool {
        self.state.is_some() && !self.told
    }

    fn update(&self) -> Option<ArtifactUpdate> {
        let etag = |(number, etag): (&i64, &String)| PartEtag { part_number: *number, etag: etag.clone() };
        Some(ArtifactUpdate {
            id: self.pending.id.clone(),
            state: self.state?,
            multipart: self.pending.units.len() > 1,
            multipart_etags: self.etags.iter().map(etag).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::collect::Found;
    use crate::store::{StoreError, Unit};

    fn found() -> Found {
        let (sha1, sha256) = (String::new(), String::new());
        let content_type = String::new();
        Found { path: "a".to_owned(), absolute: PathBuf::from("/a"), size: 1, sha1, sha256, content_type }
    }

    fn ended(result: Result<Option<(i64, &str)>, &str>) -> Ended {
        let etag = |(part_number, etag): (i64, &str)| PartEtag { part_number, etag: etag.to_owned() };
        let result = result.map(|tag| tag.map(etag)).map_err(|error| StoreError::Refused(error.to_owned()));
        Ended { artifact: 0, result }
    }

    /// What is reported of an artifact of so many units after these have ended.
    fn check(units: usize, ends: Vec<Ended>, expected: Option<&str>) {
        let found = found();
        let pending = [Pending { id: "1".into(), found: &found, units: vec![Unit::Whole; units] }];
        let mut report = Report::new(&pending);
        ends.into_iter().for_each(|end| report.note(end));
        let update = report.artifacts[0].is_news().then(|| report.artifacts[0].update()).flatten();
        let update = update.map(|update| serde_json::to_string(&update).expect("an update is JSON"));
        assert_eq!(update.as_deref(), expected);
    }

    #[test]
    fn an_artifact_is_reported_once_all_or_one_of_its_units_decide() {
        check(1, vec![], None);
        check(1, vec![ended(Ok(None))], Some(r#"{"id":"1","state":"finished"}"#));
        check(2, vec![ended(Ok(Some((2, "b"))))], None);
        check(
            2,
            vec![ended(Ok(Some((2, "b")))), ended(Ok(Some((1, "a"))))],
            Some(
                r#"{"id":"1","state":"finished","multipart":true,"multipart_etags":[{"part_number":1,"etag":"a"},{"part_number":2,"etag":"b"}]}"#,
            ),
        );
        check(
            1,
            vec![ended(Ok(Some((1, "a"))))],
            Some(r#"{"id":"1","state":"finished","multipart_etags":[{"part_number":1,"etag":"a"}]}"#),
        );
        check(2, vec![ended(Err("no"))], Some(r#"{"id":"1","state":"error","multipart":true}"#));
    }
}
