//! Any text is a condition or an error, and a condition has one answer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use redkite_scheduler::conditional::{Conditional, Scope};
use redkite_scheduler::{BuildId, BuildState, Facts};

fuzz_target!(|text: &str| {
    let Ok(condition) = Conditional::parse(text) else { return };
    let id: BuildId = "00000000-0000-0000-0000-000000000000".parse().expect("a UUID");
    let facts = Facts { branch: "main".to_owned(), tag: Some("v1".to_owned()), ..Facts::default() };
    let env = [("V", "value"), ("EMPTY", "")].map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let scope = Scope::new(id, BuildState::Running, &facts, &env);
    assert_eq!(condition.evaluate(&scope), condition.evaluate(&scope));
    assert_eq!(Conditional::parse(condition.source()).as_ref(), Ok(&condition));
});
