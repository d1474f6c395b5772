//! A list of active calls that is asked for again and again, where the 3CX does not say by itself what happens.
//!
//! A list that did not come is no empty list: it says nothing. What came twice is said once, but for now and then.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use tokio::time::{Instant, sleep_until, timeout};

use super::account::{Account, milliseconds};
use super::beside::{NAMES, PEOPLE};
use super::console::{Asked, Console};
use super::http::Http;
use super::message::{Message, People, Row};
use super::token::Token;
use super::xapi;
use crate::bridge::source::LinkError;
use crate::client::in_full;

/// After so many lists in a row that did not come the connection counts as lost.
const MOST_FAILURES: u32 = 3;

/// How often the same list is said although nothing has changed.
const UNCHANGED: Duration = Duration::from_secs(15);

/// Where the list comes from.
#[derive(Debug, Clone)]
pub enum Lists {
    /// the console of a 3CX before version 20
    Console(Console),
    /// the configuration's API since then
    ActiveCalls {
        /// who asks
        account: Arc<Account>,
        /// and by which right
        token: Token,
    },
}

/// A list that is asked for again and again.
pub struct Polling {
    /// `None` while something is asked
    lists: Option<Lists>,
    asking: Option<AskedForRows>,
    /// beside the list, which does not wait for it
    asking_people: Option<AskedForPeople>,
    interval: Duration,
    due: Instant,
    people_due: Instant,
    read: Option<Message>,
    people: Option<People>,
    /// why nothing is told of them, as it was told
    trouble: Option<String>,
    /// how often in a row nothing was told of them, without a reason
    silent: u32,
    last: Option<(Vec<Row>, Instant)>,
    failures: u32,
}

/// Gives back who has asked.
type AskedForRows = BoxFuture<'static, (Lists, Result<Vec<Row>, LinkError>)>;

/// `None`: nothing is told of them.
type AskedForPeople = BoxFuture<'static, Result<Option<People>, LinkError>>;

impl Lists {
    async fn log_in(&mut self) -> Result<(), LinkError> {
        match self {
            Self::Console(console) => console.log_in().await,
            Self::ActiveCalls { account, token } => {
                *token = account.token().await?;
                Ok(())
            }
        }
    }

    /// All calls, after another login if that is what it takes.
    async fn rows(&mut self) -> Result<Vec<Row>, LinkError> {
        if let Self::ActiveCalls { token, .. } = self
            && Instant::now() >= token.renewal
        {
            self.log_in().await?;
        }
        if let Some(rows) = self.try_rows().await? {
            return Ok(rows);
        }
        self.log_in().await?;
        match self.try_rows().await? {
            Some(rows) => Ok(rows),
            None => Err(self.counts_for_nothing()),
        }
    }

    fn counts_for_nothing(&self) -> LinkError {
        self.http().refused("a login is accepted, and counts for nothing (401)")
    }

    /// All calls; `None` if who asks is not known any more.
    async fn try_rows(&mut self) -> Result<Option<Vec<Row>>, LinkError> {
        match self {
            Self::Console(console) => match console.rows().await? {
                Asked::Answered(rows) => Ok(Some(rows)),
                Asked::LoggedOut => Ok(None),
            },
            Self::ActiveCalls { account, token } => {
                let http = &account.http;
                let answer = xapi::active_calls(http, token).await?;
                match answer.status {
                    401 => Ok(None),
                    403 | 404 => Err(xapi::forbidden(http)),
                    _ => xapi::rows(http, &answer).map(Some),
                }
            }
        }
    }

    fn http(&self) -> &Http {
        match self {
            Self::Console(console) => console.http(),
            Self::ActiveCalls { account, .. } => &account.http,
        }
    }

    /// Who there is, as it is told to who is logged in now.
    fn people(&self) -> AskedForPeople {
        let mut lists = self.clone();
        let asking = async move {
            match &mut lists {
                Self::Console(console) => match console.people().await? {
                    Asked::Answered(people) => Ok(Some(people)),
                    Asked::LoggedOut => Ok(None),
                },
                Self::ActiveCalls { account, token } => xapi::people(&account.http, token).await,
            }
        };
        asking.boxed()
    }
}

