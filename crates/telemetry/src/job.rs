//! What traces and log records say of the job (spec/job.md §18.1, §19).

use opentelemetry::KeyValue;

use crate::Variables;

/// Attributes, the variable that each comes from, and what it is when that one is empty.
const ATTRIBUTES: [(&str, &str, &str); 15] = [
    ("buildkite.agent", "BUILDKITE_AGENT_NAME", ""),
    ("buildkite.queue", "BUILDKITE_AGENT_META_DATA_QUEUE", ""),
    ("buildkite.org", "BUILDKITE_ORGANIZATION_SLUG", ""),
    ("buildkite.pipeline", "BUILDKITE_PIPELINE_SLUG", ""),
    ("buildkite.branch", "BUILDKITE_BRANCH", ""),
    ("buildkite.job_label", "BUILDKITE_LABEL", MISSING),
    ("buildkite.job_key", "BUILDKITE_STEP_KEY", MISSING),
    ("buildkite.job_id", "BUILDKITE_JOB_ID", ""),
    ("buildkite.build_id", "BUILDKITE_BUILD_ID", ""),
    ("buildkite.build_number", "BUILDKITE_BUILD_NUMBER", ""),
    ("buildkite.build_url", "BUILDKITE_BUILD_URL", ""),
    ("buildkite.source", "BUILDKITE_SOURCE", ""),
    ("buildkite.rebuilt_from_id", "BUILDKITE_REBUILT_FROM_BUILD_NUMBER", MISSING),
    ("buildkite.triggered_from_id", "BUILDKITE_TRIGGERED_FROM_BUILD_ID", MISSING),
    ("buildkite.job_url", "", ""),
];

/// What stands for an empty value where the reference says something.
const MISSING: &str = "n/a";

/// Attributes that are numbers.
const NUMBERS: [(&str, &str); 2] =
    [("buildkite.retry", "BUILDKITE_RETRY_COUNT"), ("buildkite.parallel", "BUILDKITE_PARALLEL_JOB")];

/// Attributes of log records, and the variables that they come from.
const RECORD: [(&str, &str); 11] = [
    ("buildkite.organization.slug", "BUILDKITE_ORGANIZATION_SLUG"),
    ("buildkite.pipeline.slug", "BUILDKITE_PIPELINE_SLUG"),
    ("buildkite.branch", "BUILDKITE_BRANCH"),
    ("buildkite.queue", "BUILDKITE_AGENT_META_DATA_QUEUE"),
    ("buildkite.agent", "BUILDKITE_AGENT_NAME"),
    ("buildkite.agent.id", "BUILDKITE_AGENT_ID"),
    ("buildkite.build.id", "BUILDKITE_BUILD_ID"),
    ("buildkite.build.number", "BUILDKITE_BUILD_NUMBER"),
    ("buildkite.job.id", "BUILDKITE_JOB_ID"),
    ("buildkite.job.label", "BUILDKITE_LABEL"),
    ("buildkite.job.key", "BUILDKITE_STEP_KEY"),
];

const META_DATA: &str = "BUILDKITE_AGENT_META_DATA_";

/// The job's attributes. `names` are all variables that there are.
pub(crate) fn attributes(variables: Variables<'_>, names: &[String], version: &str) -> Vec<KeyValue> {
    let value = |name: &str| variables(name).unwrap_or_default();
    let url = || format!("{}#{}", value("BUILDKITE_BUILD_URL"), value("BUILDKITE_JOB_ID"));
    let text = |(key, variable, otherwise): (&'static str, &str, &str)| {
        let value = if variable.is_empty() { url() } else { value(variable) };
        KeyValue::new(key, if value.is_empty() { otherwise.to_owned() } else { value })
    };
    let number = |(key, variable): (&'static str, &str)| {
        KeyValue::new(key, value(variable).parse::<i64>().unwrap_or(0))
    };
    let meta_data = names.iter().filter_map(|name| {
        let key = name.strip_prefix(META_DATA)?.to_lowercase();
        Some(KeyValue::new(format!("buildkite.agent.metadata.{key}"), value(name)))
    });
    let mut attributes = vec![KeyValue::new("buildkite.version", version.to_owned())];
    attributes.extend(ATTRIBUTES.into_iter().map(text));
    attributes.extend(NUMBERS.into_iter().map(number));
    attributes.extend(meta_data);
    attributes
}

/// The attributes of each of the job's log records.
pub(crate) fn record_attributes(variables: Variables<'_>) -> Vec<KeyValue> {
    let of =
        |(key, variable): (&'static str, &str)| KeyValue::new(key, variables(variable).unwrap_or_default());
    let mut attributes = vec![KeyValue::new("source", "job")];
    attributes.extend(RECORD.into_iter().map(of));
    attributes
}

/// `<org>/<pipeline>/<key, label or "job">`: what a job's trace is called.
pub(crate) fn trace_name(variables: Variables<'_>, last: &[&str]) -> String {
    let value = |name: &str| variables(name).unwrap_or_default();
    let last = last.iter().map(|name| value(name)).find(|value| !value.is_empty());
    let (organization, pipeline) = (value("BUILDKITE_ORGANIZATION_SLUG"), value("BUILDKITE_PIPELINE_SLUG"));
    format!("{organization}/{pipeline}/{}", last.as_deref().unwrap_or("job"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(entries: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        |name| entries.iter().find(|(entry, _)| *entry == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn a_job_s_attributes() {
        let variables = get(&[
            ("BUILDKITE_BUILD_URL", "https://x/7"),
            ("BUILDKITE_JOB_ID", "j"),
            ("BUILDKITE_LABEL", "L"),
            ("BUILDKITE_RETRY_COUNT", "2"),
            ("BUILDKITE_PARALLEL_JOB", "x"),
            ("BUILDKITE_AGENT_META_DATA_MY_TAG", "t"),
        ]);
        let attributes = attributes(&variables, &["BUILDKITE_AGENT_META_DATA_MY_TAG".into()], "1.0");
        let check = |key: &'static str, value: opentelemetry::Value| {
            assert!(attributes.contains(&KeyValue::new(key, value)), "{key} of {attributes:?}");
        };
        check("buildkite.version", "1.0".into());
        check("buildkite.job_url", "https://x/7#j".into());
        check("buildkite.job_label", "L".into());
        check("buildkite.job_key", "n/a".into());
        check("buildkite.agent", "".into());
        check("buildkite.retry", 2.into());
        check("buildkite.parallel", 0.into());
        check("buildkite.agent.metadata.my_tag", "t".into());
    }

    #[test]
    fn a_trace_s_name() {
        let keys = &["BUILDKITE_STEP_KEY", "BUILDKITE_LABEL"];
        let check = |variables: Variables<'_>, name| assert_eq!(trace_name(variables, keys), name);
        check(&get(&[("BUILDKITE_ORGANIZATION_SLUG", "o"), ("BUILDKITE_PIPELINE_SLUG", "p")]), "o/p/job");
        check(&get(&[("BUILDKITE_STEP_KEY", ""), ("BUILDKITE_LABEL", "L")]), "//L");
        check(&get(&[("BUILDKITE_STEP_KEY", "k"), ("BUILDKITE_LABEL", "L")]), "//k");
    }
}
