//! Which secret goes to which address: one rule for all layers of settings.
//!
//! **No secret goes to a host that its own layer did not mean.** A layer means the host of its own
//! `url`. A layer without one means the host that it would have without the layers above it: that of the
//! next weaker `url`. If no weaker layer has one either, it means the next stronger `url`.
//!
//! So the layers are read from the strongest to the weakest. Where a `url` names another host than the
//! `url` above it, there is a border: of all layers below the upper `url`, no secret counts. That
//! includes the layers between the two, because they mean the lower `url`. A secret above the upper
//! `url`, or beside it, counts: its user gave it for whatever `url` is in effect.
//!
//! | flags | variables | file | what counts |
//! |---|---|---|---|
//! | `--token` | | `url` A, token | A with the flag's token |
//! | `--url` A | token | | A with the variable's token |
//! | `--url` A | token | `url` A, token | A with the variable's token |
//! | `--url` B | token | `url` A, token | B without a token: both are for A |
//! | `--token` | `url` B | `url` A, token | B with the flag's token |
//! | `--url` B with token | | `url` A, `api_token` | B with its token, and no `api_token` |
//!
//! Another host is another name or IP address, another port, or `http://` in place of `https://`.
//! `https://` in place of `http://` is the same host, and so is another path.

use std::fmt;
use std::path::PathBuf;

use url::Url;

use super::{Secret, Settings, endpoint, redact, shown, variable};

/// Each key listed here is a secret, and [`merged`] treats it as one; so must
/// [`Config::with_endpoint`](super::Config::with_endpoint).
macro_rules! secrets {
    ($($key:ident),+) => {
        /// What a layer says of the address, and of secrets.
        fn access(settings: &Settings) -> Settings {
            let url = settings.url.clone();
            Settings { url, $($key: settings.$key.clone(),)+ ..Settings::default() }
        }

        /// Takes the secrets beside the address away, and tells their keys.
        pub(super) fn take_secrets(settings: &mut Settings) -> Vec<&'static str> {
            let keys = [$(settings.$key.take().map(|_| stringify!($key))),+];
            keys.into_iter().flatten().collect()
        }

        /// Whether settings have no address and no secret, and are made of none that have.
        pub(super) fn says_nothing(settings: &Settings) -> bool {
            settings.url.is_none() $(&& settings.$key.is_none())+ && settings.origin.layers.is_empty()
        }

        fn is_same_access(one: &Settings, other: &Settings) -> bool {
            one.url == other.url $(&& one.$key == other.$key)+
        }
    };
}
secrets!(token, token_file, api_token);

/// Where settings come from, and what [`Settings::or`] has to remember of the layers that it joined.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// of settings that nothing was joined to
    pub layer: Layer,
    /// the layers with an address or a secret, strongest first
    layers: Vec<Settings>,
    left_out: Vec<LeftOut>,
}

/// A source of settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Layer {
    /// known to whoever made the settings
    #[default]
    Unnamed,
    Flags,
    Variables,
    Profile {
        name: String,
        file: PathBuf,
    },
    File(PathBuf),
    /// the variables of the Python client py-zammad-cti
    PyZammadCti,
    Defaults,
}

impl Layer {
    /// Where a key of this layer stands, in words.
    pub fn of_key(&self, key: &str) -> String {
        match self {
            Self::Unnamed => "settings".to_owned(),
            Self::Flags => "flag".to_owned(),
            Self::Variables => format!("variable {}", variable(key)),
            Self::Profile { name, file } => {
                format!("{}, profile {}", shown(&file.to_string_lossy()), redact(name))
            }
            Self::File(file) => shown(&file.to_string_lossy()),
            Self::PyZammadCti => "variable of py-zammad-cti".to_owned(),
            Self::Defaults => "default".to_owned(),
        }
    }
}

/// A secret that does not count, because it is for another host than that of the `url` in effect.
#[derive(Debug, Clone)]
pub struct LeftOut {
    /// its key; that of a token in an address is `url`
    pub key: &'static str,
    layer: Layer,
    /// as in `https://zammad.example.com`, if its address is one
    host: Option<String>,
    /// It is for the host in effect, but the `url` of another one, in this layer, stands above it.
    behind: Option<Layer>,
}

