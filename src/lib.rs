//! Reports telephone calls to the help desk Zammad and brings Zammad's decision back.
//!
//! A phone system's events ([`CallEvent`]) go to Zammad's generic CTI endpoint ([`client`]), those
//! of one call in their order and again where that is right ([`delivery`]), later if it is down
//! ([`spool`]), and come back as what Zammad wants done with the call ([`Action`]). The same work as the
//! program `zammad-cti` does, without its process for each event.
//!
//! # A call
//!
//! The [`sandbox`] stands in for Zammad here; with a real one, [`Settings`](config::Settings) have its
//! `url`, or come from the program's configuration file ([`config::read`]).
//!
//! ```
//! use zammad_cti::cause::{Cause, HangupCause};
//! use zammad_cti::client::{Client, block_on};
//! use zammad_cti::config::{NumberSettings, Settings};
//! use zammad_cti::delivery::{Deadline, deliver};
//! use zammad_cti::event::{Known, Name};
//! use zammad_cti::sandbox::{Options, Sandbox, Setup};
//! use zammad_cti::{Action, CallEvent, CallId, Config, Direction, EventKind};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let blocked = vec!["491715000000".to_owned()];
//! let zammad = Sandbox::start(Options {
//!     setup: Setup { blocked, ..Setup::default() },
//!     ..Options::default()
//! })?;
//!
//! let country = Some("DE".parse()?);
//! let numbers = NumberSettings { country, ..NumberSettings::default() };
//! let settings = Settings { numbers, ..Settings::default() };
//! let config = Config::try_from(settings)?.with_endpoint(zammad.endpoint().clone());
//! let mut client = Client::new(&config)?;
//!
//! let new_call = CallEvent {
//!     from: Some(config.numbering.read("0171 5000000")?),
//!     to: Some(config.numbering.read("+49 30 6000-000")?),
//!     users: Name::read("the user", "Alice")?.into_iter().collect(),
//!     ..CallEvent::new(EventKind::NewCall, CallId::random(), Direction::Inbound)
//! };
//! let hangup = CallEvent {
//!     cause: Some(Cause::Read(HangupCause::Busy)),
//!     ..CallEvent::new(EventKind::Hangup, new_call.call_id.clone(), Direction::Inbound)
//! };
//!
//! let action = block_on(async {
//!     let deadline = Deadline::within(config.deadline);
//!     let reply = deliver(&mut client, &new_call, config.encoding, Known::default(), deadline).await?;
//!     // Zammad wants a hangup for every newCall, also for one that it rejects.
//!     let known = Known { answered: Some(false), ..Known::default() };
//!     deliver(&mut client, &hangup, config.encoding, known, Deadline::within(config.deadline)).await?;
//!     Ok::<_, zammad_cti::delivery::Undelivered>(reply.action)
//! })??;
//! assert_eq!(action, Some(Action::Reject { reason: "busy".to_owned() }));
//! assert_eq!(zammad.entries()[0].from, "491715000000");
//! # Ok(())
//! # }
//! ```
//!
//! # What to begin with
//!
//! | for | there is |
//! |---|---|
//! | an event | [`CallEvent`], with [`Numbering`](number::Numbering) for numbers, [`HangupCause`](cause::HangupCause) and [`CallEnd`](asterisk::CallEnd) for causes; [`WrittenEvent`](event::WrittenEvent) for one that is written in JSON |
//! | settings | [`Settings`](config::Settings), which become a [`Config`] |
//! | one event to Zammad, with retries | [`deliver`](delivery::deliver) with a [`Client`](client::Client) |
//! | the same, kept on disk when Zammad is down | [`Courier`](delivery::Courier), and a [`Flusher`](delivery::Flusher) for what was kept |
//! | what waits, and which calls are open | [`Spool`](spool::Spool) |
//! | Zammad's decision | [`Action`] |
//! | whether events would arrive | [`Check`](health::Check) |
//! | tests | [`Sandbox`](sandbox::Sandbox) |
//!
//! # What to know
//!
//! Asynchronous functions need a tokio runtime with time and I/O; [`client::block_on`] brings one for
//! those who have none. A log goes to the crate `log`. Nothing reads the environment, but for the
//! variables of the proxy and `SSL_CERT_FILE`.
//!
//! Errors are cut by what to do about them: [`SendError::fate`](client::SendError::fate) says whether Zammad has
//! an event, [`in_full`](client::in_full) shows an error with its causes in a line. None of them holds the
//! token.
//!
//! # Which names stay
//!
//! Public for semantic versioning is what this documentation shows. What it hides is there for the
//! program and its tests, and can change with any release: Zammad's rules themselves,
//! Asterisk's AGI, scenarios and load, and what looks inside the spool. So can the implementations of
//! clap's traits, and the texts of errors. A struct with public fields may get more of them in a minor
//! release: write `..CallEvent::new(...)` or `..Settings::default()` at the end of one. An enum that is not
//! marked as non-exhaustive gets no variant there, so a match may name them all. The types of other crates
//! that occur are those of serde 1, serde_json 1 and tokio 1.
//!
//! Modules use what stands above them in this crate's `lib.rs`, never what stands below.

