//! Plugins: references, configuration to environment, checkout.
//!
//! [`parse`] reads a job's list, [`check_out`] gets those that come from elsewhere, [`find_vendored`] those of the
//! repository. When their hooks run is the executor's business, and which are allowed the worker's.
mod archive;
mod checkout;
mod configuration;
mod error;
mod loaded;
mod plugin;
mod reference;
mod schema;
mod validation;
mod variables;
mod vendored;

#[cfg(unix)]
#[path = "os_unix.rs"]
mod os;
#[cfg(windows)]
#[path = "os_windows.rs"]
mod os;

pub use archive::{ArchiveError, Archives};
pub use checkout::{CheckoutSettings, check_out};
pub use configuration::Value;
pub use error::{FetchError, PluginError};
pub use loaded::{LoadedPlugin, NoDirectory};
pub use plugin::{ParseError, Plugin, parse};
pub use reference::{LocationError, Reference, ReferenceError};
pub use validation::Validation;
pub use variables::{Deprecated, NullInside, Variables};
pub use vendored::find_vendored;
