//! `zammad-cti hangup`

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::Write;

use crate::asterisk::CallEnd;
use crate::cause::{Cause, spellings};
use crate::delivery::EventToSend;
use crate::event::{CallEvent, CallId, EventKind, Known, plain};
use crate::number::Numbering;
use crate::spool::Call;
use anyhow::Context;

use super::arguments::{parts, text};
use crate::program::cli::Hangup;
use crate::program::exit_code::ExitCode;
use crate::program::output::OutputError;

pub fn event(
    args: &Hangup,
    call_id: CallId,
    call: Option<&Call>,
    numbering: &Numbering,
) -> anyhow::Result<EventToSend> {
    let parts = parts(&args.call, call, numbering)?;
    let end = call_end(args)?;
    let event = CallEvent {
        from: parts.from,
        to: parts.to,
        answering_number: parts.answering_number,
        cause: match (&args.cause, &end) {
            (Some(cause), _) => read_cause(text("--cause", cause)?, args.raw_cause).context("--cause")?,
            (None, Some(end)) => end.cause(parts.direction).map(Cause::Read),
            (None, None) => None,
        },
        ..CallEvent::new(EventKind::Hangup, call_id, parts.direction)
    };
    let answered = end.and_then(|end| end.answered()).or(args.answered.filter(|&answered| answered));
    Ok(EventToSend { event, known: Known { direction: None, answered }, key: None })
}

/// What Asterisk says of the end; `None` if it is not asked.
fn call_end(args: &Hangup) -> anyhow::Result<Option<CallEnd>> {
    let shown = [&args.dialstatus, &args.queue_status, &args.abandoned, &args.hangup_cause];
    if shown.iter().all(|shown| shown.is_none()) {
        return Ok(None);
    }
    let read = |flag, shown: &Option<OsString>| {
        anyhow::Ok(shown.as_deref().map_or(Ok(""), |shown| text(flag, shown))?.to_owned())
    };
    Ok(Some(CallEnd {
        answered: args.answered.unwrap_or_default(),
        dial_status: read("--dialstatus", &args.dialstatus)?,
        queue_status: read("--queue-status", &args.queue_status)?,
        abandoned: read("--abandoned", &args.abandoned)?,
        hangup_cause: read("--hangup-cause", &args.hangup_cause)?,
    }))
}

/// A cause; none for a blank text, as an unset variable of a dialplan gives it.
pub fn read_cause(text: &str, raw: bool) -> anyhow::Result<Option<Cause>> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    Ok(Some(if raw {
        Cause::Raw(plain("the cause", text, Cause::MAX_CHARS)?)
    } else {
        Cause::Read(text.parse()?)
    }))
}

/// Prints the table of causes, family by family.
pub fn list_causes(out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    out.write_all(causes().as_bytes()).map_err(OutputError)?;
    Ok(ExitCode::Ok)
}

/// The table of causes, for `--list-causes` and the man page.
pub fn causes() -> String {
    let mut text = String::new();
    let mut family = None;
    for spelling in spellings() {
        if family != Some(spelling.family) {
            let gap = if family.is_some() { "\n" } else { "" };
            let _ = writeln!(text, "{gap}{}:", spelling.family.heading());
            family = Some(spelling.family);
        }
        let _ = writeln!(text, "  {:<34} {:<15} {}", spelling.text, spelling.cause, spelling.meaning);
    }
    text
}
