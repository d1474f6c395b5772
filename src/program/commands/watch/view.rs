//! The view: lines for as much room as there is, the important ones first.

use std::time::{Duration, SystemTime};

use anstyle::Style;

use super::line::Line;
use super::look::{Look, Memory, Remembered, Seen};
use crate::program::colour::Palette;
use crate::spool::{Bridge, Call, Ending, Held, Letter, LinkState, State, Totals};

/// The columns from which a row has everything that is known.
const WIDE: usize = 72;

/// The columns from which a call has its direction.
const MIDDLE: usize = 46;

/// The rows from which there is room for what is not news.
const TALL: usize = 10;

/// The longest age: `999d 23h`.
const AGE: usize = 8;

/// The columns and rows of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    pub width: usize,
    /// `None`: as many as it takes
    pub height: Option<usize>,
}

/// What is shown, and how.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    pub look: &'a Look,
    pub memory: &'a Memory,
    /// why there is no newer look
    pub failed: Option<&'a str>,
    pub palette: Palette,
}

/// Rows below a title.
struct Section {
    title: String,
    rows: Vec<Line>,
    /// how many there are, more perhaps than were looked at
    count: u64,
}

impl View<'_> {
    /// No more lines, and none wider, than there is room for.
    pub fn lines(&self, room: Room) -> Vec<Line> {
        let is_tall = room.height.is_none_or(|height| height >= TALL);
        let mut lines = Vec::new();
        if is_tall {
            lines.push(
                Line::default().with(self.palette.heading, &format!("zammad-cti watch  {}", self.look.path)),
            );
        }
        if let Some(failed) = self.failed {
            lines.push(self.named("Error", self.palette.bad, &format!("cannot read the spool: {failed}")));
        }
        let quits = usize::from(is_tall && room.height.is_some());
        let mut sections = Vec::new();
        match &self.look.spool {
            None => lines.push(self.named("Spool", Style::new(), "does not exist yet: nothing was reported")),
            Some(seen) => {
                let bridges = room.height.map_or(usize::MAX, |height| (height / 3).max(1));
                lines.extend(self.head(seen, bridges));
                sections = self.sections(seen, room.width);
            }
        }
        let left = room.height.map(|height| height.saturating_sub(lines.len() + quits));
        lines.extend(share(sections, left, self.palette));
        if let Some(height) = room.height {
            lines.truncate(height.saturating_sub(quits));
            if quits > 0 {
                lines.resize_with(height - quits, Line::default);
                lines.push(Line::default().with(self.palette.quiet, "q quits"));
            }
        }
        lines.into_iter().map(|line| line.no_wider_than(room.width)).collect()
    }

    fn named(&self, name: &str, style: Style, text: &str) -> Line {
        Line::default().cell(self.palette.heading, name, 7).with(style, text)
    }

    /// How it is on the whole.
    fn head(&self, seen: &Seen, most_bridges: usize) -> Vec<Line> {
        let Palette { bad, notable, .. } = self.palette;
        let mut zammad = self.named("Zammad", Style::new(), &seen.zammad);
        if let Some(Held { reason, since, .. }) = &seen.overview.held {
            let ago = age(seen.at.duration_since(*since).unwrap_or_default());
            zammad = zammad.with(bad, &format!(", sending on hold for {ago}: {reason}"));
        }
        let activity = &seen.activity;
        let events = activity.new_calls + activity.answers + activity.hangups;
        let minute = format!(
            "{}: {}, {}, {}",
            counted(events, "event"),
            counted(activity.new_calls, "new call"),
            counted(activity.answers, "answer"),
            counted(activity.hangups, "hangup")
        );
        let Totals { waiting, unconfirmed, dead, elsewhere, oldest, .. } = seen.overview.totals;
        let oldest = oldest.filter(|_| waiting > 0).map(|oldest| format!(", the oldest for {}", age(oldest)));
        let waits = format!("{waiting}{}", oldest.unwrap_or_default());
        let style = |is_news: bool, style: Style| if is_news { style } else { Style::new() };
        let mut waits = self.named("Waiting", style(waiting > 0, notable), &waits);
        waits = waits.with(style(dead > 0, bad), &format!("; dead {dead}"));
        waits = waits.with(style(unconfirmed > 0, notable), &format!("; unconfirmed {unconfirmed}"));
        if elsewhere > 0 {
            waits = waits.with(notable, &format!("; {elsewhere} for another Zammad"));
        }
        let mut lines = vec![zammad, waits, self.named("Minute", Style::new(), &minute)];
        // The last line says how many there is no room for.
        let shown = if seen.bridges.len() > most_bridges { most_bridges - 1 } else { seen.bridges.len() };
        lines.extend(seen.bridges.iter().take(shown).map(|bridge| self.bridge(bridge, seen.at)));
        if let more @ 1.. = seen.bridges.len() - shown {
            lines.push(self.named("Bridge", Style::new(), &format!("… and {more} more")));
        }
        lines
    }

    fn bridge(&self, bridge: &Bridge, now: SystemTime) -> Line {
        let Palette { good, bad, quiet, .. } = self.palette;
        let told = &bridge.told;
        let since = age(now.duration_since(told.since).unwrap_or_default());
        let calls = counted(told.calls, "call");
        let (style, state) = match &told.link {
            LinkState::Ended => (quiet, format!("ended {since} ago")),
            LinkState::Connected | LinkState::Lost(_) if !bridge.is_running() => {
                (bad, format!("gone, silent for {}", age(bridge.ago)))
            }
            LinkState::Connected => (good, format!("connected for {since}, {calls}")),
            LinkState::Lost(reason) => (bad, format!("not connected for {since}: {reason}")),
        };
        let profile = told.name.profile.as_ref().map_or_else(String::new, |name| format!(" ({name})"));
        // The state comes first, because it is what fits on a narrow terminal.
        self.named("Bridge", Style::new(), &format!("{}{profile} ", told.name.source))
            .with(style, &state)
            .with(quiet, &format!("  {}", told.name.phone_system))
    }

    fn sections(&self, seen: &Seen, width: usize) -> Vec<Section> {
        let open = seen.activity.open;
        let oldest = seen.activity.oldest.map(|oldest| format!(", the oldest for {}", age(oldest)));
        let waiting = seen.overview.totals.waiting;
        let errors = self.memory.troubles();
        [
            Section {
                title: format!("Open calls: {open}{}", oldest.unwrap_or_default()),
                rows: seen.calls.iter().map(|call| self.call(call, width)).collect(),
                count: open,
            },
            Section {
                title: "Waiting for Zammad".to_owned(),
                rows: seen.waiting.iter().map(|letter| self.letter(letter, &seen.zammad, width)).collect(),
                count: waiting,
            },
            Section {
                title: "Last errors".to_owned(),
                rows: errors.iter().map(|error| self.error(error, seen.at)).collect(),
                count: errors.len() as u64,
            },
        ]
        .into_iter()
        .filter(|section| !section.rows.is_empty())
        .collect()
    }

    fn call(&self, call: &Call, width: usize) -> Line {
        let Palette { good, notable, bad, quiet, .. } = self.palette;
        let (style, state) = match (call.ending, call.answered) {
            (Ending::Begun, _) => (bad, "in doubt"),
            (Ending::None | Ending::Reported, true) => (good, "answered"),
            (Ending::None | Ending::Reported, false) => (notable, "rings"),
        };
        let mut line = Line::default().number(quiet, &age(call.age), AGE).cell(style, state, 8);
        if width >= MIDDLE {
            line = line.cell(quiet, call.direction.as_str(), 3);
        }
        let who = parties(call.from.as_deref(), call.to.as_deref());
        if width < WIDE {
            return line.with(Style::new(), &who);
        }
        let used = AGE + 2 + 8 + 2 + 3 + 2;
        line.cell(Style::new(), &who, (width - used) * 3 / 5).with(quiet, call.call_id.as_str())
    }

    fn letter(&self, letter: &Letter, here: &str, width: usize) -> Line {
        let Palette { notable, quiet, .. } = self.palette;
        let line = Line::default().number(quiet, &age(letter.age), AGE).cell(notable, &letter.kind, 8);
        let event = letter.event.as_ref();
        let party = |party: Option<&crate::number::Party>| party.map(|party| party.as_str().to_owned());
        let (from, to) =
            event.map_or((None, None), |event| (party(event.from.as_ref()), party(event.to.as_ref())));
        let who = match (&from, &to) {
            // An answer or a hangup names nobody.
            (None, None) => format!("of call {}", letter.call_id),
            (from, to) => parties(from.as_deref(), to.as_deref()),
        };
        if width < WIDE {
            return line.with(Style::new(), &who);
        }
        let why = match &letter.reason {
            _ if letter.address != here => format!("for {}", letter.address),
            Some(reason) => reason.clone(),
            None => "not tried yet".to_owned(),
        };
        let used = AGE + 2 + 8 + 2;
        line.cell(Style::new(), &who, (width - used) * 2 / 5).with(quiet, &why)
    }

    fn error(&self, error: &Remembered, now: SystemTime) -> Line {
        let Palette { bad, quiet, .. } = self.palette;
        let Remembered { trouble, at, is_over } = error;
        let (style, state) = match (is_over, trouble.state) {
            (true, _) => (quiet, "over: "),
            (false, State::Waiting) => (Style::new(), ""),
            (false, State::Unconfirmed) => (bad, "unconfirmed: "),
            (false, State::Dead) => (bad, "dead: "),
        };
        let ago = age(now.duration_since(*at).unwrap_or_default());
        let text = format!("{state}{} of {}: {}", trouble.kind, trouble.call_id, trouble.what);
        Line::default().number(quiet, &ago, AGE).with(style, &text)
    }
}

