//! Reports telephone calls to the help desk Zammad and brings Zammad's decision back.
//!
//! A phone system's events ([`CallEvent`]) go to Zammad's generic CTI endpoint ([`client`]), those
//! of one call in their order ([`turn`]) and again where that is right ([`delivery`]), later if it is
//! down ([`spool`]), and come back as what Zammad wants done with the call ([`Action`]). What Zammad does with an event is written
//! down once, in [`rules`]; the [`sandbox`] answers by it, and the retries and warnings follow from
//! it.
//!
//! Modules use what stands above them in this file, never what stands below.

// The words, plain data without I/O; and the settings.
pub mod number;
pub mod cause;
pub mod event;
pub mod asterisk;
pub mod action;
pub mod rules;
pub mod config;

// The edges: one outside thing each, none knows another.
pub mod client;
pub mod agi;
pub mod spool;
pub mod turn;
pub mod sandbox;

// The policy: edges put together.
pub mod delivery;
pub mod simulation;
pub mod health;

pub use action::Action;
pub use config::Config;
pub use event::{CallEvent, CallId, Direction, EventKind};
