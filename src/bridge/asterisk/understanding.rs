//! Which messages count, in which order, and when all channels are to be looked at.
//!
//! A connection begins with a list of all channels. While it comes, what happens meanwhile waits. When a message was
//! cut off, somebody may have made up the ones behind it. So a question is asked whose id nobody can guess, and nothing
//! is believed until its reply. What was said before that may be lost, so the list is asked for again; that may wait, as
//! the one whose number cuts messages may cut many.
//!
//! The cut shows in the last piece of the message that was cut, and what was made up stands before it. So what came in one
//! go is believed once all of it was seen. No message has a reply of ours within it, so one ends what came before.
//!
//! The entry of such a channel is cut in a list too. It is left out, and all until the next that has an id of ours.
//!
//! A moment later it is asked for once more. Asterisk says that somebody answered before it connects them: of a call
//! that was answered before the connection began, and connected after its list, nothing else tells. That list holds
//! nothing up and ends nothing. From then on it is asked for every minute, to see what the account may see.

use std::collections::{HashMap, HashSet};
use std::mem::take;

use serde::{Deserialize, Serialize};

use super::action::Action;
use super::rights::Rights;
use super::trunks::Trunks;
use super::wholeness::Wholeness;
use super::{Block, BlockError, Listener, VARIABLES, listener};
use crate::bridge::fact::{Fact, LegId, Side, What};
use crate::bridge::mask::Mask;
use crate::bridge::source::{Heard, Source};
use crate::config::{AsteriskSettings, List as Listed, Pattern};

/// Whether a caller's number may be shown: Asterisk's own word, and FreePBX's copy of it.
const PRESENTATION: [&str; 2] = ["CALLERID(num-pres)", "CALLINGNUMPRES_SV"];

/// How many questions about numbers wait for their reply.
const MOST_ASKED: usize = 4096;

/// What Asterisk says, as it is recorded.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// an event or a reply
    Block(Block),
    /// something that is neither, and why
    Broken(String),
}

impl From<Result<Block, BlockError>> for Message {
    fn from(read: Result<Block, BlockError>) -> Self {
        match read {
            Ok(block) => Self::Block(block),
            Err(error) => Self::Broken(error.to_string()),
        }
    }
}

/// How far the list of all channels is.
#[derive(Debug)]
enum List {
    /// none is wanted
    None,
    /// asked for; until it begins, what happens is believed or not
    Asked { is_believed: bool },
    /// it comes
    Coming { channels: Vec<Block>, meanwhile: Vec<Block> },
}

/// Understands one Asterisk.
#[derive(Debug)]
pub struct Asterisk {
    listener: Listener,
    wholeness: Wholeness,
    /// what came in one go, and is not believed before all of it was seen
    together: Vec<Block>,
    list: List,
    /// an entry in a list was cut off, and what has no id of ours is a part of it
    is_in_cut_entry: bool,
    /// the channels of the list that was asked for once more, as far as it has come
    again: Vec<Block>,
    /// it was asked for once more, and is not complete
    is_looking_again: bool,
    /// it was asked for once more on this connection
    has_looked_again: bool,
    /// the id of the last list that was asked for
    asked: u64,
    /// how often a message was cut off on this connection
    cuts: u64,
    /// how often it was asked whether a number may be shown
    asked_numbers: u64,
    /// what makes our questions on this connection known: nobody can guess it
    secret: String,
    /// legs of which it was asked whether their number may be shown, by the question's id
    asked_of: HashMap<String, (LegId, LegId)>,
    /// what the account may see on this connection
    rights: Rights,
    /// it was said that these questions are not answered
    is_told_of_numbers: bool,
    /// it was said that calls are not ended
    is_told_of_hangups: bool,
}

impl Asterisk {
    /// Nothing is known yet.
    pub fn new(listener: Listener) -> Self {
        Self {
            listener,
            wholeness: Wholeness::default(),
            together: Vec::new(),
            list: List::None,
            is_in_cut_entry: false,
            again: Vec::new(),
            is_looking_again: false,
            has_looked_again: false,
            asked: 0,
            cuts: 0,
            asked_numbers: 0,
            secret: String::new(),
            asked_of: HashMap::new(),
            rights: Rights::default(),
            is_told_of_numbers: false,
            is_told_of_hangups: false,
        }
    }

    fn hear(&mut self, event: &Block) -> Vec<Heard<Action>> {
        let mut heard: Vec<_> = listener::unfollowed(event).map(Heard::Remark).into_iter().collect();
        for fact in self.listener.hear(event) {
            let questions = match &fact.what {
                What::Calls { side: Side::Outside, from: Some(_), .. } => self.ask_for_presentation(&fact),
                _ => Vec::new(),
            };
            heard.push(Heard::Fact(fact));
            heard.extend(questions);
        }
        if !heard.is_empty() {
            heard.extend(self.listener.remark().map(Heard::Remark));
        }
        heard
    }

