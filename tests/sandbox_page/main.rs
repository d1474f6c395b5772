//! The live pages, of the sandbox and of a bridge, in a real browser: Chromium, from Debian's package of this name.

mod bridge;
mod browser;
mod sandbox;
#[allow(dead_code, reason = "the other tests use the rest")]
#[path = "../support/lib.rs"]
mod support;

use std::io::Write as _;
use std::net::TcpStream;

use serde_json::{Value, json};

use browser::{Browser, Tab};
use sandbox::Sandbox;
use support::TOKEN;

/// The texts of elements.
fn texts(tab: &mut Tab, selector: &str) -> Vec<String> {
    let expression = format!("[...document.querySelectorAll({})].map((e) => e.innerText)", json!(selector));
    let texts = tab.get(&expression);
    texts.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// The state of the call at this place in the log, newest first.
fn wait_for_state(tab: &mut Tab, place: usize, state: &str) {
    tab.wait_for(&format!(
        "document.querySelectorAll('.call .badge > :first-child')[{place}]?.innerText === {}",
        json!(state)
    ));
}

#[test]
fn calls_are_seen_as_they_come() {
    let sandbox = Sandbox::start(&["--block", "491715000000"]);
    let mut browser = Browser::start();
    let mut tab = browser.open(&sandbox.page());
    tab.wait_for("document.getElementById('link').innerText === 'live'");
    tab.wait_for_text("No call yet");
    assert_eq!(texts(&mut tab, "#calls-count"), ["none open"]);

    // Answered and ended.
    sandbox.zammad_cti(
        "new-call --call-id a --direction in --from 493023125741 --to 42 --user Alice --queue support",
    );
    wait_for_state(&mut tab, 0, "ringing");
    tab.wait_for("document.title.startsWith('(1) ')");
    let row = texts(&mut tab, ".call").remove(0);
    for shown in ["493023125741", "Alice", "42", "queue support"] {
        assert!(row.contains(shown), "{shown}: {row}");
    }
    assert_eq!(tab.get("document.getElementById('no-calls').hidden"), true);
    // The time runs without any news.
    let time = "document.querySelector('.call .timer').innerText";
    let began = tab.get(time);
    tab.wait_for(&format!("{time} !== {began}"));
    sandbox.zammad_cti("answer --call-id a --direction in --user alice --answering-number 42");
    wait_for_state(&mut tab, 0, "talking");
    tab.wait_for_text("alice");
    sandbox.zammad_cti("hangup --call-id a --direction in --cause normalClearing");
    wait_for_state(&mut tab, 0, "done");
    let row = texts(&mut tab, ".call").remove(0);
    for shown in ["waited 0:", "talked 0:", "normalClearing"] {
        assert!(row.contains(shown), "{shown}: {row}");
    }
    tab.wait_for("document.title.startsWith('Caller log')");
    assert_eq!(texts(&mut tab, ".finding"), Vec::<String>::new(), "a right call");

    // Missed, voice message, blocked, outbound.
    sandbox.zammad_cti("new-call --call-id b --direction in --from 493023125742 --to 42");
    sandbox.zammad_cti("hangup --call-id b --direction in --cause cancel");
    wait_for_state(&mut tab, 0, "missed");
    sandbox.zammad_cti("new-call --call-id c --direction in --from 493023125743 --to 42");
    sandbox.zammad_cti("answer --call-id c --direction in --voicemail");
    sandbox.zammad_cti("hangup --call-id c --direction in --answered");
    wait_for_state(&mut tab, 0, "voice message");
    sandbox.zammad_cti("new-call --call-id d --direction in --from 491715000000 --to 42");
    wait_for_state(&mut tab, 0, "ringing");
    tab.wait_for_text("this caller is blocked");
    sandbox.zammad_cti("new-call --call-id e --direction out --from 42 --to 493023125741 --user Alice");
    tab.wait_for("document.querySelector('.call').classList.contains('outbound')");
    assert_eq!(texts(&mut tab, "#calls-count"), ["2 open, 5 in all"]);

    // The events of one call, in their order, with the bytes, the fields and the replies.
    tab.get("document.querySelectorAll('.call')[4].click()");
    tab.wait_for("document.querySelectorAll('#requests details[open] pre').length === 9");
    assert_eq!(texts(&mut tab, "#requests .what b"), ["newCall", "answer", "hangup"]);
    let raw = texts(&mut tab, "#requests pre").remove(0);
    assert!(
        raw.starts_with("POST /api/v1/cti/***\n") && raw.contains("Content-Type: application/json"),
        "{raw}"
    );
    assert!(raw.contains(r#""from":"493023125741""#), "{raw}");
    let cells = texts(&mut tab, "#requests tr");
    assert!(cells.contains(&"queue\tsupport".to_owned()), "{cells:?}");
    assert!(texts(&mut tab, "#requests pre").contains(&"{}".to_owned()));
    assert!(tab.get("document.documentElement.outerHTML").as_str().unwrap().contains("normalClearing"));
    assert!(!tab.get("document.documentElement.outerHTML").as_str().unwrap().contains(TOKEN));

    // With the keyboard alone: to the log, and back to all requests.
    tab.get("document.querySelectorAll('.call')[1].focus()");
    tab.press("Enter", 13, "\r");
    tab.wait_for("document.getElementById('requests-title').innerText === 'Call d'");
    tab.get("document.getElementById('all-requests').click()");
    tab.wait_for("document.querySelectorAll('#requests > li').length === 10");
    tab.get("document.querySelector('[data-shows=findings]').click()");
    assert_eq!(texts(&mut tab, "#requests .what b"), ["newCall"]);
    assert!(tab.get("document.getElementById('spoken').innerText").as_str().unwrap().contains("Call from"));

    // Emptied by the page itself.
    tab.get("document.getElementById('reset').click()");
    tab.wait_for_text("No call yet");
    assert_eq!(texts(&mut tab, ".call, .request"), Vec::<String>::new());
    assert_eq!(tab.complaints(), Vec::<Value>::new());
}

#[test]
fn what_is_wrong_with_a_request_is_said() {
    let sandbox = Sandbox::start(&[]);
    let mut browser = Browser::start();
    let mut tab = browser.open(&sandbox.page());
    tab.wait_for("document.getElementById('link').innerText === 'live'");
    let unknown = sandbox.try_zammad_cti("hangup --call-id 9 --direction in --deadline 2s");
    assert_eq!(unknown.status.code(), Some(65));
    tab.wait_for_text("hangup before newCall: Zammad knows no call with this id, answers 500");
    sandbox.post(r#"{"event":"newCall","callId":"9","direction":"in","from":"+4930123456","to":"42"}"#);
    tab.wait_for_text("from has a plus sign: the block list compares text and will not match");
    tab.wait_for_text("the hangup of this call came before it and was refused: the call will ring for ever");
    assert_eq!(texts(&mut tab, ".call .mark.warning"), ["1\nwarning"]);
    sandbox.post("{\"event\":");
    tab.wait_for_text("the body is not JSON");
    sandbox.post(b"{\"event\":\"M\xfcller\"}");
    tab.wait_for_text("is not UTF-8");
    sandbox.post_with("wrong", "");
    tab.wait_for_text("the token is wrong: it has 5 characters");
    tab.get("document.querySelector('[data-shows=refused]').click()");
    tab.wait_for("[...document.querySelectorAll('#requests .code')].slice(0, 3).map((e) => e.innerText).join() === '401,400,400'");
    tab.get("document.querySelectorAll('#requests details')[1].open = true");
    tab.wait_for_text("M\\xfcller");
    assert_eq!(tab.complaints(), Vec::<Value>::new());
}

#[test]
fn a_call_is_found_by_its_number_and_by_the_pages_address() {
    let sandbox = Sandbox::start(&[]);
    let mut browser = Browser::start();
    let mut tab = browser.open(&sandbox.page());
    sandbox.zammad_cti("new-call --call-id a/b#1 --direction in --from 493023125741 --to 42 --user Alice");
    sandbox.zammad_cti("new-call --call-id other --direction in --from 491715000000 --to 43");
    tab.wait_for("document.querySelectorAll('.call').length === 2");
    // A clean event is one line, with its numbers.
    let lines = texts(&mut tab, "#requests .what .short");
    assert_eq!(lines, ["491715000000 → 43", "493023125741 → 42 (Alice)"]);
    // (what is looked for, the calls and requests that have it)
    let cases =
        [("030 2312", 1), ("+49 30 23125741", 1), ("A/B#", 1), ("alice", 1), ("49", 2), ("nobody", 0)];
    for (sought, count) in cases {
        tab.get(&format!(
            "(e => {{ e.value = {}; e.dispatchEvent(new Event('input')); }})(document.getElementById('search'))",
            json!(sought)
        ));
        assert_eq!(texts(&mut tab, ".call").len(), count, "{sought}");
        assert_eq!(texts(&mut tab, ".request").len(), count, "{sought}");
        assert_eq!(tab.get("document.getElementById('no-match').hidden"), count > 0, "{sought}");
    }
    tab.get(
        "(e => { e.value = ''; e.dispatchEvent(new Event('input')); })(document.getElementById('search'))",
    );
    tab.get("document.querySelectorAll('.call')[1].click()");
    let address = tab.get("location.href").as_str().unwrap().to_owned();
    assert!(address.ends_with("/#call=a%2Fb%231"), "{address}");
    tab.go("about:blank");
    tab.go(&address);
    tab.wait_for("document.getElementById('requests-title').innerText === 'Call a/b#1'");
    tab.get("document.getElementById('all-requests').click()");
    assert_eq!(tab.get("location.hash"), "");
    assert_eq!(tab.complaints(), Vec::<Value>::new());
}

#[test]
fn a_request_that_is_copied_as_curl_is_the_same_for_a_shell() {
    let sandbox = Sandbox::start(&[]);
    let mut browser = Browser::start();
    let mut tab = browser.open(&sandbox.page());
    let body = json!({ "event": "newCall", "direction": "in", "callId": "it's $(id) `id` \\ \"x\"", "from": "@/etc/passwd", "to": "42" });
    sandbox.post(body.to_string());
    tab.wait_for("document.querySelector('.call')");
    tab.get("document.querySelector('#requests details').open = true");
    tab.wait_for("document.querySelector('#requests .command pre')");
    let command = texts(&mut tab, "#requests .command pre").remove(0);
    assert!(!command.contains(TOKEN), "{command}");
    tab.get("document.getElementById('reset').click()");
    tab.wait_for_text("No call yet");
    let sent =
        std::process::Command::new("sh").args(["-c", &command]).env("ZAMMAD_CTI_URL", sandbox.url()).output();
    let sent = sent.unwrap();
    assert_eq!(String::from_utf8_lossy(&sent.stdout), "{}", "{command}: {sent:?}");
    tab.wait_for("document.querySelector('.call')");
    let call_id = tab.get("document.querySelector('.call .id').innerText");
    assert_eq!(call_id, format!("call {}", body["callId"].as_str().unwrap()));
    // What was not shown as it came is not copied.
    sandbox.post(b"{\"event\":\"M\xfcller\"}");
    tab.wait_for("document.querySelectorAll('.request').length === 2");
    tab.get("document.querySelector('#requests details').open = true");
    tab.wait_for("document.querySelector('#requests details[open] pre')");
    assert_eq!(tab.get("document.querySelector('.request .command')"), Value::Null);
}

#[test]
fn the_page_plays_calls_and_turns_zammads_switches() {
    let sandbox = Sandbox::start(&["--block", "491715000000", "--route", "41*=41715880339000"]);
    let mut browser = Browser::start();
    let mut tab = browser.open(&sandbox.page());
    tab.wait_for("document.getElementById('link').innerText === 'live'");
    tab.get("document.getElementById('tools').open = true");
    assert_eq!(tab.get("document.getElementById('blocked').value"), "491715000000");
    assert_eq!(tab.get("document.getElementById('routes').value"), "41*=41715880339000");
    tab.get("document.querySelector('[data-plays=missed]').click()");
    wait_for_state(&mut tab, 0, "missed");
    tab.get("document.querySelector('[data-plays=out]').click()");
    tab.wait_for_text("dial");
    wait_for_state(&mut tab, 0, "done");

    // Another caller is blocked.
    let save = |tab: &mut Tab, blocked: &str, routes: &str| {
        tab.get(&format!("document.getElementById('blocked').value = {}", json!(blocked)));
        tab.get(&format!("document.getElementById('routes').value = {}", json!(routes)));
        tab.get("document.querySelector('#setup [type=submit]').click()");
    };
    save(&mut tab, "4930111111\n4930222222\n", "");
    tab.wait_for("document.getElementById('saved').innerText === 'Saved'");
    let blocked = "new-call --call-id x --direction in --from 4930222222 --to 42";
    let said = sandbox.try_zammad_cti(blocked);
    assert_eq!(String::from_utf8_lossy(&said.stdout), "reject busy\n");
    let unrouted = "new-call --call-id y --direction out --from 42 --to 41447110000";
    assert_eq!(String::from_utf8_lossy(&sandbox.try_zammad_cti(unrouted).stdout), "none\n");
    save(&mut tab, "", "4(1=1");
    tab.wait_for("document.getElementById('saved').innerText.startsWith('route \"4(1\"')");
    save(&mut tab, "", "41");
    tab.wait_for("document.getElementById('saved').innerText === '41 is not DEST=CALLER_ID'");

    // A fault, until it has hit.
    tab.get("document.querySelector('#faults [data-fault*=drop_after]').click()");
    tab.wait_for_text("Now: loses replies, the next request");
    sandbox.zammad_cti("new-call --call-id z --direction in --from 4930333333 --to 42");
    tab.wait_for_text("Now: none");

    let address =
        tab.get("fetch('/sandbox/address').then((reply) => reply.json()).then((said) => said.address)");
    assert_eq!(address, sandbox.url());
    assert!(!tab.get("document.documentElement.outerHTML").as_str().unwrap().contains(TOKEN));
}

#[test]
fn beyond_loopback_the_page_neither_plays_calls_nor_has_the_token() {
    let sandbox = Sandbox::listening("0.0.0.0:0", &[]);
    let port = sandbox.address().rsplit(':').next().unwrap().to_owned();
    let mut browser = Browser::start();
    let mut tab = browser.open(&format!("http://127.0.0.1:{port}/"));
    tab.wait_for("document.getElementById('link').innerText === 'live'");
    assert_eq!(tab.get("document.getElementById('copy-address').hidden"), true);
    assert_eq!(tab.get("document.getElementById('plays').hidden"), true);
    assert_eq!(tab.get("fetch('/sandbox/address').then((reply) => reply.status)"), 403);
    assert_eq!(
        tab.get("fetch('/sandbox/event', { method: 'POST', body: '{}' }).then((reply) => reply.status)"),
        403
    );
}

#[test]
fn an_event_of_a_call_that_is_no_longer_kept_is_no_mistake_of_its_sender() {
    let sandbox = Sandbox::start(&["--keep", "1"]);
    let mut browser = Browser::start();
    let mut tab = browser.open(&sandbox.page());
    for call_id in ["old", "new"] {
        sandbox
            .zammad_cti(&format!("new-call --call-id {call_id} --direction in --from 493023125741 --to 42"));
    }
    let hangup = sandbox.try_zammad_cti("hangup --call-id old --direction in --deadline 1s");
    assert!(!hangup.status.success(), "{hangup:?}");
    tab.wait_for_text("hangup of a call that this sandbox no longer keeps");
    assert!(!tab.get("document.body.innerText").as_str().unwrap().contains("before newCall"));
}

#[test]
fn a_hostile_request_is_shown_as_text() {
    let sandbox = Sandbox::start(&[]);
    let mut browser = Browser::start();
    let mut tab = browser.open(&sandbox.page());
    tab.wait_for("document.getElementById('link').innerText === 'live'");
    let script = "<script>window.hit = 1</script><img src=x onerror='window.hit = 2'>";
    let body = json!({
        "event": "newCall", "direction": "out", "callId": script, "from": script, "to": "</pre><svg onload=window.hit=3>",
        "user": [script, "\u{202e}\u{0}"], "queue": "<style>*{display:none}</style>", "cause": "&lt;b&gt;",
        "<iframe srcdoc='<script>parent.hit = 4</script>'>": script, "__proto__": { "hit": 5 },
    });
    sandbox.post(body.to_string());
    tab.wait_for("document.querySelector('.call')");
    assert!(texts(&mut tab, ".call")[0].contains(script));
    tab.get("document.querySelector('.call').click()");
    tab.wait_for("document.querySelector('#requests table')");
    let shown = tab.get("document.getElementById('requests').innerText");
    let shown = shown.as_str().unwrap();
    for text in [script, "</pre><svg onload=window.hit=3>", "&lt;b&gt;", "<iframe srcdoc="] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    assert_eq!(tab.get("window.hit ?? ({}).hit ?? null"), Value::Null);
    assert_eq!(
        tab.get("document.querySelectorAll('main script, main img, main iframe, main style').length"),
        0
    );
    // Were something to slip through, the policy would stop it: that is tried here.
    tab.get(
        "try { document.body.innerHTML += '<img src=x onerror=\"window.hit = 6\">'; } catch { window.refused = true; }",
    );
    assert_eq!(tab.get("[window.refused ?? null, window.hit ?? null]"), json!([true, null]));
}

/// The contrast of each text on the page with what is behind it, by the formula of WCAG 2; the ones
/// below 4.5.
const FAINT: &str = r"(() => {
    const channels = (color) => color.match(/[\d.]+/g).map(Number);
    const light = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const behind = (element) => {
        for (; element; element = element.parentElement) {
            const color = channels(getComputedStyle(element).backgroundColor);
            if (color.length < 4 || color[3] === 1) return color;
        }
        return [255, 255, 255];
    };
    const faint = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest('script, .unseen')) continue;
        const [a, b] = [light(channels(getComputedStyle(element).color)), light(behind(element))];
        const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (contrast < 4.5) faint.push(`${walker.currentNode.data}: ${contrast}`);
    }
    return faint;
})()";

