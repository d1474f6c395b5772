//! What stands where a number is withheld, or none was sent.

use super::Party;

/// Words by who writes them. Case, accents, blanks and punctuation between letters do not count.
///
/// Some have more than one origin, and stand at the first.
const WORDS: [(&str, &[&str]); 19] = [
    ("RFC 3323, RFC 3325 and Zammad", &[Party::ANONYMOUS]),
    (
        "3GPP TS 24.229 and 29.163, for networks",
        &["unavailable", "coin line/payphone", "interaction with other service"],
    ),
    ("Bellcore GR-30, on analogue lines and in modems", &["P", "O", "private", "out of area"]),
    ("Asterisk, with no number or no extension", &["unknown", "asterisk", "s", "no caller id", "nobody"]),
    (
        "FreeSWITCH and Kazoo",
        &["freeswitch", "_undef_", "anonymous caller", "private caller", "private number", "privacy"],
    ),
    (
        "SIP providers and gateways",
        &[
            "restricted",
            "restricted number",
            "withheld",
            "withheld number",
            "number withheld",
            "caller id withheld",
            "asserted-id only",
            "anonymous.invalid",
            "unknown.invalid",
            "not available",
            "number unavailable",
            "number not available",
            "number restricted",
            "id withheld",
            "clir",
            "clid blocked",
            "cli withheld",
            "cli unavailable",
            "cli restricted",
            "no cli",
            "no clip",
            "prohib",
            "prohibited",
            "presentation restricted",
            "presentation prohibited",
            "presentation not allowed",
            "unavailable number",
            "unavailable or private",
            "private or unavailable",
            "private unavailable",
            "unavailable private",
            "private withheld",
            "confidential",
            "suppressed",
            "number suppressed",
            "undisclosed",
            "not disclosed",
            "not provided",
            "unlisted",
        ],
    ),
    (
        "3CX, hosted systems and handsets",
        &[
            "no number",
            "no id",
            "no cid",
            "unknown caller",
            "unknown number",
            "unknown caller id",
            "blocked",
            "blocked number",
            "blocked caller id",
            "caller id blocked",
            "hidden",
            "hidden number",
            "private id",
            "private call",
            "anonymous call",
            "secret number",
            "anon",
            "unknown name",
            "private name",
            "private caller id",
            "restricted caller",
            "withheld caller",
            "hidden caller",
            "no name",
            "coin",
            "coin phone",
            "caller unknown",
            "number unknown",
            "number private",
            "number hidden",
            "number blocked",
            "blocked caller",
            "payphone",
        ],
    ),
    (
        "scripts whose variable is empty",
        &["null", "none", "nil", "undefined", "empty", "n/a", "not set", "NaN"],
    ),
    (
        "German",
        &[
            "unbekannt",
            "unbekannter Anrufer",
            "unbekannter Teilnehmer",
            "unbekannte Nummer",
            "unbekannte Rufnummer",
            "Rufnummer unbekannt",
            "Nummer unbekannt",
            "anonym",
            "anonymer Anrufer",
            "privat",
            "private Nummer",
            "unterdrückt",
            "unterdrueckt",
            "Nummer unterdrückt",
            "Rufnummer unterdrückt",
            "unterdrückte Nummer",
            "unterdrückte Rufnummer",
            "keine Nummer",
            "keine Rufnummer",
            "ohne Rufnummer",
            "nicht verfügbar",
            "nicht verfuegbar",
            "nicht übermittelt",
            "nicht uebermittelt",
            "Nummer nicht verfügbar",
            "Nummer nicht verfuegbar",
            "Rufnummer nicht verfügbar",
            "Rufnummer nicht verfuegbar",
            "Nummer nicht übermittelt",
            "Rufnummer nicht übermittelt",
            "Nummer nicht uebermittelt",
            "Rufnummer nicht uebermittelt",
            "ohne Nummer",
            "Geheimnummer",
            "geheim",
            "geheime Nummer",
            "Privat Nummer",
            "private Rufnummer",
            "privater Anrufer",
            "privater Anruf",
            "anonymer Anruf",
            "unbekannter Anruf",
            "unterdrückter Anruf",
            "anonymus",
            "Nummer unterdrueckt",
            "Rufnummer unterdrueckt",
            "unterdrueckte Nummer",
            "unterdrueckte Rufnummer",
            "verborgene Nummer",
            "verborgene Rufnummer",
            "keine Angabe",
            "Münztelefon",
        ],
    ),
    (
        "French",
        &[
            "anonyme",
            "appel anonyme",
            "inconnu",
            "appelant inconnu",
            "numéro inconnu",
            "masqué",
            "numéro masqué",
            "appel masqué",
            "privé",
            "numéro privé",
            "appel privé",
            "secret",
            "numéro secret",
            "indisponible",
            "numéro anonyme",
            "appelant anonyme",
            "correspondant inconnu",
            "numéro indisponible",
            "numéro non disponible",
            "numéro caché",
            "non identifié",
            "numéro non communiqué",
            "confidentiel",
            "numéro confidentiel",
            "sans numéro",
        ],
    ),
    (
        "Italian",
        &[
            "anonimo",
            "sconosciuto",
            "numero sconosciuto",
            "privato",
            "numero privato",
            "nascosto",
            "numero nascosto",
            "riservato",
            "chiamata anonima",
            "numero anonimo",
            "chiamante sconosciuto",
            "chiamata privata",
            "numero riservato",
            "numero non disponibile",
            "non disponibile",
            "nessun numero",
            "senza numero",
        ],
    ),
    (
        "Spanish and Portuguese",
        &[
            "anónima",
            "desconocido",
            "número desconocido",
            "privado",
            "número privado",
            "oculto",
            "número oculto",
            "restringido",
            "llamada anónima",
            "llamada oculta",
            "llamada privada",
            "número restringido",
            "número no disponible",
            "no disponible",
            "sin número",
            "sin identificar",
            "confidencial",
            "número confidencial",
            "chamada anónima",
            "número indisponível",
            "sem número",
            "desconhecido",
            "número desconhecido",
            "restrito",
            "não identificado",
            "sem identificação",
        ],
    ),
    (
        "Dutch",
        &[
            "anoniem",
            "onbekend",
            "onbekend nummer",
            "onbekende beller",
            "privénummer",
            "afgeschermd",
            "verborgen",
            "nummer onbekend",
            "anonieme beller",
            "anonieme oproep",
            "anoniem nummer",
            "privé beller",
            "verborgen nummer",
            "afgeschermd nummer",
            "geen nummer",
            "nummer niet beschikbaar",
            "niet beschikbaar",
            "nummer afgeschermd",
            "nummerweergave geblokkeerd",
        ],
    ),
    (
        "Danish, Norwegian, Swedish and Finnish",
        &[
            "ukendt",
            "ukendt nummer",
            "hemmeligt nummer",
            "skjult nummer",
            "ukjent",
            "ukjent nummer",
            "hemmelig nummer",
            "okänd",
            "okänt",
            "okänt nummer",
            "dolt nummer",
            "hemligt nummer",
            "skyddat nummer",
            "tuntematon",
            "tuntematon numero",
            "salattu numero",
            "salainen numero",
        ],
    ),
    (
        "Polish, Czech, Slovak and Hungarian",
        &[
            "nieznany",
            "numer nieznany",
            "nieznany numer",
            "zastrzeżony",
            "numer zastrzeżony",
            "prywatny",
            "numer prywatny",
            "anonimowy",
            "neznámý",
            "neznámé číslo",
            "skryté číslo",
            "anonymní",
            "soukromé číslo",
            "ismeretlen",
            "ismeretlen szám",
            "rejtett szám",
            "privát szám",
        ],
    ),
    (
        "Russian and Ukrainian",
        &[
            "аноним",
            "неизвестный",
            "неизвестно",
            "неизвестный номер",
            "номер скрыт",
            "скрытый номер",
            "номер не определен",
            "невідомий",
            "невідомий номер",
            "прихований номер",
        ],
    ),
    (
        "Turkish and Greek",
        &[
            "bilinmeyen",
            "bilinmeyen numara",
            "gizli numara",
            "özel numara",
            "ανώνυμος",
            "άγνωστος",
            "απόκρυψη",
        ],
    ),
    (
        "Japanese",
        &[
            "非通知",
            "非通知設定",
            "番号非通知",
            "通知不可能",
            "通知不可",
            "表示圏外",
            "公衆電話",
            "匿名",
            "番号なし",
            "不明",
        ],
    ),
    (
        "Chinese, in both scripts",
        &[
            "未知",
            "未知号码",
            "未知號碼",
            "未知来电",
            "未知來電",
            "未显示",
            "未顯示",
            "私人号码",
            "私人號碼",
            "隐藏号码",
            "隱藏號碼",
            "匿名来电",
            "匿名來電",
            "匿名号码",
            "匿名號碼",
            "无来电显示",
            "無來電顯示",
            "没有来电显示",
            "沒有來電顯示",
            "无号码",
            "無號碼",
            "限制显示",
            "不显示号码",
            "不顯示號碼",
            "保密号码",
        ],
    ),
];

