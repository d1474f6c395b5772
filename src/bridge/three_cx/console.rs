//! The management console of a 3CX before version 20: login by a cookie, the members of a group, active calls.
//!
//! Source: what the console's own pages ask for, as it is told of by users of versions 16 and 18.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::http::{Answer, By, Http};
use super::message::{People, Row, field, text};
use crate::bridge::source::LinkError;
use crate::config::Secret;

/// More pages of members than a group has.
const MOST_PAGES: usize = 1000;

/// So many names of groups are shown.
const SHOWN: usize = 20;

/// An account of the console.
#[derive(Debug, Clone)]
pub struct Console {
    http: Http,
    username: String,
    password: Secret,
    group: Option<String>,
    cookies: BTreeMap<String, Secret>,
}

/// What a question leads to.
#[derive(Debug)]
pub enum Asked<T> {
    /// It was answered.
    Answered(T),
    /// The session has ended.
    LoggedOut,
}

impl Console {
    /// Nobody is logged in yet.
    pub fn new(http: Http, username: String, password: Secret, group: Option<String>) -> Self {
        Self { http, username, password, group, cookies: BTreeMap::new() }
    }

    /// What asks.
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// Logs in.
    ///
    /// # Errors
    ///
    /// It is refused, or there is no answer to go on with.
    pub async fn log_in(&mut self) -> Result<(), LinkError> {
        let body = json!({ "Username": self.username, "Password": self.password.reveal() });
        let answer = self.http.post("api/login", By::Nobody, &body).await?;
        match answer.status {
            404 | 405 => {
                return Err(self.http.refused(
                    "it has neither the login of version 20 nor the one of before (404): url leads to something else",
                ));
            }
            400..500 => {
                return Err(self.http.refused(format!("the account {} ({})", self.username, answer.status)));
            }
            _ if !answer.is_good() => return Err(answer.unexpected(&self.http)),
            _ => {}
        }
        let said = answer.text();
        // A wrong password is told in words.
        if said.contains("Auth") && !said.contains("AuthSuccess") {
            return Err(self.http.refused(format!("the account {}: {said:?}", self.username)));
        }
        self.cookies = answer.cookies().collect();
        Ok(())
    }

    /// Who is in the group, if only its calls are wanted.
    ///
    /// # Errors
    ///
    /// There is no such group, or no answer to go on with.
    pub async fn people(&mut self) -> Result<Asked<People>, LinkError> {
        let Some(name) = self.group.clone() else { return Ok(Asked::Answered(People::default())) };
        let answer = self.get("api/GroupList").await?;
        let Some(groups) = self.object(&answer)? else { return Ok(Asked::LoggedOut) };
        let groups = field(&groups, "list").and_then(Value::as_array);
        let groups =
            groups.ok_or_else(|| self.http.unreachable("what it answers to api/GroupList holds no list"))?;
        let groups: Vec<&Map<String, Value>> = groups.iter().filter_map(Value::as_object).collect();
        let Some(group) = groups.iter().find(|group| text(group, "Name") == name) else {
            let names: Vec<String> = groups.iter().take(SHOWN).map(|group| text(group, "Name")).collect();
            return Err(self
                .http
                .refused(format!("it has no group {name:?}; there is: {}", names.join(", "))));
        };
        let count: Option<usize> = text(group, "ExtensionsCount").parse().ok();
        let id = field(group, "Id").cloned().unwrap_or_default();
        let answer = self.post("api/GroupList/set", &json!({ "Id": id })).await?;
        let Some(opened) = self.object(&answer)? else { return Ok(Asked::LoggedOut) };
        let object = text(&opened, "Id");
        let mut members = BTreeSet::new();
        let mut start = 0;
        for _ in 0..MOST_PAGES {
            let wanted = json!({
                "Path": { "ObjectId": object, "PropertyPath": [{ "Name": "Members" }] },
                "PropertyValue": { "State": { "Start": start, "SortBy": null, "Reverse": false, "Search": "" } },
            });
            let answer = self.post("api/edit/update", &wanted).await?;
            if is_logged_out(&answer) {
                return Ok(Asked::LoggedOut);
            }
            let Some(page) = members_in(&answer.json(&self.http)?) else {
                // Behind the last page, if it is not known which that is.
                if start > 0 && count.is_none() {
                    break;
                }
                return Err(self.http.unreachable("what it answers to api/edit/update holds no members"));
            };
            start += page.len();
            let before = members.len();
            members.extend(page);
            if count.is_some_and(|count| members.len() >= count) || members.len() == before {
                break;
            }
        }
        let people = members.into_iter().map(|number| (number, None)).collect();
        Ok(Asked::Answered(People { people, queues: Vec::new(), is_group: true }))
    }

    /// All calls that are under way.
    ///
    /// # Errors
    ///
    /// There is no answer to go on with.
    pub async fn rows(&mut self) -> Result<Asked<Vec<Row>>, LinkError> {
        let answer = self.get("api/activeCalls").await?;
        let Some(calls) = self.object(&answer)? else { return Ok(Asked::LoggedOut) };
        let Some(list) = field(&calls, "list").and_then(Value::as_array) else {
            return Err(self.http.unreachable("what it answers to api/activeCalls holds no list"));
        };
        Ok(Asked::Answered(list.iter().filter_map(Row::read).collect()))
    }

    async fn get(&mut self, path: &'static str) -> Result<Answer, LinkError> {
        let answer = self.http.get(path, path, By::Cookies(&self.cookie())).await?;
        self.keep(answer.cookies());
        Ok(answer)
    }

    async fn post(&mut self, path: &'static str, body: &Value) -> Result<Answer, LinkError> {
        let answer = self.http.post(path, By::Cookies(&self.cookie()), body).await?;
        self.keep(answer.cookies());
        Ok(answer)
    }

    /// Shows these with each question from now on.
    pub fn keep(&mut self, cookies: impl IntoIterator<Item = (String, Secret)>) {
        self.cookies.extend(cookies);
    }

    fn cookie(&self) -> Secret {
        let pair = |(name, value): (&String, &Secret)| format!("{name}={}", value.reveal());
        Secret::new(self.cookies.iter().map(pair).collect::<Vec<_>>().join("; "))
    }

    /// The object in an answer; `None` if the session has ended.
    fn object(&self, answer: &Answer) -> Result<Option<Map<String, Value>>, LinkError> {
        if is_logged_out(answer) {
            return Ok(None);
        }
        match answer.json(&self.http)? {
            Value::Object(object) => Ok(Some(object)),
            _ => Err(answer.unexpected(&self.http)),
        }
    }
}

fn is_logged_out(answer: &Answer) -> bool {
    [401, 403].contains(&answer.status)
}

/// Numbers in a page of members: `[{"Item":{"Members":{"selected":[{"Number":{"_value":"150"}}]}}}]`; `None` if it is
/// no such page.
fn members_in(page: &Value) -> Option<Vec<String>> {
    let lists: Vec<&Vec<Value>> = page
        .as_array()?
        .iter()
        .filter_map(|item| item.pointer("/Item/Members/selected")?.as_array())
        .collect();
    if lists.is_empty() {
        return None;
    }
    let number = |member: &Value| {
        let number = text(member.pointer("/Number")?.as_object()?, "_value");
        (!number.is_empty()).then_some(number)
    };
    Some(lists.into_iter().flatten().filter_map(number).collect())
}
