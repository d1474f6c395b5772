//! Following a whole phone system: what it says of the legs of its calls becomes events.
//!
//! A source (one module each) knows a protocol and turns what it hears into [facts](fact). The
//! [tracker] makes calls and events of these; it alone knows what a call is.

pub mod asterisk;
pub mod fact;
pub mod feed;
pub mod freeswitch;
pub mod fritzbox;
pub mod mask;
mod no_trunk;
mod pauses;
pub mod recording;
pub mod source;
pub mod system;
mod tcp;
pub mod three_cx;
pub mod tracker;
pub mod traffic;
pub mod view;
pub mod wazo;
mod web;
pub mod xivo;
pub mod webhook;
