//! What a monitoring system is told: the status, and the limits that decide about it.

use std::fmt;
use std::time::Duration;

use super::{Fault, Health, SpoolPart, advice};
use crate::client::{SendError, TlsFault};
use crate::config::{Limits, Span};

/// The four words of the Nagios plug-in guidelines; as numbers they are exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// Events would be accepted.
    Ok = 0,
    /// They would, but something is over a limit.
    Warning = 1,
    /// They would not.
    Critical = 2,
    /// Nothing was checked.
    Unknown = 3,
}

impl Status {
    /// In lower case, for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Unknown => "unknown",
        }
    }

    /// What several checks are together. A Zammad that is down matters more than one that could
    /// not be checked, and that more than one that is slow: it may be down as well.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        let weight = |status| match status {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Unknown => 2,
            Self::Critical => 3,
        };
        if weight(other) > weight(self) { other } else { self }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        })
    }
}

/// From where on it is a warning, and from where on critical; `None`: never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[doc(hidden)]
pub struct Bound<T> {
    pub warning: Option<T>,
    pub critical: Option<T>,
}

impl<T: Copy + PartialOrd> Bound<T> {
    /// The status by whether a limit is reached, and which one is.
    pub(super) fn status(&self, is_reached: impl Fn(T) -> bool) -> (Status, Option<T>) {
        let reached = |limit: Option<T>| limit.filter(|&limit| is_reached(limit));
        match (reached(self.critical), reached(self.warning)) {
            (Some(limit), _) => (Status::Critical, Some(limit)),
            (None, Some(limit)) => (Status::Warning, Some(limit)),
            (None, None) => (Status::Ok, None),
        }
    }

    /// These, and the others where they say nothing.
    fn or(warning: Option<T>, critical: Option<T>, other: Self) -> Self {
        Self { warning: warning.or(other.warning), critical: critical.or(other.critical) }
    }

    /// The two if the warning would come last.
    fn misplaced(&self) -> Option<(T, T)> {
        self.warning.zip(self.critical).filter(|(warning, critical)| warning > critical)
    }
}

/// How the spool should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[doc(hidden)]
pub struct SpoolThresholds {
    /// so many events or more
    pub waiting: Bound<u64>,
    /// longer than that
    pub age: Bound<Duration>,
    pub dead: Bound<u64>,
    pub stuck: Bound<u64>,
}

impl Default for SpoolThresholds {
    fn default() -> Self {
        let minutes = |minutes: u64| Some(Duration::from_secs(minutes * 60));
        Self {
            waiting: Bound { warning: None, critical: None },
            age: Bound { warning: minutes(10), critical: minutes(60) },
            dead: Bound { warning: Some(1), critical: None },
            stuck: Bound { warning: Some(1), critical: None },
        }
    }
}

impl SpoolThresholds {
    fn new(warning: Limits, critical: Limits) -> Result<Self, ThresholdError> {
        let default = Self::default();
        let thresholds = Self {
            waiting: Bound::or(warning.waiting, critical.waiting, default.waiting),
            age: Bound::or(warning.age, critical.age, default.age),
            dead: Bound::or(warning.dead, critical.dead, default.dead),
            stuck: Bound::or(warning.stuck, critical.stuck, default.stuck),
        };
        let Self { waiting, age, dead, stuck } = &thresholds;
        if let Some((warning, critical)) = age.misplaced() {
            return Err(ThresholdError::Time { name: "age", warning, critical });
        }
        for (name, bound) in [("waiting", waiting), ("dead", dead), ("stuck", stuck)] {
            if let Some((warning, critical)) = bound.misplaced() {
                return Err(ThresholdError::Count { name, warning, critical });
            }
        }
        Ok(thresholds)
    }
}

/// From where on it is a warning, and from where on critical: an answer that takes longer, a
/// certificate with fewer days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// an answer that takes longer is a warning
    pub warning_time: Duration,
    /// or critical
    pub critical_time: Duration,
    /// a certificate with fewer days left is a warning
    pub warning_days: u16,
    /// or critical
    pub critical_days: u16,
    #[doc(hidden)]
    pub spool: SpoolThresholds,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            warning_time: Duration::from_secs(1),
            critical_time: Duration::from_secs(5),
            warning_days: 14,
            critical_days: 7,
            spool: SpoolThresholds::default(),
        }
    }
}

/// Limits that would never warn.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ThresholdError {
    #[error(
        "the warning at {} would come after the critical at {}; set both with -w {name}=... and -c {name}=...",
        Span(*warning),
        Span(*critical)
    )]
    Time { name: &'static str, warning: Duration, critical: Duration },
    #[error(
        "the warning at {name}={warning} would come after the critical at {critical}; set both with \
         -w {name}=... and -c {name}=..."
    )]
    Count { name: &'static str, warning: u64, critical: u64 },
    #[error(
        "the warning at {warning} days would come after the critical at {critical}; set both with \
         -w days=... and -c days=..."
    )]
    Days { warning: u16, critical: u16 },
}

impl Thresholds {
    /// Those given, and the default for the others.
    pub(crate) fn new(warning: Limits, critical: Limits) -> Result<Self, ThresholdError> {
        let default = Self::default();
        let thresholds = Self {
            warning_time: warning.time.unwrap_or(default.warning_time),
            critical_time: critical.time.unwrap_or(default.critical_time),
            warning_days: warning.days.unwrap_or(default.warning_days),
            critical_days: critical.days.unwrap_or(default.critical_days),
            spool: SpoolThresholds::new(warning, critical)?,
        };
        if thresholds.warning_time > thresholds.critical_time {
            let (warning, critical) = (thresholds.warning_time, thresholds.critical_time);
            return Err(ThresholdError::Time { name: "time", warning, critical });
        }
        if thresholds.warning_days < thresholds.critical_days {
            let (warning, critical) = (thresholds.warning_days, thresholds.critical_days);
            return Err(ThresholdError::Days { warning, critical });
        }
        Ok(thresholds)
    }
}

