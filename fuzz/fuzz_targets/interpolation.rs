//! Any text interpolates to a text or an error, and one without a dollar sign to itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use redkite_pipeline::{Variables, interpolate};
use redkite_redact::NameCase;

fuzz_target!(|input: (String, String, String)| {
    let (text, name, value) = input;
    let variables = Variables::new([(name, value), ("A".to_owned(), "aè🚀".to_owned())], NameCase::Exact);
    let result = interpolate(&text, &variables);
    if !text.contains('$') {
        assert_eq!(result.as_deref(), Ok(text.as_str()));
    }
    // Every dollar sign escaped: the text comes out as it was, unless a backslash before one changes its meaning.
    if !text.contains('\\') {
        assert_eq!(interpolate(&text.replace('$', "$$"), &variables).as_deref(), Ok(text.as_str()));
    }
});
