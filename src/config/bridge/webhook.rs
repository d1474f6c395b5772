//! The table `[bridge.webhook]`: where hosted phone systems send what happens, and how each of them is understood.
//!
//! A hook is a table of the file only: it has too many settings for flags.

mod preset;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use preset::PRESETS;

use super::super::ConfigError;
use super::super::value::{List, Secret, Span};
use super::{SourceSettings, one_secret_of};

/// Behind a proxy on the same machine, which speaks HTTPS.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8088);

/// The settings of the command, and its hooks.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[command(next_help_heading = "Webhook")]
pub struct WebhookSettings {
    /// Where requests are taken, behind a proxy that speaks HTTPS [default: 127.0.0.1:8088]
    #[arg(long = "listen", alias = "bridge-webhook-listen", id = "bridge_webhook_listen")]
    #[arg(value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// The tables `[bridge.webhook.hooks.NAME]`.
    #[arg(skip)]
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub hooks: BTreeMap<String, HookSettings>,
}

/// One sender: how it proves who it is, and what its words mean.
///
/// Paths lead into the body, such as `data.user.email`; several are tried in turn. A path that begins with a dot begins
/// at each element of `each`; `header:NAME` is a header.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HookSettings {
    /// the phone system, one of [`PRESETS`], for all that is not said here
    pub preset: Option<String>,
    /// the last part of the address, `/hook/NAME/SECRET`
    pub secret: Option<Secret>,
    /// a file that holds it
    pub secret_file: Option<PathBuf>,
    /// what requests are signed with: a shared key, or the sender's public key
    pub signing_key: Option<Secret>,
    /// a file that holds it
    pub signing_key_file: Option<PathBuf>,
    /// a word that each request has
    pub token: Option<Secret>,
    /// a file that holds it
    pub token_file: Option<PathBuf>,
    /// of HTTP's Basic authentication
    pub username: Option<String>,
    /// its password
    pub password: Option<Secret>,
    /// a file that holds it
    pub password_file: Option<PathBuf>,
    /// what the sender puts before `/hook/NAME/SECRET`
    pub public_url: Option<PublicUrl>,
    /// how requests are signed
    pub signature: Option<HookSignature>,
    /// the header with the signature
    pub signature_header: Option<String>,
    /// the header with the time of the signature
    pub timestamp_header: Option<String>,
    /// how far that time may be from now
    pub tolerance: Option<Span>,
    /// where the token is: a path, or `header:NAME`
    pub token_in: Option<String>,
    /// requests a second; more are refused
    pub rate: Option<u32>,
    /// how the body is read
    pub body: Option<HookBody>,
    /// texts in the body that hold JSON
    pub json_in: Option<List>,
    /// lists in the body whose elements are legs of a call; the first counts that there is
    pub each: Option<List>,
    /// who takes a call: whoever answers, or only a leg that was dialled
    pub answered_by: Option<AnsweredBy>,
    /// the call ends when who took it hangs up, unless it goes on elsewhere
    pub taker_ends: Option<bool>,
    /// where what is in the body
    pub fields: HookFields,
    /// what the sender's words mean
    pub words: HookWords,
    /// what the sender gets
    pub reply: HookReply,
}

/// Where what is in the body: paths, of which the first counts that leads to something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "docs/webhook.md has a table of them")]
pub struct HookFields {
    pub event: Option<List>,
    pub call: Option<List>,
    pub origin: Option<List>,
    pub leg: Option<List>,
    pub side: Option<List>,
    pub direction: Option<List>,
    pub from: Option<List>,
    pub to: Option<List>,
    pub outside: Option<List>,
    pub own: Option<List>,
    pub user: Option<List>,
    pub endpoint: Option<List>,
    pub number: Option<List>,
    pub queue: Option<List>,
    pub trunk: Option<List>,
    pub cause: Option<List>,
    pub id: Option<List>,
}

/// What the sender's words mean.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HookWords {
    /// what happened; a direction and a cause may follow: `hangup in busy`
    pub event: BTreeMap<String, String>,
    /// `in`, `out`, `internal`, or `dialled` of a leg that was dialled for a call
    pub direction: BTreeMap<String, String>,
    /// `outside` or `phone`
    pub side: BTreeMap<String, String>,
    /// why a call ended: Zammad's words, and `answered`
    pub cause: BTreeMap<String, String>,
}

