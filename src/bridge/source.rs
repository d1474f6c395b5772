//! What a phone system's protocol has to offer so that its calls can be followed.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch;

use super::fact::{Fact, LegId, Standing};
use super::mask::Mask;
use super::tracker::Open;
use crate::client::{TlsFault, distrust, why_unreachable};
use crate::config::Pattern;

/// One kind of phone system: it makes facts of what its protocol says, without I/O, so that a recording
/// of messages can take the place of a phone system.
pub trait Source {
    /// One message of its protocol, without secrets.
    type Message: Serialize + DeserializeOwned + Clone + fmt::Debug + Send + 'static;
    /// What it can be asked for in between.
    type Request: fmt::Debug + Send + 'static;
    /// What the configuration says of how it is understood.
    type Settings;

    /// From now on these settings count. What is known of legs stays.
    fn adapt(&mut self, settings: &Self::Settings);

    /// A call that was reported before this process began, and may be there still. Its leg has the id of the call:
    /// a source whose phone system counts calls from the beginning again has to know.
    fn take_up(&mut self, _open: &Open) {}

    /// A connection has begun: what is to be asked for first. `secret` is known to nobody else, so that
    /// replies can be told from what somebody makes up.
    fn begin(&mut self, secret: &str) -> Vec<Self::Request>;

    /// What is to be asked a moment later, and then every minute: what happened while the connection began may have been
    /// told by halves, and nothing says that an account sees less than before.
    fn ask_again(&mut self) -> Option<Self::Request>;

    /// What a message says, in its order.
    fn understand(&mut self, message: Self::Message) -> Vec<Heard<Self::Request>>;

    /// How a leg's call is ended; `None` where that is not possible.
    fn hang_up(&self, leg: &LegId) -> Option<Self::Request>;

    /// The leg that a message is about, and what the phone system counts it to, if it is about one.
    fn about(message: &Self::Message) -> Option<(LegId, LegId)>;

    /// The names that facts have for such a leg and what it is counted to, where messages have others.
    fn named(&self, leg: LegId, group: LegId) -> (LegId, LegId) {
        (leg, group)
    }

    /// A message as people read it.
    fn text(message: &Self::Message) -> String;

    /// The lines that these settings tell apart by their names, which a masked recording keeps.
    fn kept(_settings: &Self::Settings) -> Vec<Pattern> {
        Vec::new()
    }

    /// Puts other numbers and names in place of those in a message, the same for the same.
    fn mask(message: &mut Self::Message, mask: &Mask);

    /// Who waits to hear what becomes of what follows from a message.
    fn waits(_message: &Self::Message) -> Option<Waits> {
        None
    }
}

/// Where a phone system is, and how to log in there.
pub trait Connector {
    /// A connection on which it says what happens.
    type Link: Link + Send;

    /// Connects, logs in, and asks to be told of everything.
    fn connect(&self) -> impl Future<Output = Result<Self::Link, LinkError>> + Send;

    /// What of it counts for a connection that was made by another one, as the settings have changed.
    fn adapt(&self, _link: &mut Self::Link) {}
}

/// A connection to a phone system.
pub trait Link {
    /// See [`Source::Message`].
    type Message: Send + 'static;
    /// See [`Source::Request`].
    type Request: Send + 'static;

    /// The next message. It may be dropped before it is there, and nothing is lost by it.
    ///
    /// Silence is found out by a question of the protocol's own, within a minute.
    fn next(&mut self) -> impl Future<Output = Result<Self::Message, LinkError>> + Send;

    /// Asks for something, with the next turn of [`next`](Self::next).
    fn ask(&mut self, request: Self::Request);

    /// What it turns away of what is sent to it, where anybody may send.
    fn refusals(&self) -> Refusals {
        Refusals::default()
    }
}

/// How much was turned away. Clones count the same.
#[derive(Debug, Clone, Default)]
pub struct Refusals(Arc<AtomicU64>);

