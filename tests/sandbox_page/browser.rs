//! A browser without a window, driven over its own protocol.
//!
//! Source: Chrome DevTools Protocol, domains Target, Page, Runtime, Emulation and Log.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::{Message, WebSocket};

/// How long anything may take on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(120);

/// Chromium with a profile of its own; it ends with the test.
pub struct Browser {
    process: Child,
    socket: WebSocket<TcpStream>,
    commands: u64,
    events: VecDeque<Value>,
    profile: TempDir,
}

/// One open page.
pub struct Tab<'browser> {
    browser: &'browser mut Browser,
    session: String,
}

impl Browser {
    pub fn start() -> Self {
        let profile = TempDir::new().unwrap();
        let mut process = Command::new("chromium")
            .args([
                "--headless=new",
                "--remote-debugging-port=0",
                // Chromium's sandbox does not work for root, nor in most containers; the pages are ours.
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-extensions",
                "--disable-sync",
                "--no-proxy-server",
                "--hide-scrollbars",
                "--force-color-profile=srgb",
                "--lang=en-GB",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .env("HOME", profile.path())
            .env("XDG_CONFIG_HOME", profile.path())
            .env("XDG_CACHE_HOME", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("the tests of the page need Chromium, Debian's package `chromium`: {error}")
            });
        let mut said = BufReader::new(process.stderr.take().unwrap());
        let mut before = String::new();
        let address = loop {
            let mut line = String::new();
            assert_ne!(said.read_line(&mut line).unwrap(), 0, "chromium ended: {before}");
            if let Some(address) = line.trim().strip_prefix("DevTools listening on ") {
                break address.to_owned();
            }
            before += &line;
        };
        // Nobody reads on, but a full pipe would stop the browser.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        let host = address.split('/').nth(2).unwrap();
        let stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (socket, _) = tungstenite::client(address.as_str(), stream).unwrap();
        Self { process, socket, commands: 0, events: VecDeque::new(), profile }
    }

    /// Opens a page and waits until it is there.
    pub fn open(&mut self, url: &str) -> Tab<'_> {
        let target = self.command(None, "Target.createTarget", json!({ "url": "about:blank" }));
        let target = target["targetId"].as_str().unwrap().to_owned();
        let attached =
            self.command(None, "Target.attachToTarget", json!({ "targetId": target, "flatten": true }));
        let session = attached["sessionId"].as_str().unwrap().to_owned();
        let mut tab = Tab { browser: self, session };
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            tab.command(domain, json!({}));
        }
        tab.go(url);
        tab
    }

    fn command(&mut self, session: Option<&str>, method: &str, parameters: Value) -> Value {
        self.commands += 1;
        let id = self.commands;
        let mut command = json!({ "id": id, "method": method, "params": parameters });
        if let Some(session) = session {
            command["sessionId"] = session.into();
        }
        self.socket.send(Message::text(command.to_string())).unwrap();
        loop {
            let message = self.read();
            if message["id"] == id {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].clone();
            }
            self.events.push_back(message);
        }
    }

    fn read(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.socket.read().expect("the browser says something") {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Its helpers end with it, and then nothing writes into the profile any more.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(self.profile.path());
    }
}

impl Tab<'_> {
    fn command(&mut self, method: &str, parameters: Value) -> Value {
        let session = self.session.clone();
        self.browser.command(Some(&session), method, parameters)
    }

    /// Loads another page, or the same one again.
    pub fn go(&mut self, url: &str) {
        self.browser.events.clear();
        let went = self.command("Page.navigate", json!({ "url": url }));
        assert!(went.get("errorText").is_none(), "{url}: {went}");
        let is_loaded = |event: &Value| event["method"] == "Page.loadEventFired";
        while !self.browser.events.iter().any(is_loaded) {
            let event = self.browser.read();
            self.browser.events.push_back(event);
        }
    }

    /// What an expression of JavaScript is, once it is fulfilled.
    pub fn get(&mut self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true });
        let result = self.command("Runtime.evaluate", parameters);
        assert!(result.get("exceptionDetails").is_none(), "{expression}: {result}");
        result["result"]["value"].clone()
    }

    /// Waits in the page until an expression is true; says what the page shows if that never happens.
    pub fn wait_for(&mut self, condition: &str) {
        let milliseconds = PATIENCE.as_millis() / 2;
        let wait = format!(
            "new Promise((done) => {{
                const end = Date.now() + {milliseconds};
                const look = () => {{
                    if ({condition}) done(true);
                    else if (Date.now() > end) done(false);
                    else setTimeout(look, 20);
                }};
                look();
            }})"
        );
        if self.get(&wait) != true {
            let shown = self.get("document.body.innerText");
            panic!("it never came to {condition}; the page shows: {}", shown.as_str().unwrap_or_default());
        }
    }

    /// Waits until the page shows this text.
    pub fn wait_for_text(&mut self, text: &str) {
        self.wait_for(&format!("document.body.innerText.includes({})", json!(text)));
    }

    pub fn resize(&mut self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.command("Emulation.setDeviceMetricsOverride", size);
    }

    /// `light` or `dark`
    pub fn prefer(&mut self, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme },
                              { "name": "prefers-reduced-motion", "value": "reduce" }]);
        self.command("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Presses a key as a user does.
    pub fn press(&mut self, key: &str, code: u32, text: &str) {
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = text.into();
            }
            self.command("Input.dispatchKeyEvent", event);
        }
    }

    /// What the page complained about so far: errors of scripts, and violations of its policy.
    pub fn complaints(&mut self) -> Vec<Value> {
        // Whatever was said before this answer has arrived with it.
        self.get("0");
        let is_complaint = |event: &&Value| {
            event["method"] == "Runtime.exceptionThrown"
                || (event["method"] == "Log.entryAdded" && event["params"]["entry"]["level"] == "error")
        };
        self.browser.events.iter().filter(is_complaint).cloned().collect()
    }

    /// A picture of the window in PNG, in base64.
    pub fn picture(&mut self) -> String {
        let picture = self.command("Page.captureScreenshot", json!({ "format": "png" }));
        picture["data"].as_str().unwrap().to_owned()
    }
}