/// What the sender gets. `{{url}}` is the hook's own address, `{{PATH}}` what is at a path of the body.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HookReply {
    /// 200 to 299
    pub status: Option<u16>,
    /// the type of both texts
    pub content_type: Option<String>,
    /// the text
    pub body: Option<String>,
    /// the text for a call that Zammad does not want
    pub rejected: Option<String>,
}

/// How a body is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HookBody {
    /// by its content type
    #[default]
    Auto,
    /// JSON
    Json,
    /// a form
    Form,
    /// the query of the address
    Query,
}

/// How requests are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HookSignature {
    /// not at all, although the preset says so
    None,
    /// of the body
    HmacSha256,
    /// of the body
    HmacSha1,
    /// `t=SECONDS,v1=HEX` in one header: of the time, a dot and the body
    TimedHmacSha256,
    /// HMAC-SHA1 of the address and the sorted fields of the form
    Twilio,
    /// of the time, a bar and the body, with the sender's public key
    Ed25519,
}

/// Who takes a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnsweredBy {
    /// whoever answers: only persons do
    #[default]
    Anybody,
    /// only a leg that was dialled: an application may answer the caller first
    Dialled,
}

/// What the sender puts before `/hook/NAME/SECRET`. What stands behind that in it is not kept.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

impl FromStr for PublicUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "an address such as https://cti.example.com";
        let url = url::Url::parse(text).map_err(|_| WRONG)?;
        let is_plain = url.username().is_empty() && url.password().is_none();
        if !["http", "https"].contains(&url.scheme()) || !url.has_host() || !is_plain {
            return Err(WRONG);
        }
        // As it is written: a signature may be of its very letters.
        let text = text.split(['?', '#']).next().unwrap_or_default();
        let base = text.split_once("/hook/").map_or(text, |(base, _)| base);
        Ok(Self(base.trim_end_matches('/').to_owned()))
    }
}

impl PublicUrl {
    /// Without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for PublicUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PublicUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The secrets of a hook, read from where they are.
#[derive(Debug, Clone)]
pub struct HookSecrets {
    /// the last part of its address
    pub secret: Secret,
    /// what requests are signed with
    pub signing_key: Option<Secret>,
    /// what each request has in it
    pub token: Option<Secret>,
    /// name and password
    pub basic: Option<(String, Secret)>,
}

/// The keys of a hook, below its table.
pub(crate) const HOOK_KEYS: [&str; 50] = [
    "preset",
    "secret",
    "secret_file",
    "signing_key",
    "signing_key_file",
    "token",
    "token_file",
    "username",
    "password",
    "password_file",
    "public_url",
    "signature",
    "signature_header",
    "timestamp_header",
    "tolerance",
    "token_in",
    "rate",
    "body",
    "json_in",
    "each",
    "answered_by",
    "taker_ends",
    "fields",
    "fields.event",
    "fields.call",
    "fields.origin",
    "fields.leg",
    "fields.side",
    "fields.direction",
    "fields.from",
    "fields.to",
    "fields.outside",
    "fields.own",
    "fields.user",
    "fields.endpoint",
    "fields.number",
    "fields.queue",
    "fields.trunk",
    "fields.cause",
    "fields.id",
    "words",
    "words.event",
    "words.direction",
    "words.side",
    "words.cause",
    "reply",
    "reply.status",
    "reply.content_type",
    "reply.body",
    "reply.rejected",
];

impl WebhookSettings {
    pub(super) fn or(self, other: Self) -> Self {
        let mut hooks = self.hooks;
        for (name, weaker) in other.hooks {
            let hook = hooks.remove(&name).unwrap_or_default().or(weaker);
            hooks.insert(name, hook);
        }
        Self { listen: self.listen.or(other.listen), hooks }
    }

    /// Where requests are taken.
    pub fn listens_at(&self) -> SocketAddr {
        self.listen.unwrap_or(LISTEN)
    }
}

impl SourceSettings for WebhookSettings {
    fn name(&self) -> &'static str {
        "webhook"
    }

    fn title(&self) -> &'static str {
        "Webhook"
    }

    fn address(&self) -> String {
        self.listens_at().to_string()
    }

    fn is_set(&self) -> bool {
        *self != Self::default()
    }

    fn files(&self) -> Vec<&Path> {
        self.hooks.values().flat_map(HookSettings::files).collect()
    }

    fn login(&self) -> Result<Option<String>, ConfigError> {
        for (name, hook) in &self.hooks {
            hook.secrets(name)?;
        }
        let names: Vec<_> = self.hooks.keys().map(String::as_str).collect();
        let login = format!("{} at {}", names.join(", "), self.address());
        Ok((!names.is_empty()).then_some(login))
    }

    fn connected(&self) -> String {
        format!(
            "requests of {} are taken",
            self.hooks.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
        )
    }

    fn reached(&self) -> &'static str {
        "is free to be listened at"
    }
}

