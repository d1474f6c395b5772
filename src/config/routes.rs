//! Routes: whose Zammad gets a call, where there are several.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::{Config, ConfigError, List, Pattern, Settings, SpoolConfig, SpoolMode};
use crate::event::Direction;
use crate::number::Party;

/// The keys of a table `[[routes]]`.
pub(super) const ROUTE_KEYS: [&str; 8] =
    ["direction", "from", "to", "queue", "trunk", "bridge", "profile", "copy_to"];

/// A table `[[routes]]`: conditions, all of which a call has to meet, and where it goes then. Patterns have `*` for any
/// characters, and of several one is to be met.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RouteSettings {
    /// `in` or `out`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// patterns for who calls, as Zammad gets the number
    #[serde(skip_serializing_if = "is_empty")]
    pub from: List,
    /// patterns for who is called, likewise
    #[serde(skip_serializing_if = "is_empty")]
    pub to: List,
    /// patterns for the queue
    #[serde(skip_serializing_if = "is_empty")]
    pub queue: List,
    /// patterns for the line that the call crosses
    #[serde(skip_serializing_if = "is_empty")]
    pub trunk: List,
    /// patterns for the source that a bridge follows, such as `asterisk`
    #[serde(skip_serializing_if = "is_empty")]
    pub bridge: List,
    /// whose Zammad gets the call; `None`: that of the configuration itself
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// the profiles whose Zammads get copies
    #[serde(skip_serializing_if = "is_empty")]
    pub copy_to: List,
}

fn is_empty(List(texts): &List) -> bool {
    texts.is_empty()
}

impl RouteSettings {
    /// The profiles that it names.
    pub(super) fn profiles(&self) -> impl Iterator<Item = &str> {
        self.profile.iter().chain(&self.copy_to.0).map(String::as_str)
    }
}

/// What is known of a call when it is decided about.
#[derive(Debug, Clone, Default)]
pub struct Ringing<'a> {
    /// which way it goes
    pub direction: Option<Direction>,
    /// who calls
    pub from: Option<Party>,
    /// who is called
    pub to: Option<Party>,
    /// in which queue it is
    pub queue: Option<&'a str>,
    /// the line that it crosses
    pub trunk: Option<&'a str>,
    /// the source that a bridge follows
    pub bridge: Option<&'a str>,
}

/// A condition of a route that a call does not meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// the key of the condition
    pub key: &'static str,
    /// what it wants
    pub wanted: String,
    /// what the call has there; `None`: nothing
    pub found: Option<String>,
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, wanted, found } = self;
        match found {
            Some(found) => write!(f, "{key} is {found}, not {wanted}"),
            None => write!(f, "{key} is not known, and has to be {wanted}"),
        }
    }
}

/// Where a call goes.
#[derive(Debug, Clone, Copy)]
pub struct Decision<'a> {
    /// which route counts, from 0; `None`: no one does
    pub route: Option<usize>,
    /// whose Zammad decides; `None`: that of the configuration itself
    pub profile: Option<&'a str>,
    /// the profiles whose Zammads get copies
    pub copy_to: &'a [String],
}

/// The routes of a configuration, and the Zammads that they may lead to.
#[derive(Debug, Clone)]
pub struct Routes {
    routes: Vec<RouteSettings>,
    zammads: BTreeMap<String, Result<Config, Arc<ConfigError>>>,
    /// Only a new call needs them.
    conditions: OnceLock<Vec<Conditions>>,
}

