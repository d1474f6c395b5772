//! The flag of `man`.

use std::path::PathBuf;

use clap::Args;

/// Print the man page, or write all man pages
#[derive(Debug, Args)]
pub struct Man {
    /// Write one page for each command into this folder
    #[arg(long, value_name = "FOLDER")]
    pub dir: Option<PathBuf>,
}