#[test]
fn it_is_legible_on_a_phone_and_a_screen_by_day_and_by_night() {
    let sandbox = Sandbox::start(&["--block", "491715000000"]);
    let mut browser = Browser::start();
    let mut tab = browser.open(&sandbox.page());
    tab.prefer("light");
    let mut grounds = Vec::new();
    for filled in [false, true] {
        if filled {
            play_a_morning(&sandbox);
            sandbox.post(
                json!({ "event": "newCall", "callId": "x".repeat(250), "direction": "in",
                                 "from": "4".repeat(100), "to": "n".repeat(100), "queue": "q".repeat(250) })
                .to_string(),
            );
            tab.wait_for("document.querySelectorAll('.call').length === 7");
            tab.get("document.querySelectorAll('.call')[0].click()");
            tab.wait_for("document.querySelector('#requests details[open] table')");
            tab.get("document.getElementById('tools').open = true");
        } else {
            tab.wait_for_text("No call yet");
        }
        for (width, height) in [(360, 740), (768, 1024), (1280, 900)] {
            tab.resize(width, height);
            for scheme in ["light", "dark"] {
                tab.prefer(scheme);
                assert_eq!(tab.get(FAINT), json!([]), "{width} {scheme}");
                let widest = tab.get("document.documentElement.scrollWidth");
                assert_eq!(widest, width, "{scheme}: it would have to be scrolled sideways");
                grounds.push(tab.get("getComputedStyle(document.body).backgroundColor"));
            }
        }
    }
    assert_ne!(grounds[0], grounds[1], "light and dark");
    // Nothing too small for a finger in the log.
    tab.resize(360, 740);
    let small = tab.get("[...document.querySelectorAll('.call')].filter((e) => e.offsetHeight < 44).length");
    assert_eq!(small, 0);
    // A call leads down to its requests, and the way back up again.
    let seen = |id: &str| {
        format!(
            "(({{ top, bottom }}) => top >= 0 && bottom <= innerHeight)(document.getElementById('{id}').getBoundingClientRect())"
        )
    };
    tab.get("document.querySelectorAll('.call')[3].click()");
    tab.wait_for(&seen("requests-title"));
    tab.get("document.getElementById('all-requests').click()");
    tab.wait_for(&seen("calls-title"));
}

