//! The connection itself: who logs in, what it may see, and what goes wrong with it.

use serde_json::json;

use super::following::{bridge, end, event, hangup, waiting_call};
use crate::esl::{Esl, Manners, Session, USER};
use crate::running::Running;
use crate::servers::at_once;
use crate::support::World;
use crate::zammad::Zammad;

const FIRST: &str = "11111111-1111-4111-8111-111111111111";
const SECOND: &str = "22222222-2222-4222-8222-222222222222";

/// A phone system, and who follows it.
struct Follow {
    esl: Esl,
    zammad: Zammad,
    running: Running,
    _world: World,
}

impl Follow {
    fn start(manners: Manners, arguments: &[&str]) -> Self {
        let (world, esl, zammad) = (World::new(), Esl::start_with(manners), Zammad::blocking(["4940669691"]));
        let running = Running::start(bridge(&world, &esl, &zammad).args(["--grace", "0s"]).args(arguments));
        Self { esl, zammad, running, _world: world }
    }

    /// A call is followed from its beginning to its end.
    fn follows(&self, session: &Session, uuid: &str) {
        waiting_call(uuid).iter().for_each(|event| session.say(event));
        self.zammad.until("newCall", uuid);
        session.say(&hangup(uuid));
        self.zammad.until("hangup", uuid);
    }

    /// Ends it. Its words on stderr have these among them, once, and Zammad has no other calls than these.
    fn end(self, words: &str, calls: &[&str]) {
        self.esl.assert_content();
        let said = end(self.running);
        let count = said.lines().filter(|line| line.contains(words)).count();
        assert_eq!(count, 1, "{words:?} in {said}");
        assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
        let log = self.zammad.log();
        assert_eq!(log.keys().map(String::as_str).collect::<Vec<_>>(), calls, "{said}");
        assert!(self.zammad.refused().is_empty(), "{:?}", self.zammad.refused());
    }
}

#[test]
fn what_is_no_event_socket_is_named() {
    let denied = "Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n";
    let notice = "Content-Type: text/disconnect-notice\nContent-Length: 67\n\nDisconnected, goodbye.\n\
                  See you at ClueCon! http://www.cluecon.com/\n";
    // (what is said first, what is told)
    let cases: [(Vec<u8>, &str); 5] = [
        (
            b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(),
            "is no event socket of FreeSWITCH: it says \"SSH-2.0-OpenSSH_9.2\"",
        ),
        (b"\x1b[2J\xff\r\n".to_vec(), "is no event socket of FreeSWITCH"),
        (vec![b'x'; 100_000], "is no event socket of FreeSWITCH"),
        (
            b"Content-Type: text/html\r\n\r\n".to_vec(),
            "is no event socket of FreeSWITCH: it says \"text/html\"",
        ),
        (
            [denied, notice].concat().into_bytes(),
            "refuses the login: Access Denied, go away.; it is tried again",
        ),
    ];
    at_once(cases, |(greeting, told)| {
        let follow = Follow::start(Manners { greeting: Some(greeting), ..Manners::default() }, &[]);
        follow.running.until_it_says(told);
        follow.end(told, &[]);
    });
}

#[test]
fn who_is_not_let_in_says_why() {
    let follow = Follow::start(Manners { refuses: true, ..Manners::default() }, &[]);
    let told = "refuses the login: invalid; it is tried again after 3m";
    follow.running.until_it_says(told);
    follow.end(told, &[]);
}

/// A user of the directory may see some events, and use some commands.
#[test]
fn a_user_with_few_rights_follows_as_far_as_they_go() {
    let needed =
        ["CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_BRIDGE", "CHANNEL_UNBRIDGE", "CHANNEL_HANGUP_COMPLETE"];
    let with_queues = [&needed[..], &["callcenter::info"]].concat();
    // (events, commands, what is told)
    let cases: [(&[&'static str], &[&'static str], &str); 4] = [
        (
            &with_queues,
            &["show", "uuid_dump"],
            "FreeSWITCH does not tell of CUSTOM vm::maintenance (-ERR permission denied)",
        ),
        (
            &with_queues,
            &["uuid_dump"],
            "freeswitch: the account may not list calls: -ERR permission denied. Give the user show, uuid_dump",
        ),
        (&with_queues, &["show"], "connected to freeswitch"),
        (
            &needed[..4],
            &["show"],
            "it does not tell of CHANNEL_HANGUP_COMPLETE (permission denied); it is tried again",
        ),
    ];
    at_once(cases, |(events, commands, told)| {
        let (events, commands) = (Some(events.to_vec()), Some(commands.to_vec()));
        let manners = Manners { events, commands, ..Manners::default() };
        let follow = Follow::start(manners, &["--username", USER]);
        follow.running.until_it_says(told);
        follow.end(told, &[]);
    });
}

