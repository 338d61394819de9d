//! The environment as an explicit value, and what follows from it: where the configuration and the store are.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::problem::Problems;

/// Variables by name; prints their names only, since values may be secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<String, String>,
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

impl Environment {
    /// The variables given.
    #[must_use]
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            variables: variables.into_iter().collect(),
        }
    }

    /// Those of this process; the only reader of them. Names and values that are not UTF-8 are left out.
    #[must_use]
    pub fn from_process() -> Self {
        Self::new(
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        )
    }

    /// A variable that is set and not empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }
}

/// The configuration file: `--config`, `DUBAN_CONFIG`, `./duban.toml`, `/etc/duban/duban.toml`.
///
/// # Errors
/// Where none is named and none stands in the usual places.
pub fn find(flag: Option<&Path>, env: &Environment) -> Result<PathBuf, Problems> {
    if let Some(path) = flag {
        return Ok(path.to_owned());
    }
    if let Some(path) = env.get("DUBAN_CONFIG") {
        return Ok(path.into());
    }
    let places = ["duban.toml", "/etc/duban/duban.toml"];
    let found = places.iter().map(Path::new).find(|path| path.is_file());
    found.map(Path::to_owned).ok_or_else(|| {
        Problems::one(
            None,
            "there is no configuration: neither ./duban.toml nor /etc/duban/duban.toml exists",
            Some("name one with --config FILE, or in DUBAN_CONFIG".into()),
        )
    })
}

/// The store's file: the one named, else `duban.db` in the state folder, else in `var/` beside the configuration; with
/// a trial, its name ends in `.trial.db`.
pub(super) fn store_path(config: &Path, env: &Environment, named: Option<PathBuf>, trial: bool) -> PathBuf {
    let path = named.unwrap_or_else(|| match env.get("STATE_DIRECTORY") {
        // systemd lists several folders with `:` between.
        Some(folders) => Path::new(folders.split(':').next().unwrap_or(folders)).join("duban.db"),
        None => config.parent().unwrap_or(Path::new("")).join("var/duban.db"),
    });
    if !trial {
        return path;
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    path.with_file_name(format!("{stem}.trial.db"))
}

/// The path in `sqlite:PATH`, `sqlite://PATH` too.
pub(super) fn sqlite_path(url: &str) -> Option<&str> {
    let path = url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    (!path.is_empty()).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Environment {
        Environment::new(
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        )
    }

    #[test]
    fn the_flag_wins_over_the_variable() {
        let env = env(&[("DUBAN_CONFIG", "/b.toml")]);
        assert_eq!(find(Some(Path::new("/a.toml")), &env), Ok("/a.toml".into()));
        assert_eq!(find(None, &env), Ok("/b.toml".into()));
    }

    #[test]
    fn the_environment_prints_names_and_no_values() {
        assert_eq!(
            format!("{:?}", env(&[("SMTP_PASSWORD", "hunter2")])),
            "{\"SMTP_PASSWORD\"}"
        );
    }

    #[test]
    fn without_a_url_the_store_is_in_the_state_folder_else_beside_the_configuration() {
        let path = Path::new("/none/duban.toml");
        let place = |env| store_path(path, &env, None, false);
        assert_eq!(place(env(&[])), PathBuf::from("/none/var/duban.db"));
        let state = env(&[("STATE_DIRECTORY", "/var/lib/duban:/x")]);
        assert_eq!(place(state), PathBuf::from("/var/lib/duban/duban.db"));
    }
}