impl Routes {
    /// `None`: there are none. A profile that cannot be used is wrong only where a call goes to it.
    ///
    /// # Errors
    ///
    /// [`ConfigError::RoutesWithoutSpool`].
    pub(super) fn checked(
        routes: Vec<RouteSettings>,
        profiles: BTreeMap<String, Settings>,
        spool: Option<&SpoolConfig>,
    ) -> Result<Option<Arc<Self>>, ConfigError> {
        if routes.is_empty() {
            return Ok(None);
        }
        let leads_elsewhere = routes.iter().any(|route| route.profiles().next().is_some());
        let Some(own) = spool.filter(|spool| spool.mode != SpoolMode::Never) else {
            return if leads_elsewhere { Err(ConfigError::RoutesWithoutSpool) } else { Ok(None) };
        };
        let usable = |settings| {
            let config = Config::try_from(settings)?;
            config.endpoint()?;
            match &config.spool {
                Some(spool) if spool.path == own.path && spool.mode != SpoolMode::Never => Ok(config),
                Some(_) | None => Err(ConfigError::SpoolOfRoute),
            }
        };
        let zammads = profiles.into_iter().map(|(name, settings)| (name, usable(settings).map_err(Arc::new)));
        Ok(Some(Arc::new(Self { routes, zammads: zammads.collect(), conditions: OnceLock::new() })))
    }

    /// The routes as they are written.
    pub fn written(&self) -> &[RouteSettings] {
        &self.routes
    }

    /// The configuration for the Zammad of a profile.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Profile`]: it cannot be used, or there is none.
    pub fn zammad(&self, profile: &str) -> Result<&Config, ConfigError> {
        let wrong = |source| ConfigError::Profile { profile: profile.to_owned(), source };
        match self.zammads.get(profile) {
            Some(Ok(config)) => Ok(config),
            Some(Err(error)) => Err(wrong(error.clone())),
            None => Err(wrong(Arc::new(ConfigError::NoSuchProfile))),
        }
    }

    /// The profiles whose Zammads can be reached, each with its configuration.
    pub fn usable(&self) -> impl Iterator<Item = (&str, &Config)> + Clone {
        self.zammads.iter().filter_map(|(name, config)| Some((name.as_str(), config.as_ref().ok()?)))
    }

    /// Changes the configurations of all profiles.
    pub(super) fn change(&mut self, change: impl Fn(&mut Config)) {
        self.zammads.values_mut().flatten().for_each(change);
    }

    /// Whether routes name a profile for copies alone, so that nobody's call depends on it.
    pub fn only_copies_to(&self, profile: &str) -> bool {
        let is_copied_to = |route: &RouteSettings| route.copy_to.0.iter().any(|name| name == profile);
        self.routes.iter().any(is_copied_to)
            && !self.routes.iter().any(|route| route.profile.as_deref() == Some(profile))
    }

    /// What is wrong with the profiles that routes name.
    pub fn complaints(&self) -> impl Iterator<Item = ConfigError> {
        let named: BTreeSet<_> = self.routes.iter().flat_map(RouteSettings::profiles).collect();
        named.into_iter().filter_map(|name| self.zammad(name).err())
    }

    /// Where a call goes: the first route counts whose conditions it meets.
    pub fn decide(&self, ringing: &Ringing<'_>) -> Decision<'_> {
        let found = self.conditions().iter().position(|conditions| conditions.unmet(ringing).is_none());
        let route = found.map(|place| &self.routes[place]);
        Decision {
            route: found,
            profile: route.and_then(|route| route.profile.as_deref()),
            copy_to: route.map_or(&[], |route| &route.copy_to.0),
        }
    }

    /// What each route says of a call, in their order; `None`: it meets all conditions.
    pub fn judge(&self, ringing: &Ringing<'_>) -> Vec<Option<Unmet>> {
        self.conditions().iter().map(|conditions| conditions.unmet(ringing)).collect()
    }

    fn conditions(&self) -> &[Conditions] {
        self.conditions.get_or_init(|| self.routes.iter().map(Conditions::of).collect())
    }
}

/// What a route wants of a call.
#[derive(Debug, Clone)]
struct Conditions {
    direction: Option<Direction>,
    from: Vec<Pattern>,
    to: Vec<Pattern>,
    queue: Vec<Pattern>,
    trunk: Vec<Pattern>,
    bridge: Vec<Pattern>,
}

impl Conditions {
    fn of(route: &RouteSettings) -> Self {
        let names = |List(patterns): &List| patterns.iter().map(Pattern::new).collect();
        // A number is sent without a plus and without blanks.
        let bare = |text: &String| Pattern::new(text.trim_start_matches('+').replace(' ', ""));
        let numbers = |List(patterns): &List| patterns.iter().map(bare).collect();
        Self {
            direction: route.direction,
            from: numbers(&route.from),
            to: numbers(&route.to),
            queue: names(&route.queue),
            trunk: names(&route.trunk),
            bridge: names(&route.bridge),
        }
    }

