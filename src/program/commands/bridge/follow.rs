//! The loop of every phone system: what it says goes to the tracker, what follows goes to Zammad.

use std::borrow::Cow;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::{Instant, interval, sleep_until};

use crate::bridge::fact::{Fact, Standing};
use crate::bridge::source::{Fate, Heard, LinkError, Refusals};
use crate::bridge::tracker::{CallNumber, Followed, Open, Rules, Tracker};
use crate::client::{Clients, in_full};
use crate::config::{BridgeConfig, Config, Format, OnReject, Span};
use crate::event::WrittenEvent;
use crate::program::cli;
use crate::program::commands::alive::{Alive, LastDelivery};
use crate::program::commands::daemon::{Daemon, Wish, log_event};
use crate::program::commands::report;
use crate::program::commands::watched::Watched;
use crate::program::output::{OutputError, Style};
use crate::program::safe_text::printable;
use crate::sandbox::Sandbox;
use crate::spool::{BridgeName, LinkState};

use super::delivery::{Brought, Done, Errand, Office, Shift};
use super::listener::{Listener, News, Said};
use super::page::Page;
use super::pulse::Pulse;
use super::rights::Rights;
use super::tell;
use super::waiting::Waiting;

/// How often systemd is told what it does, if that has changed: it may be another at each of many calls.
const STATUS_EVERY: Duration = Duration::from_secs(1);

/// How long after a connection began it is looked once more who talks: longer than a phone system takes to connect two.
const ASK_AGAIN: Duration = Duration::from_secs(3);

/// How often it is looked afterwards: the account may see less than before, and nothing says so.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// How long events are still tried at the end, if the spool keeps them.
const AT_THE_END: Duration = Duration::from_millis(500);

/// Whom to follow, and how.
pub struct Task<'a> {
    /// the source's name
    pub name: &'static str,
    /// what is told when there is a connection
    pub connected: String,
    /// what its calls' keys in the journal begin with: no other bridge's do
    pub key: &'a str,
    /// what it is called where bridges are listed
    pub bridge_name: BridgeName,
    pub following: &'a cli::Following,
    /// where the address for monitoring systems is from
    pub health_is_set_by: &'static str,
    /// what to do about a connection that does not come about
    pub next_step: fn(&LinkError) -> Cow<'static, str>,
    /// what takes the events in place of a Zammad
    pub stand_in: Option<Arc<Sandbox>>,
}

/// What the configuration says, which may be read again.
pub struct Terms {
    pub config: Arc<Config>,
    /// with whom Zammad is reached, unless events are only shown
    pub clients: Option<Clients>,
    pub bridge: BridgeConfig,
    pub rules: Rules,
}

