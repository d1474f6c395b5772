//! Hosted phone systems as one of the phone systems.

use std::borrow::Cow;
use std::sync::Arc;

use tokio::net::TcpListener;

use super::{Receiver, Webhook, hook};
use crate::bridge::source::LinkError;
use crate::bridge::system::{AccountError, Look, PhoneSystem};
use crate::config::{BridgeSettings, WebhookSettings};

/// Whatever sends webhooks.
#[derive(Debug)]
pub enum System {}

impl PhoneSystem for System {
    type Source = Webhook;
    type Settings = WebhookSettings;
    type Connector = Receiver;

    fn settings(bridge: &mut BridgeSettings) -> &mut WebhookSettings {
        &mut bridge.webhook
    }

    fn source(settings: &WebhookSettings) -> Webhook {
        Webhook::new(settings)
    }

    fn connector(settings: &WebhookSettings) -> Result<Receiver, AccountError> {
        Ok(Receiver { listen: settings.listens_at(), hooks: Arc::new(hook::hooks(settings)?) })
    }

    /// Nobody can be asked: senders come by themselves. So it is looked whether they could.
    async fn look(receiver: Receiver, _settings: WebhookSettings) -> Result<Look, LinkError> {
        let address = receiver.listen.to_string();
        let taken = TcpListener::bind(receiver.listen).await;
        taken.map_err(|source| LinkError::Unreachable { address, source })?;
        let names: Vec<_> = receiver.hooks.keys().map(String::as_str).collect();
        let rights = format!("hooks {}", names.join(", "));
        Ok(Look { rights: Ok(rights.into()), trunks: Vec::new(), queues: Vec::new(), extensions: Vec::new() })
    }

    fn next_step(error: &LinkError) -> Cow<'static, str> {
        match error {
            LinkError::Unreachable { .. } => {
                "See whether another process listens there, and listen in [bridge.webhook]"
            }
            LinkError::Ended
            | LinkError::Mute { .. }
            | LinkError::Broken(_)
            | LinkError::Silent
            | LinkError::Refused { .. }
            | LinkError::InUse { .. }
            | LinkError::Untrusted { .. }
            | LinkError::Stranger { .. } => "See the journal of the bridge",
        }
        .into()
    }
}
