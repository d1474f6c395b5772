//! One party's half of a call inside Asterisk.

/// A channel by its name, as in `PJSIP/anna-0000001f` and `Local/101@queue-members-00000004;1`:
/// technology, endpoint, and a number of the channel's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channel<'a>(pub &'a str);

impl<'a> Channel<'a> {
    /// The endpoint with its technology: `PJSIP/anna`, `Local/101@queue-members`.
    pub fn endpoint(self) -> &'a str {
        self.0.rsplit_once('-').map_or(self.0, |(endpoint, _)| endpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_one_of_an_endpoint() {
        // (channel, endpoint)
        let cases = [
            ("PJSIP/anna-0000001f", "PJSIP/anna"),
            ("PJSIP/anna-desk-0000001f", "PJSIP/anna-desk"),
            ("Local/103@queue-members-00000004;1", "Local/103@queue-members"),
            ("", ""),
        ];
        for (channel, endpoint) in cases {
            assert_eq!(Channel(channel).endpoint(), endpoint, "{channel}");
        }
    }
}