/// Follows a phone system until somebody ends it. When a file has changed, or on SIGHUP, the configuration is read again
/// and counts from then on.
pub async fn follow(
    phones: &mut dyn Listener,
    (terms, files): (Terms, Watched),
    task: Task<'_>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let Task { name, connected, key, bridge_name, following, health_is_set_by, next_step, stand_in } = task;
    let Terms { mut config, clients, mut bridge, rules } = terms;
    let mut tracker = Tracker::new(rules);
    let begun = Instant::now();
    let mut daemon = Daemon::begin(files)?;
    let (tell_of_events, mut brought) = unbounded_channel();
    let office = Office::new(key, name, tell_of_events);
    // One for each configuration whose events have not all ended.
    let mut at_work = FuturesUnordered::new();
    // Until the end, unless events are only shown.
    let mut shift = None;
    if let Some(clients) = clients {
        let (first, work) = Shift::begin(config.clone(), clients, &office);
        at_work.push(work);
        if !first.has_journal() && !following.sandbox {
            log::warn!(
                "without a spool, calls that are open when it ends stay open at Zammad (--spool-path)"
            );
        }
        for call in first.open_calls().await? {
            let (id, to) = (call.call_id.to_string(), call.to.unwrap_or_default());
            let open = Open { id, direction: call.direction, from: call.from, to, answered: call.talked };
            phones.take_up(&open);
            tracker.take_up(open, Duration::ZERO);
        }
        shift = Some(first);
    }
    let phone_system = format!("{name} at {}", bridge_name.phone_system);
    // On a terminal each event is one line: that of the stand-in, or that of the log.
    let is_watched = std::io::stdout().is_terminal() && std::io::stderr().is_terminal();
    let has_stand_in = stand_in.is_some();
    let page = match following.page {
        Some(address) => {
            let endpoint = config.endpoint().ok().cloned();
            Some(Page::serve(address, name, endpoint, stand_in, following.trial()).await?)
        }
        None => None,
    };
    // What is only shown is nobody else's concern.
    let pulse = Pulse::begin(bridge_name, key, (!following.dry_run).then_some(&*config));
    let last = LastDelivery::default();
    let alive = Alive::new(&config, Some(pulse.tells()), last.clone());
    alive.answer_if_wanted(bridge.health, health_is_set_by).await?;
    phones.begin();
    daemon.is_ready(&pulse.status());
    let mut status_due = interval(STATUS_EVERY);
    let mut status = String::new();
    let mut trouble = None;
    let mut was_connected = false;
    let mut is_ending = false;
    let mut ask_again = None;
    let mut leave_to_spool = None;
    let mut heard = begun;
    let mut waiting = Waiting::default();
    // By this connection, and by those before.
    let (mut refusals, mut refused) = (Refusals::default(), 0);
    let mut rights = Rights::default();
    pulse.count(|told| told.calls = tracker.open() as u64);
    loop {
        let due = tracker.due().map_or_else(|| Instant::now() + Duration::from_secs(3600), |due| begun + due);
        if is_ending && at_work.is_empty() && brought.is_empty() {
            break;
        }
        let mut again = Vec::new();
        tokio::select! {
            Some(news) = phones.next(), if !is_ending => {
                match news {
                    News::Connected(secret, refuses) => {
                        let is_new = rights.is_new_connection();
                        log::log!(if is_new { log::Level::Info } else { log::Level::Debug }, "{connected}");
                        refused += std::mem::replace(&mut refusals, refuses).count();
                        trouble = None;
                        if std::mem::replace(&mut was_connected, true) && is_new {
                            pulse.count(|told| told.reconnects += 1);
                        }
                        pulse.link_is(LinkState::Connected);
                        show_rights(&rights, &phone_system, &pulse, page.as_ref());
                        phones.ask_first(&secret);
                        ask_again = Some(Instant::now() + ASK_AGAIN);
                    }
                    News::Lost(error, pause) => {
                        ask_again = None;
                        rights.is_lost();
                        let next_step = next_step(&error);
                        pulse.is_lost(in_full(&error), &next_step);
                        if let Some(page) = &page {
                            page.change(|view| view.link_is(false, format!("not connected: {}", in_full(&error))));
                        }
                        lost(name, &error, &next_step, pause, &mut trouble);
                    }
                    News::Said(mut said) => {
                        heard = Instant::now();
                        pulse.count(|told| told.messages += 1);
                        let onlookers = Onlookers { pulse: Some(&pulse), page: page.as_ref() };
                        if let Some(change) = said.rights.take() && rights.change(name, change) {
                            show_rights(&rights, &phone_system, &pulse, page.as_ref());
                        }
                        let waits = said.waits.take();
                        let about = waits.as_ref().and_then(|_| said.about.clone());
                        let call = hear(&mut tracker, said, begun.elapsed(), &onlookers);
                        if let Some(waits) = waits {
                            again = waiting.enter(call, about, waits);
                        }
                    }
                }
            },
            () = sleep_until(ask_again.unwrap_or(begun)), if ask_again.is_some() && !is_ending => {
                ask_again = Some(Instant::now() + LOOK_EVERY);
                phones.ask_again();
            }
            () = sleep_until(rights.due().unwrap_or(begun)), if rights.due().is_some() && !is_ending => {
                log::debug!("{name}: the account logs in again, as it may have other rights by now");
                rights.log_in_again();
                phones.begin();
            }
            () = sleep_until(due), if !is_ending => {
                heard = Instant::now();
                tracker.pass(begun.elapsed());
            }
            () = sleep_until(leave_to_spool.unwrap_or(begun)), if leave_to_spool.is_some() => {
                leave_to_spool = None;
                office.leaves_to_spool();
            }
            Some(()) = at_work.next() => {}
            Some(brought) = brought.recv() => match brought {
                Brought::Elsewhere(call, kind) => {
                    waiting.is_done(call, Fate::Decided { is_rejected: false }, None);
                    if let Some(page) = &page {
                        let fate = "reported already, from elsewhere".to_owned();
                        page.change(|view| view.reported(call, kind, Vec::new(), fate, false));
                    }
                }
                Brought::Kept(call) => waiting.is_kept(call),
                Brought::Done(done) => {
                let Done { call, kind, heard, report, fields, error, is_rejected, again } = *done;
                last.note(&report, error.as_ref());
                if let Some(page) = &page {
                    let is_wrong = error.is_some() || report.is_spooled();
                    let words = tell::words(&fields).collect();
                    let trouble = last.trouble();
                    page.change(|view| {
                        view.reported(call, kind, words, report.fate_on_page(), is_wrong);
                        view.zammad_takes_none(trouble);
                    });
                }
                pulse.count(|told| {
                    told.events += 1;
                    told.delay = heard.elapsed();
                });
                // Of one that is kept a warning has said so.
                let is_told = is_watched && has_stand_in && error.is_none();
                if report.why_spooled().is_none() && !is_told {
                    log_event(&report, error.as_ref());
                }
                let rejects = is_rejected && bridge.on_reject == OnReject::Hangup;
                // A hangup that is in doubt, or an event that Zammad refuses, is lost to no other attempt.
                let is_lost = report.is_lost();
                let fate = if is_lost { Fate::Lost } else { Fate::Decided { is_rejected: rejects } };
                waiting.is_done(call, fate, again);
                let style = Style { format: config.output, field: None, fail_open: false };
                if !is_watched || config.output != Format::Text {
                    tell::event(out, &report, fields, style)?;
                }
                if rejects && let Some(leg) = tracker.leg_of(call) {
                    phones.hang_up(leg);
                }
                }
            },
            _ = status_due.tick() => {
                pulse.count(|told| told.refused = refused + refusals.count());
                let now = pulse.status();
                if now != status {
                    daemon.is_doing(&now);
                    status = now;
                }
            }
            wish = daemon.next() => match wish {
                Wish::End if is_ending => break,
                Wish::End => {
                    is_ending = true;
                    let has_journal = shift.as_ref().is_some_and(Shift::has_journal);
                    if has_journal {
                        // The next process knows them, though not every phone system tells of a call that rings.
                        tracker.hurry();
                        leave_to_spool = Some(Instant::now() + AT_THE_END);
                    }
                    if !following.is_a_trial() {
                        tell::ending(tracker.open(), has_journal);
                    }
                }
                Wish::Reload(why) => if !is_ending && let Some(terms) = daemon.reloaded(why, phones.read_again()) {
                    let (clients, rules);
                    Terms { config, clients, bridge, rules } = terms;
                    tracker.adapt(rules);
                    alive.follow(&config);
                    pulse.follows(key, &config);
                    if let Some(clients) = clients {
                        let (next, work) = Shift::begin(config.clone(), clients, &office);
                        at_work.push(work);
                        shift = Some(next);
                    }
                },
            },
        }
        for (call, written) in again {
            if let Some(shift) = &shift {
                if let Some(page) = &page {
                    page.change(|view| view.reports(call, written.event));
                }
                waiting.is_under_way(call);
                shift.push(Errand { call, written, heard });
            }
        }
        let followed: Vec<Followed> = tracker.followed().collect();
        if !followed.is_empty() {
            pulse.count(|told| told.calls = tracker.open() as u64);
        }
        for followed in followed {
            if let Some(page) = &page {
                show(page, &followed);
            }
            match followed {
                Followed::Event(call, written) => match &shift {
                    Some(shift) => {
                        waiting.is_under_way(call);
                        shift.push(Errand { call, written, heard });
                    }
                    None if following.dry_run => {
                        let kind = written.event;
                        let fields = dry(written, &config, out)?;
                        if let Some(page) = &page {
                            let fate = "not sent (--dry-run)".to_owned();
                            let words = tell::words(&fields).collect();
                            page.change(|view| view.reported(call, kind, words, fate, false));
                        }
                    }
                    // The next process sees what has become of the call.
                    None => {}
                },
                Followed::Ended(_, summary) => tell::ended(&summary),
                Followed::Unreported(_, summary, reason) => tell::unreported(&summary, &reason),
            }
        }
        waiting.settle(&tracker);
        if is_ending {
            // The work on its events ends when there are no more.
            shift = None;
        }
    }
    phones.end();
    pulse.end().await;
    Ok(())
}

