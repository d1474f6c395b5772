//! `zammad-cti sandbox` as the page's server, and the program that reports to it.

use std::process::{Command, Output};

use crate::support::{self, Reply, TOKEN, World};

pub struct Sandbox {
    world: World,
    process: support::Sandbox,
}

impl Sandbox {
    pub fn start(options: &[&str]) -> Self {
        Self::listening("127.0.0.1:0", options)
    }

    pub fn listening(address: &str, options: &[&str]) -> Self {
        let world = World::new();
        let process = world.sandbox_at(address, &[&["--token", TOKEN], options].concat());
        Self { world, process }
    }

    /// host and port
    pub fn address(&self) -> &str {
        self.process.address()
    }

    /// The address for events, token included.
    pub fn url(&self) -> &str {
        &self.process.url
    }

    pub fn page(&self) -> String {
        format!("http://{}/", self.address())
    }

    /// Reports an event with the real program, which has to succeed.
    pub fn zammad_cti(&self, arguments: &str) {
        let output = self.try_zammad_cti(arguments);
        assert!(output.status.success(), "{arguments}: {output:?}");
    }

    pub fn try_zammad_cti(&self, arguments: &str) -> Output {
        self.program().args(arguments.split(' ')).output().unwrap()
    }

    /// The program, with this sandbox's address set.
    fn program(&self) -> Command {
        let mut program = self.world.process();
        program.env("ZAMMAD_CTI_URL", &self.process.url);
        program
    }

    /// Posts a body as JSON, whatever it is.
    pub fn post(&self, body: impl AsRef<[u8]>) -> Reply {
        self.post_with(TOKEN, body)
    }

    /// The same, where somebody has copied another token.
    pub fn post_with(&self, token: &str, body: impl AsRef<[u8]>) -> Reply {
        let headers = ["Accept: application/json", "Content-Type: application/json"];
        self.process.ask(&format!("POST /api/v1/cti/{token}"), &headers, body).unwrap()
    }

    /// Ends it, as a restart or a crash would; where it was.
    pub fn stop(self) -> String {
        self.address().to_owned()
    }
}
