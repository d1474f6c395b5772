//! Where a phone system is: a host and a port.

use std::net::Ipv6Addr;

use crate::config::ConfigError;

/// `HOST:PORT` of a setting's text: a name, an address, or an IPv6 address in brackets; without a port the usual one. An
/// IPv6 address without brackets has no port.
///
/// # Errors
///
/// It is something else, such as a URL; the text says so by the setting's name, with an example.
pub fn host_and_port(setting: &str, text: &str, usual_port: u16) -> Result<String, ConfigError> {
    let wrong = || {
        let example = format!("HOST:PORT, such as 127.0.0.1:{usual_port}");
        ConfigError::Bridge(match text.trim() {
            "" => format!("{setting} is empty; it is {example}"),
            text => format!("{setting}: {text:?} is not {example}"),
        })
    };
    let text = text.trim();
    if text.parse::<Ipv6Addr>().is_ok() {
        return Ok(format!("[{text}]:{usual_port}"));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
            let port = port.parse().ok().filter(|port: &u16| is_number && *port != 0);
            (host, port.ok_or_else(wrong)?)
        }
        Some(_) | None => (text, usual_port),
    };
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(inner) => inner.parse::<Ipv6Addr>().is_ok(),
        // As names of hosts are, and of containers, which may have an underscore.
        None => !host.is_empty() && host.chars().all(|c| c.is_alphanumeric() || ['-', '_', '.'].contains(&c)),
    };
    if is_host { Ok(format!("{host}:{port}")) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        // (what is set, what it means; "": it is refused)
        let cases = [
            ("127.0.0.1:5038", "127.0.0.1:5038"),
            ("127.0.0.1", "127.0.0.1:5038"),
            (" pbx.example.com ", "pbx.example.com:5038"),
            ("pbx:5039", "pbx:5039"),
            ("pbx_1:5038", "pbx_1:5038"),
            ("[::1]:5038", "[::1]:5038"),
            ("[::1]", "[::1]:5038"),
            ("::1", "[::1]:5038"),
            ("", ""),
            (" ", ""),
            (":5038", ""),
            ("pbx:", ""),
            ("pbx:0", ""),
            ("pbx:65536", ""),
            ("pbx:+1", ""),
            ("pbx:ami", ""),
            ("pbx 5038", ""),
            ("tcp://pbx:5038", ""),
            ("http://pbx", ""),
            ("pbx:5038/", ""),
            ("zammad@pbx:5038", ""),
            ("[pbx]:5038", ""),
            ("1:2:3", ""),
        ];
        for (text, expected) in cases {
            match host_and_port("bridge.asterisk.address", text, 5038) {
                Ok(address) => assert_eq!(address, expected, "{text:?}"),
                Err(error) => {
                    let error = error.to_string();
                    let is_helpful = error.starts_with("bridge.asterisk.address")
                        && error.ends_with("HOST:PORT, such as 127.0.0.1:5038");
                    assert!(expected.is_empty() && is_helpful, "{text:?}: {error}");
                }
            }
        }
    }
}