/// One setting, whichever of both ways it is given in: this one's if it has any.
fn one_secret(
    own: (Option<Secret>, Option<PathBuf>),
    other: (Option<Secret>, Option<PathBuf>),
) -> (Option<Secret>, Option<PathBuf>) {
    if own.0.is_some() || own.1.is_some() { own } else { other }
}

impl HookSettings {
    fn files(&self) -> impl Iterator<Item = &Path> {
        let Self { secret_file, signing_key_file, token_file, password_file, .. } = self;
        [secret_file, signing_key_file, token_file, password_file].into_iter().flatten().map(PathBuf::as_path)
    }

    /// These settings, and weaker ones where these say nothing. Words are joined.
    fn or(self, other: Self) -> Self {
        let (secret, secret_file) =
            one_secret((self.secret, self.secret_file), (other.secret, other.secret_file));
        let (signing_key, signing_key_file) = one_secret(
            (self.signing_key, self.signing_key_file),
            (other.signing_key, other.signing_key_file),
        );
        let (token, token_file) = one_secret((self.token, self.token_file), (other.token, other.token_file));
        let (password, password_file) =
            one_secret((self.password, self.password_file), (other.password, other.password_file));
        Self {
            preset: self.preset.or(other.preset),
            secret,
            secret_file,
            signing_key,
            signing_key_file,
            token,
            token_file,
            username: self.username.or(other.username),
            password,
            password_file,
            public_url: self.public_url.or(other.public_url),
            signature: self.signature.or(other.signature),
            signature_header: self.signature_header.or(other.signature_header),
            timestamp_header: self.timestamp_header.or(other.timestamp_header),
            tolerance: self.tolerance.or(other.tolerance),
            token_in: self.token_in.or(other.token_in),
            rate: self.rate.or(other.rate),
            body: self.body.or(other.body),
            json_in: self.json_in.or(other.json_in),
            each: self.each.or(other.each),
            answered_by: self.answered_by.or(other.answered_by),
            taker_ends: self.taker_ends.or(other.taker_ends),
            fields: self.fields.or(other.fields),
            words: self.words.or(other.words),
            reply: self.reply.or(other.reply),
        }
    }

    /// These settings, with those of their preset.
    ///
    /// # Errors
    ///
    /// The hook's name cannot stand in an address, there is no such preset, or it says too little.
    pub fn whole(&self, name: &str) -> Result<Self, ConfigError> {
        let wrong = |reason: String| ConfigError::Bridge(format!("bridge.webhook.hooks.{name}{reason}"));
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if name.is_empty() || name.len() > 32 || !name.chars().all(is_plain) {
            let reason = ": a hook's name has up to 32 letters, digits, hyphens and underscores";
            return Err(wrong(reason.to_owned()));
        }
        let whole = match &self.preset {
            None => self.clone(),
            Some(preset) => self.clone().or(preset::read(preset).ok_or_else(|| {
                let names: Vec<_> = PRESETS.iter().map(|(name, _)| *name).collect();
                wrong(format!(".preset: no {preset:?}; there are: {}", names.join(", ")))
            })?),
        };
        for (key, field) in [("event", &whole.fields.event), ("call", &whole.fields.call)] {
            if field.is_none() {
                return Err(wrong(format!(".fields.{key} is not set, and there is no preset")));
            }
        }
        if whole.reply.status.is_some_and(|status| !(200..300).contains(&status)) {
            return Err(wrong(".reply.status: 200 to 299".to_owned()));
        }
        if whole.tolerance.is_some_and(|Span(time)| time.is_zero()) {
            return Err(wrong(".tolerance: a request takes some time; 5m is usual".to_owned()));
        }
        if whole.rate == Some(0) {
            return Err(wrong(".rate: at least 1 request a second".to_owned()));
        }
        Ok(whole)
    }

