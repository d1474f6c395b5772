//! The connections of a sandbox: how many there may be, and which of them has to make room.
//!
//! A silent connection, one of which no whole request is there, is ended when somebody else needs its
//! place: so nobody keeps others away by saying nothing, or little.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use super::lock;

/// How many connections there are at most: the most that `simulate --concurrency` opens, and room for
/// browsers and others.
pub const MOST: usize = 1280;

/// All connections of one sandbox.
#[derive(Default)]
pub struct Connections(Mutex<Places>);

#[derive(Default)]
struct Places {
    taken: usize,
    /// how often a connection fell silent
    silences: u64,
    /// the silent ones, the one that is silent for longest first
    silent: BTreeMap<u64, Arc<Notify>>,
}

/// The place of one connection, and of what goes on in its name when it is gone.
pub struct Connection {
    all: Arc<Connections>,
    /// when it fell silent; `None` during a request
    silence: Mutex<Option<u64>>,
    unwanted: Arc<Notify>,
}

impl Connections {
    /// A place for one more connection, which is silent at first. `None`: all others are busy.
    pub fn enter(self: &Arc<Self>) -> Option<Connection> {
        let mut places = lock(&self.0);
        if places.taken >= MOST && !places.make_room() {
            return None;
        }
        places.taken += 1;
        let unwanted = Arc::<Notify>::default();
        let silence = places.fall_silent(&unwanted);
        drop(places);
        Some(Connection { all: self.clone(), silence: Mutex::new(Some(silence)), unwanted })
    }

    /// Ends the one that is silent for longest.
    pub fn make_room(&self) {
        lock(&self.0).make_room();
    }
}

impl Places {
    fn make_room(&mut self) -> bool {
        let Some((_, unwanted)) = self.silent.pop_first() else { return false };
        unwanted.notify_one();
        self.taken -= 1;
        true
    }

    fn fall_silent(&mut self, unwanted: &Arc<Notify>) -> u64 {
        self.silences += 1;
        self.silent.insert(self.silences, unwanted.clone());
        self.silences
    }
}

impl Connection {
    /// A whole request is there: nobody may have its place until [`Connection::answered`]. False if
    /// somebody has it already; the connection then is about to end.
    pub fn asks(&self) -> bool {
        let mut places = lock(&self.all.0);
        let mut silence = lock(&self.silence);
        if silence.is_some_and(|number| places.silent.remove(&number).is_some()) {
            *silence = None;
        }
        silence.is_none()
    }

    /// The reply is on its way, and the next request may come.
    pub fn answered(&self) {
        let mut places = lock(&self.all.0);
        let mut silence = lock(&self.silence);
        if silence.is_none() {
            *silence = Some(places.fall_silent(&self.unwanted));
        }
    }

    /// Waits until somebody else has its place.
    pub async fn lost(&self) {
        self.unwanted.notified().await;
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut places = lock(&self.all.0);
        let has_a_place = lock(&self.silence).is_none_or(|number| places.silent.remove(&number).is_some());
        if has_a_place {
            places.taken -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_lost(connection: &Connection) -> bool {
        use futures_util::FutureExt as _;
        connection.lost().now_or_never().is_some()
    }

    #[test]
    fn the_one_that_is_silent_for_longest_makes_room() {
        let all = Arc::<Connections>::default();
        let open: Vec<_> = (0..MOST).map(|_| all.enter().unwrap()).collect();
        assert!(open[0].asks() && open[1].asks());
        open[1].answered();
        let late = all.enter().unwrap();
        assert_eq!([0, 1, 2, 3].map(|at| is_lost(&open[at])), [false, false, true, false]);
        // One that is gone leaves its place, and one that had lost it leaves none.
        drop(open);
        drop(late);
        let places = lock(&all.0);
        assert_eq!((places.taken, places.silent.len()), (0, 0));
    }

    #[test]
    fn there_is_no_room_while_all_are_busy() {
        let all = Arc::<Connections>::default();
        let open: Vec<_> = (0..MOST).map(|_| all.enter().unwrap()).collect();
        assert!(open.iter().all(Connection::asks));
        assert!(all.enter().is_none());
        open[7].answered();
        let late = all.enter().unwrap();
        // What it asks now comes too late.
        assert!(!open[7].asks());
        assert!(is_lost(&open[7]) && !is_lost(&late));
        drop((open, late));
        assert_eq!(lock(&all.0).taken, 0);
    }
}
