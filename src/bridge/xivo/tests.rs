//! Recorded talk, cut at any place: a server that knows what has happened answers whoever comes back.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Ask, Message, Request, Xivo};
use crate::bridge::source::{Heard, Source};
use crate::bridge::tracker::{Followed, Open, Rules, Tracker};
use crate::config::{XivoFollow, XivoFollows, XivoSettings};
use crate::event::{EventKind, Users, WrittenEvent};

/// What a server knows, as it would answer.
#[derive(Clone, Default)]
struct Server {
    lists: BTreeMap<String, Vec<Value>>,
    /// by function, list and id
    objects: BTreeMap<(String, String, String), Map<String, Value>>,
    entries: BTreeMap<String, Value>,
    /// those of the own line, if anything was told of them
    calls: Option<Value>,
}

impl Server {
    fn hear(&mut self, message: &Value) {
        let text = |key: &str| message[key].as_str().unwrap_or_default().to_owned();
        if message["class"] == "queueentryupdate" {
            self.entries.insert(message["state"]["queue_id"].to_string(), message.clone());
        }
        if message["class"] == "current_calls" {
            self.calls = Some(message.clone());
        }
        if message["class"] != "getlist" || message["listname"] == "channels" {
            return;
        }
        let id = message["tid"].as_str().map_or_else(|| message["tid"].to_string(), str::to_owned);
        match message["function"].as_str() {
            Some("listid") => {
                self.lists.insert(text("listname"), message["list"].as_array().unwrap().clone());
            }
            Some(function @ ("updateconfig" | "updatestatus")) => {
                let key = (function.to_owned(), text("listname"), id);
                let what = if function == "updateconfig" { "config" } else { "status" };
                let known = self.objects.entry(key).or_default();
                known.extend(message[what].as_object().unwrap().clone());
            }
            _ => {}
        }
    }

    fn answer(&self, ask: &Ask) -> Option<Value> {
        let object = |function: &str, what: &str, list: &str, id: &str| {
            let known = self.objects.get(&(function.to_owned(), list.to_owned(), id.to_owned()));
            json!({ "class": "getlist", "function": function, "listname": list, "tid": id,
                    what: known.cloned().unwrap_or_default() })
        };
        Some(match ask {
            Ask::Ids(list) => {
                let ids = self.lists.get(list.name()).cloned().unwrap_or_default();
                json!({ "class": "getlist", "function": "listid", "listname": list.name(), "list": ids })
            }
            Ask::Config(list, id) => object("updateconfig", "config", list.name(), id),
            Ask::Status(list, id) => object("updatestatus", "status", list.name(), id),
            Ask::Entries(queue) => return self.entries.get(queue).cloned(),
            Ask::CurrentCalls => return self.calls.clone(),
            Ask::KeepAlive => json!({ "class": "keepalive" }),
        })
    }
}

/// What was recorded: what the server says when somebody logs in, what it knows, and what happens.
struct Talk {
    name: String,
    login: Value,
    server: Server,
    live: Vec<Value>,
    expected: Vec<Value>,
    settings: XivoSettings,
}

fn talks() -> Vec<Talk> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bridge/xivo");
    let mut talks = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        // Those that are cut already cannot be cut again.
        if ["login", "commands", "sheet_samples", "disconnect"].iter().any(|kind| name.starts_with(kind)) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let of = |phase: &str| -> Vec<Value> {
            let is_one = |line: &&Value| line["dir"] == "s2c" && line["phase"] == phase;
            lines.iter().filter(is_one).map(|line| line["msg"].clone()).collect()
        };
        let mut server = Server::default();
        of("load").iter().for_each(|message| server.hear(message));
        let hints = lines[0]["config"]["hints"] == json!(true);
        let settings = XivoSettings {
            follow: hints.then(|| XivoFollows(vec![XivoFollow::Queues, XivoFollow::Hints])),
            late_outbound: Some(lines[0]["config"]["late_outbound"] == json!(true)),
            ..XivoSettings::default()
        };
        let is_login = |message: &Value| message["class"] == "login_capas";
        talks.push(Talk {
            name,
            login: of("login").into_iter().find(is_login).unwrap(),
            server,
            live: of("live"),
            expected: lines
                .iter()
                .filter(|line| line["dir"] == "expect")
                .map(|line| line["post"].clone())
                .collect(),
            settings,
        });
    }
    assert!(talks.len() > 20, "{}", talks.len());
    talks
}

/// A bridge, and the server that it follows.
struct Following {
    source: Xivo,
    tracker: Tracker,
    server: Server,
    now: f64,
    events: Vec<WrittenEvent>,
}

impl Following {
    fn new(talk: &Talk) -> Self {
        Self {
            source: Xivo::new(talk.settings.clone()),
            tracker: Tracker::new(Rules::default()),
            server: talk.server.clone(),
            now: 1.0,
            events: Vec::new(),
        }
    }

