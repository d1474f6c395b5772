//! Other numbers and names in place of those in Asterisk's messages.
//!
//! A phone is often called by its user's name, which then stands in channels, in what is dialled and as a number. What
//! tells trunks from phones stays: contexts, technologies, and the trunks that the settings name.

use crate::asterisk::Channel;
use crate::bridge::mask::Mask;

/// Fields whose digits are nobody's number.
const IDS: &[&str] = &[
    "event",
    "response",
    "actionid",
    "privilege",
    "timestamp",
    "uniqueid",
    "linkedid",
    "bridgeid",
    "cause",
    "duration",
    "seconds",
    "uptime",
    "lastreload",
    "state",
    "statedesc",
    "application",
    "message",
];

/// How the names of fields end that have the name of a channel.
const CHANNELS: &[&str] = &["channel", "newname", "oldname"];

/// How the names of fields end that have a number, or a name that is dialled like one.
const DIALLED: &[&str] = &["num", "exten", "dnid", "accountcode", "peeraccount", "dialstring"];

/// What an agent is rung by.
const TECHNOLOGIES: [&str; 7] = ["PJSIP/", "SIP/", "Local/", "IAX2/", "DAHDI/", "Agent/", "SCCP/"];

/// Ways to write an address, which come before a number or a name.
const SCHEMES: [&str; 3] = ["sip", "sips", "tel"];

/// The value of a field, masked.
pub(super) fn masked(field: &str, value: &str, mask: &Mask) -> String {
    let field = field.to_ascii_lowercase();
    let is = |ends: &[&str]| ends.iter().any(|end| field.ends_with(end));
    if is(CHANNELS) {
        let (endpoint, own) = value.split_at(Channel(value).endpoint().len());
        return match mask.keeps(endpoint) || mask.keeps(value) {
            true => value.to_owned(),
            false => addresses(endpoint, mask) + &mask.text(own),
        };
    }
    // A queue calls a member that has no name by what it rings.
    let is_member =
        is(&["membername"]) && TECHNOLOGIES.iter().any(|technology| value.starts_with(technology));
    if is(&["name", "-txt"]) && !is(&["queuename"]) && !is_member {
        return mask.name(value);
    }
    if is(IDS) {
        return value.to_owned();
    }
    if is(DIALLED) {
        // `anna/sip:anna@host`, but `Local/101@context`.
        let (first, rest) = value.split_at(value.find(['/', '@']).unwrap_or(value.len()));
        let is_dialled = !rest.starts_with('/') || is_address(&rest[1..]);
        // `s`, and what FreePBX makes of it.
        if is_dialled && !first.starts_with("s-") {
            return mask.word(first) + &addresses(rest, mask);
        }
    }
    addresses(value, mask)
}

fn is_address(text: &str) -> bool {
    SCHEMES.iter().any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| rest.starts_with(':')))
}

/// A text in which numbers are others, and what stands behind a technology or a scheme, as in `PJSIP/anna&SIP/bert,20`.
fn addresses(text: &str, mask: &Mask) -> String {
    let mut masked = String::with_capacity(text.len());
    let (mut technology, mut is_behind) = ("", false);
    for part in text.split_inclusive(|c: char| !c.is_alphanumeric() && !['-', '_', '.', '+'].contains(&c)) {
        let length =
            part.trim_end_matches(|c: char| !c.is_alphanumeric() && !['-', '_', '.', '+'].contains(&c)).len();
        let (word, end) = part.split_at(length);
        let endpoint = format!("{technology}/{word}");
        let is_named = is_behind && !SCHEMES.contains(&word) && !mask.keeps(&endpoint);
        match is_named {
            true => masked.push_str(&mask.word(word)),
            false if is_behind && mask.keeps(&endpoint) => masked.push_str(word),
            false => masked.push_str(&mask.text(word)),
        }
        masked.push_str(end);
        is_behind = !word.is_empty() && (end == "/" || end == ":" && SCHEMES.contains(&word));
        technology = word;
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Pattern;

    #[test]
    fn nobody_is_named_by_their_phone() {
        let mask = Mask::default();
        let anna = mask.name("anna");
        // (field, value, masked; `ANNA` is another name for anna)
        let cases = [
            ("Channel", "PJSIP/anna-0000001f", "PJSIP/ANNA-"),
            ("DestChannel", "SIP/anna-1", "SIP/ANNA-1"),
            ("Channel", "Local/anna@agents-00000004;1", "Local/ANNA@agents-"),
            ("Interface", "PJSIP/anna", "PJSIP/ANNA"),
            ("DialString", "anna", "ANNA"),
            ("DialString", "anna/sip:anna@pbx;transport=tls", "ANNA/sip:ANNA@pbx;transport=tls"),
            ("DialString", "Local/anna@agents/n", "Local/ANNA@agents/n"),
            ("Data", "PJSIP/anna&SIP/anna,20,tT", "PJSIP/ANNA&SIP/ANNA,20,tT"),
            ("CallerIDNum", "anna", "ANNA"),
            ("Exten", "anna", "ANNA"),
            ("Exten", "s", "s"),
            ("Exten", "s-NOANSWER", "s-NOANSWER"),
            ("ConnectedLineName", "anna", "ANNA"),
            ("MemberName", "anna", "ANNA"),
            ("MemberName", "Local/anna@agents/n", "Local/ANNA@agents/n"),
            ("ConnectedLineName", "<unknown>", "<unknown>"),
            ("CallerIDNum", "<unknown>", "<unknown>"),
            ("Context", "from-trunk-pjsip-anna", "from-trunk-pjsip-anna"),
            ("Queue", "support", "support"),
        ];
        for (field, value, expected) in cases {
            let masked = masked(field, value, &mask);
            assert!(masked.starts_with(&expected.replace("ANNA", &anna)), "{field}: {value}: {masked}");
        }
        assert!(!masked("CallerIDName", "<anna>", &mask).contains("anna"));
        let number = mask.text("492214710010");
        assert_eq!(masked("DialString", "492214710010@provider", &mask), format!("{number}@provider"));
        assert_eq!(masked("Interface", "PJSIP/492214710010", &mask), format!("PJSIP/{number}"));
    }

    #[test]
    fn a_trunk_that_the_settings_name_keeps_its_name() {
        let mask = Mask::keeping(vec![Pattern::new("PJSIP/provider-*"), Pattern::new("SIP/4930123")]);
        for (field, value) in [
            ("Channel", "PJSIP/provider-berlin-0000001f"),
            ("Data", "PJSIP/provider-berlin"),
            ("DestChannel", "SIP/4930123-00000001"),
            ("Data", "SIP/4930123"),
        ] {
            assert_eq!(masked(field, value, &mask), value);
        }
        assert_ne!(masked("Channel", "PJSIP/anna-0000001f", &mask), "PJSIP/anna-0000001f");
    }
}
