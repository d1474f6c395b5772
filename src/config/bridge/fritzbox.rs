//! The table `[bridge.fritzbox]`.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::SourceSettings;
use super::host_port::host_and_port;
use crate::config::ConfigError;
use crate::config::value::List;

/// That of the call monitor.
const USUAL_PORT: u16 = 1012;

/// A box that turns a caller away lets it ring for less than this.
const HOLD: Duration = Duration::from_secs(1);

/// The table `[bridge.fritzbox]`: where the call monitor is, and what its numbers mean.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[command(next_help_heading = "FRITZ!Box")]
pub struct FritzBoxSettings {
    /// The box's call monitor [default: fritz.box:1012]
    #[arg(long = "address", alias = "bridge-fritzbox-address", id = "bridge_fritzbox_address")]
    #[arg(value_name = "HOST:PORT")]
    pub address: Option<String>,
    /// The area code, such as 030: for numbers that are dialled or shown without it
    #[arg(long = "area-code", alias = "bridge-fritzbox-area-code", id = "bridge_fritzbox_area_code")]
    #[arg(value_name = "DIGITS")]
    pub area_code: Option<String>,
    /// The extensions of answering machines, as numbers and ranges, separated by commas [default: 6,40-44]
    #[arg(long = "voicemail", alias = "bridge-fritzbox-voicemail", id = "bridge_fritzbox_voicemail")]
    #[arg(value_name = "EXTENSIONS")]
    pub voicemail: Option<List>,
}

impl SourceSettings for FritzBoxSettings {
    fn name(&self) -> &'static str {
        "fritzbox"
    }

    fn title(&self) -> &'static str {
        "FRITZ!Box"
    }

    /// Its call monitor: host and port.
    fn address(&self) -> String {
        // What is none is named as it is, and refused.
        self.checked_address().unwrap_or_else(|_| self.address.clone().unwrap_or_default())
    }

    fn is_set(&self) -> bool {
        *self != Self::default()
    }

    fn files(&self) -> Vec<&Path> {
        Vec::new()
    }

    fn login(&self) -> Result<Option<String>, ConfigError> {
        self.checked()?;
        Ok(self.is_set().then(|| self.address()))
    }

    fn hold(&self) -> Duration {
        HOLD
    }

    fn turns_callers_away(&self) -> bool {
        true
    }
}

impl FritzBoxSettings {
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            address: self.address.or(other.address),
            area_code: self.area_code.or(other.area_code),
            voicemail: self.voicemail.or(other.voicemail),
        }
    }

    /// The area code, with the 0 that is dialled before it.
    pub fn area_code(&self) -> Option<String> {
        let code = self.area_code.as_deref()?;
        Some(if code.starts_with(['0', '+']) { code.to_owned() } else { format!("0{code}") })
    }

    fn checked_address(&self) -> Result<String, ConfigError> {
        host_and_port("bridge.fritzbox.address", self.address.as_deref().unwrap_or("fritz.box"), USUAL_PORT)
    }

    /// Whether they can work.
    ///
    /// # Errors
    ///
    /// The address is none, the area code has something in it that is no digit, or an extension is none.
    pub fn checked(&self) -> Result<(), ConfigError> {
        self.checked_address()?;
        let wrong = |text: String| Err(ConfigError::Bridge(format!("bridge.fritzbox.{text}")));
        let is_number = |text: &str| {
            !text.is_empty() && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if let Some(code) = &self.area_code
            && !is_number(code.strip_prefix('+').unwrap_or(code))
        {
            return wrong("area_code: not digits such as 030".to_owned());
        }
        for extension in self.voicemail.iter().flat_map(|List(extensions)| extensions) {
            let (first, last) = extension.split_once('-').unwrap_or((extension, extension));
            if !is_number(first.trim()) || !is_number(last.trim()) {
                return wrong(format!(
                    "voicemail: {extension:?} is not an extension such as 40, or a range such as 40-44"
                ));
            }
        }
        Ok(())
    }
}
