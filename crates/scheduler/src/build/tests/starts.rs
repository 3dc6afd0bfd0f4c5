//! From offer to start, deadlines, parallel jobs, concurrency groups (spec/control-plane.md §3.10–3.15, §8.5, §8.6).

use super::{check, check_invalid, check_refused, check_steps, play};
use crate::build::{Effect, Event, Exit, JobEventKind};
use crate::time::Time;

#[test]
fn offers() {
    let one = "[{'key':'a'}]";
    check(one, "offer a", "scheduled: a=assigned");
    check(one, "offer a; accept a", "scheduled: a=accepted");
    check(one, "offer a; accept a; accept a", "scheduled: a=accepted");
    check(one, "offer a; accept a; begin a; begin a", "running: a=running");
    check(one, "acquire a; acquire a; begin a", "running: a=running");
    check(one, "offer a; lose a", "scheduled: a=scheduled");
    check_refused(one, "accept a", "is scheduled and can't be accepted");
    check_refused(one, "offer a; offer a", "is assigned and can't be offered");
    check_refused(one, "acquire a; accept a", "not offered to agent");
    check_refused(one, "offer a; begin a", "can't be started");
    check_refused(one, "start a; acquire a", "is running and can't be acquired");
    check_refused("['wait',{'key':'a'},'wait',{'key':'b'}]", "acquire b", "is waiting and can't be acquired");
}

#[test]
fn deadlines() {
    let one = "[{'key':'a'}]";
    check(one, "offer a; after 59", "scheduled: a=assigned");
    check(one, "offer a; after 60", "scheduled: a=scheduled");
    check(one, "offer a; accept a; after 299", "scheduled: a=accepted");
    check(one, "offer a; accept a; after 300", "scheduled: a=scheduled");
    check(one, "after 2591999", "scheduled: a=scheduled");
    check(one, "after 2592000", "failed: a=expired");
    let world = play(one, "offer a; after 60");
    assert!(world.last.timeline.iter().any(|entry| entry.kind == JobEventKind::AssignedExpired));
    assert_eq!(world.build.next_due(), Some(Time::from_millis(2_592_000_000)));
    assert_eq!(play(one, "offer a").build.next_due(), Some(Time::from_millis(60_000)));
    assert_eq!(play(one, "run a 0").build.next_due(), None);
}

#[test]
fn an_agent_with_a_wrong_clock() {
    let mut world = play("[{'key':'a','timeout_in_minutes':1}]", "offer a; accept a; after 10");
    let job = world.job("a");
    world.apply(Event::Started { job, at: Some(Time::from_millis(-9_000_000)) }).expect("fits");
    assert_eq!(world.build.job(job).and_then(|job| job.times.started_at), Some(Time::from_millis(0)));
    let exit = Exit { status: 0, signal: None, reason: None };
    world.apply(Event::Finished { job, exit, at: Some(Time::from_millis(9_000_000)) }).expect("fits");
    assert_eq!(world.build.job(job).and_then(|job| job.times.finished_at), Some(Time::from_millis(10_000)));
}

#[test]
fn timeouts() {
    let one = "[{'key':'a','timeout_in_minutes':1}]";
    check(one, "start a; after 59", "running: a=running");
    check(one, "start a; after 60", "running: a=timing_out");
    check(one, "start a; after 60; end a 0", "passed: a=passed");
    check(one, "start a; after 60; end a -1", "failed: a=timed_out");
    check(one, "start a; after 60; after 300", "failed: a=timed_out");
    check(one, "start a; after 60; lose a", "failed: a=timed_out");
    check(
        "[{'key':'a','timeout_in_minutes':1,'soft_fail':true}]",
        "start a; after 60; end a 1",
        "passed: a=soft",
    );
    check(
        "[{'key':'a','timeout_in_minutes':1,'retry':{'automatic':{'signal_reason':'cancel'}}}]",
        "start a; after 60; end a 1",
        "running: a=scheduled",
    );
    check(one, "start a; timeout a 3; after 60", "running: a=running");
    check_refused(one, "start a; timeout a 62", "60 minutes longer");
    check_refused(one, "start a; timeout a 0", "positive");
    check_refused(one, "run a 0; timeout a 3", "can't be given another timeout");
}

#[test]
fn parallel_jobs() {
    let two = "[{'key':'a','parallelism':2}, 'wait', {'key':'b'}]";
    check(two, "run a.0 0", "running: a.0=passed a.1=scheduled 1=waiting b=waiting");
    check(two, "run a.0 0; run a.1 0", "running: a.0=passed a.1=passed 1=passed b=scheduled");
    check(two, "run a.0 1", "failing: a.0=failed a.1=scheduled 1=waiting b=waiting");
    check(two, "run a.0 1; run a.1 0", "failed: a.0=failed a.1=passed 1=waiting_failed b=waiting_failed");
    check("[{'key':'a','parallelism':0}, 'wait', {'key':'b'}]", "", "scheduled: 1=passed b=scheduled");
    check_steps("[{'key':'a','parallelism':2}]", "run a.0 1", "a=failing/hard_failed");
    check_steps("[{'key':'a','parallelism':2}]", "run a.0 0; start a.1", "a=running/neutral");
}