impl Polling {
    /// Logs in where that was not done yet, and finds out whose calls are wanted.
    ///
    /// # Errors
    ///
    /// It is refused, or there is no answer to go on with.
    pub async fn begin(mut lists: Lists, interval: Duration) -> Result<Self, LinkError> {
        let mut asking_people = None;
        let people = match &mut lists {
            // Whose calls are wanted comes first.
            Lists::Console(console) => {
                console.log_in().await?;
                match lists.people().await? {
                    Some(people) => Some(people),
                    None => return Err(lists.counts_for_nothing()),
                }
            }
            Lists::ActiveCalls { .. } => {
                let mut asked = lists.people();
                match timeout(NAMES, &mut asked).await {
                    // Calls are followed without names.
                    Ok(people) => people.unwrap_or_else(|error| {
                        log::debug!("no names: {}", in_full(&error));
                        None
                    }),
                    Err(_) => {
                        asking_people = Some(asked);
                        None
                    }
                }
            }
        };
        let now = Instant::now();
        Ok(Self {
            lists: Some(lists),
            asking: None,
            asking_people,
            interval,
            due: now,
            people_due: now + PEOPLE,
            read: people.clone().map(Message::People),
            people,
            trouble: None,
            silent: 0,
            last: None,
            failures: 0,
        })
    }

    /// See [`crate::bridge::source::Link::next`].
    pub async fn next(&mut self) -> Result<Message, LinkError> {
        loop {
            if let Some(message) = self.read.take() {
                return Ok(message);
            }
            tokio::select! {
                (lists, rows) = of(&mut self.asking) => {
                    self.asking = None;
                    self.lists = Some(lists);
                    self.take(rows)?;
                }
                people = of(&mut self.asking_people) => {
                    self.asking_people = None;
                    self.hear_of_people(people);
                }
                () = sleep_until(self.due), if self.asking.is_none() => self.ask(),
            }
        }
    }

    /// Asks for the list, and now and then for who there is.
    fn ask(&mut self) {
        let Some(mut lists) = self.lists.take() else { return };
        let now = Instant::now();
        // From when it was to be: a slow answer makes no list rarer.
        self.due = (self.due + self.interval).max(now);
        if now >= self.people_due && self.asking_people.is_none() {
            self.people_due = now + PEOPLE;
            self.asking_people = Some(lists.people());
        }
        let asking = async move {
            let rows = lists.rows().await;
            (lists, rows)
        };
        self.asking = Some(asking.boxed());
    }

    /// Who there is, or why that is not told: then calls are followed with what was known before.
    fn hear_of_people(&mut self, people: Result<Option<People>, LinkError>) {
        match people {
            Ok(Some(people)) => {
                (self.trouble, self.silent) = (None, 0);
                self.learn(people);
            }
            // Once, another login may be all that it takes; the next list has one made.
            Ok(None) if self.people.is_some() => {
                self.silent += 1;
                if self.silent > 1 {
                    self.goes_on_without("it answers as to who has not logged in".to_owned());
                }
            }
            Ok(None) => {}
            Err(error) if error.is_lasting() => self.goes_on_without(in_full(&error)),
            Err(error) => log::debug!("no names: {}", in_full(&error)),
        }
    }

    /// A right may have been taken away: that is told of once.
    fn goes_on_without(&mut self, why: String) {
        log::debug!("no names: {why}");
        if self.trouble.as_ref() != Some(&why) {
            self.read = Some(Message::Notice(format!(
                "names and groups are not told any more, so calls are followed by those known before: {why}"
            )));
            self.trouble = Some(why);
        }
    }

    fn learn(&mut self, people: People) {
        if self.people.as_ref() != Some(&people) {
            self.people = Some(people.clone());
            self.read = Some(Message::People(people));
            // Whose calls are wanted is another matter now.
            self.last = None;
        }
    }

    fn take(&mut self, rows: Result<Vec<Row>, LinkError>) -> Result<(), LinkError> {
        match rows {
            Ok(rows) => {
                self.failures = 0;
                let is_said =
                    |(last, said): &(Vec<Row>, Instant)| *last == rows && said.elapsed() < UNCHANGED;
                if !self.last.as_ref().is_some_and(is_said) {
                    self.last = Some((rows.clone(), Instant::now()));
                    self.read = Some(Message::Rows { at: milliseconds(), rows });
                }
            }
            // What was permitted a moment ago may be so again.
            Err(error) if error.is_lasting() && self.last.is_none() => return Err(error),
            Err(error) => {
                self.failures += 1;
                if self.failures >= MOST_FAILURES {
                    return Err(error);
                }
                log::debug!("a list did not come: {}", in_full(&error));
            }
        }
        Ok(())
    }
}

