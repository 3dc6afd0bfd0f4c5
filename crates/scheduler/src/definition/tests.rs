//! Documents, as tables: what is read, and what is refused with which words.

use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Barrier, Command, Concurrency, ConcurrencyMethod, DependsOn, Ending, FieldKind, Kind, OnFailure,
    Pipeline, SoftFail, Step, Times, TriggerMode, WhenFailing,
};
use crate::build::Build;
use crate::facts::Facts;
use crate::ids::BuildId;
use crate::time::{Minutes, Time};

/// JSON with single quotes.
fn read(text: &str) -> Result<Pipeline, String> {
    let document: Value = serde_json::from_str(&text.replace('\'', "\"")).expect("valid JSON");
    Pipeline::read(&document).map_err(|error| error.to_string())
}

#[track_caller]
fn step(text: &str) -> Step {
    let pipeline = read(&format!("[{text}]")).unwrap_or_else(|error| panic!("{text}: {error}"));
    pipeline.steps.into_iter().next().expect("a step")
}

#[track_caller]
fn command(text: &str) -> Command {
    match step(text).kind {
        Kind::Command(command) => command,
        other => panic!("{text} is {other:?}"),
    }
}

#[track_caller]
fn check_refused(document: &str, words: &str) {
    let error = read(document).expect_err(document);
    assert!(error.contains(words), "{document}: {error:?} should contain {words:?}");
}

#[test]
fn kinds_of_steps() {
    #[track_caller]
    fn check(text: &str, kind: &str) {
        let found = match step(text).kind {
            Kind::Command(_) => "command",
            Kind::Wait(OnFailure::Stops) => "wait",
            Kind::Wait(OnFailure::GoesOn) => "wait that goes on",
            Kind::Manual(manual) if manual.barrier == Barrier::Separates => "block",
            Kind::Manual(_) => "input",
            Kind::Trigger(_) => "trigger",
            Kind::Group(_) => "group",
        };
        assert_eq!(found, kind, "{text}");
    }
    check("'wait'", "wait");
    check("'waiter'", "wait");
    check("'block'", "block");
    check("'manual'", "block");
    check("'input'", "input");
    check("{'wait':null}", "wait");
    check("{'wait':'','continue_on_failure':'true'}", "wait that goes on");
    check("{'wait':{'continue_on_failure':true}}", "wait that goes on");
    check("{'block':null}", "block");
    check("{'type':'manual'}", "block");
    check("{'input':'Name?'}", "input");
    check("{'trigger':'deploy'}", "trigger");
    check("{'group':null,'steps':['wait']}", "group");
    check("{'command':'make'}", "command");
    check("{'commands':['a','b']}", "command");
    check("{'script':'make'}", "command");
    check("{'command':{'command':'make'}}", "command");
    check("{'plugins':['docker#v1']}", "command");
    check("{'type':'script'}", "command");
}

#[test]
fn names_and_aliases() {
    let one = step("{'command':'x','name':'N','identifier':'k'}");
    assert_eq!((one.label.as_deref(), one.key.as_deref()), (Some("N"), Some("k")));
    assert_eq!(step("{'block':'Go?','label':'other'}").label.as_deref(), Some("Go?"));
    assert_eq!(step("{'group':null,'label':'L','steps':['wait']}").label.as_deref(), Some("L"));
    assert_eq!(command("{'commands':['a','b']}").command, "a\nb");
    assert_eq!(command("{'command':'x','timeout':5}").timeout, Some(Minutes(5)));
    assert_eq!(command("{'command':'x','timeout_in_minutes':'5'}").timeout, Some(Minutes(5)));
    assert_eq!(command("{'command':'x','artifacts':['a','b/*']}").artifact_paths.as_deref(), Some("a;b/*"));
    assert_eq!(command("{'command':'x','agent_query_rules':['os=linux']}").agents.to_strings(), ["os=linux"]);
    assert_eq!(
        step("{'command':'x','unknown':{'b':1,'a':2}}").source,
        json!({"command":"x","unknown":{"b":1,"a":2}})
    );
}

