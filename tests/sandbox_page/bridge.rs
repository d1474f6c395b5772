//! The live page of a bridge: set it up, call yourself, and look.

use serde_json::{Value, json};

use crate::browser::{Browser, Tab};
use crate::support::World;
use crate::support::ami::{Ami, SECRET, Session, USERNAME};
use crate::support::running::Running;
use crate::support::servers::reserved_port;
use crate::texts;

const ANNA: (u32, &str) = (101, "Anna Agent");
const BERT: (u32, &str) = (102, "Bert");

/// A bridge with its page, and the phone system that it follows.
struct Bench {
    // In the order in which they end.
    running: Running,
    ami: Ami,
    session: Session,
    _world: World,
}

impl Bench {
    fn start(options: &[&str]) -> Self {
        let world = World::new();
        let ami = Ami::start();
        let secret = world.file("secret", 0o600, SECRET);
        let mut program = world.process();
        program.args(["bridge", "asterisk", "--username", USERNAME, "--address", &ami.at()]);
        program.args(["--page", "127.0.0.1:0", "--secret-file"]).arg(secret).args(options);
        let running = Running::start(&mut program);
        let session = ami.session();
        Self { running, ami, session, _world: world }
    }

    fn page(&self) -> String {
        format!("http://{}", self.running.said_behind("watch it live: http://"))
    }

    /// An event of Asterisk's; `{call}` is `Uniqueid` and `Linkedid`.
    fn says(&mut self, event: &str) {
        let lines = event.lines().map(|line| format!("{}\r\n", line.trim()));
        self.session.say(lines.collect::<String>() + "\r\n");
    }

    fn comes_in(&mut self, id: &str, from: &str) {
        self.says(&format!(
            "Event: Newchannel\nChannel: PJSIP/trunk-{id}\nChannelStateDesc: Ring\nCallerIDNum: {from}\n\
             Context: from-trunk\nExten: 493023125101\nUniqueid: {id}.1\nLinkedid: {id}.1"
        ));
    }

    fn rings(&mut self, id: &str, leg: u32, number: u32, name: &str) {
        self.says(&format!(
            "Event: DialBegin\nChannel: PJSIP/trunk-{id}\nChannelStateDesc: Ring\nUniqueid: {id}.1\nLinkedid: {id}.1\n\
             DestChannel: PJSIP/{number}-{leg}\nDestChannelStateDesc: Down\nDestCallerIDNum: {number}\n\
             DestCallerIDName: {name}\nDestUniqueid: {id}.{leg}\nDestLinkedid: {id}.1\nDialString: {number}"
        ));
    }

    fn dial_ends(&mut self, id: &str, leg: u32, (number, name): (u32, &str), status: &str) {
        self.says(&format!(
            "Event: DialEnd\nChannel: PJSIP/trunk-{id}\nChannelStateDesc: Ring\nUniqueid: {id}.1\nLinkedid: {id}.1\n\
             DestChannel: PJSIP/{number}-{leg}\nDestChannelStateDesc: Up\nDestCallerIDNum: {number}\n\
             DestCallerIDName: {name}\nDestUniqueid: {id}.{leg}\nDestLinkedid: {id}.1\nDialStatus: {status}"
        ));
    }

    fn hangs_up(&mut self, id: &str, leg: u32, channel: &str) {
        self.says(&format!(
            "Event: Hangup\nChannel: {channel}\nChannelStateDesc: Up\nUniqueid: {id}.{leg}\nLinkedid: {id}.1\nCause: 16"
        ));
    }

    /// One phone of the house calls another.
    fn calls_inside(&mut self, id: &str) {
        self.says(&format!(
            "Event: Newchannel\nChannel: PJSIP/101-{id}\nChannelStateDesc: Ring\nCallerIDNum: 101\n\
             CallerIDName: Anna Agent\nContext: from-internal\nExten: 102\nUniqueid: {id}.1\nLinkedid: {id}.1"
        ));
        self.says(&format!(
            "Event: DialBegin\nChannel: PJSIP/101-{id}\nChannelStateDesc: Ring\nCallerIDNum: 101\nUniqueid: {id}.1\n\
             Linkedid: {id}.1\nDestChannel: PJSIP/102-{id}\nDestChannelStateDesc: Down\nDestCallerIDNum: 102\n\
             DestCallerIDName: Bert\nDestUniqueid: {id}.2\nDestLinkedid: {id}.1\nDialString: 102"
        ));
    }
}

