//! What is sent as it was written, but was hardly meant like this.

use crate::event::{CallEvent, Direction, EventKind};
use crate::number::PartyKind;
use crate::rules::Finding;

/// How an event was written, as far as it shows in nothing that is sent.
pub(super) struct Written {
    /// Nobody knows the direction.
    pub is_direction_assumed: bool,
    /// Its writer named none of the two, so that of the call counts.
    pub is_direction_unread: bool,
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
        if self.is_direction_unread {
            found.push(Finding::DirectionUnread { kind: event.kind, call: event.direction });
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
        // A colleague may call the help desk from one extension to the other.
        match (event.direction, self.from?, self.to?) {
            (Direction::Inbound, PartyKind::Extension, called) if is_number(called) => {
                Some(Finding::ExtensionCalls { sent: from.as_str().to_owned() })
            }
            (Direction::Outbound, calling, PartyKind::Extension)
                if is_number(calling) && !may_be_service(to.as_str()) =>
            {
                Some(Finding::ExtensionCalled { sent: to.as_str().to_owned() })
            }
            (Direction::Inbound | Direction::Outbound, _, _) => None,
        }
    }
}

fn is_number(kind: PartyKind) -> bool {
    match kind {
        PartyKind::International | PartyKind::National | PartyKind::Unprefixed => true,
        PartyKind::Extension | PartyKind::Anonymous | PartyKind::Text => false,
    }
}

/// Whether a short number may be one that anybody calls, such as 112, 115 or 911.
///
/// Source: ITU-T E.161.1, and the numbering plans of Germany, France and North America.
fn may_be_service(number: &str) -> bool {
    let is_of_north_america = number.len() == 3 && number.ends_with("11");
    number.starts_with(['0', '1']) || is_of_north_america || ["988", "999"].contains(&number)
}