#[test]
fn values_become_text() {
    let one = command("{'command':'x','env':{'A':1,'B':true,'C':null,'D':1.5}}");
    let env: Vec<String> = one.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(env, ["A=1", "B=true", "C=", "D=1.5"]);
}

#[test]
fn defaults_of_the_document() {
    let pipeline = read(
        "{'agents':{'queue':'q','os':'linux'},'priority':3,'image':'i','env':{'E':1},'anchors':[1],
          'steps':[{'command':'a'},{'command':'b','agents':{'queue':'r'},'priority':0,'image':'j'}]}",
    )
    .expect("fits");
    let commands: Vec<&Command> = pipeline
        .steps
        .iter()
        .filter_map(|step| match &step.kind {
            Kind::Command(command) => Some(command),
            _ => None,
        })
        .collect();
    assert_eq!(commands[0].agents.to_strings(), ["queue=q", "os=linux"]);
    assert_eq!((commands[0].priority, commands[0].image.as_deref()), (3, Some("i")));
    assert_eq!(commands[1].agents.to_strings(), ["queue=r"]);
    assert_eq!((commands[1].priority, commands[1].image.as_deref()), (0, Some("j")));
    assert_eq!(pipeline.env["E"], "1");
}

#[test]
fn dependencies() {
    #[track_caller]
    fn check(attributes: &str, expected: &str) {
        let shown = match step(&format!("{{'command':'x'{attributes}}}")).depends_on {
            DependsOn::Place => "place".to_owned(),
            DependsOn::Nothing => "nothing".to_owned(),
            DependsOn::Steps(steps) => {
                let mark = |on_failure| if on_failure == OnFailure::GoesOn { "?" } else { "" };
                steps
                    .iter()
                    .map(|entry| format!("{}{}", entry.step, mark(entry.on_failure)))
                    .collect::<Vec<_>>()
                    .join(" ")
            }
        };
        assert_eq!(shown, expected, "{attributes}");
    }
    check("", "place");
    check(",'depends_on':null", "nothing");
    check(",'depends_on':[]", "nothing");
    check(",'depends_on':'a'", "a");
    check(",'depends_on':['a',{'step':'b'},{'step':'c','allow_failure':'true'}]", "a b c?");
    check(",'depends_on':['a',{'step':'b','allow_failure':false}],'allow_dependency_failure':true", "a? b");
}

#[test]
fn parallel_matrix_and_concurrency() {
    assert_eq!(command("{'command':'x','parallelism':3}").times, Times::Parallel(3));
    let matrix = |text: &str| match command(&format!("{{'command':'x','matrix':{text}}}")).times {
        Times::Matrix(matrix) => matrix
            .cells()
            .iter()
            .map(|cell| {
                let values: Vec<&str> = cell.values.values().map(String::as_str).collect();
                values.join("-") + if cell.soft_fail.is_some() { "!" } else { "" }
            })
            .collect::<Vec<_>>()
            .join(" "),
        other => panic!("{other:?}"),
    };
    assert_eq!(matrix("['a',1,true]"), "a 1 true");
    assert_eq!(matrix("{'setup':{'x':['a','b'],'y':[1,2]}}"), "a-1 a-2 b-1 b-2");
    // P13: nine, one skipped, one added.
    let adjusted =
        "{'setup':{'x':['a','b','c'],'y':[1,2,3]},'adjustments':[{'with':{'y':1,'x':'a'},'skip':'no'},
        {'with':{'x':'d','y':4}},{'with':{'x':'b','y':1},'soft_fail':true}]}";
    assert_eq!(matrix(adjusted), "a-2 a-3 b-1! b-2 b-3 c-1 c-2 c-3 d-4");
    assert_eq!(matrix("{'setup':['a','b'],'adjustments':[{'with':'c'},{'with':'a','skip':true}]}"), "b c");
    let one = command("{'command':'x','concurrency':2,'concurrency_group':'g','concurrency_method':'eager'}");
    let expected = Concurrency { group: "g".to_owned(), limit: 2, method: ConcurrencyMethod::Eager };
    assert_eq!(one.concurrency, Some(expected));
    assert_eq!(
        command("{'command':'x','cancel_on_build_failing':'true'}").when_failing,
        WhenFailing::Cancels
    );
}

