//! Connections to a plane of the same process: a Unix socket delivers what is written at once, so that a test whose
//! clock doesn't wait has nothing on its way when it lets time pass.

use super::Transport;
use crate::proxies::Proxies;
use crate::settings::Http2;
use std::path::Path;
use std::sync::{Arc, OnceLock};

impl Transport {
    /// Connections that all go to this socket, whatever the endpoint is.
    #[must_use]
    pub fn through_socket(path: &Path) -> Arc<Self> {
        let transport = Self { http2: Http2::Disabled, proxies: Proxies::default(), client: OnceLock::new() };
        let client = transport.builder().unix_socket(path).build();
        let client = client.expect("a client with our own TLS configuration has nothing that can fail");
        transport.client.get_or_init(|| client);
        Arc::new(transport)
    }
}
