//! A connection to Asterisk's manager interface.
//!
//! Source: Asterisk's documentation of AMI; tried with Asterisk 22.10.1.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use md5::{Digest, Md5};
use rustls::ClientConfig;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use super::action::Action;
use super::understanding::Message;
use super::{Block, Blocks};
use crate::bridge::source::{self, Connector, LinkError};
use crate::bridge::system::AccountError;
use crate::bridge::tcp::{self, Stream};
use crate::bridge::traffic::Traffic;
use crate::client::settings_for_another;
use crate::config::{AsteriskAccount, AsteriskSettings, Secret};

/// How long each step of the beginning may take. Asterisk waits a second before it refuses a login.
const STEP: Duration = Duration::from_secs(10);

/// How long a question that is asked rarely waits after the last one. A caller who has it asked with each of their events
/// would keep Asterisk busy.
const RARELY: Duration = Duration::from_secs(3);

/// How long what was read waits for the end of a message that has begun. Asterisk writes each in one go.
const IN_ONE_GO: Duration = Duration::from_secs(1);

/// A banner is a line such as `Asterisk Call Manager/11.0.0`.
const LONGEST_BANNER: usize = 256;

/// Who logs in where.
#[derive(Debug, Clone)]
pub struct Account {
    /// host and port
    pub address: String,
    /// the account in `manager.conf`
    pub username: String,
    /// its secret
    pub secret: Secret,
    /// how TLS is spoken, if it is
    pub tls: Option<Arc<ClientConfig>>,
}

impl Account {
    /// That of the settings, whose files are read now.
    ///
    /// # Errors
    ///
    /// See [`AccountError`].
    pub fn of(settings: &AsteriskSettings) -> Result<Self, AccountError> {
        let AsteriskAccount { address, username, secret } = settings.account()?;
        let tls = match settings.tls.unwrap_or_default() {
            true => Some(Arc::new(settings_for_another(settings.ca_file.as_deref())?)),
            false => None,
        };
        Ok(Self { address, username, secret, tls })
    }
}

/// A connection that is logged in.
#[derive(Debug)]
pub struct Link {
    traffic: Traffic<Box<dyn Stream>>,
    blocks: Blocks,
    read: VecDeque<Message>,
    /// how much of that waits for nothing, and until when the rest waits for the end of a message that has begun
    ready: usize,
    until: Option<Instant>,
    rare: Rare,
}

/// What is asked rarely.
#[derive(Debug, Default)]
struct Rare {
    /// from when on it may be asked again
    next: Option<Instant>,
    /// what waits until then: the last that was wanted
    waiting: Option<(Instant, Action)>,
}

impl Rare {
    /// An action that is to be asked now, if there is one.
    fn take(&mut self, now: Instant) -> Option<Action> {
        let (_, action) = self.waiting.take_if(|(due, _)| *due <= now)?;
        self.next = Some(now + RARELY);
        Some(action)
    }

    /// Takes one in that may wait.
    fn push(&mut self, action: Action, now: Instant) {
        self.waiting = Some((self.next.unwrap_or(now), action));
    }
}

impl Connector for Account {
    type Link = Link;

    async fn connect(&self) -> Result<Link, LinkError> {
        let address = || self.address.clone();
        let stream = tcp::connect(&self.address, STEP).await?;
        let is_here = stream.peer_addr().is_ok_and(|peer| peer.ip().to_canonical().is_loopback());
        let mut link = Link::over(self.encrypted(stream).await?);
        // One that says nothing may wait for a word itself, as a web server does.
        let banner = timeout(STEP, link.banner()).await.ok().flatten();
        let Some(banner) = banner else { return Err(LinkError::Mute { address: address() }) };
        if !banner.starts_with("Asterisk Call Manager/") {
            return Err(LinkError::Stranger {
                address: address(),
                wanted: "manager interface of Asterisk",
                said: banner,
            });
        }
        timeout(STEP, link.log_in(self, is_here || self.tls.is_some()))
            .await
            .map_err(|_| LinkError::Silent)??;
        Ok(link)
    }
}

impl Account {
    /// The connection as it is, or TLS over it.
    async fn encrypted(&self, stream: TcpStream) -> Result<Box<dyn Stream>, LinkError> {
        let Some(tls) = &self.tls else { return Ok(Box::new(stream)) };
        let unreachable = |source| LinkError::Unreachable { address: self.address.clone(), source };
        let host = self.address.rsplit_once(':').map_or(self.address.as_str(), |(host, _)| host);
        match timeout(STEP, tcp::encrypted(stream, host, tls)).await {
            Ok(Ok(connected)) => Ok(connected),
            // It has begun to talk by itself.
            Ok(Err(error)) if is_no_tls(&error) => Err(unreachable(io::Error::other(
                "it does not speak TLS there; see tls, and tlsbindaddr in manager.conf",
            ))),
            Ok(Err(error)) => Err(LinkError::unreached(self.address.clone(), &error)),
            Err(_) => Err(unreachable(io::ErrorKind::TimedOut.into())),
        }
    }
}

