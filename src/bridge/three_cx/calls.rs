//! Which legs belong together, and what happened to them: pictures of all legs become facts.
//!
//! Both interfaces of 3CX show states and not what happened, so each picture is compared with what was told before.
//! A call begins when one of its legs is there and ends when none is any more; how long none may be there is a
//! matter of the tracker.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::conversation::{Conversation, Way};
use super::directory::BESIDE;
use super::leg::{Leg, Other, is_same_number};
use crate::bridge::fact::{Fact, LegId, Standing};
use crate::bridge::tracker::Open;
use crate::event::Direction;

/// What the ids of calls begin with.
const PREFIX: &str = "3cx-";

/// How long a call without a leg is known, in milliseconds: the same may come back.
const KEPT: u64 = 120_000;

/// More legs than a phone system has at once.
const MOST_LEGS: usize = 20_000;

/// What follows from a picture.
#[derive(Debug, Default)]
pub struct Changes {
    /// what happened
    pub facts: Vec<Fact>,
    /// all legs that are there, if that is to be compared: one call at least has none any more
    pub standing: Option<Vec<Standing>>,
}

/// All legs and the calls that they are part of.
#[derive(Debug, Default)]
pub struct Calls {
    legs: HashMap<String, Leg>,
    /// keys of legs by the phone system's number of their call
    by_call: HashMap<String, BTreeSet<String>>,
    conversations: BTreeMap<u64, Conversation>,
    /// which conversation such a number leads to
    leads_to: HashMap<String, u64>,
    next: u64,
    /// a conversation has become part of another one
    has_merged: bool,
    /// what the list of active calls had last beside callers who wait
    others: Vec<Leg>,
    /// reported before this process began, by the phone system's number
    reported: HashMap<String, Open>,
}

impl Calls {
    /// A call that was reported before and may be there still.
    pub fn take_up(&mut self, open: &Open) {
        let number = open.id.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
        if let Some(number) = number {
            self.reported.insert(number.to_owned(), open.clone());
        }
    }

    /// These legs are there, and no others; `at` is the time in milliseconds, from any beginning that stays.
    pub fn show(&mut self, legs: Vec<Leg>, at: u64) -> Changes {
        self.show_of(false, legs, BTreeSet::new(), at)
    }

    /// The same of legs from the list of active calls, beside what Call Control shows. The others of the list are known
    /// otherwise; they tell who does not wait.
    pub fn show_beside(&mut self, legs: Vec<Leg>, others: Vec<Leg>, at: u64) -> Changes {
        let mut touched = self.part(&legs, &others, at);
        self.others = others;
        let there: BTreeSet<&str> = legs.iter().map(|leg| leg.key.as_str()).collect();
        for key in self.gone(true, &there) {
            touched.extend(self.exchange(&key, &there).into_iter().flatten());
        }
        self.show_of(true, legs, touched, at)
    }

    /// Keys of legs of that kind that are not there any more.
    fn gone(&self, is_beside: bool, there: &BTreeSet<&str>) -> Vec<String> {
        let is_gone = |leg: &&Leg| leg.is_beside == is_beside && !there.contains(leg.key.as_str());
        self.legs.values().filter(is_gone).map(|leg| leg.key.clone()).collect()
    }

    /// Parts a caller who waits from another one by the same number, or without one as well, who rings an agent: the list
    /// has both.
    fn part(&mut self, waiting: &[Leg], others: &[Leg], at: u64) -> BTreeSet<String> {
        let mut touched = BTreeSet::new();
        for other in others {
            let Other::Outside { number, trunk } = &other.other else { continue };
            let rung_by = |conversation: &Conversation| {
                let mut own = self
                    .legs_of(conversation)
                    .filter(|leg| !leg.is_beside && leg.at.number == other.at.number);
                own.find(|leg| !leg.is_up).map(|leg| leg.call.clone())
            };
            let with_it = self.conversations.iter().filter(|(_, own)| own.is_with(number, trunk));
            let mut rung = with_it.filter_map(|(&place, own)| Some((place, own, rung_by(own)?)));
            let (Some((place, own, call)), None) = (rung.next(), rung.next()) else { continue };
            let mut waits = waiting.iter().filter(|leg| own.calls.contains(&leg.call)).peekable();
            // Of two lines for one call the one is the other's.
            if waits.peek().is_none() || own.calls.contains(&format!("{BESIDE}{}", other.call)) {
                continue;
            }
            touched.extend(waits.map(|leg| leg.call.clone()));
            touched.insert(call.clone());
            if let Some(own) = self.conversations.get_mut(&place) {
                own.calls.remove(&call);
            }
            self.leads_to.remove(&call);
            self.begin(&call, at);
        }
        touched
    }

