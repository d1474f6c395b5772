//! Who talks to the server: a user of this machine, or another machine.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, UdpSocket};

use super::owner::{Owner, Owners, canonical};
use super::users::Namespace;

/// One of those that connections are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Guest {
    /// the user of a process on this machine
    User(u32),
    /// a process on this machine, and nobody can tell whose
    Unknown,
    /// another machine; of IPv6 the network that one machine has for itself
    Address(IpAddr),
}

impl Guest {
    /// Whether the other end is a process of this machine.
    pub fn is_local(self) -> bool {
        match self {
            Self::User(_) | Self::Unknown => true,
            Self::Address(_) => false,
        }
    }
}

impl fmt::Display for Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => write!(f, "a process of user {user}"),
            Self::Unknown => f.write_str("a process whose user cannot be found"),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// Tells who is at the other end of a connection.
pub struct Reception {
    owners: Owners,
    namespace: Namespace,
}

impl Reception {
    pub fn new(listener: SocketAddr) -> Self {
        Self { owners: Owners::new(listener), namespace: Namespace::of_this_process() }
    }

    /// Who is at `peer`, on a connection to `own`.
    pub fn guest(&mut self, peer: SocketAddr, own: SocketAddr) -> Guest {
        let (peer, own) = (canonical(peer), canonical(own));
        match self.owners.of(peer, own) {
            Owner::User(user) if self.namespace.tells_apart(user) => Guest::User(user),
            Owner::User(_) | Owner::Gone => Guest::Unknown,
            Owner::NotHere => without_socket(peer.ip(), is_of_this_machine(peer)),
        }
    }
}

/// Who is at an address whose socket is not found. Other rules hold for other machines, so it has to be
/// sure that it is one.
fn without_socket(address: IpAddr, is_of_this_machine: std::io::Result<bool>) -> Guest {
    match is_of_this_machine {
        Ok(false) => Guest::Address(network(address)),
        Ok(true) => Guest::Unknown,
        Err(error) => {
            log::debug!("whether {address} is an address of this machine: {error}");
            Guest::Unknown
        }
    }
}

/// Whether this is one of this machine's own addresses: it talks to those from the same address. Nothing
/// is sent for it. A link-local address is one only together with its interface.
fn is_of_this_machine(peer: SocketAddr) -> std::io::Result<bool> {
    if peer.ip().is_loopback() {
        return Ok(true);
    }
    let any = if peer.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any)?;
    let mut to = peer;
    to.set_port(9);
    socket.connect(to)?;
    Ok(socket.local_addr()?.ip() == peer.ip())
}

/// A machine has a whole /64 of IPv6 for itself.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Shutdown, TcpListener, TcpStream};

    use super::*;

    #[test]
    fn the_user_of_a_process_is_found_as_long_as_it_is_there() {
        let own_user = rustix::process::geteuid().as_raw();
        // (where the server listens, where the client goes)
        for (listen, host) in
            [("127.0.0.1:0", "127.0.0.1"), ("0.0.0.0:0", "127.0.0.7"), ("[::]:0", "127.0.0.1")]
        {
            let listener = TcpListener::bind(listen).unwrap();
            let listening = listener.local_addr().unwrap();
            let client = TcpStream::connect((host, listening.port())).unwrap();
            let (server, peer) = listener.accept().unwrap();
            let own = server.local_addr().unwrap();
            // With the connection whole, and with half of it ended.
            for end in [None, Some(Shutdown::Write)] {
                end.into_iter().for_each(|end| client.shutdown(end).unwrap());
                for mut reception in [
                    Reception::new(listening),
                    Reception { owners: Owners::by_table(), namespace: Namespace::of_this_process() },
                ] {
                    assert_eq!(reception.guest(peer, own), Guest::User(own_user), "{listen} {peer} {end:?}");
                }
            }
            // The kernel says 0 of a socket that nobody has any more, which is root's number.
            drop(client);
            for mut reception in [
                Reception::new(listening),
                Reception { owners: Owners::by_table(), namespace: Namespace::of_this_process() },
            ] {
                assert_eq!(reception.guest(peer, own), Guest::Unknown, "{listen} {peer}");
            }
        }
    }

    #[test]
    fn another_machine_is_known_by_its_network() {
        // (peer, guest)
        let cases = [
            ("192.0.2.7:4000", "192.0.2.7"),
            ("[::ffff:192.0.2.7]:4000", "192.0.2.7"),
            ("[2001:db8:1:2:3:4:5:6]:4000", "2001:db8:1:2::"),
            ("[fe80::7%2]:4000", "fe80::"),
        ];
        for (peer, guest) in cases {
            let peer = canonical(peer.parse().unwrap()).ip();
            assert_eq!(without_socket(peer, Ok(false)).to_string(), guest, "{peer}");
            let failed = Err(std::io::ErrorKind::NetworkUnreachable.into());
            assert_eq!(without_socket(peer, failed), Guest::Unknown, "{peer}");
        }
    }

    #[test]
    fn an_address_of_this_machine_is_none_of_another() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap();
        for peer in ["127.0.0.1:1", "[::1]:1", "[::ffff:127.0.0.2]:1"] {
            assert_eq!(Reception::new(own).guest(peer.parse().unwrap(), own), Guest::Unknown, "{peer}");
        }
    }
}
