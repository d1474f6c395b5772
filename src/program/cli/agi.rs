//! The flags of `agi` and its commands.

use std::ffi::OsString;

use clap::{Args, Subcommand};

/// Report an event from Asterisk's dialplan, as an AGI program
///
/// In extensions.conf, without a shell in between:
///
///   AGI(/usr/bin/zammad-cti,agi,new-call)
///   AGI(/usr/bin/zammad-cti,agi,new-call,--queue,support)
///
/// Values that are not given as options come from the channel. Empty options count
/// as not given, because a dialplan's variables may be unset.
///
/// The call always goes on. If Zammad does not reply within the deadline, the exit
/// code is 0, and ZAMMAD_ACTION is `spooled` with a spool, or `error` without one.
/// The deadline is 2s, or less if `deadline` is less; only --deadline makes it
/// longer. The call does not wait for an answer or a hangup: they are sent in the
/// background.
#[derive(Debug, Subcommand)]
#[command(verbatim_doc_comment)]
pub enum Agi {
    NewCall(AgiNewCall),
    Answer(AgiAnswer),
    Hangup(AgiHangup),
}

/// Report the call of this channel, and set Zammad's decision as variables
///
/// Use it in the first line of a route, or before the Dial of an outbound call. A
/// restricted number, or a value that is not a number, is sent as anonymous. Sets
/// these variables on the channel:
///
///   ZAMMAD_CALLID, ZAMMAD_DIRECTION   for the answer and the hangup
///   ZAMMAD_ACTION      none, reject or dial; or
///                      spooled: Zammad is unreachable; the event is safe on disk
///                      and will be sent later: go on
///                      error: Zammad is unreachable: go on
///   ZAMMAD_REASON      for reject: the reason, such as busy
///   ZAMMAD_CALLER_ID   for dial: the caller id to show
///   ZAMMAD_NUMBER      for dial: the number to call, as Zammad writes it
///   ZAMMAD_ERROR       for error: the reason
///
/// If the channel already has ZAMMAD_CALLID, nothing is done: a call is reported
/// only once, even if a transfer brings it back into the route.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct AgiNewCall {
    /// The direction, seen from the agents: `in` if a customer calls [default: in]
    #[arg(long, value_name = "in|out")]
    pub direction: Option<OsString>,
    /// The calling party [default: the channel's caller number]
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub from: Option<OsString>,
    /// The called party [default: the number that was dialled first, or else the extension]
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub to: Option<OsString>,
    /// The id in all events of the call [default: the channel's unique id]
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub call_id: Option<OsString>,
    /// The name of the agent who is called or who calls, as agents see it; repeat it for a group
    #[arg(long = "user", value_name = "NAME", allow_hyphen_values = true)]
    pub users: Vec<OsString>,
    /// The queue; agents with this caller-log filter see the call
    #[arg(long, value_name = "QUEUE", allow_hyphen_values = true)]
    pub queue: Option<OsString>,
    /// The line that the call crosses: [[routes]] go by it [default: of an inbound call the
    /// channel's endpoint, such as PJSIP/provider]
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub trunk: Option<OsString>,
}

/// Report that this channel picked up
///
/// Use it in a routine that runs on the answering channel, before the parties are connected:
/// Dial(...,U(zammad-answer^${ZAMMAD_CALLID}^in)), or the last argument of Queue. The parties do not
/// wait: the event is sent in the background. Sets ZAMMAD_ANSWERED on the caller's channel.
#[derive(Debug, Args)]
pub struct AgiAnswer {
    /// The id of the call's new-call [default: ZAMMAD_CALLID of the caller's channel]
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub call_id: Option<OsString>,
    /// The direction of the call's new-call [default: ZAMMAD_DIRECTION of the caller's channel]
    #[arg(long, value_name = "in|out")]
    pub direction: Option<OsString>,
    /// The number that picked up [default: this channel's own number; none for an outbound call]
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub answering_number: Option<OsString>,
    /// The Zammad login of the agent who picked up [default: from the table [agents] of the
    /// configuration, by the channel's endpoint or number]
    #[arg(long, value_name = "LOGIN", allow_hyphen_values = true)]
    pub user: Option<OsString>,
    /// Voicemail picks up; run this on the caller's channel, before VoiceMail()
    #[arg(long)]
    pub voicemail: bool,
    #[command(flatten)]
    pub handed: Handed,
}

/// Report that the call of this channel ended
///
/// Use it in a hangup handler of the channel that ran new-call. The cause comes from DIALSTATUS,
/// QUEUESTATUS, ABANDONED and HANGUPCAUSE, and from the variables of new-call and answer.
#[derive(Debug, Args)]
pub struct AgiHangup {
    /// The id of the call's new-call [default: ZAMMAD_CALLID]
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub call_id: Option<OsString>,
    /// The direction of the call's new-call [default: ZAMMAD_DIRECTION]
    #[arg(long, value_name = "in|out")]
    pub direction: Option<OsString>,
    /// The cause, a word of `zammad-cti hangup --list-causes`; overrides the channel's
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
