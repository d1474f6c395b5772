//! The thread of one call: it talks with Asterisk.

use std::io::{BufRead, BufReader, Cursor, Read, Write};
use std::sync::mpsc::channel;
use std::time::Duration;

use crate::agi::{Conversation, Until};
use crate::config::Config;
use crate::delivery::Deadline;
use crate::event::EventKind;
use anyhow::{Context, anyhow};
use tokio::sync::mpsc::UnboundedSender;

use super::guest::Guest;
use super::hall::Visit;
use super::job::Job;
use super::places::Place;
use super::request;
use crate::program::commands::agi::{LAST_WORDS, MOMENT, Wanted, failure, on_its_way, told, wanted};

/// Reads what is wanted for a call, has it done, and tells Asterisk. The call is held for at most
/// `limit`, and then a moment for the last words. `place` is its event's.
///
/// # Errors
///
/// Asterisk could not be told. What Zammad did not take is in the log already.
pub fn talk(
    visit: Visit,
    jobs: &UnboundedSender<Job>,
    place: Place,
    config: &Config,
    limit: Duration,
) -> anyhow::Result<()> {
    let Visit { stream, header, rest, script, guest, is_trusted, started } = visit;
    let stream = &stream.into_std()?;
    let deadline = Deadline::new(started, limit);
    let end = deadline.end() + LAST_WORDS;
    let input = BufReader::new(Cursor::new(rest).chain(Until::new(stream, end)));
    let mut conversation = Conversation::after(header, input, Until::new(stream, end));
    let stranger = (!is_trusted).then_some(guest);
    let asked = Asked { script: &script, stranger, place, deadline };
    let result = bring(asked, &mut conversation, jobs, config);
    if let Err(error) = &result {
        // What cannot be told is in the log.
        let _ = failure(&mut conversation, error);
    }
    result.with_context(|| format!("agi://.../{}", request::shown(&script)))
}

/// What a peer asks for.
struct Asked<'a> {
    script: &'a str,
    /// who it is, unless it is trusted
    stranger: Option<Guest>,
    /// for its event
    place: Place,
    deadline: Deadline,
}

/// Has one event brought to Zammad.
fn bring<R: BufRead, W: Write>(
    asked: Asked<'_>,
    conversation: &mut Conversation<R, W>,
    jobs: &UnboundedSender<Job>,
    config: &Config,
) -> anyhow::Result<()> {
    let Asked { script, stranger, place, deadline } = asked;
    if conversation.header().arguments > 0 {
        let advice =
            "put options into the query of the address, as in new-call?queue=support; others are ignored";
        log::warn!("{advice}");
        let _ = conversation.say(&format!("zammad-cti: {advice}"));
    }
    let written = match wanted(&request::read(script)?, conversation, config)? {
        Wanted::Report(event) => *event,
        Wanted::Nothing(why) => return Ok(conversation.say(&why)?),
    };
    let (patience, deadline) = match written.event {
        EventKind::NewCall => (deadline.left() + LAST_WORDS / 2, deadline),
        // Nobody waits for it.
        EventKind::Answer | EventKind::Hangup => (MOMENT, deadline.with_time(config.deadline)),
    };
    let (reply, outcome) = channel();
    let (kind, call_id) = (written.event, written.call_id.clone());
    let job = Job { event: written, stranger, deadline, place, reply };
    jobs.send(job).map_err(|_| anyhow!("it is ending"))?;
    match (outcome.recv_timeout(patience), kind) {
        (Ok((report, None)), kind) => Ok(told(conversation, kind, &report)?),
        // In the log already.
        (Ok((_, Some(error))), _) => Ok(failure(conversation, &error)?),
        (Err(_), EventKind::NewCall) => Err(anyhow!("no decision in time")),
        (Err(_), kind) => Ok(conversation.say(&on_its_way(kind, &call_id))?),
    }
}
