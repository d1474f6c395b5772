//! A look at an Asterisk by an account that has just logged in: what the account may see, and what there is.
//!
//! Source: Asterisk's documentation of the actions `Status`, `DeviceStateList` and `QueueSummary`, and of the
//! event `FullyBooted`, which an account gets at its login if `read` has `system`.

use super::{Action, Block, Link, Message, Trunks};
use crate::asterisk::{Channel, is_number};
use crate::bridge::fact::Side;
use crate::bridge::source::{Link as _, LinkError};

/// What an account may see, and what there is of a phone system.
#[derive(Debug, Default)]
pub struct Look {
    /// events arrive
    pub is_told: bool,
    /// why the calls that are under way are not listed; `None`: they are
    pub no_list: Option<String>,
    /// how many channels there are
    pub channels: usize,
    /// lines to the outside
    pub trunks: Vec<String>,
    /// queues, by name
    pub queues: Vec<String>,
    /// extensions that have a device
    pub extensions: Vec<String>,
}

/// What is asked for: the action, and the event with which its list ends.
const ASKED: [(&str, &str); 3] = [
    ("Status", "StatusComplete"),
    ("DeviceStateList", "DeviceStateListComplete"),
    ("QueueSummary", "QueueSummaryComplete"),
];

/// More of a kind than this nobody reads.
const MOST: usize = 1000;

/// Looks around, over a connection that is of no use afterwards.
///
/// # Errors
///
/// The connection's.
pub async fn look(mut link: Link, mut trunks: Trunks) -> Result<Look, LinkError> {
    let mut look = Look::default();
    for (action, _) in ASKED {
        // With a name of its own each: what others make up has another.
        link.ask(Action::new(action, format!("look-{action}")));
    }
    let mut open: Vec<(String, &str)> =
        ASKED.iter().map(|(action, end)| (format!("look-{action}"), *end)).collect();
    while !open.is_empty() {
        let Message::Block(block) = link.next().await? else { continue };
        match (block.get("ActionID"), block.event()) {
            (_, Some("FullyBooted")) => look.is_told = true,
            (Some(id), Some(event)) => {
                look.take(event, &block, &mut trunks);
                open.retain(|(asked, end)| !(asked == id && *end == event));
            }
            (Some(id), None) if block.get("Response") != Some("Success") => {
                if id == "look-Status" {
                    let reason = block.get("Message").unwrap_or("no reason given");
                    look.no_list = Some(reason.to_owned());
                }
                open.retain(|(asked, _)| asked != id);
            }
            (Some(_), None) | (None, _) => {}
        }
    }
    Ok(look)
}

impl Look {
    fn take(&mut self, event: &str, block: &Block, trunks: &mut Trunks) {
        match event {
            "Status" => {
                self.channels += 1;
                let channel = block.get("Channel").unwrap_or_default();
                if trunks.begins(channel, block.get("Context").unwrap_or_default()) == Side::Outside {
                    note(&mut self.trunks, Channel(channel).endpoint());
                }
            }
            "DeviceStateChange" => {
                let device = block.get("Device").unwrap_or_default();
                // As a channel's name is, so that patterns fit.
                if trunks.meets(&format!("{device}-"), "") == Side::Outside {
                    note(&mut self.trunks, device);
                } else if let Some((_, name)) = device.split_once('/').filter(|(_, name)| is_number(name)) {
                    note(&mut self.extensions, name);
                }
            }
            "QueueSummary" => note(&mut self.queues, block.get("Queue").unwrap_or_default()),
            _ => {}
        }
    }
}

fn note(names: &mut Vec<String>, name: &str) {
    if !name.is_empty() && names.len() < MOST && !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}
