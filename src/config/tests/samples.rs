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
