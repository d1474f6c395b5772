//! Whole numbers, from what a phone system shows to what Zammad gets.

use phonenumber::metadata::{DATABASE, Descriptor};
use phonenumber::{Mode, PhoneNumber, country};

use super::countries::COUNTRIES;
use super::*;

/// Without a country for "".
fn numbering(letters: &str) -> Numbering {
    let country = (!letters.is_empty()).then(|| letters.parse().unwrap());
    Numbering { country, ..Numbering::default() }
}

/// (country, what the PBX shows, what Zammad gets), all of them numbers that exist or could.
const E164: [(&str, &str, &str); 112] = [
    ("DE", "030 23125 741", "493023125741"),
    ("DE", "030/23125-741", "493023125741"),
    ("DE", "(030) 23125.741", "493023125741"),
    ("DE", "[030] 23125741", "493023125741"),
    ("DE", "030\u{a0}23125\u{202f}741", "493023125741"),
    ("DE", "030\u{2013}23125\u{2011}741", "493023125741"),
    ("DE", "０３０ ２３１２５ ７４１", "493023125741"),
    ("DE", "＋４９（０）３０２３１２５７４１", "493023125741"),
    ("DE", "٠٣٠ ٢٣١٢٥٧٤١", "493023125741"),
    ("DE", "۰۳۰ ۲۳۱۲۵۷۴۱", "493023125741"),
    ("DE", "+49 30 23125741", "493023125741"),
    ("DE", "+49 (0)30 23125 741", "493023125741"),
    ("DE", "+49 [0] 30 23125741", "493023125741"),
    ("DE", "(+49) 30 23125741", "493023125741"),
    ("DE", "0049 30 23125741", "493023125741"),
    ("DE", "0049 (0)30 23125741", "493023125741"),
    ("DE", "(0049) 30 23125741", "493023125741"),
    ("DE", "+0049 30 23125741", "493023125741"),
    ("DE", "0151 23456789", "4915123456789"),
    ("DE", "0800 1234567", "498001234567"),
    ("DE", "0041 44 668 18 00", "41446681800"),
    ("DE", "0039 (0)6 12345678", "390612345678"),
    ("", "+49 30 23125741", "493023125741"),
    ("", "0049 30 23125741", "493023125741"),
    ("", "+49 (0)30 23125741", "493023125741"),
    ("AT", "01 515 30 0", "431515300"),
    ("AT", "0664 1234567", "436641234567"),
    ("AT", "+43 (0)1 51530", "43151530"),
    ("CH", "044 668 18 00", "41446681800"),
    ("CH", "0041446681800", "41446681800"),
    ("CH", "+41 44 668 18 00", "41446681800"),
    ("FR", "01 42 68 53 00", "33142685300"),
    ("FR", "06.12.34.56.78", "33612345678"),
    ("FR", "+33 (0)1 42 68 53 00", "33142685300"),
    ("IT", "06 1234 5678", "390612345678"),
    ("IT", "02 1234567", "39021234567"),
    ("IT", "+39 06 12345678", "390612345678"),
    ("IT", "0039 06 12345678", "390612345678"),
    ("IT", "+39 (0)6 12345678", "390612345678"),
    ("IT", "+39 347 1234567", "393471234567"),
    ("IT", "0049 30 23125741", "493023125741"),
    ("SM", "0549 886377", "3780549886377"),
    ("VA", "06 698 12345", "390669812345"),
    ("CI", "07 07 07 07 07", "2250707070707"),
    ("BJ", "01 95 12 34 56", "2290195123456"),
    ("GA", "011 73 12 34", "24111731234"),
    ("GA", "01 44 12 34", "24101441234"),
    ("GB", "020 7031 3000", "442070313000"),
    ("GB", "(0121) 234 5678", "441212345678"),
    ("GB", "+44 (0)20 7031 3000", "442070313000"),
    ("GB", "07400 123456", "447400123456"),
    ("DE", "+49 030 23125741", "493023125741"),
    ("DE", "0049 030 23125741", "493023125741"),
    ("DE", "+49(030)23125741", "493023125741"),
    ("DE", "004903023125741", "493023125741"),
    ("DE", "+44 (0) 20 7031 3000", "442070313000"),
    ("DE", "+44 020 7031 3000", "442070313000"),
    ("DE", "+7 8 495 123-45-67", "74951234567"),
    ("DE", "+7 800 123 45 67", "78001234567"),
    ("DE", "+36 06 1 234 5678", "3612345678"),
    ("DE", "+1 1 650 253 0000", "16502530000"),
    ("DE", "+55 0 15 11 2345-6789", "551123456789"),
    ("DE", "+34 0912 34 56 78", "34912345678"),
    ("IT", "+39 0 06 1234 5678", "390612345678"),
    ("SG", "0065 6123 4567", "6561234567"),
    ("SG", "0049 30 23125741", "493023125741"),
    ("US", "1 (650) 253-0000", "16502530000"),
    ("US", "+1 650-253-0000", "16502530000"),
    ("US", "011 49 30 23125741", "493023125741"),
    ("US", "0049 30 23125741", "493023125741"),
    ("US", "+011 49 30 23125741", "493023125741"),
    ("CA", "1-416-555-0123", "14165550123"),
    ("HU", "06 1 234 5678", "3612345678"),
    ("HU", "06 20 123 4567", "36201234567"),
    ("HU", "00 49 30 23125741", "493023125741"),
    ("RU", "8 (495) 123-45-67", "74951234567"),
    ("RU", "8 343 123 45 67", "73431234567"),
    ("RU", "+7 (495) 123-45-67", "74951234567"),
    ("RU", "810 49 30 23125741", "493023125741"),
    ("RU", "8~10 49 30 23125741", "493023125741"),
    ("KZ", "8 727 258 1234", "77272581234"),
    ("BY", "8 017 491 19 11", "375174911911"),
    ("BY", "8 029 491 19 11", "375294911911"),
    ("LT", "8 5 212 3456", "37052123456"),
    ("LT", "0 5 212 3456", "37052123456"),
    ("JP", "03-1234-5678", "81312345678"),
    ("JP", "090-1234-5678", "819012345678"),
    ("JP", "010 49 30 23125741", "493023125741"),
    ("BR", "011 2345-6789", "551123456789"),
    ("BR", "0 15 11 2345-6789", "551123456789"),
    ("BR", "0 21 11 96123-4567", "5511961234567"),
    ("BR", "015 3234-5678", "551532345678"),
    ("BR", "0 15 15 99612-3456", "5515996123456"),
    ("BR", "00 15 49 30 23125741", "493023125741"),
    ("BR", "00 49 30 23125741", "493023125741"),
    ("CO", "03 601 234 5678", "576012345678"),
    ("CO", "0 601 234 5678", "576012345678"),
    ("KR", "02-2123-4567", "82221234567"),
    ("KR", "081 2 2123 4567", "82221234567"),
    ("KR", "00700 49 30 23125741", "493023125741"),
    ("AU", "02 9374 4000", "61293744000"),
    ("AU", "0412 345 678", "61412345678"),
    ("AU", "0011 49 30 23125741", "493023125741"),
    ("NZ", "03 331 6005", "6433316005"),
    ("ES", "+34 912 34 56 78", "34912345678"),
    ("PL", "0048 12 345 67 89", "48123456789"),
    ("TR", "0212 345 67 89", "902123456789"),
    ("IN", "022 2345 6789", "912223456789"),
    ("CN", "010 8765 4321", "861087654321"),
    ("AR", "011 2345-6789", "541123456789"),
    ("CU", "119 49 30 23125741", "493023125741"),
    ("SG", "001 49 30 23125741", "493023125741"),
];

