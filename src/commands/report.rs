//! One event from its command line to Zammad and back: what new-call, answer and hangup share.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::time::Instant;

use anyhow::Context;
use zammad_cti::client::{Request, RequestId};
use zammad_cti::config::Config;
use zammad_cti::delivery::{self, Known};
use zammad_cti::event::{CallEvent, CallId, Direction, EventError, Name};
use zammad_cti::number::{Numbering, Party};
use zammad_cti::rules;

use super::{configured, connect};
use crate::cli::{Call, Global};
use crate::exit_code::ExitCode;
use crate::output::{self, Report, Style};

/// An event as its command describes it, and what the command knows of the call.
pub struct Described {
    pub event: CallEvent,
    pub known: Known,
}

/// Delivers what `describe` makes of the command line.
pub fn run(
    global: &Global,
    started: Instant,
    out: &mut dyn Write,
    describe: impl FnOnce(&Numbering) -> anyhow::Result<Described>,
) -> anyhow::Result<ExitCode> {
    let config = match configured(global, log::LevelFilter::Warn) {
        Ok(config) => config,
        Err(error) => {
            // The file may be what is broken: the flag and the variable still count.
            let style = Style {
                format: global.settings.output.unwrap_or_default(),
                field: global.field,
                fail_open: global.settings.fail_open.unwrap_or_default(),
            };
            return failed(out, Report::refused(), error, style);
        }
    };
    let style = Style { format: config.output, field: global.field, fail_open: config.fail_open };
    let described = match describe(&config.numbering) {
        Ok(described) => described,
        Err(error) => return failed(out, Report::refused(), error, style),
    };
    warn(&described.event, described.known, &config, None);
    if global.dry_run || global.curl {
        return show(out, &described.event, &config, global);
    }
    let delivered = connect(&config).map(|client| {
        let Described { event, known } = &described;
        delivery::deliver(&client, event, config.encoding, *known, started, config.deadline)
    });
    match delivered {
        Ok(Ok(delivered)) => {
            if delivered.action.is_none() {
                log::warn!(
                    "Zammad took the event at an attempt before, and its decision is lost; the call goes on"
                );
            }
            let report = Report::delivered(&described.event, &delivered);
            output::result(out, &report, style)?;
            let rejected = report.rejects() && config.reject_exit;
            Ok(if rejected { ExitCode::Rejected } else { ExitCode::Ok })
        }
        Ok(Err(error)) => failed(out, Report::undelivered(&described.event, &error), error.into(), style),
        Err(error) => failed(out, Report::refused(), error, style),
    }
}

/// A failure, or with --fail-open the default: the call goes on.
fn failed(
    out: &mut dyn Write,
    report: Report,
    error: anyhow::Error,
    style: Style,
) -> anyhow::Result<ExitCode> {
    let report = report.because(&error);
    output::result(out, &report, style)?;
    if !style.fail_open {
        return Err(error);
    }
    crate::complain(&error);
    Ok(ExitCode::Ok)
}

/// Says where agents would not see what the sender meant; `line` is the event's line of input.
pub fn warn(event: &CallEvent, known: Known, config: &Config, line: Option<u64>) {
    for finding in rules::findings(&event.meant(), known.direction, config.numbering.extension_digits) {
        match line {
            Some(line) => log::warn!("line {line}: {finding}"),
            None => log::warn!("{finding}"),
        }
    }
}

/// Prints the request instead of sending it.
pub fn show(
    out: &mut dyn Write,
    event: &CallEvent,
    config: &Config,
    global: &Global,
) -> anyhow::Result<ExitCode> {
    let request = Request::new(event, config.encoding, RequestId::random());
    let endpoint = config.endpoint()?;
    if global.curl {
        output::curl(out, &request, endpoint, global.show_token)?;
    } else {
        output::request(out, &request, endpoint, global.show_token)?;
    }
    Ok(ExitCode::Ok)
}

/// A party as it goes to Zammad.
pub fn party(flag: &'static str, shown: &OsStr, numbering: &Numbering) -> anyhow::Result<Party> {
    numbering.read(text(flag, shown)?).context(flag)
}

/// Who picked up: an extension stays one, because agents have it in their profile.
pub fn answering_party(flag: &'static str, shown: &OsStr, numbering: &Numbering) -> anyhow::Result<Party> {
    let numbering = Numbering { extension_prefix: String::new(), ..numbering.clone() };
    party(flag, shown, &numbering)
}

pub fn call_id(shown: &OsStr) -> anyhow::Result<CallId> {
    text("--call-id", shown)?.parse().context("--call-id")
}

/// Names, without those that are blank: an unset variable of a dialplan.
pub fn names(flag: &'static str, shown: &[OsString]) -> anyhow::Result<Vec<Name>> {
    let mut names = Vec::new();
    for shown in shown {
        names.extend(Name::read("the name", text(flag, shown)?).context(flag)?);
    }
    Ok(names)
}

/// An argument as text.
pub fn text<'a>(flag: &'static str, shown: &'a OsStr) -> anyhow::Result<&'a str> {
    shown.to_str().ok_or(EventError::NotUtf8).context(flag)
}

/// The parts that answer and hangup have in common.
pub fn parts(call: &Call, numbering: &Numbering) -> anyhow::Result<Parts> {
    let optional = |flag, shown: &Option<OsString>| {
        shown.as_deref().map(|shown| party(flag, shown, numbering)).transpose()
    };
    Ok(Parts {
        call_id: call_id(call.call_id.as_deref().unwrap_or_default())?,
        direction: call.direction.unwrap_or(Direction::Inbound),
        from: optional("--from", &call.from)?,
        to: optional("--to", &call.to)?,
        answering_number: call
            .answering_number
            .as_deref()
            .filter(|shown| !shown.is_empty())
            .map(|shown| answering_party("--answering-number", shown, numbering))
            .transpose()?,
    })
}

/// See [`parts`].
pub struct Parts {
    pub call_id: CallId,
    pub direction: Direction,
    pub from: Option<Party>,
    pub to: Option<Party>,
    pub answering_number: Option<Party>,
}
