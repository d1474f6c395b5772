//! The connection to a 3CX since version 20, by its Call Control API.
//!
//! The socket is open before everything is asked for, so nothing that happens in between is missed. It says that a
//! participant has changed, and what it is now is asked for, of several at once. Every 45 seconds everything is asked
//! for once more, in case something was not said. Queues that the client may not see are followed by the list of active
//! calls, if it may see that. Where a proxy lets no socket through, everything is asked for
//! again and again instead.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{FuturesUnordered, StreamExt};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until};

use super::account::{Account, milliseconds};
use super::beside::{Beside, Listed, Question};
use super::http::{Answer, By, Http};
use super::message::{Entry, Message, Participant, People, Place, Request};
use super::socket::{self, Opened, PING, Socket};
use super::token::Token;
use super::xapi;
use crate::bridge::source::{self, LinkError};
use crate::config::Span;

/// What is written as it is in a path (RFC 3986, section 2.3), and `*`, which numbers may have.
const UNRESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'*');

/// How often everything is asked for, in case something was not said.
const RECONCILE: Duration = Duration::from_secs(45);

/// How many questions are open at once.
const AT_ONCE: usize = 8;

/// How many of them wait for their turn at most.
const MOST_WAITING: usize = 20_000;

/// How often a question is repeated that has got an answer of no use.
const REPEATED: u32 = 3;

/// A token that is taken away so often in that time is somebody else's too.
const TOO_OFTEN: usize = 4;
const TOO_SOON: Duration = Duration::from_secs(60);

/// A connection that is logged in.
pub struct CallControl {
    account: Arc<Account>,
    token: Token,
    socket: Option<Box<Socket>>,
    asking: FuturesUnordered<BoxFuture<'static, Done>>,
    waiting: VecDeque<Request>,
    read: VecDeque<Message>,
    everything_due: Instant,
    ping_due: Instant,
    is_renewing: bool,
    /// what waits for another token
    unauthorised: Vec<Request>,
    /// when tokens were refused that should have been good, a moment ago
    taken_away: Vec<Instant>,
    /// it has shown everything once, so it may
    has_shown: bool,
    /// the answer in place of a socket, until that is told
    no_socket: Option<u16>,
    beside: Beside,
}

/// What became of a question.
enum Done {
    Answered {
        request: Request,
        token: String,
        answer: Result<Answer, LinkError>,
        times: u32,
    },
    Renewed(Result<Token, LinkError>),
    /// Names and queues; `None` if they are not granted.
    Told(Result<Option<People>, LinkError>),
    /// The list of active calls.
    Listed(Result<Answer, LinkError>),
    /// A leg was dropped, or not.
    Dropped(Option<String>),
}

impl CallControl {
    /// Opens the socket.
    ///
    /// # Errors
    ///
    /// There is no connection, or Call Control is not permitted.
    pub async fn begin(account: Arc<Account>, token: Token) -> Result<Self, LinkError> {
        let http = &account.http;
        let mut read = VecDeque::new();
        let mut no_socket = None;
        let socket = match socket::open(http, &account.tls, token.access.reveal()).await? {
            Opened::Socket(socket) => Some(socket),
            Opened::Status(status @ (500 | 502..)) => {
                return Err(http.unreachable(format!("it answers {status} to callcontrol/ws")));
            }
            Opened::Status(status) => {
                if [401, 403].contains(&status) {
                    // It may be a proxy that lets no socket through.
                    may_ask(http, &token).await?;
                }
                no_socket = Some(status);
                None
            }
        };
        let people = xapi::people(http, &token).await;
        let now = Instant::now();
        let mut beside = Beside::new(account.poll_interval);
        read.extend(beside.told(people, now, milliseconds()));
        Ok(Self {
            everything_due: now + if socket.is_some() { RECONCILE } else { account.poll_interval },
            account,
            token,
            socket,
            asking: FuturesUnordered::new(),
            waiting: VecDeque::new(),
            read,
            ping_due: now + PING,
            is_renewing: false,
            unauthorised: Vec::new(),
            taken_away: Vec::new(),
            has_shown: false,
            no_socket,
            beside,
        })
    }

    fn start(&mut self, request: Request, times: u32) {
        let (account, token) = (self.account.clone(), self.token.access.reveal().to_owned());
        let asking = async move {
            if times > 0 {
                sleep(Duration::from_millis(250) * times).await;
            }
            let http = &account.http;
            let answer = match &request {
                Request::Everything => http.get("callcontrol", "callcontrol", By::Token(&token)).await,
                Request::One(place) => http.get(&path(place), "a participant", By::Token(&token)).await,
                Request::Drop(places) => return Done::Dropped(drop_all(http, places, &token).await),
            };
            Done::Answered { request, token, answer, times }
        };
        self.asking.push(asking.boxed());
    }

