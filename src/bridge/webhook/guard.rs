//! Who may say something: nothing of a request is believed before it has proved where it comes from.
//!
//! Secrets are compared in constant time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use ring::{hmac, signature};
use serde_json::Value;
use subtle::ConstantTimeEq;
use url::form_urlencoded;

use super::message::Said;
use super::path::Path;
use crate::config::{HookSecrets, HookSettings, HookSignature, Secret, Span};

/// How far the time of a signature may be from now, if nothing else is wanted: what all senders recommend.
const TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// What a recorded token is.
const STARS: &str = "***";

/// Why a request is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum Refusal {
    /// There is no such hook, or the secret in the address is another.
    #[error("no hook has this address")]
    Address,
    /// Name and password are missing, or others.
    #[error("username or password is wrong")]
    Basic,
    /// It has no token, or another.
    #[error("its token is wrong")]
    Token,
    /// It is not signed, or by somebody else.
    #[error("its signature is wrong")]
    Signature,
    /// It was signed too long ago, or will be.
    #[error("it was not signed just now")]
    Time,
}

/// What a request has to prove.
#[derive(Debug)]
pub struct Guard {
    secret: Secret,
    basic: Option<(String, Secret)>,
    token: Option<(Path, Secret)>,
    signing: Option<Signing>,
}

#[derive(Debug)]
struct Signing {
    way: HookSignature,
    key: Key,
    header: String,
    timestamp: String,
    tolerance: Duration,
    /// the hook's own address, where that is signed; its secret is in it
    url: Secret,
}

#[derive(Debug)]
enum Key {
    Hmac(hmac::Key),
    Public(Vec<u8>),
}

/// A signature that nobody can check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// It is to be an Ed25519 key.
    #[error("signing_key is no public key: 32 bytes in base64 or hex")]
    PublicKey,
    /// The header is not named.
    #[error("signature_header is not set")]
    Header,
    /// Nor is the one with the time.
    #[error("timestamp_header is not set")]
    TimestampHeader,
}

/// A request as it came.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// its headers
    pub headers: &'a HeaderMap,
    /// what stands behind `?` in its address
    pub query: Option<&'a str>,
    /// its body
    pub body: &'a [u8],
    /// when it came
    pub now: SystemTime,
}

impl Guard {
    /// That of a hook, whose address is `url`.
    ///
    /// # Errors
    ///
    /// See [`BadKey`].
    pub fn new(hook: &HookSettings, secrets: HookSecrets, url: &str) -> Result<Self, BadKey> {
        let HookSecrets { secret, signing_key, token, basic } = secrets;
        let token = token.map(|token| (Path::new(hook.token_in.as_deref().unwrap_or_default()), token));
        let signing = signing_key.map(|key| Signing::new(hook, &key, url)).transpose()?;
        Ok(Self { secret, basic, token, signing })
    }

    /// Whether this is the secret of the address.
    pub fn knows(&self, secret: &str) -> bool {
        is_same(secret, self.secret.reveal())
    }

    /// Whether a request is to be read at all.
    ///
    /// # Errors
    ///
    /// What it did not prove.
    pub fn check(&self, request: Request<'_>) -> Result<(), Refusal> {
        if let Some(basic) = &self.basic
            && !is_basic(request.headers, basic)
        {
            return Err(Refusal::Basic);
        }
        if let Some((Path::Header(name), token)) = &self.token
            && !is_same(text(request.headers, name).unwrap_or_default(), token.reveal())
        {
            return Err(Refusal::Token);
        }
        self.signing.as_ref().map_or(Ok(()), |signing| signing.check(request))
    }

    /// Whether what it says has the token in it, which is then no part of it any more.
    ///
    /// # Errors
    ///
    /// It has not.
    pub fn check_token(&self, said: &mut Said) -> Result<(), Refusal> {
        let Some((path, token)) = self.token.as_ref().filter(|(path, _)| !matches!(path, Path::Header(_)))
        else {
            return Ok(());
        };
        let place = path.find_mut(&mut said.body).ok_or(Refusal::Token)?;
        let given = place.as_str().unwrap_or_default();
        if !is_same(given, token.reveal()) {
            return Err(Refusal::Token);
        }
        *place = Value::String(STARS.to_owned());
        Ok(())
    }
}

