//! Colour, on terminals that want it.

use anstyle::{AnsiColor, Style};

/// What stands out, and how; nothing at all where there is no terminal, or it wants no colour.
#[derive(Debug, Clone, Copy, Default)]
pub struct Palette {
    pub heading: Style,
    pub good: Style,
    pub bad: Style,
    pub notable: Style,
    pub sent: Style,
    pub quiet: Style,
}

impl Palette {
    /// For stdout, as it is and as `NO_COLOR`, `CLICOLOR` and `TERM` have it.
    pub fn for_stdout() -> Self {
        match anstream::AutoStream::choice(&std::io::stdout()) {
            anstream::ColorChoice::Never => Self::default(),
            anstream::ColorChoice::Auto
            | anstream::ColorChoice::Always
            | anstream::ColorChoice::AlwaysAnsi => Self {
                heading: Style::new().bold(),
                good: AnsiColor::Green.on_default(),
                bad: AnsiColor::Red.on_default().bold(),
                notable: AnsiColor::Yellow.on_default(),
                sent: AnsiColor::Cyan.on_default(),
                quiet: Style::new().dimmed(),
            },
        }
    }
}
