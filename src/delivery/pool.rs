//! Connections to Zammad that many events share, one event at a time each.

use std::sync::Arc;

use crate::client::{Client, ClientError, Clients};

/// The connections that are at rest, and how many there may be.
pub(crate) struct Pool<'a> {
    #[expect(clippy::vec_box, reason = "they are large, and change hands with each event")]
    idle: Vec<Box<Client>>,
    /// for those that are not made yet
    clients: Option<Source<'a>>,
    /// how many are lent
    lent: usize,
    most: usize,
    /// how many may be at rest
    kept: usize,
}

/// Where connections come from.
#[derive(Clone)]
enum Source<'a> {
    Clients(&'a Clients),
    /// nowhere
    Nobody(Arc<ClientError>),
}

impl<'a> Pool<'a> {
    /// These and no more.
    pub fn of(clients: Vec<Client>) -> Self {
        let most = clients.len();
        let idle = clients.into_iter().map(Box::new).collect();
        Self { idle, clients: None, lent: 0, most, kept: most }
    }

    /// At most so many, each made when it is first needed. When fewer are needed again, `kept` of them stay.
    pub fn growing(clients: &'a Clients, most: usize, kept: usize) -> Self {
        Self { idle: Vec::new(), clients: Some(Source::Clients(clients)), lent: 0, most, kept }
    }

    /// As many places for events that are not sent, because there are no connections for this reason.
    pub fn without_connections(reason: Arc<ClientError>, most: usize) -> Self {
        Self { idle: Vec::new(), clients: Some(Source::Nobody(reason)), lent: 0, most, kept: 0 }
    }

    /// Whether there is a connection to [lend](Self::lend).
    pub fn has_room(&self) -> bool {
        self.lent < self.most
    }

    /// A connection for one event, unless all are lent.
    pub fn lend(&mut self) -> Option<Connection<'a>> {
        if !self.has_room() {
            return None;
        }
        // The one that was used last is the likeliest to be connected still.
        let connection = match self.idle.pop() {
            Some(client) => Connection::Made(client),
            None => match self.clients.clone()? {
                Source::Clients(clients) => Connection::ToMake(clients),
                Source::Nobody(reason) => Connection::Impossible(reason),
            },
        };
        self.lent += 1;
        Some(connection)
    }

    /// Takes a connection back that was lent.
    pub fn take_back(&mut self, connection: Connection<'a>) {
        self.lent -= 1;
        match connection {
            Connection::Made(client) if self.idle.len() < self.kept => self.idle.push(client),
            Connection::Made(_) | Connection::ToMake(_) | Connection::Impossible(_) => {}
        }
    }
}

/// A connection that is lent for one event.
pub(crate) enum Connection<'a> {
    Made(Box<Client>),
    /// many an event needs none
    ToMake(&'a Clients),
    Impossible(Arc<ClientError>),
}

impl Connection<'_> {
    /// The client, which is made now if it was not needed before.
    ///
    /// # Errors
    ///
    /// [`ClientError::Http`], and [`ClientError::ForAll`] where none can be made.
    pub fn client(&mut self) -> Result<&mut Client, ClientError> {
        match *self {
            Self::Made(ref mut client) => Ok(client),
            Self::Impossible(ref reason) => Err(ClientError::ForAll(reason.clone())),
            Self::ToMake(clients) => {
                *self = Self::Made(Box::new(clients.client()?));
                self.client()
            }
        }
    }
}
