//! Writes the country table afresh from libphonenumber's metadata and compares it to the committed
//! one.
//!
//! The metadata describes prefixes by regular expressions. Those of a prefix match finitely many
//! texts, so they are written out here, and the program needs no regular expressions.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::iter::Peekable;
use std::str::Chars;
use std::{env, fs};

use phonenumber::Metadata;
use phonenumber::metadata::{DATABASE, Descriptor};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/number/countries.rs");

/// The metadata's name for what belongs to no country, such as +800.
const NO_COUNTRY: &str = "001";

#[test]
fn the_country_table_is_up_to_date() {
    let generated = table();
    if env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(TABLE, &generated).unwrap();
    }
    let committed = fs::read_to_string(TABLE).unwrap();
    assert!(committed == generated, "{TABLE} is out of date: run this test with UPDATE_GENERATED=1");
}

fn table() -> String {
    let mut countries: Vec<&Metadata> = DATABASE.iter().filter(|meta| meta.id() != NO_COUNTRY).collect();
    countries.sort_by_key(|meta| meta.id());

    let mut text = String::from(
        "//! All countries: how numbers are dialled there.\n\
         //!\n\
         //! Generated from libphonenumber's metadata by `tests/countries.rs`; not to be edited by\n\
         //! hand. To refresh it: `UPDATE_GENERATED=1 cargo test --test countries`.\n\
         \n\
         use super::Country;\n\
         use super::country::Lengths;\n\
         \n\
         // One country a line, so that an update shows what changed.\n\
         #[rustfmt::skip]\n",
    );
    writeln!(text, "pub(super) static COUNTRIES: [Country; {}] = [", countries.len()).unwrap();
    for meta in countries {
        let Trunk { prefixes, lengths } = trunk(meta);
        writeln!(
            text,
            "    Country {{ letters: *b{:?}, code: {}, international: {:?}, trunk: {prefixes:?}, lengths: {}, possible: {}, zero_led: {} }},",
            meta.id(),
            meta.country_code(),
            international(meta),
            written(&lengths),
            written(&all_lengths(meta, |_| true)),
            written(&all_lengths(meta, |kind| kind.example().is_some_and(|example| example.starts_with('0')))),
        )
        .unwrap();
    }
    text.push_str("];\n");
    text
}

/// Prefixes before a foreign number.
fn international(meta: &Metadata) -> String {
    let mut prefixes = BTreeSet::new();
    if let Some(pattern) = meta.international_prefix() {
        for alternative in alternatives(pattern.as_str()) {
            prefixes.extend(Expansion::of(&alternative).texts);
        }
    }
    // Where foreign numbers begin with a zero, the other prefixes are access codes of single
    // carriers. They are dialled, never shown, and cannot be told from a country code: Chad's 16
    // from +1 6.., China's 12xxx00 from +1 2...
    if prefixes.iter().any(|prefix| prefix.starts_with('0')) {
        prefixes.retain(|prefix| prefix.starts_with('0'));
    }
    longest_first(prefixes)
}

struct Trunk {
    prefixes: String,
    lengths: BTreeSet<usize>,
}

/// Prefixes before a number of the same country, some with a carrier's code inside, and the lengths
/// of such numbers where the prefix alone leaves a doubt.
fn trunk(meta: &Metadata) -> Trunk {
    let mut prefixes = BTreeSet::new();
    let mut lengths = BTreeSet::new();
    let main = meta.national_prefix();

    let parsing = meta.national_prefix_for_parsing().map_or("", |pattern| pattern.as_str());
    for alternative in alternatives(parsing) {
        // What must match to its end is a number without area code, not a prefix.
        if alternative.ends_with('$') {
            continue;
        }
        let expansion = Expansion::of(&alternative);
        // A rule such as "9$1" rebuilds the number (Argentina's mobile 15): no table of prefixes
        // can do that.
        let rebuilt = expansion.captures
            && meta.national_prefix_transform_rule().is_some_and(|rule| !rule.starts_with('$'));
        if rebuilt {
            continue;
        }
        prefixes.extend(expansion.texts);
        lengths.extend(expansion.number_lengths);
    }
    prefixes.extend(main.map(str::to_owned));
    prefixes.retain(|prefix| {
        // An access code that begins with another digit than the trunk prefix cannot be told from a
        // country code (Brazil's collect calls, 90, from Turkey), and 00 comes before every foreign
        // number.
        let understood = prefix.starts_with(main.unwrap_or("0")) || prefix.len() == 1;
        understood && !prefix.starts_with("00")
    });

    let doubtful = prefixes.len() > 1 || prefixes.iter().any(|prefix| !prefix.starts_with('0'));
    if doubtful && lengths.is_empty() {
        let ordinary = [meta.descriptors().fixed_line(), meta.descriptors().mobile()];
        lengths.extend(
            ordinary.into_iter().flatten().flat_map(Descriptor::possible_length).map(|&n| usize::from(n)),
        );
    }
    Trunk { prefixes: longest_first(prefixes), lengths }
}

