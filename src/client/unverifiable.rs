//! Certificates that other programs take, and this one cannot verify: it verifies with *ring* and webpki.

use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate, X509Version};
use x509_parser::public_key::PublicKey;

/// Keys of fewer bits are not verified.
const LEAST_RSA: usize = 2048;

const RSA: &str = "1.2.840.113549.1.1.1";
const EC: &str = "1.2.840.10045.2.1";
const ED25519: &str = "1.3.101.112";
const CURVES: [&str; 2] = ["1.2.840.10045.3.1.7", "1.3.132.0.34"];
const P521: &str = "1.3.132.0.35";

/// The signatures that certificates may have here: RSA, RSA-PSS and ECDSA with SHA-256 to 512, but for ECDSA with
/// SHA-512; and Ed25519.
const SIGNATURES: [&str; 7] = [
    "1.2.840.113549.1.1.10",
    "1.2.840.113549.1.1.11",
    "1.2.840.113549.1.1.12",
    "1.2.840.113549.1.1.13",
    "1.2.840.10045.4.3.2",
    "1.2.840.10045.4.3.3",
    ED25519,
];

/// The others by the names that people know. Source: RFC 3279, RFC 4055, RFC 5758 and RFC 8410.
const OTHERS: [(&str, &str); 9] = [
    ("1.2.840.10045.4.3.4", "ECDSA with SHA-512"),
    ("1.2.840.10045.4.3.1", "ECDSA with SHA-224"),
    ("1.2.840.10045.4.1", "ECDSA with SHA-1"),
    ("1.2.840.113549.1.1.14", "RSA with SHA-224"),
    ("1.2.840.113549.1.1.5", "RSA with SHA-1"),
    ("1.2.840.113549.1.1.4", "RSA with MD5"),
    ("1.2.840.10040.4.3", "DSA"),
    ("2.16.840.1.101.3.4.3.2", "DSA"),
    ("1.3.101.113", "Ed448"),
];

/// What stands in the way of verifying it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unverifiable {
    /// Only version 3 has the names of hosts.
    #[error("the certificate is of version 1, which cannot name the host that it is for")]
    Version1,
    /// Its key, or that of an authority sent along, has so many bits.
    #[error("the certificate, or one of its chain, has an RSA key of {0} bits; at least 2048 are needed")]
    ShortRsa(usize),
    /// Its key, or that of an authority sent along, is on this curve.
    #[error(
        "the certificate, or one of its chain, has a key on the curve P-521, which cannot be verified here"
    )]
    P521,
    /// It, or one sent along, is signed in this way.
    #[error("the certificate, or one of its chain, is signed by {0}, which cannot be verified here")]
    Signature(&'static str),
    /// Its key, or that of an authority, is of another kind.
    #[error("the certificate, or one of its chain, has a key or a signature that cannot be verified here")]
    Kind,
}

impl Unverifiable {
    /// What it is about a server's certificate, or about those that it sends along.
    pub(super) fn of(certificate: &CertificateDer<'_>, others: &[CertificateDer<'_>]) -> Option<Self> {
        let (_, own) = X509Certificate::from_der(certificate).ok()?;
        if own.version() != X509Version::V3 {
            return Some(Self::Version1);
        }
        let others = others.iter().filter_map(|other| X509Certificate::from_der(other).ok());
        // A root that is sent along counts for nothing: it is trusted as it is, or not at all.
        let others = others.map(|(_, other)| other).filter(|other| other.issuer() != other.subject());
        let others: Vec<_> = others.collect();
        let chain = || std::iter::once(&own).chain(&others);
        chain().find_map(Self::of_key).or_else(|| chain().find_map(Self::of_signature))
    }

    fn of_key(certificate: &X509Certificate<'_>) -> Option<Self> {
        let key = certificate.public_key();
        let curve = key.algorithm.parameters.as_ref().and_then(|curve| curve.as_oid().ok());
        match (key.algorithm.algorithm.to_id_string().as_str(), curve.map(|curve| curve.to_id_string())) {
            (RSA, _) => match key.parsed() {
                Ok(PublicKey::RSA(rsa)) if rsa.key_size() < LEAST_RSA => Some(Self::ShortRsa(rsa.key_size())),
                Ok(_) | Err(_) => None,
            },
            (ED25519, _) => None,
            (EC, Some(curve)) if CURVES.contains(&curve.as_str()) => None,
            (EC, Some(curve)) if curve == P521 => Some(Self::P521),
            (_, _) => Some(Self::Kind),
        }
    }

    fn of_signature(certificate: &X509Certificate<'_>) -> Option<Self> {
        let kind = certificate.signature_algorithm.algorithm.to_id_string();
        if SIGNATURES.contains(&kind.as_str()) {
            return None;
        }
        let named = OTHERS.into_iter().find(|(other, _)| *other == kind);
        Some(named.map_or(Self::Kind, |(_, name)| Self::Signature(name)))
    }
}