/// Tells of a connection, and of what its account lacks.
fn show_rights(rights: &Rights, phone_system: &str, pulse: &Pulse, page: Option<&Page>) {
    pulse.lacks(rights.lacks());
    if let Some(page) = page {
        let lacks = rights.lacks().map(|missing| format!(", but {}", missing.complaint)).unwrap_or_default();
        page.change(|view| view.link_is(lacks.is_empty(), format!("connected to {phone_system}{lacks}")));
    }
}

/// Who is shown what is heard.
#[derive(Clone, Copy, Default)]
pub struct Onlookers<'a> {
    pub pulse: Option<&'a Pulse>,
    pub page: Option<&'a Page>,
}

/// What follows from a message; the call that it is about, if it is about one.
pub fn hear(
    tracker: &mut Tracker,
    said: Said,
    now: Duration,
    onlookers: &Onlookers<'_>,
) -> Option<CallNumber> {
    let Onlookers { pulse, page } = onlookers;
    let Said { about, text, heard, rights: _, waits: _ } = said;
    let call_now = |tracker: &Tracker| {
        let (leg, group) = about.as_ref()?;
        tracker.call_of(leg, group)
    };
    let call_before = call_now(tracker);
    let mut call_meanwhile = None;
    for heard in heard {
        if let Some(pulse) = pulse {
            pulse.sees(&heard);
        }
        match heard {
            Heard::Fact(fact) => {
                match page {
                    Some(page) => hear_before(page, tracker, fact, now),
                    None => tracker.hear(fact, now),
                }
                call_meanwhile = call_meanwhile.or_else(|| call_now(tracker));
            }
            Heard::Standing(legs) => {
                tracker.compare(&legs, now);
                if let Some(page) = page {
                    show_standing(page, tracker, &legs);
                }
            }
            Heard::Seen(mut legs) => {
                tracker.see(&legs, now);
                // Whatever else the list tells is known in better words.
                legs.retain(|leg| leg.talks_to.is_some());
                if let Some(page) = page {
                    show_standing(page, tracker, &legs);
                }
            }
            Heard::Ask(nobody) => match nobody {},
            Heard::Rights(_) => {}
            Heard::Remark(remark) => log::warn!("{}", printable(&remark)),
            Heard::Passed(text) | Heard::Repeated(text) => log::debug!("{}", printable(&text)),
        }
    }
    let call = call_before.or(call_meanwhile);
    if let (Some(page), Some((leg, group)), Some(text)) = (page, about, text) {
        page.change(|view| view.said(tracker.call_of(&leg, &group), &leg, &group, text));
    }
    call
}

