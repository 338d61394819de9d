//! What is shown, and how fresh it is.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, timeout};

use crate::store::{Alike, Figures, Store};

use super::limits::{CENSUS_FRESH, CENSUS_REST, FRESH, STORE_WAIT};
use super::vitals::{Vitals, Watched};
use super::{line, metrics};

/// What those who watch are shown.
pub struct Board {
    watched: Arc<dyn Watched>,
    store: Store,
    /// Held while the store is asked, so that it is asked by one at a time.
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    figures: Option<(Instant, Option<Figures>)>,
    census: Option<Census>,
}

struct Census {
    at: Instant,
    took: Duration,
    rows: Vec<Alike>,
}

impl Last {
    fn figures(&self) -> Option<&Figures> {
        self.figures.as_ref()?.1.as_ref()
    }

    fn census(&self) -> &[Alike] {
        self.census.as_ref().map_or(&[], |census| &census.rows)
    }
}

impl Census {
    fn is_fresh(&self) -> bool {
        self.at.elapsed() < CENSUS_FRESH.max(self.took.saturating_mul(CENSUS_REST))
    }
}

impl std::fmt::Debug for Board {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Board").finish_non_exhaustive()
    }
}

impl Board {
    /// A board for one who is watched, and the store behind.
    #[must_use]
    pub fn new(watched: Arc<dyn Watched>, store: Store) -> Self {
        Self {
            watched,
            store,
            last: Mutex::default(),
        }
    }

    /// How the daemon is.
    #[must_use]
    pub fn vitals(&self) -> Vitals {
        self.watched.vitals()
    }

    /// All metrics, in the text of `OpenMetrics`. Where the store does not answer in time, what is known without it.
    pub async fn metrics(&self) -> String {
        let last = self.looked_at().await;
        metrics::text(&self.watched.vitals(), last.figures(), last.census())
    }

    /// How the daemon is, in one line.
    pub async fn line(&self) -> String {
        let last = self.looked_at().await;
        line::line(&self.watched.vitals(), last.figures(), last.census())
    }

    /// What the store says, asked again where it is not fresh.
    async fn looked_at(&self) -> MutexGuard<'_, Last> {
        let mut last = self.last.lock().await;
        if last.figures.as_ref().is_none_or(|(at, _)| at.elapsed() >= FRESH) {
            let now = self.watched.vitals().now;
            let figures = timeout(STORE_WAIT, self.store.figures(now)).await;
            last.figures = Some((Instant::now(), told(figures, "figures")));
        }
        if last.figures().is_some() && last.census.as_ref().is_none_or(|census| !census.is_fresh()) {
            let at = Instant::now();
            let counted = told(timeout(STORE_WAIT, self.store.census()).await, "census");
            // What was counted before tells more than nothing.
            let before = last.census.take().map(|census| census.rows);
            last.census = Some(Census {
                at,
                took: at.elapsed(),
                rows: counted.or(before).unwrap_or_default(),
            });
        }
        last
    }
}

/// What the store answered in time.
fn told<T>(answer: Result<crate::store::Result<T>, tokio::time::error::Elapsed>, what: &'static str) -> Option<T> {
    match answer {
        Ok(Ok(answer)) => Some(answer),
        Ok(Err(error)) => {
            tracing::warn!("the store does not give its {what} to those who watch: {error}");
            None
        }
        Err(_) => {
            let seconds = STORE_WAIT.as_secs();
            tracing::warn!("the store did not give its {what} within {seconds} s to those who watch");
            None
        }
    }
}
