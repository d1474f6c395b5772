//! Where connections wait for their header. It has to come soon, and nobody who waits takes the place of a
//! call that is talked about.

use std::collections::{HashMap, VecDeque};
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::agi::{AgiError, Conversation, Gathered, Header};
use rustix::io::Errno;
use rustix::net::{RecvFlags, Shutdown, recv, shutdown};
use tokio::net::TcpStream;
use tokio::task::{AbortHandle, Id, JoinSet};
use tokio::time::timeout_at;

use super::complaints::{Complaints, Reason};
use super::guest::{Guest, Reception};
use super::request;
use super::rules::Rules;
use crate::program::commands::agi::mistake;

/// Asterisk sends its header within a millisecond of the connection.
const PATIENCE: Duration = Duration::from_millis(200);

/// So many wait at once. If there are more, the one goes that has waited longest, of the guest who has most.
const ROOM: usize = 512;

/// A call whose header is here.
pub struct Visit {
    pub stream: TcpStream,
    pub header: Header,
    /// what came behind the header
    pub rest: Vec<u8>,
    /// the request, without the secret
    pub script: String,
    pub guest: Guest,
    /// it is who `--user` names, or knows the secret
    pub is_trusted: bool,
    /// when it was let in
    pub started: Instant,
}

/// One that is not let in.
struct Refused {
    guest: Guest,
    reason: Reason,
    text: String,
}

/// Those that wait.
pub struct Hall {
    rules: Arc<Rules>,
    complaints: Arc<Complaints>,
    reception: Reception,
    waiting: JoinSet<Result<Visit, Refused>>,
    /// the longest first
    of_guest: HashMap<Guest, VecDeque<(Id, AbortHandle)>>,
    guest_of: HashMap<Id, Guest>,
}

impl Hall {
    pub fn new(rules: Rules, complaints: Arc<Complaints>, reception: Reception) -> Self {
        Self {
            rules: Arc::new(rules),
            complaints,
            reception,
            waiting: JoinSet::new(),
            of_guest: HashMap::new(),
            guest_of: HashMap::new(),
        }
    }

