//! The files of examples/monitoring, read as the programs for which they are, and their commands run.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use regex_lite::Regex;
use tempfile::TempDir;

use crate::root;
use crate::session::{Zammad, plain};

/// How the files call the program.
const INSTALLED: &str = "/usr/bin/zammad-cti";

/// A phone system with a Zammad, and one whose Zammad has another token.
struct Bench {
    home: TempDir,
    zammad: Zammad,
}

impl Bench {
    fn new() -> Self {
        let home = TempDir::new().unwrap();
        let zammad = Zammad::start(home.path());
        Self { home, zammad }
    }

    /// A command line for /bin/sh, with this token.
    fn run(&self, line: &str, token: &str) -> Output {
        assert!(line.contains(INSTALLED), "{line}");
        let mut shell = plain("/bin/sh", self.home.path());
        self.configured(&mut shell, token);
        shell.args(["-c", &line.replace(INSTALLED, env!("CARGO_BIN_EXE_zammad-cti"))]).output().unwrap()
    }

    fn configured(&self, command: &mut Command, token: &str) {
        command.env("ZAMMAD_CTI_SPOOL_PATH", self.home.path().join("spool.db"));
        command.env("ZAMMAD_CTI_URL", format!("{}/api/v1/cti/{token}", self.zammad.origin));
    }

    /// A plug-in's command line: OK, and CRITICAL with a wrong token.
    fn is_a_plugin(&self, line: &str) {
        let right = self.run(line, "TOKEN");
        let wrong = self.run(line, "WRONG");
        assert!(said(&right).starts_with("ZAMMAD OK - token accepted in "), "{line}: {right:?}");
        // The limits are the line's: one second, five seconds; and ten minutes, an hour.
        assert!(said(&right).contains("s;1;5;0 ") && said(&right).contains("age=0s;600;3600;0"), "{right:?}");
        assert_eq!(right.status.code(), Some(0));
        assert!(said(&wrong).starts_with("ZAMMAD CRITICAL - Token: "), "{line}: {wrong:?}");
        assert_eq!(wrong.status.code(), Some(2));
    }
}

fn said(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn example(name: &str) -> String {
    fs::read_to_string(root().join("examples/monitoring").join(name)).unwrap()
}

/// The value of a key in a file of Nagios.
fn value<'a>(text: &'a str, key: &str) -> &'a str {
    text.lines().find_map(|line| line.trim().strip_prefix(key)).unwrap_or_else(|| panic!("{key}")).trim()
}

/// What sudo is to run, which has to be what its line allows, to the letter.
fn by_sudo(line: &str) -> String {
    let command = line.strip_prefix("/usr/bin/sudo -n -u zammad-cti ").unwrap_or_else(|| panic!("{line}"));
    let sudoers = example("sudoers");
    let allowed = value(&sudoers, "nagios ALL=(zammad-cti) NOPASSWD: ");
    // There a comma and an equals sign mean something else without a backslash before them.
    let bare = Regex::new(r"[^\\][,=:]").unwrap();
    assert!(!bare.is_match(allowed), "{allowed}");
    assert_eq!(command, allowed.replace('\\', ""));
    command.to_owned()
}

#[test]
fn monitoring_by_nagios() {
    let text = example("nagios.cfg");
    assert_eq!(value(&text, "check_command"), value(&text, "command_name"));
    let line = value(&text, "command_line");
    assert!(!line.contains('$'), "{line}");
    Bench::new().is_a_plugin(&by_sudo(line));
}

#[test]
fn monitoring_by_nrpe() {
    Bench::new().is_a_plugin(&by_sudo(value(&example("nrpe.cfg"), "command[check_zammad_cti]=")));
}

#[test]
fn monitoring_by_checkmk() {
    // Checkmk's agent is root, and root's home is not the user's.
    let as_user = "/usr/sbin/runuser -u zammad-cti -- /usr/bin/env HOME=/nonexistent ";
    let text = example("mrpe.cfg");
    Bench::new().is_a_plugin(value(&text, "Zammad_CTI ").strip_prefix(as_user).expect("not root"));
}

