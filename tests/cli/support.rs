//! A world for one test: an empty home, and a mock Zammad.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use httpmock::prelude::*;
use httpmock::{Mock, Then};
use serde_json::Value;
use tempfile::TempDir;

/// The token in the mock Zammad's address; it must never be printed.
pub const TOKEN: &str = "Xk3vQm9_token-7RtW2";

pub struct World {
    home: TempDir,
    pub zammad: MockServer,
}

impl World {
    pub fn new() -> Self {
        Self { home: TempDir::new().unwrap(), zammad: MockServer::start() }
    }

    /// The mock Zammad's address, token included.
    pub fn url(&self) -> String {
        self.zammad.url(format!("/api/v1/cti/{TOKEN}"))
    }

    /// Zammad takes events and wants nothing.
    pub fn zammad_accepts(&self) -> Mock<'_> {
        self.zammad_answers(200, "{}")
    }

    /// Zammad takes one event whose JSON body is exactly this.
    pub fn zammad_expects(&self, body: Value) -> Mock<'_> {
        self.zammad.mock(|when, then| {
            when.method(POST).path(format!("/api/v1/cti/{TOKEN}")).json_body(body);
            json(then, 200, "{}");
        })
    }

    pub fn zammad_answers(&self, status: u16, body: &str) -> Mock<'_> {
        self.zammad.mock(|when, then| {
            when.method(POST).path(format!("/api/v1/cti/{TOKEN}"));
            json(then, status, body);
        })
    }

    /// The program, with nothing set.
    pub fn bare(&self) -> Command {
        let mut program = Command::cargo_bin("zammad-cti").unwrap();
        program.env_clear().env("HOME", self.home.path()).current_dir(self.home.path());
        program
    }

    /// The program, with the mock Zammad's address set.
    pub fn program(&self) -> Command {
        let mut program = self.bare();
        program.env("ZAMMAD_CTI_URL", self.url());
        program
    }

    /// Runs the program with the mock Zammad's address set.
    pub fn zammad_cti<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Assert {
        self.program().args(arguments).assert()
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.home.path().join(name)
    }

    /// Writes a file with this mode into the home.
    pub fn file(&self, name: &str, mode: u32, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    }
}

/// A new-call that is right in every way.
pub const NEW_CALL: [&str; 9] =
    ["new-call", "--call-id", "7", "--from", "493023125741", "--to", "42", "--direction", "in"];

fn json(then: Then, status: u16, body: &str) {
    then.status(status).header("content-type", "application/json; charset=utf-8").body(body);
}
