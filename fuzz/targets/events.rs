//! The lines that `send` reads, each of them an event.

#![no_main]

use std::path::Path;

use bytes::Bytes;
use futures_util::FutureExt as _;
use libfuzzer_sys::fuzz_target;
use zammad_cti::cause::Cause;
use zammad_cti::client::{Request, RequestId};
use zammad_cti::config::Encoding;
use zammad_cti::event::{CallEvent, EventKind, FieldValue, Users, WrittenEvent};
use zammad_cti::number::Numbering;
use zammad_cti::program::reached::line;
use zammad_cti::rules::{CallLog, Fields, Setup, process, repeat_is_safe};
use zammad_cti::sandbox::decode;

fuzz_target!(|data: &[u8]| {
    let numbering = Numbering { country: "DE".parse().ok(), ..Numbering::default() };
    let written: Vec<_> = data.split(|&byte| byte == b'\n').collect();
    let mut before = 0;
    for line in line::Lines::new(data, Path::new("events")) {
        let line = line.expect("memory can be read");
        let place = usize::try_from(line.number).expect("there are few lines");
        // Between two lines that are read there is nothing but blanks.
        let passed_over = &written[before..place - 1];
        assert!(
            passed_over.iter().all(|line| String::from_utf8_lossy(line).trim_matches(is_blank).is_empty())
        );
        before = place;
        let Ok(text) = line.content else { continue };
        // One that is not is Latin-1, and is written anew.
        if let Ok(utf8) = str::from_utf8(written[place - 1]) {
            assert_eq!(text, utf8.trim_start_matches('\u{feff}').trim_end());
        }
        if let Ok(read) = line::event(&text).and_then(|written| Ok(written.read(&numbering, None)?)) {
            check(&read.event, read.known.answered);
        }
    }
});

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

fn check(event: &CallEvent, answered: Option<bool>) {
    // As the spool keeps it.
    let kept = serde_json::to_string(event).expect("an event can be written");
    assert_eq!(&serde_json::from_str::<CallEvent>(&kept).expect("and read"), event);
    // As one process hands it to another: its numbers are what they are by now.
    let line = serde_json::to_string(&written(event, answered)).expect("an event can be written");
    let as_given = Numbering { normalize: false, ..Numbering::default() };
    let again = line::event(&line).expect("and read").read(&as_given, None).expect("and understood");
    assert_eq!(&again.event, event, "{line}");
    assert_eq!(again.known.answered, answered);

    // All that Zammad gets is short enough to be kept, and plain text.
    let fields = event.fields();
    for (name, value) in event.wire() {
        let most = match name {
            "from" | "to" | "answeringNumber" => 100,
            _ => 250,
        };
        let texts = match value {
            FieldValue::Text(text) => vec![text],
            FieldValue::List(texts) => texts,
        };
        for text in texts {
            assert!(text.chars().count() <= most && !text.contains(char::is_control), "{name} {text:?}");
        }
    }
    // In both encodings Zammad reads what was meant.
    for encoding in [Encoding::Json, Encoding::Form] {
        let request = Request::new(event, encoding, RequestId::fresh());
        let headers = request.headers();
        let content_type = headers["content-type"].to_str().ok();
        let body = Bytes::copy_from_slice(request.body().as_bytes());
        let read = decode::fields(content_type, None, body).now_or_never().expect("it is all there");
        assert_eq!(read.as_ref(), Ok(&fields), "{}", request.body());
    }
    // And takes it, if it knows the call, and finds the call again.
    let (mut log, now) = (CallLog::default(), std::time::SystemTime::UNIX_EPOCH);
    let setup = Setup::default();
    if event.kind != EventKind::NewCall {
        let mut first: Fields = fields.clone();
        for (name, text) in [("event", "newCall"), ("from", "1"), ("to", "2")] {
            first.insert(name.to_owned(), text.into());
        }
        process(&setup, true, &mut log, &first, now).expect("it takes the newCall");
    }
    process(&setup, true, &mut log, &fields, now).expect("it takes the event");
    assert!(log.find(event.call_id.as_str()).is_some());
    repeat_is_safe(event, answered);
}

/// The event in the words of a line.
fn written(event: &CallEvent, answered: Option<bool>) -> WrittenEvent {
    let text = |text: &str| text.to_owned();
    WrittenEvent {
        from: event.from.as_ref().map(|party| text(party.as_str())),
        to: event.to.as_ref().map(|party| text(party.as_str())),
        user: match event.users.as_slice() {
            [] => None,
            [one] => Some(Users::One(text(one.as_str()))),
            several => Some(Users::Several(several.iter().map(|name| text(name.as_str())).collect())),
        },
        queue: event.queue.as_ref().map(|queue| text(queue.as_str())),
        answering_number: event.answering_number.as_ref().map(|party| text(party.as_str())),
        cause: event.cause.as_ref().map(Cause::as_str).map(text),
        raw_cause: matches!(event.cause, Some(Cause::Raw(_))),
        force_user: event.force_user,
        answered,
        ..WrittenEvent::new(event.kind, event.call_id.as_str(), event.direction)
    }
}
