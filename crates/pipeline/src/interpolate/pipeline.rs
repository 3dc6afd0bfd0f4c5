//! Which parts of a pipeline are interpolated, in which order (spec/pipeline.md §10.2, §10.3).

use indexmap::IndexMap;

use super::entries::expand_entries;
use super::grammar::InterpolationError;
use super::values::Expander;
use super::variables::Variables;
use crate::pipeline::Pipeline;
use crate::step::{Adjustment, Cache, Checkout, CommandStep, GroupStep, Matrix, Plugin, Step};

/// Whose value of a variable wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precedence {
    /// That of the pipeline's `env`.
    Pipeline,
    /// That which the variable had already (experiment `interpolation-prefers-runtime-env`).
    Runtime,
}

type Done = Result<(), InterpolationError>;

/// Interpolates `pipeline`; what its `env` defines stays in `variables` for later pipelines.
pub fn interpolate_pipeline(
    pipeline: &mut Pipeline,
    variables: &mut Variables,
    precedence: Precedence,
) -> Done {
    if let Some(env) = &mut pipeline.env {
        environment(env, variables, precedence)?;
    }
    let expander = Expander(variables);
    expander.map(&mut pipeline.rest)?;
    expander.checkout(&mut pipeline.checkout)?;
    expander.steps(&mut pipeline.steps)
}

/// Entry by entry: each may use what the entries before it define.
fn environment(
    env: &mut IndexMap<String, String>,
    variables: &mut Variables,
    precedence: Precedence,
) -> Done {
    expand_entries(env, |name, value| {
        let expander = Expander(variables);
        expander.string(name)?;
        expander.string(value)?;
        if precedence == Precedence::Pipeline || variables.get(name).is_none() {
            variables.set(name, value.clone());
        }
        Ok(())
    })
}

impl Expander<'_> {
    fn steps(self, steps: &mut [Step]) -> Done {
        steps.iter_mut().try_for_each(|step| self.step(step))
    }

    fn step(self, step: &mut Step) -> Done {
        match step {
            Step::Command(step) => self.command(step),
            Step::Group(step) => self.group(step),
            Step::Plain(_, map) => self.map(map),
            Step::Name(..) => Ok(()),
            Step::Unknown(value) => self.value(value),
        }
    }

    /// Not `secrets` nor `signature`.
    fn command(self, step: &mut CommandStep) -> Done {
        self.string(&mut step.command)?;
        self.option(&mut step.label)?;
        self.option(&mut step.key)?;
        self.string_map(&mut step.env)?;
        step.plugins.iter_mut().try_for_each(|plugin| self.plugin(plugin))?;
        step.matrix.as_mut().map_or(Ok(()), |matrix| self.matrix(matrix))?;
        step.cache.as_mut().map_or(Ok(()), |cache| self.cache(cache))?;
        self.checkout(&mut step.checkout)?;
        self.map(&mut step.rest)
    }

    fn group(self, step: &mut GroupStep) -> Done {
        self.option(&mut step.group)?;
        self.option(&mut step.key)?;
        self.steps(&mut step.steps)?;
        self.map(&mut step.rest)
    }

    fn plugin(self, plugin: &mut Plugin) -> Done {
        self.string(&mut plugin.source)?;
        self.value(&mut plugin.config)
    }

    fn matrix(self, matrix: &mut Matrix) -> Done {
        if let Some(setup) = &mut matrix.setup {
            self.entries(setup, |values| values.as_mut().map_or(Ok(()), |values| self.strings(values)))?;
        }
        matrix.adjustments.iter_mut().flatten().try_for_each(|adjustment| self.adjustment(adjustment))?;
        self.map(&mut matrix.rest)
    }

    /// Not `skip`.
    fn adjustment(self, adjustment: &mut Adjustment) -> Done {
        adjustment.with.as_mut().map_or(Ok(()), |with| self.string_map(with))?;
        self.map(&mut adjustment.rest)
    }

    /// Not unknown keys.
    fn cache(self, cache: &mut Cache) -> Done {
        self.option(&mut cache.name)?;
        self.option(&mut cache.size)?;
        self.strings(&mut cache.paths)
    }

    /// Only flags and unknown keys.
    fn checkout(self, checkout: &mut Option<Checkout>) -> Done {
        let Some(checkout) = checkout else { return Ok(()) };
        if let Some(flags) = &mut checkout.flags {
            for flag in [&mut flags.clone, &mut flags.fetch, &mut flags.checkout, &mut flags.clean] {
                self.option(flag)?;
            }
            self.map(&mut flags.rest)?;
        }
        self.map(&mut checkout.rest)
    }
}
