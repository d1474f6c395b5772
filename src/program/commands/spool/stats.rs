//! `zammad-cti spool stats`

use std::fmt::{Display, Write as _};
use std::io::Write;
use std::time::Duration;

use crate::config::{Config, Format, Span, SpoolConfig, shown};
use crate::spool::{Bridge, Moment, Overview, Totals};
use serde_json::{Map, Value, json};

use super::{bridges, open, spool_of};
use crate::program::cli::{Global, SpoolStats};
use crate::program::exit_code::{ExitCode, UsageError};
use crate::program::output::{OutputError, VERSION, grouped, millis, shown_time, time};
use crate::program::safe_text::{self, in_words, printable};

/// A text as the value of a label: a stranger's, such as a line feed, is not the label's end.
pub(super) fn label(text: &str) -> String {
    printable(text).replace('\\', r"\\").replace('"', "\\\"")
}

/// What there is to tell of a spool.
pub struct Figures<'a> {
    spool: &'a SpoolConfig,
    /// which Zammad it is about; `None`: nothing was ever kept
    zammad: Option<String>,
    overview: Overview,
    bridges: Vec<Bridge>,
}

pub fn run(
    args: &SpoolStats,
    global: &Global,
    config: &Config,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    if args.prometheus && global.settings.output.is_some() {
        return Err(UsageError("--prometheus cannot be used with --output").into());
    }
    let mut figures = Figures {
        spool: spool_of(config)?,
        zammad: None,
        overview: Overview::default(),
        bridges: Vec::new(),
    };
    if let Some(mut spool) = open(config)? {
        // Calls that do not end are for `check` to count.
        figures.overview = spool.overview(Duration::MAX, Moment::now())?;
        figures.bridges = spool.bridges(Moment::now())?;
        figures.zammad = Some(spool.address().to_owned());
    }
    let text = if args.prometheus {
        figures.exposition()
    } else {
        match config.output {
            Format::Json => format!("{}\n", safe_text::json(&figures.object())),
            Format::Text | Format::Shell => figures.table(),
        }
    };
    out.write_all(text.as_bytes()).map_err(OutputError)?;
    Ok(ExitCode::Ok)
}

impl<'a> Figures<'a> {
    /// Those of a spool that is open.
    pub fn of(spool: &'a SpoolConfig, overview: Overview, bridges: Vec<Bridge>) -> Self {
        Self { spool, zammad: None, overview, bridges }
    }

    /// Zammad's address may have got into its place.
    fn path(&self) -> String {
        shown(&self.spool.path.to_string_lossy())
    }

    fn table(&self) -> String {
        let Totals { waiting, unconfirmed, dead, bytes, elsewhere, open_calls, .. } = self.overview.totals;
        let SpoolConfig { max_events, max_bytes, .. } = self.spool;
        let mut text = String::new();
        let mut line = |name: &str, value: String| {
            let _ = writeln!(text, "{}", printable(&format!("{name:<12} {value}")));
        };
        let begun = if self.zammad.is_some() { "" } else { " (does not exist yet)" };
        line("spool", format!("{}{begun}", self.path()));
        if let Some(zammad) = &self.zammad {
            let held = self.overview.held.as_ref().map_or_else(String::new, |held| {
                format!(", on hold since {}: {}", shown_time(held.since), in_words(&held.reason))
            });
            line("Zammad", format!("{zammad}{held}"));
        }
        let oldest =
            self.overview.totals.oldest.map(|oldest| format!(", the oldest for {}", Span::roughly(oldest)));
        let others = if elsewhere > 0 {
            format!(", {} of them for another Zammad", grouped(elsewhere))
        } else {
            String::new()
        };
        line("waiting", format!("{}{}{others}", grouped(waiting), oldest.unwrap_or_default()));
        line("unconfirmed", grouped(unconfirmed));
        line("dead", grouped(dead));
        line(
            "used",
            format!(
                "{} of {} events, {} of {} bytes",
                grouped(waiting + unconfirmed + dead),
                grouped(*max_events),
                grouped(bytes),
                grouped(*max_bytes)
            ),
        );
        line("open calls", grouped(open_calls));
        let ever =
            self.ever().map(|(name, _, count)| format!("{} {}", name.replace('_', " "), grouped(count)));
        line("ever", ever.join(", "));
        for bridge in &self.bridges {
            line("bridge", bridges::line(bridge));
        }
        text
    }

