//! Signatures made with new keys are verified; whatever differs is noticed (docs/spec/pipeline.md §14, §16.3).

use std::collections::BTreeMap;

use redkite_pipeline::sign::{
    JobFacts, KeyAlgorithm, KeyPair, KeySet, MatrixPermutation, VerifyError, generate, sign_pipeline,
    verify_job,
};
use redkite_pipeline::{CommandStep, Step, parse};

const REPOSITORY: &str = "git@github.com:o/r.git";

/// A job as an agent receives it.
#[derive(Clone, Default)]
struct Job {
    variables: BTreeMap<String, String>,
    permutation: MatrixPermutation,
}

impl Job {
    fn new(variables: &[(&str, &str)]) -> Self {
        let own = [("BUILDKITE_REPO", REPOSITORY)];
        let all = own.iter().chain(variables).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self { variables: all.collect(), permutation: MatrixPermutation::new() }
    }

    fn with(&self, name: &str, value: &str) -> Self {
        let mut changed = self.clone();
        changed.variables.insert(name.to_owned(), value.to_owned());
        changed
    }

    fn at(&self, permutation: &[(&str, &str)]) -> Self {
        let permutation = permutation.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self { permutation: permutation.collect(), ..self.clone() }
    }
}

impl JobFacts for Job {
    fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    fn matrix_permutation(&self) -> &MatrixPermutation {
        &self.permutation
    }
}

fn keys(text: &str) -> KeySet {
    KeySet::parse(text.as_bytes()).expect("it is a key set")
}

/// The only step of the pipeline, signed; and what was signed.
fn signed(pipeline: &str, pair: &KeyPair) -> (CommandStep, String) {
    let mut pipeline = parse(pipeline.as_bytes()).expect("it is a pipeline").pipeline;
    let key = keys(&pair.private).signing_key("").expect("there is one key");
    let mut payload = String::new();
    sign_pipeline(&mut pipeline, &key, REPOSITORY, |text| payload.push_str(text)).expect("it can be signed");
    match pipeline.steps.into_iter().next() {
        Some(Step::Command(step)) => (*step, payload),
        other => panic!("{other:?} is no command step"),
    }
}

fn key(algorithm: KeyAlgorithm) -> KeyPair {
    generate(algorithm, "k1").expect("there are random numbers")
}

#[test]
fn every_algorithm_signs_and_verifies() {
    for algorithm in KeyAlgorithm::ALL {
        let pair = key(algorithm);
        let (step, _) = signed("steps: [{command: hi}]", &pair);
        let job = Job::new(&[("BUILDKITE_COMMAND", "hi")]);
        assert_eq!(verify_job(&step, &job, &keys(&pair.public)), Ok(()), "{algorithm:?}");
        let other = generate(algorithm, "k1").expect("there are random numbers");
        let refused = verify_job(&step, &job, &keys(&other.public));
        assert_eq!(refused, Err(VerifyError::WrongSignature), "{algorithm:?}");
        assert!(!pair.public.contains("\"d\""), "{algorithm:?}");
    }
}

#[test]
fn the_payload_is_that_of_the_specification() {
    let (step, payload) =
        signed("{env: {PIPE: pv, SHARED: p}, steps: [{command: hi}]}", &key(KeyAlgorithm::EdDsa));
    let expected = r#"{"alg":"EdDSA","values":{"command":"hi","env":null,"env::PIPE":"pv","env::SHARED":"p","matrix":null,"plugins":null,"repository_url":"git@github.com:o/r.git"}}"#;
    assert_eq!(payload, expected);
    let value = step.signature.expect("it is signed").value;
    assert!(value.starts_with("eyJhbGciOiJFZERTQSIsImtpZCI6ImsxIn0.."), "{value}");
}

