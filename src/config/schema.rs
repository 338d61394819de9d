//! A JSON Schema of the files, for editors: drawn from the same tables of keys as the reader.
//!
//! Draft 7, in the words that Taplo and Even Better TOML understand. Dates of TOML reach validators as texts.

mod form;

use serde_json::{Map, Value, json};

use super::channels;
use super::raw::keys::{CALENDAR, CHANNEL, Key, Keys, Kind, SECRET, TOP};

/// Which files a schema is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaOf {
    /// `duban.toml`, the files it includes, and ledgers in TOML.
    Configuration,
    /// A calendar.
    Calendar,
}

/// The name of the schema's file beside a configuration, as `#:schema` names it.
pub const SCHEMA_FILE: &str = "duban.schema.json";

/// The schema, as indented JSON with a line end.
#[must_use]
pub fn schema(of: SchemaOf) -> String {
    let (keys, title) = match of {
        SchemaOf::Configuration => (TOP, "The configuration of Duban, and its ledgers in TOML"),
        SchemaOf::Calendar => (CALENDAR, "A calendar of Duban"),
    };
    let mut schema = table(keys);
    schema.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    schema.insert("title".to_owned(), json!(title));
    format!("{:#}\n", Value::Object(schema))
}

/// A table with these keys and no other.
fn table(keys: Keys) -> Map<String, Value> {
    let required: Vec<&str> = keys.iter().filter(|key| key.is_required).map(|key| key.name).collect();
    let properties: Map<String, Value> = keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    let mut table = object(json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    }));
    if !required.is_empty() {
        table.insert("required".to_owned(), json!(required));
    }
    table
}

fn property(key: &Key) -> Value {
    let mut schema = object(of_kind(key.kind));
    schema.insert("description".to_owned(), json!(key.doc));
    Value::Object(schema)
}

fn of_kind(kind: Kind) -> Value {
    match kind {
        Kind::Text => json!({"type": "string"}),
        Kind::Handle => json!({"type": "string", "minLength": 1}),
        Kind::Form(form) => form::text(form),
        Kind::Word(words) => json!({"type": "string", "enum": words}),
        Kind::Texts(form) => list_or_one(&form::text(form)),
        Kind::Words(words) => list_or_one(&json!({"type": "string", "enum": words})),
        Kind::Number => json!({"type": ["string", "integer"]}),
        Kind::Whole(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        Kind::Flag => json!({"type": "boolean"}),
        Kind::Cell => json!({"type": ["string", "integer", "array"], "items": {"type": "string"}}),
        Kind::Secret => secret(),
        Kind::Secrets => list_or_one(&secret()),
        Kind::Table(keys) => Value::Object(table(keys)),
        Kind::Entries(keys) => entries(&table(keys)),
        Kind::List(keys) => json!({"type": "array", "items": table(keys)}),
        Kind::Channels => entries(&channel()),
        Kind::Headers(keys) => {
            let header = |key: &Key| (key.name.to_owned(), json!({"type": "string", "description": key.doc}));
            let headers: Map<String, Value> = keys.iter().map(header).collect();
            json!({"type": "object", "additionalProperties": false, "properties": headers})
        }
        Kind::Open => json!({}),
    }
}

/// Tables by id: an id has no colon and no blanks around it.
fn entries(table: &Map<String, Value>) -> Value {
    json!({
        "type": "object",
        "propertyNames": {"pattern": "^[^:\\s]([^:\\r\\n]*[^:\\s])?$"},
        "additionalProperties": table,
    })
}

fn list_or_one(one: &Value) -> Value {
    json!({"anyOf": [one, {"type": "array", "items": one}]})
}

/// In the clear, or one place where it is kept.
fn secret() -> Value {
    let mut source = table(SECRET);
    source.insert("minProperties".to_owned(), json!(1));
    source.insert("maxProperties".to_owned(), json!(1));
    json!({"anyOf": [{"type": "string"}, source]})
}

/// Every key that any channel may have; then for each type, which are not its own and which it must have.
fn channel() -> Map<String, Value> {
    let mut schema = table(CHANNEL);
    let kinds = channels::kinds();
    if let Some(kind) = schema.get_mut("properties").and_then(|all| all.get_mut("type")) {
        *kind = json!({"type": "string", "enum": kinds, "description": "What kind of channel it is"});
    }
    let by_kind = kinds.iter().map(|kind| {
        let own = channels::keys_of(kind).unwrap_or_default();
        // Each stands alone, so that an editor marks the key and not the whole channel.
        let others: Map<String, Value> = CHANNEL
            .iter()
            .filter(|key| !own.contains(&key.name))
            .map(|key| (key.name.to_owned(), json!({"not": {}})))
            .collect();
        let mut then = object(musts(channels::required_of(kind)));
        then.insert("properties".to_owned(), Value::Object(others));
        json!({"if": {"properties": {"type": {"enum": [kind]}}, "required": ["type"]}, "then": then})
    });
    schema.insert("allOf".to_owned(), by_kind.collect());
    schema
}

/// What must be there; where posts go to a folder, only that folder.
fn musts(required: &[&str]) -> Value {
    if required == ["url"] || required.contains(&"server") {
        return json!({"required": required});
    }
    let folder = json!({"type": "string", "pattern": "^file:"});
    json!({"if": {"required": ["url"], "properties": {"url": folder}}, "else": {"required": required}})
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}
