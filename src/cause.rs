//! Why a call ended: the words Zammad knows, and every spelling that leads to one of them.
//!
//! All reading goes through one table, [`spellings`], which is also what `hangup --list-causes` and
//! the man page print. Texts are compared without regard to case, and none of them means two
//! things.
//!
//! A spelling is read for itself: nothing here knows whether the call was answered. A PBX says why
//! a *channel* ended, so most Q.850 numbers and SIP statuses are read as the end of a call nobody
//! answered; of an answered call the caller should say `normalClearing`, whatever the channel's
//! number was. The one number that is different for the two, 16, is read by its name: normal call
//! clearing.
//!
//! The words do not decide whether Zammad shows a call as missed, with one exception: `forwarded`
//! takes the mark off an inbound call. So only what says plainly that the caller was sent on leads
//! there.
//!
//! Sources: ITU-T Q.850 (2018), table 1, and Asterisk's `causes.h` for the numbers Asterisk adds;
//! the application `Dial` in Asterisk's documentation; RFC 3261, section 21, and IANA's registry
//! "SIP Response Codes"; RFC 3326 for the header `Reason`; Asterisk's `channel.c`, `causes`, for the texts of
//! its manager, and its function `CDR` for dispositions, the application `Queue` and the queue log; FreeSWITCH's `switch_channel.c`, `CAUSE_CHART`. Where Asterisk turns a SIP
//! status into a number, both lead to the same word; the exception is 487, which is how a cancelled
//! call ends.

mod table;
mod written;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use table::SPELLINGS;

use Family::{CallRecord, CauseText, DialStatus, FreeSwitch, Language, Q850, Queue, Service, Sip, Zammad};
use HangupCause::{Busy, Cancel, Congestion, Forwarded, NoAnswer, NormalClearing, NotFound, Voicemail};

/// Why a call ended, in the words Zammad's caller log knows.
///
/// The first seven are those of Zammad's documentation, "Generic CTI", page "Call Hangup".
/// # Example
///
/// ```
/// use zammad_cti::cause::HangupCause;
///
/// # fn main() -> Result<(), zammad_cti::cause::UnknownCause> {
/// for text in ["busy", "17", "BUSY", "sip:486", "USER_BUSY"] {
///     assert_eq!(text.parse::<HangupCause>()?, HangupCause::Busy);
/// }
/// assert!("bsuy".parse::<HangupCause>().unwrap_err().to_string().contains("did you mean busy?"));
/// # Ok(())
/// # }
/// ```
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum HangupCause {
    /// The call was answered and is over.
    NormalClearing,
    /// The called party was busy.
    Busy,
    /// The calling party gave up before anybody answered.
    Cancel,
    /// It rang and nobody answered, or the called party declined.
    NoAnswer,
    /// The called party could not be reached.
    Congestion,
    /// The number does not exist, or no telephone is registered for it.
    NotFound,
    /// The caller was sent on to another destination. Zammad does not count such a call as missed.
    Forwarded,
    /// The caller was taken by voicemail. The documentation does not have this word:
    /// Zammad's interface translates it since 7.2 and shows it as it is before. It does not keep
    /// the call open for the agents; an answer with the user `voicemail` does.
    Voicemail,
}

impl HangupCause {
    /// What the Q.850 number of a call that nobody answered means. Not as `--cause` reads a number: 16
    /// has a meaning of its own there, and 23 would take the mark off a missed call.
    pub(crate) fn of_unanswered(number: u8) -> Self {
        match number {
            17 => Busy,
            1 | 2 | 3 | 22 | 28 => NotFound,
            0 | 16 | 18..=21 => NoAnswer,
            _ => Congestion,
        }
    }

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            NormalClearing => "normalClearing",
            Busy => "busy",
            Cancel => "cancel",
            NoAnswer => "noAnswer",
            Congestion => "congestion",
            NotFound => "notFound",
            Forwarded => "forwarded",
            Voicemail => "voicemail",
        }
    }
}

impl fmt::Display for HangupCause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

impl FromStr for HangupCause {
    type Err = UnknownCause;

