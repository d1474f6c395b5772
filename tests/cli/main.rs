//! The real program, from an empty environment and an empty home, against real sockets.

#[path = "../support/lib.rs"]
mod support;
use support::{ami, asterisk, certificates, clock, desk, esl, nginx, running, servers};

mod addresses;
mod agi;
mod answer;
mod bad_servers;
mod bridge;
mod bridge_freeswitch;
mod bridge_seen;
mod caller_log;
mod calls;
mod check;
mod config;
mod connections;
mod direction;
mod fastagi;
mod fastagi_strangers;
mod generated;
mod hangup;
mod held;
mod help;
mod hosts;
mod import;
mod import_3cx;
mod lines_of_calls;
mod load;
mod new_call;
mod normalize;
mod odd_tls;
mod order;
mod output;
mod page;
mod proxies;
mod reload;
mod retries;
mod sandbox;
mod sandbox_strangers;
mod secrets;
mod send;
mod signals;
mod simulate;
mod spool;
mod spool_commands;
mod spool_file;
mod tls;