#[test]
fn a_page_finds_its_sandbox_again() {
    let sandbox = Sandbox::start(&[]);
    let mut browser = Browser::start();
    let mut tab = browser.open(&sandbox.page());
    sandbox.zammad_cti("new-call --call-id old --direction in --from 493023125741 --to 42 --user Carol");
    tab.wait_for_text("Carol");
    let address = sandbox.stop();
    tab.wait_for_text("connection lost, trying again");
    assert!(texts(&mut tab, ".call")[0].contains("Carol"), "what was there stays readable");
    let sandbox = Sandbox::listening(&address, &[]);
    sandbox.zammad_cti("new-call --call-id new --direction in --from 493023125742 --to 42 --user Bob");
    tab.wait_for_text("Bob");
    tab.wait_for("document.getElementById('link').innerText === 'live'");
    assert_eq!(texts(&mut tab, ".call").len(), 1, "the new sandbox knows nothing of the old call");
}

#[test]
fn browsers_that_go_away_harm_nothing() {
    let sandbox = Sandbox::start(&[]);
    let mut browser = Browser::start();
    browser.open(&sandbox.page()).wait_for("document.getElementById('link').innerText === 'live'");
    drop(browser);
    // Pages that ask for the stream and vanish at once, and some that never read it.
    let mut silent = Vec::new();
    for number in 0..200 {
        let mut stream = TcpStream::connect(sandbox.address()).unwrap();
        write!(stream, "GET /sandbox/events HTTP/1.1\r\nHost: {}\r\n\r\n", sandbox.address()).unwrap();
        if number % 10 == 0 {
            silent.push(stream);
        }
    }
    for number in 0..200 {
        let body = json!({ "event": "newCall", "callId": number.to_string(), "direction": "in",
                           "from": "4930123456", "to": "x".repeat(100), "note": "n".repeat(4000) });
        assert_eq!(sandbox.post(body.to_string()).body, "{}");
    }
    let mut browser = Browser::start();
    browser.open(&sandbox.page()).wait_for("document.querySelectorAll('.call').length === 200");
}

