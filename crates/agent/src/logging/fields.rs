//! Message and fields of an event or span, as text.

use tracing::field::{Field, Visit};

/// What an event says.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) message: String,
    /// Key and value, in order.
    pub(super) rest: Vec<(String, String)>,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.keep(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.keep(field, value.to_owned());
    }
}

impl Fields {
    fn keep(&mut self, field: &Field, value: String) {
        match field.name() {
            "message" => self.message = value,
            name => self.rest.push((name.to_owned(), value)),
        }
    }
}
