//! What must not be sent twice goes over no connection that the other side may be about to close.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::desk::{Desk, Killed};
use crate::running::until;
use crate::servers::{Server, read_request};
use crate::support::World;

const CALLS: usize = 20;

/// A Zammad that takes everything, and closes each connection after its reply without saying so before: when the next
/// request is on its way already.
fn closing() -> (Server, Arc<Mutex<Vec<String>>>) {
    let taken = Arc::<Mutex<Vec<String>>>::default();
    let requests = taken.clone();
    let server = Server::start(move |mut stream| {
        let request = read_request(&mut stream);
        if request.is_empty() {
            return;
        }
        requests.lock().unwrap().push(request);
        // Whoever has gone meanwhile is not told.
        let reply = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
        let _ = stream.write_all(reply.as_bytes());
        // It is not processed.
        read_request(&mut stream);
    });
    (server, taken)
}

/// Calls that nobody answers.
fn missed_calls() -> String {
    let call = |number: usize| {
        format!(
            "{{\"event\":\"newCall\",\"call_id\":\"{number}\",\"direction\":\"in\",\"from\":\"1\",\"to\":\"2\"}}\n\
             {{\"event\":\"hangup\",\"call_id\":\"{number}\",\"direction\":\"in\",\"cause\":\"noAnswer\"}}\n"
        )
    };
    (0..CALLS).map(call).collect()
}

/// How often Zammad has had the hangup of each call.
fn hangups(taken: &Mutex<Vec<String>>) -> Vec<usize> {
    let taken = taken.lock().unwrap();
    let of_call = |number: usize| {
        let call_id = format!("\"callId\":\"{number}\"").to_lowercase();
        let is_it = |request: &&String| {
            let request = request.to_lowercase().replace(' ', "");
            request.contains("\"hangup\"") && request.contains(&call_id)
        };
        taken.iter().filter(is_it).count()
    };
    (0..CALLS).map(of_call).collect()
}

#[test]
fn no_hangup_is_lost_to_a_server_that_closes() {
    for concurrency in ["1", "4"] {
        let (desk, (zammad, taken)) = (Desk::new(), closing());
        std::fs::write(desk.world.path("lines"), missed_calls()).unwrap();
        let mut send = desk.world.process();
        send.args(["send", "lines", "--concurrency", concurrency, "--url", &zammad.url()]);
        let sent = Desk::end(&mut send);
        assert_eq!(
            (sent.code, sent.stdout),
            (0, "none\n".repeat(2 * CALLS)),
            "{concurrency}: {}",
            sent.stderr
        );
        assert_eq!(hangups(&taken), [1; CALLS], "{concurrency}");
    }
}

#[test]
fn nor_what_comes_out_of_the_spool() {
    let (desk, (zammad, taken)) = (Desk::new(), closing());
    let hangups_only: String =
        missed_calls().split_inclusive('\n').filter(|line| line.contains("hangup")).collect();
    std::fs::write(desk.world.path("lines"), hangups_only).unwrap();
    let run = |arguments: &[&str]| {
        let mut program = desk.program(arguments);
        Desk::end(program.env("ZAMMAD_CTI_URL", zammad.url()).stdin(Stdio::null()))
    };
    let kept = run(&["send", "lines", "--spool", "always"]);
    assert_eq!((kept.code, kept.stdout), (0, "spooled\n".repeat(CALLS)), "{}", kept.stderr);
    let flushed = run(&["spool", "flush", "--concurrency", "2"]);
    let told = format!("delivered {CALLS}, waiting 0, unconfirmed 0, dead 0\n");
    assert_eq!((flushed.code, flushed.stdout), (0, told), "{}", flushed.stderr);
    assert_eq!(hangups(&taken), [1; CALLS]);
}

/// A real web server before Zammad.
struct Nginx {
    process: Killed,
    url: String,
}

impl Nginx {
    /// Before the Zammad at this URL.
    fn before(world: &World, zammad: &str) -> Self {
        let (place, path) = zammad.strip_prefix("http://").unwrap().split_once('/').unwrap();
        // Free a moment ago; nginx does not tell its port.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let folder = world.path("nginx");
        std::fs::create_dir(&folder).unwrap();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {name};"))
            .concat();
        let configuration = format!(
            "daemon off; pid pid; error_log stderr; worker_processes 2; events {{ }} \
             http {{ access_log off; {temporary} keepalive_requests 100000; \
             server {{ listen {address}; location / {{ proxy_pass http://{place}; }} }} }}"
        );
        std::fs::write(folder.join("nginx.conf"), configuration).unwrap();
        let mut nginx = Command::new("nginx");
        nginx.args(["-e", "stderr", "-c", "nginx.conf", "-p"]).arg(&folder).stderr(Stdio::null());
        let process = Killed(nginx.spawn().unwrap());
        until("nginx listens", || TcpStream::connect(address).is_ok());
        Self { process, url: format!("http://{address}/{path}") }
    }

    /// It takes its configuration again: each connection at rest is closed.
    fn reload(&self) {
        let id = Pid::from_raw(self.process.0.id().cast_signed()).unwrap();
        kill_process(id, Signal::HUP).unwrap();
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its workers end with it.
        let id = Pid::from_raw(self.process.0.id().cast_signed()).unwrap();
        let _ = kill_process(id, Signal::TERM);
        let _ = self.process.0.wait();
    }
}

#[test]
fn no_hangup_is_lost_to_a_web_server_that_is_reloaded() {
    let desk = Desk::new();
    let nginx = Nginx::before(&desk.world, desk.url());
    std::fs::write(desk.world.path("lines"), missed_calls()).unwrap();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::SeqCst) {
                nginx.reload();
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let mut send = desk.world.process();
        send.args(["send", "lines", "--concurrency", "4", "--url", &nginx.url]);
        let sent = Desk::end(&mut send);
        is_over.store(true, Ordering::SeqCst);
        assert_eq!((sent.code, sent.stdout), (0, "none\n".repeat(2 * CALLS)), "{}", sent.stderr);
    });
    for call in 0..CALLS {
        let seen = desk.seen(&call.to_string()).unwrap();
        // Still to be called back.
        assert_eq!((seen.state.as_str(), seen.done), ("hangup", false), "{call}");
    }
}