/// The tracker takes a fact in, and a page shows what follows.
fn hear_before(page: &Page, tracker: &mut Tracker, fact: Fact, now: Duration) {
    // Afterwards a call may be over, or only have begun.
    let before = tracker.call_of(&fact.leg, &fact.group);
    tracker.hear(fact.clone(), now);
    let call = before.or_else(|| tracker.call_of(&fact.leg, &fact.group));
    page.change(|view| view.hear(call, call.and_then(|call| tracker.glimpse(call)), &fact));
}

fn show_standing(page: &Page, tracker: &Tracker, legs: &[Standing]) {
    for leg in legs {
        if let Some(call) = tracker.call_of(&leg.leg, &leg.group)
            && let Some(glimpse) = tracker.glimpse(call)
        {
            page.change(|view| view.stands(call, &glimpse, leg));
        }
    }
}

/// Says why there is no connection, once for each reason.
fn lost(name: &str, error: &LinkError, next_step: &str, pause: Duration, trouble: &mut Option<String>) {
    let text = in_full(error);
    if trouble.as_ref() == Some(&text) {
        log::debug!("{name}: {text}");
        return;
    }
    let pause = Span::roughly(pause.max(Duration::from_secs(1)));
    if error.is_lasting() {
        log::error!("{name}: {text}; it is tried again after {pause}. {next_step}");
    } else if error.is_at_the_beginning() {
        log::warn!("{name}: {text}; it is tried again after {pause}. {next_step}");
    } else {
        log::warn!("{name}: {text}; it is tried again after {pause}");
    }
    *trouble = Some(text);
}

/// An event that is only shown: its fields, as Zammad would get them.
pub fn dry(written: WrittenEvent, config: &Config, out: &mut dyn Write) -> Result<tell::Fields, OutputError> {
    match written.read(config, None) {
        Ok(to_send) => {
            report::warn(&to_send, None);
            let fields = tell::fields(&to_send);
            tell::unsent(out, &fields, config)?;
            Ok(fields)
        }
        Err(error) => {
            log::error!("{}", in_full(&error));
            Ok(tell::Fields::new())
        }
    }
}

/// What is to be reported, and what has ended, for whoever looks.
fn show(page: &Page, followed: &Followed) {
    page.change(|view| match followed {
        Followed::Event(call, written) => view.reports(*call, written.event),
        Followed::Ended(call, summary) => view.ended(*call, summary, None),
        Followed::Unreported(call, summary, reason) => view.ended(*call, summary, Some(reason)),
    });
}
