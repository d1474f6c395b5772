//! The flags of `check`.

use clap::Args;

use crate::config::Span;
use crate::health::Limits;

use crate::program::exit_code;

/// Check the way to Zammad, without leaving a call there
///
/// Stage by stage: configuration, DNS, TCP connection, TLS, HTTP, whether Zammad answers, whether
/// its CTI integration is switched on and configured, and whether it accepts the token. For the
/// first one that fails it says what to do. It ends with a request that Zammad refuses in words of
/// its own if all is well, so no agent sees anything of it, and the caller log stays as it is; the
/// integration's Recent Logs get a line.
///
/// With a spool it looks there as well: what waits and for how long, what is in doubt or was given
/// up, and which calls have not ended.
///
/// With a table [bridge.SOURCE] it takes the phone system's side too: reached, logged in, allowed to see
/// what a bridge needs, and what there is. While a bridge runs and has a spool, it asks the bridge instead
/// of logging in beside it.
#[derive(Debug, Args)]
#[command(after_long_help = exit_code::CHECK_HELP)]
pub struct Check {
    /// Print one line for Nagios, Icinga and the like, with performance data
    #[arg(long)]
    pub nagios: bool,
    /// Warn by these limits [default: time=1s,days=14,age=10m,dead=1,stuck=1]
    #[arg(short, long, value_name = "LIMITS")]
    pub warning: Option<Limits>,
    /// Be critical by these limits [default: time=5s,days=7,age=1h]
    #[arg(short, long, value_name = "LIMITS")]
    pub critical: Option<Limits>,
    /// A call that is open for longer counts as stuck
    #[arg(long, value_name = "TIME", default_value = "12h")]
    pub stuck_after: Span,
    /// Check the top level of the configuration file and each of its profiles
    #[arg(long)]
    pub all_profiles: bool,
}
