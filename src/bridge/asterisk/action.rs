//! What Asterisk's manager interface is asked for.

use std::fmt;

/// An action, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    fields: Vec<(&'static str, String)>,
}

impl Action {
    /// An action by its name, and an id to know the reply by.
    pub fn new(name: &str, id: impl Into<String>) -> Self {
        Self { fields: vec![("Action", name.to_owned()), ("ActionID", id.into())] }
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
