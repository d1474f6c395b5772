//! Whose process has the other end of a connection on this machine.
//!
//! The kernel is asked for that one socket, or, where it does not answer such questions, its table of all
//! sockets is read. It says 0, which is root's number, of a socket that no process has any more: so the
//! user counts only of one that has its process still, which its number of a file tells.
//!
//! Source: sock_diag(7); linux/inet_diag.h; `proc_net_tcp.txt` in the kernel's documentation.

use std::fs::File;
use std::io::{BufRead, BufReader, Error};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::os::fd::OwnedFd;

use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send, socket_with,
};

/// Who has a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    User(u32),
    /// no process: it was closed
    Gone,
    /// no such socket on this machine, as far as this network namespace shows it
    NotHere,
}

/// Finds owners.
pub enum Owners {
    Asking(OwnedFd),
    ByTable,
}

impl Owners {
    /// `listener` is a socket that is there, to try with whether questions are answered.
    pub fn new(listener: SocketAddr) -> Self {
        let mut listener = canonical(listener);
        match listener.ip() {
            IpAddr::V4(address) if address.is_unspecified() => listener.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(address) if address.is_unspecified() => listener.set_ip(Ipv6Addr::LOCALHOST.into()),
            IpAddr::V4(_) | IpAddr::V6(_) => {}
        }
        let asking = socket_with(
            AddressFamily::NETLINK,
            SocketType::DGRAM,
            SocketFlags::CLOEXEC,
            Some(netlink::SOCK_DIAG),
        );
        match asking.map_err(Error::from).and_then(|asking| ask(&asking, listener, listener).map(|_| asking))
        {
            Ok(asking) => Self::Asking(asking),
            Err(error) => {
                log::debug!("users of sockets are looked up in /proc/net: {error}");
                Self::ByTable
            }
        }
    }

    /// Without questions.
    #[cfg(test)]
    pub fn by_table() -> Self {
        Self::ByTable
    }

    /// Who has the socket at `peer` that is connected with `own`.
    pub fn of(&mut self, peer: SocketAddr, own: SocketAddr) -> Owner {
        let found = match self {
            Self::Asking(asking) => match ask(asking, peer, own) {
                Ok(found) => Ok(Some(found)),
                Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(None),
                Err(error) => Err(error),
            },
            Self::ByTable => look_up(peer, own),
        };
        match found {
            Ok(Some(socket)) => socket.owner(own.port()),
            Ok(None) => Owner::NotHere,
            Err(error) => {
                log::debug!("the user of {peer} is not known: {error}");
                Owner::NotHere
            }
        }
    }
}

/// An address as the kernel is asked for it: IPv4 as such, and of IPv6 the interface that a link-local
/// address belongs to, without which the kernel does not find its socket.
pub fn canonical(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(six) if six.ip().to_ipv4_mapped().is_none() => {
            SocketAddrV6::new(*six.ip(), six.port(), 0, six.scope_id()).into()
        }
        SocketAddr::V4(_) | SocketAddr::V6(_) => SocketAddr::new(address.ip().to_canonical(), address.port()),
    }
}

/// What is known of a socket.
#[derive(Debug, PartialEq, Eq)]
struct Socket {
    state: u8,
    other_port: u16,
    user: u32,
    inode: u64,
}

impl Socket {
    const LISTEN: u8 = 10;

    fn owner(&self, own_port: u16) -> Owner {
        match self.state {
            // One that listens at the address of a socket that is not there any more.
            Self::LISTEN => Owner::NotHere,
            // Also of one that has ended its half and goes on listening.
            _ if self.inode != 0 && self.other_port == own_port => Owner::User(self.user),
            _ => Owner::Gone,
        }
    }
}

const HEADER: usize = 16;
const SOCK_DIAG_BY_FAMILY: u16 = 20;
const NLMSG_ERROR: u16 = 2;
const NLM_F_REQUEST: u16 = 1;

/// Asks for the socket at `peer` that is connected with `own`.
fn ask(asking: &OwnedFd, peer: SocketAddr, own: SocketAddr) -> std::io::Result<Socket> {
    send(asking, &question(peer, own), SendFlags::empty())?;
    let mut reply = [0; 512];
    // The kernel has answered before `send` returns.
    let (_, length) = recv(asking, &mut reply, RecvFlags::DONTWAIT)?;
    answer(&reply[..length.min(reply.len())])
}

/// `struct nlmsghdr`, and `struct inet_diag_req_v2`.
fn question(peer: SocketAddr, own: SocketAddr) -> Vec<u8> {
    let family = if peer.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    let mut bytes = Vec::with_capacity(HEADER + 56);
    bytes.extend(72_u32.to_ne_bytes());
    bytes.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    bytes.extend(NLM_F_REQUEST.to_ne_bytes());
    bytes.extend([0; 8]);
    bytes.extend([u8::try_from(family).unwrap_or_default(), 6, 0, 0]);
    // In whatever state.
    bytes.extend([0xff; 4]);
    bytes.extend(peer.port().to_be_bytes());
    bytes.extend(own.port().to_be_bytes());
    for address in [peer.ip(), own.ip()] {
        match address {
            IpAddr::V4(address) => bytes.extend(address.octets().into_iter().chain([0; 12])),
            IpAddr::V6(address) => bytes.extend(address.octets()),
        }
    }
    // On whatever interface, unless the address is one of an interface only; and without a cookie.
    let interface = match peer {
        SocketAddr::V4(_) => 0,
        SocketAddr::V6(six) => six.scope_id(),
    };
    bytes.extend(interface.to_ne_bytes());
    bytes.extend([0xff; 8]);
    bytes
}

