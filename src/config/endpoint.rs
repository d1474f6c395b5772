//! Zammad's address and the token in it.

use std::fmt;
use std::path::Path;

use url::{Host, ParseError, Url};

use super::Secret;

/// The path of Zammad's generic CTI endpoint, without the token.
const PATH: &str = "/api/v1/cti";

/// The URL that events are posted to. It holds the token, so it shows itself without.
#[derive(Clone)]
pub struct Endpoint {
    url: Url,
    token: Secret,
}

/// Why a URL and a token make no endpoint. No text holds the token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// The text is no URL.
    #[error("not a URL such as https://zammad.example.com/api/v1/cti/TOKEN: {0}")]
    NoUrl(String),
    /// Another scheme than `http` or `https`.
    #[error("it starts with {0:?}, not with http:// or https://")]
    Scheme(String),
    /// Nothing between the slashes.
    #[error("it has no host")]
    NoHost,
    /// No token in the URL, and none beside it.
    #[error(
        "it has no token; copy the whole address from Zammad's admin page (Integrations, CTI), or set \
         the token beside it"
    )]
    NoToken,
    /// More than Zammad's own path.
    #[error("the path continues after the token; it must end with {PATH}/TOKEN")]
    PathBehindToken,
    /// A `?` or a `#`.
    #[error("it has a query or a fragment; Zammad's address ends with the token")]
    Query,
    /// One in the URL, and another beside it.
    #[error("it contains one token, and the setting `token` another; keep one of them")]
    TwoTokens,
    /// The address that has the token in it, in the token's place.
    #[error(
        "it is an address, where the token alone belongs; put the address into `url`, or keep only what follows \
         {PATH}/"
    )]
    AddressForToken,
    /// A character that no token of Zammad's can have, or that its router takes for something else.
    #[error("the token has {0}, but Zammad's tokens only have letters, digits, - and _")]
    Token(&'static str),
}

impl Endpoint {
    /// Zammad's own tokens have 27 characters. A text of fewer than these is somebody's `test`, and
    /// would be found in every other word.
    pub(crate) const SECRET_FROM: usize = 8;

    /// Joins a URL, with or without a token in it, and a separate token.
    ///
    /// # Errors
    ///
    /// They make none; see [`EndpointError`].
    pub fn new(url: &Secret, token: Option<&Secret>) -> Result<Self, EndpointError> {
        let text = url.reveal().trim();
        // A blank inside would be escaped and become a part of the token.
        if text.contains(char::is_whitespace) {
            return Err(EndpointError::Token("a blank"));
        }
        let mut url = Url::parse(text).map_err(|error| {
            EndpointError::NoUrl(match error {
                ParseError::RelativeUrlWithoutBase => "https:// is missing in front".to_owned(),
                error => error.to_string(),
            })
        })?;
        if !["http", "https"].contains(&url.scheme()) {
            return Err(EndpointError::Scheme(url.scheme().to_owned()));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(EndpointError::NoHost);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(EndpointError::Query);
        }
        let path = url.path().trim_end_matches('/').to_owned();
        let (base, in_url) = match path.split_once(&format!("{PATH}/")) {
            Some((base, token)) => (base.to_owned(), Some(Secret::new(token.trim_matches('/')))),
            None => (path.trim_end_matches(PATH).to_owned(), None),
        };
        let separate = token.map(|token| Secret::new(token.reveal().trim()));
        let token = match (in_url, separate) {
            (Some(one), Some(other)) if one != other => return Err(EndpointError::TwoTokens),
            (Some(token), _) | (None, Some(token)) => token,
            (None, None) => return Err(EndpointError::NoToken),
        };
        check_token(token.reveal())?;
        url.set_path(&format!("{base}{PATH}/{}", token.reveal()));
        Ok(Self { url, token })
    }

    /// The whole URL, token included: for the wire, and for a user who asks for the token.
    #[doc(hidden)]
    pub fn reveal(&self) -> &Url {
        &self.url
    }

    /// Another page of the same Zammad's API, such as `cti/log`.
    #[doc(hidden)]
    pub fn api(&self, page: &str) -> Url {
        let mut url = self.url.clone();
        let own = format!("cti/{}", self.token.reveal());
        let api = url.path().strip_suffix(&own).unwrap_or_default().to_owned();
        url.set_path(&format!("{api}{page}"));
        url
    }

