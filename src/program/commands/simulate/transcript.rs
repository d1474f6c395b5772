//! What a person reads of a played call, line by line as it goes.

use std::io::{Result, Write};
use std::time::Duration;

use crate::action::Action;
use crate::client::{Row, Shown};
use crate::config::Endpoint;
use crate::event::{CallEvent, Direction, EventKind, Name};
use crate::number::Party;
use crate::simulation::{End, Moment, Played, PlayedEvent, Scenario};

use super::tally::Tally;
use crate::program::colour::Palette;
use crate::program::safe_text::{in_words, printable};
use crate::program::table::{self, Table, fitted};

/// On narrower terminals the caller log is no table, whose numbers would be broken.
const NARROW: u16 = 80;

/// The column behind an event's time.
const AFTER_TIME: usize = 13;

pub struct Transcript<'a> {
    pub out: &'a mut dyn Write,
    pub palette: Palette,
    /// A person waits: what changes is written over itself, on stderr.
    pub is_live: bool,
}

impl Transcript<'_> {
    /// Where the calls go, and what follows from that.
    pub fn opening(
        &mut self,
        endpoint: &Endpoint,
        stand_in: bool,
        reads_log: bool,
        speed: f64,
    ) -> Result<()> {
        if stand_in {
            let address = endpoint.reveal().authority();
            let place =
                format!("Playing against a stand-in for Zammad on {address}: nothing leaves this machine.");
            writeln!(self.out, "{}", fitted(&place, 0))?;
        } else {
            let place = format!("Playing against {endpoint}: agents will see these calls.");
            writeln!(self.out, "{}", fitted(&place, 0))?;
        }
        if !reads_log {
            writeln!(self.out, "Without an API token (--api-token) the caller log is not checked.")?;
        }
        if speed != 1.0 {
            writeln!(self.out, "Time passes {speed} times as fast.")?;
        }
        Ok(())
    }

    /// How many calls came out as they should.
    pub fn closing(&mut self, tally: &Tally, planned: usize, tour: bool) -> Result<()> {
        let Palette { good, bad, quiet, .. } = self.palette;
        let Tally { calls, as_expected, checks, unmet, is_broken_off, failed, .. } = tally;
        // Which ones, where there are several to look for.
        let names: Vec<_> = failed.iter().map(|name| printable(name)).collect();
        let failed =
            if *calls == 1 || names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
        let told = if *calls == 1 { "1 call".to_owned() } else { format!("{calls} calls") };
        if *is_broken_off {
            let left = planned - calls;
            writeln!(
                self.out,
                "\n{bad}Interrupted: {told}, the last one cut short; {left} not \
                played.{bad:#}"
            )?;
            if !failed.is_empty() {
                writeln!(self.out, "{bad}Not as expected{failed}.{bad:#}")?;
            }
        } else if calls > as_expected {
            let which = calls - as_expected;
            writeln!(
                self.out,
                "\n{bad}{told}, {checks} expectations: {unmet} not met, in {which} of them{failed}.{bad:#}"
            )?;
        } else if *checks == 0 {
            writeln!(self.out, "\n{told}, and nothing was expected.")?;
        } else {
            writeln!(self.out, "\n{good}{told}, {checks} expectations: all met.{good:#}")?;
        }
        if tour {
            let hint =
                "More: simulate --list, simulate --all, or simulate --show answered to write your own.";
            writeln!(self.out, "{quiet}{hint}{quiet:#}")?;
        }
        Ok(())
    }

    pub fn begin(&mut self, scenario: &Scenario) -> Result<()> {
        let Palette { heading, .. } = self.palette;
        let (name, story) = (printable(&scenario.name), printable(&scenario.story));
        let story = fitted(&story, name.chars().count() + 2);
        writeln!(self.out, "\n{heading}{name}{heading:#}: {story}")
    }

    pub fn moment(&mut self, moment: &Moment<'_>) -> Result<()> {
        match moment {
            Moment::Sends { at, event } => {
                self.says_nothing();
                self.sends(*at, event)
            }
            Moment::Got(step) => self.got(step),
            Moment::Waits { left, next } => {
                self.waits(*left, *next);
                Ok(())
            }
        }
    }

    /// That the call lives, although nothing happens.
    fn waits(&self, left: Duration, next: EventKind) {
        if self.is_live {
            let left = humantime::format_duration(Duration::from_secs(left.as_secs() + 1));
            // Nobody is left to see if stderr is closed.
            let _ = write!(std::io::stderr(), "\r\x1b[2K  {:>9}  {next} in {left}", "…");
        }
    }

    /// Leaves the line to what comes next.
    pub fn says_nothing(&self) {
        if self.is_live {
            let _ = write!(std::io::stderr(), "\r\x1b[2K");
        }
    }

    fn sends(&mut self, at: Duration, event: &CallEvent) -> Result<()> {
        let Palette { sent, quiet, .. } = self.palette;
        let at = humantime::format_duration(at).to_string();
        writeln!(
            self.out,
            "  {quiet}{at:>9}{quiet:#}  {sent}→ {:<8}{sent:#} {}",
            event.kind.as_str(),
            fitted(&told(event), AFTER_TIME + 11)
        )?;
        // It is there to be read while Zammad takes its time.
        self.out.flush()
    }

    fn got(&mut self, step: &PlayedEvent) -> Result<()> {
        let Palette { good, bad, notable, quiet, .. } = self.palette;
        let elapsed = match &step.result {
            Ok(delivered) => delivered.effort.elapsed,
            Err(error) => error.effort.elapsed,
        };
        let took = format!("{:.1} ms", elapsed.as_secs_f64() * 1000.0);
        let style = match &step.result {
            Ok(delivered) if delivered.action == Some(Action::None) => good,
            Ok(_) => notable,
            Err(_) if step.unexpected_failure().is_none() => notable,
            Err(_) => bad,
        };
        let reply = fitted(&reply(step), AFTER_TIME + 2);
        let added = if step.is_added { ", added: the call was open" } else { "" };
        writeln!(self.out, "  {:>9}  {style}← {reply}{style:#}  {quiet}{took}{added}{quiet:#}", "")?;
        let (met, unmet): (Vec<_>, Vec<_>) = step.checks.iter().partition(|check| check.passed());
        if !met.is_empty() {
            let met: Vec<_> = met.into_iter().map(|check| printable(&check.to_string())).collect();
            let met = fitted(&met.join(", "), AFTER_TIME + 4);
            writeln!(self.out, "  {:>9}    {good}✓{good:#} {quiet}{met}{quiet:#}", "")?;
        }
        for check in unmet {
            let unmet = fitted(&printable(&check.to_string()), AFTER_TIME + 4);
            writeln!(self.out, "  {:>9}    {bad}✗ {unmet}{bad:#}", "")?;
        }
        Ok(())
    }

    /// What the call left in the caller log.
    pub fn end(&mut self, played: &Played) -> Result<()> {
        self.says_nothing();
        let Palette { quiet, bad, .. } = self.palette;
        if let Some(row) = &played.row {
            let line = fitted(&in_a_line(row), AFTER_TIME + 2);
            writeln!(self.out, "  {quiet}{:>9}{quiet:#}  = {line}", "log")?;
        }
        match played.end {
            End::Complete | End::Stopped => Ok(()),
            End::Failed => writeln!(self.out, "  {:>9}  {bad}the call ends here{bad:#}", ""),
        }
    }

    /// The caller log as agents see it, newest call first.
    pub fn caller_log(&mut self, rows: &[Row]) -> Result<()> {
        let Palette { heading, quiet, .. } = self.palette;
        writeln!(self.out, "\n{heading}The caller log, as agents see it:{heading:#}\n")?;
        if table::width() < NARROW {
            return rows.iter().try_for_each(|row| writeln!(self.out, "  {}", fitted(&in_a_line(row), 4)));
        }
        let mut table = Table::new(["", "from", "to", "cause", "wait", "talk", "shown as"]);
        for row in rows {
            let party = |number: &str, name: &Option<String>| {
                let name = name.as_ref().map(|name| format!("({name})"));
                [Some(number.to_owned()), name].into_iter().flatten().collect()
            };
            let cells: [Vec<String>; 7] = [
                vec![row.direction.to_string()],
                party(&row.from, &row.from_name),
                party(&row.to, &row.to_name),
                vec![row.cause.clone().unwrap_or_default()],
                vec![row.waiting.map(seconds).unwrap_or_default()],
                vec![row.talking.map(seconds).unwrap_or_default()],
                vec![row.shown().to_string()],
            ];
            table.add(cells.each_ref().map(|lines| lines.iter().map(String::as_str).collect()));
        }
        let table = table.whole(&[0, 3, 4, 5, 6]).to_string();
        let (names, lines) = table.split_once('\n').unwrap_or_default();
        writeln!(self.out, "{quiet}{names}{quiet:#}")?;
        for line in lines.lines() {
            let end = line.rsplit_once("  ").map_or("", |(_, end)| end);
            match rows.iter().map(Row::shown).find(|shown| shown.to_string() == end) {
                Some(shown) => {
                    let style = self.style_of(shown);
                    let before = line.strip_suffix(end).unwrap_or(line);
                    writeln!(self.out, "{before}{style}{end}{style:#}")?;
                }
                None => writeln!(self.out, "{line}")?,
            }
        }
        Ok(())
    }

    fn style_of(&self, shown: Shown) -> anstyle::Style {
        let Palette { good, bad, notable, .. } = self.palette;
        match shown {
            Shown::Done => good,
            Shown::Missed => bad,
            Shown::Ringing | Shown::Answered | Shown::VoiceMessage | Shown::Absent => notable,
        }
    }
}

