//! Why an event did not get its answer, cut by what the sender can do about it.

use std::error::Error;
use std::time::Duration;

use super::client_certificate::Asked;
use super::phase::Phase;
use super::reply::Content;
use super::unverifiable::Unverifiable;
use crate::config::Span;
use crate::rules::Complaint;

/// What became of an attempt that brought no action.
#[derive(Debug, Clone, thiserror::Error)]
#[expect(missing_docs, reason = "a variant's text says what its fields are")]
pub enum SendError {
    // -- Zammad does not have the event --
    /// The host has no address, or no name server answers.
    #[error("the name lookup failed")]
    Lookup(#[source] RootCause),
    /// `connect_timeout` was over before there was an address.
    #[error("no answer to the name lookup in time")]
    LookupTimeout,
    /// Nobody listens there, or the way there is closed.
    #[error("cannot connect")]
    Connect(#[source] RootCause),
    /// `connect_timeout` was over before there was a connection.
    #[error("no connection in time")]
    ConnectTimeout,
    /// The connection is not safe.
    #[error("TLS failed")]
    Tls(#[source] TlsFault),

    // -- nor here, if nobody answers in Zammad's place right after --
    /// HTTP 429, or a proxy does not reach Zammad (502, 503, and 521 to 530 of Cloudflare); `retry_after` is the
    /// pause that the server wishes.
    #[error("Zammad or its proxy is too busy or restarting (HTTP {status}{})", wish(*retry_after))]
    Unavailable { status: u16, retry_after: Option<Duration> },

    // -- Zammad may have the event --
    /// `timeout` was over before the reply was.
    #[error("no reply within {}", Span::briefly(*waited))]
    NoReply { waited: Duration },
    /// The server, or what is in between, closed it.
    #[error("the connection broke before the reply")]
    ConnectionLost(#[source] RootCause),
    /// It has more lines, or is longer, than any web server's.
    #[error("the head of the reply is too long")]
    HeadTooLong(#[source] RootCause),
    /// The proxy gave up (504, and 520 and 524 of Cloudflare); Zammad may go on.
    #[error("Zammad did not answer its proxy in time (HTTP {status})")]
    GatewayTimeout { status: u16 },
    /// The same event was refused before, and this time there was no reply. In TLS 1.3 a refusal may get lost, and
    /// so may the reply to an event that was taken.
    #[error("no reply; before that, TLS failed")]
    PerhapsRefused(#[source] TlsFault),

    // -- Zammad answered, and the event is the matter --
    /// HTTP 500 for an answer or a hangup, with an Error ID to look for in Zammad's log: most likely its
    /// newCall is missing, or still under way.
    #[error("Zammad does not know the call: {message}")]
    UnknownCall { message: String },
    /// The same of a call whose newCall Zammad has taken: it writes an event down before it tells agents of it, and
    /// can fail at that.
    #[error("Zammad has the call, but failed at this event: {message}")]
    FailedAtKnownCall { message: String },
    /// HTTP 500 or 422 for a newCall: "This object already exists."
    #[error("the call id was used before")]
    CallIdReused,
    /// HTTP 422 or another 4xx: the event itself is wrong.
    #[error("Zammad refused the event: {message} (HTTP {status})")]
    Refused { status: u16, message: String },
    /// HTTP 500 for another reason.
    #[error("Zammad failed: {message} (HTTP {status})")]
    Failed { status: u16, message: String },

    // -- nothing else will work either until somebody changes a setting --
    /// HTTP 401 in Zammad's words.
    #[error("Zammad refused the token")]
    WrongToken,
    /// HTTP 422 in Zammad's words.
    #[error("the CTI integration is switched off in Zammad")]
    SwitchedOff,
    /// Likewise.
    #[error("the CTI integration is not configured in Zammad")]
    NotConfigured,
    /// Never followed: mostly `http://` where it should be `https://`.
    #[error("redirected to {location} (HTTP {status})")]
    Redirected { status: u16, location: String },
    /// Zammad, or its proxy, with another path in the URL.
    #[error("no such page (HTTP 404)")]
    NoSuchPage,
    /// HTTP, but nothing that Zammad says.
    #[error("the reply is not from Zammad: {content} (HTTP {status})")]
    NotZammad { status: u16, content: Content },
    /// It begins as HTTP does, and has a line that is none of HTTP.
    #[error("the head of the reply is broken")]
    BrokenHead(#[source] RootCause),
    /// Another protocol.
    #[error("the reply is not HTTP")]
    NotHttp(#[source] RootCause),
}

/// What became of an event whose attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Zammad does not have it.
    NotDelivered,
    /// A proxy does not reach Zammad. That is as well what it says when Zammad goes down with the event written
    /// down: who answers right after tells.
    Unreached,
    /// Something answered that is not Zammad: in its place, or in place of its reply.
    Strange,
    /// A redirect, or no such page. The address is not Zammad's, or a web server says so in place of Zammad's reply,
    /// as nginx does with `error_page 502 https://...`. The request right after tells.
    SentAway,
    /// Zammad may have it.
    Unknown,
    /// Zammad failed at it, and has its call: it may have it.
    FailedInside,
    /// Zammad knows no such call; its newCall may be under way.
    UnknownCall,
    /// Zammad has a call with this id.
    Exists,
    /// It will not take it another time either.
    Final,
}

/// What the operating system or the protocol said, without the layers of the library above it,
/// which would show the URL.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct RootCause(String);

impl RootCause {
    pub(super) fn of(error: &dyn Error) -> Self {
        let mut root = error;
        while let Some(cause) = root.source() {
            root = cause;
        }
        Self(root.to_string())
    }
}

/// An error and its causes in a line.
pub fn in_full(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        // Some libraries have a cause in their own words as well.
        if !text.ends_with(&words) {
            text = format!("{text}: {words}");
        }
        cause = error.source();
    }
    text
}

/// Why there is no connection to another server than Zammad, in a few words: without the layers of the libraries.
pub(crate) fn why_unreachable(error: &(dyn Error + 'static)) -> String {
    match find::<rustls::Error>(error) {
        Some(fault) => TlsFault::of(fault, Asked::Nothing).to_string(),
        None => RootCause::of(error).to_string(),
    }
}

/// What TLS found wrong with the certificate of another server than Zammad, if that is why there is no connection.
pub(crate) fn distrust(error: &(dyn Error + 'static)) -> Option<TlsFault> {
    let fault = find::<rustls::Error>(error)?;
    matches!(fault, rustls::Error::InvalidCertificate(_)).then(|| TlsFault::of(fault, Asked::Nothing))
}

/// What TLS found wrong.
#[derive(Debug, Clone, thiserror::Error)]
#[expect(missing_docs, reason = "a variant's text says what its fields are")]
#[non_exhaustive]
pub enum TlsFault {
    /// `names` are those it is for.
    #[error("the certificate is for another name{}", expected(names))]
    Name { names: Vec<String> },
    /// It names no host where one is looked for.
    #[error("the certificate has no subjectAltName with a host, and its common name does not count")]
    NoName,
    /// Its last day is over.
    #[error("the certificate has expired")]
    Expired,
    /// Its first day is to come.
    #[error("the certificate is not valid yet; is this machine's clock right?")]
    NotYetValid,
    /// It vouches for itself.
    #[error("the certificate is self-signed")]
    SelfSigned,
    /// Its authority is not in the trust store.
    #[error("the certificate is from an unknown authority, or the server does not send its chain")]
    UnknownIssuer,
    /// Others can verify it, this program cannot.
    #[error(transparent)]
    Unverifiable(Unverifiable),
    /// `client_cert` names none, or the server does not take that one.
    #[error(
        "the server {} client certificate{}",
        if *refused { "refuses the" } else { "wants a" },
        alert(said.as_ref())
    )]
    ClientCertificate { refused: bool, said: Option<RootCause> },
    /// The server has no cipher, or no certificate, for what this program offers.
    #[error("the server and this program have no cipher in common{}", alert(Some(.0)))]
    NoCommonWay(RootCause),
    /// TLS 1.1 or older.
    #[error("the server speaks neither TLS 1.2 nor TLS 1.3{}", alert(Some(.0)))]
    TooOld(RootCause),
    /// Most likely it is the port for `http://`.
    #[error("the server does not speak TLS on this port")]
    NoTls,
    /// What TLS itself said.
    #[error("{0}")]
    Other(RootCause),
}

fn wish(retry_after: Option<Duration>) -> String {
    retry_after.map(|wish| format!(", wait {}", Span::briefly(wish))).unwrap_or_default()
}

/// What TLS itself said, behind what it means.
fn alert(said: Option<&RootCause>) -> String {
    said.map(|said| format!(" ({said})")).unwrap_or_default()
}

fn expected(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) }
}

impl SendError {
    /// A failure below HTTP. `phase` tells what took too long.
    /// `asked` tells what the server wanted in the handshake.
    pub(super) fn from_transport(error: &reqwest::Error, phase: Phase, asked: Asked) -> Self {
        let cause = RootCause::of(error);
        let in_tls = find::<rustls::Error>(error).map(|fault| TlsFault::of(fault, asked));
        if !error.is_connect() {
            // In TLS 1.3 a server looks at a client's certificate when the client has its handshake behind it.
            if let Some(fault @ TlsFault::ClientCertificate { .. }) = in_tls {
                return Self::Tls(fault);
            }
            if is_too_long(error) {
                return Self::HeadTooLong(cause);
            }
            return match parsed(error) {
                Some(hyper) if is_broken_head(hyper) => Self::BrokenHead(cause),
                Some(hyper) if is_no_http(hyper) => Self::NotHttp(cause),
                Some(_) | None => Self::ConnectionLost(cause),
            };
        }
        if let Some(fault) = in_tls {
            return Self::Tls(fault);
        }
        if error.is_timeout() {
            return if phase == Phase::Lookup { Self::LookupTimeout } else { Self::ConnectTimeout };
        }
        if error.is_dns() { Self::Lookup(cause) } else { Self::Connect(cause) }
    }

    /// An attempt that came as far as `phase` within its time.
    pub(super) fn from_timeout(phase: Phase, waited: Duration) -> Self {
        match phase {
            Phase::Lookup => Self::LookupTimeout,
            Phase::Connection | Phase::Address => Self::ConnectTimeout,
            Phase::Reply => Self::NoReply { waited },
        }
    }

    /// A failure of a connection that was made for itself, within TLS or before.
    pub(super) fn from_io(error: &std::io::Error, asked: Asked) -> Self {
        match find::<rustls::Error>(error) {
            Some(fault) => Self::Tls(TlsFault::of(fault, asked)),
            None => Self::Connect(RootCause::of(error)),
        }
    }

    /// The HTTP status, if there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Unavailable { status, .. }
            | Self::GatewayTimeout { status }
            | Self::Refused { status, .. }
            | Self::Failed { status, .. }
            | Self::Redirected { status, .. }
            | Self::NotZammad { status, .. } => Some(*status),
            Self::FailedAtKnownCall { .. } => Some(500),
            Self::NoSuchPage => Some(404),
            Self::WrongToken => Some(401),
            Self::SwitchedOff | Self::NotConfigured => Some(422),
            Self::Lookup(_)
            | Self::LookupTimeout
            | Self::Connect(_)
            | Self::ConnectTimeout
            | Self::Tls(_)
            | Self::NoReply { .. }
            | Self::ConnectionLost(_)
            | Self::HeadTooLong(_)
            | Self::PerhapsRefused(_)
            | Self::UnknownCall { .. }
            | Self::CallIdReused
            | Self::BrokenHead(_)
            | Self::NotHttp(_) => None,
        }
    }

    /// Whether Zammad has the event, as far as the reply alone says.
    pub fn fate(&self) -> Fate {
        match self {
            Self::Unavailable { status: 429, .. } => Fate::NotDelivered,
            Self::Unavailable { .. } => Fate::Unreached,
            Self::Lookup(_)
            | Self::LookupTimeout
            | Self::Connect(_)
            | Self::ConnectTimeout
            | Self::Tls(_) => Fate::NotDelivered,
            Self::NoReply { .. }
            | Self::ConnectionLost(_)
            | Self::HeadTooLong(_)
            | Self::GatewayTimeout { .. }
            | Self::PerhapsRefused(_) => Fate::Unknown,
            Self::NotZammad { .. } | Self::BrokenHead(_) | Self::NotHttp(_) => Fate::Strange,
            Self::Redirected { .. } | Self::NoSuchPage => Fate::SentAway,
            Self::UnknownCall { .. } => Fate::UnknownCall,
            Self::FailedAtKnownCall { .. } => Fate::FailedInside,
            Self::CallIdReused => Fate::Exists,
            Self::Refused { .. }
            | Self::Failed { .. }
            | Self::WrongToken
            | Self::SwitchedOff
            | Self::NotConfigured => Fate::Final,
        }
    }

    /// What it means of an event whose newCall Zammad is known to have: an Error ID does not say that it lacks the
    /// call.
    pub(crate) fn at_known_call(self) -> Self {
        match self {
            Self::UnknownCall { message } if Complaint::recognise(&message) == Complaint::ErrorId => {
                Self::FailedAtKnownCall { message }
            }
            other => other,
        }
    }

    /// What it means once it is clear that no such call rings in Zammad, although its newCall was there.
    pub(crate) fn at_lacking_call(self) -> Self {
        match self {
            Self::FailedAtKnownCall { message } => Self::UnknownCall { message },
            other => other,
        }
    }

    /// Whether an event that met with it may be in the caller log all the same: Zammad writes it down
    /// before it tells agents of it, and can fail at that.
    pub fn may_have_left_an_entry(&self) -> bool {
        match self.fate() {
            Fate::Unknown | Fate::FailedInside => true,
            Fate::Final => matches!(self, Self::Failed { .. }),
            Fate::NotDelivered
            | Fate::Unreached
            | Fate::Strange
            | Fate::SentAway
            | Fate::UnknownCall
            | Fate::Exists => false,
        }
    }

    /// Whether all other events would meet with it too, until somebody changes a setting.
    pub fn concerns_all(&self) -> bool {
        match self {
            Self::WrongToken
            | Self::SwitchedOff
            | Self::NotConfigured
            | Self::Redirected { .. }
            | Self::NoSuchPage
            | Self::NotZammad { .. }
            | Self::BrokenHead(_)
            | Self::NotHttp(_) => true,
            Self::Lookup(_)
            | Self::LookupTimeout
            | Self::Connect(_)
            | Self::ConnectTimeout
            | Self::Tls(_)
            | Self::Unavailable { .. }
            | Self::NoReply { .. }
            | Self::ConnectionLost(_)
            | Self::HeadTooLong(_)
            | Self::GatewayTimeout { .. }
            | Self::PerhapsRefused(_)
            | Self::UnknownCall { .. }
            | Self::FailedAtKnownCall { .. }
            | Self::CallIdReused
            | Self::Refused { .. }
            | Self::Failed { .. } => false,
        }
    }

    /// The failure and its causes in a line.
    pub fn in_full(&self) -> String {
        in_full(self)
    }

    /// All words of [`SendError::class`].
    pub const CLASSES: [&str; 30] = [
        "lookup",
        "connect",
        "connect-timeout",
        "tls-name",
        "tls-no-name",
        "tls-expired",
        "tls-not-yet-valid",
        "tls-self-signed",
        "tls-unknown-issuer",
        "tls-unverifiable",
        "tls-client-certificate",
        "tls-none",
        "tls",
        "unavailable",
        "no-reply",
        "connection-lost",
        "head-too-long",
        "gateway-timeout",
        "unknown-call",
        "call-id-reused",
        "refused",
        "failed",
        "wrong-token",
        "switched-off",
        "not-configured",
        "redirected",
        "no-such-page",
        "not-zammad",
        "broken-head",
        "not-http",
    ];

    /// A word for the failure that programs can rely on.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Lookup(_) | Self::LookupTimeout => "lookup",
            Self::Connect(_) => "connect",
            Self::ConnectTimeout => "connect-timeout",
            Self::Tls(fault) | Self::PerhapsRefused(fault) => match fault {
                TlsFault::Name { .. } => "tls-name",
                TlsFault::NoName => "tls-no-name",
                TlsFault::Expired => "tls-expired",
                TlsFault::NotYetValid => "tls-not-yet-valid",
                TlsFault::SelfSigned => "tls-self-signed",
                TlsFault::UnknownIssuer => "tls-unknown-issuer",
                TlsFault::Unverifiable(_) => "tls-unverifiable",
                TlsFault::ClientCertificate { .. } => "tls-client-certificate",
                TlsFault::NoTls => "tls-none",
                TlsFault::NoCommonWay(_) | TlsFault::TooOld(_) | TlsFault::Other(_) => "tls",
            },
            Self::Unavailable { .. } => "unavailable",
            Self::NoReply { .. } => "no-reply",
            Self::ConnectionLost(_) => "connection-lost",
            Self::HeadTooLong(_) => "head-too-long",
            Self::GatewayTimeout { .. } => "gateway-timeout",
            Self::UnknownCall { .. } => "unknown-call",
            Self::CallIdReused => "call-id-reused",
            Self::Refused { .. } => "refused",
            Self::Failed { .. } | Self::FailedAtKnownCall { .. } => "failed",
            Self::WrongToken => "wrong-token",
            Self::SwitchedOff => "switched-off",
            Self::NotConfigured => "not-configured",
            Self::Redirected { .. } => "redirected",
            Self::NoSuchPage => "no-such-page",
            Self::NotZammad { .. } => "not-zammad",
            Self::BrokenHead(_) => "broken-head",
            Self::NotHttp(_) => "not-http",
        }
    }