    /// Zammad's host: a name, or an address, in brackets if it is IPv6.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Whether it is on this machine.
    pub fn is_loopback(&self) -> bool {
        match self.url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        }
    }

    /// Whether it is an `https://` address.
    pub fn is_tls(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// `text` without the token, wherever it comes from.
    pub fn redact(&self, text: &str) -> String {
        let token = self.token.reveal();
        if token.len() < Self::SECRET_FROM { redact(text) } else { redact(&text.replace(token, "***")) }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut url = self.url.clone();
        // A name and a password in front of the host are secrets too.
        let _ = url.set_username("").and(url.set_password(None));
        let path = url.path().to_owned();
        let base = path.strip_suffix(self.token.reveal()).unwrap_or_default();
        let before = base.trim_end_matches('/').strip_suffix(PATH).unwrap_or_default().to_owned();
        url.set_path(&before);
        // There may be another token in what stands before Zammad's own path.
        write!(f, "{}{PATH}/***", redact(url.as_str().trim_end_matches('/')))
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Endpoint(***)")
    }
}

/// What is wrong with a token that stands by itself. That it is empty is told where one is needed.
///
/// # Errors
///
/// It cannot be one.
pub(super) fn check_separate_token(token: &Secret) -> Result<(), EndpointError> {
    let token = token.reveal().trim();
    if token.is_empty() {
        return Ok(());
    }
    if token.contains("://") || token.contains(PATH) {
        return Err(EndpointError::AddressForToken);
    }
    if token.contains('/') {
        return Err(EndpointError::Token("a slash"));
    }
    check_token(token)
}

fn check_token(token: &str) -> Result<(), EndpointError> {
    if token.is_empty() {
        return Err(EndpointError::NoToken);
    }
    if token.contains('/') {
        return Err(EndpointError::PathBehindToken);
    }
    if token.contains('.') {
        return Err(EndpointError::Token("a dot"));
    }
    // `%20` is how a blank looks in a URL.
    if token.contains(char::is_whitespace) || token.contains("%20") {
        return Err(EndpointError::Token("a blank"));
    }
    if token.contains(['"', '\'']) {
        return Err(EndpointError::Token("a quotation mark"));
    }
    // A URL would hold some of them in another form, in which nobody would find the token.
    if !token.bytes().all(|byte| byte.is_ascii_graphic() && !b"%?#\\\"'<>^`{|}".contains(&byte)) {
        return Err(EndpointError::Token("a character that is not allowed in a path"));
    }
    Ok(())
}

/// A URL without the path that holds the token, and the token.
pub(super) fn split(url: &Option<Secret>) -> (Option<Secret>, Option<Secret>) {
    match url.as_ref().and_then(|url| url.reveal().split_once(PATH)) {
        Some((base, rest)) => {
            let token = rest.trim_matches('/');
            (Some(Secret::new(base)), (!token.is_empty()).then(|| Secret::new(token)))
        }
        None => (url.clone(), None),
    }
}

/// `text` with stars in place of whatever follows the endpoint's path: texts of libraries and of
/// the command line may hold a token that nobody has read yet.
#[doc(hidden)]
pub fn redact(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find("/cti/") {
        let (before, token) = rest.split_at(place + "/cti/".len());
        safe.push_str(before);
        let end = token.find(|c: char| c.is_whitespace() || "'\"`<>)],;:".contains(c)).unwrap_or(token.len());
        // The words are those of this program's own texts: where a token belongs, and the caller log.
        safe.push_str(if ["", "TOKEN", "log"].contains(&&token[..end]) { &token[..end] } else { "***" });
        rest = &token[end..];
    }
    safe.push_str(rest);
    safe
}