fn wait_for_state(tab: &mut Tab, place: usize, state: &str) {
    tab.wait_for(&format!(
        "document.querySelectorAll('.call .badge > :first-child')[{place}]?.innerText === {}",
        json!(state)
    ));
}

#[test]
fn calls_are_seen_with_their_legs_and_what_was_reported() {
    let mut bench = Bench::start(&["--sandbox"]);
    let mut browser = Browser::start();
    let mut tab = browser.open(&bench.page());
    tab.wait_for("document.getElementById('link').innerText === 'live'");
    tab.wait_for_text(&format!("connected to asterisk at {}", bench.ami.at()));
    tab.wait_for_text("No call yet");
    bench.comes_in("1", "4940669690");
    bench.rings("1", 2, 101, "Anna Agent");
    bench.rings("1", 3, 102, "Bert");
    wait_for_state(&mut tab, 0, "ringing");
    tab.get("document.querySelector('.call').click()");
    tab.wait_for_text("newCall");
    tab.wait_for_text("What agents would see");
    tab.wait_for_text("caller log: ringing");
    bench.dial_ends("1", 2, ANNA, "ANSWER");
    bench.dial_ends("1", 3, BERT, "CANCEL");
    wait_for_state(&mut tab, 0, "talking");
    tab.wait_for_text("caller log: answered");
    tab.wait_for_text("answered by Anna Agent");
    let legs = "[...document.querySelectorAll('#call .part tr')].map((row) => row.innerText.replace(/\\s+/g, ' ').trim())";
    tab.wait_for(&format!("{legs}.includes('Anna Agent (101) talks')"));
    tab.wait_for(&format!("{legs}.includes('Bert (102) rang in vain')"));
    tab.wait_for(&format!("{legs}.includes('4940669690 talks (outside)')"));
    bench.hangs_up("1", 2, "PJSIP/101-2");
    bench.hangs_up("1", 1, "PJSIP/trunk-1");
    wait_for_state(&mut tab, 0, "talked");
    tab.wait_for_text("caller log: done");
    for event in ["newCall", "answer", "hangup"] {
        assert!(texts(&mut tab, ".step b").contains(&event.to_owned()), "{event}");
    }
    // What the phone system said, on request.
    tab.get("document.querySelector('#call details').open = true");
    tab.wait_for_text("Event: Newchannel");
    tab.wait_for_text("Context: from-trunk");
    assert_eq!(tab.complaints(), Vec::<Value>::new());
}