#[test]
fn numbers_become_e164_digits_by_the_rules_of_their_country() {
    for (letters, shown, expected) in E164 {
        let reading = numbering(letters).explain(shown).unwrap();
        assert_eq!(reading.party.as_str(), expected, "{letters}: read {shown:?}");
        assert_eq!(reading.kind, PartyKind::International, "{letters}: read {shown:?}");
    }
}

fn as_libphonenumber(letters: &str, shown: &str) -> Option<PhoneNumber> {
    let country: Option<country::Id> = letters.parse().ok();
    phonenumber::parse(country, shown).ok()
}

fn e164(number: &PhoneNumber) -> String {
    let with_plus = number.format().mode(Mode::E164).to_string();
    with_plus.trim_start_matches('+').to_owned()
}

#[test]
fn libphonenumber_reads_the_same_numbers() {
    // It does not know these blanks and digits, understands 00 only where that is dialled, and
    // leaves the zero in brackets to Italy only behind a plus. Where a country has no trunk prefix,
    // it keeps a zero that makes the number invalid. The port, not libphonenumber itself, does not
    // know the other trunk prefixes behind a foreign country code: see `tests/numbers.rs`.
    let unknown_to_it = [
        ("DE", "030\u{a0}23125\u{202f}741"),
        ("DE", "０３０ ２３１２５ ７４１"),
        ("DE", "＋４９（０）３０２３１２５７４１"),
        ("DE", "٠٣٠ ٢٣١٢٥٧٤١"),
        ("DE", "۰۳۰ ۲۳۱۲۵۷۴۱"),
        ("DE", "0039 (0)6 12345678"),
        ("", "0049 30 23125741"),
        ("DE", "+7 8 495 123-45-67"),
        ("DE", "+36 06 1 234 5678"),
        ("DE", "+1 1 650 253 0000"),
        ("DE", "+55 0 15 11 2345-6789"),
        ("DE", "+34 0912 34 56 78"),
        ("IT", "+39 0 06 1234 5678"),
        ("SG", "0065 6123 4567"),
        ("SG", "0049 30 23125741"),
        ("US", "0049 30 23125741"),
        ("BR", "00 49 30 23125741"),
    ];
    for (letters, shown, expected) in E164 {
        let theirs = if unknown_to_it.contains(&(letters, shown)) {
            as_libphonenumber("", &format!("+{expected}"))
        } else {
            as_libphonenumber(letters, shown)
        };
        let theirs = theirs.filter(PhoneNumber::is_valid);
        assert_eq!(theirs.as_ref().map(e164).as_deref(), Some(expected), "{letters}: {shown:?}");
    }
}