    /// Of two callers by the same number, or without one, who wait in one queue, nobody knows for whom an agent is rung. If
    /// the one for whom it does not seem to be waits no more, it was for them: the other one waits.
    fn exchange(&mut self, gone: &str, there: &BTreeSet<&str>) -> Option<[String; 2]> {
        let gone = self.legs.get(gone)?;
        let Other::Outside { number, trunk } = &gone.other else { return None };
        let own = *self.leads_to.get(&gone.call)?;
        let is_rung = |conversation: &Conversation| self.legs_of(conversation).any(|leg| !leg.is_beside);
        if is_rung(self.conversations.get(&own)?) {
            return None;
        }
        let (other, waits) = self.conversations.iter().find_map(|(&place, other)| {
            let is_alike = |leg: &&Leg| {
                leg.is_beside && there.contains(leg.key.as_str()) && leg.at.number == gone.at.number
            };
            let is_its = place != own && other.is_with(number, trunk) && is_rung(other);
            is_its.then(|| self.legs_of(other).find(is_alike)).flatten().map(|leg| (place, leg))
        })?;
        let calls = [gone.call.clone(), waits.call.clone()];
        for (call, (from, to)) in calls.iter().zip([(own, other), (other, own)]) {
            if let Some(from) = self.conversations.get_mut(&from) {
                from.calls.remove(call);
            }
            self.lead(call, to);
        }
        Some(calls)
    }

    fn show_of(
        &mut self,
        is_beside: bool,
        legs: Vec<Leg>,
        mut touched: BTreeSet<String>,
        at: u64,
    ) -> Changes {
        let there: BTreeSet<&str> = legs.iter().map(|leg| leg.key.as_str()).collect();
        let gone = self.gone(is_beside, &there);
        touched.extend(gone.iter().filter_map(|key| self.lose(key)));
        for leg in legs.into_iter().take(MOST_LEGS) {
            self.enter(leg, &mut touched);
        }
        let mut changes = self.settle(&touched, at);
        self.has_merged = false;
        // A leg that was reported before and is not there now is gone.
        self.reported.retain(|call, _| call.starts_with(BESIDE) != is_beside);
        self.forget(at);
        changes.standing = Some(self.standing());
        changes
    }

    /// A leg is there, or is another than before.
    pub fn put(&mut self, leg: Leg, at: u64) -> Changes {
        let mut touched = BTreeSet::new();
        if self.legs.len() < MOST_LEGS || self.legs.contains_key(&leg.key) {
            self.enter(leg, &mut touched);
        }
        self.settle_and_compare(touched, at)
    }

    /// A leg is no longer there.
    pub fn remove(&mut self, key: &str, at: u64) -> Changes {
        let touched = self.lose(key).into_iter().collect();
        self.settle_and_compare(touched, at)
    }

    /// The legs of the call that facts name so.
    pub fn keys_of(&self, leg: &LegId) -> Vec<String> {
        let own = self.conversations.values().find(|conversation| conversation.id == *leg);
        let mut keys = own.map(|conversation| self.keys_in(conversation)).unwrap_or_default();
        keys.retain(|key| self.legs.get(key).is_some_and(|leg| !leg.is_beside));
        keys
    }

    /// A leg and its call, as facts name them.
    pub fn named(&self, key: &str) -> Option<(LegId, LegId)> {
        let conversation = self.conversations.get(self.leads_to.get(&self.legs.get(key)?.call)?)?;
        Some((conversation.leg_id(key), conversation.id.clone()))
    }

    fn enter(&mut self, mut leg: Leg, touched: &mut BTreeSet<String>) {
        // Who has dialled is who calls, also when it talks; and who was rung is not.
        if leg.is_up
            && let Some(before) = self.legs.get(&leg.key)
        {
            leg.calls = before.calls;
        }
        touched.insert(leg.call.clone());
        if let Some(before) = self.legs.get(&leg.key).filter(|before| before.call != leg.call) {
            let (from, key) = (before.call.clone(), leg.key.clone());
            touched.insert(from.clone());
            self.lose(&key);
            self.join(&from, &leg.call);
        }
        self.by_call.entry(leg.call.clone()).or_default().insert(leg.key.clone());
        self.legs.insert(leg.key.clone(), leg);
    }

    fn lose(&mut self, key: &str) -> Option<String> {
        let leg = self.legs.remove(key)?;
        if let Some(keys) = self.by_call.get_mut(&leg.call) {
            keys.remove(key);
            if keys.is_empty() {
                self.by_call.remove(&leg.call);
            }
        }
        Some(leg.call)
    }