/// A connection on which nothing comes any more is made anew within a minute.
#[test]
fn a_connection_that_goes_silent_is_made_again() {
    let follow = Follow::start(Manners::default(), &[]);
    let session = follow.esl.session();
    follow.follows(&session, FIRST);
    session.hang();
    let session = follow.esl.session();
    follow.follows(&session, SECOND);
    follow.end("it does not answer any more", &[FIRST, SECOND]);
}

/// FreeSWITCH ends and begins anew: what was there has ended.
#[test]
fn a_call_that_is_gone_afterwards_has_ended() {
    let follow = Follow::start(Manners::default(), &[]);
    let session = follow.esl.session();
    waiting_call(FIRST).iter().for_each(|event| session.say(event));
    follow.zammad.until("newCall", FIRST);
    follow.esl.happens(&hangup(FIRST));
    session.end();
    let session = follow.esl.session();
    assert_eq!(follow.zammad.until("hangup", FIRST)["cause"], "cancel");
    follow.follows(&session, SECOND);
    follow.end("the connection ended", &[FIRST, SECOND]);
}

#[test]
fn a_caller_whom_zammad_blocks_is_disconnected_if_that_is_wanted() {
    let follow = Follow::start(Manners::default(), &["--on-reject", "hangup"]);
    let session = follow.esl.session();
    let blocked = json!({ "Caller-Caller-ID-Number": "4940669691" });
    session.say(&event("CHANNEL_CREATE", FIRST, &blocked));
    session.say(&waiting_call(FIRST)[1]);
    follow.zammad.until("newCall", FIRST);
    let command = follow.esl.until_asked("api uuid_kill");
    assert_eq!(command, format!("api uuid_kill {FIRST} CALL_REJECTED"));
    let rejected =
        json!({ "Hangup-Cause": "CALL_REJECTED", "variable_sip_hangup_disposition": "send_refuse" });
    session.say(&event("CHANNEL_HANGUP_COMPLETE", FIRST, &rejected));
    assert_eq!(follow.zammad.until("hangup", FIRST)["cause"], "noAnswer");
    follow.end("connected to freeswitch", &[FIRST]);
}

/// What may come and does no harm; the next call is followed as if nothing had been.
#[test]
fn what_no_freeswitch_says_does_no_harm() {
    let event = |body: &[u8]| {
        let head = format!("Content-Length: {}\nContent-Type: text/event-json\n\n", body.len());
        [head.as_bytes(), body].concat()
    };
    let endless = [b"X: ".to_vec(), vec![b'x'; 3_000_000]].concat();
    // (what is said, what is told of it)
    let deep = format!("{{\"Event-Name\":\"CHANNEL_CREATE\",\"x\":{}", "[".repeat(100_000));
    let cases: [(Vec<u8>, &str); 10] = [
        (endless, "what FreeSWITCH says has no end"),
        (b"Content-Length: 99999999999\n\n".to_vec(), "what FreeSWITCH says has no end"),
        (event(b"{\"Event-Name\": \x1b[31m"), "FreeSWITCH says something that is no event"),
        (event(b"[]"), "FreeSWITCH says something that is no event"),
        (event(deep.as_bytes()), "FreeSWITCH says something that is no event"),
        (
            event(
                b"{\"Event-Name\":\"HEARTBEAT\",\"Event-Name\":\"\\n\\nContent-Length: 99999999999\\n\\n\"}",
            ),
            "connected to freeswitch",
        ),
        // Of two lengths the first counts: the second one is the body.
        (
            b"Content-Length: 2\nContent-Length: 99999999999\nContent-Type: text/event-plain\n\n\n\n"
                .to_vec(),
            "connected to freeswitch",
        ),
        (
            event(b"{\"Event-Name\":\"CHANNEL_CREATE\",\"Unique-ID\":[\"x\"],\"x\":{\"y\":[1]}}"),
            "connected to freeswitch",
        ),
        (b"Content-Type: api/response\nContent-Length: 4\n\n+OK\n".to_vec(), "connected to freeswitch"),
        (b"\n\n\nContent-Type: text/never-heard-of\n\n".to_vec(), "connected to freeswitch"),
    ];
    at_once(cases, |(said, told)| {
        let follow = Follow::start(Manners::default(), &[]);
        let session = follow.esl.session();
        waiting_call(FIRST).iter().for_each(|event| session.say(event));
        follow.zammad.until("newCall", FIRST);
        session.say_raw(&said);
        let session = if told.contains("no end") { follow.esl.session() } else { session };
        follow.follows(&session, SECOND);
        assert_eq!(follow.zammad.kinds_of(FIRST), ["newCall"], "{told}");
        session.say(&hangup(FIRST));
        follow.zammad.until("hangup", FIRST);
        follow.end(told, &[FIRST, SECOND]);
    });
}
