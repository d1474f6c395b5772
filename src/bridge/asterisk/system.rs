//! Asterisk as one of the phone systems.

use std::borrow::Cow;

use super::{Account, Asterisk, Listener, Trunks, look};
use crate::bridge::source::{Connector, LinkError};
use crate::bridge::system::{AccountError, Look, PhoneSystem};
use crate::config::{AsteriskSettings, BridgeSettings};

/// Asterisk, or a FreePBX.
#[derive(Debug)]
pub enum System {}

impl PhoneSystem for System {
    type Source = Asterisk;
    type Settings = AsteriskSettings;
    type Connector = Account;

    fn settings(bridge: &mut BridgeSettings) -> &mut AsteriskSettings {
        &mut bridge.asterisk
    }

    fn source(settings: &AsteriskSettings) -> Asterisk {
        let outside_prefix = settings.outside_prefix.clone().unwrap_or_default();
        Asterisk::new(Listener::new(Trunks::of(settings), outside_prefix))
    }

    fn connector(settings: &AsteriskSettings) -> Result<Account, AccountError> {
        Account::of(settings)
    }

    async fn look(account: Account, settings: AsteriskSettings) -> Result<Look, LinkError> {
        look::look(account.connect().await?, Trunks::of(&settings)).await
    }

    fn next_step(error: &LinkError) -> Cow<'static, str> {
        match error {
            LinkError::Unreachable { .. }
            | LinkError::Ended
            | LinkError::Broken(_)
            | LinkError::Silent => {
                "See whether Asterisk runs, whether manager.conf has enabled = yes, bindaddr and port, and whether a \
                 firewall or permit = keeps this machine out"
            }
            LinkError::InUse { .. } => {
                "Give the bridge an account of its own. If it has one, Asterisk has not closed the last connection yet; \
                 see asterisk -rx 'manager show connected', and allowmultiplelogin in manager.conf"
            }
            LinkError::Refused { .. } => {
                "See username and secret in manager.conf (FreePBX: manager_custom.conf), and its permit = lines; then \
                 asterisk -rx 'manager reload'"
            }
            LinkError::Untrusted { .. } => {
                "Name the PEM file of Asterisk's certificate, or of the authority that issued it, as ca_file in \
                 [bridge.asterisk]; see tlscertfile in manager.conf"
            }
            LinkError::Mute { .. } => {
                "Asterisk may only be about to start or to end. If it stays like that, see address and tls in \
                 [bridge.asterisk]: the manager interface is at port 5038 (bindaddr in manager.conf), and with TLS at 5039 \
                 (tlsbindaddr)"
            }
            LinkError::Stranger { .. } => {
                "See address and tls in [bridge.asterisk]: the manager interface is at port 5038 (bindaddr in \
                 manager.conf), and with TLS at 5039 (tlsbindaddr)"
            }
        }
        .into()
    }
}
