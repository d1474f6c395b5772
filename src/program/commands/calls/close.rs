//! `zammad-cti calls close`

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::cause::{Cause, HangupCause};
use crate::client::{self, Client, RequestId, SendError};
use crate::config::{Config, Format, Routes, Span, SpoolMode};
use crate::delivery::{
    Courier, Deadline, EventToSend, Failure, Outcome, Spooled, Stop, Undelivered, read_cause,
};
use crate::event::{CallEvent, CallId, EventKind, Known};
use crate::rules;
use crate::spool::{Call, CallNumber, CopyTo, Course, Ending, Moment, Spool, Which, address};
use anyhow::Context;
use tokio::sync::watch;

use super::{PAGE, open, zammads};
use crate::program::cli::{CallsClose, Global, WhichCalls, text};
use crate::program::commands::report::{by_flag, outcome, unsent};
use crate::program::commands::settings::runtime_folder;
use crate::program::commands::signals::listen_in_thread;
use crate::program::exit_code::{self, EndSignal, ExitCode, HangupInDoubt, NoSuchCall};
use crate::program::output::{self, OutputError, Report, Style};
use crate::program::safe_text::printable;

/// What became of one call.
type Closed = (Report, Option<anyhow::Error>);

/// Ends the calls of one Zammad, one after the other.
struct Closer<'a> {
    args: &'a CallsClose,
    cause: Option<Cause>,
    spool: Spool,
    client: Client,
    config: Config,
    courier: Courier,
    routes: Option<Arc<Routes>>,
    stop: Stop,
    /// Zammad took nothing the last time.
    is_down: bool,
    /// A signal ended it before all were closed.
    was_cut: bool,
}

pub fn run(
    args: &CallsClose,
    global: &Global,
    config: &Config,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let style = Style { format: config.output, field: global.field, fail_open: config.fail_open };
    let cause = match &args.cause {
        Some(cause) => read_cause(text("--cause", cause)?, args.raw_cause).map_err(by_flag)?,
        None => None,
    };
    let call_id = |shown: &OsString| text("--call-id", shown)?.parse::<CallId>().context("--call-id");
    let ids = args.which.call_ids.iter().map(call_id).collect::<anyhow::Result<Vec<_>>>()?;
    let mut failure = None;
    let ended_by = Arc::<OnceLock<EndSignal>>::default();
    let mut was_cut = false;
    let is_for_a_person =
        style.format == Format::Text && style.field.is_none() && std::io::stdout().is_terminal();
    let mut count = 0;
    let mut say = |out: &mut dyn Write, call: Option<&Call>, (report, error): Closed| {
        count += 1;
        if let Some(error) = error {
            match exit_code::advice(&error) {
                Some(advice) => log::error!("{error:#}; {advice}"),
                None => log::error!("{error:#}"),
            }
            failure.get_or_insert_with(|| ExitCode::of(&error));
        }
        let Some(call) = call.filter(|_| is_for_a_person) else {
            return output::result_line(out, &report, style);
        };
        write!(out, "{}: ", named(call)).map_err(OutputError)?;
        match (report.is_spooled(), report.has_arrived()) {
            (true, _) => writeln!(out, "its hangup waits in the spool").map_err(OutputError),
            (false, true) => writeln!(out, "closed").map_err(OutputError),
            (false, false) => output::result_line(out, &report, style),
        }
    };
    let spools = zammads(config).into_iter().map(|(_, config)| Ok((open(config)?, config)));
    let spools: Vec<_> = spools.collect::<anyhow::Result<_>>()?;
    let mut spools = spools.into_iter().filter_map(|(spool, config)| Some((spool?, config))).peekable();
    match spools.peek() {
        None => {
            for id in ids {
                say(out, None, refused(NoSuchCall(id), config))?;
            }
        }
        Some(_) => {
            let (end, is_ended) = watch::channel(false);
            let stop = Stop::by(is_ended);
            let told = ended_by.clone();
            listen_in_thread(move |signal| {
                told.get_or_init(|| signal);
                end.send_replace(true);
            })?;
            let routes = &config.routes;
            let closer = |(spool, config): (Spool, &Config)| -> anyhow::Result<Closer<'_>> {
                let courier = Courier::new(config, runtime_folder().as_deref()).ending_by(stop.clone());
                let (client, config) = (Client::new(config)?, config.clone());
                let (cause, stop) = (cause.clone(), stop.clone());
                let (is_down, was_cut) = (false, false);
                Ok(Closer {
                    args,
                    cause,
                    spool,
                    client,
                    config,
                    courier,
                    routes: routes.clone(),
                    stop,
                    is_down,
                    was_cut,
                })
            };
            let mut closers = spools.map(closer).collect::<anyhow::Result<Vec<_>>>()?;
            client::block_on(async {
                match &args.which {
                    WhichCalls { older_than: Some(Span(age)), .. } => {
                        for closer in &mut closers {
                            closer.close_open(*age, out, &mut say).await?;
                        }
                    }
                    WhichCalls { all: true, .. } => {
                        for closer in &mut closers {
                            closer.close_open(Duration::ZERO, out, &mut say).await?;
                        }
                    }
                    WhichCalls { .. } => {
                        for id in ids {
                            if closers.iter_mut().any(Closer::is_to_end) {
                                break;
                            }
                            let mut found = None;
                            for closer in &mut closers {
                                if let Some(call) =
                                    closer.spool.call(&Which::Id(id.clone()), Moment::now())?
                                {
                                    let closed = closer.close(&call).await?;
                                    found = Some((call, closed));
                                    break;
                                }
                            }
                            match found {
                                Some((call, closed)) => say(out, Some(&call), closed)?,
                                None => say(out, None, refused(NoSuchCall(id), config))?,
                            }
                        }
                    }
                }
                anyhow::Ok(())
            })??;
            was_cut = closers.iter().any(|closer| closer.was_cut);
        }
    }
    if count == 0 && is_for_a_person && !was_cut {
        let none = match args.which.older_than {
            Some(age) => format!("no call has been open for {age}"),
            None => "no call is open".to_owned(),
        };
        writeln!(out, "{none}").map_err(OutputError)?;
    }
    if let Some(signal) = ended_by.get().filter(|_| was_cut && !style.fail_open) {
        log::warn!("interrupted by {signal}: the calls after the ones reported above stay open");
        return Ok(signal.exit_code());
    }
    Ok(if style.fail_open { ExitCode::Ok } else { failure.unwrap_or(ExitCode::Ok) })
}

