//! One event to Zammad and its decision back: what new-call, answer and hangup do alike.

use std::io::Write;
use std::time::{Duration, Instant};

use zammad_cti::action::Action;
use zammad_cti::client::{self, Client, ClientError, Request, RequestId};
use zammad_cti::config::Config;
use zammad_cti::delivery::{self, Delivered, Known, Undelivered};
use zammad_cti::event::CallEvent;
use zammad_cti::rules;
use zammad_cti::turn::Turns;

use super::configured;
use super::settings::{of_the_rest, runtime_folder};
use crate::cli::Global;
use crate::exit_code::{CallGoesOn, ExitCode};
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
    describe: impl FnOnce(&Config) -> anyhow::Result<Described>,
) -> anyhow::Result<ExitCode> {
    let config = match configured(global, log::LevelFilter::Warn) {
        Ok(config) => config,
        Err(error) => {
            let settings = of_the_rest(global);
            let style = Style {
                format: settings.output.unwrap_or_default(),
                field: global.field,
                fail_open: settings.fail_open.unwrap_or_default(),
            };
            return failed(out, unsent(&error).because(&error, None), error, style);
        }
    };
    let style = Style { format: config.output, field: global.field, fail_open: config.fail_open };
    let Described { event, known } = match describe(&config) {
        Ok(described) => described,
        Err(error) => {
            let report = unsent(&error).because(&error, config.endpoint().ok());
            return failed(out, report, error, style);
        }
    };
    warn(&event, known, &config, None);
    if global.dry_run || global.curl {
        show(out, &event, &config, global)?;
        return Ok(ExitCode::Ok);
    }
    let deadline = config.deadline;
    match deliver(&event, known, &config, started, deadline) {
        (report, None) => {
            output::result(out, &report, style)?;
            let rejected = report.rejects() && config.reject_exit;
            Ok(if rejected { ExitCode::Rejected } else { ExitCode::Ok })
        }
        (report, Some(error)) => failed(out, report, error, style),
    }
}

/// Delivers one event in its turn, as the only thing that this process does. Tells what became of
/// it, and the error if Zammad did not take it.
pub fn deliver(
    event: &CallEvent,
    known: Known,
    config: &Config,
    started: Instant,
    deadline: Duration,
) -> (Report, Option<anyhow::Error>) {
    let turns = Turns::open(config, runtime_folder().as_deref());
    let delivered = Client::new(config).and_then(|mut client| {
        let encoding = config.encoding;
        client::block_on(delivery::deliver_in_turn(
            &mut client,
            &turns,
            event,
            encoding,
            known,
            started,
            deadline,
        ))
    });
    outcome(event, delivered, config)
}

/// What became of an event, and the error if Zammad did not take it.
pub fn outcome(
    event: &CallEvent,
    delivered: Result<Result<Delivered, Undelivered>, ClientError>,
    config: &Config,
) -> (Report, Option<anyhow::Error>) {
    match delivered {
        Ok(Ok(delivered)) => {
            if delivered.action.is_none() {
                log::warn!(
                    "an earlier attempt brought the event, and Zammad's decision is lost; the call goes on"
                );
            }
            if let Some(Action::Unknown(word)) = &delivered.action {
                log::warn!("Zammad wants {word:?}, which this release does not know; the call goes on");
            }
            (Report::delivered(event, &delivered), None)
        }
        Ok(Err(error)) => {
            let report = Report::undelivered(event, &error);
            let error = error.into();
            (report.because(&error, config.endpoint().ok()), Some(error))
        }
        Err(error) => {
            let error = error.into();
            (unsent(&error).about(event).because(&error, config.endpoint().ok()), Some(error))
        }
    }
}

/// What there is to report of an event that never got as far as an attempt.
pub fn unsent(error: &anyhow::Error) -> Report {
    Report::unsent(ExitCode::of(error).class())
}

/// A failure, or with --fail-open the default: the call goes on.
fn failed(
    out: &mut dyn Write,
    report: Report,
    error: anyhow::Error,
    style: Style,
) -> anyhow::Result<ExitCode> {
    output::result(out, &report, style)?;
    Err(if style.fail_open { error.context(CallGoesOn) } else { error })
}

/// Says where agents would not see what the sender meant; `line` is the event's line of input.
pub fn warn(event: &CallEvent, known: Known, config: &Config, line: Option<u64>) {
    let Known { direction, answered } = known;
    let extension_digits = config.numbering.extension_digits;
    for finding in rules::findings(&event.meant(), direction, answered, extension_digits) {
        match line {
            Some(line) => log::warn!("line {line}: {finding}"),
            None => log::warn!("{finding}"),
        }
    }
}

/// Prints the request instead of sending it.
pub fn show(out: &mut dyn Write, event: &CallEvent, config: &Config, global: &Global) -> anyhow::Result<()> {
    let request = Request::new(event, config.encoding, RequestId::fresh());
    if global.curl {
        output::curl(out, &request, config, global.show_token)
    } else {
        output::request(out, &request, config, global.show_token)
    }
}