/// libphonenumber's examples of ordinary numbers, as (country, trunk prefix, number behind it).
fn examples() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    // 001 stands for no country.
    DATABASE.iter().filter(|meta| meta.id() != "001").flat_map(|meta| {
        let kinds = meta.descriptors();
        let kinds = [kinds.fixed_line(), kinds.mobile()].into_iter().flatten();
        let trunk = meta.national_prefix().unwrap_or("");
        kinds.filter_map(Descriptor::example).map(move |number| (meta.id(), trunk, number))
    })
}

#[test]
fn national_numbers_of_every_country_are_read_as_libphonenumber_does() {
    let mut numbers = 0;
    for (letters, trunk, number) in examples() {
        let numbering = Numbering {
            extension_digits: 0,
            national_digits: Some(number.len() as u8),
            ..numbering(letters)
        };
        let shown = format!("{trunk}{number}");
        // It takes the first digit of a Colombian mobile number for a carrier's code.
        let theirs = match letters {
            "CO" => as_libphonenumber("", &format!("+57{number}")),
            _ => as_libphonenumber(letters, &shown),
        };
        let ours = numbering.read(&shown).unwrap().to_string();
        assert_eq!(Some(ours), theirs.as_ref().map(e164), "{letters}: {shown}");
        numbers += 1;
    }
    // A fixed line and a mobile one of nearly all.
    assert!(numbers > 2 * COUNTRIES.len() - 20, "{numbers}");
}

#[test]
fn numbers_of_every_country_are_understood_in_every_format() {
    for (letters, _, number) in examples() {
        let numbering = Numbering {
            extension_digits: 0,
            national_digits: Some(number.len() as u8),
            ..numbering(letters)
        };
        let code = numbering.country.unwrap().code;
        let e164 = format!("{code}{number}");
        let number = phonenumber::parse(None, format!("+{e164}")).unwrap();
        for mode in [Mode::International, Mode::National] {
            let shown = number.format().mode(mode).to_string();
            // Argentina's mobile numbers: a 9 from abroad, but a 15 inside the country.
            if shown == "011 15-2345-6789" {
                continue;
            }
            assert_eq!(numbering.read(&shown).unwrap().as_str(), e164, "{letters}: {shown:?}");
        }
    }
}