#[test]
fn what_is_not_reported_says_why_and_is_found_by_number() {
    let mut bench = Bench::start(&["--sandbox", "--ignore", "4940666*"]);
    let mut browser = Browser::start();
    let mut tab = browser.open(&bench.page());
    tab.wait_for("document.getElementById('link').innerText === 'live'");
    bench.calls_inside("1");
    tab.wait_for_text("not reported: both sides are extensions");
    bench.comes_in("2", "4940666123");
    bench.rings("2", 2, 101, "Anna Agent");
    tab.wait_for_text("not reported: `ignore` has \"4940666*\"");
    bench.comes_in("3", "4940669690");
    bench.rings("3", 2, 101, "Anna Agent");
    tab.wait_for("document.querySelectorAll('.call').length === 3");
    let shown = "[...document.querySelectorAll('.call .calling b')].map((e) => e.innerText).join()";
    // (which, what is searched, what is found)
    let cases = [
        ("all", "", "4940669690,4940666123,101"),
        ("all", "040 / 669", "4940669690"),
        ("all", "bert", "101"),
        ("unreported", "", "4940666123,101"),
        ("reported", "", "4940669690"),
        ("reported", "bert", ""),
    ];
    for (which, searched, found) in cases {
        tab.get(&format!("document.querySelector('[data-shows={which}]').click()"));
        tab.get(&format!(
            "(() => {{ const field = document.getElementById('search'); field.value = {}; \
             field.dispatchEvent(new Event('input')); }})()",
            json!(searched)
        ));
        tab.wait_for(&format!("{shown} === {}", json!(found)));
    }
    tab.get("document.querySelector('[data-shows=unreported]').click()");
    tab.get("(() => { const field = document.getElementById('search'); field.value = ''; field.dispatchEvent(new Event('input')); })()");
    // A trunk that is not known as one, before its call reaches anybody.
    bench.says(
        "Event: Newchannel\nChannel: PJSIP/carrier-4\nChannelStateDesc: Ring\nCallerIDNum: 4940123456\n\
         Context: from-sip\nExten: 493023125101\nUniqueid: 4.1\nLinkedid: 4.1",
    );
    tab.wait_for_text("not reported: its context from-sip is no trunk; see trunk_contexts");
    tab.get("document.querySelectorAll('.call')[0].click()");
    tab.wait_for_text("If that is a trunk's context, name it in trunk_contexts");
    // An internal call: the reason, what to do, and the context that decides.
    tab.get("document.querySelectorAll('.call')[2].click()");
    tab.wait_for_text("name it in trunk_contexts or trunk_channels of [bridge.asterisk]");
    tab.wait_for_text("are reported with internal = true in [bridge].");
    tab.get("document.querySelector('#call details').open = true");
    tab.wait_for_text("Context: from-internal");
    assert_eq!(tab.complaints(), Vec::<Value>::new());
}

#[test]
fn a_strangers_text_is_text() {
    let mut bench = Bench::start(&["--dry-run"]);
    let mut browser = Browser::start();
    let mut tab = browser.open(&bench.page());
    tab.wait_for("document.getElementById('link').innerText === 'live'");
    bench.comes_in("1", "4940669690");
    let name = "<img src=x onerror=\"document.title='taken'\">\u{202e}";
    bench.rings("1", 2, 101, name);
    wait_for_state(&mut tab, 0, "ringing");
    tab.get("document.querySelector('.call').click()");
    tab.wait_for_text("not sent (--dry-run)");
    tab.wait_for_text("<img src=x onerror=");
    tab.get("document.querySelector('#call details').open = true");
    tab.wait_for_text("Event: DialBegin");
    assert_eq!(tab.get("document.querySelectorAll('#call img, .call img').length"), 0);
    assert!(tab.get("document.title").as_str().unwrap().contains("Calls"));
    assert!(!tab.get("document.body.innerText").as_str().unwrap().contains('\u{202e}'));
    assert_eq!(tab.complaints(), Vec::<Value>::new());
}

#[test]
fn what_zammad_does_not_take_is_not_shown_as_reported() {
    let closed = reserved_port().local_addr().unwrap();
    let url = format!("http://{closed}/api/v1/cti/TOKEN");
    for spool in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spool.db");
        let mut options = vec!["--deadline", "300ms", "--url", &url];
        if spool {
            options.extend(["--spool-path", path.to_str().unwrap()]);
        }
        let mut bench = Bench::start(&options);
        let mut browser = Browser::start();
        let mut tab = browser.open(&bench.page());
        tab.wait_for("document.getElementById('link').innerText === 'live'");
        assert_eq!(tab.get("document.getElementById('trial').hidden"), true);
        bench.comes_in("1", "4940669690");
        bench.rings("1", 2, 101, "Anna Agent");
        tab.wait_for_text("Zammad takes no events since ");
        tab.wait_for_text("cannot connect");
        tab.wait_for_text("Zammad does not have: newCall");
        let is_red = "document.querySelector('.call .why').className === 'why bad'";
        tab.wait_for(is_red);
        tab.get("document.querySelector('.call').click()");
        tab.wait_for_text("Not all of it reached Zammad");
        for (which, count) in [("reported", 0), ("unreported", 1), ("all", 1)] {
            tab.get(&format!("document.querySelector('[data-shows={which}]').click()"));
            tab.wait_for(&format!("document.querySelectorAll('.call').length === {count}"));
        }
        assert_eq!(tab.complaints(), Vec::<Value>::new());
    }
}

