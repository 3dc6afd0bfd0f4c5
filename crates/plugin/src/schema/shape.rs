//! Whether a schema is one: each keyword with a value that it can have.
use super::compare;
use super::{Members, text_of};
use crate::configuration::Value;
use regex::Regex;

/// What a keyword's value must be. A `null` is as good as no keyword, but for `type`.
#[derive(Clone, Copy)]
enum Shape {
    Whole,
    Number,
    Text,
    Pattern,
    Flag,
    Anything,
    List,
    Names,
    NamesByName,
    Type,
    Schema,
    Schemas,
    SchemaOrSchemas,
    SchemasByName,
    SchemasByPattern,
}

use Shape::{
    Anything, Flag, List, Names, NamesByName, Number, Pattern, Schema, SchemaOrSchemas, Schemas,
    SchemasByName, SchemasByPattern, Text, Type, Whole,
};

#[rustfmt::skip]
const SHAPES: [(Shape, &[&str]); 14] = [
    (Whole, &["minLength", "maxLength", "minItems", "maxItems", "minContains", "maxContains", "minProperties", "maxProperties"]),
    (Number, &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
    (Text, &["title", "description", "format", "$id", "$schema", "$comment", "$ref", "$anchor"]),
    (Pattern, &["pattern"]),
    (Flag, &["uniqueItems", "readOnly"]),
    (List, &["enum", "examples"]),
    (Names, &["required"]),
    (NamesByName, &["dependentRequired"]),
    (Type, &["type"]),
    (Schema, &["not", "if", "then", "else", "contains", "additionalItems", "additionalProperties", "propertyNames", "unevaluatedItems", "unevaluatedProperties"]),
    (Schemas, &["allOf", "anyOf", "oneOf"]),
    (SchemaOrSchemas, &["items"]),
    (SchemasByName, &["properties", "dependentSchemas", "$defs"]),
    (SchemasByPattern, &["patternProperties"]),
];

/// What is wrong with `schema`, if anything is.
pub(crate) fn fault(schema: &Value) -> Option<String> {
    match schema {
        Value::Object(members) => members.iter().find_map(|(keyword, value)| keyword_fault(keyword, value)),
        Value::Bool(_) | Value::Null => None,
        other => Some(format!("{} should be a schema", other.canonical())),
    }
}

fn keyword_fault(keyword: &str, value: &Value) -> Option<String> {
    let of = |(_, keywords): &&(Shape, &[&str])| keywords.contains(&keyword);
    let shape = SHAPES.iter().find(of).map_or(Anything, |(shape, _)| *shape);
    if *value == Value::Null && keyword != "type" {
        return None;
    }
    let expected = match (shape, value) {
        (Anything, _) | (Flag, Value::Bool(_)) | (Text, Value::Text(_)) => return None,
        (List, Value::List(_)) | (Number, Value::Number(_)) => return None,
        (Whole, Value::Number(literal)) if literal.parse::<i64>().is_ok() => return None,
        (Pattern, Value::Text(pattern)) if Regex::new(pattern).is_ok() => return None,
        (Names, names) if is_names(names) => return None,
        (NamesByName, Value::Object(lists)) if lists.values().all(is_names) => return None,
        (Type, Value::Text(name)) => return unknown_type(name),
        (Type, Value::List(names)) if names.iter().all(|name| text_of(name).is_some()) => {
            return names.iter().filter_map(text_of).find_map(unknown_type);
        }
        (Schema | SchemaOrSchemas, schema @ (Value::Object(_) | Value::Bool(_))) => return fault(schema),
        (Schemas | SchemaOrSchemas, Value::List(schemas)) => return schemas.iter().find_map(fault),
        (SchemasByName, Value::Object(named)) => return named.values().find_map(fault),
        (SchemasByPattern, Value::Object(named)) if named.keys().all(|key| Regex::new(key).is_ok()) => {
            return named.values().find_map(fault);
        }
        (shape, _) => shape.words(),
    };
    Some(format!("{keyword:?} in its schema should be {expected}, not {}", value.canonical()))
}

fn unknown_type(name: &str) -> Option<String> {
    compare::unknown(name).map(|name| format!("{name:?} is not a type that a schema knows"))
}

fn is_names(value: &Value) -> bool {
    matches!(value, Value::List(names) if names.iter().all(|name| text_of(name).is_some()))
}

impl Shape {
    fn words(self) -> &'static str {
        match self {
            Whole => "a whole number",
            Number => "a number",
            Text => "a text",
            Pattern => "a regular expression",
            Flag => "true or false",
            List => "a list",
            Names => "a list of names",
            NamesByName => "lists of names, each with the name it depends on",
            Type => "the name of a type, or a list of them",
            Schema => "a schema",
            Schemas => "a list of schemas",
            SchemaOrSchemas => "a schema, or a list of them",
            SchemasByName => "schemas with their names",
            SchemasByPattern => "schemas with regular expressions",
            Anything => "anything",
        }
    }
}

/// The schema within `schema` that has this `$anchor` or `$id`.
pub(super) fn named<'a>(schema: &'a Value, keyword: &str, name: &str) -> Option<&'a Value> {
    let has_it = |members: &Members| matches!(members.get(keyword), Some(Value::Text(own)) if own == name);
    match schema {
        Value::Object(members) if has_it(members) => Some(schema),
        Value::Object(members) => members.values().find_map(|below| named(below, keyword, name)),
        Value::List(schemas) => schemas.iter().find_map(|below| named(below, keyword, name)),
        _ => None,
    }
}
