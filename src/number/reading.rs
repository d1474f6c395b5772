//! How a number was read: the rules that applied, and what it was taken for.

use std::fmt;

use serde::Serialize;

use super::Party;

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
    pub(super) fn new(rule: Rule, text: impl Into<String>) -> Self {
        Self { rule, text: text.into() }
    }
}

impl fmt::Display for AppliedRule {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let rule = match self.rule {
            Rule::Unwrapped => "taken out of the address",
            Rule::Formatting => "formatting dropped",
            Rule::DialledExtension => "extension behind the number dropped",
            Rule::Letters => "letters replaced by the digits of their keys",
            Rule::PhoneContext => "completed by the phone-context",
            Rule::BracketedZero => "trunk prefix in brackets dropped",
            Rule::Withheld => "no number shown",
            Rule::Plus => "plus dropped",
            Rule::InternationalPrefix => "international prefix dropped",
            Rule::Extension => "short enough for an extension",
            Rule::ExtensionPrefix => "extension prefix put before",
            Rule::InnerTrunkPrefix => "trunk prefix behind the country code dropped",
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
    /// `"Name" <number>`, a `sip:` or a `tel:` address gave its number, or options behind the number
    /// are gone.
    Unwrapped,
    /// Nothing is left, or what stands for a withheld number.
    Withheld,
    /// An extension that is dialled when the call stands is gone, as in "030 23125741 ext. 5".
    DialledExtension,
    /// A number in letters, as in "0800 FLOWERS".
    Letters,
    /// Blanks, dashes, brackets, dots and slashes are gone, and all digits are ASCII.
    Formatting,
    /// `phone-context` gave the country code, and perhaps the area.
    PhoneContext,
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
    /// A trunk prefix between the country code and the number is gone, as in "+49 030" and "+7 8 495".
    InnerTrunkPrefix,
    /// The country code was put before a zero that belongs to the number.
    KeptZero,
    /// The country code was put before a number of the configured length.
    NationalDigits,
    /// No rule about numbers applied.
    AsGiven,
}
