use super::*;
use crate::run::event::Blocked;
use crate::run::view::Paint;
use crate::run::view::fixtures::{at, failed, job, model, stamped, started, step};
use crate::run::view::summary;

fn said(events: &[Stamped]) -> String {
    let mut model = Model::default();
    let mut plain = Plain::default();
    let mut lines = Vec::new();
    for event in events {
        model.apply(event);
        lines.extend(plain.lines(&model, event));
    }
    lines.join("\n")
}

#[test]
fn a_failed_run_in_lines() {
    insta::assert_snapshot!(said(&failed()));
}

#[test]
fn the_summary_of_a_failed_run() {
    insta::assert_snapshot!(summary(&model(&failed()), at(9_000)).text(Paint::None));
}

#[test]
fn a_block_step_says_how_to_open_it() {
    let blocked = Blocked {
        step: "Ship".to_owned(),
        key: Some("ship".to_owned()),
        label: "Ship".to_owned(),
        prompt: Some("Really?\nTo all?".to_owned()),
        fields: Vec::new(),
    };
    let events = [
        started(),
        step(0, "Ship", StepKind::Block, None, State::Blocked),
        Event::Blocked(blocked.clone()),
        Event::Blocked(Blocked { key: None, prompt: None, ..blocked }),
    ];
    let said = said(&events.map(|event| stamped(0, event)));
    assert!(said.ends_with(
        "[Ship] blocked: Really? To all? (--unblock ship opens it)\n[Ship] blocked (--unblock all opens it)"
    ));
}

#[test]
fn what_was_said_is_not_said_again() {
    let retry = Job { attempt: 1, ..job("A", None, State::Running, Some((0, 0))) };
    let events = [
        started(),
        step(0, "A", StepKind::Command, None, State::Running),
        Event::Job(retry.clone()),
        Event::Job(retry),
    ];
    assert_eq!(said(&events.map(|event| stamped(0, event))).lines().nth(1), Some("[A] started, retry 1"));
    assert_eq!(said(&failed()).matches("[Nightly only] skipped").count(), 1);
}

#[test]
fn long_names_are_cut_and_parts_stay() {
    let long = "cargo test --workspace --all-targets --no-fail-fast";
    for (label, part, expected) in [
        (long, None, "[cargo test --workspace --all-targets --…] started"),
        (long, Some((1, 3)), "[cargo test --workspace --all-targets --… 2/3] started"),
        ("\nmake\nmake check", None, "[make] started"),
        (
            "exactly forty columns are not cut at all",
            None,
            "[exactly forty columns are not cut at all] started",
        ),
    ] {
        let events = [
            started(),
            step(0, label, StepKind::Command, None, State::Running),
            Event::Job(job(label, part, State::Running, Some((0, 0)))),
        ];
        assert_eq!(said(&events.map(|event| stamped(0, event))).lines().nth(1), Some(expected));
    }
}