    /// What to do about it, in words for whoever runs the phone system or Zammad.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::Lookup(_) | Self::LookupTimeout => "check the host name in the URL, and this machine's DNS",
            Self::Connect(_) => {
                "check host and port in the URL, that Zammad or its proxy runs, the firewall, and the proxy variables"
            }
            Self::ConnectTimeout => "check host and port in the URL; a firewall may drop the packets",
            Self::Tls(fault) | Self::PerhapsRefused(fault) => match fault {
                TlsFault::Name { .. } => "use the name that the certificate is for in the URL",
                TlsFault::NoName => {
                    "give Zammad's web server a certificate with its host in subjectAltName; openssl req -x509 \
                     makes one with -addext subjectAltName=DNS:HOST"
                }
                TlsFault::Expired => "renew the certificate of Zammad's web server",
                TlsFault::NotYetValid => "set this machine's clock, or wait",
                TlsFault::SelfSigned => "name the certificate's PEM file with --ca-file",
                TlsFault::UnknownIssuer => {
                    "name the authority's PEM file with --ca-file, or let the web server send its chain"
                }
                TlsFault::Unverifiable(_) => {
                    "give Zammad's web server a certificate of version 3, with RSA from 2048 bits, P-256, P-384 or \
                     Ed25519, and SHA-256"
                }
                TlsFault::ClientCertificate { refused: false, .. } => {
                    "name a certificate and its key with --client-cert and --client-key"
                }
                TlsFault::ClientCertificate { refused: true, .. } => {
                    "check which client certificates Zammad's web server accepts, and whether this one has \
                    expired"
                }
                TlsFault::NoCommonWay(_) => {
                    "check the TLS settings of Zammad's web server: it needs ECDHE with AES-GCM or ChaCha20, not \
                     RSA key exchange, DHE or CBC alone, and a certificate with RSA, P-256, P-384 or Ed25519"
                }
                TlsFault::TooOld(_) => "allow TLS 1.2 or 1.3 in the TLS settings of Zammad's web server",
                TlsFault::NoTls => "use the https port in the URL, or http:// if there is none",
                TlsFault::Other(_) => "check the TLS settings of Zammad's web server",
            },
            Self::Unavailable { .. } => "wait until Zammad runs; if it runs, see its web server's log",
            Self::NoReply { .. } | Self::GatewayTimeout { .. } => {
                "Zammad may have the event; see how busy it is, or allow more time with --timeout and --deadline"
            }
            Self::ConnectionLost(_) => "Zammad may have the event; see its web server's log",
            Self::HeadTooLong(_) => {
                "Zammad may have the event; find the program that adds so much to the reply: a proxy, or another server"
            }
            Self::UnknownCall { .. } => {
                "send its new-call first, with the same call id; Zammad's production log has more under the Error ID"
            }
            Self::FailedAtKnownCall { .. } => {
                "Zammad may have the event; its production log has the cause under the Error ID: mostly a push to \
                 the agents' browsers that fails, or at an inbound answer the setting cti_customer_last_activity, \
                 which is a text where Zammad needs a number of seconds"
            }
            Self::CallIdReused => {
                "use an id only once a year, because Zammad keeps its caller log that long; put the host \
                and its start time in front of a counter that restarts"
            }
            Self::Refused { .. } | Self::Failed { .. } => "look for this request in Zammad's production log",
            Self::WrongToken => "copy the address again from Zammad's admin page: Integrations, CTI",
            Self::SwitchedOff => "switch it on in Zammad's admin page: Integrations, CTI",
            Self::NotConfigured => "open and save it in Zammad's admin page: Integrations, CTI",
            Self::Redirected { location, .. } if location.starts_with("https:") => {
                "use that address in the URL if it is Zammad's; otherwise a login page or another site \
                answers"
            }
            Self::Redirected { .. } => "use Zammad's own address in the URL; redirects are never followed",
            Self::NoSuchPage => "the URL ends with /api/v1/cti/TOKEN; copy it from Zammad's admin page",
            Self::NotZammad { .. } => {
                "check the URL: a proxy's page or another program answers there, or something changes Zammad's replies"
            }
            Self::BrokenHead(_) => "find the program that writes such a head: a proxy, or another server",
            Self::NotHttp(_) => "check the port in the URL, and whether it wants https://",
        }
    }
}

