//! What phone systems say, with strangers on the line and on the network.
//!
//! The first line of an input names who says the rest: `asterisk`, `freeswitch`, `fritzbox`, or `webhook` and a preset.
//! The bodies of webhooks have lines `---` between them.

#![no_main]

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use fuzz::{config, two_parts};
use libfuzzer_sys::fuzz_target;
use zammad_cti::bridge::mask::Mask;
use zammad_cti::bridge::source::{Heard, Source};
use zammad_cti::bridge::tracker::{Followed, Rules, Tracker};
use zammad_cti::bridge::{asterisk, freeswitch, fritzbox, webhook};
use zammad_cti::config::{FreeSwitchSettings, FritzBoxSettings, HookSettings, PRESETS, WebhookSettings};
use zammad_cti::event::{EventKind, WrittenEvent};

fuzz_target!(|data: &[u8]| {
    let (first, said) = data.split_at(data.iter().position(|&byte| byte == b'\n').unwrap_or(data.len()));
    let said = said.get(1..).unwrap_or_default();
    let first = String::from_utf8_lossy(first);
    let (name, preset) = first.split_once(' ').unwrap_or((&first, ""));
    match name {
        "asterisk" => {
            let source = asterisk::Asterisk::new(asterisk::Listener::new(asterisk::Trunks::default(), "0"));
            follow(source, however_it_is_cut(said, asterisk_says));
        }
        "freeswitch" => {
            let source = freeswitch::FreeSwitch::new(&FreeSwitchSettings::default());
            let mut messages = however_it_is_cut(said, freeswitch_says);
            // Until it is known which channels there are, what happens waits.
            let says = freeswitch::Says::Channels(Vec::new());
            messages.insert(0, freeswitch::Message::Reply { to: freeswitch::Request::Channels, says });
            follow(source, messages);
        }
        "fritzbox" => {
            let lines = String::from_utf8_lossy(said);
            let lines = lines.lines().map(|line| fritzbox::Message::Line(line.to_owned())).collect();
            follow(fritzbox::FritzBox::new(&FritzBoxSettings::default()), lines);
        }
        "webhook" => hooks(preset, said),
        _ => {}
    }
});

/// The messages of a text, which are the same if it comes byte by byte.
fn however_it_is_cut<M: std::fmt::Debug>(
    said: &[u8],
    read: impl Fn(&mut dyn Iterator<Item = &[u8]>) -> Vec<M>,
) -> Vec<M> {
    let whole = read(&mut std::iter::once(said));
    let cut = read(&mut said.chunks(1));
    assert_eq!(format!("{whole:?}"), format!("{cut:?}"));
    whole
}

fn asterisk_says(parts: &mut dyn Iterator<Item = &[u8]>) -> Vec<asterisk::Message> {
    let mut blocks = asterisk::Blocks::default();
    let mut messages = Vec::new();
    for part in parts {
        blocks.read(part, &mut |block| messages.push(block.into()));
    }
    messages
}

fn freeswitch_says(parts: &mut dyn Iterator<Item = &[u8]>) -> Vec<freeswitch::Message> {
    let mut blocks = freeswitch::Blocks::default();
    let mut messages = Vec::new();
    for part in parts {
        let read = blocks.read(part, &mut |block| match block.content_type() {
            "text/event-json" => {
                messages.extend(freeswitch::Event::of_json(block.body()).map(freeswitch::Message::Event))
            }
            "text/event-plain" => {
                let event = freeswitch::Event::of_plain(&String::from_utf8_lossy(block.body()));
                messages.push(freeswitch::Message::Event(event));
            }
            _ => {}
        });
        if read.is_err() {
            break;
        }
    }
    messages
}

fn hooks(preset: &str, said: &[u8]) {
    let Some((preset, _)) = PRESETS.iter().find(|(known, _)| *known == preset) else { return };
    let hook = HookSettings { preset: Some((*preset).to_owned()), ..HookSettings::default() };
    let settings =
        WebhookSettings { hooks: [("h".to_owned(), hook.clone())].into(), ..WebhookSettings::default() };
    let mut bodies = Vec::new();
    let mut rest = Some(said);
    while let Some(said) = rest {
        let (body, others) = two_parts(said);
        bodies.push(body);
        rest = others;
    }
    let read = |body: &&[u8]| webhook::said("h", &hook, body).expect("a preset is a hook").ok();
    let messages = bodies.iter().filter_map(read).map(webhook::Message::Hook).collect();
    follow(webhook::Webhook::new(&settings), messages);
}

/// Follows the calls, a second apart, with a list of no channels at the beginning.
fn follow<S: Source>(mut source: S, messages: Vec<S::Message>) {
    let mut tracker = Tracker::new(Rules::default());
    let _ = source.begin("nobody-knows");
    let mut now = Duration::ZERO;
    let mut events = Vec::new();
    for mut message in messages {
        now += Duration::from_secs(1);
        // Nobody is shown what a terminal obeys: what shows it makes it harmless. It only must not fail.
        let _ = S::text(&message);
        let _ = S::about(&message);
        let kept = serde_json::to_string(&message).expect("a message can be recorded");
        let again: S::Message = serde_json::from_str(&kept).expect("a recording can be read");
        assert_eq!(S::text(&again), S::text(&message));
        for heard in source.understand(message.clone()) {
            match heard {
                Heard::Fact(fact) => tracker.hear(fact, now),
                Heard::Standing(legs) => tracker.compare(&legs, now),
                Heard::Seen(legs) => tracker.see(&legs, now),
                Heard::Ask(_)
                | Heard::Remark(_)
                | Heard::Rights(_)
                | Heard::Passed(_)
                | Heard::Repeated(_) => {}
            }
        }
        events.extend(told(&mut tracker));
        S::mask(&mut message, &Mask::default());
    }
    tracker.pass(now + Duration::from_secs(24 * 60 * 60));
    events.extend(told(&mut tracker));
    check(events);
}

fn told(tracker: &mut Tracker) -> Vec<(String, WrittenEvent)> {
    let told = tracker.followed().filter_map(|followed| match followed {
        Followed::Event(call, event) => Some((format!("{call:?}"), event)),
        Followed::Ended(..) | Followed::Unreported(..) => None,
    });
    told.collect()
}

/// Each call is one row: it begins once and ends once, at most one person takes it, and no other has its id.
fn check(events: Vec<(String, WrittenEvent)>) {
    let config = config("https://zammad.example");
    let mut calls: BTreeMap<String, Vec<WrittenEvent>> = BTreeMap::new();
    for (call, event) in events {
        // It is an event, or it is refused; in neither case it fails.
        let _ = event.clone().read(&config, None);
        calls.entry(call).or_default().push(event);
    }
    let mut ids = HashSet::new();
    for events in calls.values() {
        let kinds: Vec<EventKind> = events.iter().map(|event| event.event).collect();
        let is = |kind| kinds.iter().filter(|other| **other == kind).count();
        assert!(kinds[0] == EventKind::NewCall && is(EventKind::NewCall) == 1, "{events:?}");
        assert!(kinds.last() == Some(&EventKind::Hangup) && is(EventKind::Hangup) == 1, "{events:?}");
        let people =
            events.iter().filter(|event| event.event == EventKind::Answer && !event.voicemail).count();
        assert!(people <= 1 && is(EventKind::Answer) <= 2, "{events:?}");
        assert!(events.iter().all(|event| event.call_id == events[0].call_id), "{events:?}");
        assert!(ids.insert(events[0].call_id.clone()), "{events:?}");
    }
}