    fn connect(&mut self, login: &Value) {
        assert!(self.source.begin("").is_empty());
        self.say(login.clone(), 0);
    }

    /// The server says something, and answers what it is asked.
    fn say(&mut self, mut message: Value, account: usize) {
        self.server.hear(&message);
        if let Some(time) = message["timenow"].as_f64() {
            self.now = self.now.max(time - 1_447_755_400.0);
        }
        let mut said = vec![(account, message.take())];
        while !said.is_empty() {
            let (account, message) = said.remove(0);
            let message = Message { account, said: message.as_object().unwrap().clone() };
            for heard in self.source.understand(message) {
                let now = Duration::from_secs_f64(self.now);
                match heard {
                    Heard::Fact(fact) => self.tracker.hear(fact, now),
                    Heard::Standing(legs) => self.tracker.compare(&legs, now),
                    Heard::Seen(legs) => self.tracker.see(&legs, now),
                    Heard::Ask(Request { account, ask }) => {
                        said.extend(self.server.answer(&ask).map(|answer| (account, answer)));
                    }
                    Heard::Remark(_) | Heard::Rights(_) | Heard::Passed(_) | Heard::Repeated(_) => {}
                }
            }
        }
        self.take();
    }

    fn pass(&mut self, seconds: f64) {
        self.now += seconds;
        self.tracker.pass(Duration::from_secs_f64(self.now));
        self.take();
    }

    fn take(&mut self) {
        self.events.extend(self.tracker.followed().filter_map(|followed| match followed {
            Followed::Event(_, event) => Some(event),
            Followed::Ended(..) | Followed::Unreported(..) => None,
        }));
    }

    /// In a word each.
    fn told(&self) -> Vec<String> {
        let users = |users: &Option<Users>| match users {
            Some(Users::One(user)) => user.clone(),
            Some(Users::Several(users)) => users.join("+"),
            None => String::new(),
        };
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let line = |event: &WrittenEvent| {
            let (from, to) = (text(&event.from), text(&event.to));
            let kind = event.event.as_str();
            format!("{kind} {from}>{to} {} {} {}", users(&event.user), text(&event.queue), text(&event.cause))
        };
        self.events.iter().map(line).collect()
    }
}

fn expected(talk: &Talk) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let users = |value: &Value| match value {
        Value::Array(users) => users.iter().map(text).collect::<Vec<_>>().join("+"),
        other => text(other),
    };
    let line = |post: &Value| {
        let (kind, from, to) = (text(&post["event"]), text(&post["from"]), text(&post["to"]));
        format!(
            "{kind} {from}>{to} {} {} {}",
            users(&post["user"]),
            text(&post["queue"]),
            text(&post["cause"])
        )
    };
    talk.expected.iter().map(line).collect()
}

