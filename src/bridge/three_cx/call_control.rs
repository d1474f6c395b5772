//! The connection to a 3CX since version 20, by its Call Control API.
//!
//! The socket is open before everything is asked for, so nothing that happens in between is missed. It says that a
//! participant has changed, and what it is now is asked for, of several at once. Every 45 seconds everything is asked
//! for once more, in case something was not said. Queues that the client may not see are followed by the list of active
//! calls, if it may see that. Where a proxy lets no socket through, everything is asked for
//! again and again instead, and the socket is tried every few minutes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{FuturesUnordered, StreamExt};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::account::{Account, milliseconds};
use super::beside::{Beside, Listed, NAMES, Question};
use super::http::{Answer, By, Http};
use super::message::{Entry, Message, Participant, People, Place, Request};
use super::socket::{self, Opened, PING, Socket};
use super::token::Token;
use super::xapi;
use crate::bridge::source::{self, LinkError};
use crate::config::{Secret, Span};

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

/// How often it is tried to open a socket where there was none.
const SOCKET_AGAIN: Duration = Duration::from_secs(300);

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
    /// when to try for a socket again; `None`: there is one, or it is being tried
    socket_due: Option<Instant>,
    /// that no new token came was told since the last one
    has_told_renewal: bool,
    beside: Beside,
}

