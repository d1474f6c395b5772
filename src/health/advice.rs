//! What to do about a fault, in words for whoever runs Zammad, its web server, or the phone system.

use std::io::ErrorKind;

use url::Url;

use super::{Fault, Health, StageName};
use crate::client::{ClientError, Content, SendError, TlsFault, TrustError};
use crate::config::{ConfigError, Endpoint, FileError};

/// Where Zammad's administrators find the integration.
const ADMIN_PAGE: &str = "Zammad's Admin > System > Integrations > CTI (generic)";

/// Where to look when the web server runs and Zammad does not.
const IS_ZAMMAD_RUNNING: &str = "On Zammad's machine: systemctl status zammad-web (or zammad), and the \
                                 web server's log, such as /var/log/nginx/zammad.error.log";

/// The table of what goes wrong in TLS.
const MORE_ON_TLS: &str = "More is in docs/tls.md";

pub(super) const RENEW: &str = "Renew the certificate on Zammad's web server, and reload it (with Let's \
                                Encrypt: certbot renew, then systemctl reload nginx)";

pub(super) const SLOW: &str = "Compare the times of the stages. If HTTP takes much longer than the connection, \
                               it is Zammad itself: look at the load of its machine";

/// What its neighbours in front of Zammad must leave alone.
const NO_LOGIN: &str = "let /api/v1/cti/ through to Zammad without a login: its token is all it needs";

impl Health {
    /// What to do about the first stage that failed.
    pub(super) fn after_failure(&self, stage: StageName, fault: &Fault) -> String {
        let step = match fault {
            Fault::Unusable(error) => unusable(error),
            Fault::Proxy { status: 407 } => {
                "The proxy wants a login: put it into the proxy variable, as in http://USER:PASSWORD@HOST:PORT"
                    .to_owned()
            }
            Fault::Proxy { .. } => format!(
                "Let the proxy connect to {0}, or list {0} in NO_PROXY if it can be reached without",
                self.host()
            ),
            Fault::Send(error) => self.after(stage, error),
        };
        let may_be_the_proxy = match fault {
            Fault::Send(_) => true,
            Fault::Unusable(_) | Fault::Proxy { .. } => false,
        };
        match &self.proxy {
            Some(proxy) if may_be_the_proxy => {
                format!("{step}. All of this goes through the proxy {proxy} (see HTTPS_PROXY and NO_PROXY)")
            }
            Some(_) | None => step,
        }
    }

    fn after(&self, stage: StageName, error: &SendError) -> String {
        let host = self.hop();
        match error {
            SendError::Lookup(_) => format!(
                "Check the spelling of the host name. If it is right, this machine's DNS does not know it \
                (try: getent hosts {host})"
            ),
            SendError::LookupTimeout => format!(
                "This machine's DNS server does not answer (try: getent hosts {host}). See /etc/resolv.conf"
            ),
            SendError::Connect(_) => match stage {
                StageName::Tls if self.proxy.is_some() => {
                    "The proxy does not answer like a proxy, or cannot connect: check the proxy variable \
                     (http:// or https://; SOCKS is not supported)"
                        .to_owned()
                }
                StageName::Tls => {
                    "The connection is cut before TLS begins: a load balancer without a server behind it, a \
                     firewall, or a port that is not for https"
                        .to_owned()
                }
                StageName::Configuration
                | StageName::Dns
                | StageName::Tcp
                | StageName::Http
                | StageName::Zammad
                | StageName::Integration
                | StageName::Configured
                | StageName::Token => format!(
                    "Nothing listens there: check the port, whether the web server runs (on {host}: \
                    systemctl \
                     status nginx, or apache2), and the firewall"
                ),
            },
            SendError::ConnectTimeout => match stage {
                StageName::Tls => {
                    "The server accepts the connection, but does not start TLS: check whether this port \
                     is for https, and how busy the machine is"
                        .to_owned()
                }
                StageName::Configuration
                | StageName::Dns
                | StageName::Tcp
                | StageName::Http
                | StageName::Zammad
                | StageName::Integration
                | StageName::Configured
                | StageName::Token => format!(
                    "A firewall on the way to {host} drops the packets, the machine is off, or the address \
                    belongs to another machine. Give a slow network more time with connect_timeout"
                ),
            },
            SendError::Tls(fault) | SendError::PerhapsRefused(fault) => self.after_tls(fault),
            SendError::Unavailable { status, .. } => match status {
                429 => {
                    "Something in front of Zammad limits the number of requests: exempt /api/v1/cti/ from \
                    that"
                        .to_owned()
                }
                502 | 521.. => format!(
                    "The web server runs, but Zammad behind it does not, or is still starting, which takes a \
                     minute or two. {IS_ZAMMAD_RUNNING}"
                ),
                _ => format!(
                    "Zammad is under maintenance or overloaded; wait, and check again. {IS_ZAMMAD_RUNNING}"
                ),
            },
            SendError::GatewayTimeout { .. } => {
                format!("Zammad runs, but is too slow to answer its web server. {IS_ZAMMAD_RUNNING}")
            }
            SendError::NoReply { .. } => format!(
                "The request is accepted, but there is no reply: Zammad is overloaded or hangs, or it is \
                not a web server. {IS_ZAMMAD_RUNNING}"
            ),
            SendError::ConnectionLost(_) => format!(
                "The server closes the connection instead of answering: it crashes or restarts, or is not a \
                web server. {IS_ZAMMAD_RUNNING}"
            ),
            SendError::HeadTooLong(_) => format!(
                "Another server answers, or a proxy adds far too much to the reply, such as cookies. \
                 {IS_ZAMMAD_RUNNING}"
            ),
            SendError::Redirected { location, .. } => self.after_redirect(location),
            SendError::BrokenHead(_) => format!(
                "The head of the reply has a line that is not HTTP. Find the program that writes it: the web server, or \
                 a proxy in between. {IS_ZAMMAD_RUNNING}"
            ),
            SendError::NotHttp(_) => {
                "Check the port: the program there is not a web server, or needs https:// in the \
                URL"
                .to_owned()
            }
            SendError::NoSuchPage => format!(
                "A web server answers, but has no such page. Copy the Endpoint from {ADMIN_PAGE}: its path is \
                 `/api/v1/cti/TOKEN`. A Zammad in a subfolder needs the folder before /api; otherwise \
                 another site answers for {}",
                self.host()
            ),
            SendError::NotZammad { status, content } => self.after_stranger(*status, content),
            SendError::SwitchedOff => {
                format!("Switch it on in {ADMIN_PAGE}. The token is not checked before that")
            }
            SendError::NotConfigured => {
                format!("Open {ADMIN_PAGE}, and save it once. The token is not checked before that")
            }
            SendError::WrongToken => format!(
                "Copy the Endpoint again from {ADMIN_PAGE}, and put it into `url`. A token file may be an old \
                 one"
            ),
            SendError::Failed { .. } => {
                let request = self.request_id.as_ref().map_or_else(String::new, ToString::to_string);
                format!(
                    "Zammad runs, but fails: look for {request} in its log, \
                     /var/log/zammad/production.log; often its database is down or an update is not finished"
                )
            }
            SendError::Refused { .. }
            | SendError::UnknownCall { .. }
            | SendError::FailedAtKnownCall { .. }
            | SendError::CallIdReused => error.next_step().to_owned(),
        }
    }

