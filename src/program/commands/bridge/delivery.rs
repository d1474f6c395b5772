//! A bridge's events on their way to Zammad.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::asterisk::is_number;
use crate::bridge::tracker::CallNumber;
use crate::client::{ClientError, Clients};
use crate::config::Config;
use crate::delivery::{
    Connection, Courier, Deadline, Dispatcher, EventToSend, Failure, NoClient, Outcome, Pool, Stop, Ways,
};
use crate::event::{CallEvent, Direction, EventKind, WrittenEvent};
use crate::number::Party;
use crate::program::commands::report::{self, outcome, unsent};
use crate::program::commands::settings::runtime_folder;
use crate::program::output::Report;
use crate::program::safe_text::printable;
use crate::spool::{Call, Ending, Position, SpoolError};

use super::tell;

/// So many connections to Zammad there are at most, and so many stay.
const MOST: usize = 64;
const IDLE: usize = 8;

/// An event on its way to Zammad.
pub struct Errand {
    pub call: CallNumber,
    pub written: WrittenEvent,
    /// when the phone system said what it follows from
    pub heard: Instant,
}

/// What came of an errand.
pub enum Brought {
    Done(Box<Done>),
    /// The spool has an event of this call while it is on its way.
    Kept(CallNumber),
    /// Somebody else reports its call, such as a line in the dialplan.
    Elsewhere(CallNumber, EventKind),
}

/// What became of an event.
pub struct Done {
    pub call: CallNumber,
    pub kind: EventKind,
    pub heard: Instant,
    pub report: Report,
    /// the event's
    pub fields: tell::Fields,
    pub error: Option<anyhow::Error>,
    /// Zammad does not want the caller.
    pub is_rejected: bool,
    /// The event, if nobody has it, and a second attempt shows agents nothing false.
    pub again: Option<WrittenEvent>,
}

/// What all events of a bridge have in common, whatever its configuration becomes.
#[derive(Clone)]
pub struct Office {
    /// what its calls' keys in the journal begin with: no other bridge's do
    key: Rc<str>,
    /// what it follows, such as `asterisk`
    source: &'static str,
    /// ids of calls that others report
    elsewhere: Rc<RefCell<HashSet<String>>>,
    brought: UnboundedSender<Brought>,
    end: watch::Sender<bool>,
}

impl Office {
    /// What came of events goes to `brought`.
    pub fn new(key: &str, source: &'static str, brought: UnboundedSender<Brought>) -> Self {
        Self { key: key.into(), source, elsewhere: Rc::default(), brought, end: watch::Sender::new(false) }
    }

    /// What is on its way is cut off after a moment, and nothing is tried any more: the spool keeps all of it.
    pub fn leaves_to_spool(&self) {
        self.end.send_replace(true);
    }
}

/// The events that come while one configuration counts.
pub struct Shift {
    key: Rc<str>,
    ways: Rc<Ways>,
    errands: UnboundedSender<Errand>,
}

impl Shift {
    /// The second is the work on its events, which ends when the shift is dropped and all of them have ended.
    pub fn begin(
        config: Arc<Config>,
        clients: Clients,
        office: &Office,
    ) -> (Self, LocalBoxFuture<'static, ()>) {
        let stop = Stop::by(office.end.subscribe());
        let courier = move |config: &Config| {
            let courier = Courier::new(config, runtime_folder().as_deref()).outlived_by_its_events(config);
            courier.ending_by(stop.clone())
        };
        let ways = Rc::new(Ways::new(&config, courier).of_bridge(office.source));
        let (errands, wanted) = unbounded_channel();
        let shift = Self { key: office.key.clone(), ways: ways.clone(), errands };
        let office = office.clone();
        let work = async move { bring_all(&clients, wanted, &ways, &config, &office).await };
        (shift, work.boxed_local())
    }

    /// Whether open calls are known to the next process.
    pub fn has_journal(&self) -> bool {
        self.ways.has_journal()
    }

    /// The calls that were open when another process of this bridge ended.
    ///
    /// # Errors
    ///
    /// There is a journal, and it cannot be read.
    pub async fn open_calls(&self) -> Result<Vec<Call>, SpoolError> {
        self.ways.open_calls(&self.key).await
    }

