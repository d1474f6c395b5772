//! What a dialplan asks for: a path and a query that are the words of `zammad-cti agi`.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use clap::Parser;
use percent_encoding::percent_decode_str;

use crate::program::cli::{Agi, FastagiRequest, mistake_in_a_line};
use crate::program::exit_code::UsageError;

/// No event's name is so long, but a secret that stands in its place is.
const SECRET_FROM: usize = 16;

/// What stands before the event in an address, if anything does, and the request from the event on: of
/// `SECRET/new-call?queue=support` the first is never shown.
pub fn behind_secret(script: &str) -> (Option<&str>, &str) {
    let path = script.split('?').next().unwrap_or_default().trim_end_matches('/');
    match path.rfind('/') {
        Some(at) => {
            (Some(path[..at].trim_matches('/')).filter(|secret| !secret.is_empty()), &script[at + 1..])
        }
        None => (None, script),
    }
}

/// A request as it may be shown.
pub fn shown(request: &str) -> &str {
    if event(request).len() >= SECRET_FROM { "***" } else { request }
}

fn event(request: &str) -> &str {
    request.split('?').next().unwrap_or_default().trim_matches('/')
}

/// Reads a request such as `new-call?queue=support&direction=in`. A `+` is a plus, as numbers have
/// one; other signs may be percent-encoded.
///
/// # Errors
///
/// The mistake, in a line.
pub fn read(script: &str) -> Result<Agi, RequestError> {
    let (event, query) = (event(script), script.split_once('?').map_or("", |(_, query)| query));
    if event.is_empty() {
        return Err(
            UsageError("the address has no event; use agi://HOST/new-call, /answer or /hangup").into()
        );
    }
    if event.len() >= SECRET_FROM {
        return Err(UsageError(
            "the address does not end with an event; use agi://HOST/SECRET/new-call, /answer or /hangup",
        )
        .into());
    }
    let mut words = vec![OsString::from(event)];
    for option in query.split('&').filter(|option| !option.is_empty()) {
        let (name, value) =
            option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
        let name = name.replace('_', "-");
        words.push(match value {
            None => format!("--{name}").into(),
            // In whatever bytes: a name may be Latin-1, as on the command line.
            Some(value) => {
                let mut word = format!("--{name}=").into_bytes();
                word.extend(percent_decode_str(value));
                OsString::from_vec(word)
            }
        });
    }
    let request = FastagiRequest::try_parse_from(words);
    request
        .map(|request| request.event)
        .map_err(|error| RequestError::Words(mistake_in_a_line(&error.to_string())))
}

/// What is wrong with a request.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    #[error(transparent)]
    Usage(#[from] UsageError),
    #[error("{0}")]
    Words(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_has_the_words_of_the_command_line() {
        let Agi::NewCall(args) =
            read("/new-call?direction=out&to=+49%2030&user=a&user=b%26c&call_id=-7").unwrap()
        else {
            panic!("another event");
        };
        assert_eq!(args.direction.unwrap(), "out");
        assert_eq!(args.to.unwrap(), "+49 30");
        assert_eq!(args.users, ["a", "b&c"]);
        assert_eq!(args.call_id.unwrap(), "-7");
        assert!(matches!(read("answer?voicemail").unwrap(), Agi::Answer(args) if args.voicemail));
        assert!(matches!(read("hangup?cause=").unwrap(), Agi::Hangup(args) if args.cause == Some("".into())));
    }

    #[test]
    fn a_secret_stands_before_the_event() {
        // (script, secret, request)
        let cases = [
            ("new-call", None, "new-call"),
            ("/new-call?queue=a/b", None, "new-call?queue=a/b"),
            ("new-call/", None, "new-call/"),
            ("SECRET/new-call", Some("SECRET"), "new-call"),
            ("/SECRET/hangup/?cause=a/b", Some("SECRET"), "hangup/?cause=a/b"),
            ("//SECRET//hangup", Some("SECRET"), "hangup"),
            ("a/SECRET/hangup", Some("a/SECRET"), "hangup"),
            ("", None, ""),
            ("/?a/b", None, "/?a/b"),
        ];
        for (script, secret, request) in cases {
            assert_eq!(behind_secret(script), (secret, request), "{script}");
        }
    }

    #[test]
    fn a_secret_in_place_of_the_event_is_not_shown() {
        let error = read("Xk3vQm9_secret-7RtW2").unwrap_err().to_string();
        assert!(error.contains("with an event") && !error.contains("Xk3"), "{error}");
        // (request, as it may be shown)
        let cases = [
            ("Xk3vQm9_secret-7RtW2", "***"),
            ("/Xk3vQm9_secret-7RtW2/?a=b", "***"),
            ("newcall?a=b", "newcall?a=b"),
        ];
        for (request, as_shown) in cases {
            assert_eq!(shown(request), as_shown, "{request}");
        }
    }

    #[test]
    fn a_mistake_is_one_line() {
        // (script, what is said)
        let cases = [
            ("", "no event"),
            ("?queue=1", "no event"),
            ("new_call", "unrecognized subcommand"),
            ("--help", "unexpected argument"),
            ("new-call?quue=1", "'--quue' found; a similar argument exists: '--queue'"),
            ("new-call?help", "--help"),
            ("new-call?url=http://x", "--url"),
        ];
        for (script, said) in cases {
            let error = read(script).unwrap_err().to_string();
            assert!(error.contains(said) && !error.contains('\n'), "{script}: {error}");
        }
    }
}
