//! `zammad-cti completions`

use std::io::Write;

use clap_complete::Shell;

use crate::program::cli::{Completions, Program};
use crate::program::exit_code::ExitCode;
use crate::program::output::OutputError;

#[cold]
pub fn run(args: &Completions, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    // Written to memory first: the generator does not expect a closed pipe.
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Program::documented(), "zammad-cti", &mut text);
    // The generator takes the hyphen of the program's name for a subcommand's in half of the places.
    let text = String::from_utf8(text)?.replace("zammad__subcmd__cti", "zammad__cti");
    let text = if args.shell == Shell::Bash { apart(&joined(&text)) } else { text };
    out.write_all(text.as_bytes()).map_err(OutputError)?;
    Ok(ExitCode::Ok)
}

/// A script for bash that completes the value of `--flag=value` as that of `--flag value`: bash takes the sign for
/// a word of its own.
fn apart(script: &str) -> String {
    let known = "    prev=\"$3\"\n";
    let value = "    if [[ \"${cur}\" == \"=\" ]]; then
        cur=\"\"
    elif [[ \"${prev}\" == \"=\" && ${COMP_CWORD} -ge 2 ]]; then
        prev=\"${COMP_WORDS[COMP_CWORD-2]}\"
    fi
";
    script.replacen(known, &format!("{known}{value}"), 1)
}

/// A script for bash in which flags that stand together and are completed alike share a case: it is read
/// at the start of each shell, and has half the lines.
fn joined(script: &str) -> String {
    let mut joined: Vec<String> = Vec::new();
    // The case of a flag, and what is done in it.
    let mut last: Option<(usize, Vec<&str>)> = None;
    let mut lines = script.lines();
    while let Some(line) = lines.next() {
        let Some(flag) = line.trim_start().strip_suffix(')').filter(|flag| flag.starts_with('-')) else {
            last = None;
            joined.push(line.to_owned());
            continue;
        };
        let mut done = Vec::new();
        for step in lines.by_ref() {
            done.push(step);
            if step.trim() == ";;" {
                break;
            }
        }
        if let Some((place, same)) = &last
            && *same == done
        {
            let case = joined[*place].trim_end_matches(')');
            joined[*place] = format!("{case} | {flag})");
            continue;
        }
        last = Some((joined.len(), done.clone()));
        joined.push(line.to_owned());
        joined.extend(done.into_iter().map(str::to_owned));
    }
    joined.join("\n") + "\n"
}
