//! The live page and its stream of events.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use hyper::Response;
use tokio::sync::watch::Receiver;

use super::State;
use super::watch::{Seen, news};
use crate::web::live::{self, Events, Live};

pub(super) fn html() -> Response<Bytes> {
    live::html(include_str!("page.html"))
}

/// The whole state, and then each change of it; `None` if enough pages listen.
pub(super) fn events(state: Arc<State>) -> Option<Response<Events>> {
    let viewers = state.viewers.clone();
    live::events(state, &viewers)
}

impl Live for State {
    type Seen = Seen;

    fn news(&self, seen: Option<Seen>) -> (String, Seen) {
        news(self, seen)
    }

    fn subscribe(&self) -> Receiver<()> {
        self.watch.subscribe()
    }

    fn now(&self) -> SystemTime {
        self.now()
    }
}
