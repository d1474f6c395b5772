//! What phone systems show around a number.

use std::borrow::Cow;

/// Takes the number or account out of `"Name" <address>` (RFC 3261, 20.10), `sip:` and `sips:`
/// (19.1.1) and `tel:` addresses (RFC 3966).
pub(super) fn unwrapped(shown: &str) -> Cow<'_, str> {
    let pointed = shown.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>'));
    let address = pointed.map_or(shown, |(inside, _)| inside.trim());
    let Some((scheme, rest)) = address.split_once(':') else {
        return Cow::Borrowed(address);
    };
    let user = match (scheme.to_ascii_lowercase().as_str(), rest.split_once('@')) {
        ("tel", _) => before(rest, &[';']),
        // A password may follow the user.
        ("sip" | "sips", Some((user, _host))) => before(user, &[';', ':']),
        ("sip" | "sips", None) => match before(rest, &[';', '?']) {
            // The address of a machine names no caller.
            host if host.contains(['.', ':']) => "",
            user => user,
        },
        _ => return Cow::Borrowed(address),
    };
    Cow::Owned(percent_decoded(user))
}

fn before<'a>(text: &'a str, ends: &[char]) -> &'a str {
    text.find(ends).map_or(text, |end| &text[..end])
}

/// Leaves as it is what is no escape, or no text.
fn percent_decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let escape = part.split_at_checked(2).and_then(|(code, rest)| {
            let is_code = code.bytes().all(|digit| digit.is_ascii_hexdigit());
            Some((u8::from_str_radix(code, 16).ok().filter(|_| is_code)?, rest))
        });
        let (byte, rest) = escape.unwrap_or((b'%', part));
        bytes.push(byte);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}
