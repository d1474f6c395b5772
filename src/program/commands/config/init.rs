//! `zammad-cti config init`

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write, stderr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, anyhow};

use crate::config::{Config, Endpoint, Secret, Settings, default_files};
use crate::number::Country;

use super::super::settings::{config_home, named_file};
use super::super::{check, start_log};
use super::template::filled;
use crate::program::ask::{ask, ask_unseen, can_ask};
use crate::program::cli::{self, Global};
use crate::program::exit_code::{ExitCode, UsageError};
use crate::program::output::OutputError;

/// Writes the file, and says where it is.
pub fn run(args: &cli::Init, global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let named = named_file(global);
    let is_named = named.is_some();
    let path = match named {
        Some(path) => path,
        None => {
            let home = config_home()
                .ok_or(UsageError("give --config, because neither $XDG_CONFIG_HOME nor $HOME is set"))?;
            home.join("zammad-cti/config.toml")
        }
    };
    start_log(log::LevelFilter::Warn, []);
    let given = global.settings.clone();
    let is_asked = !says_anything(&given) && can_ask();
    let failed = || format!("cannot write {}", path.display());
    if is_asked {
        // Before somebody answers in vain.
        refuse_existing(&path, args.force).with_context(failed)?;
    }
    let settings = if is_asked { asked()? } else { anywhere(given)? };
    // What would be refused later is not written.
    Config::try_from(settings.clone())?;
    write_private(&path, &filled(&settings)?, args.force).with_context(failed)?;
    for hidden in default_files(config_home().as_deref()) {
        // The phone system and the services are other users, and read that one.
        if !is_named && hidden != path && hidden.exists() {
            log::warn!("{} is no longer used for this user, only for others", hidden.display());
        }
    }
    writeln!(out, "{}", path.display()).map_err(OutputError)?;
    if is_asked && settings.url.is_some() {
        writeln!(out).map_err(OutputError)?;
        let written = Global { config: Some(path), ..Global::default() };
        // The file is written, whatever the check says of the connection.
        check::run(&cli::Check::default(), &written, Instant::now(), out)?;
    }
    Ok(ExitCode::Ok)
}

fn says_anything(settings: &Settings) -> bool {
    settings.by_key().values().any(|value| !value.is_null())
}

/// The same settings wherever the file is read: a path in a file does not begin at this folder.
fn anywhere(settings: Settings) -> std::io::Result<Settings> {
    let whole = |path: Option<PathBuf>| path.map(std::path::absolute).transpose();
    Ok(Settings {
        token_file: whole(settings.token_file)?,
        ca_file: whole(settings.ca_file)?,
        client_cert: whole(settings.client_cert)?,
        client_key: whole(settings.client_key)?,
        ..settings
    })
}

/// What a person at the terminal says.
fn asked() -> anyhow::Result<Settings> {
    say("In Zammad, open Admin > System > Integrations > CTI (generic), switch it");
    say("on, and copy the Endpoint. Press Enter to leave an answer open.");
    say("");
    let url = answer(
        || ask_unseen("Endpoint (not shown):"),
        |text| {
            let url = Secret::new(text);
            let endpoint = Endpoint::new(&url, None)?;
            say(&format!("  {endpoint}"));
            Ok(url)
        },
    )?;
    let country = answer(
        || ask("Country of the phone system, such as DE:"),
        |text| text.parse::<Country>().map_err(|error| anyhow!("{error}")),
    )?;
    say("");
    let mut settings = Settings { url, ..Settings::default() };
    settings.numbers.country = country;
    Ok(settings)
}

/// Asks until the answer can be read, or is empty.
fn answer<T>(
    ask: impl Fn() -> std::io::Result<Option<String>>,
    read: impl Fn(&str) -> anyhow::Result<T>,
) -> anyhow::Result<Option<T>> {
    loop {
        let text = ask().context("cannot read the terminal")?;
        let text = text.ok_or(UsageError("there was no answer, and no file is written"))?;
        if text.is_empty() {
            return Ok(None);
        }
        match read(&text) {
            Ok(value) => return Ok(Some(value)),
            Err(error) => say(&format!("  {error:#}")),
        }
    }
}

fn say(line: &str) {
    // Nobody is left to tell if stderr is closed.
    let _ = writeln!(stderr(), "{line}");
}

fn refuse_existing(path: &Path, force: bool) -> anyhow::Result<()> {
    let exists = path.symlink_metadata().is_ok();
    if exists && !force { Err(exists_already(ErrorKind::AlreadyExists.into())) } else { Ok(()) }
}

fn exists_already(error: std::io::Error) -> anyhow::Error {
    anyhow::Error::new(error).context("it exists already; --force replaces it")
}

/// For the owner's eyes only, because it holds a token, or will.
fn write_private(path: &Path, text: &str, force: bool) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // A new file, so that it gets the mode below; and of a device nothing is replaced.
    if force && path.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
        std::fs::remove_file(path)?;
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = match file {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && !force => Err(exists_already(error)),
        file => file.map_err(anyhow::Error::new),
    }?;
    Ok(file.write_all(text.as_bytes())?)
}
