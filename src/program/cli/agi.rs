//! The flags of `agi` and its commands.

use std::ffi::OsString;

use clap::{Args, Subcommand};

/// Report an event out of Asterisk's dialplan, as an AGI program
///
/// In extensions.conf, where no shell comes in between:
///
///   AGI(/usr/bin/zammad-cti,agi,new-call)
///   AGI(/usr/bin/zammad-cti,agi,new-call,--queue,support)
///
/// What is not given as an option comes from the channel. The call goes on whatever happens: when
/// Zammad cannot be asked within the deadline (2s, or less if `deadline` says so; --deadline may
/// ask for more), the exit code is 0, and ZAMMAD_ACTION is `spooled` where there is a spool, else
/// `error`. For an answer and a hangup it goes on after a moment, and they arrive when they can.
/// Empty options count as not given, as a dialplan's variables may be unset.
#[derive(Debug, Subcommand)]
#[command(verbatim_doc_comment)]
pub enum Agi {
    NewCall(AgiNewCall),
    Answer(AgiAnswer),
    Hangup(AgiHangup),
}

/// Report the call of this channel, and set what Zammad wants done with it
///
/// For the first line of a route, or before Dial of an outbound call. The caller's number is sent
/// as anonymous if it is restricted, or anything but a number. Sets on the channel:
///
///   ZAMMAD_CALLID, ZAMMAD_DIRECTION   for the answer and the hangup
///   ZAMMAD_ACTION      none, reject, dial; or
///                      spooled: Zammad could not be asked, the event is safe on disk and will be
///                      delivered: go on
///                      error: Zammad could not be asked: go on
///   ZAMMAD_REASON      of reject, such as busy
///   ZAMMAD_CALLER_ID   of dial: the caller id to show
///   ZAMMAD_NUMBER      of dial: the number to call, as Zammad writes it
///   ZAMMAD_ERROR       of error: why
///
/// A channel that has ZAMMAD_CALLID already is left alone: its call is reported once, also if a
/// transfer brings it back into the route.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct AgiNewCall {
    /// Seen from the agents: `in` is a customer who calls [default: in]
    #[arg(long, value_name = "in|out")]
    pub direction: Option<OsString>,
    /// The calling party [default: the channel's caller number]
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub from: Option<OsString>,
    /// The called party [default: the number that was dialled first, else the extension]
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub to: Option<OsString>,
    /// One id in all events of the call [default: the channel's unique id]
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub call_id: Option<OsString>,
    /// Who is called, or who calls out, as agents shall see it; several for a group
    #[arg(long = "user", value_name = "NAME", allow_hyphen_values = true)]
    pub users: Vec<OsString>,
    /// The queue: agents with this caller-log filter see the call
    #[arg(long, value_name = "QUEUE", allow_hyphen_values = true)]
    pub queue: Option<OsString>,
}

/// Report that this channel picked up
///
/// For a routine that runs on the channel that answered, before the two are connected:
/// Dial(...,U(zammad-answer^${ZAMMAD_CALLID}^in)), or the last argument of Queue. It does not keep
/// the two waiting: what takes longer than a moment goes on without them. Sets ZAMMAD_ANSWERED on
/// the caller's channel.
#[derive(Debug, Args)]
pub struct AgiAnswer {
    /// The id of the call's new-call [default: ZAMMAD_CALLID of the caller's channel]
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub call_id: Option<OsString>,
    /// The direction of the call's new-call [default: ZAMMAD_DIRECTION of the caller's channel]
    #[arg(long, value_name = "in|out")]
    pub direction: Option<OsString>,
    /// Who picked up [default: this channel's own number; nobody for an outbound call]
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub answering_number: Option<OsString>,
    /// The Zammad login of who picked up [default: by the table [agents] of the configuration,
    /// from the channel's endpoint or number]
    #[arg(long, value_name = "LOGIN", allow_hyphen_values = true)]
    pub user: Option<OsString>,
    /// Voicemail picks up: run it on the caller's channel, before VoiceMail()
    #[arg(long)]
    pub voicemail: bool,
    #[command(flatten)]
    pub handed: Handed,
}

/// Report that the call of this channel ended
///
/// For a hangup handler of the channel that ran new-call. The cause comes from DIALSTATUS,
/// QUEUESTATUS, ABANDONED and HANGUPCAUSE, and from what new-call and answer have left.
#[derive(Debug, Args)]
pub struct AgiHangup {
    /// The id of the call's new-call [default: ZAMMAD_CALLID]
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub call_id: Option<OsString>,
    /// The direction of the call's new-call [default: ZAMMAD_DIRECTION]
    #[arg(long, value_name = "in|out")]
    pub direction: Option<OsString>,
    /// Why, as `zammad-cti hangup --list-causes` has it, in place of what the channel says
    #[arg(long, value_name = "CAUSE", allow_hyphen_values = true)]
    pub cause: Option<OsString>,
    #[command(flatten)]
    pub handed: Handed,
}

/// How a process of this program makes another one of itself.
#[derive(Debug, Args)]
pub struct Handed {
    /// The event is on the standard input, and nobody waits for it
    #[arg(long = "handed-over", hide = true)]
    pub over: bool,
}
