//! The sample configurations of the project.

use std::path::{Path, PathBuf};

use crate::config::raw::keys::{self, Keys, Kind};
use crate::config::{Config, Environment, load};

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(name)
}

fn loaded(name: &str) -> Config {
    load(&sample(name), &Environment::default()).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn the_minimal_sample_loads() {
    let config = loaded("minimal.toml");
    assert_eq!(config.tasks.len(), 1);
    assert_eq!(config.warnings, []);
}

#[test]
fn the_langfang_sample_loads_with_its_whole_campaign_and_no_warning() {
    let config = loaded("langfang/duban.toml");
    assert_eq!(config.tasks.len(), 29);
    let responsible: std::collections::BTreeSet<_> = config.tasks.iter().map(|task| &task.unit).collect();
    let leads: std::collections::BTreeSet<_> = config.tasks.iter().map(|task| &task.lead).collect();
    assert_eq!(
        (
            responsible.len(),
            leads.len(),
            config.ladders.len(),
            config.reviews.len()
        ),
        (16, 7, 3, 2)
    );
    assert_eq!(config.warnings, []);
}

#[test]
fn the_complete_sample_loads_without_a_warning() {
    let config = loaded("duban.toml");
    assert_eq!(config.tasks.len(), 3);
    // What it keeps as secrets is open to all who have the sample.
    let others: Vec<&str> = config
        .warnings
        .iter()
        .map(|warning| warning.text.as_str())
        .filter(|text| !text.starts_with("others can read or write the secret in"))
        .collect();
    assert_eq!(others, [""; 0]);
}

#[test]
fn the_complete_sample_shows_every_key() {
    let text = std::fs::read_to_string(sample("duban.toml")).expect("the sample");
    let shows = |key: &str| {
        text.lines().any(|line| {
            let header = [format!("[{key}]"), format!("[{key}."), format!("[[{key}]]")];
            header
                .iter()
                .any(|header| line.trim_start_matches("# ").starts_with(header.as_str()))
                || line.match_indices(key).any(|(at, _)| {
                    let before = line.get(..at).and_then(|before| before.chars().last());
                    let after = line.get(at + key.len()..).unwrap_or_default().trim_start();
                    before.is_none_or(|c| matches!(c, ' ' | '{' | ',')) && after.starts_with('=')
                })
        })
    };
    let missing: Vec<&str> = names(keys::TOP).into_iter().filter(|key| !shows(key)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

/// Every key below a table, the tables in it included.
fn names(keys: Keys) -> Vec<&'static str> {
    let below = |kind| {
        if let Kind::Table(keys) | Kind::Entries(keys) | Kind::List(keys) = kind {
            names(keys)
        } else if kind == Kind::Channels {
            names(keys::CHANNEL)
        } else if kind == Kind::Secret {
            names(keys::SECRET)
        } else {
            Vec::new()
        }
    };
    keys.iter()
        .flat_map(|key| [vec![key.name], below(key.kind)].concat())
        .collect()
}
