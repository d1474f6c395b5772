//! The certificate that this program shows to a server that asks for one.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::x509::SubjectPublicKeyInfo;

use super::tls::{TrustError, in_words, without_marks};
use crate::config::{ClientCertificate, ClientPem, MAX_BUNDLE, read_file, refuse_what_others_can_read};

/// What a server wanted of this program in the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// no certificate
    Nothing,
    /// one, and there is none
    InVain,
    /// one, and it was shown
    Shown,
}

/// What the handshakes of one endpoint are like.
#[derive(Debug, Default)]
pub(super) struct Handshakes {
    asked: AtomicBool,
    shown: AtomicBool,
}

impl Handshakes {
    /// Forgets the last one.
    pub fn begin(&self) {
        self.asked.store(false, Ordering::Relaxed);
    }

    /// What the server of the last handshake wanted.
    pub fn asked(&self) -> Asked {
        match (self.asked.load(Ordering::Relaxed), self.shown.load(Ordering::Relaxed)) {
            (false, _) => Asked::Nothing,
            (true, false) => Asked::InVain,
            (true, true) => Asked::Shown,
        }
    }
}

/// Shows the certificate, if there is one, and remembers that a server asked for one.
#[derive(Debug)]
pub(super) struct Shower {
    pub key: Option<Arc<CertifiedKey>>,
    pub handshakes: Arc<Handshakes>,
}

impl ResolvesClientCert for Shower {
    fn resolve(&self, _: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let usable = self.key.as_ref().filter(|key| key.key.choose_scheme(schemes).is_some());
        self.handshakes.asked.store(true, Ordering::Relaxed);
        self.handshakes.shown.store(usable.is_some(), Ordering::Relaxed);
        usable.cloned()
    }

    fn has_certs(&self) -> bool {
        self.key.is_some()
    }
}

/// Reads the files of a client certificate.
pub(super) fn contents(files: &ClientCertificate) -> Result<ClientPem, TrustError> {
    let (certificate, _) = read_file(&files.certificate, MAX_BUNDLE)?;
    let (key, metadata) = read_file(&files.key, MAX_BUNDLE)?;
    if refuse_what_others_can_read(&files.key, &metadata).is_err() {
        return Err(TrustError::OthersCanReadKey { path: files.key.clone() });
    }
    Ok(ClientPem { certificate, key })
}

/// The certificate and its key, from what is in their files.
pub(super) fn read(
    files: &ClientCertificate,
    ClientPem { certificate, key }: &ClientPem,
) -> Result<Arc<CertifiedKey>, TrustError> {
    let path = || files.certificate.clone();
    let broken = |path: &Path, reason: String| TrustError::Broken { path: path.to_owned(), reason };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&without_marks(certificate)).collect();
    let chain = chain.map_err(|error| broken(&files.certificate, in_words(&error)))?;
    if chain.is_empty() {
        return Err(TrustError::NoCertificate { path: path() });
    }
    let no_key = |reason: &str| TrustError::NoKey { path: files.key.clone(), reason: reason.to_owned() };
    let key = without_marks(key);
    let is_encrypted = |text: &[u8]| text.windows(9).any(|part| part == b"ENCRYPTED");
    let key = match PrivateKeyDer::from_pem_slice(&key) {
        Ok(key) => key,
        Err(_) if is_encrypted(&key) => {
            return Err(no_key("it has a passphrase, which nobody can enter here"));
        }
        Err(_) => return Err(no_key("it has no key in PEM form")),
    };
    let key = ring::sign::any_supported_type(&key)
        .map_err(|_| no_key("the key is not RSA with 2048 bits or more, P-256, P-384 or Ed25519"))?;
    let certificate = &chain[0];
    let is_its_key = match key.public_key() {
        Some(public) => is_key_of(certificate, &public)
            .map_err(|()| broken(&files.certificate, "it cannot be read".to_owned()))?,
        None => true,
    };
    if !is_its_key {
        return Err(no_key(&format!("the key does not belong to the certificate in {}", path().display())));
    }
    Ok(Arc::new(CertifiedKey::new(chain, key)))
}

/// Whether a certificate has this public key. webpki, which rustls asks, reads certificates of version 3 only, and
/// `openssl x509 -req` makes them of version 1. Only the keys are compared, as their algorithm has more than one name.
fn is_key_of(certificate: &CertificateDer<'_>, public: &[u8]) -> Result<bool, ()> {
    let (_, certificate) = X509Certificate::from_der(certificate).map_err(|_| ())?;
    let (_, public) = SubjectPublicKeyInfo::from_der(public).map_err(|_| ())?;
    Ok(certificate.public_key().subject_public_key.data == public.subject_public_key.data)
}
