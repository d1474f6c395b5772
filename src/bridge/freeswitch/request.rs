//! What FreeSWITCH is asked for, and what it says.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::event::Event;

/// As much as says why something was not done.
const LONGEST_REASON: usize = 256;

/// As much as is read of a list of names.
const LONGEST_LIST: usize = 1024 * 1024;

/// What it is asked for: a command of the event socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Tell of these events from now on.
    Tell(String),
    /// Which channels are there?
    Channels,
    /// All of one channel.
    Channel(String),
    /// End a channel, as one that is turned away.
    End(String),
    /// Which FreeSWITCH is it? Asked to know that it is there.
    Alive,
    /// Which gateways are there?
    Gateways,
    /// Which queues?
    Queues,
    /// Which phones have logged in?
    Registrations,
}

/// What it says, as it is recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// Something happened.
    Event(Event),
    /// It was asked, and this is what it says.
    Reply {
        /// what it was asked for
        to: Request,
        /// what it says
        says: Says,
    },
    /// Something that is no event, and why.
    Broken(String),
}

/// What it says if it is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// These channels are there.
    Channels(Vec<Row>),
    /// All of a channel.
    Channel(Event),
    /// Some words, such as `+OK` or `-ERR No such channel!`.
    Text(String),
}

/// A line of the list of all channels: how a channel began, before anything was done to its numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Row {
    /// its id
    pub uuid: String,
    /// the number that it called, or that was dialled for it
    #[serde(rename = "initial_dest")]
    pub destination: String,
    /// the number that it showed
    #[serde(rename = "initial_cid_num")]
    pub caller_number: String,
    /// the context that it came to
    #[serde(rename = "initial_context")]
    pub context: String,
}

/// The list of all channels; without one it has no rows.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Table {
    rows: Vec<Row>,
}

impl Request {
    /// As the event socket wants it; `None` if an id is none that can stand in a command.
    ///
    /// With `inbound-use-callid-as-uuid` a caller chooses it.
    pub fn command(&self) -> Option<String> {
        Some(match self {
            Self::Tell(events) => format!("event json {events}\n\n"),
            Self::Channels => "api show channels as json\n\n".to_owned(),
            Self::Channel(uuid) if is_plain(uuid) => format!("api uuid_dump {uuid} json\n\n"),
            Self::End(uuid) if is_plain(uuid) => format!("api uuid_kill {uuid} CALL_REJECTED\n\n"),
            Self::Channel(_) | Self::End(_) => return None,
            Self::Alive => "api global_getvar core_uuid\n\n".to_owned(),
            Self::Gateways => "api sofia status\n\n".to_owned(),
            Self::Queues => "api callcenter_config queue list\n\n".to_owned(),
            Self::Registrations => "api show registrations as json\n\n".to_owned(),
        })
    }

    /// What a reply to it says.
    pub(super) fn read(&self, body: &[u8]) -> Says {
        let read = match self {
            Self::Channels => serde_json::from_slice(body)
                .or_else(|_| serde_json::from_str(&String::from_utf8_lossy(body)))
                .map(|Table { rows }| Says::Channels(rows)),
            Self::Channel(_) => Event::of_json(body).map(Says::Channel),
            Self::Tell(_) | Self::End(_) | Self::Alive => return text(body, LONGEST_REASON),
            Self::Gateways | Self::Queues | Self::Registrations => return text(body, LONGEST_LIST),
        };
        read.unwrap_or_else(|_| text(body, LONGEST_REASON))
    }
}

fn text(body: &[u8], longest: usize) -> Says {
    let text = String::from_utf8_lossy(&body[..body.len().min(longest)]);
    Says::Text(text.trim().to_owned())
}

fn is_plain(uuid: &str) -> bool {
    !uuid.is_empty()
        && uuid.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._@:+%!*~/".contains(&byte))
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(event) | Self::Reply { says: Says::Channel(event), .. } => event.fmt(f),
            Self::Reply { says: Says::Channels(rows), .. } => write!(f, "{} channels", rows.len()),
            Self::Reply { says: Says::Text(text), .. } | Self::Broken(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leg_whose_id_is_a_command_is_not_asked_for() {
        let command = |uuid: &str| Request::End(uuid.to_owned()).command();
        assert_eq!(command("4ee24380-de63").unwrap(), "api uuid_kill 4ee24380-de63 CALL_REJECTED\n\n");
        assert!(command("7f3a@192.0.2.1:5060").is_some());
        assert!(command("7f%3a!*~/1").is_some(), "the words of RFC 3261 that mean nothing to FreeSWITCH");
        for uuid in ["", "a b", "a\n\napi shutdown", "${x}", "a;b", "ä"] {
            assert_eq!(command(uuid), None, "{uuid:?}");
            assert_eq!(Request::Channel(uuid.to_owned()).command(), None, "{uuid:?}");
        }
    }

    #[test]
    fn a_list_without_channels_has_no_rows() {
        assert_eq!(Request::Channels.read(b"{\"row_count\": 0}\n"), Says::Channels(Vec::new()));
        let denied = Says::Text("-ERR permission denied".to_owned());
        assert_eq!(Request::Channels.read(b"-ERR permission denied\n"), denied);
    }
}
