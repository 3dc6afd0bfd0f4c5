//! Other places a job's output goes to besides the control plane (spec/agent.md §17.5, §17.6).

use crate::settings::StdoutCopy;
use redkite_api::wire::Job;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Copies of one job's log; dropping them removes the file.
#[derive(Debug)]
pub(crate) struct Copies {
    stdout: StdoutCopy,
    fields: JobFields,
    file: Option<TmpFile>,
}

#[derive(Debug)]
struct TmpFile {
    path: PathBuf,
    file: File,
}

/// The copy that a job can read could not be made.
#[derive(Debug, thiserror::Error)]
#[error("creating a file for the job's log in {folder}: {source}")]
pub(crate) struct CopyError {
    folder: PathBuf,
    source: io::Error,
}

/// What says whose output a JSON line is.
#[derive(Clone, Debug, Default)]
pub(crate) struct JobFields(Vec<(&'static str, String)>);

impl JobFields {
    /// Those of a job.
    pub(crate) fn of(job: &Job) -> Self {
        let variable = |name| job.env.get(name).cloned().unwrap_or_default();
        let url = format!("{}#{}", variable("BUILDKITE_BUILD_URL"), job.id);
        let mut fields = vec![
            ("source", "job".to_owned()),
            ("org", variable("BUILDKITE_ORGANIZATION_SLUG")),
            ("pipeline", variable("BUILDKITE_PIPELINE_SLUG")),
            ("branch", variable("BUILDKITE_BRANCH")),
            ("queue", variable("BUILDKITE_AGENT_META_DATA_QUEUE")),
            ("build_id", variable("BUILDKITE_BUILD_ID")),
            ("build_number", variable("BUILDKITE_BUILD_NUMBER")),
            ("job_url", url),
            ("build_url", variable("BUILDKITE_BUILD_URL")),
            ("job_id", job.id.to_string()),
            ("step_key", variable("BUILDKITE_STEP_KEY")),
        ];
        if let [_, trace, span, _, ..] = job.traceparent.split('-').collect::<Vec<_>>()[..] {
            fields.push(("trace_id", trace.to_owned()));
            fields.push(("span_id", span.to_owned()));
        }
        Self(fields)
    }
}

impl Copies {
    /// Copies as the settings want them; `folder` is where a file is made, if one is wanted.
    pub(crate) fn new(
        stdout: StdoutCopy,
        fields: JobFields,
        folder: Option<&Path>,
    ) -> Result<Self, CopyError> {
        let file = folder.map(TmpFile::create).transpose()?;
        Ok(Self { stdout, fields, file })
    }

    /// Nothing beside what the server gets.
    pub(crate) fn none(fields: JobFields) -> Self {
        Self { stdout: StdoutCopy::Off, fields, file: None }
    }

    /// The file, for the job to know.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.file.as_ref().map(|file| file.path.as_path())
    }

    /// Output as the process wrote it. Blocks when nobody reads our standard output; a copy that can't be written must not disturb the job.
    pub(crate) fn raw(&self, bytes: &[u8]) {
        if self.stdout == StdoutCopy::Off {
            return;
        }
        let mut out = io::stdout().lock();
        let _ = match self.stdout {
            StdoutCopy::Off => Ok(()),
            StdoutCopy::Raw => out.write_all(bytes).and_then(|()| out.flush()),
            StdoutCopy::Json => writeln!(out, "{}", self.json_line(bytes)),
        };
    }

    /// Output as it is uploaded.
    pub(crate) fn stamped(&self, bytes: &[u8]) {
        if let Some(file) = &self.file {
            let _ = (&file.file).write_all(bytes);
        }
    }

    fn json_line(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes);
        let mut members = serde_json::Map::new();
        let now = jiff::Zoned::now().strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
        members.insert("ts".to_owned(), now.into());
        members.insert("level".to_owned(), "INFO".into());
        members.insert("msg".to_owned(), text.trim_end_matches(['\r', '\n']).into());
        for (name, value) in &self.fields.0 {
            members.insert((*name).to_owned(), value.as_str().into());
        }
        let line = serde_json::Value::Object(members).to_string();
        line.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
    }
}

impl TmpFile {
    fn create(folder: &Path) -> Result<Self, CopyError> {
        let path = folder.join(format!("buildkite_job_log{}", crate::random::below(u64::from(u32::MAX))));
        let file = readable(&path).map_err(|source| CopyError { folder: folder.to_owned(), source })?;
        Ok(Self { path, file })
    }
}

/// A new file that jobs of any user can read.
fn readable(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    crate::os::private(options.write(true).create_new(true));
    let file = options.open(path)?;
    crate::os::readable_by_all(&file)?;
    Ok(file)
}

impl Drop for TmpFile {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!("Couldn't remove {}: {error}", self.path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_line_names_the_job() {
        let job = Job { id: "J".into(), traceparent: "00-t-s-01".into(), ..Job::default() };
        let copies = Copies::new(StdoutCopy::Json, JobFields::of(&job), None).unwrap();
        let line = copies.json_line(b"a <b>\r\n");
        assert!(line.contains(r#""msg":"a \u003cb\u003e""#), "{line}");
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&value["job_id"], &value["span_id"]), (&"J".into(), &"s".into()));
    }

    #[test]
    fn the_file_has_what_is_uploaded_and_goes_away() {
        let folder = tempfile::tempdir().unwrap();
        let copies = Copies::new(StdoutCopy::Off, JobFields::default(), Some(folder.path())).unwrap();
        copies.raw(b"raw");
        copies.stamped(b"stamped");
        let path = copies.path().unwrap().to_owned();
        assert_eq!(std::fs::read(&path).unwrap(), b"stamped");
        drop(copies);
        assert!(!path.exists());
    }
}
