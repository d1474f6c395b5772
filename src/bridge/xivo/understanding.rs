//! Which messages count, and when: the state of one phone system, put together from what its server says.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::channels::Channels;
use super::directory::{Change, Directory};
use super::forms::Forms;
use super::ledger::{Basis, Ledger};
use super::lines::Lines;
use super::loading::Loading;
use super::message::id;
use super::queues::Queues;
use super::{Ask, Form, List, Message, Request};
use crate::asterisk::is_number;
use crate::bridge::fact::LegId;
use crate::bridge::mask::Mask;
use crate::bridge::source::{Heard, Source};
use crate::bridge::tracker::Open;
use crate::config::{XivoFollow, XivoSettings};

/// In the place of a number: it is withheld, or there is none.
const NO_NUMBER: [&str; 8] =
    ["", "<unknown>", "unknown", "anonymous", "unavailable", "private", "restricted", "s"];

/// How many remarks are remembered, so that each is made once.
const MOST_REMARKS: usize = 100;

/// Understands one XiVO.
#[derive(Debug)]
pub struct Xivo {
    pub(super) settings: XivoSettings,
    /// the accounts that are connected, and who is logged in
    pub(super) accounts: BTreeMap<usize, Option<String>>,
    /// the one whose lists count: of several, the same news would come twice
    main: Option<usize>,
    loading: Loading,
    pub(super) directory: Directory,
    pub(super) ledger: Ledger,
    pub(super) forms: Forms,
    pub(super) queues: Queues,
    pub(super) channels: Channels,
    pub(super) lines: Lines,
    /// seconds of the server's clock
    pub(super) now: f64,
    remarks: HashSet<String>,
    /// calls of another process may be over: that is looked at when all is told
    is_settling: bool,
}

impl Xivo {
    /// Nothing is known yet.
    pub fn new(settings: XivoSettings) -> Self {
        Self {
            settings,
            accounts: BTreeMap::new(),
            main: None,
            loading: Loading::default(),
            directory: Directory::default(),
            ledger: Ledger::default(),
            forms: Forms::default(),
            queues: Queues::default(),
            channels: Channels::default(),
            lines: Lines::default(),
            now: 0.0,
            remarks: HashSet::new(),
            is_settling: false,
        }
    }

    /// Whether calls are put together from this.
    pub(super) fn follows(&self, what: XivoFollow) -> bool {
        self.settings.follows(what)
    }

    /// The phone of who is logged in, whose calls their own connection tells of.
    pub(super) fn own_phone(&self, account: usize) -> Option<String> {
        let user = self.accounts.get(&account)?.as_deref()?;
        self.directory.phone_of_user(user).cloned()
    }

    /// Whether the calls of an account's own line are followed: if nothing else is wanted, of everybody who has one.
    pub(super) fn owns_line(&self, account: usize) -> bool {
        let is_wanted = self.settings.follow.is_none() || self.follows(XivoFollow::OwnLine);
        is_wanted && self.own_phone(account).is_some()
    }

    /// Says something to the administrator, once.
    pub(super) fn remark_once(&mut self, text: &str) {
        if self.remarks.len() < MOST_REMARKS && self.remarks.insert(text.to_owned()) {
            self.ledger.remark(text);
        }
    }

    /// A name for a call that the server has none for: of what it is known by, and when that was.
    pub(super) fn fresh_id(&self, what: &str) -> String {
        let id = format!("xivo-{what}-{}", self.now.max(0.0) as u64);
        let mut fresh = id.clone();
        let mut times = 2;
        while self.ledger.is_known(&fresh) {
            fresh = format!("{id}-{times}");
            times += 1;
        }
        fresh
    }

    fn ask(&mut self, account: usize, ask: Ask) {
        self.ledger.ask(Request { account, ask });
    }

    /// An account is logged in.
    fn is_connected(&mut self, account: usize, user: Option<String>) {
        self.accounts.insert(account, user);
        if self.main.is_none_or(|main| main == account) {
            self.main = Some(account);
            self.load();
        } else if !self.loading.is_going_on() {
            self.subscribe_line(account);
        }
    }

    /// The connection of one account is lost, and others may go on.
    fn is_lost(&mut self, account: usize) {
        self.accounts.remove(&account);
        if self.main == Some(account) {
            self.loading.stop();
            self.main = self.accounts.keys().next().copied();
            if self.main.is_some() {
                self.load();
            }
        }
    }

