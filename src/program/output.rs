//! Results as text, JSON or shell words, written to any `Write`.

use std::fmt::Write as _;
use std::io::{ErrorKind, IsTerminal, Write};
use std::mem::MaybeUninit;
use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};

use crate::action::Action;
use crate::client::{Request, in_full};
use crate::config::{ClientCertificate, Config, ConfigError, Endpoint, Format, Settings, redact, shown};
use crate::delivery::{Delivered, Effort, Undelivered};
use crate::event::{CallEvent, Direction, EventKind};

use crate::program::safe_text::{in_words, json, one_word, printable, quoted};

/// The result could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the result")]
pub struct OutputError(#[source] pub std::io::Error);

/// The version of the JSON objects: keys are added, but never renamed or given another meaning.
pub const VERSION: u8 = 1;

/// Zammad could not be asked, and the event is safe on disk.
const SPOOLED: &str = "spooled";

/// How many characters are shown of an id that is too long to read.
const SHOWN_OF_ID: usize = 80;

/// One value of a result, for `--field`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Field {
    Event,
    CallId,
    Direction,
    Delivery,
    Action,
    Reason,
    CallerId,
    Number,
    Attempts,
    ElapsedMs,
    RequestId,
    Error,
    ErrorClass,
}

impl Field {
    /// Whether it is a part of Zammad's decision, and means nothing where there is none.
    fn is_decision(self) -> bool {
        match self {
            Self::Action | Self::Reason | Self::CallerId | Self::Number => true,
            Self::Event
            | Self::CallId
            | Self::Direction
            | Self::Delivery
            | Self::Attempts
            | Self::ElapsedMs
            | Self::RequestId
            | Self::Error
            | Self::ErrorClass => false,
        }
    }
}

/// What became of one event.
#[derive(Debug, Serialize)]
pub struct Report {
    version: u8,
    /// the line of the input, for `send`
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<EventKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    direction: Option<Direction>,
    delivery: Delivery,
    #[serde(flatten)]
    decision: Decision,
    attempts: u32,
    elapsed_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// why there is no delivery
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// a word for it that programs can rely on
    #[serde(skip_serializing_if = "Option::is_none")]
    error_class: Option<&'static str>,
    /// what the last attempt met with, and what to do about it
    #[serde(skip)]
    trouble: Option<String>,
}

/// What the phone system is to do.
#[derive(Debug)]
enum Decision {
    /// as Zammad wants it; or nothing, where it was not asked
    Made(Action),
    /// Zammad has decided, and its reply is lost: the call goes on by its default.
    Lost,
    /// Zammad could not be asked, and the event is safe on disk.
    Spooled,
}

/// A decision in JSON.
#[derive(Serialize)]
struct Decided<'a> {
    action: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<&'a str>,
}

impl Serialize for Decision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (reason, caller_id, number) = (self.reason(), self.caller_id(), self.number());
        Decided { action: self.word(), reason, caller_id, number }.serialize(serializer)
    }
}

impl Decision {
    fn word(&self) -> &str {
        match self {
            Self::Made(action) => action.word(),
            Self::Lost => "unknown",
            Self::Spooled => SPOOLED,
        }
    }

    /// The words a dialplan branches on; what it does not know is nothing to do.
    fn text(&self) -> String {
        match self {
            Self::Made(Action::Reject { reason }) => format!("reject {}", one_word(reason)),
            Self::Made(Action::Dial { caller_id, number }) => {
                format!("dial {} {}", one_word(caller_id), one_word(number))
            }
            Self::Made(Action::None | Action::Unknown(_)) | Self::Lost => "none".to_owned(),
            Self::Spooled => SPOOLED.to_owned(),
        }
    }

    /// why a call is rejected
    fn reason(&self) -> Option<&str> {
        match self {
            Self::Made(Action::Reject { reason }) => Some(reason),
            Self::Made(Action::None | Action::Dial { .. } | Action::Unknown(_))
            | Self::Lost
            | Self::Spooled => None,
        }
    }

    /// what a call is to show
    fn caller_id(&self) -> Option<&str> {
        self.dialled().map(|(caller_id, _)| caller_id)
    }

    /// whom to call
    fn number(&self) -> Option<&str> {
        self.dialled().map(|(_, number)| number)
    }

