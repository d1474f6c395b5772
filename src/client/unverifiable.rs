//! Certificates that other programs take, and this one cannot verify: it verifies with *ring* and webpki.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate, X509Version};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

/// Keys of fewer bits are not verified.
const LEAST_RSA: usize = 2048;

const RSA: &str = "1.2.840.113549.1.1.1";
const RSA_PSS: &str = "1.2.840.113549.1.1.10";
const EC: &str = "1.2.840.10045.2.1";
const ED25519: &str = "1.3.101.112";
const CURVES: [&str; 2] = ["1.2.840.10045.3.1.7", "1.3.132.0.34"];

/// Other curves by the names that people know. Source: RFC 5480, RFC 5639, SEC 2 and GB/T 32918.
const OTHER_CURVES: [(&str, &str); 14] = [
    ("1.3.132.0.35", "P-521"),
    ("1.3.132.0.33", "P-224"),
    ("1.2.840.10045.3.1.1", "P-192"),
    ("1.3.132.0.10", "secp256k1"),
    ("1.3.36.3.3.2.8.1.1.5", "brainpoolP224r1"),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1"),
    ("1.3.36.3.3.2.8.1.1.8", "brainpoolP256t1"),
    ("1.3.36.3.3.2.8.1.1.9", "brainpoolP320r1"),
    ("1.3.36.3.3.2.8.1.1.10", "brainpoolP320t1"),
    ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1"),
    ("1.3.36.3.3.2.8.1.1.12", "brainpoolP384t1"),
    ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1"),
    ("1.3.36.3.3.2.8.1.1.14", "brainpoolP512t1"),
    ("1.2.156.10197.1.301", "SM2"),
];

/// Other kinds of keys. Source: RFC 3279, RFC 4055 and RFC 8410.
const OTHER_KEYS: [(&str, &str); 3] =
    [(RSA_PSS, "RSA-PSS"), ("1.3.101.113", "Ed448"), ("1.2.840.10040.4.1", "DSA")];

/// The signatures that certificates may have here: RSA, RSA-PSS and ECDSA with SHA-256 to 512, but for ECDSA with
/// SHA-512; and Ed25519.
const SIGNATURES: [&str; 7] = [
    RSA_PSS,
    "1.2.840.113549.1.1.11",
    "1.2.840.113549.1.1.12",
    "1.2.840.113549.1.1.13",
    "1.2.840.10045.4.3.2",
    "1.2.840.10045.4.3.3",
    ED25519,
];

/// The others by the names that people know. Source: RFC 3279, RFC 4055, RFC 5758 and RFC 8410.
const OTHERS: [(&str, &str); 10] = [
    ("1.2.840.10045.4.3.4", "ECDSA with SHA-512"),
    ("1.2.840.10045.4.3.1", "ECDSA with SHA-224"),
    ("1.2.840.10045.4.1", "ECDSA with SHA-1"),
    ("1.2.840.113549.1.1.14", "RSA with SHA-224"),
    ("1.2.840.113549.1.1.5", "RSA with SHA-1"),
    ("1.2.840.113549.1.1.4", "RSA with MD5"),
    ("1.2.840.10040.4.3", "DSA"),
    ("2.16.840.1.101.3.4.3.2", "DSA"),
    ("1.3.101.113", "Ed448"),
    ("1.2.156.10197.1.501", "SM2"),
];

