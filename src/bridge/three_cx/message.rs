//! What a 3CX says, as it is recorded, and what it is asked for.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::row_text::RowText;
use crate::bridge::mask::Mask;

/// What a 3CX says. Times are milliseconds since 1970, by the clock of this machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// all calls, as its list of active calls has them
    Rows {
        /// when it was asked for
        at: u64,
        /// a line for each
        rows: Vec<Row>,
    },
    /// the same, beside what Call Control shows
    Beside {
        /// when it was asked for
        at: u64,
        /// a line for each
        rows: Vec<Row>,
    },
    /// whose extensions are whose, and whose calls are wanted
    People(People),
    /// everything that Call Control shows
    Everything {
        /// when it came
        at: u64,
        /// one for each number that the client may see
        entries: Vec<Entry>,
    },
    /// one participant, or that it is not there any more
    One {
        /// when it came
        at: u64,
        /// where it is found
        place: Place,
        /// as it is now
        participant: Option<Box<Participant>>,
    },
    /// the question for one participant was refused, or its answer is of no use
    Untold(Place),
    /// a participant is there, or has changed
    Changed(Place),
    /// a participant is not there any more
    Removed {
        /// when that was said
        at: u64,
        /// where it was
        place: Place,
    },
    /// it is time to look at everything
    Time,
    /// something that the administrator should know
    Notice(String),
}

/// What a 3CX is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// everything that Call Control shows
    Everything,
    /// one participant
    One(Place),
    /// the end of these legs' call
    Drop(Vec<Place>),
}

/// Where a participant is found: `/callcontrol/{dn}/participants/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// a number of the phone system, or the name of a route point
    pub dn: String,
    /// the participant's
    pub id: String,
}

/// A line of the list of active calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// the call's number
    pub id: String,
    /// who calls, as `10000 Trunk (+493023125741)`
    pub caller: String,
    /// who is called
    pub callee: String,
    /// such as `Talking`
    pub status: String,
}

/// Whose extensions are whose.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct People {
    /// number and name
    pub people: Vec<(String, Option<String>)>,
    /// numbers of queues
    pub queues: Vec<String>,
    /// only their calls are wanted
    pub is_group: bool,
}

/// A number that the client may see, with all that goes on there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// the number
    pub dn: String,
    /// what it is, such as `Wextension`
    pub kind: String,
    /// its part in calls
    pub participants: Vec<Participant>,
}

/// One leg of a call, as Call Control shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "they are called as in 3CX's documentation of Call Control")]
pub struct Participant {
    pub id: String,
    pub dn: String,
    pub status: String,
    pub callid: String,
    pub legid: String,
    pub party_dn: String,
    pub party_dn_type: String,
    pub party_caller_id: String,
    pub party_caller_name: String,
    pub party_did: String,
    pub originated_by_dn: String,
    pub originated_by_type: String,
    pub referred_by_dn: String,
    pub on_behalf_of_dn: String,
    pub on_behalf_of_type: String,
}

/// The longest value of a field.
const LONGEST: usize = 400;

impl Message {
    /// What is pushed on the socket: that something has changed. `None` if it is about no call.
    pub fn pushed(said: &[u8], at: u64) -> Option<Self> {
        let said: Value = serde_json::from_slice(said).ok()?;
        let event = field(said.as_object()?, "event")?.as_object()?;
        let entity = text(event, "entity");
        let place = Place::read(&entity);
        match (text(event, "event_type").to_lowercase().as_str(), place) {
            ("0" | "upsert" | "upset", Some(place)) => Some(Self::Changed(place)),
            ("1" | "remove", Some(place)) => Some(Self::Removed { at, place }),
            // A number came or went: that is a matter of what may be seen.
            ("0" | "upsert" | "upset" | "1" | "remove", None) if is_number_of(&entity) => Some(Self::Time),
            _ => None,
        }
    }
}

impl Place {
    /// That of an entity such as `/callcontrol/150/participants/8106`.
    pub fn read(entity: &str) -> Option<Self> {
        let mut parts = entity.trim_start_matches('/').split('/');
        let (is_ours, dn) = (parts.next()? == "callcontrol", parts.next()?);
        let (are, id) = (parts.next()? == "participants", parts.next()?);
        // Dots alone lead elsewhere.
        let is_word = |word: &str| {
            word.len() <= 100 && !word.contains(char::is_control) && word.contains(|c: char| c != '.')
        };
        (is_ours && are && parts.next().is_none() && is_word(dn) && is_word(id))
            .then(|| Self { dn: dn.to_owned(), id: id.to_owned() })
    }