    fn load(&mut self) {
        self.queues.is_connected();
        self.loading.begin();
        self.ask_next();
    }

    fn ask_next(&mut self) {
        let Some(main) = self.main else { return };
        for ask in self.loading.next() {
            self.ask(main, ask);
        }
    }

    /// The lists are there: from now on it is told who waits in queues, and what was told meanwhile counts.
    fn is_loaded(&mut self) {
        let Some(main) = self.main else { return };
        let (waiting, unknown) = self.loading.end();
        if unknown > 0 {
            self.ledger.remark(format!(
                "the server has left {unknown} questions open; names and numbers may be missing"
            ));
        }
        if self.directory.phones().next().is_none() {
            self.remark_once(
                "the account sees no phones: with context_separation a user sees only those of the contexts of their \
                 own lines",
            );
        }
        if self.follows(XivoFollow::Queues) {
            let mut queues: Vec<String> = self.directory.ids(List::Queues).cloned().collect();
            queues.sort();
            for queue in queues {
                self.ask(main, Ask::Entries(queue));
            }
        }
        for account in self.accounts.keys().copied().collect::<Vec<_>>() {
            self.subscribe_line(account);
        }
        for message in waiting {
            self.hear(&message);
        }
        self.adopt_by_id();
        self.settle_channels();
        self.settle_lamps();
        self.settle_queues();
        self.ledger.tell_all();
        // Its reply comes behind all that was asked for.
        self.is_settling = true;
        self.ask(main, Ask::KeepAlive);
    }

    fn subscribe_line(&mut self, account: usize) {
        if self.owns_line(account) {
            self.remark_once(
                "a connection of one's own line makes its user `available`, and switches their do-not-disturb off",
            );
            self.ask(account, Ask::CurrentCalls);
        }
    }

    /// All is told that the server knows: what was not among it is over.
    fn settle(&mut self) {
        if !std::mem::take(&mut self.is_settling) {
            return;
        }
        self.settle_entries();
        self.settle_unknown();
    }

    /// Calls of another process, of which nothing is known, last as long as anybody of the house is on the phone.
    pub(super) fn settle_unknown(&mut self) {
        let is_quiet = !self.directory.phones().any(|phone| phone.lamp.rings() || phone.lamp.is_used());
        if is_quiet {
            for id in self.ledger.which(|call| call.basis == Basis::Unknown) {
                self.ledger.is_missing(&id, self.now);
            }
        }
    }

    /// Takes in a message when nothing is missing that it is to be understood with.
    fn hear(&mut self, message: &Message) {
        let is_main = self.main.is_none_or(|main| main == message.account);
        match message.class() {
            "getlist" if is_main => self.hear_list(message),
            "queueentryupdate" if is_main && self.follows(XivoFollow::Queues) => self.hear_entries(message),
            "sheet" => self.hear_form(message),
            "current_calls" => self.hear_current_calls(message),
            "keepalive" if is_main => self.settle(),
            _ => {}
        }
    }

    /// A list's message, as reply or as news.
    fn hear_list(&mut self, message: &Message) {
        let name = message.text("listname");
        let function = message.text("function");
        if name == "channels" {
            if self.follows(XivoFollow::Channels) {
                self.hear_channels(message);
            }
            return;
        }
        let Some(list) = List::named(name) else { return };
        let ids = || -> Vec<String> {
            let all = message.said.get("list").and_then(Value::as_array);
            all.into_iter().flatten().filter_map(id).collect()
        };
        let of = message.id("tid");
        let map = |key: &str| message.said.get(key).and_then(Value::as_object);
        let change = match (function, of) {
            ("listid", _) => {
                let ids = ids();
                self.directory.keep(list, &ids);
                self.loading.wants(list, &ids);
                None
            }
            ("addconfig", _) => {
                let Some(main) = self.main else { return };
                for id in ids() {
                    self.ask(main, Ask::Config(list, id.clone()));
                    if list.has_status() {
                        self.ask(main, Ask::Status(list, id.clone()));
                    }
                    if list == List::Queues && self.follows(XivoFollow::Queues) {
                        self.ask(main, Ask::Entries(id));
                    }
                }
                None
            }
            ("delconfig", _) => {
                ids().iter().for_each(|id| self.directory.remove(list, id));
                None
            }
            ("updateconfig", Some(id)) => {
                map("config").and_then(|config| self.directory.configure(list, &id, config))
            }
            ("updatestatus", Some(id)) => {
                map("status").and_then(|status| self.directory.change(list, &id, status))
            }
            _ => None,
        };
        match change {
            Some(Change::Lamp { phone, before, now }) => self.lamp_turns(&phone, before, now),
            Some(Change::Member { interface, queue, before, now }) => {
                self.member_turns(&interface, &queue, &before, &now);
            }
            Some(Change::Agent { agent, talks }) => self.agent_turns(&agent, talks),
            None => {}
        }
    }

