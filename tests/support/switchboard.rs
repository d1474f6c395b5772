//! What Asterisk's `Status` lists, made of the events that came before.
//!
//! Source: the lists beside the recordings in `tests/fixtures/bridge`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// The channels that there are at a time, as `Status` would list them.
#[derive(Debug, Default, Clone)]
pub struct Switchboard {
    channels: BTreeMap<String, BTreeMap<String, String>>,
}

impl Switchboard {
    /// Takes in what an event says.
    pub fn hear(&mut self, event: &[(String, String)]) {
        let get = |name: &str| {
            let mut fields = event.iter().rev();
            fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
        };
        let text = |name: &str| get(name).unwrap_or_default().to_owned();
        let unique_id = text("Uniqueid");
        match get("Event") {
            Some("Hangup") => {
                self.channels.remove(&unique_id);
                return;
            }
            Some("Newchannel") => {
                let is_called = text("ChannelStateDesc") == "Down";
                let mut channel = BTreeMap::new();
                channel
                    .insert("Application".to_owned(), if is_called { "AppDial" } else { "Dial" }.to_owned());
                if !is_called && !text("Channel").starts_with("Local/") {
                    channel.insert("DNID".to_owned(), text("Exten"));
                    if text("Context").starts_with("from-pstn") || text("Context").starts_with("from-trunk") {
                        channel.insert("Variable".to_owned(), format!("FROM_DID={}", text("Exten")));
                    }
                }
                self.channels.insert(unique_id.clone(), channel);
            }
            Some("DialBegin") => {
                if let Some(channel) = self.channels.get_mut(&unique_id) {
                    channel.insert("Data".to_owned(), format!("PJSIP/{},30", text("DialString")));
                }
            }
            Some("BridgeEnter") => {
                if let Some(channel) = self.channels.get_mut(&unique_id) {
                    channel.insert("BridgeID".to_owned(), text("BridgeUniqueid"));
                }
            }
            Some("BridgeLeave") => {
                if let Some(channel) = self.channels.get_mut(&unique_id) {
                    channel.remove("BridgeID");
                }
            }
            _ => {}
        }
        for prefix in ["", "Dest"] {
            let Some(channel) = self.channels.get_mut(&text(&format!("{prefix}Uniqueid"))) else { continue };
            let shown = [
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
            for name in shown {
                if let Some(value) = get(&format!("{prefix}{name}")) {
                    channel.insert(name.to_owned(), value.to_owned());
                }
            }
        }
    }

    /// The phones and trunks that talk to another, if need be by way of Local channels, and those that do not; by
    /// their unique ids.
    #[allow(dead_code, reason = "the tests in src/ do not ask for it")]
    pub fn talking(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let get = |id: &str, name: &str| self.channels[id].get(name).cloned().unwrap_or_default();
        let is_local = |id: &str| get(id, "Channel").starts_with("Local/");
        let talks = |id: &&String| {
            let mut seen = BTreeSet::from([(*id).clone()]);
            let mut next = vec![(*id).clone()];
            while let Some(one) = next.pop() {
                let bridge = get(&one, "BridgeID");
                for other in self.channels.keys() {
                    if bridge.is_empty() || get(other, "BridgeID") != bridge || !seen.insert(other.clone()) {
                        continue;
                    }
                    if !is_local(other) {
                        return true;
                    }
                    let (name, half) = get(other, "Channel")
                        .rsplit_once(';')
                        .map_or_else(Default::default, |(name, half)| (name.to_owned(), half.to_owned()));
                    let wanted = format!("{name};{}", if half == "1" { "2" } else { "1" });
                    let half = self.channels.keys().find(|id| get(id, "Channel") == wanted);
                    next.extend(half.filter(|half| seen.insert((*half).clone())).cloned());
                }
            }
            false
        };
        let (talking, other): (BTreeSet<_>, BTreeSet<_>) =
            self.channels.keys().cloned().partition(|id| talks(&id));
        let real = |ids: BTreeSet<String>| ids.into_iter().filter(|id| !is_local(id)).collect();
        (real(talking), real(other))
    }

    /// A block for each channel.
    pub fn list(&self) -> String {
        let mut text = String::new();
        for channel in self.channels.values() {
            text.push_str("Event: Status\n");
            for (name, value) in channel {
                writeln!(text, "{name}: {value}").unwrap();
            }
            text.push('\n');
        }
        text
    }
}