/// Nothing happens while the connection is lost, so nothing of a call is lost either.
#[test]
fn a_connection_that_is_lost_at_any_place_changes_nothing() {
    let mut wrong = Vec::new();
    for talk in talks() {
        for cut in 0..=talk.live.len() {
            let mut following = Following::new(&talk);
            following.connect(&talk.login);
            for (place, message) in talk.live.iter().enumerate() {
                if place == cut {
                    following.connect(&talk.login);
                }
                following.say(message.clone(), 0);
            }
            following.pass(5.0);
            if following.told() != expected(&talk) {
                wrong.push(format!("{} cut before {cut}: {:?}", talk.name, following.told()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Whatever happens while nobody listens: a call is one call, and it ends.
#[test]
fn what_happens_while_nobody_listens_leaves_no_call_open() {
    let mut wrong = Vec::new();
    for talk in talks() {
        for cut in 0..talk.live.len() {
            for back in [cut + 1, cut + 4, talk.live.len()] {
                let back = back.min(talk.live.len());
                let mut following = Following::new(&talk);
                following.connect(&talk.login);
                talk.live[..cut].iter().for_each(|message| following.say(message.clone(), 0));
                talk.live[cut..back].iter().for_each(|message| following.server.hear(message));
                following.connect(&talk.login);
                talk.live[back..].iter().for_each(|message| following.say(message.clone(), 0));
                following.pass(5.0);
                let of = |kind: EventKind| following.events.iter().filter(move |event| event.event == kind);
                let calls = of(EventKind::NewCall).count();
                let is_well = calls <= 1
                    && of(EventKind::Hangup).count() == calls
                    && of(EventKind::Answer).count() <= calls;
                // Of one that only forms tell of, the form of the end may be the one that was missed.
                let open = following.tracker.open();
                if !is_well && open != calls - of(EventKind::Hangup).count() || calls > 1 {
                    wrong.push(format!("{} {cut}..{back}: {:?}", talk.name, following.told()));
                }
                if !is_well && !talk.name.starts_with("sheets") && !talk.name.starts_with("own_2.3_inbound") {
                    wrong.push(format!("{} {cut}..{back} stays open: {:?}", talk.name, following.told()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} {:#?}", wrong.len(), &wrong[..wrong.len().min(40)]);
}

#[test]
fn another_process_goes_on_with_the_calls_of_one_that_ended() {
    for talk in talks().into_iter().filter(|talk| !talk.expected.is_empty() && !talk.name.contains("late")) {
        for cut in 1..talk.live.len() {
            let mut following = Following::new(&talk);
            following.connect(&talk.login);
            talk.live[..cut].iter().for_each(|message| following.say(message.clone(), 0));
            following.pass(0.5);
            let ended = following.events.iter().any(|event| event.event == EventKind::Hangup);
            let Some(first) = following.events.first().filter(|_| !ended) else { continue };
            let open = Open {
                id: first.call_id.clone(),
                direction: first.direction.unwrap(),
                from: first.from.clone(),
                to: first.to.clone().unwrap(),
                answered: (following.events.len() > 1).then_some(Duration::ZERO),
            };
            let mut second = Following::new(&talk);
            (second.server, second.now) = (following.server.clone(), following.now);
            second.source.take_up(&open);
            second.tracker.take_up(open.clone(), Duration::ZERO);
            second.connect(&talk.login);
            talk.live[cut..].iter().for_each(|message| second.say(message.clone(), 0));
            second.pass(5.0);
            let kinds: Vec<_> =
                second.events.iter().map(|event| (event.event, event.call_id.as_str())).collect();
            let new = kinds.iter().filter(|(kind, _)| *kind == EventKind::NewCall).count();
            let ends = kinds.iter().filter(|(kind, id)| *kind == EventKind::Hangup && *id == open.id).count();
            // Channels and lamps have ids of the time at which they were seen first.
            assert_eq!(ends, 1, "{} {cut}: {open:?} {kinds:?}", talk.name);
            if open.id.contains(".10") {
                assert_eq!(new, 0, "{} {cut}: {open:?} {kinds:?}", talk.name);
            }
        }
    }
}

/// Lists come from one account alone; the calls of a line come from its own, whichever goes.
#[test]
fn of_several_accounts_each_tells_of_its_own_line() {
    for talk in talks().into_iter().filter(|talk| talk.name.starts_with("own_2.3")) {
        for lost in 0..=talk.live.len() {
            let mut following = Following::new(&talk);
            let mut first = talk.login.clone();
            first["userid"] = "9".into();
            following.connect(&first);
            following.say(talk.login.clone(), 1);
            for (place, message) in talk.live.iter().enumerate() {
                if place == lost {
                    following.say(json!({ "class": "lost", "text": "zammad: the connection ended" }), 0);
                }
                let is_own = ["sheet", "current_calls"].contains(&message["class"].as_str().unwrap());
                if !is_own && place < lost {
                    following.say(message.clone(), 0);
                }
                following.say(message.clone(), 1);
            }
            following.pass(5.0);
            assert_eq!(following.told(), expected(&talk), "{} without the first from {lost}", talk.name);
        }
    }
}

/// Whichever comes first: a call of a queue is one call.
#[test]
fn channels_that_are_told_of_behind_the_queue_are_no_second_call() {
    let talk = talks().into_iter().find(|talk| talk.name == "channels_1.2_queue_answered").unwrap();
    let is_told = |message: &Value, said: &str| message["status"]["commstatus"] == said;
    let begin = talk.live.iter().position(|message| is_told(message, "calling")).unwrap();
    let last = talk.live.iter().position(|message| is_told(message, "linked")).unwrap();
    assert!(is_told(&talk.live[begin + 1], "ringing"));
    for place in begin..=last - 2 {
        let mut live = talk.live.clone();
        let mut late: Vec<Value> = live.drain(begin..begin + 2).collect();
        late.iter_mut().for_each(|message| message["timenow"] = live[place]["timenow"].clone());
        live.splice(place..place, late);
        let mut following = Following::new(&talk);
        following.connect(&talk.login);
        live.into_iter().for_each(|message| following.say(message, 0));
        following.pass(5.0);
        assert_eq!(following.told(), expected(&talk), "told of at {place}, in place of {begin}");
    }
}

/// Servers since 15.19 tell of no channels: who began a call that is over the end of the phone's own channel tells.
#[test]
fn a_call_that_went_out_is_told_of_at_its_end_without_channels_too() {
    let mut talk = talks().into_iter().find(|talk| talk.name == "sheets_1.2_outbound_late").unwrap();
    talk.live.retain(|message| message["listname"] != "channels");
    let mut following = Following::new(&talk);
    following.connect(&talk.login);
    talk.live.iter().for_each(|message| following.say(message.clone(), 0));
    following.pass(5.0);
    let told = following.told();
    // Nobody tells whether it was answered.
    let whole: Vec<String> = expected(&talk).into_iter().filter(|line| !line.starts_with("answer")).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0], whole[0]);
    assert!(told[1].starts_with("hangup"), "{told:?}");
}
