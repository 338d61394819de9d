//! What the office hears of loads: what a load did, files that are broken or refused, at once and then daily, and files
//! that are in order again.

use chrono::{DateTime, NaiveDate, Utc};

use crate::daemon::{DaemonError, Engine};
use crate::domain::message::MessageKind;
use crate::domain::system::SystemWord;

/// The family of causes under which the office is told of broken or refused files.
const LOAD_CAUSE: &str = "load";
/// The family of those that say on which day it was last told.
const DAY_CAUSE: &str = "load-day";

/// What the store remembers of telling of broken files.
#[derive(Default)]
struct Remembered {
    /// The names of all causes of both families.
    open: Vec<String>,
    /// Whether the files are known to be broken, and since when.
    since: Option<DateTime<Utc>>,
    /// The day on which it was last told.
    day: Option<NaiveDate>,
}

impl Engine {
    /// Tells the office what a load did: what was stored to be told, and broken files or files in order again.
    pub(super) async fn tell_of_start(&self, problems: &[String], now: DateTime<Utc>) -> Result<(), DaemonError> {
        for mut pending in self.store.pending_words().await? {
            if let SystemWord::NewStore { path, tasks, late } = &mut pending.word {
                let waiting = self.store.waiting_recipients(now).await?;
                *late = waiting.iter().map(|waiting| waiting.late).sum();
                tracing::warn!(
                    store.path = path,
                    tasks,
                    late,
                    "a new store was made at {path}: {tasks} tasks, {late} late notices"
                );
            }
            self.tell_pending(&pending, now).await?;
        }
        self.tell_of_load(problems, now).await
    }

    /// Tells the office that the files are broken or refused, once for each set of problems, or that they are in order
    /// again.
    pub(super) async fn tell_of_load(&self, problems: &[String], now: DateTime<Utc>) -> Result<(), DaemonError> {
        let known = self.remembered().await?;
        if problems.is_empty() {
            return self.tell_turn(None, &known.open, &SystemWord::LoadAccepted, now).await;
        }
        for problem in problems {
            tracing::error!("the last good load stays in force: {problem}");
        }
        let parts: Vec<&str> = problems.iter().map(String::as_str).collect();
        let print = crate::rules::compose::message_id(MessageKind::System, &parts);
        let cause = format!("{LOAD_CAUSE}:{print}");
        if known.open.contains(&cause) {
            return Ok(());
        }
        self.tell_turn(Some(&cause), &known.open, &self.refused(problems, &known, now), now)
            .await?;
        self.store.begin_cause(&self.day_cause(now), now).await?;
        Ok(())
    }

    /// Tells the office once a day, from the second day on, that the files are still broken or refused.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn tell_of_load_daily(&self, now: DateTime<Utc>) -> Result<(), DaemonError> {
        let problems = self.health().standing().degraded;
        if problems.is_empty() {
            return Ok(());
        }
        let known = self.remembered().await?;
        let today = self.config.almanac.today(now);
        let morning = today.and_time(self.config.almanac.timing.send_at);
        let is_told = known.day.is_some_and(|day| day >= today);
        if known.since.is_none() || is_told || now < self.config.almanac.instant(morning) {
            return Ok(());
        }
        let cause = self.day_cause(now);
        let letters = self.office_letters(&cause, &self.refused(&problems, &known, now), None, now);
        let told: Vec<String> = known.open.into_iter().filter(|name| is_of(name, DAY_CAUSE)).collect();
        self.store.turn_cause(now, Some(&cause), &told, &letters).await?;
        Ok(())
    }

    fn refused(&self, problems: &[String], known: &Remembered, now: DateTime<Utc>) -> SystemWord {
        SystemWord::LoadRefused {
            problems: problems.to_vec(),
            since: self.as_of(known.since.unwrap_or(now)),
        }
    }

    fn day_cause(&self, now: DateTime<Utc>) -> String {
        format!("{DAY_CAUSE}:{}", self.config.almanac.today(now))
    }

    async fn remembered(&self) -> Result<Remembered, DaemonError> {
        let mut known = Remembered::default();
        for (name, since) in self.store.causes().await? {
            if is_of(&name, LOAD_CAUSE) {
                known.since = Some(known.since.map_or(since, |earliest| earliest.min(since)));
            } else if is_of(&name, DAY_CAUSE) {
                let day = name.split_once(':').and_then(|(_, day)| day.parse().ok());
                known.day = known.day.max(day);
            } else {
                continue;
            }
            known.open.push(name);
        }
        Ok(known)
    }
}

/// Whether a cause is of a family.
fn is_of(name: &str, family: &str) -> bool {
    name.split(':').next() == Some(family)
}