/// Gives the sections this many lines, in turn; `None`: all that they need. One that has no room for all of its rows says so.
fn share(sections: Vec<Section>, lines: Option<usize>, palette: Palette) -> Vec<Line> {
    /// a blank line and the title
    const ABOVE: usize = 2;
    let mut left = lines.unwrap_or(usize::MAX);
    let mut rows = vec![0; sections.len()];
    let mut has_changed = true;
    while has_changed {
        has_changed = false;
        for (section, rows) in sections.iter().zip(&mut rows) {
            let all = section.rows.len() + usize::from(section.count > section.rows.len() as u64);
            // The first row of one that has more would only say so.
            let more = if *rows == 0 { all.min(2) } else { 1 };
            let needs = if *rows == 0 { ABOVE + more } else { more };
            if *rows < all && needs <= left {
                *rows += more;
                left -= needs;
                has_changed = true;
            }
        }
    }
    let mut shared = Vec::new();
    for (section, rows) in sections.into_iter().zip(rows).filter(|(_, rows)| *rows > 0) {
        shared.push(Line::default());
        shared.push(Line::default().with(palette.heading, &section.title));
        let is_cut = section.count > rows as u64 || section.rows.len() > rows;
        let shown = if is_cut { rows - 1 } else { rows };
        let more = section.count.saturating_sub(shown as u64);
        shared.extend(section.rows.into_iter().take(shown));
        if is_cut {
            shared.push(Line::default().with(palette.quiet, &format!("  … and {more} more")));
        }
    }
    shared
}

