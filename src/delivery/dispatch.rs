//! Many events at once: events in, fates out.
//!
//! A [`Dispatcher`] is polled by whoever has it, beside what else there is to do, and has no thread of its own. So
//! whoever reads from a phone system never waits for Zammad.

mod queue;

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::pool::{Connection, Pool};
use crate::event::CallId;
use queue::{Queue, Waiting};

/// Brings events of type `E` over the connections of a [`Pool`], and tells of each what became of it, an `F`.
///
/// The events of a call go one behind the other, in the order in which they were pushed. Different calls go at the
/// same time, as far as there are connections, and an event that waits for another one of its call takes none.
///
/// Nothing happens but while somebody waits for [`next`](Self::next). When it is dropped, what is on its way is cut
/// off; to stop without that, take what waits [back](Self::take_back) and wait until there is no next.
pub(crate) struct Dispatcher<'a, E, F> {
    bring: Box<Bring<'a, E, F>>,
    pool: Pool<'a>,
    queue: Queue<E>,
    under_way: FuturesUnordered<LocalBoxFuture<'a, Ended<'a, F>>>,
}

type Bring<'a, E, F> = dyn Fn(Connection<'a>, Waiting<E>) -> LocalBoxFuture<'a, Ended<'a, F>> + 'a;

/// An event that is no longer on its way.
struct Ended<'a, F> {
    connection: Connection<'a>,
    call: Option<CallId>,
    fate: F,
}

