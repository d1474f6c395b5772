//! What FreeSWITCH's `show channels` and `uuid_dump` tell, made of the events that came before.
//!
//! Source: `raw-snapshot-three-calls` beside the recordings in `tests/fixtures/bridge/freeswitch`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// The channels that there are at a time.
#[derive(Debug, Default, Clone)]
pub struct Channels(BTreeMap<String, Channel>);

#[derive(Debug, Clone)]
struct Channel {
    /// in which order they began
    place: usize,
    /// its line in the list
    row: Value,
    /// what it shows now
    now: Map<String, Value>,
}

impl Channels {
    /// Takes in what an event says.
    pub fn hear(&mut self, event: &Map<String, Value>) {
        let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
        let (name, uuid) = (text("Event-Name"), text("Unique-ID"));
        match name {
            "CHANNEL_CREATE" => {
                let row = json!({
                    "uuid": uuid, "direction": text("Call-Direction"), "name": text("Channel-Name"),
                    "initial_dest": text("Caller-Destination-Number"), "initial_context": text("Caller-Context"),
                    "initial_cid_num": text("Caller-Caller-ID-Number"),
                });
                let channel = Channel { place: self.0.len(), row, now: Map::new() };
                self.0.insert(uuid.to_owned(), channel);
            }
            "CHANNEL_HANGUP_COMPLETE" => {
                self.0.remove(uuid);
                return;
            }
            _ => {}
        }
        if let Some(channel) = self.0.get_mut(uuid) {
            channel.now.extend(event.clone());
        }
        let (a, b) = (text("Bridge-A-Unique-ID"), text("Bridge-B-Unique-ID"));
        for (one, other) in [(a, b), (b, a)] {
            let Some(channel) = self.0.get_mut(one) else { continue };
            if name == "CHANNEL_BRIDGE" {
                channel.now.insert("variable_bridge_uuid".to_owned(), other.into());
                channel.now.insert("variable_signal_bond".to_owned(), other.into());
            } else {
                channel.now.remove("variable_signal_bond");
            }
        }
    }

    /// All of them, as `show channels as json` has them.
    pub fn list(&self) -> String {
        let mut channels: Vec<_> = self.0.values().collect();
        channels.sort_by_key(|channel| channel.place);
        let rows: Vec<&Value> = channels.iter().map(|channel| &channel.row).collect();
        if rows.is_empty() {
            return "{\"row_count\": 0}\n".to_owned();
        }
        format!("{}\n", json!({ "row_count": rows.len(), "rows": rows }))
    }

    /// All of one, as `uuid_dump UUID json` has it.
    pub fn dump(&self, uuid: &str) -> Option<String> {
        let mut now = self.0.get(uuid)?.now.clone();
        now.insert("Event-Name".to_owned(), "CHANNEL_DATA".into());
        Some(Value::Object(now).to_string())
    }

    /// Their ids.
    pub fn uuids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
