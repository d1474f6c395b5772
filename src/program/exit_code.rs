//! Every exit code, its meaning, and which error has it. A released number keeps its meaning.

use std::error::Error;
use std::fmt;

use crate::agi::AgiError;
use crate::bridge::recording::RecordingError;
use crate::bridge::system::AccountError;
use crate::bridge::webhook::BadBody;
use crate::cause::UnknownCause;
use crate::client::{CallerLogError, ClientError, SendError};
use crate::config::ConfigError;
use crate::delivery::{ReadingError, Undelivered, Untried};
use crate::event::{CallId, EventError, WrittenError};
use crate::number::NumberError;
use crate::sandbox::SandboxError;
use crate::simulation::{NumbersError, ScenarioError, UnknownScenario};
use crate::spool::{Position, SpoolError};

use crate::program::commands::ImportError;
use crate::program::output::OutputError;
use crate::program::safe_text::one_argument;

/// Words on the command line that do not go together.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub &'static str);

impl UsageError {
    pub const NO_DIRECTION: Self = Self("the direction must be `in` or `out`");
}

/// A call took another course than its scenario.
#[derive(Debug, thiserror::Error)]
#[error("a call did not meet its expectations")]
pub struct NotAsExpected;

/// An error that is told, and changes nothing: the caller's phone rings on.
#[derive(Debug, thiserror::Error)]
#[error("the call goes on")]
pub struct CallGoesOn;

/// A signal that asks for the end, or would bring it because nobody has another use for it. Those of faults in a
/// program are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndSignal {
    Terminate,
    Interrupt,
    /// the terminal is gone
    Hangup,
    Quit,
    User1,
    User2,
    Alarm,
    StackFault,
    /// the processor time of a limit is used up
    CpuLimit,
    VirtualAlarm,
    Profiling,
    Io,
    Power,
}

impl EndSignal {
    pub const ALL: [Self; 13] = [
        Self::Terminate,
        Self::Interrupt,
        Self::Hangup,
        Self::Quit,
        Self::User1,
        Self::User2,
        Self::Alarm,
        Self::StackFault,
        Self::CpuLimit,
        Self::VirtualAlarm,
        Self::Profiling,
        Self::Io,
        Self::Power,
    ];

    /// The system's number, its name, and the exit code that a shell gives a process which it has ended.
    fn facts(self) -> (i32, &'static str, ExitCode) {
        match self {
            Self::Terminate => (libc::SIGTERM, "SIGTERM", ExitCode::Terminated),
            Self::Interrupt => (libc::SIGINT, "SIGINT", ExitCode::Interrupted),
            Self::Hangup => (libc::SIGHUP, "SIGHUP", ExitCode::HungUp),
            Self::Quit => (libc::SIGQUIT, "SIGQUIT", ExitCode::BySigquit),
            Self::User1 => (libc::SIGUSR1, "SIGUSR1", ExitCode::BySigusr1),
            Self::User2 => (libc::SIGUSR2, "SIGUSR2", ExitCode::BySigusr2),
            Self::Alarm => (libc::SIGALRM, "SIGALRM", ExitCode::BySigalrm),
            Self::StackFault => (libc::SIGSTKFLT, "SIGSTKFLT", ExitCode::BySigstkflt),
            Self::CpuLimit => (libc::SIGXCPU, "SIGXCPU", ExitCode::BySigxcpu),
            Self::VirtualAlarm => (libc::SIGVTALRM, "SIGVTALRM", ExitCode::BySigvtalrm),
            Self::Profiling => (libc::SIGPROF, "SIGPROF", ExitCode::BySigprof),
            Self::Io => (libc::SIGIO, "SIGIO", ExitCode::BySigio),
            Self::Power => (libc::SIGPWR, "SIGPWR", ExitCode::BySigpwr),
        }
    }

    pub fn number(self) -> i32 {
        self.facts().0
    }

    pub fn exit_code(self) -> ExitCode {
        self.facts().2
    }
}

impl fmt::Display for EndSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.facts().1)
    }
}

/// A signal ended the process before an event was delivered or kept.
#[derive(Debug, thiserror::Error)]
#[error("interrupted by {0}")]
pub struct EndedBy(pub EndSignal);

