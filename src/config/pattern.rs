//! Patterns of names and numbers in the settings: `*` stands for any characters.

use std::fmt;

use regex_lite::Regex;

/// See the module.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    regex: Regex,
}

impl Pattern {
    /// As it stands in the settings.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let parts: Vec<String> = text.split('*').map(regex_lite::escape).collect();
        #[expect(clippy::expect_used, reason = "what is escaped is always a pattern")]
        let regex = Regex::new(&format!("^(?s:{})$", parts.join(".*"))).expect("a pattern");
        Self { text, regex }
    }

    /// Whether a whole text is meant by it.
    pub fn is_met_by(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}
