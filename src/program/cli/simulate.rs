//! The arguments of `simulate`.

use std::path::PathBuf;

use clap::Args;

use crate::config::Span;
use crate::simulation::Order;

/// Play whole calls, and show what agents see
///
/// Without an endpoint, or with --sandbox, it plays against a stand-in for Zammad in the same process.
/// Nothing leaves this machine, and the caller log is checked too. Against a real Zammad, it checks the
/// replies, and with --api-token the caller log. Agents see these calls.
///
/// A scenario is a TOML file. `simulate --show answered >mine.toml` writes one to start from, and
/// `simulate ./mine.toml` plays it. Every call that has started gets its hangup, even after Ctrl-C.
#[derive(Debug, Args)]
pub struct Simulate {
    /// Scenarios: names from --list, or files, such as ./mine.toml
    ///
    /// [default: a tour of four calls; two against a real Zammad]
    #[arg(value_name = "SCENARIO|FILE")]
    pub scenarios: Vec<String>,
    /// Play all built-in scenarios
    #[arg(long, conflicts_with = "scenarios")]
    pub all: bool,
    /// List the built-in scenarios, and exit
    #[arg(long)]
    pub list: bool,
    /// Print a scenario as a file, and exit
    #[arg(long, value_name = "NAME")]
    pub show: Option<String>,
    /// Play against the stand-in, even if an endpoint is configured
    #[arg(long)]
    pub sandbox: bool,
    /// Also write a report for a build server or another program
    #[arg(long, hide_short_help = true, num_args = 2, value_names = ["junit|json", "FILE"])]
    pub report: Option<Vec<String>>,
    #[command(flatten)]
    pub overrides: Overrides,
    #[command(flatten)]
    pub load: Load,
}

/// What a scenario has otherwise.
#[derive(Debug, Args)]
#[command(next_help_heading = "Instead of the scenario's values")]
pub struct Overrides {
    /// The calling party
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub from: Option<String>,
    /// The called party
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub to: Option<String>,
    /// An agent
    ///
    /// Several agents replace the scenario's agents in their order.
    #[arg(long = "user", value_name = "NAME", allow_hyphen_values = true)]
    pub users: Vec<String>,
    /// The queue
    #[arg(long, value_name = "QUEUE", allow_hyphen_values = true)]
    pub queue: Option<String>,
    /// Each call uses the next line of this CSV file
    ///
    /// A line is the customer's number. With a heading, columns can be from, to, user and queue.
    #[arg(long, value_name = "FILE.csv")]
    pub numbers: Option<PathBuf>,
    /// The order of the lines of --numbers: sequential, random
    #[arg(
        long,
        value_name = "ORDER",
        hide_possible_values = true,
        default_value = "sequential",
        requires = "numbers"
    )]
    pub order: Order,
    /// The time that phones ring, such as 3s
    #[arg(long, value_name = "TIME")]
    pub ring: Option<Span>,
    /// The time that parties talk, such as 10s
    #[arg(long, value_name = "TIME")]
    pub talk: Option<Span>,
    /// Let time pass this many times faster
    ///
    /// [default: 1; with the stand-in, whose clock runs faster too, 20]
    #[arg(long, value_name = "FACTOR", value_parser = speed)]
    pub speed: Option<f64>,
}

/// Many calls at once.
#[derive(Debug, Args)]
#[command(next_help_heading = "Load, with many calls at once")]
pub struct Load {
    /// Play this many calls
    ///
    /// Without --ring and --talk, calls take no time to ring or talk.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub calls: Option<u64>,
    /// Start this many calls a second, such as 20/s [default: as many as possible]
    ///
    /// Calls start on time, however long the others take.
    #[arg(long, value_name = "CALLS/s", value_parser = rate)]
    pub rate: Option<f64>,
    /// Play calls for this time, such as 60s
    #[arg(long, value_name = "TIME")]
    pub duration: Option<Span>,
    /// Use this many connections [default: 16]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub concurrency: Option<u16>,
    /// Allow more than one call a second, although agents see all of them
    ///
    /// A Zammad on another machine needs this flag.
    #[arg(long)]
    pub yes_load: bool,
}

impl Load {
    pub fn is_wanted(&self) -> bool {
        self.calls.is_some() || self.duration.is_some()
    }
}

/// A factor above zero.
fn speed(text: &str) -> Result<f64, String> {
    let speed = text.parse().ok().filter(|speed| (0.001..=1e6).contains(speed));
    speed.ok_or_else(|| "use a factor such as 10, or 0.5 for half as fast".to_owned())
}

/// Calls a second; the unit may be left out.
fn rate(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix("/s").unwrap_or(text).trim();
    let rate = number.parse().ok().filter(|rate| (0.001..=1e6).contains(rate));
    rate.ok_or_else(|| "use calls a second, such as 20/s or 0.5/s".to_owned())
}