    /// Asks whether a caller's number may be shown, which no event says. FreePBX's inbound route overwrites the one
    /// variable after it has kept the other, so they are asked for in this order.
    fn ask_for_presentation(&mut self, fact: &Fact) -> Vec<Heard<Action>> {
        // A phone system that leaves this number of questions open answers none.
        if self.asked_of.len() >= MOST_ASKED {
            self.asked_of.clear();
        }
        let Some(channel) = self.listener.name(&fact.leg).map(str::to_owned) else { return Vec::new() };
        let ask = |variable: &&str| {
            self.asked_numbers += 1;
            let id = format!("{}-number-{}", self.secret, self.asked_numbers);
            self.asked_of.insert(id.clone(), (fact.leg.clone(), fact.group.clone()));
            let action = Action::new("Getvar", id).with("Channel", channel.as_str());
            Heard::Ask(action.with("Variable", *variable))
        };
        PRESENTATION.iter().map(ask).collect()
    }

    /// What a channel's variable says of its number. An account that may not ask learns of no number that is
    /// withheld, which is said once for each connection: Zammad gets these numbers.
    fn presentation(&mut self, reply: &Block, leg: LegId, group: LegId) -> Vec<Heard<Action>> {
        if reply.get("Response") == Some("Error") && reply.get("Message") == Some("Permission denied") {
            let remark = "Asterisk does not say whether callers withhold their numbers (Permission denied); \
                          the account needs write = reporting";
            let is_told = std::mem::replace(&mut self.is_told_of_numbers, true);
            return (!is_told).then(|| Heard::Remark(remark.to_owned())).into_iter().collect();
        }
        let is_withheld = reply.get("Value").is_some_and(|value| value.starts_with("prohib"));
        let fact = Fact { leg, group, what: What::Withheld };
        is_withheld.then_some(Heard::Fact(fact)).into_iter().collect()
    }

    /// The list is complete. What happened meanwhile to legs that are known comes before it, so that a
    /// call that ended is one that ended as it did; what else happened, after it.
    fn listed(&mut self, channels: &[Block], meanwhile: Vec<Block>) -> Vec<Heard<Action>> {
        let (known, other): (Vec<_>, Vec<_>) = meanwhile
            .into_iter()
            .partition(|event| event.get("Uniqueid").is_some_and(|id| self.listener.knows(id)));
        let gone: HashSet<&str> = known
            .iter()
            .chain(&other)
            .filter(|event| event.event() == Some("Hangup"))
            .filter_map(|event| event.get("Uniqueid"))
            .collect();
        let mut heard: Vec<_> = known.iter().flat_map(|event| self.hear(event)).collect();
        let is_there = |channel: &&Block| channel.get("Uniqueid").is_none_or(|id| !gone.contains(id));
        let there: Vec<Block> = channels.iter().filter(is_there).cloned().collect();
        heard.push(Heard::Standing(self.listener.standing(&there)));
        heard.extend(other.iter().flat_map(|event| self.hear(event)).collect::<Vec<_>>());
        heard
    }

    /// Believes nothing until the reply to a question that is asked now, and asks for the list, unless that is to come.
    fn distrust(&mut self, why: &str) -> Vec<Heard<Action>> {
        if let List::Asked { is_believed: false } = self.list {
            return Vec::new();
        }
        let mut heard: Vec<_> = self.cut_off(why).into_iter().collect();
        self.again.clear();
        heard.push(Heard::Ask(Action::new("Ping", self.doubt_id())));
        match &mut self.list {
            List::Asked { is_believed } => *is_believed = false,
            List::None | List::Coming { .. } => heard.push(Heard::Ask(self.ask_for_list(false).rarely())),
        }
        heard
    }

    /// Counts what was cut off, and tells of it less and less often.
    fn cut_off(&mut self, why: &str) -> Option<Heard<Action>> {
        self.cuts += 1;
        let times = if self.cuts == 1 { String::new() } else { format!(" ({} times by now)", self.cuts) };
        let is_told = self.cuts == 10_u64.pow(self.cuts.ilog10());
        is_told.then(|| {
            Heard::Remark(format!(
                "{why}{times}: somebody may be making events up, so all channels are looked at anew"
            ))
        })
    }

    fn ask_for_list(&mut self, is_believed: bool) -> Action {
        self.asked += 1;
        self.list = List::Asked { is_believed };
        Action::new("Status", self.list_id()).with("Variables", VARIABLES)
    }

    /// Whether a message has an id of ours: nobody else can say that.
    fn is_ours(&self, block: &Block) -> bool {
        let rest = block.get("ActionID").and_then(|id| id.strip_prefix(self.secret.as_str()));
        rest.is_some_and(|rest| rest.starts_with('-'))
    }

    /// Whether a list of channels comes.
    fn is_listing(&self) -> bool {
        self.is_looking_again || matches!(self.list, List::Coming { .. })
    }

