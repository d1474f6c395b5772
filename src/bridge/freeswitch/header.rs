//! The headers of FreeSWITCH's events that tell of calls.
//!
//! An event has some 200 of them. What stands here is all that is kept of one. Source: `switch_channel.c` and
//! `switch_caller.c` of FreeSWITCH, and recordings in `tests/fixtures/bridge/freeswitch`.

macro_rules! headers {
    ($($name:ident $kind:ident $text:literal,)*) => {
        /// A header that is kept.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Header {
            $(
                #[doc = concat!("`", $text, "`")]
                $name,
            )*
        }

        impl Header {
            /// The header of this name, if it is kept.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// Its name.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// What it holds.
            pub(super) fn kind(self) -> Kind {
                match self {
                    $(Self::$name => Kind::$kind,)*
                }
            }
        }
    };
}

/// What a header holds, as far as that matters to who hides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// a word of FreeSWITCH's, or the name that an administrator gave to something
    Word,
    /// the id of a leg, or a time
    Id,
    /// somebody's number, or the name that their phone has
    Number,
    /// where a channel leads to
    Channel,
}

headers! {
    EventName Word "Event-Name",
    Subclass Word "Event-Subclass",
    UniqueId Id "Unique-ID",
    OldUniqueId Id "Old-Unique-ID",
    CallDirection Word "Call-Direction",
    ChannelName Channel "Channel-Name",
    AnswerState Word "Answer-State",
    Created Id "Caller-Channel-Created-Time",
    Timestamp Id "Event-Date-Timestamp",
    Context Word "Caller-Context",
    CallerNumber Number "Caller-Caller-ID-Number",
    OriginalCallerNumber Number "Caller-Orig-Caller-ID-Number",
    Destination Number "Caller-Destination-Number",
    HidesNumber Word "Caller-Privacy-Hide-Number",
    BridgeA Id "Bridge-A-Unique-ID",
    BridgeB Id "Bridge-B-Unique-ID",
    HangupCause Word "Hangup-Cause",
    OriginateDisposition Word "variable_originate_disposition",
    SipHangupDisposition Word "variable_sip_hangup_disposition",
    OriginatingLeg Id "variable_originating_leg_uuid",
    QueueMember Id "variable_cc_member_session_uuid",
    LoopbackFrom Id "variable_other_loopback_from_uuid",
    LoopbackOther Id "variable_other_loopback_leg_uuid",
    Gateway Word "variable_sip_gateway_name",
    InboundGateway Word "variable_sip_gateway",
    Profile Word "variable_sofia_profile_name",
    DialedUser Number "variable_dialed_user",
    DialedDomain Word "variable_dialed_domain",
    UserName Number "variable_user_name",
    Domain Word "variable_domain_name",
    Direction Word "variable_call_direction",
    ToUser Number "variable_sip_to_user",
    RequestedUser Number "variable_sip_req_user",
    BridgedTo Id "variable_bridge_uuid",
    BoundTo Id "variable_signal_bond",
    QueueAction Word "CC-Action",
    Queue Word "CC-Queue",
    QueueCaller Id "CC-Member-Session-UUID",
    VoicemailAction Word "VM-Action",
    VoicemailDomain Word "VM-Domain",
    FifoAction Word "FIFO-Action",
    FifoName Word "FIFO-Name",
}
