//! libphonenumber's example numbers, each in the ways people and phone systems write it: Zammad gets
//! the same digits for all of them, or a blocked caller passes and a customer is a stranger.
//!
//! `fixtures/numbers.py` tells where the numbers come from.

use std::collections::BTreeMap;

use zammad_cti::number::Numbering;

const AS_SHOWN: &str = "national, as libphonenumber shows it";

/// A line of `fixtures/numbers.tsv`.
struct Example {
    country: &'static str,
    kinds: &'static str,
    code: &'static str,
    number: &'static str,
    trunk: &'static str,
    abroad: &'static str,
    area: usize,
    national: &'static str,
    theirs: &'static str,
}

impl Example {
    fn all() -> impl Iterator<Item = Self> {
        include_str!("fixtures/numbers.tsv").lines().filter(|line| !line.starts_with('#')).map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            let [country, kinds, code, number, trunk, abroad, area, national, theirs] = columns[..] else {
                panic!("not nine columns: {line}")
            };
            let optional = |text| if text == "-" { "" } else { text };
            let (trunk, abroad, area) = (optional(trunk), optional(abroad), area.parse().unwrap());
            Self { country, kinds, code, number, trunk, abroad, area, national, theirs }
        })
    }

    fn e164(&self) -> String {
        format!("{}{}", self.code, self.number)
    }

    /// In a country whose numbers have no prefix, they count as national by their length.
    fn numbering(&self) -> Numbering {
        Numbering {
            country: Some(self.country.parse().unwrap()),
            extension_digits: 0,
            national_digits: Some(self.number.len().try_into().unwrap()),
            ..Numbering::default()
        }
    }

    /// All spellings with their names.
    fn spellings(&self) -> Vec<(&'static str, String)> {
        let Self { code, number, trunk, abroad, .. } = self;
        // Without an area code of its own, a number is cut behind its third digit.
        let (area, rest) = number.split_at(if self.area == 0 { 3 } else { self.area });
        let (group, last) = rest.split_at(rest.len() / 2);
        // What people put between a country code and a number, as they know it from home.
        let zero = if trunk.is_empty() { "0" } else { trunk };

        let mut all = vec![
            ("plus", format!("+{code}{number}")),
            ("plus and blanks", format!("+{code} {area} {group} {last}")),
            ("plus and brackets", format!("+{code} ({area}) {group}-{last}")),
            ("plus and dots", format!("+{code}.{area}.{group}.{last}")),
            ("plus and slashes", format!("+{code}/{area}/{rest}")),
            ("brackets around the country code", format!("(+{code}) {area} {rest}")),
            ("two pluses", format!("++{code}{number}")),
            ("an escaped plus", format!("%2B{code}{number}")),
            ("00", format!("00{code}{number}")),
            ("00 and blanks", format!("00{code} {area} {group} {last}")),
            ("plus and 00", format!("+00{code}{number}")),
            ("trunk prefix behind the code", format!("+{code}{zero}{number}")),
            ("trunk prefix behind the code, with blanks", format!("+{code} {zero}{area} {rest}")),
            ("trunk prefix in the area code's brackets", format!("+{code}({zero}{area}){rest}")),
            ("trunk prefix in brackets", format!("+{code} ({zero}) {area} {group} {last}")),
            ("trunk prefix in brackets, without blanks", format!("+{code}({zero}){number}")),
            ("trunk prefix behind 00", format!("00{code} {zero}{area} {rest}")),
            ("trunk prefix in brackets behind 00", format!("00{code} ({zero}){area}/{rest}")),
            ("tel", format!("tel:+{code}-{area}-{group}-{last}")),
            ("tel with a trunk prefix", format!("tel:+{code}-({zero})-{area}-{rest};ext=5")),
            ("tel with a context", format!("tel:{trunk}{number};phone-context=+{code}")),
            ("sip", format!("sip:+{code}{number}@pbx.example.com;user=phone")),
            (
                "sip with a trunk prefix",
                format!("<sip:+{code}{zero}{number}@192.0.2.1:5060;user=phone>;tag=a1"),
            ),
            ("sip with options", format!("\"Ann\" <sips:+{code}{number};npdi;rn=+{code}1@pbx.example.com>")),
            ("sip with a context", format!("sip:{trunk}{number};phone-context=+{code}@pbx.example.com")),
            ("sip with dots and no host", format!("sip:+{code}.{area}.{rest}")),
            ("callto", format!("callto:+{code}{number}")),
            ("options and no scheme", format!("+{code}{number};npdi;rn=+{code}1")),
            ("a host and no scheme", format!("+{code}{number}@pbx.example.com")),
            ("an extension", format!("+{code} {area} {rest} ext. 5")),
            ("national", format!("{trunk}{number}")),
            ("national with blanks", format!("{trunk}{area} {group} {last}")),
            ("national with brackets", format!("({trunk}{area}) {group}-{last}")),
            ("national with dots", format!("{trunk}{area}.{group}.{last}")),
            ("national with a slash", format!("{trunk}{area}/{rest}")),
            ("national with an extension", format!("{trunk}{area} {rest} x5")),
            (AS_SHOWN, self.national.to_owned()),
        ];
        if !abroad.is_empty() {
            all.push(("the country's international prefix", format!("{abroad}{code}{number}")));
            all.push(("the same and a trunk prefix", format!("{abroad} {code} {zero}{area} {rest}")));
        }
        all
    }
}