/// A word spelled on the keypad, as numbers with a plus that do not exist: Twilio and what stands
/// behind it write anonymous, restricted, unavailable, unknown and blocked like this.
const SPELLED: [&str; 5] = ["266696687", "7378742833", "86282452253", "8656696", "2562533"];

/// With fewer they may be a feature code, or the 000 of Australia's emergency services. FreeSWITCH
/// and Kazoo write ten.
const ZEROS: usize = 6;

/// Whether a text says that there is no number.
pub(crate) fn stands_for_no_number(text: &str) -> bool {
    // Most are numbers, and no word begins like one.
    let begins_with_letter = folded(text).next().is_some_and(|first| !first.is_numeric());
    begins_with_letter
        && WORDS.iter().flat_map(|(_, words)| words.iter()).any(|word| folded(word).eq(folded(text)))
}

/// Whether these digits are none.
pub(super) fn are_no_number(digits: &str) -> bool {
    digits.len() >= ZEROS && is_zeros(digits)
}

/// The same for digits that had a plus.
pub(super) fn are_no_international_number(digits: &str) -> bool {
    is_zeros(digits) || SPELLED.contains(&digits)
}

fn is_zeros(digits: &str) -> bool {
    digits.bytes().all(|digit| digit == b'0')
}

/// The letters and digits, small and without accents. Greek has two small letters for one capital, and capitals
/// without accents.
fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).map(without_accent)
}

