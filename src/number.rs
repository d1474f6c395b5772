//! Calling and called parties: from what a phone system shows to what Zammad compares.
//!
//! Zammad compares text and takes every national number for a German one, so numbers leave here as
//! E.164 digits without plus. `zammad_lookup` tells what Zammad makes of them.

mod countries;
mod country;
mod lookup;
mod shown;

use std::fmt;

use serde::{Deserialize, Serialize};

use countries::COUNTRIES;
use country::after_prefix;
pub use country::{Country, UnknownCountry};
pub(crate) use lookup::LOOKED_UP;
pub use lookup::zammad_lookup;
use shown::{unwrapped, without_formatting};

/// Who calls or is called, as Zammad will get it: E.164 digits without plus, an extension,
/// `anonymous`, or text as given. At most 100 characters, none of them a control character.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Party(String);

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
    /// Also line separators, and characters that change the writing direction and so could make a
    /// number look like another.
    #[error("a control character, U+{:04X}, is in the number", u32::from(*.0))]
    ControlCharacter(char),
    /// Zammad would cut the text without a word.
    #[error("the number has {0} characters, Zammad keeps {MAX_CHARACTERS}")]
    TooLong(usize),
}

/// What Zammad's caller log keeps of `from` and `to`.
const MAX_CHARACTERS: usize = 100;

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

/// A party, and how it was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Reading {
    /// What Zammad gets: the text of the last step.
    pub party: Party,
    /// What it was taken for.
    pub kind: PartyKind,
    /// The rules that applied, in order; at least one.
    pub steps: Vec<AppliedRule>,
}

/// What a text was taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PartyKind {
    /// E.164 digits.
    International,
    /// A number inside the phone system, with the extension prefix if there is one.
    Extension,
    /// The number was withheld, or there was none.
    Anonymous,
    /// Begins with a zero that no rule explains, mostly because no country is set. Zammad will take
    /// it for a German number.
    National,
    /// Digits without a prefix. Right if they are E.164 already, which nothing here can tell.
    Unprefixed,
    /// An account name, a feature code such as `*97`, or anything when `normalize` is off.
    Text,
}

/// One rule that applied. Displayed as a part of a sentence: `trunk prefix replaced by the country
/// code: 493023125741`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AppliedRule {
    /// The rule.
    pub rule: Rule,
    /// What it left.
    pub text: String,
}

impl AppliedRule {
    fn new(rule: Rule, text: impl Into<String>) -> Self {
        Self { rule, text: text.into() }
    }
}

impl fmt::Display for AppliedRule {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let rule = match self.rule {
            Rule::Unwrapped => "taken out of the address",
            Rule::Formatting => "formatting dropped",
            Rule::BracketedZero => "trunk prefix in brackets dropped",
            Rule::Withheld => "no number shown",
            Rule::Plus => "plus dropped",
            Rule::InternationalPrefix => "international prefix dropped",
            Rule::Extension => "short enough for an extension",
            Rule::ExtensionPrefix => "extension prefix put before",
            Rule::TrunkPrefix => "trunk prefix replaced by the country code",
            Rule::KeptZero => "country code put before, the zero belongs to the number",
            Rule::NationalDigits => "as long as a national number, country code put before",
            Rule::AsGiven => "sent as it is",
        };
        write!(f, "{rule}: {}", self.text)
    }
}

/// The rules, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rule {
    /// `"Name" <number>`, a `sip:` or a `tel:` address gave its number.
    Unwrapped,
    /// Nothing is left, or a word that stands for a withheld number.
    Withheld,
    /// Blanks, dashes, brackets, dots and slashes are gone, and all digits are ASCII.
    Formatting,
    /// The trunk prefix of "+49 (0)30" is gone.
    BracketedZero,
    /// The number had a plus.
    Plus,
    /// The number is short enough for an extension.
    Extension,
    /// The same, and there is a prefix for extensions.
    ExtensionPrefix,
    /// 00, or what the country has instead, is gone.
    InternationalPrefix,
    /// The trunk prefix, in some countries with a carrier's code, gave way to the country code.
    TrunkPrefix,
    /// The country code was put before a zero that belongs to the number.
    KeptZero,
    /// The country code was put before a number of the configured length.
    NationalDigits,
    /// No rule about numbers applied.
    AsGiven,
}

