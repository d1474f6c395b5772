//! What the channel is told: variables for the dialplan, and a line for Asterisk's console.

use std::io::{BufRead, Write};

use crate::agi::{AgiError, Conversation};
use crate::config::redact;
use crate::event::EventKind;

use crate::program::exit_code::CallGoesOn;
use crate::program::output::{Field, Report};
use crate::program::safe_text::{plain_words, printable};

/// What became of an event that Zammad took.
pub fn told<R: BufRead, W: Write>(
    conversation: &mut Conversation<R, W>,
    kind: EventKind,
    report: &Report,
) -> Result<(), AgiError> {
    match kind {
        EventKind::NewCall => decision(conversation, report)?,
        EventKind::Answer | EventKind::Hangup => {}
    }
    conversation.say(&format!("zammad-cti: {}", report.summary()))
}

/// What is said of an event that nobody waits for any longer.
pub fn on_its_way(kind: EventKind, call_id: &str) -> String {
    format!("zammad-cti: {kind} of call {} is on its way", printable(call_id))
}

/// What Zammad wants done with a new call.
fn decision<R: BufRead, W: Write>(
    conversation: &mut Conversation<R, W>,
    report: &Report,
) -> Result<(), AgiError> {
    conversation.set("ZAMMAD_ACTION", &report.field(Field::Action))?;
    let more = [
        ("ZAMMAD_REASON", Field::Reason),
        ("ZAMMAD_CALLER_ID", Field::CallerId),
        ("ZAMMAD_NUMBER", Field::Number),
    ];
    for (variable, field) in more {
        // Nothing to say is nothing to wait for.
        let value = plain_words(&report.field(field));
        if !value.is_empty() {
            conversation.set(variable, &value)?;
        }
    }
    Ok(())
}

/// That Zammad could not be asked, and why.
pub fn failure<R: BufRead, W: Write>(
    conversation: &mut Conversation<R, W>,
    error: &anyhow::Error,
) -> Result<(), AgiError> {
    // The dialplan knows that.
    let outermost = usize::from(error.is::<CallGoesOn>());
    let parts: Vec<_> = error.chain().skip(outermost).map(ToString::to_string).collect();
    mistake(conversation, &parts.join(": "))
}

/// The same of a mistake in the dialplan.
pub fn mistake<R: BufRead, W: Write>(
    conversation: &mut Conversation<R, W>,
    mistake: &str,
) -> Result<(), AgiError> {
    let mistake = printable(&redact(mistake));
    conversation.set("ZAMMAD_ACTION", "error")?;
    conversation.set("ZAMMAD_ERROR", &plain_words(&mistake))?;
    conversation.say(&format!("zammad-cti: {mistake}"))
}
