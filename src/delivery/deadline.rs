//! Until when something has to be done.

use std::time::{Duration, Instant};

/// A time from when something began: what is left of it, and when it is over.
///
/// # Example
///
/// ```
/// use std::time::{Duration, Instant};
/// use zammad_cti::delivery::Deadline;
///
/// let began = Instant::now();
/// let deadline = Deadline::new(began, Duration::from_secs(8));
/// assert!(deadline.left() <= Duration::from_secs(8));
/// assert_eq!(deadline.end(), began + Duration::from_secs(8));
/// let earlier = deadline.earlier_by(Duration::from_secs(1));
/// assert_eq!(earlier.end(), began + Duration::from_secs(7));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    started: Instant,
    time: Duration,
}

impl Deadline {
    /// So much time from `started` on.
    pub fn new(started: Instant, time: Duration) -> Self {
        Self { started, time }
    }

    /// So much time from now on.
    pub fn within(time: Duration) -> Self {
        Self::new(Instant::now(), time)
    }

    /// How much time there is in all.
    pub fn time(self) -> Duration {
        self.time
    }

    /// How much of it has passed, or how much more than that.
    pub fn elapsed(self) -> Duration {
        self.started.elapsed()
    }

    /// How much of it is left; nothing when it is over.
    pub fn left(self) -> Duration {
        self.time.saturating_sub(self.elapsed())
    }

    /// When it is over.
    pub fn end(self) -> Instant {
        self.started + self.time
    }

    /// As long as that from when it began.
    #[must_use]
    pub fn with_time(self, time: Duration) -> Self {
        Self { time, ..self }
    }

    /// The same with so much less time.
    #[must_use]
    pub fn earlier_by(self, time: Duration) -> Self {
        Self { time: self.time.saturating_sub(time), ..self }
    }
}
