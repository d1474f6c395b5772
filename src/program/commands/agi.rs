//! `zammad-cti agi`: an event of a channel, as a program that Asterisk runs and talks with.
//!
//! The call goes on whatever happens here. A new call waits for Zammad's decision, no longer than
//! the deadline. An answer would keep two people from hearing each other, and a hangup a caller from
//! hearing that the line is busy, because Asterisk's handler runs before it tells him. So another
//! process brings these to Zammad, however long it takes, and this one waits a moment for it at most.

pub mod channel;
mod handed;
pub mod tell;

use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Write, stdin};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use crate::agi::{Conversation, Until};
use crate::client;
use crate::config::{Config, HangupRejected, Span, SpoolMode};
use crate::delivery::{Courier, Deadline, Ways};
use crate::event::{EventKind, WrittenEvent};
use anyhow::Context;

use super::configured;
use super::owner::become_owner;
use super::report;
use super::settings::{runtime_folder, sources};
use super::signals::EndSignals;
use crate::program::cli::{self, Global};
use crate::program::exit_code::{CallGoesOn, ExitCode, UsageError};
use crate::program::output::Report;
pub use channel::{Wanted, wanted};
pub use tell::{failure, mistake, on_its_way, told};

/// How long a call is held for an event at most, unless --deadline allows more.
const DEADLINE: Duration = Duration::from_secs(2);

/// How long people wait who are to be connected, or to be told that they are not.
pub const MOMENT: Duration = Duration::from_millis(150);

/// Asterisk answers within microseconds; past the deadline it gets this long for it.
pub const LAST_WORDS: Duration = Duration::from_millis(80);

pub fn run(
    event: &cli::Agi,
    global: &Global,
    started: Instant,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    if is_handed_over(event) {
        return handed::deliver(global, started, out);
    }
    if stdin().is_terminal() {
        return Err(UsageError(
            "agi is for Asterisk, which runs it as AGI(/usr/bin/zammad-cti,agi,new-call); on a command \
            line, use zammad-cti new-call",
        )
        .into());
    }
    let config = configured(global, log::LevelFilter::Warn).map(ending_rejected);
    let deadline = Deadline::new(started, held_for(global, config.as_ref().ok()));
    let mut conversation = begin(deadline.end(), out)?;
    let result = config.and_then(|config| {
        // Not a Zammad that is down: nothing would ever arrive.
        config.endpoint()?;
        report(event, &mut conversation, &config, deadline)
    });
    if let Err(error) = &result {
        // Who does not listen any more is not told.
        let _ = failure(&mut conversation, error);
    }
    result.map(|()| ExitCode::Ok)
}

/// Tells Asterisk too that the dialplan's line is wrong: what is on stderr nobody may ever see.
pub fn refuse(mistake: &str) {
    if stdin().is_terminal() {
        return;
    }
    let mut out = std::io::stdout();
    if let Ok(mut conversation) = begin(Instant::now() + DEADLINE, &mut out) {
        // The same is on stderr.
        let _ = tell::mistake(&mut conversation, mistake);
    }
}

/// How long a call may be held: the flag's time; else two seconds, or less if the events that
/// nobody waits for have less.
pub fn held_for(global: &Global, config: Option<&Config>) -> Duration {
    match global.settings.deadline {
        Some(Span(deadline)) if !deadline.is_zero() => deadline,
        _ => config.map_or(DEADLINE, |config| config.deadline.min(DEADLINE)),
    }
}

/// The same configuration, in which the hangup of a call that Zammad rejects is sent at once, unless a setting says
/// otherwise. The dialplan reports the end as well, and the journal knows that its hangup is a second one: without a
/// journal, the setting has to say that it is wanted.
fn ending_rejected(config: Config) -> Config {
    config.changed(|config| {
        if config.spool.as_ref().is_some_and(|spool| spool.mode != SpoolMode::Never) {
            config.hangup_rejected.get_or_insert(HangupRejected::Busy);
        }
    })
}

/// The configuration for events that no call waits for: they have all the time that it gives them,
/// or the flag's if that is more.
pub fn unhurried(global: &Global, quiet: log::LevelFilter) -> anyhow::Result<Config> {
    unhurried_of(global, configured(global, quiet)?)
}

/// The same of this configuration.
pub fn unhurried_of(global: &Global, config: Config) -> anyhow::Result<Config> {
    let Some(Span(held)) = global.settings.deadline else { return Ok(ending_rejected(config)) };
    let mut global = global.clone();
    global.settings.deadline = None;
    let config = Config::try_from(sources(&global)?.merged())?;
    let config = config.changed(|config| config.deadline = config.deadline.max(held));
    Ok(ending_rejected(config))
}

/// A conversation on the standard input and output.
fn begin(
    end: Instant,
    out: &mut dyn Write,
) -> anyhow::Result<Conversation<impl BufRead + use<>, &mut dyn Write>> {
    // Not by way of std's own buffer, in which something could wait unseen.
    let input = File::from(stdin().as_fd().try_clone_to_owned()?);
    Conversation::begin(BufReader::new(Until::new(input, end + LAST_WORDS)), out)
        .context("there is no header from Asterisk; only AGI() in a dialplan can run agi")
}

/// Brings one event to Zammad, and what came of it to the channel.
fn report<R: BufRead, W: Write>(
    event: &cli::Agi,
    conversation: &mut Conversation<R, W>,
    config: &Config,
    deadline: Deadline,
) -> anyhow::Result<()> {
    let written = match wanted(event, conversation, config)? {
        Wanted::Report(event) => *event,
        Wanted::Nothing(why) => {
            // Who does not listen any more need not know.
            let _ = conversation.say(&why);
            return Ok(());
        }
    };
    match written.event {
        EventKind::NewCall => {}
        EventKind::Answer | EventKind::Hangup => match handed::hand_over(&written, MOMENT) {
            Ok(said) => {
                let _ = conversation.say(&said);
                return Ok(());
            }
            Err(error) => log::warn!("the call waits for its {}: {error:#}", written.event),
        },
    }
    let kind = written.event;
    let (report, error) = deliver(written, config, deadline)?;
    match error {
        None => {
            if let Err(error) = told(conversation, kind, &report) {
                log::warn!("the caller hung up, or Asterisk did not listen: {error}");
            }
            Ok(())
        }
        Some(error) => Err(error.context(CallGoesOn)),
    }
}

/// Brings an event to Zammad. Tells what became of it, and the error if it is neither there nor in
/// the spool.
///
/// # Errors
///
/// It is no event, or the machine has nothing left to bring it with.
fn deliver(
    written: WrittenEvent,
    config: &Config,
    deadline: Deadline,
) -> anyhow::Result<(Report, Option<anyhow::Error>)> {
    become_owner(config.all());
    let courier = |config: &Config| Courier::new(config, runtime_folder().as_deref()).ending_rejected(config);
    let ways = Ways::new(config, courier);
    let carried = client::block_on(async {
        let addressed = ways.read(written, config).await?;
        report::warn(&addressed.to_send, None);
        // Asterisk's SIGHUP says that the caller has hung up.
        let signals = EndSignals::listen_but_for_hangup();
        Ok(report::carry(&ways, config, &addressed, deadline, signals).await)
    });
    // The end of the process closes the spool too, and faster.
    std::mem::forget(ways);
    carried?
}

fn is_handed_over(event: &cli::Agi) -> bool {
    match event {
        cli::Agi::NewCall(_) => false,
        cli::Agi::Answer(answer) => answer.handed.over,
        cli::Agi::Hangup(hangup) => hangup.handed.over,
    }
}
