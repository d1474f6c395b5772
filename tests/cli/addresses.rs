//! A host with several addresses, of which only the last one that is tried answers.

use std::net::IpAddr;
use std::process;

use assert_cmd::Command;

use crate::servers::{Ran, Reply, Server, at_once, full, listen, sockets_at_one_port};
use crate::support::{NEW_CALL, TOKEN, World};

const HOST: &str = "zammad.example";

/// The program on a machine where the host has these addresses.
fn program(world: &World, name: &str, addresses: &[IpAddr]) -> Command {
    assert!(rustix::process::geteuid().is_root(), "this test mounts a file, so it runs as root only");
    let hosts: String = addresses.iter().map(|address| format!("{address} {HOST}\n")).collect();
    let hosts = world.file(name, 0o644, &hosts);
    let mounted = "mount --bind \"$0\" /etc/hosts && exec \"$@\"";
    let mut unshared = process::Command::new("unshare");
    unshared.args(["--mount", "sh", "-c", mounted]).arg(hosts).arg(env!("CARGO_BIN_EXE_zammad-cti"));
    unshared.env_clear().envs(world.folders()).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    Command::from_std(unshared)
}

#[test]
fn dead_addresses_leave_time_for_the_one_that_answers() {
    let world = World::new();
    // (dead ones, the one that answers)
    let cases: [(&[&str], &str); 5] = [
        (&["::1"], "127.0.0.1"),
        (&["127.0.0.1"], "::1"),
        (&["127.0.0.2"], "127.0.0.1"),
        (&["127.0.0.1"], "127.0.0.2"),
        (&["::1", "127.0.0.2", "127.0.0.3"], "127.0.0.1"),
    ];
    at_once(cases.into_iter().enumerate(), |(place, (dead, alive))| {
        let read = |address: &&str| address.parse::<IpAddr>().unwrap();
        let addresses: Vec<_> = dead.iter().chain([&alive]).map(read).collect();
        let mut sockets = sockets_at_one_port(&addresses);
        let listener = listen(sockets.pop().unwrap(), 16);
        let port = listener.local_addr().unwrap().port();
        let zammad = Server::answering_at(listener, [Reply::json(200, "{}")]);
        let _silent: Vec<_> = sockets.into_iter().map(full).collect();
        let mut program = program(&world, &format!("hosts{place}"), &addresses);
        program.env("ZAMMAD_CTI_URL", format!("http://{HOST}:{port}/api/v1/cti/{TOKEN}"));
        let ran = Ran::of(program.args(NEW_CALL).args(["--connect-timeout", "250ms"]));
        assert_eq!((ran.code, ran.stdout.as_str()), (0, "none\n"), "{addresses:?}: {ran}");
        assert_eq!(zammad.requests().len(), 1, "{addresses:?}: {ran}");
    });
}
