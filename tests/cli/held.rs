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
