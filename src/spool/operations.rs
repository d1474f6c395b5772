//! What a shared spool does, each within a time: the same operations as those of [`Spool`].

use std::time::Duration;

use super::{
    Begun, Call, CallNumber, Earlier, Entry, Held, KeptCourse, Moment, Next, Note, Order, Overview, Past,
    Position, SharedSpool, Spool, SpoolError, Totals, Waiting, Which,
};
use crate::event::CallEvent;

/// What an event that is about to be sent finds.
#[derive(Debug)]
pub(crate) struct Entered {
    /// before it
    pub(crate) earlier: Earlier,
    /// why Zammad takes nothing at present, if that is so
    pub(crate) held: Option<Held>,
    /// where it is kept while it is under way
    pub(crate) kept: Option<Position>,
    /// the journal has it, and the spool its copies
    pub(crate) is_noted: bool,
}

/// Their errors are those of the operation and of [`Spool::open`], and [`SpoolError::Slow`]: then it may still be
/// done, if it was begun.
impl SharedSpool {
    /// As [`Spool::call`]. No file is begun by a question.
    pub(crate) async fn call(
        &self,
        within: Duration,
        which: Which,
        now: Moment,
    ) -> Result<Option<Call>, SpoolError> {
        self.with_begun(within, move |spool| spool.call(&which, now)).await.map(Option::flatten)
    }

    /// As [`Spool::course`]. No file is begun by a question.
    pub(crate) async fn course(
        &self,
        within: Duration,
        which: Which,
    ) -> Result<Option<KeptCourse>, SpoolError> {
        self.with_begun(within, move |spool| spool.course(&which)).await.map(Option::flatten)
    }

    /// All that [`Spool::open_calls`] has. No file is begun by a question.
    pub(crate) async fn open_calls(&self, within: Duration, now: Moment) -> Result<Vec<Call>, SpoolError> {
        let all = move |spool: &mut Spool| spool.open_calls(CallNumber(0), usize::MAX >> 1, now);
        self.with_begun(within, all).await.map(Option::unwrap_or_default)
    }

    /// As [`Spool::enter`], and as [`Spool::held`] where the event would go at once.
    pub(crate) async fn enter(
        &self,
        within: Duration,
        entry: Entry,
        order: Order,
        begun: Begun,
        ahead: Option<Position>,
        now: Moment,
    ) -> Result<Entered, SpoolError> {
        let enter = move |spool: &mut Spool| {
            let (earlier, kept) = spool.enter(&entry, order, begun, ahead, now)?;
            let held = if earlier == Earlier::Nothing { spool.held()? } else { None };
            let is_noted = earlier == Earlier::Nothing || ahead.is_some();
            Ok(Entered { earlier, held, kept, is_noted })
        };
        self.with(within, enter).await
    }

    /// As [`Spool::keep_ahead`].
    pub(crate) async fn keep_ahead(
        &self,
        within: Duration,
        entry: Entry,
        now: Moment,
    ) -> Result<Option<Position>, SpoolError> {
        self.with(within, move |spool| spool.keep_ahead(&entry, now)).await
    }

    /// As [`Spool::keep`].
    pub(crate) async fn keep(
        &self,
        within: Duration,
        entry: Entry,
        past: Past,
        now: Moment,
    ) -> Result<Option<Position>, SpoolError> {
        self.with(within, move |spool| spool.keep(&entry, &past, now)).await
    }

    /// As [`Spool::settle`].
    pub(crate) async fn settle(
        &self,
        within: Duration,
        event: CallEvent,
        kept: Option<Position>,
        has_arrived: bool,
        now: Moment,
    ) -> Result<(), SpoolError> {
        self.with(within, move |spool| spool.settle(&event, kept, has_arrived, now)).await
    }

    /// As [`Spool::leave`].
    pub(crate) async fn leave(&self, within: Duration, kept: Position) -> Result<(), SpoolError> {
        self.with(within, move |spool| spool.leave(kept)).await
    }