/// Why something else is right, or the best that can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// Italy's zeros belong to the numbers: with one, a mobile number is one of a fixed line. So
    /// reads libphonenumber, too.
    ZeroMakesAnotherNumber,
    /// Where the trunk prefix is not a zero, it may as well be the beginning of a number. The
    /// lengths of fixed lines and mobiles tell, not those of service numbers.
    DoubtfulBeforeServiceNumber,
    /// Nobody dials a trunk prefix before these, and with it they look like calls abroad.
    NeverDialledWithTrunkPrefix,
    /// A mobile number of Argentina has a 9 behind the country code, and inside the country a 15
    /// behind the area code, which may have two, three or four digits.
    FifteenOfArgentina,
}

const REASONS: usize = 4;

fn reason(example: &Example, spelling: &str, read: &str) -> Option<Reason> {
    let has_trunk_prefix = spelling.contains("trunk prefix");
    let is_national = spelling.starts_with("national") || spelling.contains("context");
    let is_ordinary = example.kinds.split(',').any(|kind| ["fixed_line", "mobile"].contains(&kind));
    match example.country {
        "IT" | "VA" if has_trunk_prefix && read == example.theirs => Some(Reason::ZeroMakesAnotherNumber),
        "BY" | "CA" if (has_trunk_prefix || is_national) && !is_ordinary => {
            Some(Reason::DoubtfulBeforeServiceNumber)
        }
        "IL" if is_national && example.number.starts_with('1') => Some(Reason::NeverDialledWithTrunkPrefix),
        "AR" if spelling == AS_SHOWN && example.kinds == "mobile" => Some(Reason::FifteenOfArgentina),
        _ => None,
    }
}

#[test]
fn a_number_is_the_same_in_every_spelling() {
    let mut unexplained = Vec::new();
    let mut explained: BTreeMap<Reason, usize> = BTreeMap::new();
    let mut spellings = 0;
    for example in Example::all() {
        let numbering = example.numbering();
        for (spelling, shown) in example.spellings() {
            spellings += 1;
            let read = numbering.read(&shown).unwrap().to_string();
            match reason(&example, spelling, &read) {
                _ if read == example.e164() => {}
                Some(reason) => *explained.entry(reason).or_default() += 1,
                None => unexplained.push(format!(
                    "{} {}: {spelling}: {shown:?} became {read}",
                    example.country, example.kinds
                )),
            }
        }
    }
    assert!(unexplained.is_empty(), "{} of {spellings}:\n{}", unexplained.len(), unexplained.join("\n"));
    // None of the reasons is idle, and they stay few.
    assert_eq!(explained.len(), REASONS, "{explained:?}");
    let differences: usize = explained.values().sum();
    assert!(differences * 100 < spellings, "{explained:?} of {spellings}");
}
