//! All channels that there are, as `Status` and `CoreShowChannels` list them.

use std::collections::{HashMap, HashSet};

use super::listener::{Channel, Listener, id, number, person, shown, trunk};
use super::{Block, dial_string};
use crate::asterisk::is_number;
use crate::bridge::fact::{LegId, Person, Side, Standing, Taker};

/// Variables that tell what a channel does no longer show itself, for `Status`.
pub const VARIABLES: &str = "FROM_DID,CALLERID(num-pres),CALLINGNUMPRES_SV";

/// A channel in the list.
struct Listed<'a> {
    block: &'a Block,
    name: &'a str,
    unique_id: String,
    linked_id: String,
    bridge: Option<&'a str>,
}

impl Listener {
    /// What the list says of legs; from here on these are the channels that there are.
    ///
    /// A channel that came in shows its trunk's context no longer. It is known from before, or by
    /// another channel of the same trunk; or FreePBX has noted the number that was called.
    pub fn standing(&mut self, list: &[Block]) -> Vec<Standing> {
        let listed: Vec<Listed<'_>> = list.iter().filter_map(Listed::new).collect();
        let there: HashSet<&str> = listed.iter().map(|channel| channel.unique_id.as_str()).collect();
        self.channels.retain(|unique_id, _| there.contains(unique_id.as_str()));
        // What they had rung meanwhile is not known.
        self.channels.values_mut().for_each(Channel::is_met_again);
        self.locals.retain(|_, unique_id| there.contains(unique_id.as_str()));
        for channel in &listed {
            let context = channel.block.get("Context").unwrap_or_default();
            self.trunks.begins(channel.name, context);
        }
        for channel in &listed {
            self.enter(channel);
        }
        let list = List::of(&listed);
        listed.iter().filter_map(|channel| self.stands(channel, &list)).collect()
    }

    /// What a list says of legs that are known, and of no others; it changes nothing.
    pub fn seen(&self, list: &[Block]) -> Vec<Standing> {
        let listed: Vec<Listed<'_>> = list.iter().filter_map(Listed::new).collect();
        let list = List::of(&listed);
        listed.iter().filter_map(|channel| self.stands(channel, &list)).collect()
    }

    /// Takes a channel up that is not known from its beginning.
    fn enter(&mut self, listed: &Listed<'_>) {
        let Listed { block, name, unique_id, .. } = listed;
        if self.channels.contains_key(unique_id) {
            return;
        }
        let mut side = self.trunks.meets(name, block.get("Context").unwrap_or_default());
        if side == Side::Phone
            && is_number(block.get("DNID").unwrap_or_default())
            && listed.variable("FROM_DID").is_some()
        {
            side = Side::Outside;
        }
        if side == Side::Inner {
            self.locals.insert((*name).to_owned(), unique_id.clone());
        }
        // A phone that calls out shows the number that customers see.
        let person = match side {
            Side::Phone => person(name, shown(block, "CallerIDName"), number(block, "CallerIDNum")),
            Side::Outside | Side::Inner => Person::default(),
        };
        let channel = Channel::new(*name, block.get("Context"), side, person).met();
        self.channels.insert(unique_id.clone(), channel);
    }

    fn stands(&self, listed: &Listed<'_>, list: &List<'_>) -> Option<Standing> {
        let Listed { block, name, unique_id, linked_id, .. } = listed;
        let channel = self.channels.get(unique_id)?;
        let is_called = block.get("Application").is_some_and(|application| application.starts_with("App"));
        let calls = !is_called && (unique_id == linked_id || block.get("DNID").is_some_and(is_number));
        let is_withheld = ["CALLERID(num-pres)", "CALLINGNUMPRES_SV"]
            .iter()
            .any(|name| listed.variable(name).is_some_and(|shown| shown.starts_with("prohib")));
        let (from, to) = if calls {
            let to = [listed.variable("FROM_DID"), block.get("DNID"), block.get("Exten")];
            let to = to.into_iter().flatten().find(|to| is_number(to));
            (number(block, "CallerIDNum").filter(|_| !is_withheld), to.unwrap_or_default().to_owned())
        } else {
            (number(block, "ConnectedLineNum"), self.called(listed, list))
        };
        Some(Standing {
            leg: LegId(unique_id.clone()),
            group: LegId(linked_id.clone()),
            side: channel.side,
            calls,
            from,
            to,
            person: channel.person.clone(),
            trunk: trunk(channel.side, name),
            talks_to: self.talks_to(unique_id, list),
        })
    }

