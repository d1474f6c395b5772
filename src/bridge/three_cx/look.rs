//! A look at a 3CX by an account that has just logged in: what it may see, and what there is.

use std::collections::BTreeSet;

use super::account::{Link, Login3cx};
use super::directory::Directory;
use super::leg::{Kind, Other, Station};
use super::message::{Message, Request};
use crate::bridge::source::{Connector, Link as _, LinkError, Missing};
use crate::bridge::system::Look;
use crate::config::ThreeCxSettings;

/// More of a kind than this nobody reads.
const MOST: usize = 1000;

/// What was found so far.
#[derive(Default)]
struct Found {
    trunks: BTreeSet<String>,
    queues: BTreeSet<String>,
    extensions: BTreeSet<String>,
}

/// Looks around, by the same questions that a bridge asks.
///
/// # Errors
///
/// There is no connection, or it is not permitted.
pub async fn look(login: &Login3cx, settings: &ThreeCxSettings) -> Result<Look, LinkError> {
    let mut link = login.connect().await?;
    link.ask(Request::Everything);
    let mut directory = Directory::default();
    directory.adapt(settings);
    let mut found = Found::default();
    let (mut has_names, mut is_group) = (false, false);
    let shown = loop {
        match link.next().await? {
            Message::People(people) => {
                has_names = !people.people.is_empty();
                is_group = people.is_group;
                if is_group {
                    found.extensions.extend(people.people.iter().map(|(number, _)| number.clone()));
                }
                found.queues.extend(people.queues.iter().cloned());
                directory.learn(people);
            }
            Message::Everything { entries, .. } => {
                for entry in &entries {
                    if let Some(kind) = Directory::kind_of(&entry.kind) {
                        found.note(&Station::new(kind, &entry.dn));
                    }
                    for participant in &entry.participants {
                        let leg = directory.of_participant(Some(&entry.kind), participant, true);
                        leg.iter().for_each(|leg| found.see(&leg.other));
                    }
                }
                break "calls";
            }
            Message::Rows { rows, .. } => {
                for leg in rows.iter().filter_map(|row| directory.of_row(row)) {
                    found.note(&leg.at);
                    found.see(&leg.other);
                }
                break "the list of calls";
            }
            Message::Beside { .. }
            | Message::One { .. }
            | Message::Untold(_)
            | Message::Changed(_)
            | Message::Removed { .. }
            | Message::Time
            | Message::Notice(_) => {}
        }
    };
    let rights = match &link {
        Link::CallControl(_) if found.extensions.is_empty() => Err(Missing {
            complaint: "the API client sees no extension".to_owned(),
            next_step:
                "In the console of the 3CX, under Integrations, API, add each extension to the client's list"
                    .into(),
            is_deaf: false,
        }),
        Link::Polling(_) if is_group && found.extensions.is_empty() => Err(Missing {
            complaint: "the group has no members".to_owned(),
            next_step: "See group in [bridge.3cx]".into(),
            is_deaf: false,
        }),
        Link::CallControl(_) | Link::Polling(_) => Ok(if has_names && !is_group {
            format!("sees {shown} and names")
        } else {
            format!("sees {shown}")
        }
        .into()),
    };
    let names = |found: BTreeSet<String>| found.into_iter().take(MOST).collect();
    Ok(Look {
        rights,
        trunks: names(found.trunks),
        queues: names(found.queues),
        extensions: names(found.extensions),
    })
}

impl Found {
    fn note(&mut self, station: &Station) {
        match station.kind {
            Kind::Extension | Kind::Unsure => self.extensions.insert(station.number.clone()),
            Kind::Queue => self.queues.insert(station.number.clone()),
            Kind::Machine | Kind::Voicemail | Kind::Forwarded => false,
        };
    }

    fn see(&mut self, other: &Other) {
        match other {
            Other::Outside { trunk, .. } if !trunk.is_empty() => drop(self.trunks.insert(trunk.clone())),
            Other::Inside(station) => self.note(station),
            Other::Outside { .. } | Other::Unknown => {}
        }
    }
}
