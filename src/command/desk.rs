//! What every command starts from: the configuration, the store where there is one, and the present.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::clock::{Clock, SystemClock};
use crate::command::{Failure, instant};
use crate::config::{self, Config, Environment, Problems};
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
        match Store::open(&self.config.store, Access::Look, self.clock.now()).await {
            Ok(opened) => Ok(Some(opened.store)),
            Err(StoreError::Missing { .. }) => Ok(None),
            Err(error) => Err(Failure::Failed(error.into())),
        }
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
            tracing::warn!("the store begins after {now}: it is ignored");
            return Ok(None);
        }
        Ok(Some(store))
    }
}

/// Problems of a configuration, told on standard error.
pub(super) fn not_understood(problems: Problems) -> Failure {
    eprint(&config::report(Err(&problems)));
    Failure::Told(2)
}

/// A failure of the store or the daemon.
pub(super) fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::Failed(error.into())
}

#[expect(clippy::print_stderr, reason = "this is what the person at the keyboard is told")]
pub(super) fn eprint(text: &str) {
    eprint!("{text}");
}
