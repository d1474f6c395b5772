//! A manager interface of an Asterisk.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// What an account of a manager interface gets.
#[derive(Clone, Copy)]
pub struct Manners {
    /// its login is accepted
    pub lets_in: bool,
    /// `read` has `system`
    pub reads: bool,
    /// `write` has `reporting`
    pub reports: bool,
}

impl Default for Manners {
    fn default() -> Self {
        Self { lets_in: true, reads: true, reports: true }
    }
}

/// A manager interface that says what the test wants.
pub struct Interface {
    pub address: String,
    pub connections: Receiver<TcpStream>,
}

impl Interface {
    pub fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (tell, connections) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, tell) = (stream.unwrap(), tell.clone());
                std::thread::spawn(move || serve(stream, manners, &tell));
            }
        });
        Self { address, connections }
    }

    /// The next connection that is logged in and has its list.
    pub fn connection(&self) -> TcpStream {
        self.connections.recv_timeout(Duration::from_secs(60)).expect("nobody connects")
    }
}

fn serve(mut stream: TcpStream, manners: Manners, tell: &Sender<TcpStream>) {
    let _ = stream.write_all(b"Asterisk Call Manager/11.0.0\r\n");
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    loop {
        let action: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
        let field = |name: &str| {
            action.iter().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned())
        };
        let (Some(name), Some(id)) = (field("Action:"), field("ActionID:")) else { return };
        let refused = |why: &str| format!("Response: Error\r\nActionID: {id}\r\nMessage: {why}\r\n\r\n");
        let granted = |more: &str| format!("Response: Success\r\nActionID: {id}\r\n{more}\r\n");
        let listed = |events: &[&str], end: &str| {
            let mut text = granted("EventList: start\r\n");
            for event in events {
                text += &format!("{event}\r\nActionID: {id}\r\n\r\n");
            }
            text + &format!("Event: {end}\r\nActionID: {id}\r\nEventList: Complete\r\n\r\n")
        };
        let device = |name: &str| format!("Event: DeviceStateChange\r\nDevice: {name}\r\nState: NOT_INUSE");
        let reply = match name.as_str() {
            "Challenge" => granted("Challenge: 159\r\n"),
            "Login" if !manners.lets_in => refused("Authentication failed"),
            "Login" if manners.reads => {
                granted("") + "Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 7\r\n\r\n"
            }
            "Login" => granted(""),
            "Ping" => granted("Ping: Pong\r\n"),
            "Status" | "DeviceStateList" if !manners.reports => refused("Permission denied"),
            "Status" => listed(&[], "StatusComplete"),
            "DeviceStateList" => listed(
                &[
                    &device("PJSIP/101"),
                    &device("PJSIP/102"),
                    &device("PJSIP/gw-berlin"),
                    &device("Queue:700"),
                ],
                "DeviceStateListComplete",
            ),
            "QueueSummary" => listed(&["Event: QueueSummary\r\nQueue: 700"], "QueueSummaryComplete"),
            other => panic!("{other} is asked for"),
        };
        let _ = stream.write_all(reply.as_bytes());
        if name == "Status" {
            let _ = tell.send(stream.try_clone().unwrap());
        }
    }
}
