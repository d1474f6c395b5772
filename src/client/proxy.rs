//! The proxy in front of Zammad: the variables that curl reads, by curl's rules.

use std::ffi::{OsStr, OsString};
use std::net::IpAddr;

use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use url::Url;

use crate::config::Endpoint;

/// A proxy variable that cannot be used. The value is not shown, as a password may be in it.
#[derive(Debug, thiserror::Error)]
#[error("the variable {variable} {reason}")]
pub struct ProxyError {
    variable: &'static str,
    reason: Unusable,
}

/// What is wrong with the value.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    /// curl may take it.
    #[error("names a proxy of the kind {0}://, but only http:// and https:// proxies are supported")]
    Kind(String),
    #[error("is not the address of a proxy, such as http://proxy.example.com:3128: {0}")]
    NoAddress(String),
}

/// A proxy that is to be asked.
pub(super) struct Chosen {
    /// with the login that it may need
    pub url: Url,
    pub intercept: Intercept,
}

/// The proxy that these variables name for an endpoint. Of two spellings the one in small letters counts, and an
/// empty variable is not set. Other than in curl, `HTTP_PROXY` in capitals counts as well, but not in a CGI script.
///
/// Source: curl's manual page, section "Environment", and its `lib/noproxy.c`.
///
/// # Errors
///
/// There should be one, and what is named is none.
pub(super) fn of(
    endpoint: &Endpoint,
    variable: impl Fn(&'static str) -> Option<OsString>,
) -> Result<Option<Chosen>, ProxyError> {
    // What is on this machine is not behind a proxy.
    if endpoint.is_loopback() {
        return Ok(None);
    }
    // Where a web server runs the program, that one may be a header `Proxy:` of its client.
    let is_clients = |name| name == "HTTP_PROXY" && variable("REQUEST_METHOD").is_some();
    let set = |name: &'static str| {
        let text = variable(name).filter(|text| !text.is_empty() && !is_clients(name))?;
        Some((name, text))
    };
    let own = if endpoint.is_tls() { ["https_proxy", "HTTPS_PROXY"] } else { ["http_proxy", "HTTP_PROXY"] };
    let Some((name, text)) = own.into_iter().chain(["all_proxy", "ALL_PROXY"]).find_map(set) else {
        return Ok(None);
    };
    let without = ["no_proxy", "NO_PROXY"].into_iter().find_map(set);
    if without.is_some_and(|(_, list)| is_listed(endpoint.host(), &list.to_string_lossy())) {
        return Ok(None);
    }
    match read(&text, endpoint) {
        Ok(chosen) => Ok(Some(chosen)),
        Err(reason) => Err(ProxyError { variable: name, reason }),
    }
}

fn read(text: &OsStr, endpoint: &Endpoint) -> Result<Chosen, Unusable> {
    let no_address = |reason: &str| Unusable::NoAddress(reason.to_owned());
    let text = text.to_str().ok_or_else(|| no_address("it is not UTF-8"))?.trim();
    let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let url = Url::parse(&whole).map_err(|error| no_address(&error.to_string()))?;
    if !["http", "https"].contains(&url.scheme()) {
        return Err(Unusable::Kind(url.scheme().to_owned()));
    }
    let scheme = if endpoint.is_tls() { "https" } else { "http" };
    let target = format!("{scheme}://{}/", endpoint.host()).parse();
    let matcher = Matcher::builder().all(url.as_str()).build();
    let intercept = target.ok().and_then(|target| matcher.intercept(&target));
    Ok(Chosen { intercept: intercept.ok_or_else(|| no_address("it has no usable host"))?, url })
}

/// Whether a list, as in `NO_PROXY`, has this host: by its name, by the name of a domain that it is in, by its
/// address or by a network such as `192.168.0.0/16`. Commas or blanks stand between; a `*` is every host if there is
/// nothing else, not even a blank.
fn is_listed(host: &str, list: &str) -> bool {
    if list == "*" {
        return true;
    }
    let host = host.trim_matches(['[', ']']);
    let entries = list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty());
    match host.parse::<IpAddr>() {
        Ok(address) => entries.into_iter().any(|entry| covers(entry, address)),
        Err(_) => entries.into_iter().any(|entry| is_domain_of(entry, host)),
    }
}

/// Whether an entry is this address, or a network that it is in. A length of 0, or none behind the slash, is that of a
/// single address.
fn covers(entry: &str, address: IpAddr) -> bool {
    let (network, length) = entry.split_once('/').unwrap_or((entry, ""));
    let Ok(network) = network.parse::<IpAddr>() else { return false };
    let (all, ours, theirs) = match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            (32, u128::from(network.to_bits()) << 96, u128::from(address.to_bits()) << 96)
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => (128, network.to_bits(), address.to_bits()),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
    };
    match leading_number(length) {
        Some(0) => ours == theirs,
        Some(length) if length <= all => (ours ^ theirs) >> (128 - length) == 0,
        Some(_) | None => false,
    }
}

