//! Calls of which none comes over a trunk: its context may be missing in the settings.

use std::collections::BTreeSet;

/// The number of calls, none of them over a trunk, after which this is said.
const CALLS: u32 = 3;

/// The most contexts that are named.
const MOST_CONTEXTS: usize = 20;

/// What was seen of calls over no trunk, for who sees no call reported.
#[derive(Debug, Default)]
pub(super) struct NoTrunk {
    /// contexts in which phones called
    contexts: BTreeSet<String>,
    calls: u32,
    is_told: bool,
}

impl NoTrunk {
    /// A phone calls in a context.
    pub fn sees(&mut self, context: &str) {
        self.calls = self.calls.saturating_add(1);
        if self.contexts.len() < MOST_CONTEXTS && !self.contexts.contains(context) {
            self.contexts.insert(context.to_owned());
        }
    }

    /// What an administrator should know who sees no call: said once, after a few of them. `setting` is what names the
    /// contexts of trunks.
    pub fn remark(&mut self, has_seen_trunk: bool, setting: &str) -> Option<String> {
        if self.is_told || self.calls < CALLS {
            return None;
        }
        // Calls over no trunk are no wonder where there are others.
        self.is_told = true;
        let contexts: Vec<&str> = self.contexts.iter().map(String::as_str).collect();
        (!has_seen_trunk).then(|| {
            format!(
                "none of the calls so far came over a trunk; they began in the contexts {}. If one of these is that \
                 of a trunk, name it in {setting}",
                contexts.join(", ")
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_are_told_of_once_and_not_where_there_is_a_trunk() {
        for has_seen_trunk in [false, true] {
            let mut calls = NoTrunk::default();
            let mut said = Vec::new();
            for context in ["b", "a", "b", "c", "c"] {
                calls.sees(context);
                said.push(calls.remark(has_seen_trunk, "trunk_contexts"));
            }
            let remark = "none of the calls so far came over a trunk; they began in the contexts a, b. If one of these \
                          is that of a trunk, name it in trunk_contexts";
            let expected = (!has_seen_trunk).then(|| remark.to_owned());
            assert_eq!(said, [None, None, expected, None, None]);
        }
    }
}
