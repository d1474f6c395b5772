//! A bridge with a spool is killed again and again, and the caller log is that of an undisturbed run.
//!
//! `ZAMMAD_CTI_TEST_CALLS` and `ZAMMAD_CTI_TEST_KILLS` say how many calls there are and how often it is killed, and
//! `ZAMMAD_CTI_TEST_SEED` when. The whole promise is 500 calls and 200 kills.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use zammad_cti::bridge::asterisk::Blocks;

use crate::ami::Ami;
use crate::following::{end, hangup, spool, waiting_call, with_spool};
use crate::running::{Running, until};
use crate::support::World;
use crate::support::dice::Dice;
use crate::switchboard::Switchboard;
use crate::zammad::{Row, Zammad};

/// What a variable says.
fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |number| number.parse().unwrap())
}

/// So many calls are under way at a time.
const AT_ONCE: usize = 25;

/// A phone system in which things happen, whether anybody listens or not.
struct Exchange {
    ami: Ami,
    switchboard: Mutex<Switchboard>,
}

impl Exchange {
    fn happens(&self, said: &[String]) {
        let said = said.concat();
        let mut switchboard = self.switchboard.lock().unwrap();
        Blocks::default().read(said.as_bytes(), &mut |block| switchboard.hear(block.unwrap().fields()));
        self.ami.happens(switchboard.list(), &said);
    }
}

/// A channel.
struct Leg {
    channel: String,
    id: String,
    call: String,
    state: &'static str,
    number: String,
    name: &'static str,
    context: &'static str,
    exten: &'static str,
}

impl Leg {
    fn event(&self, name: &str, more: &str) -> String {
        let Self { channel, id, call, .. } = self;
        format!(
            "Event: {name}\r\nPrivilege: call,all\r\nChannel: {channel}\r\nUniqueid: {id}\r\nLinkedid: {call}\r\n\
             ChannelStateDesc: Up\r\n{more}\r\n"
        )
    }

    fn begins(&self) -> String {
        let Self { channel, id, call, state, number, name, context, exten } = self;
        format!(
            "Event: Newchannel\r\nPrivilege: call,all\r\nChannel: {channel}\r\nChannelStateDesc: {state}\r\n\
             CallerIDNum: {number}\r\nCallerIDName: {name}\r\nContext: {context}\r\nExten: {exten}\r\n\
             Uniqueid: {id}\r\nLinkedid: {call}\r\n\r\n"
        )
    }
}

fn id(number: usize) -> String {
    format!("17960{number:05}.1")
}

/// The customer who calls, the phone that is rung, and what a dialling says of that.
fn legs(number: usize) -> (Leg, Leg, String) {
    let id = id(number);
    let caller = Leg {
        channel: format!("PJSIP/trunk-{number:08x}"),
        id: id.clone(),
        call: id.clone(),
        state: "Ring",
        number: format!("49406{number:05}"),
        name: "",
        context: "from-trunk",
        exten: "493023125101",
    };
    let phone = Leg {
        channel: format!("PJSIP/101-{:08x}", number + 0x10_0000),
        id: format!("17960{number:05}.2"),
        call: id.clone(),
        state: "Down",
        number: "101".to_owned(),
        name: "Anna Agent",
        context: "from-internal",
        exten: "s",
    };
    let dest = format!(
        "DestChannel: {}\r\nDestChannelStateDesc: Down\r\nDestCallerIDNum: 101\r\nDestCallerIDName: Anna Agent\r\n\
         DestUniqueid: {}\r\nDestLinkedid: {id}\r\nDialString: 101\r\n",
        phone.channel, phone.id
    );
    (caller, phone, dest)
}

/// A call that is answered, or whose caller gives up. What ends it waits for what was to be seen before, and is said in
/// one go: nobody could know of it else, or of its cause.
fn play(exchange: &Exchange, zammad: &Zammad, number: usize, is_answered: bool) {
    let id = id(number);
    let (caller, phone, dest) = legs(number);
    let dial_ends = |status| caller.event("DialEnd", &format!("{dest}DialStatus: {status}\r\n"));
    let gone = [&phone, &caller].map(|leg| leg.event("Hangup", "Cause: 16\r\n")).concat();
    exchange.happens(&[caller.begins(), phone.begins(), caller.event("DialBegin", &dest)]);
    zammad.until("newCall", &id);
    if is_answered {
        exchange.happens(&[dial_ends("ANSWER")]);
        let bridge = format!("BridgeUniqueid: b-{number}\r\n");
        exchange.happens(&[phone.event("BridgeEnter", &bridge)]);
        exchange.happens(&[caller.event("BridgeEnter", &bridge)]);
        zammad.until("answer", &id);
        exchange.happens(&[gone]);
    } else {
        exchange.happens(&[caller.event("HangupRequest", ""), dial_ends("CANCEL"), gone]);
    }
}

