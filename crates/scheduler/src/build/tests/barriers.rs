//! Wait, block and group: what stands above and below (spec/control-plane.md §3.4–3.7, scenarios P1–P4).

use super::{check, check_steps};

#[test]
fn adjacent_steps_run_at_once_and_a_wait_separates() {
    let pipeline = "[{'key':'a'}, {'key':'b'}, 'wait', {'key':'c'}]";
    check(pipeline, "", "scheduled: a=scheduled b=scheduled 2=waiting c=waiting");
    check(pipeline, "run a 0", "running: a=passed b=scheduled 2=waiting c=waiting");
    check(pipeline, "run a 0; run b 0", "running: a=passed b=passed 2=passed c=scheduled");
    check(pipeline, "run a 0; run b 0; run c 0", "passed: a=passed b=passed 2=passed c=passed");
    check(pipeline, "start b; run a 1", "failing: a=failed b=running 2=waiting_failed c=waiting_failed");
    check(pipeline, "run a 1; run b 0", "failed: a=failed b=passed 2=waiting_failed c=waiting_failed");
}

#[test]
fn continue_on_failure_lasts_until_the_next_plain_wait() {
    let on = "{'wait':null,'continue_on_failure':true}";
    // P1
    check(
        &format!("[{{'key':'f'}}, {on}, {{'key':'a'}}, 'wait', {{'key':'b'}}]"),
        "run f 1; run a 0",
        "failed: f=failed 1=passed a=passed 3=waiting_failed b=waiting_failed",
    );
    // P2
    check(
        &format!("[{{'key':'f'}}, 'wait', {{'key':'a'}}, {on}, {{'key':'b'}}]"),
        "run f 1",
        "failed: f=failed 1=waiting_failed a=waiting_failed 3=waiting_failed b=waiting_failed",
    );
    // P3
    check(
        &format!("[{{'key':'f'}}, {on}, {{'key':'a'}}]"),
        "cancel f",
        "failed: f=canceled 1=waiting_failed a=waiting_failed",
    );
    check(
        &format!("[{{'key':'f'}}, {on}, {{'key':'a'}}, {on}, {{'key':'b'}}]"),
        "run f 1; run a 0; run b 0",
        "failed: f=failed 1=passed a=passed 3=passed b=passed",
    );
    // W6
    check(
        &format!("[{{'key':'f'}}, {on}, {{'block':'x'}}, {{'key':'b'}}]"),
        "run f 1",
        "failed: f=failed 1=passed x=waiting_failed b=waiting_failed",
    );
}

#[test]
fn a_failure_is_forgotten_once_it_is_retried_and_passes() {
    let pipeline = "[{'key':'f'}, 'wait', {'key':'a'}]";
    check(pipeline, "run f 1; retry f", "running: f=scheduled 1=waiting_failed a=waiting_failed");
    check(pipeline, "run f 1; retry f; run f 0", "running: f=passed 1=passed a=scheduled");
    check(pipeline, "run f 1; retry f; run f 0; run a 0", "passed: f=passed 1=passed a=passed");
    check(pipeline, "run f 1; retry f; run f 2", "failed: f=failed 1=waiting_failed a=waiting_failed");
}

#[test]
fn a_broken_wait_separates_nothing() {
    check(
        "[{'key':'a'}, {'wait':null,'if':'false'}, {'key':'b'}]",
        "",
        "scheduled: a=scheduled 1=broken b=scheduled",
    );
}

#[test]
fn groups_run_side_by_side_and_have_their_own_waits() {
    let pipeline = "[{'group':'one','steps':[{'key':'a'},'wait',{'key':'b'}]},
                     {'group':'two','steps':[{'key':'c'}]}, 'wait', {'key':'d'}]";
    check(pipeline, "", "scheduled: a=scheduled 2=waiting b=waiting c=scheduled 6=waiting d=waiting");
    check(pipeline, "run a 0", "running: a=passed 2=passed b=scheduled c=scheduled 6=waiting d=waiting");
    check(
        pipeline,
        "run c 0; run a 0",
        "running: a=passed 2=passed b=scheduled c=passed 6=waiting d=waiting",
    );
    check(
        pipeline,
        "run c 0; run a 0; run b 0",
        "running: a=passed 2=passed b=passed c=passed 6=passed d=scheduled",
    );
    check_steps(
        pipeline,
        "run a 0",
        "one=running/neutral a=finished/passed 2=finished/passed b=ready/neutral two=ready/neutral c=ready/neutral 6=waiting_for_dependencies/neutral d=waiting_for_dependencies/neutral",
    );
}

#[test]
fn a_wait_above_a_group_holds_all_of_it() {
    check(
        "[{'key':'x'}, 'wait', {'group':'g','steps':[{'key':'a'},'wait',{'key':'b'}]}]",
        "run x 0; run a 0",
        "running: x=passed 1=passed a=passed 4=passed b=scheduled",
    );
    check(
        "[{'key':'x'}, 'wait', {'group':'g','steps':['wait',{'key':'b'}]}]",
        "run x 1",
        "failed: x=failed 1=waiting_failed 3=waiting_failed b=waiting_failed",
    );
}

#[test]
fn conditions_and_skips_of_a_group_are_those_of_its_steps() {
    check(
        "[{'group':'g','if':'false','steps':[{'key':'a'},{'key':'b','if':'true'}]}, {'key':'c'}]",
        "",
        "scheduled: a=broken b=broken c=scheduled",
    );
    check(
        "[{'group':'g','skip':'later','steps':[{'key':'a'},{'key':'b','skip':'never'}]}, {'key':'c'}]",
        "run c 0",
        "passed: a=broken b=broken c=passed",
    );
}
