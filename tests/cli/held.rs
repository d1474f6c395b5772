//! What becomes of events while Zammad is known to take nothing.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::desk::{Desk, later, new_call};
use crate::running::Running;
use crate::servers::{Ran, Reply, Server, read_request, stay_silent};

/// The hangup of a call that nobody has reported.
const HANGUP: [&str; 4] = ["--direction", "in", "--cause", "cancel"];

/// A desk whose spool has found out that Zammad takes nothing.
fn held() -> Desk {
    let desk = Desk::new();
    desk.is_down();
    desk.says(&new_call("6"), "spooled");
    let flushed = desk.run(&["spool", "flush"]);
    assert_eq!(flushed.code, 69, "{flushed}");
    desk
}

#[test]
fn an_event_is_kept_without_an_attempt() {
    let desk = held();
    // Nobody has found out yet.
    desk.well();
    for (event, call_id, options) in [("answer", "7", &HANGUP[..2]), ("hangup", "8", &HANGUP)] {
        let kept = desk.says(&later(event, call_id, options), "spooled");
        assert!(kept.stderr.contains("Zammad takes no events for now (Zammad or its proxy"), "{kept}");
        assert!(kept.stderr.contains("the event is in the spool, and will be sent later"), "{kept}");
    }
    assert!(desk.requests().is_empty(), "{:?}", desk.requests());
    // A second hangup is none here either.
    desk.run(&later("hangup", "8", &HANGUP));
    assert_eq!(desk.count("waiting"), 3);
}

#[test]
fn a_new_call_finds_out_that_zammad_is_well() {
    let desk = held();
    desk.well();
    desk.says(&new_call("7"), "none");
    // From now on all events go there.
    desk.says(&later("hangup", "7", &HANGUP), "none");
    desk.says(&new_call("8"), "none");
    assert_eq!((desk.count("waiting"), desk.requests().len()), (1, 3));
}

#[test]
fn what_a_setting_of_this_process_keeps_from_zammad_is_in_the_spool() {
    let socks = "names a proxy of the kind socks5h://";
    // (setting, its value, what is said of it)
    let cases = [
        ("https_proxy", "socks5h://127.0.0.1:1", socks),
        ("ALL_PROXY", "socks5h://127.0.0.1:1", socks),
        ("HTTPS_PROXY", "http://me:secret@proxy:port", "is not the address of a proxy"),
        ("ZAMMAD_CTI_CA_FILE", "/nonexistent", "cannot read /nonexistent"),
        ("ZAMMAD_CTI_CA_FILE", "/dev/null", "/dev/null"),
        ("ZAMMAD_CTI_CLIENT_CERT", "/nonexistent", "cannot read /nonexistent"),
    ];
    for (setting, value, said) in cases {
        let desk = Desk::new();
        let run = |arguments: &[&str], json: bool| {
            let mut program = desk.program(arguments);
            program.env("ZAMMAD_CTI_URL", "https://zammad.invalid/api/v1/cti/x").env(setting, value);
            Desk::end(if json { program.args(["--output", "json"]) } else { &mut program })
        };
        let what = format!("{setting}={value}");
        let events =
            [new_call("7"), later("answer", "7", &HANGUP[..2]), later("hangup", "7", &HANGUP), new_call("8")];
        for event in &events {
            let kept = run(event, false);
            assert_eq!((kept.code, kept.stdout.as_str()), (0, "spooled\n"), "{what}: {kept}");
            let later = "the event is in the spool, and will be sent by";
            assert!(kept.stderr.contains(said) && kept.stderr.contains(later), "{what}: {kept}");
            assert!(!kept.stderr.contains("secret"), "{what}: {kept}");
        }
        // A second hangup is none here either.
        let again = run(&later("hangup", "7", &HANGUP), false);
        assert_eq!((again.code, again.stdout.as_str()), (0, "none\n"), "{what}: {again}");
        let told = run(&new_call("9"), true);
        let report = told.report();
        let told = (report["delivery"].as_str(), report["error_class"].as_str());
        assert_eq!(told, (Some("spooled"), Some("configuration")), "{what}: {report}");
        assert_eq!(desk.count("waiting"), 5, "{what}");
    }
}