    /// Whoever comes from now on is judged by these.
    pub fn follow(&mut self, rules: Rules) {
        self.rules = Arc::new(rules);
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Lets a connection wait.
    pub fn let_in(&mut self, stream: TcpStream) {
        let started = Instant::now();
        // One that has ended already has no address any more.
        let (Ok(peer), Ok(own)) = (stream.peer_addr(), stream.local_addr()) else { return };
        let guest = self.reception.guest(peer, own);
        self.seat(stream, guest, started);
    }

    fn seat(&mut self, stream: TcpStream, guest: Guest, started: Instant) {
        if self.guest_of.len() >= ROOM {
            self.send_the_oldest_away();
        }
        let handle = self.waiting.spawn(arrival(stream, guest, started, self.rules.clone()));
        self.guest_of.insert(handle.id(), guest);
        self.of_guest.entry(guest).or_default().push_back((handle.id(), handle));
    }

    /// The next one whose header is here; `None` if it was none, which is said.
    pub async fn next(&mut self) -> Option<Visit> {
        let (id, arrived) = match self.waiting.join_next_with_id().await? {
            Ok((id, arrived)) => (id, Some(arrived)),
            // It was sent away.
            Err(error) => (error.id(), None),
        };
        self.forget(id);
        match arrived? {
            Ok(visit) => {
                if self.rules.secret_is_needless(&visit.header) {
                    let guest = visit.guest;
                    let text = format!(
                        "the address of {guest} has a secret; this server asks for none (--secret-file)"
                    );
                    self.complaints.say(visit.guest, Reason::NeedlessSecret, text);
                }
                Some(visit)
            }
            Err(Refused { guest, reason, text }) => {
                self.complaints.say(guest, reason, text);
                None
            }
        }
    }

    /// Nobody waits any longer.
    pub fn close(&mut self) {
        self.waiting.abort_all();
    }

    fn send_the_oldest_away(&mut self) {
        let fullest = self.of_guest.iter().max_by_key(|(_, waiting)| waiting.len()).map(|(guest, _)| *guest);
        let Some(guest) = fullest else { return };
        let oldest = self.of_guest.get_mut(&guest).and_then(VecDeque::pop_front);
        if let Some((id, handle)) = oldest {
            handle.abort();
            self.forget(id);
            let text = format!("too many connections of {guest} say nothing: the oldest is closed");
            self.complaints.say(guest, Reason::Crowd, text);
        }
    }

    fn forget(&mut self, id: Id) {
        let Some(guest) = self.guest_of.remove(&id) else { return };
        if let Some(waiting) = self.of_guest.get_mut(&guest) {
            waiting.retain(|(other, _)| *other != id);
            if waiting.is_empty() {
                self.of_guest.remove(&guest);
            }
        }
    }
}

/// Waits for the header, and looks whether whoever sent it may report calls.
async fn arrival(
    stream: TcpStream,
    guest: Guest,
    started: Instant,
    rules: Arc<Rules>,
) -> Result<Visit, Refused> {
    let refused = |reason, text| Refused { guest, reason, text };
    let (header, rest) = match header(&stream, started + PATIENCE).await {
        Ok(Some(gathered)) => gathered,
        Err(error) => return Err(refused(Reason::NoAgi, format!("no AGI from {guest}: {error}"))),
        Ok(None) => {
            let patience = PATIENCE.as_millis();
            let text = format!("no AGI from {guest}: its header did not come within {patience} ms");
            return Err(refused(Reason::Silent, text));
        }
    };
    match rules.judge(guest, &header) {
        Ok(is_trusted) => {
            let script = request::behind_secret(header.script.as_deref().unwrap_or_default()).1.to_owned();
            Ok(Visit { stream, header, rest, script, guest, is_trusted, started })
        }
        Err(refusal) => {
            farewell(&stream, header, refusal.told).await;
            Err(refused(refusal.reason, refusal.text))
        }
    }
}

/// The header, and what came behind it; `None` if it is not here by then. What is in the socket counts as
/// in time: on a busy machine it may be this process that is late.
async fn header(stream: &TcpStream, until: Instant) -> Result<Option<(Header, Vec<u8>)>, AgiError> {
    let mut gathered = Gathered::default();
    loop {
        let part = match at_once(stream)? {
            Some(part) => part,
            None => match timeout_at(until.into(), read(stream)).await {
                Ok(part) => part?,
                Err(_) => match at_once(stream)? {
                    Some(part) => part,
                    None => return Ok(None),
                },
            },
        };
        if part.is_empty() || gathered.add(&part) {
            return gathered.finish().map(Some);
        }
    }
}

/// What is in the socket, whether or not the runtime has heard of it; `None` if nothing is.
fn at_once(stream: &TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    let mut part = [0; 2048];
    match recv(stream, &mut part, RecvFlags::DONTWAIT) {
        Ok((_, count)) => Ok(Some(part[..count.min(part.len())].to_vec())),
        Err(Errno::AGAIN) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What comes next; nothing at the end.
async fn read(stream: &TcpStream) -> std::io::Result<Vec<u8>> {
    loop {
        stream.readable().await?;
        let mut part = [0; 2048];
        match stream.try_read(&mut part) {
            Ok(count) => return Ok(part[..count].to_vec()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

/// Tells Asterisk why, for its dialplan and its console, and does not wait for what it says to it.
async fn farewell(stream: &TcpStream, header: Header, why: &str) {
    let mut words = Vec::new();
    // As many replies as there are commands.
    let replies = "200 result=1\n".repeat(3);
    if mistake(&mut Conversation::after(header, replies.as_bytes(), &mut words), why).is_err() {
        return;
    }
    // There is room for it in a connection over which nothing was said yet; a peer that is gone is told
    // nothing. What is still to be read would make a reset of the end, and lose the words.
    if stream.try_write(&words).is_ok() && shutdown(stream, Shutdown::Write).is_ok() {
        let until = Instant::now() + PATIENCE;
        let rest = async { while read(stream).await.is_ok_and(|part| !part.is_empty()) {} };
        let _ = timeout_at(until.into(), rest).await;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tokio::net::TcpListener;

    use super::*;
    use crate::program::commands::fastagi::rules::Rules;

    #[test]
    fn a_header_that_is_here_is_not_late() {
        crate::client::block_on(async {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let arrives = async |said: &[u8]| {
                let mut client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
                client.write_all(said).unwrap();
                let server = listener.accept().unwrap().0;
                server.set_nonblocking(true).unwrap();
                // Nobody has looked for longer than a header is waited for.
                let started = Instant::now().checked_sub(2 * PATIENCE).unwrap();
                let stream = TcpStream::from_std(server).unwrap();
                arrival(stream, Guest::User(0), started, Arc::default())
                    .await
                    .map_err(|refused| refused.reason)
            };
            let long = format!("agi_channel: {}\n", "x".repeat(3000));
            let header = format!("agi_network_script: new-call\n{long}agi_uniqueid: 7\n\n");
            assert_eq!(arrives(header.as_bytes()).await.unwrap().script, "new-call");
            assert_eq!(arrives(&header.as_bytes()[..3030]).await.err(), Some(Reason::Silent));
            assert_eq!(arrives(b"").await.err(), Some(Reason::Silent));
        })
        .unwrap();
    }

    #[test]
    fn in_a_full_hall_the_oldest_goes_of_whoever_has_most() {
        let (greedy, other) = (Guest::User(65534), Guest::User(33));
        let waiting = |hall: &Hall, guest| hall.of_guest.get(&guest).map_or(0, VecDeque::len);
        crate::client::block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let mut hall = Hall::new(Rules::default(), Arc::default(), Reception::new(address));
            let mut clients = Vec::new();
            for number in 0..ROOM + 20 {
                let guest = if number < ROOM { greedy } else { other };
                clients.push(TcpStream::connect(address).await.unwrap());
                hall.seat(listener.accept().await.unwrap().0, guest, Instant::now());
                assert_eq!(hall.guest_of.len(), ROOM.min(number + 1));
            }
            assert_eq!((waiting(&hall, greedy), waiting(&hall, other)), (ROOM - 20, 20));
            // The first twenty are closed, which the twenty-first is only when it has waited too long.
            for client in &clients[..20] {
                assert_eq!(read(client).await.unwrap(), b"");
            }
            while hall.next().await.is_none() && !hall.is_empty() {}
            assert_eq!((hall.guest_of.len(), hall.of_guest.len()), (0, 0));
        })
        .unwrap();
    }
}