/// The number at the beginning of a text, or 0, as C reads it; `None` for one below zero or too large.
fn leading_number(text: &str) -> Option<u32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let number = if end == 0 { 0 } else { digits[..end].parse().ok()? };
    (number == 0 || !text.starts_with('-')).then_some(number)
}

/// Whether an entry is this name, or that of a domain which the name is in.
fn is_domain_of(entry: &str, name: &str) -> bool {
    let entry = entry.strip_suffix('.').unwrap_or(entry);
    let entry = entry.strip_prefix('.').unwrap_or(entry);
    let name = name.strip_suffix('.').unwrap_or(name);
    let Some(place) = name.len().checked_sub(entry.len()) else { return false };
    let is_end = name.get(place..).is_some_and(|end| end.eq_ignore_ascii_case(entry));
    !entry.is_empty() && is_end && (place == 0 || name.as_bytes()[place - 1] == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Proxy;
    use crate::config::Secret;

    fn endpoint(base: &str) -> Endpoint {
        Endpoint::new(&Secret::new(format!("{base}/api/v1/cti/token")), None).unwrap()
    }

    /// What the variables say of this endpoint.
    fn chosen(base: &str, variables: &[(&str, &str)]) -> Result<Option<Chosen>, ProxyError> {
        of(&endpoint(base), |name| {
            variables.iter().find(|(set, _)| *set == name).map(|(_, text)| OsString::from(text))
        })
    }

    /// What curl 7.88 does with them, but for networks of IPv6, which only later ones read.
    #[test]
    fn hosts_are_listed_by_the_rules_of_curl() {
        // (host, lists that have it, lists that do not)
        let cases: [(&str, &[&str], &[&str]); 4] = [
            (
                "192.0.2.7",
                &[
                    "*",
                    "192.0.2.7",
                    "192.0.2.0/24",
                    "192.0.2.9/28",
                    "a 192.0.2.7",
                    "a\t192.0.2.7",
                    "a,192.0.2.7",
                    " , 192.0.2.7 ,",
                    "192.0.2.7,*",
                    "192.0.2.7/",
                    "192.0.2.7/0",
                    "192.0.2.7/x",
                    "192.0.2.9/28x",
                    "192.0.2.9/+28",
                    "192.0.2.7/32",
                    "192.0.9.7/8/9",
                ],
                &[
                    "",
                    "a,*",
                    " *",
                    "* ",
                    "*,",
                    "[192.0.2.7]",
                    "0.0.0.0/0",
                    "192.0.2.7/33",
                    "192.0.2.9/-4",
                    "192.0.2.9/ 28",
                    "192.0.2.7/99999999999",
                    "192.0.2.7.",
                    "192.0.2.0/33",
                    "192.0.2.0/x",
                    "a;192.0.2.7",
                    ".192.0.2.7",
                    "192.0.2.7:80",
                    "192.0.2",
                    "2.7",
                    "192.0.3.0/24",
                    "::/0",
                ],
            ),
            (
                "[2001:db8::1]",
                &["*", "2001:db8::1", "2001:db8::/32", "2001:DB8:0::1", "2001:db8::1/0"],
                &[
                    "[2001:db8::1]",
                    "::/0",
                    "2001:db8::2",
                    "2001:db9::/32",
                    "0.0.0.0/0",
                    "db8::1",
                    "2001:db8::/129",
                ],
            ),
            (
                "z.example.invalid",
                &[
                    "*",
                    "example.invalid",
                    ".example.invalid",
                    "Z.EXAMPLE.INVALID",
                    "z.example.invalid.",
                    "a z.example.invalid",
                    "invalid",
                ],
                &[
                    "a,*",
                    "*.example.invalid",
                    "xample.invalid",
                    "y.z.example.invalid",
                    "z.example.invalid:80",
                    "192.0.2.0/24",
                    ".",
                    "..",
                    "0.0.0.0/0",
                ],
            ),
            ("z.example.invalid.", &["z.example.invalid", "example.invalid."], &["example"]),
        ];
        for (host, has, has_not) in cases {
            for list in has {
                assert!(is_listed(host, list), "{host} in {list:?}");
            }
            for list in has_not {
                assert!(!is_listed(host, list), "{host} in {list:?}");
            }
        }
    }

    #[test]
    fn a_variable_counts_for_the_hosts_that_it_is_for() {
        // (endpoint, variables, the proxy)
        type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], Option<&'a str>);
        let (a, b) = ("http://a:1", "http://b:2");
        let cases: [Case; 15] = [
            ("https://z.example", &[], None),
            ("https://z.example", &[("http_proxy", a)], None),
            ("http://z.example", &[("https_proxy", a)], None),
            ("https://z.example", &[("HTTPS_PROXY", a)], Some(a)),
            ("https://z.example", &[("HTTPS_PROXY", a), ("https_proxy", b)], Some(b)),
            ("https://z.example", &[("HTTPS_PROXY", a), ("https_proxy", "")], Some(a)),
            ("https://z.example", &[("https_proxy", a), ("ALL_PROXY", b)], Some(a)),
            ("http://z.example", &[("https_proxy", a), ("ALL_PROXY", b)], Some(b)),
            ("https://z.example", &[("https_proxy", a), ("NO_PROXY", "z.example")], None),
            (
                "https://z.example",
                &[("https_proxy", a), ("NO_PROXY", "z.example"), ("no_proxy", "y")],
                Some(a),
            ),
            ("https://127.0.0.1", &[("https_proxy", a)], None),
            ("http://z.example", &[("HTTP_PROXY", a), ("REQUEST_METHOD", "GET")], None),
            ("http://z.example", &[("HTTP_PROXY", a), ("REQUEST_METHOD", "GET"), ("ALL_PROXY", b)], Some(b)),
            ("http://z.example", &[("http_proxy", a), ("REQUEST_METHOD", "GET")], Some(a)),
            ("https://z.example", &[("HTTPS_PROXY", a), ("REQUEST_METHOD", "GET")], Some(a)),
        ];
        for (base, variables, expected) in cases {
            let proxy = chosen(base, variables).unwrap().map(|chosen| Proxy::of(chosen.intercept.uri()));
            assert_eq!(proxy.map(|proxy| proxy.to_string()).as_deref(), expected, "{base} {variables:?}");
        }
    }

    #[test]
    fn a_proxy_is_shown_without_any_of_its_login() {
        // (the variable, host, what is shown)
        let cases = [
            ("http://proxy:3128", "proxy", "http://proxy:3128"),
            ("proxy", "proxy", "http://proxy"),
            ("proxy:3128", "proxy", "http://proxy:3128"),
            (" http://proxy:3128/\n", "proxy", "http://proxy:3128"),
            ("https://me:secret@proxy", "proxy", "https://proxy"),
            ("me:secret@proxy:1", "proxy", "http://proxy:1"),
            ("http://me:p@secret@127.0.0.1:1", "127.0.0.1", "http://127.0.0.1:1"),
            ("http://me:p@secret:81@proxy", "proxy", "http://proxy"),
            ("http://me:p@a@secret@[::1]:8080/x", "::1", "http://[::1]:8080"),
            ("http://[fe80::1]", "fe80::1", "http://[fe80::1]"),
        ];
        for (variable, host, shown) in cases {
            let chosen = chosen("https://zammad.example.com", &[("https_proxy", variable)]).unwrap().unwrap();
            let proxy = Proxy::of(chosen.intercept.uri());
            assert_eq!((proxy.host.as_str(), proxy.to_string().as_str()), (host, shown), "{variable}");
        }
    }

    #[test]
    fn a_variable_that_is_no_address_is_said_to_be_none_without_its_value() {
        // (the variable, a part of the reason)
        let cases = [
            ("http://", "empty host"),
            (" ", "empty host"),
            ("http://me:secret@", "empty host"),
            ("http://proxy:port", "invalid port"),
            ("http://proxy:70000", "invalid port"),
            ("http://me:sec#ret@proxy:3128", "invalid port"),
            ("http://my secret proxy", "invalid"),
            ("socks5://me:secret@proxy:1080", "names a proxy of the kind socks5://, but only"),
            ("ftp://proxy", "kind ftp://"),
            ("http://[::1", "invalid"),
        ];
        for (variable, reason) in cases {
            let error =
                chosen("https://zammad.example.com", &[("ALL_PROXY", variable)]).err().expect(variable);
            let said = error.to_string();
            assert!(said.contains("ALL_PROXY") && said.contains(reason), "{variable}: {said}");
            assert!(!said.contains("sec"), "{variable}: {said}");
            // Nobody asks the proxy for what is not behind it.
            let listed = [("ALL_PROXY", variable), ("NO_PROXY", "zammad.example.com")];
            assert!(chosen("https://zammad.example.com", &listed).unwrap().is_none(), "{variable}");
        }
    }
}
