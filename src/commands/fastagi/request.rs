//! What a dialplan asks for: a path and a query that are the words of `zammad-cti agi`.

use clap::Parser;
use percent_encoding::percent_decode_str;

use crate::cli::{Agi, FastagiRequest, mistake_in_a_line};
use crate::exit_code::UsageError;

/// Reads a request such as `new-call?queue=support&direction=in`. A `+` is a plus, as numbers have
/// one; other signs may be percent-encoded.
///
/// # Errors
///
/// The mistake, in a line.
pub fn read(script: &str) -> Result<Agi, RequestError> {
    let (path, query) = script.split_once('?').unwrap_or((script, ""));
    let event = path.trim_matches('/');
    if event.is_empty() {
        return Err(
            UsageError("the address has no event; it is agi://HOST/new-call, /answer or /hangup").into()
        );
    }
    let mut words = vec![event.to_owned()];
    for option in query.split('&').filter(|option| !option.is_empty()) {
        let (name, value) =
            option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
        let name = name.replace('_', "-");
        words.push(match value {
            None => format!("--{name}"),
            Some(value) => format!("--{name}={}", percent_decode_str(value).decode_utf8()?),
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
    #[error("the query is not UTF-8")]
    NotUtf8(#[from] std::str::Utf8Error),
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
    fn a_mistake_is_one_line() {
        // (script, what is said)
        let cases = [
            ("", "no event"),
            ("?queue=1", "no event"),
            ("new_call", "unrecognized subcommand"),
            ("--help", "unexpected argument"),
            ("new-call?quue=1", "'--quue' found; a similar argument exists: '--queue'"),
            ("new-call?queue=%ff", "not UTF-8"),
            ("new-call?help", "--help"),
            ("new-call?url=http://x", "--url"),
        ];
        for (script, said) in cases {
            let error = read(script).unwrap_err().to_string();
            assert!(error.contains(said) && !error.contains('\n'), "{script}: {error}");
        }
    }
}