    /// Reads any of the [`spellings`], and a Q.850 number or SIP status without a row of its own by
    /// its class; also as SIP headers, managers and call records write them: `Q.850;cause=17`, `486 Busy Here`,
    /// `USER_BUSY(17)`, `Normal Clearing`.
    fn from_str(given: &str) -> Result<HangupCause, UnknownCause> {
        let text = given.trim();
        written::plain_number(text)
            .and_then(|number| by_class(&number))
            .or_else(|| by_class(text))
            .or_else(|| written::read(text))
            .map(|spelling| spelling.cause)
            .ok_or_else(|| UnknownCause {
                given: Excerpt::of(text, Excerpt::LONGEST),
                short: Excerpt::of(text, Excerpt::SHORT),
                hint: Hint::about(text),
            })
    }
}

/// A cause on its way to Zammad: read from one of the [`spellings`], or just as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    /// One of the words that Zammad documents.
    Read(HangupCause),
    /// Zammad stores any text of up to 500 characters and shows it to the agents.
    Raw(String),
}

impl Cause {
    /// The most characters that Zammad keeps of a cause.
    pub const MAX_CHARS: usize = 500;

    /// The text on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Read(cause) => cause.as_str(),
            Self::Raw(text) => text,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

/// The text is no spelling of a hangup cause.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{given} is not a known hangup cause{hint}; give one of Zammad's words ({}), a Q.850 number (0 to 127), \
     a DIALSTATUS word, a SIP status such as sip:486 or a FreeSWITCH name; `hangup --list-causes` lists \
     them, `--raw-cause` sends any text as it is",
    zammad_words()
)]
pub struct UnknownCause {
    given: Excerpt,
    short: Excerpt,
    hint: Hint,
}

impl UnknownCause {
    /// Without all that would be one.
    pub(crate) fn in_short(&self) -> String {
        format!("{} is unknown{}; see hangup --list-causes", self.short, self.hint)
    }
}

/// One accepted spelling of a cause.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Spelling {
    /// Whose word it is.
    pub family: Family,
    /// As its family writes it; any case is accepted.
    pub text: &'static str,
    /// What it says about the call, in a few words.
    pub meaning: &'static str,
    /// What Zammad is told.
    pub cause: HangupCause,
}

/// Whose words a spelling belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Family {
    /// The words of Zammad's documentation.
    Zammad,
    /// Numbers of ITU-T Q.850, such as Asterisk's variable `HANGUPCAUSE` has.
    Q850,
    /// Asterisk's variable `DIALSTATUS`.
    DialStatus,
    /// SIP status codes, as `sip:486`.
    Sip,
    /// FreeSWITCH's names, such as `ORIGINATOR_CANCEL`.
    FreeSwitch,
    /// The dispositions of Asterisk's call detail records.
    CallRecord,
    /// Texts for Q.850 numbers of Asterisk's manager.
    CauseText,
    /// Asterisk's variable `QUEUESTATUS`, and the words of its queue log.
    Queue,
    /// Words of hosted phone systems, of SIP libraries, and of `AST_CAUSE_...`.
    Service,
    /// What people call it in other languages than English.
    Language,
}

impl Family {
    /// The line above this family's rows.
    pub fn heading(self) -> &'static str {
        match self {
            Zammad => "Zammad's words",
            Q850 => {
                "Q.850 numbers, as in Asterisk's ${HANGUPCAUSE}, or `Q.850;cause=17`; other numbers from 1 \
                to 127 count as the unspecified one of their class: 31, 47, 63, 79, 95, 111 or 127"
            }
            DialStatus => "Asterisk's ${DIALSTATUS}",
            Sip => {
                "SIP status codes, also `486 Busy Here` or `SIP;cause=486`; other codes count as the first \
                of their class: 200, 300, 400, 500 or 600"
            }
            FreeSwitch => "FreeSWITCH hangup causes, as in ${hangup_cause}, also `USER_BUSY(17)`",
            CallRecord => "Asterisk's call detail records: `disposition`",
            CauseText => "Asterisk's manager: `Cause-txt`",
            Queue => "Asterisk's ${QUEUESTATUS} and queue log",
            Service => {
                "hosted phone systems and libraries, also after `AST_CAUSE_`, `SWITCH_CAUSE_` and `PJSIP_SC_`"
            }
            Language => "German, French, Spanish and Italian",
        }
    }
}

/// Every accepted spelling, family by family.
pub fn spellings() -> &'static [Spelling] {
    SPELLINGS
}

fn find(text: &str) -> Option<&'static Spelling> {
    SPELLINGS.iter().find(|spelling| spelling.text.eq_ignore_ascii_case(text))
}

