//! Ends of jobs and builds: retries, soft failures, promises, cancellation, lost agents
//! (spec/control-plane.md §2.4.1, §3.16, §3.17, §5.5, scenarios P15–P18).

use super::{check, check_refused, check_steps, play};
use crate::build::{Effect, RetryKind, Transition};
use crate::facts::Limits;
use crate::state::{BuildState, JobState};
use crate::time::Time;

use super::world::World;

#[test]
fn automatic_retries() {
    let rules = |rules: &str| format!("[{{'key':'a','retry':{{'automatic':{rules}}}}}]");
    check(&rules("true"), "run a 1", "running: a=scheduled");
    check(&rules("true"), "run a 1; run a 1", "running: a=scheduled");
    check(&rules("true"), "run a 1; run a 1; run a 1", "failed: a=failed");
    check(&rules("true"), "run a 1; run a 0", "passed: a=passed");
    check(&rules("false"), "run a 1", "failed: a=failed");
    // A lost agent is no exit status of the job's own.
    check(&rules("true"), "start a; lose a", "failed: a=failed");
    check(&rules("[{'exit_status':-1}]"), "start a; lose a", "running: a=scheduled");
    check(&rules("{'exit_status':[3,4],'limit':1}"), "run a 4", "running: a=scheduled");
    check(&rules("{'exit_status':[3,4],'limit':1}"), "run a 5", "failed: a=failed");
    check(&rules("{'exit_status':'*','limit':0}"), "run a 5", "failed: a=failed");
    check(&rules("{'signal':'kill'}"), "run a 137 SIGKILL", "running: a=scheduled");
    check(&rules("{'signal':'none'}"), "run a 137 SIGKILL", "failed: a=failed");
    check(&rules("{'signal':'none'}"), "run a 1", "running: a=scheduled");
    check(
        &rules("{'exit_status':-1,'signal_reason':'agent_stop'}"),
        "run a -1 SIGTERM agent_stop",
        "running: a=scheduled",
    );
    check(
        &rules("{'exit_status':-1,'signal_reason':'agent_stop'}"),
        "run a -1 SIGTERM cancel",
        "failed: a=failed",
    );
    check(&rules("{'signal_reason':'none'}"), "run a 1", "running: a=scheduled");
    // P15: the first rule that matches decides, also once its limit is reached.
    let two = rules("[{'exit_status':5,'limit':2},{'exit_status':'*','limit':4}]");
    check(&two, "run a 5; run a 5", "running: a=scheduled");
    check(&two, "run a 5; run a 5; run a 5", "failed: a=failed");
    check(&two, "run a 5; run a 6; run a 5; run a 6", "running: a=scheduled");
}

#[test]
fn a_retry_is_a_new_job_that_knows_the_old_one() {
    let world = play("[{'key':'a','retry':{'automatic':true}}]", "run a 1");
    let jobs: Vec<_> = world.build.jobs().collect();
    assert_eq!(jobs.len(), 2);
    assert_eq!(jobs[0].attempt.retried_in, Some((jobs[1].id, RetryKind::Automatic)));
    assert_eq!(jobs[1].attempt.source, Some((jobs[0].id, RetryKind::Automatic)));
    assert_eq!((jobs[1].attempt.count, jobs[1].order), (1, jobs[0].order));
    assert_eq!(jobs[0].state, JobState::Finished);
}

#[test]
fn a_job_that_is_tried_again_never_fails_its_build() {
    let world = play("[{'key':'a','retry':{'automatic':true}}]", "run a 1; run a 0");
    assert_eq!((world.build.state(), world.build.head().failing_at), (BuildState::Passed, None));
}

#[test]
fn manual_retries() {
    let plain = "[{'key':'a'}, {'key':'b'}]";
    check(plain, "run a 1; retry a; run a 0", "running: a=passed b=scheduled");
    check(plain, "run a 1; run b 1; retry-failed", "running: a=scheduled b=scheduled");
    check(plain, "cancel a; retry a", "scheduled: a=scheduled b=scheduled");
    check_refused(plain, "retry a", "Only failed, timed out or canceled jobs can be retried");
    check_refused(plain, "run a 0; retry a", "Only failed, timed out or canceled jobs can be retried");
    check_refused(plain, "cancel; retry a", "Jobs from canceled builds cannot be retried");
    let no = "[{'key':'a','retry':{'manual':{'allowed':false,'reason':'ask ops'}}}]";
    check_refused(no, "run a 1; retry a", "ask ops");
    let again = "[{'key':'a','retry':{'manual':{'permit_on_passed':true}}}]";
    check(again, "run a 0; retry a", "running: a=scheduled");
}

