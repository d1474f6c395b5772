//! Servers that this program's own TLS library cannot play: certificates of kinds that it does not verify, and
//! ways of encryption that it does not know. OpenSSL plays them.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::certificates::{NOW, authority, params, pem_file, root, self_signed, signed_by, url};
use crate::servers::{Ran, Reply, at_once, program};
use crate::support::{NEW_CALL, TOKEN, World};

/// `openssl`, which has to succeed.
fn openssl(folder: &Path, arguments: &str) {
    let ran = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
    assert!(ran.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&ran.stderr));
}

/// A server that answers events as Zammad does, as long as it lives.
struct OpenSsl {
    process: Child,
    port: u16,
}

impl OpenSsl {
    /// With `key.pem` and `certificate.pem` of this folder.
    fn serve(folder: &Path, arguments: &str) -> Self {
        // Free a moment ago; to be told its port OpenSSL would have to be talkative.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let listen = format!("127.0.0.1:{port}");
        let usual = ["s_server", "-quiet", "-key", "key.pem", "-cert", "certificate.pem", "-accept", &listen];
        let mut process = Command::new("openssl")
            .args(usual)
            .args(arguments.split(' ').filter(|argument| !argument.is_empty()))
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (mut input, mut output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        std::thread::spawn(move || {
            let (mut request, mut part) = (Vec::new(), [0; 4096]);
            while let Ok(count @ 1..) = output.read(&mut part) {
                request.extend_from_slice(&part[..count]);
                if request.ends_with(b"}") {
                    request.clear();
                    let reply =
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
                    let _ = input.write_all(reply.as_bytes()).and_then(|()| input.flush());
                }
            }
        });
        let patience = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(process.try_wait().unwrap().is_none(), "openssl s_server {arguments} has ended");
            assert!(Instant::now() < patience, "openssl s_server {arguments} does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { process, port }
    }

    fn url(&self) -> String {
        format!("https://localhost:{}/api/v1/cti/{TOKEN}", self.port)
    }
}

impl Drop for OpenSsl {
    fn drop(&mut self) {
        let _ = self.process.kill().and(self.process.wait());
    }
}

/// A folder with a server's key and certificate, and an authority's, made by these commands.
fn made_by(world: &World, name: &str, commands: &[&str]) -> PathBuf {
    let folder = world.path(name);
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("names"), "subjectAltName=DNS:localhost\n").unwrap();
    for command in commands {
        openssl(&folder, command);
    }
    folder
}

const OF_P256: &str = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3000 -subj /CN=authority \
                       -keyout authority.key -out authority.pem";
const SELF_SIGNED: &str = "-nodes -days 3000 -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout key.pem \
                           -out certificate.pem";

/// (name, commands that make it, options of the server, what the program says of it)
fn certificates() -> Vec<(&'static str, Vec<String>, &'static str, &'static str)> {
    let request = "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout key.pem -out request";
    let of_rsa = |bits| {
        format!(
            "req -x509 -newkey rsa:{bits} -nodes -days 3000 -subj /CN=authority -keyout authority.key -out authority.pem"
        )
    };
    let of_curve = |curve| OF_P256.replace("P-256", curve);
    let signed = "x509 -req -in request -CA authority.pem -CAkey authority.key -set_serial 7 -days 3000 -out certificate.pem";
    vec![
        (
            "version 1",
            vec![
                "req -new -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem -out request"
                    .to_owned(),
                "x509 -req -in request -signkey key.pem -days 3000 -out certificate.pem".to_owned(),
            ],
            "",
            "the certificate is of version 1",
        ),
        (
            "RSA of 1024 bits",
            vec![format!("req -x509 -newkey rsa:1024 {SELF_SIGNED}")],
            "-cipher ALL:@SECLEVEL=0",
            "an RSA key of 1024 bits",
        ),
        (
            "RSA of 1024 bits in TLS 1.2",
            vec![format!("req -x509 -newkey rsa:1024 {SELF_SIGNED}")],
            "-tls1_2 -cipher ALL:@SECLEVEL=0",
            "an RSA key of 1024 bits",
        ),
        (
            "P-521",
            vec![format!("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-521 {SELF_SIGNED}")],
            "",
            "a key on the curve P-521",
        ),
        (
            "Ed448",
            vec![format!("req -x509 -newkey ed448 {SELF_SIGNED}")],
            "-tls1_3",
            "a key of the kind Ed448",
        ),
        (
            "RSA-PSS",
            vec![format!("req -x509 -newkey rsa-pss -pkeyopt rsa_keygen_bits:2048 {SELF_SIGNED}")],
            "-tls1_3",
            "a key of the kind RSA-PSS",
        ),
        (
            "RSA with SHA-224",
            vec![request.to_owned(), of_rsa(2048), format!("{signed} -sha224 -extfile names")],
            "",
            "signed by RSA with SHA-224",
        ),
        (
            "of an authority with RSA of 1024 bits",
            vec![request.to_owned(), of_rsa(1024), format!("{signed} -sha256 -extfile names")],
            "",
            "an RSA key of 1024 bits",
        ),
        (
            "of an authority on secp256k1",
            vec![request.to_owned(), of_curve("secp256k1"), format!("{signed} -sha256 -extfile names")],
            "",
            "a key on the curve secp256k1",
        ),
        (
            "of an authority on brainpoolP256r1",
            vec![request.to_owned(), of_curve("brainpoolP256r1"), format!("{signed} -sha256 -extfile names")],
            "",
            "a key on the curve brainpoolP256r1",
        ),
        (
            "of an authority with RSA-PSS",
            vec![
                request.to_owned(),
                "req -x509 -newkey rsa-pss -pkeyopt rsa_keygen_bits:2048 -nodes -days 3000 -subj /CN=authority \
                 -keyout authority.key -out authority.pem"
                    .to_owned(),
                format!("{signed} -sha256 -extfile names"),
            ],
            "",
            "a key of the kind RSA-PSS",
        ),
        (
            "of an authority with Ed448",
            vec![
                request.to_owned(),
                "req -x509 -newkey ed448 -nodes -days 3000 -subj /CN=authority -keyout authority.key -out authority.pem"
                    .to_owned(),
                format!("{signed} -extfile names"),
            ],
            "",
            "signed by Ed448",
        ),
        (
            "signed by RSA-PSS in an unusual way",
            vec![
                request.to_owned(),
                of_rsa(2048),
                format!("{signed} -sha256 -extfile names -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20"),
            ],
            "",
            "signed by RSA-PSS with unusual parameters",
        ),
        (
            "ECDSA with SHA-512",
            vec![OF_P256.to_owned(), request.to_owned(), format!("{signed} -sha512 -extfile names")],
            "",
            "signed by ECDSA with SHA-512",
        ),
    ]
}

#[test]
fn a_certificate_that_cannot_be_verified_here_is_told_by_its_kind_and_insecure_takes_it() {
    let world = World::new();
    at_once(certificates(), |(what, commands, options, said)| {
        let commands: Vec<_> = commands.iter().map(String::as_str).collect();
        let folder = made_by(&world, what, &commands);
        let server = OpenSsl::serve(&folder, options);
        let own = folder.join("authority.pem");
        let trusted = if own.exists() { own } else { folder.join("certificate.pem") };
        let ran = Ran::of(
            program(&world, &server.url(), &NEW_CALL)
                .arg("--ca-file")
                .arg(&trusted)
                .args(["--deadline", "3s"]),
        );
        ran.assert_failed(what, "tls-unverifiable", said);
        let mut check = world.bare();
        check.env("ZAMMAD_CTI_URL", server.url()).args(["check", "--ca-file"]).arg(&trusted);
        let ran = Ran::of(&mut check);
        let stdout = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(stdout.contains("CRITICAL: TLS: the certificate") && stdout.contains(said), "{what}: {ran}");
        assert!(stdout.contains("Give the web server another certificate"), "{what}: {ran}");
        // Not verified means not verified.
        let ran = Ran::of(program(&world, &server.url(), &NEW_CALL).arg("--insecure"));
        assert_eq!(ran.code, 0, "{what}: {ran}");
    });
}

#[test]
fn a_server_without_a_common_way_of_encryption_is_said_to_be_one() {
    let world = World::new();
    let folder = made_by(&world, "usual", &[&format!("req -x509 -newkey rsa:2048 {SELF_SIGNED}")]);
    // (options of the server, what is said, what is to be done)
    let cases = [
        ("-tls1_2 -cipher AES128-GCM-SHA256", "no cipher in common", "not RSA key exchange"),
        ("-tls1_2 -cipher DHE-RSA-AES128-GCM-SHA256", "no cipher in common", "DHE"),
        ("-tls1_2 -cipher ECDHE-RSA-AES128-SHA", "no cipher in common", "CBC"),
        ("-tls1_1 -cipher ALL:@SECLEVEL=0", "speaks neither TLS 1.2 nor TLS 1.3", "allow TLS 1.2 or 1.3"),
    ];
    at_once(cases, |(options, said, step)| {
        let server = OpenSsl::serve(&folder, options);
        for trust in [&["--ca-file", "usual/certificate.pem"][..], &["--insecure"]] {
            let ran =
                Ran::of(program(&world, &server.url(), &NEW_CALL).args(trust).args(["--deadline", "1s"]));
            assert_eq!(ran.report()["error_class"], "tls", "{options}: {ran}");
            assert!(ran.stderr.contains(said) && ran.stderr.contains(step), "{options}: {ran}");
        }
    });
}

#[test]
fn a_server_that_wants_a_client_certificate_is_named_so_and_gets_one() {
    let world = World::new();
    let (root, stranger) = (root("root"), root("stranger"));
    let zammad = || signed_by(&root, params("zammad", &["localhost"], NOW));
    let (own, other) =
        (signed_by(&root, params("own", &[], NOW)), signed_by(&stranger, params("own", &[], NOW)));
    let trusted = pem_file(&world, "trusted.pem", &[&root]);
    let file = |name: &str, text: &str| world.file(name, 0o600, text);
    let own_cert = file("own.pem", &own.pem);
    let own_key = file("own.key", &own.key_pem());
    let both = file("both.pem", &format!("\u{feff}{}{}", own.pem, own.key_pem()));
    let other_both = file("other.pem", &format!("{}{}", other.key_pem(), other.pem));
    let flags = |cert: &PathBuf, key: Option<&PathBuf>| {
        let mut flags = vec!["--client-cert".to_owned(), cert.display().to_string()];
        flags.extend(
            key.map(|key| ["--client-key".to_owned(), key.display().to_string()]).into_iter().flatten(),
        );
        flags
    };
    // (flags, what is said, or nothing if all is well)
    let cases = [
        (vec![], "the server wants a client certificate"),
        (flags(&other_both, None), "the server refuses the client certificate"),
        (flags(&own_cert, Some(&own_key)), ""),
        (flags(&both, None), ""),
    ];
    let versions = [&rustls::version::TLS12, &rustls::version::TLS13];
    let runs = cases.iter().flat_map(|case| versions.map(|version| (case, version)));
    at_once(runs, |((flags, said), version)| {
        let what = format!("{flags:?} in {:?}", version.version);
        let server = zammad().serve_to_owners_of(&root, version);
        let mut program = program(&world, &url("localhost", &server), &NEW_CALL);
        let ran = Ran::of(program.arg("--ca-file").arg(&trusted).args(flags).args(["--deadline", "2s"]));
        if said.is_empty() {
            assert_eq!(ran.code, 0, "{what}: {ran}");
        } else {
            ran.assert_failed(&what, "tls-client-certificate", said);
        }
        let mut check = world.bare();
        check
            .env("ZAMMAD_CTI_URL", url("localhost", &server))
            .args(["check", "--ca-file"])
            .arg(&trusted)
            .args(flags);
        let ran = Ran::of(&mut check);
        assert_eq!(ran.stdout.contains("client certificate"), !said.is_empty(), "{what}: {ran}");
        assert!(!ran.stdout.contains("crashes or restarts"), "{what}: {ran}");
    });

    // The time that is left may be enough for the handshake, and not for the refusal.
    let server = zammad().serve_to_owners_of_once(&root);
    let mut late = program(&world, &url("localhost", &server), &NEW_CALL);
    let ran = Ran::of(late.arg("--ca-file").arg(&trusted).args(["--deadline", "1s"]));
    ran.assert_failed("refused late", "tls-client-certificate", "the server wants a client certificate");
    // Or its reply was lost.
    assert!(ran.stderr.contains("it is not known whether Zammad took"), "{ran}");
    assert_eq!(ran.report()["attempts"], 2, "{ran}");

    // OpenSSL says of it in TLS 1.2 what it says of anything; and nginx answers with a page.
    let folder = made_by(&world, "usual", &[&format!("req -x509 -newkey rsa:2048 {SELF_SIGNED}")]);
    let ca = folder.join("certificate.pem");
    for options in ["-tls1_2 -Verify 1", "-tls1_3 -Verify 1"] {
        let server = OpenSsl::serve(&folder, options);
        let ran = Ran::of(
            program(&world, &server.url(), &NEW_CALL).arg("--ca-file").arg(&ca).args(["--deadline", "2s"]),
        );
        ran.assert_failed(options, "tls-client-certificate", "the server wants a client certificate");
    }
    for (title, said) in [
        ("400 No required SSL certificate was sent", "wants a client certificate"),
        ("400 The SSL certificate error", "refuses the client certificate"),
    ] {
        let page = format!("<html>\r\n<head><title>{title}</title></head>\r\n<body></body></html>\r\n");
        let server = zammad().answering(Reply::new(400, "text/html", page));
        let mut program = program(&world, &url("localhost", &server), &NEW_CALL);
        let ran = Ran::of(program.arg("--ca-file").arg(&trusted).args(["--deadline", "1s"]));
        ran.assert_failed(title, "tls-client-certificate", said);
    }
}

#[test]
fn a_client_certificate_that_cannot_be_shown_is_a_matter_of_configuration() {
    let world = World::new();
    let (own, other) =
        (self_signed(params("own", &[], NOW)), self_signed(authority(params("own", &[], NOW))));
    let cert = world.file("own.pem", 0o644, &own.pem);
    let key = world.file("own.key", 0o600, &own.key_pem());
    let open = world.file("open.key", 0o644, &own.key_pem());
    let others = world.file("others.key", 0o600, &other.key_pem());
    let nothing = world.file("nothing.pem", 0o600, "");
    let locked = world.path("locked.key");
    let lock = format!("pkcs8 -topk8 -in own.key -out {} -passout pass:secret", locked.display());
    openssl(&world.path(""), &lock);
    std::process::Command::new("chmod").arg("600").arg(&locked).status().unwrap();
    // Of version 1, as openssl makes them of a request without extensions.
    let (openssl_key, old) = (world.file("v1.key", 0o600, ""), world.path("v1.pem"));
    openssl(&world.path(""), "req -new -newkey rsa:2048 -nodes -subj /CN=pbx -keyout v1.key -out v1.csr");
    openssl(&world.path(""), "x509 -req -in v1.csr -signkey v1.key -days 2 -out v1.pem");
    let text =
        std::process::Command::new("openssl").args(["x509", "-noout", "-text", "-in"]).arg(&old).output();
    assert!(String::from_utf8_lossy(&text.unwrap().stdout).contains("Version: 1"), "not of version 1");
    let broken =
        world.file("broken.pem", 0o644, "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
    // (certificate, key, what is said)
    let cases = [
        (Some(&cert), Some(&key), ""),
        (None, Some(&key), "client_key is set, but client_cert is not"),
        (Some(&nothing), Some(&key), "has no certificate in PEM form"),
        (Some(&cert), None, "others can read it; run: chmod o-rwx"),
        (Some(&cert), Some(&open), "others can read it; run: chmod o-rwx"),
        (Some(&cert), Some(&others), "the key does not belong to the certificate"),
        (Some(&old), Some(&openssl_key), ""),
        (Some(&old), Some(&key), "the key does not belong to the certificate"),
        (Some(&cert), Some(&openssl_key), "the key does not belong to the certificate"),
        (Some(&broken), Some(&key), "is not a file of certificates"),
        (Some(&cert), Some(&nothing), "it has no key in PEM form"),
        (Some(&cert), Some(&locked), "it has a passphrase"),
        (Some(&world.path("missing")), Some(&key), "No such file"),
    ];
    let trusted = world.file("trusted.pem", 0o644, &other.pem);
    for (cert, key, said) in cases {
        let check = |url: &str| {
            let mut program = world.bare();
            program.env("ZAMMAD_CTI_URL", url).arg("--ca-file").arg(&trusted);
            for (flag, path) in [("--client-cert", cert), ("--client-key", key)] {
                if let Some(path) = path {
                    program.arg(flag).arg(path);
                }
            }
            Ran::of(program.args(["config", "check"]))
        };
        let ran = check("https://zammad.example/api/v1/cti/x");
        assert_eq!(ran.code, if said.is_empty() { 0 } else { 78 }, "{cert:?} {key:?}: {ran}");
        assert!(ran.stderr.contains(said), "{cert:?} {key:?}: {ran}");
        if said.contains("belong") {
            let both = [cert, key].map(|file| file.unwrap().to_str().unwrap());
            assert!(both.iter().all(|file| ran.stderr.contains(file)), "{both:?}: {ran}");
        }
        // http:// has no use for them.
        let ran = check("http://127.0.0.1:1/api/v1/cti/x");
        assert_eq!(ran.code == 0, cert.is_some(), "{cert:?} {key:?}: {ran}");
    }
}
