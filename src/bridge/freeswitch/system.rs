//! FreeSWITCH as one of the phone systems.

use std::borrow::Cow;

use super::{FreeSwitch, look};
use crate::bridge::source::{Connector, LinkError};
use crate::bridge::system::{AccountError, Look, PhoneSystem};
use crate::config::{BridgeSettings, FreeSwitchAccount, FreeSwitchSettings};

/// FreeSWITCH, or a FusionPBX.
#[derive(Debug)]
pub enum System {}

impl PhoneSystem for System {
    type Source = FreeSwitch;
    type Settings = FreeSwitchSettings;
    type Connector = FreeSwitchAccount;

    fn settings(bridge: &mut BridgeSettings) -> &mut FreeSwitchSettings {
        &mut bridge.freeswitch
    }

    fn source(settings: &FreeSwitchSettings) -> FreeSwitch {
        FreeSwitch::new(settings)
    }

    fn connector(settings: &FreeSwitchSettings) -> Result<FreeSwitchAccount, AccountError> {
        Ok(settings.account()?)
    }

    async fn look(account: FreeSwitchAccount, _settings: FreeSwitchSettings) -> Result<Look, LinkError> {
        look::look(account.connect().await?).await
    }

    fn next_step(error: &LinkError) -> Cow<'static, str> {
        match error {
            LinkError::Unreachable { .. }
            | LinkError::Mute { .. }
            | LinkError::InUse { .. }
            | LinkError::Untrusted { .. }
            | LinkError::Ended
            | LinkError::Broken(_)
            | LinkError::Silent => {
                "See whether FreeSWITCH runs, whether mod_event_socket is loaded, and its listen-ip and listen-port in \
                 autoload_configs/event_socket.conf.xml"
            }
            LinkError::Refused { .. } => {
                "See password and apply-inbound-acl in autoload_configs/event_socket.conf.xml, and of a user of the \
                 directory esl-password, esl-allowed-events and esl-allowed-api"
            }
            LinkError::Stranger { .. } => {
                "See address in [bridge.freeswitch]: the event socket is at port 8021"
            }
        }
        .into()
    }
}
