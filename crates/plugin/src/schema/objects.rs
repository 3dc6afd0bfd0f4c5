//! Keywords about lists and objects.
use super::compare::same;
use super::numbers::{limit, matches};
use super::{Check, Members, text_of};
use crate::configuration::Value;

impl<'a> Check<'a> {
    pub(super) fn list(&mut self, schema: &'a Members, items: &[Value], path: &str) {
        let instance = Value::List(items.to_vec());
        self.size(schema, ["minItems", "maxItems"], items.len(), &instance, path);
        let (first, rest) = item_schemas(schema);
        for (at, item) in items.iter().enumerate() {
            if let Some(schema) = first.get(at).or(rest) {
                self.value(schema, item, &joined(path, &at.to_string()));
            }
        }
        let twice = |at: usize| items[..at].iter().any(|earlier| same(earlier, &items[at]));
        if schema.get("uniqueItems") == Some(&Value::Bool(true)) && (0..items.len()).any(twice) {
            self.fault(path, &instance, "has items that are equal");
        }
        if let Some(wanted) = schema.get("contains") {
            let count = items.iter().filter(|item| self.holds(wanted, item)).count();
            self.contained(schema, count, &instance, path);
        }
    }

    /// Checks how many items are of the kind that the list must contain.
    fn contained(&mut self, schema: &'a Members, count: usize, instance: &Value, path: &str) {
        let (least, most) = (limit(schema, "minContains"), limit(schema, "maxContains"));
        if count == 0 && least != Some(0) {
            self.fault(path, instance, "has no item of the kind it must contain");
        } else if least.is_some_and(|least| count < least) {
            self.fault(path, instance, "has fewer items of the kind it must contain than minContains allows");
        } else if most.is_some_and(|most| count > most) {
            self.fault(path, instance, "has more items of the kind it must contain than maxContains allows");
        }
    }

    pub(super) fn object(&mut self, schema: &'a Members, members: &Members, path: &str) {
        let instance = Value::Object(members.clone());
        self.size(schema, ["minProperties", "maxProperties"], members.len(), &instance, path);
        self.required(schema.get("required"), members, &instance, path);
        for (name, value) in members {
            self.member(schema, name, value, path);
        }
        if let Some(Value::Object(dependent)) = schema.get("dependentRequired") {
            for (_, required) in dependent.iter().filter(|(name, _)| members.contains_key(*name)) {
                self.required(Some(required), members, &instance, path);
            }
        }
        if let Some(Value::Object(dependent)) = schema.get("dependentSchemas") {
            for (_, wanted) in dependent.iter().filter(|(name, _)| members.contains_key(*name)) {
                self.value(wanted, &instance, path);
            }
        }
    }

    fn required(&mut self, names: Option<&'a Value>, members: &Members, instance: &Value, path: &str) {
        let Some(Value::List(names)) = names else { return };
        for name in names.iter().filter_map(text_of).filter(|name| !members.contains_key(*name)) {
            self.fault(path, instance, &format!("{name:?} value is required"));
        }
    }

    fn member(&mut self, schema: &'a Members, name: &str, value: &Value, path: &str) {
        let below = joined(path, name);
        if let Some(names) = schema.get("propertyNames") {
            self.value(names, &Value::Text(name.to_owned()), &below);
        }
        let mut known = false;
        if let Some(Value::Object(properties)) = schema.get("properties")
            && let Some(property) = properties.get(name)
        {
            known = true;
            self.value(property, value, &below);
        }
        if let Some(Value::Object(patterns)) = schema.get("patternProperties") {
            for (_, property) in patterns.iter().filter(|(pattern, _)| matches(pattern, name)) {
                known = true;
                self.value(property, value, &below);
            }
        }
        match schema.get("additionalProperties") {
            Some(Value::Bool(false)) if !known => {
                self.fault(&below, value, "additional properties are not allowed")
            }
            Some(other) if !known => self.value(other, value, &below),
            _ => {}
        }
    }
}

/// The schemas of the first items, each with its own, and of those after them.
fn item_schemas(schema: &Members) -> (&[Value], Option<&Value>) {
    match schema.get("items") {
        Some(Value::List(first)) => (first, schema.get("additionalItems")),
        rest => (&[], rest),
    }
}

fn joined(path: &str, name: &str) -> String {
    format!("{}/{name}", path.trim_end_matches('/'))
}
