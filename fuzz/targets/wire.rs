//! What a XiVO says on its connection and a Wazo on its socket, a JSON object a line. A line `wazo` in front takes the
//! input for a Wazo's; one that is a number lets as many seconds go by.

#![no_main]

use std::time::Duration;

use fuzz::watched::Watched;
use libfuzzer_sys::fuzz_target;
use serde::de::DeserializeOwned;
use serde_json::Value;
use zammad_cti::bridge::mask::Mask;
use zammad_cti::bridge::source::Source;
use zammad_cti::bridge::wazo::Wazo;
use zammad_cti::bridge::xivo::{Form, Xivo};
use zammad_cti::config::{WazoSettings, XivoSettings};

/// More time than any input takes, and longer than a call lasts of which nothing is heard.
const LONGEST: u64 = 7 * 60 * 60;

fuzz_target!(|data: &[u8]| {
    match data.strip_prefix(b"wazo\n") {
        Some(said) => {
            let mut source = Wazo::default();
            source.adapt(&WazoSettings::default());
            play(source, said);
        }
        None => {
            for line in data.split(|&byte| byte == b'\n') {
                if let Ok(Value::Object(said)) = serde_json::from_slice(line)
                    && let Ok(form) = Form::of(&said)
                {
                    let _ = form.masked(&Mask::default()).packed();
                }
            }
            play(Xivo::new(XivoSettings::default()), data);
        }
    }
});

fn play<S: Source<Message: DeserializeOwned + PartialEq + std::fmt::Debug + Clone>>(
    mut source: S,
    data: &[u8],
) {
    let mut watched = Watched::default();
    let _ = source.begin("");
    for line in data.split(|&byte| byte == b'\n') {
        if let Some(seconds) = std::str::from_utf8(line).ok().and_then(|text| text.parse::<u64>().ok()) {
            watched.pass(Duration::from_secs(seconds.min(LONGEST)));
        }
        let Ok(message) = serde_json::from_slice::<S::Message>(line) else { continue };
        // What is recorded is what was said.
        let recorded = serde_json::to_vec(&message).expect("it can be written");
        assert_eq!(serde_json::from_slice::<S::Message>(&recorded).expect("it can be read"), message);
        let _ = S::text(&message);
        let mut masked = message.clone();
        S::mask(&mut masked, &Mask::default());
        let heard = source.understand(message);
        let _ = watched.hear(heard);
    }
    // Nothing more is heard.
    watched.pass(Duration::from_secs(LONGEST));
    watched.assert_over();
}
