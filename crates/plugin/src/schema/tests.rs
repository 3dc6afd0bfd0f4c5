use super::*;

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect(text)
}

/// One instance that fits, and one that doesn't with a part of what is said then.
fn check(schema: &str, good: &str, bad: &str, says: &str) {
    let schema = parse(schema);
    assert_eq!(validate(&schema, &parse(good)), Vec::<String>::new(), "{good}");
    let faults = validate(&schema, &parse(bad));
    assert!(faults.iter().any(|fault| fault.contains(says)), "{bad}: {faults:?}");
}

#[test]
fn values_have_types() {
    check(r#"{"type":"string"}"#, r#""x""#, "1", "should be string, is integer");
    check(r#"{"type":["string","array"]}"#, "[]", "{}", "string or array");
    check(r#"{"type":"integer"}"#, "3.0", "3.5", "is number");
    check(r#"{"type":"number"}"#, "12345678901234567890", "\"1\"", "is string");
    check(r#"{"type":"boolean"}"#, "true", "null", "is null");
    check(r#"{"enum":["a",1]}"#, "1.0", "2", "one of [\"a\", 1]");
    check(r#"{"const":{"a":[1]}}"#, r#"{"a":[1]}"#, r#"{"a":[2]}"#, "must equal");
}

#[test]
fn numbers_and_texts_have_bounds() {
    check(r#"{"minimum":1}"#, "1", "0", "at least 1");
    check(r#"{"exclusiveMaximum":1}"#, "0.9", "1", "less than 1");
    check(r#"{"multipleOf":0.1}"#, "0.3", "0.35", "multiple of 0.1");
    check(r#"{"minLength":2,"maxLength":3}"#, r#""éé""#, r#""abcd""#, "longer");
    check(r#"{"pattern":"^v\\d"}"#, r#""v1.2""#, r#""1""#, "must match");
}

#[test]
fn objects_have_members() {
    let schema = r#"{"properties":{"image":{"type":"string"},"tries":{"type":"integer","minimum":1}},
                     "required":["image"],"additionalProperties":false}"#;
    check(
        schema,
        r#"{"image":"a","tries":3}"#,
        r#"{"tries":3}"#,
        "/: {\"tries\":3} \"image\" value is required",
    );
    check(schema, r#"{"image":"a"}"#, r#"{"image":"a","tries":0}"#, "/tries: 0 must be at least 1");
    check(schema, r#"{"image":"a"}"#, r#"{"image":"a","other":1}"#, "/other: 1 additional properties");
    check(
        r#"{"patternProperties":{"^x-":{"type":"integer"}},"additionalProperties":{"type":"string"}}"#,
        r#"{"x-a":1,"b":"c"}"#,
        r#"{"b":1}"#,
        "/b: 1 type",
    );
    check(r#"{"propertyNames":{"maxLength":2}}"#, r#"{"ab":1}"#, r#"{"abc":1}"#, "/abc");
    check(r#"{"dependentRequired":{"a":["b"]}}"#, r#"{"c":1}"#, r#"{"a":1}"#, "\"b\" value");
    check(r#"{"dependencies":{"a":["b"]}}"#, r#"{"a":1,"b":1}"#, r#"{"a":1}"#, "\"b\" value");
    check(r#"{"minProperties":1}"#, r#"{"a":1}"#, "{}", "shorter");
}

#[test]
fn lists_have_items() {
    check(r#"{"items":{"type":"string"}}"#, r#"["a"]"#, r#"["a",1]"#, "/1: 1 type");
    check(r#"{"items":[{"const":1}],"additionalItems":false}"#, "[1]", "[1,2]", "/1: 2 is not allowed");
    check(r#"{"uniqueItems":true}"#, "[1,2]", "[1,1.0]", "equal");
    check(r#"{"contains":{"const":1}}"#, "[0,1]", "[0]", "contain");
    check(r#"{"maxItems":1}"#, "[1]", "[1,2]", "longer");
}

#[test]
fn schemas_combine() {
    let either = r#"{"oneOf":[{"type":"string"},{"minimum":5}]}"#;
    check(either, "5", "1", "did not match any");
    check(r#"{"oneOf":[{"type":"integer"},{"minimum":5}]}"#, "1", "6", "more than one");
    check(r#"{"anyOf":[{"type":"string"},{"type":"array"}]}"#, "[]", "1", "any of");
    check(r#"{"allOf":[{"minimum":1},{"maximum":2}]}"#, "2", "3", "at most 2");
    check(r#"{"not":{"type":"string"}}"#, "1", r#""x""#, "must not match");
    let conditional = r#"{"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}}"#;
    check(conditional, r#"{"a":1,"b":1}"#, r#"{"a":1}"#, "\"b\" value");
    check(conditional, r#"{"c":1}"#, "{}", "\"c\" value");
}

#[test]
fn references_are_followed_within_the_document() {
    let schema = r##"{"$defs":{"name":{"type":"string"}},"properties":{"a":{"$ref":"#/$defs/name"}}}"##;
    check(schema, r#"{"a":"x"}"#, r#"{"a":1}"#, "/a: 1 type");
    check(r##"{"properties":{"a":{"$ref":"#/nowhere"}}}"##, "{}", r#"{"a":1}"#, "leads nowhere");
    check(
        r##"{"properties":{"a":{"$ref":"#"}},"additionalProperties":false}"##,
        r#"{"a":{"a":{}}}"#,
        r#"{"a":{"b":1}}"#,
        "/a/b",
    );
}

#[test]
fn a_circle_of_references_ends() {
    let faults = validate(&parse(r##"{"$ref":"#"}"##), &parse("1"));
    assert_eq!(faults.len(), 1);
}

#[test]
fn long_values_are_cut_in_messages() {
    let faults = validate(&parse(r#"{"type":"integer"}"#), &parse(r#""0123456789012345678901234567890""#));
    assert_eq!(faults, ["/: \"0123456789012345678... type should be integer, is string"]);
}
