//! The arguments of `simulate`.

use std::path::PathBuf;

use clap::Args;

use crate::config::Span;
use crate::simulation::Order;

/// Play whole calls and show what agents will see
///
/// Without an endpoint, or with --sandbox, it plays against a stand-in for Zammad in the same
/// process: nothing leaves this machine, and the caller log is checked too. Against a real Zammad
/// the replies are checked, and the log where --api-token is set; agents see these calls.
///
/// A scenario is a file in TOML: `simulate --show answered >mine.toml` is one to begin with, and
/// `simulate ./mine.toml` plays it. Every call that was begun gets its hangup, also after Ctrl-C.
#[derive(Debug, Args)]
pub struct Simulate {
    /// Which calls: names as --list has them, or files, such as ./mine.toml
    ///
    /// [default: a tour of four; against a real Zammad of two]
    #[arg(value_name = "SCENARIO|FILE")]
    pub scenarios: Vec<String>,
    /// Play all that come along
    #[arg(long, conflicts_with = "scenarios")]
    pub all: bool,
    /// List the scenarios that come along, and end
    #[arg(long)]
    pub list: bool,
    /// Print a scenario as a file, and end
    #[arg(long, value_name = "NAME")]
    pub show: Option<String>,
    /// Play against the stand-in although an endpoint is configured
    #[arg(long)]
    pub sandbox: bool,
    /// Write a report for a build server or another program, too
    #[arg(long, hide_short_help = true, num_args = 2, value_names = ["junit|json", "FILE"])]
    pub report: Option<Vec<String>>,
    #[command(flatten)]
    pub overrides: Overrides,
    #[command(flatten)]
    pub load: Load,
}

/// What a scenario has otherwise.
#[derive(Debug, Args)]
#[command(next_help_heading = "In place of what the scenarios have")]
pub struct Overrides {
    /// The calling party
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub from: Option<String>,
    /// The called party
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub to: Option<String>,
    /// An agent, in place of the scenario's
    ///
    /// Several come in the order in which the scenario names its own.
    #[arg(long = "user", value_name = "NAME", allow_hyphen_values = true)]
    pub users: Vec<String>,
    /// The queue
    #[arg(long, value_name = "QUEUE", allow_hyphen_values = true)]
    pub queue: Option<String>,
    /// A call takes the next line of this CSV file
    ///
    /// A line is the customer's number, or under a heading any of from, to, user, queue.
    #[arg(long, value_name = "FILE.csv")]
    pub numbers: Option<PathBuf>,
    /// How the lines of --numbers are taken: sequential, random
    #[arg(
        long,
        value_name = "ORDER",
        hide_possible_values = true,
        default_value = "sequential",
        requires = "numbers"
    )]
    pub order: Order,
    /// How long the phones ring, such as 3s
    #[arg(long, value_name = "TIME")]
    pub ring: Option<Span>,
    /// How long the parties talk, such as 10s
    #[arg(long, value_name = "TIME")]
    pub talk: Option<Span>,
    /// How many times faster than that time goes by
    ///
    /// [default: 1; with the stand-in, whose clock goes along, 20]
    #[arg(long, value_name = "FACTOR", value_parser = speed)]
    pub speed: Option<f64>,
}

/// Many calls at once.
#[derive(Debug, Args)]
#[command(next_help_heading = "Load: how many calls Zammad takes, and how fast")]
pub struct Load {
    /// How many calls
    ///
    /// Without --ring and --talk no time is spent on either.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub calls: Option<u64>,
    /// How many calls begin in a second, such as 20/s [default: as fast as they go]
    ///
    /// They are begun on time however long the others take.
    #[arg(long, value_name = "CALLS/s", value_parser = rate)]
    pub rate: Option<f64>,
    /// For so long, such as 60s
    #[arg(long, value_name = "TIME")]
    pub duration: Option<Span>,
    /// How many connections [default: 16]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub concurrency: Option<u16>,
    /// More than one call a second, although agents will see them all
    ///
    /// It is needed for a Zammad on another machine.
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
    speed.ok_or_else(|| "a factor such as 10, or 0.5 for half as fast".to_owned())
}

/// Calls a second; the unit may be left out.
fn rate(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix("/s").unwrap_or(text).trim();
    let rate = number.parse().ok().filter(|rate| (0.001..=1e6).contains(rate));
    rate.ok_or_else(|| "calls a second, such as 20/s or 0.5/s".to_owned())
}
