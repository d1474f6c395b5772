//! Whom to trust. For `http://` no trust store is read, as reading one takes longer than the
//! whole event.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme,
};

use super::client_certificate::{self, Handshakes, Shower};
use super::unverifiable::Unverifiable;
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
    #[error("{} is not a file of certificates: {reason}", path.display())]
    Broken { path: PathBuf, reason: String },
    /// The file has none in it.
    #[error("{} has no certificate in PEM form", path.display())]
    NoCertificate { path: PathBuf },
    /// `client_key` is none that `client_cert` can be shown with.
    #[error("{} has no usable key for client_cert: {reason}", path.display())]
    NoKey { path: PathBuf, reason: String },
    /// Its mode would give the key away.
    #[error("{} holds a key, and others can read it; run: chmod o-rwx {}", path.display(), path.display())]
    OthersCanReadKey { path: PathBuf },
    /// The system has no trust store, and `ca_file` names none.
    #[error(
        "this system has no file of trusted certificates; install the package ca-certificates, or name a \
         PEM file with --ca-file"
    )]
    NoTrustStore,
}

/// What TLS with one endpoint takes.
#[derive(Debug, Clone)]
pub(super) struct Tls {
    pub verifier: Option<Arc<Verifier>>,
    key: Option<Arc<CertifiedKey>>,
    pub handshakes: Arc<Handshakes>,
}

impl Tls {
    /// Reads the trust store and the client certificate, if the endpoint needs them.
    pub fn new(config: &Config, endpoint: &Endpoint) -> Result<Self, TrustError> {
        let verifier = verifier(config, endpoint)?;
        let key = match (&verifier, &config.client_certificate) {
            (Some(_), Some(files)) => match config.client_pem.get() {
                Some(contents) => Some(client_certificate::read(files, contents)?),
                None => Some(client_certificate::read(files, &client_certificate::contents(files)?)?),
            },
            (None, _) | (_, None) => None,
        };
        Ok(Self { verifier, key, handshakes: Arc::default() })
    }

    /// The same for another client, with handshakes of its own.
    pub fn of_another_client(&self) -> Self {
        Self { handshakes: Arc::default(), ..self.clone() }
    }

    /// The settings for Zammad.
    pub fn settings(&self) -> ClientConfig {
        self.trusting(self.verifier.clone())
    }

    /// The settings for Zammad, with this verifier in place of its own.
    pub fn trusting(&self, verifier: Option<Arc<impl ServerCertVerifier + 'static>>) -> ClientConfig {
        let mut settings = trusting(verifier);
        let (key, handshakes) = (self.key.clone(), self.handshakes.clone());
        settings.client_auth_cert_resolver = Arc::new(Shower { key, handshakes });
        settings
    }

    /// Lets the next handshake find out why the last one failed without a word, see [`Verifier`].
    pub fn look_closer(&self) {
        if let Some(verifier) = &self.verifier {
            verifier.looks_closer.store(true, Ordering::Relaxed);
        }
    }
}

/// Who decides about an endpoint's certificate, if it has one.
fn verifier(config: &Config, endpoint: &Endpoint) -> Result<Option<Arc<Verifier>>, TrustError> {
    if !endpoint.is_tls() {
        return Ok(None);
    }
    let provider = Arc::new(ring::default_provider());
    let trust = match config.insecure {
        true => None,
        false => Some(Trust::new(roots(config.ca_file.as_deref(), config.bundle.get())?, provider.clone())),
    };
    Ok(Some(Arc::new(Verifier { provider, trust, looks_closer: AtomicBool::new(false) })))
}

/// TLS settings for a server that is not Zammad: it trusts what this file holds, or the system's trust store, and
/// shows no certificate.
///
/// # Errors
///
/// There is nothing to trust.
pub(crate) fn settings_for_another(ca_file: Option<&Path>) -> Result<ClientConfig, TrustError> {
    let provider = Arc::new(ring::default_provider());
    let trust = Some(Trust::new(roots(ca_file, None)?, provider.clone()));
    Ok(trusting(Some(Arc::new(Verifier { provider, trust, looks_closer: AtomicBool::new(false) }))))
}

/// TLS settings that leave the decision to this verifier, and show nobody a certificate.
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
    if let Some(path) = is_needed.then(|| bundle_file(config.ca_file.as_deref()).ok()).flatten() {
        let _ = read_file(&path, MAX_BUNDLE).map(|(bundle, _)| config.bundle.set(bundle));
    }
    let is_tls = config.endpoint().is_ok_and(Endpoint::is_tls);
    if let Some(files) = config.client_certificate.as_ref().filter(|_| is_tls) {
        let _ = client_certificate::contents(files).map(|contents| config.client_pem.set(contents));
    }
}

/// One bundle file rather than the many files of a certificate directory, which take twice the
/// time of a whole event.
fn bundle_file(ca_file: Option<&Path>) -> Result<PathBuf, TrustError> {
    match ca_file {
        Some(path) => Ok(path.to_owned()),
        None => openssl_probe::probe().cert_file.ok_or(TrustError::NoTrustStore),
    }
}

