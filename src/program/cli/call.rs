//! Which call it is, and what is said of it: what answer and hangup have in common.

use std::ffi::OsString;

use clap::Args;

use crate::event::Direction;

/// Which call it is.
#[derive(Debug, Args)]
pub struct Named {
    /// The id of the call's new-call
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub call_id: Option<OsString>,
    /// In place of the id: the key that new-call was given
    #[arg(long, value_name = "KEY", allow_hyphen_values = true, conflicts_with = "call_id")]
    pub call_key: Option<OsString>,
}

/// What answer and hangup have in common.
#[derive(Debug, Args)]
pub struct Call {
    /// The direction of the call's new-call [default: as the spool's journal knows it, else in]
    #[arg(long, value_name = "in|out", hide_possible_values = true)]
    pub direction: Option<Direction>,
    /// The calling party
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub from: Option<OsString>,
    /// The called party
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub to: Option<OsString>,
    /// The extension or number that picked up
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub answering_number: Option<OsString>,
}
