//! The canonical form of each object (spec/pipeline.md §8, §12.2): its fields in YAML's order.

use indexmap::IndexMap;

use super::object::{Object, sorted, sorted_deeply};
use crate::pipeline::Pipeline;
use crate::step::{
    Adjustment, Cache, Checkout, CheckoutFlags, CommandStep, GroupStep, Matrix, Plugin, Secret, Setup,
    Signature, Sparse, Step, With, full_source, is_falsy,
};
use crate::value::{Map, Value};

/// What a pipeline is written as: the two differ in the order of keys and in a few fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Keys sorted by bytes. What is uploaded and signed.
    Json,
    /// Known keys first, the others in natural order.
    Yaml,
}

pub(super) fn pipeline(pipeline: &Pipeline, form: Form) -> Value {
    let env = pipeline.env.as_ref().filter(|env| form == Form::Json || !env.is_empty());
    Object::new(form)
        .field("steps", Some(steps(&pipeline.steps, form)))
        .field("env", env.map(|env| Value::Map(string_entries(env).collect())))
        .field("secrets", secrets(&pipeline.secrets, form))
        .field("checkout", pipeline.checkout.as_ref().map(|settings| checkout(settings, form)))
        .with_rest(&pipeline.rest)
}

fn steps(steps: &[Step], form: Form) -> Value {
    Value::List(steps.iter().map(|item| step(item, form)).collect())
}

fn step(step: &Step, form: Form) -> Value {
    match step {
        Step::Command(step) => command(step, form),
        Step::Group(step) => group(step, form),
        Step::Plain(_, map) => Object::new(form).with_rest(map),
        Step::Name(_, name) => name.into(),
        Step::Unknown(value) => value.clone(),
    }
}

fn command(step: &CommandStep, form: Form) -> Value {
    Object::new(form)
        .text("key", step.key.as_ref())
        .text("label", step.label.as_ref())
        .field("command", Some((&step.command).into()))
        .field("plugins", plugins(&step.plugins, form))
        .field("secrets", secrets(&step.secrets, form))
        .field("env", step_env(&step.env, form))
        .field("signature", step.signature.as_ref().map(|value| signature(value, form)))
        .field("matrix", step.matrix.as_ref().map(|value| matrix(value, form)))
        .field("cache", step.cache.as_ref().map(|value| cache(value, form)))
        .field("checkout", step.checkout.as_ref().map(|value| checkout(value, form)))
        .with_rest(&step.rest)
}

fn group(group: &GroupStep, form: Form) -> Value {
    Object::new(form)
        .text("key", group.key.as_ref())
        .field("group", Some(group.group.as_ref().map_or(Value::Null, Value::from)))
        .field("steps", Some(steps(&group.steps, form)))
        .with_rest(&group.rest)
}

/// The variables of a step, sorted; `None` if there are none.
pub(crate) fn step_env(env: &IndexMap<String, String>, form: Form) -> Option<Value> {
    (!env.is_empty()).then(|| sorted(string_entries(env), form))
}

/// The plugins of a step with their full sources; `None` if there are none.
pub(crate) fn plugins(plugins: &[Plugin], form: Form) -> Option<Value> {
    let one = |plugin: &Plugin| {
        let config = match &plugin.config {
            Value::List(items) if items.is_empty() => Value::Null,
            Value::Map(map) if map.is_empty() => Value::Null,
            config => sorted_deeply(config, form),
        };
        Value::Map(Map::from([(full_source(&plugin.source).into_owned(), config)]))
    };
    (!plugins.is_empty()).then(|| Value::List(plugins.iter().map(one).collect()))
}

/// The secrets of a step or pipeline; `None` if there are none.
pub(crate) fn secrets(secrets: &[Secret], form: Form) -> Option<Value> {
    let one = |secret: &Secret| {
        Object::new(form)
            .field("key", Some((&secret.key).into()))
            .text("environment_variable", Some(&secret.environment_variable))
            .with_rest(&Map::new())
    };
    (!secrets.is_empty()).then(|| Value::List(secrets.iter().map(one).collect()))
}