impl TlsFault {
    /// `asked` tells whether the server wanted a certificate before it gave up.
    pub(super) fn of(error: &rustls::Error, asked: Asked) -> Self {
        use rustls::{AlertDescription as Alert, CertificateError as Bad};
        let cause = || RootCause(error.to_string());
        match error {
            rustls::Error::AlertReceived(alert) => {
                if is_about_client(*alert, asked) {
                    let refused = asked == Asked::Shown;
                    return Self::ClientCertificate { refused, said: Some(cause()) };
                }
                match *alert {
                    Alert::HandshakeFailure | Alert::InsufficientSecurity => Self::NoCommonWay(cause()),
                    Alert::ProtocolVersion => Self::TooOld(cause()),
                    _ => Self::Other(cause()),
                }
            }
            rustls::Error::InvalidCertificate(bad) => match bad {
                Bad::NotValidForName => Self::Name { names: Vec::new() },
                Bad::NotValidForNameContext { presented, .. } => {
                    let hosts = presented.iter().filter_map(|name| host_of(name));
                    let names: Vec<_> = hosts.collect();
                    if names.is_empty() { Self::NoName } else { Self::Name { names } }
                }
                Bad::Expired | Bad::ExpiredContext { .. } => Self::Expired,
                Bad::NotValidYet | Bad::NotValidYetContext { .. } => Self::NotYetValid,
                Bad::UnknownIssuer => Self::UnknownIssuer,
                Bad::Other(other) if other.0.is::<super::tls::SelfSigned>() => Self::SelfSigned,
                Bad::Other(other) if other.0.is::<Unverifiable>() => {
                    Self::Unverifiable(other.0.downcast_ref().cloned().unwrap_or(Unverifiable::Kind))
                }
                Bad::UnsupportedSignatureAlgorithmContext { .. }
                | Bad::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
                    Self::Unverifiable(Unverifiable::Kind)
                }
                _ => Self::Other(cause()),
            },
            rustls::Error::InvalidMessage(_) => Self::NoTls,
            rustls::Error::PeerIncompatible(reason) => match reason {
                rustls::PeerIncompatible::ServerDoesNotSupportTls12Or13
                | rustls::PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig => Self::TooOld(cause()),
                _ => Self::NoCommonWay(cause()),
            },
            // Where nothing is verified, every kind of signature was offered.
            rustls::Error::PeerMisbehaved(rustls::PeerMisbehaved::SignedKxWithWrongAlgorithm) => {
                Self::Unverifiable(Unverifiable::InTls12)
            }
            _ => Self::Other(cause()),
        }
    }
}

