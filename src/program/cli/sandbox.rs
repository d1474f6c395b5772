//! The flags of `sandbox`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;

use clap::Args;
use clap::builder::{StringValueParser, TypedValueParser};

use crate::config::Secret;
use crate::rules::{CallLog, Integration, Release};
use crate::sandbox::Interface;

use super::listen::address;

/// Where one is that is told of no other address.
pub const LISTENS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 3000);

/// Run a stand-in for Zammad, to try out a phone system
///
/// It answers like Zammad's CTI endpoint, and keeps a caller log. The first line of output is the
/// address for the phone system. In a browser, / shows the calls live, and each request with its
/// reply and what is wrong with it.
///
/// GET /api/v1/cti/log returns the log. POST /sandbox/reset empties it. POST /sandbox/fault makes the
/// next requests fail, for example {"mode":"drop_after","count":1}; without "count", all requests until
/// the next fault. Modes: none, delay_before, delay_after (with "seconds"), drop_before, drop_after,
/// respond (with "status", "body", "content_type", "location"). "before" and "after" mean before and
/// after the event is processed.
///
/// Limits: 1 MB for a body (beyond it, the reply is 413), 1,280 connections, and 32 open pages. A wrong
/// token is refused before the body is read. A connection ends after 15 seconds without a whole
/// request, or without reading any of a reply. Pages of other sites cannot change anything. They can
/// report events only if the token is the random one.
#[derive(Debug, Args)]
pub struct Sandbox {
    /// Listen on this address; port 0 picks a free port
    #[arg(long, value_name = "ADDRESS:PORT", default_value_t = LISTENS, value_parser = address)]
    pub listen: SocketAddr,
    /// The token in its address [default: a random one]
    #[arg(long, value_name = "TOKEN", value_parser = StringValueParser::new().map(Secret::new))]
    #[arg(allow_hyphen_values = true)]
    pub token: Option<Secret>,
    /// A caller to reject; numbers are compared as text, so give E.164 digits without plus
    #[arg(long = "block", value_name = "NUMBER")]
    pub blocked: Vec<String>,
    /// The caller id for outbound calls to DEST; `*` in DEST is one or more characters
    #[arg(long = "route", value_name = "DEST=CALLER_ID")]
    pub routes: Vec<String>,
    /// The caller id for all other outbound calls
    #[arg(long, value_name = "NUMBER")]
    pub caller_id: Option<String>,
    /// The release of Zammad whose error messages are used
    #[arg(long = "zammad", value_name = "RELEASE", default_value = "7.2")]
    pub release: Release,
    /// Zammad's web interface that the page is like: who gets a popup, and what the counter counts
    #[arg(long, value_name = "INTERFACE", default_value = "old")]
    pub interface: Interface,
    /// Whether the integration is switched on
    #[arg(long, value_name = "STATE", default_value = "on")]
    pub integration: Integration,
    /// Keep this many calls in the log, and drop the oldest
    #[arg(long, value_name = "CALLS", default_value_t = CallLog::KEPT)]
    pub keep: NonZeroUsize,
    /// Another name of this machine for the page, the log and the switches, besides its addresses
    /// and localhost; events may be sent to any name
    #[arg(long = "host", value_name = "NAME", value_parser = host_name)]
    pub hosts: Vec<String>,
}

/// A name as a browser sends it, without scheme and port.
fn host_name(text: &str) -> Result<String, String> {
    let is_name = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
            && text.bytes().any(|byte| byte.is_ascii_alphanumeric())
    };
    if is_name(text) {
        Ok(text.to_owned())
    } else {
        Err("use a name such as pbx-lab.example, without a port".to_owned())
    }
}