#[test]
fn a_matrix_of_jobs() {
    let matrix = "{'setup':{'os':['l','m'],'v':['1','2']},'adjustments':[{'with':{'os':'m','v':'2'},'skip':true},{'with':{'os':'w','v':'1'},'soft_fail':true}]}";
    check(
        &format!("[{{'key':'a','label':'{{{{matrix.os}}}}','matrix':{matrix}}}]"),
        "run a.w-1 1",
        "running: a.l-1=scheduled a.l-2=scheduled a.m-1=scheduled a.w-1=soft",
    );
    check_invalid("[{'key':'a','matrix':['1'],'parallelism':2}]", "both `matrix` and `parallelism`");
    check_invalid("[{'key':'a','matrix':['1'],'label':'{{matrix.nope}}'}]", "matrix dimension \"nope\"");
}

#[test]
fn concurrency_groups() {
    let group = "'concurrency':1,'concurrency_group':'g'";
    let two = format!("[{{'key':'a',{group}}}, {{'key':'b',{group}}}]");
    check(&two, "", "scheduled: a=scheduled b=limited");
    check(&two, "run a 0", "running: a=passed b=scheduled");
    check(&two, "cancel a", "scheduled: a=canceled b=scheduled");
    check(&two, "cancel b", "scheduled: a=scheduled b=canceled");
    check(&two, "run a 0; run b 0", "passed: a=passed b=passed");
    let gate = format!("[{{'key':'a',{group}}}, 'wait', {{'key':'x'}}, 'wait', {{'key':'b',{group}}}]");
    check(&gate, "run a 0; run x 0", "running: a=passed 1=passed x=passed 3=passed b=scheduled");
    let eager = "'concurrency':1,'concurrency_group':'g','concurrency_method':'eager'";
    check(
        &format!("[{{'key':'a',{eager}}}, {{'key':'b',{eager}}}, {{'key':'c',{eager},'priority':5}}]"),
        "run c 0",
        "running: a=scheduled b=limited c=passed",
    );
    // A gate that a build would close on itself stays open.
    check(
        &format!("[{{'key':'a',{group},'depends_on':'b'}}, {{'key':'b',{group}}}]"),
        "run b 0; run a 0",
        "passed: a=passed b=passed",
    );
    let trigger = format!("[{{'key':'a',{group}}}, {{'trigger':'p','key':'t',{group}}}]");
    check(&trigger, "", "scheduled: a=scheduled t=limited");
    check(&trigger, "run a 0", "running: a=passed t=running");
    check_invalid("[{'concurrency':1}]", "concurrency_group_id");
}

#[test]
fn builds_that_never_run() {
    check("[{'key':'a','if':'false'}, {'key':'b','skip':'x'}]", "", "not_run: a=broken b=broken");
    check("['wait']", "", "passed: 0=passed");
    check("[]", "", "not_run:");
    check("[{'key':'a'}]", "skip", "skipped: a=skipped");
    check_refused("[{'key':'a'}]", "start a; skip", "can't be skipped");
    check_refused("[{'key':'a'}]", "skip; offer a", "is skipped and can't be offered");
}

#[test]
fn trigger_steps() {
    let waits = "[{'trigger':'p','key':'t'}, 'wait', {'key':'a'}]";
    check(waits, "", "running: t=running 1=waiting a=waiting");
    check(waits, "child t created", "running: t=running 1=waiting a=waiting");
    check(waits, "child t created; child t passed", "running: t=passed 1=passed a=scheduled");
    check(waits, "child t created; child t failed", "failed: t=failed 1=waiting_failed a=waiting_failed");
    check(waits, "child t refused", "failed: t=failed 1=waiting_failed a=waiting_failed");
    check(waits, "child t created; child t superseded", "running: t=skipped 1=passed a=scheduled");
    check("[{'trigger':'p','key':'t','async':true}]", "child t created", "passed: t=passed");
    check(
        "[{'trigger':'p','key':'t','soft_fail':true}]",
        "child t created; child t failed",
        "passed: t=soft",
    );
    let canceling = play(waits, "child t created; cancel");
    assert_eq!(canceling.show(), "canceling: t=canceling 1=canceled a=canceled");
    assert!(canceling.effects.iter().any(|effect| matches!(effect, Effect::CancelChild(..))));
    check(waits, "child t created; cancel; child t canceled", "canceled: t=canceled 1=canceled a=canceled");
    check(
        waits,
        "child t refused; retry t; child t created; child t passed",
        "running: t=passed 1=passed a=scheduled",
    );
}