    /// Takes in what came in one go, and has no id of ours. At its end may be something that is no message: why.
    fn take_in(&mut self, broken: Option<&str>) -> Vec<Heard<Action>> {
        let together = take(&mut self.together);
        if self.is_in_cut_entry {
            return Vec::new();
        }
        // The beginning of an entry that is cut off: whole ones have an id.
        let cut = together.iter().position(|block| block.event() == Some("Status"));
        let is_cut = match cut {
            // What stands before it may be a part of the same.
            Some(0) if self.is_listing() => {
                self.is_in_cut_entry = true;
                return self
                    .cut_off("an entry in the list of channels that ends too early")
                    .into_iter()
                    .collect();
            }
            Some(_) => true,
            None => {
                together.iter().for_each(|block| self.wholeness.learn(block));
                together.iter().any(|block| self.wholeness.is_cut_off(block))
            }
        };
        if is_cut || broken.is_some() {
            return self.distrust(broken.unwrap_or("an event that ends too early"));
        }
        together.into_iter().flat_map(|block| self.happens(block)).collect()
    }

    /// A message that has no id of ours, and is believed if anything is.
    fn happens(&mut self, block: Block) -> Vec<Heard<Action>> {
        if block.event().is_none() {
            return Vec::new();
        }
        let change = self.rights.hear(&block).map(Heard::Rights);
        let heard = match &mut self.list {
            List::Asked { is_believed: false } => Vec::new(),
            List::Coming { meanwhile, .. } => {
                meanwhile.push(block);
                Vec::new()
            }
            List::None | List::Asked { is_believed: true } => self.hear(&block),
        };
        change.into_iter().chain(heard).collect()
    }

    /// A message that has an id of ours.
    fn take_ours(&mut self, block: Block) -> Vec<Heard<Action>> {
        // What is whole at last may be the end of one that was cut.
        self.is_in_cut_entry = false;
        if self.wholeness.is_cut_off(&block) {
            return Vec::new();
        }
        let id = block.get("ActionID").unwrap_or_default();
        if id == self.again_id() {
            return self.look_again(block);
        }
        if block.event().is_none() {
            if let Some((leg, group)) = self.asked_of.remove(id) {
                return self.presentation(&block, leg, group);
            }
            if id == self.hangup_id() {
                return self.is_hung_up(&block);
            }
            if id == self.doubt_id()
                && let List::Asked { is_believed } = &mut self.list
            {
                *is_believed = true;
                return Vec::new();
            }
        }
        if id != self.list_id() {
            return Vec::new();
        }
        match (&mut self.list, block.event()) {
            (List::Asked { .. }, None) if block.get("Response") == Some("Success") => {
                self.list = List::Coming { channels: Vec::new(), meanwhile: Vec::new() };
                Vec::new()
            }
            (List::Asked { .. }, None) => {
                self.list = List::None;
                // It is the same right.
                self.is_told_of_numbers = true;
                self.is_refused(&block)
            }
            (List::Coming { channels, meanwhile }, Some("StatusComplete")) => {
                let (channels, meanwhile) = (take(channels), take(meanwhile));
                self.list = List::None;
                self.listed(&channels, meanwhile)
            }
            (List::Coming { channels, .. }, Some(_)) => {
                channels.push(block);
                Vec::new()
            }
            (List::None | List::Coming { .. }, _) | (List::Asked { .. }, Some(_)) => Vec::new(),
        }
    }

    /// Takes in a part of the list that was asked for once more.
    fn look_again(&mut self, block: Block) -> Vec<Heard<Action>> {
        match block.event() {
            Some("StatusComplete") => {
                self.is_looking_again = false;
                let list = take(&mut self.again);
                let ids = list.iter().filter_map(|channel| channel.get("Uniqueid"));
                let untold = ids.filter(|id| !self.listener.knows(id)).map(str::to_owned).collect();
                let change = self.rights.look(untold).map(Heard::Rights);
                // Later events tell everything. A caller in a conference is connected to others, and is not answered.
                let is_first = !std::mem::replace(&mut self.has_looked_again, true);
                let seen = is_first.then(|| Heard::Seen(self.listener.seen(&list)));
                change.into_iter().chain(seen).collect()
            }
            Some(_) => {
                self.again.push(block);
                Vec::new()
            }
            None if block.get("Response") == Some("Success") => Vec::new(),
            None => {
                self.is_looking_again = false;
                self.is_refused(&block)
            }
        }
    }

    /// The list of channels is not to be had.
    fn is_refused(&mut self, reply: &Block) -> Vec<Heard<Action>> {
        let reason = reply.get("Message").unwrap_or("no reason given");
        self.rights.refuse(reason).map(Heard::Rights).into_iter().collect()
    }

