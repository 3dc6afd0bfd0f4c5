//! Bodies as they appear in the example exchanges of spec/agent-api.md §19.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use redkite_api::wire::{
    Annotation, AnnotationScope, Artifact, ArtifactBatch, Finish, Job, Ping, PingAction, RegisterAnswer,
    SignalReason, StepCancel, StepExport, Stop,
};
use redkite_api::{Body, JobId, calls};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// `value` is written as `text`, and read back from it.
fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, text: &str) {
    assert_eq!(serde_json::to_string(value).unwrap(), text);
    assert_eq!(&serde_json::from_str::<T>(text).unwrap(), value);
}

#[test]
fn requests_are_written_as_recorded() {
    check(&Stop { force: false }, "{}");
    check(&Stop { force: true }, r#"{"force":true}"#);
    check(&StepExport { build_id: Some("B".into()), ..StepExport::default() }, r#"{"build_id":"B"}"#);
    let cancel = StepCancel { build_id: "B".into(), force: true, force_grace_period: 10 };
    check(&cancel, r#"{"build_id":"B","force":true,"force_grace_period":10}"#);
    let annotation = Annotation {
        body: "hi".into(),
        priority: 3,
        scope: Some(AnnotationScope::Build),
        ..Annotation::default()
    };
    check(&annotation, r#"{"body":"hi","priority":3,"scope":"build"}"#);
}

#[test]
fn finish_leaves_out_what_there_is_not() {
    let finished_at = "2026-11-23T01:52:14.364922001Z".parse().unwrap();
    let finish = Finish {
        exit_status: "0".into(),
        signal: None,
        signal_reason: None,
        finished_at: Some(finished_at),
        chunks_failed_count: 0,
        ignore_agent_in_dispatches: true,
    };
    check(
        &finish,
        r#"{"exit_status":"0","finished_at":"2026-11-23T01:52:14.364922001Z","chunks_failed_count":0,"ignore_agent_in_dispatches":true}"#,
    );
    let canceled = Finish {
        exit_status: "42".into(),
        signal_reason: Some(SignalReason::Cancel),
        ignore_agent_in_dispatches: false,
        ..finish
    };
    check(
        &canceled,
        r#"{"exit_status":"42","signal_reason":"cancel","finished_at":"2026-11-23T01:52:14.364922001Z","chunks_failed_count":0}"#,
    );
}

#[test]
fn an_artifact_in_a_request_has_empty_ids_and_the_first_year() {
    let artifact = Artifact { path: "a1.txt".into(), file_size: 5, ..Artifact::default() };
    let batch =
        ArtifactBatch { artifacts: vec![artifact], multipart_supported: true, ..ArtifactBatch::default() };
    check(
        &batch,
        r#"{"id":"00000000-0000-0000-0000-000000000000","artifacts":[{"id":"","path":"a1.txt","absolute_path":"","glob_path":"","file_size":5,"sha1sum":"","sha256sum":"","job_id":"","created_at":"0001-01-01T00:00:00Z"}],"upload_destination":"","multipart_supported":true}"#,
    );
}

#[test]
fn answers_are_read_leniently() {
    let job: Job = serde_json::from_str(
        r#"{"id":"J","env":{"A":"1","B":null},"step":null,"token":null,"chunks_max_size_bytes":10,"new":[]}"#,
    )
    .unwrap();
    assert_eq!(job.id, JobId::from("J"));
    assert_eq!(job.env["B"], "");
    assert!(job.token.is_empty() && job.step.is_none());
    assert_eq!(serde_json::from_str::<RegisterAnswer>("{}").unwrap(), RegisterAnswer::default());
    for (text, action) in [
        (r#"{"action":"pause"}"#, PingAction::Pause),
        (r#"{"action":"disconnect"}"#, PingAction::Disconnect),
        (r#"{"action":"else"}"#, PingAction::CarryOn),
        (r#"{"action":null}"#, PingAction::CarryOn),
    ] {
        assert_eq!(serde_json::from_str::<Ping>(text).unwrap().action, action, "{text}");
    }
}

#[test]
fn wrong_types_are_errors() {
    for text in [
        r#"{"env":{"A":1}}"#,
        r#"{"chunks_max_size_bytes":"100"}"#,
        r#"{"chunks_max_size_bytes":1.0}"#,
        r#"{"chunks_max_size_bytes":-1}"#,
        r#"{"log_max_size_bytes":-1}"#,
    ] {
        assert!(serde_json::from_str::<Job>(text).is_err(), "{text}");
    }
}

#[test]
fn a_json_body_ends_with_a_line_feed() {
    let call = calls::agent::stop(&Stop::default());
    let Body::Json(bytes) = call.body else { panic!("a JSON body") };
    assert_eq!(&bytes[..], b"{}\n");
}
