//! The flags of `check`.

use clap::Args;

use crate::config::{Limits, Span};

use crate::program::exit_code;

/// Check the connection to Zammad, without leaving a call there
///
/// It follows an event's path step by step: configuration, DNS, TCP connection, TLS, HTTP, whether
/// Zammad answers, whether its CTI integration is switched on and configured, and whether it accepts
/// the token. For the first step that fails, it says what to do. The last step sends a request that
/// Zammad refuses in its own words. So agents see nothing, and the caller log does not change. The
/// integration's Recent Logs get a line.
///
/// With a spool, it also checks how much waits and for how long, which events are in doubt or were
/// given up, and which calls have not ended.
///
/// With a table [bridge.SOURCE], it also checks the phone system: the connection, the login, the
/// rights that a bridge needs, and what the bridge would see. While a bridge with a spool runs, it
/// asks the bridge instead of logging in.
///
/// With an api_token, it also reads the caller log, and says if that user cannot see it, or does not
/// see the calls that this machine reported.
///
/// The table [check] of the configuration has the limits as well. Flags override them one by one.
#[derive(Debug, Default, Args)]
#[command(after_long_help = exit_code::CHECK_HELP)]
pub struct Check {
    /// Print one line for Nagios, Icinga and similar systems, with performance data
    #[arg(long)]
    pub nagios: bool,
    /// Limits for WARNING [default: time=1s,days=14,age=10m,dead=1,stuck=1]
    #[arg(short, long, value_name = "LIMITS")]
    pub warning: Option<Limits>,
    /// Limits for CRITICAL [default: time=5s,days=7,age=1h]
    #[arg(short, long, value_name = "LIMITS")]
    pub critical: Option<Limits>,
    /// Calls that are open for longer count as stuck [default: 12h]
    #[arg(long, value_name = "TIME")]
    pub stuck_after: Option<Span>,
    /// Check the top level of the configuration file and each profile
    #[arg(long)]
    pub all_profiles: bool,
}
