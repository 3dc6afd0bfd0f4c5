//! A certificate authority of the test's own, and servers that it vouches for.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::{Seen, serve};

/// The authority; its files lie in a directory of the test's.
pub(crate) struct Authority {
    directory: PathBuf,
    certificate: rcgen::Certificate,
    issuer: Issuer<'static, KeyPair>,
}

/// Whom a server talks to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clients {
    All,
    /// Those with a certificate of the authority.
    Known,
}

/// What is wrong with a server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    Expired,
    NotYet,
    /// It is for `other.test` only.
    OtherHost,
    /// It is its own authority.
    SelfSigned,
    /// It is its own authority, and its time is over.
    SelfSignedExpired,
}

/// TLS in front of a server.
pub(crate) struct Front {
    pub(crate) port: u16,
    /// The protocol of each connection, as ALPN settled it.
    pub(crate) protocols: Seen,
}

impl Authority {
    pub(crate) fn new(directory: &Path) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("signed");
        std::fs::write(directory.join("ca.pem"), certificate.pem()).expect("written");
        Self { directory: directory.to_path_buf(), certificate, issuer: Issuer::new(params, key) }
    }

    /// Its certificate.
    pub(crate) fn roots(&self) -> String {
        self.directory.join("ca.pem").to_string_lossy().into_owned()
    }

    /// A client's certificate and key.
    pub(crate) fn client(&self) -> [String; 2] {
        let key = KeyPair::generate().expect("a key");
        let certificate = self.certificate_for("client", &key, Fault::None);
        [("client.pem", certificate.pem()), ("client.key", key.serialize_pem())].map(|(name, text)| {
            let path = self.directory.join(name);
            std::fs::write(&path, text).expect("written");
            path.to_string_lossy().into_owned()
        })
    }

    fn certificate_for(&self, name: &str, key: &KeyPair, fault: Fault) -> rcgen::Certificate {
        let names = match fault {
            Fault::OtherHost => vec!["other.test".to_owned()],
            _ => [name, "localhost", "127.0.0.1", "0.0.0.0"].map(str::to_owned).to_vec(),
        };
        let mut params = CertificateParams::new(names).expect("names");
        match fault {
            Fault::Expired | Fault::SelfSignedExpired => params.not_after = date_time_ymd(2001, 2, 3),
            Fault::NotYet => params.not_before = date_time_ymd(3001, 2, 3),
            _ => {}
        }
        match fault {
            Fault::SelfSigned | Fault::SelfSignedExpired => {
                params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
                params.self_signed(key)
            }
            _ => params.signed_by(key, &self.issuer),
        }
        .expect("signed")
    }

    /// Puts TLS, for `name` and this machine's own names, in front of ports: one for each protocol that is offered;
    /// clients that ask for none get the last.
    pub(crate) fn front(&self, name: &str, backends: &[(&str, u16)], clients: Clients) -> Front {
        self.faulty_front(name, backends, clients, Fault::None)
    }

    /// The same with a certificate that has something wrong with it; it lies in `server.pem`.
    pub(crate) fn faulty_front(
        &self,
        name: &str,
        backends: &[(&str, u16)],
        clients: Clients,
        fault: Fault,
    ) -> Front {
        let acceptor = TlsAcceptor::from(Arc::new(self.server(name, backends, clients, fault)));
        let ports: HashMap<_, _> = backends.iter().map(|(name, port)| ((*name).to_owned(), *port)).collect();
        let last = backends.last().expect("a server").1;
        let seen = Seen::default();
        let protocols = seen.clone();
        let port = serve(move |stream| {
            let (acceptor, seen, ports) = (acceptor.clone(), seen.clone(), ports.clone());
            async move {
                // A client that doesn't trust us leaves.
                let Ok(mut outer) = acceptor.accept(stream).await else { return };
                let protocol = outer.get_ref().1.alpn_protocol().unwrap_or(b"none");
                let protocol = String::from_utf8_lossy(protocol).into_owned();
                let port = ports.get(&protocol).copied().unwrap_or(last);
                seen.lock().expect("whole").push(protocol);
                let mut inner = TcpStream::connect(("127.0.0.1", port)).await.expect("the server is there");
                let _ = tokio::io::copy_bidirectional(&mut outer, &mut inner).await;
            }
        });
        Front { port, protocols }
    }

    fn server(&self, name: &str, backends: &[(&str, u16)], clients: Clients, fault: Fault) -> ServerConfig {
        let key = KeyPair::generate().expect("a key");
        let certificate = self.certificate_for(name, &key, fault);
        std::fs::write(self.directory.join("server.pem"), certificate.pem()).expect("written");
        let certificate = certificate.der().clone();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = redkite_api::tls::provider();
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .expect("versions");
        let builder = match clients {
            Clients::All => builder.with_no_client_auth(),
            Clients::Known => {
                let mut roots = RootCertStore::empty();
                roots.add(self.certificate.der().clone()).expect("added");
                let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider).build();
                builder.with_client_cert_verifier(verifier.expect("a verifier"))
            }
        };
        let mut config = builder.with_single_cert(vec![certificate], key).expect("a certificate");
        config.alpn_protocols = backends.iter().map(|(protocol, _)| protocol.as_bytes().to_vec()).collect();
        config
    }
}
