//! Any text is a list of pipelines or an error; what is printed of a pipeline reads back as the same values.
#![no_main]

use libfuzzer_sys::fuzz_target;
use redkite_pipeline::{Form, Pipeline, Value, YamlIndent, documents, json, to_json, to_yaml};

/// Texts that are longer may hold keys and depths that can be printed but not read.
const SURELY_READABLE: usize = 100;

/// The YAML library panics on a few malformed texts, which the parser reports as errors.
fn tolerate_panics_of_the_library() {
    std::panic::set_hook(Box::new(|panic| {
        if !panic.location().is_some_and(|location| location.file().contains("libyaml-safer")) {
            eprintln!("{panic}");
            std::process::abort();
        }
    }));
}

fuzz_target!(init: tolerate_panics_of_the_library(), |text: &[u8]| {
    for document in documents(text) {
        let Ok(parsed) = document else { return };
        check(&parsed.pipeline, text.len() < SURELY_READABLE);
    }
});

fn check(pipeline: &Pipeline, surely_readable: bool) {
    let Ok(as_json) = to_json(pipeline) else { return };
    for (form, printed) in [(Form::Json, as_json), (Form::Yaml, to_yaml(pipeline, YamlIndent::Four))] {
        let expected = json::compact(&pipeline.to_value(form)).expect("it was printed before");
        // JSON may hold DEL and the like, which YAML readers refuse; a negative zero is read as a whole number.
        let is_special = expected.contains("-0")
            || printed
                .chars()
                .any(|c| matches!(c, '\u{7f}'..='\u{9f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'));
        match documents(printed.as_bytes()).next_value() {
            Some(Ok(value)) if !is_special => assert_eq!(compact(&value), expected, "{printed}"),
            Some(Ok(_)) => {}
            other => assert!(!surely_readable || is_special, "{printed:?}: {other:?}"),
        }
    }
}

fn compact(value: &Value) -> String {
    json::compact(value).expect("it was printed before")
}
