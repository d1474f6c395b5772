//! A FRITZ!Box as one of the phone systems.

use std::borrow::Cow;

use super::{Account, FritzBox};
use crate::bridge::source::{Connector, LinkError};
use crate::bridge::system::{AccountError, Look, PhoneSystem};
use crate::config::{BridgeSettings, FritzBoxSettings};

/// A FRITZ!Box.
#[derive(Debug)]
pub enum System {}

impl PhoneSystem for System {
    type Source = FritzBox;
    type Settings = FritzBoxSettings;
    type Connector = Account;

    fn settings(bridge: &mut BridgeSettings) -> &mut FritzBoxSettings {
        &mut bridge.fritzbox
    }

    fn source(settings: &FritzBoxSettings) -> FritzBox {
        FritzBox::new(settings)
    }

    fn connector(settings: &FritzBoxSettings) -> Result<Account, AccountError> {
        Ok(Account::of(settings)?)
    }

    async fn look(account: Account, _settings: FritzBoxSettings) -> Result<Look, LinkError> {
        account.connect().await?;
        let rights = Ok("its call monitor is on; it tells of calls that begin from now on".into());
        Ok(Look { rights, trunks: Vec::new(), queues: Vec::new(), extensions: Vec::new() })
    }

    fn next_step(error: &LinkError) -> Cow<'static, str> {
        match error {
            LinkError::Unreachable { .. }
            | LinkError::Mute { .. }
            | LinkError::Ended
            | LinkError::Broken(_)
            | LinkError::Silent
            | LinkError::InUse { .. }
            | LinkError::Untrusted { .. }
            | LinkError::Refused { .. } => {
                "Dial #96*5* at a phone of the box, which turns its call monitor on, and allow access for applications \
                 in its network settings"
            }
            LinkError::Stranger { .. } => "See address in [bridge.fritzbox]: the call monitor is at port 1012",
        }
        .into()
    }
}
