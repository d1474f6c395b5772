//! The thread of one call: it talks with Asterisk.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use tokio::sync::mpsc::UnboundedSender;
use zammad_cti::agi::{Conversation, Until};
use zammad_cti::config::Config;
use zammad_cti::event::EventKind;

use super::request;
use super::serve::Errand;
use crate::commands::agi::{LAST_WORDS, MOMENT, Wanted, failure, on_its_way, told, wanted};

/// Reads what is wanted for a call, has it done, and tells Asterisk. The call is held for at most
/// `limit`, and then a moment for the last words.
///
/// # Errors
///
/// Asterisk could not be told. What Zammad did not take is in the log already.
pub fn talk(
    stream: &TcpStream,
    errands: &UnboundedSender<Errand>,
    config: &Config,
    limit: Duration,
) -> anyhow::Result<()> {
    let started = Instant::now();
    let end = started + limit + LAST_WORDS;
    let input = BufReader::new(Until::new(stream, end));
    let mut conversation = Conversation::begin(input, Until::new(stream, end)).context("no AGI")?;
    let script = conversation.header().script.clone().unwrap_or_default();
    let result = bring(&script, &mut conversation, errands, config, started, limit);
    if let Err(error) = &result {
        // What cannot be told is in the log.
        let _ = failure(&mut conversation, error);
    }
    result.with_context(|| format!("agi://.../{script}"))
}

/// Has one event brought to Zammad.
fn bring<R: BufRead, W: Write>(
    script: &str,
    conversation: &mut Conversation<R, W>,
    errands: &UnboundedSender<Errand>,
    config: &Config,
    started: Instant,
    limit: Duration,
) -> anyhow::Result<()> {
    if conversation.header().arguments > 0 {
        let advice =
            "an address has its options in the query, as in new-call?queue=support; others do nothing";
        log::warn!("{advice}");
        let _ = conversation.say(&format!("zammad-cti: {advice}"));
    }
    let written = match wanted(&request::read(script)?, conversation, config)? {
        Wanted::Report(event) => *event,
        Wanted::Nothing(why) => return Ok(conversation.say(&why)?),
    };
    let (patience, limit) = match written.event {
        EventKind::NewCall => (limit.saturating_sub(started.elapsed()) + LAST_WORDS / 2, limit),
        EventKind::Answer | EventKind::Hangup => (MOMENT, config.deadline),
    };
    let (reply, outcome) = channel();
    let (kind, call_id) = (written.event, written.call_id.clone());
    let errand = Errand { event: written, started, limit, reply };
    errands.send(errand).map_err(|_| anyhow!("it is ending"))?;
    match (outcome.recv_timeout(patience), kind) {
        (Ok((report, None)), kind) => Ok(told(conversation, kind, &report)?),
        // In the log already.
        (Ok((_, Some(error))), _) => Ok(failure(conversation, &error)?),
        (Err(_), EventKind::NewCall) => Err(anyhow!("no decision in time")),
        (Err(_), kind) => Ok(conversation.say(&on_its_way(kind, &call_id))?),
    }
}
