//! JSON Schema (the keywords of draft 2019-09 that plugin definitions use) applied to a configuration.
//!
//! Left out: `unevaluated…`, `$recursiveRef` and references to other documents. A keyword that is not known says
//! nothing, as the drafts have it; that goes for those of older and newer drafts, too.
mod compare;
mod format;
mod numbers;
mod objects;
mod shape;

pub(crate) use shape::fault;

use crate::configuration::Value;
use compare::{same, type_name};
use indexmap::IndexMap;

/// What is wrong with `instance` according to `schema`; nothing if all is well.
#[must_use]
pub(crate) fn validate(schema: &Value, instance: &Value) -> Vec<String> {
    let mut check = Check { root: schema, faults: Vec::new(), depth: 0 };
    check.value(schema, instance, "/");
    check.faults
}

/// References can form circles.
const DEEPEST: u32 = 64;

/// One validation under way.
struct Check<'a> {
    root: &'a Value,
    faults: Vec<String>,
    depth: u32,
}

type Members = IndexMap<String, Value>;

impl<'a> Check<'a> {
    fn fault(&mut self, path: &str, instance: &Value, text: &str) {
        self.faults.push(format!("{path}: {} {text}", shortened(&instance.canonical())));
    }

    fn value(&mut self, schema: &'a Value, instance: &Value, path: &str) {
        if self.depth >= DEEPEST {
            return self.fault(path, instance, "has a schema that refers to itself too often");
        }
        self.depth += 1;
        match schema {
            Value::Bool(false) => self.fault(path, instance, "is not allowed"),
            Value::Object(schema) => self.keywords(schema, instance, path),
            _ => {}
        }
        self.depth -= 1;
    }

    fn keywords(&mut self, schema: &'a Members, instance: &Value, path: &str) {
        if let Some(Value::Text(reference)) = schema.get("$ref") {
            match self.resolve(reference) {
                Some(target) => self.value(target, instance, path),
                None => self.fault(
                    path,
                    instance,
                    &format!("has a schema reference that leads nowhere: {reference:?}"),
                ),
            }
        }
        self.kind(schema, instance, path);
        self.combinations(schema, instance, path);
        match instance {
            Value::Number(literal) => self.number(schema, literal, path),
            Value::Text(text) => self.text(schema, text, path),
            Value::List(items) => self.list(schema, items, path),
            Value::Object(members) => self.object(schema, members, path),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn kind(&mut self, schema: &'a Members, instance: &Value, path: &str) {
        let wanted: Vec<&str> = match schema.get("type") {
            Some(Value::Text(name)) => vec![name],
            Some(Value::List(names)) => names.iter().filter_map(text_of).collect(),
            _ => Vec::new(),
        };
        if !wanted.is_empty() && !wanted.iter().any(|name| compare::is_a(instance, name)) {
            let text = format!("type should be {}, is {}", wanted.join(" or "), type_name(instance));
            self.fault(path, instance, &text);
        }
        if let Some(Value::List(allowed)) = schema.get("enum")
            && !allowed.is_empty()
            && !allowed.iter().any(|value| same(value, instance))
        {
            let allowed: Vec<_> = allowed.iter().map(Value::canonical).collect();
            self.fault(path, instance, &format!("should be one of [{}]", allowed.join(", ")));
        }
        if let Some(only) = schema.get("const")
            && !same(only, instance)
        {
            self.fault(path, instance, &format!("must equal {}", only.canonical()));
        }
    }

    fn combinations(&mut self, schema: &'a Members, instance: &Value, path: &str) {
        for all in branches(schema, "allOf") {
            self.value(all, instance, path);
        }
        if schema.contains_key("anyOf") && !branches(schema, "anyOf").any(|one| self.holds(one, instance)) {
            self.fault(path, instance, "did not match any of the schemas it may match");
        }
        if schema.contains_key("oneOf") {
            match branches(schema, "oneOf").filter(|one| self.holds(one, instance)).count() {
                1 => {}
                0 => {
                    self.fault(path, instance, "did not match any of the schemas of which it must match one")
                }
                _ => self.fault(
                    path,
                    instance,
                    "matched more than one of the schemas of which it must match one",
                ),
            }
        }
        if let Some(not @ (Value::Object(_) | Value::Bool(_))) = schema.get("not")
            && self.holds(not, instance)
        {
            self.fault(path, instance, "matched a schema that it must not match");
        }
        if let Some(condition) = schema.get("if") {
            let branch = if self.holds(condition, instance) { "then" } else { "else" };
            if let Some(consequence) = schema.get(branch) {
                self.value(consequence, instance, path);
            }
        }
    }

    /// Whether `instance` fits `schema`, without noting what is wrong.
    fn holds(&self, schema: &'a Value, instance: &Value) -> bool {
        let mut check = Check { root: self.root, faults: Vec::new(), depth: self.depth };
        check.value(schema, instance, "");
        check.faults.is_empty()
    }

    /// What a reference within this document names: `#`, `#/…`, `#anchor`, or the `$id` of a schema.
    fn resolve(&self, reference: &str) -> Option<&'a Value> {
        let Some(pointer) = reference.strip_prefix('#') else {
            return shape::named(self.root, "$id", reference);
        };
        if pointer.is_empty() {
            return Some(self.root);
        }
        let Some(parts) = pointer.strip_prefix('/') else {
            return shape::named(self.root, "$anchor", pointer);
        };
        parts.split('/').try_fold(self.root, |value, part| {
            let part = part.replace("~1", "/").replace("~0", "~");
            match value {
                Value::Object(members) => members.get(&part),
                Value::List(items) => items.get(part.parse::<usize>().ok()?),
                _ => None,
            }
        })
    }
}

fn branches<'a>(schema: &'a Members, keyword: &str) -> impl Iterator<Item = &'a Value> {
    match schema.get(keyword) {
        Some(Value::List(branches)) => branches.iter(),
        _ => [].iter(),
    }
}

fn text_of(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// Enough of a value to recognise it.
fn shortened(json: &str) -> String {
    match json.char_indices().nth(20) {
        Some((at, _)) => format!("{}...", &json[..at]),
        None => json.to_owned(),
    }
}

#[cfg(test)]
mod tests;
