//! Who calls or is called, as Zammad will get it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Who calls or is called, as Zammad will get it: E.164 digits without plus, an extension,
/// `anonymous`, or text as given. At most 100 characters, none of them a control character.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Party(pub(super) String);

impl Party {
    /// What stands for a number that is withheld, or none.
    pub const ANONYMOUS: &str = "anonymous";

    /// The text that Zammad gets.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the caller withheld the number.
    pub fn is_anonymous(&self) -> bool {
        self.0 == Self::ANONYMOUS
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Why something cannot be sent as a party.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NumberError {
    /// One that is no blank: what nobody sees is dropped, with what changes the writing direction and so could make a
    /// number look like another.
    #[error("the number has a control character, U+{:04X}", u32::from(*.0))]
    ControlCharacter(char),
    /// Zammad would cut the text without a word.
    #[error("the number has {0} characters; Zammad keeps {MAX_CHARACTERS}")]
    TooLong(usize),
}

/// What Zammad's caller log keeps of `from` and `to`.
pub(super) const MAX_CHARACTERS: usize = 100;

/// Refuses what is neither to be seen nor a blank.
pub(super) fn refuse_control_characters(text: &str) -> Result<(), NumberError> {
    match text.chars().find(|c| c.is_control()) {
        Some(c) => Err(NumberError::ControlCharacter(c)),
        None => Ok(()),
    }
}
