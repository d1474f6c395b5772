//! From the words of a command line to the words of an event.

use std::ffi::{OsStr, OsString};

use crate::event::{CallId, Direction, EventError, Name, plain};
use crate::number::{Numbering, Party};
use crate::spool::{self, Which};
use anyhow::Context;

use crate::program::cli::{Call, Named};
use crate::program::exit_code::UsageError;

/// A party as it goes to Zammad.
pub fn party(flag: &'static str, shown: &OsStr, numbering: &Numbering) -> anyhow::Result<Party> {
    numbering.read(text(flag, shown)?).context(flag)
}

pub fn call_id(shown: &OsStr) -> anyhow::Result<CallId> {
    text("--call-id", shown)?.parse().context("--call-id")
}

/// Names, without those that are blank: an unset variable of a dialplan.
pub fn names(flag: &'static str, shown: &[OsString]) -> anyhow::Result<Vec<Name>> {
    let mut names = Vec::new();
    for shown in shown {
        names.extend(Name::read("the name", text(flag, shown)?).context(flag)?);
    }
    Ok(names)
}

/// An argument as text.
pub fn text<'a>(flag: &'static str, shown: &'a OsStr) -> anyhow::Result<&'a str> {
    shown.to_str().ok_or(EventError::NotUtf8).context(flag)
}

/// How an answer or a hangup names its call.
pub fn which(named: &Named) -> anyhow::Result<Which> {
    match (&named.call_id, &named.call_key) {
        (_, Some(key)) => Ok(Which::Key(call_key(key)?)),
        (Some(shown), None) => Ok(Which::Id(call_id(shown)?)),
        (None, None) => {
            Err(UsageError("which call? give --call-id, or the --call-key of its new-call").into())
        }
    }
}

pub fn call_key(shown: &OsStr) -> anyhow::Result<String> {
    let text = text("--call-key", shown)?;
    if text.trim().is_empty() {
        return Err(EventError::EmptyCallKey.into());
    }
    plain("the call key", text, CallId::MAX_CHARS).context("--call-key")
}

/// The parts that answer and hangup have in common; `known` is what the journal says of the call.
pub fn parts(call: &Call, known: Option<&spool::Call>, numbering: &Numbering) -> anyhow::Result<Parts> {
    let optional = |flag, shown: &Option<OsString>| {
        shown.as_deref().map(|shown| party(flag, shown, numbering)).transpose()
    };
    Ok(Parts {
        direction: call.direction.or(known.map(|known| known.direction)).unwrap_or(Direction::Inbound),
        from: optional("--from", &call.from)?,
        to: optional("--to", &call.to)?,
        answering_number: call
            .answering_number
            .as_deref()
            .filter(|shown| !shown.is_empty())
            .map(|shown| {
                let flag = "--answering-number";
                numbering.read_answering(text(flag, shown)?).context(flag)
            })
            .transpose()?,
    })
}

/// See [`parts`].
pub struct Parts {
    pub direction: Direction,
    pub from: Option<Party>,
    pub to: Option<Party>,
    pub answering_number: Option<Party>,
}
