//! What phone systems show around a number: names, schemes, hosts and options.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use super::formatting::is_dialled;
use super::withheld::stands_for_no_number;

/// Schemes whose addresses are numbers (RFC 3966; fax and modem RFC 2806; callto and phone as
/// browsers, Skype and Teams write them; sms RFC 5724).
const OF_NUMBERS: [&str; 10] =
    ["tel", "callto", "fax", "modem", "phone", "skype", "sms", "smsto", "mms", "whatsapp"];

/// Schemes whose addresses are a user at a host (RFC 3261, 19.1.1; RFC 3508).
const OF_USERS: [&str; 3] = ["sip", "sips", "h323"];

/// What stands before the slash in a dial string or in a channel's name (Asterisk: chan_pjsip, chan_iax2, chan_dahdi and
/// others; FreeSWITCH: sofia, user, loopback, verto).
const TECHNOLOGIES: [&str; 18] = [
    "pjsip", "sip", "iax2", "iax", "local", "dahdi", "zap", "capi", "misdn", "sccp", "skinny", "dongle",
    "quectel", "h323", "sofia", "user", "loopback", "verto",
];

/// Hosts of callers who withhold their number (RFC 3323, 4.1; 3GPP TS 23.003, 13.6 and 13.7).
const NOBODYS_HOSTS: [&str; 2] = ["anonymous.invalid", "unknown.invalid"];

/// An address, taken apart.
pub(super) struct Address<'a> {
    /// The number, the account, or whatever it is.
    pub user: Cow<'a, str>,
    /// Digits with their country code, within which the number is meant: `phone-context` (RFC 3966,
    /// 5.1.5). One that is a domain says nothing about digits.
    pub context: Option<String>,
    host: &'a str,
}

impl<'a> Address<'a> {
    /// Takes the number or account out of `"Name" <address>` (RFC 3261, 20.10), out of addresses with
    /// a scheme, and a number out of those without one. Options of all of them are dropped.
    pub(super) fn of(shown: &'a str) -> Self {
        let pointed = shown.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>'));
        Self::of_address(unquoted(pointed.map_or(shown, |(inside, _)| inside.trim())))
    }

    fn of_address(address: &'a str) -> Self {
        if let Some(dialled) = dialled_by(address) {
            return Self::of_address(dialled);
        }
        let Some((scheme, rest)) = address.split_once(':') else {
            return Self::without_scheme(address);
        };
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let is_one_of = |schemes: &[&str]| schemes.iter().any(|known| scheme.eq_ignore_ascii_case(known));
        if is_one_of(&OF_NUMBERS) {
            // A SIP address may follow.
            let (user, options) = cut(rest, &[';', '?', '@']);
            match user.contains(':') {
                true => Self::of_address(rest),
                false => Self::new(Cow::Owned(user_of(user)), options),
            }
        } else if is_one_of(&OF_USERS) {
            Self::of_user(rest)
        } else {
            Self::without_scheme(address)
        }
    }

    fn of_user(rest: &'a str) -> Self {
        let (user, options) = if rest.contains('@') {
            let (user, options) = cut(rest, &[';', '@']);
            // A password may follow the user.
            (cut(user, &[':']).0, options)
        } else {
            let (host, options) = cut(rest, &[';', '?']);
            let name = cut(host, &[':']).0;
            let is_machine = name.starts_with('[') || name.parse::<Ipv4Addr>().is_ok();
            let is_number = is_dialled(name) && !is_machine;
            match host.contains(['.', ':']) {
                true if is_number => (name, options),
                // The address of a machine names no caller.
                true => ("", options),
                false => (host, options),
            }
        };
        Self::new(Cow::Owned(user_of(user)), options)
    }

    /// Only a number, or a word for none, is known to be one without a scheme before it.
    fn without_scheme(text: &'a str) -> Self {
        let (head, options) = cut(text, &[';', '@']);
        let decoded = percent_decoded(head.trim_end());
        let taken = match decoded != text {
            true if is_dialled(&decoded) => true,
            true => stands_for_no_number(&decoded),
            false => false,
        };
        match taken {
            true => Self::new(Cow::Owned(decoded), options),
            false => Self::new(Cow::Borrowed(text), ""),
        }
    }

    fn new(user: Cow<'a, str>, options: &'a str) -> Self {
        let host = options.split_once('@').map_or("", |(_, rest)| cut(rest, &[';', ':', '?']).0);
        Self { user, context: context(options), host }
    }

    /// Whether it says that there is no number.
    pub(super) fn names_nobody(&self) -> bool {
        let is_nobodys = NOBODYS_HOSTS.iter().any(|host| self.host.eq_ignore_ascii_case(host));
        (is_nobodys && !is_dialled(&self.user)) || stands_for_no_number(&self.user)
    }
}

/// The number in `PJSIP/+49...@trunk`, `SIP/trunk/030...`, `Local/42@from-internal/n`, `IAX2/me@host/030...`,
/// `sofia/gateway/trunk/49...` and `SIP/101-0000001a`.
fn dialled_by(text: &str) -> Option<&str> {
    let (technology, rest) = text.split_once('/')?;
    if !TECHNOLOGIES.iter().any(|known| technology.eq_ignore_ascii_case(known)) {
        return None;
    }
    let is_channel =
        |number: &str| number.len() == 8 && number.bytes().all(|digit| digit.is_ascii_hexdigit());
    let rest = rest.rsplit_once('-').filter(|(_, number)| is_channel(number)).map_or(rest, |(rest, _)| rest);
    let (user, host) = rest.split_once('@').unwrap_or((rest, ""));
    let behind_host = host.split_once('/').map_or("", |(_, behind)| behind);
    [user.rsplit('/').next().unwrap_or_default(), behind_host].into_iter().find(|part| {
        // A SIP address may be all of it.
        is_dialled(part.split_once(':').map_or(*part, |(_, number)| number))
    })
}

/// Some escape the options as if they belonged to the user.
fn user_of(escaped: &str) -> String {
    let mut user = percent_decoded(escaped);
    let head = cut(&user, &[';', '@']).0;
    if is_dialled(head) {
        user.truncate(head.len());
    }
    user
}

fn context(options: &str) -> Option<String> {
    let (_, value) = (options.split([';', '@', '?']).filter_map(|option| option.split_once('=')))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("phone-context"))?;
    let value = percent_decoded(unquoted(value.trim()));
    let digits: String = match value.strip_prefix('+') {
        Some(global) => global.chars().filter(|c| !"-.() ".contains(*c)).collect(),
        // Some write it without, or with the international prefix. With dots in between it would be the address of a machine.
        None => value.strip_prefix("00").unwrap_or(&value).to_owned(),
    };
    let is_number =
        !digits.starts_with('0') && !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit());
    is_number.then_some(digits)
}

/// What stands before the first of these signs, and the rest with that sign.
fn cut<'a>(text: &'a str, ends: &[char]) -> (&'a str, &'a str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

fn unquoted(text: &str) -> &str {
    let inside = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inside.filter(|inside| !inside.contains('"')).map_or(text, str::trim)
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