/// The text of a PEM file without byte order marks, which editors put in front of a file: also between two that
/// were joined. Behind one a certificate would be passed over.
pub(super) fn without_marks(text: &[u8]) -> Cow<'_, [u8]> {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    if !text.contains(&MARK[0]) {
        return Cow::Borrowed(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.windows(MARK.len()).position(|part| part == MARK) {
        plain.extend_from_slice(&rest[..place]);
        rest = &rest[place + MARK.len()..];
    }
    plain.extend_from_slice(rest);
    Cow::Owned(plain)
}

/// What is wrong with a PEM file, in words for its maker. The error's own words show bytes.
pub(super) fn in_words(error: &pem::Error) -> String {
    match error {
        pem::Error::MissingSectionEnd { .. } => "it is cut short: a line -----END ... is missing".to_owned(),
        pem::Error::IllegalSectionStart { .. } => "a line -----BEGIN ... is broken".to_owned(),
        pem::Error::Base64Decode(reason) => format!("what stands between BEGIN and END is broken: {reason}"),
        error => error.to_string(),
    }
}

fn roots(ca_file: Option<&Path>, kept: Option<&Vec<u8>>) -> Result<RootCertStore, TrustError> {
    let path = bundle_file(ca_file)?;
    let read;
    let bundle = match kept {
        Some(bundle) => bundle,
        None => {
            (read, _) = read_file(&path, MAX_BUNDLE)?;
            &read
        }
    };
    let mut roots = RootCertStore::empty();
    let mut odd = None;
    for certificate in CertificateDer::pem_slice_iter(&without_marks(bundle)) {
        let certificate = certificate
            .map_err(|error| TrustError::Broken { path: path.clone(), reason: in_words(&error) })?;
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

/// The usual verification with better words for certificates that are self-signed, or of a kind that cannot be
/// verified here; or none, for `--insecure`, which takes any certificate and any signature of its owner.
///
/// A server whose certificate is of such a kind ends a handshake without a word, as nobody offered to verify its
/// signature. To look closer is to offer it once, for a handshake that shows the certificate and then fails.
#[derive(Debug)]
pub(super) struct Verifier {
    provider: Arc<CryptoProvider>,
    trust: Option<Trust>,
    looks_closer: AtomicBool,
}

/// What *ring* does not verify.
///
/// Source of the numbers: IANA's registry of TLS, "TLS SignatureScheme".
const UNUSUAL: [SignatureScheme; 10] = [
    SignatureScheme::ECDSA_NISTP521_SHA512,
    SignatureScheme::ED448,
    SignatureScheme::RSA_PKCS1_SHA1,
    SignatureScheme::ECDSA_SHA1_Legacy,
    // RSA-PSS by a key that is for nothing else, with SHA-256, 384 and 512
    SignatureScheme::Unknown(0x0809),
    SignatureScheme::Unknown(0x080a),
    SignatureScheme::Unknown(0x080b),
    // ECDSA on the brainpool curves of 256, 384 and 512 bits
    SignatureScheme::Unknown(0x081a),
    SignatureScheme::Unknown(0x081b),
    SignatureScheme::Unknown(0x081c),
];

impl Verifier {
    /// Checks a signature of the certificate's owner, unless nobody wants that.
    fn verify_signature(
        &self,
        certificate: &CertificateDer<'_>,
        verify: impl FnOnce(&WebPkiSupportedAlgorithms) -> Result<HandshakeSignatureValid, rustls::Error>,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let Some(trust) = &self.trust else { return Ok(HandshakeSignatureValid::assertion()) };
        verify(&self.provider.signature_verification_algorithms)
            .map_err(|error| Unverifiable::of(certificate, &[], &trust.roots).map_or(error, in_tls))
    }
}

/// As TLS passes it on.
fn in_tls(reason: Unverifiable) -> rustls::Error {
    CertificateError::Other(OtherError(Arc::new(reason))).into()
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
            let is_authority = is_authority(&error);
            if !is_authority
                && may_be_unverifiable(&error)
                && let Some(reason) = Unverifiable::of(certificate, intermediates, &trust.roots)
            {
                return Err(in_tls(reason));
            }
            match error {
                rustls::Error::InvalidCertificate(
                    CertificateError::UnsupportedSignatureAlgorithmContext { .. }
                    | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. },
                ) => {
                    Err(Unverifiable::of_unknown_signature(certificate, intermediates).map_or(error, in_tls))
                }
                rustls::Error::InvalidCertificate(
                    CertificateError::UnknownIssuer | CertificateError::Other(_),
                ) if signed_itself(certificate) => {
                    if is_authority && trust.covers(certificate, name)? {
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
        self.verify_signature(certificate, |algorithms| {
            rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
        })
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verify_signature(certificate, |algorithms| {
            rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
        })
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = self.provider.signature_verification_algorithms.supported_schemes();
        if self.trust.is_none() || self.looks_closer.swap(false, Ordering::Relaxed) {
            schemes.extend(UNUSUAL);
        }
        schemes
    }
}

/// Whether an error may come from the kind of a certificate, and not from what it says.
fn may_be_unverifiable(error: &rustls::Error) -> bool {
    let rustls::Error::InvalidCertificate(error) = error else { return false };
    !matches!(
        error,
        CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. }
            | CertificateError::NotValidForName
            | CertificateError::NotValidForNameContext { .. }
    )
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
