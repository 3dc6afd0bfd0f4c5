//! `depends_on` and what comes of it (spec/control-plane.md §3.8, scenarios P5–P7).

use super::{check, check_invalid};

#[test]
fn named_steps_only() {
    let pipeline = "[{'key':'a'}, 'wait', {'key':'b','depends_on':'a'}, {'key':'c','depends_on':null}]";
    check(pipeline, "", "scheduled: a=scheduled 1=waiting b=waiting c=scheduled");
    check(pipeline, "run a 0", "running: a=passed 1=passed b=scheduled c=scheduled");
}

#[test]
fn across_a_wait() {
    check(
        "[{'key':'a'}, {'key':'x'}, 'wait', {'key':'b','depends_on':'a'}]",
        "run a 0",
        "running: a=passed x=scheduled 2=waiting b=scheduled",
    );
}

#[test]
fn each_end_of_a_dependency() {
    let usual = "[{'key':'a','timeout_in_minutes':1}, {'key':'b','depends_on':'a'}]";
    let allowed =
        "[{'key':'a','timeout_in_minutes':1}, {'key':'b','depends_on':[{'step':'a','allow_failure':true}]}]";
    let step = "[{'key':'a','timeout_in_minutes':1}, {'key':'b','depends_on':'a','allow_dependency_failure':'true'}]";
    check(usual, "run a 0", "running: a=passed b=scheduled");
    check(usual, "run a 1", "failed: a=failed b=waiting_failed");
    check(allowed, "run a 1", "failing: a=failed b=scheduled");
    check(step, "run a 1", "failing: a=failed b=scheduled");
    check(usual, "cancel a", "failed: a=canceled b=waiting_failed");
    check(allowed, "cancel a", "failed: a=canceled b=waiting_failed");
    let times_out = "start a; after 60; end a 1";
    check(usual, times_out, "failed: a=timed_out b=waiting_failed");
    check(allowed, times_out, "failing: a=timed_out b=scheduled");
    let expires = "after 2592000";
    check(usual, expires, "failed: a=expired b=waiting_failed");
    check(allowed, expires, "failed: a=expired b=waiting_failed");
    check(
        "[{'key':'a','soft_fail':true}, {'key':'b','depends_on':'a'}]",
        "run a 1",
        "running: a=soft b=scheduled",
    );
}

#[test]
fn an_entry_is_stricter_than_its_step() {
    check(
        "[{'key':'a'}, {'key':'b','depends_on':[{'step':'a','allow_failure':false}],'allow_dependency_failure':true}]",
        "run a 1",
        "failed: a=failed b=waiting_failed",
    );
}

#[test]
fn excluded_steps_hold_nobody() {
    check("[{'key':'a','if':'false'}, {'key':'b','depends_on':'a'}]", "", "scheduled: a=broken b=scheduled");
    check(
        "[{'key':'a','branches':'!main'}, {'key':'b','depends_on':'a'}]",
        "",
        "scheduled: a=broken b=scheduled",
    );
    check("[{'key':'a','skip':true}, {'key':'b','depends_on':'a'}]", "", "scheduled: a=broken b=scheduled");
}

#[test]
fn failure_passes_through_and_can_be_allowed_later() {
    check(
        "[{'key':'a'}, {'key':'b','depends_on':'a'}, {'key':'c','depends_on':[{'step':'b','allow_failure':true}]}]",
        "run a 1; run c 0",
        "failed: a=failed b=waiting_failed c=passed",
    );
}

#[test]
fn a_key_that_nobody_brings_fails_the_build_at_its_end() {
    let pipeline = "[{'key':'a'}, {'key':'b','depends_on':'nope'}]";
    check(pipeline, "", "scheduled: a=scheduled b=waiting");
    check(pipeline, "run a 0", "failed: a=passed b=waiting_failed");
    check("[{'key':'b','depends_on':'nope'}]", "", "failed: b=waiting_failed");
    check(
        "[{'key':'a'}, {'key':'b','depends_on':'late'}]",
        "start a; upload a [{'key':'late'}]; end a 0; run late 0; run b 0",
        "passed: a=passed late=passed b=passed",
    );
    check(
        "[{'key':'b','depends_on':'nope'}, {'key':'c','depends_on':[{'step':'b','allow_failure':true}]}]",
        "run c 0",
        "failed: b=waiting_failed c=passed",
    );
}

#[test]
fn a_group_is_all_its_steps() {
    let pipeline =
        "[{'group':'G','key':'g','steps':[{'key':'a'},{'key':'b'}]}, {'key':'c','depends_on':'g'}]";
    check(pipeline, "run a 0", "running: a=passed b=scheduled c=waiting");
    check(pipeline, "run a 0; run b 0", "running: a=passed b=passed c=scheduled");
}

#[test]
fn the_dependencies_of_a_group_join_those_of_its_steps() {
    let pipeline = "[{'key':'x'}, {'key':'y'}, {'group':'G','depends_on':'x','steps':[{'key':'a'},{'key':'b','depends_on':'y'}]}]";
    check(pipeline, "run x 0", "running: x=passed y=scheduled a=scheduled b=waiting");
    check(pipeline, "run y 0", "running: x=scheduled y=passed a=waiting b=waiting");
}

#[test]
fn circles_are_refused_by_name() {
    check_invalid(
        "[{'key':'a','depends_on':'b'}, {'key':'b','depends_on':'c'}, {'key':'c','depends_on':'a'}]",
        "these steps wait for each other: step \"a\" → step \"b\" → step \"c\" → step \"a\"",
    );
    check_invalid("[{'key':'a','depends_on':'a'}]", "step \"a\" → step \"a\"");
    // Through a wait.
    check_invalid("[{'key':'a','depends_on':'b'}, 'wait', {'key':'b'}]", "wait for each other");
    // Through a group.
    check_invalid("[{'group':'G','key':'g','steps':[{'key':'a','depends_on':'g'}]}]", "wait for each other");
}