    fn after_tls(&self, fault: &TlsFault) -> String {
        match fault {
            TlsFault::Name { names } => {
                let own = self.certificate.as_ref().map_or(names, |certificate| &certificate.names);
                let host = self.host();
                match own.iter().find(|name| !name.starts_with('*')) {
                    Some(name) => format!(
                        "Use a name of the certificate in the URL, such as https://{name}/..., or give the web \
                         server a certificate for {host}"
                    ),
                    None => format!("Give the web server a certificate for {host}"),
                }
            }
            TlsFault::NoName => format!(
                "Give the web server a certificate with {} in subjectAltName (openssl req -x509 ... -addext \
                 subjectAltName=DNS:HOST, or IP:ADDRESS). {MORE_ON_TLS}",
                self.host()
            ),
            TlsFault::Expired => RENEW.to_owned(),
            TlsFault::NotYetValid => {
                "Set this machine's clock (see timedatectl), or wait until the certificate becomes \
                valid"
                    .to_owned()
            }
            TlsFault::SelfSigned => {
                "Copy the certificate as a PEM file to this machine, and name it with --ca-file (ca_file in \
                 the configuration)"
                    .to_owned()
            }
            TlsFault::UnknownIssuer => {
                "If the authority is your own, name its PEM file with --ca-file (ca_file in the \
                configuration). If it is a public one, the web server must send its whole chain (nginx: \
                ssl_certificate is \
                 fullchain.pem)"
                    .to_owned()
            }
            TlsFault::Unverifiable(_) => format!(
                "Give the web server another certificate: of version 3, with RSA from 2048 bits, P-256, P-384 or \
                 Ed25519, signed with SHA-256. {MORE_ON_TLS}"
            ),
            TlsFault::ClientCertificate { refused: false, .. } => format!(
                "Name a certificate that the web server accepts, and its key: client_cert and client_key \
                 (--client-cert, --client-key). {MORE_ON_TLS}"
            ),
            TlsFault::ClientCertificate { refused: true, .. } => {
                "Look into the web server's log for the reason: client_cert may have expired, or be from an \
                 authority that the server does not know (nginx: ssl_client_certificate)"
                    .to_owned()
            }
            TlsFault::NoCommonWay(_) => format!(
                "Allow ECDHE with AES-GCM or ChaCha20 in the web server's TLS settings (nginx: ssl_ciphers): RSA \
                 key exchange, DHE and CBC alone are not enough. Its certificate needs RSA, P-256, P-384 or \
                 Ed25519. {MORE_ON_TLS}"
            ),
            TlsFault::TooOld(_) => {
                "Allow TLS 1.2 or 1.3 in the web server's TLS settings (nginx: ssl_protocols)".to_owned()
            }
            TlsFault::NoTls => {
                "The server on this port does not speak TLS: use the https port in the URL".to_owned()
            }
            TlsFault::Other(_) => "Check the TLS settings of Zammad's web server".to_owned(),
        }
    }