    /// What became of a call that was to be ended.
    fn is_hung_up(&mut self, reply: &Block) -> Vec<Heard<Action>> {
        let reason = reply.get("Message").unwrap_or("no reason given");
        // A call that is over needs no end.
        if reply.get("Response") == Some("Success") || reason.contains("No such channel") {
            return Vec::new();
        }
        if std::mem::replace(&mut self.is_told_of_hangups, true) {
            return Vec::new();
        }
        vec![Heard::Remark(format!(
            "a caller whom Zammad blocks is not disconnected ({reason}); on_reject = hangup needs write = call"
        ))]
    }

    fn hangup_id(&self) -> String {
        format!("{}-hangup", self.secret)
    }

    fn again_id(&self) -> String {
        format!("{}-again", self.secret)
    }

    fn list_id(&self) -> String {
        format!("{}-{}", self.secret, self.asked)
    }

    /// That of the question whose reply ends the last doubt.
    fn doubt_id(&self) -> String {
        format!("{}-doubt-{}", self.secret, self.cuts)
    }
}

impl Source for Asterisk {
    type Message = Message;
    type Request = Action;
    type Settings = AsteriskSettings;

    fn adapt(&mut self, settings: &AsteriskSettings) {
        let outside_prefix = settings.outside_prefix.clone().unwrap_or_default();
        self.listener.adapt(Trunks::of(settings), outside_prefix);
    }

    fn kept(settings: &AsteriskSettings) -> Vec<Pattern> {
        let Listed(channels) = settings.trunk_channels.clone().unwrap_or_default();
        channels.into_iter().map(Pattern::new).collect()
    }

    fn begin(&mut self, secret: &str) -> Vec<Action> {
        secret.clone_into(&mut self.secret);
        self.asked_of.clear();
        self.wholeness = Wholeness::default();
        self.together.clear();
        self.is_in_cut_entry = false;
        self.again.clear();
        self.is_looking_again = false;
        self.has_looked_again = false;
        self.cuts = 0;
        self.rights.begin();
        self.is_told_of_numbers = false;
        self.is_told_of_hangups = false;
        vec![self.ask_for_list(true)]
    }

    fn ask_again(&mut self) -> Option<Action> {
        self.is_looking_again = true;
        Some(Action::new("Status", self.again_id()).with("Variables", VARIABLES))
    }

    fn understand(&mut self, message: Message) -> Vec<Heard<Action>> {
        match message {
            Message::Broken(why) => self.take_in(Some(&why)),
            Message::Block(block) if self.is_ours(&block) => {
                let mut heard = self.take_in(None);
                heard.extend(self.take_ours(block));
                heard
            }
            Message::Block(block) => {
                let is_followed = block.is_followed();
                self.together.push(block);
                if is_followed { Vec::new() } else { self.take_in(None) }
            }
        }
    }

    fn hang_up(&self, leg: &LegId) -> Option<Action> {
        let channel = self.listener.name(leg)?;
        Some(Action::new("Hangup", self.hangup_id()).with("Channel", channel).with("Cause", "21"))
    }

    fn about(message: &Message) -> Option<(LegId, LegId)> {
        let Message::Block(block) = message else { return None };
        let id = |field| block.get(field).filter(|id| !id.is_empty()).map(|id| LegId(id.to_owned()));
        let leg = id("Uniqueid")?;
        let group = id("Linkedid").unwrap_or_else(|| leg.clone());
        Some((leg, group))
    }

    fn text(message: &Message) -> String {
        match message {
            Message::Block(block) => block.to_string(),
            Message::Broken(why) => why.clone(),
        }
    }

