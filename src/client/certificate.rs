//! What a server's certificate says of itself.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Name};
use x509_parser::time::ASN1Time;

use super::tls::Verifier;

const SECONDS_A_DAY: i64 = 24 * 60 * 60;

/// The parts that an administrator asks for. Its texts are the server's, so they may hold anything.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Certificate {
    /// the hosts it is made out to
    pub names: Vec<String>,
    /// who signed it
    pub issuer: String,
    /// days, like `2026-11-20`
    pub first_day: String,
    /// likewise
    pub last_day: String,
    /// seconds since 1970
    ends: i64,
}

impl Certificate {
    fn read(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let alternatives = certificate.subject_alternative_name().ok().flatten();
        let names = alternatives.map_or_else(Vec::new, |alternatives| {
            alternatives.value.general_names.iter().filter_map(host).collect()
        });
        let validity = certificate.validity();
        Some(Self {
            names,
            issuer: shown(certificate.issuer()),
            first_day: day(validity.not_before),
            last_day: day(validity.not_after),
            ends: validity.not_after.timestamp(),
        })
    }

    /// How many whole days it is still valid; below zero since it expired.
    pub fn days_left(&self, now: SystemTime) -> i64 {
        let now = now.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        (self.ends - i64::try_from(now).unwrap_or(i64::MAX)).div_euclid(SECONDS_A_DAY)
    }
}

fn host(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => {
                <[u8; 4]>::try_from(*bytes).ok().map(|address| std::net::Ipv4Addr::from(address).to_string())
            }
            _ => {
                <[u8; 16]>::try_from(*bytes).ok().map(|address| std::net::Ipv6Addr::from(address).to_string())
            }
        },
        _ => None,
    }
}

/// An authority by what people call it: its own name, and the organisation's.
fn shown(name: &X509Name<'_>) -> String {
    let common = name.iter_common_name().find_map(|part| part.as_str().ok());
    let organisation = name.iter_organization().find_map(|part| part.as_str().ok());
    match (common, organisation) {
        (Some(common), Some(organisation)) if !common.contains(organisation) => {
            format!("{common} ({organisation})")
        }
        (Some(one), _) | (None, Some(one)) => one.to_owned(),
        (None, None) => name.to_string(),
    }
}

fn day(time: ASN1Time) -> String {
    let time = time.to_datetime();
    format!("{:04}-{:02}-{:02}", time.year(), u8::from(time.month()), time.day())
}

/// Remembers the certificate that a server shows, whatever the verifier says of it.
#[derive(Debug)]
pub(super) struct Witness {
    verifier: Arc<Verifier>,
    seen: Mutex<Option<Certificate>>,
}

impl Witness {
    pub fn new(verifier: Arc<Verifier>) -> Self {
        Self { verifier, seen: Mutex::default() }
    }

    pub fn verifier(&self) -> Arc<Verifier> {
        self.verifier.clone()
    }

    pub fn seen(&self) -> Option<Certificate> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Certificate::read(certificate);
        self.verifier.verify_server_cert(certificate, intermediates, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}
