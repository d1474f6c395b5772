//! A leg of a call, in the words that both interfaces of 3CX share.

/// One side of a call that the phone system shows, with what it shows of the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// what it is known by for as long as it is there
    pub key: String,
    /// the phone system's number of the conversation; such numbers begin again when it restarts
    pub call: String,
    /// whose leg it is
    pub at: Station,
    /// it is connected, and does not only ring
    pub is_up: bool,
    /// it began the call, and was not rung
    pub calls: bool,
    /// who is at the other side
    pub other: Other,
    /// the queue or the group that has it rung
    pub behalf: Option<Station>,
    /// the number that the caller dialled, if it is told
    pub dialled: Option<String>,
    /// calls that it is part of are reported
    pub is_watched: bool,
    /// it is from the list of active calls, beside what Call Control shows
    pub is_beside: bool,
    /// it fetches a caller from where they are parked
    pub is_fetching: bool,
}

/// Something of the phone system that has a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Station {
    /// what it is
    pub kind: Kind,
    /// its number, or what takes the place of one
    pub number: String,
    /// what the phone system calls it
    pub name: Option<String>,
}

/// What a station is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// a person's phone
    Extension,
    /// a person's phone, or something that picks up by itself
    Unsure,
    /// callers wait in it
    Queue,
    /// it picks up by itself: a menu, a group, a route point, a conference
    Machine,
    /// a voicemail box
    Voicemail,
    /// a phone outside that calls are forwarded to
    Forwarded,
}

/// The other side of a leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Other {
    /// somebody beyond a trunk
    Outside {
        /// the number, if it is one
        number: Option<String>,
        /// the trunk's number
        trunk: String,
    },
    /// something of the phone system
    Inside(Station),
    /// it is not known yet
    Unknown,
}

impl Station {
    /// Without a name.
    pub fn new(kind: Kind, number: impl Into<String>) -> Self {
        Self { kind, number: number.into(), name: None }
    }

    /// Whether a caller comes to it before somebody is rung.
    pub fn is_called_object(&self) -> bool {
        match self.kind {
            Kind::Queue | Kind::Machine => true,
            Kind::Extension | Kind::Unsure | Kind::Voicemail | Kind::Forwarded => false,
        }
    }
}

/// Whether two numbers are the same one, written with and without prefixes.
pub fn is_same_number(one: &str, other: &str) -> bool {
    let digits = |number: &str| number.chars().filter(char::is_ascii_digit).collect::<String>();
    let (one, other) = (digits(one), digits(other));
    let (one, other) = (one.trim_start_matches('0'), other.trim_start_matches('0'));
    let alike = one.bytes().rev().zip(other.bytes().rev()).take_while(|(one, other)| one == other).count();
    // A country code in front of the one and an area code in front of the other leave so many.
    one == other || alike >= 8 || alike >= 6 && alike == one.len().min(other.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_one_with_whatever_prefix() {
        let cases = [
            ("+4930123456", "030123456", true),
            ("+4930123456", "4930123456", true),
            ("004930123456", "30123456", true),
            ("123456", "0123456", true),
            ("123456", "30123457", false),
            ("150", "150", true),
            ("150", "4930123150", false),
            ("+4930123456", "+49401112233", false),
        ];
        for (one, other, same) in cases {
            assert_eq!(is_same_number(one, other), same, "{one} {other}");
        }
    }
}