    /// Its secrets. They are read now, from their files. A preset says how a sender may prove itself; what these settings
    /// themselves ask for has to be proved.
    ///
    /// # Errors
    ///
    /// One that is needed is not set, or cannot be read, or [`whole`](Self::whole) has an error.
    pub fn secrets(&self, name: &str) -> Result<HookSecrets, ConfigError> {
        let whole = self.whole(name)?;
        let wrong = |reason: &str| ConfigError::Bridge(format!("bridge.webhook.hooks.{name}.{reason}"));
        let read = |key: &str, text: &Option<Secret>, file: &Option<PathBuf>| {
            one_secret_of(&format!("bridge.webhook.hooks.{name}"), key, text, file)
        };
        let secret = read("secret", &self.secret, &self.secret_file)?;
        let secret = secret.ok_or_else(|| wrong("secret_file is not set"))?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
        if !secret.reveal().chars().all(is_plain) {
            return Err(wrong(
                "secret: it stands in an address, so letters, digits and -._~ are its characters",
            ));
        }
        let signing_key = read("signing_key", &self.signing_key, &self.signing_key_file)?;
        let token = read("token", &self.token, &self.token_file)?;
        let password = read("password", &self.password, &self.password_file)?;
        let basic = match (self.username.clone(), password) {
            (Some(username), Some(password)) => Some((username, password)),
            (None, None) => None,
            (Some(_), None) => return Err(wrong("password_file is not set, and username is")),
            (None, Some(_)) => return Err(wrong("username is not set, and a password is")),
        };
        if token.is_some() && whole.token_in.is_none() {
            return Err(wrong("token_in is not set, and a token is"));
        }
        if token.is_none() && self.token_in.is_some() {
            return Err(wrong("token_file is not set, and token_in is"));
        }
        let is_way = |signature: &HookSignature| *signature != HookSignature::None;
        match (&signing_key, whole.signature.filter(is_way)) {
            (Some(_), None) => return Err(wrong("signature is not set, and a signing_key is")),
            // Twilio signs the address that it was given.
            (Some(_), Some(HookSignature::Twilio)) if self.public_url.is_none() => {
                return Err(wrong("public_url is not set: Twilio signs it"));
            }
            (None, Some(_)) if self.signature.is_some() => {
                return Err(wrong("signing_key_file is not set, and signature is"));
            }
            (Some(_) | None, Some(_)) | (None, None) => {}
        }
        Ok(HookSecrets { secret, signing_key, token, basic })
    }
}

impl HookFields {
    fn or(self, other: Self) -> Self {
        Self {
            event: self.event.or(other.event),
            call: self.call.or(other.call),
            origin: self.origin.or(other.origin),
            leg: self.leg.or(other.leg),
            side: self.side.or(other.side),
            direction: self.direction.or(other.direction),
            from: self.from.or(other.from),
            to: self.to.or(other.to),
            outside: self.outside.or(other.outside),
            own: self.own.or(other.own),
            user: self.user.or(other.user),
            endpoint: self.endpoint.or(other.endpoint),
            number: self.number.or(other.number),
            queue: self.queue.or(other.queue),
            trunk: self.trunk.or(other.trunk),
            cause: self.cause.or(other.cause),
            id: self.id.or(other.id),
        }
    }
}

impl HookWords {
    fn or(self, other: Self) -> Self {
        let joined = |own: BTreeMap<_, _>, mut other: BTreeMap<_, _>| {
            other.extend(own);
            other
        };
        Self {
            event: joined(self.event, other.event),
            direction: joined(self.direction, other.direction),
            side: joined(self.side, other.side),
            cause: joined(self.cause, other.cause),
        }
    }
}

impl HookReply {
    fn or(self, other: Self) -> Self {
        Self {
            status: self.status.or(other.status),
            content_type: self.content_type.or(other.content_type),
            body: self.body.or(other.body),
            rejected: self.rejected.or(other.rejected),
        }
    }

