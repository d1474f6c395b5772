//! The arguments of `watch`.

use clap::Args;

/// Watch open calls, waiting events and bridges in the terminal
///
/// Shows which calls are open, what waits for Zammad and for how long, the events of the last minute,
/// the last errors, and each bridge's connection. It only reads the spool's file (see --spool-path), so
/// it works beside running services, and asks neither Zammad nor the phone system.
///
/// Press q or Ctrl-C to leave. Where there is no terminal to draw on, such as in a pipe or with
/// TERM=dumb, it prints the view once. For scripts there are `spool stats`, `spool list` and `calls`
/// with `--output json`.
#[derive(Debug, Args)]
pub struct Watch {
    /// Print the view once, and exit
    #[arg(long)]
    pub once: bool,
}