    /// A leg moves from one of the phone system's calls to another: they are one. What has somebody outside stays.
    fn join(&mut self, from: &str, to: &str) {
        let Some(&first) = self.leads_to.get(from) else { return };
        let Some(&second) = self.leads_to.get(to) else {
            self.lead(to, first);
            return;
        };
        let is_outside = |number: &u64| self.conversations.get(number).is_some_and(Conversation::is_outside);
        match (is_outside(&first), is_outside(&second)) {
            _ if first == second => {}
            // Two customers stay two calls.
            (true, true) => {}
            (true, false) => self.merge(second, first),
            (false, _) => self.merge(first, second),
        }
    }

    fn merge(&mut self, lost: u64, kept: u64) {
        self.has_merged = true;
        let lost = self.conversations.remove(&lost).map(|lost| lost.calls);
        for call in lost.into_iter().flatten() {
            self.lead(&call, kept);
        }
    }

    /// From now on this number of the phone system's leads to that conversation.
    fn lead(&mut self, call: &str, number: u64) {
        self.leads_to.insert(call.to_owned(), number);
        if let Some(conversation) = self.conversations.get_mut(&number) {
            conversation.calls.insert(call.to_owned());
        }
    }

    fn settle_and_compare(&mut self, touched: BTreeSet<String>, at: u64) -> Changes {
        let before: BTreeSet<u64> =
            touched.iter().filter_map(|call| self.leads_to.get(call).copied()).collect();
        let mut changes = self.settle(&touched, at);
        let is_over =
            |number: &u64| self.conversations.get(number).is_none_or(|conversation| conversation.is_empty());
        if before.iter().any(is_over) || std::mem::take(&mut self.has_merged) {
            self.forget(at);
            changes.standing = Some(self.standing());
        }
        changes
    }

    /// Tells what is new of these of the phone system's calls.
    fn settle(&mut self, touched: &BTreeSet<String>, at: u64) -> Changes {
        let mut changes = Changes::default();
        // First which calls there are: two of the phone system's may turn out to be one.
        let conversations: BTreeSet<u64> =
            touched.iter().filter_map(|call| self.conversation_of(call, at)).collect();
        for number in conversations {
            let keys = self.conversations.get(&number).map(|own| self.keys_in(own)).unwrap_or_default();
            let legs: Vec<&Leg> = keys.iter().filter_map(|key| self.legs.get(key)).collect();
            if let Some(conversation) = self.conversations.get_mut(&number) {
                conversation.tell(&legs, at, &mut changes.facts);
            }
        }
        changes
    }

    /// The conversation that one of the phone system's calls belongs to; a new one if it is another than before.
    fn conversation_of(&mut self, call: &str, at: u64) -> Option<u64> {
        let own = self.by_call.get(call).into_iter().flatten().filter_map(|key| self.legs.get(key));
        let outside: Vec<_> = own
            .filter_map(|leg| match &leg.other {
                Other::Outside { number, trunk } => Some((number, trunk.as_str())),
                Other::Inside(_) | Other::Unknown => None,
            })
            .collect();
        if let Some(&number) = self.leads_to.get(call)
            && let Some(known) = self.conversations.get(&number)
        {
            let Some((shown, trunk)) = outside.first() else { return Some(number) };
            match known.way {
                // Two of the house talked, and one of them has passed on a caller whom they had. Others may call by the
                // same number, or without one as well.
                Some(Way::Internal) => {
                    let is_its = |other: &&Conversation| {
                        other.is_there(at) && other.is_with(shown, trunk) && other.shares_a_phone_with(known)
                    };
                    let passed_on = self.conversations.iter().find(|(_, other)| is_its(other));
                    let kept = passed_on.map(|(&kept, _)| kept);
                    match kept {
                        Some(kept) => {
                            self.merge(number, kept);
                            return Some(kept);
                        }
                        None => return Some(self.begin(call, at)),
                    }
                }
                Some(Way::In | Way::Out)
                    if outside.iter().all(|(shown, _)| known.is_another_than(shown))
                        && !self.has_others(known, call)
                        && !self.by_call.get(call).into_iter().flatten().any(|key| known.has_told(key)) =>
                {
                    // The phone system counts from the beginning again.
                    return Some(self.begin(call, at));
                }
                _ => return Some(number),
            }
        }
        if !self.by_call.contains_key(call) {
            return None;
        }
        let mut legs = self.by_call.get(call).into_iter().flatten().filter_map(|key| self.legs.get(key));
        let is_fetching = legs.any(|leg| leg.is_fetching);
        let beside = outside.first().and_then(|(number, trunk)| {
            // A caller whom somebody fetches from where they are parked has another number of the phone system's there.
            let is_fetched = number.is_some() && is_fetching;
            let mut pairs = self.conversations.iter().filter(|(_, other)| {
                let may_be_its = is_fetched || self.is_other_source(other, call);
                other.is_there(at) && other.is_with(number, trunk) && may_be_its
            });
            // Of several who wait it is the first one's turn.
            pairs.next().map(|(&pair, _)| pair).filter(|_| !is_fetched || pairs.next().is_none())
        });
        match beside {
            Some(pair) => {
                self.lead(call, pair);
                Some(pair)
            }
            None => Some(self.begin(call, at)),
        }
    }