    /// Asks for what the configuration's API tells.
    fn ask_beside(&mut self, question: Question) {
        let (account, token) = (self.account.clone(), self.token.clone());
        let asking = async move {
            let http = &account.http;
            match question {
                Question::People => Done::Told(xapi::people(http, &token).await),
                Question::List => Done::Listed(xapi::active_calls(http, &token).await),
            }
        };
        self.asking.push(asking.boxed());
    }

    /// Names and queues, or that there are none.
    fn told(&mut self, people: Result<Option<People>, LinkError>) {
        let now = Instant::now();
        let is_first = people.is_ok() && !self.beside.is_known();
        self.read.extend(self.beside.told(people, now, milliseconds()));
        if is_first {
            // Whether the list is needed is told by what is shown.
            self.everything_due = now;
        }
    }

    /// The list of active calls, or that it did not come.
    fn listed(&mut self, answer: Result<Answer, LinkError>) {
        let (now, http) = (Instant::now(), &self.account.http);
        let listed = match &answer {
            Ok(Answer { status: status @ (403 | 404), .. }) => Listed::Refused(*status),
            Ok(answer) => xapi::rows(http, answer).map_or(Listed::Vain, Listed::Rows),
            Err(_) => Listed::Vain,
        };
        if answer.is_ok_and(|answer| answer.status == 401) {
            // Another token comes of what is asked for next.
            self.everything_due = now;
        }
        self.read.extend(self.beside.listed(listed, now, milliseconds()));
    }

    /// Gets another token after that time.
    fn renew(&mut self, pause: Duration) {
        if !std::mem::replace(&mut self.is_renewing, true) {
            let account = self.account.clone();
            let renewing = async move {
                sleep(pause).await;
                Done::Renewed(account.token().await)
            };
            self.asking.push(renewing.boxed());
        }
    }

    fn take(&mut self, done: Done) -> Result<(), LinkError> {
        let http = self.account.http.clone();
        match done {
            Done::Answered { request, token, answer, times } => {
                self.answered(request, token, answer, times)?
            }
            Done::Renewed(token) => {
                self.token = token?;
                self.is_renewing = false;
                for request in std::mem::take(&mut self.unauthorised) {
                    self.start(request, 1);
                }
            }
            Done::Told(people) => self.told(people),
            Done::Listed(answer) => self.listed(answer),
            Done::Dropped(None) => {}
            Done::Dropped(Some(why)) => {
                let address = http.address();
                self.read.push_back(Message::Notice(format!(
                    "a caller whom Zammad blocks is not disconnected: {address} {why}"
                )));
            }
        }
        Ok(())
    }

    fn answered(
        &mut self,
        request: Request,
        token: String,
        answer: Result<Answer, LinkError>,
        times: u32,
    ) -> Result<(), LinkError> {
        let http = &self.account.http;
        let is_of_use = answer.as_ref().is_ok_and(|answer| match (answer.status, &request) {
            (403, Request::Everything) => !self.has_shown,
            (403, Request::One(_)) => false,
            (status, Request::Everything | Request::One(_) | Request::Drop(_)) => status < 500,
        });
        let most = match (&answer, &request) {
            (Ok(_), _) | (Err(_), Request::One(_)) => REPEATED,
            // Each may take its time.
            (Err(_), Request::Everything | Request::Drop(_)) => 1,
        };
        if !is_of_use && times < most {
            self.start(request, times + 1);
            return Ok(());
        }
        let answer = answer?;
        if answer.status >= 500 {
            return Err(answer.unexpected(http));
        }
        match (answer.status, request) {
            (401, request) => self.lacks_token(request, &token)?,
            (403, Request::Everything) => return Err(forbidden(http)),
            (_, Request::Everything) => {
                let shown = answer.json(http)?;
                let Some(entries) = shown.as_array() else {
                    return Err(http.unreachable("what it answers to callcontrol is no list"));
                };
                self.has_shown = true;
                if let Some(status) = self.no_socket.take() {
                    let pause = Span(self.account.poll_interval);
                    let address = http.address();
                    self.read.push_back(Message::Notice(format!(
                        "{address} opens no socket ({status}), so it is asked every {pause}: what happens in between \
                         is not seen. A proxy in front of it has to let WebSockets through"
                    )));
                }
                let entries: Vec<Entry> = entries.iter().filter_map(Entry::read).collect();
                let at = milliseconds();
                let is_shown = |queue: &str| entries.iter().any(|entry| entry.dn == queue);
                let beside = self.beside.shown(is_shown, Instant::now(), at);
                self.read.push_back(Message::Everything { at, entries });
                self.read.extend(beside);
            }
            (404, Request::One(place)) => {
                self.read.push_back(Message::One { at: milliseconds(), place, participant: None });
            }
            // Whether it is gone, or not for this client any more, is told by everything.
            (403, Request::One(place)) => self.read.push_back(Message::Untold(place)),
            (_, Request::One(place)) => {
                let shown = answer.json(http)?;
                let shown = Participant::read(&shown, &place.dn).filter(|shown| shown.id == place.id);
                self.read.push_back(match shown {
                    Some(shown) => {
                        Message::One { at: milliseconds(), place, participant: Some(Box::new(shown)) }
                    }
                    None => Message::Untold(place),
                });
            }
            (_, Request::Drop(_)) => {}
        }
        Ok(())
    }

