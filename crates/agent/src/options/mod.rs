//! The options that many commands share, each declared once (docs/spec/cli.md §11, §12, §15; cli.json `flag_sets`).

mod api;
mod cancel;
mod checkout;
mod global;
mod paths;
mod redaction;
mod shell;
mod signing;

pub(crate) use api::{AccessOptions, ApiOptions, EndpointOptions, TrafficOptions};
pub(crate) use cancel::CancelOptions;
pub(crate) use checkout::CheckoutOptions;
pub(crate) use global::{DiagnosticOptions, GlobalOptions, experiments, is_known_experiment, start_logging};
pub(crate) use paths::{PathOptions, SocketOptions};
pub(crate) use redaction::RedactionOptions;
pub(crate) use shell::default_shell;
pub(crate) use signing::SigningOptions;