/// A setting's value for people's eyes: what looks like an endpoint is one without its token, whatever the
/// setting is for. The path of a file is shown as it is, if its folder exists: `/srv/cti/spool.db` is none.
pub(crate) fn shown(value: &str) -> String {
    let is_in_a_folder = Path::new(value).parent().is_some_and(Path::is_dir);
    if is_in_a_folder { value.to_owned() } else { redact(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(url: &str, token: Option<&str>) -> Result<Endpoint, EndpointError> {
        Endpoint::new(&Secret::new(url), token.map(Secret::new).as_ref())
    }

    #[test]
    fn urls_and_tokens_make_endpoints() {
        let cases = [
            ("https://z.example/api/v1/cti/tok", None, "https://z.example/api/v1/cti/tok"),
            ("https://z.example/api/v1/cti/tok/", None, "https://z.example/api/v1/cti/tok"),
            ("https://z.example/api/v1/cti//tok", None, "https://z.example/api/v1/cti/tok"),
            ("https://z.example/help/api/v1/cti/tok", None, "https://z.example/help/api/v1/cti/tok"),
            ("https://z.example", Some("tok"), "https://z.example/api/v1/cti/tok"),
            ("https://z.example/", Some("tok\n"), "https://z.example/api/v1/cti/tok"),
            ("https://z.example/api/v1/cti", Some("tok"), "https://z.example/api/v1/cti/tok"),
            ("http://z.example:3000/help", Some("tok"), "http://z.example:3000/help/api/v1/cti/tok"),
            ("http://[::1]:3000/api/v1/cti/tok", Some("tok"), "http://[::1]:3000/api/v1/cti/tok"),
        ];
        for (url, token, expected) in cases {
            assert_eq!(endpoint(url, token).unwrap().reveal().as_str(), expected, "{url}");
        }
    }

    #[test]
    fn other_pages_are_beside_it() {
        for (url, expected) in [
            ("https://z.example/api/v1/cti/tok", "https://z.example/api/v1/cti/log"),
            ("https://z.example:8443/help/api/v1/cti/cti", "https://z.example:8443/help/api/v1/cti/log"),
        ] {
            assert_eq!(endpoint(url, None).unwrap().api("cti/log").as_str(), expected);
        }
    }

    #[test]
    fn what_is_no_endpoint_is_refused() {
        let cases = [
            ("", None, "not a URL"),
            ("zammad.example.com", None, "https:// is missing"),
            ("ftp://z.example/api/v1/cti/tok", None, "\"ftp\""),
            ("https://z.example/", None, "no token"),
            ("https://z.example/api/v1/cti/", None, "no token"),
            ("https://z.example/api/v1/cti/tok/more", None, "after the token"),
            ("https://z.example/api/v1/cti/tok?x=1", None, "query"),
            ("https://z.example/api/v1/cti/to.k", None, "a dot"),
            ("https://z.example/api/v1/cti/to k", None, "a blank"),
            ("https://z.example/api/v1/cti/to%20k", None, "a blank"),
            ("https://z.example/api/v1/cti/tok", Some("other"), "another"),
            ("https://z.example", Some("to.k"), "a dot"),
            ("https://z.example", Some("to k"), "a blank"),
            ("https://z.example", Some("to`k"), "not allowed in a path"),
            ("https://z.example", Some("{tok}"), "not allowed in a path"),
            ("https://z.example", Some(""), "no token"),
        ];
        for (url, token, expected) in cases {
            let error = endpoint(url, token).unwrap_err().to_string();
            assert!(error.contains(expected), "{url}: {error}");
        }
    }

    #[test]
    fn an_endpoint_shows_no_secret() {
        let endpoint = endpoint("https://me:pw@z.example/api/v1/cti/tok123", None).unwrap();
        assert_eq!(endpoint.to_string(), "https://z.example/api/v1/cti/***");
        assert_eq!(format!("{endpoint:?}"), "Endpoint(***)");
        assert_eq!(
            endpoint.redact("No route matches [GET] /api/v1/cti/tok123"),
            "No route matches [GET] /api/v1/cti/***"
        );
        let nested = self::endpoint("https://z.example/cti/other/", Some("tok123")).unwrap();
        assert_eq!(nested.to_string(), "https://z.example/cti/***/api/v1/cti/***");
        assert_eq!(redact("bad '/api/v1/cti/other' and /cti/x y"), "bad '/api/v1/cti/***' and /cti/*** y");
    }
}