/// Whether a server says with this alert that it wants a certificate, or another one.
///
/// Source: RFC 8446, section 6.2. In TLS 1.2 a server without one says what it says of anything.
fn is_about_client(alert: rustls::AlertDescription, asked: Asked) -> bool {
    use rustls::AlertDescription as Alert;
    match alert {
        Alert::CertificateRequired => true,
        Alert::NoCertificate
        | Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateExpired
        | Alert::CertificateUnknown
        | Alert::UnknownCA
        | Alert::AccessDenied
        | Alert::DecryptError
        | Alert::HandshakeFailure => asked != Asked::Nothing,
        _ => false,
    }
}

/// A host from a certificate, which rustls presents as `DnsName("zammad.example.com")`. Others have addresses of mail
/// and more.
fn host_of(presented: &str) -> Option<String> {
    let address = presented.strip_prefix("IpAddress(").and_then(|rest| rest.strip_suffix(')'));
    let name = presented.strip_prefix("DnsName(").and_then(|rest| rest.split('"').nth(1));
    let host = address.or(name)?;
    Some(host.chars().filter(|c| !c.is_control()).take(100).collect())
}

/// What hyper met with: it may stand below another error of its own, that the request was not begun.
fn parsed<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a hyper::Error> {
    let mut error = find::<hyper::Error>(error)?;
    while let Some(cause) = error.source().and_then(|cause| find::<hyper::Error>(cause)) {
        error = cause;
    }
    Some(error)
}

