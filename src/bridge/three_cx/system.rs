//! 3CX as one of the phone systems.

use std::borrow::Cow;
use std::sync::Arc;

use super::account::{Account, Login3cx};
use super::look;
use super::understanding::ThreeCx;
use crate::bridge::source::LinkError;
use crate::bridge::system::{AccountError, Look, PhoneSystem};
use crate::config::{BridgeSettings, ThreeCxSettings};

/// A 3CX of any version.
#[derive(Debug)]
pub enum System {}

impl PhoneSystem for System {
    type Source = ThreeCx;
    type Settings = ThreeCxSettings;
    type Connector = Login3cx;

    fn settings(bridge: &mut BridgeSettings) -> &mut ThreeCxSettings {
        &mut bridge.three_cx
    }

    fn source(settings: &ThreeCxSettings) -> ThreeCx {
        ThreeCx::new(settings)
    }

    fn connector(settings: &ThreeCxSettings) -> Result<Login3cx, AccountError> {
        if settings.has_idle_group() {
            log::warn!(
                "bridge.3cx.group counts for nothing since version 20: the API client's list of extensions says whose \
                 calls are reported"
            );
        }
        Account::of(settings).map(|account| Login3cx(Arc::new(account)))
    }

    async fn look(login: Login3cx, settings: ThreeCxSettings) -> Result<Look, LinkError> {
        look::look(&login, &settings).await
    }

    fn next_step(error: &LinkError) -> Cow<'static, str> {
        match error {
            LinkError::Unreachable { .. }
            | LinkError::Mute { .. }
            | LinkError::InUse { .. }
            | LinkError::Ended
            | LinkError::Broken(_)
            | LinkError::Silent => {
                "See url and ca_file in [bridge.3cx], and whether the 3CX runs and a firewall lets this machine through"
            }
            LinkError::Untrusted { .. } => {
                "Name the PEM file of its certificate, or of the authority that issued it, as ca_file in [bridge.3cx]"
            }
            LinkError::Refused { .. } => {
                "See the account in [bridge.3cx], and the API client in the console of the 3CX"
            }
            LinkError::Stranger { .. } => {
                "See url in [bridge.3cx]: the address of the web client and the console"
            }
        }
        .into()
    }
}