/// What phone systems show for a withheld number, in any case.
pub(crate) const WITHHELD: [&str; 6] =
    [Party::ANONYMOUS, "private", "unknown", "withheld", "unavailable", "restricted"];

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
            return Ok(self.place(shown));
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
                Some(digits) => (PartyKind::International, AppliedRule::new(Rule::Plus, digits)),
                None => (PartyKind::Text, AppliedRule::new(Rule::AsGiven, text)),
            },
            None => self.place(&number),
        })
    }

    /// Finds out what kind of number some digits are.
    ///
    /// Extensions come first, as no number with a prefix is that short: 0123 and 011 are extensions
    /// in the United States too. The international prefix comes before the trunk prefix, which may
    /// be its beginning: 00 and 0, in Russia 810 and 8.
    fn place(&self, digits: &str) -> (PartyKind, AppliedRule) {
        if digits.len() <= usize::from(self.extension_digits) {
            let step = match self.extension_prefix.as_str() {
                "" => AppliedRule::new(Rule::Extension, digits),
                prefix => AppliedRule::new(Rule::ExtensionPrefix, format!("{prefix}{digits}")),
            };
            return (PartyKind::Extension, step);
        }
        let international = (self.after_international_prefix(digits))
            .map(|rest| AppliedRule::new(Rule::InternationalPrefix, rest));
        if let Some(step) = international.or_else(|| self.national(digits)) {
            return (PartyKind::International, step);
        }
        let kind = match digits.starts_with('0') {
            true => PartyKind::National,
            false => PartyKind::Unprefixed,
        };
        (kind, AppliedRule::new(Rule::AsGiven, digits))
    }

    fn national(&self, digits: &str) -> Option<AppliedRule> {
        let country = self.country?;
        let (rule, number) = if let Some(rest) = country.after_trunk_prefix(digits) {
            (Rule::TrunkPrefix, rest)
        } else if country.keeps_zero && digits.starts_with('0') {
            (Rule::KeptZero, digits)
        } else if self.national_digits.map(usize::from) == Some(digits.len()) {
            (Rule::NationalDigits, digits)
        } else {
            return None;
        };
        Some(AppliedRule::new(rule, format!("{}{number}", country.code)))
    }

    /// No E.164 number begins with a zero. Some gateways put a plus before the international
    /// prefix.
    fn after_plus<'a>(&self, dialled: &'a str) -> Option<&'a str> {
        match dialled.bytes().next()? {
            b'0' => self.after_international_prefix(dialled),
            _ => Some(dialled),
        }
    }

    fn after_international_prefix<'a>(&self, dialled: &'a str) -> Option<&'a str> {
        let own = self.country.map_or("", |country| country.international);
        // 00 is what networks between phone systems use, wherever these stand.
        (own.split_ascii_whitespace().chain(["00"]))
            .filter_map(|prefix| after_prefix(prefix, dialled))
            .find(|rest| !rest.is_empty() && !rest.starts_with('0'))
    }

    /// Drops the zero of "+49 (0)30", which is not dialled from abroad; that of "+39 (0)6" is.
    fn without_bracketed_zero(&self, number: &str) -> Option<String> {
        let (head, tail) = number.split_once("(0)")?;
        let head = without_brackets(head);
        let prefixed = head.strip_prefix('+').or_else(|| self.after_international_prefix(&head));
        let code = prefixed.unwrap_or(&head);
        let mut countries = COUNTRIES.iter().filter(|country| country.code.to_string() == code);
        let drops_zero = countries.next()?.drops_zero() && countries.all(Country::drops_zero);
        drops_zero.then(|| head + &without_brackets(tail))
    }
}

/// Refuses also line separators and what changes the writing direction (Unicode's `Bidi_Control`).
fn refuse_control_characters(text: &str) -> Result<(), NumberError> {
    let refused = |c: &char| match c {
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => true,
        c => c.is_control(),
    };
    match text.chars().find(refused) {
        Some(c) => Err(NumberError::ControlCharacter(c)),
        None => Ok(()),
    }
}