/// What fastagi is to ask its peers for cannot be read, or is none.
#[derive(Debug, thiserror::Error)]
#[error("the secret of fastagi")]
pub struct UnusableSecret(#[source] pub Box<dyn Error + Send + Sync>);

/// Another process follows the same phone system with the same spool.
#[derive(Debug, thiserror::Error)]
#[error(
    "another bridge{} follows {whom} with this spool; end it, or use --dry-run",
    who.as_ref().map(|who| format!(" ({who})")).unwrap_or_default()
)]
pub struct AnotherBridge {
    /// the phone system
    pub whom: String,
    /// the other process, if that is known
    pub who: Option<String>,
}

/// The spool has no events with these numbers.
#[derive(Debug, thiserror::Error)]
#[error("there is no event {}", shown(.0))]
pub struct NoSuchEvent(pub Vec<Position>);

fn shown(positions: &[Position]) -> String {
    positions.iter().map(|position| position.0.to_string()).collect::<Vec<_>>().join(", ")
}

/// The journal has no call with this id.
#[derive(Debug, thiserror::Error)]
#[error("no call {0} was reported from here; `hangup --call-id` ends a call that only Zammad knows")]
pub struct NoSuchCall(pub CallId);

/// A call has had a hangup, and nobody knows whether Zammad has it.
#[derive(Debug, thiserror::Error)]
#[error("it is not known whether Zammad has the hangup of call {0}; a second one could hide a missed call")]
pub struct HangupInDoubt(pub CallId);

impl HangupInDoubt {
    fn next_step(&self) -> String {
        format!(
            "look at the call in Zammad's caller log: if it rings there, `calls close --force {0}`; if it has \
             ended, `calls close --forget {0}`",
            one_argument(self.0.as_str())
        )
    }
}

/// An error of `check`, whose codes are those of monitoring systems.
#[derive(Debug, thiserror::Error)]
#[error("nothing was checked")]
pub struct NotChecked;

/// What the process tells whoever started it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    Ok = 0,
    NotAsExpected = 1,
    Usage = 2,
    Unknown = 3,
    Rejected = 10,
    InvalidEvent = 65,
    Unavailable = 69,
    Internal = 70,
    LocalFile = 74,
    NotZammad = 76,
    Token = 77,
    Configuration = 78,
    HungUp = 129,
    Interrupted = 130,
    BySigquit = 131,
    BySigusr1 = 138,
    BySigusr2 = 140,
    BySigalrm = 142,
    Terminated = 143,
    BySigstkflt = 144,
    BySigxcpu = 152,
    BySigvtalrm = 154,
    BySigprof = 155,
    BySigio = 157,
    BySigpwr = 158,
}

/// What stands below the short help: where to start.
pub const START: &str = "\
Where to start:
  zammad-cti simulate         play calls; nothing leaves this machine
  zammad-cti config init      write a configuration file
  zammad-cti check            check the connection to Zammad
  zammad-cti new-call --help  show all flags and settings of a command";

/// What stands below the help and in the man page.
pub const HELP: &str = "\
Settings: the flags under Zammad, Numbers and Spool, and --output, --reject-exit and --fail-open,
are also variables and keys of the configuration file: --ca-file is ZAMMAD_CTI_CA_FILE and ca_file.
A command only takes the flags that count for it; `zammad-cti config show --help` lists all of them.
Flags override variables; variables override the file. ZAMMAD_CTI_CONFIG names the file, and
ZAMMAD_CTI_PROFILE the profile. Other users can see a command line in the list of processes, so put
a token into the file or the variable.

Exit codes:
  0   delivered, or safe in the spool (the output says which), or done as asked
  1   a simulated call did not meet an expectation
  2   usage: an unknown flag or command, or a missing value
  10  delivered, and Zammad rejects the call; only with --reject-exit
  65  invalid event: this program refused it, or Zammad did (422, an unknown call id, a call id
      that was used before); or there is no such event or call here; or a hangup was delivered
      without its cause, because the cause is unknown
  69  Zammad was unreachable, failed, or did not reply in time, after retries, and no spool kept
      the event, or it is only kept as unconfirmed
  70  internal error: a bug in this program, or a machine out of resources
  74  a local file, the spool or standard output could not be read or written; or
      another bridge follows the same phone system with the same spool
  76  something other than Zammad answered: a redirect, an HTML page, other JSON, 404
  77  Zammad refused the token
  78  configuration: a setting is missing or broken, or the integration is switched off or not
      configured in Zammad
  129 SIGHUP ended the process before the event was delivered or kept, or before all lines,
      calls or waiting events had their turn
  130 the same with SIGINT; or one of these signals ended simulate: open calls got their hangup,
      unless the signal came twice
  143 the same with SIGTERM; likewise 131 with SIGQUIT, 138 with SIGUSR1, 140 with SIGUSR2,
      142 with SIGALRM, 144 with SIGSTKFLT, 152 with SIGXCPU, 154 with SIGVTALRM, 155 with
      SIGPROF, 157 with SIGIO, 158 with SIGPWR
