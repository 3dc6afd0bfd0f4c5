//! Steps that jobs bring (spec/control-plane.md §4, scenarios P4, P21, P22).

use super::{check, check_refused, play};
use crate::facts::Limits;

use super::world::World;

#[test]
fn uploaded_steps_wait_for_their_uploader_and_waits_for_them() {
    let pipeline = "[{'key':'a'}, 'wait', {'key':'d'}]";
    check(pipeline, "start a; upload a [{'key':'b'}]", "running: a=running b=waiting 2=waiting d=waiting");
    check(
        pipeline,
        "start a; upload a [{'key':'b'}]; end a 0",
        "running: a=passed b=scheduled 2=waiting d=waiting",
    );
    check(
        pipeline,
        "start a; upload a [{'key':'b'}]; end a 0; start b; upload b [{'key':'c'}]; end b 0",
        "running: a=passed b=passed c=scheduled 3=waiting d=waiting",
    );
    check(
        pipeline,
        "start a; upload a [{'key':'b'}]; end a 0; start b; upload b [{'key':'c'}]; end b 0; run c 0; run d 0",
        "passed: a=passed b=passed c=passed 3=passed d=passed",
    );
    check(
        pipeline,
        "start a; upload a [{'key':'b'}]; end a 1",
        "failed: a=failed b=waiting_failed 2=waiting_failed d=waiting_failed",
    );
    check(
        "[{'key':'a'}]",
        "start a; upload a [{'key':'b','depends_on':[]}]",
        "running: a=running b=scheduled",
    );
}

#[test]
fn to_depend_on_a_step_is_to_depend_on_what_it_uploads() {
    let pipeline = "[{'key':'a'}, {'key':'z','depends_on':'a'}]";
    check(pipeline, "start a; upload a [{'key':'b'}]; end a 0", "running: a=passed b=scheduled z=waiting");
    check(
        pipeline,
        "start a; upload a [{'key':'b'},{'key':'c','depends_on':'a'}]; end a 0",
        "running: a=passed b=scheduled c=scheduled z=waiting",
    );
    check(
        pipeline,
        "start a; upload a [{'key':'b'}]; end a 0; run b 0",
        "running: a=passed b=passed z=scheduled",
    );
}

#[test]
fn a_later_upload_stands_before_an_earlier_one() {
    check(
        "[{'key':'a'}, {'key':'z'}]",
        "start a; upload a [{'key':'b'},{'key':'c'}]; upload a [{'key':'d'}]",
        "running: a=running d=waiting b=waiting c=waiting z=scheduled",
    );
}

#[test]
fn uploads_out_of_a_group() {
    let group = "[{'group':'G','steps':[{'key':'a'},{'key':'b'}]}, {'key':'z'}]";
    check(group, "start a; upload a [{'key':'c'}]", "running: a=running b=scheduled c=waiting z=scheduled");
    check(
        group,
        "start a; upload a [{'group':'G','steps':[{'key':'c'}]},{'key':'d'}]",
        "running: a=running c=waiting b=scheduled d=waiting z=scheduled",
    );
    let merged = play(group, "start a; upload a [{'group':'G','steps':[{'key':'c'}]}]");
    let c = merged.build.step_by_key("c").expect("uploaded");
    assert_eq!(c.group, merged.build.step_by_key("a").and_then(|step| step.group));
    let other = play(group, "start a; upload a [{'group':'H','steps':[{'key':'c'}]}]");
    let c = other.build.step_by_key("c").expect("uploaded");
    assert_ne!(c.group, other.build.step_by_key("a").and_then(|step| step.group));
}

#[test]
fn a_wait_in_a_group_covers_what_is_uploaded_above_it() {
    check(
        "[{'group':'G','steps':[{'key':'a'},'wait',{'key':'b'}]}]",
        "start a; upload a [{'key':'c'}]; end a 0",
        "running: a=passed 2=waiting b=waiting c=scheduled",
    );
}

#[test]
fn replacing_takes_out_what_has_not_started() {
    check(
        "[{'key':'a'}, {'key':'r'}, 'wait', {'key':'b'}, {'block':'x'}]",
        "start a; start r; replace a [{'key':'b'}]",
        "running: a=running b=waiting r=running",
    );
    check(
        "[{'key':'a'}, 'wait', {'group':'G','steps':[{'key':'b'}]}]",
        "start a; replace a [{'key':'c'}]; end a 0; run c 0",
        "passed: a=passed c=passed",
    );
}

#[test]
fn top_level_env_is_merged() {
    let world = play(
        "{'env':{'A':'1','B':'1'},'steps':[{'key':'a'}]}",
        "start a; upload a {'env':{'B':2},'steps':[]}",
    );
    let env: Vec<_> = world.build.head().env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(env, ["A=1", "B=2"]);
}

#[test]
fn refusals() {
    let one = "[{'key':'a'}]";
    check_refused(
        one,
        "start a; upload a [{'key':'b'},{'key':'a'}]",
        "The key \"a\" has already been used by another step in this build",
    );
    check_refused(one, "upload a [{'key':'b'}]", "can't be used to upload steps");
    check_refused(
        one,
        "run a 0; upload a [{'key':'b'}]",
        "You can only change the pipeline of a running build",
    );
    check_refused(one, "start a; cancel; upload a [{'key':'b'}]", "You can only change");
    check_refused(
        one,
        "start a; upload a [{'key':'b','depends_on':'c'},{'key':'c','depends_on':'b'}]",
        "wait for each other",
    );
    check_refused(one, "start a; upload a [{'parallelism':501}]", "501 jobs in one upload are too many");
    check_refused(
        one,
        "start a; upload a [{'group':'g','steps':[{'group':'h','steps':[{'key':'x'}]}]}]",
        "group inside",
    );
    check_refused(one, "start a; upload a [{'key':'b','if':'build.nope'}]", "`if` of step \"b\"");
}

#[test]
fn a_build_takes_only_so_many_uploads() {
    let limits = Limits { uploads_per_build: 1, ..Limits::default() };
    let mut world = World::limited("[{'key':'a'}]", limits).expect("fits");
    world.act("start a").expect("fits");
    world.act("upload a [{'key':'b'}]").expect("fits");
    assert!(world.act("upload a [{'key':'c'}]").is_err());
}
