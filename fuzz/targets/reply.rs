//! What comes back from Zammad, and what is told of it: an event as `send` takes it in the first line,
//! and then the reply as it comes over the wire.

#![no_main]

use std::time::{Duration, SystemTime};

use fuzz::{config, holds_whole_token, is_harmless, shows_token};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use zammad_cti::Action;
use zammad_cti::client::{RequestId, SendError, reply};
use zammad_cti::config::Format;
use zammad_cti::delivery::{Delivered, Effort, Undelivered};
use zammad_cti::event::{CallEvent, WrittenEvent};
use zammad_cti::number::Numbering;
use zammad_cti::program::reached::{Field, Report, Style, printable, result, result_line};

fuzz_target!(|data: &[u8]| {
    let (event, reply) = match data.iter().position(|&byte| byte == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => return,
    };
    if shows_token(&String::from_utf8_lossy(event)) || !holds_whole_token(reply) {
        return;
    }
    let Some(event) = read_event(event) else { return };
    let Some((head, body)) = split(reply) else { return };
    let zammad = config("http://127.0.0.1");
    let endpoint = zammad.endpoint().expect("there is one");
    let redact = |text: &str| endpoint.redact(text);

    let of_head = reply::read_head(&head);
    let of_probe = reply::read_probe(&head, Some(&body), redact);
    let result = of_head.and_then(|()| reply::read(&head, Some(&body), &event, redact));

    // Nothing but a 200 with a JSON object that names no error means that Zammad has taken an event.
    let object = serde_json::from_slice::<Map<String, Value>>(&body).ok();
    let is_text =
        |key: &str| object.as_ref().is_some_and(|object| object.get(key).is_some_and(Value::is_string));
    let names_error = is_text("error") || is_text("error_human");
    let accepted = head.status == 200 && object.is_some() && !names_error;
    assert_eq!(result.is_ok(), accepted, "{result:?}");
    // And nothing but a 422 with its words that all is in order with it.
    assert!(of_probe.is_ok() <= (head.status == 422 && names_error));
    if let Err(error) = &of_probe {
        check(error, head.status);
    }

    let effort = Effort { attempts: 1, elapsed: Duration::ZERO, request_id: RequestId::fresh() };
    let report = match result {
        Ok(action) => {
            if let Action::Reject { .. } | Action::Dial { .. } = &action {
                let object = object.as_ref().expect("it is accepted");
                assert_eq!(object["action"].as_str(), Some(action.word()));
            }
            Report::delivered(&event, &Delivered { action: Some(action), effort })
        }
        Err(error) => {
            check(&error, head.status);
            let (kind, call_id) = (event.kind, event.call_id.clone());
            let (fate, uncertain, may_exist) = (error.fate(), false, false);
            let failed = Undelivered { kind, call_id, error, fate, uncertain, may_exist, effort };
            Report::undelivered(&event, &failed).because(&failed.into(), Some(endpoint))
        }
    };
    show(&report, &event);
});

fn read_event(line: &[u8]) -> Option<CallEvent> {
    let written: WrittenEvent = serde_json::from_slice(line).ok()?;
    let numbering = Numbering { country: "DE".parse().ok(), ..Numbering::default() };
    written.read(&numbering, None).ok().map(|read| read.event)
}

/// A reply's head as the client has it, and its body.
fn split(reply: &[u8]) -> Option<(reply::Head, Vec<u8>)> {
    let end = reply.windows(4).position(|part| part == b"\r\n\r\n")?;
    let mut lines = str::from_utf8(&reply[..end]).ok()?.split("\r\n");
    let status =
        lines.next()?.split(' ').nth(1)?.parse().ok().filter(|status| (200..=999).contains(status))?;
    let mut head = reply::Head { status, content_type: None, location: None, retry_after: None };
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        match name.to_ascii_lowercase().as_str() {
            "content-type" => head.content_type = Some(value.to_owned()),
            "location" => head.location = Some(config("http://127.0.0.1").endpoint().ok()?.redact(value)),
            "retry-after" => head.retry_after = reply::pause(value, None, SystemTime::UNIX_EPOCH),
            _ => {}
        }
    }
    Some((head, reply[end + 4..].to_vec()))
}

