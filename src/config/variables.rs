//! Settings in the environment: each key of the file has a variable.

use std::ffi::{OsStr, OsString};

use super::{ConfigError, Layer, Origin, Settings, file};

/// What the name of a setting's variable begins with.
const PREFIX: &str = "ZAMMAD_CTI_";

/// The keys of all settings, as [`Settings::by_key`] has them. Each event's process looks for their variables, and
/// has no time to find the keys out.
pub(super) const KEYS: [&str; 90] = [
    "url",
    "token",
    "token_file",
    "api_token",
    "encoding",
    "connect_timeout",
    "timeout",
    "deadline",
    "lock_dir",
    "ca_file",
    "client_cert",
    "client_key",
    "insecure",
    "output",
    "reject_exit",
    "fail_open",
    "hangup_rejected",
    "numbers.country",
    "numbers.extension_digits",
    "numbers.extension_prefix",
    "numbers.national_digits",
    "numbers.normalize",
    "spool.path",
    "spool.mode",
    "spool.max_events",
    "spool.max_bytes",
    "spool.max_age",
    "spool.max_age_answer",
    "spool.held_timeout",
    "spool.policy",
    "check.warning",
    "check.critical",
    "check.stuck_after",
    "bridge.internal",
    "bridge.second_answer",
    "bridge.on_reject",
    "bridge.hold",
    "bridge.grace",
    "bridge.ignore",
    "bridge.stale",
    "bridge.health",
    "bridge.asterisk.address",
    "bridge.asterisk.tls",
    "bridge.asterisk.ca_file",
    "bridge.asterisk.username",
    "bridge.asterisk.secret",
    "bridge.asterisk.secret_file",
    "bridge.asterisk.trunk_contexts",
    "bridge.asterisk.trunk_channels",
    "bridge.asterisk.outside_prefix",
    "bridge.freeswitch.address",
    "bridge.freeswitch.username",
    "bridge.freeswitch.password",
    "bridge.freeswitch.password_file",
    "bridge.freeswitch.inbound_contexts",
    "bridge.freeswitch.domains",
    "bridge.freeswitch.queue_domain",
    "bridge.3cx.url",
    "bridge.3cx.ca_file",
    "bridge.3cx.api",
    "bridge.3cx.client_id",
    "bridge.3cx.client_secret",
    "bridge.3cx.client_secret_file",
    "bridge.3cx.username",
    "bridge.3cx.password",
    "bridge.3cx.password_file",
    "bridge.3cx.group",
    "bridge.3cx.queues",
    "bridge.3cx.extensions",
    "bridge.3cx.trunks",
    "bridge.3cx.trunk_numbers",
    "bridge.3cx.poll_interval",
    "bridge.xivo.address",
    "bridge.xivo.username",
    "bridge.xivo.password",
    "bridge.xivo.password_file",
    "bridge.xivo.protocol",
    "bridge.xivo.follow",
    "bridge.xivo.number_field",
    "bridge.xivo.late_outbound",
    "bridge.webhook.listen",
    "bridge.fritzbox.address",
    "bridge.fritzbox.area_code",
    "bridge.fritzbox.voicemail",
    "bridge.wazo.url",
    "bridge.wazo.username",
    "bridge.wazo.password",
    "bridge.wazo.password_file",
    "bridge.wazo.token_file",
    "bridge.wazo.ca_file",
];

impl Settings {
    /// What variables say, such as those of [`std::env::vars_os`]: `ZAMMAD_CTI_TIMEOUT` is `timeout`. An
    /// empty one is not set.
    ///
    /// # Errors
    ///
    /// A value is none that its setting can have.
    pub fn from_variables(
        variables: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let mut set = Self::default();
        for (name, text) in variables.filter(|(_, text)| !text.is_empty()) {
            if let Some(key) = key_of(&name) {
                let one = file::from_text(key, text);
                set = set.and(one.map_err(|reason| ConfigError::Variable { name: variable(key), reason })?);
                set.origin = Origin::of(Layer::Variables);
            }
        }
        Ok(set)
    }
}

/// The variable of a key: `ZAMMAD_CTI_NUMBERS_COUNTRY` for `numbers.country`.
#[doc(hidden)]
pub fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replace('.', "_"))
}

/// Whether a setting has this name, as `token` or `numbers.country`.
pub(super) fn is_key(name: &str) -> bool {
    KEYS.contains(&name)
}

/// The key of a variable, if it has one.
fn key_of(variable: &OsStr) -> Option<&'static str> {
    let name = variable.as_encoded_bytes().strip_prefix(PREFIX.as_bytes())?;
    let is_same = |(in_name, in_key): (&u8, u8)| match in_key {
        b'.' => *in_name == b'_',
        letter => *in_name == letter.to_ascii_uppercase(),
    };
    KEYS.into_iter().find(|key| key.len() == name.len() && name.iter().zip(key.bytes()).all(is_same))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_has_its_variable() {
        let keys: Vec<_> = Settings::default().by_key().into_iter().map(|(key, _)| key).collect();
        assert_eq!(KEYS.to_vec(), keys);
        for key in KEYS {
            assert_eq!(key_of(OsStr::new(&variable(key))), Some(key));
        }
        for none in ["ZAMMAD_CTI_", "ZAMMAD_CTI_URLS", "ZAMMAD_CTI_url", "URL", "ZAMMAD_CTI_NUMBERS.COUNTRY"]
        {
            assert_eq!(key_of(OsStr::new(none)), None, "{none}");
        }
    }
}