    fn after_redirect(&self, location: &str) -> String {
        let host = self.host();
        let is_tls = self.endpoint.as_ref().is_some_and(Endpoint::is_tls);
        match Url::parse(location) {
            Ok(to) if to.host_str() == Some(host) && to.scheme() == "https" && !is_tls => {
                let port = to.port().map_or_else(String::new, |port| format!(":{port}"));
                format!(
                    "The web server wants https: write https://{host}{port}/... in `url`, with the same path"
                )
            }
            Ok(to) if to.host_str().is_some_and(|there| there != host) => format!(
                "If Zammad has moved to {}, use that in `url`. If it is a login page, {NO_LOGIN}. Redirects \
                are never followed, because the token would be sent along",
                to.host_str().unwrap_or_default()
            ),
            _ => format!(
                "The web server's own page answers. If it is a login, {NO_LOGIN}; otherwise compare the URL \
                 with the Endpoint in {ADMIN_PAGE}"
            ),
        }
    }

    fn after_stranger(&self, status: u16, content: &Content) -> String {
        let host = self.host();
        match (status, content) {
            (407, _) => "The proxy wants a login: put it into the proxy variable, as in \
                         http://USER:PASSWORD@HOST:PORT"
                .to_owned(),
            (401 | 403, _) => format!(
                "Something in front of Zammad asks for its own login, or refuses this machine: {NO_LOGIN}"
            ),
            (400, Content::Html { .. }) if !self.endpoint.as_ref().is_some_and(Endpoint::is_tls) => {
                "Write https:// in `url`, if this port is for https: web servers answer like this there"
                    .to_owned()
            }
            (500.., Content::Html { .. }) => format!(
                "Zammad or its web server fails, often because the database is down or an update is \
                 not finished. {IS_ZAMMAD_RUNNING}"
            ),
            (_, Content::Html { .. }) => format!(
                "Another site's page answers for {host}: another site of the web server, or a login in front \
                 of Zammad. Compare the URL with the Endpoint in {ADMIN_PAGE}, and {NO_LOGIN}"
            ),
            (
                _,
                Content::TooLong
                | Content::Empty
                | Content::BrokenJson
                | Content::NoObject
                | Content::NoErrorText
                | Content::Text(_)
                | Content::Other(_)
                | Content::Accepted,
            ) => format!(
                "Another program answers for {host}. Compare the URL with the Endpoint in {ADMIN_PAGE}, and \
                 the web server's settings for this name"
            ),
        }
    }

    fn host(&self) -> &str {
        self.endpoint.as_ref().map_or("Zammad", Endpoint::host)
    }

    /// The machine that the first connection goes to.
    fn hop(&self) -> &str {
        self.proxy.as_ref().map_or_else(|| self.host(), |proxy| &proxy.host)
    }
}

fn unusable(error: &ClientError) -> String {
    match error {
        ClientError::Config(ConfigError::NoEndpoint | ConfigError::TokenWithoutUrl) => format!(
            "`url` is the Endpoint in {ADMIN_PAGE}. zammad-cti config show names the file; if there is none, config init writes one"
        ),
        ClientError::Config(ConfigError::File(FileError::Unreadable { source, .. }))
            if source.kind() == ErrorKind::PermissionDenied =>
        {
            "This user must be in the file's group. If Asterisk was installed after the Debian package, \
            dpkg-reconfigure zammad-cti gives the file to Asterisk's group"
                .to_owned()
        }
        ClientError::Config(_) => {
            "zammad-cti config show prints the settings that count, and where they come from".to_owned()
        }
        ClientError::Trust(TrustError::NoKey { .. } | TrustError::OthersCanReadKey { .. }) => {
            "client_cert and client_key (--client-cert, --client-key) name the PEM files of a certificate and \
            its key"
                .to_owned()
        }
        ClientError::Trust(
            TrustError::Unreadable(_)
            | TrustError::Broken { .. }
            | TrustError::NoCertificate { .. }
            | TrustError::NoTrustStore,
        ) => {
            "ca_file (--ca-file) names a PEM file of certificates; without it, the system's certificates \
            are used"
                .to_owned()
        }
        ClientError::Proxy(_) => {
            "Correct or remove the variable, or list the host in NO_PROXY if it can be reached without a \
            proxy"
                .to_owned()
        }
        ClientError::Http(_) | ClientError::Runtime(_) => {
            "This machine is out of resources, or this is a bug in this program".to_owned()
        }
        ClientError::ForAll(reason) => unusable(reason),
    }
}