`check` uses the exit codes of monitoring systems: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.";

/// The same below the help of `check`.
pub const CHECK_HELP: &str = "\
Exit codes of this command are those of monitoring systems:
  0  OK: events would be accepted
  1  WARNING: events would be accepted, but a limit of -w is exceeded: the time, the
     certificate, or the spool
  2  CRITICAL: events would not be accepted, the spool cannot be used, or a limit of -c is
     exceeded
  3  UNKNOWN: nothing was checked: the command line is wrong, the configuration is missing or
     broken, or the result cannot be written
The worst of several profiles counts, in the order CRITICAL, UNKNOWN, WARNING, OK.

Write limits like -w time=800ms,days=21 -c time=3s,days=10. A limit is exceeded if
  time=TIME      the whole request takes longer: connection, TLS and reply
  days=COUNT     the certificate expires in fewer days
  waiting=COUNT  this many events or more wait in the spool
  age=TIME       an event has waited for longer
  dead=COUNT     this many events or more were given up or are unconfirmed
  stuck=COUNT    this many calls or more have been open for longer than --stuck-after";

/// What stands below the help of `spool`: what it promises.
pub const SPOOL_HELP: &str = "\
Promises:
  1. Accepted means durable. `spooled` is printed when the event is on disk, where it survives a
     power cut. A signal that ends a command (such as SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGALRM)
     does not lose its event: the command keeps the event first. Only SIGKILL, real-time signals
     and those of a crash leave no time for that.
  2. At least once, and never silently lost. An accepted event is sent until Zammad has it, or
     until it is given up. Then it stays here with its reason. Zammad may get an event twice. But
     the hangup of an unanswered call is not repeated if its reply is lost or not from Zammad,
     because a second copy would hide a missed call. An answer is repeated once, within its first
     5s. After that, such events are `unconfirmed`. With api_token, Zammad's caller log is asked
     whether they arrived. A proxy that does not reach Zammad (502, 503) counts as a lost reply if
     Zammad answers right after. If not, the event is sent again when Zammad answers again. An
     event whose second copy does harm uses a new connection, because an open one may be closed at
     that moment.
  3. The events of a call are sent in order, whatever process reports them. If one event of a call
     waits here, the later ones wait as well.
  4. A failing call does not delay other calls. It is tried again after 1s, 2s and so on up to 10
     minutes, and given up after 30 attempts during which others arrived. If Zammad takes no
     events at all, sending is on hold. Zammad is asked now and then, by a request that leaves
     nothing there, whether it takes events again. Until then, new events are kept at once. A
     newCall is tried once, for spool.held_timeout. `spool run` reads its configuration again on
     SIGHUP, and when a file of it changes, such as the token file. Attempts on their way go on.
  5. Its size is limited by spool.max_events and spool.max_bytes. At a limit, dead events are
     removed first. Then spool.policy says whether a newCall is refused, and its sender told, or
     the event that has waited longest is dropped. Both are counted. Answers and hangups still
     have room, up to twice the limit, because a call without its hangup rings for ever.
  6. Late events are honest. Zammad stamps an event when it arrives. A newCall and a hangup are
     sent late, up to spool.max_age, because a missed call counts. An answer is given up after
     spool.max_age_answer, because it would open a ticket screen long after the talk.
  7. A lock ends with the process that held it. Any number of processes may send what waits. Each
     event has one attempt at a time.
  8. Damage stops nothing. A damaged file is set aside as FILE.damaged-TIME and counted, and its
     readable events go into a new file. A damaged event is given up, and the others are sent.
  9. Only its owner can read the file (mode 0600; in a folder with mode 2770, its group as well).
     It contains numbers and names, but no token. It has only one name, so that all processes see
     the same events: a file that is mounted by itself or has a hard link is refused.";

impl ExitCode {
    /// `check` speaks the codes of monitoring systems: the number counts, and not its other meaning.
    pub const WARNING: Self = Self::NotAsExpected;
    pub const CRITICAL: Self = Self::Usage;