/// `struct nlmsghdr`, and `struct inet_diag_msg` or an error's number.
fn answer(bytes: &[u8]) -> std::io::Result<Socket> {
    let short = || Error::other("a short answer");
    let number = |at: usize| {
        let bytes = bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
        bytes.map(u32::from_ne_bytes).ok_or_else(short)
    };
    let pair = |at: usize| {
        let bytes: Option<[u8; 2]> = bytes.get(at..at + 2).and_then(|bytes| bytes.try_into().ok());
        bytes.ok_or_else(short)
    };
    match u16::from_ne_bytes(pair(4)?) {
        SOCK_DIAG_BY_FAMILY => Ok(Socket {
            state: *bytes.get(HEADER + 1).ok_or_else(short)?,
            other_port: u16::from_be_bytes(pair(HEADER + 6)?),
            user: number(HEADER + 64)?,
            inode: number(HEADER + 68)?.into(),
        }),
        NLMSG_ERROR => Err(Error::from_raw_os_error(number(HEADER)?.cast_signed().wrapping_neg())),
        other => Err(Error::other(format!("an answer of type {other}"))),
    }
}

/// Looks for it among all sockets.
fn look_up(peer: SocketAddr, own: SocketAddr) -> std::io::Result<Option<Socket>> {
    // An IPv4 connection may be one of an IPv6 socket.
    for table in ["/proc/self/net/tcp", "/proc/self/net/tcp6"] {
        let file = match File::open(table) {
            Ok(file) => file,
            // Without IPv6 there is no table of it.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for line in BufReader::new(file).lines().skip(1) {
            // The table does not name interfaces.
            let same =
                |one: SocketAddr, other: SocketAddr| (one.ip(), one.port()) == (other.ip(), other.port());
            let is_it = |(local, remote, _): &(_, _, _)| same(*local, peer) && same(*remote, own);
            if let Some((_, _, socket)) = row(&line?).filter(is_it) {
                return Ok(Some(socket));
            }
        }
    }
    Ok(None)
}

/// Local address, remote address, and the rest.
fn row(line: &str) -> Option<(SocketAddr, SocketAddr, Socket)> {
    let fields: Vec<_> = line.split_ascii_whitespace().collect();
    let [_, local, remote, state, _, _, _, user, _, inode, ..] = fields[..] else { return None };
    let (local, remote) = (address(local)?, address(remote)?);
    let socket = Socket {
        state: u8::from_str_radix(state, 16).ok()?,
        other_port: remote.port(),
        user: user.parse().ok()?,
        inode: inode.parse().ok()?,
    };
    Some((local, remote, socket))
}

/// As in `0100007F:11DD`: words of 32 bits as the machine has them.
fn address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let mut octets = Vec::with_capacity(16);
    for at in (0..address.len()).step_by(8) {
        octets.extend(u32::from_str_radix(address.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
    }
    let ip = match octets.len() {
        4 => IpAddr::from(<[u8; 4]>::try_from(octets).ok()?),
        16 => IpAddr::from(<[u8; 16]>::try_from(octets).ok()?).to_canonical(),
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_the_table_is_read() {
        let line = "   1: 0100007F:11DD 0100007F:D431 01 00000000:00000000 00:00000000 00000000 65534        0 \
                    4711 1 0000000000000000 20 4 30 10 -1";
        let (local, remote, socket) = row(line).unwrap();
        assert_eq!(
            (local.to_string(), remote.to_string()),
            ("127.0.0.1:4573".into(), "127.0.0.1:54321".into())
        );
        assert_eq!(socket, Socket { state: 1, other_port: 54321, user: 65534, inode: 4711 });
        let mapped = line.replace("0100007F", "0000000000000000FFFF00000100007F");
        assert_eq!(row(&mapped).unwrap().0.to_string(), "127.0.0.1:4573");
        for broken in ["", "  sl  local_address rem_address   st", "0: 01:1 01:1 01 0 0 0 0 0 0"] {
            assert!(row(broken).is_none(), "{broken}");
        }
    }

    #[test]
    fn the_owner_counts_only_while_it_is_there() {
        // (state, other port, inode, owner)
        let cases = [
            (1, 4573, 4711, Owner::User(0)),
            (1, 4573, 0, Owner::Gone),
            (1, 4574, 4711, Owner::Gone),
            (4, 4573, 0, Owner::Gone),
            (4, 4573, 4711, Owner::User(0)),
            (5, 4573, 4711, Owner::User(0)),
            (8, 4573, 4711, Owner::User(0)),
            (5, 4573, 0, Owner::Gone),
            (6, 4573, 0, Owner::Gone),
            (10, 0, 4711, Owner::NotHere),
        ];
        for (state, other_port, inode, owner) in cases {
            assert_eq!(Socket { state, other_port, user: 0, inode }.owner(4573), owner, "{state} {inode}");
        }
    }
}
