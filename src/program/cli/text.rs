//! What stands on the command line as text: an event is made of texts.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};

use crate::event::{EventError, number_of, text_of};
use anyhow::Context;

/// An argument as text.
pub fn text<'a>(flag: &'static str, shown: &'a OsStr) -> anyhow::Result<&'a str> {
    shown.to_str().ok_or(EventError::NotUtf8).context(flag)
}

/// A name, which is shown as well as it can be: numbers and ids have to be right, but a call is not lost for a name.
pub fn name<'a>(flag: &'static str, shown: &'a OsStr) -> Cow<'a, str> {
    let name = text_of(shown.as_encoded_bytes());
    if let Cow::Owned(name) = &name {
        log::warn!("{flag} is not UTF-8; agents see {name:?}: give it in UTF-8");
    }
    name
}

/// The names of an argument that may be there several times.
pub fn names(flag: &'static str, shown: &[OsString]) -> Vec<String> {
    shown.iter().map(|shown| name(flag, shown).into_owned()).collect()
}

/// A number. Before it may stand a name in any bytes, which is not sent.
pub fn number<'a>(flag: &'static str, shown: &'a OsStr) -> anyhow::Result<Cow<'a, str>> {
    number_of(shown.as_encoded_bytes()).ok_or(EventError::NotUtf8).context(flag)
}

/// The text of a `field` that a hangup can do without. What is not a text is noted as such.
pub fn dispensable(
    field: &'static str,
    shown: &Option<OsString>,
    no_text: &mut Vec<&'static str>,
) -> Option<String> {
    let shown = shown.as_deref()?;
    let text = shown.to_str().map(str::to_owned);
    if text.is_none() {
        no_text.push(field);
    }
    text
}

/// The text of an argument that need not be there.
pub fn optional(flag: &'static str, shown: &Option<OsString>) -> anyhow::Result<Option<String>> {
    shown.as_deref().map(|shown| text(flag, shown).map(str::to_owned)).transpose()
}
