//! The arguments of `normalize`.

use std::ffi::OsString;

use clap::Args;

/// Show how numbers are read, what is sent, and what Zammad looks up
#[derive(Debug, Args)]
pub struct Normalize {
    /// Numbers as the phone system shows them
    #[arg(value_name = "NUMBER", required = true, allow_negative_numbers = true)]
    pub numbers: Vec<OsString>,
}
