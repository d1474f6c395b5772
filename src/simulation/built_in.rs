//! The scenarios that come along, as files like a user's own.

use std::path::Path;

use super::Scenario;
use super::expected::nearest;

/// Their names and texts, in the order in which they are played: how calls go, and then what
/// phone systems do wrong.
const BUILT_IN: [(&str, &str); 18] = [
    ("answered", include_str!("scenarios/answered.toml")),
    ("missed", include_str!("scenarios/missed.toml")),
    ("busy", include_str!("scenarios/busy.toml")),
    ("rejected", include_str!("scenarios/rejected.toml")),
    ("voicemail", include_str!("scenarios/voicemail.toml")),
    ("forwarded", include_str!("scenarios/forwarded.toml")),
    ("group", include_str!("scenarios/group.toml")),
    ("queue", include_str!("scenarios/queue.toml")),
    ("transfer", include_str!("scenarios/transfer.toml")),
    ("anonymous", include_str!("scenarios/anonymous.toml")),
    ("outbound", include_str!("scenarios/outbound.toml")),
    ("outbound-unanswered", include_str!("scenarios/outbound-unanswered.toml")),
    ("outbound-rewritten", include_str!("scenarios/outbound-rewritten.toml")),
    ("duplicate", include_str!("scenarios/duplicate.toml")),
    ("late-answer", include_str!("scenarios/late-answer.toml")),
    ("out-of-order", include_str!("scenarios/out-of-order.toml")),
    ("lost-reply", include_str!("scenarios/lost-reply.toml")),
    ("double-hangup", include_str!("scenarios/double-hangup.toml")),
];

/// No scenario has this name.
#[derive(Debug, thiserror::Error)]
#[error("no scenario {name:?}; {hint}")]
pub struct UnknownScenario {
    name: String,
    hint: String,
}

/// The names of all.
pub fn names() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|(name, _)| *name)
}

/// One as its file has it.
pub fn text(name: &str) -> Result<&'static str, UnknownScenario> {
    let known = BUILT_IN.iter().find(|(known, _)| *known == name);
    known.map(|(_, text)| *text).ok_or_else(|| {
        let hint = match nearest(name, names()) {
            Some(nearest) => format!("did you mean {nearest:?}?"),
            None => "`simulate --list` shows them, and a file is written like ./mine.toml".to_owned(),
        };
        UnknownScenario { name: name.to_owned(), hint }
    })
}

/// One, ready to be played.
pub fn named(name: &str) -> Result<Scenario, UnknownScenario> {
    let text = text(name)?;
    Ok(Scenario::read(name, Path::new(name), text).expect("a test reads each of them"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_can_be_read() {
        for (name, text) in BUILT_IN {
            let scenario = Scenario::read(name, Path::new(name), text).unwrap();
            assert!(!scenario.story.is_empty(), "{name}");
        }
    }
}