#[test]
fn what_send_reads_is_kept_where_a_setting_keeps_it_from_zammad() {
    let desk = Desk::new();
    // An address of this machine that may be behind a proxy.
    let url = desk.url().replace("127.0.0.1", "0.0.0.0");
    let lines = concat!(
        r#"{"event":"newCall","call_id":"7","direction":"in","from":"493023125741","to":"4930600000000"}"#,
        "\n",
        r#"{"event":"hangup","call_id":"7","cause":"cancel"}"#,
        "\n"
    );
    let send = |proxy: Option<&str>, spool: bool| {
        let mut program = desk.program(&["send"]);
        program
            .env("ZAMMAD_CTI_URL", &url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(proxy) = proxy {
            program.env("http_proxy", proxy);
        }
        if !spool {
            program.env_remove("ZAMMAD_CTI_SPOOL_PATH");
        }
        let mut running = Running::start(&mut program);
        // Who refuses to begin does not read.
        let _ = running.stdin().write_all(lines.as_bytes());
        running.end()
    };
    let refused = send(Some("socks5://127.0.0.1:1"), false);
    assert_eq!((refused.code, refused.stdout.as_str()), (78, ""), "{refused}");
    let kept = send(Some("socks5://127.0.0.1:1"), true);
    assert_eq!(kept.code, 0, "{kept}");
    assert_eq!(kept.stdout.matches("spooled").count(), 2, "{kept}");
    assert_eq!(desk.count("waiting"), 2, "{kept}");
    let flushed = Desk::end(desk.program(&["spool", "flush"]).env("ZAMMAD_CTI_URL", &url));
    assert_eq!(flushed.stdout, "delivered 2, waiting 0, unconfirmed 0, dead 0\n", "{flushed}");
    assert_eq!(desk.seen("7").unwrap().state, "hangup");
}

/// A Zammad that is down, and then says nothing more.
struct Dying {
    server: Server,
    is_silent: Arc<AtomicBool>,
    asked: Arc<std::sync::Mutex<Vec<String>>>,
}

impl Dying {
    fn start() -> Self {
        let (is_silent, asked) =
            (Arc::<AtomicBool>::default(), Arc::<std::sync::Mutex<Vec<String>>>::default());
        let (silent, requests) = (is_silent.clone(), asked.clone());
        let server = Server::start(move |mut stream| {
            let request = read_request(&mut stream);
            if silent.load(Ordering::SeqCst) {
                requests.lock().unwrap().push(request);
                stay_silent(stream);
            } else {
                let reply = Reply::json(503, "").with("Connection", "close").bytes();
                // Whoever has gone meanwhile is not told.
                let _ = stream.write_all(&reply);
            }
        });
        Self { server, is_silent, asked }
    }

    fn program(&self, desk: &Desk, arguments: &[&str]) -> Command {
        let mut program = desk.program(arguments);
        program.env("ZAMMAD_CTI_URL", self.server.url()).stdin(Stdio::null());
        program
    }

    /// Runs it with all the time there is: it ends only because it does not wait.
    fn patient(&self, desk: &Desk, arguments: &[&str]) -> Ran {
        let patient = ["--timeout", "10m", "--deadline", "10m"];
        Running::start(&mut self.program(desk, &[arguments, &patient].concat())).end()
    }
}

#[test]
fn a_new_call_tries_once_and_shortly() {
    let (desk, zammad) = (Desk::new(), Dying::start());
    assert_eq!(Desk::end(&mut zammad.program(&desk, &new_call("6"))).stdout, "spooled\n");
    assert_eq!(Desk::end(&mut zammad.program(&desk, &["spool", "flush"])).code, 69);
    zammad.is_silent.store(true, Ordering::SeqCst);
    let tried = zammad.patient(&desk, &new_call("7"));
    assert_eq!((tried.code, tried.stdout.as_str()), (0, "spooled\n"), "{tried}");
    let asked = zammad.asked.lock().unwrap().clone();
    assert!(matches!(&asked[..], [only] if only.contains("newCall")), "{asked:?}");
    // Or not at all.
    let kept = zammad.patient(&desk, &[&new_call("8")[..], &["--spool-held-timeout", "0s"]].concat());
    assert_eq!((kept.code, kept.stdout.as_str()), (0, "spooled\n"), "{kept}");
    assert_eq!(zammad.asked.lock().unwrap().len(), 1);
    assert_eq!(desk.count("waiting"), 3);
}