/// Whether the server says what is no HTTP, or talks before it is asked.
///
/// hyper has no word for the latter. It is what remains: a failure without a word that has no
/// cause either.
fn is_no_http(error: &hyper::Error) -> bool {
    let has_a_word = error.is_user()
        || error.is_canceled()
        || error.is_closed()
        || error.is_incomplete_message()
        || error.is_shutdown()
        || error.is_timeout();
    error.is_parse() || (!has_a_word && error.source().is_none())
}

/// Whether an answer is HTTP up to a line of its head that cannot be read.
fn is_broken_head(error: &hyper::Error) -> bool {
    // hyper tells what it could not read by nothing else.
    error.is_parse() && !error.is_parse_too_large() && error.to_string() != "invalid HTTP version parsed"
}

/// Whether the head of an answer has too many lines, or is too long.
fn is_too_long(error: &(dyn Error + 'static)) -> bool {
    parsed(error).is_some_and(hyper::Error::is_parse_too_large)
}

/// The first error of a type among the causes of another.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        // An I/O error hides what it wraps: its source is the wrapped error's source.
        next = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use futures_util::future::join;
    use hyper::Request;
    use hyper::client::conn::http1;
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// What becomes of a request to a server that says this before it is asked, and closes.
    fn failure(says: &[u8]) -> hyper::Error {
        let work = async {
            let (mut server, client) = tokio::io::duplex(1000);
            server.write_all(says).await.unwrap();
            drop(server);
            let (mut sender, connection) = http1::handshake(TokioIo::new(client)).await.unwrap();
            join(sender.send_request(Request::new(String::new())), connection).await.0.unwrap_err()
        };
        crate::client::block_on(work).unwrap()
    }

    #[test]
    fn a_cause_is_told_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("the connection broke")]
        struct Broken(#[source] Talkative);
        #[derive(Debug, thiserror::Error)]
        #[error("protocol error: {0}")]
        struct Talkative(#[source] std::fmt::Error);
        let cause = std::fmt::Error.to_string();
        let told = in_full(&Broken(Talkative(std::fmt::Error)));
        assert_eq!(told, format!("the connection broke: protocol error: {cause}"));
    }

    #[test]
    fn a_server_that_talks_first_is_no_http() {
        let is_one = |says| is_no_http(parsed(&failure(says)).unwrap());
        assert!(is_one(b"220 mail.example.com ESMTP Postfix\r\n"));
        assert!(!is_one(b""), "a server that closes");
    }

    /// What becomes of a request that is answered with this.
    fn failure_of_reply(says: &[u8]) -> hyper::Error {
        let work = async {
            let (mut server, client) = tokio::io::duplex(1000);
            let (mut sender, connection) = http1::handshake(TokioIo::new(client)).await.unwrap();
            let answering = async {
                let _ = server.read(&mut [0; 1000]).await;
                server.write_all(says).await.unwrap();
                drop(server);
            };
            join(join(sender.send_request(Request::new(String::new())), connection), answering).await.0.0
        };
        crate::client::block_on(work).unwrap().unwrap_err()
    }

    #[test]
    fn a_head_that_cannot_be_read_is_told_from_another_protocol() {
        // (what the server says, whether it is HTTP so far)
        let cases: [(&[u8], bool); 9] = [
            (b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n", true),
            (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", true),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", true),
            (b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n{}", true),
            (b"HTTP/1.1 abc OK\r\n\r\n", true),
            (b"SSH-2.0-OpenSSH_9.2p1\r\n", false),
            (b"\x15\x03\x01\0\x02\x02\x46", false),
            (b"HTTP/2.0 200 OK\r\n\r\n", false),
            (b"<html>\r\n", false),
        ];
        for (says, is_http) in cases {
            let error = failure_of_reply(says);
            let error = parsed(&error).unwrap();
            let what = format!("{:?}: {error}", String::from_utf8_lossy(says));
            assert_eq!((is_broken_head(error), is_no_http(error)), (is_http, true), "{what}");
        }
    }
}
