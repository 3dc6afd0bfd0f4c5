//! Whether a job's place in a matrix is one that the step has (spec/pipeline.md §16.3, step 5).

use indexmap::IndexMap;

use crate::step::{Adjustment, Matrix, Setup};
use crate::value::Value;

/// A value for each dimension; that of a matrix that is a list is called `""`.
pub type MatrixPermutation = IndexMap<String, String>;

/// Whether the matrix (or none) has this permutation and does not skip it.
pub(super) fn has(matrix: Option<&Matrix>, permutation: &MatrixPermutation) -> bool {
    let Some(matrix) = matrix.filter(|matrix| **matrix != Matrix::default()) else {
        return permutation.is_empty();
    };
    let no_setup = Setup::new();
    let setup = matrix.setup.as_ref().unwrap_or(&no_setup);
    let has_dimensions = |values: &MatrixPermutation| {
        values.len() == setup.len() && values.keys().all(|name| setup.contains_key(name))
    };
    if !has_dimensions(permutation) {
        return false;
    }
    let adjustments: Vec<&Adjustment> = matrix.adjustments.iter().flatten().collect();
    let fits = |adjustment: &&Adjustment| adjustment.with.as_ref().is_some_and(has_dimensions);
    if !adjustments.iter().all(fits) {
        return false;
    }
    let mut equal =
        adjustments.iter().filter(|adjustment| adjustment.with.as_ref() == Some(permutation)).peekable();
    let is_added = equal.peek().is_some();
    if equal.any(|adjustment| is_skipped(adjustment)) {
        return false;
    }
    is_added
        || permutation.iter().all(|(name, value)| setup[name].as_ref().is_some_and(|all| all.contains(value)))
}

fn is_skipped(adjustment: &Adjustment) -> bool {
    !matches!(adjustment.skip, None | Some(Value::Null | Value::Bool(false)))
}
