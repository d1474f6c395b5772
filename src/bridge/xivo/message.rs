//! What is said and asked, as JSON.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Form;
use crate::asterisk::is_number;
use crate::bridge::mask::Mask;

/// The longest text that is taken for an id or a name; longer ones are nobody's.
const LONGEST: usize = 150;

/// Words for what no server says, in the place of a message's class.
const OWN: [&str; 3] = ["lost", "broken", "remark"];

/// One message of a server, as it came. In a recording, one over another connection than the first has a key `account`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Map<String, Value>", into = "Map<String, Value>")]
pub struct Message {
    /// over whose connection it came: the number of the account, from 0
    pub account: usize,
    /// what it says
    pub said: Map<String, Value>,
}

impl Message {
    /// What a server said; `None` for what only this program says.
    pub fn of_server(account: usize, mut said: Map<String, Value>) -> Option<Self> {
        said.remove("account");
        let message = Self { account, said };
        (!OWN.contains(&message.class())).then_some(message)
    }

    /// One account's connection is lost.
    pub fn lost(account: usize, why: &str) -> Self {
        Self::own(account, "lost", why)
    }

    /// A line that is no message.
    pub fn broken(account: usize, why: &str) -> Self {
        Self::own(account, "broken", why)
    }

    /// Something that the administrator should know of a connection.
    pub fn remark(account: usize, text: &str) -> Self {
        Self::own(account, "remark", text)
    }

    fn own(account: usize, class: &str, text: &str) -> Self {
        let said = [("class", class), ("text", text)];
        Self { account, said: said.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect() }
    }

    /// What kind of message it is.
    pub fn class(&self) -> &str {
        self.text("class")
    }

