//! What every command starts from: the configuration, the store where there is one, and the present.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::clock::{Clock, SystemClock};
use crate::command::{Failure, instant};
use crate::config::{self, Config, Environment, Problems, StoreUntold};
use crate::daemon;
use crate::daemon::timeline::local_time;
use crate::store::{Access, Store, StoreError};

/// A proven configuration with its surroundings.
pub struct Desk {
    /// The process's environment.
    pub env: Environment,
    /// Where the configuration stands.
    pub path: PathBuf,
    /// What it says.
    pub config: Config,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
}

impl Desk {
    /// Finds and loads the configuration.
    ///
    /// # Errors
    /// Exit code 2, with every problem, where there is none or it has errors.
    pub fn open(flag: Option<&Path>) -> Result<Self, Failure> {
        let env = Environment::from_process();
        let path = config::find(flag, &env).map_err(not_understood)?;
        let config = config::load(&path, &env).map_err(not_understood)?;
        Ok(Self {
            env,
            path,
            config,
            clock: Arc::new(SystemClock),
        })
    }

    /// Finds and loads the configuration; where it has errors, the last good load that the store keeps, as a daemon
    /// would, and says so.
    ///
    /// # Errors
    /// Exit code 2, with every problem, where there is none, or it has errors and no good load is kept.
    pub async fn open_or_kept(flag: Option<&Path>) -> Result<Self, Failure> {
        let env = Environment::from_process();
        let path = config::find(flag, &env).map_err(not_understood)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let config = match config::load(&path, &env) {
            Ok(config) => config,
            Err(problems) => {
                let place = match config::store_path_of(&path, &env) {
                    Ok(place) => place,
                    Err(error) => return Err(untold(problems, &error)),
                };
                let Ok(opened) = Store::open(&place, Access::Look, clock.now()).await else {
                    return Err(not_understood(problems));
                };
                let Ok(chosen) = daemon::start_config(&path, &env, &opened.store).await else {
                    return Err(not_understood(problems));
                };
                note("the files have errors (see `duban check`): this is by the last good load");
                Config {
                    store: place,
                    ..chosen.config
                }
            }
        };
        Ok(Self {
            env,
            path,
            config,
            clock,
        })
    }

    /// The present: as given, else as the clock says.
    ///
    /// # Errors
    /// Exit code 2 where the text is no instant.
    pub fn now(&self, given: Option<&str>) -> Result<DateTime<Utc>, Failure> {
        match given {
            Some(text) => Ok(instant::instant(text, self.config.almanac.timing.zone)?),
            None => Ok(self.clock.now()),
        }
    }

    /// The store, to be looked at; none where none was made yet.
    ///
    /// # Errors
    /// Exit code 1 where there is one that cannot be read.
    pub async fn look(&self) -> Result<Option<Store>, Failure> {
        look(&self.config.store, self.clock.now()).await
    }

    /// The store, to be looked at, where `now` is not before its first entry: before that it says nothing.
    ///
    /// # Errors
    /// Exit code 1 where there is one that cannot be read.
    pub async fn look_at(&self, now: DateTime<Utc>) -> Result<Option<Store>, Failure> {
        let Some(store) = self.look().await? else {
            return Ok(None);
        };
        let first = store.entries(0, 1).await.map_err(failed)?;
        let begun = first.first().and_then(|entry| entry.at.parse::<DateTime<Utc>>().ok());
        if begun.is_some_and(|begun| now < begun) {
            let now = local_time(&self.config.almanac, now);
            note(&format!("the store begins after {now}: it is ignored"));
            return Ok(None);
        }
        Ok(Some(store))
    }

    /// [`Desk::look_at`], saying so where there is nothing to look at.
    ///
    /// # Errors
    /// Exit code 1 where there is a store that cannot be read.
    pub async fn look_or_first_load(&self, now: DateTime<Utc>) -> Result<Option<Store>, Failure> {
        let store = self.look_at(now).await?;
        if store.is_none() {
            let path = &self.config.store;
            if !path.exists() {
                note(&format!("there is no store at {}", path.display()));
            }
            note("this is how a first load would have it");
        }
        Ok(store)
    }

    /// The store, to be acted on, which must be there.
    ///
    /// # Errors
    /// Exit code 1, naming the path, where there is none or it cannot be used.
    pub async fn act(&self) -> Result<Store, Failure> {
        refuse_folder(&self.config.store)?;
        match Store::open(&self.config.store, Access::Act, self.clock.now()).await {
            Ok(opened) => unless_held(opened.store, self.clock.now()).await,
            Err(error) => Err(store_failed(error)),
        }
    }

    /// The store, to be looked at, which must be there.
    ///
    /// # Errors
    /// Exit code 1, naming the path, where there is none or it cannot be read.
    pub async fn look_in(&self) -> Result<Store, Failure> {
        refuse_folder(&self.config.store)?;
        match Store::open(&self.config.store, Access::Look, self.clock.now()).await {
            Ok(opened) => Ok(opened.store),
            Err(error) => Err(store_failed(error)),
        }
    }
}

/// Where the store is, whether the files are in order or not: what acts and the journal need.
pub struct Place {
    /// The process's environment.
    pub env: Environment,
    /// The store's file.
    pub store: PathBuf,
    /// The configuration, where it has no errors.
    pub config: Option<Config>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
}