    /// Sends an event off, behind those of its call.
    pub fn push(&self, errand: Errand) {
        let Errand { call, written, heard } = errand;
        let is_noted = self.has_journal() && written.event == EventKind::NewCall;
        // What makes a call one of this bridge's for the next process.
        let call_key = is_noted.then(|| format!("{}{}", self.key, written.call_id));
        let written = WrittenEvent { call_key, ..written };
        // The work goes on for as long as there is a shift.
        let _ = self.errands.send(Errand { call, written, heard });
    }
}

/// Brings what is wanted, until nobody can want more and all of it has ended.
///
/// An event that waits for its turn would be lost if this process was killed. So it is kept ahead: behind those of its
/// call, once these are safe.
async fn bring_all(
    clients: &Clients,
    mut wanted: UnboundedReceiver<Errand>,
    ways: &Ways,
    config: &Config,
    office: &Office,
) {
    let bring = async |connection: &mut Connection<'_>, (errand, place): (Errand, Place)| {
        let call_id = errand.written.call_id.clone();
        let brought = bring(connection, errand, &place, ways, config, office).await;
        place.is_safe.send_replace(true);
        (call_id, brought)
    };
    let mut dispatcher = Dispatcher::new(Pool::growing(clients, MOST, IDLE), &bring);
    let mut open = OpenCalls::default();
    let mut keeping = FuturesUnordered::new();
    let mut may_come = true;
    while may_come || !dispatcher.is_idle() {
        tokio::select! {
            // Whose turn has come is not kept ahead.
            biased;
            // A receiver that is gone does not want to know any more.
            Some((call_id, brought)) = dispatcher.next() => {
                open.ended(&call_id);
                drop(office.brought.send(brought));
            }
            errand = wanted.recv(), if may_come => match errand {
                Some(errand) => {
                    let (place, before) = open.push(&errand.written.call_id);
                    if ways.has_journal() && (before.is_some() || !dispatcher.has_room()) {
                        keeping.push(keep_ahead(errand.written.clone(), place.clone(), before, ways, config, office));
                    }
                    dispatcher.push(errand.written.call_id.parse().ok(), (errand, place));
                }
                None => may_come = false,
            },
            Some(()) = keeping.next() => {}
        }
    }
}

/// Keeps an event whose turn has not come.
async fn keep_ahead(
    written: WrittenEvent,
    place: Place,
    before: Option<watch::Receiver<bool>>,
    ways: &Ways,
    config: &Config,
    office: &Office,
) {
    if let Some(mut before) = before {
        // What has ended without a word is safe, too.
        let _ = before.wait_for(|is_safe| *is_safe).await;
    }
    let Ok(mut kept) = place.kept.try_lock() else { return };
    let is_elsewhere = office.elsewhere.borrow().contains(&written.call_id);
    if place.has_turn.get()
        || is_elsewhere
        || written.event == EventKind::NewCall && is_announced(&written, &office.key, ways).await
    {
        return;
    }
    *kept = ways.keep_ahead(written, config).await;
    if kept.is_some() {
        place.is_safe.send_replace(true);
    }
}

/// The place of an event among those of its call.
#[derive(Clone)]
struct Place {
    /// whether the spool or Zammad has it
    is_safe: Arc<watch::Sender<bool>>,
    /// where the spool has it since before its turn; locked while it is put there
    kept: Rc<Mutex<Option<Position>>>,
    has_turn: Rc<Cell<bool>>,
}

impl Place {
    /// Its turn has come: where the spool has it, if it was kept ahead.
    async fn take_turn(&self) -> Option<Position> {
        self.has_turn.set(true);
        self.kept.lock().await.take()
    }
}

/// Calls of which events have not ended: how many, and whether the last one is safe.
#[derive(Default)]
struct OpenCalls(HashMap<String, (usize, watch::Receiver<bool>)>);

impl OpenCalls {
    /// One more event; whether the one before it is safe, if there is one that has not ended.
    fn push(&mut self, call_id: &str) -> (Place, Option<watch::Receiver<bool>>) {
        let (is_safe, safe) = watch::channel(false);
        let place = Place { is_safe: Arc::new(is_safe), kept: Rc::default(), has_turn: Rc::default() };
        let before = match self.0.get_mut(call_id) {
            Some((count, last)) => {
                *count += 1;
                Some(std::mem::replace(last, safe))
            }
            None => {
                self.0.insert(call_id.to_owned(), (1, safe));
                None
            }
        };
        (place, before)
    }

    fn ended(&mut self, call_id: &str) {
        if let Some((count, _)) = self.0.get_mut(call_id) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(call_id);
            }
        }
    }
}