#[test]
fn matrix_tokens_are_replaced() {
    let values = [("os".to_owned(), "linux".to_owned()), (String::new(), "x".to_owned())].into();
    for (text, expected) in [
        ("{{matrix.os}}-{{ matrix }}", "linux-x"),
        ("{{ matrix.os }}{{matrix.os}}", "linuxlinux"),
        ("{{matrix.other}} {{other}} {{", "{{matrix.other}} {{other}} {{"),
        ("{{{matrix}}}", "{x}"),
        ("é{{matrix}}é", "éxé"),
    ] {
        assert_eq!(super::expand(text, &values), expected, "{text}");
    }
}

#[test]
fn soft_failures_and_retry_rules() {
    let soft = |text: &str| command(&format!("{{'command':'x','soft_fail':{text}}}")).soft_fail;
    assert_eq!(soft("true"), SoftFail::Always);
    assert_eq!(soft("'false'"), SoftFail::Never);
    assert_eq!(soft("[{'exit_status':'*'}]"), SoftFail::Always);
    assert_eq!(soft("[{'exit_status':1},{'exit_status':[2,'3']}]"), SoftFail::On(vec![1, 2, 3]));
    let retry = |text: &str| command(&format!("{{'command':'x','retry':{text}}}")).retry;
    let rules =
        retry("{'automatic':[{'exit_status':'*','signal':'SIGKILL','limit':10},{'signal':['none','TERM']}]}")
            .automatic;
    let ending = |exit_status, signal| Ending { exit_status, signal, reason: None };
    assert!(rules[0].matches(ending(1, Some("Kill"))));
    assert!(!rules[0].matches(ending(1, None)));
    assert!(!rules[0].matches(ending(-1, Some("SIGKILL"))));
    assert!(rules[1].matches(ending(1, None)) && rules[1].matches(ending(1, Some("SIGTERM"))));
    assert_eq!((rules[0].limit, rules[1].limit), (10, 2));
    assert!(retry("{'automatic':'false'}").automatic.is_empty());
    let manual = retry("{'manual':{'allowed':false,'permit_on_passed':'true','reason':'r'}}").manual;
    assert!(!manual.allowed && manual.permit_on_passed && manual.reason.as_deref() == Some("r"));
    assert!(!retry("{'manual':false}").manual.allowed);
}

#[test]
fn manual_and_trigger_steps() {
    let Kind::Manual(manual) = step(
        "{'block':'b','prompt':'p','blocked_state':'running','allowed_teams':'ops','fields':[
            {'text':'T','key':'a/b','format':'[a-z]+','required':'false','default':'x'},
            {'select':'S','key':'s','multiple':true,'default':['v'],'options':[{'label':'L','value':'v'}]}]}",
    )
    .kind
    else {
        panic!("a block")
    };
    assert_eq!((manual.submit.as_str(), manual.allowed_teams.len(), manual.fields.len()), ("Continue", 1, 2));
    assert!(!manual.fields[0].required && manual.fields[1].required);
    assert!(
        matches!(&manual.fields[1].kind, FieldKind::Select { multiple: true, default, .. } if default == &["v"])
    );
    let Kind::Trigger(trigger) =
        step("{'trigger':'p','async':'true','build':{'branch':'b','env':{'A':1},'meta_data':{'m':2}}}").kind
    else {
        panic!("a trigger")
    };
    assert_eq!(
        (trigger.mode, trigger.commit.as_str(), trigger.branch.as_deref()),
        (TriggerMode::Async, "HEAD", Some("b"))
    );
    assert_eq!((trigger.env["A"].as_str(), trigger.meta_data["m"].as_str()), ("1", "2"));
}