#![deny(missing_docs)]

// The words, plain data without I/O; and the settings.
pub mod number;
pub mod cause;
pub mod event;
pub mod asterisk;
pub mod action;
// What Zammad does with an event is written down once: the sandbox answers by it, and the retries and
// warnings follow from it. Hidden, because it grows with what is learned of Zammad; the sandbox has
// the names that its users need.
#[doc(hidden)]
pub mod rules;
pub mod config;

// The edges: one outside thing each, none knows another.
#[doc(hidden)]
pub mod folder;
pub mod client;
// Hidden, because it is the half of a conversation that the program's `agi` and `fastagi` are.
#[doc(hidden)]
pub mod agi;
pub mod spool;
mod background;
mod turn;
mod web;
pub mod sandbox;

// The policy: edges put together.
pub mod delivery;
// Hidden, because it grows with each phone system that is followed.
#[doc(hidden)]
pub mod bridge;
// Hidden, because its public form is that of scenario files.
#[doc(hidden)]
pub mod simulation;
pub mod health;

// The program is a part of the library, so that it has what the library's users need not see. Hidden:
// only `main.rs` calls it.
#[doc(hidden)]
pub mod program;

pub use action::Action;
pub use config::Config;
pub use event::{CallEvent, CallId, Direction, EventKind};

/// The examples in Rust of pages that are no part of this documentation.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../docs/library.md")]
    struct Library;
    #[doc = include_str!("../docs/from-py-zammad-cti.md")]
    struct FromPyZammadCti;
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::fmt::Debug;

    use super::*;

    fn is_for_threads<T: Send + Sync + Debug>() {}
    fn is_for_a_thread<T: Send + Debug>() {}
    fn is_error<T: Error + Send + Sync + 'static>() {}

    /// What users put into tasks, threads and `Box<dyn Error>`. It holds if it compiles.
    #[test]
    fn public_types_go_where_users_take_them() {
        is_for_threads::<CallEvent>();
        is_for_threads::<Config>();
        is_for_threads::<config::Settings>();
        is_for_threads::<config::Agents>();
        is_for_threads::<config::PhoneSystem<'_>>();
        is_for_threads::<Action>();
        is_for_threads::<number::Numbering>();
        is_for_threads::<delivery::Courier>();
        is_for_threads::<delivery::Delivered>();
        is_for_threads::<spool::SharedSpool>();
        is_for_threads::<sandbox::Sandbox>();
        is_for_threads::<health::Health>();
        is_for_a_thread::<client::Client>();
        is_for_a_thread::<spool::Spool>();
        is_for_a_thread::<health::Check>();
        is_error::<number::NumberError>();
        is_error::<number::UnknownCountry>();
        is_error::<cause::UnknownCause>();
        is_error::<event::EventError>();
        is_error::<event::WrittenError>();
        is_error::<config::ConfigError>();
        is_error::<config::EndpointError>();
        is_error::<config::FileError>();
        is_error::<client::ClientError>();
        is_error::<client::SendError>();
        is_error::<delivery::Undelivered>();
        is_error::<delivery::FlushError>();
        is_error::<delivery::ReadingError>();
        is_error::<spool::SpoolError>();
        is_error::<sandbox::SandboxError>();
        is_error::<health::Fault>();
    }
}
