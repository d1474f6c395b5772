//! Numbers as they are dialled at a FRITZ!Box, and as they are called elsewhere.
//!
//! Source: the attributes of the module `FB_CALLMONITOR` of FHEM, and the manual of the FRITZ!Box for its codes.

/// A number without what only tells the box or the network how to call it: a line (`*121#`), whether to show one's own
/// number (`*31#`, `#31#`), a carrier for this call (`010xx`, `0100xx`; in Austria `10xx`, in Switzerland `107xx` and
/// `108xx`), and the `#` behind it.
pub fn dialled(number: &str) -> &str {
    let mut number = number;
    while let Some(rest) = behind_code(number) {
        number = rest;
    }
    without_carrier(number.strip_suffix('#').unwrap_or(number))
}

/// What is behind `*121#` or `#31#`.
fn behind_code(number: &str) -> Option<&str> {
    let (digits, rest) = number.strip_prefix(['*', '#'])?.split_once('#')?;
    let is_code = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_code.then_some(rest)
}

/// A number with the area code in front, if it is one of the own area.
///
/// Those that begin with 0 have one, and those that begin with 1 are services such as 110.
pub fn with_area(number: &str, area_code: Option<&str>) -> String {
    let is_local = number.len() >= 3
        && !number.starts_with(['0', '1'])
        && number.bytes().all(|byte| byte.is_ascii_digit());
    match area_code {
        Some(area) if is_local => format!("{area}{number}"),
        Some(_) | None => number.to_owned(),
    }
}

/// Behind a carrier's number comes one that has its area code, or its country's.
fn without_carrier(number: &str) -> &str {
    let carriers = [("0100", 6), ("010", 5), ("107", 5), ("108", 5), ("10", 4)];
    for (start, length) in carriers {
        if number.starts_with(start)
            && let Some(rest) = number.get(length..).filter(|rest| rest.starts_with('0') && rest.len() > 3)
        {
            return rest;
        }
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_what_remains_behind_the_codes() {
        // (dialled, the number)
        let cases = [
            ("03023125741", "03023125741"),
            ("03023125741#", "03023125741"),
            ("*121#03023125741", "03023125741"),
            ("*121#*31#03023125741#", "03023125741"),
            ("#31#03023125741", "03023125741"),
            ("0103303023125741", "03023125741"),
            ("01007403023125741", "03023125741"),
            ("010330049302312", "0049302312"),
            ("100503023125", "03023125"),
            ("10741044668", "044668"),
            // A mobile, a local number and services.
            ("015112345678", "015112345678"),
            ("01033", "01033"),
            ("23125741", "23125741"),
            ("112", "112"),
            ("*121#112", "112"),
            ("**610", "**610"),
            ("#96*5*", "#96*5*"),
            ("*21#", ""),
            ("", ""),
        ];
        for (given, number) in cases {
            assert_eq!(dialled(given), number, "{given}");
        }
    }

    #[test]
    fn only_a_number_of_the_own_area_lacks_its_code() {
        // (number, with the area code 030)
        let cases = [
            ("23125741", "03023125741"),
            ("990133", "030990133"),
            ("03023125741", "03023125741"),
            ("004930231", "004930231"),
            ("+4930231", "+4930231"),
            ("110", "110"),
            ("22", "22"),
            ("**610", "**610"),
            ("", ""),
        ];
        for (number, expected) in cases {
            assert_eq!(with_area(number, Some("030")), expected, "{number}");
            assert_eq!(with_area(number, None), number);
        }
    }
}
