//! The schema and the reader know the same keys and words. A key that is added to `raw::keys` is covered at once.

use super::{BASE, Fixture, TASK};
use crate::config::raw::keys::{CALENDAR, CHANNEL, Form, Key, Keys, Kind, SECRET, TOP};
use crate::config::{SchemaOf, schema};

/// A key with a line of TOML that sets it, and what messages call it.
struct Spot {
    key: &'static Key,
    name: String,
    before: String,
    after: String,
}

impl Spot {
    fn set(&self, value: &str) -> String {
        format!("{} = {value}{}", self.before, self.after)
    }
}

/// Every key below a table, with the way to it.
fn spots(keys: Keys, name: &str, before: &str, after: &str) -> Vec<Spot> {
    let mut found = Vec::new();
    for key in keys {
        let (name, before) = (format!("{name}{}", key.name), format!("{before}{}", key.name));
        let below = if let Kind::Table(keys) | Kind::Headers(keys) = key.kind {
            spots(keys, &format!("{name}."), &format!("{before}."), after)
        } else if let Kind::Entries(keys) = key.kind {
            spots(keys, &format!("{name}.x."), &format!("{before}.x."), after)
        } else if key.kind == Kind::Channels {
            spots(CHANNEL, &format!("{name}.x."), &format!("{before}.x."), after)
        } else if let Kind::List(keys) = key.kind {
            let after = format!(" }}]{after}");
            spots(keys, &format!("{name}."), &format!("{before} = [{{ "), &after)
        } else if key.kind == Kind::Secret {
            spots(SECRET, &format!("{name}."), &format!("{before}."), after)
        } else {
            Vec::new()
        };
        found.extend(below);
        let after = after.to_owned();
        found.push(Spot {
            key,
            name,
            before,
            after,
        });
    }
    found
}

fn said(lines: &str) -> String {
    Fixture::new(&[("duban.toml", &format!("{lines}\n"))]).printed()
}

fn said_of_calendar(lines: &str) -> String {
    let config = format!("calendar = \"c.toml\"\n{TASK}\n{BASE}");
    Fixture::new(&[("duban.toml", &config), ("c.toml", &format!("{lines}\n"))]).printed()
}

#[test]
fn every_key_of_the_schema_is_read() {
    let read = |spots: Vec<Spot>, said: fn(&str) -> String| {
        for spot in spots.iter().filter(|spot| spot.key.kind != Kind::Open) {
            // What no key may be.
            let printed = said(&spot.set("[[1.5]]"));
            let told = format!("`{}` must ", spot.name);
            assert!(printed.contains(&told), "`{}` is not read: {printed}", spot.name);
        }
        spots.len()
    };
    assert!(read(spots(TOP, "", "", ""), said) > 130);
    assert!(read(spots(CALENDAR, "", "", ""), said_of_calendar) > 10);
}

#[test]
fn the_words_of_the_schema_are_those_of_the_reader() {
    let mut count = 0;
    for spot in spots(TOP, "", "", "") {
        let (Kind::Word(words) | Kind::Words(words)) = spot.key.kind else {
            continue;
        };
        let printed = said(&spot.set("\"zzzzzz\""));
        let all = format!("one of: {}", words.join(", "));
        // A milestone, a meeting and the like are looked at only where all around them is right.
        assert!(
            printed.contains(&all),
            "`{}` takes other words than {words:?}: {printed}",
            spot.name
        );
        count += 1;
    }
    assert!(count >= 7, "{count}");
}

#[test]
fn what_is_required_by_the_schema_is_required_by_the_reader() {
    for spot in spots(TOP, "", "", "") {
        // A row whose id or title is missing is told otherwise, and headers are not required.
        let is_cell = ["tasks.", "ledger_columns."]
            .iter()
            .any(|table| spot.name.starts_with(table));
        if spot.key.is_required && !is_cell {
            let without = spot.set("1").replace(&format!("{} = 1", spot.key.name), "zzzzzz = 1");
            let told = format!("has no `{}`", spot.key.name);
            assert!(said(&without).contains(&told), "{}: {}", spot.name, said(&without));
        }
    }
}

#[test]
fn every_key_says_what_it_means_and_unknown_keys_are_refused_at_every_table() {
    let schema: serde_json::Value = serde_json::from_str(&schema(SchemaOf::Configuration)).expect("JSON");
    let mut tables = 0;
    walk(&schema, &mut |value| {
        let Some(properties) = value.get("properties").and_then(|all| all.as_object()) else {
            return;
        };
        if value.get("type").is_none() {
            return;
        }
        tables += 1;
        assert_eq!(value["additionalProperties"], false, "{value}");
        for (name, property) in properties {
            let doc = property["description"].as_str().unwrap_or_default();
            assert!(!doc.is_empty() && !doc.ends_with('.'), "{name}: {doc}");
        }
    });
    assert!(tables > 20, "{tables}");
}

fn walk(value: &serde_json::Value, look: &mut impl FnMut(&serde_json::Value)) {
    look(value);
    let below = value.as_object().into_iter().flat_map(|map| map.values());
    below
        .chain(value.as_array().into_iter().flatten())
        .for_each(|value| walk(value, look));
}

#[test]
fn a_form_is_told_for_what_has_one() {
    let formless: Vec<String> = spots(TOP, "", "", "")
        .into_iter()
        .filter(|spot| ["every", "at", "cron", "send_at", "hours", "due", "retry"].contains(&spot.key.name))
        .filter(|spot| matches!(spot.key.kind, Kind::Text | Kind::Texts(Form::Any)))
        .map(|spot| spot.name)
        .collect();
    assert_eq!(formless, Vec::<String>::new());
}
