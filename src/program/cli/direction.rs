//! The direction on a command line.

use std::ffi::OsStr;

use clap::builder::{EnumValueParser, PossibleValue, TypedValueParser, ValueParserFactory};
use clap::{Arg, Command, Error, ValueEnum};

use crate::event::Direction;

/// A direction in any of its words; none if it is empty, as an unset variable of a dialplan is.
#[derive(Debug, Clone, Copy)]
pub struct DirectionFlag(pub Option<Direction>);

impl ValueParserFactory for DirectionFlag {
    type Parser = DirectionParser;

    fn value_parser() -> DirectionParser {
        DirectionParser
    }
}

/// Completions and help name the two words of Zammad.
#[derive(Debug, Clone, Copy)]
pub struct DirectionParser;

impl TypedValueParser for DirectionParser {
    type Value = DirectionFlag;

    fn parse_ref(&self, cmd: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<DirectionFlag, Error> {
        match value.to_str().map(Direction::read) {
            Some(Ok(direction)) => Ok(DirectionFlag(direction)),
            // Its words for a mistake.
            Some(Err(_)) | None => {
                let direction = EnumValueParser::<Direction>::new().parse_ref(cmd, arg, value)?;
                Ok(DirectionFlag(Some(direction)))
            }
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Direction::value_variants().iter().filter_map(Direction::to_possible_value)))
    }
}

/// The direction of an event whose call may be known: it is not lost for a word that says neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaterDirection {
    Said(Option<Direction>),
    Unread,
}

impl ValueParserFactory for LaterDirection {
    type Parser = LaterDirectionParser;

    fn value_parser() -> LaterDirectionParser {
        LaterDirectionParser
    }
}

/// As [`DirectionParser`], and takes anything.
#[derive(Debug, Clone, Copy)]
pub struct LaterDirectionParser;

impl TypedValueParser for LaterDirectionParser {
    type Value = LaterDirection;

    fn parse_ref(&self, cmd: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<LaterDirection, Error> {
        let read = DirectionParser.parse_ref(cmd, arg, value);
        Ok(read.map_or(LaterDirection::Unread, |DirectionFlag(said)| LaterDirection::Said(said)))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        DirectionParser.possible_values()
    }
}
