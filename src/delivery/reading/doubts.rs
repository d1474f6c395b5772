//! What is sent as it was written, but was hardly meant like this.

use crate::event::{CallEvent, Direction, EventKind};
use crate::number::PartyKind;
use crate::rules::Finding;

/// How an event was written, as far as it shows in nothing that is sent.
pub(super) struct Written {
    /// Nobody knows the direction.
    pub is_direction_assumed: bool,
    /// The direction that was written, where the journal knows another one.
    pub overruled: Option<Direction>,
    /// what the calling and the called party were taken for
    pub from: Option<PartyKind>,
    pub to: Option<PartyKind>,
    /// There are names, and all of them are blank.
    pub are_names_blank: bool,
}

impl Written {
    /// Adds where agents will hardly see what was meant.
    pub fn add_doubts(&self, event: &CallEvent, found: &mut Vec<Finding>) {
        match event.kind {
            EventKind::NewCall => {
                // One line about the called party is enough.
                let has_one = found.iter().any(|one| matches!(one, Finding::CalledPartyOutOfReach { .. }));
                found.extend(self.about_parties(event).filter(|_| !has_one));
            }
            EventKind::Answer | EventKind::Hangup if self.is_direction_assumed => {
                found.push(Finding::DirectionAssumed { kind: event.kind });
            }
            EventKind::Answer | EventKind::Hangup => {}
        }
        if let Some(said) = self.overruled {
            found.push(Finding::DirectionOverruled { kind: event.kind, said, call: event.direction });
        }
        if self.are_names_blank && event.users.is_empty() {
            found.push(Finding::NobodyNamed { kind: event.kind });
        }
    }

    fn about_parties(&self, event: &CallEvent) -> Option<Finding> {
        let (from, to) = (event.from.as_ref()?, event.to.as_ref()?);
        let has_digits = to.as_str().bytes().any(|byte| byte.is_ascii_digit());
        if self.to == Some(PartyKind::Anonymous) || !has_digits {
            return Some(Finding::CalledPartyIsNoNumber {
                direction: event.direction,
                sent: to.as_str().to_owned(),
            });
        }
        let is_extension = |kind| matches!(kind, Some(PartyKind::Extension));
        // A colleague may call the help desk from one extension to the other.
        let are_swapped = event.direction == Direction::Inbound
            && is_extension(self.from)
            && !is_extension(self.to)
            && self.to != Some(PartyKind::Text);
        are_swapped.then(|| Finding::ExtensionCalls { sent: from.as_str().to_owned() })
    }
}
