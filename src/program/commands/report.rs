//! One event to Zammad and its decision back: what new-call, answer and hangup do alike.
//!
//! The event's way: its flags describe it (`cli/answer.rs` and its like) as a `WrittenEvent`, `delivery/reading.rs` reads
//! it with what is known of its call, the courier brings it in its turn, and the client writes what `CallEvent::wire` says.

use std::future::pending;
use std::io::{self, Write};
use std::pin::pin;
use std::time::Instant;

use tokio::sync::watch;

use crate::action::Action;
use crate::client::{self, ClientError, Request, RequestId, in_full};
use crate::config::Config;
use crate::delivery::{
    Addressed, Courier, Deadline, EventToSend, Failure, NoClient, Outcome, ReadingError, Spooled, Stop,
    Undelivered, Untried, Ways,
};
use crate::event::{CallEvent, Direction, EventError, WrittenError, WrittenEvent};

use super::configured;
use super::owner::become_owner;
use super::settings::{of_the_rest, runtime_folder};
use super::signals::EndSignals;
use crate::program::cli::Global;
use crate::program::exit_code::{CallGoesOn, EndSignal, EndedBy, ExitCode, UsageError};
use crate::program::output::{self, Report, Style};

/// Brings the event that `describe` makes of the command line to Zammad, and tells its decision.
pub fn run(
    global: &Global,
    started: Instant,
    out: &mut dyn Write,
    describe: impl FnOnce() -> anyhow::Result<WrittenEvent>,
) -> anyhow::Result<ExitCode> {
    let config = match configured(global, log::LevelFilter::Warn) {
        Ok(config) => config,
        Err(error) => {
            let style = Style::of(&of_the_rest(global), global.field);
            return failed(out, unsent(&error).because(&error, None), error, style);
        }
    };
    let style = Style { format: config.output, field: global.field, fail_open: config.fail_open };
    become_owner(config.all());
    let courier = |config: &Config| Courier::new(config, runtime_folder().as_deref()).ending_rejected(config);
    let ways = Ways::new(&config, courier);
    let done = client::block_on(async {
        let written = describe()?;
        let addressed = ways.read(written, &config).await.map_err(|error| match error {
            ReadingError::Written(error) => by_flag(error),
            ReadingError::NoJournal(_) | ReadingError::Journal(_) | ReadingError::Profile(_) => error.into(),
        })?;
        warn(&addressed.to_send, None);
        let left_out = addressed.to_send.left_out.clone();
        if global.unsent.is_wanted() {
            show(out, &addressed.to_send.event, addressed.config(&config), global)?;
            return Ok((Done::Shown, left_out));
        }
        let deadline = Deadline::new(started, addressed.config(&config).deadline);
        let (report, error) = carry(&ways, &config, &addressed, deadline, EndSignals::listen()).await;
        Ok((Done::Brought(report, error), left_out))
    });
    // The end of the process closes the spool too, and faster.
    std::mem::forget(ways);
    match done.map_err(Into::into).and_then(|done| done) {
        Err(error) => {
            let report = unsent(&error).because(&error, config.endpoint().ok());
            failed(out, report, error, style)
        }
        Ok((Done::Shown, left_out)) => Ok(code_of_sent(left_out.is_some(), &config)),
        Ok((Done::Brought(report, Some(error)), _)) => failed(out, report, error, style),
        Ok((Done::Brought(report, None), left_out)) => {
            let report = report.sent_without(left_out.as_deref());
            output::result(out, &report, style)?;
            let rejected = report.rejects() && config.reject_exit;
            Ok(if rejected { ExitCode::Rejected } else { code_of_sent(left_out.is_some(), &config) })
        }
    }
}

/// The exit code of an event that is with Zammad: it tells that something of it was left out.
pub fn code_of_sent(is_left_out: bool, config: &Config) -> ExitCode {
    if is_left_out && !config.fail_open { ExitCode::InvalidEvent } else { ExitCode::Ok }
}

