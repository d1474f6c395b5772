//! A list of numbers to call from or to, one line a call.

use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};

use super::{Overrides, Scenario};
use crate::event::{Direction, Name, WrittenError};
use crate::number::Numbering;

/// Lines of a CSV file, to be taken one after the other, and from the first again.
pub struct Numbers {
    lines: Vec<Line>,
    order: Order,
    hasher: RandomState,
}

/// Which line is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Order {
    Sequential,
    Random,
}

/// What is wrong with a file of numbers.
#[derive(Debug, thiserror::Error)]
pub enum NumbersError {
    #[error("cannot read {}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{}: {reason}", path.display())]
    Broken { path: PathBuf, reason: String },
    #[error("{}: line {line}", path.display())]
    Line { path: PathBuf, line: u64, source: WrittenError },
    #[error("{}: line 1: {word:?} is neither a number nor a column; columns are: \
        {}", path.display(), COLUMNS.join(", "))]
    Heading { path: PathBuf, word: String },
    #[error("{} has no number", path.display())]
    Empty { path: PathBuf },
}

const COLUMNS: [&str; 5] = ["customer", "from", "to", "user", "queue"];

/// What one line says.
#[derive(Debug, Default)]
struct Line {
    customer: Option<String>,
    from: Option<String>,
    to: Option<String>,
    user: Option<String>,
    queue: Option<String>,
}

impl Numbers {
    /// Reads a file: under a heading any of `customer`, `from`, `to`, `user` and `queue`; without
    /// one, the customer's number in the first column. What no Zammad could take is found here, and not
    /// when its call is due.
    pub fn read(path: &Path, order: Order, numbering: &Numbering) -> Result<Self, NumbersError> {
        let unreadable = |source| NumbersError::Unreadable { path: path.to_owned(), source };
        let broken = |error: csv::Error| {
            let line = error.position().map(csv::Position::line);
            let reason = match error.into_kind() {
                csv::ErrorKind::Io(source) => return unreadable(source),
                csv::ErrorKind::Utf8 { .. } => "it is not UTF-8".to_owned(),
                other => format!("{other:?}"),
            };
            let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
            NumbersError::Broken { path: path.to_owned(), reason: format!("{place}{reason}") }
        };
        let file = std::fs::File::open(path).map_err(unreadable)?;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .comment(Some(b'#'))
            .trim(csv::Trim::All)
            .from_reader(file);
        let mut heading: Option<Vec<String>> = None;
        let mut lines = Vec::new();
        for record in reader.records() {
            let record = record.map_err(broken)?;
            if lines.is_empty() && heading.is_none() {
                let words: Vec<_> = record.iter().map(str::to_lowercase).collect();
                if words.iter().any(|word| COLUMNS.contains(&word.as_str())) {
                    heading = Some(words);
                    continue;
                }
                let first = record.get(0).unwrap_or_default();
                if !first.contains(|c: char| c.is_ascii_digit())
                    && numbering.read(first).is_ok_and(|party| party.as_str() != "anonymous")
                {
                    return Err(NumbersError::Heading { path: path.to_owned(), word: first.to_owned() });
                }
            }
            let mut line = Line::default();
            for (place, field) in record.iter().enumerate().filter(|(_, field)| !field.is_empty()) {
                let column = match &heading {
                    Some(heading) => heading.get(place).map(String::as_str),
                    None => (place == 0).then_some("customer"),
                };
                let column = match column {
                    Some("customer") => &mut line.customer,
                    Some("from") => &mut line.from,
                    Some("to") => &mut line.to,
                    Some("user") => &mut line.user,
                    Some("queue") => &mut line.queue,
                    Some(_) | None => continue,
                };
                *column = Some(field.to_owned());
            }
            line.check(numbering).map_err(|source| NumbersError::Line {
                path: path.to_owned(),
                line: record.position().map_or(0, csv::Position::line),
                source,
            })?;
            lines.push(line);
        }
        if lines.is_empty() {
            return Err(NumbersError::Empty { path: path.to_owned() });
        }
        Ok(Self { lines, order, hasher: RandomState::new() })
    }

    /// The scenario with the numbers of a run's call, counted from 0.
    pub fn apply(&self, scenario: &Scenario, call: u64) -> Scenario {
        let place = match self.order {
            Order::Sequential => call,
            Order::Random => self.hasher.hash_one(call),
        };
        let place = usize::try_from(place % self.lines.len() as u64).unwrap_or_default();
        self.lines[place].apply(scenario)
    }

    /// The scenario with the numbers of each line.
    pub fn each(&self, scenario: &Scenario) -> impl Iterator<Item = Scenario> {
        self.lines.iter().map(|line| line.apply(scenario))
    }
}

impl Line {
    fn apply(&self, scenario: &Scenario) -> Scenario {
        let line = self;
        let (from, to) = match scenario.direction() {
            Direction::Inbound => (line.from.as_ref().or(line.customer.as_ref()), line.to.as_ref()),
            Direction::Outbound => (line.from.as_ref(), line.to.as_ref().or(line.customer.as_ref())),
        };
        scenario.clone().with(&Overrides {
            from: from.cloned(),
            to: to.cloned(),
            users: line.user.iter().cloned().collect(),
            queue: line.queue.clone(),
            ..Overrides::default()
        })
    }

    fn check(&self, numbering: &Numbering) -> Result<(), WrittenError> {
        for (field, shown) in [("number", &self.customer), ("from", &self.from), ("to", &self.to)] {
            if let Some(shown) = shown {
                numbering.read(shown).map_err(|source| WrittenError::Number { field, source })?;
            }
        }
        for (field, shown) in [("user", &self.user), ("queue", &self.queue)] {
            if let Some(shown) = shown {
                Name::read("the name", shown).map_err(|source| WrittenError::Text { field, source })?;
            }
        }
        Ok(())
    }
}
