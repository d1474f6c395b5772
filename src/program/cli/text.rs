//! What stands on the command line as text: an event is made of texts.

use std::ffi::{OsStr, OsString};

use crate::event::EventError;
use anyhow::Context;

/// An argument as text.
pub fn text<'a>(flag: &'static str, shown: &'a OsStr) -> anyhow::Result<&'a str> {
    shown.to_str().ok_or(EventError::NotUtf8).context(flag)
}

/// The text of an argument that need not be there.
pub fn optional(flag: &'static str, shown: &Option<OsString>) -> anyhow::Result<Option<String>> {
    shown.as_deref().map(|shown| text(flag, shown).map(str::to_owned)).transpose()
}

/// The texts of an argument that may be there several times.
pub fn several(flag: &'static str, shown: &[OsString]) -> anyhow::Result<Vec<String>> {
    shown.iter().map(|shown| text(flag, shown).map(str::to_owned)).collect()
}