/// What was done with an event.
enum Done {
    /// Its request was shown.
    Shown,
    /// It was brought to Zammad, or not.
    Brought(Report, Option<anyhow::Error>),
}

/// What is wrong with an event, by the flag whose value it is.
pub fn by_flag(error: WrittenError) -> anyhow::Error {
    let flag = |field: &str| format!("--{}", field.replace('_', "-"));
    match error {
        WrittenError::Event(error) => error.into(),
        WrittenError::Text { field, source: EventError::NoDirection } => {
            anyhow::Error::from(UsageError::NO_DIRECTION).context(flag(field))
        }
        WrittenError::Text { field, source } => anyhow::Error::from(source).context(flag(field)),
        WrittenError::Number { field, source } => anyhow::Error::from(source).context(flag(field)),
        WrittenError::Cause(source) => anyhow::Error::from(source).context(flag("cause")),
    }
}

/// Brings one event in its turn, as the only thing that this process does. Tells what became of it,
/// and the error if it is neither with Zammad nor in the spool.
///
/// One of these signals ends it early, with the event kept or its fate told; the second one ends the process at once.
pub async fn carry(
    ways: &Ways,
    config: &Config,
    addressed: &Addressed<'_>,
    deadline: Deadline,
    signals: io::Result<EndSignals>,
) -> (Report, Option<anyhow::Error>) {
    let mut signals = signals
        .inspect_err(|error| log::warn!("a signal loses the event: cannot listen for signals: {error}"))
        .ok();
    let (end, is_ended) = watch::channel(false);
    let stop = Stop::by(is_ended);
    let mut ended_by = None;
    let brought = {
        let mut bring = pin!(ways.bring_only(addressed, config, deadline, &stop));
        loop {
            tokio::select! {
                biased;
                brought = &mut bring => break brought,
                signal = next_of(&mut signals) => {
                    if ended_by.replace(signal).is_some() {
                        std::process::exit(signal.exit_code() as i32);
                    }
                    end.send_replace(true);
                }
            }
        }
    };
    let is_nowhere = match &brought {
        Ok(Err(Failure::Undelivered(_) | Failure::NotKept(..) | Failure::Untried(Untried::CutShort(_)))) => {
            true
        }
        Ok(Err(Failure::Unconfirmed(_) | Failure::Untried(Untried::PerhapsKept(_) | Untried::Another)))
        | Ok(Ok(_))
        | Err(_) => false,
    };
    let config = addressed.config(config);
    let (report, error) = outcome(&addressed.to_send.event, brought, config);
    match (ended_by.filter(|_| is_nowhere), error) {
        (Some(signal), Some(error)) => {
            let error = error.context(EndedBy(signal));
            (report.because(&error, config.endpoint().ok()), Some(error))
        }
        (None, error) | (Some(_), error @ None) => (report, error),
    }
}

/// The next signal, if they can be listened for.
async fn next_of(signals: &mut Option<EndSignals>) -> EndSignal {
    match signals {
        Some(signals) => signals.next().await,
        None => pending().await,
    }
}

/// What became of an event that could only be kept, because there is no client.
fn kept_without_client(
    event: &CallEvent,
    kept: Result<Outcome, Failure>,
    error: ClientError,
    config: &Config,
) -> (Report, Option<anyhow::Error>) {
    match kept {
        Ok(Outcome::Spooled(_)) => {
            let error = anyhow::Error::from(error);
            log::warn!(
                "{error:#}; the event is in the spool, and will be sent by `zammad-cti spool run` (service \
                 zammad-cti-spool)"
            );
            let report = Report::kept_unsent(event, ExitCode::of(&error).class());
            (report.because(&error, config.endpoint().ok()), None)
        }
        Ok(Outcome::Delivered(_) | Outcome::EndedBefore) | Err(_) => outcome(event, Ok(kept), config),
    }
}