/// Brings one event to Zammad.
async fn bring(
    connection: &mut Connection<'_>,
    errand: Errand,
    place: &Place,
    ways: &Ways,
    config: &Config,
    office: &Office,
) -> Brought {
    let Office { key, elsewhere, brought, .. } = office;
    let Errand { call, written, heard } = errand;
    let kind = written.event;
    let ahead = place.take_turn().await;
    if written.event == EventKind::NewCall {
        if is_announced(&written, key, ways).await {
            log::warn!(
                "call {} is reported already, so it is not reported from here",
                printable(&written.call_id)
            );
            elsewhere.borrow_mut().insert(written.call_id);
            return Brought::Elsewhere(call, kind);
        }
    } else if elsewhere.borrow().contains(&written.call_id) {
        if written.event == EventKind::Hangup {
            elsewhere.borrow_mut().remove(&written.call_id);
        }
        return Brought::Elsewhere(call, kind);
    }
    let done = |report, fields, error, is_rejected, again| {
        Brought::Done(Box::new(Done { call, kind, heard, report, fields, error, is_rejected, again }))
    };
    let again = written.clone();
    let call_id = written.call_id.clone();
    let addressed = match ways.read(written, config).await {
        Ok(addressed) => addressed,
        Err(error) => {
            let error = error.into();
            let report = unsent(&error).of(kind, &call_id).because(&error, config.endpoint().ok());
            return done(report, tell::Fields::new(), Some(error), false, None);
        }
    };
    let (to_send, config) = (&addressed.to_send, addressed.config(config));
    if !is_internal(&to_send.event, config) {
        report::warn(to_send, None);
    }
    let is_safe = &*place.is_safe;
    let is_kept = || {
        is_safe.send_replace(true);
        drop(brought.send(Brought::Kept(call)));
    };
    let deadline = Deadline::within(config.deadline);
    let brought = ways.bring(connection, &addressed, deadline, ahead, &is_kept).await;
    let again = may_go_again(to_send, &brought).then_some(again);
    let (report, error) = outcome(&to_send.event, brought, config);
    let is_rejected = report.rejects();
    done(report, tell::fields(to_send), error, is_rejected, again)
}

/// Whether a phone of the house calls another one: no agent is to be shown a customer, and nothing could be sent
/// otherwise.
fn is_internal(event: &CallEvent, config: &Config) -> bool {
    let from = event.from.as_ref().map(Party::as_str).unwrap_or_default();
    let is_extension = from.len() <= usize::from(config.numbering.extension_digits) && is_number(from);
    event.direction == Direction::Inbound && is_extension
}

/// Whether an event is lost, and may be sent once more: a second hangup would hide a missed call if Zammad has the first.
fn may_go_again(
    to_send: &EventToSend,
    brought: &Result<Result<Outcome, Failure>, NoClient<ClientError>>,
) -> bool {
    match brought {
        Ok(Err(Failure::Undelivered(tried) | Failure::NotKept(tried, _))) => {
            !to_send.does_harm_twice() || !(tried.uncertain || tried.may_exist)
        }
        // The spool has the one, and of the other nobody knows where it is.
        Ok(Ok(_) | Err(Failure::Unconfirmed(_) | Failure::Untried(_))) => false,
        Err(NoClient { kept, .. }) => kept.is_none(),
    }
}

/// Whether a call is somebody else's, or was reported to its end: the phone system may still have its channel when
/// the next process begins. One that this bridge has begun is its own.
async fn is_announced(written: &WrittenEvent, key: &str, ways: &Ways) -> bool {
    let Ok(call_id) = written.call_id.parse() else { return false };
    let Ok(Some(call)) = ways.call(&call_id).await else { return false };
    let is_own = call.key.as_deref().is_some_and(|own| own.starts_with(key));
    !is_own || call.ending != Ending::None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    #[test]
    fn a_call_between_phones_is_told_from_one_of_a_customer() {
        let config = Config::try_from(Settings::default()).unwrap();
        // (who calls, direction, whether both are phones of the house)
        let cases = [
            ("101", Direction::Inbound, true),
            ("493023125741", Direction::Inbound, false),
            ("anonymous", Direction::Inbound, false),
            ("101", Direction::Outbound, false),
        ];
        for (from, direction, expected) in cases {
            let event = CallEvent {
                from: Some(config.numbering.read(from).unwrap()),
                ..CallEvent::new(EventKind::NewCall, "7".parse().unwrap(), direction)
            };
            assert_eq!(is_internal(&event, &config), expected, "{from} {direction}");
        }
    }
}
