//! The recorded uploads of `conformance/pipeline-cases.json`, as far as they are about pipelines: parsed,
//! interpolated, searched, and written as the command does.

use std::collections::BTreeMap;

use redkite_pipeline::{
    ChangedFiles, Form, Precedence, Variables, YamlIndent, apply_if_changed, documents, exposed_secrets,
    interpolate_pipeline, to_json, to_yaml,
};
use redkite_redact::{NameCase, NamePatterns};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    args: Vec<String>,
    env: BTreeMap<String, String>,
    #[serde(default)]
    files: BTreeMap<String, String>,
    stdin: Option<String>,
    exit: i32,
    stdout_json: Option<serde_json::Value>,
    stdout_text: Option<String>,
}

/// The options that concern pipelines.
#[derive(Default)]
struct Options {
    yaml: bool,
    no_interpolation: bool,
    reject_secrets: bool,
    reject_warnings: bool,
    prefer_runtime: bool,
    redacted: Option<String>,
    changed_files: Option<String>,
    if_changed_off: bool,
    files: Vec<String>,
}

impl Options {
    /// `None` if the case is about something else.
    fn of(case: &Case) -> Option<Self> {
        let mut options = Self::default();
        let mut args = case.args.strip_prefix(&["pipeline".to_owned(), "upload".to_owned()])?.iter();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--dry-run=true" | "--dry-run" => {}
                "--format" => {
                    options.yaml =
                        args.next().filter(|form| ["json", "yaml"].contains(&form.as_str()))? == "yaml"
                }
                "--no-interpolation" => options.no_interpolation = true,
                "--reject-secrets" => options.reject_secrets = true,
                "--reject-parse-warnings" => options.reject_warnings = true,
                "--experiment" => {
                    options.prefer_runtime = args.next()? == "interpolation-prefers-runtime-env"
                }
                "--redacted-vars" => options.redacted = args.next().cloned(),
                "--changed-files-path" => options.changed_files = args.next().cloned(),
                "--apply-if-changed=false" => options.if_changed_off = true,
                file if !file.starts_with('-') => options.files.push(file.to_owned()),
                _ => return None,
            }
        }
        for (name, value) in &case.env {
            match name.as_str() {
                "BUILDKITE_AGENT_EXPERIMENT" => {
                    options.prefer_runtime = value == "interpolation-prefers-runtime-env"
                }
                "BUILDKITE_PIPELINE_NO_INTERPOLATION" => options.no_interpolation = value == "true",
                "BUILDKITE_REDACTED_VARS" => options.redacted = Some(value.clone()),
                "BUILDKITE_PIPELINE_UPLOAD_DRY_RUN_FORMAT" => options.yaml = value == "yaml",
                "BUILDKITE_AGENT_ACCESS_TOKEN" => {}
                "BUILDKITE_TRACE_CONTEXT" => return None,
                name if name.contains("JWKS") || name.contains("CHANGED") => return None,
                "BUILDKITE_AGENT_PIPELINE_UPLOAD_REJECT_SECRETS" => options.reject_secrets = true,
                _ => {}
            }
        }
        Some(options)
    }
}

/// What is printed, and whether all went well.
fn upload(case: &Case, options: &Options) -> Option<(String, bool)> {
    let inputs: Vec<&str> = match options.files.as_slice() {
        [] => vec![case.stdin.as_deref()?],
        names => names.iter().map(|name| case.files.get(name).map(String::as_str)).collect::<Option<_>>()?,
    };
    if inputs.iter().any(|input| input.is_empty()) {
        return None;
    }
    let mut variables = Variables::new(case.env.clone(), NameCase::Exact);
    let patterns = match &options.redacted {
        Some(list) => NamePatterns::comma_separated(list, NameCase::Exact),
        None => NamePatterns::defaults(),
    };
    let mut files = if options.if_changed_off { ChangedFiles::Off } else { ChangedFiles::NotAsked };
    let mut out = String::new();
    for input in inputs {
        for document in documents(input.as_bytes()) {
            let Ok(parsed) = document else { return Some((out, false)) };
            let mut pipeline = parsed.pipeline;
            let precedence = if options.prefer_runtime { Precedence::Runtime } else { Precedence::Pipeline };
            if !options.no_interpolation
                && interpolate_pipeline(&mut pipeline, &mut variables, precedence).is_err()
            {
                return Some((out, false));
            }
            if options.reject_warnings && parsed.warning.is_some() {
                return Some((out, false));
            }
            match exposed_secrets(&pipeline, &variables, &patterns) {
                _ if patterns.is_empty() => {}
                Ok(exposed) if exposed.names.is_empty() || !options.reject_secrets => {}
                _ => return Some((out, false)),
            }
            apply_if_changed(&mut pipeline, &mut files, "~", || {
                let list = case.files.get(options.changed_files.as_ref()?)?;
                Some(list.split('\n').filter(|line| !line.trim().is_empty()).map(str::to_owned).collect())
            });
            let text =
                if options.yaml { Ok(to_yaml(&pipeline, YamlIndent::Four)) } else { to_json(&pipeline) };
            let Ok(text) = text else { return Some((out, false)) };
            if options.yaml && !out.is_empty() {
                out.push_str("---\n");
            }
            out.push_str(&text);
        }
    }
    Some((out, true))
}

fn is_as_recorded(case: &Case, out: &str, well: bool) -> bool {
    let same = match (&case.stdout_text, &case.stdout_json) {
        (Some(text), _) => out == text,
        // Key order counts: values keep it, and so do their texts.
        (None, Some(value)) => serde_json::from_str(out).is_ok_and(|out: serde_json::Value| {
            let texts = [out.to_string(), value.to_string()];
            texts[0] == texts[1]
        }),
        (None, None) => out.is_empty(),
    };
    same && well == (case.exit == 0)
}

#[test]
fn recorded_cases() {
    let cases: Vec<Case> =
        serde_json::from_str(include_str!("../../../conformance/pipeline-cases.json")).unwrap();
    let (mut run, mut wrong) = (0, Vec::new());
    for case in &cases {
        let Some(options) = Options::of(case) else { continue };
        let Some((out, well)) = upload(case, &options) else { continue };
        run += 1;
        // These are about what the command needs besides a pipeline.
        if ["input/missing-token", "input/empty-token", "input/upload-needs-job"]
            .contains(&case.name.as_str())
        {
            continue;
        }
        if !is_as_recorded(case, &out, well) {
            wrong.push(format!("{}: exit {}\n{out}", case.name, i32::from(!well)));
        }
    }
    assert!(wrong.is_empty(), "{} of {run} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(run > 300, "only {run} cases were run");
}

#[test]
fn json_reads_back_as_the_same_pipeline() {
    let text =
        "{steps: [{command: [a, b], plugins: [{x#v1: {b: 1, a: 2}}], env: {B: 1, A: 2}}], env: {Z: 1, A: 2}}";
    let first = documents(text.as_bytes()).next().unwrap().unwrap().pipeline;
    let json = to_json(&first).unwrap();
    let again = documents(json.as_bytes()).next().unwrap().unwrap().pipeline;
    assert_eq!(again.to_value(Form::Json), {
        // Sources are in full already, and are not expanded a second time when they have three segments.
        first.to_value(Form::Json)
    });
}
