//! From digits to E.164: prefixes, country codes, extensions.

use super::countries::COUNTRIES;
use super::country::after_prefix;
use super::formatting::without_brackets;
use super::{AppliedRule, Country, Numbering, PartyKind, Rule};

impl Numbering {
    /// Finds out what kind of number some digits are.
    ///
    /// Extensions come first, as no number with a prefix is that short: 0123 and 011 are extensions
    /// in the United States too. The international prefix comes before the trunk prefix, which may
    /// be its beginning: 00 and 0, in Russia 810 and 8.
    pub(super) fn place(&self, digits: &str) -> (PartyKind, AppliedRule) {
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
    pub(super) fn after_plus<'a>(&self, dialled: &'a str) -> Option<&'a str> {
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
    pub(super) fn without_bracketed_zero(&self, number: &str) -> Option<String> {
        let (head, tail) = number.split_once("(0)")?;
        let head = without_brackets(head);
        let prefixed = head.strip_prefix('+').or_else(|| self.after_international_prefix(&head));
        let code = prefixed.unwrap_or(&head);
        let mut countries = COUNTRIES.iter().filter(|country| country.code.to_string() == code);
        let drops_zero = countries.next()?.drops_zero() && countries.all(Country::drops_zero);
        drops_zero.then(|| head + &without_brackets(tail))
    }
}