/// A call for a person's eyes.
fn named(call: &Call) -> String {
    let party = |party: &Option<String>| printable(party.as_deref().unwrap_or("?"));
    let parties = match (&call.from, &call.to) {
        (None, None) => String::new(),
        (from, to) => format!(", {} -> {}", party(from), party(to)),
    };
    let state = if call.answered { "answered" } else { "ringing" };
    format!("{}{parties}, {state} for {}", printable(call.call_id.as_str()), Span::roughly(call.age))
}

/// What is not sent.
fn refused(error: impl Into<anyhow::Error>, config: &Config) -> Closed {
    let error = error.into();
    (unsent(&error).because(&error, config.endpoint().ok()), Some(error))
}

impl Closer<'_> {
    /// Closes all calls that have been open for so long.
    async fn close_open(
        &mut self,
        age: Duration,
        out: &mut dyn Write,
        say: &mut impl FnMut(&mut dyn Write, Option<&Call>, Closed) -> Result<(), OutputError>,
    ) -> anyhow::Result<()> {
        let mut behind = CallNumber(0);
        loop {
            let page = self.spool.open_calls(behind, PAGE, Moment::now())?;
            let Some(last) = page.last() else { return Ok(()) };
            behind = last.number;
            for call in page.iter().filter(|call| call.age >= age) {
                if self.is_to_end() {
                    return Ok(());
                }
                let closed = self.close(call).await?;
                say(out, Some(call), closed)?;
            }
        }
    }

    /// Whether a signal says that no more calls are to be closed.
    fn is_to_end(&mut self) -> bool {
        self.was_cut |= self.stop.is_asked();
        self.was_cut
    }

    async fn close(&mut self, call: &Call) -> anyhow::Result<Closed> {
        // While others were closed it may have ended.
        let Some(call) = self.spool.call(&Which::Id(call.call_id.clone()), Moment::now())? else {
            return Ok(refused(NoSuchCall(call.call_id.clone()), &self.config));
        };
        let call = &call;
        let to_send = EventToSend { course: self.course(&call.call_id)?, ..self.hangup(call) };
        let (event, call_id) = (&to_send.event, &call.call_id);
        match call.ending {
            Ending::Reported => {
                log::warn!("call {call_id} has already ended, so no second hangup is sent");
                return Ok((Report::ended_before(event), None));
            }
            Ending::None | Ending::Begun if self.args.forget => {
                self.spool.forget(call_id)?;
                return Ok((Report::ended_before(event), None));
            }
            Ending::Begun if !self.args.force && !rules::repeat_is_safe(event, Some(call.answered)) => {
                let error = HangupInDoubt(call_id.clone()).into();
                let report = Report::unsent("unconfirmed").about(event);
                return Ok((report.because(&error, self.config.endpoint().ok()), Some(error)));
            }
            Ending::None | Ending::Begun => {}
        }
        // This one takes the place of what lies there.
        self.spool.reopen_call(call_id)?;
        if self.is_down {
            self.keep_the_rest();
        }
        let deadline = Deadline::within(self.config.deadline);
        let brought = self.courier.bring(&mut self.client, &to_send, deadline).await;
        match &brought {
            Ok(Outcome::Delivered(_) | Outcome::EndedBefore) => {
                if !self.courier.has_journal() {
                    self.spool.settle(event, None, true, Moment::now())?;
                }
            }
            Ok(Outcome::Spooled(Spooled { tried })) => {
                self.is_down = tried.as_ref().is_some_and(|tried| !lacks_call(&tried.error));
            }
            Err(Failure::Unconfirmed(tried)) => self.is_down = !lacks_call(&tried.error),
            Err(Failure::Undelivered(_) | Failure::NotKept(..) | Failure::Untried(_)) => {}
        }
        match brought {
            Ok(Outcome::Spooled(Spooled { tried: Some(tried) }))
            | Err(Failure::Undelivered(tried) | Failure::Unconfirmed(tried))
                if lacks_call(&tried.error) && self.strike(call_id).await? =>
            {
                // Whatever Zammad had before: a call that agents see ring would have ended.
                let tried = Undelivered { error: tried.error.at_lacking_call(), uncertain: false, ..tried };
                let report = Report::undelivered(event, &tried);
                let off = format!(
                    "call {call_id} was removed from the list, because it does not ring in \
                    Zammad"
                );
                let error = anyhow::Error::from(tried.error).context(off);
                Ok((report.because(&error, self.config.endpoint().ok()), Some(error)))
            }
            brought => Ok(outcome(event, Ok(brought), &self.config)),
        }
    }

    /// Where its copies go, if routes decided about it.
    fn course(&mut self, call_id: &CallId) -> anyhow::Result<Option<Box<Course>>> {
        let Some(routes) = &self.routes else { return Ok(None) };
        let kept = self.spool.course(&Which::Id(call_id.clone()))?;
        let copy = |profile: String| {
            let address = routes.zammad(&profile).ok()?.endpoint().ok().map(address)?;
            Some(CopyTo { profile, address })
        };
        Ok(kept.map(|kept| {
            let copies = kept.copies.into_iter().filter_map(copy).collect();
            Box::new(Course { profile: kept.profile, copies })
        }))
    }

    /// The hangup of a call that nobody else ends.
    fn hangup(&self, call: &Call) -> EventToSend {
        let usual = if call.answered { HangupCause::NormalClearing } else { HangupCause::Cancel };
        let cause = self.cause.clone().unwrap_or(Cause::Read(usual));
        EventToSend {
            event: CallEvent {
                cause: Some(cause),
                ..CallEvent::new(EventKind::Hangup, call.call_id.clone(), call.direction)
            },
            known: Known {
                direction: Some(call.direction),
                answered: call.answered.then_some(true),
                ..Known::default()
            },
            key: None,
            left_out: None,
            findings: Vec::new(),
            course: None,
        }
    }

    /// A call that Zammad does not know does not ring there either: then it is off the list. A Zammad
    /// in trouble may use the same words.
    async fn strike(&mut self, call_id: &CallId) -> anyhow::Result<bool> {
        let id = RequestId::fresh();
        let is_well = self.client.probe(id, self.config.encoding, self.config.timeout).await.is_ok();
        if is_well {
            self.spool.forget(call_id)?;
        }
        Ok(is_well)
    }

    /// Each of the others would take as long to find out that Zammad takes nothing.
    fn keep_the_rest(&mut self) {
        if let Some(spool) = &mut self.config.spool
            && spool.mode == SpoolMode::OnFailure
        {
            log::warn!("Zammad fails, so the hangups of the other calls go into the spool at once");
            spool.mode = SpoolMode::Always;
            let courier = Courier::new(&self.config, runtime_folder().as_deref());
            self.courier = courier.ending_by(self.stop.clone());
        }
    }
}

/// Whether Zammad may not know the call: also one that it has taken, and that somebody has deleted since.
fn lacks_call(error: &SendError) -> bool {
    matches!(error, SendError::UnknownCall { .. } | SendError::FailedAtKnownCall { .. })
}