/// A health in a word and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict {
    /// the word
    pub status: Status,
    /// the sentence
    pub message: String,
    /// what to do, if there is something
    pub next_step: Option<String>,
}

impl Verdict {
    /// The same with what is to say of bridges and their phone systems.
    #[must_use]
    pub(crate) fn with_bridges<'a>(mut self, parts: impl Iterator<Item = &'a SpoolPart>) -> Self {
        for part in parts.filter(|part| part.status != Status::Ok) {
            self.message += &format!("; bridge: {}", part.complaint);
            self.next_step.get_or_insert_with(|| part.next_step.clone().into_owned());
            self.status = self.status.worst(part.status);
        }
        self
    }

    /// The same with what is to say of the spool, and of the order of events.
    #[must_use]
    pub(crate) fn with_spool(
        mut self,
        parts: &[SpoolPart],
        order: Option<&SpoolPart>,
        log: Option<&SpoolPart>,
    ) -> Self {
        let is_wrong = |part: &&SpoolPart| part.status != Status::Ok;
        let complaints: Vec<_> = parts.iter().filter(is_wrong).map(|part| part.complaint.as_str()).collect();
        if !complaints.is_empty() {
            self.message += &format!("; spool: {}", complaints.join(", "));
        }
        if let Some(order) = order {
            self.message += &format!("; {}", order.complaint);
        }
        if let Some(log) = log.filter(is_wrong) {
            self.message += &format!("; {}", log.complaint);
        }
        for part in parts.iter().chain(order).chain(log).filter(is_wrong) {
            // What is wrong with the way to Zammad comes first: the rest may follow from it.
            self.next_step.get_or_insert_with(|| part.next_step.clone().into_owned());
            self.status = self.status.worst(part.status);
        }
        self
    }
}

impl Health {
    /// What a monitoring system is told of it.
    pub fn verdict(&self, thresholds: &Thresholds) -> Verdict {
        if let Some((stage, fault)) = self.failure() {
            let status = match fault {
                Fault::Unusable(_) => Status::Unknown,
                Fault::Proxy { .. } | Fault::Send(_) => Status::Critical,
            };
            let message = format!("{}: {}", stage.title(), self.cause(fault));
            return Verdict { status, message, next_step: Some(self.after_failure(stage, fault)) };
        }
        let mut status = Status::Ok;
        let mut next_step = None;
        let mut message = "token accepted".to_owned();
        if let Some(time) = self.time() {
            message += &format!(" in {}", shown(time));
            let (of_time, limit) = if time > thresholds.critical_time {
                (Status::Critical, thresholds.critical_time)
            } else if time > thresholds.warning_time {
                (Status::Warning, thresholds.warning_time)
            } else {
                (Status::Ok, Duration::ZERO)
            };
            if of_time != Status::Ok {
                message += &format!(" (more than {})", Span(limit));
                next_step = Some(advice::SLOW.to_owned());
            }
            status = status.worst(of_time);
        }
        if let Some(days) = self.days_left {
            message += &format!(", {}", lifetime(days));
            let (of_days, limit) = if self.insecure {
                // Events go through whatever its date is.
                message += " (not verified)";
                (Status::Ok, 0)
            } else if days < thresholds.critical_days.into() {
                (Status::Critical, thresholds.critical_days)
            } else if days < thresholds.warning_days.into() {
                (Status::Warning, thresholds.warning_days)
            } else {
                (Status::Ok, 0)
            };
            if of_days != Status::Ok {
                message += &format!(" (fewer than {limit})");
                next_step = Some(advice::RENEW.to_owned());
            }
            status = status.worst(of_days);
        }
        Verdict { status, message, next_step }
    }

    /// A fault with what the certificate says about it.
    pub fn cause(&self, fault: &Fault) -> String {
        let Fault::Send(SendError::Tls(tls)) = fault else { return fault.in_full() };
        let cause = tls.to_string();
        let Some(certificate) = &self.certificate else { return cause };
        match tls {
            TlsFault::Expired => {
                let days = self.days_left.unwrap_or_default().unsigned_abs();
                format!("{cause} ({days} {} ago, on {})", plural(days), certificate.last_day)
            }
            TlsFault::NotYetValid => format!("{cause} (valid from {})", certificate.first_day),
            TlsFault::UnknownIssuer => format!("{cause} (issued by {})", certificate.issuer),
            TlsFault::Name { .. }
            | TlsFault::NoName
            | TlsFault::SelfSigned
            | TlsFault::Unverifiable(_)
            | TlsFault::ClientCertificate { .. }
            | TlsFault::NoCommonWay(_)
            | TlsFault::TooOld(_)
            | TlsFault::NoTls
            | TlsFault::Other(_) => cause,
        }
    }
}

/// Such as `1 event waits` or `2 events wait`.
pub(super) fn shown_count(count: u64, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

fn plural(days: u64) -> &'static str {
    if days == 1 { "day" } else { "days" }
}

fn lifetime(days: i64) -> String {
    let count = days.unsigned_abs();
    match days {
        0.. => format!("certificate {count} {} left", plural(count)),
        _ => format!("certificate expired {count} {} ago", plural(count)),
    }
}

/// As many digits as anybody wants to read.
fn shown(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1000.0;
    match time.as_millis() {
        0..10 => format!("{milliseconds:.1} ms"),
        10..1000 => format!("{milliseconds:.0} ms"),
        _ => format!("{:.2} s", time.as_secs_f64()),
    }
}
