//! From digits to E.164: prefixes, country codes, extensions.

use super::country::after_prefix;
use super::formatting::without_brackets;
use super::withheld::{are_no_international_number, are_no_number};
use super::{AppliedRule, Country, Numbering, Party, PartyKind, Rule};

impl Numbering {
    /// Finds out what kind of number some digits are.
    ///
    /// Extensions come first, as no number with a prefix is that short: 0123 and 011 are extensions
    /// in the United States too. The international prefix comes before the trunk prefix, which may
    /// be its beginning: 00 and 0, in Russia 810 and 8.
    ///
    /// Adds all steps but the last, and returns that.
    pub(super) fn place(&self, digits: &str, steps: &mut Vec<AppliedRule>) -> (PartyKind, AppliedRule) {
        if are_no_number(digits) {
            return nobody();
        }
        if digits.len() <= usize::from(self.extension_digits) {
            let step = match self.extension_prefix.as_str() {
                "" => AppliedRule::new(Rule::Extension, digits),
                prefix => AppliedRule::new(Rule::ExtensionPrefix, format!("{prefix}{digits}")),
            };
            return (PartyKind::Extension, step);
        }
        if let Some(rest) = self.after_international_prefix(digits) {
            return international(AppliedRule::new(Rule::InternationalPrefix, rest), steps);
        }
        if let Some(step) = self.national(digits) {
            return international(step, steps);
        }
        let kind = match digits.starts_with('0') {
            true => PartyKind::National,
            false => PartyKind::Unprefixed,
        };
        match self.without_own_trunk_prefix(digits) {
            Some(shorter) => (kind, AppliedRule::new(Rule::InnerTrunkPrefix, shorter)),
            None => (kind, AppliedRule::new(Rule::AsGiven, digits)),
        }
    }

    fn national(&self, digits: &str) -> Option<AppliedRule> {
        let country = self.country?;
        let (rule, number) = if let Some(rest) = country.after_trunk_prefix(digits) {
            (Rule::TrunkPrefix, rest)
        } else if country.keeps_zero(digits) {
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

    /// Takes the prefix that leaves a number. In some countries a carrier's prefix is the beginning of
    /// 00 and a country code: Singapore's 006 and 0065.
    fn after_international_prefix<'a>(&self, dialled: &'a str) -> Option<&'a str> {
        // 00 is what networks between phone systems use, wherever these stand.
        const NETWORKS: &str = "00";
        let own = self.country.map_or("", |country| country.international);
        let at_home =
            dialled.strip_prefix(NETWORKS).filter(|rest| self.country.is_some_and(|own| own.has(rest)));
        let candidates = (own.split_ascii_whitespace().chain([NETWORKS]))
            .filter_map(|prefix| after_prefix(prefix, dialled))
            .filter(|rest| !rest.is_empty() && !rest.starts_with('0'));
        at_home
            .or_else(|| candidates.clone().find(|rest| is_number(rest)))
            .or_else(|| candidates.clone().next())
    }

    /// A number that is meant within a context, which is digits with a country code: 079 1234567
    /// within 41. None of a short code within a country, which is no part of a longer number.
    ///
    /// Source: RFC 3966, 5.1.5.
    pub(super) fn completed(&self, local: &str, context: &str) -> Option<AppliedRule> {
        let country =
            Country::all_of(context).next().filter(|country| country.behind_code(context).is_some());
        let whole = match country {
            Some(country) => {
                let area = country.behind_code(context)?;
                if area.is_empty() && local.len() <= usize::from(self.extension_digits) {
                    return None;
                }
                let there = Self { country: Some(*country), ..Self::default() };
                let national = |number: &str| format!("{}{number}", country.code);
                match (there.after_international_prefix(local), country.after_trunk_prefix(local)) {
                    (Some(abroad), _) => abroad.to_owned(),
                    (None, Some(number)) => national(number),
                    (None, None) => national(&within_area(country, area, local)),
                }
            }
            None => format!("{context}{local}"),
        };
        Some(AppliedRule::new(Rule::PhoneContext, format!("+{whole}")))
    }

    /// Drops the zero of "+49 (0)30", which is not dialled from abroad; that of "+39 (0)6" is.
    pub(super) fn without_bracketed_zero(&self, number: &str) -> Option<String> {
        let (head, tail) = number.split_once("(0)")?;
        let (head, tail) = (without_brackets(head), without_brackets(tail));
        let prefixed = head.strip_prefix('+').or_else(|| self.after_international_prefix(&head));
        let code = prefixed.unwrap_or(&head);
        let mut countries = Country::all_of(code).filter(|country| country.code.to_string() == code);
        let with_zero = format!("0{tail}");
        let drops_zero = |country: &Country| !country.keeps_zero(&with_zero);
        let all_drop_it = drops_zero(countries.next()?) && countries.all(drops_zero);
        all_drop_it.then(|| head + &tail)
    }

    /// The same for a number with the code of this country and without plus. No number is that long
    /// within a town, so it is none of those.
    fn without_own_trunk_prefix(&self, digits: &str) -> Option<String> {
        const LONGER_THAN_LOCAL: usize = 12;
        let country = self.country.filter(|_| digits.len() >= LONGER_THAN_LOCAL)?;
        country.behind_code(digits)?.strip_prefix('0')?;
        let shorter = without_inner_trunk_prefix(digits)?;
        (self.national_digits.map(usize::from) != Some(shorter.len())).then_some(shorter)
    }
}

/// A context may say more than stands before the number: RFC 3966 has 863-1234 within +1-914-555.
fn within_area(country: &Country, area: &str, local: &str) -> String {
    let joined = |digits: usize| format!("{}{local}", &area[..digits]);
    let fitting = (0..=area.len()).rev().map(joined).find(|number| country.could_be(number));
    fitting.unwrap_or_else(|| joined(area.len()))
}

/// A number with its country code, less what does not belong behind that.
///
/// Adds all steps but the last, and returns that.
pub(super) fn international(step: AppliedRule, steps: &mut Vec<AppliedRule>) -> (PartyKind, AppliedRule) {
    if are_no_international_number(&step.text) {
        steps.push(step);
        return nobody();
    }
    let last = match without_inner_trunk_prefix(&step.text) {
        Some(shorter) => {
            steps.push(step);
            AppliedRule::new(Rule::InnerTrunkPrefix, shorter)
        }
        None => step,
    };
    (PartyKind::International, last)
}

/// Nobody's number.
pub(super) fn nobody() -> (PartyKind, AppliedRule) {
    (PartyKind::Anonymous, AppliedRule::new(Rule::Withheld, Party::ANONYMOUS))
}

/// Whether these digits may be a number with its country code, perhaps with a trunk prefix inside.
pub(super) fn is_number(e164: &str) -> bool {
    Country::all_of(e164).any(|country| country.has(e164))
}

/// Drops the trunk prefix of "+49 030" and "+7 8 495", where a number with it cannot exist and one
/// without it can.
fn without_inner_trunk_prefix(e164: &str) -> Option<String> {
    let countries = Country::all_of(e164);
    let national = countries.clone().next()?.behind_code(e164)?;
    if countries.clone().any(|country| country.could_be(national)) {
        return None;
    }
    let (country, rest) = countries.clone().find_map(|country| {
        // Some write the zero of the international prefix a second time: "+49 00 30".
        let doubled = national.strip_prefix('0').filter(|rest| rest.starts_with('0'));
        let candidates = [Some(national), doubled].into_iter().flatten();
        let rest = candidates.filter_map(|national| country.without_inner_trunk_prefix(national)).next()?;
        Some((country, rest))
    })?;
    Some(format!("{}{rest}", country.code))
}
