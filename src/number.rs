//! Calling and called parties: from what a phone system shows to what Zammad compares.
//!
//! Zammad compares text and takes every national number for a German one, so numbers leave here as
//! E.164 digits without plus. `zammad_lookup` tells what Zammad makes of them.

mod address;
mod completing;
mod countries;
mod country;
mod dressed;
mod formatting;
mod lookup;
mod matches;
mod party;
mod reading;
mod visible;
mod withheld;

use std::net::{IpAddr, SocketAddr};

use address::Address;
use completing::{international, is_number, nobody};
pub use country::{Country, UnknownCountry};
use dressed::{first_of_two, undressed};
use formatting::{letters_as_digits, without_brackets, without_dialled_extension, without_formatting};
pub(crate) use lookup::LOOKED_UP;
pub use lookup::zammad_lookup;
pub(crate) use matches::{Match, Setting, is_too_short_for_phone, zammad_matches};
use party::{MAX_CHARACTERS, refuse_control_characters};
pub use party::{NumberError, Party};
pub use reading::{AppliedRule, PartyKind, Reading, Rule};
use visible::visible;
use withheld::are_no_international_number;
pub(crate) use withheld::stands_for_no_number;

/// A number with all its names and options has some hundred bytes.
const LONGEST_TEXT: usize = 2000;

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
    /// Accepts national and international numbers with the usual formatting, also in letters and with
    /// an extension behind them, extensions, `"Name" <number>`, and `sip:`, `sips:`, `tel:` and
    /// `callto:` addresses. Options behind a number are dropped, but for a `phone-context` of digits,
    /// which completes it. Invisible marks are gone, and tabs and line ends count as blanks. What cannot be read as a
    /// number stays as it is.
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
        let shown = &*visible(shown);
        refuse_control_characters(shown)?;
        // A stranger may send any text, and some take long to read.
        if shown.len() > LONGEST_TEXT {
            return Err(NumberError::TooLong(shown.chars().count()));
        }
        let mut steps = Vec::new();
        let (kind, last) =
            if self.normalize { self.follow(shown.trim(), &mut steps)? } else { as_given(shown) };
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
        let address = Address::of(shown);
        // A percent escape may have hidden one.
        let user = visible(&address.user);
        let text = first_of_two(&user).unwrap_or(&user);
        if text != shown {
            steps.push(AppliedRule::new(Rule::Unwrapped, text));
        }
        refuse_control_characters(text)?;
        if address.names_nobody() || is_machine(text) || is_quoted_nothing(text) {
            return Ok(nobody());
        }
        let written = self.number(text, address.context.as_deref(), steps);
        Ok(written.or_else(|| self.written_otherwise(text, steps)).unwrap_or_else(|| as_given(text)))
    }

    /// Reads digits with formatting. None of anything else.
    ///
    /// Adds all steps but the last, and returns that.
    fn number(
        &self,
        text: &str,
        context: Option<&str>,
        steps: &mut Vec<AppliedRule>,
    ) -> Option<(PartyKind, AppliedRule)> {
        let bracketed = without_formatting(text)?;
        let mut number = without_brackets(&bracketed);
        if number.trim_start_matches('+').is_empty() {
            return Some(nobody());
        }
        if number.starts_with('+') && self.after_plus(&number[1..]).is_none() {
            return are_no_international_number(&number[1..]).then(nobody);
        }
        if number != text {
            steps.push(AppliedRule::new(Rule::Formatting, &number));
        }
        if let Some(shorter) = self.without_bracketed_zero(&bracketed) {
            steps.push(AppliedRule::new(Rule::BracketedZero, &shorter));
            number = shorter;
        } else if let Some(context) = context.filter(|_| !number.starts_with('+'))
            && let Some(step) = self.completed(&number, context)
        {
            number.clone_from(&step.text);
            steps.push(step);
        }
        match number.strip_prefix('+') {
            Some(dialled) => {
                Some(international(AppliedRule::new(Rule::Plus, self.after_plus(dialled)?), steps))
            }
            None => Some(self.place(&number, steps)),
        }
    }

    /// Reads a number with an extension behind it, one with words around it, and one in letters. Accounts may look
    /// like these, so what remains has to be a number with a prefix; an extension may stand alone behind its word.
    fn written_otherwise(
        &self,
        text: &str,
        steps: &mut Vec<AppliedRule>,
    ) -> Option<(PartyKind, AppliedRule)> {
        let before_extension = without_dialled_extension(text);
        let is_clear = before_extension.as_ref().is_some_and(|found| found.is_clear);
        let (mut rule, mut number) = match (before_extension, undressed(text)) {
            (Some(found), _) if found.number.is_empty() => (Rule::Unwrapped, found.extension.to_owned()),
            (Some(found), _) => (Rule::DialledExtension, found.number.to_owned()),
            (None, Some(number)) => (Rule::Unwrapped, number.to_owned()),
            (None, None) => (Rule::Letters, letters_as_digits(text)?),
        };
        let mut path = vec![AppliedRule::new(rule, &number)];
        if rule == Rule::DialledExtension
            && without_formatting(&number).is_none()
            && let Some(digits) = letters_as_digits(&number)
        {
            (rule, number) = (Rule::Letters, digits);
            path.push(AppliedRule::new(rule, &number));
        }
        let (kind, last) = self.number(&number, None, &mut path)?;
        let is_unwrapped = rule == Rule::Unwrapped;
        let is_number = match kind {
            PartyKind::International => rule != Rule::Letters || is_number(&last.text),
            PartyKind::National => rule != Rule::Letters,
            PartyKind::Unprefixed => is_clear || is_unwrapped,
            PartyKind::Extension => is_unwrapped,
            PartyKind::Anonymous | PartyKind::Text => false,
        };
        is_number.then(|| {
            steps.append(&mut path);
            (kind, last)
        })
    }
}

/// Whether it is the address of a machine, which names no caller. Four pairs of digits are a number in Denmark and
/// Norway.
fn is_machine(text: &str) -> bool {
    let is_number = text.split('.').all(|part| part.len() == 2) && !text.starts_with("10.");
    let is_address = text.parse::<IpAddr>().is_ok() || text.parse::<SocketAddr>().is_ok();
    is_address && !is_number
}

/// What a script has left of a variable that is not set, or somebody who does not know.
fn is_quoted_nothing(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| matches!(c, '"' | '\'' | '`' | ' ' | '?'))
}

fn as_given(text: &str) -> (PartyKind, AppliedRule) {
    (PartyKind::Text, AppliedRule::new(Rule::AsGiven, text))
}

#[cfg(test)]
mod tests;