/// An event in words.
fn told(event: &CallEvent) -> String {
    let party = |party: &Option<Party>| {
        party.as_ref().map_or_else(|| "?".to_owned(), |party| printable(party.as_str()))
    };
    let names: Vec<_> = event.users.iter().map(Name::as_str).collect();
    let names = printable(&names.join(", "));
    match event.kind {
        EventKind::NewCall => {
            let (from, to) = (party(&event.from), party(&event.to));
            let queue = event.queue.as_ref().map(|queue| format!(", queue {}", printable(queue.as_str())));
            let who = match (event.direction, names.as_str()) {
                (_, "") => String::new(),
                (Direction::Inbound, names) => format!(", for {names}"),
                (Direction::Outbound, names) => format!(", by {names}"),
            };
            format!("{from} calls {to}{who}{}", queue.unwrap_or_default())
        }
        EventKind::Answer => {
            let place = event.answering_number.as_ref().map(|number| format!(" at {}", number.as_str()));
            let who = if names.is_empty() { party(&event.to) } else { names };
            format!("{who} picks up{}", printable(&place.unwrap_or_default()))
        }
        EventKind::Hangup => event
            .cause
            .as_ref()
            .map_or_else(|| "no cause given".to_owned(), |cause| printable(&cause.to_string())),
    }
}

