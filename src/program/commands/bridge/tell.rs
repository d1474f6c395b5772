//! What is said of calls and of the connection: events on stdout, all else in the log.

use std::io::Write;

use serde_json::{Map, Value};

use crate::bridge::tracker::{Reason, Summary};
use crate::config::{Config, Format, Span};
use crate::delivery::EventToSend;
use crate::program::output::{OutputError, Report, Style, result_line};
use crate::program::safe_text::printable;

/// The line of an event whose fate is known.
pub fn event(out: &mut dyn Write, report: &Report, style: Style) -> Result<(), OutputError> {
    result_line(out, report, style)?;
    out.flush().map_err(OutputError)
}

/// The line of an event that is not sent: its fields as Zammad would get them.
pub fn unsent(out: &mut dyn Write, to_send: &EventToSend, config: &Config) -> Result<(), OutputError> {
    let fields: Map<String, Value> = to_send
        .event
        .wire()
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), serde_json::to_value(value).ok()?)))
        .collect();
    match config.output {
        Format::Json => writeln!(out, "{}", Value::Object(fields)),
        Format::Text | Format::Shell => {
            let word = |(name, value): (&String, &Value)| match value.as_str() {
                Some(text) => format!("{name}={}", printable(text)),
                None => format!("{name}={}", printable(&value.to_string())),
            };
            writeln!(out, "{}", fields.iter().map(word).collect::<Vec<_>>().join(" "))
        }
    }
    .and_then(|()| out.flush())
    .map_err(OutputError)
}

/// A call that is over.
pub fn ended(call: &Summary) {
    log::info!("{}", line(call));
}

/// A call of which nothing was reported.
pub fn unreported(call: &Summary, reason: &Reason) {
    log::debug!("{}: not reported: {reason}", line(call));
}

/// `in 493023125741 -> 4930600000000 (support), answered by anna@example.com, 2m 4s`
fn line(call: &Summary) -> String {
    let Summary { id, direction, from, to, queue, answered_by, talked, cause } = call;
    let from = from.as_deref().unwrap_or("anonymous");
    let queue = queue.as_ref().map(|queue| format!(" ({queue})")).unwrap_or_default();
    let end = match talked {
        Some(talked) => {
            let by = answered_by.as_ref().map(|name| format!(" by {name}")).unwrap_or_default();
            format!("answered{by}, {}", Span::roughly(*talked))
        }
        None => cause.as_str().to_owned(),
    };
    printable(&format!("{direction} {from} -> {to}{queue}, {end}; call {id}"))
}
