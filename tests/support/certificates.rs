//! Certificates of every kind, and servers that show them.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};

use crate::support::servers::{Reply, Server, read_request, stay_silent};
use crate::support::{TOKEN, World};

/// Years between which a certificate is valid.
pub type Years = (i32, i32);
pub const NOW: Years = (2020, 2060);
pub const PAST: Years = (2020, 2021);
pub const FUTURE: Years = (2060, 2070);

/// A certificate with its key, and those that a server sends along.
pub struct Certified {
    chain: Vec<CertificateDer<'static>>,
    key: KeyPair,
    pub pem: String,
    params: CertificateParams,
}

/// What a certificate is to say; `common_name` tells subjects and issuers apart.
pub fn params(common_name: &str, names: &[&str], years: Years) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 1, 1);
    params
}

/// The same, for a certificate that ends in so many days and an hour.
pub fn ends_in(mut params: CertificateParams, days: u64) -> CertificateParams {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    params.not_after = date_time_ymd(1970, 1, 1) + now + Duration::from_secs(days * 24 * 3600 + 3600);
    params
}

/// The same, for a certificate that may sign others.
pub fn authority(mut params: CertificateParams) -> CertificateParams {
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

pub fn root(common_name: &str) -> Certified {
    self_signed(authority(params(common_name, &[], NOW)))
}

pub fn self_signed(params: CertificateParams) -> Certified {
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    Certified { chain: vec![certificate.der().clone()], pem: certificate.pem(), key, params }
}

/// Signs, and sends nobody else's certificate along.
pub fn signed_by(authority: &Certified, params: CertificateParams) -> Certified {
    let key = KeyPair::generate().unwrap();
    let issuer = Issuer::from_params(&authority.params, &authority.key);
    let certificate = params.signed_by(&key, &issuer).unwrap();
    Certified { chain: vec![certificate.der().clone()], pem: certificate.pem(), key, params }
}

impl Certified {
    pub fn with(mut self, other: &Certified) -> Self {
        self.chain.extend(other.chain.iter().cloned());
        self
    }

    /// A Zammad that accepts events, and shows this certificate.
    pub fn serve(self) -> Server {
        self.serve_in(rustls::DEFAULT_VERSIONS)
    }

    pub fn serve_in(self, versions: &[&'static SupportedProtocolVersion]) -> Server {
        self.listen(versions, Reply::json(200, "{}"))
    }

    /// A server that always gives this reply, and shows this certificate.
    pub fn answering(self, reply: Reply) -> Server {
        self.listen(rustls::DEFAULT_VERSIONS, reply)
    }

    /// For a server of another protocol, which asks for no certificate.
    #[allow(dead_code, reason = "tests/bridge uses it")]
    pub fn server_config(&self) -> ServerConfig {
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), key)
            .unwrap()
    }

    /// The key in PEM form.
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// A Zammad that ends the first handshake without a certificate of this authority; those after it succeed, and
    /// have no answer.
    pub fn serve_to_owners_of_once(self, authority: &Certified) -> Server {
        let provider = Arc::new(ring::default_provider());
        let mut roots = rustls::RootCertStore::empty();
        roots.add(authority.chain[0].clone()).unwrap();
        let clients = rustls::server::WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
        let asks = [clients.clone(), clients.allow_unauthenticated()].map(|clients| {
            let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
            let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
                .with_protocol_versions(&[&rustls::version::TLS13])
                .unwrap()
                .with_client_cert_verifier(clients.build().unwrap())
                .with_single_cert(self.chain.clone(), key)
                .unwrap();
            Arc::new(config)
        });
        let before = AtomicUsize::new(0);
        Server::start(move |stream| {
            let config = &asks[before.fetch_add(1, Ordering::Relaxed).min(1)];
            let mut stream = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream);
            if !read_request(&mut stream).is_empty() {
                stay_silent(stream);
            }
        })
    }

    /// A Zammad that accepts events of those who show a certificate of this authority.
    pub fn serve_to_owners_of(
        self,
        authority: &Certified,
        version: &'static SupportedProtocolVersion,
    ) -> Server {
        let provider = Arc::new(ring::default_provider());
        let mut roots = rustls::RootCertStore::empty();
        roots.add(authority.chain[0].clone()).unwrap();
        let clients = rustls::server::WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
        self.listen_for(&[version], Reply::json(200, "{}"), clients.build().unwrap())
    }

    fn listen(self, versions: &[&'static SupportedProtocolVersion], reply: Reply) -> Server {
        self.listen_for(versions, reply, Arc::new(rustls::server::NoClientAuth))
    }

    fn listen_for(
        self,
        versions: &[&'static SupportedProtocolVersion],
        reply: Reply,
        clients: Arc<dyn rustls::server::danger::ClientCertVerifier>,
    ) -> Server {
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_client_cert_verifier(clients)
            .with_single_cert(self.chain, PrivateKeyDer::try_from(self.key.serialize_der()).unwrap())
            .unwrap();
        let config = Arc::new(config);
        Server::start(move |stream| {
            let connection = ServerConnection::new(config.clone()).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            if !read_request(&mut stream).is_empty() {
                stream.write_all(&reply.bytes()).unwrap();
            }
        })
    }
}

/// The address of a Zammad that listens there.
pub fn url(host: &str, server: &Server) -> String {
    format!("https://{host}:{}/api/v1/cti/{TOKEN}", server.address.port())
}

/// A file that a program can trust.
pub fn pem_file(world: &World, name: &str, certificates: &[&Certified]) -> PathBuf {
    let pem: Vec<_> = certificates.iter().map(|certificate| certificate.pem.as_str()).collect();
    world.file(name, 0o644, &pem.concat())
}
