//! Flags that are settings, or that say how results are shown.

use std::path::PathBuf;

use clap::Args;

use zammad_cti::config::Settings;

use crate::output::Field;

#[derive(Debug, Default, Clone, Args)]
pub struct Global {
    /// The configuration file [default: ~/.config/zammad-cti/config.toml, else
    /// /etc/zammad-cti/config.toml]
    #[arg(long, value_name = "FILE", global = true, help_heading = "Configuration")]
    pub config: Option<PathBuf>,
    /// The table [profiles.NAME] of the configuration file overrides its top level
    #[arg(long, value_name = "NAME", global = true, help_heading = "Configuration")]
    pub profile: Option<String>,
    #[command(flatten)]
    pub settings: Settings,
    /// Print this one value of the result, without a newline
    #[arg(long, value_name = "NAME", global = true, help_heading = "Results")]
    pub field: Option<Field>,
    /// Print the request instead of sending it
    #[arg(long, global = true, help_heading = "Results")]
    pub dry_run: bool,
    /// Print a curl command that does the same, instead of sending
    #[arg(long, global = true, help_heading = "Results", conflicts_with = "dry_run")]
    pub curl: bool,
    /// Show the token in --dry-run and --curl
    #[arg(long, global = true, help_heading = "Results")]
    pub show_token: bool,
}
