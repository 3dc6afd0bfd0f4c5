//! The canonical form of each object (spec/pipeline.md §8, §12.2): its fields in YAML's order.

use indexmap::IndexMap;

use super::object::{Object, sorted, sorted_deeply};
use super::view::View;
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

pub(super) fn pipeline(pipeline: &Pipeline, form: Form) -> View<'_> {
    let env = pipeline.env.as_ref().filter(|env| form == Form::Json || !env.is_empty());
    Object::new(form)
        .field("steps", Some(steps(&pipeline.steps, form)))
        .field("env", env.map(View::text_map))
        .field("secrets", secrets(&pipeline.secrets, form))
        .field("checkout", pipeline.checkout.as_ref().map(|settings| checkout(settings, form)))
        .with_rest(&pipeline.rest)
}

fn steps(steps: &[Step], form: Form) -> View<'_> {
    View::List(steps.iter().map(|item| step(item, form)).collect())
}

fn step(step: &Step, form: Form) -> View<'_> {
    match step {
        Step::Command(step) => command(step, form),
        Step::Group(step) => group(step, form),
        Step::Plain(_, map) => Object::new(form).with_rest(map),
        Step::Name(_, name) => View::Text(name),
        Step::Unknown(value) => View::Value(value),
    }
}

fn command(step: &CommandStep, form: Form) -> View<'_> {
    Object::new(form)
        .text("key", step.key.as_ref())
        .text("label", step.label.as_ref())
        .field("command", Some(View::Text(&step.command)))
        .field("plugins", plugins(&step.plugins, form))
        .field("secrets", secrets(&step.secrets, form))
        .field("env", step_env(&step.env, form))
        .field("signature", step.signature.as_ref().map(|value| signature(value, form)))
        .field("matrix", step.matrix.as_ref().map(|value| matrix(value, form)))
        .field("cache", step.cache.as_ref().map(|value| cache(value, form)))
        .field("checkout", step.checkout.as_ref().map(|value| checkout(value, form)))
        .with_rest(&step.rest)
}

fn group(group: &GroupStep, form: Form) -> View<'_> {
    Object::new(form)
        .text("key", group.key.as_ref())
        .field("group", Some(group.group.as_ref().map_or(View::Null, |name| View::Text(name))))
        .field("steps", Some(steps(&group.steps, form)))
        .with_rest(&group.rest)
}

/// The variables of a step, sorted; `None` if there are none.
pub(crate) fn step_env(env: &IndexMap<String, String>, form: Form) -> Option<View<'_>> {
    (!env.is_empty()).then(|| sorted(texts(env), form))
}

/// The plugins of a step with their full sources; `None` if there are none.
pub(crate) fn plugins(plugins: &[Plugin], form: Form) -> Option<View<'_>> {
    (!plugins.is_empty()).then(|| View::List(plugins.iter().map(|one| plugin(one, form)).collect()))
}

fn plugin(plugin: &Plugin, form: Form) -> View<'_> {
    let config = match &plugin.config {
        Value::List(items) if items.is_empty() => View::Null,
        Value::Map(map) if map.is_empty() => View::Null,
        config => sorted_deeply(config, form),
    };
    View::Map(vec![(full_source(&plugin.source), config)])
}

/// The secrets of a step or pipeline; `None` if there are none.
pub(crate) fn secrets(secrets: &[Secret], form: Form) -> Option<View<'_>> {
    (!secrets.is_empty()).then(|| View::List(secrets.iter().map(|one| secret(one, form)).collect()))
}

fn secret(secret: &Secret, form: Form) -> View<'_> {
    Object::new(form)
        .field("key", Some(View::Text(&secret.key)))
        .text("environment_variable", Some(&secret.environment_variable))
        .alone()
}

fn signature(signature: &Signature, form: Form) -> View<'_> {
    let fields = signature.signed_fields.as_ref().map_or(View::Null, |fields| View::texts(fields));
    Object::new(form)
        .field("algorithm", Some(View::Text(&signature.algorithm)))
        .field("signed_fields", Some(fields))
        .field("value", Some(View::Text(&signature.value)))
        .alone()
}

