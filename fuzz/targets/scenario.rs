//! A scenario as a user writes it, and below a line `---` the numbers to call from or to.

#![no_main]

use std::path::Path;

use fuzz::{Scratch, two_parts};
use libfuzzer_sys::fuzz_target;
use zammad_cti::event::EventKind;
use zammad_cti::number::Numbering;
use zammad_cti::rules::{CallLog, process};
use zammad_cti::simulation::{Numbers, Order, Scenario, ScenarioError};

fuzz_target!(|data: &[u8]| {
    let (text, numbers) = two_parts(data);
    let name = String::from_utf8_lossy(&data[..data.len().min(60)]);
    let scenario = match Scenario::read_bytes(&name, Path::new("mine.toml"), text.to_vec()) {
        Ok(scenario) => scenario,
        Err(ScenarioError::Broken { line, reason, .. }) => {
            // The line is one of the file's, and something is said about it.
            let lines = text.iter().filter(|&&byte| byte == b'\n').count() + 1;
            assert!((1..=lines).contains(&line) && !reason.is_empty(), "line {line} of {lines}: {reason}");
            return;
        }
        Err(error) => panic!("{error}"),
    };
    play(&scenario);

    // What cannot be sent of the numbers is found before the first call.
    let Some(numbers) = numbers else { return };
    let file = Scratch::holding(numbers);
    let numbering = Numbering::default();
    for order in [Order::Sequential, Order::Random] {
        let Ok(numbers) = Numbers::read(&file.path(), order, &numbering) else { return };
        for call in [0, 1, u64::MAX] {
            play(&numbers.apply(&scenario, call));
        }
        numbers.each(&scenario).take(100).for_each(|scenario| play(&scenario));
    }
});

/// All events of a scenario that was read can be sent, and Zammad knows what to do with them.
fn play(scenario: &Scenario) {
    let numbering = Numbering::default();
    let id = scenario.call_id("run", u64::MAX);
    let events = scenario.events(&id, &numbering).expect("they were looked at when it was read");
    assert!(events.iter().all(|event| event.call_id == id));
    let setup = scenario.setup(&numbering).expect("so were its numbers");
    let (mut log, now) = (CallLog::default(), std::time::SystemTime::UNIX_EPOCH);
    for event in &events {
        let result = process(&setup, true, &mut log, &event.fields(), now);
        assert!(result.is_ok() || event.kind != EventKind::NewCall || log.total() > 0, "{result:?}");
    }
}