#[test]
fn refusals_name_the_step_and_the_attribute() {
    for (document, words) in [
        ("7", "the pipeline must be a mapping with `steps`, or a list of steps"),
        ("{'steps':7}", "`steps` of the pipeline must be a list"),
        ("{'env':[],'steps':[]}", "`env` of the pipeline must be a mapping of names to strings"),
        ("['nope']", "step 1 has none of the keys"),
        ("['wait', {'label':'L','x':1}]", "step \"L\" has none of the keys"),
        ("[{'type':'nope'}]", "`type` of step 1 must be command, wait,"),
        ("[{'command':'x','key':'a b'}]", "`key` of step \"a b\" must be at most 100 letters"),
        ("[{'command':'x','id':'0190a0b0-0000-7000-8000-000000000000'}]", "look like a UUID"),
        (
            "[{'command':'x','key':'k'},{'group':'g','steps':[{'command':'x','key':'k'}]}]",
            "The key \"k\" has already been used",
        ),
        (
            "[{'command':'x','key':'k','timeout_in_minutes':0}]",
            "`timeout_in_minutes` of step \"k\" must be a positive integer",
        ),
        ("[{'command':'x','parallelism':-1}]", "`parallelism` of step 1 must be"),
        ("[{'command':'x','priority':'high'}]", "`priority` of step 1 must be an integer"),
        ("[{'command':'x','env':[1]}]", "`env` of step 1 must be a mapping"),
        ("[{'command':'x','agents':7}]", "`agents` of step 1 must be a mapping"),
        ("[{'command':'x','if':'true','branches':'main'}]", "can't have both `if` and `branches`"),
        (
            "[{'command':'x','if':'build.nope == 1'}]",
            "`if` of step 1: validation: `build.nope` is not a variable",
        ),
        ("[{'command':'x','depends_on':7.5,'retry':7}]", "`retry` of step 1 must be a mapping"),
        ("[{'command':'x','depends_on':{'step':[]}}]", "`depends_on` of step 1 must be"),
        (
            "[{'command':'x','retry':{'automatic':{'limit':11}}}]",
            "`retry.automatic.limit` of step 1 must be an integer from 0 to 10",
        ),
        ("[{'command':'x','retry':{'automatic':{'exit_status':256}}}]", "`retry.automatic.exit_status`"),
        (
            "[{'command':'x','retry':{'automatic':{'signal_reason':'boredom'}}}]",
            "`retry.automatic.signal_reason`",
        ),
        ("[{'command':'x','soft_fail':[{'exit_status':'x'}]}]", "`soft_fail` of step 1"),
        ("[{'command':'x','skip':7}]", "`skip` of step 1 must be true, false or a reason"),
        ("[{'command':'x','concurrency':1}]", "concurrency_group_id"),
        ("[{'command':'x','concurrency_group':'g'}]", "without `concurrency`"),
        ("[{'command':'x','concurrency_method':'eager'}]", "without `concurrency`"),
        ("[{'command':'x','plugins':7}]", "`plugins` of step 1"),
        ("[{'command':'x','matrix':['a'],'parallelism':2}]", "can't have both `matrix` and `parallelism`"),
        ("[{'command':'{{matrix.z}}','matrix':['a']}]", "matrix dimension \"z\""),
        (
            "[{'command':'x','matrix':{'setup':{'a':[1],'b':[1]},'adjustments':[{'with':{'a':2}}]}}]",
            "`matrix` of step 1 must be adjusted",
        ),
        (
            "[{'command':'x','matrix':{'setup':{'a':[1,2,3,4,5,6,7,8],'b':[1,2,3,4,5,6,7,8]}}}]",
            "64 matrix jobs are too many, 50 are allowed",
        ),
        ("[{'group':'g','steps':[]}]", "`steps` of step \"g\" must be a list of at least one step"),
        ("[{'group':'g','steps':[{'group':'h','steps':['wait']}]}]", "a group with a group inside it"),
        ("[{'trigger':''}]", "`trigger` of step 1 must be the slug"),
        ("[{'block':'b','blocked_state':'odd'}]", "`blocked_state` of step \"b\""),
        ("[{'block':'b','fields':[{'text':'t'}]}]", "`fields.key` of step \"b\""),
        ("[{'block':'b','fields':[{'key':'k'}]}]", "the field \"k\" with neither `text` nor `select`"),
        ("[{'block':'b','fields':[{'select':'s','key':'k'}]}]", "`fields.options`"),
        (
            "[{'block':'b','fields':[{'text':'t','key':'k'},{'text':'t','key':'k'}]}]",
            "two fields with the key \"k\"",
        ),
        ("[{'block':'b','fields':[{'text':'t','key':'k','format':'('}]}]", "`fields.format`"),
    ] {
        check_refused(document, words);
    }
}

