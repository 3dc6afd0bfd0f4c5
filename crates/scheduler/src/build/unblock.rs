//! Submitting block and input steps (spec/control-plane.md §3.5).

use indexmap::IndexMap;

use super::changes::Effect;
use super::event::Answer;
use super::job::Unblocking;
use super::refused::Refused;
use super::rollup;
use super::work::Work;
use crate::definition::{Field, FieldKind, Kind, Manual, SelectOption, whole_match};
use crate::facts::Person;
use crate::ids::JobId;
use crate::state::{JobKind, JobState};

pub(super) fn unblocked(
    work: &mut Work<'_>,
    id: JobId,
    by: Option<Person>,
    answers: &IndexMap<String, Answer>,
) -> Result<(), Refused> {
    let job = work.job(id)?;
    if job.state != JobState::Blocked || job.kind != JobKind::Manual {
        return Err(Refused::WrongState { job: id, state: job.state, action: "unblocked" });
    }
    let kind = work.build().step(job.step).map(|step| &step.definition.kind);
    let meta_data = match kind {
        Some(Kind::Manual(manual)) => meta_data(manual, answers)?,
        _ => IndexMap::new(),
    };
    work.job_mut(id).unblocked = Some(Unblocking { by: by.clone(), meta_data: meta_data.clone() });
    work.move_job(id, JobState::Unblocked);
    if by.is_some() {
        work.head_mut().unblocker = by;
    }
    if !meta_data.is_empty() {
        work.effect(Effect::SetMetaData(meta_data));
    }
    rollup::under_way(work);
    Ok(())
}

/// What the answers write, one entry per field of the step; keys that no field has are ignored.
fn meta_data(
    manual: &Manual,
    answers: &IndexMap<String, Answer>,
) -> Result<IndexMap<String, String>, Refused> {
    manual
        .fields
        .iter()
        .map(|field| Ok((field.key.clone(), value(field, answers.get(&field.key))?)))
        .collect()
}

fn value(field: &Field, answer: Option<&Answer>) -> Result<String, Refused> {
    let refused = |problem| Err(Refused::Field { key: field.key.clone(), problem });
    let text = match &field.kind {
        FieldKind::Text { format, .. } => {
            let text = match answer {
                None => String::new(),
                Some(Answer::One(text)) => text.replace("\r\n", "\n").replace('\r', "\n"),
                Some(Answer::Many(_)) => return refused("takes one answer"),
            };
            if !text.is_empty() && !matches_format(format.as_deref(), &text) {
                return refused("doesn't have the format it asks for");
            }
            text
        }
        FieldKind::Select { options, multiple, .. } => match chosen(options, *multiple, answer) {
            Ok(text) => text,
            Err(problem) => return refused(problem),
        },
    };
    if field.required && text.is_empty() { refused("needs an answer") } else { Ok(text) }
}

fn matches_format(format: Option<&str>, text: &str) -> bool {
    let pattern = format.and_then(whole_match);
    pattern.is_none_or(|pattern| pattern.is_match(text).unwrap_or(false))
}

/// The chosen values in the order of the options, one a line.
fn chosen(options: &[SelectOption], multiple: bool, answer: Option<&Answer>) -> Result<String, &'static str> {
    let wanted: &[String] = match answer {
        None => &[],
        Some(Answer::One(text)) if text.is_empty() => &[],
        Some(Answer::One(text)) => std::slice::from_ref(text),
        Some(Answer::Many(texts)) => texts,
    };
    if wanted.len() > 1 && !multiple {
        return Err("takes one answer");
    }
    if !wanted.iter().all(|text| options.iter().any(|option| option.value == *text)) {
        return Err("has an answer that is not one of its options");
    }
    let values = options.iter().map(|option| option.value.as_str());
    Ok(values.filter(|value| wanted.iter().any(|text| text == value)).collect::<Vec<_>>().join("\n"))
}