    /// What its leg is known by.
    pub fn key(&self) -> String {
        format!("{}/{}", self.dn, self.id)
    }
}

impl Row {
    /// One of the list. What else it has, times of all kinds, is not looked at.
    pub fn read(value: &Value) -> Option<Self> {
        let row = value.as_object()?;
        let id = text(row, "Id");
        is_id(&id).then(|| Self {
            id,
            caller: text(row, "Caller"),
            callee: text(row, "Callee"),
            status: text(row, "Status"),
        })
    }

    /// Other numbers and names; those of the phone system's own stay, as nobody could read the rest without.
    pub fn mask(&mut self, mask: &Mask) {
        for side in [&mut self.caller, &mut self.callee] {
            let RowText { number, name, brackets } = RowText::read(side);
            let is_number = brackets.as_deref().is_some_and(|inside| !name.contains(inside));
            let parts = [
                number,
                Some(mask.name(&name)).filter(|name| !name.is_empty()),
                brackets.filter(|_| is_number).map(|inside| format!("({})", mask.text(&inside))),
            ];
            *side = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        }
    }
}

impl Entry {
    /// One of the answer to `/callcontrol`.
    pub fn read(value: &Value) -> Option<Self> {
        let entry = value.as_object()?;
        let dn = text(entry, "dn");
        let participants = field(entry, "participants").and_then(Value::as_array);
        let participants =
            participants.into_iter().flatten().filter_map(|value| Participant::read(value, &dn));
        let participants = participants.collect();
        (!dn.is_empty()).then(|| Self { kind: text(entry, "type"), participants, dn })
    }
}

impl Participant {
    /// One of a number's. Its keys may be written `party_dn` or `PartyDN`.
    pub fn read(value: &Value, dn: &str) -> Option<Self> {
        let participant = value.as_object()?;
        let text = |name| text(participant, name);
        let own = text("dn");
        let read = Self {
            id: text("id"),
            dn: if own.is_empty() { dn.to_owned() } else { own },
            status: text("status"),
            callid: text("callid"),
            legid: text("legid"),
            party_dn: text("party_dn"),
            party_dn_type: text("party_dn_type"),
            party_caller_id: text("party_caller_id"),
            party_caller_name: text("party_caller_name"),
            party_did: text("party_did"),
            originated_by_dn: text("originated_by_dn"),
            originated_by_type: text("originated_by_type"),
            referred_by_dn: text("referred_by_dn"),
            on_behalf_of_dn: text("on_behalf_of_dn"),
            on_behalf_of_type: text("on_behalf_of_type"),
        };
        // Dots alone lead elsewhere in a path.
        let is_number = read.dn.contains(|c: char| c != '.');
        (is_id(&read.id) && is_id(&read.callid) && is_number).then_some(read)
    }

    /// Where it is found.
    pub fn place(&self) -> Place {
        Place { dn: self.dn.clone(), id: self.id.clone() }
    }

    /// Other numbers and names; those of the phone system's own stay.
    pub fn mask(&mut self, mask: &Mask) {
        self.party_caller_name = match RowText::read(&self.party_caller_name) {
            RowText { number: Some(_), .. } => mask.text(&self.party_caller_name),
            RowText { number: None, .. } => mask.name(&self.party_caller_name),
        };
        if self.party_caller_id != self.party_dn {
            self.party_caller_id = mask.text(&self.party_caller_id);
        }
        self.party_did = mask.text(&self.party_did);
    }
}

/// `/callcontrol/150`
fn is_number_of(entity: &str) -> bool {
    let mut parts = entity.trim_matches('/').split('/');
    parts.next() == Some("callcontrol") && parts.next().is_some() && parts.next().is_none()
}

/// Whether a call or a leg can be known by it: Zammad gets it as a part of the call's id.
fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._".contains(&byte))
}

/// A field by its name, however that is written: `party_dn`, `PartyDN`.
pub fn field<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let letters = |name: &str| {
        name.bytes().filter(|&byte| byte != b'_').map(|byte| byte.to_ascii_lowercase()).collect::<Vec<_>>()
    };
    object.get(name).or_else(|| {
        let wanted = letters(name);
        object.iter().find(|(key, _)| letters(key) == wanted).map(|(_, value)| value)
    })
}

