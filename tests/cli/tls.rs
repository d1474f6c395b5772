//! Whom the program trusts, and how it tells apart what is wrong with a certificate.

use std::io::Write;
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;

use assert_cmd::Command;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};

use crate::servers::{Ran, Reply, Server, at_once, program, read_request, reset, stay_silent};
use crate::support::{NEW_CALL, TOKEN, World};

/// Years between which a certificate is valid.
type Years = (i32, i32);
const NOW: Years = (2020, 2060);
const PAST: Years = (2020, 2021);
const FUTURE: Years = (2060, 2070);

/// A certificate with its key, and those that a server sends along.
struct Certified {
    chain: Vec<CertificateDer<'static>>,
    key: KeyPair,
    pem: String,
    params: CertificateParams,
}

/// What a certificate is to say; `common_name` tells subjects and issuers apart.
fn params(common_name: &str, names: &[&str], years: Years) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 1, 1);
    params
}

/// The same, for a certificate that may sign others.
fn authority(mut params: CertificateParams) -> CertificateParams {
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn root(common_name: &str) -> Certified {
    self_signed(authority(params(common_name, &[], NOW)))
}

fn self_signed(params: CertificateParams) -> Certified {
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    Certified { chain: vec![certificate.der().clone()], pem: certificate.pem(), key, params }
}

/// Signs, and sends nobody else's certificate along.
fn signed_by(authority: &Certified, params: CertificateParams) -> Certified {
    let key = KeyPair::generate().unwrap();
    let issuer = Issuer::from_params(&authority.params, &authority.key);
    let certificate = params.signed_by(&key, &issuer).unwrap();
    Certified { chain: vec![certificate.der().clone()], pem: certificate.pem(), key, params }
}

impl Certified {
    fn with(mut self, other: &Certified) -> Self {
        self.chain.extend(other.chain.iter().cloned());
        self
    }

    /// A Zammad that accepts events, and shows this certificate.
    fn serve(self) -> Server {
        self.serve_in(rustls::DEFAULT_VERSIONS)
    }

    fn serve_in(self, versions: &[&'static SupportedProtocolVersion]) -> Server {
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

fn url(host: &str, server: &Server) -> String {
    format!("https://{host}:{}/api/v1/cti/{TOKEN}", server.address.port())
}

/// The program with a new-call, which an untrusted Zammad will not get.
fn new_call(world: &World, url: &str) -> Command {
    let mut program = program(world, url, &NEW_CALL);
    program.args(["--deadline", "1s"]);
    program
}

fn pem_file(world: &World, name: &str, certificates: &[&Certified]) -> PathBuf {
    let pem: Vec<_> = certificates.iter().map(|certificate| certificate.pem.as_str()).collect();
    world.file(name, 0o644, &pem.concat())
}

#[test]
fn a_certificate_that_leads_to_a_trusted_one_is_accepted() {
    let world = World::new();
    let (root, stranger) = (root("root"), root("stranger"));
    let intermediate = signed_by(&root, authority(params("intermediate", &[], NOW)));
    let zammad = || params("zammad", &["localhost", "127.0.0.1"], NOW);
    let lone = self_signed(zammad());
    let own_authority = self_signed(authority(zammad()));
    let root_file = pem_file(&world, "root.pem", &[&root]);
    let bundle = pem_file(&world, "bundle.pem", &[&stranger, &root]);
    let lone_file = pem_file(&world, "lone.pem", &[&lone]);
    let own_authority_file = pem_file(&world, "own-authority.pem", &[&own_authority]);
    let odd = "A comment\n-----BEGIN CERTIFICATE-----\nMAMBAf8=\n-----END CERTIFICATE-----\n";
    let odd = world.file("odd.pem", 0o644, &format!("{odd}{}", root.pem));
    // (what it is, server, host in the URL, trusted)
    let cases = [
        ("for a name", signed_by(&root, zammad()).serve(), "localhost", &root_file),
        ("for an address", signed_by(&root, zammad()).serve(), "127.0.0.1", &root_file),
        ("one of several", signed_by(&root, zammad()).serve(), "localhost", &bundle),
        ("beside an odd one", signed_by(&root, zammad()).serve(), "localhost", &odd),
        (
            "with its chain",
            signed_by(&intermediate, zammad()).with(&intermediate).serve(),
            "localhost",
            &root_file,
        ),
        (
            "in TLS 1.2",
            signed_by(&root, zammad()).serve_in(&[&rustls::version::TLS12]),
            "localhost",
            &root_file,
        ),
        (
            "in TLS 1.3",
            signed_by(&root, zammad()).serve_in(&[&rustls::version::TLS13]),
            "localhost",
            &root_file,
        ),
        ("self-signed", lone.serve(), "localhost", &lone_file),
        // As `openssl req -x509` makes them.
        ("self-signed as an authority", own_authority.serve(), "localhost", &own_authority_file),
    ];
    at_once(cases, |(what, server, host, trusted)| {
        let url = url(host, &server);
        for way in ["--ca-file", "ZAMMAD_CTI_CA_FILE", "SSL_CERT_FILE"] {
            let mut program = program(&world, &url, &NEW_CALL);
            if way.starts_with("--") {
                program.arg(way).arg(trusted)
            } else {
                program.env(way, trusted)
            };
            let ran = Ran::of(&mut program);
            assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{what} by {way}: {ran}");
        }
    });
}

#[test]
fn what_is_wrong_with_tls_is_told_apart() {
    let world = World::new();
    let (root, stranger) = (root("root"), root("stranger"));
    let intermediate = signed_by(&root, authority(params("intermediate", &[], NOW)));
    let zammad = || params("zammad", &["localhost", "127.0.0.1"], NOW);
    let says = |text: &'static [u8]| {
        Server::start(move |mut stream: TcpStream| {
            let _ = stream.peek(&mut [0]);
            let _ = stream.write_all(text);
            stay_silent(stream);
        })
    };
    // Even a certificate that is trusted itself has to fit.
    let trusted_other = self_signed(authority(params("trusted other", &["zammad.example.com"], NOW)));
    let trusted_past = self_signed(authority(params("trusted past", &["localhost"], PAST)));
    let trusted = pem_file(&world, "trusted.pem", &[&root, &trusted_other, &trusted_past]);
    let impostor = self_signed(authority(params("trusted other", &["localhost"], NOW)));
    let (right, strangers) = (signed_by(&root, zammad()), signed_by(&stranger, zammad()));
    // (what is wrong, server, host in the URL, class, a part of the cause)
    let cases = [
        (
            "for another name",
            signed_by(&root, params("other", &["zammad.example.com", "z.example.com"], NOW)).serve(),
            "localhost",
            "tls-name",
            "the certificate is for another name (zammad.example.com, z.example.com)",
        ),
        (
            "for another address",
            signed_by(&root, params("other", &["192.0.2.1"], NOW)).serve(),
            "127.0.0.1",
            "tls-name",
            "the certificate is for another name (192.0.2.1)",
        ),
        (
            "for no name",
            signed_by(&root, params("localhost", &[], NOW)).serve(),
            "localhost",
            "tls-name",
            "the certificate is for another name",
        ),
        (
            "expired",
            signed_by(&root, params("zammad", &["localhost"], PAST)).serve(),
            "localhost",
            "tls-expired",
            "the certificate has expired",
        ),
        (
            "not valid yet",
            signed_by(&root, params("zammad", &["localhost"], FUTURE)).serve(),
            "localhost",
            "tls-not-yet-valid",
            "the certificate is not valid yet",
        ),
        (
            "self-signed",
            self_signed(zammad()).serve(),
            "localhost",
            "tls-self-signed",
            "the certificate is self-signed",
        ),
        (
            "self-signed as an authority",
            self_signed(authority(zammad())).serve(),
            "localhost",
            "tls-self-signed",
            "the certificate is self-signed",
        ),
        (
            "trusted itself, for another name",
            trusted_other.serve(),
            "localhost",
            "tls-name",
            "the certificate is for another name",
        ),
        (
            "trusted itself, expired",
            trusted_past.serve(),
            "localhost",
            "tls-expired",
            "the certificate has expired",
        ),
        (
            "self-signed in the name of a trusted one",
            impostor.serve(),
            "localhost",
            "tls-self-signed",
            "the certificate is self-signed",
        ),
        (
            "from a stranger",
            strangers.serve(),
            "localhost",
            "tls-unknown-issuer",
            "the certificate is from an unknown authority",
        ),
        (
            "from a stranger who sends the root along",
            signed_by(&stranger, zammad()).with(&stranger).serve(),
            "localhost",
            "tls-unknown-issuer",
            "the certificate is from an unknown authority",
        ),
        (
            "without its chain",
            signed_by(&intermediate, zammad()).serve(),
            "localhost",
            "tls-unknown-issuer",
            "or the server does not send its chain",
        ),
        (
            "plain HTTP",
            says(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
            "localhost",
            "tls-none",
            "the server does not speak TLS on this port",
        ),
        (
            "SSH",
            says(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
            "localhost",
            "tls-none",
            "the server does not speak TLS on this port",
        ),
        (
            "refused by an alert",
            says(b"\x15\x03\x03\x00\x02\x02\x28"),
            "localhost",
            "tls",
            "TLS failed: received fatal alert",
        ),
        ("silent", Server::start(stay_silent), "localhost", "connect-timeout", "no connection in time"),
        (
            "silent within the handshake",
            says(b"\x16\x03\x03\x00\x7a\x02"),
            "localhost",
            "connect-timeout",
            "no connection in time",
        ),
        ("closed at once", Server::start(drop), "localhost", "connect", "cannot connect"),
        (
            "closed within the handshake",
            Server::start(|mut stream| {
                let _ = stream.peek(&mut [0]);
                let _ = stream.write_all(b"\x16\x03\x03\x00\x7a\x02");
            }),
            "localhost",
            "connect",
            "cannot connect",
        ),
        (
            "reset within the handshake",
            Server::start(|stream| {
                let _ = stream.peek(&mut [0]);
                reset(stream);
            }),
            "localhost",
            "connect",
            "cannot connect",
        ),
    ];
    at_once(cases, |(what, server, host, class, cause)| {
        let ran = Ran::of(new_call(&world, &url(host, &server)).arg("--ca-file").arg(&trusted));
        ran.assert_failed(what, class, cause);
    });
    // What is trusted by --ca-file is trusted alone.
    let stranger_file = pem_file(&world, "stranger.pem", &[&stranger]);
    let server = right.serve();
    let mut program = new_call(&world, &url("localhost", &server));
    let ran = Ran::of(program.env("SSL_CERT_FILE", &trusted).arg("--ca-file").arg(stranger_file));
    ran.assert_failed("trusted by the system", "tls-unknown-issuer", "unknown authority");
}

#[test]
fn insecure_takes_any_certificate_and_warns_each_time() {
    let world = World::new();
    let stranger = root("stranger");
    let cases = [
        ("another name", signed_by(&stranger, params("other", &["zammad.example.com"], NOW))),
        ("expired", signed_by(&stranger, params("zammad", &["localhost"], PAST))),
        ("not valid yet", signed_by(&stranger, params("zammad", &["localhost"], FUTURE))),
        ("self-signed", self_signed(authority(params("zammad", &["localhost"], NOW)))),
    ];
    let nothing = world.file("nothing.pem", 0o644, "");
    at_once(cases, |(what, certificate)| {
        let server = certificate.serve();
        let url = url("localhost", &server);
        for _ in 0..2 {
            // No trust store is needed, as nobody asks it.
            let ran =
                Ran::of(program(&world, &url, &NEW_CALL).env("SSL_CERT_FILE", &nothing).arg("--insecure"));
            assert_eq!(ran.code, 0, "{what}: {ran}");
            let warning = "zammad-cti: warning: Zammad's certificate is not verified";
            assert!(ran.stderr.starts_with(warning), "{what}: {ran}");
            assert_eq!(ran.stderr.lines().count(), 1, "{what}: {ran}");
        }
    });
    let zammad = Server::answering([Reply::json(200, "{}")]);
    let ran = Ran::of(program(&world, &zammad.url(), &NEW_CALL).arg("--insecure"));
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "http:// has no certificate: {ran}");
}

#[test]
fn a_trust_store_that_holds_nobody_is_a_matter_of_configuration() {
    let world = World::new();
    let key = KeyPair::generate().unwrap().serialize_pem();
    let broken = "-----BEGIN CERTIFICATE-----\nno base64 at all!\n-----END CERTIFICATE-----\n";
    let folder = world.path("folder.pem");
    std::fs::create_dir(&folder).unwrap();
    // (file, what is said of it)
    let cases = [
        (world.path("missing.pem"), "No such file"),
        (folder, "no regular file"),
        (world.file("empty.pem", 0o644, ""), "holds no certificate in PEM form"),
        (world.file("key.pem", 0o600, &key), "holds no certificate in PEM form"),
        (world.file("text.pem", 0o644, "zammad.example.com\n"), "holds no certificate in PEM form"),
        (world.file("broken.pem", 0o644, broken), "is no file of certificates"),
    ];
    let zammad = Server::answering([Reply::json(200, "{}")]);
    for (file, cause) in &cases {
        let exists = file.exists();
        let ran = Ran::of(new_call(&world, &url("localhost", &zammad)).arg("--ca-file").arg(file));
        assert_eq!(ran.code, 78, "{file:?}: {ran}");
        assert!(ran.stderr.contains(cause), "{file:?}: {ran}");
        assert!(ran.stderr.contains(file.to_str().unwrap()), "{file:?}: {ran}");
        assert_eq!(ran.stderr.lines().count(), 1, "{file:?}: {ran}");
        // For a file that is not there, the system's own is looked for.
        if exists {
            let ran = Ran::of(new_call(&world, &url("localhost", &zammad)).env("SSL_CERT_FILE", file));
            assert_eq!(ran.code, 78, "SSL_CERT_FILE {file:?}: {ran}");
            assert!(ran.stderr.contains(file.to_str().unwrap()), "SSL_CERT_FILE {file:?}: {ran}");
        }
    }
    assert_eq!(zammad.requests().len(), 0, "nothing was sent");
    for (file, _) in &cases {
        let mut program = program(&world, &zammad.url(), &NEW_CALL);
        let ran = Ran::of(program.env("SSL_CERT_FILE", file).arg("--ca-file").arg(file));
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "http:// needs no trust store: {file:?}: {ran}");
    }
}
