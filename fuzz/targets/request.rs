//! A request as the sandbox takes it: its content type in the first line, its query in the second,
//! and then its body.

#![no_main]

use std::time::SystemTime;

use bytes::Bytes;
use futures_util::FutureExt as _;
use libfuzzer_sys::fuzz_target;
use zammad_cti::rules::{CallLog, Fields, Refusal, Release, Route, Setup, entry_of, process};
use zammad_cti::sandbox::arrival::{Arrival, CallBefore, Token, findings_on_arrival};
use zammad_cti::sandbox::decode;

fuzz_target!(|data: &[u8]| {
    let mut lines = data.splitn(3, |&byte| byte == b'\n');
    let [content_type, query, body] = std::array::from_fn(|_| lines.next().unwrap_or_default());
    let (Ok(content_type), Ok(query)) = (str::from_utf8(content_type), str::from_utf8(query)) else { return };
    let content_type = (!content_type.is_empty()).then_some(content_type);
    let read = || decode::fields(content_type, Some(query), Bytes::copy_from_slice(body)).now_or_never();
    let fields = read().expect("it is all there");
    assert_eq!(fields, read().expect("it is all there"));
    let (fields, unreadable) = match fields {
        Ok(fields) => (fields, None),
        Err(refusal) => (Fields::new(), Some(refusal)),
    };
    // What the path decides is not for show.
    for name in ["controller", "action", "token"] {
        assert!(fields.get(name).is_none_or(|value| value == "***"));
    }

    // The same request three times, as senders do that get no answer.
    let setup = Setup {
        blocked: vec!["491715000000".to_owned()],
        routes: Route::new("41*", "41715880339000").into_iter().collect(),
        ..Setup::default()
    };
    let mut log = CallLog::default();
    for _ in 0..3 {
        let before = entry_of(&log, &fields).map(|entry| CallBefore::new(entry, &fields));
        let was = log.entries().clone();
        let outcome = match unreadable {
            Some(refusal) => Err(refusal),
            None => process(&setup, true, &mut log, &fields, SystemTime::UNIX_EPOCH),
        };
        assert!(log.entries().len() <= 1);
        if let Err(refusal) = outcome {
            // What Zammad refuses leaves no trace, but for this one.
            assert!(refusal == Refusal::UserIsNoText || *log.entries() == was, "{refusal:?}");
            for release in [Release::V5_5, Release::V7_2] {
                assert!((400..=599).contains(&refusal.status(release)), "{refusal:?}");
            }
        }
        let findings = findings_on_arrival(&Arrival {
            method: "POST",
            token: Token::Right,
            content_type,
            accept: None,
            errors_in_json: true,
            body,
            fields: &fields,
            before,
            was_dropped: false,
            overtaken_by: None,
            outcome: Some(outcome.as_ref().map_err(|&refusal| refusal)),
        });
        for finding in findings {
            assert!(!finding.to_string().is_empty(), "{finding:?}");
            finding.severity();
        }
    }
});