/// How many digits numbers have behind the country code, of those kinds that are wanted.
///
/// The metadata does not say which begin with a zero that is dialled from abroad too; the example
/// of their kind does.
fn all_lengths(meta: &Metadata, wanted: impl Fn(&Descriptor) -> bool) -> BTreeSet<usize> {
    let kinds = meta.descriptors();
    let kinds = [
        kinds.fixed_line(),
        kinds.mobile(),
        kinds.toll_free(),
        kinds.premium_rate(),
        kinds.shared_cost(),
        kinds.personal_number(),
        kinds.voip(),
        kinds.pager(),
        kinds.uan(),
        kinds.voicemail(),
    ];
    let wanted = kinds.into_iter().flatten().filter(|kind| wanted(kind));
    wanted.flat_map(|kind| kind.possible_length().iter().map(|&length| usize::from(length))).collect()
}

fn written(lengths: &BTreeSet<usize>) -> String {
    let lengths: Vec<_> = lengths.iter().collect();
    format!("Lengths::of(&{lengths:?})")
}

fn longest_first(prefixes: BTreeSet<String>) -> String {
    let mut prefixes: Vec<String> = prefixes.into_iter().collect();
    prefixes.sort_by_key(|prefix| Reverse(prefix.len()));
    prefixes.join(" ")
}

/// The parts of a regular expression between its outermost `|`.
fn alternatives(pattern: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for c in pattern.chars().filter(|c| !c.is_whitespace()) {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        match parts.last_mut() {
            Some(part) if c != '|' || depth > 0 => part.push(c),
            _ => parts.push(String::new()),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// All texts that a regular expression without `*` and `+` matches, with `X` for any digit.
#[derive(Default)]
struct Expansion {
    texts: BTreeSet<String>,
    captures: bool,
    /// Lengths of what a captured group with `\d{n}` matches: that is the number behind the prefix,
    /// left out of `texts`.
    number_lengths: BTreeSet<usize>,
}

impl Expansion {
    fn of(pattern: &str) -> Self {
        let mut expansion = Self::default();
        let mut rest = pattern.chars().peekable();
        expansion.texts = expansion.alternation(&mut rest);
        assert_eq!(rest.next(), None, "unbalanced: {pattern}");
        expansion.texts.retain(|text| !text.is_empty());
        expansion
    }

    fn alternation(&mut self, rest: &mut Peekable<Chars>) -> BTreeSet<String> {
        let mut all = self.sequence(rest);
        while rest.next_if_eq(&'|').is_some() {
            all.extend(self.sequence(rest));
        }
        all
    }

    fn sequence(&mut self, rest: &mut Peekable<Chars>) -> BTreeSet<String> {
        let mut texts = BTreeSet::from([String::new()]);
        while let Some(c) = rest.next_if(|&c| c != '|' && c != ')') {
            let atom = match c {
                '(' => self.group(rest),
                '[' => class(rest),
                '\\' => {
                    assert_eq!(rest.next(), Some('d'));
                    BTreeSet::from(["X".to_owned()])
                }
                digit => {
                    assert!(digit.is_ascii_digit(), "cannot expand {digit}");
                    BTreeSet::from([digit.to_string()])
                }
            };
            let repeated = counts(rest).flat_map(|count| {
                (0..count).fold(BTreeSet::from([String::new()]), |so_far, _| pairs(&so_far, &atom))
            });
            texts = pairs(&texts, &repeated.collect());
        }
        texts
    }

    fn group(&mut self, rest: &mut Peekable<Chars>) -> BTreeSet<String> {
        let captured = rest.next_if_eq(&'?').is_none();
        if !captured {
            assert_eq!(rest.next(), Some(':'));
        }
        self.captures |= captured;
        let texts = self.alternation(rest);
        assert_eq!(rest.next(), Some(')'));
        // No prefix of a carrier is this long.
        if captured && texts.iter().all(|text| text.len() > 6) {
            self.number_lengths.extend(texts.iter().map(String::len));
            return BTreeSet::from([String::new()]);
        }
        texts
    }
}

fn class(rest: &mut Peekable<Chars>) -> BTreeSet<String> {
    let mut digits = BTreeSet::new();
    let mut last = '0';
    while let Some(c) = rest.next_if(|&c| c != ']') {
        if c == '-' {
            digits.extend((last..=rest.next().unwrap()).map(String::from));
        } else {
            digits.insert(c.to_string());
            last = c;
        }
    }
    rest.next();
    digits
}

/// How often the last part may occur: `?`, `{8}`, `{10,11}`, or once.
fn counts(rest: &mut Peekable<Chars>) -> std::ops::RangeInclusive<usize> {
    if rest.next_if_eq(&'?').is_some() {
        return 0..=1;
    }
    if rest.next_if_eq(&'{').is_none() {
        return 1..=1;
    }
    let bounds: String = rest.by_ref().take_while(|&c| c != '}').collect();
    let (low, high) = bounds.split_once(',').unwrap_or((&bounds, &bounds));
    low.parse().unwrap()..=high.parse().unwrap()
}

fn pairs(heads: &BTreeSet<String>, tails: &BTreeSet<String>) -> BTreeSet<String> {
    heads.iter().flat_map(|head| tails.iter().map(move |tail| format!("{head}{tail}"))).collect()
}
