//! `zammad-cti config import`: the configuration of another program becomes one of ours.

mod config_simple;
mod go_bridge;
mod perl_bridge;
mod secret_files;
mod yaml_sections;

use std::io::{IsTerminal, Write, stdout};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use rustix::fs::{FileType, Mode, fchmod, fstat};
use rustix::process::geteuid;

use crate::config::{Endpoint, FileError, Secret, read_file, without_mark};
use crate::program::cli::{Import, Peer};
use crate::program::exit_code::ExitCode;
use crate::program::output::OutputError;
use crate::program::safe_text::{json, printable};
use perl_bridge::{Account, Chosen, Imported, Profile, Unusable, import};

use super::start_log;

/// A configuration is some hundred lines; what is longer is another file.
const MOST: u64 = 256 * 1024;

/// Why a file is not taken over.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It is not there, not for this user, or no file.
    #[error("nothing is imported")]
    Unreadable(#[source] FileError),
    /// It is not what the other program reads.
    #[error("{}", path.display())]
    Unusable { path: PathBuf, source: Unusable },
    /// It is not what 3cx-zammad-bridge reads, or not enough of it.
    #[error("{}", path.display())]
    UnusableYaml { path: PathBuf, source: go_bridge::Unusable },
    /// The same of its characters.
    #[error("{}: line {line}: it is not UTF-8", path.display())]
    NotText { path: PathBuf, line: usize },
}

/// Writes the configuration to `out`, which is the standard output.
pub fn run(args: &Import, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let Import { program, file, zammad, asterisk, secrets } = args;
    let (content, metadata) = read_file(file, MOST).map_err(ImportError::Unreadable)?;
    let text = str::from_utf8(without_mark(&content)).map_err(|error| {
        let read = without_mark(&content)[..error.valid_up_to()].iter();
        ImportError::NotText { path: file.clone(), line: 1 + read.filter(|&&byte| byte == b'\n').count() }
    })?;
    let imported = match program {
        Peer::Asterisk => {
            let imported = import(text, Chosen { zammad, asterisk });
            From::Script(imported.map_err(|source| ImportError::Unusable { path: file.clone(), source })?)
        }
        Peer::ThreeCx => {
            let imported = go_bridge::import(text);
            From::Bridge(imported.map_err(|source| ImportError::UnusableYaml { path: file.clone(), source })?)
        }
    };
    start_log(log::LevelFilter::Warn, []);
    if metadata.permissions().mode() & 0o007 != 0 {
        log::warn!("others can read {}, which holds secrets; run: chmod o-rwx {0}", file.display());
    }
    let show: fn(&Secret) -> String = if stdout().is_terminal() {
        log::warn!("secrets are not shown on a terminal; to have them, write to a file, as in >config.toml");
        hidden
    } else {
        keep_from_others()?;
        |secret| json(&secret.reveal())
    };
    let text = match (imported, secrets) {
        (From::Script(imported), _) => written(&imported, file, show),
        (From::Bridge(imported), Some(folder)) => {
            imported.written(file, &mut |key, secret| secret_files::keep(folder, key, secret))?
        }
        (From::Bridge(imported), None) => {
            imported.written(file, &mut |key, secret| Ok(format!("{key} = {}\n", show(secret))))?
        }
    };
    out.write_all(text.as_bytes()).map_err(OutputError)?;
    Ok(ExitCode::Ok)
}

/// What was read, by the program that it is from.
enum From {
    Script(Imported),
    Bridge(go_bridge::Imported),
}

/// Takes the file that the standard output goes to from others, before anything stands in it.
fn keep_from_others() -> anyhow::Result<()> {
    let mine = || -> std::io::Result<bool> {
        let stat = fstat(stdout())?;
        let mode = Mode::from_raw_mode(stat.st_mode);
        let is_open =
            FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && mode.intersects(Mode::RWXO);
        if is_open {
            fchmod(stdout(), mode & !Mode::RWXO)?;
        }
        Ok(is_open)
    };
    if mine().context("others can read the output file, and it would contain secrets")? {
        log::warn!("others could read the output file; it is private now, because it contains secrets");
    }
    Ok(())
}

/// Where the package keeps the spool.
const SPOOL_FOLDER: &str = "/var/spool/zammad-cti";

/// The setting of the spool.
fn spool() -> String {
    spool_path(Path::new(SPOOL_FOLDER), geteuid().is_root())
}