impl LeftOut {
    /// The setting that it would be.
    pub fn setting(&self) -> &'static str {
        if self.key == "url" { "token" } else { self.key }
    }

    /// Whether it is Zammad's token for events, wherever that stands.
    pub fn is_token(&self) -> bool {
        ["url", "token", "token_file"].contains(&self.key)
    }

    /// For whom it is, and where it stands.
    pub fn reason(&self) -> String {
        let host = self.host.as_deref().unwrap_or("another host");
        let place = self.layer.of_key(self.key);
        match &self.behind {
            None => format!("it is for {host} ({place})"),
            Some(layer) => format!("it ({place}) is below the url of another host ({})", layer.of_key("url")),
        }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key {
            "url" => f.write_str("the token in another url")?,
            key => write!(f, "`{key}`")?,
        }
        write!(f, " is not used: {}", self.reason())
    }
}

impl Origin {
    pub(super) fn of(layer: Layer) -> Self {
        Self { layer, ..Self::default() }
    }

    /// The secrets that would count, were they not for another host.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }
}

/// The address and the secrets of both, and nothing else.
pub(super) fn merged(stronger: &Settings, weaker: &Settings) -> Settings {
    let layers = [layers(stronger), layers(weaker)].concat();
    let (mut merged, left_out) = joined(&layers);
    merged.origin = Origin { layer: Layer::Unnamed, layers, left_out };
    merged
}

/// The layers that settings are made of.
fn layers(settings: &Settings) -> Vec<Settings> {
    let known = &settings.origin.layers;
    // Whoever changed a field afterwards counts as one layer: what was joined before is not known any more.
    if !known.is_empty() && is_same_access(&joined(known).0, settings) {
        return known.clone();
    }
    let mut layer = access(settings);
    layer.origin.layer = settings.origin.layer.clone();
    let says_something = !is_same_access(&layer, &Settings::default());
    says_something.then_some(layer).into_iter().collect()
}

/// What the layers say together, and the secrets that would count but for the rule.
fn joined(layers: &[Settings]) -> (Settings, Vec<LeftOut>) {
    if let [only] = layers {
        return (access(only), Vec::new());
    }
    let border = border(layers);
    let mut merged = Settings::default();
    let mut left_out: Vec<LeftOut> = Vec::new();
    for (place, layer) in layers.iter().enumerate() {
        match border {
            Some((upper, lower)) if place > upper => {
                // That of its own address, else of the next weaker one, else of the next stronger one.
                let nearest =
                    (place..layers.len()).chain((0..place).rev()).find_map(|at| layers[at].url.as_ref());
                let is_for_upper =
                    nearest.zip(layers[upper].url.as_ref()).is_some_and(|(a, b)| is_same_host(b, a));
                let behind = is_for_upper.then(|| layers[lower].origin.layer.clone());
                let host = nearest.and_then(host);
                let mut layer = layer.clone();
                let in_url = endpoint::split(&layer.url).1.map(|_| "url");
                left_out.extend(take_secrets(&mut layer).into_iter().chain(in_url).map(|key| LeftOut {
                    key,
                    layer: layer.origin.layer.clone(),
                    host: host.clone(),
                    behind: behind.clone(),
                }));
            }
            Some(_) | None => merged = joined_pair(merged, layer.clone()),
        }
    }
    if left_out.is_empty() {
        return (merged, left_out);
    }
    let mut set = access(&merged);
    let in_url = endpoint::split(&set.url).1.is_some();
    let keys = take_secrets(&mut set);
    let counts = |key| keys.contains(&key);
    // The token is one setting, wherever it stands; a key that is set has not lost anything.
    let has_token = in_url || counts("token") || counts("token_file");
    left_out.retain(|left| if left.is_token() { !has_token } else { !counts(left.key) });
    (merged, left_out)
}

