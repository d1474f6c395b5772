//! The arguments of `bridge` and its sources.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::listen::address;
use crate::config::{
    AsteriskSettings, BridgeSettings, FreeSwitchSettings, FritzBoxSettings, ThreeCxSettings, WazoSettings,
    WebhookSettings, XivoSettings,
};

/// Follow a whole phone system, and report its calls
///
/// For phone systems that cannot call a program for each call, or not in every route. It connects to one,
/// reads which calls there are, and reports each from its first ring to its end. Lost connections are
/// made again, and calls that are open when it ends are taken up when it starts again. On SIGHUP, and when a
/// file of its configuration has changed, it reads them again.
#[derive(Debug, Subcommand)]
pub enum Bridge {
    /// Follow an Asterisk or a FreePBX through its manager interface
    ///
    /// It needs an account in manager.conf, or in FreePBX's manager_custom.conf, with
    ///
    ///   read = call,agent,system
    ///   write = reporting
    ///
    /// To try what would be reported, without a Zammad:
    ///
    ///   zammad-cti bridge asterisk --username zammad --secret-file secret --sandbox
    #[command(verbatim_doc_comment)]
    Asterisk(Box<Source<AsteriskSettings>>),
    /// Follow a FreeSWITCH or a FusionPBX through its event socket
    ///
    /// It needs mod_event_socket and the password of
    /// autoload_configs/event_socket.conf.xml.
    ///
    /// To try what would be reported, without a Zammad:
    ///
    ///   zammad-cti bridge freeswitch --password-file password --sandbox
    #[command(verbatim_doc_comment)]
    Freeswitch(Box<Source<FreeSwitchSettings>>),
    /// Follow a 3CX of any version
    ///
    /// Since version 20 it needs an API client: in the console, Integrations, API, with
    /// "3CX Call Control API access" and all extensions in its list; that takes an
    /// Enterprise licence. Before, it needs an account of the console.
    ///
    /// To try what would be reported, without a Zammad:
    ///
    ///   zammad-cti bridge 3cx --3cx-url https://pbx.example.com:5001 \
    ///       --client-id zammad --client-secret-file secret --sandbox
    #[command(name = "3cx", verbatim_doc_comment)]
    ThreeCx(Box<Source<ThreeCxSettings>>),
    /// Follow a XiVO through the server of its desktop client
    ///
    /// For a XiVO up to 16, a Wazo up to 19.03, or a XiVO.solutions whose manager
    /// interface cannot be reached: otherwise `bridge asterisk` tells more. It needs a
    /// user with access to the CTI client, best one without a line.
    ///
    ///   zammad-cti bridge xivo --address xivo:5003 --username zammad \
    ///       --password-file secret --sandbox
    #[command(verbatim_doc_comment)]
    Xivo(Box<Source<XivoSettings>>),
    /// Take what hosted phone systems send: sipgate, Placetel, Yeastar, Twilio, Telnyx, Aircall, DIDWW and others
    ///
    /// It is a server, and each phone system sends a request to it when something
    /// happens: to https://HOST/hook/NAME/SECRET, through a proxy that speaks HTTPS.
    /// The configuration has a table for each:
    ///
    ///   [bridge.webhook.hooks.NAME]
    ///   preset = "sipgate"
    ///   secret_file = "/etc/zammad-cti/hook-secret"
    ///   public_url = "https://HOST"
    #[command(verbatim_doc_comment)]
    Webhook(Box<Webhook>),
    /// Follow a FRITZ!Box through its call monitor
    ///
    /// Dial #96*5* at a phone of the box once: that turns its call monitor on.
    ///
    /// To try what would be reported, without a Zammad:
    ///
    ///   zammad-cti bridge fritzbox --numbers-country DE --area-code 030 --sandbox
    #[command(verbatim_doc_comment)]
    Fritzbox(Box<Source<FritzBoxSettings>>),
    /// Follow a Wazo since 19.04 through the events of its WebSocket
    ///
    /// It needs an account of purpose external_api with the permissions websocketd,
    /// events.calls.*, calld.calls.read and confd.users.*.read. Who waits in a queue is
    /// not told: for that, `bridge asterisk` follows its Asterisk.
    ///
    ///   zammad-cti bridge wazo --wazo-url https://wazo --username zammad \
    ///       --password-file secret --sandbox
    #[command(verbatim_doc_comment)]
    Wazo(Box<Source<WazoSettings>>),
}

/// One phone system.
#[derive(Debug, Args)]
pub struct Source<Settings: Args> {
    #[command(flatten)]
    pub own: Settings,
    #[command(flatten)]
    pub bridge: BridgeSettings,
    #[command(flatten)]
    pub following: Following,
}

/// Hosted phone systems.
#[derive(Debug, Args)]
pub struct Webhook {
    #[command(flatten)]
    pub source: Source<WebhookSettings>,
    /// Show what a request's body on stdin says and what follows from it, and end. NAME is a hook of the configuration or
    /// a preset; without it, all hooks are tried, or all presets
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "")]
    #[arg(conflicts_with_all = ["page", "record", "replay"], help_heading = "This time")]
    pub explain: Option<String>,
}

/// How a phone system is followed this time.
#[derive(Debug, Args)]
#[command(next_help_heading = "This time")]
pub struct Following {
    /// Print the events, and send none
    #[arg(long = "dry-run", id = "bridge_dry_run")]
    pub dry_run: bool,
    /// Report to a stand-in for Zammad in this process, although an endpoint is configured: nothing leaves
    /// this machine, and a browser shows what agents would see
    #[arg(long, conflicts_with = "bridge_dry_run")]
    pub sandbox: bool,
    /// Show the calls as they come on a live page at this address
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = address, conflicts_with = "replay")]
    pub page: Option<SocketAddr>,
    /// Write what the phone system says to this file, one JSON object a line, without secrets
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// In that file, put other numbers and names in place of the true ones, the same for the same
    #[arg(long, requires = "record", hide_short_help = true)]
    pub mask: bool,
    /// With --dry-run, take such a file in place of the phone system, by its own clock and without waiting
    #[arg(long, value_name = "FILE", requires = "bridge_dry_run")]
    #[arg(conflicts_with_all = ["record", "sandbox"])]
    #[arg(hide_short_help = true)]
    pub replay: Option<PathBuf>,
}

impl Following {
    /// Whether somebody only tries: nothing is reported to Zammad, and a service may run beside it.
    pub fn is_a_trial(&self) -> bool {
        self.trial().is_some()
    }

    /// How, in the words of the page.
    pub fn trial(&self) -> Option<&'static str> {
        match (self.dry_run, self.sandbox) {
            (true, _) => Some("dry run"),
            (false, true) => Some("sandbox"),
            (false, false) => None,
        }
    }
}