#[test]
fn a_reopened_build_has_new_times() {
    let mut world = play("[{'key':'a'}]", "after 1; run a 1");
    assert_eq!(world.build.head().finished_at, Some(Time::from_millis(1000)));
    for line in ["after 1", "retry a", "after 1"] {
        world.act(line).expect("fits");
    }
    assert_eq!((world.build.state(), world.build.head().finished_at), (BuildState::Running, None));
    world.act("run a 0").expect("fits");
    assert_eq!(world.build.head().started_at, Some(Time::from_millis(3000)));
}

#[test]
fn soft_failures() {
    let soft = |rule: &str| format!("[{{'key':'a','soft_fail':{rule}}}]");
    check(&soft("true"), "run a 7", "passed: a=soft");
    check(&soft("[{'exit_status':42}]"), "run a 42", "passed: a=soft");
    check(&soft("[{'exit_status':42}]"), "run a 1", "failed: a=failed");
    check(&soft("[{'exit_status':'*'}]"), "start a; lose a", "passed: a=soft");
    check(&soft("[{'exit_status':-1}]"), "start a; lose a", "passed: a=soft");
    check(&soft("true"), "cancel a", "passed: a=soft");
    check(&soft("false"), "run a 1", "failed: a=failed");
    // Rules look at the last try.
    check(
        "[{'key':'a','soft_fail':true,'retry':{'automatic':{'limit':1}}}]",
        "run a 1",
        "running: a=scheduled",
    );
    check(
        "[{'key':'a','soft_fail':true,'retry':{'automatic':{'limit':1}}}]",
        "run a 1; run a 1",
        "passed: a=soft",
    );
    check_steps(&soft("true"), "run a 1", "a=finished/soft_failed");
}

#[test]
fn outcomes_of_steps() {
    let one = "[{'key':'a','timeout_in_minutes':1}]";
    check_steps(one, "", "a=ready/neutral");
    check_steps(one, "offer a; accept a", "a=ready/neutral");
    check_steps(one, "start a", "a=running/neutral");
    check_steps(one, "run a 0", "a=finished/passed");
    check_steps(one, "run a 1", "a=finished/hard_failed");
    check_steps(one, "start a; after 60; end a 1", "a=finished/errored");
    check_steps(one, "cancel a", "a=canceled/errored");
    check_steps(one, "after 2592000", "a=finished/errored");
    check_steps("[{'key':'a','if':'false'}]", "", "a=ignored/neutral");
    check_steps("[{'input':'x','key':'i'}]", "", "i=waiting_for_input/neutral");
    check_steps(
        "[{'group':'g','steps':[{'key':'a'},{'key':'b','soft_fail':true}]}]",
        "run a 0; run b 1",
        "g=finished/soft_failed a=finished/passed b=finished/soft_failed",
    );
}

#[test]
fn promises() {
    let two = "[{'key':'a'}, {'key':'b'}, 'wait', {'key':'c'}]";
    check(two, "start a; start b; promise a 1", "failing: a=running b=running 2=waiting c=waiting");
    check(
        two,
        "start a; promise a 1; end a 0; run b 0",
        "failed: a=failed b=passed 2=waiting_failed c=waiting_failed",
    );
    check(two, "start a; promise a 1; promise a 1", "failing: a=running b=scheduled 2=waiting c=waiting");
    check_refused(two, "start a; promise a 1; promise a 2", "exit status 1 is already promised");
    check_refused(two, "start a; promise a 0", "more than 0");
    check_refused(two, "promise a 1", "can't be promised to fail");
    let soft = "[{'key':'a','soft_fail':[{'exit_status':1},{'exit_status':2}]}]";
    check(soft, "start a; promise a 1", "running: a=running");
    check(soft, "start a; promise a 1; end a 0", "passed: a=soft");
    check(soft, "start a; promise a 3; end a 1", "failed: a=failed");
    let retried = "[{'key':'a','retry':{'automatic':{'exit_status':1,'limit':1}}}]";
    check(retried, "start a; promise a 1", "running: a=running");
    check(retried, "start a; promise a 1; end a 0", "running: a=scheduled");
    check_steps("[{'key':'a'}]", "start a; promise a 1", "a=failing/hard_failed");
}