/// What became of a question.
enum Done {
    Answered {
        request: Request,
        token: Secret,
        answer: Result<Answer, LinkError>,
        times: u32,
    },
    /// A socket was tried for once more.
    Opened(Result<Opened, LinkError>),
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
        let socket = match socket::open(http, &account.tls, &token.access).await? {
            Opened::Socket(socket) => Some(socket),
            Opened::Status(status @ (500 | 502..)) => {
                return Err(http.answers(status, "callcontrol/ws"));
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
        let asking = FuturesUnordered::new();
        let mut beside = Beside::new(account.poll_interval);
        let mut people = asked_for_people(account.clone(), token.clone());
        match timeout(NAMES, &mut people).await {
            Ok(people) => read.extend(beside.told(people, Instant::now(), milliseconds())),
            Err(_) => asking.push(people.map(Done::Told).boxed()),
        }
        let now = Instant::now();
        Ok(Self {
            socket_due: socket.is_none().then(|| now + SOCKET_AGAIN),
            has_told_renewal: false,
            everything_due: now + if socket.is_some() { RECONCILE } else { account.poll_interval },
            account,
            token,
            socket,
            asking,
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
        let (account, token) = (self.account.clone(), self.token.access.clone());
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
        self.asking.push(match question {
            Question::People => asked_for_people(account, token).map(Done::Told).boxed(),
            Question::List => {
                async move { Done::Listed(xapi::active_calls(&account.http, &token).await) }.boxed()
            }
        });
    }

    /// Tries for a socket where there was none.
    fn open_again(&mut self) {
        let (account, token) = (self.account.clone(), self.token.access.clone());
        let opening = async move { Done::Opened(socket::open(&account.http, &account.tls, &token).await) };
        self.asking.push(opening.boxed());
    }

    /// A socket, or none still.
    fn opened(&mut self, opened: Result<Opened, LinkError>) {
        let now = Instant::now();
        match opened {
            Ok(Opened::Socket(socket)) => {
                self.socket = Some(socket);
                (self.ping_due, self.everything_due) = (now + PING, now);
                self.read.push_back(Message::Notice(format!(
                    "{} opens its socket now, so it tells of calls by itself",
                    self.account.http.address()
                )));
            }
            Ok(Opened::Status(status)) => {
                log::debug!("still no socket ({status})");
                self.socket_due = Some(now + SOCKET_AGAIN);
            }
            Err(error) => {
                log::debug!("still no socket: {}", crate::client::in_full(&error));
                self.socket_due = Some(now + SOCKET_AGAIN);
            }
        }
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
                self.answered(request, &token, answer, times)?
            }
            Done::Renewed(token) => self.renewed(token)?,
            Done::Opened(opened) => self.opened(opened),
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

    /// Another token, or none. The one before is used as long as it counts.
    fn renewed(&mut self, token: Result<Token, LinkError>) -> Result<(), LinkError> {
        self.is_renewing = false;
        match token {
            Ok(token) => (self.token, self.has_told_renewal) = (token, false),
            Err(error) => {
                let now = Instant::now();
                let is_refused = !self.unauthorised.is_empty();
                let Some(renewal) = self.token.renewal_after_failure(now).filter(|_| !is_refused) else {
                    return Err(error);
                };
                self.token.renewal = renewal;
                if !std::mem::replace(&mut self.has_told_renewal, true) {
                    self.read.push_back(Message::Notice(format!(
                        "no new token: {}; the one before counts for {} more",
                        crate::client::in_full(&error),
                        Span::roughly(self.token.end.saturating_duration_since(now))
                    )));
                }
            }
        }
        for request in std::mem::take(&mut self.unauthorised) {
            self.start(request, 1);
        }
        Ok(())
    }

    fn answered(
        &mut self,
        request: Request,
        token: &Secret,
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
            (401, request) => self.lacks_token(request, token)?,
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
    fn lacks_token(&mut self, request: Request, token: &Secret) -> Result<(), LinkError> {
        if self.token.access != *token {
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
                && self.unauthorised.is_empty()
                && let Some(request) = self.waiting.pop_front()
            {
                self.start(request, 0);
            }
            let renewal_due = if self.is_renewing { self.everything_due } else { self.token.renewal };
            let mut due = self.everything_due.min(renewal_due);
            if self.socket.is_some() {
                due = due.min(self.ping_due);
            }
            for other in [self.beside.due(), self.socket_due].into_iter().flatten() {
                due = due.min(other);
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
                    if self.socket_due.take_if(|due| now >= *due).is_some() {
                        self.open_again();
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

/// Names and queues, as the account is told of them now.
fn asked_for_people(
    account: Arc<Account>,
    token: Token,
) -> BoxFuture<'static, Result<Option<People>, LinkError>> {
    async move { xapi::people(&account.http, &token).await }.boxed()
}

fn path(Place { dn, id }: &Place) -> String {
    let [dn, id] = [dn, id].map(|part| utf8_percent_encode(part, UNRESERVED).to_string());
    format!("callcontrol/{dn}/participants/{id}")
}

/// Drops each of these legs; why that was not possible, if it was not.
async fn drop_all(http: &Http, places: &[Place], token: &Secret) -> Option<String> {
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
    let by = By::Token(&token.access);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::source::Link;
    use crate::config::ThreeCxSettings;

    /// A connection without a socket, to what listens at this address. Nothing is due for an hour.
    fn without_socket(address: &str) -> CallControl {
        let settings = ThreeCxSettings {
            url: Some(format!("http://{address}")),
            client_id: Some("one".to_owned()),
            client_secret: Some(Secret::new("two")),
            ..ThreeCxSettings::default()
        };
        let later = Instant::now() + Duration::from_secs(3600);
        CallControl {
            account: Arc::new(Account::of(&settings).unwrap()),
            token: Token { access: Secret::new("three"), renewal: later, end: later },
            socket: None,
            asking: FuturesUnordered::new(),
            waiting: VecDeque::new(),
            read: VecDeque::new(),
            everything_due: later,
            ping_due: later,
            is_renewing: true,
            unauthorised: Vec::new(),
            taken_away: Vec::new(),
            has_shown: true,
            no_socket: None,
            socket_due: None,
            has_told_renewal: false,
            beside: Beside::new(Duration::from_millis(500)),
        }
    }

    #[test]
    fn a_token_that_counts_is_used_on_when_no_other_one_comes() {
        let mut link = without_socket("127.0.0.1:9");
        let failed = |link: &CallControl| Done::Renewed(Err(link.account.http.refused("a reason")));
        for _ in 0..3 {
            link.take(failed(&link)).unwrap();
            assert!(!link.is_renewing && link.token.renewal <= Instant::now() + Duration::from_secs(30));
        }
        assert!(
            matches!(&*link.read.make_contiguous(), [Message::Notice(said)] if said.contains("a reason")),
            "{:?}",
            link.read
        );
        // One that is refused counts for nothing.
        link.unauthorised.push(Request::Everything);
        link.take(failed(&link)).unwrap_err();
        link.unauthorised.clear();
        link.token.end = Instant::now();
        link.take(failed(&link)).unwrap_err();
    }

    #[test]
    fn a_socket_that_there_was_not_is_tried_for_again() {
        let told = crate::client::block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut link = without_socket(&listener.local_addr().unwrap().to_string());
            link.socket_due = Some(Instant::now());
            let serving = async {
                // At first there is none still.
                let (mut stream, _) = listener.accept().await.unwrap();
                tokio::io::AsyncWriteExt::write_all(
                    &mut stream,
                    b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n",
                )
                .await
                .unwrap();
                let (stream, _) = listener.accept().await.unwrap();
                let _socket = tokio_tungstenite::accept_async(stream).await.unwrap();
                std::future::pending::<()>().await;
            };
            let following = async {
                let mut told = Vec::new();
                while !matches!(told.last(), Some(Message::Time)) {
                    tokio::select! {
                        message = link.next() => told.push(message.unwrap()),
                        () = sleep(Duration::from_millis(10)) => {}
                    }
                    if let Some(due) = link.socket_due.as_mut().filter(|due| **due > Instant::now()) {
                        assert!(*due <= Instant::now() + SOCKET_AGAIN);
                        *due = Instant::now();
                    }
                }
                assert!(link.socket.is_some() && link.socket_due.is_none());
                told
            };
            tokio::select! {
                () = serving => Vec::new(),
                told = following => told,
            }
        });
        let told = told.unwrap();
        assert!(
            matches!(&told[..], [Message::Notice(said), Message::Time] if said.contains("opens its socket now")),
            "{told:?}"
        );
    }
}
