//! The recorded cases of `conformance/redaction-cases.json`.

use redkite_redact::Redactor;
use serde::Deserialize;

#[derive(Deserialize)]
struct Recorded {
    cases: Vec<Case>,
    dynamic_cases: Vec<DynamicCase>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    secrets: Vec<String>,
    chunks: Vec<String>,
    #[serde(default)]
    byte_at_a_time: bool,
    expected: String,
}

#[derive(Deserialize)]
struct DynamicCase {
    name: String,
    secrets: Vec<String>,
    steps: Vec<Step>,
    expected: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Step {
    Write(String),
    Add(Vec<String>),
    Flush(serde::de::IgnoredAny),
    Check(String),
}

fn recorded() -> Recorded {
    let text = include_str!("../../../conformance/redaction-cases.json");
    serde_json::from_str(text).expect("the recorded cases are valid")
}

#[test]
fn recorded_cases() {
    for case in recorded().cases {
        let mut redactor = Redactor::with_secrets(&case.secrets);
        let mut out = Vec::new();
        for chunk in &case.chunks {
            let size = if case.byte_at_a_time { 1 } else { chunk.len().max(1) };
            for piece in chunk.as_bytes().chunks(size) {
                redactor.write(piece, |part| out.extend_from_slice(part));
            }
        }
        redactor.flush(|part| out.extend_from_slice(part));
        assert_eq!(String::from_utf8_lossy(&out), case.expected, "{}", case.name);
    }
}

#[test]
fn recorded_dynamic_cases() {
    for case in recorded().dynamic_cases {
        let mut redactor = Redactor::with_secrets(&case.secrets);
        let mut out = Vec::new();
        for step in &case.steps {
            match step {
                Step::Write(text) => redactor.write(text.as_bytes(), |part| out.extend_from_slice(part)),
                Step::Add(values) => values.iter().for_each(|value| redactor.add(value.as_bytes())),
                Step::Flush(_) => redactor.flush(|part| out.extend_from_slice(part)),
                Step::Check(text) => assert_eq!(String::from_utf8_lossy(&out), *text, "{}", case.name),
            }
        }
        redactor.flush(|part| out.extend_from_slice(part));
        assert_eq!(String::from_utf8_lossy(&out), case.expected, "{}", case.name);
    }
}