    /// The number that was dialled for a leg that was rung: as the channel that dialled it tells, without what phones
    /// dial to get out of the house.
    fn called(&self, listed: &Listed<'_>, list: &List<'_>) -> String {
        let shown = number(listed.block, "CallerIDNum");
        let is_other = |other: &&&Listed<'_>| other.unique_id != listed.unique_id;
        // While it rings they are in no bridge; of those that belong together one may have dialled another.
        let dialled = |other: &&Listed<'_>| {
            let is_its = |dialled: &String| shown.as_ref().is_some_and(|shown| shown.ends_with(dialled));
            other.dialled().filter(is_its)
        };
        let beside = list.in_bridge_of(listed).iter().find(is_other).and_then(|other| other.dialled());
        let mut together = list.in_group_of(listed).iter().filter(is_other);
        beside.or_else(|| together.find_map(dialled)).unwrap_or_else(|| {
            let shown = shown.as_deref().unwrap_or_default();
            shown.strip_prefix(self.outside_prefix.as_str()).unwrap_or(shown).to_owned()
        })
    }

    /// The person at the other end of the bridges that a channel is in, through Local channels.
    fn talks_to(&self, unique_id: &str, list: &List<'_>) -> Option<Taker> {
        let mut seen: HashSet<&str> = HashSet::from([unique_id]);
        let mut next: Vec<&str> = vec![unique_id];
        while let Some(leg) = next.pop() {
            for other in list.in_bridge_of(list.by_id.get(leg)?) {
                if !seen.insert(&other.unique_id) {
                    continue;
                }
                let channel = self.channels.get(&other.unique_id)?;
                if channel.side != Side::Inner {
                    return Some(Taker {
                        leg: LegId(other.unique_id.clone()),
                        side: channel.side,
                        person: channel.person.clone(),
                        number: number(other.block, "CallerIDNum"),
                    });
                }
                let half = list.by_id.get(self.other_half(&other.unique_id)?)?;
                if seen.insert(&half.unique_id) {
                    next.push(&half.unique_id);
                }
            }
        }
        None
    }
}

/// All channels in the list, by what they are looked for.
struct List<'a> {
    by_id: HashMap<&'a str, &'a Listed<'a>>,
    by_bridge: HashMap<&'a str, Vec<&'a Listed<'a>>>,
    by_group: HashMap<&'a str, Vec<&'a Listed<'a>>>,
}

impl<'a> List<'a> {
    fn of(listed: &'a [Listed<'a>]) -> Self {
        let mut list = Self { by_id: HashMap::new(), by_bridge: HashMap::new(), by_group: HashMap::new() };
        for channel in listed {
            list.by_id.insert(&channel.unique_id, channel);
            list.by_group.entry(&channel.linked_id).or_default().push(channel);
            if let Some(bridge) = channel.bridge {
                list.by_bridge.entry(bridge).or_default().push(channel);
            }
        }
        list
    }

    /// Those that share a channel's bridge, itself too; none if it is in none.
    fn in_bridge_of(&self, channel: &Listed<'_>) -> &[&'a Listed<'a>] {
        channel.bridge.and_then(|bridge| self.by_bridge.get(bridge)).map_or(&[], Vec::as_slice)
    }

    /// Those that Asterisk counts as one call.
    fn in_group_of(&self, channel: &Listed<'_>) -> &[&'a Listed<'a>] {
        self.by_group.get(channel.linked_id.as_str()).map_or(&[], Vec::as_slice)
    }
}

impl<'a> Listed<'a> {
    fn new(block: &'a Block) -> Option<Self> {
        let is_listed = ["Status", "CoreShowChannel"].contains(&block.event()?);
        Some(Self {
            block,
            name: block.get("Channel").filter(|_| is_listed)?,
            unique_id: id(block, "Uniqueid")?,
            linked_id: id(block, "Linkedid")?,
            bridge: block.get("BridgeID").filter(|bridge| !bridge.is_empty()),
        })
    }

    fn variable(&self, name: &str) -> Option<&'a str> {
        let values = self.block.all("Variable").filter_map(|text| text.split_once('='));
        let mut values = values.filter(|(variable, _)| *variable == name).map(|(_, value)| value);
        values.next().filter(|value| !["", "(null)"].contains(value))
    }

    /// The number that its application dialled.
    fn dialled(&self) -> Option<String> {
        let data = self.block.get("Data").or_else(|| self.block.get("ApplicationData"))?;
        let (_, string) = data.split(['&', ',']).next()?.split_once('/')?;
        dial_string::number(string).filter(|_| self.block.get("Application") == Some("Dial"))
    }
}
