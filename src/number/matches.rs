//! Which of Zammad's settings a number meets, and for whom.

use serde::Serialize;

use super::lookup::{LOOKED_UP, zammad_lookup};

/// A setting of Zammad that is compared with a number. Agents use one of two interfaces, the old one
/// or the new desktop interface, and Zammad compares for each in its own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Match {
    /// The setting.
    pub what: Setting,
    /// Whether it can match in the old interface.
    pub old: bool,
    /// The same in the new one.
    pub new: bool,
}

/// What administrators and agents set, with the very digits that are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Setting {
    /// A blocked caller: compared with `from` as text.
    Block,
    /// A route's pattern, compared with `to`.
    Route,
    /// A row of the caller log's filter, compared with `to` where no queue is sent.
    FilterRow,
    /// *Phone* of an agent, compared with `to`: whoever has it is rung.
    Phone,
}

/// How the settings compare with what is sent. None for nothing.
///
/// Source: Zammad's code, `Cti::Log`, `Cti::Driver::Base`, and the caller log of its new interface, as
/// of November 2026.
pub(crate) fn zammad_matches(sent: &str) -> Vec<Match> {
    if sent.is_empty() {
        return Vec::new();
    }
    let looked_up = zammad_lookup(sent);
    // Both interfaces see what Zammad stores, and blocks and routes come before that.
    let both = |what, matches| Match { what, old: matches, new: matches };
    vec![
        both(Setting::Block, true),
        // A plus at the beginning of a pattern is dropped.
        both(Setting::Route, !sent.starts_with('+')),
        // Blanks are taken out of a row when it is saved.
        both(Setting::FilterRow, !sent.contains(char::is_whitespace)),
        // The old interface looks agents up as it does customers. The new one compares the text with
        // the digits it has looked them up by.
        Match { what: Setting::Phone, old: !looked_up.is_empty(), new: looked_up == [sent] },
    ]
}

/// With fewer digits nobody's *Phone* is compared.
pub(crate) fn is_too_short_for_phone(sent: &str) -> bool {
    sent.len() < *LOOKED_UP.start()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interfaces_compare_in_their_own_ways() {
        // (sent, route, filter row, phone in the old interface, in the new one)
        let cases = [
            ("493023125741", true, true, true, true),
            ("+493023125741", false, true, true, false),
            ("00493023125741", true, true, true, false),
            ("03023125741", true, true, true, false),
            ("4930 23125741", true, false, true, false),
            ("42", true, true, false, false),
            ("anonymous", true, true, false, false),
            ("Alice Smith", true, false, false, false),
        ];
        for (sent, route, row, old, new) in cases {
            let found: Vec<_> =
                zammad_matches(sent).iter().map(|found| (found.what, found.old, found.new)).collect();
            let expected = [
                (Setting::Block, true, true),
                (Setting::Route, route, route),
                (Setting::FilterRow, row, row),
                (Setting::Phone, old, new),
            ];
            assert_eq!(found, expected, "{sent:?}");
        }
        assert_eq!(zammad_matches(""), []);
    }
}