fn is_no_tls(error: &io::Error) -> bool {
    let error = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
    matches!(error, Some(rustls::Error::InvalidMessage(_)))
}

impl Link {
    fn over(stream: Box<dyn Stream>) -> Self {
        Self {
            traffic: Traffic::new(stream),
            blocks: Blocks::default(),
            read: VecDeque::new(),
            ready: 0,
            until: None,
            rare: Rare::default(),
        }
    }

    /// The first line, which no empty line follows; `None`: there is none.
    async fn banner(&mut self) -> Option<String> {
        let mut banner = Vec::new();
        while banner.len() < LONGEST_BANNER && !banner.ends_with(b"\n") {
            match self.traffic.stream.read_u8().await {
                Ok(byte) => banner.push(byte),
                Err(_) if banner.is_empty() => return None,
                Err(_) => break,
            }
        }
        Some(String::from_utf8_lossy(&banner).trim().to_owned())
    }

    /// Logs in. Where nobody else hears it, `is_private`, an interface without MD5 gets the secret itself.
    async fn log_in(&mut self, account: &Account, is_private: bool) -> Result<(), LinkError> {
        let challenge = Action::new("Challenge", "challenge").with("AuthType", "MD5");
        let reply = self.reply(challenge, "challenge").await?;
        // Before it knows who asks, an Asterisk tells nothing of calls.
        self.read.clear();
        self.waits_no_longer();
        let login = Action::new("Login", "login").with("Username", &account.username);
        let secret = account.secret.reveal();
        let login = match reply.get("Challenge") {
            Some(challenge) => {
                let key = Md5::digest([challenge.as_bytes(), secret.as_bytes()].concat());
                let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
                login.with("AuthType", "MD5").with("Key", key)
            }
            None if is_private => login.with("Secret", secret),
            // Every Asterisk has MD5: this is somebody else, or somebody in between.
            None => {
                return Err(LinkError::Stranger {
                    address: account.address.clone(),
                    wanted: "manager interface of Asterisk with MD5 logins, and the secret itself is sent by TLS only",
                    said: reply.get("Message").unwrap_or("nothing of it").to_owned(),
                });
            }
        };
        let reply = self.reply(login.with("Events", "on"), "login").await?;
        if reply.get("Response") == Some("Success") {
            return Ok(());
        }
        let reason = reply.get("Message").unwrap_or("no reason given").to_owned();
        let address = account.address.clone();
        // Asterisk's own words, for an account with allowmultiplelogin = no.
        Err(match reason.contains("Already In Use") {
            true => LinkError::InUse { address, reason },
            false => LinkError::Refused { address, reason },
        })
    }

    /// Asks, and waits for the reply. What comes before it is kept.
    async fn reply(&mut self, action: Action, id: &str) -> Result<Block, LinkError> {
        source::Link::ask(self, action);
        let mut seen = 0;
        loop {
            while seen < self.read.len() {
                if let Message::Block(block) = &self.read[seen]
                    && block.event().is_none()
                    && block.get("ActionID") == Some(id)
                    && let Some(Message::Block(block)) = self.read.remove(seen)
                {
                    self.waits_no_longer();
                    return Ok(block);
                }
                seen += 1;
            }
            let length = self.traffic.fill().await?;
            self.take(length);
        }
    }

    /// Takes in what was read.
    fn take(&mut self, length: usize) {
        let read = &mut self.read;
        self.blocks.read(self.traffic.bytes(length), &mut |block| read.push_back(block.into()));
        if self.blocks.is_within() && !self.read.is_empty() {
            self.until.get_or_insert_with(|| Instant::now() + IN_ONE_GO);
        } else {
            self.waits_no_longer();
        }
    }

    /// What was read is all that came in one go.
    fn waits_no_longer(&mut self) {
        (self.ready, self.until) = (self.read.len(), None);
    }

    /// The next message of what is all that came in one go.
    fn ready(&mut self) -> Option<Message> {
        self.ready = self.ready.checked_sub(1)?;
        let message = self.read.pop_front()?;
        Some(match message {
            Message::Block(block) if self.ready > 0 => Message::Block(block.followed()),
            message => message,
        })
    }
}

impl source::Link for Link {
    type Message = Message;
    type Request = Action;