/// Text or number of a field as text, bounded and without control characters; empty if it is neither.
pub fn text(object: &Map<String, Value>, name: &str) -> String {
    match field(object, name) {
        Some(Value::String(text)) => text.chars().filter(|c| !c.is_control()).take(LONGEST).collect(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_line_and_no_participant_is_left_out() {
        let row = |id: Value| {
            Row::read(&json!({ "Id": id, "Caller": null, "Callee": 7, "Status": "Tal\u{1b}king" }))
        };
        let read = row(json!(1)).unwrap();
        assert_eq!((&*read.id, &*read.caller, &*read.callee, &*read.status), ("1", "", "7", "Talking"));
        assert_eq!(row(json!("1")), Some(read));
        for id in [
            json!(null),
            json!(""),
            json!("a b"),
            json!("a-b"),
            json!("a/b"),
            json!("1".repeat(65)),
            json!([1]),
        ] {
            assert_eq!(row(id.clone()), None, "{id}");
        }
        assert_eq!(Row::read(&json!("1")), None);
        let pascal = json!({ "Id": 8106, "DN": "150", "Status": "Ringing", "CallId": 7, "PartyDN": "10000",
                             "PartyCallerID": "+4930", "PartyDnType": "Wexternalline", "OnBehalfOfDN": "816" });
        let read = Participant::read(&pascal, "").unwrap();
        assert_eq!((&*read.callid, &*read.party_caller_id, &*read.on_behalf_of_dn), ("7", "+4930", "816"));
        assert_eq!(Participant::read(&json!({ "id": 1, "status": "Ringing" }), "150"), None);
        assert_eq!(Participant::read(&json!(null), "150"), None);
    }

    #[test]
    fn names_and_numbers_outside_are_masked_and_its_own_numbers_stay() {
        let mask = Mask::default();
        let masked = |caller: &str| {
            let mut row = Row {
                id: "1".to_owned(),
                caller: caller.to_owned(),
                callee: String::new(),
                status: String::new(),
            };
            row.mask(&mask);
            row.caller
        };
        let trunk = masked("10000 Trunk (+4930123456)");
        assert!(trunk.starts_with("10000 name-") && trunk.contains(" (+") && trunk.ends_with(')'), "{trunk}");
        assert!(!trunk.contains("4930123456"), "{trunk}");
        let agent = masked("151 Bob (Sales)");
        assert!(agent.starts_with("151 name-") && !agent.contains("Sales"), "{agent}");
        let bare = masked("10000 +4930123456");
        assert!(bare.starts_with("10000 ") && !bare.contains("4930123456"), "{bare}");
    }

    #[test]
    fn an_event_is_read_however_its_keys_are_written() {
        let place = || Place { dn: "150".to_owned(), id: "8106".to_owned() };
        let entity = "/callcontrol/150/participants/8106";
        let cases = [
            (
                format!(
                    r#"{{"sequence":1,"event":{{"event_type":0,"entity":"{entity}","attached_data":null}}}}"#
                ),
                Some(Message::Changed(place())),
            ),
            (
                format!(r#"{{"Sequence":1,"Event":{{"EventType":0,"Entity":"{entity}"}}}}"#),
                Some(Message::Changed(place())),
            ),
            (
                format!(r#"{{"event":{{"event_type":"Upsert","entity":"{entity}"}}}}"#),
                Some(Message::Changed(place())),
            ),
            (
                format!(r#"{{"event":{{"event_type":1,"entity":"{entity}"}}}}"#),
                Some(Message::Removed { at: 7, place: place() }),
            ),
            (
                r#"{"event":{"event_type":0,"entity":"/callcontrol/crm/participants/1"}}"#.to_owned(),
                Some(Message::Changed(Place { dn: "crm".to_owned(), id: "1".to_owned() })),
            ),
            (r#"{"event":{"event_type":0,"entity":"/callcontrol/150"}}"#.to_owned(), Some(Message::Time)),
            (r#"{"event":{"event_type":0,"entity":"/callcontrol/150/devices/1"}}"#.to_owned(), None),
            (format!(r#"{{"event":{{"event_type":2,"entity":"{entity}"}}}}"#), None),
            (r#"{"event":{"event_type":4,"entity":"/callcontrol"}}"#.to_owned(), None),
            ("[]".to_owned(), None),
            ("<html>".to_owned(), None),
            (r#"{"event":{"event_type":0,"entity":"/callcontrol/../participants//"}}"#.to_owned(), None),
        ];
        for (said, expected) in cases {
            assert_eq!(Message::pushed(said.as_bytes(), 7), expected, "{said}");
        }
    }
}
