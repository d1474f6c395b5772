//! Interfaces that say what no Asterisk should, and what becomes of it: a clear line, no wrong event, and calls are
//! followed again.

use crate::ami::{Ami, Manners, Session};
use crate::following::{bridge, end, hangup, waiting_call};
use crate::running::Running;
use crate::servers::at_once;
use crate::support::World;
use crate::zammad::Zammad;

/// A phone system, and who follows it.
struct Follow {
    ami: Ami,
    zammad: Zammad,
    running: Running,
    _world: World,
}

impl Follow {
    fn start(manners: Manners) -> Self {
        let (world, ami, zammad) = (World::new(), Ami::start_with(manners), Zammad::start());
        let running = Running::start(bridge(&world, &ami, &zammad).args(["--grace", "0s"]));
        Self { ami, zammad, running, _world: world }
    }

    /// A call is followed from its beginning to its end.
    fn follows(&self, session: &Session, call_id: &str) {
        session.say(waiting_call(call_id, "4940669690"));
        self.zammad.until("newCall", call_id);
        session.say(hangup(call_id));
        self.zammad.until("hangup", call_id);
    }

    /// Ends it. Its words on stderr have these among them, once, and Zammad has no other calls than these.
    fn end(self, words: &str, calls: &[&str]) {
        self.ami.assert_content();
        let said = end(self.running);
        let count = said.lines().filter(|line| line.contains(words)).count();
        assert_eq!(count, 1, "{words:?} in {said}");
        assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
        let log = self.zammad.log();
        assert_eq!(log.keys().map(String::as_str).collect::<Vec<_>>(), calls, "{said}");
        assert!(self.zammad.refused().is_empty(), "{:?}", self.zammad.refused());
    }
}

/// What somebody else says once is said once; then it is an Asterisk after all.
#[test]
fn what_is_no_interface_is_named() {
    // (what is said first, what is told)
    let cases: [(&[u8], &str); 4] = [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "is no manager interface of Asterisk: it says \"SSH-2.0-OpenSSH_9.2\""),
        (b"\x1b[2J\xff\r\n", "is no manager interface of Asterisk"),
        (&[b'x'; 100_000], "is no manager interface of Asterisk"),
        (b"\r\n\r\n", "is no manager interface of Asterisk"),
    ];
    at_once(cases, |(banner, told)| {
        let follow = Follow::start(Manners { banner: banner.to_vec(), ..Manners::default() });
        follow.running.until_it_says(told);
        follow.end(told, &[]);
    });
}

/// A login that is refused is an error at once, and is not tried again soon.
#[test]
fn who_is_not_let_in_says_why() {
    let follow = Follow::start(Manners { refusal: Some("Authentication failed"), ..Manners::default() });
    let told = "refuses the login: Authentication failed; it is tried again after 3m";
    follow.running.until_it_says(told);
    follow.end(told, &[]);
}

/// Asterisk may not have given up the connection of before yet: that takes no setting, and not long.
#[test]
fn an_account_that_is_logged_in_elsewhere_is_tried_again_soon() {
    let follow = Follow::start(Manners { refusal: Some("Login Already In Use"), ..Manners::default() });
    let told = "lets nobody in as this account now: Login Already In Use; it is tried again after 1s";
    follow.running.until_it_says(told);
    follow.running.until_it_says("Give the bridge an account of its own");
    follow.ami.behave(|manners| manners.refusal = None);
    let session = follow.ami.session();
    follow.follows(&session, "1.1");
    follow.end(told, &["1.1"]);
}

