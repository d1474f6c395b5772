//! Causes as SIP headers, managers and call records write them: a spelling with more around it, or in other letters.

use std::borrow::Cow;

use super::Family::{Q850, Sip};
use super::{SPELLINGS, Spelling, by_class, find, number};

/// A number in quotation marks, with a plus or with zeros before it or behind its point, without these; and one that is
/// written as `0x11`.
pub(super) fn plain_number(text: &str) -> Option<Cow<'_, str>> {
    let digits = text.trim_matches(['"', '\'']).trim();
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        return u16::from_str_radix(hex, 16).ok().map(|number| number.to_string().into());
    }
    let digits = digits.strip_prefix('+').unwrap_or(digits);
    let digits = match digits.split_once('.') {
        Some((whole, part)) if !part.is_empty() && part.bytes().all(|digit| digit == b'0') => whole,
        Some(_) | None => digits,
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    let significant = digits.trim_start_matches('0');
    is_number.then(|| if significant.is_empty() { "0".into() } else { significant.into() })
}

/// The spelling that a text is about, such as `Q.850;cause=17;text="busy"`, `486 Busy Here`, `USER_BUSY(17)` or
/// `Normal Clearing`.
pub(super) fn read(text: &str) -> Option<&'static Spelling> {
    let named = unnamed(unquoted(text));
    let behind = ["AST_CAUSE_", "SWITCH_CAUSE_", "PJSIP_SC_"].into_iter().fold(named, without);
    let text = &plain_number(behind).unwrap_or(behind.into());
    // Without a beginning it was looked for already.
    of_reason(text)
        .or_else(|| by_class(text))
        .or_else(|| of_status_line(text))
        .or_else(|| of_named_number(text))
        .or_else(|| of_words(text))
}

/// What variables and headers with a cause are called, where logs and templates print name and value.
const NAMES: [&str; 9] = [
    "cause",
    "hangupcause",
    "hangupreason",
    "dialstatus",
    "queuestatus",
    "disposition",
    "reason",
    "sipreason",
    "causecode",
];

/// What stands in quotation marks, all of it.
fn unquoted(text: &str) -> &str {
    let inside = |mark| text.strip_prefix(mark)?.strip_suffix(mark).filter(|inside| !inside.contains(mark));
    ['"', '\''].into_iter().find_map(inside).map_or(text, str::trim)
}

/// The value alone of `DIALSTATUS=BUSY`, `Hangup cause: 16` and the like.
fn unnamed(text: &str) -> &str {
    match text.split_once(['=', ':']) {
        Some((name, value)) if NAMES.iter().any(|known| known.chars().eq(letters(name))) => {
            value.trim().trim_matches(['"', '\'']).trim()
        }
        Some(_) | None => text,
    }
}

/// A value of the header `Reason`; of several the first that is known.
///
/// Source: RFC 3326, section 2.
fn of_reason(text: &str) -> Option<&'static Spelling> {
    split(text, ',').find_map(|value| {
        let mut parts = split(value, ';').map(str::trim);
        let protocol = parts.next()?;
        let cause = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("cause").then(|| value.trim().trim_matches('"'))
        })?;
        if protocol.eq_ignore_ascii_case("SIP") {
            // RFC 3326, section 3.1: another phone has answered.
            return if cause == "200" { by_class("26") } else { by_class(&format!("sip:{cause}")) };
        }
        let is_q850 = ["Q.850", "Q850"].iter().any(|name| protocol.eq_ignore_ascii_case(name));
        is_q850.then(|| by_class(cause)).flatten()
    })
}

/// The parts between such signs that do not stand in quotation marks.
fn split(text: &str, sign: char) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    text.split(move |c: char| {
        is_quoted ^= c == '"';
        c == sign && !is_quoted
    })
}

/// `SIP/2.0 486 Busy Here`, or a part of it. Without `SIP` a number of three digits is one too, as those of Q.850 are
/// smaller.
fn of_status_line(text: &str) -> Option<&'static Spelling> {
    let behind = without(text, "SIP");
    let is_named = behind.len() < text.len();
    let text =
        if is_named { without(behind, "/2.0").trim_start_matches([' ', ':', '/', '_', '-']) } else { text };
    let (status, rest) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let is_alone = rest.is_empty() || starts_with_words(rest);
    if status.len() != 3 || !is_alone {
        return None;
    }
    // There are three statuses of an answered call; 255 is no number of Q.850 and none of SIP either.
    let is_sure = is_named || !status.starts_with('2');
    let spelling = format!("sip:{status}");
    if is_sure { by_class(&spelling) } else { find(&spelling) }
}

