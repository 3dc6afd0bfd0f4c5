//! The end of the SDK's way: batches of spans are encoded and sent.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tokio::sync::watch;

use crate::datadog::{self, Tags};
use crate::otlp;
use crate::transport::{Destination, SendError, Transport};

/// What spans are sent as.
#[derive(Clone, Debug)]
pub(crate) enum Encoding {
    Otlp,
    Datadog(Tags),
}

/// Sends spans. Called on the SDK's thread, which may wait.
#[derive(Debug)]
pub(crate) struct Exporter {
    destination: Destination,
    encoding: Encoding,
    closing: watch::Receiver<Option<Instant>>,
    resource: Resource,
    transport: OnceLock<Transport>,
    outage: Mutex<Outage>,
}

/// Whether a failure was said already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outage {
    None,
    Said,
}

impl Exporter {
    pub(crate) fn new(
        destination: Destination,
        encoding: Encoding,
        closing: watch::Receiver<Option<Instant>>,
    ) -> Self {
        Self {
            destination,
            encoding,
            closing,
            resource: Resource::builder_empty().build(),
            transport: OnceLock::new(),
            outage: Mutex::new(Outage::None),
        }
    }

    fn send(&self, spans: Vec<SpanData>) -> Result<(), SendError> {
        let transport = match self.transport.get() {
            Some(transport) => transport,
            None => {
                let made = Transport::new(self.destination.clone(), self.closing.clone())?;
                self.transport.get_or_init(|| made)
            }
        };
        match &self.encoding {
            Encoding::Otlp => transport.send(&otlp::encode(spans, &self.resource), &[]),
            Encoding::Datadog(tags) => {
                let traces = datadog::Traces::of(spans);
                transport.send(&traces.encode(tags), &[("x-datadog-trace-count", traces.count().to_string())])
            }
        }
    }

    /// An outage is said once: a job's log has other purposes.
    fn report(&self, error: &SendError) {
        let mut outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut *outage, Outage::Said) == Outage::None {
            tracing::warn!("Failed to export traces: {error}");
        }
    }
}

impl SpanExporter for Exporter {
    fn export(&self, batch: Vec<SpanData>) -> impl Future<Output = OTelSdkResult> + Send {
        let result = self.send(batch).map_err(|error| {
            self.report(&error);
            OTelSdkError::InternalFailure(error.to_string())
        });
        std::future::ready(result)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.clone();
    }
}
