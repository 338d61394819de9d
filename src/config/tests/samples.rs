//! The sample configurations of the project.

use std::path::{Path, PathBuf};

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
