//! What is said of calls and of the connection: events on stdout, all else in the log.

use std::io::Write;

use serde_json::{Map, Value};

use crate::bridge::tracker::{Reason, Summary};
use crate::config::{Config, Format, Span};
use crate::delivery::EventToSend;
use crate::program::output::{OutputError, Report, Style, result_line};
use crate::program::safe_text::printable;

/// Those of an event, by their names.
pub type Fields = Map<String, Value>;

/// The line of an event whose fate is known.
///
/// As JSON it has the event's fields besides, in front; what is told of its fate counts where both have a name.
pub fn event(out: &mut dyn Write, report: &Report, fields: Fields, style: Style) -> Result<(), OutputError> {
    match style.format {
        Format::Json => {
            let mut line = Vec::new();
            result_line(&mut line, report, style)?;
            let mut all = fields;
            if let Ok(Value::Object(fate)) = serde_json::from_slice(&line) {
                all.extend(fate);
            }
            writeln!(out, "{}", Value::Object(all)).map_err(OutputError)?;
        }
        Format::Text | Format::Shell => result_line(out, report, style)?,
    }
    out.flush().map_err(OutputError)
}

/// An event's fields as Zammad gets them.
pub fn fields(to_send: &EventToSend) -> Fields {
    let named = |(name, value): (&str, _)| Some((name.to_owned(), serde_json::to_value(value).ok()?));
    to_send.event.wire().into_iter().filter_map(named).collect()
}

/// The same for people.
pub fn words(fields: &Fields) -> impl Iterator<Item = (String, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    fields.iter().map(move |(name, value)| (name.clone(), text(value)))
}

/// The line of an event that is not sent: its fields as Zammad would get them.
pub fn unsent(out: &mut dyn Write, fields: &Fields, config: &Config) -> Result<(), OutputError> {
    match config.output {
        Format::Json => writeln!(out, "{}", Value::Object(fields.clone())),
        Format::Text | Format::Shell => {
            let word = |(name, value): (String, String)| format!("{name}={}", printable(&value));
            writeln!(out, "{}", words(fields).map(word).collect::<Vec<_>>().join(" "))
        }
    }
    .and_then(|()| out.flush())
    .map_err(OutputError)
}

/// The bridge ends, and what becomes of this many calls that it has reported.
pub fn ending(open: usize, has_journal: bool) {
    let calls = match open {
        0 => return log::info!("it ends, and no call is open"),
        1 => "1 call stays open at Zammad".to_owned(),
        open => format!("{open} calls stay open at Zammad"),
    };
    if has_journal {
        log::info!("it ends; {calls}, and the next bridge with this spool goes on with that");
    } else {
        log::warn!("it ends; {calls}, because without a spool the next bridge does not know of that");
    }
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