fn without_brackets(number: &str) -> String {
    number.replace(['(', ')'], "")
}

#[cfg(test)]
mod tests {
    use phonenumber::metadata::{DATABASE, Descriptor};
    use phonenumber::{Mode, PhoneNumber, country};
    use serde::Deserialize;
    use serde::de::value::{Error, StrDeserializer};

    use super::*;

    /// Without a country for "".
    fn numbering(letters: &str) -> Numbering {
        let country = (!letters.is_empty()).then(|| letters.parse().unwrap());
        Numbering { country, ..Numbering::default() }
    }

    /// (country, what the PBX shows, what Zammad gets), all of them numbers that exist or could.
    const E164: [(&str, &str, &str); 97] = [
        ("DE", "030 23125 741", "493023125741"),
        ("DE", "030/23125-741", "493023125741"),
        ("DE", "(030) 23125.741", "493023125741"),
        ("DE", "[030] 23125741", "493023125741"),
        ("DE", "030\u{a0}23125\u{202f}741", "493023125741"),
        ("DE", "030\u{2013}23125\u{2011}741", "493023125741"),
        ("DE", "０３０ ２３１２５ ７４１", "493023125741"),
        ("DE", "＋４９（０）３０２３１２５７４１", "493023125741"),
        ("DE", "٠٣٠ ٢٣١٢٥٧٤١", "493023125741"),
        ("DE", "۰۳۰ ۲۳۱۲۵۷۴۱", "493023125741"),
        ("DE", "+49 30 23125741", "493023125741"),
        ("DE", "+49 (0)30 23125 741", "493023125741"),
        ("DE", "+49 [0] 30 23125741", "493023125741"),
        ("DE", "(+49) 30 23125741", "493023125741"),
        ("DE", "0049 30 23125741", "493023125741"),
        ("DE", "0049 (0)30 23125741", "493023125741"),
        ("DE", "(0049) 30 23125741", "493023125741"),
        ("DE", "+0049 30 23125741", "493023125741"),
        ("DE", "0151 23456789", "4915123456789"),
        ("DE", "0800 1234567", "498001234567"),
        ("DE", "0041 44 668 18 00", "41446681800"),
        ("DE", "0039 (0)6 12345678", "390612345678"),
        ("", "+49 30 23125741", "493023125741"),
        ("", "0049 30 23125741", "493023125741"),
        ("", "+49 (0)30 23125741", "493023125741"),
        ("AT", "01 515 30 0", "431515300"),
        ("AT", "0664 1234567", "436641234567"),
        ("AT", "+43 (0)1 51530", "43151530"),
        ("CH", "044 668 18 00", "41446681800"),
        ("CH", "0041446681800", "41446681800"),
        ("CH", "+41 44 668 18 00", "41446681800"),
        ("FR", "01 42 68 53 00", "33142685300"),
        ("FR", "06.12.34.56.78", "33612345678"),
        ("FR", "+33 (0)1 42 68 53 00", "33142685300"),
        ("IT", "06 1234 5678", "390612345678"),
        ("IT", "02 1234567", "39021234567"),
        ("IT", "+39 06 12345678", "390612345678"),
        ("IT", "0039 06 12345678", "390612345678"),
        ("IT", "+39 (0)6 12345678", "390612345678"),
        ("IT", "+39 347 1234567", "393471234567"),
        ("IT", "0049 30 23125741", "493023125741"),
        ("SM", "0549 886377", "3780549886377"),
        ("VA", "06 698 12345", "390669812345"),
        ("CI", "07 07 07 07 07", "2250707070707"),
        ("BJ", "01 95 12 34 56", "2290195123456"),
        ("GA", "011 73 12 34", "24111731234"),
        ("GA", "01 44 12 34", "24101441234"),
        ("GB", "020 7031 3000", "442070313000"),
        ("GB", "(0121) 234 5678", "441212345678"),
        ("GB", "+44 (0)20 7031 3000", "442070313000"),
        ("GB", "07400 123456", "447400123456"),
        ("US", "1 (650) 253-0000", "16502530000"),
        ("US", "+1 650-253-0000", "16502530000"),
        ("US", "011 49 30 23125741", "493023125741"),
        ("US", "0049 30 23125741", "493023125741"),
        ("US", "+011 49 30 23125741", "493023125741"),
        ("CA", "1-416-555-0123", "14165550123"),
        ("HU", "06 1 234 5678", "3612345678"),
        ("HU", "06 20 123 4567", "36201234567"),
        ("HU", "00 49 30 23125741", "493023125741"),
        ("RU", "8 (495) 123-45-67", "74951234567"),
        ("RU", "8 343 123 45 67", "73431234567"),
        ("RU", "+7 (495) 123-45-67", "74951234567"),
        ("RU", "810 49 30 23125741", "493023125741"),
        ("RU", "8~10 49 30 23125741", "493023125741"),
        ("KZ", "8 727 258 1234", "77272581234"),
        ("BY", "8 017 491 19 11", "375174911911"),
        ("BY", "8 029 491 19 11", "375294911911"),
        ("LT", "8 5 212 3456", "37052123456"),
        ("LT", "0 5 212 3456", "37052123456"),
        ("JP", "03-1234-5678", "81312345678"),
        ("JP", "090-1234-5678", "819012345678"),
        ("JP", "010 49 30 23125741", "493023125741"),
        ("BR", "011 2345-6789", "551123456789"),
        ("BR", "0 15 11 2345-6789", "551123456789"),
        ("BR", "0 21 11 96123-4567", "5511961234567"),
        ("BR", "015 3234-5678", "551532345678"),
        ("BR", "0 15 15 99612-3456", "5515996123456"),
        ("BR", "00 15 49 30 23125741", "493023125741"),
        ("BR", "00 49 30 23125741", "493023125741"),
        ("CO", "03 601 234 5678", "576012345678"),
        ("CO", "0 601 234 5678", "576012345678"),
        ("KR", "02-2123-4567", "82221234567"),
        ("KR", "081 2 2123 4567", "82221234567"),
        ("KR", "00700 49 30 23125741", "493023125741"),
        ("AU", "02 9374 4000", "61293744000"),
        ("AU", "0412 345 678", "61412345678"),
        ("AU", "0011 49 30 23125741", "493023125741"),
        ("NZ", "03 331 6005", "6433316005"),
        ("ES", "+34 912 34 56 78", "34912345678"),
        ("PL", "0048 12 345 67 89", "48123456789"),
        ("TR", "0212 345 67 89", "902123456789"),
        ("IN", "022 2345 6789", "912223456789"),
        ("CN", "010 8765 4321", "861087654321"),
        ("AR", "011 2345-6789", "541123456789"),
        ("CU", "119 49 30 23125741", "493023125741"),
        ("SG", "001 49 30 23125741", "493023125741"),
    ];