/// What became of an event, and the error if it is neither with Zammad nor in the spool.
pub fn outcome(
    event: &CallEvent,
    brought: Result<Result<Outcome, Failure>, NoClient<ClientError>>,
    config: &Config,
) -> (Report, Option<anyhow::Error>) {
    let endpoint = config.endpoint().ok();
    let undelivered = |tried: Undelivered, error: fn(Undelivered) -> anyhow::Error| {
        let report = Report::undelivered(event, &tried);
        let error = error(tried);
        (report.because(&error, endpoint), Some(error))
    };
    match brought {
        Ok(Ok(Outcome::Delivered(delivered))) => {
            if delivered.action.is_none() {
                log::warn!(
                    "an earlier attempt delivered the event, but Zammad's decision is lost; the call goes on"
                );
            }
            if let Some(Action::Unknown(word)) = &delivered.action {
                log::warn!("Zammad wants {word:?}, which this release does not know; the call goes on");
            }
            (Report::delivered(event, &delivered), None)
        }
        Ok(Ok(Outcome::Spooled(Spooled { tried: None }))) => (Report::spooled(event, None), None),
        Ok(Ok(Outcome::Spooled(Spooled { tried: Some(tried) }))) => {
            let report = Report::spooled(event, Some(&tried));
            let advice = tried.error.next_step();
            let error = anyhow::Error::from(tried);
            log::warn!(
                "{error:#}; it is in the spool, and will be sent by `zammad-cti spool run` (service \
                 zammad-cti-spool); {advice}"
            );
            (report.because(&error, endpoint), None)
        }
        Ok(Ok(Outcome::EndedBefore)) => {
            // The phone system reports the end of a rejected call too; outbound ones are not rejected.
            let usual = config.end_of_rejected().is_some() && event.direction == Direction::Inbound;
            let level = if usual { log::Level::Info } else { log::Level::Warn };
            log::log!(
                level,
                "the hangup of call {} is reported already, and a second one could hide a missed call",
                event.call_id
            );
            (Report::ended_before(event), None)
        }
        Ok(Err(Failure::Undelivered(tried))) => undelivered(tried, Into::into),
        Ok(Err(Failure::Unconfirmed(tried))) => undelivered(tried, |tried| {
            anyhow::Error::from(tried)
                .context("it is in the spool as unconfirmed, and not sent again by itself")
        }),
        Ok(Err(Failure::Untried(untried))) => {
            let class = match untried {
                Untried::PerhapsKept(_) | Untried::Another => "unconfirmed",
                Untried::CutShort(_) => "interrupted",
            };
            let error =
                anyhow::Error::from(untried).context(format!("the {} of call {}", event.kind, event.call_id));
            (Report::unsent(class).about(event).because(&error, endpoint), Some(error))
        }
        Ok(Err(Failure::NotKept(tried, error))) => {
            let report = Report::undelivered(event, &tried);
            let step = tried.error.next_step();
            let tried = in_full(&tried);
            let error = anyhow::Error::from(error).context(format!("{tried} ({step}), and it is not kept"));
            (report.because(&error, endpoint), Some(error))
        }
        Err(NoClient { error, kept: Some(kept) }) => kept_without_client(event, kept, error, config),
        Err(NoClient { error, kept: None }) => {
            let error = error.into();
            (unsent(&error).about(event).because(&error, endpoint), Some(error))
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
pub fn warn(to_send: &EventToSend, line: Option<u64>) {
    for finding in &to_send.findings {
        match line {
            Some(line) => log::warn!("line {line}: {finding}"),
            None => log::warn!("{finding}"),
        }
    }
}

/// Prints the request instead of sending it.
pub fn show(out: &mut dyn Write, event: &CallEvent, config: &Config, global: &Global) -> anyhow::Result<()> {
    let request = Request::new(event, config.encoding, RequestId::fresh());
    if global.unsent.curl {
        output::curl(out, &request, config, global.unsent.show_token)
    } else {
        output::request(out, &request, config, global.unsent.show_token)
    }
}
