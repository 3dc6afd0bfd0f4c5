//! Annotations (control-plane.md §15.1).

use redkite_api::wire::{Annotation, AnnotationScope};
use redkite_scheduler::{BuildId, JobId};
use uuid::Uuid;

use super::{Change, Context, Failure, Refusal, Wrong};
use crate::plane::Event;
use crate::store::{AnnotationRow, AnnotationsTable};

/// Largest body in bytes, after appending too.
const MAX_BODY: usize = 1 << 20;
/// Longest context, in characters.
const MAX_CONTEXT: usize = 100;
/// The context of annotations that name none.
const DEFAULT_CONTEXT: &str = "default";
const DEFAULT_PRIORITY: i64 = 3;
const STYLES: [&str; 5] = ["default", "success", "info", "warning", "error"];

/// Makes or changes an annotation.
pub(crate) struct SetAnnotation {
    /// The build.
    pub build: BuildId,
    /// The job that annotates.
    pub job: JobId,
    /// What.
    pub annotation: Annotation,
}

impl Change for SetAnnotation {
    type Reply = ();

    async fn apply(&self, cx: &mut Context<'_>) -> Result<(), Failure> {
        self.check()?;
        cx.require_build(self.build).await?;
        let scope = self.annotation.scope.unwrap_or_default();
        let owner = owner(scope, self.build, self.job);
        let context = context(&self.annotation.context);
        let existing = AnnotationsTable::find(cx.db().await?, scope.as_str(), &owner, context).await?;
        let now = cx.now.as_millis();
        let row = self.row(existing, &owner, now)?;
        AnnotationsTable::save(cx.db().await?, &row).await?;
        cx.announce(Event::Annotation { build: self.build });
        Ok(())
    }
}

impl SetAnnotation {
    fn check(&self) -> Result<(), Refusal> {
        let Annotation { style, priority, context, .. } = &self.annotation;
        if !style.is_empty() && !STYLES.contains(&style.as_str()) {
            return Err(wrong(format!("The annotation style `{style}` is not one of {}", STYLES.join(", "))));
        }
        if !(0..=10).contains(priority) {
            return Err(wrong(format!("The annotation priority {priority} is not between 1 and 10")));
        }
        if context.chars().count() > MAX_CONTEXT {
            return Err(wrong(format!("The annotation context is longer than {MAX_CONTEXT} characters")));
        }
        Ok(())
    }

    fn row(&self, existing: Option<AnnotationRow>, owner: &str, now: i64) -> Result<AnnotationRow, Refusal> {
        let given = &self.annotation;
        let is_new = existing.is_none();
        let mut row = existing.unwrap_or_else(|| self.new_row(owner, now));
        if given.append {
            row.body.push_str(&given.body);
        } else if !given.body.is_empty() {
            row.body.clone_from(&given.body);
        }
        if row.body.is_empty() && is_new {
            return Err(wrong("The annotation has no body".into()));
        }
        if row.body.len() > MAX_BODY {
            return Err(wrong(format!("The annotation body is larger than {MAX_BODY} bytes")));
        }
        if !given.style.is_empty() {
            row.style = (given.style != "default").then(|| given.style.clone());
        }
        if given.priority != 0 {
            row.priority = given.priority;
        }
        row.updated_at = now;
        Ok(row)
    }

    fn new_row(&self, owner: &str, now: i64) -> AnnotationRow {
        AnnotationRow {
            id: Uuid::now_v7().to_string(),
            build: self.build.to_string(),
            job: self.job.to_string(),
            scope: self.annotation.scope.unwrap_or_default().as_str().to_owned(),
            owner: owner.to_owned(),
            context: context(&self.annotation.context).to_owned(),
            style: None,
            priority: DEFAULT_PRIORITY,
            body: String::new(),
            created_at: now,
            updated_at: now,
        }
    }
}

/// Removes an annotation.
pub(crate) struct RemoveAnnotation {
    /// The build.
    pub build: BuildId,
    /// The job that removes it.
    pub job: JobId,
    /// Of a build or of a job.
    pub scope: AnnotationScope,
    /// Its name.
    pub context: String,
}

impl Change for RemoveAnnotation {
    type Reply = ();

    async fn apply(&self, cx: &mut Context<'_>) -> Result<(), Failure> {
        let owner = owner(self.scope, self.build, self.job);
        let context = context(&self.context);
        if !AnnotationsTable::delete(cx.db().await?, self.scope.as_str(), &owner, context).await? {
            return Err(Wrong::NotFound
                .because(format_args!("No annotation with the context `{context}`"))
                .into());
        }
        cx.announce(Event::Annotation { build: self.build });
        Ok(())
    }
}

fn owner(scope: AnnotationScope, build: BuildId, job: JobId) -> String {
    match scope {
        AnnotationScope::Build => build.to_string(),
        AnnotationScope::Job => job.to_string(),
    }
}

fn context(given: &str) -> &str {
    if given.is_empty() { DEFAULT_CONTEXT } else { given }
}

fn wrong(message: String) -> Refusal {
    Wrong::Unprocessable.because(message)
}
