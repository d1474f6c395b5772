//! What the configuration's API tells since version 20: names, queues, and the calls that Call Control does not show.
//!
//! Source: 3CX's documentation of its Configuration API (OData). A client may lack the right for it: then extensions
//! are without names.

use std::collections::BTreeMap;

use futures_util::future::join;
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
///
/// # Errors
///
/// Neither names nor queues came, and that may be otherwise a moment later.
pub async fn people(http: &Http, token: &Token) -> Result<Option<People>, LinkError> {
    // At once: the one that hangs does not hold up the other.
    let answers =
        join(all(http, token, "Users", "Number,FirstName,LastName"), all(http, token, "Queues", "Number"));
    let (people, queues) = match answers.await {
        (Ok(None), Ok(None)) => {
            log::debug!("the 3CX tells no names: its API client has no right for the configuration's API");
            return Ok(None);
        }
        (Err(error), Ok(None) | Err(_)) | (Ok(None), Err(error)) => return Err(error),
        (people, queues) => (people.unwrap_or_default(), queues.unwrap_or_default()),
    };
    Ok(Some(People {
        people: people.unwrap_or_default().into_iter().collect(),
        queues: queues.unwrap_or_default().into_keys().collect(),
        is_group: false,
    }))
}

/// The answer to a question for the list of active calls.
///
/// # Errors
///
/// There is none.
pub async fn active_calls(http: &Http, token: &Token) -> Result<Answer, LinkError> {
    let path = "xapi/v1/ActiveCalls";
    http.get(path, path, By::Token(&token.access)).await
}

/// The active calls in such an answer.
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

/// All of a kind by number, with their names; `None` if they are not granted.
async fn all(
    http: &Http,
    token: &Token,
    kind: &str,
    fields: &str,
) -> Result<Option<BTreeMap<String, Option<String>>>, LinkError> {
    let mut known = BTreeMap::new();
    for page in 0..MOST_PAGES {
        let path = format!("xapi/v1/{kind}?$select={fields}&$top={PAGE}&$skip={}", page * PAGE);
        let rows = match http.get(&path, "xapi/v1", By::Token(&token.access)).await {
            // A token that is used up and a 3CX that is busy are no missing right.
            Ok(Answer { status: 400 | 402..=407 | 409..=428 | 430..=499, .. }) => Ok(None),
            Ok(answer) => answer.json(http).and_then(|mut answer| match answer.get_mut("value") {
                Some(Value::Array(rows)) => Ok(Some(std::mem::take(rows))),
                _ => Err(http.unreachable("what it answers to xapi/v1 holds no list")),
            }),
            Err(error) => Err(error),
        };
        let rows = match rows {
            Ok(Some(rows)) => rows,
            // What came before is told all the same.
            Ok(None) | Err(_) if !known.is_empty() => return Ok(Some(known)),
            Ok(None) => return Ok(None),
            Err(error) => return Err(error),
        };
        let before = known.len();
        for row in rows.iter().filter_map(Value::as_object) {
            let name = format!("{} {}", text(row, "FirstName"), text(row, "LastName"));
            let name = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
            known.insert(text(row, "Number"), name);
        }
        // A page like the last one is from who does not know pages.
        if rows.len() < PAGE || known.len() == before {
            break;
        }
    }
    Ok(Some(known))
}

/// Why there is nothing.
pub fn forbidden(http: &Http) -> LinkError {
    http.refused(
        "it does not show its active calls (403). In its console, under Integrations, API, the client needs a tick at \
         \"3CX Configuration API access\", a department and a role there, and the licence has to be Enterprise (now AI)",
    )
}