    /// The code of the first error among the causes that has one.
    pub fn of(error: &anyhow::Error) -> Self {
        if error.is::<CallGoesOn>() {
            return Self::Ok;
        }
        if error.is::<NotChecked>() {
            return Self::Unknown;
        }
        if let Some(EndedBy(signal)) = error.downcast_ref::<EndedBy>() {
            return signal.exit_code();
        }
        error.chain().find_map(known).unwrap_or(Self::Internal)
    }

    /// The class of an error that never became an attempt.
    pub fn class(self) -> &'static str {
        match self {
            Self::InvalidEvent => "invalid",
            Self::Configuration => "configuration",
            Self::Ok
            | Self::NotAsExpected
            | Self::Usage
            | Self::Unknown
            | Self::Rejected
            | Self::Unavailable
            | Self::Internal
            | Self::LocalFile
            | Self::NotZammad
            | Self::Token
            | Self::HungUp
            | Self::Interrupted
            | Self::BySigquit
            | Self::BySigusr1
            | Self::BySigusr2
            | Self::BySigalrm
            | Self::Terminated
            | Self::BySigstkflt
            | Self::BySigxcpu
            | Self::BySigvtalrm
            | Self::BySigprof
            | Self::BySigio
            | Self::BySigpwr => "internal",
        }
    }

    /// The code of a failed delivery.
    pub fn of_send(error: &SendError) -> Self {
        match error {
            SendError::Lookup(_)
            | SendError::LookupTimeout
            | SendError::Connect(_)
            | SendError::ConnectTimeout
            | SendError::Tls(_)
            | SendError::Unavailable { .. }
            | SendError::NoReply { .. }
            | SendError::ConnectionLost(_)
            | SendError::HeadTooLong(_)
            | SendError::GatewayTimeout { .. }
            | SendError::PerhapsRefused(_)
            | SendError::FailedAtKnownCall { .. }
            | SendError::Failed { .. } => Self::Unavailable,
            SendError::UnknownCall { .. } | SendError::CallIdReused | SendError::Refused { .. } => {
                Self::InvalidEvent
            }
            SendError::WrongToken => Self::Token,
            SendError::SwitchedOff | SendError::NotConfigured => Self::Configuration,
            SendError::Redirected { .. }
            | SendError::NoSuchPage
            | SendError::NotZammad { .. }
            | SendError::BrokenHead(_)
            | SendError::NotHttp(_) => Self::NotZammad,
        }
    }
}

/// What reads the caller log.
const API_TOKEN: &str = "set api_token to an access token of a user with the permission cti.agent (in Zammad: avatar, \
                         Profile, Token Access)";

/// What to do about an error, and what to look for in Zammad's log, where it knows.
pub fn advice(error: &anyhow::Error) -> Option<String> {
    if let Some(doubt) = error.downcast_ref::<HangupInDoubt>() {
        return Some(doubt.next_step());
    }
    let Some(undelivered) = error.chain().find_map(|error| error.downcast_ref::<Undelivered>()) else {
        if error.chain().any(|error| matches!(error.downcast_ref(), Some(CallerLogError::NoPermission(_)))) {
            return Some(API_TOKEN.to_owned());
        }
        let error = error.chain().find_map(|error| error.downcast_ref::<SendError>())?;
        return Some(error.next_step().to_owned());
    };
    Some(format!("{} ({})", undelivered.error.next_step(), undelivered.effort))
}

