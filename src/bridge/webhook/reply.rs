//! What a sender gets for a request.

use super::message::Said;
use super::path::Path;
use crate::config::HookReply;

/// A reply to what was believed.
#[derive(Debug, Clone)]
pub struct Reply {
    /// 200 to 299
    pub status: u16,
    /// of both texts
    pub content_type: String,
    body: Template,
    rejected: Option<Template>,
}

/// A text with places in it for what is in a request.
#[derive(Debug, Clone)]
struct Template {
    /// each text with what comes behind it
    parts: Vec<(String, Option<Place>)>,
    escaping: Escaping,
}

#[derive(Debug, Clone)]
enum Place {
    Url,
    Path(Path),
}

/// How what is in a request is written, so that it stays a text.
#[derive(Debug, Clone, Copy)]
enum Escaping {
    Xml,
    Json,
    Plain,
}

impl Reply {
    /// By the settings of a hook.
    pub fn new(settings: &HookReply) -> Self {
        let content_type =
            settings.content_type.clone().unwrap_or_else(|| "text/plain; charset=utf-8".to_owned());
        let is = |kinds: &[&str]| kinds.iter().any(|kind| content_type.to_ascii_lowercase().contains(kind));
        let escaping = if is(&["xml", "html"]) {
            Escaping::Xml
        } else if is(&["json"]) {
            Escaping::Json
        } else {
            Escaping::Plain
        };
        let template = |text: &String| Template::new(text, escaping);
        Self {
            status: settings.status.unwrap_or(200),
            body: template(settings.body.as_ref().unwrap_or(&String::new())),
            rejected: settings.rejected.as_ref().map(template),
            content_type,
        }
    }

    /// Whether there is one for a call that Zammad does not want.
    pub fn can_reject(&self) -> bool {
        self.rejected.is_some()
    }

    /// The reply to a request; `url` is the hook's own address.
    pub fn text(&self, said: &Said, url: &str) -> String {
        self.body.filled(said, url)
    }

    /// The same for a call that Zammad does not want.
    pub fn rejection(&self, said: &Said, url: &str) -> String {
        self.rejected.as_ref().unwrap_or(&self.body).filled(said, url)
    }
}

impl Template {
    fn new(text: &str, escaping: Escaping) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("{{")
            && let Some((name, after)) = behind.split_once("}}")
        {
            let place = match name.trim() {
                "url" => Place::Url,
                path => Place::Path(Path::new(path)),
            };
            parts.push((before.to_owned(), Some(place)));
            rest = after;
        }
        parts.push((rest.to_owned(), None));
        Self { parts, escaping }
    }

    fn filled(&self, said: &Said, url: &str) -> String {
        let mut filled = String::new();
        for (text, place) in &self.parts {
            filled.push_str(text);
            match place {
                Some(Place::Url) => self.escaping.write(url, &mut filled),
                Some(Place::Path(path)) => {
                    let value = path.texts(said, None).into_iter().next().unwrap_or_default();
                    self.escaping.write(&value, &mut filled);
                }
                None => {}
            }
        }
        filled
    }
}

impl Escaping {
    fn write(self, text: &str, out: &mut String) {
        match self {
            Self::Xml => {
                for c in text.chars() {
                    match c {
                        '<' => out.push_str("&lt;"),
                        '>' => out.push_str("&gt;"),
                        '&' => out.push_str("&amp;"),
                        '"' => out.push_str("&quot;"),
                        '\'' => out.push_str("&#39;"),
                        // No character of XML 1.0.
                        c if c.is_control() && !"\t\n\r".contains(c) => {}
                        c => out.push(c),
                    }
                }
            }
            Self::Json => {
                let quoted = serde_json::Value::String(text.to_owned()).to_string();
                out.push_str(quoted.trim_start_matches('"').strip_suffix('"').unwrap_or_default());
            }
            Self::Plain => out.extend(text.chars().filter(|c| !c.is_control())),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reply(content_type: &str, body: &str) -> String {
        let settings = HookReply {
            content_type: Some(content_type.to_owned()),
            body: Some(body.to_owned()),
            ..HookReply::default()
        };
        let body = json!({"call": {"id": "<\"&'\n\u{1}\\"}});
        Reply::new(&settings).text(&Said { body, ..Said::default() }, "https://a/?x=1&y=2")
    }

    #[test]
    fn what_a_request_says_stays_a_text_in_the_reply() {
        // (content type, template, reply)
        let cases = [
            (
                "application/xml",
                "<a u=\"{{url}}\">{{ call.id }}</a>",
                "<a u=\"https://a/?x=1&amp;y=2\">&lt;&quot;&amp;&#39;\n\\</a>",
            ),
            (
                "application/json",
                r#"{"id":"{{call.id}}","n":{"m":1}}"#,
                r#"{"id":"<\"&'\n\u0001\\","n":{"m":1}}"#,
            ),
            ("text/plain", "{{call.id}} {{none}}{{", "<\"&'\\ {{"),
            ("text/plain", "OK", "OK"),
        ];
        for (content_type, template, expected) in cases {
            assert_eq!(reply(content_type, template), expected, "{template}");
        }
    }
}
