//! What is remembered for a while: the oldest goes when there is too much.

use std::collections::{HashMap, VecDeque};

/// A bounded memory of texts, and of something about each.
#[derive(Debug)]
pub struct Memory<T> {
    by_text: HashMap<String, T>,
    in_order: VecDeque<String>,
    most: usize,
}

impl<T> Memory<T> {
    /// Of so many at most.
    pub fn new(most: usize) -> Self {
        Self { by_text: HashMap::new(), in_order: VecDeque::new(), most }
    }

    /// What is remembered of it.
    pub fn get(&self, text: &str) -> Option<&T> {
        self.by_text.get(text)
    }

    /// Remembers it. False if it was known; what is remembered of it then is this.
    pub fn note(&mut self, text: String, what: T) -> bool {
        if self.by_text.insert(text.clone(), what).is_some() {
            return false;
        }
        self.in_order.push_back(text);
        if self.in_order.len() > self.most
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.by_text.remove(&oldest);
        }
        true
    }

    /// What is remembered of it, and no longer.
    pub fn take(&mut self, text: &str) -> Option<T> {
        let what = self.by_text.remove(text)?;
        self.in_order.retain(|known| known != text);
        Some(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten() {
        let mut memory = Memory::new(2);
        assert!(memory.note("a".to_owned(), 1) && memory.note("b".to_owned(), 2));
        assert!(!memory.note("a".to_owned(), 3));
        assert!(memory.note("c".to_owned(), 4));
        assert_eq!((memory.get("a"), memory.get("b"), memory.get("c")), (None, Some(&2), Some(&4)));
        assert_eq!(memory.take("b"), Some(2));
        assert!(memory.note("b".to_owned(), 5));
        assert_eq!(memory.get("c"), Some(&4));
    }
}