    async fn next(&mut self) -> Result<Message, LinkError> {
        loop {
            if let Some(action) = self.rare.take(Instant::now()) {
                self.traffic.push(action.to_string().as_bytes());
            }
            if let Some(message) = self.ready() {
                return Ok(message);
            }
            let due =
                [self.until, self.rare.waiting.as_ref().map(|(due, _)| *due)].into_iter().flatten().min();
            let filled = match due {
                Some(due) => timeout_at(due, self.traffic.fill_or_ask()).await,
                None => Ok(self.traffic.fill_or_ask().await),
            };
            let filled = match filled {
                Ok(Err(_)) if !self.read.is_empty() => {
                    // No more comes; the next turn says so.
                    self.waits_no_longer();
                    continue;
                }
                Ok(filled) => filled?,
                // Something has waited long enough.
                Err(_) => {
                    if self.until.is_some_and(|until| until <= Instant::now()) {
                        self.waits_no_longer();
                    }
                    continue;
                }
            };
            match filled {
                Some(length) => self.take(length),
                None => self.ask(Action::new("Ping", "ping")),
            }
        }
    }

    fn ask(&mut self, request: Action) {
        if request.is_rare() {
            self.rare.push(request, Instant::now());
        } else {
            self.traffic.push(request.to_string().as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::pin::pin;
    use std::task::Poll;
    use std::thread;

    use super::*;
    use crate::bridge::source::Link as _;
    use crate::client::block_on;

    const BANNER: &str = "Asterisk Call Manager/11.0.0\r\n";

    /// A manager interface that says what it is told to, in turn: what comes before an action is its reply.
    /// `{id}` stands for the action's id.
    fn interface(says: &'static [&'static str]) -> (Account, thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let account = Account {
            address: listener.local_addr().unwrap().to_string(),
            username: "zammad".to_owned(),
            secret: Secret::new("s3cret"),
            tls: None,
        };
        let served = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let mut actions = Vec::new();
            stream.write_all(says[0].as_bytes()).unwrap();
            for reply in &says[1..] {
                let action: Vec<String> =
                    lines.by_ref().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
                let id = action.iter().find_map(|line| line.strip_prefix("ActionID: ")).unwrap_or_default();
                let _ = stream.write_all(reply.replace("{id}", id).as_bytes());
                actions.push(action.join("\n"));
            }
            actions
        });
        (account, served)
    }

    fn connect(account: &Account) -> Result<Link, LinkError> {
        block_on(account.connect()).unwrap()
    }

    #[test]
    fn the_secret_is_never_said() {
        let (account, served) = interface(&[
            BANNER,
            "Response: Success\r\nActionID: {id}\r\nChallenge: 159\r\n\r\n",
            // An event may come first.
            "Event: FullyBooted\r\n\r\nResponse: Success\r\nActionID: {id}\r\n\r\n",
        ]);
        let (event, end) = block_on(async {
            let mut link = account.connect().await.unwrap();
            (link.next().await, link.next().await)
        })
        .unwrap();
        let Message::Block(event) = event.unwrap() else { panic!("no event") };
        assert_eq!(event.event(), Some("FullyBooted"));
        assert!(matches!(end, Err(LinkError::Ended)), "{end:?}");
        let actions = served.join().unwrap();
        // md5("159" + "s3cret")
        assert!(actions[1].contains("Key: 1a2cfd6c526317431bfa550bf2e8b76d"), "{actions:?}");
        assert!(!actions.concat().contains("s3cret"), "{actions:?}");
    }

    #[test]
    fn an_interface_without_md5_gets_the_secret() {
        let (account, served) = interface(&[
            BANNER,
            "Response: Error\nActionID: {id}\nMessage: Must specify AuthType\n\n",
            "Response: Success\nActionID: {id}\n\n",
        ]);
        connect(&account).unwrap();
        let actions = served.join().unwrap();
        assert!(actions[1].contains("Username: zammad\nSecret: s3cret\nEvents: on"), "{actions:?}");
    }

