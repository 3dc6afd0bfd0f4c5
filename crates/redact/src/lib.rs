//! What a log line goes through: streaming redaction, timestamps, headings. Bytes in, bytes out.

mod ansi;
mod detector;
mod finder;
mod headings;
mod lines;
mod names;
mod needle;
mod quoted;
mod redactor;
mod scanner;
mod url;
mod variables;
mod whole;
mod writer;

pub use ansi::AnsiStamper;
pub use detector::Detector;
pub use headings::{HeadingTimes, LineKind, line_kind};
pub use lines::LineStamper;
pub use names::{BadPatterns, DEFAULT_PATTERNS, NameCase, NamePatterns};
pub use quoted::quoted;
pub use redactor::{MARKER, Redactor};
pub use url::public_url;
pub use variables::{MIN_VALUE_LEN, SecretVariables, secret_variables};
pub use whole::{Redacted, SecretSearch, redact_whole};
pub use writer::RedactingWriter;
