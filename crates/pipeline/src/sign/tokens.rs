//! `{{matrix}}` and `{{matrix.DIMENSION}}` in a step become values (spec/pipeline.md §16.3, step 5).

use indexmap::IndexMap;

use super::matrix::MatrixPermutation;
use crate::step::{CommandStep, Plugin};
use crate::value::{Map, Value};

/// A token names a dimension that has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoValue;

/// The step with values in the place of its tokens, as far as a job is compared with it.
pub(super) fn filled(step: &CommandStep, values: &MatrixPermutation) -> Result<CommandStep, NoValue> {
    let filler = Filler(values);
    let plugin = |plugin: &Plugin| {
        Ok(Plugin { source: filler.text(&plugin.source)?, config: filler.value(&plugin.config)? })
    };
    let env = step.env.iter().map(|(name, value)| Ok((name.clone(), filler.text(value)?)));
    Ok(CommandStep {
        command: filler.text(&step.command)?,
        label: step.label.as_ref().map(|label| filler.text(label)).transpose()?,
        plugins: step.plugins.iter().map(plugin).collect::<Result<_, _>>()?,
        env: env.collect::<Result<IndexMap<_, _>, _>>()?,
        rest: filler.map(&step.rest)?,
        ..step.clone()
    })
}

struct Filler<'a>(&'a MatrixPermutation);

impl Filler<'_> {
    fn value(&self, value: &Value) -> Result<Value, NoValue> {
        Ok(match value {
            Value::String(text) => Value::String(self.text(text)?),
            Value::List(items) => {
                Value::List(items.iter().map(|item| self.value(item)).collect::<Result<_, _>>()?)
            }
            Value::Map(map) => Value::Map(self.map(map)?),
            other => other.clone(),
        })
    }

    fn map(&self, map: &Map) -> Result<Map, NoValue> {
        map.iter().map(|(key, value)| Ok((self.text(key)?, self.value(value)?))).collect()
    }

    fn text(&self, text: &str) -> Result<String, NoValue> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("{{") {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            match token(rest) {
                Some((dimension, len)) => {
                    out.push_str(self.0.get(dimension).ok_or(NoValue)?);
                    rest = &rest[len..];
                }
                None => {
                    out.push('{');
                    rest = &rest[1..];
                }
            }
        }
        out.push_str(rest);
        Ok(out)
    }
}

/// The dimension that the token at the start of `text` names, and the token's length.
fn token(text: &str) -> Option<(&str, usize)> {
    let inner = &text[2..text.find("}}")?];
    let name = inner.trim().strip_prefix("matrix")?;
    let dimension = match name.strip_prefix('.') {
        Some(dimension) if !dimension.is_empty() => dimension,
        Some(_) => return None,
        None => name,
    };
    let is_name = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.');
    let fits = dimension.chars().all(is_name) && (name.is_empty() || name.starts_with('.'));
    fits.then_some((dimension, inner.len() + 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_become_values() {
        let values = MatrixPermutation::from([("".into(), "one".into()), ("os.x-1".into(), "two".into())]);
        let check = |text: &str, expected: Result<&str, NoValue>| {
            assert_eq!(Filler(&values).text(text), expected.map(str::to_owned), "{text}");
        };
        check("a {{matrix}} {{ matrix }} {{matrix.os.x-1}}{{\tmatrix.os.x-1 }}", Ok("a one one twotwo"));
        check(
            "{{{matrix}}} {{matrixx}} {{other}} {{matrix. }} {{",
            Ok("{one} {{matrixx}} {{other}} {{matrix. }} {{"),
        );
        check("{{matrix.nope}}", Err(NoValue));
    }
}
