//! What Asterisk's manager interface is asked for.

use std::fmt;

/// An action, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    fields: Vec<(&'static str, String)>,
    is_rare: bool,
}

impl Action {
    /// An action by its name, and an id to know the reply by.
    pub fn new(name: &str, id: impl Into<String>) -> Self {
        Self { fields: vec![("Action", name.to_owned()), ("ActionID", id.into())], is_rare: false }
    }

    /// One that may wait: it is not asked again a moment after the last one of this kind.
    #[must_use]
    pub fn rarely(self) -> Self {
        Self { is_rare: true, ..self }
    }

    /// Whether it may wait.
    pub fn is_rare(&self) -> bool {
        self.is_rare
    }

    /// With one more field. Nothing that it holds can begin another.
    #[must_use]
    pub fn with(mut self, field: &'static str, value: impl Into<String>) -> Self {
        let value: String = value.into();
        self.fields.push((field, value.chars().filter(|c| !c.is_control()).collect()));
        self
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (field, value) in &self.fields {
            write!(f, "{field}: {value}\r\n")?;
        }
        f.write_str("\r\n")
    }
}