    /// Whether the hook's own address stands in it.
    pub fn names_address(&self) -> bool {
        [&self.body, &self.rejected].into_iter().flatten().any(|text| text.contains("{{url}}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    #[test]
    fn each_key_of_a_hook_is_listed() {
        let mut settings = Settings::default();
        settings.bridge.webhook.hooks.insert("a".to_owned(), HookSettings::default());
        let keys = settings.by_key();
        let own = keys.keys().filter_map(|key| key.strip_prefix("bridge.webhook.hooks.a."));
        // Tables of words have no key of their own as long as there is none in them.
        let tables =
            ["fields", "words", "words.event", "words.direction", "words.side", "words.cause", "reply"];
        let mut own: Vec<_> = own.chain(tables).collect();
        let mut listed = HOOK_KEYS.to_vec();
        own.sort_unstable();
        listed.sort_unstable();
        assert_eq!(own, listed);
    }

    #[test]
    fn each_key_of_a_hook_stands_on_its_page() {
        let page = include_str!("../../../docs/webhook.md");
        for key in HOOK_KEYS {
            let key = key.strip_prefix("fields.").or_else(|| key.strip_prefix("reply.")).unwrap_or(key);
            let code = format!("`{}`", key.strip_suffix("_file").unwrap_or(key));
            assert!(page.contains(&code), "{code}");
        }
        for (preset, _) in PRESETS {
            assert!(page.contains(&format!("| `{preset}` |")), "{preset}");
        }
    }

    #[test]
    fn a_public_url_keeps_nothing_of_the_secret() {
        // (written, kept)
        let cases = [
            ("https://cti.example.com", "https://cti.example.com"),
            ("https://cti.example.com/", "https://cti.example.com"),
            ("https://cti.example.com/phones/", "https://cti.example.com/phones"),
            ("https://cti.example.com/hook/sipgate/s3cret?x=1", "https://cti.example.com"),
        ];
        for (written, kept) in cases {
            assert_eq!(written.parse::<PublicUrl>().unwrap().as_str(), kept, "{written}");
        }
        for wrong in ["", "cti.example.com", "ftp://a", "https://u:p@cti.example.com"] {
            assert!(wrong.parse::<PublicUrl>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_a_hook_lacks_is_named() {
        // (a hook, what is wrong with it)
        let cases = [
            ("", "fields.event is not set, and there is no preset"),
            ("preset = 'pbx'", ".preset: no \"pbx\"; there are: aircall, didww, "),
            ("preset = 'aircall'", "a.secret_file is not set"),
            ("preset = 'aircall'\nsecret = 'a/b'", "a.secret: it stands in an address"),
            (
                "preset = 'twilio'\nsecret = 'a'\nsigning_key = 'k'",
                "a.public_url is not set: Twilio signs it",
            ),
            ("preset = 'aircall'\nsecret = 'a'\nsigning_key = 'k'", "a.signature is not set"),
            ("preset = 'aircall'\nsecret = 'a'\nusername = 'k'", "a.password_file is not set"),
            (
                "preset = 'sipgate'\nsecret = 'a'\npublic_url = 'http://a'\ntoken = 't'",
                "a.token_in is not set",
            ),
            (
                "preset = 'aircall'\nsecret = 'a'\nsignature = 'hmac-sha256'\nsignature_header = 'x'",
                "a.signing_key_file is not set, and signature is",
            ),
            ("preset = 'placetel'\nsecret = 'a'\nsignature = 'hmac-sha256'", "a.signing_key_file is not set"),
            (
                "preset = 'sipgate'\nsecret = 'a'\ntoken_in = 'header:X-Token'",
                "a.token_file is not set, and token_in is",
            ),
            ("preset = 'aircall'\nsecret = 'a'\ntoken_in = 'key'", "a.token_file is not set"),
            ("preset = 'aircall'\nsecret = ''", "a.secret is empty"),
            ("preset = 'aircall'\nsecret = 'a'\ntoken = ''", "a.token is empty"),
            (
                "preset = 'aircall'\nsecret = 'a'\nsecret_file = '/nope'",
                "a: both secret and secret_file are set",
            ),
            ("preset = 'didww'\nsecret = 'a'\nsigning_key = 'k'\ntolerance = '0s'", "a.tolerance: "),
            ("preset = 'aircall'\nsecret = 'a'\nrate = 0", "a.rate: at least 1"),
            ("preset = 'aircall'\nsecret = 'a'\n[reply]\nstatus = 302", "a.reply.status: 200 to 299"),
        ];
        for (hook, expected) in cases {
            let hook: HookSettings = toml::from_str(hook).unwrap();
            let error = hook.secrets("a").unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        // A preset knows how a sender may prove itself. It need not.
        for hook in
            ["preset = 'aircall'\nsecret = 'a'", "preset = 'placetel'\nsecret = 'a'\nsignature = 'none'"]
        {
            let hook: HookSettings = toml::from_str(hook).unwrap();
            assert!(hook.secrets("a").is_ok());
        }
        assert!(HookSettings::default().whole("a/b").unwrap_err().to_string().contains("a hook's name"));
    }
}
