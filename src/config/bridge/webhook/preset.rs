//! What is known of phone systems that send webhooks, as settings of a hook.

use super::HookSettings;

/// Their names, and their files.
pub const PRESETS: [(&str, &str); 7] = [
    ("aircall", include_str!("presets/aircall.toml")),
    ("didww", include_str!("presets/didww.toml")),
    ("placetel", include_str!("presets/placetel.toml")),
    ("sipgate", include_str!("presets/sipgate.toml")),
    ("telnyx", include_str!("presets/telnyx.toml")),
    ("twilio", include_str!("presets/twilio.toml")),
    ("yeastar", include_str!("presets/yeastar.toml")),
];

/// The settings of a preset; `None` if there is none of this name.
pub fn read(name: &str) -> Option<HookSettings> {
    let (_, text) = PRESETS.iter().find(|(preset, _)| *preset == name)?;
    // As the configuration's own hooks are read: another reader would be another copy of its code.
    let file = config::File::from_str(text, config::FileFormat::Toml);
    let settings =
        config::Config::builder().add_source(file).build().and_then(config::Config::try_deserialize);
    #[expect(clippy::expect_used, reason = "a test reads all of them")]
    Some(settings.expect("a preset"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_preset_can_be_read() {
        for (name, _) in PRESETS {
            let hook = HookSettings { preset: Some(name.to_owned()), ..HookSettings::default() };
            let whole = hook.whole("a").unwrap();
            assert!(!whole.words.event.is_empty(), "{name}");
        }
        assert_eq!(read("nobody"), None);
    }
}
