//! One party's half of a call inside Asterisk.

use std::collections::BTreeMap;

use crate::event::Name;

/// A channel by its name, as in `PJSIP/anna-0000001f` and `Local/101@queue-members-00000004;1`:
/// technology, endpoint, and a number of the channel's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channel<'a>(pub &'a str);

impl<'a> Channel<'a> {
    /// The agent whose phone it is, by the endpoint with and without its technology, by the extension
    /// in it, else by the channel's `number`. `agents` has their logins by phone.
    pub fn agent<'b>(self, number: Option<&str>, agents: &'b BTreeMap<String, Name>) -> Option<&'b Name> {
        let [endpoint, name, extension] = self.phones();
        [Some(endpoint), Some(name), Some(extension), number]
            .into_iter()
            .flatten()
            .find_map(|phone| agents.get(phone))
    }

    /// The names of its phone: `Local/101@queue-members`, `101@queue-members`, `101`.
    fn phones(self) -> [&'a str; 3] {
        let endpoint = self.0.rsplit_once('-').map_or(self.0, |(endpoint, _)| endpoint);
        let name = endpoint.split_once('/').map_or(endpoint, |(_, name)| name);
        let extension = name.split_once('@').map_or(name, |(extension, _)| extension);
        [endpoint, name, extension]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_is_found_by_endpoint_and_by_number() {
        let agents = [("PJSIP/anna", "anna@x"), ("bert", "bert@x"), ("103", "carl@x")]
            .map(|(phone, login)| (phone.to_owned(), Name::read("agents", login).unwrap().unwrap()))
            .into();
        // (channel, number, login)
        let cases = [
            ("PJSIP/anna-0000001f", Some("101"), Some("anna@x")),
            ("SIP/anna-0000001f", Some("101"), None),
            ("SIP/bert-00000002", None, Some("bert@x")),
            ("Local/103@queue-members-00000004;1", None, Some("carl@x")),
            ("PJSIP/trunk-00000002", Some("103"), Some("carl@x")),
            ("PJSIP/trunk-00000002", Some("104"), None),
            ("", None, None),
        ];
        for (channel, number, login) in cases {
            let agent = Channel(channel).agent(number, &agents);
            assert_eq!(agent.map(Name::as_str), login, "{channel} {number:?}");
        }
    }
}