/// Zammad's answer in words.
fn reply(step: &PlayedEvent) -> String {
    match &step.result {
        Ok(delivered) => match &delivered.action {
            None => "its decision is lost; it has the call".to_owned(),
            Some(Action::None) => "none".to_owned(),
            Some(Action::Reject { reason }) => format!("reject {}", printable(reason)),
            Some(Action::Dial { caller_id, number }) => {
                format!("dial {} {}", printable(caller_id), printable(number))
            }
            Some(Action::Unknown(word)) => printable(word),
        },
        Err(error) => printable(&in_words(&error.error.in_full())),
    }
}

fn in_a_line(row: &Row) -> String {
    let mut parts = vec![
        row.shown().to_string(),
        format!(
            "{} → {}",
            with_name(&row.from, row.from_name.as_deref()),
            with_name(&row.to, row.to_name.as_deref())
        ),
    ];
    parts.extend(row.cause.as_deref().filter(|cause| !cause.is_empty()).map(printable));
    parts.extend(row.waiting.map(|time| format!("waited {}", seconds(time))));
    parts.extend(row.talking.map(|time| format!("talked {}", seconds(time))));
    parts.join(" · ")
}

fn with_name(number: &str, name: Option<&str>) -> String {
    match name {
        Some(name) if !name.is_empty() => format!("{} ({})", printable(number), printable(name)),
        _ => printable(number),
    }
}

fn seconds(time: u64) -> String {
    humantime::format_duration(Duration::from_secs(time)).to_string()
}
