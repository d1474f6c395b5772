//! Whose phone it is: the table `[agents]`.

use std::collections::BTreeMap;

use crate::asterisk::is_number;
use crate::event::Name;
use crate::number::Numbering;

/// Zammad's logins by phone. A key is an extension (`101`), a number in any usual form
/// (`+49 30 5557142`), or an endpoint, with its technology or without (`PJSIP/anna`, `anna`).
///
/// # Example
///
/// ```
/// use zammad_cti::config::Agents;
/// use zammad_cti::event::Name;
/// use zammad_cti::number::Numbering;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let anna = Name::read("the login", "anna@example.com")?.expect("it is not blank");
/// let agents = Agents::from_iter([("+49 30 5557142".to_owned(), anna.clone())]);
/// let german = Numbering { country: Some("DE".parse()?), ..Numbering::default() };
/// assert_eq!(agents.login(None, Some("030 5557142"), &german), Some(&anna));
/// assert_eq!(agents.login(None, Some("030 5557143"), &german), None);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agents(BTreeMap<String, Name>);

impl Agents {
    /// None: for whoever has no such table.
    pub const NONE: &Self = &Self(BTreeMap::new());

    /// The login of whoever picked up at `endpoint`, such as `Local/101@queue-members`, or with `number`, as
    /// the phone system shows it. The first key counts that is
    ///
    /// 1. the endpoint, `Local/101@queue-members`;
    /// 2. the endpoint without its technology, `101@queue-members`;
    /// 3. the extension in it, `101`;
    /// 4. the number as it is shown;
    /// 5. the same number in another form, as `numbering` reads both.
    pub fn login(
        &self,
        endpoint: Option<&str>,
        number: Option<&str>,
        numbering: &Numbering,
    ) -> Option<&Name> {
        if self.0.is_empty() {
            return None;
        }
        let names = endpoint.map(names).into_iter().flatten();
        let number = number.map(str::trim);
        let shown = names.chain(number).find_map(|phone| self.0.get(phone));
        shown.or_else(|| self.by_number(number?, numbering))
    }

    fn by_number(&self, number: &str, numbering: &Numbering) -> Option<&Name> {
        let number = numbering.read_answering(number).ok()?;
        let is_the_same =
            |phone: &str| is_number(phone) && numbering.read_answering(phone).is_ok_and(|it| it == number);
        // An extension has one form only.
        let has_forms = number.as_str().len() > usize::from(numbering.extension_digits);
        let by_form = || self.0.iter().find(|(phone, _)| is_the_same(phone)).map(|(_, login)| login);
        self.0.get(number.as_str()).or_else(|| has_forms.then(by_form).flatten())
    }

    /// All of them, in the order of their phones.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Name)> {
        self.0.iter().map(|(phone, login)| (phone.as_str(), login))
    }
}

impl FromIterator<(String, Name)> for Agents {
    fn from_iter<I: IntoIterator<Item = (String, Name)>>(phones: I) -> Self {
        Self(phones.into_iter().collect())
    }
}

/// The names of an endpoint: `Local/101@queue-members`, `101@queue-members`, `101`.
fn names(endpoint: &str) -> [&str; 3] {
    let name = endpoint.split_once('/').map_or(endpoint, |(_, name)| name);
    let extension = name.split_once('@').map_or(name, |(extension, _)| extension);
    [endpoint, name, extension]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_is_found_by_endpoint_extension_and_number() {
        let table = [
            ("PJSIP/anna", "anna@x"),
            ("bert", "bert@x"),
            ("103", "carl@x"),
            ("+49 (30) 5557142", "dora@x"),
            ("4930555710", "emil@x"),
        ];
        let login = |login| Name::read("the login", login).unwrap().unwrap();
        let agents: Agents = table.map(|(phone, name)| (phone.to_owned(), login(name))).into_iter().collect();
        // (endpoint, number, login)
        let cases = [
            (Some("PJSIP/anna"), Some("101"), Some("anna@x")),
            (Some("SIP/anna"), Some("101"), None),
            (Some("SIP/bert"), None, Some("bert@x")),
            (Some("Local/103@queue-members"), None, Some("carl@x")),
            (Some("user/103@pbx.example"), Some("1"), Some("carl@x")),
            (Some("PJSIP/trunk"), Some("103"), Some("carl@x")),
            (Some("PJSIP/trunk"), Some("104"), None),
            (Some("PJSIP/anna"), Some("103"), Some("anna@x")),
            (Some(""), None, None),
            (None, None, None),
            (None, Some(""), None),
            (None, Some(" 103 "), Some("carl@x")),
            (None, Some("sip:103@pbx.example"), Some("carl@x")),
            (None, Some("PJSIP/anna"), Some("anna@x")),
            (None, Some("anna"), None),
            (None, Some("030 5557142"), Some("dora@x")),
            (None, Some("+49305557142"), Some("dora@x")),
            (None, Some("0049 30 555710"), Some("emil@x")),
            (None, Some("+49 30 5557143"), None),
        ];
        let german = Numbering { country: Some("DE".parse().unwrap()), ..Numbering::default() };
        for (endpoint, number, expected) in cases {
            let found = agents.login(endpoint, number, &german);
            assert_eq!(found.map(Name::as_str), expected, "{endpoint:?} {number:?}");
        }
        assert_eq!(Agents::NONE.login(Some("PJSIP/anna"), Some("103"), &german), None);
    }
}
