//! One hook: everything that its settings say, ready for requests.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Instant;

use hyper::HeaderMap;

use super::body;
use super::calls::{Manner, key};
use super::guard::{BadKey, Guard, Refusal, Request};
use super::message::Said;
use super::notice::{Mapping, UnknownWord};
use super::path::Path;
use super::reply::Reply;
use crate::bridge::system::AccountError;
use crate::config::{ConfigError, HookBody, HookSettings, Secret, WebhookSettings};
use crate::web::lock;

/// Requests a second, unless another number is set.
const RATE: u32 = 2000;

/// A secret with fewer characters can be tried out.
const SHORT: usize = 8;

/// How many seconds' requests may come at once.
const BURST: f64 = 2.0;

/// How the requests of one sender are taken.
#[derive(Debug)]
pub struct Hook {
    /// its name in the address
    pub name: String,
    /// what a request has to prove
    pub guard: Guard,
    /// what the sender gets
    pub reply: Reply,
    /// what the sender puts before the path of its address, if that is known
    base: Option<String>,
    /// `/hook/NAME/SECRET`
    path: Secret,
    mapping: Mapping,
    body: HookBody,
    json_in: Vec<Path>,
    rate: f64,
    bucket: Mutex<Bucket>,
}

/// How many requests may come just now.
#[derive(Debug)]
struct Bucket {
    left: f64,
    at: Instant,
}

/// Why a request changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum Unread {
    /// It is not believed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It cannot be read.
    #[error(transparent)]
    Broken(#[from] body::BadBody),
}

/// All of them, by their names.
pub type Hooks = BTreeMap<String, Hook>;

/// Those of the settings. Their secrets are read now.
///
/// # Errors
///
/// The settings of one cannot work.
pub fn hooks(settings: &WebhookSettings) -> Result<Hooks, AccountError> {
    if settings.hooks.is_empty() {
        let missing = "there is no hook: add a table [bridge.webhook.hooks.NAME] to the configuration";
        return Err(ConfigError::Bridge(missing.to_owned()).into());
    }
    let hook = |(name, own): (&String, &HookSettings)| Ok((name.clone(), Hook::new(name, own)?));
    settings.hooks.iter().map(hook).collect()
}

/// How the requests of a hook are understood, for which no secret is needed.
///
/// # Errors
///
/// Its settings cannot work.
pub fn understood(name: &str, own: &HookSettings) -> Result<(Manner, Mapping), ConfigError> {
    let whole = own.whole(name)?;
    let wrong = |error: UnknownWord| ConfigError::Bridge(format!("bridge.webhook.hooks.{name}: {error}"));
    let mapping = Mapping::new(&whole).map_err(wrong)?;
    let manner = Manner {
        hook: name.to_owned(),
        answered_by: whole.answered_by.unwrap_or_default(),
        taker_ends: whole.taker_ends.unwrap_or_default(),
    };
    Ok((manner, mapping))
}

/// A body as a hook would read it, without a look at who sends it.
///
/// # Errors
///
/// It cannot be read, or the settings cannot work.
pub fn said(name: &str, own: &HookSettings, body: &[u8]) -> Result<Result<Said, body::BadBody>, ConfigError> {
    understood(name, own)?;
    let whole = own.whole(name)?;
    let request = body::Request { content_type: None, query: None, body };
    let read = body::read(whole.body.unwrap_or_default(), &Path::all(whole.json_in.as_ref()), request);
    Ok(read.map(|body| Said { hook: name.to_owned(), body, ..Said::default() }))
}