#[test]
fn cancelling_a_build() {
    let some = "[{'key':'a'}, {'key':'b'}, 'wait', {'key':'c'}]";
    check(some, "cancel", "canceled: a=canceled b=canceled 2=canceled c=canceled");
    check(some, "start a; cancel", "canceling: a=canceling b=canceled 2=canceled c=canceled");
    check(some, "start a; cancel; end a 0", "canceled: a=canceled b=canceled 2=canceled c=canceled");
    check(some, "start a; cancel; lose a", "canceled: a=canceled b=canceled 2=canceled c=canceled");
    check(some, "offer a; cancel", "canceled: a=canceled b=canceled 2=canceled c=canceled");
    check(some, "offer a; accept a; cancel", "canceling: a=canceling b=canceled 2=canceled c=canceled");
    check_refused(some, "offer a; accept a; cancel; begin a", "is canceling and can't be started");
    check_refused(some, "cancel; cancel", "already been canceled");
    check_refused(some, "start a; cancel; cancel", "already being canceled");
    check_refused("[{'key':'a'}]", "run a 0; cancel", "already finished");
    let retried = "[{'key':'a','retry':{'automatic':[{'exit_status':'*'},{'exit_status':-1}]}}]";
    check(retried, "start a; cancel; end a 1", "canceled: a=canceled");
    check(retried, "start a; cancel; lose a", "canceled: a=canceled");
}

#[test]
fn cancelling_jobs_and_steps() {
    let some = "[{'key':'a'}, {'key':'b'}]";
    check(some, "start a; cancel a", "running: a=canceling b=scheduled");
    check(some, "start a; cancel a; end a 0", "failing: a=canceled b=scheduled");
    check(some, "start a; cancel a; end a 0; run b 0", "failed: a=canceled b=passed");
    check_refused(some, "cancel a; cancel a", "can't be canceled");
    let two = "[{'key':'a','parallelism':2}]";
    check(two, "start a.0; cancel-step a", "failing: a.0=canceling a.1=canceled");
    check(two, "start a.0; cancel-step a; after 1000", "failing: a.0=canceling a.1=canceled");
    check(two, "start a.0; cancel-step a 10; after 9", "failing: a.0=canceling a.1=canceled");
    check(two, "start a.0; cancel-step a 10; after 10", "failed: a.0=canceled a.1=canceled");
}

#[test]
fn stopping_when_the_build_fails() {
    let some = "[{'key':'a'}, {'key':'b','cancel_on_build_failing':true}, {'key':'c'}]";
    check(some, "start b; run a 1", "failing: a=failed b=canceling c=scheduled");
    check(some, "start b; run a 1; end b 0; run c 0", "failed: a=failed b=canceled c=passed");
    check(some, "run a 1; run c 0", "failed: a=failed b=canceled c=passed");
    check(some, "start a; promise a 1", "failing: a=running b=canceled c=scheduled");
    // P18
    check(
        "[{'key':'a'}, {'key':'b','cancel_on_build_failing':true}]",
        "run a 1",
        "failed: a=failed b=canceled",
    );
}

#[test]
fn lost_agents() {
    let one = "[{'key':'a'}]";
    check(one, "start a; lose a", "failed: a=failed");
    check(one, "offer a; accept a; lose a", "failed: a=failed");
    check_refused(one, "lose a", "can't be lost");
    check_refused(one, "run a 0; end a 0", "is finished and can't be finished");
}

#[test]
fn a_build_with_all_the_jobs_it_may_have_retries_no_more() {
    let limits = Limits { jobs_per_build: 2, ..Limits::default() };
    let mut world = World::limited("[{'key':'a','retry':{'automatic':{'limit':9}}}]", limits).expect("fits");
    for line in ["run a 1", "run a 1"] {
        world.act(line).expect("fits");
    }
    assert_eq!(world.show(), "failed: a=failed");
}

#[test]
fn one_event_is_seen_as_one_step() {
    // B7: nobody reads `failing` between `running` and `failed` of a build with one job.
    let world = play("[{'key':'a'}]", "run a 1");
    let builds: Vec<_> =
        world.last.transitions.iter().filter(|change| matches!(change, Transition::Build { .. })).collect();
    assert_eq!(builds, [&Transition::Build { from: BuildState::Running, to: BuildState::Failed }]);
    assert_eq!(world.build.head().failing_at, None);
    let ready = |effect: &&Effect| matches!(effect, Effect::JobReady(_));
    assert_eq!(world.effects.iter().filter(ready).count(), 1);
}