    /// A value that is text; empty if there is none.
    pub fn text(&self, key: &str) -> &str {
        self.said.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// An id, which may be a number.
    pub fn id(&self, key: &str) -> Option<String> {
        self.said.get(key).and_then(id)
    }

    /// When the server said it: seconds of its clock.
    pub fn time(&self) -> Option<f64> {
        self.said.get("timenow").and_then(Value::as_f64).filter(|time| time.is_finite())
    }

    /// Puts other numbers and names in place of those in it.
    pub fn mask(&mut self, mask: &Mask) {
        if self.class() == "sheet" {
            // What cannot be read is nobody's help either.
            let form = Form::of(&self.said).map(|form| form.masked(mask).packed()).unwrap_or_default();
            self.said.insert("payload".to_owned(), form.into());
            self.said.insert("compressed".to_owned(), Value::Bool(false));
        }
        let is_queue = self.text("listname") == "queues";
        for (key, value) in &mut self.said {
            mask_value(key, value, is_queue, mask);
        }
    }
}

impl From<Map<String, Value>> for Message {
    fn from(mut said: Map<String, Value>) -> Self {
        let account = said.remove("account").and_then(|account| account.as_u64()).unwrap_or_default();
        Self { account: usize::try_from(account).unwrap_or_default(), said }
    }
}

impl From<Message> for Map<String, Value> {
    fn from(message: Message) -> Self {
        let mut said = message.said;
        if message.account > 0 {
            said.insert("account".to_owned(), message.account.into());
        }
        said
    }
}

/// An id as text, which some messages have as a number.
pub fn id(value: &Value) -> Option<String> {
    let id = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    (!id.is_empty() && id.len() <= LONGEST && !id.contains(char::is_control)).then_some(id)
}

/// A name or a number as people gave it, of a length that fits.
pub fn shown(value: &Value) -> Option<String> {
    let text: String = value.as_str()?.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A switch, which is `true`, 1 or "1", as it pleases the release.
pub fn is_on(value: &Value) -> bool {
    match value {
        Value::Bool(is_on) => *is_on,
        Value::Number(number) => number.as_f64().is_some_and(|number| number != 0.0),
        Value::String(text) => ["1", "true"].contains(&text.to_ascii_lowercase().as_str()),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

fn mask_value(key: &str, value: &mut Value, is_queue: bool, mask: &Mask) {
    match value {
        Value::String(text) => match key {
            "number" | "cid_number" | "phonenumber" | "mobilephonenumber" | "destunc" | "destrna"
            | "destbusy" | "interface" | "identity" | "channel" | "talkingto_id" | "channels"
            | "uniqueid" | "extension" => {
                *text = mask.text(text);
            }
            // Members of queues and channels are called by them; what has no slash is a number in the server's tables.
            "tid" | "list" if text.contains('/') => *text = mask.text(text),
            "firstname" | "lastname" | "fullname" | "cid_name" => *text = mask.name(text),
            "name" if !is_queue => *text = mask.name(text),
            _ => {}
        },
        Value::Array(values) => values.iter_mut().for_each(|value| mask_value(key, value, is_queue, mask)),
        Value::Object(map) => {
            for (key, value) in map {
                mask_value(key, value, is_queue, mask);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A value of a form, masked.
pub(super) fn masked(name: &str, value: &str, mask: &Mask) -> String {
    let name = name.strip_prefix("xivo-").unwrap_or(name);
    match name {
        "where" | "ipbxid" | "focus" | "zip" | "origin" | "Origine" | "direction" | "desttype" | "destid"
        | "userid" | "queuename" | "date" | "time" | "calleridton" => value.to_owned(),
        "uid" | "uniqueid" | "channel" => mask.text(value),
        _ if is_number(value) => mask.text(value),
        _ => mask.name(value),
    }
}

/// A list that a server keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum List {
    /// people
    Users,
    /// their phones
    Phones,
    /// who takes calls of queues
    Agents,
    /// queues
    Queues,
    /// who is in which queue, by `interface,queue`
    Members,
}

impl List {
    /// All, in the order in which they are asked for.
    pub const ALL: [Self; 5] = [Self::Users, Self::Phones, Self::Agents, Self::Queues, Self::Members];

    /// As servers call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Phones => "phones",
            Self::Agents => "agents",
            Self::Queues => "queues",
            Self::Members => "queuemembers",
        }
    }

    /// The list of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|list| list.name() == name)
    }

    /// Whether what is in it has a status that matters.
    pub fn has_status(self) -> bool {
        match self {
            Self::Phones | Self::Agents => true,
            Self::Users | Self::Queues | Self::Members => false,
        }
    }
}

/// All that a server is ever asked once a client is logged in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Ask {
    /// what is in a list
    Ids(List),
    /// what one of it is
    Config(List, String),
    /// how it does
    Status(List, String),
    /// who waits in this queue, from now on
    Entries(String),
    /// the calls of the own line, from now on
    CurrentCalls,
    /// whether it is still there
    KeepAlive,
}

impl Ask {
    /// The message; `number` is another one for each of a connection.
    pub fn message(&self, number: u64) -> Value {
        let list = |function: &str, list: List| {
            json!({ "class": "getlist", "function": function, "listname": list.name(), "tipbxid": "xivo",
                    "commandid": number })
        };
        let one = |function: &str, of: List, id: &str| {
            let mut message = list(function, of);
            message["tid"] = id.into();
            message
        };
        match self {
            Self::Ids(of) => list("listid", *of),
            Self::Config(of, id) => one("updateconfig", *of, id),
            Self::Status(of, id) => one("updatestatus", *of, id),
            Self::Entries(queue) => {
                json!({ "class": "subscribe", "message": "queueentryupdate", "queueid": queue, "commandid": number })
            }
            Self::CurrentCalls => {
                json!({ "class": "subscribe", "message": "current_calls", "commandid": number })
            }
            Self::KeepAlive => json!({ "class": "keepalive", "commandid": number }),
        }
    }
}

/// What is asked, and over whose connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// the number of the account
    pub account: usize,
    /// what
    pub ask: Ask,
}
