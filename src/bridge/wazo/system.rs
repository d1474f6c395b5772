//! Wazo as one of the phone systems.

use std::borrow::Cow;

use super::{Server, Wazo};
use crate::bridge::source::{Connector, LinkError, Missing};
use crate::bridge::system::{AccountError, Look, PhoneSystem};
use crate::config::{BridgeSettings, WazoSettings};

/// A Wazo since 19.04.
#[derive(Debug)]
pub enum System {}

impl PhoneSystem for System {
    type Source = Wazo;
    type Settings = WazoSettings;
    type Connector = Server;

    fn settings(bridge: &mut BridgeSettings) -> &mut WazoSettings {
        &mut bridge.wazo
    }

    fn source(_settings: &WazoSettings) -> Wazo {
        Wazo::default()
    }

    fn connector(settings: &WazoSettings) -> Result<Server, AccountError> {
        Server::of(settings)
    }

    async fn look(server: Server, _settings: WazoSettings) -> Result<Look, LinkError> {
        let link = server.connect().await?;
        let rights = match link.sees_all() {
            Some(false) => Err(Missing {
                complaint: "the account hears of calls of its own lines only".to_owned(),
                next_step: "Take an account of purpose external_api with the permissions websocketd and events.calls.*"
                    .into(),
                is_deaf: false,
            }),
            Some(true) => Ok("hears events of all users".into()),
            None => Ok("hears events".into()),
        };
        Ok(Look { rights, trunks: Vec::new(), queues: Vec::new(), extensions: Vec::new() })
    }

    fn next_step(error: &LinkError) -> Cow<'static, str> {
        match error {
            LinkError::Unreachable { .. }
            | LinkError::Mute { .. }
            | LinkError::InUse { .. }
            | LinkError::Ended
            | LinkError::Broken(_)
            | LinkError::Silent => {
                "See whether wazo-auth, wazo-websocketd and nginx run on the Wazo, and ca_file in [bridge.wazo] if its \
                 certificate is its own"
            }
            LinkError::Untrusted { .. } => {
                "Name the PEM file of its certificate, or of the authority that issued it, as ca_file in [bridge.wazo]"
            }
            LinkError::Refused { .. } => {
                "See username and password in [bridge.wazo], and whether the account's policy has websocketd and \
                 events.calls.*"
            }
            LinkError::Stranger { .. } => "See url in [bridge.wazo]: it takes a Wazo of 19.04 or later",
        }
        .into()
    }
}
