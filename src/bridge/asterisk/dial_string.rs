//! What a channel technology is told to dial.

use crate::asterisk::is_number;

/// The number in it, in any technology's words: `4930123@trunk`, `trunk/4930123`, `g1/4930123`,
/// `101/sip:101@host`.
pub fn number(string: &str) -> Option<String> {
    let last = string.split_once('/').map_or(string, |(_, last)| last);
    let schemes = ["sip:", "sips:", "tel:"];
    let address = schemes.iter().find_map(|scheme| last.strip_prefix(scheme)).unwrap_or(last);
    let user = address.split(['@', ';', '/']).next().unwrap_or_default();
    is_number(user).then(|| user.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stands_where_its_technology_wants_it() {
        // (dial string, number)
        let cases = [
            ("101", Some("101")),
            ("492214710011@trunk", Some("492214710011")),
            ("101/sip:101@127.0.0.1:5170", Some("101")),
            ("trunk/sip:+4930123@provider.example;transport=tls", Some("+4930123")),
            ("trunk/492214710011", Some("492214710011")),
            ("g1/492214710011", Some("492214710011")),
            ("i1/492214710011/more", Some("492214710011")),
            ("anna", None),
            ("anna@trunk", None),
            ("", None),
        ];
        for (string, expected) in cases {
            assert_eq!(number(string).as_deref(), expected, "{string}");
        }
    }
}
