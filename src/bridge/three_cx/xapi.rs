//! What the configuration's API tells since version 20: names, queues, and the calls that Call Control does not show.
//!
//! Source: 3CX's documentation of its Configuration API (OData). A client may lack the right for it: then extensions
//! are without names.

use std::collections::BTreeMap;

use serde_json::Value;

use super::http::{Answer, By, Http};
use super::message::{People, Row, text};
use super::token::Token;
use crate::bridge::source::LinkError;

/// So many rows are asked for at once.
const PAGE: usize = 100;

/// More people than one 3CX has.
const MOST_PAGES: usize = 100;

/// Names of extensions and numbers of queues; `None` if nothing of it is granted.
pub async fn people(http: &Http, token: &Token) -> Option<People> {
    let people = all(http, token, "Users", "Number,FirstName,LastName").await;
    let queues = all(http, token, "Queues", "Number").await;
    if people.is_none() && queues.is_none() {
        log::debug!("the 3CX tells no names: its API client has no right for the configuration's API");
        return None;
    }
    Some(People {
        people: people.unwrap_or_default().into_iter().collect(),
        queues: queues.unwrap_or_default().into_keys().collect(),
        is_group: false,
    })
}

/// The active calls in an answer to `ActiveCalls`.
///
/// # Errors
///
/// It holds no list, and so says nothing of calls.
pub fn rows(http: &Http, answer: &Answer) -> Result<Vec<Row>, LinkError> {
    let answer = answer.json(http)?;
    let rows = answer.get("value").and_then(Value::as_array);
    let rows =
        rows.ok_or_else(|| http.unreachable("what it answers to xapi/v1/ActiveCalls holds no list"))?;
    Ok(rows.iter().filter_map(Row::read).collect())
}

/// All of a kind by number, with their names.
async fn all(
    http: &Http,
    token: &Token,
    kind: &str,
    fields: &str,
) -> Option<BTreeMap<String, Option<String>>> {
    let mut known = BTreeMap::new();
    for page in 0..MOST_PAGES {
        let path = format!("xapi/v1/{kind}?$select={fields}&$top={PAGE}&$skip={}", page * PAGE);
        let answer = match http.get(&path, "xapi/v1", By::Token(token.access.reveal())).await {
            Ok(answer) if answer.is_good() => answer.json(http).ok()?,
            Ok(_) | Err(_) => return (!known.is_empty()).then_some(known),
        };
        let before = known.len();
        let mut count = 0;
        for row in
            answer.get("value").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
        {
            count += 1;
            let name = format!("{} {}", text(row, "FirstName"), text(row, "LastName"));
            let name = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
            known.insert(text(row, "Number"), name);
        }
        // A page like the last one is from who does not know pages.
        if count < PAGE || known.len() == before {
            break;
        }
    }
    Some(known)
}

/// Why there is nothing.
pub fn forbidden(http: &Http) -> LinkError {
    http.refused(
        "it does not show its active calls (403). In its console, under Integrations, API, the client needs a tick at \
         \"3CX Configuration API access\", a department and a role there, and the licence has to be Enterprise (now AI)",
    )
}