/// The places of the two addresses between which no secret passes.
fn border(layers: &[Settings]) -> Option<(usize, usize)> {
    let mut upper: Option<(usize, &Secret)> = None;
    for (lower, layer) in layers.iter().enumerate() {
        let Some(url) = &layer.url else { continue };
        if let Some((place, above)) = upper
            && !is_same_host(above, url)
        {
            return Some((place, lower));
        }
        upper = Some((lower, url));
    }
    None
}

/// Two layers for one host. A token counts as one setting, whether it is in the URL, beside it or in a
/// file.
fn joined_pair(stronger: Settings, mut weaker: Settings) -> Settings {
    let (base, in_url) = endpoint::split(&weaker.url);
    let own_in_url = endpoint::split(&stronger.url).1;
    if own_in_url.is_some() || stronger.token.is_some() || stronger.token_file.is_some() {
        (weaker.url, weaker.token, weaker.token_file) = (base, None, None);
    } else if stronger.url.is_some() {
        weaker.token = weaker.token.or(in_url);
    }
    stronger.and(weaker)
}

/// Whether what is meant for the weaker address may go to the stronger one.
fn is_same_host(stronger: &Secret, weaker: &Secret) -> bool {
    match (parsed(stronger), parsed(weaker)) {
        (Some(stronger), Some(weaker)) => is_same_origin(&stronger, &weaker),
        // What is no address is refused later; until then it gets nothing.
        (None, _) | (_, None) => false,
    }
}

/// The same for addresses that are sure to be some.
pub(super) fn is_same_origin(stronger: &Url, weaker: &Url) -> bool {
    let is_downgrade = weaker.scheme() == "https" && stronger.scheme() != "https";
    // A port is `None` if it is the usual one of its scheme.
    !is_downgrade && stronger.host() == weaker.host() && stronger.port() == weaker.port()
}

fn parsed(url: &Secret) -> Option<Url> {
    Url::parse(url.reveal().trim()).ok().filter(Url::has_host)
}

