//! Certificates of every kind, and servers that show them.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};

use crate::servers::{Reply, Server, read_request};
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
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(self.chain, PrivateKeyDer::try_from(self.key.serialize_der()).unwrap())
            .unwrap();
        let config = Arc::new(config);
        Server::start(move |stream| {
            let connection = ServerConnection::new(config.clone()).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            if !read_request(&mut stream).is_empty() {
                stream.write_all(&Reply::json(200, "{}").bytes()).unwrap();
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