/// What comes, and what is told of it; the next call is followed as if nothing had been.
#[test]
fn what_no_asterisk_says_does_no_harm() {
    let forged = hangup("1.1");
    let endless =
        [b"Event: Newchannel\r\nChannel: ".to_vec(), vec![b'x'; 3_000_000], b"\r\n\r\n".to_vec()].concat();
    let no_end = b"Uniqueid: 1.1\r\n".repeat(200_000);
    // (what is said, what is told of it)
    let cases: [(Vec<u8>, &str); 6] = [
        (endless, "a message without an end"),
        ([b"Event: Hangup\r\n".to_vec(), no_end, b"\r\n".to_vec()].concat(), "a message without an end"),
        (b"nonsense\r\n\x1b[31m\r\n\r\n".to_vec(), "a message that begins with neither Event nor Response"),
        (
            format!("Event: Newstate\r\nChannelStateDesc: Up\r\n\r\n{forged}").into_bytes(),
            "an event that ends too early",
        ),
        (
            format!("X: y\r\n\r\n{forged}").into_bytes(),
            "a message that begins with neither Event nor Response",
        ),
        (b"\xff\xfe: \xff\r\n\r\n".to_vec(), "a message that begins with neither Event nor Response"),
    ];
    at_once(cases, |(said, told)| {
        let follow = Follow::start(Manners::default());
        let session = follow.ami.session();
        session.say(waiting_call("1.1", "4940669690"));
        follow.zammad.until("newCall", "1.1");
        // It is there when it is looked for.
        let listed = "Event: Status\nChannel: PJSIP/trunk-1.1\nChannelStateDesc: Up\nCallerIDNum: 4940669690\n\
                      Context: from-trunk\nExten: 1\nUniqueid: 1.1\nLinkedid: 1.1\nApplication: Queue\n\n";
        follow.ami.behave(|manners| manners.channels = listed.to_owned());
        session.say(said);
        let session = follow.ami.session();
        follow.follows(&session, "1.2");
        assert_eq!(follow.zammad.kinds_of("1.1"), ["newCall"], "{told}");
        session.say(hangup("1.1"));
        follow.zammad.until("hangup", "1.1");
        follow.end(told, &["1.1", "1.2"]);
    });
}

/// A caller whose number holds line breaks stands in each list of channels too: nobody else's call suffers, and Asterisk is
/// not asked again and again.
#[test]
fn a_caller_who_cuts_each_message_costs_one_call() {
    let follow = Follow::start(Manners::default());
    let session = follow.ami.session();
    let number = format!("4930123{{break}}{{break}}{}", hangup("1.1").replace("\r\n", "{break}"));
    let listed = |id: &str, number: &str| {
        format!(
            "Event: Status\nChannel: PJSIP/trunk-{id}\nChannelStateDesc: Up\nCallerIDNum: {number}\n\
             Context: from-trunk\nExten: 1\nUniqueid: {id}\nLinkedid: {id}\nApplication: Queue\n\n"
        )
    };
    session.say(waiting_call("1.1", "4940669690"));
    follow.zammad.until("newCall", "1.1");
    let channels = [listed("1.8", &number), listed("1.1", "4940669690")].concat();
    follow.ami.behave(|manners| manners.channels = channels);
    let cut = "Event: Newstate\r\nChannelStateDesc: Up\r\n\r\n";
    let mut pings = 0;
    for id in ["1.2", "1.3", "1.4", "1.5"] {
        session.say(cut);
        pings += 1;
        follow.ami.until_asked("Ping", pings);
        follow.follows(&session, id);
    }
    assert_eq!(follow.zammad.kinds_of("1.1"), ["newCall"]);
    session.say(hangup("1.1"));
    follow.zammad.until("hangup", "1.1");
    let asked = follow.ami.actions().iter().filter(|action| action.name() == "Status").count();
    // The first, the one that looks once more, and at most one for each event that was cut.
    assert!(asked <= 2 + pings, "{asked} lists");
    follow.end("somebody may be making events up", &["1.1", "1.2", "1.3", "1.4", "1.5"]);
}

