//! What the targets have in common.

pub mod watched;

use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::PathBuf;

use rustix::fs::{MemfdFlags, Mode, fchmod, memfd_create};
use zammad_cti::config::{Config, Secret, Settings};

/// A token as Zammad makes them. Where an input has it, nothing may show it.
pub const TOKEN: &str = "kX3vR7pQ9mZ2wL5tB8nY4cD6hJ1";

/// How much of a token is too much to be seen.
const PIECE: usize = 12;

/// Whether a text shows the token, or so much of it that it can be guessed.
pub fn shows_token(text: &str) -> bool {
    TOKEN.as_bytes().windows(PIECE).any(|piece| text.as_bytes().windows(PIECE).any(|part| part == piece))
}

/// Whether a text shows no part of the token but with the whole of it: of a part that stands alone
/// nobody can know that it is one.
pub fn holds_whole_token(text: &[u8]) -> bool {
    !shows_token(&String::from_utf8_lossy(text).replace(TOKEN, " "))
}

/// Whether a terminal shows a text as one line, in its order, and does nothing else about it.
pub fn is_harmless(text: &str) -> bool {
    let turns = "\u{2028}\u{2029}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
    !text.chars().any(|c| c.is_control() || turns.contains(c))
}

/// An input in two parts, with a line `---` between them.
pub fn two_parts(data: &[u8]) -> (&[u8], Option<&[u8]>) {
    const LINE: &[u8] = b"\n---\n";
    match data.windows(LINE.len()).position(|part| part == LINE) {
        // A part of lines, the last of which is whole too.
        Some(place) => (&data[..=place], Some(&data[place + LINE.len()..])),
        None => (data, None),
    }
}

/// The configuration of a Zammad at this address.
pub fn config(zammad: &str) -> Config {
    let settings = Settings {
        url: Some(Secret::new(zammad)),
        token: Some(Secret::new(TOKEN)),
        agents: [("PJSIP/anna", "anna@example.com"), ("101", "bert@example.com")]
            .map(|(phone, login)| (phone.to_owned(), login.to_owned()))
            .into(),
        ..Settings::default()
    };
    Config::try_from(settings).expect("an address and a token are a configuration")
}

/// A file that only its owner may read, and that is gone with the process.
pub struct Scratch(File);

impl Scratch {
    pub fn holding(content: &[u8]) -> Self {
        let file = memfd_create("scratch", MemfdFlags::CLOEXEC).expect("a file in memory");
        fchmod(&file, Mode::RUSR | Mode::WUSR).expect("its owner may change its mode");
        let mut file = File::from(file);
        file.write_all(content).expect("there is memory for it");
        Self(file)
    }

    pub fn path(&self) -> PathBuf {
        format!("/proc/self/fd/{}", self.0.as_raw_fd()).into()
    }
}
