//! The points of the YAML dialect that parsers differ in (docs/spec/pipeline.md §4).

use redkite_pipeline::{Map, ParseError, Value, documents, json};

/// Each document as compact JSON; the first error ends the list.
fn read(text: &[u8]) -> (Vec<String>, Option<String>) {
    let mut values = Vec::new();
    let mut documents = documents(text);
    while let Some(value) = documents.next_value() {
        match value.map(|value| json::compact(&value).expect("no infinities here")) {
            Ok(text) => values.push(text),
            Err(error) => return (values, Some(error.to_string())),
        }
    }
    (values, None)
}

#[track_caller]
fn accepted(text: &str, expected: &[&str]) {
    assert_eq!(
        read(text.as_bytes()),
        (expected.iter().map(|text| (*text).to_owned()).collect(), None),
        "{text:?}"
    );
}

#[track_caller]
fn refused(text: &str, reason: &str) {
    let (_, error) = read(text.as_bytes());
    let error = error.unwrap_or_else(|| panic!("{text:?} is accepted"));
    assert!(error.contains(reason), "{text:?}: {error}");
}

#[test]
fn streams() {
    accepted("", &[]);
    accepted("# nothing\n", &[]);
    accepted("a: 1\n---\n[b]\n", &[r#"{"a":1}"#, r#"["b"]"#]);
    accepted("---\n", &["null"]);
    accepted("--- [a]\n", &[r#"["a"]"#]);
    accepted("--- text\n", &[r#""text""#]);
    accepted("a\n...\n---\nb\n...\n", &[r#""a""#, r#""b""#]);
    accepted("%TAG ! tag:yaml.org,2002:\n---\n!int \"5\"\n", &["5"]);
    refused("--- a: b\n", "mapping values are not allowed");
    refused("--- - b\n", "block sequence entries are not allowed");
    refused("a: 1\n...\nb: 2\n", "did not find expected <document start>");
    refused("%YAML 1.2\n---\na\n", "incompatible");
    refused("%FOO x\n---\na\n", "unknown directive");
    refused("%YAML 1.1\na\n", "did not find expected <document start>");
    refused("a: *nope\n", "there is no anchor \"nope\"");
}

#[test]
fn anchors_live_for_the_whole_stream() {
    accepted("a: &x 1\n---\nb: *x\n---\nc: &x 2\nd: *x\n", &[r#"{"a":1}"#, r#"{"b":1}"#, r#"{"c":2,"d":2}"#]);
}

#[test]
fn encodings() {
    assert_eq!(read(b"\xef\xbb\xbfa: 1\n").0, [r#"{"a":1}"#]);
    let utf16: Vec<u8> = "\u{feff}a: é\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read(&utf16).0, [r#"{"a":"é"}"#]);
    assert_eq!(read(b"a: \xff\n").1.as_deref(), Some("line 1: this is not UTF-8"));
    refused("a: \"\u{1}\"\n", "control characters are not allowed");
    accepted("a: |\r\n  x\r\n  y\r\n", &[r#"{"a":"x\ny\n"}"#]);
    accepted("- a\u{85}- b\u{2028}- c\r- d\n", &[r#"["a","b","c","d"]"#]);
}

#[test]
fn tabs() {
    accepted("a:\t1\t# comment\nb: [\t1,\t2\t]\n", &[r#"{"a":1,"b":[1,2]}"#]);
    accepted("{\n\t\"a\":\t1\n}\n", &[r#"{"a":1}"#]);
    refused("a:\n\tb: 1\n", "cannot start any token");
    refused("-\tx\n", "");
    refused("-\ta: b\n", "");
    refused("?\tx\n", "");
    refused("a: |\n\tx\n", "tab character");
}

#[test]
fn plain_scalars() {
    refused("key: a: b\n", "mapping values are not allowed");
    refused("label: :docker: x\n", "mapping values are not allowed");
    accepted("label: \":docker: x\"\n", &[r#"{"label":":docker: x"}"#]);
    accepted("a:b", &[r#""a:b""#]);
}

#[test]
fn flow_collections() {
    accepted("[a, b,]", &[r#"["a","b"]"#]);
    accepted("[a: 1, {b, c: 2}]", &[r#"[{"a":1},{"b":null,"c":2}]"#]);
    accepted("[?a, {? b : c}]", &[r#"[{"a":null},{"b":"c"}]"#]);
    accepted("[a:, {b:}, http://x/y, \"k\":v]", &[r#"["a:",{"b:":null},"http://x/y",{"k":"v"}]"#]);
    accepted(
        "x: [a:, '\u{e000}']\n---\n[é, b:, &y c:]\n---\n*y\n",
        &["{\"x\":[\"a:\",\"\u{e000}\"]}", r#"["é","b:","c:"]"#, r#""c:""#],
    );
    refused("[a, , b]", "did not find expected node content");
    refused("[a?b]", "did not find expected ',' or ']'");
    refused("[:a]", "");
    refused("{command: ${X}}", "");
    refused("[a", "did not find expected ',' or ']'");
}

#[test]
fn quoted_scalars() {
    accepted(
        r#""\0\a\b\t\n\v\f\r\e\ \"\'\\\N\_\L\P\x41\u00e9\U0001F680""#,
        &["\"\\u0000\\u0007\\b\\t\\n\\u000b\\f\\r\\u001b \\\"'\\\\\u{85}\u{a0}\\u2028\\u2029Aé🚀\""],
    );
    accepted(r#"["it\'s", 'a\', "b\\'", c\'d, "\u0041\'"] # \'"#, &[r#"["it's","a\\","b\\'","c\\'d","A'"]"#]);
    accepted("a: |\n  \\'x\nb: \"\\'\"\n", &[r#"{"a":"\\'x\n","b":"'"}"#]);
    refused(r#"{"a": "x\/y"}"#, "unknown escape character");
    accepted(r#"["a//b", "x\\/y"]"#, &[r#"["a//b","x\\/y"]"#]);
    refused(r#"["é", "\ud83d\ude00"]"#, "invalid Unicode character escape code");
    refused("[\"é/\", \"é\\/\"]", "unknown escape character");
}

#[test]
fn what_the_library_panics_on_is_an_error() {
    refused("a: \"\\", "breaks off");
    refused("[!x, a]", "breaks off");
    refused("!%ff x", "");
    accepted("a: \\", &[r#"{"a":"\\"}"#]);
}

#[test]
fn names_of_anchors() {
    accepted("- &a-_1 x\n- *a-_1\n", &[r#"["x","x"]"#]);
    refused("- &é x\n", "");
}

#[test]
fn long_keys() {
    let key = "k".repeat(1025);
    refused(&format!("{key}: 1\n"), "");
    refused(&format!("{{\"{key}\": 1}}"), "");
}

#[test]
fn tags() {
    accepted(
        "[!!str 5, !!int \"5\", !!float 1, !!null \"\", !!bool \"true\", !x 5, !!foo 5, ! 5]",
        &[r#"["5",5,1,null,true,"5","5",5]"#],
    );
    accepted("[!!binary aGk=, !!timestamp \"2024-01-02\"]", &[r#"["hi","2024-01-02T00:00:00Z"]"#]);
    accepted("a: !!set {b: c}\nd: !!seq {e: f}\n", &[r#"{"a":{"b":"c"},"d":{"e":"f"}}"#]);
    refused("!!bool yes", "\"yes\" is a string, so it is no !!bool");
    refused("!!int x", "so it is no !!int");
    refused("!!binary '*'", "base64");
}

#[test]
fn keys() {
    accepted(
        "{1: a, 0x1F: b, TRUE: c, 1.5: d, yes: e, .inf: f, !!str 0x10: g}",
        &[r#"{"1":"a","31":"b","true":"c","1.500000e+00":"d","yes":"e","+Inf":"f","0x10":"g"}"#],
    );
    accepted("a: &k key\n*k : 1\n", &[r#"{"a":"key","key":1}"#]);
    refused("{~: a}", "line 1, column 2: null can't be a key");
    refused("? [a]\n: b\n", "can't be a key");
}

#[test]
fn aliases_and_merges() {
    refused("a: &a [*a]\n", "line 1, column 4: an alias lies inside");
    accepted("a: &a {x: 1, x: 2}\nb: {<<: *a}\n", &[r#"{"a":{"x":2},"b":{"x":1}}"#]);
    accepted(
        "a: &a {x: 1}\nb: &b {<<: *a, x: 2, z: 3}\nc: {<<: [[*b], *a]}\n",
        &[r#"{"a":{"x":1},"b":{"x":2,"z":3},"c":{"x":2,"z":3}}"#],
    );
    accepted("m: &m {x: 1, <<: *m}\n", &[r#"{"m":{"x":1}}"#]);
    accepted("m: {!!merge k: {x: 1}, \"<<\": 2}\n", &[r#"{"m":{"x":1,"\u003c\u003c":2}}"#]);
    refused("m: {<<: 5}\n", "merged");
    refused("m: {<<: [{x: 1}, y]}\n", "merged");
}

#[test]
fn multiplying_aliases_are_stopped() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let before = level - 1;
        let items = vec![format!("*a{before}"); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    refused(&text, "too many values");
}

#[test]
fn deep_nesting_is_stopped_before_the_stack_is() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(documents(nested(120).as_bytes()).next_value().is_some_and(|value| value.is_ok()));
    refused(&nested(100_000), "levels deep");
    let through_aliases: String = (1..40)
        .map(|level| format!("- &a{level} {}*a{}{}\n", "[".repeat(30), level - 1, "]".repeat(30)))
        .collect();
    refused(&format!("- &a0 x\n{through_aliases}"), "levels deep");
}

#[test]
fn deep_groups_fit_a_small_stack() {
    let groups = |depth: usize| {
        let step = Value::Map(Map::from([("command".to_owned(), Value::from("c"))]));
        (0..depth).fold(step, |inner, _| {
            Value::Map(Map::from([
                ("group".to_owned(), Value::Null),
                ("steps".to_owned(), Value::List(vec![inner])),
            ]))
        })
    };
    let text = json::compact(&Value::List(vec![groups(59)])).expect("there are no numbers in it");
    let parsed = documents(text.as_bytes()).next().expect("a document");
    let pipeline = parsed.map(|parsed| parsed.pipeline);
    assert!(matches!(&pipeline, Ok(pipeline) if pipeline.steps.len() == 1), "{pipeline:?}");
    assert!(matches!(documents(b"x: {").next(), Some(Err(ParseError::Syntax(_)))));
}