/// `USER_BUSY(17)`, `USER_BUSY/17`, `17 (User busy)`, `Q.850 17`, `cause=17`. The words come first, as FreeSWITCH has numbers of its own.
fn of_named_number(text: &str) -> Option<&'static Spelling> {
    if let Some((words, behind)) = text.split_once(['(', '[']) {
        let behind = behind.trim_end().strip_suffix([')', ']'])?.trim();
        let number = if number(behind).is_some() { behind } else { words.trim() };
        let words = if number == behind { words } else { behind };
        return of_words(words).or_else(|| by_class(number)).or_else(|| by_class(&format!("sip:{number}")));
    }
    for name in ["Q.850", "Q850", "ISDN", "ISUP", "hangupcause", "cause"] {
        let rest = without(text, name);
        if rest.len() < text.len() {
            return by_class(rest.trim_start_matches([' ', ':', '=', '/', '-', '_']));
        }
    }
    if let Some((words, behind)) = text.rsplit_once(['/', ':', ' ', '-', ',', ';'])
        && number(behind).is_some()
    {
        return of_words(words);
    }
    let (number, words) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    if !starts_with_words(words) {
        return None;
    }
    of_words(words).or_else(|| by_class(number))
}

/// The words of a spelling in any case, with anything between them; and the phrase of a SIP status or of a number of
/// Q.850.
fn of_words(text: &str) -> Option<&'static Spelling> {
    // A number with a sign is another one.
    if text.contains(|c: char| c.is_ascii_digit()) || letters(text).next().is_none() {
        return None;
    }
    let is_one = |words: &str| letters(words).eq(letters(text));
    let of_sip = |row: &&Spelling| [Sip, Q850].contains(&row.family) && is_one(row.meaning);
    SPELLINGS.iter().find(|row| is_one(row.text)).or_else(|| SPELLINGS.iter().find(of_sip))
}

/// What counts of words.
fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
}

/// Whether what follows a number are words, and not the rest of the number.
fn starts_with_words(text: &str) -> bool {
    let words = text.trim_start_matches([' ', ':', ',', '-', '_', '/']);
    words.len() < text.len() && words.starts_with(char::is_alphabetic)
}

