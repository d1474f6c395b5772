//! How many calls are talked about at once: nobody takes the places of others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::guest::Guest;

/// There are places for so many guests who take all that one may have. When more do so, each gets less,
/// and a part as large is left for those who have none.
const GUESTS: usize = 4;

/// The places, of which each guest may have some.
pub struct Places {
    each: usize,
    taken: Mutex<HashMap<Guest, usize>>,
}

impl Places {
    pub fn new(each: u16) -> Arc<Self> {
        Arc::new(Self { each: usize::from(each), taken: Mutex::default() })
    }

    /// A place for one call more, if there is one for this guest.
    pub fn take(self: &Arc<Self>, guest: Guest) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let free = (self.each * GUESTS).saturating_sub(taken.values().sum());
        let own = match guest {
            Guest::User(_) | Guest::Address(_) => taken.get(&guest).copied().unwrap_or_default(),
            // It may be any user of this machine, who gets no second part by hiding.
            Guest::Unknown => taken.iter().filter(|(guest, _)| guest.is_local()).map(|(_, own)| own).sum(),
        };
        (own < self.each.min(free)).then(|| {
            *taken.entry(guest).or_default() += 1;
            Place { places: self.clone(), guest }
        })
    }
}

/// One of them, until it is dropped.
pub struct Place {
    places: Arc<Places>,
    guest: Guest,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.guest) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.guest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take_all(places: &Arc<Places>, user: u32) -> Vec<Place> {
        std::iter::from_fn(|| places.take(Guest::User(user))).collect()
    }

    #[test]
    fn who_hides_has_no_second_part() {
        let places = Places::new(256);
        let (known, hidden) = (take_all(&places, 65534), places.take(Guest::Unknown));
        assert!(known.len() == 256 && hidden.is_none());
        assert!(places.take(Guest::User(33)).is_some());
        drop(known);
        assert!(places.take(Guest::Unknown).is_some());
    }

    #[test]
    fn each_guest_has_places_whatever_others_take() {
        for each in [1, 3, 256] {
            let places = Places::new(each);
            let first = take_all(&places, 0);
            assert_eq!(first.len(), usize::from(each));
            let others: Vec<_> = (1..20).map(|user| take_all(&places, user)).collect();
            assert_eq!(others[0].len(), usize::from(each));
            drop(others);
            assert_eq!(take_all(&places, 0).len(), 0);
            drop(first);
            assert_eq!(take_all(&places, 0).len(), usize::from(each));
        }
        let places = Places::new(256);
        let greedy: Vec<_> = (0..6).map(|user| take_all(&places, user)).collect();
        let fewest = take_all(&places, 6).len();
        assert!(fewest >= 8 && greedy.iter().map(Vec::len).sum::<usize>() + fewest < 4 * 256, "{fewest}");
    }
}
