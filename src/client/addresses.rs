//! The order and the form in which a host's addresses are tried, so that dead ones leave time for the others.
//!
//! hyper shares the time for a connection among the addresses of a family. The other family gets its turn 0.3 s
//! later, at the same time, which a short `connect_timeout` may never come to.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

/// When hyper turns to the other family.
const OTHER_FAMILY: Duration = Duration::from_millis(300);

/// A host's addresses as they are tried within this time. `failed` counts the attempts that have met with nobody:
/// each of them makes another address the first.
pub(super) fn in_time(
    found: impl Iterator<Item = SocketAddr>,
    within: Duration,
    failed: usize,
) -> Vec<SocketAddr> {
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in found {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.len() < 2 {
        return addresses;
    }
    let mut addresses = alternating(&addresses);
    let count = addresses.len();
    addresses.rotate_left(failed % count);
    let second = addresses.iter().filter(|address| address.is_ipv6() != addresses[0].is_ipv6()).count();
    if second > 0 && !second_family_has_its_share(count, second, within) && ipv6_reaches_ipv4() {
        for address in &mut addresses {
            address.set_ip(in_ipv6(address.ip()));
        }
    }
    addresses
}

/// The families in turn, as one of them may lead nowhere; within a family the system's order counts.
fn alternating(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let is_first = |address: &&SocketAddr| address.is_ipv6() == addresses[0].is_ipv6();
    let mut first = addresses.iter().copied().filter(|address| is_first(&address));
    let mut second = addresses.iter().copied().filter(|address| !is_first(&address));
    let mut alternating = Vec::with_capacity(addresses.len());
    while alternating.len() < addresses.len() {
        alternating.extend(first.next());
        alternating.extend(second.next());
    }
    alternating
}

/// Whether the last address of the second family gets as much time as if all were of one.
fn second_family_has_its_share(count: usize, second: usize, within: Duration) -> bool {
    let part = |of: usize| within / u32::try_from(of).unwrap_or(u32::MAX);
    part(second) >= OTHER_FAMILY + part(count)
}

/// An address as IPv6 writes it.
fn in_ipv6(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().into(),
        IpAddr::V6(_) => address,
    }
}

/// Whether IPv4 addresses can be reached in the form of IPv6: a machine may have none, or keep them apart. Nothing is
/// sent to find it out.
fn ipv6_reaches_ipv4() -> bool {
    let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0));
    socket.is_ok_and(|socket| socket.connect("[::ffff:127.0.0.1]:9").is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_share_of_the_time() {
        // (what was found, within, failed before, what is tried; `*` for an address as IPv6 writes it)
        let cases = [
            ("a", 100, 0, "a"),
            ("a", 100, 3, "a"),
            ("a b", 100, 0, "a b"),
            ("a a b a", 100, 0, "a b"),
            ("a b", 100, 1, "b a"),
            ("a b", 100, 2, "a b"),
            ("A a", 2000, 0, "A a"),
            ("A a", 600, 0, "A a"),
            ("A a", 599, 0, "A *a"),
            ("a A", 100, 0, "*a A"),
            ("A a", 2000, 1, "a A"),
            ("A B a b", 2000, 0, "A a B b"),
            ("A B a b", 1199, 0, "A *a B *b"),
            ("A a b", 2000, 0, "A a b"),
            ("A a b", 1700, 0, "A *a *b"),
        ];
        let address = |word: &str| -> SocketAddr {
            let ip = match word {
                "a" => "192.0.2.1",
                "b" => "192.0.2.2",
                "A" => "2001:db8::1",
                "B" => "2001:db8::2",
                "*a" => "::ffff:192.0.2.1",
                "*b" => "::ffff:192.0.2.2",
                word => panic!("{word}"),
            };
            SocketAddr::new(ip.parse().unwrap(), 0)
        };
        let read = |words: &str| words.split(' ').map(address).collect::<Vec<_>>();
        for (found, within, failed, tried) in cases {
            let within = Duration::from_millis(within);
            let got = in_time(read(found).into_iter(), within, failed);
            // A machine may have no IPv6.
            let expected = if ipv6_reaches_ipv4() { tried.to_owned() } else { tried.replace('*', "") };
            assert_eq!(got, read(&expected), "{found} within {within:?} after {failed}");
        }
    }
}