    /// What was asked, if a message may be the reply.
    fn asked(message: &Message) -> Option<Ask> {
        let list = List::named(message.text("listname")).filter(|_| message.class() == "getlist")?;
        match message.text("function") {
            "listid" => Some(Ask::Ids(list)),
            "updateconfig" => Some(Ask::Config(list, message.id("tid")?)),
            "updatestatus" => Some(Ask::Status(list, message.id("tid")?)),
            _ => None,
        }
    }

    fn take_in(&mut self, message: Message) {
        let is_main = self.main.is_none_or(|main| main == message.account);
        if is_main && let Some(time) = message.time() {
            self.now = time;
            self.ledger.pass(time);
        }
        match message.class() {
            "login_capas" => return self.is_connected(message.account, message.id("userid")),
            "lost" => {
                self.is_lost(message.account);
                return self.ledger.remark(message.text("text"));
            }
            "broken" => return self.ledger.remark(message.text("text")),
            "remark" => return self.remark_once(message.text("text")),
            _ => {}
        }
        if !self.loading.is_going_on() {
            return self.hear(&message);
        }
        let now = Some(self.now).filter(|_| is_main);
        if is_main && Self::asked(&message).is_some_and(|asked| self.loading.hears(&asked, now)) {
            self.hear(&message);
            self.ask_next();
        } else {
            self.loading.keep(message);
        }
        if self.loading.is_over(now) {
            self.is_loaded();
        }
    }
}

/// A caller's number, if it is one that may be shown.
pub(super) fn caller(shown: Option<&str>) -> Option<String> {
    let shown = shown?.trim();
    let is_none = NO_NUMBER.iter().any(|none| none.eq_ignore_ascii_case(shown));
    (!is_none && is_number(shown)).then(|| shown.to_owned())
}

impl Source for Xivo {
    type Message = Message;
    type Request = Request;
    type Settings = XivoSettings;

    fn adapt(&mut self, settings: &XivoSettings) {
        self.settings = settings.clone();
    }

    fn take_up(&mut self, open: &Open) {
        self.ledger.take_up(open);
    }

    /// Each account asks for itself, when its server has let it in.
    fn begin(&mut self, _secret: &str) -> Vec<Request> {
        self.accounts.clear();
        self.main = None;
        self.loading.stop();
        self.is_settling = false;
        Vec::new()
    }

    fn ask_again(&mut self) -> Option<Request> {
        None
    }

    fn understand(&mut self, message: Message) -> Vec<Heard<Request>> {
        self.take_in(message);
        self.ledger.told()
    }

    /// No message of the protocol ends somebody else's call.
    fn hang_up(&self, _leg: &LegId) -> Option<Request> {
        None
    }

    fn about(message: &Message) -> Option<(LegId, LegId)> {
        let uid = match message.class() {
            "sheet" => Form::of(&message.said).ok()?.uid()?.to_owned(),
            "queueentryupdate" => {
                let entry = message.said.get("state")?.get("entries")?.get(0)?;
                entry.get("uniqueid").and_then(id)?
            }
            _ => return None,
        };
        let leg = LegId(format!("xivo-{uid}"));
        Some((leg.clone(), leg))
    }

    fn text(message: &Message) -> String {
        match Form::of(&message.said) {
            Ok(form) if message.class() == "sheet" => format!("call form\n{}", form.text()),
            _ => Value::Object(message.said.clone()).to_string(),
        }
    }

    fn mask(message: &mut Message, mask: &Mask) {
        message.mask(mask);
    }
}
