//! Whom the program trusts, and how it tells apart what is wrong with a certificate.

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};

use assert_cmd::Command;
use rcgen::KeyPair;

use crate::certificates::{
    FUTURE, NOW, PAST, authority, params, pem_file, root, self_signed, signed_by, url,
};
use crate::servers::{Ran, Reply, Server, at_once, program, reset, stay_silent};
use crate::support::{NEW_CALL, World};

/// The program with a new-call, which an untrusted Zammad will not get.
fn new_call(world: &World, url: &str) -> Command {
    let mut program = program(world, url, &NEW_CALL);
    program.args(["--deadline", "1s"]);
    program
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
    let marked = format!("\u{feff}{}\u{feff}{}", root.pem, stranger.pem);
    let marked = world.file("marked.pem", 0o644, &marked);
    let odd = "A comment\n-----BEGIN CERTIFICATE-----\nMAMBAf8=\n-----END CERTIFICATE-----\n";
    let odd = world.file("odd.pem", 0o644, &format!("{odd}{}", root.pem));
    // (what it is, server, host in the URL, trusted)
    let cases = [
        ("for a name", signed_by(&root, zammad()).serve(), "localhost", &root_file),
        ("for an address", signed_by(&root, zammad()).serve(), "127.0.0.1", &root_file),
        ("behind a byte order mark", signed_by(&root, zammad()).serve(), "localhost", &marked),
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
    let mut for_mail = params("localhost", &[], NOW);
    for_mail.subject_alt_names.push(rcgen::SanType::Rfc822Name("zammad@example.com".try_into().unwrap()));
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
            "tls-no-name",
            "the certificate has no subjectAltName with a host, and its common name does not count",
        ),
        (
            "for an address of mail",
            signed_by(&root, for_mail).serve(),
            "localhost",
            "tls-no-name",
            "the certificate has no subjectAltName with a host, and its common name does not count",
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
            "TLS failed: the server and this program have no cipher in common (received fatal alert",
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
fn an_attempt_without_time_does_not_hide_what_is_wrong_with_tls() {
    let world = World::new();
    let before = AtomicUsize::new(0);
    let server = Server::start(move |mut stream: TcpStream| {
        let _ = stream.peek(&mut [0]);
        if before.fetch_add(1, Ordering::Relaxed) == 0 {
            let _ = stream.write_all(b"\x15\x03\x03\x00\x02\x02\x28");
        } else {
            stay_silent(stream);
        }
    });
    let ran = Ran::of(&mut new_call(&world, &url("localhost", &server)));
    ran.assert_failed("silent after a fault", "tls", "TLS failed: the server and this program have no");
    assert_eq!(ran.report()["attempts"], 2, "{ran}");
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
    at_once(cases.map(|(what, certificate)| (what, certificate.serve())), |(what, server)| {
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
    let cut = "-----BEGIN CERTIFICATE-----\nMIIB\n";
    let folder = world.path("folder.pem");
    std::fs::create_dir(&folder).unwrap();
    // (file, what is said of it)
    let cases = [
        (world.path("missing.pem"), "No such file"),
        (folder, "not a regular file"),
        (world.file("empty.pem", 0o644, ""), "has no certificate in PEM form"),
        (world.file("key.pem", 0o600, &key), "has no certificate in PEM form"),
        (world.file("text.pem", 0o644, "zammad.example.com\n"), "has no certificate in PEM form"),
        (world.file("broken.pem", 0o644, broken), "is not a file of certificates"),
        (
            world.file("cut.pem", 0o644, cut),
            "is not a file of certificates: it is cut short: a line -----END",
        ),
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