/// A text without its beginning, in any case, if it is this.
fn without<'a>(text: &'a str, beginning: &str) -> &'a str {
    match text.split_at_checked(beginning.len()) {
        Some((begins, rest)) if begins.eq_ignore_ascii_case(beginning) => rest.trim_start(),
        Some(_) | None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::super::HangupCause;
    use super::*;

    #[test]
    fn a_cause_is_read_as_it_is_written_elsewhere() {
        use HangupCause::{Busy, Cancel, Congestion, NoAnswer, NormalClearing, NotFound};
        let cases = [
            // SIP: the header Reason, and the status line.
            ("Q.850;cause=17;text=\"busy\"", Busy),
            ("Q.850 ;cause=16 ;text=\"Terminated\"", NormalClearing),
            ("q850;cause=1", NotFound),
            ("Reason: Q.850;cause=19", NoAnswer),
            ("Q.850;text=\"cause=17, or; so\";cause=34", Congestion),
            ("SIP;cause=486", Busy),
            ("SIP ;cause=200 ;text=\"Call completed elsewhere\"", Cancel),
            ("SIP;cause=487;text=\"ORIGINATOR_CANCEL\",Q.850;cause=16", Cancel),
            ("X.25;cause=1,Q.850;cause=17", Busy),
            ("SIP 486 Busy Here", Busy),
            ("SIP/2.0 486 Busy Here", Busy),
            ("486 Busy Here", Busy),
            ("486", Busy),
            ("SIP 487", Cancel),
            ("SIP-603", NoAnswer),
            ("404 - Not Found", NotFound),
            ("499 Something of a provider's", Congestion),
            ("Busy Here", Busy),
            ("Request Terminated", Cancel),
            ("Temporarily Unavailable", NoAnswer),
            // Asterisk: its manager, its call detail records.
            ("Normal Clearing", NormalClearing),
            ("normal clearing", NormalClearing),
            ("User alerting, no answer", NoAnswer),
            ("Unallocated (unassigned) number", NotFound),
            ("Circuit/channel congestion", Congestion),
            ("Unknown", NoAnswer),
            ("NO ANSWER", NoAnswer),
            ("ANSWERED", NormalClearing),
            ("FAILED", Congestion),
            // Names and numbers together, in whatever order.
            ("USER_BUSY(17)", Busy),
            ("User busy [17]", Busy),
            ("Normal Clearing (16)", NormalClearing),
            ("17 (User busy)", Busy),
            ("16 - Normal Clearing", NormalClearing),
            ("17: of a provider's", Busy),
            ("went away (17)", Busy),
            ("USER_NOT_REGISTERED(606)", NotFound),
            ("BUSY_EVERYWHERE (600)", Busy),
            ("Q.850 17", Busy),
            ("Q.850: 34", Congestion),
            ("cause=17", Busy),
            // Other signs between the words.
            ("no-answer", NoAnswer),
            ("No Answer", NoAnswer),
            ("user.busy", Busy),
            ("not found", NotFound),
            // Names of Asterisk's and FreeSWITCH's sources, and numbers as scripts print them.
            ("AST_CAUSE_USER_BUSY", Busy),
            ("AST_CAUSE_NORMAL_CLEARING", NormalClearing),
            ("AST_CAUSE_NORMAL", NormalClearing),
            ("AST_CAUSE_UNALLOCATED", NotFound),
            ("AST_CAUSE_ANSWERED_ELSEWHERE", Cancel),
            ("SWITCH_CAUSE_USER_BUSY", Busy),
            ("\"17\"", Busy),
            ("017", Busy),
            ("+17", Busy),
            ("000", NoAnswer),
            ("NORMAL_CLEARING/16", NormalClearing),
            ("USER_BUSY 17", Busy),
            ("USER_BUSY:17", Busy),
            // The names of variables before them.
            ("DIALSTATUS=BUSY", Busy),
            ("HANGUPCAUSE=16", NormalClearing),
            ("hangup_cause=NORMAL_CLEARING", NormalClearing),
            ("Hangup cause: 16", NormalClearing),
            ("Cause: 16 - Normal call clearing", NormalClearing),
            ("reason: SIP;cause=486", Busy),
            ("sip_reason: Q.850;cause=17;text=\"busy\"", Busy),
            ("disposition='NO ANSWER'", NoAnswer),
            ("cause=\"17\"", Busy),
            ("cause: 017", Busy),
            ("ISDN 17", Busy),
            ("AST_CAUSE_17", Busy),
            ("Normal call clearing", NormalClearing),
            ("Normal, unspecified", Congestion),
            // Hosted systems, libraries and queues.
            ("CANCELLED", Cancel),
            ("Canceled", Cancel),
            ("completed", NormalClearing),
            ("timeout", NoAnswer),
            ("Declined", NoAnswer),
            ("NORMAL", NormalClearing),
            ("TRANSFERRED", NormalClearing),
            ("Call completed elsewhere", Cancel),
            ("ABANDON", Cancel),
            ("EXITWITHTIMEOUT", NoAnswer),
            ("LEAVEEMPTY", NoAnswer),
            ("RINGNOANSWER", NoAnswer),
            ("FULL", NoAnswer),
            ("202", NormalClearing),
            ("PJSIP_SC_BUSY_HERE", Busy),
            ("PJSIP_SC_REQUEST_TERMINATED", Cancel),
            ("PJSIP_SC_486", Busy),
            ("ISUP 17", Busy),
            ("isup:16", NormalClearing),
            ("BYE", NormalClearing),
            ("16.0", NormalClearing),
            ("17.00", Busy),
            ("0x11", Busy),
            ("0X10", NormalClearing),
            ("hangup_cause=0x11", Busy),
            ("Besetzt", Busy),
            ("OCCUPÉ", Busy),
            ("keine Antwort", NoAnswer),
            ("\"486 Busy Here\"", Busy),
            ("'Normal Clearing'", NormalClearing),
            ("\"cause=17\"", Busy),
            ("\"SIP/2.0 404 Not Found\"", NotFound),
        ];
        for (text, cause) in cases {
            assert_eq!(text.parse(), Ok(cause), "{text}");
        }
        for text in [
            "Q.850;text=\"busy\"",
            "Q.850;cause=",
            "-486",
            "X.25;cause=17",
            "SIP;cause=180",
            "SIP 180 Ringing",
            "180 Ringing",
            "SIP 4861",
            "17.5 times",
            "17.5",
            "16.",
            "0x",
            "0xff",
            "0x1g",
            "(17)(18)",
            "()",
            "cause=",
            "255",
            "went away 17",
            "AST_CAUSE_",
            "DIALSTATUS=",
            "DIALSTATUS=DIALSTATUS=BUSY",
            "other=BUSY",
            "SIP",
            "--",
        ] {
            assert!(text.parse::<HangupCause>().is_err(), "{text}");
        }
    }

    #[test]
    fn no_words_mean_two_things() {
        let words = |row: &'static Spelling| {
            let phrase = [Sip, Q850].contains(&row.family).then_some(row.meaning);
            [Some(row.text), phrase].into_iter().flatten().map(move |text| (text, row))
        };
        let all: Vec<_> = SPELLINGS.iter().flat_map(words).collect();
        for (place, (text, row)) in all.iter().enumerate() {
            for (other_text, other) in &all[place + 1..] {
                if letters(text).eq(letters(other_text)) {
                    assert_eq!(row.cause, other.cause, "{text} and {other_text}");
                }
            }
        }
    }
}