fn signature(signature: &Signature, form: Form) -> Value {
    let fields = signature.signed_fields.as_ref().map_or(Value::Null, |fields| Value::strings(fields));
    Object::new(form)
        .field("algorithm", Some((&signature.algorithm).into()))
        .field("signed_fields", Some(fields))
        .field("value", Some((&signature.value).into()))
        .with_rest(&Map::new())
}

/// A matrix (§8.3).
pub(crate) fn matrix(matrix: &Matrix, form: Form) -> Value {
    let anonymous = matrix.anonymous_values().filter(|values| !values.is_empty());
    if let Some(values) = anonymous
        && matrix.adjustments.is_empty()
        && matrix.rest.is_empty()
    {
        return Value::strings(values);
    }
    let setup = match anonymous {
        Some(values) => Value::strings(values),
        None => matrix.setup.as_ref().map_or(Value::Null, |setup| dimensions(setup, form)),
    };
    let all = matrix.adjustments.iter();
    let adjustments = all.map(|one| one.as_ref().map_or(Value::Null, |one| adjustment(one, form))).collect();
    Object::new(form)
        .field("setup", Some(setup))
        .field("adjustments", (!matrix.adjustments.is_empty()).then_some(Value::List(adjustments)))
        .with_rest(&matrix.rest)
}

fn dimensions(setup: &Setup, form: Form) -> Value {
    let one =
        |values: &Option<Vec<String>>| values.as_ref().map_or(Value::Null, |values| Value::strings(values));
    sorted(setup.iter().map(|(name, values)| (name.clone(), one(values))), form)
}

fn adjustment(adjustment: &Adjustment, form: Form) -> Value {
    let skip = adjustment.skip.as_ref().filter(|skip| match form {
        Form::Json => !is_falsy(skip),
        Form::Yaml => !matches!(skip, Value::Null) && **skip != Value::Map(Map::new()),
    });
    Object::new(form)
        .field("with", Some(adjustment.with.as_ref().map_or(Value::Null, |values| with(values, form))))
        .field("skip", skip.cloned())
        .with_rest(&adjustment.rest)
}

fn with(with: &With, form: Form) -> Value {
    match with.get(crate::step::ANONYMOUS) {
        Some(value) if with.len() == 1 => value.into(),
        _ => sorted(string_entries(with), form),
    }
}

fn cache(cache: &Cache, form: Form) -> Value {
    if cache.disabled && form == Form::Json {
        return Value::Bool(false);
    }
    Object::new(form)
        .field("disabled", cache.disabled.then_some(Value::Bool(true)))
        .text("name", cache.name.as_ref())
        .texts("paths", &cache.paths)
        .text("size", cache.size.as_ref())
        .with_rest(&cache.rest)
}

/// Checkout settings (§8.6).
pub(crate) fn checkout(checkout: &Checkout, form: Form) -> Value {
    Object::new(form)
        .field("skip", checkout.skip.map(Value::Bool))
        .field("submodules", checkout.submodules.map(Value::Bool))
        .field("ssh_secret", checkout.ssh_secret.as_ref().map(Value::from))
        .text("commit_verification", checkout.commit_verification.as_ref())
        .field("depth", checkout.depth.map(Value::Int))
        .field("lfs", checkout.lfs.map(Value::Bool))
        .field("sparse", checkout.sparse.as_ref().map(|value| sparse(value, form)))
        .field("flags", checkout.flags.as_ref().map(|value| flags(value, form)))
        .with_rest(&checkout.rest)
}

fn sparse(sparse: &Sparse, form: Form) -> Value {
    Object::new(form).texts("paths", &sparse.paths).with_rest(&sparse.rest)
}

fn flags(flags: &CheckoutFlags, form: Form) -> Value {
    Object::new(form)
        .field("clone", flags.clone.as_ref().map(Value::from))
        .field("fetch", flags.fetch.as_ref().map(Value::from))
        .field("checkout", flags.checkout.as_ref().map(Value::from))
        .field("clean", flags.clean.as_ref().map(Value::from))
        .with_rest(&flags.rest)
}

fn string_entries(map: &IndexMap<String, String>) -> impl Iterator<Item = (String, Value)> {
    map.iter().map(|(key, value)| (key.clone(), value.into()))
}