/// The same, or the one that stands for its class.
fn by_class(text: &str) -> Option<&'static Spelling> {
    find(text).or_else(|| find(class_of(text)?))
}

/// The spelling that stands for a Q.850 number or a final SIP status without a row of its own.
///
/// Q.850 puts the class into the upper three bits and keeps the last number of each class (of the
/// two normal ones together) for "unspecified". RFC 3261, section 8.1.3.2, takes an unknown final
/// status for the x00 of its class. Numbers PBXs and providers invent usually respect this.
fn class_of(text: &str) -> Option<&'static str> {
    if let Some(status) = sip_status(text) {
        return match status {
            200..=299 => Some("sip:200"),
            300..=399 => Some("sip:300"),
            400..=499 => Some("sip:400"),
            500..=599 => Some("sip:500"),
            600..=699 => Some("sip:600"),
            0..=199 | 700.. => None,
        };
    }
    match number(text)? {
        1..=31 => Some("31"),
        32..=47 => Some("47"),
        48..=63 => Some("63"),
        64..=79 => Some("79"),
        80..=95 => Some("95"),
        96..=111 => Some("111"),
        112..=127 => Some("127"),
        0 | 128.. => None,
    }
}

/// 486 in `sip:486`.
fn sip_status(text: &str) -> Option<u16> {
    let (scheme, status) = text.split_once(':')?;
    number(status).filter(|_| scheme.eq_ignore_ascii_case("sip"))
}

