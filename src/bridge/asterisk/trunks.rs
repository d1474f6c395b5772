//! Which channels lead out of the house.

use std::collections::HashSet;

use crate::asterisk::Channel;
use crate::bridge::fact::Side;
use crate::config::{AsteriskSettings, List, Pattern};

/// More trunks than any phone system has.
const MOST_SEEN: usize = 1000;

/// How trunks are recognised: by the context of a channel when it begins, or by its name.
#[derive(Debug, Clone)]
pub struct Trunks {
    contexts: Vec<Pattern>,
    channels: Vec<Pattern>,
    /// endpoints that were seen in these contexts: a channel that came in is soon in another
    seen: HashSet<String>,
}

impl Trunks {
    /// The contexts that calls from outside begin in, in plain dialplans and in FreePBX's.
    pub const CONTEXTS: [&str; 7] = [
        "from-trunk*",
        "from-pstn*",
        "from-digital",
        "from-analog",
        "from-dahdi",
        "from-zaptel",
        "from-sip-external",
    ];

    /// Patterns with `*` for any characters; those for channels mean the name without its last number,
    /// as in `PJSIP/provider-*`.
    pub fn new<T: AsRef<str>, U: AsRef<str>>(
        contexts: impl IntoIterator<Item = T>,
        channels: impl IntoIterator<Item = U>,
    ) -> Self {
        Self {
            contexts: contexts.into_iter().map(|pattern| Pattern::new(pattern.as_ref())).collect(),
            channels: channels.into_iter().map(|pattern| Pattern::new(pattern.as_ref())).collect(),
            seen: HashSet::new(),
        }
    }

    /// Those of the settings.
    pub fn of(settings: &AsteriskSettings) -> Self {
        let channels = settings.trunk_channels.clone().unwrap_or_default().0;
        match &settings.trunk_contexts {
            Some(List(contexts)) => Self::new(contexts, channels),
            None => Self::new(Self::CONTEXTS, channels),
        }
    }

    /// The same with what was seen so far by other settings.
    pub fn after(self, before: Self) -> Self {
        Self { seen: before.seen, ..self }
    }

    /// Whether a channel was recognised as one.
    pub fn has_seen_one(&self) -> bool {
        !self.seen.is_empty()
    }

    /// Where a channel is that begins with this name, in this context.
    pub fn begins(&mut self, channel: &str, context: &str) -> Side {
        let side = self.side(channel, context);
        if side == Side::Outside && self.seen.len() < MOST_SEEN {
            self.seen.insert(Channel(channel).endpoint().to_owned());
        }
        side
    }

    /// The same without a memory of it.
    fn side(&self, channel: &str, context: &str) -> Side {
        if channel.starts_with("Local/") {
            return Side::Inner;
        }
        let is_context = self.contexts.iter().any(|pattern| pattern.is_met_by(context));
        let is_channel =
            |pattern: &Pattern| pattern.is_met_by(Channel(channel).endpoint()) || pattern.is_met_by(channel);
        if is_context || self.channels.iter().any(is_channel) { Side::Outside } else { Side::Phone }
    }

    /// Where a channel is whose beginning nobody saw, in whatever context it is now.
    pub fn meets(&self, channel: &str, context: &str) -> Side {
        match self.side(channel, context) {
            Side::Phone if self.seen.contains(Channel(channel).endpoint()) => Side::Outside,
            side => side,
        }
    }
}

impl Default for Trunks {
    fn default() -> Self {
        Self::new(Self::CONTEXTS, [""; 0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trunk_is_known_by_its_context_or_its_name() {
        let trunks = Trunks::new(Trunks::CONTEXTS, ["PJSIP/provider-*", "SIP/gw"]);
        // (channel, context, side)
        let cases = [
            ("PJSIP/trunk-0000001a", "from-trunk", Side::Outside),
            ("PJSIP/x-1", "from-trunk-pjsip-provider-b", Side::Outside),
            ("PJSIP/x-1", "from-pstn-custom", Side::Outside),
            ("PJSIP/x-1", "from-sip-external", Side::Outside),
            ("DAHDI/i1/030123-1", "from-digital", Side::Outside),
            ("PJSIP/101-0000001b", "from-internal", Side::Phone),
            ("PJSIP/101-0000001b", "not-from-trunk", Side::Phone),
            ("PJSIP/101-0000001b", "from-digital2", Side::Phone),
            ("Local/101@from-trunk-00000002;1", "from-trunk", Side::Inner),
            ("PJSIP/provider-a-00000001", "default", Side::Outside),
            ("SIP/gw-00000001", "default", Side::Outside),
            ("SIP/gw2-00000001", "default", Side::Phone),
            ("SIP/g.-00000001", "default", Side::Phone),
        ];
        for (channel, context, side) in cases {
            assert_eq!(trunks.side(channel, context), side, "{channel} in {context}");
        }
    }
}
