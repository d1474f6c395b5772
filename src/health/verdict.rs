//! What a monitoring system is told: the status, and the limits that decide about it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::{Fault, Health, advice};
use crate::client::{SendError, TlsFault};
use crate::config::Span;

/// The four words of the Nagios plug-in guidelines; as numbers they are exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    Ok = 0,
    Warning = 1,
    Critical = 2,
    Unknown = 3,
}

impl Status {
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

/// Some limits, written like `time=1s,days=14`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    pub time: Option<Duration>,
    pub days: Option<u16>,
}

impl FromStr for Limits {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut limits = Self::default();
        for part in text.split(',') {
            let form = || "limits are written like time=1s,days=14, or one of the two".to_owned();
            let (name, value) = part.trim().split_once('=').ok_or_else(form)?;
            let twice = || format!("{name} is there twice");
            match name {
                "time" => {
                    let Span(time) = value.parse()?;
                    if time.is_zero() {
                        return Err("no answer takes no time at all".to_owned());
                    }
                    limits.time.replace(time).map_or(Ok(()), |_| Err(twice()))?;
                }
                "days" => {
                    let days = value.parse().map_err(|_| "days are a whole number, such as 14".to_owned())?;
                    limits.days.replace(days).map_or(Ok(()), |_| Err(twice()))?;
                }
                _ => return Err(form()),
            }
        }
        Ok(limits)
    }
}

/// From where on it is a warning, and from where on critical: an answer that takes longer, a
/// certificate with fewer days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    pub warning_time: Duration,
    pub critical_time: Duration,
    pub warning_days: u16,
    pub critical_days: u16,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            warning_time: Duration::from_secs(1),
            critical_time: Duration::from_secs(5),
            warning_days: 14,
            critical_days: 7,
        }
    }
}

/// Limits that would never warn.
#[derive(Debug, thiserror::Error)]
pub enum ThresholdError {
    #[error(
        "the warning at {} would come after the critical at {}; set both with -w time=... and -c time=...",
        Span(*warning),
        Span(*critical)
    )]
    Time { warning: Duration, critical: Duration },
    #[error(
        "the warning at {warning} days would come after the critical at {critical}; set both with \
         -w days=... and -c days=..."
    )]
    Days { warning: u16, critical: u16 },
}

impl Thresholds {
    /// Those given, and the default for the others.
    pub fn new(warning: Limits, critical: Limits) -> Result<Self, ThresholdError> {
        let default = Self::default();
        let thresholds = Self {
            warning_time: warning.time.unwrap_or(default.warning_time),
            critical_time: critical.time.unwrap_or(default.critical_time),
            warning_days: warning.days.unwrap_or(default.warning_days),
            critical_days: critical.days.unwrap_or(default.critical_days),
        };
        if thresholds.warning_time > thresholds.critical_time {
            let (warning, critical) = (thresholds.warning_time, thresholds.critical_time);
            return Err(ThresholdError::Time { warning, critical });
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
pub struct Verdict {
    pub status: Status,
    pub message: String,
    /// what to do, if there is something
    pub next_step: Option<String>,
}

impl Health {
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
                message += " (it is not verified)";
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
            TlsFault::NotYetValid => format!("{cause} (it is valid from {})", certificate.first_day),
            TlsFault::UnknownIssuer => format!("{cause} (it is from {})", certificate.issuer),
            TlsFault::Name { .. } | TlsFault::SelfSigned | TlsFault::NoTls | TlsFault::Other(_) => cause,
        }
    }
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
