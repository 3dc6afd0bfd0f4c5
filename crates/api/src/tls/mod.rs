//! TLS that costs nothing until it is used: the roots are read at the first handshake.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_platform_verifier::Verifier;
use std::sync::{Arc, OnceLock};

#[cfg(feature = "blocking")]
mod connector;
mod named;
mod roots;

#[cfg(feature = "blocking")]
pub(crate) use connector::TlsConnector;
pub(crate) use named::is_authority_s_own;

/// The one cryptography provider of this program.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// A client configuration that trusts what the system, or the environment in its place, trusts, offering `protocols` by ALPN.
///
/// # Panics
/// Never: the provider supports the default protocol versions.
#[must_use]
pub fn client_config(protocols: &[&[u8]]) -> ClientConfig {
    let provider = provider();
    let algorithms = provider.signature_verification_algorithms;
    let verifier = LazyVerifier { provider: provider.clone(), algorithms, made: OnceLock::new() };
    config(provider, Arc::new(verifier), protocols)
}

/// The same, but it trusts these certificates alone: those of authorities, and servers' own.
///
/// # Errors
/// There is nothing that these certificates could vouch for.
///
/// # Panics
/// Never: the provider supports the default protocol versions.
pub fn client_config_trusting(
    certificates: Vec<CertificateDer<'static>>,
    protocols: &[&[u8]],
) -> Result<ClientConfig, Error> {
    let verifier = named::Named::new(certificates, provider())?;
    Ok(config(provider(), Arc::new(verifier), protocols))
}

fn config(
    provider: Arc<CryptoProvider>,
    verifier: Arc<dyn ServerCertVerifier>,
    protocols: &[&[u8]],
) -> ClientConfig {
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring supports TLS 1.2 and 1.3");
    let mut config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    config
}

/// The verifier, made when the first certificate comes in.
#[derive(Debug)]
struct LazyVerifier {
    provider: Arc<CryptoProvider>,
    algorithms: WebPkiSupportedAlgorithms,
    made: OnceLock<Result<Arc<dyn ServerCertVerifier>, Error>>,
}

impl LazyVerifier {
    fn made(&self) -> Result<&dyn ServerCertVerifier, Error> {
        let made = self.made.get_or_init(|| verifier(self.provider.clone()));
        made.as_ref().map(Arc::as_ref).map_err(Clone::clone)
    }
}

fn verifier(provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    match roots::named() {
        Some(roots) => Ok(Arc::new(named::Named::new(roots, provider)?)),
        None => Ok(Arc::new(Verifier::new(provider)?)),
    }
}

impl ServerCertVerifier for LazyVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.made()?.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(message, cert, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, cert, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
