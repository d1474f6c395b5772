//! Zammad's two web interfaces: what agents see of a call in each.

use clap::ValueEnum;
use serde::Serialize;

use crate::event::{Direction, EventKind};
use crate::rules::{CallLog, Entry};

/// As many of the latest calls the counter of the old interface looks at, at most.
const COUNTED: usize = 300;

/// The web interface that agents use. Both are fed by the same events.
///
/// Source: Zammad's code as of November 2026, which was read, not run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Interface {
    /// the one that Zammad has had from the beginning
    #[default]
    Old,
    /// the desktop interface, whose caller log came in 2026
    New,
}

impl Interface {
    /// Whether a call rings in the browsers of agents who may see it.
    pub(super) fn pops_up(self, call: &Entry, blocked: &[String]) -> bool {
        if call.direction != Direction::Inbound || call.state != EventKind::NewCall {
            return false;
        }
        match self {
            Self::Old => !blocked.contains(&call.from),
            // A row, or the digits of an agent's phone, has to be equal to what is stored.
            Self::New => {
                let compared = call.queue.as_deref().unwrap_or(&call.to);
                if compared == call.to {
                    compared.bytes().all(|byte| byte.is_ascii_digit()) && !compared.starts_with("00")
                } else {
                    !compared.contains(char::is_whitespace)
                }
            }
        }
    }

    /// The counter at *Phone*: the calls that nobody has taken, or ticked off.
    pub(super) fn counter(self, log: &CallLog) -> usize {
        let looks_at = match self {
            Self::Old => COUNTED,
            Self::New => usize::MAX,
        };
        log.entries().iter().rev().take(looks_at).filter(|call| !call.done).count()
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use serde_json::json;

    use super::*;
    use crate::rules::{Setup, process};

    #[test]
    fn the_old_counter_looks_at_the_latest_calls_alone() {
        let mut log = CallLog::default();
        for call in 0..COUNTED + 7 {
            let fields = json!({ "event": "newCall", "callId": call.to_string(), "direction": "in", "from": "1", "to": "2" });
            let fields = fields.as_object().unwrap();
            process(&Setup::default(), true, &mut log, fields, SystemTime::now()).unwrap();
        }
        assert_eq!((Interface::Old.counter(&log), Interface::New.counter(&log)), (COUNTED, COUNTED + 7));
    }

    #[test]
    fn a_queue_is_what_the_new_interface_compares() {
        // (to, queue, whether it pops up in the new interface)
        let cases = [
            ("42", None, true),
            ("0049", None, false),
            ("49 30", None, false),
            ("+49", Some("support"), true),
            ("42", Some("first level"), false),
        ];
        for (to, queue, expected) in cases {
            let mut log = CallLog::default();
            let fields = json!({ "event": "newCall", "callId": "1", "direction": "in", "from": "1", "to": to, "queue": queue });
            process(&Setup::default(), true, &mut log, fields.as_object().unwrap(), SystemTime::now())
                .unwrap();
            let call = log.find("1").unwrap();
            assert_eq!(Interface::New.pops_up(call, &[]), expected, "{to} {queue:?}");
            assert!(Interface::Old.pops_up(call, &[]), "{to} {queue:?}");
        }
    }
}
