//! Who logs in at which 3CX, and by which of its interfaces.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::ClientConfig;

use super::call_control::CallControl;
use super::console::Console;
use super::http::Http;
use super::message::{Message, Request};
use super::polling::{Lists, Polling};
use super::token::{self, Login, Token};
use crate::bridge::source::{self, Connector, LinkError};
use crate::bridge::system::AccountError;
use crate::client::{in_full, settings_for_another};
use crate::config::{ConfigError, Secret, ThreeCxAccount, ThreeCxApi, ThreeCxSettings};

/// See the module.
#[derive(Debug)]
pub struct Account {
    /// asks it
    pub http: Http,
    /// how TLS is spoken
    pub tls: Arc<ClientConfig>,
    /// how often a list is asked for
    pub poll_interval: Duration,
    /// before version 20, whose calls are wanted
    pub group: Option<String>,
    api: ThreeCxApi,
    client: Option<(String, Secret)>,
    user: Option<(String, Secret)>,
}

/// A connection by one of the interfaces.
pub enum Link {
    /// Call Control, since version 20
    CallControl(Box<CallControl>),
    /// a list that is asked for again and again
    Polling(Box<Polling>),
}

/// What logs in.
#[derive(Debug, Clone)]
pub struct Login3cx(pub Arc<Account>);

impl Account {
    /// That of the settings, whose files are read now.
    ///
    /// # Errors
    ///
    /// See [`AccountError`].
    pub fn of(settings: &ThreeCxSettings) -> Result<Self, AccountError> {
        let ThreeCxAccount { url, client, user } = settings.account()?;
        let tls = settings_for_another(settings.ca_file.as_deref())?;
        let http = Http::new(url, tls.clone())
            .map_err(|error| ConfigError::Bridge(format!("bridge.3cx: {}", in_full(&error.without_url()))))?;
        Ok(Self {
            http,
            tls: Arc::new(tls),
            poll_interval: settings.poll_interval()?,
            group: settings.group.clone().filter(|group| !group.is_empty()),
            api: settings.api.unwrap_or_default(),
            client,
            user,
        })
    }

    /// Another token for the same account.
    ///
    /// # Errors
    ///
    /// It is refused, or there is no answer to go on with.
    pub async fn token(&self) -> Result<Token, LinkError> {
        match self.log_in().await? {
            Login::Token(token) => Ok(token),
            Login::NotThere => Err(self.http.refused(
                "it knows no API clients (404): url leads to something else, or to a 3CX before version 20, which takes \
                 username and password, and api = \"legacy\" or \"auto\"",
            )),
        }
    }

    async fn log_in(&self) -> Result<Login, LinkError> {
        match (&self.client, &self.user) {
            (Some((id, secret)), _) => token::of_client(&self.http, id, secret).await,
            (None, Some((name, password))) => token::of_user(&self.http, name, password).await,
            (None, None) => Ok(Login::NotThere),
        }
    }

    /// Logs in at the console of a 3CX before version 20.
    async fn console(self: &Arc<Self>) -> Result<Link, LinkError> {
        let Some((name, password)) = &self.user else {
            return Err(self.http.refused(
                "it knows no API clients (404): url leads to something else, or to a 3CX before version 20, which takes \
                 username and password",
            ));
        };
        let console = Console::new(self.http.clone(), name.clone(), password.clone(), self.group.clone());
        let polling = Polling::begin(Lists::Console(console), self.poll_interval).await?;
        Ok(Link::Polling(Box::new(polling)))
    }

    /// Follows a 3CX since version 20.
    async fn since_20(self: &Arc<Self>, token: Token) -> Result<Link, LinkError> {
        if self.api == ThreeCxApi::V20ActiveCalls {
            let lists = Lists::ActiveCalls { account: self.clone(), token };
            let polling = Polling::begin(lists, self.poll_interval).await?;
            return Ok(Link::Polling(Box::new(polling)));
        }
        Ok(Link::CallControl(Box::new(CallControl::begin(self.clone(), token).await?)))
    }
}

impl Connector for Login3cx {
    type Link = Link;

    async fn connect(&self) -> Result<Link, LinkError> {
        let account = &self.0;
        match account.api {
            ThreeCxApi::Legacy => account.console().await,
            ThreeCxApi::V20 | ThreeCxApi::V20ActiveCalls => account.since_20(account.token().await?).await,
            // What is not there is what tells the versions apart, and nothing that is said of it.
            ThreeCxApi::Auto => match account.log_in().await? {
                Login::Token(token) => account.since_20(token).await,
                Login::NotThere => account.console().await,
            },
        }
    }
}

impl source::Link for Link {
    type Message = Message;
    type Request = Request;

    async fn next(&mut self) -> Result<Message, LinkError> {
        match self {
            Self::CallControl(link) => link.next().await,
            Self::Polling(link) => link.next().await,
        }
    }

    fn ask(&mut self, request: Request) {
        match self {
            Self::CallControl(link) => link.ask(request),
            // Everything comes without a question, and nothing can be dropped.
            Self::Polling(_) => {}
        }
    }
}

/// Now, in milliseconds since 1970.
pub fn milliseconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::super::http::By;
    use super::*;

    #[test]
    fn who_looks_at_an_account_sees_no_secret() {
        let secret = || Secret::new("s3cret");
        let settings = ThreeCxSettings {
            url: Some("https://pbx.example".to_owned()),
            client_id: Some("one".to_owned()),
            client_secret: Some(secret()),
            username: Some("two".to_owned()),
            password: Some(secret()),
            ..ThreeCxSettings::default()
        };
        let account = Arc::new(Account::of(&settings).unwrap());
        let mut console = Console::new(account.http.clone(), "two".to_owned(), secret(), None);
        console.keep([("name".to_owned(), secret())]);
        let (renewal, end) = (Instant::now(), Instant::now());
        let token = Token { access: secret(), renewal, end };
        let shown = [
            format!("{settings:?} {account:?} {token:?} {console:?}"),
            format!("{:?}", [By::Token(&secret()), By::Cookies(&secret())]),
            format!("{:?} {:?}", Login::Token(token.clone()), Lists::Console(console)),
            format!("{:?} {:?}", Login3cx(account.clone()), Lists::ActiveCalls { account, token }),
        ];
        for shown in shown {
            assert!(!shown.contains("s3cret") && shown.contains("***"), "{shown}");
        }
    }
}