    /// A token was refused that should be good. Another one is asked for, but not again and again: with two programs
    /// that have one client, each would take it from the other.
    fn lacks_token(&mut self, request: Request, token: &str) -> Result<(), LinkError> {
        if self.token.access.reveal() != token {
            // There is another one already.
            self.start(request, 1);
            return Ok(());
        }
        self.unauthorised.push(request);
        if self.is_renewing {
            return Ok(());
        }
        self.taken_away.retain(|before| before.elapsed() < TOO_SOON);
        let times = self.taken_away.len();
        if times >= TOO_OFTEN {
            return Err(unauthorised(&self.account.http));
        }
        self.taken_away.push(Instant::now());
        if times == 0 && Instant::now() < self.token.renewal {
            self.read.push_back(Message::Notice(format!("{}: another one is asked for", taken_away())));
        }
        self.renew(Duration::from_millis(500) * times as u32);
        Ok(())
    }
}

impl source::Link for CallControl {
    type Message = Message;
    type Request = Request;

    async fn next(&mut self) -> Result<Message, LinkError> {
        loop {
            if let Some(message) = self.read.pop_front() {
                return Ok(message);
            }
            while self.asking.len() < AT_ONCE
                && !self.is_renewing
                && let Some(request) = self.waiting.pop_front()
            {
                self.start(request, 0);
            }
            let renewal_due = if self.is_renewing { self.everything_due } else { self.token.renewal };
            let mut due = self.everything_due.min(renewal_due);
            if self.socket.is_some() {
                due = due.min(self.ping_due);
            }
            if let Some(beside_due) = self.beside.due() {
                due = due.min(beside_due);
            }
            let from_socket = async {
                match &mut self.socket {
                    Some(socket) => socket.next(milliseconds).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                said = from_socket => return said,
                Some(done) = self.asking.next() => self.take(done)?,
                () = sleep_until(due) => {
                    let now = Instant::now();
                    if now >= self.token.renewal {
                        self.renew(Duration::ZERO);
                    }
                    while let Some(question) = self.beside.ask(now) {
                        self.ask_beside(question);
                    }
                    if now >= self.everything_due {
                        let pause = if self.socket.is_some() { RECONCILE } else { self.account.poll_interval };
                        self.everything_due = now + pause;
                        return Ok(Message::Time);
                    }
                    if let Some(socket) = self.socket.as_mut().filter(|_| now >= self.ping_due) {
                        self.ping_due = now + PING;
                        socket.ping().await?;
                    }
                }
            }
        }
    }

    fn ask(&mut self, request: Request) {
        match request {
            Request::Drop(_) => self.start(request, 0),
            Request::Everything | Request::One(_) if self.waiting.len() < MOST_WAITING => {
                self.waiting.push_back(request);
            }
            Request::Everything | Request::One(_) => self.everything_due = Instant::now(),
        }
    }
}

fn path(Place { dn, id }: &Place) -> String {
    let [dn, id] = [dn, id].map(|part| utf8_percent_encode(part, UNRESERVED).to_string());
    format!("callcontrol/{dn}/participants/{id}")
}

/// Drops each of these legs; why that was not possible, if it was not.
async fn drop_all(http: &Http, places: &[Place], token: &str) -> Option<String> {
    let mut why = None;
    for place in places {
        let path = format!("{}/drop", path(place));
        match http.post_to(&path, "a participant's drop", By::Token(token), &json!({})).await {
            // It is gone already.
            Ok(answer) if answer.is_good() || answer.status == 404 => {}
            Ok(answer) => why = Some(format!("answers {} to drop", answer.status)),
            Err(error) => why = Some(crate::client::in_full(&error)),
        }
    }
    why
}

/// Whether Call Control is permitted, as far as a question without a socket tells.
async fn may_ask(http: &Http, token: &Token) -> Result<(), LinkError> {
    let by = By::Token(token.access.reveal());
    match http.get("callcontrol", "callcontrol", by).await?.status {
        403 => Err(forbidden(http)),
        401 => Err(unauthorised(http)),
        _ => Ok(()),
    }
}

/// What to do about a Call Control that is not permitted.
pub fn forbidden(http: &Http) -> LinkError {
    http.refused(
        "it permits no Call Control (403). The 3CX needs an Enterprise (now AI) licence, and in its console, under \
         Integrations, API, the client needs a tick at \"3CX Call Control API access\" and each extension in its list",
    )
}

fn unauthorised(http: &Http) -> LinkError {
    http.refused(taken_away())
}

fn taken_away() -> &'static str {
    "the token does not count any more (401). Each bridge needs an API client of its own: a program that logs in with the same \
     client_id takes the token away"
}
