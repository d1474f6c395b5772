//! A look at a FreeSWITCH by an account that has just logged in: what the account may see, and what there is.
//!
//! Source: `mod_sofia.c`, `mod_callcenter.c` and `mod_commands.c` of FreeSWITCH, for what their commands list.

use std::borrow::Cow;

use serde::Deserialize;

use super::link::Link;
use super::request::{Message, Request, Says};
use crate::bridge::source::{Link as _, LinkError, Missing};
use crate::bridge::system;

/// More of a kind than this nobody reads.
const MOST: usize = 1000;

/// A phone that has logged in.
#[derive(Deserialize)]
struct Registration {
    reg_user: String,
}

/// The list of them; without one it has no rows.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Registrations {
    rows: Vec<Registration>,
}

/// Looks around, over a connection that is of no use afterwards.
///
/// # Errors
///
/// The connection's.
pub async fn look(mut link: Link) -> Result<system::Look, LinkError> {
    let questions = [Request::Channels, Request::Gateways, Request::Queues, Request::Registrations];
    let mut open = questions.len();
    for question in questions {
        link.ask(question);
    }
    let mut look =
        system::Look { rights: rights(None), trunks: Vec::new(), queues: Vec::new(), extensions: Vec::new() };
    while open > 0 {
        let Message::Reply { to, says } = link.next().await? else { continue };
        let text = match &says {
            Says::Text(text) => text.as_str(),
            Says::Channels(_) | Says::Channel(_) => "",
        };
        match to {
            Request::Channels => look.rights = rights(Some(text).filter(|text| !text.is_empty())),
            Request::Gateways => look.trunks = gateways(text),
            Request::Queues => look.queues = queues(text),
            Request::Registrations => look.extensions = registrations(text),
            Request::Tell(_) | Request::Channel(_) | Request::End(_) | Request::Alive => continue,
        }
        open -= 1;
    }
    Ok(look)
}

/// What an account may do whose question for the channels got this answer instead.
pub(super) fn rights(refusal: Option<&str>) -> Result<Cow<'static, str>, Missing> {
    match refusal {
        None => Ok("lists calls, hears events".into()),
        Some(why) => Err(Missing {
            complaint: format!("the account may not list calls: {why}"),
            next_step: "Give the user show, uuid_dump and global_getvar in esl-allowed-api, and reload: fs_cli -x reloadxml"
                .into(),
            is_deaf: false,
        }),
    }
}

/// `external::carrier` of the lines of gateways.
fn gateways(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for line in text.lines() {
        let mut columns = line.split('\t').map(str::trim);
        if let (Some(name), Some("gateway")) = (columns.next(), columns.next()) {
            note(&mut names, name.rsplit_once("::").map_or(name, |(_, name)| name));
        }
    }
    names
}

/// The first column of a table with bars between its columns, whose first line names them.
fn queues(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    if text.starts_with("name|") {
        for line in text.lines().skip(1) {
            if let Some((name, _)) = line.split_once('|') {
                note(&mut names, name);
            }
        }
    }
    names
}

fn registrations(text: &str) -> Vec<String> {
    let Registrations { rows } = serde_json::from_str(text).unwrap_or_default();
    let mut names = Vec::new();
    for Registration { reg_user } in rows {
        note(&mut names, &reg_user);
    }
    names
}

fn note(names: &mut Vec<String>, name: &str) {
    if !name.is_empty() && names.len() < MOST && !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_is_read_from_what_fs_cli_shows() {
        let sofia = "                     Name\t   Type\t                      Data\tState\n\
                     =====================================================\n\
                     \u{20}           external\tprofile\tsip:mod_sofia@192.0.2.1:5080\tRUNNING (0)\n\
                     \u{20}  external::carrier\tgateway\tsip:4930@carrier.example\tREGED\n\
                     \u{20} pbx.example\t  alias\tinternal\tALIASED\n=====\n1 profile 1 alias\n";
        assert_eq!(gateways(sofia), ["carrier"]);
        let table =
            "name|strategy|moh_sound\nsupport@pbx.example|ring-all|x\nsales@pbx.example|ring-all|x\n+OK\n";
        assert_eq!(queues(table), ["support@pbx.example", "sales@pbx.example"]);
        assert_eq!(queues("-ERR callcenter_config Command not found!"), [""; 0]);
        let registered = "{\"row_count\":1,\"rows\":[{\"reg_user\":\"101\",\"realm\":\"pbx.example\"}]}";
        assert_eq!(registrations(registered), ["101"]);
        assert_eq!(registrations("{\"row_count\": 0}\n"), [""; 0]);
    }
}
