//! What a phone system shows as a number, and what Zammad gets of it.
//!
//! An input is a line of settings, which are a country or `-`, the digits of extensions, their
//! prefix or `-`, and the digits of national numbers; and below it what is shown.

#![no_main]

use fuzz::is_harmless;
use libfuzzer_sys::fuzz_target;
use zammad_cti::number::{Numbering, PartyKind, zammad_lookup};

fuzz_target!(|data: &str| {
    let (settings, shown) = data.split_once('\n').unwrap_or(("", data));
    let numbering = numbering(settings);
    let as_given = Numbering { normalize: false, ..numbering.clone() }.read(shown);
    let Ok(reading) = numbering.explain(shown) else { return };
    let text = reading.party.as_str();

    // Zammad keeps all of it, and nobody is shown anything else than what it is.
    assert!(text.chars().count() <= 100 && is_harmless(text), "{text:?}");
    assert_eq!(reading.steps.last().expect("there is a step").text, text);
    assert_eq!(numbering.read(shown).as_ref(), Ok(&reading.party));
    // Marks that nobody sees are no part of it.
    if let Ok(as_given) = as_given
        && shown.bytes().all(|byte| byte.is_ascii_graphic())
    {
        assert_eq!(as_given.as_str(), shown);
    }

    // It is what it says it is,
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let longest = usize::from(numbering.extension_digits) + numbering.extension_prefix.len();
    match reading.kind {
        PartyKind::International => assert!(digits && !text.starts_with('0'), "{reading:?}"),
        PartyKind::National => assert!(digits && text.starts_with('0'), "{reading:?}"),
        PartyKind::Unprefixed => assert!(digits && !text.starts_with('0'), "{reading:?}"),
        PartyKind::Extension => assert!(digits && text.len() <= longest, "{reading:?}"),
        PartyKind::Anonymous => assert!(reading.party.is_anonymous(), "{reading:?}"),
        PartyKind::Text => assert!(!reading.party.is_anonymous(), "{reading:?}"),
        other => panic!("nothing is known of {other:?}"),
    }

    // and stays that when it is read again: E.164 digits with their plus, as without it they may look
    // like a number of this country; an extension without another prefix.
    let again = match reading.kind {
        PartyKind::International => numbering.read(&format!("+{text}")),
        PartyKind::National | PartyKind::Unprefixed | PartyKind::Anonymous => numbering.read(text),
        PartyKind::Extension if numbering.extension_prefix.is_empty() => numbering.read(text),
        _ => Ok(reading.party.clone()),
    };
    assert_eq!(again.as_ref(), Ok(&reading.party), "{reading:?}");

    // What stands between digits makes no difference.
    if !shown.is_empty() && shown.len() <= 50 && shown.bytes().all(|byte| byte.is_ascii_digit()) {
        let spread: String = shown.chars().flat_map(|digit| [digit, ' ']).collect();
        assert_eq!(numbering.read(&spread).as_ref(), Ok(&reading.party), "{spread}");
    }

    for looked_up in zammad_lookup(text) {
        assert!(looked_up.bytes().all(|byte| byte.is_ascii_digit()) && !looked_up.is_empty());
    }
});

fn numbering(settings: &str) -> Numbering {
    let mut words = settings.split_ascii_whitespace();
    let mut next = || words.next().unwrap_or("-");
    Numbering {
        country: next().parse().ok(),
        extension_digits: next().parse().unwrap_or(5),
        extension_prefix: next().chars().filter(char::is_ascii_digit).collect(),
        national_digits: next().parse().ok(),
        normalize: true,
    }
}