/// What may come and means nothing is passed over without a word.
#[test]
fn what_is_not_known_is_passed_over() {
    let cases: [&[u8]; 5] = [
        b"Event: NeverHeardOf\r\nUniqueid: 1.1\r\nWhatever: \xff\xfe\r\n\r\n",
        b"Response: Success\r\nActionID: somebody-elses\r\n\r\n",
        b"Event: Hangup\r\nChannel: PJSIP/x-1\r\nUniqueid: 7.7\r\nLinkedid: 7.7\r\nCause: x\r\n\r\n",
        b"Event: Newchannel\r\nChannel: PJSIP/\xc3\x28-1\r\nChannelStateDesc: Down\r\nUniqueid: 1.9\r\nLinkedid: 1.9\r\n\r\n",
        b"\r\n\r\n\r\n",
    ];
    at_once(cases, |said| {
        let follow = Follow::start(Manners::default());
        let session = follow.ami.session();
        session.say(said);
        follow.follows(&session, "1.2");
        follow.end("connected to asterisk", &["1.2"]);
    });
}

/// What a stranger has in a queue's name, a number or a dialled number does nothing to whoever reads the log.
#[test]
fn what_terminals_obey_is_shown_as_what_it_is() {
    let follow = Follow::start(Manners::default());
    let session = follow.ami.session();
    let evil = "7\u{1b}[2J\u{202e}00";
    session.say(waiting_call("1.1", "4940669690").replace("Queue: 700", &format!("Queue: {evil}")));
    follow.zammad.until("newCall", "1.1");
    session.say(hangup("1.1"));
    follow.zammad.until("hangup", "1.1");
    follow.running.until_it_says("(7[2J\\u{202e}00)");
    session.say(waiting_call("1.2", &format!("4940{evil}")).replace("Exten: 493", &format!("Exten: {evil}")));
    let new_call = follow.zammad.until("newCall", "1.2");
    assert_eq!(new_call["from"], "anonymous", "{new_call}");
    session.say(hangup("1.2"));
    follow.follows(&session, "1.3");
    let said = follow.running.so_far();
    assert!(!said.contains('\u{1b}') && !said.contains('\u{202e}'), "{said:?}");
}

/// Before it has let anybody in, an interface may be anybody: a call that it tells of then is looked for in the list.
#[test]
fn events_before_the_login_end_no_call_and_begin_none_that_is_not_there() {
    let before_login = [waiting_call("1.1", "4940669690"), hangup("1.1")].concat().into_bytes();
    let follow = Follow::start(Manners { before_login, ..Manners::default() });
    let session = follow.ami.session();
    follow.follows(&session, "1.2");
    follow.end("connected to asterisk", &["1.2"]);
}

/// An account that loses its right to look at a reload: one line says what it needs, and calls are followed.
#[test]
fn an_account_without_rights_says_what_it_needs() {
    // (its `write` then, what is told)
    let cases: [(&[&str], &str); 2] = [
        (
            &[],
            "asterisk: the account may not list calls: Permission denied. Give the account write = reporting",
        ),
        (&["system"], "Asterisk does not say whether callers withhold their numbers (Permission denied)"),
    ];
    at_once(cases, |(write, told)| {
        let follow = Follow::start(Manners::default());
        let session = follow.ami.session();
        follow.follows(&session, "1.1");
        follow.ami.behave(|manners| manners.write = write.to_vec());
        session.end();
        let session = follow.ami.session();
        follow.follows(&session, "1.2");
        follow.running.until_it_says(told);
        follow.end(told, &["1.1", "1.2"]);
    });
}

/// Ids that begin again after Asterisk was started: the old call has ended, and the new one is another.
#[test]
fn an_id_that_comes_again_is_another_call() {
    let follow = Follow::start(Manners::default());
    let session = follow.ami.session();
    follow.follows(&session, "1.1");
    session.end();
    let session = follow.ami.session();
    session.say(waiting_call("1.1", "4930999"));
    follow.follows(&session, "1.2");
    session.say(hangup("1.1"));
    follow.zammad.until("hangup", "1.1-2");
    follow.end("the connection ended", &["1.1", "1.1-2", "1.2"]);
}

/// A connection on which nothing comes any more is made anew within a minute.
#[test]
fn a_connection_that_goes_silent_is_made_again() {
    let follow = Follow::start(Manners::default());
    let session = follow.ami.session();
    follow.follows(&session, "1.1");
    session.hang();
    let session = follow.ami.session();
    follow.follows(&session, "1.2");
    follow.end("it does not answer any more", &["1.1", "1.2"]);
}
