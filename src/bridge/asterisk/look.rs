//! A look at an Asterisk by an account that has just logged in: what the account may see, and what there is.
//!
//! Source: Asterisk's documentation of the actions `Status`, `DeviceStateList` and `QueueSummary`, and of the
//! event `FullyBooted`, which an account gets at its login if `read` has `system`.

use std::borrow::Cow;

use super::{Action, Block, Link, Message, Trunks, rights};
use crate::asterisk::{Channel, is_number};
use crate::bridge::fact::Side;
use crate::bridge::source::{Link as _, LinkError, Missing};
use crate::bridge::system;

/// What is found out.
#[derive(Debug, Default)]
struct Found {
    /// events arrive
    is_told: bool,
    /// why the calls that are under way are not listed; `None`: they are
    no_list: Option<String>,
    trunks: Vec<String>,
    queues: Vec<String>,
    /// those that have a device
    extensions: Vec<String>,
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
pub async fn look(mut link: Link, mut trunks: Trunks) -> Result<system::Look, LinkError> {
    let mut found = Found::default();
    for (action, _) in ASKED {
        // With a name of its own each: what others make up has another.
        link.ask(Action::new(action, format!("look-{action}")));
    }
    let mut open: Vec<(String, &str)> =
        ASKED.iter().map(|(action, end)| (format!("look-{action}"), *end)).collect();
    while !open.is_empty() {
        let Message::Block(block) = link.next().await? else { continue };
        match (block.get("ActionID"), block.event()) {
            (_, Some("FullyBooted")) => found.is_told = true,
            (Some(id), Some(event)) => {
                found.take(event, &block, &mut trunks);
                open.retain(|(asked, end)| !(asked == id && *end == event));
            }
            (Some(id), None) if block.get("Response") != Some("Success") => {
                if id == "look-Status" {
                    let reason = block.get("Message").unwrap_or("no reason given");
                    found.no_list = Some(reason.to_owned());
                }
                open.retain(|(asked, _)| asked != id);
            }
            (Some(_), None) | (None, _) => {}
        }
    }
    let rights = found.rights();
    let Found { trunks, queues, extensions, .. } = found;
    Ok(system::Look { rights, trunks, queues, extensions })
}

impl Found {
    fn rights(&self) -> Result<Cow<'static, str>, Missing> {
        if let Some(reason) = &self.no_list {
            return Err(rights::no_list(reason));
        }
        if !self.is_told {
            return Err(rights::no_event());
        }
        Ok("lists calls, hears events".into())
    }

    fn take(&mut self, event: &str, block: &Block, trunks: &mut Trunks) {
        match event {
            "Status" => {
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
