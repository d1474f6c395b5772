//! The flags of `hangup`.

use std::ffi::{OsStr, OsString};

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Args, Command};

use super::call::{Call, Named};
use super::text::{dispensable, name};
use crate::event::{EventKind, WrittenEvent};

/// Report that a call ended
///
/// Zammad shows an unanswered inbound call as missed, unless the cause is `forwarded`.
#[derive(Debug, Args)]
pub struct Hangup {
    #[command(flatten)]
    pub named: Named,
    #[command(flatten)]
    pub call: Call,
    /// The cause: Zammad's word, a Q.850 number, an Asterisk DIALSTATUS, sip:486, or a FreeSWITCH
    /// name
    #[arg(long, value_name = "CAUSE", allow_hyphen_values = true)]
    pub cause: Option<OsString>,
    /// Send the cause as given; agents see unknown words as they are
    #[arg(long)]
    pub raw_cause: bool,
    /// Refuse a hangup whose cause is unknown
    ///
    /// Otherwise the hangup is sent without a cause, with a warning and exit code 65, because a call
    /// without a hangup rings for ever.
    #[arg(long, requires = "cause", conflicts_with = "raw_cause", hide_short_help = true)]
    pub strict_cause: bool,
    /// The call was answered, so a hangup whose reply is lost may be sent again
    ///
    /// Takes a dialplan's variable: 1 means yes; 0 and empty mean no.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "1", value_parser = SetOrNot, hide_possible_values = true)]
    pub answered: Option<bool>,
    /// Without --cause, or if it is empty: Asterisk's ${DIALSTATUS} of the last Dial
    #[arg(long, value_name = "WORD", allow_hyphen_values = true, help_heading = ASTERISK)]
    pub dialstatus: Option<OsString>,
    /// Asterisk's ${QUEUESTATUS} of the last Queue; empty if the caller gave up
    #[arg(long, value_name = "WORD", allow_hyphen_values = true, help_heading = ASTERISK)]
    pub queue_status: Option<OsString>,
    /// Asterisk's ${ABANDONED}, TRUE after a queue in which nobody answered
    #[arg(long, value_name = "BOOL", allow_hyphen_values = true, help_heading = ASTERISK)]
    pub abandoned: Option<OsString>,
    /// Asterisk's ${HANGUPCAUSE}, used if the others are empty
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true, help_heading = ASTERISK)]
    pub hangup_cause: Option<OsString>,
    /// List the known causes, and exit
    #[arg(long)]
    pub list_causes: bool,
}

impl Hangup {
    /// The event that is meant.
    pub fn describe(&self) -> anyhow::Result<WrittenEvent> {
        let mut event = self.call.describe(EventKind::Hangup, &self.named)?;
        let mut part = |field, shown| dispensable(field, shown, &mut event.no_text);
        let cause = match &self.cause {
            Some(cause) if self.raw_cause => Some(name("--cause", cause).into_owned()),
            cause => part("cause", cause),
        };
        let dialstatus = part("dialstatus", &self.dialstatus);
        let queue_status = part("queue_status", &self.queue_status);
        let abandoned = part("abandoned", &self.abandoned);
        let hangup_cause = part("hangup_cause", &self.hangup_cause);
        Ok(WrittenEvent {
            cause,
            raw_cause: self.raw_cause,
            strict_cause: self.strict_cause,
            dialstatus,
            queue_status,
            abandoned,
            hangup_cause,
            // That a variable is not set does not say that nobody picked up.
            answered: self.answered.filter(|&answered| answered),
            ..event
        })
    }
}

const ASTERISK: &str = "The cause, from variables of Asterisk's dialplan (each may be empty)";

/// A variable of a dialplan that is set or not.
/// Reads what a dialplan's variable may hold, and lets a shell offer the words.
#[derive(Debug, Clone)]
struct SetOrNot;

impl TypedValueParser for SetOrNot {
    type Value = bool;

    fn parse_ref(
        &self,
        command: &Command,
        flag: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Self::Value, clap::Error> {
        set_or_not.parse_ref(command, flag, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(["true", "false"].into_iter().map(PossibleValue::new)))
    }
}

fn set_or_not(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "" | "0" | "false" | "no" | "off" => Ok(false),
        _ => Err("use 1, 0 or nothing".to_owned()),
    }
}