impl Place {
    /// Finds the configuration, and by it the store.
    ///
    /// # Errors
    /// Exit code 2 where there is no configuration at all, or its errors hide which store it means.
    pub fn find(flag: Option<&Path>) -> Result<Self, Failure> {
        let env = Environment::from_process();
        let path = config::find(flag, &env).map_err(not_understood)?;
        let (store, config) = match config::load(&path, &env) {
            Ok(config) => (config.store.clone(), Some(config)),
            Err(problems) if !path.is_file() => return Err(not_understood(problems)),
            Err(problems) => match config::store_path_of(&path, &env) {
                Ok(store) => (store, None),
                Err(error) => return Err(untold(problems, &error)),
            },
        };
        Ok(Self {
            env,
            store,
            config,
            clock: Arc::new(SystemClock),
        })
    }

    /// Opens the store.
    ///
    /// # Errors
    /// Exit code 1, naming the path, where there is none or it cannot be used.
    pub async fn open(&self, access: Access) -> Result<Store, Failure> {
        refuse_folder(&self.store)?;
        match Store::open(&self.store, access, self.clock.now()).await {
            Ok(opened) if access == Access::Act => unless_held(opened.store, self.clock.now()).await,
            Ok(opened) => Ok(opened.store),
            Err(error) => Err(store_failed(error)),
        }
    }
}

/// The store at a path, to be looked at; none where none was made yet.
///
/// # Errors
/// Exit code 1 where there is one that cannot be read.
pub(super) async fn look(path: &Path, now: DateTime<Utc>) -> Result<Option<Store>, Failure> {
    refuse_folder(path)?;
    match Store::open(path, Access::Look, now).await {
        Ok(opened) => Ok(Some(opened.store)),
        Err(StoreError::Missing { .. }) => Ok(None),
        Err(error) => Err(store_failed(error)),
    }
}

/// A store to be acted on, unless the clock is not believed: what is written down at a wrong time is wrong for ever.
async fn unless_held(store: Store, now: DateTime<Utc>) -> Result<Store, Failure> {
    let Some(hold) = daemon::clock_fault(&store, now).await.map_err(failed)? else {
        return Ok(store);
    };
    store.close().await;
    let zone = chrono_tz::UTC;
    let shown = |at: DateTime<Utc>| at.with_timezone(&zone).format("%Y-%m-%d %H:%M UTC").to_string();
    let text = format!(
        "the clock is not believed, and nothing is written down at a wrong time: it shows {}, and {} was expected",
        shown(now),
        shown(hold.expected)
    );
    Err(hinted(
        &text,
        "set the clock right, or say that it is right: start once with `duban run --accept-clock`",
    ))
}

/// A folder is no store, which the database would not say.
///
/// # Errors
/// Exit code 1, naming the path.
pub(super) fn refuse_folder(path: &Path) -> Result<(), Failure> {
    if path.is_dir() {
        let text = format!("the store {} is a folder", path.display());
        return Err(hinted(
            &text,
            "name a file in it: [store] url = \"sqlite:FOLDER/duban.db\"",
        ));
    }
    Ok(())
}

/// Problems of a configuration, told on standard error.
#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
pub(super) fn not_understood(problems: Problems) -> Failure {
    eprint(&config::report(Err(&problems)));
    Failure::Told(2)
}

/// Problems of a configuration that hide which store it means: no store is touched.
pub(super) fn untold(problems: Problems, error: &StoreUntold) -> Failure {
    let failure = not_understood(problems);
    eprint(&format!(
        "error: {error}\n  hint: mend the files (see `duban check`); until then no store is opened and nothing is sent\n"
    ));
    failure
}

/// A failure of the store or the daemon.
pub(super) fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::Failed(error.into())
}

/// A failure with what to do about it.
pub(super) fn hinted(text: &str, hint: &str) -> Failure {
    Failure::Failed(anyhow::anyhow!("{text}\n  hint: {hint}"))
}

/// A store that cannot be opened, with what to do about it.
fn store_failed(error: StoreError) -> Failure {
    if matches!(error, StoreError::Missing { .. }) {
        return hinted(&error.to_string(), "`duban run` makes it when it first starts");
    }
    if let StoreError::NotPermitted { owner: Some(owner), .. } = error {
        let user = user_name(owner);
        let hint = format!("it belongs to {user}: `sudo -u {user} duban …`");
        return hinted(&error.to_string(), &hint);
    }
    failed(error)
}

/// The name of a user id, else `#` and the id, which sudo takes too.
fn user_name(uid: u32) -> String {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    name_in(&users, uid).unwrap_or_else(|| format!("'#{uid}'"))
}

fn name_in(users: &str, uid: u32) -> Option<String> {
    let uid = uid.to_string();
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid).then(|| name.to_owned())
    })
}

/// Something to know, on standard error.
pub(super) fn note(text: &str) {
    eprint(&format!("note: {text}\n"));
}

#[expect(clippy::print_stderr, reason = "this is what the person at the keyboard is told")]
pub(super) fn eprint(text: &str) {
    eprint!("{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "root:x:0:0:root:/root:/bin/bash\nduban:x:990:980::/var/lib/duban:/usr/sbin/nologin\n";

    #[test]
    fn the_owner_of_a_store_is_named_as_sudo_knows_them() {
        assert_eq!(name_in(USERS, 990).as_deref(), Some("duban"));
    }

    #[test]
    fn an_owner_without_a_name_is_none() {
        assert_eq!(name_in(USERS, 98), None);
    }
}
