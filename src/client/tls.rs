//! Whom to trust. For `http://` no trust store is read, as reading one takes longer than the
//! whole event.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme,
};

use crate::config::{Config, Endpoint, FileError, MAX_BUNDLE, read_file};

/// Why nobody can be trusted.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "a variant's text says what its fields are")]
#[non_exhaustive]
pub enum TrustError {
    /// The file cannot be read.
    #[error(transparent)]
    Unreadable(#[from] FileError),
    /// The file is something else.
    #[error("{} is no file of certificates: {reason}", path.display())]
    Broken { path: PathBuf, reason: String },
    /// The file has none in it.
    #[error("{} holds no certificate in PEM form", path.display())]
    NoCertificate { path: PathBuf },
    /// The system has no trust store, and `ca_file` names none.
    #[error(
        "this system has no file of trusted certificates; install the package ca-certificates, or name a \
         PEM file with --ca-file"
    )]
    NoTrustStore,
}

/// The TLS settings for one endpoint.
pub(super) fn settings(config: &Config, endpoint: &Endpoint) -> Result<ClientConfig, TrustError> {
    Ok(trusting(verifier(config, endpoint)?))
}

/// Who decides about an endpoint's certificate, if it has one.
pub(super) fn verifier(config: &Config, endpoint: &Endpoint) -> Result<Option<Arc<Verifier>>, TrustError> {
    if !endpoint.is_tls() {
        return Ok(None);
    }
    let provider = Arc::new(ring::default_provider());
    let trust = match config.insecure {
        true => None,
        false => Some(Trust::new(roots(config)?, provider.clone())),
    };
    Ok(Some(Arc::new(Verifier { provider, trust })))
}

/// TLS settings that leave the decision to this verifier.
pub(super) fn trusting(verifier: Option<Arc<impl ServerCertVerifier + 'static>>) -> ClientConfig {
    let settings = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has TLS 1.2 and 1.3");
    match verifier {
        Some(verifier) => {
            settings.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
        }
        // Nobody is trusted, because nobody is asked.
        None => settings.with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
    }
}

/// Reads what is to be trusted now. What goes wrong is told when it is needed.
pub(super) fn keep(config: &Config) {
    let is_needed = config.endpoint().is_ok_and(Endpoint::is_tls) && !config.insecure;
    if let Some(path) = is_needed.then(|| bundle_file(config).ok()).flatten() {
        let _ = read_file(&path, MAX_BUNDLE).map(|(bundle, _)| config.bundle.set(bundle));
    }
}

/// One bundle file rather than the many files of a certificate directory, which take twice the
/// time of a whole event.
fn bundle_file(config: &Config) -> Result<PathBuf, TrustError> {
    match &config.ca_file {
        Some(path) => Ok(path.clone()),
        None => openssl_probe::probe().cert_file.ok_or(TrustError::NoTrustStore),
    }
}

fn roots(config: &Config) -> Result<RootCertStore, TrustError> {
    let path = bundle_file(config)?;
    let read;
    let bundle = match config.bundle.get() {
        Some(bundle) => bundle,
        None => {
            (read, _) = read_file(&path, MAX_BUNDLE)?;
            &read
        }
    };
    let mut roots = RootCertStore::empty();
    let mut odd = None;
    for certificate in CertificateDer::pem_slice_iter(bundle) {
        let certificate = certificate
            .map_err(|error| TrustError::Broken { path: path.clone(), reason: error.to_string() })?;
        // A bundle may hold an odd certificate that webpki cannot use; the others count.
        if let Err(error) = roots.add(certificate) {
            odd = Some(error);
        }
    }
    if roots.is_empty() {
        return Err(match odd {
            Some(error) => TrustError::Broken { path, reason: error.to_string() },
            None => TrustError::NoCertificate { path },
        });
    }
    Ok(roots)
}

/// Says that a certificate signed itself, which webpki does not tell from an unknown issuer.
#[derive(Debug, thiserror::Error)]
#[error("the certificate is self-signed")]
pub(super) struct SelfSigned;

/// Whose certificates are good.
#[derive(Debug)]
struct Trust {
    usual: Arc<WebPkiServerVerifier>,
    roots: Arc<RootCertStore>,
}

impl Trust {
    fn new(roots: RootCertStore, provider: Arc<CryptoProvider>) -> Self {
        let roots = Arc::new(roots);
        let usual = WebPkiServerVerifier::builder_with_provider(roots.clone(), provider).build();
        Self { usual: usual.expect("there are roots, and no revocation lists"), roots }
    }

    /// Whether the owner and the key of this certificate are trusted, and it is made out to `name`.
    ///
    /// webpki wants an authority and a server to be two; what `openssl req -x509` makes is both. It
    /// has checked the dates before it comes to that, the handshake proves that the server has the
    /// key, and with the key of an authority it could make itself any certificate.
    fn covers(&self, certificate: &CertificateDer<'_>, name: &ServerName<'_>) -> Result<bool, rustls::Error> {
        let anchor = webpki::anchor_from_trusted_cert(certificate);
        if !anchor.is_ok_and(|anchor| self.roots.roots.contains(&anchor)) {
            return Ok(false);
        }
        rustls::client::verify_server_name(&ParsedCertificate::try_from(certificate)?, name).map(|()| true)
    }
}

/// The usual verification with a better word for self-signed certificates; or none, for
/// `--insecure`, where the handshake itself is still checked.
#[derive(Debug)]
pub(super) struct Verifier {
    provider: Arc<CryptoProvider>,
    trust: Option<Trust>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(trust) = &self.trust else { return Ok(ServerCertVerified::assertion()) };
        trust.usual.verify_server_cert(certificate, intermediates, name, ocsp, now).or_else(|error| {
            match error {
                rustls::Error::InvalidCertificate(
                    CertificateError::UnknownIssuer | CertificateError::Other(_),
                ) if signed_itself(certificate) => {
                    if is_authority(&error) && trust.covers(certificate, name)? {
                        return Ok(ServerCertVerified::assertion());
                    }
                    Err(CertificateError::Other(OtherError(Arc::new(SelfSigned))).into())
                }
                other => Err(other),
            }
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Whether the only fault is that the server's certificate is an authority's.
fn is_authority(error: &rustls::Error) -> bool {
    let rustls::Error::InvalidCertificate(CertificateError::Other(other)) = error else { return false };
    matches!(other.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

fn signed_itself(certificate: &CertificateDer<'_>) -> bool {
    webpki::EndEntityCert::try_from(certificate)
        .is_ok_and(|certificate| certificate.issuer() == certificate.subject())
}
