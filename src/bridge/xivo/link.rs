//! The connections to a CTI server, one for each account.
//!
//! The first one that is made makes the link; others follow as they can, and are made again when they are lost. When none
//! is left, the link has ended.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::login::{self, FIRST, Outcome, Refusal, VERSIONS};
use super::wire::Wire;
use super::{Message, Request};
use crate::bridge::pauses::Pauses;
use crate::bridge::source::{self, Connector, LinkError};
use crate::bridge::system::AccountError;
use crate::client::in_full;
use crate::config::{SourceSettings, Span, XivoLogin, XivoSettings};

/// What connects.
#[derive(Debug, Clone)]
pub struct Server {
    address: String,
    logins: Vec<XivoLogin>,
    /// the version that the settings want
    pinned: Option<&'static str>,
    /// the version that worked last
    version: Arc<Mutex<String>>,
}

impl Server {
    /// That of the settings, whose files are read now.
    ///
    /// # Errors
    ///
    /// See [`AccountError`].
    pub fn of(settings: &XivoSettings) -> Result<Self, AccountError> {
        let pinned = settings.protocol.unwrap_or_default().version();
        Ok(Self {
            address: settings.address(),
            logins: settings.logins()?,
            pinned,
            version: Arc::new(Mutex::new(pinned.unwrap_or(FIRST).to_owned())),
        })
    }

    fn version(&self) -> String {
        self.version.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Logs one account in. The version that the server speaks is found out by a first attempt.
    async fn log_in(&self, account: usize) -> Result<Wire, LinkError> {
        let Some(login) = self.logins.get(account) else { return Err(LinkError::Ended) };
        let mut version = self.version();
        let mut has_asked = false;
        loop {
            let mut wire = Wire::connect(&self.address, account).await?;
            match login::log_in(&mut wire, login, &version).await? {
                Outcome::In(reply) => {
                    wire.is_logged_in();
                    if !VERSIONS.contains(&version.as_str()) {
                        wire.remarks(&format!(
                            "the server speaks protocol {version}, which is newer than what is known"
                        ));
                    }
                    wire.begins_with(reply);
                    *self.version.lock().unwrap_or_else(PoisonError::into_inner) = version;
                    return Ok(wire);
                }
                Outcome::OtherVersion(theirs) => {
                    let is_known = VERSIONS.contains(&theirs.as_str());
                    let is_like = theirs.strip_prefix("2.").is_some_and(|minor| {
                        minor.len() <= 3 && minor.chars().all(|c| c.is_ascii_digit()) && !minor.is_empty()
                    });
                    if let Some(ours) = self.pinned {
                        let refusal = Refusal::Pinned { ours: ours.to_owned(), theirs };
                        return Err(wire.refuses(refusal.to_string()));
                    }
                    if has_asked || !is_known && !is_like {
                        let shown = theirs.chars().take(20).collect();
                        return Err(wire.refuses(Refusal::Version(shown).to_string()));
                    }
                    has_asked = true;
                    version = theirs;
                }
            }
        }
    }

    /// Keeps one account's connection.
    async fn keep(
        self,
        account: usize,
        first: Result<Wire, LinkError>,
        tell: UnboundedSender<Told>,
        mut requests: UnboundedReceiver<Request>,
    ) {
        let mut attempt = first;
        let mut pauses = Pauses::default();
        loop {
            let (error, held) = match attempt {
                Ok(wire) => {
                    let since = Instant::now();
                    let Some(error) = hand_over(wire, &tell, &mut requests).await else { return };
                    (error, Some(since.elapsed()))
                }
                Err(error) => (error, None),
            };
            let pause = pauses.after(&error, held, Instant::now());
            if tell.send(Told::Lost(account, error, pause)).is_err() {
                return;
            }
            sleep(pause).await;
            // What was asked of the connection before.
            while requests.try_recv().is_ok() {}
            attempt = self.log_in(account).await;
        }
    }
}

/// What one of the connections says.
#[derive(Debug)]
enum Told {
    Said(Message),
    Lost(usize, LinkError, Duration),
}

/// Why a connection ended; `None` if nobody wants it any more.
async fn hand_over(
    mut wire: Wire,
    tell: &UnboundedSender<Told>,
    requests: &mut UnboundedReceiver<Request>,
) -> Option<LinkError> {
    loop {
        tokio::select! {
            said = wire.next() => match said {
                Ok(message) => tell.send(Told::Said(message)).ok()?,
                Err(error) => return Some(error),
            },
            request = requests.recv() => wire.ask(&request?.ask),
        }
    }
}

/// The connections of all accounts, of which one at least is there.
#[derive(Debug)]
pub struct Link {
    told: UnboundedReceiver<Told>,
    requests: Vec<UnboundedSender<Request>>,
    connected: BTreeSet<usize>,
    /// why accounts have no connection, as it was told
    troubles: HashMap<usize, String>,
    /// the user's names, by account
    names: Vec<String>,
    _connections: JoinSet<()>,
}

impl Connector for Server {
    type Link = Link;

