//! Where a server listens.

use std::net::{SocketAddr, ToSocketAddrs};

/// An address and a port, or a host's name and a port.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    let mut addresses = text
        .to_socket_addrs()
        .map_err(|_| "use an address such as 127.0.0.1:3000 or localhost:3000".to_owned())?;
    addresses.next().ok_or_else(|| "host not found".to_owned())
}
