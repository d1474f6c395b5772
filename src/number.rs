//! Calling and called parties: from what a phone system shows to what Zammad compares.
//!
//! Zammad compares text and takes every national number for a German one, so numbers leave here as
//! E.164 digits without plus. `zammad_lookup` tells what Zammad makes of them.

mod address;
mod completing;
mod countries;
mod country;
mod formatting;
mod lookup;
mod party;
mod reading;
mod withheld;

use address::unwrapped;
use completing::international;
pub use country::{Country, UnknownCountry};
use formatting::{without_brackets, without_formatting};
pub(crate) use lookup::LOOKED_UP;
pub use lookup::zammad_lookup;
use party::{MAX_CHARACTERS, refuse_control_characters};
pub use party::{NumberError, Party};
pub use reading::{AppliedRule, PartyKind, Reading, Rule};
pub(crate) use withheld::WITHHELD;

/// How numbers look at this phone system.
/// # Example
///
/// ```
/// use zammad_cti::number::{Numbering, PartyKind};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let german = Numbering { country: Some("DE".parse()?), ..Numbering::default() };
/// assert_eq!(german.read("+49 (0)30 / 23125-741")?.as_str(), "493023125741");
/// assert_eq!(german.read("\"Alice\" <sip:03023125741@pbx.example.com>")?.as_str(), "493023125741");
/// assert!(german.read("Anonymous")?.is_anonymous());
///
/// let reading = german.explain("030 23125 741")?;
/// assert_eq!(reading.kind, PartyKind::International);
/// let steps: Vec<String> = reading.steps.iter().map(ToString::to_string).collect();
/// assert_eq!(
///     steps,
///     [
///         "formatting dropped: 03023125741",
///         "trunk prefix replaced by the country code: 493023125741",
///     ]
/// );
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbering {
    /// Where the phone system stands. Without it only numbers with `+` or `00` become E.164.
    pub country: Option<Country>,
    /// A number of at most this many digits is an extension, or a short code such as 112.
    pub extension_digits: u8,
    /// Digits put before an extension, for example 493023125. Empty: extensions stay as they are.
    /// Short codes cannot be told from extensions and get the prefix too.
    pub extension_prefix: String,
    /// A number of exactly this many digits and without prefix is a national one. In the United
    /// States and Canada 10; none where lengths vary, as in Germany.
    pub national_digits: Option<u8>,
    /// Without it text is sent as given.
    pub normalize: bool,
}

impl Default for Numbering {
    fn default() -> Self {
        Self {
            country: None,
            extension_digits: 5,
            extension_prefix: String::new(),
            national_digits: None,
            normalize: true,
        }
    }
}

impl Numbering {
    /// Accepts national and international numbers with the usual formatting, extensions,
    /// `"Name" <number>`, and `sip:`, `sips:` and `tel:` addresses. What cannot be read as a number
    /// stays as it is.
    ///
    /// Not understood, and so possibly wrong: national numbers without area code, and the 15 inside
    /// national mobile numbers of Argentina.
    ///
    /// # Errors
    ///
    /// A control character, or a text that is longer than Zammad keeps.
    pub fn read(&self, shown: &str) -> Result<Party, NumberError> {
        Ok(self.explain(shown)?.party)
    }

    /// Who picked up: an extension stays one, because agents have it in their profile.
    ///
    /// # Errors
    ///
    /// A control character, or a text that is longer than Zammad keeps.
    pub fn read_answering(&self, shown: &str) -> Result<Party, NumberError> {
        Self { extension_prefix: String::new(), ..self.clone() }.read(shown)
    }

    /// The same as [`Numbering::read`], with the path taken.
    ///
    /// # Errors
    ///
    /// A control character, or a text that is longer than Zammad keeps.
    pub fn explain(&self, shown: &str) -> Result<Reading, NumberError> {
        refuse_control_characters(shown)?;
        let mut steps = Vec::new();
        let (kind, last) = if self.normalize {
            self.follow(shown.trim(), &mut steps)?
        } else {
            (PartyKind::Text, AppliedRule::new(Rule::AsGiven, shown))
        };
        let characters = last.text.chars().count();
        if characters > MAX_CHARACTERS {
            return Err(NumberError::TooLong(characters));
        }
        let party = Party(last.text.clone());
        steps.push(last);
        Ok(Reading { party, kind, steps })
    }

    /// Adds all steps but the last, and returns that.
    fn follow(
        &self,
        shown: &str,
        steps: &mut Vec<AppliedRule>,
    ) -> Result<(PartyKind, AppliedRule), NumberError> {
        // As nearly all of them come.
        if !shown.is_empty() && shown.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(self.place(shown, steps));
        }
        let text = unwrapped(shown);
        if text != shown {
            steps.push(AppliedRule::new(Rule::Unwrapped, &*text));
        }
        // A percent escape may have hidden one.
        refuse_control_characters(&text)?;

        let bracketed = without_formatting(&text);
        let number = bracketed.as_deref().map(without_brackets);
        let withheld = WITHHELD.iter().any(|word| text.eq_ignore_ascii_case(word));
        if withheld || number.as_deref() == Some("") {
            return Ok((PartyKind::Anonymous, AppliedRule::new(Rule::Withheld, Party::ANONYMOUS)));
        }
        let (Some(bracketed), Some(mut number)) = (bracketed, number) else {
            return Ok((PartyKind::Text, AppliedRule::new(Rule::AsGiven, text)));
        };
        if number != text {
            steps.push(AppliedRule::new(Rule::Formatting, &number));
        }
        if let Some(shorter) = self.without_bracketed_zero(&bracketed) {
            steps.push(AppliedRule::new(Rule::BracketedZero, &shorter));
            number = shorter;
        }
        Ok(match number.strip_prefix('+') {
            Some(dialled) => match self.after_plus(dialled) {
                Some(digits) => international(AppliedRule::new(Rule::Plus, digits), steps),
                None => (PartyKind::Text, AppliedRule::new(Rule::AsGiven, text)),
            },
            None => self.place(&number, steps),
        })
    }
}

#[cfg(test)]
mod tests;
