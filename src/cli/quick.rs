//! The command line of an event without those of the other commands, as each dialplan call reads it.

use std::ffi::OsString;

use clap::{Args, Parser};

use super::{Agi, Cli, Command, Global};

/// The command line of an event, as dialplans write it: flags that all commands have stand before
/// the command or behind it.
pub fn of_an_event(words: &[OsString]) -> Option<Cli> {
    let is_event = |word: &OsString| ["new-call", "answer", "hangup", "agi"].iter().any(|name| word == *name);
    let (before, words) = words.split_at(words.iter().skip(1).position(is_event)? + 1);
    match words.first()?.to_str()? {
        "new-call" => alone(before, words, Command::NewCall),
        "answer" => alone(before, words, Command::Answer),
        "hangup" => alone(before, words, Command::Hangup),
        "agi" => match words.get(1)?.to_str()? {
            "new-call" => alone(before, &words[1..], |event| Command::Agi(Agi::NewCall(event))),
            "answer" => alone(before, &words[1..], |event| Command::Agi(Agi::Answer(event))),
            "hangup" => alone(before, &words[1..], |event| Command::Agi(Agi::Hangup(event))),
            _ => None,
        },
        _ => None,
    }
}

/// Reads a command and its flags alone, or else with those that all commands have: to put together
/// the flags of all commands takes longer than to send the event.
fn alone<A: Args>(before: &[OsString], words: &[OsString], command: impl Fn(A) -> Command) -> Option<Cli> {
    let global = match before {
        [_program] => None,
        flags => Some(OnlyGlobal::try_parse_from(flags).ok()?.global),
    };
    if let Ok(Alone { event }) = Alone::try_parse_from(words) {
        return Some(Cli { global: global.unwrap_or_default(), command: command(event) });
    }
    if global.is_some() {
        // Which of two counts is not for here to say.
        return None;
    }
    let AloneWithGlobal { global, event } = AloneWithGlobal::try_parse_from(words).ok()?;
    Some(Cli { global, command: command(event) })
}

#[derive(Parser)]
#[command(disable_help_flag = true)]
struct OnlyGlobal {
    #[command(flatten)]
    global: Global,
}

#[derive(Parser)]
#[command(disable_help_flag = true)]
struct Alone<A: Args> {
    #[command(flatten)]
    event: A,
}

#[derive(Parser)]
#[command(disable_help_flag = true)]
struct AloneWithGlobal<A: Args> {
    #[command(flatten)]
    global: Global,
    #[command(flatten)]
    event: A,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_as_the_whole_command_line_reads_it() {
        // (command line, whether the quick way reads it)
        let cases = [
            ("new-call --from 1 --to 2 --direction in", true),
            ("new-call --from=-1 --to -2 --direction=out --user A --user B --queue q --call-key k", true),
            ("new-call --from --url --to 2 --direction in", true),
            ("--url http://z/x new-call --from 1 --to 2 --direction in", true),
            ("--country DE --config f --insecure --field action answer --call-id 7", true),
            ("answer --call-id 7 --voicemail --output json --spool always", true),
            ("hangup --call-id 7 --answered --cause busy --raw-cause", true),
            ("hangup --list-causes", true),
            ("hangup --call-id 7 --answered=0 --dialstatus BUSY --hangup-cause 17", true),
            ("agi new-call --direction out --user A", true),
            ("--timeout 1s agi hangup --deadline 3s", false),
            ("--profile answer hangup --call-id 7", false),
            ("--profile new-call answer --call-id 7", false),
            ("--timeout 1s answer --call-id 7 --timeout 2s", false),
            ("send answer", false),
            ("new-call --from 1 --to 2", false),
            ("new-call --help", false),
            ("new-call --version", false),
            ("answer --call-id 7 --user a --voicemail", false),
            ("hangup --call-id 7 --cause busy --dialstatus BUSY", false),
            ("hangup --call-id 7 --raw-cause", false),
            ("agi", false),
            ("agi --help", false),
            ("--from 1 new-call --to 2 --direction in", false),
            ("new-call --from 1 --to 2 --direction in extra", false),
            ("new-call --from 1 --from 2 --to 2 --direction in", false),
        ];
        for (line, is_quick) in cases {
            let words: Vec<OsString> = format!("zammad-cti {line}").split(' ').map(OsString::from).collect();
            let quick = of_an_event(&words);
            assert_eq!(quick.is_some(), is_quick, "{line}");
            if let Some(quick) = quick {
                let whole = Cli::try_parse_from(&words).expect(line);
                assert_eq!(format!("{quick:?}"), format!("{whole:?}"), "{line}");
            }
        }
    }
}