/// An address without all that could be a secret.
fn host(url: &Secret) -> Option<String> {
    let url = parsed(url)?;
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    Some(format!("{}://{}{port}", url.scheme(), url.host_str()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "https://here.example";
    const THERE: &str = "https://there.example";
    const LAYERS: usize = 5;
    const SECRET: &str = "s3cret";

    /// All ways in which each layer names one host, the other, or none.
    fn addresses() -> impl Iterator<Item = [Option<&'static str>; LAYERS]> {
        let choices = [None, Some(HERE), Some(THERE)];
        (0..choices.len().pow(5)).map(move |number| {
            std::array::from_fn(|layer| choices[number / choices.len().pow(layer as u32) % choices.len()])
        })
    }

    /// Layers with these addresses, of which one has a secret. None if that cannot have it.
    fn layers(addresses: &[Option<&str>; LAYERS], owner: usize, key: &str) -> Option<[Settings; LAYERS]> {
        let mut layers = addresses.map(|url| Settings { url: url.map(Secret::new), ..Settings::default() });
        for (place, layer) in layers.iter_mut().enumerate() {
            layer.origin.layer = Layer::File(format!("layer {place}").into());
        }
        let owned = &mut layers[owner];
        match key {
            "url" => owned.url = Some(Secret::new(format!("{}/api/v1/cti/{SECRET}", addresses[owner]?))),
            "token" => owned.token = Some(Secret::new(SECRET)),
            "token_file" => owned.token_file = Some(SECRET.into()),
            "api_token" => owned.api_token = Some(Secret::new(SECRET)),
            key => panic!("{key}"),
        }
        Some(layers)
    }

    fn holds_secret(settings: &Settings) -> bool {
        let texts = [&settings.url, &settings.token, &settings.api_token];
        texts.into_iter().flatten().any(|text| text.reveal().contains(SECRET))
            || settings.token_file.is_some()
    }

    /// The place of the address that a layer means.
    fn meant(addresses: &[Option<&str>; LAYERS], owner: usize) -> Option<usize> {
        let is_named = |place: &usize| addresses[*place].is_some();
        (owner..LAYERS).find(is_named).or_else(|| (0..owner).rev().find(is_named))
    }

    #[test]
    fn no_secret_reaches_a_host_that_its_own_layer_did_not_mean() {
        let (mut kept, mut dropped) = (0, 0);
        for addresses in addresses() {
            let in_effect = addresses.iter().flatten().next().copied();
            for (owner, key) in (0..LAYERS)
                .flat_map(|owner| ["url", "token", "token_file", "api_token"].map(|key| (owner, key)))
            {
                let Some(layers) = layers(&addresses, owner, key) else { continue };
                let what = format!("{key} of layer {owner} in {addresses:?}");
                let [a, b, c, d, e] = layers;
                let merged = a.clone().or(b.clone()).or(c.clone()).or(d.clone()).or(e.clone());
                let weakest_first = a.clone().or(b.clone().or(c.clone().or(d.clone().or(e.clone()))));
                let in_pairs = a.or(b).or(c.or(d)).or(e);
                for other in [weakest_first, in_pairs] {
                    assert!(is_same_access(&merged, &other), "{what}: {merged:?} {other:?}");
                }

                let counts = holds_secret(&merged);
                let meant = meant(&addresses, owner);
                if counts {
                    kept += 1;
                    assert_eq!(in_effect, meant.and_then(|place| addresses[place]), "{what}");
                }
                // Down to the address that is meant, all are of one host.
                let down_to = meant.map_or(owner, |place| place.max(owner));
                let one_host = addresses[..=down_to].iter().flatten().all(|url| Some(*url) == in_effect);
                assert_eq!(counts, one_host, "{what}");

                let left: Vec<_> = merged.origin.left_out().iter().map(ToString::to_string).collect();
                if counts {
                    assert_eq!(left, Vec::<String>::new(), "{what}");
                } else {
                    dropped += 1;
                    let [left] = &left[..] else { panic!("{what}: {left:?}") };
                    let name = if key == "url" { "the token in another url" } else { key };
                    assert!(
                        left.contains(name) && left.contains(&format!("layer {owner}")),
                        "{what}: {left}"
                    );
                }
            }
        }
        assert!(kept > 500 && dropped > 500, "{kept} {dropped}");
    }

    #[test]
    fn another_host_is_another_name_or_port_or_one_without_encryption() {
        // (stronger, weaker, whether what is for the weaker may go to the stronger)
        let cases = [
            ("https://z.example", "https://z.example/help/api/v1/cti/x", true),
            ("https://Z.Example:443/", " https://z.example ", true),
            ("https://me:pw@z.example", "https://z.example", true),
            ("https://z.example", "http://z.example", true),
            ("http://z.example", "https://z.example", false),
            ("http://z.example:443", "https://z.example", false),
            ("https://z.example:8443", "https://z.example", false),
            ("http://z.example:8080", "http://z.example", false),
            ("https://z.example.evil.example", "https://z.example", false),
            ("https://z.example@evil.example", "https://z.example", false),
            ("https://z.example.", "https://z.example", false),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000", true),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3001", false),
            ("http://127.0.0.1:3000", "http://localhost:3000", false),
            ("http://[::1]:3000", "http://[0:0::1]:3000", true),
            ("http://192.168.1.2", "http://192.168.1.3", false),
            ("z.example", "https://z.example", false),
            ("https://z.example", "z.example", false),
            ("z.example", "z.example", false),
        ];
        for (stronger, weaker, expected) in cases {
            let is_same = is_same_host(&Secret::new(stronger), &Secret::new(weaker));
            assert_eq!(is_same, expected, "{stronger} {weaker}");
        }
    }

    #[test]
    fn what_is_changed_after_joining_is_what_counts() {
        let address = |url: &str| Settings { url: Some(Secret::new(url)), ..Settings::default() };
        let secret = Settings { api_token: Some(Secret::new(SECRET)), ..address(HERE) };
        let mut joined = address(HERE).or(secret.clone());
        joined.url = Some(Secret::new(THERE));
        let joined = joined.or(Settings { token: Some(Secret::new(SECRET)), ..address(HERE) });
        assert_eq!(joined.url, Some(Secret::new(THERE)));
        assert_eq!(joined.token, None);
    }
}