    fn object(&self) -> Map<String, Value> {
        let Totals { waiting, unconfirmed, dead, bytes, elsewhere, open_calls, oldest, .. } =
            self.overview.totals;
        let held = self
            .overview
            .held
            .as_ref()
            .map(|held| json!({ "since": time(held.since), "reason": held.reason }));
        let ever = self.ever().map(|(name, _, count)| (name.to_owned(), Value::from(count)));
        let fields = [
            ("version", Some(VERSION.into())),
            ("path", Some(self.path().into())),
            ("begun", Some(self.zammad.is_some().into())),
            ("zammad", self.zammad.clone().map(Value::from)),
            ("held", held),
            ("waiting", Some(waiting.into())),
            ("unconfirmed", Some(unconfirmed.into())),
            ("dead", Some(dead.into())),
            ("elsewhere", Some(elsewhere.into())),
            ("oldest_ms", oldest.map(|oldest| millis(oldest).into())),
            ("bytes", Some(bytes.into())),
            ("max_events", Some(self.spool.max_events.into())),
            ("max_bytes", Some(self.spool.max_bytes.into())),
            ("open_calls", Some(open_calls.into())),
            ("ever", Some(Value::Object(ever.into_iter().collect()))),
            ("bridges", Some(self.bridges.iter().map(bridges::object).collect())),
        ];
        fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
    }

    /// Prometheus' text format, version 0.0.4.
    pub fn exposition(&self) -> String {
        let Totals { waiting, unconfirmed, dead, bytes, elsewhere, open_calls, oldest, .. } =
            self.overview.totals;
        let path = label(&self.path());
        let mut text = String::new();
        let mut family = |name: &str, kind: &str, help: &str, samples: &[(&str, &dyn Display)]| {
            let _ = writeln!(text, "# HELP zammad_cti_{name} {help}\n# TYPE zammad_cti_{name} {kind}");
            for (label, value) in samples {
                let _ = writeln!(text, "zammad_cti_{name}{{path=\"{path}\"{label}}} {value}");
            }
        };
        let states: [(&str, &dyn Display); 3] = [
            (r#",state="waiting""#, &waiting),
            (r#",state="unconfirmed""#, &unconfirmed),
            (r#",state="dead""#, &dead),
        ];
        family("spool_events", "gauge", "Events in the spool, by state.", &states);
        let oldest = oldest.unwrap_or_default().as_secs_f64();
        let gauges: [(&str, &str, &dyn Display); 7] = [
            ("spool_elsewhere", "Events that wait for another Zammad than the configured one.", &elsewhere),
            ("spool_bytes", "Size of the events in the spool.", &bytes),
            ("spool_oldest_age_seconds", "Age of the oldest waiting event; 0 without one.", &oldest),
            ("spool_events_limit", "Limit of the number of events.", &self.spool.max_events),
            ("spool_bytes_limit", "Limit of the size of the events.", &self.spool.max_bytes),
            (
                "spool_held",
                "1 while Zammad takes no events, and sending is on hold.",
                &u8::from(self.overview.held.is_some()),
            ),
            ("open_calls", "Calls that were reported and have not ended.", &open_calls),
        ];
        for (name, help, value) in gauges {
            family(name, "gauge", help, &[("", value)]);
        }
        for (name, help, count) in self.ever() {
            family(&format!("spool_{name}_total"), "counter", help, &[("", &count)]);
        }
        bridges::expose(&mut text, &format!("path=\"{path}\","), &self.bridges);
        text
    }

    /// What is counted since the file was begun.
    fn ever(&self) -> [(&'static str, &'static str, u64); 6] {
        let totals = &self.overview.totals;
        [
            ("kept", "Events that were kept.", totals.ever_kept),
            ("delivered", "Events that were sent from the spool to Zammad.", totals.ever_delivered),
            ("dead", "Events that were given up.", totals.ever_dead),
            ("refused", "Events for which there was no room.", totals.ever_refused),
            (
                "dropped",
                "Events that were dropped, by hand or because the spool was \
                full.",
                totals.ever_dropped,
            ),
            ("damaged_files", "Files that were damaged, and set aside.", totals.ever_damaged),
        ]
    }
}
