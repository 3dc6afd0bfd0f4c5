use proptest::prelude::*;

use super::*;
use crate::run::view::Paint;
use crate::run::view::fixtures::{at, failed, halfway, long, millis, model};

fn drawn(events: &[crate::run::event::Stamped], columns: usize, rows: usize) -> String {
    tree(&model(events), at(4_250), Size { columns, rows }).text(Paint::None)
}

#[test]
fn a_run_under_way() {
    insta::assert_snapshot!(drawn(&halfway(), 78, 30));
}

#[test]
fn a_run_under_way_in_a_narrow_terminal() {
    insta::assert_snapshot!(drawn(&halfway(), 30, 30));
}

#[test]
fn a_run_under_way_in_a_low_terminal() {
    insta::assert_snapshot!(drawn(&halfway(), 78, 8));
}

#[test]
fn a_failed_run() {
    insta::assert_snapshot!(drawn(&failed(), 78, usize::MAX));
}

#[test]
fn many_steps_are_folded() {
    insta::assert_snapshot!(drawn(&long(300, 100..103), 60, 16));
}

#[test]
fn many_running_steps_are_counted() {
    insta::assert_snapshot!(drawn(&long(40, 5..35), 60, 10));
}

#[test]
fn colours_mark_states() {
    let frame = tree(&model(&failed()), at(9_000), Size { columns: 60, rows: usize::MAX });
    insta::assert_snapshot!(frame.text(Paint::Colours).replace('\x1b', "␛"));
}

#[test]
fn before_the_build_exists() {
    assert_eq!(drawn(&[], 78, 10), "starting\n");
}

#[test]
fn time_counts_until_now_while_a_job_runs() {
    let model = model(&halfway());
    let spans: Vec<_> = model
        .rows()
        .iter()
        .map(|row| match row {
            Row::Step { step, .. } => model.span(step, at(4_250)).map(millis),
            Row::Job { job, .. } => Model::job_span(job, at(4_250)).map(millis),
            Row::Group(_) => None,
        })
        .collect();
    assert_eq!(
        spans,
        [Some(1_200), None, Some(2_850), Some(1_500), Some(2_850), None, Some(100), None, None, None]
    );
}

proptest! {
    #[test]
    fn a_frame_never_exceeds_the_screen(
        steps in 0_u32..60,
        start in 0_u32..60,
        running in 0_u32..20,
        columns in 1_usize..120,
        rows in 1_usize..50,
    ) {
        let events = long(steps, start..start + running);
        let frame = tree(&model(&events), at(0), Size { columns, rows });
        prop_assert!(frame.lines.len() <= rows);
        prop_assert!(frame.lines.iter().all(|line| line.width() <= columns));
    }
}