    /// Whether a call with this number may be the same one, as the other source of calls shows it: the list shows it
    /// while it waits in a queue, Call Control once an agent is rung.
    fn is_other_source(&self, conversation: &Conversation, call: &str) -> bool {
        let Conversation { calls, number, .. } = conversation;
        let is_beside = call.starts_with(BESIDE);
        let is_other = |own: &String| own.starts_with(BESIDE) != is_beside;
        let are_others = !calls.is_empty() && calls.iter().all(is_other);
        let is_live = |own: &&String| self.by_call.contains_key(*own);
        match (is_beside, calls.iter().any(|own| is_live(&own))) {
            // The agents who were rung before count no more.
            (false, true) => calls.iter().filter(is_live).all(is_other),
            (false, false) => are_others,
            // Who talks, or has a line of their own, does not wait; but one whose number is known may just have been sent
            // into a queue.
            (true, true) => {
                let may_wait = number.is_some() || !conversation.is_answered();
                are_others && may_wait && !self.has_a_line(conversation, call)
            }
            // Whose number is known may have been sent into a queue.
            (true, false) => are_others && number.is_some(),
        }
    }

    /// Whether the list has a line for what Call Control shows of a conversation, under another number than this.
    fn has_a_line(&self, conversation: &Conversation, call: &str) -> bool {
        self.others.iter().any(|line| {
            let Other::Outside { number, trunk } = &line.other else { return false };
            let is_at = |leg: &Leg| leg.at.number == line.at.number;
            format!("{BESIDE}{}", line.call) != call
                && conversation.is_with(number, trunk)
                && self.legs_of(conversation).any(is_at)
        })
    }

    /// Whether a conversation has legs in other calls of the phone system's.
    fn has_others(&self, conversation: &Conversation, call: &str) -> bool {
        conversation.calls.iter().any(|other| other != call && self.by_call.contains_key(other))
    }

    fn begin(&mut self, call: &str, at: u64) -> u64 {
        let number = self.next;
        self.next += 1;
        let shown = self.by_call.get(call).into_iter().flatten().filter_map(|key| self.legs.get(key));
        let is_it = |open: &Open| {
            let reported = match open.direction {
                Direction::Inbound => open.from.as_deref().unwrap_or_default(),
                Direction::Outbound => open.to.as_str(),
            };
            shown.clone().all(|leg| match &leg.other {
                Other::Outside { number: Some(number), .. } => is_same_number(number, reported),
                Other::Outside { number: None, .. } => !crate::asterisk::is_number(reported),
                Other::Inside(_) | Other::Unknown => true,
            })
        };
        // A call that began in the list may be shown by Call Control now.
        let is_outside = shown.clone().any(|leg| matches!(leg.other, Other::Outside { .. }));
        let began_beside = || {
            let is_its =
                |(other, open): &(&String, &Open)| other.starts_with(BESIDE) && is_outside && is_it(open);
            let mut others = self.reported.iter().filter(is_its);
            others.next().map(|(other, _)| other.clone())
        };
        let is_known = self.reported.get(call).is_some_and(is_it);
        let known = if is_known { Some(call.to_owned()) } else { began_beside() };
        let open = known.and_then(|known| self.reported.remove(&known));
        let conversation = match open {
            Some(open) => Conversation::reported(&open),
            None => Conversation::new(LegId(format!("{PREFIX}{call}-{at}"))),
        };
        if let Some(before) = self.leads_to.get(call).and_then(|before| self.conversations.get_mut(before)) {
            before.calls.remove(call);
            before.abandon(at);
        }
        self.conversations.insert(number, conversation);
        self.lead(call, number);
        number
    }

    /// All legs of a conversation.
    fn legs_of(&self, conversation: &Conversation) -> impl Iterator<Item = &Leg> {
        self.keys_in(conversation).into_iter().filter_map(|key| self.legs.get(&key))
    }

    /// Keys of all legs of a conversation.
    fn keys_in(&self, conversation: &Conversation) -> Vec<String> {
        conversation.calls.iter().filter_map(|call| self.by_call.get(call)).flatten().cloned().collect()
    }

    fn standing(&self) -> Vec<Standing> {
        self.conversations.values().flat_map(Conversation::standing).collect()
    }

    /// Forgets calls that have had no leg for long.
    fn forget(&mut self, at: u64) {
        self.conversations.retain(|_, conversation| {
            conversation.empty_since.is_none_or(|since| at.saturating_sub(since) < KEPT)
        });
        let conversations = &self.conversations;
        self.leads_to.retain(|_, number| conversations.contains_key(number));
    }
}