#[test]
fn a_trial_is_marked_and_shows_what_would_be_reported() {
    for (option, mark) in [("--dry-run", "dry run"), ("--sandbox", "sandbox")] {
        let mut bench = Bench::start(&[option]);
        let mut browser = Browser::start();
        let mut tab = browser.open(&bench.page());
        tab.wait_for(&format!("document.getElementById('trial').innerText === '{mark}'"));
        bench.comes_in("1", "4940669690");
        bench.rings("1", 2, 101, "Anna Agent");
        wait_for_state(&mut tab, 0, "ringing");
        tab.get("document.querySelector('.call').click()");
        let heading =
            if option == "--dry-run" { "Would be reported" } else { "Reported, and Zammad's reply" };
        tab.wait_for_text(heading);
        // The event's fields.
        let fields = "[...document.querySelectorAll('.step tr')].map((row) => row.innerText.replace(/\\s+/g, ' ').trim())";
        tab.wait_for(&format!("{fields}.includes('from 4940669690')"));
        assert_eq!(tab.complaints(), Vec::<Value>::new());
    }
}

/// `cargo test --test sandbox_page -- --ignored bridge` draws the picture of docs/bridge.md; with a folder in
/// PICTURES, others as well.
#[test]
#[ignore = "it writes docs/bridge.png"]
fn picture() {
    let mut bench = Bench::start(&["--sandbox"]);
    let mut browser = Browser::start();
    let mut tab = browser.open(&bench.page());
    tab.prefer("light");
    tab.resize(1040, 860);
    tab.wait_for_text("No call yet");
    let folder = std::env::var("PICTURES").ok();
    let write = |tab: &mut Tab, name: &str| {
        let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/docs").to_owned();
        let Some(folder) = (if name == "bridge" { Some(docs) } else { folder.clone() }) else { return };
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(format!("{folder}/{name}.png"), crate::decode_base64(&tab.picture())).unwrap();
    };
    write(&mut tab, "bridge-empty");
    bench.comes_in("1", "493023125742");
    bench.rings("1", 2, 101, "Anna Agent");
    bench.dial_ends("1", 2, ANNA, "NOANSWER");
    bench.hangs_up("1", 2, "PJSIP/101-2");
    bench.hangs_up("1", 1, "PJSIP/trunk-1");
    wait_for_state(&mut tab, 0, "not answered");
    bench.calls_inside("2");
    tab.wait_for_text("both sides are extensions");
    bench.comes_in("3", "4940669690");
    bench.rings("3", 2, 101, "Anna Agent");
    bench.rings("3", 3, 102, "Bert");
    tab.wait_for("document.querySelectorAll('.log')[0].innerText !== ''");
    bench.dial_ends("3", 2, ANNA, "ANSWER");
    bench.dial_ends("3", 3, BERT, "CANCEL");
    wait_for_state(&mut tab, 0, "talking");
    bench.comes_in("4", "431711000");
    bench
        .says("Event: QueueCallerJoin\nChannel: PJSIP/trunk-4\nUniqueid: 4.1\nLinkedid: 4.1\nQueue: support");
    wait_for_state(&mut tab, 0, "ringing");
    tab.get("document.querySelectorAll('.call')[1].click()");
    tab.wait_for_text("caller log: answered");
    tab.wait_for("document.querySelector('.answered .timer').innerText >= '0:01'");
    write(&mut tab, "bridge");
    for (name, scheme, width, height) in [
        ("bridge-dark", "dark", 1040, 860),
        ("bridge-phone", "light", 390, 844),
        ("bridge-phone-dark", "dark", 360, 740),
    ] {
        tab.prefer(scheme);
        tab.resize(width, height);
        write(&mut tab, name);
    }
    tab.prefer("light");
    tab.resize(1040, 860);
    tab.get("document.querySelectorAll('.call')[2].click()");
    tab.wait_for_text("Not reported, because");
    write(&mut tab, "bridge-internal");
}
