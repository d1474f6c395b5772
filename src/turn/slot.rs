//! What is in the file of some calls: which of their events had their turn.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::cause::HangupCause;
use crate::event::{CallEvent, EventKind};

/// The calls of a file; with one more the oldest falls out.
const MAX_CALLS: usize = 32;

/// A file's text is shorter than this, in bytes.
const MAX_TEXT: usize = 2048;

/// The first line of a file.
const VERSION: &str = "zammad-cti turns 1";

/// An event as far as its turn depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnKind {
    NewCall,
    Answer,
    /// of a call that nobody answered, as far as is known
    Hangup,
    HangupOfAnswered,
}

impl TurnKind {
    pub fn of(event: &CallEvent, answered: Option<bool>) -> Self {
        let cause = || {
            event.cause.as_ref().is_some_and(|cause| cause.as_str() == HangupCause::NormalClearing.as_str())
        };
        match event.kind {
            EventKind::NewCall => Self::NewCall,
            EventKind::Answer => Self::Answer,
            EventKind::Hangup if answered.unwrap_or_else(cause) => Self::HangupOfAnswered,
            EventKind::Hangup => Self::Hangup,
        }
    }
}

/// The events of a call that had their turn. After the hangup nothing is left to wait for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Had {
    pub new_call: bool,
    /// and Zammad has taken it
    pub taken: bool,
    pub answer: bool,
}

/// The calls of one file, the latest last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calls(Vec<(u64, Had)>);

impl Calls {
    pub fn had(&self, call: u64) -> Had {
        self.0.iter().find(|(other, _)| *other == call).map(|(_, had)| *had).unwrap_or_default()
    }

    /// A newCall begins a call anew, whatever another one with its id has left.
    pub fn take_turn(&mut self, call: u64, kind: TurnKind) {
        if kind == TurnKind::NewCall {
            self.forget(call);
        }
        self.note(call, kind);
    }

    pub fn note(&mut self, call: u64, kind: TurnKind) {
        let mut had = self.had(call);
        self.forget(call);
        match kind {
            TurnKind::NewCall => had.new_call = true,
            TurnKind::Answer => had.answer = true,
            TurnKind::Hangup | TurnKind::HangupOfAnswered => return,
        }
        self.push(call, had);
    }

    /// Zammad has the newCall of this one.
    pub fn taken(&mut self, call: u64) {
        let had = self.had(call);
        self.forget(call);
        self.push(call, Had { new_call: true, taken: true, ..had });
    }

    /// A call whose hangup Zammad is not known to have goes on, if there is more to know than the order of its events.
    pub fn go_on(&mut self, call: u64, kind: TurnKind, had: Had) {
        match kind {
            TurnKind::Hangup | TurnKind::HangupOfAnswered if had.taken => {
                self.forget(call);
                self.push(call, had);
            }
            TurnKind::NewCall | TurnKind::Answer | TurnKind::Hangup | TurnKind::HangupOfAnswered => {}
        }
    }

    fn push(&mut self, call: u64, had: Had) {
        if self.0.len() >= MAX_CALLS {
            self.0.remove(0);
        }
        self.0.push((call, had));
    }

    fn forget(&mut self, call: u64) {
        self.0.retain(|(other, _)| *other != call);
    }

    /// `None` for what this release has not written.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        if lines.next() != Some(VERSION) {
            return None;
        }
        let calls = lines.map(|line| {
            let digits = |call: &str| call.len() == 16 && call.bytes().all(|byte| byte.is_ascii_hexdigit());
            let (call, had) = line.split_once(' ').filter(|(call, _)| digits(call))?;
            let had = match had {
                "newCall" => Had { new_call: true, taken: false, answer: false },
                "answer" => Had { new_call: false, taken: false, answer: true },
                "newCall,answer" => Had { new_call: true, taken: false, answer: true },
                "taken" => Had { new_call: true, taken: true, answer: false },
                "taken,answer" => Had { new_call: true, taken: true, answer: true },
                _ => return None,
            };
            Some((u64::from_str_radix(call, 16).ok()?, had))
        });
        calls.collect::<Option<Vec<_>>>().map(Self)
    }
}

impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        writeln!(f, "{VERSION}")?;
        for (call, Had { new_call, taken, answer }) in &self.0 {
            let comma = if *new_call && *answer { "," } else { "" };
            let new_call = match (new_call, taken) {
                (_, true) => "taken",
                (true, false) => "newCall",
                (false, false) => "",
            };
            let answer = if *answer { "answer" } else { "" };
            writeln!(f, "{call:016x} {new_call}{comma}{answer}")?;
        }
        Ok(())
    }
}

/// What is in a locked file.
#[derive(Debug)]
pub struct Slot {
    pub calls: Calls,
    /// bytes
    length: usize,
}

impl Slot {
    /// What cannot be read or understood counts as empty: it costs a moment's waiting, no event.
    pub fn read(file: &File) -> Self {
        let mut text = [0; MAX_TEXT];
        let length = file.read_at(&mut text, 0).unwrap_or(MAX_TEXT);
        let calls = text.get(..length).and_then(|text| str::from_utf8(text).ok()).and_then(Calls::parse);
        Self { calls: calls.unwrap_or_default(), length }
    }

    /// Changes it and the file, if that makes a difference.
    pub fn change(&mut self, file: &File, change: impl FnOnce(&mut Calls)) -> io::Result<()> {
        let before = self.calls.to_string();
        change(&mut self.calls);
        if self.calls.to_string() == before {
            return Ok(());
        }
        self.length = self.length.max(before.len());
        self.write(file)
    }