/// What an undisturbed run leaves of a call.
fn undisturbed(number: usize, is_answered: bool) -> Row {
    Row {
        state: "hangup".to_owned(),
        direction: "in".to_owned(),
        from: format!("49406{number:05}"),
        to: "493023125101".to_owned(),
        to_comment: Some("Anna Agent".to_owned()),
        queue: Some("493023125101".to_owned()),
        cause: Some(if is_answered { "normalClearing" } else { "cancel" }.to_owned()),
        done: is_answered,
    }
}

/// What many kills have left.
struct Disturbed {
    zammad: Zammad,
    calls: usize,
    /// the calls whose hangups may be with Zammad, and are not sent again
    unconfirmed: BTreeSet<String>,
}

impl Disturbed {
    fn row(&self, number: usize) -> Option<Row> {
        self.zammad.log().remove(&id(number))
    }
}

/// Follows calls with processes that are killed, and one that sends what those have left. `options` are those of both.
fn disturb(is_answered: fn(usize) -> bool, options: &[&str]) -> Disturbed {
    let seed = number("ZAMMAD_CTI_TEST_SEED", 18);
    let calls = number("ZAMMAD_CTI_TEST_CALLS", 40) as usize;
    let kills = number("ZAMMAD_CTI_TEST_KILLS", 10);
    println!("seed {seed}: {calls} calls, {kills} kills");
    let (world, zammad) = (World::new(), Zammad::start());
    let exchange = Exchange { ami: Ami::start(), switchboard: Mutex::default() };
    let follow = || {
        let mut program = with_spool(&world, &exchange.ami, &zammad);
        Running::start(program.args(["--hold", "20ms", "--grace", "0s", "--timeout", "2s"]).args(options))
    };
    let sending = Running::start(spool(&world, &zammad).args(["--timeout", "2s"]).args(options));
    let (next, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (last, failed) = thread::scope(|scope| {
        let following = scope.spawn(|| {
            let mut dice = Dice(seed);
            let (mut running, mut killed) = (follow(), 0);
            while killed < kills && !is_over.load(Ordering::Relaxed) {
                // After some more events, and a moment in one of them.
                let then = zammad.count() + dice.below(2 * calls as u64 / kills) as usize;
                until("more events", || zammad.count() >= then || is_over.load(Ordering::Relaxed));
                thread::sleep(Duration::from_micros(dice.below(20_000)));
                drop(running);
                running = follow();
                killed += 1;
            }
            println!("killed {killed} times while there were calls");
            // Before that it does not end as it should.
            running.until_it_says("connected to asterisk");
            running
        });
        let players: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                scope.spawn(|| {
                    while let number = next.fetch_add(1, Ordering::Relaxed)
                        && number < calls
                    {
                        play(&exchange, &zammad, number, is_answered(number));
                    }
                })
            })
            .collect();
        let failed = players.into_iter().map(|player| player.join()).filter(Result::is_err).count();
        is_over.store(true, Ordering::Relaxed);
        (following.join().unwrap(), failed)
    });
    if failed > 0 {
        let said = [last, sending].map(end).concat();
        panic!("{failed} calls that nobody followed: {said}");
    }
    let hangups_in_doubt = || {
        let ran = world
            .program()
            .args(["spool", "list", "--output", "json", "--url", &zammad.url()])
            .arg("--spool-path")
            .arg(world.path("spool.db"))
            .output()
            .unwrap();
        assert!(ran.status.success(), "{ran:?}");
        let text = String::from_utf8(ran.stdout).unwrap();
        let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let (at_rest, waiting): (Vec<_>, Vec<_>) = events.partition(|event| event["state"] != "waiting");
        for event in &at_rest {
            assert_eq!(
                (&event["state"], &event["event"]),
                (&json!("unconfirmed"), &json!("hangup")),
                "{event}"
            );
        }
        let calls = at_rest.iter().map(|event| event["call_id"].as_str().unwrap().to_owned());
        (calls.collect::<BTreeSet<_>>(), waiting.len())
    };
    let has_ended = |(call, row): (&String, &Row), in_doubt: &BTreeSet<String>| {
        row.state == "hangup" || in_doubt.contains(call)
    };
    let (mut unconfirmed, mut seen) = (BTreeSet::new(), String::new());
    until("the end of all calls", || {
        let (in_doubt, waiting) = hangups_in_doubt();
        let log = zammad.log();
        let open: Vec<_> = log.iter().filter(|call| !has_ended(*call, &in_doubt)).collect();
        // Somebody is there to say what became of these.
        let is_known = in_doubt.is_empty() || !options.contains(&"--api-token");
        let is_over = waiting == 0 && log.len() == calls && open.is_empty() && is_known;
        let state = format!("{waiting} events wait, {} are in doubt, open: {open:?}", in_doubt.len());
        if !is_over && std::mem::replace(&mut seen, state.clone()) != state {
            eprintln!("{state}");
        }
        unconfirmed = in_doubt;
        is_over
    });
    end(last);
    end(sending);
    exchange.ami.assert_content();
    Disturbed { zammad, calls, unconfirmed }
}

