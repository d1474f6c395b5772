//! What `spool stats` has of the bridges that run with a spool.

use std::fmt::Write as _;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::stats::label;
use crate::config::Span;
use crate::program::output::{millis, shown_time, time};
use crate::spool::{Bridge, LinkState};

/// `asterisk at 127.0.0.1:5038: connected since 2026-01-31T12:00:00Z, 2 calls open, ..`
pub fn line(bridge: &Bridge) -> String {
    let told = &bridge.told;
    let profile = told.name.profile.as_ref().map_or_else(String::new, |name| format!(" (profile {name})"));
    let since = shown_time(told.since);
    let state = match &told.link {
        LinkState::Ended => return format!("{}{profile}: ended at {since}", whom(bridge)),
        _ if !bridge.is_running() => {
            return format!("{}{profile}: gone, silent for {}", whom(bridge), Span::roughly(bridge.ago));
        }
        LinkState::Connected => {
            let lacks = told.lacks.as_ref().map_or_else(String::new, |lacks| format!(", but {lacks}"));
            format!("connected since {since}{lacks}")
        }
        LinkState::Lost(reason) => format!("not connected since {since}: {reason}"),
    };
    format!(
        "{}{profile}: {state}; {} open, {} events, {} reconnects, delay {} ms",
        whom(bridge),
        told.calls,
        told.events,
        told.reconnects,
        told.delay.as_millis()
    )
}

fn whom(bridge: &Bridge) -> String {
    format!("{} at {}", bridge.told.name.source, bridge.told.name.phone_system)
}

/// A word for its state: what it told, unless it is silent.
pub fn state(bridge: &Bridge) -> &'static str {
    match bridge.told.link {
        LinkState::Ended => "ended",
        LinkState::Connected | LinkState::Lost(_) if !bridge.is_running() => "gone",
        LinkState::Connected => "connected",
        LinkState::Lost(_) => "lost",
    }
}

/// The same for programs.
pub fn object(bridge: &Bridge) -> Value {
    let told = &bridge.told;
    let mut object = json!({
        "source": told.name.source,
        "phone_system": told.name.phone_system,
        "state": state(bridge),
        "since": time(told.since),
        "told_ms": millis(bridge.ago),
        "open_calls": told.calls,
        "events": told.events,
        "messages": told.messages,
        "reconnects": told.reconnects,
        "refused": told.refused,
        "repeated": told.repeated,
        "delay_ms": told.delay.as_secs_f64() * 1000.0,
        "trunks": told.sights.trunks,
        "queues": told.sights.queues,
        "extensions": told.sights.extensions,
    });
    if let Some(profile) = &told.name.profile {
        object["profile"] = profile.as_str().into();
    }
    match (&told.link, &told.lacks) {
        (LinkState::Lost(reason), _) => object["reason"] = reason.as_str().into(),
        (LinkState::Connected, Some(lacks)) => object["lacks"] = lacks.as_str().into(),
        (LinkState::Connected, None) | (LinkState::Ended, _) => {}
    }
    object
}

/// Prometheus' families of the bridges; each label list begins with `labels`.
pub fn expose(text: &mut String, labels: &str, bridges: &[Bridge]) {
    let mut family = |name: &str, kind: &str, help: &str, value: &dyn Fn(&Bridge) -> f64| {
        if bridges.is_empty() {
            return;
        }
        let _ =
            writeln!(text, "# HELP zammad_cti_bridge_{name} {help}\n# TYPE zammad_cti_bridge_{name} {kind}");
        for bridge in bridges {
            let name_of = &bridge.told.name;
            let profile = label(name_of.profile.as_deref().unwrap_or_default());
            let (source, phone_system) = (label(&name_of.source), label(&name_of.phone_system));
            let _ = writeln!(
                text,
                "zammad_cti_bridge_{name}{{{labels}source=\"{source}\",profile=\"{profile}\",\
                 phone_system=\"{phone_system}\"}} {}",
                value(bridge)
            );
        }
    };
    let is_connected = |bridge: &Bridge| bridge.is_running() && bridge.told.link == LinkState::Connected;
    let since = |bridge: &Bridge| {
        bridge.told.since.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
    };
    family("running", "gauge", "1 while the bridge tells of itself.", &|bridge| {
        f64::from(u8::from(bridge.is_running()))
    });
    family("connected", "gauge", "1 while the bridge follows its phone system.", &|bridge| {
        f64::from(u8::from(is_connected(bridge)))
    });
    family("lacks_rights", "gauge", "1 while the account lacks a right.", &|bridge| {
        f64::from(u8::from(is_connected(bridge) && bridge.told.lacks.is_some()))
    });
    family("since_timestamp_seconds", "gauge", "Since when it is connected, or is not.", &since);
    family("open_calls", "gauge", "Calls of the phone system that are under way.", &|bridge| {
        bridge.told.calls as f64
    });
    family("events_total", "counter", "Events whose fate is known, since the bridge began.", &|bridge| {
        bridge.told.events as f64
    });
    family("messages_total", "counter", "What the phone system said, since the bridge began.", &|bridge| {
        bridge.told.messages as f64
    });
    family("reconnects_total", "counter", "How often the connection was made again.", &|bridge| {
        bridge.told.reconnects as f64
    });
    family("refused_total", "counter", "Requests that were not believed or were too many.", &|bridge| {
        bridge.told.refused as f64
    });
    family("repeated_total", "counter", "Requests that were sent before, or came too late.", &|bridge| {
        bridge.told.repeated as f64
    });
    family(
        "delay_seconds",
        "gauge",
        "How long the last event took, from the phone system's word to Zammad's reply.",
        &|bridge| bridge.told.delay.as_secs_f64(),
    );
    family("heartbeat_age_seconds", "gauge", "How long ago the bridge told of itself.", &|bridge| {
        bridge.ago.as_secs_f64()
    });
}