    fn dialled(&self) -> Option<(&str, &str)> {
        match self {
            Self::Made(Action::Dial { caller_id, number }) => Some((caller_id, number)),
            Self::Made(Action::None | Action::Reject { .. } | Action::Unknown(_))
            | Self::Lost
            | Self::Spooled => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Delivery {
    Delivered,
    /// safe on disk
    Spooled,
    Failed,
}

impl Report {
    pub fn delivered(event: &CallEvent, delivered: &Delivered) -> Self {
        Self {
            decision: delivered.action.clone().map_or(Decision::Lost, Decision::Made),
            ..Self::new(Delivery::Delivered, Some(&delivered.effort)).about(event)
        }
    }

    pub fn undelivered(event: &CallEvent, error: &Undelivered) -> Self {
        Self {
            error_class: Some(error.error.class()),
            trouble: Some(trouble(error)),
            ..Self::new(Delivery::Failed, Some(&error.effort)).about(event)
        }
    }

    /// An event that waits in the spool, and why, if it was tried.
    pub fn spooled(event: &CallEvent, tried: Option<&Undelivered>) -> Self {
        Self {
            decision: Decision::Spooled,
            error_class: tried.map(|tried| tried.error.class()),
            trouble: tried.map(trouble),
            ..Self::new(Delivery::Spooled, tried.map(|tried| &tried.effort)).about(event)
        }
    }

    /// An event that waits in the spool because this process has no way to Zammad.
    pub fn kept_unsent(event: &CallEvent, error_class: &'static str) -> Self {
        Self { error_class: Some(error_class), ..Self::spooled(event, None) }
    }

    /// A hangup that Zammad, or the spool, has already.
    pub fn ended_before(event: &CallEvent) -> Self {
        Self::new(Delivery::Delivered, None).about(event)
    }

    /// An event that never got as far as an attempt.
    pub fn unsent(error_class: &'static str) -> Self {
        Self { error_class: Some(error_class), ..Self::new(Delivery::Failed, None) }
    }

    /// Of which event it is, whatever its call is named: as much of it as tells calls apart.
    pub fn of(self, event: EventKind, call_id: &str) -> Self {
        let call_id = match call_id.char_indices().nth(SHOWN_OF_ID) {
            Some((end, _)) => format!("{}…", &call_id[..end]),
            None => call_id.to_owned(),
        };
        Self { event: Some(event), call_id: Some(call_id), ..self }
    }

    pub fn at_line(self, line: u64) -> Self {
        Self { line: Some(line), ..self }
    }

    pub fn because(self, error: &anyhow::Error, endpoint: Option<&Endpoint>) -> Self {
        let text = format!("{error:#}");
        let text = endpoint.map_or_else(|| redact(&text), |endpoint| endpoint.redact(&text));
        Self { error: Some(printable(&in_words(&text))), ..self }
    }

    /// Why an event is in the spool that was to go to Zammad at once.
    pub fn why_spooled(&self) -> Option<&str> {
        self.error.as_deref().filter(|_| matches!(self.decision, Decision::Spooled))
    }

    /// Whether it waits in the spool.
    pub fn is_spooled(&self) -> bool {
        match self.delivery {
            Delivery::Spooled => true,
            Delivery::Delivered | Delivery::Failed => false,
        }
    }

    /// What the last attempt met with, whichever event it was, and what to do about it.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Whether Zammad has taken the event just now.
    pub fn has_arrived(&self) -> bool {
        match self.delivery {
            Delivery::Delivered => self.attempts > 0,
            Delivery::Spooled | Delivery::Failed => false,
        }
    }

    /// The same of a hangup that went without something that could not be read, and why.
    pub fn sent_without(self, reason: Option<&str>) -> Self {
        let error = reason.map(|reason| printable(&redact(reason)));
        Self { error: error.or(self.error), ..self }
    }

    /// Zammad does not want the call.
    pub fn rejects(&self) -> bool {
        self.decision.reason().is_some()
    }

    /// Neither Zammad nor the spool has the event.
    pub fn is_lost(&self) -> bool {
        self.delivery == Delivery::Failed
    }

    pub fn about(self, event: &CallEvent) -> Self {
        Self {
            event: Some(event.kind),
            call_id: Some(event.call_id.to_string()),
            direction: Some(event.direction),
            ..self
        }
    }

    fn new(delivery: Delivery, effort: Option<&Effort>) -> Self {
        Self {
            version: VERSION,
            line: None,
            event: None,
            call_id: None,
            direction: None,
            delivery,
            decision: Decision::Made(Action::None),
            attempts: effort.map_or(0, |effort| effort.attempts),
            elapsed_ms: effort.map_or(0, |effort| millis(effort.elapsed)),
            request_id: effort.map(|effort| effort.request_id.to_string()),
            error: None,
            error_class: None,
            trouble: None,
        }
    }

    /// What became of the event, in a line for a log.
    pub fn summary(&self) -> String {
        let fate = self.fate();
        match (self.event, &self.call_id) {
            (Some(event), Some(call_id)) => {
                let what = format!("{event} of call {}", printable(call_id));
                // An error may say it itself.
                if !self.is_spooled() && fate.contains(&what) { fate } else { format!("{what}: {fate}") }
            }
            (Some(_) | None, _) => fate,
        }
    }

    /// What became of the event, without saying of which.
    pub fn fate(&self) -> String {
        match (&self.error, &self.decision) {
            (Some(error), Decision::Spooled) => format!("spooled, as {error}"),
            (Some(error), Decision::Made(_) | Decision::Lost) => error.clone(),
            // A caller whom Zammad blocks may have got through.
            (None, Decision::Lost) => format!("the decision is lost ({} ms)", self.elapsed_ms),
            (None, decision @ (Decision::Made(_) | Decision::Spooled)) => {
                format!("{} ({} ms)", decision.text(), self.elapsed_ms)
            }
        }
    }

    /// The same for a page, where no dialplan reads the decision: `none` would look like no reply.
    pub fn fate_on_page(&self) -> String {
        match (&self.error, &self.decision) {
            (None, Decision::Made(Action::None)) => format!("delivered ({} ms)", self.elapsed_ms),
            _ => self.fate(),
        }
    }

    pub fn field(&self, field: Field) -> String {
        let text = |text: &Option<String>| printable(text.as_deref().unwrap_or_default());
        let decision = &self.decision;
        match field {
            Field::Event => self.event.map_or_else(String::new, |event| event.to_string()),
            Field::CallId => text(&self.call_id),
            Field::Direction => self.direction.map_or_else(String::new, |direction| direction.to_string()),
            Field::Delivery => self.delivery_word().to_owned(),
            Field::Action => decision.text().split(' ').next().unwrap_or_default().to_owned(),
            Field::Reason => decision.reason().map(printable).unwrap_or_default(),
            Field::CallerId => decision.caller_id().map(one_word).unwrap_or_default(),
            Field::Number => decision.number().map(one_word).unwrap_or_default(),
            Field::Attempts => self.attempts.to_string(),
            Field::ElapsedMs => self.elapsed_ms.to_string(),
            Field::RequestId => text(&self.request_id),
            Field::Error => text(&self.error),
            Field::ErrorClass => self.error_class.unwrap_or_default().to_owned(),
        }
    }

    fn delivery_word(&self) -> &'static str {
        match self.delivery {
            Delivery::Delivered => "delivered",
            Delivery::Spooled => SPOOLED,
            Delivery::Failed => "failed",
        }
    }

    fn shell(&self) -> String {
        let fields = [
            ("EVENT", Field::Event),
            ("CALLID", Field::CallId),
            ("DIRECTION", Field::Direction),
            ("DELIVERY", Field::Delivery),
            ("ACTION", Field::Action),
            ("REASON", Field::Reason),
            ("CALLER_ID", Field::CallerId),
            ("NUMBER", Field::Number),
            ("ERROR", Field::Error),
            ("ERROR_CLASS", Field::ErrorClass),
        ];
        let mut words = String::new();
        for (name, field) in fields {
            // All of them each time: an `eval` must not leave the call before's value standing.
            let _ = write!(words, "ZAMMAD_{name}={} ", quoted(&self.field(field)));
        }
        words.trim_end().to_owned()
    }
}

fn trouble(tried: &Undelivered) -> String {
    format!("{}; {}", in_full(&tried.error), tried.error.next_step())
}

/// How a command's result is shown.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    pub format: Format,
    pub field: Option<Field>,
    /// Say `none` for what failed as well.
    pub fail_open: bool,
}

impl Style {
    /// That of a command whose configuration is broken, by what is known of it.
    pub fn of(settings: &Settings, field: Option<Field>) -> Self {
        Self {
            format: settings.output.unwrap_or_default(),
            field,
            fail_open: settings.fail_open.unwrap_or_default(),
        }
    }
}

/// The result of one event's command: a line, or one bare value.
pub fn result(out: &mut dyn Write, report: &Report, style: Style) -> Result<(), OutputError> {
    let decided = report.delivery != Delivery::Failed || style.fail_open;
    match (style.field, style.format) {
        (None, Format::Text) if !decided => Ok(()),
        (Some(field), _) if !decided && field.is_decision() => Ok(()),
        (Some(field), _) => write!(out, "{}", report.field(field)),
        (None, Format::Text) => writeln!(out, "{}", report.decision.text()),
        (None, Format::Json) => writeln!(out, "{}", json(report)),
        (None, Format::Shell) => writeln!(out, "{}", report.shell()),
    }
    .map_err(OutputError)
}

/// One result of many: always a line, so that results and events stay in step.
pub fn result_line(out: &mut dyn Write, report: &Report, style: Style) -> Result<(), OutputError> {
    match (style.field, style.format) {
        (Some(field), _)
            if report.delivery == Delivery::Failed && !style.fail_open && field.is_decision() =>
        {
            writeln!(out)
        }
        (Some(field), _) => writeln!(out, "{}", report.field(field)),
        (None, Format::Text) => match report.error_class {
            Some(class) if report.delivery == Delivery::Failed && !style.fail_open => {
                writeln!(out, "failed {class}")
            }
            _ => writeln!(out, "{}", report.decision.text()),
        },
        (None, Format::Json) => writeln!(out, "{}", json(report)),
        (None, Format::Shell) => writeln!(out, "{}", report.shell()),
    }
    .map_err(OutputError)
}

/// A point in time for people and programs: RFC 3339 in UTC.
pub fn time(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

/// Digits in groups of three.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The same for the reader of the standard output: on a terminal in local time, `2026-11-30 20:10:00`.
pub fn shown_time(point: SystemTime) -> String {
    let local = || {
        let seconds = point.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
        let seconds = libc::time_t::try_from(seconds).ok()?;
        let mut local = MaybeUninit::<libc::tm>::uninit();
        // SAFETY: both are valid for the call, and `local` is read only if the call has filled it.
        let local = unsafe {
            if libc::localtime_r(&raw const seconds, local.as_mut_ptr()).is_null() {
                return None;
            }
            local.assume_init()
        };
        Some(format!(
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
            local.tm_year + 1900,
            local.tm_mon + 1,
            local.tm_mday,
            local.tm_hour,
            local.tm_min,
            local.tm_sec
        ))
    };
    let is_for_a_person = std::io::stdout().is_terminal();
    is_for_a_person.then(local).flatten().unwrap_or_else(|| time(point))
}

/// Whole milliseconds.
pub fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The end of a long list: whoever has seen enough of it may close the pipe, as `head` does.
pub fn list_ended(written: std::io::Result<()>) -> Result<(), OutputError> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(OutputError),
    }
}

