//! What stands on the command line as text: an event is made of texts.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};

use crate::event::{EventError, text_of};
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

/// The text of an argument that need not be there.
pub fn optional(flag: &'static str, shown: &Option<OsString>) -> anyhow::Result<Option<String>> {
    shown.as_deref().map(|shown| text(flag, shown).map(str::to_owned)).transpose()
}