#[test]
fn what_is_no_number_with_a_prefix_stays() {
    use PartyKind::{Extension, International, National, Text, Unprefixed};
    // (country, what the PBX shows, what Zammad gets, taken for)
    let cases = [
        ("DE", "741", "741", Extension),
        ("DE", "110", "110", Extension),
        ("DE", "112", "112", Extension),
        ("DE", "0123", "0123", Extension),
        ("DE", "00049", "00049", Extension),
        ("DE", "(741)", "741", Extension),
        ("US", "011", "011", Extension),
        ("US", "1 234", "1234", Extension),
        ("RU", "81049", "81049", Extension),
        ("DE", "+49112", "49112", International),
        ("DE", "493023125741", "493023125741", Unprefixed),
        ("DE", "4930 23125741", "493023125741", Unprefixed),
        ("DE", "49(0)30 23125741", "493023125741", Unprefixed),
        ("DE", "4903023125741", "493023125741", Unprefixed),
        ("DE", "49030231", "49030231", Unprefixed),
        ("DE", "23125741", "23125741", Unprefixed),
        ("US", "650 253 0000", "6502530000", Unprefixed),
        ("US", "1650253", "1650253", Unprefixed),
        ("RU", "495 123 45 67", "4951234567", Unprefixed),
        ("RU", "8613912345678", "8613912345678", Unprefixed),
        ("BR", "905321234567", "905321234567", Unprefixed),
        ("CN", "12123001234", "12123001234", Unprefixed),
        ("IT", "347 1234567", "3471234567", Unprefixed),
        ("", "030 23125741", "03023125741", National),
        ("HU", "030 123 4567", "0301234567", National),
        ("ES", "0912345678", "0912345678", National),
        ("DE", "000 123456", "000123456", National),
        ("DE", "alice", "alice", Text),
        ("DE", "  Alice B. Cooper-Smith ", "Alice B. Cooper-Smith", Text),
        ("DE", "alice@example.com", "alice@example.com", Text),
        ("DE", "*97", "*97", Text),
        ("DE", "**1#", "**1#", Text),
        ("DE", "*21*030 23125741#", "*21*030 23125741#", Text),
        ("DE", "49 30 CALL ME", "49 30 CALL ME", Text),
        ("DE", "0800 GO", "0800 GO", Text),
        ("DE", "030 23125741 Alice Cooper-Smith", "030 23125741 Alice Cooper-Smith", Text),
        ("DE", "123alice", "123alice", Text),
        ("DE", "0e8400-e29b-41d4", "0e8400-e29b-41d4", Text),
        ("DE", "2345678x0", "2345678x0", Text),
        ("DE", "2345678p0", "2345678p0", Text),
        ("DE", "741 ext. 5", "741 ext. 5", Text),
        ("DE", "741#", "741#", Text),
        ("DE", "alice;bob", "alice;bob", Text),
        ("DE", "alice@example.com;user=phone", "alice@example.com;user=phone", Text),
        ("DE", "12:30", "12:30", Text),
        ("DE", "100%", "100%", Text),
        ("DE", "00000", "00000", Extension),
        ("DE", "+030 23125741", "+030 23125741", Text),
        ("DE", "030+23125741", "030+23125741", Text),
        ("DE", "http://example.com", "http://example.com", Text),
        ("DE", "1 < 2", "1 < 2", Text),
    ];
    for (letters, shown, expected, kind) in cases {
        let reading = numbering(letters).explain(shown).unwrap();
        let found = (reading.party.as_str(), reading.kind);
        assert_eq!(found, (expected, kind), "{letters}: read {shown:?}");
    }
}