/// The path of the spool: as the package has it, where it is installed, or where the bridge can make the folder. Others
/// could not use a configuration that names it.
fn spool_path(folder: &Path, can_make_it: bool) -> String {
    let path = format!("path = {}\n", json(&folder.join("spool.db").to_string_lossy()));
    if can_make_it || folder.is_dir() {
        return path;
    }
    format!(
        "# Set it: without a spool, events that Zammad does not take are lost, and calls that are open when the bridge\n\
         # ends stay open at Zammad. The user of the bridge has to be able to write there.\n#{path}"
    )
}

/// A secret as it is shown on a terminal.
fn hidden(secret: &Secret) -> String {
    let endpoint = Endpoint::new(secret, None).ok();
    json(&endpoint.map_or_else(|| secret.to_string(), |endpoint| endpoint.to_string()))
}

/// Our configuration, with a remark for each thing that differs.
fn written(imported: &Imported, file: &Path, show: fn(&Secret) -> String) -> String {
    let Imported { url, asterisk, profiles, remarks } = imported;
    let mut left = String::new();
    for remark in remarks {
        left.push_str(&format!("# - {}\n", printable(&remark.to_string())));
    }
    if !left.is_empty() {
        left.insert_str(0, "#\n# Of that file:\n");
    }
    let mut text = format!(
        "{HEAD}# Made from {}.\n{left}\n{URL}url = {}\n{NUMBERS}{}{TABLES}{ASTERISK}{}",
        printable(&file.to_string_lossy()),
        show(url),
        spool(),
        account(asterisk, show)
    );
    text.push_str(TRUNKS);
    for Profile { name, url, asterisk } in profiles {
        text.push_str(&format!("\n# Followed by: zammad-cti bridge asterisk --profile {name}\n"));
        let is_bare = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        let name = if is_bare { name.clone() } else { json(name) };
        if let Some(url) = url {
            text.push_str(&format!("[profiles.{name}]\nurl = {}\n", show(url)));
        }
        if let Some(asterisk) = asterisk {
            text.push_str(&format!("[profiles.{name}.bridge.asterisk]\n{}", account(asterisk, show)));
        }
    }
    text
}

fn account(account: &Account, show: fn(&Secret) -> String) -> String {
    let Account { address, username, secret } = account;
    format!("address = {}\nusername = {}\nsecret = {}\n", json(address), json(username), show(secret))
}

const HEAD: &str = "\
# The configuration of zammad-cti, converted from asterisk-zammad-cti-bridge.
#
# It contains Zammad's token and the secret of an account at Asterisk. Others must not be able to read it:
# chmod o-rwx config.toml. To keep the secret in a file of its own, use `secret_file` instead of `secret`.
#
# Differences from the script:
# - The account at Asterisk needs more rights. In manager.conf:
#     read = call,agent,system
#     write = reporting
# - Calls to telephones and groups, and outbound calls, are reported too, not only those of queues.
# - `to` is the dialled number, and `queue` is the queue's name. Rows of the caller-log filter with queue
#   names still decide who sees a call in the list. The popup depends on the number.
# - Numbers are sent as digits with the country code: set `country` below.
# - A call is one call in Zammad, even if it enters several queues. It ends when the caller hangs up.
# - Stop the script before you start zammad-cti, because nothing else may report the same calls.
#
";

const URL: &str = "# Zammad's CTI address with its token.\n";

const NUMBERS: &str = "
[numbers]
# The country of the phone system. National numbers get its code.
#country = \"DE\"

[spool]
# Where events wait while Zammad is down. The script lost them.
";

const TABLES: &str = "
# Whose phone is whose: an extension or an endpoint, and a Zammad login. The script sent the name of the
# queue's member. zammad-cti does the same for a phone that is not listed.
[agents]
#101 = \"anna@example.com\"
";

const ASTERISK: &str = "
[bridge.asterisk]
";

const TRUNKS: &str = "\
# The contexts in which calls from outside begin, if they are not the defaults. The script did not need them.
#trunk_contexts = [\"from-trunk*\"]
# The digit that phones dial for an outside line.
#outside_prefix = \"0\"
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spool_is_set_where_there_is_a_folder_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let of = |folder: &Path| format!("path = \"{}/spool.db\"\n", folder.display());
        assert_eq!(spool_path(folder.path(), false), of(folder.path()));
        let other = folder.path().join("missing");
        assert_eq!(spool_path(&other, true), of(&other));
        let missing = spool_path(&other, false);
        assert!(missing.lines().all(|line| line.starts_with('#')), "{missing}");
        assert!(missing.ends_with("/missing/spool.db\"\n") && missing.contains("Set it: "), "{missing}");
    }
}
