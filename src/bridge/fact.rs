//! What a phone system says of the legs of its calls, in words that all phone systems share.

use crate::cause::HangupCause;

/// A leg, by the phone system's own name for it: in Asterisk a channel's unique id.
///
/// No other leg ever has the same one: a call's id at Zammad is made of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegId(pub String);

/// Which side of the trunk a leg is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// over a trunk: a customer, or an agent's mobile
    Outside,
    /// a phone of the house
    Phone,
    /// the phone system's own, between two legs: Asterisk's Local channels
    Inner,
}

/// Somebody at a phone, as far as the phone system tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// what the phone system calls them
    pub name: Option<String>,
    /// the endpoint of their phone, such as `PJSIP/anna`
    pub endpoint: Option<String>,
    /// the number to be reported as the one that answers
    pub number: Option<String>,
}

/// The place of a leg on no known trunk: the reason why its call is not reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// what the phone system counts lines and phones to by a setting of theirs: Asterisk's context
    pub context: String,
    /// its endpoint, such as `PJSIP/anna`
    pub endpoint: String,
    /// what is shown as its number, or the number that was dialled through it, as it is
    pub shown: String,
}

/// How the attempt to reach a leg ended, if nobody took the call there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// it is on another call
    Busy,
    /// it rang, or it was refused
    NoAnswer,
    /// the caller went, or somebody else was faster
    Cancelled,
    /// the way to it is blocked
    Congestion,
    /// it cannot be rung at all
    Unavailable,
}

/// One thing that happened to a leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// the leg; where there are two, the one that was first
    pub leg: LegId,
    /// what the phone system counts as one call, by the first of its legs; it may change
    pub group: LegId,
    /// what happened
    pub what: What,
}

/// See [`Fact`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It calls the phone system.
    Calls {
        /// where it calls from
        side: Side,
        /// its number, if it is one
        from: Option<String>,
        /// the number that it called
        to: String,
        /// the line that it came in by, if it is outside
        trunk: Option<String>,
        /// where it stands otherwise
        place: Option<Place>,
    },
    /// Its number is not to be shown.
    Withheld,
    /// It has another leg rung.
    Dials(Dial),
    /// Somebody is rung for it, and the phone system does not say who.
    Rings,
    /// All whom it rings are named by now: nobody needs to wait for others.
    AllNamed,
    /// It waits in a queue.
    Queued(String),
    /// It waits no longer: it gave up, or waited too long, or was connected.
    Unqueued,
    /// A person took its call.
    Answered(Taker),
    /// A leg that was rung for it did not take its call.
    Failed {
        /// that leg
        to: LegId,
        /// and why
        failure: Failure,
    },
    /// It talks to a voicemail box.
    Voicemail,
    /// It leaves a message in one.
    Message,
    /// Its far end wants to end the call.
    HangsUp,
    /// The phone system turned it away, whatever it seemed to want before.
    TurnedAway,
    /// It is missing from a list: it is over, unless something is heard of it within a moment.
    Missing,
    /// Its part of the call is over, and the call may go on elsewhere. If nothing more is heard of it in the time for
    /// which a call may vanish, it ended by this cause.
    Moves(HangupCause),
    /// Its call is over, and the phone system says why in Zammad's own words.
    Ended(HangupCause),
    /// It is no longer there.
    Gone {
        /// the Q.850 cause, if one is said
        cause: Option<u8>,
    },
}

/// One leg that has another one rung.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dial {
    /// the leg that is rung
    pub to: LegId,
    /// where it is
    pub side: Side,
    /// who is there
    pub person: Person,
    /// the number that was dialled for it
    pub number: String,
    /// the number that it is shown as the caller's
    pub shown: Option<String>,
    /// the line that it goes out by, if it is outside
    pub trunk: Option<String>,
    /// where it stands otherwise, if a number was dialled through it
    pub place: Option<Place>,
    /// who calls, if a phone of the house does
    pub caller: Person,
}

/// Who took a call, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taker {
    /// the leg
    pub leg: LegId,
    /// where it is
    pub side: Side,
    /// who
    pub person: Person,
    /// the number that was dialled to reach them, if it is known
    pub number: Option<String>,
}

/// A leg that is there, as a list of all legs shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// which
    pub leg: LegId,
    /// what the phone system counts it to
    pub group: LegId,
    /// where it is
    pub side: Side,
    /// it called the phone system, and was not rung by it
    pub calls: bool,
    /// the number of who calls, if it is one
    pub from: Option<String>,
    /// the number that was called, if it is known
    pub to: String,
    /// who is there, if it is a phone of the house
    pub person: Person,
    /// the line, if it is outside
    pub trunk: Option<String>,
    /// the person that it talks to
    pub talks_to: Option<Taker>,
}