#[test]
fn what_differs_is_noticed() {
    let pair = key(KeyAlgorithm::EdDsa);
    let text = "{env: {P: one}, steps: [{command: hi, env: {E: two}, plugins: [{a/b#v1: {y: 1, x: [2]}}], secrets: [S]}]}";
    let (step, _) = signed(text, &pair);
    let plugins = r#"[{"github.com/a/b-buildkite-plugin#v1":{"x":[2],"y":1}}]"#;
    let job =
        Job::new(&[("BUILDKITE_COMMAND", "hi"), ("E", "two"), ("P", "one"), ("BUILDKITE_PLUGINS", plugins)]);
    let public = keys(&pair.public);
    let check = |job: &Job| verify_job(&step, job, &public);
    assert_eq!(check(&job), Ok(()));
    assert_eq!(check(&job.with("UNSIGNED", "x")), Ok(()));
    assert_eq!(check(&job.with("P", "other")), Err(VerifyError::WrongSignature));
    assert_eq!(check(&job.with("BUILDKITE_REPO", "elsewhere")), Err(VerifyError::WrongSignature));
    for (name, value) in
        [("BUILDKITE_COMMAND", "rm"), ("E", "other"), ("BUILDKITE_PLUGINS", "[]"), ("BUILDKITE_PLUGINS", "{")]
    {
        assert!(matches!(check(&job.with(name, value)), Err(VerifyError::Differs { .. })), "{name}");
    }
    assert_eq!(check(&job.at(&[("os", "x")])), Err(VerifyError::WrongPermutation));
    let changed = CommandStep { command: "rm".to_owned(), ..step.clone() };
    assert_eq!(
        verify_job(&changed, &job.with("BUILDKITE_COMMAND", "rm"), &public),
        Err(VerifyError::WrongSignature)
    );
    let unsigned = CommandStep { signature: None, ..step.clone() };
    assert_eq!(verify_job(&unsigned, &job, &public), Err(VerifyError::NotSigned));
    let mut less = step.clone();
    less.signature
        .as_mut()
        .and_then(|signature| signature.signed_fields.as_mut())
        .expect("signed")
        .retain(|field| field != "secrets");
    assert_eq!(verify_job(&less, &job, &public), Err(VerifyError::NotCovered("secrets".to_owned())));
}

#[test]
fn signed_checkouts_verify() {
    let pair = key(KeyAlgorithm::EdDsa);
    let (step, _) = signed("steps: [{command: hi, checkout: {depth: 1}}]", &pair);
    assert_eq!(verify_job(&step, &Job::new(&[("BUILDKITE_COMMAND", "hi")]), &keys(&pair.public)), Ok(()));
}

#[test]
fn a_matrix_is_checked_and_filled_in() {
    let pair = key(KeyAlgorithm::EdDsa);
    let text = r#"{"steps": [{"command": "run {{matrix.os}} {{ matrix.n }}", "env": {"OS": "{{matrix.os}}"}, "matrix": {
        "setup": {"os": ["l", "m"], "n": [1, 2]},
        "adjustments": [{"with": {"os": "w", "n": 3}}, {"with": {"os": "l", "n": 2}, "skip": "why"}]}}]}"#;
    let (step, _) = signed(text, &pair);
    let public = keys(&pair.public);
    let check = |os: &str, n: &str| {
        let job = Job::new(&[("BUILDKITE_COMMAND", &format!("run {os} {n}")), ("OS", os)])
            .at(&[("n", n), ("os", os)]);
        verify_job(&step, &job, &public)
    };
    assert_eq!(check("l", "1"), Ok(()));
    assert_eq!(check("w", "3"), Ok(()));
    assert_eq!(check("w", "1"), Err(VerifyError::WrongPermutation));
    assert_eq!(check("l", "2"), Err(VerifyError::WrongPermutation));
    let job = Job::new(&[("BUILDKITE_COMMAND", "run l 2"), ("OS", "l")]).at(&[("n", "1"), ("os", "l")]);
    assert!(matches!(verify_job(&step, &job, &public), Err(VerifyError::Differs { .. })));
    let job = Job::new(&[("BUILDKITE_COMMAND", "run l 1"), ("OS", "l")]).at(&[("os", "l")]);
    assert_eq!(verify_job(&step, &job, &public), Err(VerifyError::WrongPermutation));
}