/// What stands in the way of verifying it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unverifiable {
    /// Only version 3 has the names of hosts.
    #[error("the certificate is of version 1, which cannot name the host that it is for")]
    Version1,
    /// Its key, or an authority's, has this number of bits.
    #[error("the certificate, or one of its chain, has an RSA key of {0} bits; at least 2048 are needed")]
    ShortRsa(usize),
    /// Its key, or an authority's, is on this curve.
    #[error(
        "the certificate, or one of its chain, has a key on the curve {0}, which cannot be verified here"
    )]
    Curve(&'static str),
    /// Its key, or an authority's, is of this kind.
    #[error("the certificate, or one of its chain, has a key of the kind {0}, which cannot be verified here")]
    Key(&'static str),
    /// It, or one sent along, is signed in this way.
    #[error("the certificate, or one of its chain, is signed by {0}, which cannot be verified here")]
    Signature(&'static str),
    /// Its key, or that of an authority, is of another kind.
    #[error("the certificate, or one of its chain, has a key or a signature that cannot be verified here")]
    Kind,
    /// Nothing is verified, and still its key is of no use.
    #[error("the certificate has a key of a kind that this program does not support in TLS 1.2")]
    InTls12,
}

impl Unverifiable {
    /// What it is about a server's certificate, about those that it sends along, or about the trusted one that
    /// signed the last of these.
    pub(super) fn of(
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        roots: &RootCertStore,
    ) -> Option<Self> {
        let (_, own) = X509Certificate::from_der(certificate).ok()?;
        if own.version() != X509Version::V3 {
            return Some(Self::Version1);
        }
        let others = others.iter().filter_map(|other| X509Certificate::from_der(other).ok());
        // A root that is sent along counts for nothing: it is trusted as it is, or not at all.
        let others = others.map(|(_, other)| other).filter(|other| other.issuer() != other.subject());
        let others: Vec<_> = others.collect();
        let chain = || std::iter::once(&own).chain(&others);
        let of_root = |certificate: &X509Certificate<'_>| {
            keys_of_roots(certificate, roots)
                .find_map(|key| Self::of_key(&SubjectPublicKeyInfo::from_der(&key).ok()?.1))
        };
        chain()
            .find_map(|certificate| Self::of_key(certificate.public_key()))
            .or_else(|| chain().find_map(Self::of_signature))
            .or_else(|| chain().find_map(of_root))
    }

    /// What it is about one whose signature is of no kind that is known, if that says more: RSA-PSS is known with a
    /// salt as long as its hash.
    pub(super) fn of_unknown_signature(
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
    ) -> Option<Self> {
        let all = std::iter::once(certificate).chain(others);
        let mut all = all.filter_map(|one| X509Certificate::from_der(one).ok());
        all.any(|(_, one)| one.signature_algorithm.algorithm.to_id_string() == RSA_PSS)
            .then_some(Self::Signature("RSA-PSS with unusual parameters"))
    }

    fn of_key(key: &SubjectPublicKeyInfo<'_>) -> Option<Self> {
        let kind = key.algorithm.algorithm.to_id_string();
        let curve = key.algorithm.parameters.as_ref().and_then(|curve| curve.as_oid().ok());
        let named = |table: &[(&str, &'static str)], id: &str| {
            table.iter().find(|(other, _)| *other == id).map(|(_, name)| *name)
        };
        match (kind.as_str(), curve.map(|curve| curve.to_id_string())) {
            (RSA, _) => match key.parsed() {
                Ok(PublicKey::RSA(rsa)) if rsa.key_size() < LEAST_RSA => Some(Self::ShortRsa(rsa.key_size())),
                Ok(_) | Err(_) => None,
            },
            (ED25519, _) => None,
            (EC, Some(curve)) if CURVES.contains(&curve.as_str()) => None,
            (EC, Some(curve)) => Some(named(&OTHER_CURVES, &curve).map_or(Self::Kind, Self::Curve)),
            (kind, _) => Some(named(&OTHER_KEYS, kind).map_or(Self::Kind, Self::Key)),
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

/// The keys of the trusted authorities that have the name of a certificate's issuer.
fn keys_of_roots<'a>(
    certificate: &'a X509Certificate<'_>,
    roots: &'a RootCertStore,
) -> impl Iterator<Item = Vec<u8>> + 'a {
    let issuer = certificate.issuer().as_raw();
    let of_issuer = roots.roots.iter().filter(move |root| in_sequence(&root.subject) == issuer);
    // Neither has its outermost head there.
    of_issuer.map(|root| in_sequence(&root.subject_public_key_info))
}

/// A SEQUENCE of DER with this content. Source: X.690, sections 8.1.3 and 8.9.
fn in_sequence(content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let digits = &length[length.iter().position(|&byte| byte != 0).unwrap_or(length.len() - 1)..];
    let mut der = vec![0x30];
    if content.len() >= 0x80 {
        der.push(0x80 | digits.len() as u8);
    }
    der.extend_from_slice(digits);
    der.extend_from_slice(content);
    der
}
