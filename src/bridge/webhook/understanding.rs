//! From what hooks say to facts.

use std::collections::BTreeMap;
use std::convert::Infallible;

use super::calls::{Calls, Manner, Told, key};
use super::hook;
use super::message::{Message, Said};
use super::notice::{Mapping, Reading, Unsaid};
use crate::bridge::fact::{Fact, LegId, What};
use crate::bridge::mask::Mask;
use crate::bridge::source::{Heard, Source, Waits};
use crate::bridge::tracker::Open;
use crate::cause::HangupCause;
use crate::client::in_full;
use crate::config::WebhookSettings;

/// Understands all hooks.
#[derive(Debug, Default)]
pub struct Webhook {
    hooks: BTreeMap<String, (Manner, Mapping)>,
    calls: Calls,
    /// events that nobody knows, each of which is told of once
    unknown_events: Vec<String>,
}

/// How many events that nobody knows are told of.
const MOST_UNKNOWN: usize = 32;

impl Webhook {
    /// By these settings, without a call.
    pub fn new(settings: &WebhookSettings) -> Self {
        let mut webhook = Self::default();
        webhook.adapt(settings);
        webhook
    }

    /// What a request says, before it is compared with what is known.
    ///
    /// # Errors
    ///
    /// It says nothing of a call.
    pub fn reading(&self, said: &Said) -> Result<Reading, Unsaid> {
        self.hooks.get(&said.hook).map_or(Err(Unsaid::NoEvent), |(_, mapping)| mapping.read(said))
    }

    fn hear(&mut self, said: &Said) -> Vec<Heard<Infallible>> {
        let Some((manner, mapping)) = self.hooks.get(&said.hook) else {
            return vec![Heard::Remark(format!("there is no hook {:?}", said.hook))];
        };
        let Reading { notices, unknown } = match mapping.read(said) {
            Ok(reading) => reading,
            Err(unsaid) => return self.unsaid(&said.hook, "says nothing of a call", &unsaid),
        };
        if let Some(id) = notices.first().and_then(|notice| notice.id.as_ref())
            && self.calls.is_told(&said.hook, id)
        {
            return vec![Heard::Repeated(format!("{}: event {id:?} was told before", said.hook))];
        }
        let mut is_repeated = self.calls.is_said(&said.hook, &said.body);
        let mut heard = Vec::new();
        for notice in notices {
            let (hook, call) = (&said.hook, &notice.call);
            match self.calls.hear(manner, &notice) {
                Told::Facts(facts) => heard.extend(facts.into_iter().map(Heard::Fact)),
                Told::Double => {
                    log::debug!("{hook}: call {call:?} is over, or that was told before");
                    is_repeated = true;
                }
                Told::Unknown if !unknown.is_empty() => {
                    log::debug!("{hook}: not reported: of call {call:?} not enough is known");
                }
                Told::Unknown => {
                    log::debug!("{hook}: not reported: the beginning of call {call:?} was not heard");
                }
            }
        }
        for unsaid in &unknown {
            heard.splice(..0, self.unsaid(&said.hook, "is not understood as a whole", unsaid));
        }
        if is_repeated {
            heard
                .push(Heard::Repeated(format!("{}: a request was sent before, or came too late", said.hook)));
        }
        heard
    }

    /// `what` is the case with a request, because of that.
    fn unsaid(&mut self, hook: &str, what: &str, unsaid: &Unsaid) -> Vec<Heard<Infallible>> {
        let text = format!("{hook}: a request {what}: {unsaid}");
        match unsaid {
            Unsaid::UnknownEvent(_)
            | Unsaid::UnknownDirection(_)
            | Unsaid::UnknownSide(_)
            | Unsaid::NoCall
                if !self.unknown_events.contains(&text) && self.unknown_events.len() < MOST_UNKNOWN =>
            {
                self.unknown_events.push(text.clone());
                vec![Heard::Remark(text)]
            }
            Unsaid::UnknownEvent(_)
            | Unsaid::UnknownDirection(_)
            | Unsaid::UnknownSide(_)
            | Unsaid::NoCall
            | Unsaid::NoEvent
            | Unsaid::Ignored(_) => {
                log::debug!("{text}");
                Vec::new()
            }
        }
    }

    /// The phone system was told to end a call. If it does not say that it did, the call is over all the same.
    fn rejected(&self, said: &Said) -> Vec<Heard<Infallible>> {
        let call = self.hooks.get(&said.hook).and_then(|(_, mapping)| mapping.call(said));
        let fact = call.map(|(call, _)| {
            let leg = key(&said.hook, &call);
            Heard::Fact(Fact { group: leg.clone(), leg, what: What::Moves(HangupCause::Busy) })
        });
        fact.into_iter().collect()
    }
}

impl Source for Webhook {
    type Message = Message;
    type Request = Infallible;
    type Settings = WebhookSettings;

    fn adapt(&mut self, settings: &WebhookSettings) {
        self.hooks.clear();
        for (name, own) in &settings.hooks {
            match hook::understood(name, own) {
                Ok(understood) => drop(self.hooks.insert(name.clone(), understood)),
                Err(error) => log::error!("{}", in_full(&error)),
            }
        }
    }

    fn begin(&mut self, _secret: &str) -> Vec<Infallible> {
        Vec::new()
    }

    fn ask_again(&mut self) -> Option<Infallible> {
        None
    }

    fn understand(&mut self, message: Message) -> Vec<Heard<Infallible>> {
        match message {
            Message::Hook(said) => self.hear(&said),
            Message::Rejected(said) => self.rejected(&said),
        }
    }

    fn hang_up(&self, _leg: &LegId) -> Option<Infallible> {
        None
    }

    fn about(message: &Message) -> Option<(LegId, LegId)> {
        message.said().about.clone()
    }

    fn named(&self, leg: LegId, group: LegId) -> (LegId, LegId) {
        match self.calls.named(&leg).or_else(|| self.calls.named(&group)) {
            Some(call) => (call.clone(), call),
            None => (leg, group),
        }
    }

    fn text(message: &Message) -> String {
        let Said { hook, headers, body, .. } = message.said();
        let what = match message {
            Message::Hook(_) => "",
            Message::Rejected(_) => " (answered: Zammad does not want it)",
        };
        let mut text = format!("hook {hook}{what}\n");
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\n"));
        }
        text.push_str(&serde_json::to_string_pretty(body).unwrap_or_default());
        text.push('\n');
        text
    }

    fn mask(message: &mut Message, mask: &Mask) {
        message.mask(mask);
    }

    fn take_up(&mut self, call: &Open) {
        self.calls.take_up(call);
    }

    fn waits(message: &Message) -> Option<Waits> {
        message.said().waits.clone()
    }
}