/// A morning at a help desk, with a phone system that has some things to learn.
fn play_a_morning(sandbox: &Sandbox) {
    let say = |arguments: &str| sandbox.zammad_cti(arguments);
    say(
        "new-call --call-id pbx-1041 --direction in --from 493023125741 --to 4930600000 --user Alice --queue support",
    );
    say("answer --call-id pbx-1041 --direction in --user alice --answering-number 42");
    say("hangup --call-id pbx-1041 --direction in --cause normalClearing --answered");
    say("new-call --call-id pbx-1042 --direction in --from 41447110000 --to 4930600000 --queue support");
    say("hangup --call-id pbx-1042 --direction in --cause cancel");
    say("new-call --call-id pbx-1043 --direction in --from anonymous --to 4930600000 --queue sales");
    say("answer --call-id pbx-1043 --direction in --voicemail");
    say("hangup --call-id pbx-1043 --direction in --answered");
    sandbox.post(r#"{"event":"answer","callId":"pbx-1045","direction":"in","user":["bob"]}"#);
    say("new-call --call-id pbx-1044 --direction out --from 42 --to 33142685300 --user Alice");
    say("answer --call-id pbx-1044 --direction out");
    sandbox.post(
        r#"{"event":"newCall","callId":"pbx-1045","direction":"in","from":"+43 1 711 000","to":"4930600000","user":["Alice","Bob"],"queue":"support"}"#,
    );
    say("new-call --call-id pbx-1046 --direction in --from 491715000000 --to 4930600000");
}

/// `cargo test --test sandbox_page -- --ignored picture` draws the README's picture; with a folder in
/// PICTURES, others as well.
#[test]
#[ignore = "it writes docs/sandbox.png"]
fn picture() {
    let sandbox = Sandbox::listening("127.0.0.1:3000", &["--block", "491715000000"]);
    let mut browser = Browser::start();
    let mut tab = browser.open(&sandbox.page());
    tab.prefer("light");
    tab.resize(1040, 690);
    tab.wait_for_text("No call yet");
    let write = |tab: &mut Tab, name: &str| {
        let folder = std::env::var("PICTURES").ok();
        let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/docs");
        let Some(folder) = (if name == "sandbox" { Some(docs.to_owned()) } else { folder }) else { return };
        std::fs::create_dir_all(&folder).unwrap();
        let picture = decode_base64(&tab.picture());
        std::fs::write(format!("{folder}/{name}.png"), picture).unwrap();
    };
    write(&mut tab, "empty");
    play_a_morning(&sandbox);
    tab.wait_for("document.querySelectorAll('.call').length === 6");
    tab.wait_for("document.querySelector('.answered .timer').innerText >= '0:01'");
    write(&mut tab, "sandbox");
    for (name, scheme, width, height) in
        [("dark", "dark", 1040, 690), ("phone", "light", 390, 844), ("phone-dark", "dark", 360, 740)]
    {
        tab.prefer(scheme);
        tab.resize(width, height);
        write(&mut tab, name);
    }
    tab.prefer("light");
    tab.resize(1180, 1200);
    tab.get("document.querySelectorAll('.call')[1].click()");
    tab.wait_for("document.querySelector('#requests table')");
    write(&mut tab, "call");
    tab.resize(390, 844);
    write(&mut tab, "phone-call");
}

fn decode_base64(text: &str) -> Vec<u8> {
    let value = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let mut bytes = Vec::new();
    for group in text.trim_end_matches('=').as_bytes().chunks(4) {
        let bits = group.iter().fold(0_u32, |bits, &c| bits << 6 | u32::from(value(c)));
        let bits = bits << (6 * (4 - group.len()));
        bytes.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    bytes
}