    /// As [`Spool::due`].
    pub(crate) async fn due(
        &self,
        within: Duration,
        now: Moment,
        most: usize,
    ) -> Result<Vec<Waiting>, SpoolError> {
        self.with(within, move |spool| spool.due(now, most)).await
    }

    /// As [`Spool::next_due`].
    pub(crate) async fn next_due(
        &self,
        within: Duration,
        now: Moment,
    ) -> Result<Option<Duration>, SpoolError> {
        self.with(within, move |spool| spool.next_due(now)).await
    }

    /// As [`Spool::next`].
    pub(crate) async fn next(
        &self,
        within: Duration,
        position: Position,
        now: Moment,
    ) -> Result<Next, SpoolError> {
        self.with(within, move |spool| spool.next(position, now)).await
    }

    /// As [`Spool::begin`].
    pub(crate) async fn begin(&self, within: Duration, waiting: Waiting) -> Result<bool, SpoolError> {
        self.with(within, move |spool| spool.begin(&waiting)).await
    }

    /// As [`Spool::note`].
    pub(crate) async fn note(
        &self,
        within: Duration,
        position: Position,
        note: Note,
        now: Moment,
    ) -> Result<(), SpoolError> {
        self.with(within, move |spool| spool.note(position, &note, now)).await
    }

    /// As [`Spool::unconfirmed`].
    pub(crate) async fn unconfirmed(
        &self,
        within: Duration,
        settled: Duration,
        now: Moment,
        most: usize,
    ) -> Result<Vec<Waiting>, SpoolError> {
        self.with(within, move |spool| spool.unconfirmed(settled, now, most)).await
    }

    /// As [`Spool::send_again`].
    pub(crate) async fn send_again(
        &self,
        within: Duration,
        position: Position,
        attempts: u32,
    ) -> Result<(), SpoolError> {
        self.with(within, move |spool| spool.send_again(position, attempts)).await
    }

    /// As [`Spool::held`].
    pub(crate) async fn held(&self, within: Duration) -> Result<Option<Held>, SpoolError> {
        self.with(within, Spool::held).await
    }

    /// As [`Spool::hold`].
    pub(crate) async fn hold(
        &self,
        within: Duration,
        reason: Option<String>,
        now: Moment,
    ) -> Result<(), SpoolError> {
        self.with(within, move |spool| spool.hold(reason.as_deref(), now)).await
    }

    /// As [`Spool::totals`]; a spool that was never begun has nothing in it, and is not begun.
    pub(crate) async fn totals(&self, within: Duration, now: Moment) -> Result<Totals, SpoolError> {
        self.with_begun(within, move |spool| spool.totals(now)).await.map(Option::unwrap_or_default)
    }

    /// As [`Spool::overview`].
    pub(crate) async fn overview(
        &self,
        within: Duration,
        stuck_after: Duration,
        now: Moment,
    ) -> Result<Overview, SpoolError> {
        self.with(within, move |spool| spool.overview(stuck_after, now)).await
    }

    /// As [`Spool::try_to_write`].
    pub(crate) async fn try_to_write(&self, within: Duration) -> Result<(), SpoolError> {
        self.with(within, Spool::try_to_write).await
    }

    /// As [`Spool::changes`].
    pub(crate) async fn changes(&self, within: Duration) -> Result<i64, SpoolError> {
        self.with(within, |spool| spool.changes()).await
    }

    /// As [`Spool::shorten_wal`].
    pub(crate) async fn shorten_wal(&self, within: Duration) -> Result<(), SpoolError> {
        self.with(within, Spool::shorten_wal).await
    }

    /// As [`Spool::empty_wal`].
    pub(crate) async fn empty_wal(&self, within: Duration) -> Result<(), SpoolError> {
        self.with(within, |spool| spool.empty_wal()).await
    }
}