impl Hook {
    fn new(name: &str, own: &HookSettings) -> Result<Self, AccountError> {
        let whole = own.whole(name)?;
        let (_, mapping) = understood(name, own)?;
        let secrets = own.secrets(name)?;
        if secrets.secret.reveal().len() < SHORT {
            log::warn!(
                "bridge.webhook.hooks.{name}: a secret of so few characters can be guessed; 16 random ones cannot"
            );
        }
        let base = whole.public_url.as_ref().map(|url| url.as_str().to_owned());
        let path = format!("/hook/{name}/{}", secrets.secret.reveal());
        if base.is_none() && whole.reply.names_address() {
            log::warn!(
                "bridge.webhook.hooks.{name}.public_url is not set: replies name the host of the request, which behind \
                 a proxy may be another one"
            );
        }
        let url = format!("{}{path}", base.as_deref().unwrap_or_default());
        let wrong = |error: BadKey| ConfigError::Bridge(format!("bridge.webhook.hooks.{name}: {error}"));
        let rate = f64::from(whole.rate.unwrap_or(RATE));
        Ok(Self {
            name: name.to_owned(),
            guard: Guard::new(&whole, secrets, &url).map_err(wrong)?,
            reply: Reply::new(&whole.reply),
            base,
            path: Secret::new(path),
            mapping,
            body: whole.body.unwrap_or_default(),
            json_in: Path::all(whole.json_in.as_ref()),
            rate,
            bucket: Mutex::new(Bucket { left: rate * BURST, at: Instant::now() }),
        })
    }

    /// Its own address, as a sender may use it who sent such a request.
    pub fn url(&self, headers: &HeaderMap) -> String {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let base = self.base.clone().unwrap_or_else(|| {
            let scheme = text("x-forwarded-proto").filter(|scheme| *scheme == "https").unwrap_or("http");
            let host = text("x-forwarded-host").or_else(|| text("host")).unwrap_or("localhost");
            format!("{scheme}://{host}")
        });
        format!("{base}{}", self.path.reveal())
    }

    /// Whether one more request may come now.
    pub fn has_room(&self, now: Instant) -> bool {
        let mut bucket = lock(&self.bucket);
        let since = now.saturating_duration_since(bucket.at).as_secs_f64();
        bucket.left = (bucket.left + since * self.rate).min(self.rate * BURST);
        bucket.at = now;
        let has_room = bucket.left >= 1.0;
        if has_room {
            bucket.left -= 1.0;
        }
        has_room
    }

    /// What a request says, if it is to be believed.
    ///
    /// # Errors
    ///
    /// See [`Unread`].
    pub fn read(&self, request: Request<'_>) -> Result<Said, Unread> {
        self.guard.check(request)?;
        let text = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
        let content_type = text("content-type");
        let fields = body::Request { content_type, query: request.query, body: request.body };
        let body = body::read(self.body, &self.json_in, fields)?;
        let header = |name: &str| Some((name.to_owned(), text(name)?.to_owned()));
        let headers = self.mapping.headers().filter_map(header).collect();
        let mut said = Said { hook: self.name.clone(), headers, body, ..Said::default() };
        self.guard.check_token(&mut said)?;
        said.about = self
            .mapping
            .call(&said)
            .map(|(call, origin)| (key(&self.name, &call), key(&self.name, &origin.unwrap_or(call))));
        Ok(said)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn nothing_that_is_shown_of_a_hook_has_a_secret_in_it() {
        let own = "preset = 'twilio'\nsecret = 's3cret-1'\nsigning_key = 's3cret-2'\npublic_url = 'https://a'\n\
                   username = 'u'\npassword = 's3cret-3'\ntoken = 's3cret-4'\ntoken_in = 'a'";
        let own: HookSettings = toml::from_str(own).unwrap();
        let shown = format!("{own:?} {:?} {:?}", own.secrets("a").unwrap(), Hook::new("a", &own).unwrap());
        assert!(!shown.contains("s3cret"), "{shown}");
    }

    #[test]
    fn no_more_requests_come_than_the_rate_allows() {
        let own: HookSettings = toml::from_str("preset = 'aircall'\nsecret = 's'\nrate = 10").unwrap();
        let hook = Hook::new("a", &own).unwrap();
        let begun = Instant::now();
        let taken = |at: Duration, asked: u32| (0..asked).filter(|_| hook.has_room(begun + at)).count();
        assert_eq!(taken(Duration::from_secs(1), 100), 20);
        assert_eq!(taken(Duration::from_secs(2), 100), 10);
        assert_eq!(taken(Duration::from_secs(60), 100), 20);
    }
}
