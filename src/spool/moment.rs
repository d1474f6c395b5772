//! Points in time that survive a clock which is put right.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::Row;
use rustix::time::{ClockId, clock_gettime};

/// A point in time: by the clock on the wall, and, as somebody may set that one, by the time since
/// the machine started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// milliseconds since 1970, which no clock is before
    pub(super) wall: i64,
    /// tells one start of the machine from the next; 0: it is not known
    pub(super) boot: i64,
    /// milliseconds since that start, with those of its sleep
    pub(super) up: i64,
}

impl Moment {
    /// By this machine's clocks.
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let up = clock_gettime(ClockId::Boottime);
        Self { wall: millis(since), boot: boot(), up: up.tv_sec * 1000 + up.tv_nsec / 1_000_000 }
    }

    /// How long before this one another was; nothing if it was later.
    pub fn since(&self, other: &Self) -> Duration {
        let millis = if self.boot == other.boot && self.boot != 0 {
            self.up.saturating_sub(other.up)
        } else {
            self.wall.saturating_sub(other.wall)
        };
        Duration::from_millis(u64::try_from(millis).unwrap_or_default())
    }

    /// The time on the wall, as far as years have four digits: a file may say anything.
    pub fn time(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(u64::try_from(self.wall.min(LAST)).unwrap_or_default())
    }

    /// The same so much later.
    #[must_use]
    pub fn after(self, time: Duration) -> Self {
        let time = millis(time);
        Self { wall: self.wall.saturating_add(time), up: self.up.saturating_add(time), ..self }
    }

    /// The same so much earlier.
    #[must_use]
    pub fn before(self, time: Duration) -> Self {
        let time = millis(time);
        Self { wall: self.wall.saturating_sub(time), up: self.up.saturating_sub(time), ..self }
    }
}

/// The end of the year 9999, in milliseconds since 1970.
const LAST: i64 = 253_402_300_799_999;

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// Half of the kernel's number for this start of the machine, which is more than enough.
///
/// Source: Linux, `Documentation/admin-guide/sysctl/kernel.rst`, "random".
fn boot() -> i64 {
    static BOOT: OnceLock<i64> = OnceLock::new();
    *BOOT.get_or_init(|| {
        let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let digits: String = id.chars().filter(char::is_ascii_hexdigit).take(15).collect();
        i64::from_str_radix(&digits, 16).unwrap_or_default()
    })
}

/// The moment whose parts are in three columns, from this one on.
pub(super) fn moment(row: &Row, column: usize) -> rusqlite::Result<Moment> {
    Ok(Moment { wall: row.get(column)?, boot: row.get(column + 1)?, up: row.get(column + 2)? })
}

/// Milliseconds since 1970 as a time.
pub(super) fn on_wall(wall: i64) -> SystemTime {
    Moment { wall, boot: 0, up: 0 }.time()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_changes_no_age() {
        let day = 24 * 60 * 60 * 1000;
        let kept = Moment { wall: 10 * day, boot: 7, up: 1_000 };
        // (days on the wall, boot, milliseconds up, age in milliseconds)
        let cases = [
            (10, 7, 3_000, 2_000),
            (9, 7, 3_000, 2_000),
            (375, 7, 3_000, 2_000),
            // After a restart only the wall can tell.
            (12, 8, 5, 2 * day),
            (9, 8, 5, 0),
            (11, 0, 5, day),
        ];
        for (days, boot, up, age) in cases {
            let now = Moment { wall: days * day, boot, up };
            assert_eq!(now.since(&kept).as_millis(), u128::try_from(age).unwrap(), "{now:?}");
        }
    }

    #[test]
    fn now_is_a_moment_of_this_start() {
        let (first, second) = (Moment::now(), Moment::now());
        assert_ne!(first.boot, 0);
        assert_eq!(first.boot, second.boot);
        assert!(second.since(&first) < Duration::from_secs(5));
    }
}