/// A request as it would go over the wire, for `--dry-run`.
pub fn request(
    out: &mut dyn Write,
    request: &Request,
    config: &Config,
    show_token: bool,
) -> anyhow::Result<()> {
    let mut text = format!("POST {}\n", address(config, show_token)?);
    for (name, value) in headers(request) {
        let _ = writeln!(text, "{name}: {value}");
    }
    Ok(writeln!(out, "{text}\n{}", request.body()).map_err(OutputError)?)
}

/// A request as a command line for curl.
pub fn curl(out: &mut dyn Write, request: &Request, config: &Config, show_token: bool) -> anyhow::Result<()> {
    let mut text = format!(
        "curl --silent --show-error --connect-timeout {} --max-time {}",
        config.connect_timeout.as_secs_f64(),
        config.timeout.as_secs_f64()
    );
    if config.insecure {
        text.push_str(" --insecure");
    } else if let Some(path) = &config.ca_file {
        let _ = write!(text, " --cacert {}", quoted(&shown(&path.to_string_lossy())));
    }
    if let Some(ClientCertificate { certificate, key }) = &config.client_certificate {
        for (flag, path) in [("--cert", certificate), ("--key", key)] {
            let _ = write!(text, " {flag} {}", quoted(&shown(&path.to_string_lossy())));
        }
    }
    for (name, value) in headers(request) {
        let _ = write!(text, " \\\n  --header {}", quoted(&format!("{name}: {value}")));
    }
    let _ = write!(text, " \\\n  --data-raw {}", quoted(request.body()));
    Ok(writeln!(out, "{text} \\\n  {}", quoted(&address(config, show_token)?)).map_err(OutputError)?)
}

fn headers(request: &Request) -> Vec<(String, String)> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    request.headers().iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect()
}

fn address(config: &Config, show_token: bool) -> Result<String, ConfigError> {
    let endpoint = config.endpoint()?;
    Ok(if show_token { endpoint.reveal().to_string() } else { endpoint.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_cannot_be_read_is_told_from_others() {
        let told = |id: &str| {
            let error = anyhow::anyhow!("it is too long");
            Report::unsent("invalid").of(EventKind::NewCall, id).because(&error, None).summary()
        };
        assert_eq!(told("7"), "newCall of call 7: it is too long");
        let long = "ä".repeat(SHOWN_OF_ID);
        assert_eq!(told(&long), format!("newCall of call {long}: it is too long"));
        assert_eq!(told(&format!("{long}x")), format!("newCall of call {long}…: it is too long"));
    }
}