impl<'a, E: 'a, F: 'a> Dispatcher<'a, E, F> {
    /// `bring` is what is done for each event when its time has come.
    pub fn new(pool: Pool<'a>, bring: &'a impl AsyncFn(&mut Connection<'a>, E) -> F) -> Self {
        let bring = move |mut connection, Waiting { call, event }| {
            async move {
                let fate = bring(&mut connection, event).await;
                Ended { connection, call, fate }
            }
            .boxed_local()
        };
        Self { bring: Box::new(bring), pool, queue: Queue::new(), under_way: FuturesUnordered::new() }
    }

    /// Takes an event in, behind those of the same call. `call` is `None` for one that keeps no order here.
    pub fn push(&mut self, call: Option<CallId>, event: E) {
        self.queue.push(Waiting { call, event });
        self.begin();
    }

    /// Waits for the next event that has ended, and tells its fate; `None`: none is on its way. Whoever gives up
    /// waiting loses nothing.
    pub async fn next(&mut self) -> Option<F> {
        poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<F>> {
        let Some(Ended { connection, call, fate }) = ready!(self.under_way.poll_next_unpin(context)) else {
            return Poll::Ready(None);
        };
        match call.and_then(|call| self.queue.ended(call)) {
            Some(next) => self.under_way.push((self.bring)(connection, next)),
            None => {
                self.pool.take_back(connection);
                self.begin();
            }
        }
        Poll::Ready(Some(fate))
    }

    /// Whether no event is on its way, and so none waits.
    pub fn is_idle(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Whether an event would go at once, if none of its call is on its way.
    pub fn has_room(&self) -> bool {
        self.pool.has_room() && !self.queue.may_have_more()
    }

    /// How many events wait.
    #[cfg_attr(not(test), expect(dead_code, reason = "for what a bridge tells of itself"))]
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Gives back what waits, the events of a call in their order. What is on its way goes on.
    #[cfg_attr(not(test), expect(dead_code, reason = "for a bridge that stops, and keeps what waits"))]
    pub fn take_back(&mut self) -> Vec<E> {
        self.queue.empty()
    }

    /// Sends off what may go.
    fn begin(&mut self) {
        while self.queue.may_have_more()
            && let Some(connection) = self.pool.lend()
        {
            let Some(waiting) = self.queue.pop() else {
                self.pool.take_back(connection);
                return;
            };
            self.under_way.push((self.bring)(connection, waiting));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::time::Duration;

    use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

    use super::*;
    use crate::client::{Clients, Request, RequestId, SendError, block_on};
    use crate::config::{Config, Endpoint, Secret, Settings, Span};
    use crate::event::{CallEvent, Direction, EventKind};
    use crate::number::Numbering;
    use crate::sandbox::{Options, Sandbox};

    /// Nothing here takes as long as that.
    const LONG: Duration = Duration::from_secs(60);

    const KINDS: [EventKind; 3] = [EventKind::NewCall, EventKind::Answer, EventKind::Hangup];

    /// The event, and what was wrong with its attempt.
    type Fate = (String, Option<SendError>);

    /// A Zammad that replies to events of calls named `fast` at once, and to others when the test wants it.
    struct SlowZammad {
        endpoint: Endpoint,
        /// the connections on which a reply is wanted
        asked: UnboundedReceiver<TcpStream>,
    }

    impl SlowZammad {
        fn start() -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let url = Secret::new(format!("http://{}", listener.local_addr().unwrap()));
            let endpoint = Endpoint::new(&url, Some(&Secret::new("test"))).unwrap();
            let (tell, asked) = unbounded_channel();
            std::thread::spawn(move || {
                for stream in listener.incoming() {
                    let tell = tell.clone();
                    std::thread::spawn(move || listen(stream.unwrap(), &tell));
                }
            });
            Self { endpoint, asked }
        }

        /// Waits for a request.
        async fn asked(&mut self) -> TcpStream {
            self.asked.recv().await.unwrap()
        }
    }

    /// Reads the requests of a connection.
    fn listen(mut stream: TcpStream, tell: &UnboundedSender<TcpStream>) {
        let mut request = Vec::new();
        let mut bytes = [0; 4096];
        loop {
            match stream.read(&mut bytes) {
                Ok(0) | Err(_) => return,
                Ok(length) => request.extend_from_slice(&bytes[..length]),
            }
            if !request.ends_with(b"}") {
                continue;
            }
            if String::from_utf8_lossy(&request).contains("fast") {
                reply(&stream);
            } else {
                // The test is over otherwise.
                let _ = tell.send(stream.try_clone().unwrap());
            }
            request.clear();
        }
    }

    fn reply(mut stream: &TcpStream) {
        let reply = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
        stream.write_all(reply).unwrap();
    }

    fn event(kind: EventKind, call: &str) -> CallEvent {
        let number = |text| Some(Numbering::default().read(text).unwrap());
        let event = CallEvent::new(kind, call.parse().unwrap(), Direction::Inbound);
        CallEvent { from: number("493023125741"), to: number("4930600000000"), ..event }
    }

    /// Tests a dispatcher that has so many connections, two of them at rest.
    fn with_dispatcher(
        endpoint: &Endpoint,
        most: usize,
        test: impl AsyncFnOnce(Dispatcher<'_, CallEvent, Fate>),
    ) {
        let settings =
            Settings { timeout: Some(Span(LONG)), deadline: Some(Span(LONG)), ..Settings::default() };
        let config = Config::try_from(settings).unwrap().with_endpoint(endpoint.clone());
        let clients = Clients::new(&config).unwrap();
        let bring = async |connection: &mut Connection<'_>, event: CallEvent| {
            let request = Request::new(&event, config.encoding, RequestId::fresh());
            let sent = connection.client().unwrap().attempt(&request, &event, LONG).await;
            (format!("{} {}", event.kind, event.call_id), sent.err())
        };
        let dispatcher = Dispatcher::new(Pool::growing(&clients, most, 2), &bring);
        let test = async { tokio::time::timeout(LONG, test(dispatcher)).await.expect("it hangs") };
        block_on(test).unwrap();
    }

    fn push(dispatcher: &mut Dispatcher<'_, CallEvent, Fate>, kind: EventKind, call: &str) {
        let event = event(kind, call);
        dispatcher.push(Some(event.call_id.clone()), event);
    }

    /// The next event that has arrived.
    async fn next(dispatcher: &mut Dispatcher<'_, CallEvent, Fate>) -> Option<String> {
        let (event, error) = dispatcher.next().await?;
        assert!(error.is_none(), "{event}: {error:?}");
        Some(event)
    }

    #[test]
    fn the_events_of_each_call_of_a_burst_arrive_in_order() {
        const CALLS: usize = 1000;
        let zammad = Sandbox::start(Options::default()).unwrap();
        // The first requests are processed late: whatever does not wait for them overtakes them.
        let late = serde_json::json!({ "mode": "delay_before", "seconds": 0.2, "count": 4 });
        zammad.fail(serde_json::from_value(late).unwrap());
        with_dispatcher(zammad.endpoint(), 8, async |mut dispatcher| {
            for call in (0..CALLS).map(|call| format!("call-{call}")) {
                KINDS.into_iter().for_each(|kind| push(&mut dispatcher, kind, &call));
            }
            assert_eq!(dispatcher.waiting(), KINDS.len() * CALLS - 8);
            let mut fates = 0;
            // Zammad refuses what comes before the newCall of its call, and a second newCall.
            while next(&mut dispatcher).await.is_some() {
                fates += 1;
            }
            assert_eq!(fates, KINDS.len() * CALLS);
            assert!(dispatcher.is_idle());
            assert_eq!(dispatcher.waiting(), 0);
        });
        let entries = zammad.entries();
        assert_eq!(entries.len(), CALLS);
        for entry in entries {
            assert_eq!(entry.state, EventKind::Hangup, "the last event of {}", entry.call_id);
            assert!(entry.start_at.is_some(), "Zammad ignores an answer after the hangup: {}", entry.call_id);
        }
    }

    #[test]
    fn a_silent_call_delays_only_itself() {
        let mut zammad = SlowZammad::start();
        with_dispatcher(&zammad.endpoint.clone(), 2, async |mut dispatcher| {
            KINDS.into_iter().for_each(|kind| push(&mut dispatcher, kind, "silent"));
            let fast: Vec<_> = (0..10).map(|call| format!("fast-{call}")).collect();
            for call in &fast {
                KINDS.into_iter().for_each(|kind| push(&mut dispatcher, kind, call));
            }
            for call in &fast {
                for kind in KINDS {
                    assert_eq!(next(&mut dispatcher).await, Some(format!("{kind} {call}")));
                }
            }
            assert_eq!(dispatcher.waiting(), 2, "of the silent call itself");
            for kind in KINDS {
                let replied = async { reply(&zammad.asked().await) };
                let (arrived, ()) = tokio::join!(next(&mut dispatcher), replied);
                assert_eq!(arrived, Some(format!("{kind} silent")));
            }
            assert_eq!(next(&mut dispatcher).await, None);
        });
    }

    #[test]
    fn what_waits_is_given_back_and_the_rest_ends() {
        let mut zammad = SlowZammad::start();
        with_dispatcher(&zammad.endpoint.clone(), 2, async |mut dispatcher| {
            let calls = ["a", "b", "c"];
            for call in calls {
                KINDS.into_iter().for_each(|kind| push(&mut dispatcher, kind, call));
            }
            let waiting = dispatcher.take_back();
            for call in calls {
                let own = waiting.iter().filter(|event| event.call_id.as_str() == call);
                let begun = usize::from(call != "c");
                assert!(own.map(|event| event.kind).eq(KINDS.into_iter().skip(begun)), "of call {call}");
            }
            let replied = async {
                reply(&zammad.asked().await);
                reply(&zammad.asked().await);
            };
            let ended = async { [next(&mut dispatcher).await, next(&mut dispatcher).await] };
            let (mut ended, ()) = tokio::join!(ended, replied);
            ended.sort();
            assert_eq!(ended.map(Option::unwrap), ["newCall a", "newCall b"]);
            assert_eq!(next(&mut dispatcher).await, None);
            assert!(dispatcher.is_idle() && zammad.asked.is_empty(), "nothing else is sent");
            // And a call that goes on later finds nobody before it.
            push(&mut dispatcher, EventKind::Hangup, "fast-a");
            assert_eq!(next(&mut dispatcher).await.unwrap(), "hangup fast-a");
        });
    }

    #[test]
    fn whoever_gives_up_waiting_loses_nothing() {
        const EVENTS: usize = 40;
        let mut zammad = SlowZammad::start();
        with_dispatcher(&zammad.endpoint.clone(), 4, async |mut dispatcher| {
            (0..EVENTS).for_each(|call| push(&mut dispatcher, EventKind::NewCall, &format!("{call:02}")));
            let mut ended = Vec::new();
            while !dispatcher.is_idle() {
                // Asked once, whatever point the conversations have reached, and given up at once.
                tokio::select! {
                    biased;
                    event = next(&mut dispatcher) => ended.extend(event),
                    () = std::future::ready(()) => {}
                }
                if let Ok(stream) = zammad.asked.try_recv() {
                    reply(&stream);
                }
                tokio::task::yield_now().await;
            }
            ended.sort();
            assert!(ended.into_iter().eq((0..EVENTS).map(|call| format!("newCall {call:02}"))));
        });
    }

    #[test]
    fn what_keeps_no_order_goes_at_once() {
        const EVENTS: usize = 50;
        let mut zammad = SlowZammad::start();
        with_dispatcher(&zammad.endpoint.clone(), usize::MAX, async |mut dispatcher| {
            (0..EVENTS).for_each(|_| dispatcher.push(None, event(EventKind::NewCall, "same")));
            assert_eq!(dispatcher.waiting(), 0);
            let replied = async {
                let mut asked = Vec::new();
                while asked.len() < EVENTS {
                    asked.push(zammad.asked().await);
                }
                asked.iter().for_each(reply);
            };
            let ended = async {
                let mut ended = 0;
                while next(&mut dispatcher).await.is_some() {
                    ended += 1;
                }
                ended
            };
            let (ended, ()) = tokio::join!(ended, replied);
            assert_eq!(ended, EVENTS);
        });
    }
}
