//! Secrets in files of their own, which the configuration names.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use url::Url;

use crate::config::Secret;
use crate::program::safe_text::json;

/// Writes a secret to a file in this folder, and returns the lines of the configuration that name it. Of an address
/// with a token, the token is the secret.
///
/// # Errors
///
/// The file is there already, or cannot be written.
pub fn keep(folder: &Path, key: &'static str, secret: &Secret) -> anyhow::Result<String> {
    let (mut lines, name, file_key, text) = match key {
        "url" => match without_token(secret) {
            Some((url, token)) => (format!("url = {}\n", json(&url)), "zammad-token", "token_file", token),
            // Where the token stands otherwise nobody knows.
            None => return Ok(format!("url = {}\n", json(&secret.reveal()))),
        },
        "client_secret" => (String::new(), "3cx-secret", "client_secret_file", secret.reveal().to_owned()),
        _ => (String::new(), "3cx-password", "password_file", secret.reveal().to_owned()),
    };
    // Such a file holds one word.
    if text.contains(char::is_whitespace) {
        return Ok(format!("{key} = {}\n", json(&text)));
    }
    let path = folder.join(name);
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    written
        .and_then(|mut file| file.write_all(format!("{text}\n").as_bytes()))
        .with_context(|| path.display().to_string())?;
    let path = std::path::absolute(&path).unwrap_or(path);
    lines.push_str(&format!("{file_key} = {}\n", json(&path.to_string_lossy())));
    Ok(lines)
}

/// An address without the token at its end, and the token.
fn without_token(address: &Secret) -> Option<(String, String)> {
    let mut url = Url::parse(address.reveal()).ok()?;
    let token = url.path_segments()?.next_back().filter(|token| !token.is_empty())?.to_owned();
    url.path_segments_mut().ok()?.pop();
    Some((url.into(), token))
}
