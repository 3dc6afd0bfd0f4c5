//! Promised failures: one declaration per exit status, shared by all who make it (docs/spec/local-apis.md §3.7).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use crate::Declared;

/// What was declared so far.
#[derive(Default)]
pub(super) struct Promises {
    by_status: Mutex<HashMap<i64, Arc<Mutex<Option<Declared>>>>>,
}

/// The answer to a declaration.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub(super) struct PromiseResult {
    outcome: &'static str,
    accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Promises {
    /// Declares, unless that was done before with a lasting answer. Who comes while a declaration is under way
    /// waits for its answer.
    pub(super) fn declare(&self, exit_status: i64, declare: impl FnOnce() -> Declared) -> PromiseResult {
        let slot = {
            let mut slots = self.by_status.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(slots.entry(exit_status).or_default())
        };
        let waited = slot.try_lock().is_err();
        let mut settled = slot.lock().unwrap_or_else(PoisonError::into_inner);
        match &*settled {
            Some(before) if before.is_final() || waited => result("debounced", before),
            _ => {
                let declared = declare();
                let answer = result("declared", &declared);
                *settled = Some(declared);
                answer
            }
        }
    }
}

fn result(outcome: &'static str, declared: &Declared) -> PromiseResult {
    let (accepted, upstream_status, error) = match declared {
        Declared::Accepted { upstream_status } => (true, Some(*upstream_status), None),
        Declared::Refused { upstream_status, error } => (false, *upstream_status, Some(error.clone())),
    };
    PromiseResult { outcome, accepted, upstream_status, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(upstream_status: Option<u16>) -> Declared {
        Declared::Refused { upstream_status, error: "no".to_owned() }
    }

    #[test]
    fn lasting_answers_are_kept_and_passing_ones_are_not() {
        let cases = [
            (Declared::Accepted { upstream_status: 204 }, "debounced"),
            (refused(Some(409)), "debounced"),
            (refused(Some(429)), "declared"),
            (refused(Some(503)), "declared"),
            (refused(None), "declared"),
        ];
        for (first, second) in cases {
            let promises = Promises::default();
            assert_eq!(promises.declare(3, || first.clone()).outcome, "declared");
            assert_eq!(promises.declare(3, || first.clone()).outcome, second, "{first:?}");
            assert_eq!(promises.declare(4, || first.clone()).outcome, "declared");
        }
    }

    #[test]
    fn who_comes_meanwhile_waits_for_the_answer_even_of_a_passing_kind() {
        let promises = Promises::default();
        let (declaring, begun) = std::sync::mpsc::channel();
        let answers = std::thread::scope(|scope| {
            let first = scope.spawn(|| {
                promises.declare(3, || {
                    declaring.send(()).expect("it is heard");
                    // Until the second one has asked for the slot, which the first one holds.
                    while Arc::strong_count(&promises.by_status.lock().expect("nobody panics")[&3]) < 3 {
                        std::thread::yield_now();
                    }
                    refused(Some(503))
                })
            });
            begun.recv().expect("it has begun");
            let second = promises.declare(3, || panic!("it is being declared already"));
            [first.join().expect("it ends"), second]
        });
        let outcomes = answers.map(|answer| (answer.outcome, answer.accepted, answer.upstream_status));
        assert_eq!(outcomes, [("declared", false, Some(503)), ("debounced", false, Some(503))]);
    }
}