/// What comes of a question; nothing ever, if there is none.
async fn of<T>(asking: &mut Option<BoxFuture<'static, T>>) -> T {
    match asking {
        Some(asking) => asking.await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::client::{block_on, settings_for_another};
    use crate::config::Secret;

    /// Answers each question by itself, each time as one who has one member more.
    async fn serve(listener: TcpListener) {
        let mut members = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (mut head, mut part) = (Vec::new(), [0; 4096]);
            let has_all = |head: &[u8]| head.windows(4).any(|four| four == b"\r\n\r\n");
            while !has_all(&head) {
                let count = stream.read(&mut part).await.unwrap();
                head.extend_from_slice(&part[..count]);
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            let body = match head.split(' ').nth(1).unwrap_or_default() {
                "/api/GroupList" => r#"{"list":[{"Id":42,"Name":"Support"}]}"#.to_owned(),
                "/api/GroupList/set" => r#"{"Id":7001}"#.to_owned(),
                "/api/edit/update" => {
                    members.push(format!(r#"{{"Number":{{"_value":"{}"}}}}"#, 150 + members.len() / 2));
                    let members = members.join(",");
                    format!(r#"[{{"Item":{{"Members":{{"selected":[{members}]}}}}}}]"#)
                }
                "/api/activeCalls" => r#"{"list":[]}"#.to_owned(),
                _ => "AuthSuccess".to_owned(),
            };
            let length = body.len();
            let reply =
                format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
            stream.write_all(reply.as_bytes()).await.unwrap();
        }
    }

    #[test]
    fn a_right_that_is_taken_away_is_told_of_once() {
        let told = block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
            let http = Http::new(url, settings_for_another(None).unwrap()).unwrap();
            let (group, password) = (Some("Support".to_owned()), Secret::new("one"));
            let lists = Lists::Console(Console::new(http.clone(), "admin".to_owned(), password, group));
            let mut polling = tokio::select! {
                () = serve(listener) => unreachable!("it serves for ever"),
                polling = Polling::begin(lists, Duration::from_millis(1)) => polling.unwrap(),
            };
            polling.read = None;
            let known = polling.people.clone();
            let refused = || Err(http.refused("it has no group"));
            // (what is told of people, whether that is told to the administrator)
            let cases = [
                (Err(http.unreachable("it hangs")), false),
                (refused(), true),
                (refused(), false),
                (Ok(known.clone()), false),
                (refused(), true),
                (Ok(known.clone()), false),
                (Ok(None), false),
                (Ok(known.clone()), false),
                (Ok(None), false),
                (Ok(None), true),
                (Ok(None), false),
            ];
            let told = cases.into_iter().map(|(people, is_told)| {
                polling.hear_of_people(people);
                (matches!(polling.read.take(), Some(Message::Notice(_))), is_told)
            });
            told.collect::<Vec<_>>()
        });
        assert!(told.as_ref().unwrap().iter().all(|(told, expected)| told == expected), "{told:?}");
    }

    #[test]
    fn members_of_a_group_are_read_again() {
        let told = block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
            let http = Http::new(url, settings_for_another(None).unwrap()).unwrap();
            let group = Some("Support".to_owned());
            let console = Console::new(http, "admin".to_owned(), Secret::new("one"), group);
            let following = async {
                let mut polling =
                    Polling::begin(Lists::Console(console), Duration::from_millis(1)).await.unwrap();
                assert!(polling.people_due > Instant::now() + PEOPLE / 2);
                let mut told = Vec::new();
                while told.len() < 2 {
                    match polling.next().await.unwrap() {
                        Message::People(people) => {
                            told.push(
                                people.people.into_iter().map(|(number, _)| number).collect::<Vec<_>>(),
                            );
                        }
                        // As if five minutes were over.
                        _ => polling.people_due = Instant::now(),
                    }
                }
                told
            };
            tokio::select! {
                () = serve(listener) => Vec::new(),
                told = following => told,
            }
        });
        let told = told.unwrap();
        assert!(told[0].len() < told[1].len() && told[1].starts_with(&told[0]), "{told:?}");
    }
}