/// A matrix (§8.3).
pub(crate) fn matrix(matrix: &Matrix, form: Form) -> View<'_> {
    let anonymous = matrix.anonymous_values().filter(|values| !values.is_empty());
    if let Some(values) = anonymous
        && matrix.adjustments.is_empty()
        && matrix.rest.is_empty()
    {
        return View::texts(values);
    }
    let setup = match anonymous {
        Some(values) => View::texts(values),
        None => matrix.setup.as_ref().map_or(View::Null, |setup| dimensions(setup, form)),
    };
    let all = matrix.adjustments.iter();
    let adjustments = all.map(|one| one.as_ref().map_or(View::Null, |one| adjustment(one, form))).collect();
    Object::new(form)
        .field("setup", Some(setup))
        .field("adjustments", (!matrix.adjustments.is_empty()).then_some(View::List(adjustments)))
        .with_rest(&matrix.rest)
}

fn dimensions<'a>(setup: &'a Setup, form: Form) -> View<'a> {
    let values =
        |values: &'a Option<Vec<String>>| values.as_ref().map_or(View::Null, |values| View::texts(values));
    sorted(setup.iter().map(|(name, all)| (name, values(all))), form)
}

fn adjustment(adjustment: &Adjustment, form: Form) -> View<'_> {
    let skip = adjustment.skip.as_ref().filter(|skip| match form {
        Form::Json => !is_falsy(skip),
        Form::Yaml => !matches!(skip, Value::Null) && **skip != Value::Map(Map::new()),
    });
    Object::new(form)
        .field("with", Some(adjustment.with.as_ref().map_or(View::Null, |values| with(values, form))))
        .field("skip", skip.map(View::Value))
        .with_rest(&adjustment.rest)
}

fn with(with: &With, form: Form) -> View<'_> {
    match with.get(crate::step::ANONYMOUS) {
        Some(value) if with.len() == 1 => View::Text(value),
        _ => sorted(texts(with), form),
    }
}

fn cache(cache: &Cache, form: Form) -> View<'_> {
    if cache.disabled && form == Form::Json {
        return View::Bool(false);
    }
    Object::new(form)
        .field("disabled", cache.disabled.then_some(View::Bool(true)))
        .text("name", cache.name.as_ref())
        .texts("paths", &cache.paths)
        .text("size", cache.size.as_ref())
        .with_rest(&cache.rest)
}

/// Checkout settings (§8.6).
pub(crate) fn checkout(checkout: &Checkout, form: Form) -> View<'_> {
    Object::new(form)
        .field("skip", checkout.skip.map(View::Bool))
        .field("submodules", checkout.submodules.map(View::Bool))
        .field("ssh_secret", checkout.ssh_secret.as_ref().map(|text| View::Text(text)))
        .text("commit_verification", checkout.commit_verification.as_ref())
        .field("depth", checkout.depth.map(View::Int))
        .field("lfs", checkout.lfs.map(View::Bool))
        .field("sparse", checkout.sparse.as_ref().map(|value| sparse(value, form)))
        .field("flags", checkout.flags.as_ref().map(|value| flags(value, form)))
        .with_rest(&checkout.rest)
}

fn sparse(sparse: &Sparse, form: Form) -> View<'_> {
    Object::new(form).texts("paths", &sparse.paths).with_rest(&sparse.rest)
}

fn flags(flags: &CheckoutFlags, form: Form) -> View<'_> {
    Object::new(form)
        .field("clone", flags.clone.as_ref().map(|text| View::Text(text)))
        .field("fetch", flags.fetch.as_ref().map(|text| View::Text(text)))
        .field("checkout", flags.checkout.as_ref().map(|text| View::Text(text)))
        .field("clean", flags.clean.as_ref().map(|text| View::Text(text)))
        .with_rest(&flags.rest)
}

fn texts(map: &IndexMap<String, String>) -> impl Iterator<Item = (&String, View<'_>)> {
    map.iter().map(|(key, value)| (key, View::Text(value)))
}
