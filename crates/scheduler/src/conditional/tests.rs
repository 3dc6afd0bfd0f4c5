//! The language, as tables.

use indexmap::IndexMap;
use proptest::prelude::*;
use uuid::Uuid;

use super::{Conditional, Error, Scope};
use crate::facts::{Facts, Person, PullRequest};
use crate::ids::BuildId;
use crate::state::BuildState;

fn facts() -> Facts {
    let creator = Person { name: "Ada".to_owned(), teams: vec!["deploy".to_owned()], ..Person::default() };
    Facts { branch: "main".to_owned(), number: 8, creator: Some(creator), ..Facts::default() }
}

fn evaluate(text: &str, facts: &Facts) -> Result<bool, Error> {
    let env: IndexMap<String, String> = [
        ("V", "value"),
        ("EMPTY", ""),
        ("branch", ""),
        ("BUILDKITE_BUILD_ID", "hidden"),
        ("BUILDKITE_GITHUB_EVENT", "x"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let scope = Scope::new(BuildId::from(Uuid::nil()), BuildState::Running, facts, &env);
    Conditional::parse(text)?.evaluate(&scope)
}

#[track_caller]
fn check(text: &str, expected: bool) {
    assert_eq!(evaluate(text, &facts()), Ok(expected), "{text}");
}

#[track_caller]
fn check_error(text: &str, words: &str) {
    let error = evaluate(text, &facts()).map_err(|error| error.to_string());
    let error = error.expect_err(text);
    assert!(error.contains(words), "{text}: {error:?} should contain {words:?}");
}

#[test]
fn the_examples_of_the_specification() {
    check(r#"build.branch == "main" || build.branch == "production""#, true);
    check("build.tag != null", false);
    check("build.tag =~ /^v/", false);
    check("build.message !~ /skip/i", true);
    check(r#"build.creator.teams includes "deploy""#, true);
    check("build.creator.teams includes /^dep/", true);
    check("!build.pull_request.draft", true);
    check(r#"["main","x"] includes build.branch"#, true);
    check(r#"build.pull_request.id == null ? build.branch == "main" : true"#, true);
    check(r#""deploy-${branch:-main}" == "deploy-main""#, true);
    check_error(r#"build.state == "nope""#, "validation: \"nope\" is not a valid `build.state`");
    check_error(
        "build.state =~ /pass/",
        "validation: unexpected type: expected string but found build state enumeration value",
    );
    check_error(r#"build.env("BUILDKITE_AGENT_ACCESS_TOKEN") == null"#, "validation: ");
    check_error("nope != == one", "parse: ");
    check_error("build.number == 08", "parse: ");
}

#[test]
fn tokens() {
    check("true // what follows is no token \" '", true);
    check("\t\n\r true", true);
    check("build.number == 010", true);
    check("build.number == 10", false);
    check(r"'a\'b' == 'a\'b'", true);
    check(r#"'a\nb' == "a\\nb""#, true);
    check(r#""a\x62\143" == 'abc'"#, true);
    check(r#""\xZZ" == 'xZZ'"#, true);
    check(r#""\q\"$$V" == 'q"$V'"#, true);
    check(r#""\s" == " ""#, true);
    check(r#""$" == '$'"#, true);
    for (text, words) in [
        ("build.number == 0x10", "unexpected token after expression"),
        ("build.branch = 'x'", "illegal token `=`"),
        ("true & true", "illegal token `&`"),
        ("build.branch. == 'x'", "invalid dotted identifier: build.branch."),
        ("build..branch == 'x'", "invalid dotted identifier: build..branch"),
        ("'open", "illegal token `'`"),
        ("build.branch =~ /open", "illegal token `/`"),
        (r#""\777" == 'x'"#, "octal"),
        ("build.branch =~ /x/g", "unsupported regexp flag: g"),
        ("@", "illegal token `@`"),
        ("$ == null", "illegal token `$`"),
        ("${V == null", "unterminated"),
        ("99999999999999999999 == build.number", "not an integer"),
        ("", "parse: empty expression"),
        ("  \n", "parse: empty expression"),
        ("// nothing", "parse: empty expression"),
    ] {
        check_error(text, words);
    }
}

#[test]
fn precedence() {
    check("false && false || true", true);
    check("true || false && false", true);
    check("!false == true", true);
    check("false ? false : true ? true : false", true);
    check("true == true == true", true);
    check_error("!build.branch =~ /x/", "unexpected type: expected boolean but found string");
    check("!(build.branch =~ /x/)", true);
    check_error("[\"a\",] includes \"a\"", "parse: ");
    check_error("true true", "unexpected token after expression");
    check_error("(true", "expected `)`");
    check_error("env(\"V\")(\"V\") == null", "only a name can be called");
}

#[test]
fn types() {
    for (text, words) in [
        ("build.branch", "expected boolean but found string"),
        ("build.nope", "`build.nope` is not a variable"),
        ("nope(\"x\") == null", "`nope` is not a function"),
        ("null && true", "expected boolean but found null"),
        ("true || build.branch", "expected boolean but found string"),
        ("build.number == \"8\"", "expected number but found string"),
        (
            "\"passed\" == build.state",
            "unexpected type: expected string but found build state enumeration value",
        ),
        ("build.state == build.source", "enumeration value"),
        ("build.branch == /x/", "regular expression"),
        ("build.branch =~ \"x\"", "expected regular expression but found string"),
        ("build.branch includes \"x\"", "expected string array but found string"),
        ("build.creator.teams == \"x\"", "expected string array but found string"),
        ("[build.state] includes \"x\"", "expected string but found build state"),
        ("step.key == \"x\"", "step variables are not available for entry point"),
        ("true ? build.branch : build.number", "expected string but found number"),
    ] {
        check_error(text, words);
    }
    check("null", false);
    check("build.state == \"running\"", true);
    check("build.state == \"started\"", false);
    check("build.state == \"$V\"", false);
    check("build.creator.teams == [\"deploy\"]", true);
}

#[test]
fn nulls() {
    check("null == null", true);
    check("null == \"x\"", false);
    check("null != \"x\"", true);
    check("build.tag =~ /x/", false);
    check("build.tag !~ /x/", true);
    check("build.pull_request.labels includes \"x\"", false);
    check("build.creator.teams includes null", false);
    check("build.pull_request.draft && true", false);
    check("build.pull_request.draft ? true : false", false);
    check("build.pull_request.draft || build.pull_request.draft", false);
    check("[build.branch, build.tag] includes \"main\"", true);
    check_error("[build.tag, build.branch] includes \"main\"", "evaluation: ");
    // What is skipped is not evaluated, but checked.
    check("true || [build.tag] includes \"x\"", true);
    check_error("true || build.nope", "is not a variable");
}

#[test]
fn environment() {
    check("env(\"V\") == \"value\"", true);
    check("env(\"NOPE\") == \"\"", true);
    check("build.env(\"NOPE\") == null", true);
    check("build.env(\"EMPTY\") == \"\"", true);
    check("build.env(\"BUILDKITE_TAG\") == null", false);
    check("build.env(\"BUILDKITE_BRANCH\") == \"main\"", true);
    check("build.env(\"BUILDKITE_PULL_REQUEST\") == \"false\"", true);
    check("build.env(\"BUILDKITE_GITHUB_EVENT\") == \"x\"", true);
    check("$BUILDKITE_BUILD_ID == null", true);
    check("env(\"${X:-BUILDKITE_PULL_REQUEST_LABELS}\") == \"\"", true);
    check_error("env('$V') == null", "did you mean V?");
    check_error("env(\"a-b\") == null", "should be an environment variable name");
    check_error("env(\"BUILDKITE_BRANCHH\") == null", "did you mean \"BUILDKITE_BRANCH\"?");
    check_error(
        "env(\"BUILDKITE_AGENT_NAME\") == null",
        "Interpolation of \"BUILDKITE_AGENT_NAME\" is not supported",
    );
    check_error("env(\"${X:-BUILDKITE_JOB_ID}\") == null", "evaluation: ");
    check_error("env(\"$NOPE\") == null", "evaluation: ");
    check_error("env() == null", "env expects exactly one argument");
    check_error("env(1) == null", "expected string but found number");
}

#[test]
fn expansions() {
    for (expansion, set, empty, unset) in [
        ("$X", Some("abc"), Some(""), None),
        ("${X}", Some("abc"), Some(""), None),
        ("${X-w}", Some("abc"), Some(""), Some("w")),
        ("${X:-w}", Some("abc"), Some("w"), Some("w")),
        ("${X+w}", Some("w"), Some("w"), Some("")),
        ("${X:+w}", Some("w"), Some(""), Some("")),
        ("${X?m}", Some("abc"), Some(""), None),
        ("${X:1}", Some("bc"), Some(""), None),
        ("${X:1:1}", Some("b"), Some(""), None),
        ("${X:0:-1}", Some("ab"), Some(""), None),
        ("${X: -2}", Some("bc"), Some(""), None),
        ("${X:9}", Some(""), Some(""), None),
        ("$X.y", Some("abc.y"), Some(".y"), Some(".y")),
        ("${X:-'$V\"'}", Some("abc"), Some("$V\""), Some("$V\"")),
        ("${X:-\"$V\"}", Some("abc"), Some("value"), Some("value")),
        ("${X:-${V}}", Some("abc"), Some("value"), Some("value")),
    ] {
        for (value, expected) in [(Some("abc"), set), (Some(""), empty), (None, unset)] {
            let mut env: std::collections::HashMap<String, String> =
                [("V".to_owned(), "value".to_owned())].into();
            env.extend(value.map(|value| ("X".to_owned(), value.to_owned())));
            let (template, rest) = super::template::standalone(expansion).expect(expansion);
            assert_eq!(rest, "", "{expansion}");
            let found = template.expand_alone(&env);
            match (expansion, value) {
                ("${X?m}", None) => assert!(found.is_err()),
                _ => assert_eq!(found, Ok(expected.map(str::to_owned)), "{expansion} with {value:?}"),
            }
        }
    }
    check_error("$NOPE == ${NOPE:?gone}", "evaluation: parameter null or not set: NOPE: gone");
    check_error("\"${V:x}\" == 'x'", "substring operation requires integer argument, not \"x\"");
}

#[test]
fn regular_expressions() {
    check("build.branch =~ /MAIN/i", true);
    check("build.branch =~ /^ma(?=in)/", true);
    check("build.branch =~ /(?#what is this)main/", true);
    check("build.branch =~ /[[:alpha:]]+/", true);
    check(r"build.branch =~ /a\/b/", false);
    for (pattern, feature) in [
        ("(?<=a)b", "lookbehind"),
        ("(?<!a)b", "nlookbehind"),
        ("(?>a)", "atomic"),
        ("(?<n>a)", "named_ab"),
        ("(?'n'a)", "named_sq"),
        ("(a)?(?(1)b)", "condition_open"),
        ("a?+", "zero_or_one_possessive"),
        ("a*+", "zero_or_more_possessive"),
        ("a++", "one_or_more_possessive"),
        ("a{1,2}+", "bounded_possessive"),
    ] {
        check_error(
            &format!("build.branch =~ /{pattern}/"),
            &format!("unsupported regexp feature: {feature}"),
        );
    }
    check(r"build.branch =~ /[+?*+]|\++/", false);
    check_error("build.branch =~ /(/", "invalid regexp");
    let long = Facts { branch: "a".repeat(60), ..facts() };
    let hostile = r"build.branch =~ /^(a|a)*(?=x)\1$/";
    assert!(matches!(evaluate(hostile, &long), Err(Error::Evaluation(_)) | Ok(false)));
}

#[test]
fn pull_requests() {
    let request = PullRequest {
        id: "7".to_owned(),
        draft: Some(true),
        labels: vec!["ci".to_owned()],
        ..PullRequest::default()
    };
    let facts = Facts { pull_request: Some(request), ..facts() };
    for text in [
        "build.pull_request.id == \"7\"",
        "build.pull_request.draft",
        "build.pull_request.labels includes \"ci\"",
    ] {
        assert_eq!(evaluate(text, &facts), Ok(true), "{text}");
    }
}

#[test]
fn deep_nesting_is_refused_and_not_a_crash() {
    for text in [
        "(".repeat(100_000),
        "!".repeat(100_000),
        "true||".repeat(100_000),
        "${a:-".repeat(10_000),
        "true?".repeat(9_999),
    ] {
        assert!(evaluate(&text, &facts()).is_err());
    }
    assert!(
        evaluate(&format!("\"{}{}\" == null", "${a:-".repeat(9_999), "}".repeat(9_999)), &facts()).is_err()
    );
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "\\PC*") {
        let _ = evaluate(&text, &facts());
    }

    #[test]
    fn any_tokens_are_answered(words in prop::collection::vec(prop::sample::select(vec![
        "build.branch", "build.state", "build.creator.teams", "null", "true", "1", "'x'", "\"$V\"", "${V:-x}", "/x/i",
        "==", "!=", "=~", "!~", "includes", "&&", "||", "!", "?", ":", "(", ")", "[", "]", ",", "env(", "$V", "${V:",
    ]), 0..24)) {
        let text = words.join(" ");
        let once = evaluate(&text, &facts());
        prop_assert_eq!(once, evaluate(&text, &facts()));
    }
}