    async fn connect(&self) -> Result<Link, LinkError> {
        let first = self.log_in(0).await;
        // They speak the same version.
        let others = join_all((1..self.logins.len()).map(|account| self.log_in(account))).await;
        let mut attempts: Vec<_> = std::iter::once(first).chain(others).collect();
        if attempts.iter().all(Result::is_err) {
            return Err(attempts.swap_remove(0).err().unwrap_or(LinkError::Ended));
        }
        let (tell, told) = unbounded_channel();
        let mut link = Link {
            told,
            requests: Vec::new(),
            connected: BTreeSet::new(),
            troubles: HashMap::new(),
            names: self.logins.iter().map(|login| login.username.clone()).collect(),
            _connections: JoinSet::new(),
        };
        for (account, attempt) in attempts.into_iter().enumerate() {
            let (ask, asked) = unbounded_channel();
            link.requests.push(ask);
            if attempt.is_ok() {
                link.connected.insert(account);
            }
            link._connections.spawn(self.clone().keep(account, attempt, tell.clone(), asked));
        }
        Ok(link)
    }
}

impl source::Link for Link {
    type Message = Message;
    type Request = Request;

    async fn next(&mut self) -> Result<Message, LinkError> {
        loop {
            let (account, error, pause) = match self.told.recv().await {
                None => return Err(LinkError::Ended),
                Some(Told::Said(message)) => {
                    if self.connected.insert(message.account) {
                        self.troubles.remove(&message.account);
                    }
                    return Ok(message);
                }
                Some(Told::Lost(account, error, pause)) => (account, error, pause),
            };
            self.connected.remove(&account);
            if self.connected.is_empty() {
                return Err(error);
            }
            let name = self.names.get(account).map(String::as_str).unwrap_or_default();
            let trouble = format!("{name}: {}", in_full(&error));
            if self.troubles.get(&account) == Some(&trouble) {
                log::debug!("{trouble}");
                continue;
            }
            let pause = Span::roughly(pause.max(Duration::from_secs(1)));
            let why = format!("{trouble}; it is tried again after {pause}");
            self.troubles.insert(account, trouble);
            return Ok(Message::lost(account, &why));
        }
    }

    fn ask(&mut self, request: Request) {
        if let Some(connection) = self.requests.get(request.account) {
            // One that is lost begins anew.
            let _ = connection.send(request);
        }
    }
}

#[cfg(test)]
mod tests {
    use source::Link as _;

    use super::*;

    fn refused() -> LinkError {
        LinkError::Refused { address: "pbx".to_owned(), reason: "user or password refused".to_owned() }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn why_an_account_has_no_connection_is_told_once_for_each_reason() {
        let (tell, told) = unbounded_channel();
        let mut link = Link {
            told,
            requests: Vec::new(),
            connected: BTreeSet::from([0, 1]),
            troubles: HashMap::new(),
            names: vec!["anna".to_owned(), "bert".to_owned()],
            _connections: JoinSet::new(),
        };
        let lost = |error, seconds| Told::Lost(1, error, Duration::from_secs(seconds));
        let said = |account| Told::Said(Message::remark(account, "hello"));
        let order = [
            lost(LinkError::Ended, 1),
            lost(LinkError::Ended, 2),
            lost(refused(), 180),
            said(0),
            lost(refused(), 180),
            // It is there again, and is lost for the same reason.
            said(1),
            lost(refused(), 180),
        ];
        for told in order {
            tell.send(told).unwrap();
        }
        drop(tell);
        let mut texts = Vec::new();
        while let Ok(message) = link.next().await {
            texts.push(format!("{} {}", message.class(), message.text("text")));
        }
        let refusal = format!("lost bert: {}; it is tried again after 3m", in_full(&refused()));
        let ended = format!("lost bert: {}; it is tried again after 1s", in_full(&LinkError::Ended));
        assert_eq!(texts, [&ended, &refusal, "remark hello", "remark hello", &refusal]);
    }
}
