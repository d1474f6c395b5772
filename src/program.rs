//! The program `zammad-cti`: parse, run, exit.

mod safe_text;
mod colour;
mod output;
mod exit_code;
#[allow(
    rustdoc::broken_intra_doc_links,
    rustdoc::bare_urls,
    reason = "its comments are the help: [agents] is a table"
)]
mod cli;
mod commands;
mod table;
mod ask;

/// What `fuzz/` reaches of it.
#[cfg(fuzzing)]
pub mod reached {
    pub use super::cli::Agi;
    pub use super::commands::agi::channel::{Wanted, wanted};
    pub use super::commands::agi::tell;
    pub use super::commands::fastagi::request;
    pub use super::commands::send::line;
    pub use super::output::{Field, Report, Style, result, result_line};
    pub use super::safe_text::printable;
}

use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use crate::config::{Endpoint, redact};

use cli::Cli;
use exit_code::ExitCode;

/// Runs the program with the arguments of its process; the code to exit with.
pub fn run() -> u8 {
    exit_code() as u8
}

fn exit_code() -> ExitCode {
    outlive_the_channel();
    meet_the_limit_of_files();
    let started = Instant::now();
    std::panic::set_hook(Box::new(|panic| {
        say(&format!("internal error, please report it: {panic}"), None);
        std::process::exit(ExitCode::Internal as i32);
    }));
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(error) => return explain(&error),
    };
    let mut out = std::io::stdout().lock();
    let result = commands::run(cli, started, &mut out);
    // The result may be all a dialplan has to go by: what it cannot read was not said.
    let result =
        result.and_then(|code| out.flush().map_err(output::OutputError).map_err(Into::into).map(|()| code));
    result.unwrap_or_else(|error| {
        complain(&error);
        ExitCode::of(&error)
    })
}

/// Asterisk sends an AGI program a SIGHUP when the caller hangs up, which is just when its news
/// counts. (SIGPIPE is taken care of by then.)
fn outlive_the_channel() {
    if std::env::args_os().any(|argument| argument == "agi") {
        // A handler that does nothing is as good as none at all; where there can be none, an early
        // end is what remains.
        let _ = signal_hook::flag::register(signal_hook::consts::SIGHUP, Arc::default());
    }
}

/// A file that would become longer than the process may write (RLIMIT_FSIZE) is an error of that write, as a full disk is,
/// and not the end of the process.
fn meet_the_limit_of_files() {
    // SAFETY: a signal that is ignored runs no code.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// Help on stdout; a mistake on stderr, without the token that may stand in it.
fn explain(error: &clap::Error) -> ExitCode {
    let text = redact(&error.render().to_string());
    if error.use_stderr() {
        let text = without_library_words(&without_token_arguments(&text));
        // Nobody is left to tell if stderr is closed.
        let _ = write!(std::io::stderr(), "{text}");
        let command = cli::named_command(std::env::args_os());
        let mistake = cli::mistake_in_a_line(&text);
        if command.as_deref() == Some("agi") {
            commands::refuse_to_asterisk(&mistake);
        } else if std::env::var_os("AST_AGI_DIR").is_some() {
            // Only AGI() sets it.
            let right = "use AGI(/usr/bin/zammad-cti,agi,new-call)";
            commands::refuse_to_asterisk(&format!("{mistake}; {right}"));
        }
        // A monitoring system would take 2 for a Zammad that is down.
        let is_check = command.as_deref() == Some("check");
        if is_check {
            commands::refuse_to_nagios(&mistake);
        }
        return if is_check { ExitCode::Unknown } else { ExitCode::Usage };
    }
    match write!(std::io::stdout(), "{text}") {
        Ok(()) => ExitCode::Ok,
        Err(_) => ExitCode::LocalFile,
    }
}

/// A complaint about the command line without the values of `--token`, `--api-token` and `--url`.
fn without_token_arguments(text: &str) -> String {
    let mut safe = text.to_owned();
    let mut arguments =
        std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).peekable();
    while let Some(argument) = arguments.next() {
        let value =
            ["--token", "--api-token", "--url"].into_iter().find_map(|flag| argument.strip_prefix(flag));
        let value = match value {
            Some("") => arguments.peek().cloned(),
            // With or without the sign between them; `--token-file` is another flag.
            Some(value) if !value.starts_with('-') => Some(value.trim_start_matches('=').to_owned()),
            _ => None,
        };
        if let Some(value) = value.filter(|value| value.len() >= Endpoint::SECRET_FROM) {
            safe = safe.replace(&value, "***");
        }
    }
    safe
}

/// A complaint about the command line in which no words of the parser's library are left: what it says of a number
/// that is none is meant for programmers.
fn without_library_words(text: &str) -> String {
    // (the words of Rust's standard library, plain ones)
    const WORDS: [(&str, &str); 5] = [
        ("invalid digit found in string", "use a whole number"),
        ("cannot parse integer from empty string", "use a whole number"),
        ("number too large to fit in target type", "the number is too large"),
        ("number too small to fit in target type", "the number is too small"),
        ("number would be zero for non-zero type", "use a number above 0"),
    ];
    WORDS.into_iter().fold(text.to_owned(), |text, (library, plain)| text.replace(library, plain))
}

/// One error on stderr: what failed and the cause, and below it the next step.
fn complain(error: &anyhow::Error) {
    say(&format!("{error:#}"), exit_code::advice(error).as_deref());
}

fn say(error: &str, advice: Option<&str>) {
    let error = safe_text::printable(&safe_text::in_words(&redact(error)));
    // Nobody is left to tell if stderr is closed.
    let _ = match advice {
        Some(advice) => writeln!(std::io::stderr(), "zammad-cti: {error}\n  {advice}"),
        None => writeln!(std::io::stderr(), "zammad-cti: {error}"),
    };
}
