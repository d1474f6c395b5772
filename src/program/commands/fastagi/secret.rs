//! The word in the address without which nobody is let in.

use std::ffi::OsString;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use crate::config::{FileError, Secret, read_token};

/// The variables that a service sets, so that no command line shows it.
const VARIABLE: &str = "ZAMMAD_CTI_FASTAGI_SECRET";
const FILE_VARIABLE: &str = "ZAMMAD_CTI_FASTAGI_SECRET_FILE";

/// What is shorter can be guessed, and may be found in a word of somebody else's.
pub const SHORTEST: usize = 16;

/// The flag's secret, else a variable's, if there is one.
///
/// # Errors
///
/// Its file cannot be read, or others can read it too; or it is none that an address can hold.
pub fn configured(flag: Option<&Path>) -> Result<Option<Secret>, SecretError> {
    let secret = match (file(flag), variable(VARIABLE)) {
        (Some(file), None) => read(&file)?,
        (Some(file), Some(_)) if flag.is_some() => read(&file)?,
        (Some(file), Some(_)) => return Err(SecretError::Two { file }),
        (None, Some(text)) => Secret::new(text.to_string_lossy().trim()),
        (None, None) => return Ok(None),
    };
    check(secret.reveal())?;
    Ok(Some(secret))
}

/// The file it may stand in: the flag's, else a variable's.
pub fn file(flag: Option<&Path>) -> Option<PathBuf> {
    flag.map(Path::to_owned).or_else(|| variable(FILE_VARIABLE).map(PathBuf::from))
}

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|text| !text.is_empty())
}

fn read(file: &Path) -> Result<Secret, SecretError> {
    read_token(file).map_err(|error| match error {
        FileError::OthersCanRead { path } => SecretError::OthersCanRead { path },
        FileError::NoToken { path } => SecretError::NoSecret { path },
        FileError::TokenForFile => SecretError::SecretForFile,
        other => SecretError::File(other),
    })
}

/// An address holds it as it is, and so does a line of a dialplan.
fn check(secret: &str) -> Result<(), SecretError> {
    if secret.len() < SHORTEST {
        Err(SecretError::Short)
    } else if !secret.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
        Err(SecretError::Sign)
    } else {
        Ok(())
    }
}

/// Whether what stands in an address is the secret. How long this takes does not tell how much of it is
/// right.
pub fn is_it(secret: &Secret, shown: &str) -> bool {
    let (secret, shown) = (secret.reveal().as_bytes(), shown.as_bytes());
    let differing = secret.iter().zip(shown).fold(0, |differing, (a, b)| black_box(differing | (a ^ b)));
    secret.len() == shown.len() && black_box(differing) == 0
}

/// Why there is no secret. No text holds it.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("{} holds the secret, and others can read it; run: chmod o-rwx {}", path.display(), path.display())]
    OthersCanRead { path: PathBuf },
    #[error("{} must contain one secret, and nothing else", path.display())]
    NoSecret { path: PathBuf },
    #[error(
        "--secret-file looks like the secret itself, not like the name of a file; put the secret into a \
        file"
    )]
    SecretForFile,
    #[error("both {VARIABLE} and {FILE_VARIABLE} ({}) are set; keep one of them", file.display())]
    Two { file: PathBuf },
    #[error(
        "the secret is shorter than {SHORTEST} characters, and could be guessed; `openssl rand -hex 20` makes one"
    )]
    Short,
    #[error("the secret may only have letters, digits, - and _")]
    Sign,
    #[error("the secret's file")]
    File(#[source] FileError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_secret_is_it() {
        let secret = Secret::new("0123456789abcdef");
        assert!(is_it(&secret, "0123456789abcdef"));
        for other in ["", "0123456789abcde", "0123456789abcdefg", "0123456789abcdeF", "fedcba9876543210"] {
            assert!(!is_it(&secret, other), "{other}");
        }
    }

    #[test]
    fn a_secret_is_long_and_fits_into_an_address() {
        // (text, whether it is one)
        let cases = [
            ("0123456789abcdef", true),
            ("Xk3vQm9_secret-7RtW2", true),
            ("0123456789abcde", false),
            ("0123456789abcdef/", false),
            ("0123456789abcdef,1", false),
            ("0123456789 abcdef", false),
            ("0123456789abcd\u{e9}f", false),
        ];
        for (text, is_secret) in cases {
            assert_eq!(check(text).is_ok(), is_secret, "{text}");
        }
    }
}