impl Signing {
    fn new(hook: &HookSettings, key: &Secret, url: &str) -> Result<Self, BadKey> {
        let way = hook.signature.unwrap_or(HookSignature::None);
        let bytes = key.reveal().as_bytes();
        let key = match way {
            HookSignature::HmacSha1 | HookSignature::Twilio => {
                Key::Hmac(hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, bytes))
            }
            HookSignature::HmacSha256 | HookSignature::TimedHmacSha256 | HookSignature::None => {
                Key::Hmac(hmac::Key::new(hmac::HMAC_SHA256, bytes))
            }
            HookSignature::Ed25519 => {
                let key = decoded(key.reveal(), 32);
                Key::Public(key.ok_or(BadKey::PublicKey)?)
            }
        };
        let needs_time = way == HookSignature::Ed25519;
        Ok(Self {
            way,
            key,
            header: hook.signature_header.clone().ok_or(BadKey::Header)?.to_ascii_lowercase(),
            timestamp: match &hook.timestamp_header {
                Some(name) => name.to_ascii_lowercase(),
                None if needs_time => return Err(BadKey::TimestampHeader),
                None => String::new(),
            },
            tolerance: hook.tolerance.map_or(TOLERANCE, |Span(time)| time),
            url: Secret::new(url),
        })
    }

    fn check(&self, request: Request<'_>) -> Result<(), Refusal> {
        let given = text(request.headers, &self.header).ok_or(Refusal::Signature)?;
        let is_right = match self.way {
            HookSignature::None => true,
            HookSignature::HmacSha256 => self.is_of(request.body, &signature_in(given, 32)?),
            HookSignature::HmacSha1 => self.is_of(request.body, &signature_in(given, 20)?),
            HookSignature::Twilio => {
                self.is_of(&twilio(self.url.reveal(), request.query, request.body), &signature_in(given, 20)?)
            }
            HookSignature::TimedHmacSha256 => {
                let parts = || given.split(',').filter_map(|part| part.trim().split_once('='));
                let (_, time) = parts().find(|(name, _)| *name == "t").ok_or(Refusal::Signature)?;
                self.is_timely(time, request.now)?;
                let signed = [time.as_bytes(), b".", request.body].concat();
                // More than one while the sender changes its key.
                let mut given =
                    parts().filter(|(name, _)| *name == "v1").filter_map(|(_, text)| decoded(text, 32));
                given.any(|signature| self.is_of(&signed, &signature))
            }
            HookSignature::Ed25519 => {
                let time = text(request.headers, &self.timestamp).ok_or(Refusal::Signature)?;
                self.is_timely(time, request.now)?;
                let signed = [time.as_bytes(), b"|", request.body].concat();
                self.is_of(&signed, &signature_in(given, 64)?)
            }
        };
        is_right.then_some(()).ok_or(Refusal::Signature)
    }

    fn is_of(&self, signed: &[u8], given: &[u8]) -> bool {
        match &self.key {
            Key::Hmac(key) => hmac::verify(key, signed, given).is_ok(),
            Key::Public(key) => {
                let key = signature::UnparsedPublicKey::new(&signature::ED25519, key);
                key.verify(signed, given).is_ok()
            }
        }
    }

    /// Whether a request was signed just now: one that somebody has listened to is of no use later.
    fn is_timely(&self, seconds: &str, now: SystemTime) -> Result<(), Refusal> {
        let signed = seconds.parse().map(Duration::from_secs).map_err(|_| Refusal::Signature)?;
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        if now.abs_diff(signed) <= self.tolerance { Ok(()) } else { Err(Refusal::Time) }
    }
}

