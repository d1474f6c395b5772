//! One call after the other, for somebody who watches.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::client::CallerLog;
use crate::config::Format;
use crate::simulation::{Moment, PlayError, Player};

use super::interrupt::Stop;
use super::report::{Report, ReportFile};
use super::tally::Tally;
use super::transcript::Transcript;
use super::{Calls, Zammad, run_id};
use crate::program::cli;
use crate::program::colour::Palette;
use crate::program::exit_code::{ExitCode, NotAsExpected};
use crate::program::output::OutputError;
use crate::program::safe_text::json;

/// With the stand-in nobody has to wait for telephones.
const STAND_IN_SPEED: f64 = 20.0;

/// Calls to a Zammad on another machine begin at most once in this time.
const LEAST_APART: Duration = Duration::from_secs(1);

pub async fn run(
    calls: &Calls,
    zammad: &Zammad,
    args: &cli::Simulate,
    report_file: Option<ReportFile>,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let Zammad { config, stand_in } = zammad;
    let endpoint = config.endpoint()?;
    let stop = Stop::on_signals()?;
    let speed = args.overrides.speed.unwrap_or(if stand_in.is_some() { STAND_IN_SPEED } else { 1.0 });
    let mut player = Player::new(config, stand_in.as_ref(), speed, stop.watch())?;
    let run = run_id();
    let mut report = Report::new(&run, endpoint, stand_in.is_some());
    let mut tally = Tally::default();
    let mut trouble: Option<anyhow::Error> = None;
    // More than that is load, which agents elsewhere are not to have unasked.
    let is_paced = !endpoint.is_loopback() && !args.load.yes_load;
    let last = calls.scenarios.len() as u64 - 1;
    let mut nowhere = std::io::sink();
    let told: &mut dyn Write = if config.output == Format::Text { &mut *out } else { &mut nowhere };
    let is_live =
        config.output == Format::Text && std::io::stdout().is_terminal() && std::io::stderr().is_terminal();
    let mut transcript = Transcript { out: told, palette: Palette::for_stdout(), is_live };
    transcript.opening(endpoint, stand_in.is_some(), player.reads_log(), speed).map_err(OutputError)?;
    for call in 0..=last {
        if player.stopped() || tally.is_over() || trouble.is_some() {
            break;
        }
        let scenario = calls.scenario(call);
        let call_id = scenario.call_id(&run, call + 1);
        let mut written = transcript.begin(&scenario);
        let mut tell = |moment: Moment<'_>| {
            if written.is_ok() {
                written = transcript.moment(&moment);
            }
            if written.is_err() {
                // Nobody reads on.
                stop.now();
            }
        };
        let begun = Instant::now();
        let played = player.play(&scenario, &call_id, &mut tell).await?;
        report.add(&scenario, &played, endpoint);
        if let Err(error) = written.and_then(|()| transcript.end(&played)) {
            trouble = Some(OutputError(error).into());
        }
        tally.add(&scenario.name, played);
        if is_paced && call < last {
            player.rest(LEAST_APART.saturating_sub(begun.elapsed())).await;
        }
    }
    if player.stopped() || tally.calls < calls.scenarios.len() {
        let reason =
            trouble.as_ref().map_or_else(|| "it was ended early".to_owned(), |error| format!("{error:#}"));
        report.ends_early(&endpoint.redact(&reason));
        calls.scenarios[tally.calls..].iter().for_each(|scenario| report.skip(scenario));
    }
    // Whatever becomes of the rest, the report is what a build server waits for.
    if let Some(file) = report_file {
        file.write(&report)?;
    }
    if let Some(error) = trouble {
        return Err(error);
    }
    if config.output == Format::Json {
        writeln!(out, "{}", json(&report)).map_err(OutputError)?;
    } else {
        if stand_in.is_some() && tally.calls > 1 {
            transcript.caller_log(&CallerLog::new(config)?.read().await?).map_err(OutputError)?;
        }
        transcript.closing(&tally, calls.scenarios.len(), calls.are_a_tour).map_err(OutputError)?;
    }
    if player.stopped() {
        return Ok(ExitCode::Interrupted);
    }
    match tally {
        Tally { failure: Some(error), .. } => Err(error.into()),
        Tally { log_error: Some(error), .. } => Err(PlayError::from(error).into()),
        Tally { calls, as_expected, .. } if calls == as_expected => Ok(ExitCode::Ok),
        Tally { .. } => Err(NotAsExpected.into()),
    }
}