impl Refusals {
    /// One more.
    pub fn note(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// So far.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What has become of what follows from a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It is on its way.
    UnderWay,
    /// It will reach Zammad, whatever happens to this process; without a spool: unless something happens to it.
    Safe,
    /// Zammad has it. That may decide over a call.
    Decided {
        /// Zammad does not want the call.
        is_rejected: bool,
    },
    /// Nobody will ever have it.
    Lost,
}

/// Somebody who waits for a [`Fate`].
#[derive(Debug, Clone)]
pub struct Waits(Arc<watch::Sender<Fate>>);

impl Waits {
    /// Somebody, and where they hear of it.
    pub fn new() -> (Self, watch::Receiver<Fate>) {
        let (told, hears) = watch::channel(Fate::UnderWay);
        (Self(Arc::new(told)), hears)
    }

    /// Tells them. What comes later in a fate's order is not taken back.
    pub fn tell(&self, fate: Fate) {
        self.0.send_if_modified(|known| {
            let is_news = *known < fate;
            if is_news {
                *known = fate;
            }
            is_news
        });
    }
}

/// What follows from one message.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all are facts, and there is one at a time")]
pub enum Heard<Request> {
    /// Something happened to a leg.
    Fact(Fact),
    /// These legs are there, and no others.
    Standing(Vec<Standing>),
    /// These legs were seen a moment after the connection began, whatever was said of them in between.
    Seen(Vec<Standing>),
    /// This is to be asked.
    Ask(Request),
    /// Something that the phone system's administrator should know.
    Remark(String),
    /// What the account lacks on this connection, from now on; or that it lacks nothing any more.
    Rights(Result<(), Missing>),
    /// A call that is not followed, and why.
    Passed(String),
    /// Something was said again; whatever it changes is told besides.
    Repeated(String),
}

/// A right that an account needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// what does not work, as a part of a sentence
    pub complaint: String,
    /// what to do about it
    pub next_step: Cow<'static, str>,
    /// nothing is told of calls: by a new login nothing gets lost
    pub is_deaf: bool,
}

/// Why there is no connection, or none any more.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "a variant's text says what its fields are")]
pub enum LinkError {
    /// Nobody is there.
    #[error("no connection to {address}")]
    Unreachable { address: String, source: io::Error },
    /// Somebody else is there.
    #[error("{address} is no {wanted}: it says {said:?}")]
    Stranger { address: String, wanted: &'static str, said: String },
    /// Somebody is there who says nothing: it may only hang, or be about to end.
    #[error("{address} accepts the connection, and says nothing")]
    Mute { address: String },
    /// It does not let us in.
    #[error("{address} refuses the login: {reason}")]
    Refused { address: String, reason: String },
    /// It lets us in, but not now.
    #[error("{address} lets nobody in as this account now: {reason}")]
    InUse { address: String, reason: String },
    /// Its certificate is not believed.
    #[error("no connection to {address}: {fault}")]
    Untrusted { address: String, fault: TlsFault },
    /// The connection has ended.
    #[error("the connection ended")]
    Ended,
    /// It broke.
    #[error("the connection broke")]
    Broken(#[from] io::Error),
    /// Nothing comes any more.
    #[error("it does not answer any more")]
    Silent,
}

impl LinkError {
    /// That nobody is reached, or nobody whom this program believes: why is in `error`, below whatever libraries put
    /// around it.
    pub(super) fn unreached(address: String, error: &(dyn std::error::Error + 'static)) -> Self {
        match distrust(error) {
            Some(fault) => Self::Untrusted { address, fault },
            None => Self::Unreachable { address, source: io::Error::other(why_unreachable(error)) },
        }
    }

    /// Whether it will last until somebody changes a setting.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Refused { .. } | Self::Stranger { .. } => true,
            Self::Unreachable { .. }
            | Self::Mute { .. }
            | Self::InUse { .. }
            | Self::Untrusted { .. }
            | Self::Ended
            | Self::Broken(_)
            | Self::Silent => false,
        }
    }

    /// Whether there was none in the first place.
    pub fn is_at_the_beginning(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::Stranger { .. }
            | Self::Mute { .. }
            | Self::Refused { .. }
            | Self::InUse { .. }
            | Self::Untrusted { .. } => true,
            Self::Ended | Self::Broken(_) | Self::Silent => false,
        }
    }
}
