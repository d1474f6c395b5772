//! One object a line for each target. Keys are added, but never renamed.

use std::io::Write;
use std::time::Duration;

use crate::client::in_full;
use crate::health::{BridgeHealth, Detail, SpoolPart, SpoolState, Stage, StageName, State, Status};
use crate::spool::Bridge;
use serde_json::{Map, Value, json};

use super::{Checked, CheckedSpool};
use crate::program::output::{self, VERSION};
use crate::program::safe_text;

pub(super) fn write(out: &mut dyn Write, checked: &[Checked]) -> std::io::Result<()> {
    checked.iter().try_for_each(|checked| writeln!(out, "{}", safe_text::json(&object(checked))))
}

/// What is not known has no key.
fn object(checked: &Checked) -> Map<String, Value> {
    let health = &checked.health;
    let failure = health.failure();
    let clean = |text: &str| Value::from(checked.clean(text));
    let fields = [
        ("version", Some(VERSION.into())),
        ("profile", checked.profile.as_deref().map(clean)),
        ("endpoint", checked.shown_endpoint().map(|endpoint| clean(&endpoint))),
        ("proxy", health.proxy.as_ref().map(|proxy| clean(&proxy.to_string()))),
        ("status", Some(checked.verdict.status.as_str().into())),
        ("message", Some(clean(&checked.verdict.message))),
        ("time_ms", health.time().map(milliseconds)),
        ("certificate_days", health.days_left.map(Value::from)),
        ("error", failure.map(|(_, fault)| clean(&health.cause(fault)))),
        ("error_class", failure.map(|(_, fault)| fault.class().into())),
        ("error_stage", failure.map(|(stage, _)| stage.as_str().into())),
        ("next_step", checked.verdict.next_step.as_deref().map(clean)),
        ("request_id", health.request_id.as_ref().map(|id| id.as_str().into())),
        ("spool", checked.spool.as_ref().map(|spool| Value::Object(spool_object(checked, spool)))),
        ("order_error", checked.order.as_ref().map(|order| clean(&order.complaint))),
        ("caller_log", checked.log.as_ref().map(|log| caller_log(checked, log))),
        ("bridges", bridges(checked)),
        ("stages", Some(health.stages.iter().map(|stage| stage_object(checked, stage)).collect())),
    ];
    fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

/// What the API token's user sees.
fn caller_log(checked: &Checked, log: &SpoolPart) -> Value {
    json!({ "status": log.status.as_str(), "found": checked.clean(&log.found) })
}

/// The phone systems that are followed; their figures are those of `spool stats`.
fn bridges(checked: &Checked) -> Option<Value> {
    let clean = |text: &str| Value::from(checked.clean(text));
    let names = |names: &[String]| -> Value { names.iter().map(|name| clean(name)).collect() };
    let object = |bridge: &BridgeHealth| {
        let status = bridge.parts.iter().fold(Status::Ok, |status, part| status.worst(part.status));
        let mut object = Map::new();
        let mut field = |key: &str, value: Value| object.insert(key.to_owned(), value);
        field("source", clean(&bridge.name.source));
        field("phone_system", clean(&bridge.name.phone_system));
        field("state", bridge.state.as_str().into());
        field("status", status.as_str().into());
        let wrong: Vec<_> = bridge.parts.iter().filter(|part| part.status != Status::Ok).collect();
        if !wrong.is_empty() {
            field("complaints", wrong.iter().map(|part| clean(&part.complaint)).collect());
        }
        if let Some(Bridge { told, ago, .. }) = &bridge.heartbeat {
            field("since", output::time(told.since).into());
            field("told_ms", output::millis(*ago).into());
            field("open_calls", told.calls.into());
            field("events", told.events.into());
            field("reconnects", told.reconnects.into());
            field("delay_ms", milliseconds(told.delay));
        }
        if let Some(seen) = &bridge.sights {
            field("trunks", names(&seen.trunks));
            field("queues", names(&seen.queues));
            field("extensions", names(&seen.extensions));
        }
        Value::Object(object)
    };
    (!checked.bridges.is_empty()).then(|| checked.bridges.iter().map(object).collect())
}

/// The spool; its figures are those of `spool stats`.
fn spool_object(checked: &Checked, spool: &CheckedSpool) -> Map<String, Value> {
    let clean = |text: &str| Value::from(checked.clean(text));
    let status = spool.parts.iter().fold(Status::Ok, |status, part| status.worst(part.status));
    let state = match spool.health.state {
        SpoolState::NotBegun => "not_begun",
        SpoolState::Unusable(_) => "unusable",
        SpoolState::Open(_) => "open",
    };
    let error = match &spool.health.state {
        SpoolState::Unusable(error) => Some(clean(&in_full(error))),
        SpoolState::NotBegun | SpoolState::Open(_) => None,
    };
    let mut object = Map::new();
    let mut field =
        |key: &str, value: Option<Value>| object.extend(value.map(|value| (key.to_owned(), value)));
    field("path", Some(clean(&spool.health.path.to_string_lossy())));
    field("state", Some(state.into()));
    field("status", Some(status.as_str().into()));
    field("error", error);
    if let Some(contents) = spool.health.contents() {
        let totals = &contents.overview.totals;
        let held = contents.overview.held.as_ref();
        field(
            "held",
            held.map(|held| json!({ "since": output::time(held.since), "reason": clean(&held.reason) })),
        );
        field("waiting", Some(totals.waiting.into()));
        field("oldest_ms", totals.oldest.map(|oldest| output::millis(oldest).into()));
        field("unconfirmed", Some(totals.unconfirmed.into()));
        field("dead", Some(totals.dead.into()));
        field("elsewhere", Some(totals.elsewhere.into()));
        field("open_calls", Some(totals.open_calls.into()));
        field("stuck_calls", Some(contents.overview.stuck.into()));
        field("damaged_files", Some(totals.ever_damaged.into()));
        let set_aside: Value = contents.set_aside.iter().map(|path| clean(&path.to_string_lossy())).collect();
        field("set_aside", Some(set_aside));
    }
    object
}

fn stage_object(checked: &Checked, stage: &Stage) -> Value {
    let mut object = Map::new();
    object.insert("name".to_owned(), stage.name.as_str().into());
    let state = match stage.state {
        State::Passed => "passed",
        State::Failed(_) => "failed",
        State::NotReached => "not_reached",
        State::NotNeeded => "not_needed",
    };
    object.insert("state".to_owned(), state.into());
    object.extend(stage.took.map(|took| ("ms".to_owned(), milliseconds(took))));
    let texts = |addresses: &[std::net::SocketAddr]| -> Value {
        addresses.iter().map(|address| Value::from(address.to_string())).collect()
    };
    let detail = match &stage.detail {
        None => None,
        Some(Detail::Addresses(addresses)) => {
            let addresses: Value = addresses.iter().map(|address| address.ip().to_string()).collect();
            Some(json!({ "addresses": addresses }))
        }
        Some(Detail::Connected { to, in_vain }) => {
            Some(json!({ "address": to.to_string(), "in_vain": texts(in_vain) }))
        }
        Some(Detail::TriedInVain(addresses)) => Some(json!({ "in_vain": texts(addresses) })),
        Some(Detail::TlsVersion(version)) => Some(json!({ "tls_version": version })),
        Some(Detail::HttpStatus(status)) => Some(json!({ "http_status": status })),
    };
    if let Some(Value::Object(detail)) = detail {
        object.extend(detail);
    }
    let health = &checked.health;
    if let (StageName::Tls, Some(certificate)) = (stage.name, &health.certificate) {
        let names: Value = certificate.names.iter().map(|name| checked.clean(name)).collect();
        let verified = matches!(stage.state, State::Passed) && !health.insecure;
        object.insert(
            "certificate".to_owned(),
            json!({
                "names": names,
                "issuer": checked.clean(&certificate.issuer),
                "valid_from": certificate.first_day,
                "valid_until": certificate.last_day,
                "days_left": health.days_left,
                "verified": verified,
            }),
        );
    }
    Value::Object(object)
}

/// With one digit behind the point: on one machine everything is below a millisecond.
fn milliseconds(time: Duration) -> Value {
    let tenths = (time.as_secs_f64() * 10_000.0).round();
    (tenths / 10.0).into()
}
