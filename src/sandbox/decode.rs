//! A request's fields, from JSON, forms, multipart bodies and queries, as Ruby on Rails reads
//! them.

use std::convert::Infallible;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::rules::{FROM_PATH, Fields, Refusal};

/// How deep names like `a[b][c]` may go.
const MAX_DEPTH: usize = 32;

/// Reads query and body; a field of the body wins.
///
/// # Errors
///
/// [`Refusal::BrokenJson`] and [`Refusal::BrokenParameters`], as Zammad tells them apart.
pub async fn fields(
    content_type: Option<&str>,
    query: Option<&str>,
    body: bytes::Bytes,
) -> Result<Fields, Refusal> {
    let mut fields = form(query.unwrap_or_default().as_bytes())?;
    let media_type =
        content_type.map(|text| text.split(';').next().unwrap_or_default().trim().to_lowercase());
    let in_body = match media_type.as_deref() {
        Some("application/json") => json(&body)?,
        Some("multipart/form-data") => multipart(content_type.unwrap_or_default(), body).await?,
        None | Some("" | "application/x-www-form-urlencoded") => form(&body)?,
        Some(_) => Map::new(),
    };
    fields.extend(in_body);
    for name in FROM_PATH {
        if let Some(value) = fields.get_mut(name) {
            *value = Value::from("***");
        }
    }
    Ok(fields.into_iter().map(|(name, value)| (name, without_nulls(value))).collect())
}

fn json(body: &[u8]) -> Result<Fields, Refusal> {
    let text = std::str::from_utf8(body).map_err(|_| Refusal::BrokenParameters)?;
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_str(text).map_err(|_| Refusal::BrokenJson)? {
        Value::Object(fields) => Ok(fields),
        // Anything else gets a name that no event has.
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Ok(Map::new())
        }
    }
}

/// Rails takes nulls out of lists.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().filter(|item| !item.is_null()).map(without_nulls).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, without_nulls(value))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

fn form(text: &[u8]) -> Result<Fields, Refusal> {
    let text = std::str::from_utf8(text).map_err(|_| Refusal::BrokenParameters)?;
    let mut fields = Map::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = match pair.split_once('=') {
            Some((name, value)) => (unescape(name)?, Value::String(unescape(value)?)),
            None => (unescape(pair)?, Value::Null),
        };
        insert(&mut fields, &name, value, MAX_DEPTH)?;
    }
    Ok(fields)
}

fn unescape(text: &str) -> Result<String, Refusal> {
    let escapes_are_whole = text
        .split('%')
        .skip(1)
        .all(|part| part.len() >= 2 && part.bytes().take(2).all(|byte| byte.is_ascii_hexdigit()));
    if !escapes_are_whole {
        return Err(Refusal::BrokenParameters);
    }
    let text = text.replace('+', " ");
    percent_decode_str(&text)
        .decode_utf8()
        .map(|text| text.into_owned())
        .map_err(|_| Refusal::BrokenParameters)
}

async fn multipart(content_type: &str, body: bytes::Bytes) -> Result<Fields, Refusal> {
    let broken = |_: multer::Error| Refusal::BrokenParameters;
    let boundary = multer::parse_boundary(content_type).map_err(broken)?;
    let stream = futures_util::stream::once(std::future::ready(Ok::<_, Infallible>(body)));
    let mut parts = multer::Multipart::new(stream, boundary);
    let mut fields = Map::new();
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let Some(name) = part.name().map(str::to_owned) else { continue };
        let bytes = part.bytes().await.map_err(broken)?;
        let text = String::from_utf8(bytes.to_vec()).map_err(|_| Refusal::BrokenParameters)?;
        insert(&mut fields, &name, Value::String(text), MAX_DEPTH)?;
    }
    Ok(fields)
}

/// Puts one pair into the fields: `a`, `a[]` for a list, `a[b]` for a map, in at most `depth` levels.
///
/// Source: Rack's query parser; the last `a` wins, and a name cannot be two of the three.
fn insert(fields: &mut Fields, name: &str, value: Value, depth: usize) -> Result<(), Refusal> {
    let depth = depth.checked_sub(1).ok_or(Refusal::BrokenParameters)?;
    let name = name.trim_start_matches(['[', ']']);
    let end = name.find(['[', ']']).unwrap_or(name.len());
    let (key, rest) = name.split_at(end);
    if key.is_empty() {
        return Ok(());
    }
    let rest = rest.strip_prefix(']').unwrap_or(rest);
    if rest.is_empty() {
        fields.insert(key.to_owned(), value);
    } else if rest == "[]" {
        match fields.entry(key).or_insert_with(|| Value::Array(Vec::new())) {
            Value::Array(items) => items.push(value),
            _ => return Err(Refusal::BrokenParameters),
        }
    } else {
        match fields.entry(key).or_insert_with(|| Value::Object(Map::new())) {
            Value::Object(inner) => insert(inner, rest, value, depth)?,
            _ => return Err(Refusal::BrokenParameters),
        }
    }
    Ok(())
}
