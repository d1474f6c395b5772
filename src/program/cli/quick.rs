//! The command line of an event without those of the other commands, as each dialplan call reads it.

use clap::{Arg, Args};

use super::words::{Words, is_named};
use super::{Agi, Cli, Command, Global};

/// The command line of an event, as dialplans write it.
pub fn of_an_event(words: &Words) -> Option<Cli> {
    match words.command.as_str() {
        "new-call" => alone(words, Command::NewCall),
        "answer" => alone(words, Command::Answer),
        "hangup" => alone(words, Command::Hangup),
        "agi new-call" => alone(words, |event| Command::Agi(Agi::NewCall(event))),
        "agi answer" => alone(words, |event| Command::Agi(Agi::Answer(event))),
        "agi hangup" => alone(words, |event| Command::Agi(Agi::Hangup(event))),
        _ => None,
    }
}

/// Reads a command with its own flags alone, or else with those of other commands too that are named: to
/// put together the flags of all commands takes longer than to send the event.
fn alone<A: Args>(words: &Words, command: impl Fn(A) -> Command) -> Option<Cli> {
    let own =
        || A::augment_args(clap::Command::new("zammad-cti").no_binary_name(true).disable_help_flag(true));
    let words_of_it = &words.all[words.own..];
    if let Ok(mut matches) = own().try_get_matches_from(words_of_it) {
        return Some(Cli {
            global: Global::default(),
            command: command(A::from_arg_matches_mut(&mut matches).ok()?),
        });
    }
    let is_named =
        |flag: &Arg| words_of_it.iter().any(|word| word.to_str().is_some_and(|word| is_named(flag, word)));
    // What has no value has to say that it is not there.
    let is_wanted = |flag: &Arg| !flag.get_action().takes_values() || is_named(flag);
    let with_flags = Global::some_added_to(own(), &words.command, is_wanted);
    let mut matches = with_flags.try_get_matches_from(words_of_it).ok()?;
    let global = Global::of(&mut matches, &words.command).ok()?;
    Some(Cli { global, command: command(A::from_arg_matches_mut(&mut matches).ok()?) })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

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
            ("answer --call-id 7 --curl --show-token", true),
            ("answer --call-id 7 --curl --dry-run", false),
            ("hangup --call-id 7 --answered=0 --dialstatus BUSY --hangup-cause 17", true),
            ("agi new-call --direction out --user A", true),
            ("--timeout 1s agi hangup --deadline 3s", true),
            ("--profile answer hangup --call-id 7", true),
            ("--profile new-call answer --call-id 7", true),
            ("--timeout 1s answer --call-id 7 --timeout 2s", false),
            ("send answer", false),
            ("new-call --from 1 --to 2", false),
            ("new-call --help", false),
            ("new-call --version", false),
            ("answer --call-id 7 --user a --voicemail", false),
            ("hangup --call-id 7 --cause busy --dialstatus BUSY", true),
            ("hangup --call-id 7 --raw-cause", true),
            ("agi answer --output json", false),
            ("agi", false),
            ("agi --help", false),
            ("--from 1 new-call --to 2 --direction in", false),
            ("new-call --from 1 --to 2 --direction in extra", false),
            ("new-call --from 1 --from 2 --to 2 --direction in", false),
        ];
        for (line, is_quick) in cases {
            let words: Vec<OsString> = format!("zammad-cti {line}").split(' ').map(OsString::from).collect();
            let words = Words::of(words);
            let quick = of_an_event(&words);
            assert_eq!(quick.is_some(), is_quick, "{line}");
            if let Some(quick) = quick {
                let whole = Cli::of(&words).expect(line);
                assert_eq!(format!("{quick:?}"), format!("{whole:?}"), "{line}");
            }
        }
    }
}
