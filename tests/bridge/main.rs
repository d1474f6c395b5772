//! Whole phone systems, followed by the real program over a real socket.
//!
//! What `bridge` promises, and where it is tried to be broken (`tracker` is `src/bridge/tracker/tests.rs`,
//! `understanding` and `recordings` are in `src/bridge/asterisk/`):
//!
//! 1. One call, one row: [`recorded`], which cuts at every event; `tracker::what_is_said_twice_happens_once`,
//!    `tracker::an_id_that_comes_again_is_another_call`, `recordings::a_call_is_taken_up_by_another_process`.
//! 2. Only a person answers: the recordings of queues, menus, voicemail boxes and parking in [`recorded`];
//!    `rules::only_a_person_behind_a_local_channel_answers` in `src/bridge/asterisk/`.
//! 3. A lost connection ends no call: `recorded::a_lost_connection_changes_nothing_while_nothing_happens`,
//!    `recorded::what_happens_while_the_connection_is_lost_is_found_out_as_far_as_it_can_be_known`,
//!    `tracker::a_call_may_be_missing_from_a_list_for_a_moment`,
//!    `connection::an_answer_is_not_missed_by_who_comes_back_in_the_middle_of_it`.
//! 4. A restart loses nothing: `tests/cli/bridge.rs`, `open_calls_are_taken_up_by_the_bridge_that_reported_them`; and
//!    [`killed`], at any moment.
//! 5. Zammad's trouble is not the phone system's: `connection::a_slow_zammad_delays_no_other_call`.
//! 6. Never in the way: the interface here complains of every action that does not just ask
//!    ([`ami::Ami::assert_content`]).
//! 7. What a stranger says stays data: [`bad_input`], `understanding::an_event_that_a_caller_makes_up_is_not_believed`.
//!    `xivo::what_makes_no_sense_or_has_no_end_is_left_out`.
//! 8. Connections are watched: `bad_input::a_connection_that_goes_silent_is_made_again`,
//!    `connection::a_secret_that_is_put_right_is_tried_at_once`.
//!
//! These are of Asterisk, the first source. [`freeswitch`] has the same of FreeSWITCH, besides its `recordings` and
//! `tests` in `src/bridge/freeswitch/`; [`fritzbox`] of a FRITZ!Box, besides `src/bridge/fritzbox/tests.rs`.
//! [`xivo`] and [`wazo`] are the same for these sources; connections that are lost at any of their messages are in
//! `src/bridge/xivo/tests.rs` and `src/bridge/wazo/tests.rs`.

#[allow(dead_code, reason = "the other tests use the rest")]
#[path = "../support/lib.rs"]
mod support;
use support::{ami, certificates, ctid, esl, fakes, running, sender, servers};

mod bad_input;
mod connection;
mod following;
mod freeswitch;
mod fritzbox;
mod killed;
mod recorded;
mod recordings;
mod webhook;
#[path = "../support/switchboard.rs"]
mod switchboard;
mod three_cx;
mod wazo;
#[path = "../support/wazo.rs"]
mod wazo_server;
mod xivo;
#[allow(dead_code, reason = "what Zammad can be asked for is written down whole")]
mod zammad;
