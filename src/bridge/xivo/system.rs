//! XiVO as one of the phone systems.

use std::borrow::Cow;

use super::{Server, Xivo, look};
use crate::bridge::source::{Connector, LinkError};
use crate::bridge::system::{AccountError, Look, PhoneSystem};
use crate::config::{BridgeSettings, XivoSettings};

/// A XiVO, by its CTI server.
#[derive(Debug)]
pub enum System {}

impl PhoneSystem for System {
    type Source = Xivo;
    type Settings = XivoSettings;
    type Connector = Server;

    fn settings(bridge: &mut BridgeSettings) -> &mut XivoSettings {
        &mut bridge.xivo
    }

    fn source(settings: &XivoSettings) -> Xivo {
        Xivo::new(settings.clone())
    }

    fn connector(settings: &XivoSettings) -> Result<Server, AccountError> {
        Server::of(settings)
    }

    async fn look(server: Server, settings: XivoSettings) -> Result<Look, LinkError> {
        look::look(server.connect().await?, settings).await
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
                "See whether xivo-ctid runs on the XiVO, and whether a firewall keeps this machine from port 5003"
            }
            LinkError::Refused { .. } => {
                "See username and password in [bridge.xivo], and in XiVO's web interface the user's `XiVO Client`: \
                 enabled, with a login, a password and a profile"
            }
            LinkError::Stranger { .. } => "See address in [bridge.xivo]: the CTI server is at port 5003",
        }
        .into()
    }
}