    /// The first condition that is not met.
    fn unmet(&self, ringing: &Ringing<'_>) -> Option<Unmet> {
        let Ringing { direction, from, to, queue, trunk, bridge } = ringing;
        if let Some(wanted) = self.direction
            && *direction != Some(wanted)
        {
            let found = direction.map(|direction| direction.to_string());
            return Some(Unmet { key: "direction", wanted: wanted.to_string(), found });
        }
        [
            ("from", &self.from, from.as_ref().map(Party::as_str)),
            ("to", &self.to, to.as_ref().map(Party::as_str)),
            ("queue", &self.queue, *queue),
            ("trunk", &self.trunk, *trunk),
            ("bridge", &self.bridge, *bridge),
        ]
        .into_iter()
        .find_map(|(key, patterns, found)| unmet(key, patterns, found))
    }
}

/// A condition, unless it is met or there is none.
fn unmet(key: &'static str, patterns: &[Pattern], found: Option<&str>) -> Option<Unmet> {
    let is_met = |pattern: &Pattern| found.is_some_and(|text| pattern.is_met_by(text));
    if patterns.is_empty() || patterns.iter().any(is_met) {
        return None;
    }
    let wanted = patterns.iter().map(Pattern::as_str).collect::<Vec<_>>().join(" or ");
    Some(Unmet { key, wanted, found: found.map(str::to_owned) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Secret, SpoolSettings};
    use crate::number::Numbering;

    fn list(texts: &[&str]) -> List {
        List(texts.iter().map(|text| (*text).to_owned()).collect())
    }

    fn settings(url: &str) -> Settings {
        let path = Some("/var/spool/zammad-cti/spool.db".into());
        let spool = SpoolSettings { path, ..SpoolSettings::default() };
        Settings { url: Some(Secret::new(url)), spool, ..Settings::default() }
    }

    fn routes(routes: Vec<RouteSettings>, profiles: &[(&str, Settings)]) -> Arc<Routes> {
        let routed = profiles.iter().map(|(name, settings)| ((*name).to_owned(), settings.clone())).collect();
        let base = settings("https://z.example/api/v1/cti/TOKEN");
        Config::try_from(Settings { routes, routed, ..base }).unwrap().routes.unwrap()
    }

    #[test]
    fn the_first_route_counts_whose_conditions_are_all_met() {
        let to = |profile: Option<&str>, route: RouteSettings| RouteSettings {
            profile: profile.map(str::to_owned),
            ..route
        };
        let written = vec![
            to(Some("support"), RouteSettings { queue: list(&["support*"]), ..RouteSettings::default() }),
            to(
                Some("berlin"),
                RouteSettings {
                    direction: Some(Direction::Inbound),
                    to: list(&["+49 30 555*", "4940*"]),
                    ..RouteSettings::default()
                },
            ),
            to(
                None,
                RouteSettings {
                    from: list(&["anonymous"]),
                    copy_to: list(&["test"]),
                    ..RouteSettings::default()
                },
            ),
            to(Some("xivo"), RouteSettings { bridge: list(&["xivo"]), ..RouteSettings::default() }),
            to(Some("line"), RouteSettings { trunk: list(&["SIP/gw"]), ..RouteSettings::default() }),
        ];
        let routes = routes(written, &[]);
        let number = |text: &str| Numbering::default().read(text).ok();
        let inbound = Ringing { direction: Some(Direction::Inbound), ..Ringing::default() };
        // (the call, the route that counts, whose Zammad gets it)
        let cases = [
            (Ringing { queue: Some("support-2"), ..inbound.clone() }, Some(0), Some("support")),
            (Ringing { to: number("4930555123"), ..inbound.clone() }, Some(1), Some("berlin")),
            (Ringing { to: number("4940555123"), ..inbound.clone() }, Some(1), Some("berlin")),
            (
                Ringing { to: number("4930555123"), direction: Some(Direction::Outbound), ..inbound.clone() },
                None,
                None,
            ),
            (Ringing { to: number("4930555123"), ..Ringing::default() }, None, None),
            (Ringing { from: number("anonymous"), bridge: Some("xivo"), ..inbound.clone() }, Some(2), None),
            (Ringing { bridge: Some("xivo"), ..inbound.clone() }, Some(3), Some("xivo")),
            (Ringing { trunk: Some("SIP/gw"), ..inbound.clone() }, Some(4), Some("line")),
            (Ringing { trunk: Some("SIP/gw2"), ..inbound }, None, None),
        ];
        for (ringing, route, profile) in cases {
            let decision = routes.decide(&ringing);
            assert_eq!((decision.route, decision.profile), (route, profile), "{ringing:?}");
        }
    }

    #[test]
    fn each_route_says_why_it_does_not_count() {
        let out = RouteSettings { direction: Some(Direction::Outbound), ..RouteSettings::default() };
        let two = RouteSettings { to: list(&["1", "2*"]), ..RouteSettings::default() };
        let queue = RouteSettings { queue: list(&["*"]), ..RouteSettings::default() };
        let routes = routes(vec![out, two, queue, RouteSettings::default()], &[]);
        let ringing = Ringing {
            direction: Some(Direction::Inbound),
            to: Numbering::default().read("42").ok(),
            ..Ringing::default()
        };
        let said: Vec<_> =
            routes.judge(&ringing).iter().map(|unmet| unmet.as_ref().map(Unmet::to_string)).collect();
        let expected = [
            Some("direction is in, not out"),
            Some("to is 42, not 1 or 2*"),
            Some("queue is not known, and has to be *"),
            None,
        ];
        assert_eq!(said, expected.map(|text| text.map(str::to_owned)));
    }

    #[test]
    fn a_profile_that_cannot_be_used_is_wrong_only_where_a_call_goes_to_it() {
        let good = settings("https://b.example/api/v1/cti/TOKEN");
        let other_spool = Settings {
            spool: SpoolSettings { path: Some("/tmp/other.db".into()), ..SpoolSettings::default() },
            ..good.clone()
        };
        let no_spool = Settings {
            spool: SpoolSettings { mode: Some(SpoolMode::Never), ..good.spool.clone() },
            ..good.clone()
        };
        let no_token = settings("https://b.example/");
        let profiles =
            [("good", good), ("other_spool", other_spool), ("no_spool", no_spool), ("no_token", no_token)];
        let route = RouteSettings { copy_to: list(&["good", "no_token"]), ..RouteSettings::default() };
        let routes = routes(vec![route], &profiles);
        assert!(routes.zammad("good").is_ok());
        for wrong in ["other_spool", "no_spool", "no_token", "nobody"] {
            let error = routes.zammad(wrong).unwrap_err();
            assert!(error.to_string().contains(wrong), "{error}");
        }
        assert_eq!(routes.complaints().count(), 1, "of those that no route names nobody wants to hear");
        assert_eq!(routes.usable().map(|(name, _)| name).collect::<Vec<_>>(), ["good"]);
    }

    #[test]
    fn routes_that_lead_elsewhere_need_a_spool() {
        let elsewhere = RouteSettings { copy_to: list(&["test"]), ..RouteSettings::default() };
        for (routes, is_refused) in [(vec![elsewhere], true), (vec![RouteSettings::default()], false)] {
            let settings = Settings { routes, ..Settings::default() };
            let config = Config::try_from(settings);
            assert_eq!(matches!(config, Err(ConfigError::RoutesWithoutSpool)), is_refused, "{config:?}");
        }
    }
}
