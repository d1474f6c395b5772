//! The flag of `man`.

use std::path::PathBuf;

use clap::Args;

/// Print the man page, or write all of them
#[derive(Debug, Args)]
pub struct Man {
    /// Write a page per command into this folder
    #[arg(long, value_name = "FOLDER")]
    pub dir: Option<PathBuf>,
}