#[test]
fn addresses_are_unwrapped() {
    // (what the PBX shows, what Zammad gets)
    let cases = [
        (r#""Alice Smith" <030 23125741>"#, "493023125741"),
        ("PJSIP/+493023125741@trunk", "493023125741"),
        ("pjsip/trunk/sip:+493023125741@example.com", "493023125741"),
        ("SIP/trunk/03023125741", "493023125741"),
        ("SIP/03023125741@trunk-0000001a", "493023125741"),
        ("SIP/741-00000012", "741"),
        ("Local/741@from-internal/n", "741"),
        ("IAX2/me:secret@pbx.example.com/03023125741", "493023125741"),
        ("DAHDI/g0/03023125741", "493023125741"),
        ("sofia/gateway/trunk/493023125741", "493023125741"),
        ("sofia/internal/+493023125741@192.0.2.1", "493023125741"),
        ("user/741@example.com", "741"),
        ("PJSIP/alice-00000001", "PJSIP/alice-00000001"),
        ("030 23125741/0171 5000000", "493023125741"),
        ("030/23125741/0171/5000000", "493023125741"),
        ("+493023125741/+491715000000", "493023125741"),
        ("493023125741 / 491715000000", "493023125741"),
        ("tel:+493023125741/+491715000000", "493023125741"),
        ("030/23125-741", "493023125741"),
        ("0049 (0)30/23125741", "493023125741"),
        (r#""Alice <home>" <sip:741@pbx.example.com>;tag=a1"#, "741"),
        ("Alice <741>", "741"),
        ("<741>", "741"),
        ("< +49 30 23125741 >", "493023125741"),
        ("sip:+493023125741@pbx.example.com", "493023125741"),
        ("SIP:+493023125741@192.0.2.1:5060;user=phone", "493023125741"),
        ("sips:%2B493023125741@pbx.example.com", "493023125741"),
        ("sip:+493023125741;npdi;rn=1@pbx.example.com?subject=a@b", "493023125741"),
        ("sip:741:secret@pbx.example.com", "741"),
        ("sip:741", "741"),
        ("sip:741;phone-context=pbx.example.com", "741"),
        ("sip:*97@pbx.example.com", "*97"),
        ("sip:%2a%2A1%23@pbx.example.com", "**1#"),
        ("sip:alice@pbx.example.com", "alice"),
        ("sip:J%C3%B6rg@pbx.example.com", "Jörg"),
        ("sip:100%25@pbx.example.com", "100%"),
        ("sip:100%@pbx.example.com", "100%"),
        ("sip:%+f%é%ff@pbx.example.com", "%+f%é%ff"),
        ("tel:+49-30-23125-741", "493023125741"),
        ("tel:030-23125741;phone-context=+49", "493023125741"),
        ("Tel:+49(0)30.23125741;ext=5", "493023125741"),
        // Options, hosts and schemes.
        ("+493055571101;npdi;rn=+49301", "493055571101"),
        ("%2B493055571101;npdi", "493055571101"),
        ("sip:%2B493055571101%3Bnpdi@pbx.example.com", "493055571101"),
        ("493023125741;ext=0", "493023125741"),
        ("030 23125741 ;isub=1", "493023125741"),
        ("+493023125741@pbx.example.com", "493023125741"),
        ("03023125741@192.0.2.1:5060;user=phone", "493023125741"),
        ("\"Alice\" <+493023125741;cpc=ordinary@192.0.2.1>", "493023125741"),
        ("\"030 23125741\"", "493023125741"),
        ("741@pbx.example.com", "741"),
        ("*97@pbx.example.com", "*97"),
        ("*97;x=1", "*97"),
        ("sip:+49.30.23125741", "493023125741"),
        ("sip:+49.30.23125741:5060", "493023125741"),
        ("sip:030.23125741;user=phone", "493023125741"),
        ("sip:alice:5060", "anonymous"),
        ("sip:[2001:db8::1]:5060", "anonymous"),
        ("callto:+493023125741", "493023125741"),
        ("CallTo://+493023125741?call", "493023125741"),
        ("callto:sip:+493023125741@pbx.example.com", "493023125741"),
        ("tel:+49-30-23125741@pbx.example.com", "493023125741"),
        ("fax:+493023125741", "493023125741"),
        ("h323:03023125741@192.0.2.1", "493023125741"),
        // Contexts.
        ("tel:0791234567;phone-context=+41", "41791234567"),
        ("tel:791234567;phone-context=+41", "41791234567"),
        ("tel:079-123.45.67;isub=1;Phone-Context=%2B41", "41791234567"),
        ("tel:0791234567;phone-context=41", "41791234567"),
        ("tel:0791234567;phone-context=\"+41\"", "41791234567"),
        ("sip:0791234567;phone-context=+41@pbx.example.com;user=phone", "41791234567"),
        ("sips:0791234567@pbx.example.com;user=phone;phone-context=+41", "41791234567"),
        ("0791234567;phone-context=+41", "41791234567"),
        ("tel:0049 30 23125741;phone-context=+41", "493023125741"),
        ("tel:011 49 30 23125741;phone-context=+1", "493023125741"),
        ("tel:1 650 253 0000;phone-context=+1", "16502530000"),
        ("tel:253-0000;phone-context=+1-650", "16502530000"),
        ("tel:863-1234;phone-context=+1-914-555", "19148631234"),
        ("tel:0612345678;phone-context=+39", "390612345678"),
        ("tel:8 495 123 45 67;phone-context=+7", "74951234567"),
        ("tel:23125741;phone-context=+4930", "493023125741"),
        ("tel:741;phone-context=+4930231257", "4930231257741"),
        ("tel:741;phone-context=+49", "741"),
        ("tel:+49 30 23125741;phone-context=+41", "493023125741"),
        ("tel:0301234567;phone-context=192.0.2.1", "49301234567"),
        ("tel:0301234567;phone-context=ims.mnc001.mcc228.3gppnetwork.org", "49301234567"),
        ("tel:0301234567;phone-context=+0", "49301234567"),
        ("tel:0301234567;phone-context=", "49301234567"),
        // Pluses, extensions and letters.
        ("++49 30 23125741", "493023125741"),
        ("+ +49 30 23125741", "493023125741"),
        ("00+49 30 23125741", "493023125741"),
        ("0+49 30 23125741", "493023125741"),
        ("%2B49%2030%2023125741", "493023125741"),
        ("030 23125741 ext. 5", "493023125741"),
        ("030 23125741 Ext: 5", "493023125741"),
        ("030 23125741 extension 5", "493023125741"),
        ("030 23125741 x5", "493023125741"),
        ("030 23125741x5", "493023125741"),
        ("+49 30 23125741 x 5", "493023125741"),
        ("030 23125741 (ext 5", "493023125741"),
        ("030 23125741, Durchwahl 5", "493023125741"),
        ("030 23125741,,5", "493023125741"),
        ("030 23125741#5", "493023125741"),
        ("030 23125741#", "493023125741"),
        ("+49 30 CALL ME", "4930225563"),
        ("0800 FLOWERS", "498003569377"),
        ("0800-Flowers", "498003569377"),
        ("+1-800-GO-FEDEX", "18004633339"),
        // A name behind a number is none of its digits.
        ("030 12345 Anna", "030 12345 Anna"),
        ("1234 Anna", "1234 Anna"),
    ];
    for (shown, expected) in cases {
        let party = numbering("DE").read(shown).unwrap();
        assert_eq!(party.as_str(), expected, "read {shown:?}");
    }
}

#[test]
fn withheld_numbers_are_anonymous() {
    let cases = [
        "",
        " ",
        "-",
        "()",
        "anonymous",
        "Anonymous",
        "PRIVATE",
        "unknown",
        "Withheld",
        "unavailable",
        "Restricted",
        "<unknown>",
        "\"Alice\" <>",
        "sip:anonymous@anonymous.invalid",
        "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=a1",
        "sip:pbx.example.com",
        "sip:192.0.2.1:5060;transport=tls",
        "sip:@192.0.2.1",
        "tel:",
        "+",
        "+0",
        "000000",
        "0000000000",
        "+0000000000",
        "000.000.0000",
        "sip:0000000000@pbx.example.com",
        "+266696687",
        "sip:+86282452253@pbx.example.com",
        "Private Number",
        "No Caller ID",
        "Unbekannt",
        "Anonyme",
        "P",
        "O",
        "s",
        "asserted-id only",
        "anonymous@anonymous.invalid",
        "Unavailable@unknown.invalid",
        "sip:c8oqz84zk7z@anonymous.invalid",
        "anonymous;cpc=ordinary",
        "\"private\"",
        "Caller ID Unavailable",
        "CID blocked",
        "WITHHELD BY USER",
        "coinline",
        "prohib_not_screened",
        "?",
        "???",
        "Niet beschikbaar",
        "Ej tillgänglig",
        "NIEDOSTĘPNY",
        "Недоступен",
        "μη διαθέσιμος",
    ];
    for shown in cases {
        let reading = numbering("DE").explain(shown).unwrap();
        assert!(reading.party.is_anonymous(), "read {shown:?}");
        assert_eq!(reading.party.to_string(), "anonymous", "read {shown:?}");
        assert_eq!(reading.kind, PartyKind::Anonymous, "read {shown:?}");
    }
    for shown in ["sip:+493023125741@anonymous.invalid", "\"Anonymous\" <+493023125741>"] {
        assert_eq!(numbering("DE").read(shown).unwrap().as_str(), "493023125741", "read {shown:?}");
    }
    assert!(!numbering("DE").read("anonymous coward").unwrap().is_anonymous());
}

#[test]
fn the_plan_of_the_phone_system_is_followed() {
    let extensions =
        Numbering { extension_digits: 3, extension_prefix: "493023125".to_owned(), ..numbering("DE") };
    let american = Numbering { national_digits: Some(10), ..numbering("US") };
    let russian = Numbering { national_digits: Some(10), ..numbering("RU") };
    let nowhere = Numbering { national_digits: Some(10), ..numbering("") };
    let as_given = Numbering { normalize: false, ..numbering("DE") };
    let cases = [
        (&extensions, "741", "493023125741"),
        (&extensions, "sip:741@pbx.example.com", "493023125741"),
        (&extensions, "7410", "7410"),
        (&extensions, "0301", "49301"),
        (&american, "(650) 253-0000", "16502530000"),
        (&american, "1 650 253 0000", "16502530000"),
        (&american, "253-0000", "2530000"),
        (&american, "493023125741", "493023125741"),
        (&russian, "812 123 45 67", "78121234567"),
        (&russian, "8 812 123 45 67", "78121234567"),
        (&nowhere, "650 253 0000", "6502530000"),
        (&as_given, " 030/23125-741 ", " 030/23125-741 "),
        (&as_given, "sip:741@pbx.example.com", "sip:741@pbx.example.com"),
        (&as_given, "", ""),
        (&as_given, "0000000000", "0000000000"),
        (&nowhere, "tel:0791234567;phone-context=+41", "41791234567"),
        (&american, "1-800-FLOWERS", "18003569377"),
    ];
    for (numbering, shown, expected) in cases {
        let party = numbering.read(shown).unwrap();
        assert_eq!(party.as_str(), expected, "{numbering:?} read {shown:?}");
    }
}

#[test]
fn the_path_is_told() {
    let path = |letters: &str, shown: &str| -> Vec<String> {
        let reading = numbering(letters).explain(shown).unwrap();
        assert_eq!(reading.steps.last().unwrap().text, reading.party.as_str());
        reading.steps.iter().map(AppliedRule::to_string).collect()
    };
    assert_eq!(
        path("DE", "\"Alice\" <sip:%2B49 (0)30 23125-741@pbx.example.com>"),
        [
            "taken out of the address: +49 (0)30 23125-741",
            "formatting dropped: +4903023125741",
            "trunk prefix in brackets dropped: +493023125741",
            "plus dropped: 493023125741",
        ]
    );
    let rules = |letters: &str, shown: &str| -> Vec<Rule> {
        let reading = numbering(letters).explain(shown).unwrap();
        reading.steps.iter().map(|step| step.rule).collect()
    };
    use Rule::*;
    assert_eq!(rules("DE", "03023125741"), [TrunkPrefix]);
    assert_eq!(rules("DE", "0041446681800"), [InternationalPrefix]);
    assert_eq!(rules("DE", "00410446681800"), [InternationalPrefix, InnerTrunkPrefix]);
    assert_eq!(rules("IT", "06 12345678"), [Formatting, KeptZero]);
    assert_eq!(rules("", "030 23125741"), [Formatting, AsGiven]);
    assert_eq!(rules("DE", "741"), [Extension]);
    assert_eq!(rules("DE", "<unknown>"), [Unwrapped, Withheld]);
    assert_eq!(rules("DE", "*97"), [AsGiven]);
    let context = "tel:0791234567;phone-context=+41";
    assert_eq!(rules("DE", context), [Unwrapped, PhoneContext, Plus]);
    assert_eq!(rules("DE", "030 23125741 x5"), [DialledExtension, Formatting, TrunkPrefix]);
    assert_eq!(rules("DE", "+1800FLOWERS"), [Letters, Plus]);
    assert_eq!(rules("DE", "+266696687"), [Plus, Withheld]);
}

#[test]
fn what_zammad_could_not_keep_or_show_is_refused() {
    let as_given = Numbering { normalize: false, ..numbering("DE") };
    for c in ['\0', '\u{1}', '\u{1b}', '\u{7f}', '\u{9b}'] {
        for shown in [format!("030{c}23125741"), format!("alice{c}"), format!("<741>{c}")] {
            for numbering in [&numbering("DE"), &as_given] {
                let refused = numbering.read(&shown).unwrap_err();
                assert_eq!(refused, NumberError::ControlCharacter(c), "read {shown:?}");
                assert!(!refused.to_string().contains(c), "{refused:?}");
            }
        }
    }
    for escaped in ["sip:alice%1B@pbx.example.com", "sip:42%1B%3Bx@pbx.example.com", "tel:42%1B"] {
        let refused = numbering("DE").read(escaped);
        assert_eq!(refused, Err(NumberError::ControlCharacter('\u{1b}')), "read {escaped:?}");
    }

    let longest = "ü".repeat(100);
    assert_eq!(numbering("DE").read(&longest).unwrap().as_str(), longest);
    let too_long = format!("{longest}ü");
    for numbering in [&numbering("DE"), &as_given] {
        assert_eq!(numbering.read(&too_long), Err(NumberError::TooLong(101)));
    }
    // Only what is sent counts.
    let wrapped = format!("\"{too_long}\" <741>");
    assert_eq!(numbering("DE").read(&wrapped).unwrap().as_str(), "741");
}

#[test]
fn what_nobody_sees_does_not_count() {
    let as_given = Numbering { normalize: false, ..numbering("DE") };
    let hidden = [
        '\t', '\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{ad}', '\u{61c}', '\u{200b}', '\u{200d}',
        '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}', '\u{202a}', '\u{202e}', '\u{2060}', '\u{2066}',
        '\u{2069}', '\u{feff}',
    ];
    for c in hidden {
        // (what is shown, what is sent)
        let cases = [
            (format!("{c}+49{c}30 23125741{c}"), "493023125741"),
            (format!("030{c}23125741"), "493023125741"),
            (format!("{c}42{c}"), "42"),
            (format!("alice{c}"), "alice"),
            (format!("{c}anonymous{c}\n"), "anonymous"),
            (format!("\"Ann{c}Bob\" <741{c}>{c}"), "741"),
            (format!("{c}"), "anonymous"),
        ];
        for (shown, sent) in cases {
            assert_eq!(numbering("DE").read(&shown).unwrap().as_str(), sent, "read {shown:?}");
        }
        assert_eq!(as_given.read(&format!("{c}42{c}")).unwrap().as_str(), "42", "{c:?}");
    }
    for escaped in ["sip:42%0A@pbx.example.com", "tel:42%0D%0A", "42%09;x", "sip:%E2%80%AA42@pbx.example.com"]
    {
        assert_eq!(numbering("DE").read(escaped).unwrap().as_str(), "42", "read {escaped:?}");
    }
}

#[test]
fn a_number_is_found_among_what_stands_around_it() {
    // (what is shown, what is sent)
    let cases = [
        ("tel:0791234567;phone-context=0041", "41791234567"),
        ("030 23125741 (ext 5)", "493023125741"),
        ("030 23125741 (ext. 5)", "493023125741"),
        ("030 23125741 [x5]", "493023125741"),
        ("030 23125741 (x5)", "493023125741"),
        ("030 23125741 App. 12", "493023125741"),
        ("0800 FLOWERS x5", "498003569377"),
        ("x5", "5"),
        ("ext. 5", "5"),
        ("Durchwahl 42", "42"),
        ("+49_30_23125741", "493023125741"),
        ("+49\u{b7}30\u{b7}23125741", "493023125741"),
        ("+49 {0} 30 23125741", "493023125741"),
        ("'+493023125741'", "493023125741"),
        ("+49 00 30 23125741", "493023125741"),
        ("\u{201e}+493023125741\u{201c}", "493023125741"),
        ("+493023125741,", "493023125741"),
        ("030 23125741;", "493023125741"),
        ("Tel. 030 23125741", "493023125741"),
        ("Telefon: +49 30 23125741", "493023125741"),
        ("030 23125741 (mobil)", "493023125741"),
        ("030 23125741 (MOBIL)", "493023125741"),
        ("\"Ann\" +493055571101", "493055571101"),
        ("+493055571101:5060", "493055571101"),
        ("skype:+493055571101", "493055571101"),
        ("sms:+493055571101", "493055571101"),
        ("smsto:030 55571101", "493055571101"),
        ("192.0.2.1", "anonymous"),
        ("192.0.2.1:5060", "anonymous"),
        ("2001:db8::1", "anonymous"),
        ("''", "anonymous"),
        ("\"\"", "anonymous"),
        ("Restricted%20Number", "anonymous"),
        // These are none.
        ("22.33.44.55", "22334455"),
        ("Tel", "Tel"),
        ("Tel. Anna", "Tel. Anna"),
        ("_101", "_101"),
        ("alice (mobil)", "alice (mobil)"),
        ("anna:5060", "anna:5060"),
        ("Anna's", "Anna's"),
    ];
    for (shown, sent) in cases {
        assert_eq!(numbering("DE").read(shown).unwrap().as_str(), sent, "read {shown:?}");
    }
}

#[test]
fn refusals_say_what_is_wrong() {
    let messages =
        [NumberError::ControlCharacter('\u{7}').to_string(), NumberError::TooLong(101).to_string()];
    assert_eq!(
        messages,
        ["the number has a control character, U+0007", "the number has 101 characters; Zammad keeps 100"]
    );
}

/// What takes long to read is no number: a stranger may send it.
#[test]
fn a_text_of_any_length_is_refused_before_it_is_read() {
    for text in
        ["(+".repeat(30_000), "tel:".repeat(15_000), format!("1;phone-context={}", "1".repeat(30_000))]
    {
        let error = numbering("DE").read(&text).unwrap_err();
        assert!(matches!(error, NumberError::TooLong(length) if length == text.len()), "{error}");
    }
}
