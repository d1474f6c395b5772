//! The live page of a bridge: its calls as they come, what was reported of them and what not, and why.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use anyhow::Context;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use crate::background;
use crate::bridge::view::View;
use crate::config::Endpoint;
use crate::sandbox::{Entry, Sandbox};
use crate::web::connections::Connection;
use crate::web::live::{self, Live, VIEWERS, legible};
use crate::web::server::{self, Answer, Dropped, whole};
use crate::web::{browser, lock};

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json; charset=utf-8";

/// A page that is served, and what it shows.
pub struct Page(Arc<Shared>);

struct Shared {
    view: Mutex<View>,
    bell: watch::Sender<()>,
    viewers: Arc<Semaphore>,
    /// the kind of phone system
    source: &'static str,
    /// whose token is shown nowhere
    endpoint: Option<Endpoint>,
    stand_in: Option<Arc<Sandbox>>,
    /// what is different this time, such as `dry run`
    trial: Option<&'static str>,
}

impl Page {
    /// Serves it from now on at this address.
    ///
    /// # Errors
    ///
    /// It cannot be had.
    pub async fn serve(
        address: SocketAddr,
        source: &'static str,
        endpoint: Option<Endpoint>,
        stand_in: Option<Arc<Sandbox>>,
        trial: Option<&'static str>,
    ) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address).await;
        let listener = listener.with_context(|| format!("cannot listen on {address} (--page)"))?;
        let address = listener.local_addr()?;
        if !address.ip().to_canonical().is_loopback() {
            log::warn!("the page listens on {address}: whoever reaches it sees who calls whom (--page)");
        }
        log::info!("watch it live: http://{address}/");
        let shared = Arc::new(Shared {
            view: Mutex::default(),
            bell: watch::Sender::new(()),
            viewers: Arc::new(Semaphore::new(VIEWERS)),
            source,
            endpoint,
            stand_in,
            trial,
        });
        let served = shared.clone();
        let answer = move |request: Request<Incoming>, connection: Arc<Connection>| {
            let shared = served.clone();
            async move { answer(&request, &connection, &shared) }
        };
        background::begin(server::serve(listener, || log::debug!("too many connections -> 503"), answer));
        Ok(Self(shared))
    }

    /// Changes what it shows.
    pub fn change(&self, change: impl FnOnce(&mut View)) {
        change(&mut lock(&self.0.view));
        if self.0.bell.receiver_count() > 0 {
            self.0.bell.send_replace(());
        }
    }
}

fn answer(
    request: &Request<Incoming>,
    connection: &Connection,
    shared: &Arc<Shared>,
) -> Result<Answer, Dropped> {
    let headers = request.headers();
    if browser::foreign_name(&[], headers).is_some() {
        return Ok(whole(StatusCode::FORBIDDEN, TEXT, "ask for this page by its address, or by localhost\n"));
    }
    let is_from_elsewhere = || browser::is_from_another_site(&[], headers);
    let path: Vec<_> = request.uri().path().split('/').filter(|part| !part.is_empty()).take(3).collect();
    if *request.method() != Method::GET {
        return Ok(whole(StatusCode::METHOD_NOT_ALLOWED, TEXT, "there is only to look here\n"));
    }
    if !connection.asks() {
        return Err(Dropped);
    }
    let mut answer = match path.as_slice() {
        [] => live::html(include_str!("page.html")).map(|page| Either::Left(Full::new(page))),
        ["events" | "calls", ..] if is_from_elsewhere() => {
            whole(StatusCode::FORBIDDEN, TEXT, "this is for no page of another site\n")
        }
        ["events"] => match live::events(shared.clone(), &shared.viewers) {
            // It is busy for as long as somebody listens.
            Some(news) => {
                let mut news = news.map(Either::Right);
                browser::guard(news.headers_mut());
                return Ok(news);
            }
            None => whole(StatusCode::SERVICE_UNAVAILABLE, TEXT, "too many pages listen\n"),
        },
        ["calls", number] => {
            let said = number
                .parse()
                .ok()
                .and_then(|number| lock(&shared.view).messages(number, &|text: &str| shared.clean(text)));
            match said {
                Some(said) => whole(StatusCode::OK, JSON, said.to_string()),
                None => whole(StatusCode::NOT_FOUND, TEXT, "this call is no longer kept\n"),
            }
        }
        _ => whole(StatusCode::NOT_FOUND, TEXT, "there is no such page\n"),
    };
    connection.answered();
    browser::guard(answer.headers_mut());
    Ok(answer)
}

impl Shared {
    /// A text from anywhere without the token, and with nothing in it that would not be seen.
    fn clean(&self, text: &str) -> String {
        let text = legible(text.as_bytes());
        self.endpoint.as_ref().map_or(text.clone(), |endpoint| endpoint.redact(&text))
    }

    /// What the stand-in's caller log has of a call.
    fn entry(&self, entries: &[Entry], call: &Value) -> Value {
        let entry = entries.iter().find(|entry| call["call_id"] == entry.call_id.as_str());
        let Some(entry) = entry else { return Value::Null };
        let hidden = |text: &Option<String>| text.as_deref().map(|text| self.clean(text));
        json!({
            "state": entry.state,
            "from_name": hidden(&entry.from_comment),
            "to_name": hidden(&entry.to_comment),
            "queue": hidden(&entry.queue),
            "cause": hidden(&entry.comment),
            "done": entry.done,
            "voice_message": entry.is_voice_message(),
        })
    }
}

impl Live for Shared {
    type Seen = u64;

    fn news(&self, seen: Option<u64>) -> (String, u64) {
        let (mut news, changes) = {
            let view = lock(&self.view);
            (view.news(seen.unwrap_or_default(), &|text: &str| self.clean(text)), view.changes())
        };
        news["source"] = self.source.into();
        news["trial"] = self.trial.into();
        news["stand_in"] = self.stand_in.is_some().into();
        if let (Some(stand_in), Some(calls)) = (&self.stand_in, news["calls"].as_array_mut()) {
            let entries = stand_in.entries();
            for call in calls {
                call["log"] = self.entry(&entries, call);
            }
        }
        let event = if seen.is_some() { "change" } else { "state" };
        (format!("event: {event}\ndata: {news}\n\n"), changes)
    }

    fn subscribe(&self) -> watch::Receiver<()> {
        self.bell.subscribe()
    }

    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}