    #[test]
    fn numbers_become_e164_digits_by_the_rules_of_their_country() {
        for (letters, shown, expected) in E164 {
            let reading = numbering(letters).explain(shown).unwrap();
            assert_eq!(reading.party.as_str(), expected, "{letters}: read {shown:?}");
            assert_eq!(reading.kind, PartyKind::International, "{letters}: read {shown:?}");
        }
    }

    fn as_libphonenumber(letters: &str, shown: &str) -> Option<PhoneNumber> {
        let country: Option<country::Id> = letters.parse().ok();
        phonenumber::parse(country, shown).ok()
    }

    fn e164(number: &PhoneNumber) -> String {
        let with_plus = number.format().mode(Mode::E164).to_string();
        with_plus.trim_start_matches('+').to_owned()
    }

    #[test]
    fn libphonenumber_reads_the_same_numbers() {
        // It does not know these blanks and digits, understands 00 only where that is dialled, and
        // leaves the zero in brackets to Italy only behind a plus.
        let unknown_to_it = [
            ("DE", "030\u{a0}23125\u{202f}741"),
            ("DE", "０３０ ２３１２５ ７４１"),
            ("DE", "＋４９（０）３０２３１２５７４１"),
            ("DE", "٠٣٠ ٢٣١٢٥٧٤١"),
            ("DE", "۰۳۰ ۲۳۱۲۵۷۴۱"),
            ("DE", "0039 (0)6 12345678"),
            ("", "0049 30 23125741"),
            ("US", "0049 30 23125741"),
            ("BR", "00 49 30 23125741"),
        ];
        for (letters, shown, expected) in E164 {
            let theirs = if unknown_to_it.contains(&(letters, shown)) {
                as_libphonenumber("", &format!("+{expected}"))
            } else {
                as_libphonenumber(letters, shown)
            };
            let theirs = theirs.filter(PhoneNumber::is_valid);
            assert_eq!(theirs.as_ref().map(e164).as_deref(), Some(expected), "{letters}: {shown:?}");
        }
    }

