//! Whether a message is as Asterisk writes it, or was cut off by a line break in somebody's number.
//!
//! Asterisk writes of each channel the same fields in the same order. Who slips lines in controls what stands behind the
//! number, as far as it is long enough, and nothing before it. What follows in the true message stands at the end of the
//! last piece, which begins with none of the fields that belong before it.

use super::Block;
use super::block::ends_with;

/// What Asterisk tells of a channel, in its order. In an event with several channels each name has a word before it.
const OF_A_CHANNEL: [&str; 9] = [
    "Channel",
    "ChannelStateDesc",
    "CallerIDNum",
    "CallerIDName",
    "ConnectedLineNum",
    "Context",
    "Exten",
    "Uniqueid",
    "Linkedid",
];

/// The one event that tells of a channel in words and an order of its own: what Asterisk writes down of calls, if it is
/// told to say that here as well.
const WRITTEN_DOWN: &str = "CEL";
const OF_WRITTEN_DOWN: [&str; 8] =
    ["EventName", "CallerIDNum", "CallerIDName", "Exten", "Context", "Channel", "Uniqueid", "Linkedid"];

/// What is never empty of that, and never left out, not even in a recording that was cut short.
const NEVER_EMPTY: [&str; 3] = ["Channel", "Uniqueid", "Linkedid"];

/// What Asterisk writes of the same channel around its number, and what follows the number in any case.
const AROUND_NUMBERS: [&str; 2] = ["CallerIDName", "ConnectedLineNum"];
const NUMBER: &str = "CallerIDNum";
const BEHIND_NUMBERS: [&str; 2] = ["Context", "Exten"];

/// Fields that no message has but with a channel's others.
const OF_NOTHING_ELSE: [&str; 2] = ["ChannelStateDesc", "Linkedid"];

/// Events that tell of a channel whatever else is in them: a forger may leave out what they do not need.
const OF_ONE_CHANNEL: [&str; 8] = [
    "Newchannel",
    "Newstate",
    "Newexten",
    "HangupRequest",
    "Hangup",
    "QueueCallerJoin",
    "QueueCallerLeave",
    "QueueCallerAbandon",
];

/// What is known of the way in which an Asterisk tells of channels.
#[derive(Debug, Default)]
pub struct Wholeness {
    /// It tells all of a channel, as each Asterisk does; where events were written by hand, it may not.
    is_in_full: bool,
}

impl Wholeness {
    /// Learns from a message how this Asterisk tells of channels.
    pub fn learn(&mut self, block: &Block) {
        self.is_in_full = self.is_in_full || channels(block).any(|which| is_in_full(block, which));
    }

    /// Whether a message ends before it is whole, or begins in its middle.
    pub fn is_cut_off(&self, block: &Block) -> bool {
        channels(block).any(|which| {
            let value = |field: &str| block.get(&format!("{which}{field}"));
            let lacks = |field: &&str| value(field).is_none_or(str::is_empty);
            NEVER_EMPTY.iter().any(lacks) || (self.is_in_full && !is_as_far_as_told(block, which))
        })
    }
}

/// The words before the names of the fields of each channel that a message tells of, some of them several times.
fn channels(block: &Block) -> impl Iterator<Item = &str> {
    let named = block.fields().iter().filter_map(|(field, _)| {
        let mark = OF_NOTHING_ELSE.iter().find(|mark| ends_with(field, mark))?;
        Some(&field[..field.len() - mark.len()])
    });
    let is_of_one = block.event().is_some_and(|event| OF_ONE_CHANNEL.contains(&event));
    named.chain(is_of_one.then_some(""))
}

/// Whether all that Asterisk tells of a channel is there, in its order.
fn is_in_full(block: &Block, which: &str) -> bool {
    has_in_order(block, which, OF_A_CHANNEL.into_iter())
}

/// The same for one that tells of a channel's names. One that tells of its number, or of neither, has as much as has to
/// follow that.
fn is_as_far_as_told(block: &Block, which: &str) -> bool {
    if block.event() == Some(WRITTEN_DOWN) {
        return has_in_order(block, which, OF_WRITTEN_DOWN.into_iter());
    }
    let tells = |field: &str| block.get(&format!("{which}{field}")).is_some();
    let (tells_names, tells_number) = (AROUND_NUMBERS.into_iter().any(tells), tells(NUMBER));
    let is_wanted = |field: &&str| match *field {
        _ if tells_names => true,
        NUMBER => tells_number,
        field if BEHIND_NUMBERS.contains(&field) => tells_number,
        field => !AROUND_NUMBERS.contains(&field),
    };
    has_in_order(block, which, OF_A_CHANNEL.into_iter().filter(is_wanted))
}

/// Whether these fields of a channel are there, in this order.
fn has_in_order(block: &Block, which: &str, mut wanted: impl Iterator<Item = &'static str>) -> bool {
    let mut fields = block.fields().iter().map(|(field, _)| field.as_str());
    wanted.all(|name| {
        fields.any(|field| {
            field.len() == which.len() + name.len() && field.starts_with(which) && ends_with(field, name)
        })
    })
}
