//! A phone system of any kind for the one loop that follows them all. What is written here is built anew for each kind.

use std::convert::Infallible;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::background;
use crate::bridge::fact::LegId;
use crate::bridge::feed::{Fed, feed};
use crate::bridge::mask::Mask;
use crate::bridge::source::{Connector, Heard, Link, LinkError, Missing, Refusals, Source, Waits};
use crate::bridge::tracker::Open;
use crate::program::cli;
use crate::program::commands::watched::Watched;

use super::follow::Terms;
use super::recorder::Recorder;

/// What comes of a phone system, or of the connection to it.
pub enum News {
    /// The connection was made: what is asked for next goes over it. What it turns away is counted.
    Connected(String, Refusals),
    /// It was lost, or could not be made; it is tried again after that time.
    Lost(LinkError, Duration),
    /// The phone system said something.
    Said(Said),
}

/// What a message says.
pub struct Said {
    /// the leg that it is about, and what the phone system counts it to, by the names that facts have for them
    pub about: Option<(LegId, LegId)>,
    /// the message as people read it, if somebody wants to
    pub text: Option<String>,
    /// what the account lacks from now on, if that is another than before
    pub rights: Option<Result<(), Missing>>,
    /// who waits to hear what becomes of it
    pub waits: Option<Waits>,
    pub heard: Vec<Heard<Infallible>>,
}

/// Understands a message. What it wants to be asked is handed to `ask`.
pub fn understand<S: Source>(
    source: &mut S,
    message: S::Message,
    wants_text: bool,
    mut ask: impl FnMut(S::Request),
) -> Said {
    let about = S::about(&message);
    let text = wants_text.then(|| S::text(&message));
    let waits = S::waits(&message);
    let mut rights = None;
    let heard = source.understand(message).into_iter().filter_map(|heard| match heard {
        Heard::Fact(fact) => Some(Heard::Fact(fact)),
        Heard::Standing(legs) => Some(Heard::Standing(legs)),
        Heard::Seen(legs) => Some(Heard::Seen(legs)),
        Heard::Ask(request) => {
            ask(request);
            None
        }
        Heard::Remark(remark) => Some(Heard::Remark(remark)),
        Heard::Rights(change) => {
            rights = Some(change);
            None
        }
        Heard::Passed(call) => Some(Heard::Passed(call)),
        Heard::Repeated(what) => Some(Heard::Repeated(what)),
    });
    let heard = heard.collect();
    let about = about.map(|(leg, group)| source.named(leg, group));
    Said { about, text, rights, waits, heard }
}

/// A phone system that is followed.
pub trait Listener {
    /// The next news; none if nobody keeps the connection any more. It may be dropped before it is there, and nothing
    /// is lost by it.
    fn next(&mut self) -> Pin<Box<dyn Future<Output = Option<News>> + '_>>;

    /// Begins to connect, anew if there is a connection.
    fn begin(&mut self);

    /// See [`Source::take_up`].
    fn take_up(&mut self, open: &Open);

    /// Asks what is asked first on a connection; see [`Source::begin`].
    fn ask_first(&mut self, secret: &str);

    /// Asks what is asked a moment later.
    fn ask_again(&mut self);

    /// Ends a leg's call, where that is possible.
    fn hang_up(&self, leg: &LegId);

    /// Reads the configuration again, and follows the phone system by it.
    ///
    /// # Errors
    ///
    /// It cannot be read, or what it says needs a new process. The old one counts.
    fn read_again(&mut self) -> anyhow::Result<(Terms, Watched)>;

    /// Nothing is followed any more.
    fn end(&mut self);
}

/// What a phone system of this kind is understood by, and where it is.
pub struct Account<S: Source, C> {
    pub settings: S::Settings,
    pub connector: C,
}

/// A phone system of one kind.
pub struct ListenerTo<S: Source, C: Connector, R> {
    source: S,
    connectors: watch::Sender<C>,
    read_again: R,
    wants_text: bool,
    recorder: Option<Recorder<S>>,
    connection: Option<Connection<S>>,
}

/// The task that keeps the connection, and what goes to it and comes from it.
struct Connection<S: Source> {
    feeding: JoinHandle<()>,
    told: UnboundedReceiver<Fed<S::Message>>,
    requests: UnboundedSender<S::Request>,
}

impl<S, C, R> ListenerTo<S, C, R>
where
    S: Source,
    C: Connector,
    R: Fn() -> anyhow::Result<(Terms, Account<S, C>, Watched)>,
{
    /// One that has not begun to connect. `read_again` reads the configuration.
    ///
    /// # Errors
    ///
    /// The recording cannot be written.
    pub fn new(
        mut source: S,
        account: Account<S, C>,
        read_again: R,
        following: &cli::Following,
    ) -> anyhow::Result<Self> {
        let Account { settings, connector } = account;
        source.adapt(&settings);
        let mask = following.mask.then(|| Mask::keeping(S::kept(&settings)));
        let recorder = following.record.as_deref().map(|path| Recorder::begin(path, mask)).transpose()?;
        let (connectors, wants_text) = (watch::Sender::new(connector), following.page.is_some());
        Ok(Self { source, connectors, read_again, wants_text, recorder, connection: None })
    }

    fn ask(&self, requests: impl IntoIterator<Item = S::Request>) {
        let Some(connection) = &self.connection else { return };
        for request in requests {
            // Nobody is there to be asked while the connection is lost.
            let _ = connection.requests.send(request);
        }
    }
}

impl<S, C, R> Listener for ListenerTo<S, C, R>
where
    S: Source,
    C: Connector<Link: Link<Message = S::Message, Request = S::Request>> + Clone + Send + Sync + 'static,
    R: Fn() -> anyhow::Result<(Terms, Account<S, C>, Watched)>,
{
    fn next(&mut self) -> Pin<Box<dyn Future<Output = Option<News>> + '_>> {
        Box::pin(async {
            let Connection { told, requests, .. } = self.connection.as_mut()?;
            let fed = told.recv().await?;
            if let Some(recorder) = &mut self.recorder {
                recorder.note(&fed);
            }
            Some(match fed {
                Fed::Connected(secret, refuses) => News::Connected(secret, refuses),
                Fed::Lost(error, pause) => News::Lost(error, pause),
                Fed::Said(message) => {
                    let ask = |request| drop(requests.send(request));
                    News::Said(understand(&mut self.source, message, self.wants_text, ask))
                }
            })
        })
    }

    fn begin(&mut self) {
        let (tell_us, told) = unbounded_channel();
        let (requests, asked) = unbounded_channel();
        if let Some(before) = &self.connection {
            before.feeding.abort();
        }
        let feeding = background::begin(feed(self.connectors.subscribe(), tell_us, asked));
        self.connection = Some(Connection { feeding, told, requests });
    }

    fn take_up(&mut self, open: &Open) {
        self.source.take_up(open);
    }

    fn ask_first(&mut self, secret: &str) {
        let requests = self.source.begin(secret);
        self.ask(requests);
    }

    fn ask_again(&mut self) {
        let request = self.source.ask_again();
        self.ask(request);
    }

    fn hang_up(&self, leg: &LegId) {
        self.ask(self.source.hang_up(leg));
    }

    fn read_again(&mut self) -> anyhow::Result<(Terms, Watched)> {
        let (terms, Account { settings, connector }, files) = (self.read_again)()?;
        self.source.adapt(&settings);
        self.connectors.send_replace(connector);
        Ok((terms, files))
    }

    fn end(&mut self) {
        if let Some(connection) = &self.connection {
            connection.feeding.abort();
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.end();
        }
    }
}