    #[test]
    fn the_secret_goes_over_no_network_as_it_is() {
        let account = Account {
            address: "192.0.2.1:5038".to_owned(),
            username: "zammad".to_owned(),
            secret: Secret::new("s3cret"),
            tls: None,
        };
        block_on(async {
            let (near, far) = tokio::io::duplex(4096);
            let mut link = Link::over(Box::new(near));
            let mut far = tokio::io::BufReader::new(far);
            let refusal = b"Response: Error\r\nActionID: challenge\r\nMessage: Must specify AuthType\r\n\r\n";
            tokio::io::AsyncWriteExt::write_all(&mut far, refusal).await.unwrap();
            let error = link.log_in(&account, false).await.unwrap_err();
            assert!(error.is_lasting());
            assert!(
                error.to_string().ends_with(r#"sent by TLS only: it says "Must specify AuthType""#),
                "{error}"
            );
            drop(link);
            let mut said = String::new();
            far.read_to_string(&mut said).await.unwrap();
            assert!(said.starts_with("Action: Challenge") && !said.contains("s3cret"), "{said}");
        })
        .unwrap();
    }

    #[test]
    fn what_came_in_one_go_is_told_as_such_once_its_end_is_there() {
        let (first, second) = ("Event: A\r\n\r\nEvent: B\r\n\r\nEv", "ent: C\r\n\r\n");
        // (what comes in the end, if it does; which events there are, and whether another one follows)
        type Case<'a> = (Option<&'a str>, &'a [(&'a str, bool)]);
        let cases: [Case<'_>; 2] =
            [(Some(second), &[("A", true), ("B", true), ("C", false)]), (None, &[("A", true), ("B", false)])];
        for (end, expected) in cases {
            block_on(async {
                let (near, mut far) = tokio::io::duplex(4096);
                let mut link = Link::over(Box::new(near));
                tokio::io::AsyncWriteExt::write_all(&mut far, first.as_bytes()).await.unwrap();
                {
                    let mut next = pin!(link.next());
                    let waits = poll_fn(|context| Poll::Ready(next.as_mut().poll(context).is_pending()));
                    assert!(waits.await, "before the end is there");
                }
                if let Some(end) = end {
                    tokio::io::AsyncWriteExt::write_all(&mut far, end.as_bytes()).await.unwrap();
                }
                drop(far);
                for (name, is_followed) in expected {
                    let Ok(Message::Block(block)) = link.next().await else { panic!("no {name}") };
                    assert_eq!((block.event(), block.is_followed()), (Some(*name), *is_followed));
                }
                assert!(matches!(link.next().await, Err(LinkError::Ended)));
            })
            .unwrap();
        }
    }

    #[test]
    fn what_is_asked_rarely_waits_for_its_time() {
        let (mut rare, begin) = (Rare::default(), Instant::now());
        let action = |id: &str| Action::new("Status", id).rarely();
        assert_eq!(rare.take(begin), None);
        rare.push(action("1"), begin);
        assert_eq!(rare.take(begin), Some(action("1")));
        rare.push(action("2"), begin);
        rare.push(action("3"), begin + RARELY / 2);
        assert_eq!(rare.take(begin + RARELY / 2), None);
        assert_eq!(rare.take(begin + RARELY), Some(action("3")));
        assert_eq!(rare.take(begin + RARELY * 9), None);
        rare.push(action("4"), begin + RARELY * 9);
        assert_eq!(rare.take(begin + RARELY * 9), Some(action("4")));
    }

    #[test]
    fn who_does_not_let_us_in_says_why() {
        let challenge = "Response: Success\r\nActionID: {id}\r\nChallenge: 159\r\n\r\n";
        let refusal = "Response: Error\r\nActionID: {id}\r\nMessage: Authentication failed\r\n\r\n";
        let says = Box::leak(Box::new([BANNER, challenge, refusal]));
        let (account, served) = interface(says);
        let error = connect(&account).unwrap_err();
        assert!(error.is_lasting());
        assert!(error.to_string().ends_with("refuses the login: Authentication failed"), "{error}");
        served.join().unwrap();
    }

    #[test]
    fn somebody_else_is_told_from_asterisk() {
        // (what is said first, what is told of it)
        let cases = [
            (
                "SSH-2.0-OpenSSH_9.2\r\n",
                "is no manager interface of Asterisk: it says \"SSH-2.0-OpenSSH_9.2\"",
            ),
            ("\u{1b}[2J\r\n", r#"it says "\u{1b}[2J""#),
            ("\n", "it says \"\""),
        ];
        for (said, told) in cases {
            let says = Box::leak(Box::new([said]));
            let (account, served) = interface(says);
            let error = connect(&account).unwrap_err();
            assert!(error.to_string().contains(told), "{error}");
            served.join().unwrap();
        }
        let (account, served) = interface(&[""]);
        let error = connect(&account).unwrap_err();
        // An Asterisk that is about to end does so too.
        assert!(error.to_string().ends_with("accepts the connection, and says nothing"), "{error}");
        assert!(!error.is_lasting(), "{error}");
        served.join().unwrap();
    }

    #[test]
    fn a_line_without_an_end_is_no_banner() {
        let endless = Box::leak("x".repeat(10_000).into_boxed_str());
        let says = Box::leak(Box::new([&*endless]));
        let (account, served) = interface(says);
        let error = connect(&account).unwrap_err();
        assert!(
            matches!(&error, LinkError::Stranger { said, .. } if said.len() == LONGEST_BANNER),
            "{error}"
        );
        served.join().unwrap();
    }
}