    fn mask(message: &mut Message, mask: &Mask) {
        if let Message::Block(block) = message {
            block.mask(mask);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::asterisk::{Blocks, Trunks};

    struct Talk(Asterisk);

    impl Talk {
        fn begun() -> Self {
            let mut talk = Self(Asterisk::new(Listener::new(Trunks::default(), "")));
            let _ = talk.0.begin("secret");
            let id = talk.0.list_id();
            talk.hear(&format!(
                "Response: Success\nActionID: {id}\n\nEvent: StatusComplete\nActionID: {id}\n\n"
            ));
            talk
        }

        /// What is heard of what comes in one go, in a word each.
        fn hear(&mut self, text: &str) -> Vec<&'static str> {
            let mut read = Vec::new();
            Blocks::default().read(text.as_bytes(), &mut |block| read.push(block));
            let mut words = Vec::new();
            let last = read.len().saturating_sub(1);
            for (place, block) in read.into_iter().enumerate() {
                let block = if place < last { block.map(Block::followed) } else { block };
                words.extend(self.0.understand(block.into()).iter().map(|heard| match heard {
                    Heard::Fact(fact) => match &fact.what {
                        What::Calls { from: Some(_), .. } => "calls",
                        What::Calls { from: None, .. } => "calls anonymously",
                        What::Dials(_) => "dials",
                        What::Gone { .. } => "gone",
                        What::Withheld => "withheld",
                        _ => "else",
                    },
                    Heard::Standing(_) => "list",
                    Heard::Seen(_) => "seen",
                    Heard::Ask(action) if action.to_string().starts_with("Action: Getvar") => "",
                    Heard::Ask(action) if action.to_string().starts_with("Action: Ping") => "ping",
                    Heard::Ask(_) => "ask",
                    Heard::Remark(_) => "remark",
                    Heard::Rights(Ok(())) => "",
                    Heard::Rights(Err(_)) => "lacks rights",
                    Heard::Passed(_) | Heard::Repeated(_) => "passed",
                }));
            }
            // Each call from outside brings two.
            words.retain(|word| !word.is_empty());
            words
        }
    }

    fn begins(number: &str, unique_id: &str) -> String {
        format!(
            "Event: Newchannel\nChannel: PJSIP/trunk-1\nChannelStateDesc: Ring\nCallerIDNum: {number}\n\
             CallerIDName: x\nContext: from-trunk\nExten: 42\nUniqueid: {unique_id}\nLinkedid: {unique_id}\n\n"
        )
    }

    fn ends(unique_id: &str) -> String {
        format!(
            "Event: Hangup\nChannel: PJSIP/trunk-1\nChannelStateDesc: Up\nUniqueid: {unique_id}\n\
             Linkedid: {unique_id}\nCause: 16\n\n"
        )
    }

    #[test]
    fn an_event_that_a_caller_makes_up_is_not_believed() {
        let forged = ends("1.1");
        // (number of the caller, what is heard of it)
        let cases: [(&str, &[&str]); 8] = [
            ("4930123", &["calls"]),
            // Fields of its own block: its own ids come last, and its number is not believed.
            ("4930123\nUniqueid: 1.1", &["calls anonymously"]),
            // The event is cut off, and one that is made up follows.
            (&format!("4930123\n\n{forged}"), &["remark", "ping", "ask"]),
            // The same with an end that seems whole: what is left of the true one has no beginning.
            ("4930123\nUniqueid: 1.9\nLinkedid: 1.9\n\nEvent: Nothing\n\nX: y", &["remark", "ping", "ask"]),
            ("4930123\n\n\n\n", &["remark", "ping", "ask"]),
            // The first one is whole, and the one that is made up has only what it needs.
            (
                "4930123\nUniqueid: 1.9\nLinkedid: 1.9\n\nEvent: Hangup\nUniqueid: 1.1\nLinkedid: 1.1\n\nEvent: X\nA: b",
                &["remark", "ping", "ask"],
            ),
            ("4930123\nExten: 43", &["calls anonymously"]),
            ("4930123\nChannelStateDesc: Down", &["calls anonymously"]),
        ];
        for (number, expected) in cases {
            let mut talk = Talk::begun();
            assert_eq!(talk.hear(&begins("4940", "1.1")), ["calls"]);
            assert_eq!(talk.hear(&begins(number, "1.2")), expected, "{number:?}");
        }
    }

    /// What Asterisk tells of a channel behind its state.
    fn rest(number: &str, unique_id: &str) -> String {
        format!(
            "CallerIDNum: {number}\nCallerIDName: x\nConnectedLineNum: <unknown>\nContext: from-trunk\nExten: 42\n\
             Uniqueid: {unique_id}\nLinkedid: {unique_id}\n\n"
        )
    }

    fn whole(event: &str, number: &str, unique_id: &str) -> String {
        format!("Event: {event}\nChannel: PJSIP/trunk-1\nChannelStateDesc: Ring\n{}", rest(number, unique_id))
    }

    #[test]
    fn an_event_between_two_that_seem_whole_is_not_believed() {
        let forged = whole("Hangup", "1", "1.1");
        let own = rest("4930123", "1.9");
        let own = own.trim_start_matches("CallerIDNum: ");
        let swallows = "Event: X\nA: b";
        let seems_whole = "Event: X\nChannel: PJSIP/trunk-1\nChannelStateDesc: Ring\nCallerIDNum: 1";
        // What stands in place of a number. Each piece lacks something but one.
        let cases = [
            format!("4930123\nUniqueid: 1.9\nLinkedid: 1.9\n\n{forged}{swallows}"),
            format!("{own}{forged}{swallows}"),
            format!("{own}Event: Hangup\nUniqueid: 1.1\nLinkedid: 1.1\n\n{seems_whole}"),
            format!("{own}Event: Hangup\nChannel: a\nUniqueid: 1.1\nLinkedid: 1.1\n\n{seems_whole}"),
            format!("4930123\nUniqueid: 1.9\nLinkedid: 1.9\n\n{forged}{seems_whole}"),
            format!("{own}{forged}{seems_whole}").replace("ConnectedLineNum: <unknown>\n", ""),
        ];
        for number in cases {
            for event in ["Newchannel", "Newstate", "DialBegin"] {
                // The first event of a connection, and a later one.
                let mut talk = Talk::begun();
                assert_eq!(talk.hear(&whole(event, &number, "1.2")), ["remark", "ping", "ask"], "{number:?}");
                let mut talk = Talk::begun();
                assert_eq!(talk.hear(&whole("Newchannel", "4940", "1.1")), ["calls"]);
                assert_eq!(talk.hear(&whole(event, &number, "1.2")), ["remark", "ping", "ask"], "{number:?}");
                let believed = format!("Response: Success\nActionID: {}\n\n", talk.0.doubt_id());
                assert!(talk.hear(&believed).is_empty());
                assert_eq!(talk.hear(&forged), ["gone"], "by Asterisk itself it is believed");
            }
        }
        // What was slipped in without cutting costs the number and no more.
        let mut talk = Talk::begun();
        for number in
            ["1\nUniqueid: 1.9", "1\nExten: 43", "1\nCallerIDName: y", "1\nChannel: a\nLinkedid: 1.9"]
        {
            assert_eq!(talk.hear(&whole("Newchannel", number, "1.2")), ["calls anonymously"], "{number:?}");
        }
    }

    #[test]
    fn an_event_of_what_asterisk_writes_down_is_whole_in_its_own_order() {
        let written = |number: &str| {
            format!(
                "Event: CEL\nEventName: CHAN_START\nCallerIDnum: {number}\nCallerIDname: x\nExten: 42\n\
                 Context: from-trunk\nChannel: PJSIP/trunk-1\nAMAFlags: DOCUMENTATION\nUniqueID: 1.1\nLinkedID: 1.1\n\n"
            )
        };
        let mut talk = Talk::begun();
        assert_eq!(talk.hear(&whole("Newchannel", "4940", "1.1")), ["calls"]);
        assert!(talk.hear(&written("4940")).is_empty());
        for number in
            ["1\n\nEvent: CEL", "1\nChannel: a\nUniqueID: 1.1\nLinkedID: 1.1\n\nEvent: CEL\nEventName: b"]
        {
            let mut talk = Talk::begun();
            assert_eq!(talk.hear(&whole("Newchannel", "4940", "1.1")), ["calls"]);
            assert_eq!(talk.hear(&written(number)), ["remark", "ping", "ask"], "{number:?}");
        }
    }

    #[test]
    fn what_came_before_a_reply_of_ours_is_no_part_of_what_was_cut() {
        let mut talk = Talk::begun();
        let question = "Response: Success\nActionID: secret-number-9\n\n";
        let cut = "Event: Newstate\nChannelStateDesc: Up\n\n";
        let said = [&whole("Newchannel", "4940", "1.1"), question, &whole("Newchannel", "4941", "1.2"), cut]
            .concat();
        assert_eq!(talk.hear(&said), ["calls", "remark", "ping", "ask"]);
    }

    #[test]
    fn nothing_is_believed_until_the_list_begins() {
        let mut talk = Talk::begun();
        assert_eq!(talk.hear(&begins("4940", "1.1")), ["calls"]);
        assert_eq!(talk.hear("Event: Newstate\nChannelStateDesc: Up\n\n"), ["remark", "ping", "ask"]);
        assert!(talk.hear(&ends("1.1")).is_empty());
        // Who does not know the question's id cannot answer it.
        assert!(talk.hear("Response: Success\nActionID: 1\n\n").is_empty());
        assert!(talk.hear(&ends("1.1")).is_empty());
        let id = talk.0.list_id();
        assert!(talk.hear(&format!("Response: Success\nActionID: {id}\n\n")).is_empty());
        assert!(talk.hear(&ends("1.1")).is_empty());
        let end = format!("Event: StatusComplete\nActionID: {id}\n\n");
        assert_eq!(talk.hear(&end), ["gone", "list"]);
        assert_eq!(talk.hear(&begins("4940", "1.3")), ["calls"]);
    }

    #[test]
    fn what_cannot_be_made_up_is_believed_before_the_list_that_waits() {
        let mut talk = Talk::begun();
        assert_eq!(talk.hear(&begins("4940", "1.1")), ["calls"]);
        let cut = "Event: Newstate\nChannelStateDesc: Up\n\n";
        let believed = |talk: &Talk| format!("Response: Success\nActionID: {}\n\n", talk.0.doubt_id());
        assert_eq!(talk.hear(cut), ["remark", "ping", "ask"]);
        let first = believed(&talk);
        assert!(talk.hear(&format!("{}{}", ends("1.1"), first.replace("secret-", ""))).is_empty());
        assert!(talk.hear(&ends("1.1")).is_empty(), "somebody makes it up");
        assert!(talk.hear(&first).is_empty());
        assert_eq!(talk.hear(&begins("4941", "1.2")), ["calls"]);
        // The same caller again: the list is to come already, and it was said.
        assert_eq!(talk.hear(cut), ["ping"]);
        assert!(talk.hear(&first).is_empty());
        assert!(talk.hear(&ends("1.2")).is_empty(), "the last question is not answered yet");
        let second = believed(&talk);
        assert!(talk.hear(&second).is_empty());
        assert_eq!(talk.hear(&ends("1.2")), ["gone"]);
        let id = talk.0.list_id();
        let list = format!("Response: Success\nActionID: {id}\n\nEvent: StatusComplete\nActionID: {id}\n\n");
        assert_eq!(talk.hear(&list), ["list"]);
        // Every so often it is said again.
        let said: Vec<_> =
            (0..98).flat_map(|_| [talk.hear(cut), talk.hear(&believed(&talk))].concat()).collect();
        assert_eq!(said.iter().filter(|word| **word == "remark").count(), 2, "at 10 and at 100");
        assert_eq!(said.iter().filter(|word| **word == "ask").count(), 1);
    }

    #[test]
    fn a_caller_who_cuts_the_list_costs_one_channel() {
        let forged = ends("1.1");
        // (number of the caller, as it stands in each message about that channel)
        let cases = [
            format!("4930123\n\n{forged}"),
            format!("4930123\n\n{forged}X: y"),
            "4930123\n\n".to_owned(),
            // Each piece seems whole.
            format!("4930123\nUniqueid: 1.9\nLinkedid: 1.9\n\n{forged}Event: Nothing\nX: y"),
            format!("4930123\n\n{forged}Event: Status\nChannelStateDesc: Up"),
            // Another entry seems to begin.
            format!("4930123\nUniqueid: 1.9\nLinkedid: 1.9\n\n{forged}Event: Status\nX: y"),
        ];
        for number in cases {
            let mut talk = Talk::begun();
            assert_eq!(talk.hear(&begins("4940", "1.1")), ["calls"]);
            let _ = talk.0.begin("secret");
            let id = talk.0.list_id();
            let listed = |number: &str, unique_id: &str| {
                let listed = begins(number, unique_id).replace("Newchannel", "Status");
                format!("{}\nActionID: {id}\n\n", listed.trim_end())
            };
            let begin = format!("Response: Success\nActionID: {id}\n\n");
            let end = format!("Event: StatusComplete\nActionID: {id}\n\n");
            let list = [begin, listed("4940", "1.1"), listed(&number, "1.2"), listed("4941", "1.3"), end];
            assert_eq!(talk.hear(&list.concat()), ["remark", "list"], "{number:?}");
            assert!(talk.0.listener.knows("1.1") && talk.0.listener.knows("1.3"), "{number:?}");
            // The list that is asked for once more is cut by it too, and nothing gets lost.
            assert!(talk.hear("Event: FullyBooted\n\n").is_empty());
            let _ = talk.0.ask_again();
            let again = talk.0.again_id();
            let list = list.concat().replace(&format!("ActionID: {id}\n"), &format!("ActionID: {again}\n"));
            assert_eq!(talk.hear(&list), ["seen"], "{number:?}");
            assert_eq!(talk.hear(&ends("1.1")), ["gone"], "{number:?}");
        }
    }

    #[test]
    fn what_happens_while_a_list_comes_is_not_lost() {
        let mut talk = Talk::begun();
        talk.hear(&begins("4940", "1.1"));
        let _ = talk.0.begin("secret");
        let id = talk.0.list_id();
        // Believed, as a connection only begins.
        assert_eq!(talk.hear(&begins("4941", "1.2")), ["calls"]);
        talk.hear(&format!("Response: Success\nActionID: {id}\n\n"));
        assert!(talk.hear(&begins("4942", "1.3")).is_empty());
        assert!(talk.hear(&ends("1.1")).is_empty());
        assert!(talk.hear(&ends("1.3")).is_empty());
        let end = format!("Event: StatusComplete\nActionID: {id}\n\n");
        assert_eq!(talk.hear(&end), ["gone", "list", "calls", "gone"]);
    }

    #[test]
    fn the_list_that_is_asked_for_once_more_holds_nothing_up() {
        let mut talk = Talk::begun();
        talk.hear(&begins("4940", "1.1"));
        let _ = talk.0.ask_again();
        let id = talk.0.again_id();
        assert!(talk.hear(&format!("Response: Success\nActionID: {id}\n\n")).is_empty());
        assert_eq!(talk.hear(&begins("4941", "1.2")), ["calls"]);
        let listed = begins("4940", "1.1").replace("Newchannel", "Status").trim_end().to_owned();
        assert!(talk.hear(&format!("{listed}\nActionID: {id}\n\n")).is_empty());
        assert_eq!(talk.hear(&ends("1.2")), ["gone"]);
        let end = format!("Event: StatusComplete\nActionID: {id}\n\n");
        // Who does not know the secret cannot make one up.
        assert!(talk.hear(&end.replace("secret-", "")).is_empty());
        assert_eq!(talk.hear(&end), ["seen"]);
        assert!(talk.hear(&end).is_empty(), "later looks are for the account's rights");
        // The channels that are known stay.
        assert_eq!(talk.hear(&ends("1.1")), ["gone"]);
        let refusal = format!("Response: Error\nActionID: {id}\nMessage: Permission denied\n\n");
        assert_eq!(talk.hear(&refusal), ["lacks rights"]);
    }

    #[test]
    fn a_number_that_is_not_to_be_shown_is_withheld() {
        // (variable that says so, as it is asked for)
        for place in [1, 2] {
            let mut talk = Talk::begun();
            assert_eq!(talk.hear(&begins("4940", "1.1")), ["calls"]);
            let reply =
                |id: &str, value: &str| format!("Response: Success\nActionID: {id}\nValue: {value}\n\n");
            let other = 3 - place;
            assert!(talk.hear(&reply(&format!("secret-number-{other}"), "allowed_not_screened")).is_empty());
            let withheld = reply(&format!("secret-number-{place}"), "prohib_not_screened");
            assert!(talk.hear(&withheld.replace("secret-", "")).is_empty(), "somebody makes it up");
            assert_eq!(talk.hear(&withheld), ["withheld"]);
            assert!(talk.hear(&withheld).is_empty(), "it was asked once");
        }
    }

    #[test]
    fn a_call_with_an_id_that_nobody_has_is_named_and_not_followed() {
        let mut talk = Talk::begun();
        assert_eq!(talk.hear(&begins("4940", &"1".repeat(150))), ["calls"]);
        assert_eq!(talk.hear(&begins("4940", &"1".repeat(151))), ["remark"]);
    }

    #[test]
    fn calls_without_a_trunk_are_told_of_once() {
        let mut talk = Talk::begun();
        let internal = |id: &str| begins("101", id).replace("from-trunk", "from-\u{1b}sip");
        assert_eq!(talk.hear(&internal("1.1")), ["calls"]);
        assert_eq!(talk.hear(&internal("1.2")), ["calls"]);
        assert_eq!(talk.hear(&internal("1.3")), ["calls", "remark"]);
        assert_eq!(talk.hear(&internal("1.4")), ["calls"]);
        let mut talk = Talk::begun();
        assert_eq!(talk.hear(&begins("4940", "1.1")), ["calls"]);
        for id in ["1.2", "1.3", "1.4", "1.5"] {
            assert_eq!(talk.hear(&internal(id)), ["calls"]);
        }
    }

    #[test]
    fn an_account_that_may_not_ask_says_what_it_needs() {
        let mut talk = Talk(Asterisk::new(Listener::new(Trunks::default(), "")));
        let _ = talk.0.begin("secret");
        let id = talk.0.list_id();
        let refusal = format!("Response: Error\nActionID: {id}\nMessage: Permission denied\n\n");
        assert_eq!(talk.hear(&refusal), ["lacks rights"]);
        assert_eq!(talk.hear(&begins("4940", "1.1")), ["calls"]);
        let refused = |question: u64, why: &str| {
            format!("Response: Error\nActionID: secret-number-{question}\nMessage: {why}\n\n")
        };
        // That of the numbers is the same right, and one line is enough.
        assert!(talk.hear(&refused(1, "Permission denied")).is_empty());
        // The list is shown to other accounts too.
        let mut talk = Talk::begun();
        assert_eq!(talk.hear(&begins("4940", "1.1")), ["calls"]);
        // A channel that is gone is no lack of a right.
        assert!(talk.hear(&refused(1, "No such channel")).is_empty());
        assert_eq!(talk.hear(&refused(2, "Permission denied")), ["remark"]);
        assert_eq!(talk.hear(&begins("4940", "1.2")), ["calls"]);
        assert!(talk.hear(&refused(3, "Permission denied")).is_empty(), "it is said once");
    }

    #[test]
    fn only_a_channel_that_is_there_is_hung_up() {
        let mut talk = Talk::begun();
        talk.hear(&begins("4940", "1.1"));
        let action = talk.0.hang_up(&LegId("1.1".to_owned())).unwrap().to_string();
        assert!(
            action.contains("Action: Hangup\r\n") && action.contains("Channel: PJSIP/trunk-1\r\n"),
            "{action}"
        );
        assert!(talk.0.hang_up(&LegId("1.2".to_owned())).is_none());
        let id = talk.0.hangup_id();
        assert!(talk.hear(&format!("Response: Success\nActionID: {id}\n\n")).is_empty());
        let refusal = format!("Response: Error\nActionID: {id}\nMessage: Permission denied\n\n");
        assert!(talk.hear(&refusal.replace("Permission denied", "No such channel")).is_empty(), "it is over");
        assert_eq!(talk.hear(&refusal), ["remark"]);
        assert!(talk.hear(&refusal).is_empty(), "it is said once");
    }
}