/// Zammad does not take the newCall, and what comes behind it waits when the process is killed.
#[test]
fn what_waits_behind_its_new_call_outlives_whoever_is_killed() {
    let (world, ami, zammad) = (World::new(), Ami::start(), Zammad::start());
    let id = id(1);
    zammad.keeps_waiting(&id);
    let mut program = with_spool(&world, &ami, &zammad);
    let running = Running::start(program.args(["--hold", "20ms", "--timeout", "5m", "--deadline", "5m"]));
    let session = ami.session();
    let (caller, phone, dest) = legs(1);
    session.say([caller.begins(), phone.begins(), caller.event("DialBegin", &dest)].concat());
    zammad.until_it_waits();
    session.say(caller.event("DialEnd", &format!("{dest}DialStatus: ANSWER\r\n")));
    session.say([&phone, &caller].map(|leg| leg.event("Hangup", "Cause: 16\r\n")).concat());
    let kept = || {
        let mut program = world.process();
        program.args(["spool", "list", "--output", "json", "--url", &zammad.url(), "--spool-path"]);
        let ran = program.arg(world.path("spool.db")).output().unwrap();
        let text = String::from_utf8(ran.stdout).unwrap();
        let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        events.map(|event| event["event"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    until("all of it is in the spool", || kept() == ["newCall", "answer", "hangup"]);
    drop(running);
    zammad.answers();
    let sending = Running::start(spool(&world, &zammad).args(["--api-token", "x"]));
    zammad.until("hangup", &id);
    assert_eq!(zammad.kinds_of(&id), ["newCall", "answer", "hangup"]);
    until("nothing waits", || kept().is_empty());
    end(sending);
}

#[test]
fn whoever_follows_is_killed_and_the_caller_log_is_that_of_an_undisturbed_run() {
    let is_answered = |number| number % 3 != 0;
    let disturbed = disturb(is_answered, &["--api-token", "x"]);
    for number in 0..disturbed.calls {
        assert_eq!(
            disturbed.row(number),
            Some(undisturbed(number, is_answered(number))),
            "call {}",
            id(number)
        );
    }
}

/// A second hangup of a call that nobody took would hide that it was missed, so one in doubt is not sent again when nobody can say whether it arrived.
#[test]
fn without_a_user_who_reads_the_caller_log_only_hangups_in_doubt_are_left() {
    let disturbed = disturb(|_| false, &[]);
    let Disturbed { calls, unconfirmed, .. } = &disturbed;
    println!("{} of {calls} hangups are unconfirmed", unconfirmed.len());
    for number in 0..*calls {
        let row = disturbed.row(number).unwrap();
        let expected = undisturbed(number, false);
        if row != expected {
            assert!(unconfirmed.contains(&id(number)), "call {}: {row:?}", id(number));
            let ringing = Row { state: "newCall".to_owned(), cause: None, ..expected };
            assert_eq!(row, ringing, "call {}", id(number));
        }
    }
}

/// Its channel may still be there when the next process looks.
#[test]
fn a_call_that_was_reported_to_its_end_is_not_reported_again_by_the_next_process() {
    let (world, zammad, ami) = (World::new(), Zammad::start(), Ami::start());
    let first = Running::start(&mut with_spool(&world, &ami, &zammad));
    let session = ami.session();
    session.say(waiting_call("1.1", "4940669690"));
    zammad.until("newCall", "1.1");
    session.say(hangup("1.1"));
    zammad.until("hangup", "1.1");
    end(first);
    let mut switchboard = Switchboard::default();
    Blocks::default().read(waiting_call("1.1", "4940669690").as_bytes(), &mut |block| {
        switchboard.hear(block.unwrap().fields())
    });
    ami.behave(|manners| manners.channels = switchboard.list());
    let second = Running::start(&mut with_spool(&world, &ami, &zammad));
    second.until_it_says("call 1.1 is reported already");
    let session = ami.session();
    session.say(waiting_call("1.2", "4940669691"));
    zammad.until("newCall", "1.2");
    session.say(hangup("1.1"));
    session.say(hangup("1.2"));
    zammad.until("hangup", "1.2");
    end(second);
    assert_eq!(zammad.kinds_of("1.1"), ["newCall", "hangup"]);
    assert!(zammad.refused().is_empty(), "{:?}", zammad.refused());
}