fn parties(from: Option<&str>, to: Option<&str>) -> String {
    match (from, to) {
        (None, None) => String::new(),
        (from, to) => format!("{} -> {}", from.unwrap_or("?"), to.unwrap_or("?")),
    }
}

fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// A time in at most two units.
fn age(time: Duration) -> String {
    let seconds = time.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{minutes}m {}s", seconds % 60),
        3600..86_400 => format!("{hours}h {}m", minutes % 60),
        _ => format!("{days}d {}h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;
    use crate::spool::{Activity, BridgeLock, BridgeName, Heartbeat, Overview, Position, Sights, Trouble};

    fn section(title: &str, rows: usize, count: u64) -> Section {
        let row = |row: usize| Line::default().with(Style::new(), &format!("{title}{row}"));
        Section { title: title.to_owned(), rows: (0..rows).map(row).collect(), count }
    }

    #[test]
    fn sections_share_the_lines_and_say_what_is_left_out() {
        // (rows of two sections, lines, what is shown)
        let cases = [
            ((2, 2), None, "|a|a0|a1||b|b0|b1"),
            ((2, 2), Some(8), "|a|a0|a1||b|b0|b1"),
            ((2, 2), Some(7), "|a|a0|a1"),
            ((9, 1), Some(9), "|a|a0|a1|a2|  … and 6 more||b|b0"),
            ((9, 9), Some(5), "|a|a0|a1|  … and 7 more"),
            ((1, 1), Some(3), "|a|a0"),
            ((1, 1), Some(2), ""),
            ((0, 0), Some(9), ""),
        ];
        for ((first, second), lines, expected) in cases {
            let sections = [section("a", first, first as u64), section("b", second, second as u64)];
            let sections = sections.into_iter().filter(|section| !section.rows.is_empty()).collect();
            let shown = share(sections, lines, Palette::default());
            assert!(lines.is_none_or(|lines| shown.len() <= lines), "{expected}");
            let shown: Vec<_> = shown.iter().map(Line::to_string).collect();
            assert_eq!(shown.join("|"), expected, "{first} and {second} in {lines:?}");
        }
        let shown = share(vec![section("a", 2, 1000)], None, Palette::default());
        assert_eq!(shown.last().unwrap().to_string(), "  … and 998 more");
    }

    fn busy() -> Look {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let trouble = |position| Trouble {
            position: Position(position),
            ago: Duration::from_secs(7),
            call_id: "7".to_owned(),
            kind: "newCall".to_owned(),
            state: State::Dead,
            what: "\u{1b}[2J refused\r\nby Zammad \u{202e}".repeat(4),
        };
        let mut overview = Overview::default();
        overview.totals.waiting = 12;
        overview.totals.oldest = Some(Duration::from_secs(127));
        let spool = Seen {
            at,
            zammad: "zammad.example.com".to_owned(),
            overview,
            activity: Activity { new_calls: 1, answers: 2, hangups: 3, open: 0, oldest: None },
            calls: Vec::new(),
            waiting: Vec::new(),
            troubles: (0..50).map(trouble).collect(),
            bridges: Vec::new(),
        };
        Look { path: "/var/spool/zammad-cti/spool.db".to_owned(), spool: Some(spool) }
    }

    #[test]
    fn a_view_fits_into_every_terminal_and_does_it_no_harm() {
        let look = busy();
        let mut memory = Memory::default();
        memory.note(&look);
        let view = View {
            look: &look,
            memory: &memory,
            failed: Some("a disk\u{7} that hangs"),
            palette: Palette::default(),
        };
        for width in [0, 1, 2, 7, 20, 40, 80, 200] {
            for height in [0, 1, 2, 3, 5, 9, 10, 11, 24, 100] {
                let lines = view.lines(Room { width, height: Some(height) });
                assert!(lines.len() <= height, "{width}x{height}: {} lines", lines.len());
                for line in lines {
                    let line = line.to_string();
                    assert!(line.width() <= width, "{width}x{height}: {line:?}");
                    assert!(!line.contains(char::is_control) && !line.contains('\u{202e}'), "{line:?}");
                }
            }
        }
        let lines = view.lines(Room { width: 80, height: Some(12) });
        let shown: Vec<_> = lines.iter().map(Line::to_string).collect();
        let expected = [
            "zammad-cti watch  /var/spool/zammad-cti/spool.db",
            r"Error    cannot read the spool: a disk\u{7} that hangs",
            "Zammad   zammad.example.com",
            "Waiting  12, the oldest for 2m 7s; dead 0; unconfirmed 0",
            "Minute   6 events: 1 new call, 2 answers, 3 hangups",
            "",
            "Last errors",
            r"      7s  dead: newCall of 7: \u{1b}[2J refused\r\nby Zammad \u{202e}\u{1b}[2J …",
        ];
        assert_eq!(shown[..8], expected);
        assert_eq!((shown[10].as_str(), shown[11].as_str()), ("  … and 47 more", "q quits"));
    }

    #[test]
    fn a_bridge_has_a_line_that_says_whether_it_follows_its_phone_system() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let bridge = |link, ago| Bridge {
            told: Heartbeat {
                name: BridgeName {
                    source: "asterisk".to_owned(),
                    profile: Some("berlin".to_owned()),
                    phone_system: "192.0.2.1:5038".to_owned(),
                },
                link,
                next_step: String::new(),
                lacks: None,
                since: at - Duration::from_secs(3_725),
                events: 7,
                messages: 700,
                calls: 2,
                reconnects: 1,
                refused: 0,
                repeated: 0,
                delay: Duration::ZERO,
                sights: Sights::default(),
                lock: BridgeLock::default(),
            },
            ago,
            is_gone: false,
        };
        let now = Duration::ZERO;
        let lost = || LinkState::Lost("no\u{7} route".to_owned());
        // (bridge, what is said of it)
        let cases = [
            (bridge(LinkState::Connected, now), "connected for 1h 2m, 2 calls"),
            (bridge(lost(), now), r"not connected for 1h 2m: no\u{7} route"),
            (bridge(lost(), Heartbeat::LATE), "gone, silent for 35s"),
            (bridge(LinkState::Connected, Heartbeat::LATE), "gone, silent for 35s"),
            (bridge(LinkState::Ended, Heartbeat::LATE), "ended 1h 2m ago"),
        ];
        let mut look = busy();
        let memory = Memory::default();
        for (bridge, expected) in cases {
            look.spool.as_mut().unwrap().bridges = vec![bridge.clone(); 9];
            let view = View { look: &look, memory: &memory, failed: None, palette: Palette::default() };
            let shown: Vec<_> =
                view.lines(Room { width: 100, height: None }).iter().map(Line::to_string).collect();
            let expected = format!("Bridge   asterisk (berlin) {expected}  192.0.2.1:5038");
            assert_eq!((shown[4].as_str(), shown[12].as_str()), (expected.as_str(), expected.as_str()));
            let shown = view.lines(Room { width: 80, height: Some(12) });
            assert_eq!(shown[7].to_string(), "Bridge   … and 6 more", "{shown:?}");
        }
    }

    #[test]
    fn an_age_has_two_units_at_most() {
        let cases = [(0, "0s"), (59, "59s"), (60, "1m 0s"), (3_725, "1h 2m"), (90_000, "1d 1h")];
        for (seconds, expected) in cases {
            assert_eq!(age(Duration::from_secs(seconds)), expected);
        }
    }
}
