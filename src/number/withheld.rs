//! Words that stand for no number.

use super::Party;

/// What phone systems show for a withheld number, in any case.
pub(crate) const WITHHELD: [&str; 6] =
    [Party::ANONYMOUS, "private", "unknown", "withheld", "unavailable", "restricted"];
