//! The caller log in the shape of Zammad's API: read, and ticked off. It is sent in parts: a client that does not
//! read it keeps one part in memory.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Either, Full, StreamBody};
use hyper::Response;
use hyper::body::Frame;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};

use super::State;
use super::server::{JSON, Page, json_page};
use crate::rules::{CallLog, Entry};
use crate::web::lock;
use crate::web::server::Answer;

/// About how many bytes one part has. A log that has no more is sent whole, with its length.
const PART: usize = 64 * 1024;

/// All calls, newest first.
pub(super) fn page(state: &Arc<State>) -> Answer {
    let (rows, place) = rows(&lock(&state.log), u64::MAX);
    let body = match place {
        None => Either::Left(Full::from(format!("{{\"list\":[{rows}]}}"))),
        Some(place) => {
            let first = format!("{{\"list\":[{rows}");
            let parts = futures_util::stream::unfold(
                (state.clone(), Next::Start(first, place)),
                |(state, next)| async {
                    let (part, next) = next.part(&state)?;
                    Some((Ok::<_, Infallible>(Frame::data(Bytes::from(part))), (state, next)))
                },
            );
            Either::Right(StreamBody::new(parts).boxed_unsync())
        }
    };
    let mut page = Response::new(body);
    page.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    page
}

/// Ticks calls off, as `done` and, for several, `ids` in the body say.
///
/// Source: Zammad's controller of the caller log, `POST /api/v1/cti/done/ID` and `.../done/bulk`.
pub(super) fn tick(which: &str, body: &[u8], state: &State) -> Page {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Asked {
        done: bool,
        ids: Vec<u64>,
    }
    let Ok(asked) = serde_json::from_slice::<Asked>(body) else {
        return json_page(400, &json!({ "error": "the body is no JSON that ticks calls off" }));
    };
    let mut log = lock(&state.log);
    // The bulk only ever ticks off, and passes over what there is not.
    let missing = match which.parse::<u64>() {
        Ok(id) => Some(id).filter(|&id| id == 0 || !log.tick(id - 1, asked.done)),
        Err(_) => {
            for id in asked.ids.into_iter().filter_map(|id| id.checked_sub(1)) {
                log.tick(id, true);
            }
            None
        }
    };
    drop(log);
    state.watch.retell();
    match missing {
        None => json_page(200, &json!({})),
        Some(id) => json_page(404, &json!({ "error": format!("Couldn't find Cti::Log with 'id'={id}") })),
    }
}

/// What comes next of a long log.
enum Next {
    Start(String, u64),
    Before(u64),
    Nothing,
}

impl Next {
    fn part(self, state: &State) -> Option<(String, Self)> {
        match self {
            Self::Start(first, place) => Some((first, Self::Before(place))),
            Self::Before(place) => {
                let (rows, place) = rows(&lock(&state.log), place);
                // The others may be gone by now.
                let comma = if rows.is_empty() { "" } else { "," };
                Some(match place {
                    Some(place) => (format!("{comma}{rows}"), Self::Before(place)),
                    None => (format!("{comma}{rows}]}}"), Self::Nothing),
                })
            }
            Self::Nothing => None,
        }
    }
}

/// Some rows from a place on, newest first, and the place where the others begin, if there are more.
fn rows(log: &CallLog, before: u64) -> (String, Option<u64>) {
    let mut rows = String::new();
    for (place, entry) in log.before(before) {
        if rows.len() >= PART {
            return (rows, Some(place + 1));
        }
        if !rows.is_empty() {
            rows.push(',');
        }
        rows.push_str(&row(place, entry).to_string());
    }
    (rows, None)
}

/// The number of a call in Zammad's database, where the first is 1.
fn id(place: u64) -> u64 {
    place + 1
}

fn row(place: u64, entry: &Entry) -> Value {
    let time = |time: SystemTime| humantime::format_rfc3339_millis(time).to_string();
    json!({
        "id": id(place),
        "call_id": entry.call_id,
        "direction": entry.direction,
        "state": entry.state,
        "from": entry.from,
        "from_comment": entry.from_comment,
        "to": entry.to,
        "to_comment": entry.to_comment,
        "queue": entry.queue,
        "comment": entry.comment,
        "done": entry.done,
        "initialized_at": time(entry.initialized_at),
        "start_at": entry.start_at.map(time),
        "end_at": entry.end_at.map(time),
        "duration_waiting_time": entry.duration_waiting_time,
        "duration_talking_time": entry.duration_talking_time,
    })
}
