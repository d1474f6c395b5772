//! A kind of phone system: what its settings make, and what `check` asks of it.

use std::borrow::Cow;

use super::source::{Connector, Link, LinkError, Missing, Source};
use crate::client::TrustError;
use crate::config::{BridgeSettings, ConfigError, SourceSettings};

/// A kind of phone system that can be followed.
pub trait PhoneSystem {
    /// What its calls become facts by.
    type Source: Source<Settings = Self::Settings>;
    /// Its table of the configuration.
    type Settings: SourceSettings + Clone + Send + 'static;
    /// What connects to it.
    type Connector: Connector<
            Link: Link<
                Message = <Self::Source as Source>::Message,
                Request = <Self::Source as Source>::Request,
            >,
        > + Clone
        + Send
        + Sync
        + 'static;

    /// Its own settings among those of all.
    fn settings(bridge: &mut BridgeSettings) -> &mut Self::Settings;

    /// What understands it.
    fn source(settings: &Self::Settings) -> Self::Source;

    /// What connects to it. The files that the settings name are read now.
    ///
    /// # Errors
    ///
    /// See [`AccountError`].
    fn connector(settings: &Self::Settings) -> Result<Self::Connector, AccountError>;

    /// Logs in and looks around.
    fn look(
        connector: Self::Connector,
        settings: Self::Settings,
    ) -> impl Future<Output = Result<Look, LinkError>> + Send;

    /// What to do about a connection that does not come about.
    fn next_step(error: &LinkError) -> Cow<'static, str>;
}

/// Whether a bridge would begin with its table of these settings. The files that it names are read now.
///
/// # Errors
///
/// See [`AccountError`].
pub fn may_begin<P: PhoneSystem>(settings: &BridgeSettings) -> Result<(), AccountError> {
    P::connector(P::settings(&mut settings.clone())).map(drop)
}

/// Why nobody can log in.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The settings name no account, or its secret cannot be read.
    #[error(transparent)]
    Settings(#[from] ConfigError),
    /// There is no certificate to trust.
    #[error(transparent)]
    Trust(#[from] TrustError),
}

/// What an account may do, and what there is of a phone system.
#[derive(Debug)]
pub struct Look {
    /// what it may do, or what it may not although it has to
    pub rights: Result<Cow<'static, str>, Missing>,
    /// lines to the outside
    pub trunks: Vec<String>,
    /// queues, by name
    pub queues: Vec<String>,
    /// extensions that have a phone
    pub extensions: Vec<String>,
}
