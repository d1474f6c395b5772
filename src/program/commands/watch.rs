//! `zammad-cti watch`: calls, the spool and bridges, as they are now, in the terminal.

mod line;
mod look;
mod screen;
mod view;

use std::io::{IsTerminal, Write};
use std::time::Duration;

use crate::config::Config;
use crate::program::cli::{self, Global};
use crate::program::colour::Palette;
use crate::program::exit_code::ExitCode;
use crate::program::output::list_ended;
use crate::program::table;

use super::configured;
use super::owner::become_owner;
use look::{Look, Memory};
use screen::{Screen, Woken};
use view::{Room, View};

/// How often the spool is looked at.
const EVERY: Duration = Duration::from_secs(1);

#[cold]
pub fn run(args: &cli::Watch, global: &Global, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let config = configured(global, log::LevelFilter::Warn)?;
    become_owner([&config]);
    if args.once || !can_draw() { once(&config, out) } else { live(&config, out) }
}

/// Whether the output is a terminal whose cursor can be moved.
fn can_draw() -> bool {
    let is_smart = std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb");
    is_smart && std::io::stdout().is_terminal()
}

fn once(config: &Config, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let look = Look::now(config)?;
    let mut memory = Memory::default();
    memory.note(&look);
    let view = View { look: &look, memory: &memory, failed: None, palette: Palette::for_stdout() };
    let room = Room { width: usize::from(table::width()), height: None };
    let text: String = view.lines(room).iter().map(|line| format!("{line}\n")).collect();
    list_ended(out.write_all(text.as_bytes()).and_then(|()| out.flush()))?;
    Ok(ExitCode::Ok)
}

fn live(config: &Config, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    // What is wrong with the configuration or the file is told as by other commands.
    let mut look = Look::now(config)?;
    let mut memory = Memory::default();
    let palette = Palette::for_stdout();
    let mut failed = None;
    let mut screen = Screen::enter(out)?;
    loop {
        memory.note(&look);
        let view = View { look: &look, memory: &memory, failed: failed.as_deref(), palette };
        let room = screen.room();
        screen.draw(&view.lines(room))?;
        match screen.wait(EVERY)? {
            Woken::Due => match Look::now(config) {
                Ok(new) => (look, failed) = (new, None),
                Err(error) => failed = Some(format!("{error:#}")),
            },
            Woken::ToDrawAgain => {}
            Woken::ToEnd => return Ok(ExitCode::Ok),
        }
    }
}
