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
    check(r#"{"format":"email"}"#, r#""a@b""#, r#""a""#, "is not of the format \"email\"");
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
    check(r#"{"dependentSchemas":{"a":{"required":["b"]}}}"#, r#"{"c":1}"#, r#"{"a":1}"#, "\"b\" value");
    check(r#"{"minProperties":1}"#, r#"{"a":1}"#, "{}", "shorter");
}

#[test]
fn lists_have_items() {
    check(r#"{"items":{"type":"string"}}"#, r#"["a"]"#, r#"["a",1]"#, "/1: 1 type");
    check(r#"{"items":[{"const":1}],"additionalItems":false}"#, "[1]", "[1,2]", "/1: 2 is not allowed");
    check(r#"{"uniqueItems":true}"#, "[1,2]", "[1,1.0]", "equal");
    check(r#"{"contains":{"const":1}}"#, "[0,1]", "[0]", "contain");
    check(r#"{"contains":{"const":1},"minContains":2}"#, "[1,1]", "[0,1]", "fewer");
    check(r#"{"contains":{"const":1},"maxContains":1}"#, "[0,1]", "[1,1]", "more");
    check(r#"{"contains":{"const":1},"minContains":0,"maxContains":0}"#, "[0]", "[1]", "more");
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
    let anchor = r##"{"$defs":{"s":{"$anchor":"n","$id":"i","type":"string"}},"properties":{"a":{"$ref":"#n"},"b":{"$ref":"i"}}}"##;
    check(anchor, r#"{"a":"x","b":"x"}"#, r#"{"a":1}"#, "/a: 1 type");
    check(anchor, "{}", r#"{"b":1}"#, "/b: 1 type");
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

/// What the drafts before and after this one had says nothing.
#[test]
fn keywords_of_other_drafts() {
    for (schema, instance) in [
        (r#"{"dependencies":{"a":["b"]}}"#, r#"{"a":1}"#),
        (r#"{"prefixItems":[{"type":"string"}]}"#, "[1]"),
        (r#"{"enum":[]}"#, "1"),
        (r#"{"not":null,"required":null}"#, "{}"),
    ] {
        assert_eq!(validate(&parse(schema), &parse(instance)), Vec::<String>::new(), "{schema}");
    }
}

#[test]
fn each_keyword_has_its_values() {
    let check = |schema: &str, says: Option<&str>| {
        for nested in [schema.to_owned(), format!(r#"{{"properties":{{"a":{{"items":{schema}}}}}}}"#)] {
            let fault = fault(&parse(&nested));
            match says {
                Some(says) => {
                    assert!(fault.as_ref().is_some_and(|fault| fault.contains(says)), "{nested}: {fault:?}")
                }
                None => assert_eq!(fault, None, "{nested}"),
            }
        }
    };
    for good in [
        "true",
        "{}",
        r#"{"minLength":-1,"multipleOf":0,"pattern":"a","uniqueItems":false,"title":"","default":{},"deprecated":"x"}"#,
        r#"{"type":["string","null"],"enum":[],"required":[],"dependentRequired":{"a":["b"]},"dependencies":5}"#,
        r#"{"anyOf":[],"items":[{}],"properties":{"type":{"type":"string"}},"$defs":{"a":false},"definitions":5}"#,
        r#"{"required":null,"properties":null,"not":null,"const":null}"#,
    ] {
        check(good, None);
    }
    for (bad, says) in [
        (r#"{"maxLength":1.5}"#, "\"maxLength\" in its schema should be a whole number, not 1.5"),
        (r#"{"maxItems":"1"}"#, "a whole number"),
        (r#"{"minimum":"x"}"#, "a number"),
        (r#"{"format":5}"#, "a text"),
        (r#"{"pattern":"("}"#, "a regular expression"),
        (r#"{"pattern":5}"#, "a regular expression"),
        (r#"{"uniqueItems":"x"}"#, "true or false"),
        (r#"{"enum":"x"}"#, "a list"),
        (r#"{"required":"x"}"#, "a list of names"),
        (r#"{"required":[5]}"#, "a list of names"),
        (r#"{"dependentRequired":{"a":"b"}}"#, "lists of names"),
        (r#"{"type":"strng"}"#, "\"strng\" is not a type"),
        (r#"{"type":["string","x"]}"#, "\"x\" is not a type"),
        (r#"{"type":null}"#, "the name of a type"),
        (r#"{"not":5}"#, "a schema"),
        (r#"{"additionalProperties":[]}"#, "a schema"),
        (r#"{"oneOf":{}}"#, "a list of schemas"),
        (r#"{"allOf":[5]}"#, "5 should be a schema"),
        (r#"{"items":5}"#, "a schema, or a list of them"),
        (r#"{"properties":[]}"#, "schemas with their names"),
        (r#"{"properties":{"b":5}}"#, "5 should be a schema"),
        (r#"{"patternProperties":{"(":{}}}"#, "schemas with regular expressions"),
    ] {
        check(bad, Some(says));
    }
}
