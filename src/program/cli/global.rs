//! Flags that several commands have: settings, and how results are shown. Which command has which.

use std::path::PathBuf;

use clap::{Arg, ArgGroup, ArgMatches, Args, Command, FromArgMatches};

use crate::config::Settings;

use crate::program::output::Field;

#[derive(Debug, Default, Clone, Args)]
pub struct Global {
    /// The configuration file [default: ~/.config/zammad-cti/config.toml, or else
    /// /etc/zammad-cti/config.toml]
    #[arg(long, value_name = "FILE", help_heading = "Configuration")]
    pub config: Option<PathBuf>,
    /// Use the table [profiles.NAME] of the configuration file, which overrides the top level
    #[arg(long, value_name = "NAME", help_heading = "Configuration")]
    pub profile: Option<String>,
    #[command(flatten)]
    pub settings: Settings,
    /// Print only this value of the result, without a newline
    #[arg(long, value_name = "NAME", help_heading = "Results")]
    pub field: Option<Field>,
    #[arg(skip)]
    pub unsent: Unsent,
}

/// A request that is shown instead of sent.
#[derive(Debug, Default, Clone, Args)]
#[command(next_help_heading = "Results")]
pub struct Unsent {
    /// Print the request instead of sending it
    #[arg(long)]
    dry_run: bool,
    /// Print a curl command that does the same, instead of sending the request
    #[arg(long, conflicts_with = "dry_run")]
    pub curl: bool,
    /// Show the token in --dry-run and --curl
    #[arg(long)]
    pub show_token: bool,
}

impl Unsent {
    pub fn is_wanted(&self) -> bool {
        self.dry_run || self.curl
    }
}

/// Flags that belong together, as the parser names them.
pub type Part = &'static [&'static str];

const FILE: Part = &["config", "profile"];
/// Which Zammad it is about; also what a spool is for.
const ADDRESS: Part = &["url", "token", "token_file"];
/// The way to that Zammad.
const WAY: Part =
    &["connect_timeout", "timeout", "ca_file", "client_cert", "client_key", "insecure", "encoding"];
/// The same where no event is sent.
const WAY_TO_LOG: Part = &["connect_timeout", "timeout", "ca_file", "client_cert", "client_key", "insecure"];
const API_TOKEN: Part = &["api_token"];
const DEADLINE: Part = &["deadline"];
const ORDER: Part = &["lock_dir"];
const OUTPUT: Part = &["output"];
const FIELD: Part = &["field"];
const REJECT_EXIT: Part = &["reject_exit"];
const FAIL_OPEN: Part = &["fail_open"];
const HANGUP_REJECTED: Part = &["hangup_rejected"];
const UNSENT: Part = &["dry_run", "curl", "show_token"];
const NUMBERS: Part = &[
    "numbers_country",
    "numbers_extension_digits",
    "numbers_extension_prefix",
    "numbers_national_digits",
    "numbers_normalize",
];
const SPOOL: Part = &["spool_path"];
const SPOOL_MODE: Part = &["spool_mode"];
const ROOM: Part = &["spool_max_events", "spool_max_bytes"];
/// What becomes of an event that has no room, or that comes while Zammad takes nothing.
const POLICY: Part = &["spool_policy", "spool_held_timeout"];
const AGE: Part = &["spool_max_age", "spool_max_age_answer"];

/// An event that is told on the standard output.
const EVENT: &[Part] = &[
    FILE,
    ADDRESS,
    API_TOKEN,
    WAY,
    DEADLINE,
    ORDER,
    OUTPUT,
    FIELD,
    REJECT_EXIT,
    FAIL_OPEN,
    HANGUP_REJECTED,
    UNSENT,
    NUMBERS,
    SPOOL,
    SPOOL_MODE,
    ROOM,
    POLICY,
];
/// An event that is told to Asterisk.
const CHANNEL: &[Part] = &[
    FILE,
    ADDRESS,
    API_TOKEN,
    WAY,
    DEADLINE,
    ORDER,
    HANGUP_REJECTED,
    NUMBERS,
    SPOOL,
    SPOOL_MODE,
    ROOM,
    POLICY,
];
/// The events of a phone system that is followed.
const BRIDGE: &[Part] =
    &[FILE, ADDRESS, API_TOKEN, WAY, DEADLINE, ORDER, OUTPUT, NUMBERS, SPOOL, SPOOL_MODE, ROOM, POLICY];
const CLOSE: &[Part] = &[
    FILE, ADDRESS, API_TOKEN, WAY, DEADLINE, ORDER, OUTPUT, FIELD, FAIL_OPEN, SPOOL, SPOOL_MODE, ROOM, POLICY,
];
const RUN: &[Part] = &[FILE, ADDRESS, API_TOKEN, WAY, DEADLINE, ORDER, SPOOL, AGE];
const FLUSH: &[Part] = &[FILE, ADDRESS, API_TOKEN, WAY, DEADLINE, ORDER, OUTPUT, SPOOL, AGE];
const LOOK: &[Part] = &[FILE, ADDRESS, OUTPUT, SPOOL];
/// Zammad's caller log.
const LOG: &[Part] = &[FILE, ADDRESS, API_TOKEN, WAY_TO_LOG, OUTPUT];
const SETTINGS: &[Part] = &[
    FILE,
    ADDRESS,
    API_TOKEN,
    WAY,
    DEADLINE,
    ORDER,
    OUTPUT,
    REJECT_EXIT,
    FAIL_OPEN,
    HANGUP_REJECTED,
    NUMBERS,
    SPOOL,
    SPOOL_MODE,
    ROOM,
    POLICY,
    AGE,
];

