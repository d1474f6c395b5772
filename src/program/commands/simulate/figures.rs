//! The figures of a load: a table and a histogram to look at, or JSON.

use std::collections::BTreeMap;
use std::io::{Result, Write};

use crate::event::EventKind;
use crate::simulation::{Figures, Plan};
use hdrhistogram::Histogram;
use serde::Serialize;

use crate::program::colour::Palette;
use crate::program::output::{VERSION, grouped};
use crate::program::safe_text::printable;

/// The usual figures, and what calls them so.
const QUANTILES: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];
/// Rows of the histogram, at most.
const MOST_ROWS: usize = 16;
const BAR_WIDTH: u64 = 40;

/// The figures for programs.
#[derive(Serialize)]
pub struct Report<'a> {
    version: u8,
    run: &'a str,
    connections: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<f64>,
    calls: u64,
    calls_not_begun: u64,
    events: u64,
    unexpected: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unexpected_by: Vec<Unexpected<'a>>,
    elapsed_ms: u64,
    events_per_second: f64,
    delivered: &'a BTreeMap<&'static str, u64>,
    failed: &'a BTreeMap<&'static str, u64>,
    latency_ms: BTreeMap<&'static str, f64>,
    histogram: Vec<Bucket>,
    interrupted: bool,
}

/// Events that came out otherwise than their scenario expects.
#[derive(Serialize)]
struct Unexpected<'a> {
    scenario: &'a str,
    event: EventKind,
    /// the word of the action, or the class of the failure
    came: &'static str,
    events: u64,
}

fn unexpected(figures: &Figures) -> impl Iterator<Item = Unexpected<'_>> {
    figures.unexpected.iter().map(|((scenario, event, came), &events)| Unexpected {
        scenario,
        event: *event,
        came,
        events,
    })
}

/// How many events took longer than the bucket before, and at most so long.
#[derive(Serialize)]
struct Bucket {
    up_to_ms: f64,
    events: u64,
}

impl<'a> Report<'a> {
    pub fn new(run: &'a str, plan: &Plan, figures: &'a Figures) -> Self {
        let quantile = |(name, quantile)| (name, milliseconds(figures.latency.value_at_quantile(quantile)));
        Self {
            version: VERSION,
            run,
            connections: plan.concurrency,
            rate: plan.rate,
            calls: figures.calls,
            calls_not_begun: figures.not_begun,
            events: figures.events,
            unexpected: figures.unexpected.values().sum(),
            unexpected_by: unexpected(figures).collect(),
            elapsed_ms: u64::try_from(figures.elapsed.as_millis()).unwrap_or(u64::MAX),
            events_per_second: (events_per_second(figures) * 10.0).round() / 10.0,
            delivered: &figures.delivered,
            failed: &figures.failed,
            latency_ms: QUANTILES.into_iter().map(quantile).collect(),
            histogram: buckets(&figures.latency),
            interrupted: figures.stopped && figures.fatal.is_none(),
        }
    }
}

/// A table and a histogram.
pub fn print(out: &mut dyn Write, palette: Palette, plan: &Plan, figures: &Figures) -> Result<()> {
    let Palette { heading, good, bad, notable, quiet, .. } = palette;
    let seconds = figures.elapsed.as_secs_f64();
    writeln!(
        out,
        "{heading}{}, {}{heading:#} in {seconds:.2} s over {}: {heading}{} events/s{heading:#}",
        several(figures.calls, "call"),
        several(figures.events, "event"),
        several(plan.concurrency.into(), "connection"),
        grouped(events_per_second(figures).round() as u64),
    )?;
    if figures.not_begun > 0 {
        let not_begun = several(figures.not_begun, "call");
        writeln!(out, "{bad}{not_begun} not started: the time was over, or the load was interrupted{bad:#}")?;
    }
    writeln!(out)?;
    let delivered = figures.delivered.iter().map(|counted| ("delivered", good, counted));
    let failed = figures.failed.iter().map(|counted| ("failed", bad, counted));
    for (what, style, (word, count)) in delivered.chain(failed) {
        writeln!(out, "  {style}{what:<10}{style:#} {word:<18} {:>12}", grouped(*count))?;
    }
    for Unexpected { scenario, event, came, events } in unexpected(figures) {
        let what = printable(&format!("{scenario}: {event} → {came}"));
        writeln!(out, "  {notable}not as expected{notable:#}  {what:<40} {:>12}", grouped(events))?;
    }
    let from = if plan.rate.is_some() { "since the event was due" } else { "of an event" };
    writeln!(out, "\n  latency {from}")?;
    let cells: Vec<_> = QUANTILES
        .into_iter()
        .map(|(name, quantile)| format!("{quiet}{name}{quiet:#} {}", latency(&figures.latency, quantile)))
        .collect();
    writeln!(out, "    {}\n", cells.join("   "))?;
    let buckets = buckets(&figures.latency);
    let most = buckets.iter().map(|bucket| bucket.events).max().unwrap_or_default().max(1);
    for Bucket { up_to_ms, events } in buckets {
        // Eighths of a character, so that a few of very many can be seen.
        let eighths = (events * BAR_WIDTH * 8).div_ceil(most);
        let whole = usize::try_from(eighths / 8).unwrap_or_default();
        let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][usize::try_from(eighths % 8).unwrap_or_default()];
        let bar = format!("{}{part}", "█".repeat(whole));
        writeln!(out, "  {:>10}  {bar:<41} {:>12}", format!("≤ {}", told(up_to_ms)), grouped(events))?;
    }
    Ok(())
}

/// One of the figures with its unit.
pub fn latency(histogram: &Histogram<u64>, quantile: f64) -> String {
    told(milliseconds(histogram.value_at_quantile(quantile)))
}

fn told(milliseconds: f64) -> String {
    match milliseconds {
        long if long >= 1000.0 => format!("{:.2} s", long / 1000.0),
        some if some >= 100.0 => format!("{some:.0} ms"),
        some if some >= 10.0 => format!("{some:.1} ms"),
        short => format!("{short:.2} ms"),
    }
}

fn milliseconds(microseconds: u64) -> f64 {
    microseconds as f64 / 1000.0
}

fn events_per_second(figures: &Figures) -> f64 {
    figures.events as f64 / figures.elapsed.as_secs_f64().max(f64::EPSILON)
}

/// Powers of two up to the longest, and not more rows than fit.
fn buckets(histogram: &Histogram<u64>) -> Vec<Bucket> {
    if histogram.is_empty() {
        return Vec::new();
    }
    let first = histogram.min().max(1).next_power_of_two();
    let longest = histogram.max();
    let mut ends: Vec<u64> =
        std::iter::successors(Some(first), |&end| (end < longest).then(|| end.saturating_mul(2))).collect();
    if ends.len() > MOST_ROWS {
        // The shortest ones tell least.
        ends.drain(..ends.len() - MOST_ROWS);
    }
    let mut counted = 0;
    let bucket = |end: u64| {
        let up_to = histogram.count_between(0, end);
        let events = up_to - counted;
        counted = up_to;
        Bucket { up_to_ms: milliseconds(end), events }
    };
    ends.into_iter().map(bucket).collect()
}

fn several(number: u64, what: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {what}{ending}", grouped(number))
}
