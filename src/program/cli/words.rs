//! The words of a command line in one order: the command first, then its flags.

use std::ffi::OsString;

use clap::Arg;

use super::global::{Global, has_flags, is_command, is_group};

/// A command line, its flags behind the command.
pub struct Words {
    /// which command it is, such as `spool list`; empty if there is none of this name
    pub command: String,
    /// all words, that of the program too
    pub all: Vec<OsString>,
    /// where the command's own begin
    pub own: usize,
}

impl Words {
    /// Takes flags that stand before the command, as in `zammad-cti --profile test new-call`, behind it.
    pub fn of(mut words: Vec<OsString>) -> Self {
        let mut command = String::new();
        let mut flags = Vec::new();
        let mut common = None;
        let mut place = 1;
        let mut own = 1;
        while let Some(word) = words.get(place).and_then(|word| word.to_str()) {
            if word.starts_with('-') {
                let common = common.get_or_insert_with(Global::all);
                // Of any other flag nobody knows whether the next word is its value, and perhaps a secret.
                let Some(flag) = common.get_arguments().find(|flag| is_named(flag, word)) else { break };
                let value = words.get(place + 1).filter(|value| takes(flag, word, value));
                let end = place + 1 + usize::from(value.is_some());
                flags.extend(words.drain(place..end));
                continue;
            }
            let longer = if command.is_empty() { word.to_owned() } else { format!("{command} {word}") };
            if !is_command(&longer) {
                break;
            }
            command = longer;
            place += 1;
            own = place;
            if !is_group(&command) {
                break;
            }
        }
        // Without a command that takes them they are behind all: what is wrong comes first.
        let behind = if has_flags(&command) { own } else { words.len() };
        words.splice(behind..behind, flags);
        Self { command, all: words, own }
    }
}

/// The first word that is neither a flag nor a flag's value, whatever is wrong with the words before it.
pub fn named_command(words: impl Iterator<Item = OsString>) -> Option<String> {
    let common = Global::all();
    let mut words = words.skip(1).map(|word| word.to_string_lossy().into_owned()).peekable();
    while let Some(word) = words.next() {
        if !word.starts_with('-') {
            return Some(word);
        }
        let flag = common.get_arguments().find(|flag| is_named(flag, &word));
        if flag.is_some_and(|flag| !word.contains('=') && flag.get_action().takes_values()) {
            words.next_if(|value| !value.starts_with('-'));
        }
    }
    None
}

/// Whether a word is this flag, with a value behind `=` or without.
pub fn is_named(flag: &Arg, word: &str) -> bool {
    let name = word.strip_prefix("--").and_then(|flag| flag.split('=').next());
    name.is_some_and(|name| flag.get_long_and_visible_aliases().is_some_and(|names| names.contains(&name)))
}

/// Whether a flag, written as this word, takes the next one as its value.
fn takes(flag: &Arg, word: &str, value: &OsString) -> bool {
    let is_flag = value.as_encoded_bytes().starts_with(b"-");
    !word.contains('=')
        && flag.get_action().takes_values()
        && !flag.is_require_equals_set()
        && (!is_flag || flag.is_allow_hyphen_values_set())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_before_the_command_go_behind_it() {
        // (command line, the same in order, the command)
        let cases = [
            ("new-call --from 1", "new-call --from 1", "new-call"),
            ("--url u new-call --from 1", "new-call --url u --from 1", "new-call"),
            ("--url -u --insecure answer", "answer --url -u --insecure", "answer"),
            ("--profile answer hangup", "hangup --profile answer", "hangup"),
            ("--profile=answer hangup", "hangup --profile=answer", "hangup"),
            (
                "--country DE agi --spool always hangup",
                "agi hangup --country DE --spool always",
                "agi hangup",
            ),
            (
                "--profile p spool --output json list --state dead",
                "spool list --profile p --output json --state dead",
                "spool list",
            ),
            ("calls --output json", "calls --output json", "calls"),
            ("--profile p normalize -5", "normalize --profile p -5", "normalize"),
            ("--profile p normalize check", "normalize --profile p check", "normalize"),
            ("--none check", "--none check", ""),
            ("--url u --none check", "--none check --url u", ""),
            ("--timeout 1s sandbox --keep 5", "sandbox --keep 5 --timeout 1s", "sandbox"),
            ("--url u new_call", "new_call --url u", ""),
            ("--url u", "--url u", ""),
            ("--help new-call", "--help new-call", ""),
            ("send -- --url", "send -- --url", "send"),
            ("new-call --from --url --to answer", "new-call --from --url --to answer", "new-call"),
        ];
        for (line, sorted, command) in cases {
            let words =
                |line: &str| format!("zammad-cti {line}").split(' ').map(OsString::from).collect::<Vec<_>>();
            let read = Words::of(words(line));
            assert_eq!((read.all, read.command.as_str()), (words(sorted), command), "{line}");
        }
    }
}