/// What `config init` writes into a file.
const WRITTEN: &[Part] = &[
    &["config"],
    ADDRESS,
    API_TOKEN,
    WAY,
    DEADLINE,
    ORDER,
    OUTPUT,
    REJECT_EXIT,
    FAIL_OPEN,
    HANGUP_REJECTED,
    NUMBERS,
    SPOOL,
    SPOOL_MODE,
    ROOM,
    POLICY,
    AGE,
];

/// The commands, and which of these flags count there: the parser refuses the others.
pub const COMMANDS: &[(&str, &[Part])] = &[
    ("new-call", EVENT),
    ("answer", EVENT),
    ("hangup", EVENT),
    ("send", EVENT),
    ("simulate", &[FILE, ADDRESS, API_TOKEN, WAY, DEADLINE, OUTPUT, NUMBERS]),
    ("sandbox", &[]),
    ("check", &[FILE, ADDRESS, API_TOKEN, WAY, DEADLINE, ORDER, OUTPUT, SPOOL, SPOOL_MODE, ROOM]),
    ("normalize", &[FILE, OUTPUT, NUMBERS]),
    ("agi new-call", CHANNEL),
    ("agi answer", CHANNEL),
    ("agi hangup", CHANNEL),
    ("fastagi", CHANNEL),
    ("bridge asterisk", BRIDGE),
    ("bridge freeswitch", BRIDGE),
    ("bridge 3cx", BRIDGE),
    ("bridge xivo", BRIDGE),
    ("bridge webhook", BRIDGE),
    ("bridge fritzbox", BRIDGE),
    ("bridge wazo", BRIDGE),
    ("spool list", LOOK),
    ("spool show", LOOK),
    ("spool stats", &[FILE, ADDRESS, OUTPUT, SPOOL, ROOM]),
    ("spool flush", FLUSH),
    ("spool run", RUN),
    ("spool retry", &[FILE, ADDRESS, OUTPUT, SPOOL, AGE]),
    ("spool drop", LOOK),
    ("calls", LOOK),
    ("calls list", LOOK),
    ("calls close", CLOSE),
    ("watch", &[FILE, ADDRESS, SPOOL]),
    ("log", LOG),
    ("log done", LOG),
    ("config show", SETTINGS),
    ("config check", SETTINGS),
    ("config init", WRITTEN),
    ("config import", &[]),
    ("config route", &[FILE, ADDRESS, OUTPUT, NUMBERS, SPOOL]),
    ("completions", &[]),
    ("man", &[]),
];

/// Whether there is a command, or a group of commands, of these words.
pub fn is_command(path: &str) -> bool {
    COMMANDS.iter().any(|(command, _)| *command == path) || is_group(path)
}

/// Whether commands begin with these words and go on.
pub fn is_group(path: &str) -> bool {
    COMMANDS.iter().any(|(command, _)| command.strip_prefix(path).is_some_and(|rest| rest.starts_with(' ')))
}

/// The flags of a command, unless it has none of these.
fn parts(command: &str) -> Option<&'static [Part]> {
    COMMANDS.iter().find(|(path, parts)| *path == command && !parts.is_empty()).map(|(_, parts)| *parts)
}

/// Whether a command has any of these flags.
pub fn has_flags(command: &str) -> bool {
    parts(command).is_some()
}

impl Global {
    /// All of these flags, of no command.
    pub fn all() -> Command {
        Unsent::augment_args(Self::augment_args(Command::new("zammad-cti")))
    }

    /// A command with those of the flags that count there, behind its own.
    pub fn added_to(command: Command, path: &str) -> Command {
        Self::some_added_to(command, path, |_| true)
    }

    /// The same with only those that are wanted: to put a flag together takes longer than to read it.
    pub fn some_added_to(command: Command, path: &str, is_wanted: impl Fn(&Arg) -> bool) -> Command {
        let Some(parts) = parts(path) else { return command };
        Self::all().get_arguments().fold(command, |command, flag| {
            let id = flag.get_id().clone();
            if parts.iter().any(|part| part.contains(&id.as_str())) && is_wanted(flag) {
                command.arg(flag.clone().hide_short_help(true))
            } else {
                // Only so that it may be asked for below: it has no flag.
                command.group(ArgGroup::new(id))
            }
        })
    }

    /// What a command's flags say, if it has any.
    ///
    /// # Errors
    ///
    /// A value is none that its flag can have.
    pub fn of(matches: &mut ArgMatches, path: &str) -> Result<Self, clap::Error> {
        let Some(parts) = parts(path) else { return Ok(Self::default()) };
        let unsent =
            if parts.contains(&UNSENT) { Unsent::from_arg_matches_mut(matches)? } else { Unsent::default() };
        Ok(Self { unsent, ..Self::from_arg_matches_mut(matches)? })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::program::cli::Program;

    #[test]
    fn each_command_says_which_flags_count_there() {
        let mut paths = Vec::new();
        for command in Program::command().get_subcommands() {
            let name = command.get_name();
            if !command.has_subcommands() || !command.is_subcommand_required_set() {
                paths.push(name.to_owned());
            }
            paths.extend(command.get_subcommands().map(|below| format!("{name} {}", below.get_name())));
        }
        assert_eq!(paths, COMMANDS.iter().map(|(path, _)| *path).collect::<Vec<_>>());
    }

    #[test]
    fn each_flag_counts_somewhere_and_each_name_is_a_flags() {
        let mut flags: Vec<_> = Global::all().get_arguments().map(|flag| flag.get_id().to_string()).collect();
        let mut named: Vec<_> =
            COMMANDS.iter().flat_map(|(_, parts)| parts.iter().flat_map(|part| part.iter())).collect();
        flags.sort_unstable();
        named.sort_unstable();
        named.dedup();
        assert_eq!(named, flags.iter().collect::<Vec<_>>());
    }
}