/// A failure can be told in a line, without the token.
fn check(error: &SendError, status: u16) {
    let text = error.in_full();
    assert!(SendError::CLASSES.contains(&error.class()) && !error.next_step().is_empty());
    assert!(!text.contains('\n') && text.chars().count() < 500 && !shows_token(&text), "{text}");
    // A status that says so is no reason to believe that Zammad has the event, or has it not.
    assert!(
        error.status().is_none_or(|said| said == status || [401, 422].contains(&said)),
        "{status} {text}"
    );
}

/// All ways to tell a result say the same, and do no harm where they go.
fn show(report: &Report, event: &CallEvent) {
    let written = |format, field| {
        let mut one = Vec::new();
        result(&mut one, report, Style { format, field, fail_open: true }).expect("there is memory");
        let mut line = Vec::new();
        result_line(&mut line, report, Style { format, field, fail_open: true }).expect("there is");
        let (one, line) = (String::from_utf8(one).expect("a text"), String::from_utf8(line).expect("a text"));
        let text = line.strip_suffix('\n').expect("a line").to_owned();
        assert_eq!(one.trim_end_matches('\n'), text);
        assert!(is_harmless(&text) && !shows_token(&text), "{text}");
        text
    };

    // A dialplan branches on words.
    let text = written(Format::Text, None);
    match text.split(' ').collect::<Vec<_>>().as_slice() {
        ["none"] => {}
        ["reject", reason] => assert!(!reason.is_empty()),
        ["dial", caller_id, number] => assert!(!caller_id.is_empty() && !number.is_empty(), "{text}"),
        _ => panic!("{text}"),
    }
    let json: Map<String, Value> = serde_json::from_str(&written(Format::Json, None)).expect("an object");
    assert_eq!(json["call_id"], event.call_id.as_str());

    let assigned = eval(&written(Format::Shell, None));
    let fields = [
        ("EVENT", Field::Event, "event"),
        ("CALLID", Field::CallId, "call_id"),
        ("DIRECTION", Field::Direction, "direction"),
        ("DELIVERY", Field::Delivery, "delivery"),
        ("ACTION", Field::Action, ""),
        ("REASON", Field::Reason, "reason"),
        ("CALLER_ID", Field::CallerId, ""),
        ("NUMBER", Field::Number, ""),
        ("ERROR", Field::Error, "error"),
        ("ERROR_CLASS", Field::ErrorClass, "error_class"),
    ];
    assert_eq!(assigned.len(), fields.len());
    for ((name, value), (expected, field, key)) in assigned.iter().zip(fields) {
        assert_eq!(name, &format!("ZAMMAD_{expected}"));
        assert_eq!(value, &written(Format::Text, Some(field)), "{name}");
        let in_json = json.get(key).and_then(Value::as_str);
        // The words of JSON are whole, and here a terminal's controls are made visible.
        assert!(in_json.is_none_or(|text| &printable(text) == value), "{name} {value}");
    }
}

/// What a shell makes of assignments that hold nothing but plain and quoted text: the rules of POSIX, 2.2.
fn eval(words: &str) -> Vec<(String, String)> {
    let mut assigned = Vec::new();
    let mut rest = words.chars();
    while let Some(first) = rest.next() {
        let mut name = String::from(first);
        name.extend(rest.by_ref().take_while(|&c| c != '='));
        assert!(name.chars().all(|c| c.is_ascii_uppercase() || c == '_'), "{name} in {words}");
        let mut value = String::new();
        loop {
            match rest.next() {
                None | Some(' ') => break,
                Some('\'') => value.extend(rest.by_ref().take_while(|&c| c != '\'')),
                Some('\\') => value.extend(rest.next()),
                Some(c) => panic!("{c:?} stands without quotes in {words}"),
            }
        }
        assigned.push((name, value));
    }
    assigned
}
