//! Block and input steps (spec/control-plane.md §3.5, scenarios P9, P10, P25).

use super::{check, check_refused, play};
use crate::build::Effect;

#[test]
fn a_block_separates_and_an_input_does_not() {
    let block = "[{'key':'a'}, {'block':'x'}, {'key':'b'}]";
    check(block, "", "scheduled: a=scheduled x=waiting b=waiting");
    check(block, "run a 0", "blocked: a=passed x=blocked b=blocked");
    check(block, "run a 0; unblock x", "running: a=passed x=unblocked b=scheduled");
    check(block, "run a 0; unblock x; run b 0", "passed: a=passed x=unblocked b=passed");
    check(block, "run a 1", "failed: a=failed x=waiting_failed b=waiting_failed");
    check("[{'key':'a','soft_fail':true}, {'block':'x'}]", "run a 1", "blocked: a=soft x=blocked");
    let input = "[{'key':'a'}, {'input':'x'}, {'key':'b'}]";
    check(input, "", "scheduled: a=scheduled x=blocked b=scheduled");
    check(input, "run a 0; run b 0", "blocked: a=passed x=blocked b=passed");
    check(input, "run a 0; run b 0; unblock x", "passed: a=passed x=unblocked b=passed");
}

#[test]
fn a_block_at_the_start() {
    check("[{'block':'x'}, {'key':'a'}]", "", "blocked: x=blocked a=blocked");
    check("[{'block':'x'}, {'key':'a'}]", "unblock x", "running: x=unblocked a=scheduled");
    check("[{'block':'x'}]", "unblock x", "passed: x=unblocked");
    check("[{'block':'x'}, {'key':'a'}]", "cancel", "canceled: x=canceled a=canceled");
}

#[test]
fn an_open_block_becomes_unreachable_when_a_retry_fails() {
    check(
        "[{'key':'a','retry':{'manual':{'permit_on_passed':true}}}, {'block':'x'}, {'key':'b'}]",
        "run a 0; retry a; run a 1",
        "failed: a=failed x=blocked_failed b=waiting_failed",
    );
}

#[track_caller]
fn check_fields(fields: &str, answers: &str, expected: &str) {
    let pipeline = format!("[{{'block':'x','fields':{fields}}}]");
    let world = play(&pipeline, &format!("unblock x {answers}"));
    let written = world.effects.iter().find_map(|effect| match effect {
        Effect::SetMetaData(written) => Some(written),
        _ => None,
    });
    let written: Vec<String> =
        written.into_iter().flatten().map(|(key, value)| format!("{key}={value:?}")).collect();
    assert_eq!(written.join(" "), expected);
}

#[test]
fn answers_become_meta_data() {
    check_fields("[{'text':'T','key':'t'}]", "t=v", "t=\"v\"");
    check_fields("[{'text':'T','key':'t','required':false}]", "", "t=\"\"");
    check_fields("[{'text':'T','key':'t'}]", "t=v other=w", "t=\"v\"");
    let select = "[{'select':'S','key':'s','multiple':true,'options':[{'label':'A','value':'a'},{'label':'B','value':'b'}]}]";
    check_fields(select, "s=b+a", "s=\"a\\nb\"");
    check_fields(select, "s=b", "s=\"b\"");
}

#[test]
fn answers_that_do_not_fit() {
    let block = |fields: &str| format!("[{{'block':'x','fields':[{fields}]}}]");
    let text = block("{'text':'T','key':'t','format':'[0-9]+'}");
    check_refused(&text, "unblock x", "\"t\" needs an answer");
    check_refused(&text, "unblock x t=12a", "format");
    let select = block("{'select':'S','key':'s','options':[{'label':'A','value':'a'}]}");
    check_refused(&select, "unblock x s=b", "not one of its options");
    check_refused(&select, "unblock x s=a+a", "takes one answer");
    check_refused("[{'block':'x'}]", "unblock x; unblock x", "is unblocked and can't be unblocked");
    check_refused("[{'key':'a'}]", "unblock a", "can't be unblocked");
}

#[test]
fn what_a_blocked_build_counts_as() {
    let state = |pipeline: &str, script: &str| {
        play(pipeline, script).build.blocked_state().map(|state| state.as_str())
    };
    assert_eq!(state("[{'block':'x'}]", ""), Some("passed"));
    assert_eq!(state("[{'block':'x','blocked_state':'failed'}]", ""), Some("failed"));
    assert_eq!(state("[{'input':'x','blocked_state':'running'},{'input':'y'}]", ""), Some("running"));
    assert_eq!(state("[{'input':'x'},{'key':'a'}]", "run a 1"), Some("failed"));
    assert_eq!(state("[{'input':'x'},{'key':'a'}]", "start a"), None);
}
