//! Connections to Zammad that many events share, one event at a time each.

use crate::client::{Client, ClientError, Clients};

/// The connections that are at rest, and how many there may be.
pub(crate) struct Pool<'a> {
    #[expect(clippy::vec_box, reason = "they are large, and change hands with each event")]
    idle: Vec<Box<Client>>,
    /// for those that are not made yet
    clients: Option<&'a Clients>,
    /// how many are lent
    lent: usize,
    most: usize,
    /// how many may be at rest
    kept: usize,
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
        Self { idle: Vec::new(), clients: Some(clients), lent: 0, most, kept }
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
            None => Connection::ToMake(self.clients?),
        };
        self.lent += 1;
        Some(connection)
    }

    /// Takes a connection back that was lent.
    pub fn take_back(&mut self, connection: Connection<'a>) {
        self.lent -= 1;
        match connection {
            Connection::Made(client) if self.idle.len() < self.kept => self.idle.push(client),
            Connection::Made(_) | Connection::ToMake(_) => {}
        }
    }
}

/// A connection that is lent for one event.
pub(crate) enum Connection<'a> {
    Made(Box<Client>),
    /// many an event needs none
    ToMake(&'a Clients),
}

impl Connection<'_> {
    /// The client, which is made now if it was not needed before.
    ///
    /// # Errors
    ///
    /// [`ClientError::Http`].
    pub fn client(&mut self) -> Result<&mut Client, ClientError> {
        match *self {
            Self::Made(ref mut client) => Ok(client),
            Self::ToMake(clients) => {
                *self = Self::Made(Box::new(clients.client()?));
                self.client()
            }
        }
    }
}
