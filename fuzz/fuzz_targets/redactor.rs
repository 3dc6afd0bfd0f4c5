//! However a text is cut into writes, no secret comes out, and nothing else is lost.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use redkite_redact::Redactor;

#[derive(Arbitrary, Debug)]
struct Input {
    secrets: Vec<Vec<u8>>,
    writes: Vec<Vec<u8>>,
}

fn redacted<'a>(secrets: &[Vec<u8>], writes: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut redactor = Redactor::with_secrets(secrets);
    let mut out = Vec::new();
    writes.for_each(|write| redactor.write(write, |part| out.extend_from_slice(part)));
    redactor.flush(|part| out.extend_from_slice(part));
    out
}

fuzz_target!(|input: Input| {
    let whole = input.writes.concat();
    let at_once = redacted(&input.secrets, std::iter::once(whole.as_slice()));
    assert_eq!(redacted(&input.secrets, input.writes.iter().map(Vec::as_slice)), at_once);
    assert_eq!(redacted(&input.secrets, whole.chunks(1)), at_once);
    assert_eq!(redacted(&[], whole.chunks(7)), whole);
});