/// A plain decimal number, as the rows have it.
fn number(text: &str) -> Option<u16> {
    let number: u16 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// What was given, fit for a terminal: quoted, control characters escaped, cut short.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Excerpt(String);

impl Excerpt {
    const LONGEST: usize = 40;
    /// For a warning, which has one line.
    const SHORT: usize = 16;

    fn of(text: &str, longest: usize) -> Excerpt {
        match text.char_indices().nth(longest) {
            Some((end, _)) => Excerpt(format!("{:?}...", &text[..end])),
            None => Excerpt(format!("{text:?}")),
        }
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// What may have been meant by a text that is no spelling.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Hint {
    Nearest(&'static str),
    /// Nothing was given: a dialplan variable that is not set.
    Empty,
    /// A SIP status below 200, which ends no call.
    Provisional,
    None,
}

impl Hint {
    fn about(text: &str) -> Hint {
        if text.is_empty() {
            return Hint::Empty;
        }
        if let Some(100..=199) = sip_status(text) {
            return Hint::Provisional;
        }
        nearest_word(text).map_or(Hint::None, Hint::Nearest)
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Hint::Nearest(text) => write!(out, ", did you mean {text}?"),
            Hint::Empty => out.write_str(": omit --cause if it is unknown"),
            Hint::Provisional => out.write_str(": a SIP status below 200 does not end a call"),
            Hint::None => Ok(()),
        }
    }
}

/// The word that differs from the text in no more than a third of its characters. Numbers have
/// none: the one next to a wrong one means something else.
fn nearest_word(text: &str) -> Option<&'static str> {
    let length = text.chars().count();
    if length > Excerpt::LONGEST {
        return None;
    }
    let text = text.to_lowercase();
    SPELLINGS
        .iter()
        .map(|spelling| spelling.text)
        .filter(|word| !word.contains(|c: char| c.is_ascii_digit()))
        .map(|word| (strsim::osa_distance(&word.to_lowercase(), &text), word))
        .filter(|(distance, _)| *distance <= length.div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

fn zammad_words() -> String {
    let words: Vec<&str> =
        SPELLINGS.iter().filter(|spelling| spelling.family == Zammad).map(|spelling| spelling.text).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<HangupCause, UnknownCause> {
        text.parse()
    }

    #[test]
    fn every_row_is_read_as_it_says_in_any_case() {
        for spelling in spellings() {
            for text in [
                spelling.text.to_owned(),
                spelling.text.to_lowercase(),
                spelling.text.to_uppercase(),
                format!(" {}\n", spelling.text),
            ] {
                assert_eq!(read(&text), Ok(spelling.cause), "read {text:?}");
            }
        }
    }

    #[test]
    fn no_text_means_two_things() {
        for (place, one) in spellings().iter().enumerate() {
            for other in &spellings()[place + 1..] {
                if one.text.eq_ignore_ascii_case(other.text) {
                    assert_eq!(one.cause, other.cause, "{one:?} and {other:?}");
                    assert_ne!(one.family, other.family, "{} stands twice", one.text);
                }
            }
        }
    }

    #[test]
    fn each_family_stands_together() {
        let mut families: Vec<Family> = spellings().iter().map(|row| row.family).collect();
        families.dedup();
        assert_eq!(
            families,
            [Zammad, Q850, DialStatus, Sip, FreeSwitch, CallRecord, CauseText, Queue, Service, Language]
        );
    }

    #[test]
    fn rows_fit_a_terminal_and_keep_order() {
        for row in spellings() {
            assert!(row.text.len() + row.meaning.len() <= 80, "{row:?}");
            assert!(!row.meaning.is_empty() && row.meaning.trim() == row.meaning);
        }
        for family in [Q850, Sip] {
            let numbers: Vec<u16> = spellings()
                .iter()
                .filter(|row| row.family == family)
                .map(|row| number(row.text).or(sip_status(row.text)).unwrap())
                .collect();
            assert!(numbers.is_sorted(), "{numbers:?}");
        }
    }

    #[test]
    fn the_word_is_the_same_everywhere() {
        for row in spellings().iter().filter(|row| row.family == Zammad) {
            assert_eq!(row.cause.as_str(), row.text);
            assert_eq!(format!("{:>16}", row.cause).trim_start(), row.text);
            assert_eq!(serde_json::to_value(row.cause).unwrap(), row.text);
            assert_eq!(serde_json::from_value::<HangupCause>(row.text.into()).unwrap(), row.cause);
        }
    }

    #[test]
    fn every_q850_number_leads_to_a_word() {
        for number in 0..=127 {
            assert!(read(&number.to_string()).is_ok(), "read {number}");
        }
    }

    /// What Asterisk makes of a call nobody answered, by number. 0 and 16 are not decided by a
    /// number.
    #[test]
    fn unanswered_calls_are_read_from_their_number() {
        // (word, Q.850 numbers)
        let cases: [(HangupCause, &[u8]); 6] = [
            (Busy, &[17]),
            (NotFound, &[1, 2, 3, 5, 22, 28]),
            (NoAnswer, &[0, 18, 19, 20, 21, 24]),
            (NormalClearing, &[16]),
            (Forwarded, &[23]),
            (Cancel, &[26]),
        ];
        for number in 0..=127 {
            let expected = cases
                .iter()
                .find(|(_, numbers)| numbers.contains(&number))
                .map_or(Congestion, |(word, _)| *word);
            assert_eq!(read(&number.to_string()), Ok(expected), "read {number}");
        }
    }

    /// Measured: the Q.850 number Asterisk's chan_pjsip gives a call that ended with a SIP status.
    #[test]
    fn a_sip_status_means_what_the_number_asterisk_makes_of_it_means() {
        // (Q.850 number, SIP statuses)
        let cases: [(u8, &[u16]); 15] = [
            (17, &[486, 600]),
            (19, &[480, 483]),
            (18, &[408]),
            (21, &[401, 403, 407, 603]),
            (1, &[404, 485, 604]),
            (22, &[410]),
            (28, &[484]),
            (3, &[420]),
            (34, &[503, 580]),
            (38, &[500]),
            (29, &[501]),
            (27, &[502]),
            (102, &[504]),
            (58, &[488, 606]),
            (127, &[400, 402, 405, 406, 415, 422, 481, 482, 505]),
        ];
        for (number, statuses) in cases {
            for status in statuses {
                let by_status = read(&format!("sip:{status}"));
                assert_eq!(by_status, read(&number.to_string()), "sip:{status}");
            }
        }
        assert_eq!(read("sip:302"), read("23"));
        assert_eq!(read("sip:200"), read("16"));
        assert_eq!(read("sip:487"), Ok(Cancel));
    }

    /// The meaning of a FreeSWITCH name, or of a manager's text, ends in its Q.850 number or SIP status, in brackets.
    #[test]
    fn a_name_or_text_means_what_its_number_means() {
        let mut compared = 0;
        for row in spellings().iter().filter(|row| [FreeSwitch, CauseText].contains(&row.family)) {
            let meaning = row.meaning.strip_suffix(')');
            if let Some((_, number)) = meaning.and_then(|meaning| meaning.split_once('(')) {
                let text = number.replace("SIP ", "sip:");
                assert_eq!(read(&text), Ok(row.cause), "{} and {text}", row.text);
                compared += 1;
            }
        }
        assert!(compared > 100, "only {compared} names compared");
    }

    #[test]
    fn a_number_without_a_row_counts_as_its_class() {
        // (given, the row that stands for it)
        let cases = [
            ("10", "31"),
            ("15", "31"),
            ("33", "47"),
            ("51", "63"),
            ("64", "79"),
            ("94", "95"),
            ("109", "111"),
            ("112", "127"),
            ("126", "127"),
            ("sip:299", "sip:200"),
            ("sip:399", "sip:300"),
            ("sip:411", "sip:400"),
            ("SIP:499", "sip:400"),
            ("sip:599", "sip:500"),
            ("sip:699", "sip:600"),
        ];
        for (given, row) in cases {
            assert!(find(given).is_none(), "{given} has a row");
            assert_eq!(class_of(given), Some(row), "class of {given}");
            assert_eq!(read(given), Ok(find(row).unwrap().cause), "read {given}");
        }
    }

    #[test]
    fn only_a_caller_sent_on_counts_as_forwarded() {
        let forwarded: Vec<&str> =
            spellings().iter().filter(|row| row.cause == Forwarded).map(|row| row.text).collect();
        let expected = [
            "forwarded",
            "23",
            "sip:301",
            "sip:302",
            "REDIRECTION_TO_NEW_DESTINATION",
            "Redirected to new destination",
        ];
        assert_eq!(forwarded, expected);
    }

    #[test]
    fn what_is_no_cause_is_refused_with_a_hint() {
        // (given, how the message begins)
        let cases = [
            ("bussy", r#""bussy" is not a known hangup cause, did you mean busy?;"#),
            (
                "NOMRAL_CLEARING",
                r#""NOMRAL_CLEARING" is not a known hangup cause, did you mean NORMAL_CLEARING?;"#,
            ),
            ("", r#""" is not a known hangup cause: omit --cause if it is unknown;"#),
            (" \t", r#""" is not a known hangup cause: omit --cause if it is unknown;"#),
            (
                "sip:100",
                r#""sip:100" is not a known hangup cause: a SIP status below 200 does not end a call;"#,
            ),
            (
                "sip:180",
                r#""sip:180" is not a known hangup cause: a SIP status below 200 does not end a call;"#,
            ),
            ("sip:700", r#""sip:700" is not a known hangup cause;"#),
            ("sip:", r#""sip:" is not a known hangup cause;"#),
            ("sip:+486", r#""sip:+486" is not a known hangup cause;"#),
            ("sips:486", r#""sips:486" is not a known hangup cause;"#),
            ("128", r#""128" is not a known hangup cause;"#),
            ("-1", r#""-1" is not a known hangup cause;"#),
            ("255", r#""255" is not a known hangup cause;"#),
            ("0128", r#""0128" is not a known hangup cause;"#),
            ("16.5", r#""16.5" is not a known hangup cause;"#),
            ("99999999999999999999", r#""99999999999999999999" is not a known hangup cause;"#),
            ("BUSY & CO", r#""BUSY & CO" is not a known hangup cause;"#),
            ("ring \u{1b}[2J\r\n", r#""ring \u{1b}[2J" is not a known hangup cause;"#),
            ("\u{202e}ysub", r#""\u{202e}ysub" is not a known hangup cause;"#),
        ];
        for (given, beginning) in cases {
            let message = read(given).unwrap_err().to_string();
            assert!(message.starts_with(beginning), "{message}");
        }
    }

    #[test]
    fn the_message_names_what_is_accepted_and_the_next_step() {
        let message = read("whatever").unwrap_err().to_string();
        for part in [
            "(normalClearing, busy, cancel, noAnswer, congestion, notFound, forwarded, voicemail)",
            "a Q.850 number (0 to 127)",
            "DIALSTATUS",
            "sip:486",
            "FreeSWITCH",
            "`hangup --list-causes`",
            "`--raw-cause`",
        ] {
            assert!(message.contains(part), "{part} is missing: {message}");
        }
    }

    #[test]
    fn a_long_text_is_cut_short_in_the_message() {
        let message = read(&"ü\u{7}".repeat(100_000)).unwrap_err().to_string();
        assert!(message.starts_with(r#""ü\u{7}ü\u{7}"#), "{message}");
        assert!(message.contains(r#"\u{7}"... is not a known"#), "{message}");
        assert!(message.len() < 600, "{} bytes", message.len());
    }
}
