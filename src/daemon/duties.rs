//! Rows that repeat, while the daemon runs on: what comes into reach is added once a day, without a load.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::PoisonError;

use chrono::{DateTime, Days, NaiveTime, Utc};

use crate::daemon::sync::to_keep;
use crate::daemon::{DaemonError, Engine};
use crate::domain::id::TaskId;
use crate::rules::intake::{self, Row};
use crate::store;

impl Engine {
    /// Adds the occurrences that came into reach since the last look; says when to look again, the next midnight.
    ///
    /// # Errors
    /// Where the store fails.
    pub(super) async fn extend_duties(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, DaemonError> {
        if self.config.duties.is_empty() {
            return Ok(None);
        }
        let almanac = &self.config.almanac;
        let today = almanac.today(now);
        let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today);
        let next = Some(almanac.instant(tomorrow.and_time(NaiveTime::MIN)));
        let seen = *self.duties_seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen == Some(today) {
            return Ok(next);
        }
        let tasks = self.config.occurrences_at(now);
        let prints: BTreeMap<_, String> = self
            .config
            .ladders
            .iter()
            .map(|(id, ladder)| (id, ladder.print()))
            .collect();
        let rows: Vec<Row<'_>> = tasks
            .iter()
            .map(|task| Row {
                task,
                ladder_print: prints.get(&task.ladder).map_or("", String::as_str),
            })
            .collect();
        let added = self
            .store
            .intake::<std::convert::Infallible>(now, |stored| {
                let stored: BTreeSet<&TaskId> = stored.iter().map(|stored| &stored.task.id).collect();
                Ok(store::Intake {
                    changes: to_keep(intake::arrivals(&stored, &rows, now), now),
                    ..store::Intake::default()
                })
            })
            .await?;
        let Ok(added) = added;
        if added > 0 {
            tracing::info!("{added} occurrences of repeating tasks came into reach");
        }
        *self.duties_seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(today);
        Ok(next)
    }
}