#[test]
fn monitoring_by_icinga() {
    let text = example("icinga2.conf");
    let command = Regex::new(r"(?s)\n  command = \[\n(.*?)\n  \]\n").unwrap().captures(&text).unwrap();
    let words: Vec<_> = Regex::new(r#""([^"]*)""#)
        .unwrap()
        .captures_iter(&command[1])
        .map(|word| word[1].to_owned())
        .collect();
    let name = Regex::new(r#"(?m)^object CheckCommand "(.*)" \{$"#).unwrap().captures(&text).unwrap();
    assert!(text.contains(&format!("check_command = \"{}\"", &name[1])));
    Bench::new().is_a_plugin(&by_sudo(&words.join(" ")));
}

/// The commands of a file of /etc/cron.d, behind five fields of time and the user, as cron hands them to the shell.
fn cron_commands() -> Vec<String> {
    let text = example("zammad-cti.cron");
    let line = Regex::new(r"(?m)^(?:[0-9*/]+ +){5}zammad-cti +(.+)$").unwrap();
    let commands: Vec<_> = line.captures_iter(&text).map(|found| found[1].to_owned()).collect();
    assert_eq!(commands.len(), 3, "{commands:?}");
    // There a % is the end of the command, unless it has a backslash, which cron takes away.
    let bare = Regex::new(r"(?:^|[^\\])%").unwrap();
    assert!(!commands.iter().any(|command| bare.is_match(command)), "{commands:?}");
    commands.iter().map(|command| command.replace(r"\%", "%")).collect()
}

#[test]
fn monitoring_by_cron_prints_what_a_server_said_as_it_is() {
    let home = TempDir::new().unwrap();
    // Where the program is: a check whose server had backslashes in its title.
    let said = r"ZAMMAD CRITICAL - the page says a\tb\nc\0041\c -n | time=U";
    let check = home.path().join("check");
    fs::write(&check, format!("#!/bin/sh\ncat <<'END'\n{said}\nEND\nexit 2\n")).unwrap();
    Command::new("chmod").arg("700").arg(&check).status().unwrap();
    let line = cron_commands().remove(0).replace(INSTALLED, check.to_str().unwrap());
    let mail = plain("/bin/sh", home.path()).args(["-c", &line]).output().unwrap();
    assert_eq!(String::from_utf8(mail.stdout).unwrap(), format!("{said}\n"));
}

#[test]
fn monitoring_by_cron_is_quiet_until_something_is_wrong() {
    let bench = Bench::new();
    // --all-profiles takes the address from the file.
    let config = |token: &str| {
        let file = bench.home.path().join(".config/zammad-cti/config.toml");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, format!("url = \"{}/api/v1/cti/{token}\"\n", bench.zammad.origin)).unwrap();
        Command::new("chmod").arg("600").arg(&file).status().unwrap();
    };
    let check = cron_commands().remove(0).replace(INSTALLED, env!("CARGO_BIN_EXE_zammad-cti"));
    let run = || plain("/bin/sh", bench.home.path()).args(["-c", &check]).output().unwrap();
    config("TOKEN");
    let quiet = run();
    assert!(quiet.status.success() && quiet.stdout.is_empty() && quiet.stderr.is_empty(), "{quiet:?}");
    config("WRONG");
    assert!(said(&run()).starts_with("ZAMMAD CRITICAL - Token: "), "{:?}", run());
}

#[test]
fn monitoring_by_cron_sends_what_waits_and_has_figures() {
    let bench = Bench::new();
    let [_, flush, stats] = &cron_commands()[..] else { panic!() };
    let folder = "/var/lib/zammad-cti-metrics";
    assert!(stats.contains(folder), "{stats}");
    let stats = stats.replace(folder, &bench.home.path().to_string_lossy());
    // The timer's service does the same.
    let unit = fs::read_to_string(root().join("packaging/systemd/zammad-cti-metrics.service")).unwrap();
    assert_eq!(value(&unit, "User="), "zammad-cti");
    assert_eq!(value(&unit, "WorkingDirectory="), format!("/run/{}", value(&unit, "RuntimeDirectory=")));
    let of_unit = value(&unit, "ExecStart=/bin/sh -c '").strip_suffix('\'').unwrap();
    assert!(stats.ends_with(of_unit), "{stats} is not {of_unit}");
    let file = bench.home.path().join("zammad-cti.prom");
    let figures = || {
        // As the services' umask has it, which node_exporter may not read.
        assert!(bench.run(&format!("umask 0007; {stats}"), "TOKEN").status.success());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
        fs::read_to_string(&file).unwrap()
    };
    let waiting =
        |text: &str| text.lines().find(|line| line.contains("state=\"waiting\"")).unwrap().to_owned();
    let event = format!("{INSTALLED} new-call --direction in --from 493023125741 --to 42 --spool always");
    assert_eq!(said(&bench.run(&event, "TOKEN")), "spooled\n");
    assert!(waiting(&figures()).ends_with(" 1"), "{}", figures());
    let flushed = bench.run(flush, "TOKEN");
    assert!(
        flushed.status.success() && flushed.stdout.is_empty() && flushed.stderr.is_empty(),
        "{flushed:?}"
    );
    assert!(waiting(&figures()).ends_with(" 0"), "{}", figures());
    assert!(bench.home.path().join("new").symlink_metadata().is_err());
    // Figures that cannot be read leave the file as it is.
    let before = fs::read_to_string(&file).unwrap();
    let broken = bench.run(&format!("ZAMMAD_CTI_URL=nowhere; export ZAMMAD_CTI_URL; {stats}"), "TOKEN");
    assert!(!broken.status.success(), "{broken:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
}