#[test]
fn references_can_be_checked_where_the_document_is_all_there_is() {
    let pipeline = read(
        "[{'command':'x','key':'a','depends_on':'b'},{'command':'y','depends_on':['a','nope'],'label':'Y'}]",
    )
    .expect("fits");
    let error = pipeline.check_references().expect_err("b is missing").to_string();
    assert_eq!(error, "step \"a\" depends on \"b\", but no step of the pipeline has that key");
    let pipeline = read("[{'group':'G','key':'g','steps':[{'command':'x','key':'a'}]},{'command':'y','depends_on':['a','g']}]").expect("fits");
    assert_eq!(pipeline.check_references(), Ok(()));
}

/// Every attribute there is, so that random documents get past the first check.
const WORDS: &[&str] = &[
    "steps",
    "command",
    "commands",
    "wait",
    "block",
    "input",
    "trigger",
    "group",
    "key",
    "label",
    "if",
    "branches",
    "depends_on",
    "allow_dependency_failure",
    "step",
    "allow_failure",
    "skip",
    "soft_fail",
    "exit_status",
    "retry",
    "automatic",
    "manual",
    "limit",
    "signal",
    "parallelism",
    "matrix",
    "setup",
    "adjustments",
    "with",
    "agents",
    "queue",
    "env",
    "plugins",
    "concurrency",
    "concurrency_group",
    "concurrency_method",
    "priority",
    "timeout_in_minutes",
    "fields",
    "text",
    "select",
    "options",
    "value",
    "format",
    "default",
    "build",
    "branch",
    "checkout",
    "flags",
    "depth",
    "continue_on_failure",
    "cancel_on_build_failing",
    "artifact_paths",
    "notify",
    "secrets",
    "type",
    "a",
    "b",
    "true",
    "main",
    "*",
    "{{matrix}}",
    "{{matrix.a}}",
    "build.branch == 'main'",
    "eager",
];

fn any_json() -> impl Strategy<Value = Value> {
    let word = || prop::sample::select(WORDS).prop_map(str::to_owned);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop_oneof![-2..60_i64, any::<i64>()].prop_map(Value::from),
        word().prop_map(Value::from),
        "\\PC{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((word(), inner), 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// A step of a known kind with random attributes.
fn any_step() -> impl Strategy<Value = Value> {
    let kind = prop::sample::select(vec!["command", "wait", "block", "trigger", "group"]);
    let word = prop::sample::select(WORDS).prop_map(str::to_owned);
    (kind, prop::collection::vec((word, any_json()), 0..4)).prop_map(|(kind, attributes)| {
        let kind = (kind.to_owned(), Value::from("x"));
        Value::Object(attributes.into_iter().chain([kind]).collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn any_document_is_a_build_or_an_error(steps in prop::collection::vec(any_step(), 0..3)) {
        let Ok(pipeline) = Pipeline::read(&json!({ "steps": steps })) else { return Ok(()) };
        let mut next = 0;
        let mut ids = || {
            next += 1;
            Uuid::from_u128(next)
        };
        let id = BuildId::from(Uuid::nil());
        if let Ok((build, _)) = Build::create(id, Facts::default(), pipeline, Time::from_millis(0), &mut ids) {
            prop_assert!(build.jobs().all(|job| build.step(job.step).is_some()));
        }
    }
}