fn known(error: &(dyn Error + 'static)) -> Option<ExitCode> {
    if let Some(error) = error.downcast_ref::<SendError>() {
        return Some(ExitCode::of_send(error));
    }
    if let Some(error) = error.downcast_ref::<ClientError>() {
        return Some(match error {
            ClientError::Config(_) | ClientError::Trust(_) | ClientError::Proxy(_) => ExitCode::Configuration,
            ClientError::Http(_) | ClientError::Runtime(_) => ExitCode::Internal,
            ClientError::ForAll(reason) => return known(&**reason),
        });
    }
    if let Some(error) = error.downcast_ref::<ReadingError>() {
        return match error {
            ReadingError::Written(error) => known(error),
            ReadingError::NoJournal(error) => known(error),
            ReadingError::Journal(error) => known(error),
            ReadingError::Profile(error) => known(error),
        };
    }
    if error.is::<WrittenError>()
        || error.is::<EventError>()
        || error.is::<NumberError>()
        || error.is::<UnknownCause>()
        || error.is::<NoSuchEvent>()
        || error.is::<NoSuchCall>()
        || error.is::<BadBody>()
    {
        return Some(ExitCode::InvalidEvent);
    }
    if error.is::<HangupInDoubt>() {
        return Some(ExitCode::Unavailable);
    }
    if let Some(untried) = error.downcast_ref::<Untried>() {
        return match untried {
            // What is wrong with the spool.
            Untried::PerhapsKept(_) => None,
            Untried::Another | Untried::CutShort(_) => Some(ExitCode::Unavailable),
        };
    }
    if let Some(error) = error.downcast_ref::<SpoolError>() {
        return Some(match error {
            SpoolError::Full { .. } => ExitCode::Unavailable,
            SpoolError::Event(_) => ExitCode::Internal,
            SpoolError::File { .. }
            | SpoolError::Database { .. }
            | SpoolError::Newer { .. }
            | SpoolError::Foreign { .. }
            | SpoolError::Slow { .. } => ExitCode::LocalFile,
        });
    }
    let is_of_bridge = error.is::<AccountError>();
    if is_of_bridge || error.is::<ConfigError>() || error.is::<SandboxError>() || error.is::<UnusableSecret>()
    {
        return Some(ExitCode::Configuration);
    }
    if let Some(error) = error.downcast_ref::<CallerLogError>() {
        // The others have a cause that says more.
        return match error {
            CallerLogError::Token => Some(ExitCode::Configuration),
            CallerLogError::NoPermission(_) => Some(ExitCode::Token),
            CallerLogError::NoLog(_) => Some(ExitCode::NotZammad),
            CallerLogError::NoRow(_) => Some(ExitCode::InvalidEvent),
            CallerLogError::Client(_) | CallerLogError::Send(_) => None,
        };
    }
    if let Some(error) = error.downcast_ref::<ScenarioError>() {
        return match error {
            ScenarioError::Unreadable { .. } => Some(ExitCode::LocalFile),
            ScenarioError::Broken { .. } => Some(ExitCode::InvalidEvent),
            ScenarioError::CannotFail { .. } => Some(ExitCode::Usage),
        };
    }
    if let Some(error) = error.downcast_ref::<NumbersError>() {
        return Some(match error {
            NumbersError::Unreadable { .. } => ExitCode::LocalFile,
            NumbersError::Broken { .. }
            | NumbersError::Heading { .. }
            | NumbersError::Line { .. }
            | NumbersError::Empty { .. } => ExitCode::InvalidEvent,
        });
    }
    if let Some(error) = error.downcast_ref::<AgiError>() {
        return Some(match error {
            AgiError::Stream(_) | AgiError::Closed => ExitCode::LocalFile,
            AgiError::LongHeader | AgiError::LongReply | AgiError::NoCall | AgiError::Unknown { .. } => {
                ExitCode::InvalidEvent
            }
        });
    }
    if let Some(error) = error.downcast_ref::<ImportError>() {
        return Some(match error {
            ImportError::Unreadable(_) => ExitCode::LocalFile,
            ImportError::Unusable { .. } | ImportError::UnusableYaml { .. } | ImportError::NotText { .. } => {
                ExitCode::Configuration
            }
        });
    }
    if error.is::<UnknownScenario>() || error.is::<UsageError>() {
        return Some(ExitCode::Usage);
    }
    if error.is::<NotAsExpected>() {
        return Some(ExitCode::NotAsExpected);
    }
    if let Some(error) = error.downcast_ref::<AccountError>() {
        return Some(match error {
            AccountError::Settings(_) | AccountError::Trust(_) => ExitCode::Configuration,
        });
    }
    if let Some(error) = error.downcast_ref::<RecordingError>() {
        return Some(match error {
            RecordingError::Unreadable(_) => ExitCode::LocalFile,
            RecordingError::Strange { .. } | RecordingError::CutOff { .. } | RecordingError::Empty => {
                ExitCode::InvalidEvent
            }
        });
    }
    if error.is::<AnotherBridge>() {
        return Some(ExitCode::LocalFile);
    }
    // Any other file or stream: what a configuration cannot be read from has its own error.
    (error.is::<OutputError>() || error.is::<std::io::Error>()).then_some(ExitCode::LocalFile)
}