    pub fn write(&self, file: &File) -> io::Result<()> {
        let text = self.calls.to_string();
        if !text.is_empty() {
            file.write_all_at(text.as_bytes(), 0)?;
        }
        // On a RAM disk an empty file takes no memory.
        if text.len() < self.length { file.set_len(text.len() as u64) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::Cause;
    use crate::event::Direction;

    const ANSWERED: Had = Had { new_call: true, taken: false, answer: true };
    const ONLY_ANSWERED: Had = Had { new_call: false, taken: false, answer: true };

    #[test]
    fn a_hangup_is_of_an_answered_call_if_its_sender_or_else_its_cause_says_so() {
        let hangup = |cause: Option<&str>| CallEvent {
            cause: cause.map(|cause| Cause::Read(cause.parse().unwrap())),
            ..CallEvent::new(EventKind::Hangup, "7".parse().unwrap(), Direction::Inbound)
        };
        // (cause, what the sender knows, kind)
        let cases = [
            (None, None, TurnKind::Hangup),
            (None, Some(true), TurnKind::HangupOfAnswered),
            (Some("16"), None, TurnKind::HangupOfAnswered),
            (Some("16"), Some(false), TurnKind::Hangup),
            (Some("cancel"), None, TurnKind::Hangup),
            (Some("cancel"), Some(true), TurnKind::HangupOfAnswered),
        ];
        for (cause, answered, kind) in cases {
            assert_eq!(TurnKind::of(&hangup(cause), answered), kind, "{cause:?} {answered:?}");
        }
    }

    #[test]
    fn a_file_knows_its_calls_until_their_hangup() {
        let file = tempfile::tempfile().unwrap();
        // (call, event, what is in the file then)
        let cases = [
            (1, TurnKind::NewCall, "0000000000000001 newCall\n"),
            (2, TurnKind::Answer, "0000000000000001 newCall\n0000000000000002 answer\n"),
            (1, TurnKind::Answer, "0000000000000002 answer\n0000000000000001 newCall,answer\n"),
            (2, TurnKind::NewCall, "0000000000000001 newCall,answer\n0000000000000002 newCall\n"),
            (1, TurnKind::HangupOfAnswered, "0000000000000002 newCall\n"),
            (1, TurnKind::Hangup, "0000000000000002 newCall\n"),
            (2, TurnKind::Hangup, ""),
        ];
        for (call, kind, expected) in cases {
            let mut slot = Slot::read(&file);
            slot.calls.take_turn(call, kind);
            slot.write(&file).unwrap();
            let expected = if expected.is_empty() { String::new() } else { format!("{VERSION}\n{expected}") };
            assert_eq!(text(&file), expected, "{kind:?} of {call}");
            assert_eq!(Slot::read(&file).calls, slot.calls, "{kind:?} of {call}");
        }
    }

    #[test]
    fn a_file_knows_the_calls_that_zammad_has_until_it_has_their_hangup() {
        let mut calls = Calls::default();
        calls.take_turn(1, TurnKind::NewCall);
        assert!(!calls.had(1).taken);
        calls.taken(1);
        calls.take_turn(1, TurnKind::Answer);
        assert_eq!(calls.to_string(), format!("{VERSION}\n0000000000000001 taken,answer\n"));
        assert_eq!(Calls::parse(&calls.to_string()), Some(calls.clone()));
        for kind in [TurnKind::Hangup, TurnKind::HangupOfAnswered] {
            let had = calls.had(1);
            calls.take_turn(1, kind);
            assert_eq!(calls.had(1), Had::default());
            calls.go_on(1, kind, had);
            assert!(calls.had(1).taken);
        }
        // Another call with its id.
        calls.take_turn(1, TurnKind::NewCall);
        assert!(!calls.had(1).taken);
        let had = calls.had(1);
        calls.take_turn(1, TurnKind::Hangup);
        calls.go_on(1, TurnKind::Hangup, had);
        assert_eq!(calls.had(1), Had::default());
    }

    #[test]
    fn what_is_noted_late_keeps_what_has_come_meanwhile() {
        let mut calls = Calls(vec![(1, ONLY_ANSWERED)]);
        calls.note(1, TurnKind::NewCall);
        assert_eq!(calls.had(1), ANSWERED);
    }

    #[test]
    fn a_file_has_a_most() {
        let file = tempfile::tempfile().unwrap();
        for call in 0..100 {
            for kind in [TurnKind::NewCall, TurnKind::Answer] {
                let mut slot = Slot::read(&file);
                slot.calls.take_turn(u64::MAX - call, kind);
                slot.write(&file).unwrap();
            }
        }
        let Slot { calls, length } = Slot::read(&file);
        assert!(length < MAX_TEXT, "{length}");
        assert_eq!(calls.0.len(), MAX_CALLS);
        let had = |call| calls.had(u64::MAX - call);
        assert_eq!((had(99), had(68), had(67)), (ANSWERED, ANSWERED, Had::default()));
    }

    #[test]
    fn damage_is_a_new_beginning() {
        let whole = format!("{VERSION}\n0000000000000001 newCall\n0000000000000002 answer\n");
        let mut cases: Vec<_> = (0..whole.len()).map(|end| whole.as_bytes()[..end].to_vec()).collect();
        cases.retain(|case| !case.ends_with(b"\n"));
        cases.extend([
            whole.replace(VERSION, "zammad-cti turns 2").into_bytes(),
            whole.replace("newCall", "newcall").into_bytes(),
            whole.replace("0000000000000001", "1").into_bytes(),
            whole.replace("0000000000000001", "+000000000000001").into_bytes(),
            whole.replace(" answer", "").into_bytes(),
            format!("{whole}\n").into_bytes(),
            vec![0; 10],
            vec![0xff; 5000],
            whole.repeat(100).into_bytes(),
        ]);
        for damaged in cases {
            let what = String::from_utf8_lossy(&damaged).into_owned();
            let file = tempfile::tempfile().unwrap();
            file.write_all_at(&damaged, 0).unwrap();
            let mut slot = Slot::read(&file);
            assert_eq!(slot.calls, Calls::default(), "{what:?}");
            slot.calls.take_turn(3, TurnKind::NewCall);
            slot.write(&file).unwrap();
            assert_eq!(text(&file), format!("{VERSION}\n0000000000000003 newCall\n"), "{what:?}");
        }
    }

    fn text(file: &File) -> String {
        let mut text = vec![0; 10_000];
        let length = file.read_at(&mut text, 0).unwrap();
        String::from_utf8(text[..length].to_vec()).unwrap()
    }
}
