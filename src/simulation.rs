//! Whole calls, played through the real client, with what should come of them; and many of them,
//! to see how much a Zammad takes.

mod built_in;
mod expected;
mod load;
mod numbers;
mod player;
mod scenario;

pub use built_in::{UnknownScenario, named, names, text};
pub use expected::{Check, Expected, action_word};
pub use load::{Calls, Figures, LoadError, Plan, load};
pub use numbers::{Numbers, NumbersError, Order};
pub use player::{End, Moment, PlayError, Played, PlayedEvent, Player};
pub use scenario::{Overrides, Scenario, ScenarioError};