    /// libphonenumber's examples of ordinary numbers, as (country, trunk prefix, number behind it).
    fn examples() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
        // 001 stands for no country.
        DATABASE.iter().filter(|meta| meta.id() != "001").flat_map(|meta| {
            let kinds = meta.descriptors();
            let kinds = [kinds.fixed_line(), kinds.mobile()].into_iter().flatten();
            let trunk = meta.national_prefix().unwrap_or("");
            kinds.filter_map(Descriptor::example).map(move |number| (meta.id(), trunk, number))
        })
    }

    #[test]
    fn national_numbers_of_every_country_are_read_as_libphonenumber_does() {
        let mut numbers = 0;
        for (letters, trunk, number) in examples() {
            let numbering = Numbering {
                extension_digits: 0,
                national_digits: Some(number.len() as u8),
                ..numbering(letters)
            };
            let shown = format!("{trunk}{number}");
            // It takes the first digit of a Colombian mobile number for a carrier's code.
            let theirs = match letters {
                "CO" => as_libphonenumber("", &format!("+57{number}")),
                _ => as_libphonenumber(letters, &shown),
            };
            let ours = numbering.read(&shown).unwrap().to_string();
            assert_eq!(Some(ours), theirs.as_ref().map(e164), "{letters}: {shown}");
            numbers += 1;
        }
        // A fixed line and a mobile one of nearly all.
        assert!(numbers > 2 * COUNTRIES.len() - 20, "{numbers}");
    }

    #[test]
    fn numbers_of_every_country_are_understood_in_every_format() {
        for (letters, _, number) in examples() {
            let numbering = Numbering {
                extension_digits: 0,
                national_digits: Some(number.len() as u8),
                ..numbering(letters)
            };
            let code = numbering.country.unwrap().code;
            let e164 = format!("{code}{number}");
            let number = phonenumber::parse(None, format!("+{e164}")).unwrap();
            for mode in [Mode::International, Mode::National] {
                let shown = number.format().mode(mode).to_string();
                // Argentina's mobile numbers: a 9 from abroad, but a 15 inside the country.
                if shown == "011 15-2345-6789" {
                    continue;
                }
                assert_eq!(numbering.read(&shown).unwrap().as_str(), e164, "{letters}: {shown:?}");
            }
        }
    }

    #[test]
    fn what_is_no_number_with_a_prefix_stays() {
        use PartyKind::{Extension, International, National, Text, Unprefixed};
        // (country, what the PBX shows, what Zammad gets, taken for)
        let cases = [
            ("DE", "741", "741", Extension),
            ("DE", "110", "110", Extension),
            ("DE", "112", "112", Extension),
            ("DE", "0123", "0123", Extension),
            ("DE", "00049", "00049", Extension),
            ("DE", "(741)", "741", Extension),
            ("US", "011", "011", Extension),
            ("US", "1 234", "1234", Extension),
            ("RU", "81049", "81049", Extension),
            ("DE", "+49112", "49112", International),
            ("DE", "493023125741", "493023125741", Unprefixed),
            ("DE", "4930 23125741", "493023125741", Unprefixed),
            ("DE", "49(0)30 23125741", "493023125741", Unprefixed),
            ("DE", "23125741", "23125741", Unprefixed),
            ("US", "650 253 0000", "6502530000", Unprefixed),
            ("US", "1650253", "1650253", Unprefixed),
            ("RU", "495 123 45 67", "4951234567", Unprefixed),
            ("RU", "8613912345678", "8613912345678", Unprefixed),
            ("BR", "905321234567", "905321234567", Unprefixed),
            ("CN", "12123001234", "12123001234", Unprefixed),
            ("IT", "347 1234567", "3471234567", Unprefixed),
            ("", "030 23125741", "03023125741", National),
            ("HU", "030 123 4567", "0301234567", National),
            ("ES", "0912345678", "0912345678", National),
            ("DE", "000 123456", "000123456", National),
            ("DE", "alice", "alice", Text),
            ("DE", "  Alice B. Cooper-Smith ", "Alice B. Cooper-Smith", Text),
            ("DE", "alice@example.com", "alice@example.com", Text),
            ("DE", "*97", "*97", Text),
            ("DE", "**1#", "**1#", Text),
            ("DE", "*21*030 23125741#", "*21*030 23125741#", Text),
            ("DE", "+49 30 CALL ME", "+49 30 CALL ME", Text),
            ("DE", "030 23125741 ext. 5", "030 23125741 ext. 5", Text),
            ("DE", "+", "+", Text),
            ("DE", "+030 23125741", "+030 23125741", Text),
            ("DE", "++49 30 23125741", "++49 30 23125741", Text),
            ("DE", "030+23125741", "030+23125741", Text),
            ("DE", "http://example.com", "http://example.com", Text),
            ("DE", "1 < 2", "1 < 2", Text),
        ];
        for (letters, shown, expected, kind) in cases {
            let reading = numbering(letters).explain(shown).unwrap();
            let found = (reading.party.as_str(), reading.kind);
            assert_eq!(found, (expected, kind), "{letters}: read {shown:?}");
        }
    }

    #[test]
    fn addresses_are_unwrapped() {
        // (what the PBX shows, what Zammad gets)
        let cases = [
            (r#""Alice Smith" <030 23125741>"#, "493023125741"),
            (r#""Alice <home>" <sip:741@pbx.example.com>;tag=a1"#, "741"),
            ("Alice <741>", "741"),
            ("<741>", "741"),
            ("< +49 30 23125741 >", "493023125741"),
            ("sip:+493023125741@pbx.example.com", "493023125741"),
            ("SIP:+493023125741@192.0.2.1:5060;user=phone", "493023125741"),
            ("sips:%2B493023125741@pbx.example.com", "493023125741"),
            ("sip:+493023125741;npdi;rn=1@pbx.example.com?subject=a@b", "493023125741"),
            ("sip:741:secret@pbx.example.com", "741"),
            ("sip:741", "741"),
            ("sip:741;phone-context=pbx.example.com", "741"),
            ("sip:*97@pbx.example.com", "*97"),
            ("sip:%2a%2A1%23@pbx.example.com", "**1#"),
            ("sip:alice@pbx.example.com", "alice"),
            ("sip:J%C3%B6rg@pbx.example.com", "Jörg"),
            ("sip:100%25@pbx.example.com", "100%"),
            ("sip:100%@pbx.example.com", "100%"),
            ("sip:%+f%é%ff@pbx.example.com", "%+f%é%ff"),
            ("tel:+49-30-23125-741", "493023125741"),
            ("tel:030-23125741;phone-context=+49", "493023125741"),
            ("Tel:+49(0)30.23125741;ext=5", "493023125741"),
        ];
        for (shown, expected) in cases {
            let party = numbering("DE").read(shown).unwrap();
            assert_eq!(party.as_str(), expected, "read {shown:?}");
        }
    }

    #[test]
    fn withheld_numbers_are_anonymous() {
        let cases = [
            "",
            " ",
            "-",
            "()",
            "anonymous",
            "Anonymous",
            "PRIVATE",
            "unknown",
            "Withheld",
            "unavailable",
            "Restricted",
            "<unknown>",
            "\"Alice\" <>",
            "sip:anonymous@anonymous.invalid",
            "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=a1",
            "sip:pbx.example.com",
            "sip:192.0.2.1:5060;transport=tls",
            "sip:@192.0.2.1",
            "tel:",
        ];
        for shown in cases {
            let reading = numbering("DE").explain(shown).unwrap();
            assert!(reading.party.is_anonymous(), "read {shown:?}");
            assert_eq!(reading.party.to_string(), "anonymous", "read {shown:?}");
            assert_eq!(reading.kind, PartyKind::Anonymous, "read {shown:?}");
        }
        assert!(!numbering("DE").read("anonymous coward").unwrap().is_anonymous());
    }

    #[test]
    fn the_plan_of_the_phone_system_is_followed() {
        let extensions =
            Numbering { extension_digits: 3, extension_prefix: "493023125".to_owned(), ..numbering("DE") };
        let american = Numbering { national_digits: Some(10), ..numbering("US") };
        let russian = Numbering { national_digits: Some(10), ..numbering("RU") };
        let nowhere = Numbering { national_digits: Some(10), ..numbering("") };
        let as_given = Numbering { normalize: false, ..numbering("DE") };
        let cases = [
            (&extensions, "741", "493023125741"),
            (&extensions, "sip:741@pbx.example.com", "493023125741"),
            (&extensions, "7410", "7410"),
            (&extensions, "0301", "49301"),
            (&american, "(650) 253-0000", "16502530000"),
            (&american, "1 650 253 0000", "16502530000"),
            (&american, "253-0000", "2530000"),
            (&american, "493023125741", "493023125741"),
            (&russian, "812 123 45 67", "78121234567"),
            (&russian, "8 812 123 45 67", "78121234567"),
            (&nowhere, "650 253 0000", "6502530000"),
            (&as_given, " 030/23125-741 ", " 030/23125-741 "),
            (&as_given, "sip:741@pbx.example.com", "sip:741@pbx.example.com"),
            (&as_given, "", ""),
        ];
        for (numbering, shown, expected) in cases {
            let party = numbering.read(shown).unwrap();
            assert_eq!(party.as_str(), expected, "{numbering:?} read {shown:?}");
        }
    }

    #[test]
    fn the_path_is_told() {
        let path = |letters: &str, shown: &str| -> Vec<String> {
            let reading = numbering(letters).explain(shown).unwrap();
            assert_eq!(reading.steps.last().unwrap().text, reading.party.as_str());
            reading.steps.iter().map(AppliedRule::to_string).collect()
        };
        assert_eq!(
            path("DE", "\"Alice\" <sip:%2B49 (0)30 23125-741@pbx.example.com>"),
            [
                "taken out of the address: +49 (0)30 23125-741",
                "formatting dropped: +4903023125741",
                "trunk prefix in brackets dropped: +493023125741",
                "plus dropped: 493023125741",
            ]
        );
        let rules = |letters: &str, shown: &str| -> Vec<Rule> {
            let reading = numbering(letters).explain(shown).unwrap();
            reading.steps.iter().map(|step| step.rule).collect()
        };
        use Rule::*;
        assert_eq!(rules("DE", "03023125741"), [TrunkPrefix]);
        assert_eq!(rules("DE", "0041446681800"), [InternationalPrefix]);
        assert_eq!(rules("IT", "06 12345678"), [Formatting, KeptZero]);
        assert_eq!(rules("", "030 23125741"), [Formatting, AsGiven]);
        assert_eq!(rules("DE", "741"), [Extension]);
        assert_eq!(rules("DE", "<unknown>"), [Unwrapped, Withheld]);
        assert_eq!(rules("DE", "*97"), [AsGiven]);
    }

    #[test]
    fn what_zammad_could_not_keep_or_show_is_refused() {
        let as_given = Numbering { normalize: false, ..numbering("DE") };
        let hidden = [
            '\0', '\t', '\n', '\r', '\u{1b}', '\u{7f}', '\u{85}', '\u{61c}', '\u{200e}', '\u{200f}',
            '\u{2028}', '\u{2029}', '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}',
        ];
        for c in hidden {
            for shown in [format!("030{c}23125741"), format!("alice{c}"), format!("<741>{c}")] {
                for numbering in [&numbering("DE"), &as_given] {
                    let refused = numbering.read(&shown).unwrap_err();
                    assert_eq!(refused, NumberError::ControlCharacter(c), "read {shown:?}");
                    assert!(!refused.to_string().contains(c), "{refused:?}");
                }
            }
        }
        let escaped = numbering("DE").read("sip:alice%0A@pbx.example.com");
        assert_eq!(escaped, Err(NumberError::ControlCharacter('\n')));

        let longest = "ü".repeat(100);
        assert_eq!(numbering("DE").read(&longest).unwrap().as_str(), longest);
        let too_long = format!("{longest}ü");
        for numbering in [&numbering("DE"), &as_given] {
            assert_eq!(numbering.read(&too_long), Err(NumberError::TooLong(101)));
        }
        // Only what is sent counts.
        let wrapped = format!("\"{too_long}\" <741>");
        assert_eq!(numbering("DE").read(&wrapped).unwrap().as_str(), "741");
    }

    #[test]
    fn refusals_say_what_is_wrong() {
        let messages =
            [NumberError::ControlCharacter('\u{7}').to_string(), NumberError::TooLong(101).to_string()];
        assert_eq!(
            messages,
            [
                "a control character, U+0007, is in the number",
                "the number has 101 characters, Zammad keeps 100"
            ]
        );
    }

    #[test]
    fn countries_are_two_letters() {
        for country in COUNTRIES {
            assert_eq!(country.to_string().parse(), Ok(country));
            assert_eq!(country.to_string().to_lowercase().parse(), Ok(country));
        }
        // (what is given, the end of the message)
        let cases = [
            ("", "such as DE"),
            ("Germany", "such as DE"),
            ("D\n", "such as DE"),
            ("uk", "for the United Kingdom GB"),
            ("+49", "with this calling code DE"),
            ("44", "with this calling code GB, GG, IM, JE"),
        ];
        for (given, example) in cases {
            let refused = given.parse::<Country>().unwrap_err();
            let expected = "is not a country: two letters as in ISO 3166 are expected";
            assert_eq!(refused.to_string(), format!("{given:?} {expected}, {example}"));
        }
        let from_file = |text| Country::deserialize(StrDeserializer::<Error>::new(text));
        assert_eq!(from_file("de").unwrap().to_string(), "DE");
        assert!(from_file("49").unwrap_err().to_string().contains("DE"));
    }

    #[test]
    fn zammad_looks_numbers_up_as_german_ones() {
        let cases: [(&str, &[&str]); 23] = [
            ("493023125741", &["493023125741"]),
            ("+49 30 23125741", &["493023125741"]),
            ("0049 30 23125741", &["493023125741"]),
            ("030 23125-741", &["493023125741"]),
            ("+49 (0)30 23125741", &["493023125741"]),
            ("0049(0)30 23125741", &["493023125741"]),
            ("49(030)23125741", &["493023125741"]),
            ("(030) 23125741", &["493023125741"]),
            ("sip:493023125741@pbx.example.com", &["493023125741"]),
            ("\"Alice\" <493023125741>", &["493023125741"]),
            ("044 668 18 00", &["49446681800"]),
            ("+423 (0)23 123 45", &["42302312345"]),
            ("030/23125741", &["23125741"]),
            ("030.23125.741", &[]),
            ("12345", &[]),
            ("123456", &["123456"]),
            ("1 2 3 ", &["123"]),
            ("anonymous", &[]),
            ("", &[]),
            ("- - - -", &[]),
            ("123456, 234567", &["123456", "234567"]),
            ("12345678901234567890123456789012", &["12345678901234567890123456", "789012"]),
            ("٠٣٠٢٣١٢٥٧٤١", &[]),
        ];
        for (sent, expected) in cases {
            assert_eq!(zammad_lookup(sent), expected, "looked up {sent:?}");
        }
    }
}