/// What Twilio signs: the address and the fields of the form in the order of their names.
///
/// Source: Twilio's documentation, "Webhooks Security"; a field that comes twice with the same value counts once.
fn twilio(url: &str, query: Option<&str>, body: &[u8]) -> Vec<u8> {
    let mut signed = url.as_bytes().to_vec();
    if let Some(query) = query {
        signed.push(b'?');
        signed.extend_from_slice(query.as_bytes());
    }
    let mut fields: Vec<_> = form_urlencoded::parse(body).collect();
    fields.sort();
    fields.dedup();
    for (name, value) in fields {
        signed.extend_from_slice(name.as_bytes());
        signed.extend_from_slice(value.as_bytes());
    }
    signed
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// A signature of so many bytes, in hex or base64, perhaps behind the name of its kind: `sha256=…`.
fn signature_in(text: &str, length: usize) -> Result<Vec<u8>, Refusal> {
    let bare =
        text.split_once('=').filter(|(kind, _)| ["sha256", "sha1"].contains(kind)).map(|(_, bare)| bare);
    decoded(bare.unwrap_or(text), length).ok_or(Refusal::Signature)
}

fn decoded(text: &str, length: usize) -> Option<Vec<u8>> {
    let text = text.trim().as_bytes();
    let bytes = if text.len() == 2 * length { HEXLOWER_PERMISSIVE.decode(text) } else { BASE64.decode(text) };
    bytes.ok().filter(|bytes| bytes.len() == length)
}

fn is_basic(headers: &HeaderMap, (username, password): &(String, Secret)) -> bool {
    let credentials = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let encoded = credentials.and_then(|text| {
        let (scheme, rest) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("basic").then_some(rest.trim())
    });
    let given = encoded.and_then(|text| BASE64.decode(text.as_bytes()).ok()).unwrap_or_default();
    given.ct_eq(format!("{username}:{}", password.reveal()).as_bytes()).into()
}

fn is_same(given: &str, wanted: &str) -> bool {
    given.as_bytes().ct_eq(wanted.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderName, HeaderValue};
    use ring::signature::{Ed25519KeyPair, KeyPair as _};
    use serde_json::json;

    use super::*;

    fn guard(settings: &str) -> Guard {
        let hook: HookSettings = toml::from_str(&format!("{settings}\nsecret = 's'")).unwrap();
        let (hook, secrets) = (hook.whole("a").unwrap(), hook.secrets("a").unwrap());
        Guard::new(&hook, secrets, "https://cti.example/hook/a/s").unwrap()
    }

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let header = |(name, value): &(&str, &str)| {
            (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap())
        };
        pairs.iter().map(header).collect()
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn check(guard: &Guard, pairs: &[(&str, &str)], body: &str, now: u64) -> Result<(), Refusal> {
        let headers = headers(pairs);
        guard.check(Request { headers: &headers, query: None, body: body.as_bytes(), now: at(now) })
    }

    #[test]
    fn the_secret_of_the_address_counts_as_a_whole() {
        let guard = guard("preset = 'aircall'");
        assert!(guard.knows("s"));
        for other in ["", "S", "ss", "s/"] {
            assert!(!guard.knows(other), "{other}");
        }
    }

    /// By openssl's reckoning: `printf %s BODY | openssl dgst -sha256 -hmac 12345`.
    #[test]
    fn a_body_may_be_signed() {
        let guard = guard("preset = 'placetel'\nsigning_key = '12345'");
        let (name, body) = ("x-placetel-signature", "event=IncomingCall&call_id=1");
        let signed = "f86ce7b06011e97503bf11d3b55549e90d7a44314e9695c1694125875155d9fc".to_owned();
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"12345");
        let in_base64 = BASE64.encode(hmac::sign(&key, body.as_bytes()).as_ref());
        for given in [signed.clone(), signed.to_uppercase(), format!("sha256={signed}"), in_base64] {
            assert_eq!(check(&guard, &[(name, &given)], body, 0), Ok(()), "{given}");
        }
        for given in ["", "sha256=", &signed[1..], &signed.replace('4', "5")] {
            assert_eq!(check(&guard, &[(name, given)], body, 0), Err(Refusal::Signature), "{given}");
        }
        assert_eq!(check(&guard, &[], body, 0), Err(Refusal::Signature));
        assert_eq!(check(&guard, &[(name, &signed)], "event=HungUp", 0), Err(Refusal::Signature));
    }

    /// The example of Twilio's documentation, "Webhooks Security".
    #[test]
    fn twilio_signs_the_address_and_the_sorted_form() {
        let url = "https://mycompany.com/myapp.php";
        let body = "CallSid=CA1234567890ABCDE&Caller=%2B14158675310&Digits=1234&From=%2B14158675310&To=%2B18005551212";
        let signed = twilio(url, Some("foo=1&bar=2"), body.as_bytes());
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"12345");
        assert_eq!(BASE64.encode(hmac::sign(&key, &signed).as_ref()), "GvWf1cFY/Q7PnoempGyD5oXAezc=");

        let guard = guard("preset = 'twilio'\nsigning_key = '12345'\npublic_url = 'https://cti.example'");
        let signed = twilio("https://cti.example/hook/a/s", None, b"b=2&a=1");
        let right = BASE64.encode(hmac::sign(&key, &signed).as_ref());
        assert_eq!(check(&guard, &[("x-twilio-signature", &right)], "b=2&a=1", 0), Ok(()));
        assert_eq!(check(&guard, &[("x-twilio-signature", &right)], "a=1&b=2", 0), Ok(()));
        assert_eq!(check(&guard, &[("x-twilio-signature", &right)], "a=1&b=3", 0), Err(Refusal::Signature));
    }

    #[test]
    fn what_was_signed_long_ago_is_not_believed() {
        let guard = guard("preset = 'didww'\nsigning_key = 'whsec'");
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"whsec");
        let sign = |time: u64| {
            let signature = hmac::sign(&key, format!("{time}.{{}}").as_bytes());
            format!("t={time},v1={}", HEXLOWER_PERMISSIVE.encode(signature.as_ref()))
        };
        // (signed at, received at, outcome)
        let cases = [
            (1_790_000_000, 1_790_000_000, Ok(())),
            (1_790_000_000, 1_790_000_300, Ok(())),
            (1_790_000_300, 1_790_000_000, Ok(())),
            (1_790_000_000, 1_790_000_301, Err(Refusal::Time)),
            (1_790_000_301, 1_790_000_000, Err(Refusal::Time)),
        ];
        for (signed, received, outcome) in cases {
            assert_eq!(
                check(&guard, &[("x-ps-signature", &sign(signed))], "{}", received),
                outcome,
                "{signed}"
            );
        }
        let moved = sign(1_790_000_000).replace("t=1790000000", "t=1790000001");
        for given in [moved.as_str(), "v1=00", "t=1790000000", "t=x,v1=00", ""] {
            let outcome = check(&guard, &[("x-ps-signature", given)], "{}", 1_790_000_000);
            assert_eq!(outcome, Err(Refusal::Signature), "{given}");
        }
    }

    #[test]
    fn a_public_key_checks_a_signature() {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let public = BASE64.encode(pair.public_key().as_ref());
        let guard = guard(&format!("preset = 'telnyx'\nsigning_key = '{public}'"));
        let signature = BASE64.encode(pair.sign(b"1790000000|{}").as_ref());
        let with = |time, signature, body, now| {
            let pairs = [("telnyx-timestamp", time), ("telnyx-signature-ed25519", signature)];
            check(&guard, &pairs, body, now)
        };
        assert_eq!(with("1790000000", &signature, "{}", 1_790_000_001), Ok(()));
        assert_eq!(with("1790000001", &signature, "{}", 1_790_000_001), Err(Refusal::Signature));
        assert_eq!(with("1790000000", &signature, "{ }", 1_790_000_001), Err(Refusal::Signature));
        assert_eq!(with("1790000000", "AAAA", "{}", 1_790_000_001), Err(Refusal::Signature));
        assert_eq!(with("1790000000", &signature, "{}", 1_790_009_999), Err(Refusal::Time));
        let hook: HookSettings =
            toml::from_str("preset = 'telnyx'\nsecret = 's'\nsigning_key = 'AAAA'").unwrap();
        let (hook, secrets) = (hook.whole("a").unwrap(), hook.secrets("a").unwrap());
        assert_eq!(Guard::new(&hook, secrets, "").unwrap_err(), BadKey::PublicKey);
    }

    #[test]
    fn a_name_with_a_password_and_a_token_are_asked_for() {
        let basic = guard("preset = 'aircall'\nusername = 'pbx'\npassword = 'p:w'");
        let right = format!("Basic {}", BASE64.encode(b"pbx:p:w"));
        assert_eq!(check(&basic, &[("authorization", &right)], "", 0), Ok(()));
        let wrong = format!("Basic {}", BASE64.encode(b"pbx:p:W"));
        for given in [wrong.as_str(), "Basic", "Basic ====", &right[6..]] {
            assert_eq!(check(&basic, &[("authorization", given)], "", 0), Err(Refusal::Basic), "{given}");
        }
        let in_header = guard("preset = 'aircall'\ntoken = 't'\ntoken_in = 'header:X-Auth-Token'");
        assert_eq!(check(&in_header, &[("x-auth-token", "t")], "", 0), Ok(()));
        assert_eq!(check(&in_header, &[], "", 0), Err(Refusal::Token));

        let in_body = guard("preset = 'aircall'\ntoken = 't'");
        assert_eq!(check(&in_body, &[], "", 0), Ok(()));
        let said = |body| Said { body, ..Said::default() };
        let mut right = said(json!({"token": "t", "data": 1}));
        assert_eq!(in_body.check_token(&mut right), Ok(()));
        assert_eq!(right.body, json!({"token": "***", "data": 1}), "it is in no recording");
        for body in [json!({"token": "x"}), json!({"token": ["t"]}), json!({}), json!(null)] {
            assert_eq!(in_body.check_token(&mut said(body.clone())), Err(Refusal::Token), "{body}");
        }
    }
}
