//! What browsers may do here, and what they are told about the replies: a browser also runs the
//! pages of strangers, which must neither learn nor change anything.

use std::net::IpAddr;

use bytes::Bytes;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use hyper::{Response, StatusCode};

/// What a reply may do that has no policy of its own.
const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// What is said of every reply.
const GUARDS: [(HeaderName, HeaderValue); 5] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// A name without its case and without the dot that ends it.
pub fn plain(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// The name by which the sandbox is asked, if it is not its own: a name of the attacker's that leads to
/// this machine makes the attacker's page this server's own. Addresses, `localhost` and `hosts` are its
/// own; a browser cannot be led astray by the first two.
pub fn foreign_name(hosts: &[String], headers: &HeaderMap) -> Option<String> {
    let host = headers.get(HOST).map_or(Ok(""), HeaderValue::to_str).unwrap_or("?");
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let is_address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
    let name = plain(name);
    let is_own = name.is_empty() || name == "localhost" || is_address || hosts.contains(&name);
    (!is_own).then_some(name)
}

/// Whether a page of another site makes the browser ask. Programs that are not browsers say nothing
/// about that, and may.
pub fn is_from_another_site(hosts: &[String], headers: &HeaderMap) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let from_elsewhere = text(&HeaderName::from_static("sec-fetch-site"))
        .is_some_and(|site| !["same-origin", "none"].contains(&site));
    let host = text(&HOST).unwrap_or_default();
    let other_origin = text(&ORIGIN).is_some_and(|origin| {
        origin.split_once("://").is_none_or(|(_, origin)| origin != host)
            || foreign_name(hosts, headers).is_some()
    });
    from_elsewhere || other_origin
}

/// What is said to whoever asks by a name that is not the sandbox's.
pub fn not_by_this_name(name: &str) -> Response<Bytes> {
    let is_shown =
        name.len() <= 253 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    let name = if is_shown { name } else { "NAME" };
    forbidden(format!(
        "the sandbox does not know this name as its own: use its address or localhost, or start it with \
         --host {name}"
    ))
}

/// What is said to a page that may not.
pub fn not_from_there() -> Response<Bytes> {
    forbidden("this is a page of another site, which may not change anything here")
}

fn forbidden(why: impl Into<Bytes>) -> Response<Bytes> {
    let mut page = Response::new(why.into());
    *page.status_mut() = StatusCode::FORBIDDEN;
    page.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    page
}

/// Nobody keeps the reply, frames it, guesses what it is, runs what is in it, or learns where it was.
pub fn guard(headers: &mut HeaderMap) {
    headers.reserve(GUARDS.len() + 1);
    headers.extend(GUARDS);
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(NOTHING);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_names_are_addresses_localhost_and_those_it_is_told() {
        let hosts = ["pbx-lab.example".to_owned()];
        // (Host, whether it is a name of the sandbox's)
        let cases = [
            ("", true),
            ("127.0.0.1:3000", true),
            ("192.0.2.7", true),
            ("[::1]:3000", true),
            ("[2001:db8::7]", true),
            ("LocalHost:3000", true),
            ("localhost.", true),
            ("pbx-lab.example:3000", true),
            ("PBX-Lab.Example.:80", true),
            ("evil.example", false),
            ("evil.pbx-lab.example", false),
            ("pbx-lab.example.evil.example", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example:3000", false),
            ("2130706433", false),
            ("pbx-lab.example:3000:x", false),
        ];
        for (host, is_own) in cases {
            let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]);
            assert_eq!(foreign_name(&hosts, &headers).is_none(), is_own, "{host}");
        }
        let unreadable = HeaderMap::from_iter([(HOST, HeaderValue::from_bytes(b"\xff.example").unwrap())]);
        assert_eq!(foreign_name(&hosts, &unreadable).as_deref(), Some("?"));
        assert_eq!(foreign_name(&hosts, &HeaderMap::new()), None, "HTTP/1.0 has none");
    }
}