fn without_accent(c: char) -> char {
    match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'ď' => 'd',
        'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' => 'e',
        'ì' | 'í' | 'î' | 'ï' | 'ı' => 'i',
        'ł' | 'ľ' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ő' => 'o',
        'ř' => 'r',
        'š' | 'ś' | 'ş' => 's',
        'ť' => 't',
        'ù' | 'ú' | 'û' | 'ü' | 'ű' | 'ů' => 'u',
        'ý' | 'ÿ' => 'y',
        'ž' | 'ź' | 'ż' => 'z',
        'ά' => 'α',
        'έ' => 'ε',
        'ή' => 'η',
        'ί' | 'ϊ' | 'ΐ' => 'ι',
        'ό' => 'ο',
        'ς' => 'σ',
        'ύ' | 'ϋ' | 'ΰ' => 'υ',
        'ώ' => 'ω',
        'ё' => 'е',
        'й' => 'и',
        'ї' => 'і',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_word_stands_in_the_table_once() {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for word in WORDS.iter().flat_map(|(_, words)| words.iter()) {
            assert!(stands_for_no_number(word), "{word}");
            let before = seen.insert(folded(word).collect(), word);
            assert_eq!(before, None, "{word}");
        }
    }

    #[test]
    fn words_are_known_however_they_are_written() {
        let cases = [
            "PRIVATE NUMBER",
            "private_number",
            "PrivateNumber",
            "No Caller-ID",
            "(null)",
            "Out-Of-Area",
            "Numero masque",
            "Nume\u{301}ro masque\u{301}",
            "UNTERDRÜCKT",
            "ΆΓΝΩΣΤΟΣ",
            "ΑΝΩΝΥΜΟΣ",
            "ανωνυμος",
            "Ανώνυμος",
            "\u{391}\u{3bd}\u{3c9}\u{301}\u{3bd}\u{3c5}\u{3bc}\u{3bf}\u{3c2}",
            "ΑΠΟΚΡΥΨΗ",
            "НЕИЗВЕСТНЫЙ НОМЕР",
            "неизвестныи\u{306} номер",
            "GİZLİ NUMARA",
            "非通知",
            "UNAVAILABLE/PRIVATE",
            "Private/Unavailable",
            "NICHT ÜBERMITTELT",
        ];
        for text in cases {
            assert!(stands_for_no_number(text), "{text}");
        }
        for text in [
            "",
            "-",
            "Alice",
            "anonymous coward",
            "private 5",
            "Unbekannter Mann",
            "OO",
            "Coin Ltd",
            "Herr Geheim",
            "Anon Smith",
        ] {
            assert!(!stands_for_no_number(text), "{text}");
        }
    }
}
