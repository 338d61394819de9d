//! What another configuration changes: tasks, what will be sent, people and ways to reach them. `plan --diff` shows it
//! before, the log tells it at a reload.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::config::Config;
use crate::daemon::Engine;
use crate::daemon::outlook::forecast;
use crate::daemon::timeline::local_time;
use crate::domain::id::TaskId;
use crate::domain::notice::Notice;
use crate::domain::people::{Person, Unit};
use crate::rules::calendar::Almanac;
use crate::rules::intake::changed_columns;
use crate::store::{StoredTask, ToldRow};

/// So many lines are logged; the rest is counted.
const LOGGED_MAX: usize = 100;
/// The log compares what is sent in so long a time.
const LOGGED_SPAN: TimeDelta = TimeDelta::days(30);

/// How something differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It is new.
    Added,
    /// It is gone.
    Dropped,
    /// It comes at another time.
    Moved,
    /// It is another than it was.
    Changed,
}

impl Change {
    /// The word in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Dropped => "dropped",
            Self::Moved => "moved",
            Self::Changed => "changed",
        }
    }
}

/// One difference. It holds no address, so that it can be logged; `title` is left out of the log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Difference {
    /// `task`, `notice`, `person`, `unit`, `channel`, `ladder`, `review`, `meeting`, or `setting`.
    pub what: &'static str,
    /// Of which: the task's id for a task and a notice, else its own.
    pub id: String,
    /// How.
    pub change: Change,
    /// A notice's step with its occurrence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// A notice's recipient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// A notice's channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// How it was.
    pub before: Option<String>,
    /// How it is.
    pub after: Option<String>,
    /// A task's title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.step, &self.recipient) {
            (Some(step), Some(recipient)) => write!(f, "notice {step} of task {} to {recipient}", self.id)?,
            _ => write!(f, "{} {}", self.what, self.id)?,
        }
        write!(f, " {}", self.change.as_str())?;
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => write!(f, ": {before} -> {after}"),
            (Some(text), None) | (None, Some(text)) => write!(f, ": {text}"),
            (None, None) => Ok(()),
        }
    }
}

/// A configuration with the tasks as they stand under it.
#[derive(Clone, Copy, Debug)]
pub struct Stand<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// The tasks.
    pub tasks: &'a [StoredTask],
}

/// What differs between two configurations, and between what they would send in [from, until): tasks in ledger order, notices in the
/// order of time, then the rest by name.
#[must_use]
pub fn differences(
    before: Stand<'_>,
    after: Stand<'_>,
    told: &BTreeMap<TaskId, Vec<ToldRow>>,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Vec<Difference> {
    let mut all = of_tasks(before.tasks, after.tasks);
    let old = forecast(before.config, before.tasks, told, now, until);
    let new = forecast(after.config, after.tasks, told, now, until);
    all.extend(of_notices(&old, &new, &after.config.almanac));
    all.extend(of_configs(before.config, after.config));
    all
}

fn difference(what: &'static str, id: &impl ToString, change: Change) -> Difference {
    Difference {
        what,
        id: id.to_string(),
        change,
        step: None,
        recipient: None,
        channel: None,
        before: None,
        after: None,
        title: None,
    }
}

fn of_tasks(before: &[StoredTask], after: &[StoredTask]) -> Vec<Difference> {
    fn present(tasks: &[StoredTask]) -> BTreeMap<&TaskId, &StoredTask> {
        let present = tasks.iter().filter(|stored| !stored.state.withdrawn);
        present.map(|stored| (&stored.task.id, stored)).collect()
    }
    let (old, new) = (present(before), present(after));
    let mut all = Vec::new();
    for stored in after.iter().filter(|stored| new.contains_key(&stored.task.id)) {
        let (id, title) = (&stored.task.id, Some(stored.task.title.clone()));
        let due = stored.state.due.to_string();
        let Some(was) = old.get(id) else {
            all.push(Difference {
                after: Some(format!("due {due}")),
                title,
                ..difference("task", id, Change::Added)
            });
            continue;
        };
        if was.state.due != stored.state.due {
            all.push(Difference {
                before: Some(format!("due {}", was.state.due)),
                after: Some(format!("due {due}")),
                title: title.clone(),
                ..difference("task", id, Change::Moved)
            });
        }
        if was.state.phase != stored.state.phase {
            all.push(Difference {
                before: Some(was.state.phase.as_str().to_owned()),
                after: Some(stored.state.phase.as_str().to_owned()),
                title: title.clone(),
                ..difference("task", id, Change::Changed)
            });
        }
        let columns = changed_columns(&was.task, &stored.task);
        if !columns.is_empty() {
            all.push(Difference {
                after: Some(columns.join(", ")),
                title,
                ..difference("task", id, Change::Changed)
            });
        }
    }
    let gone = before.iter().filter(|stored| old.contains_key(&stored.task.id));
    let gone = gone.filter(|stored| !new.contains_key(&stored.task.id));
    all.extend(gone.map(|stored| Difference {
        before: Some(format!("due {}", stored.state.due)),
        title: Some(stored.task.title.clone()),
        ..difference("task", &stored.task.id, Change::Dropped)
    }));
    all
}

/// A notice by its meaning.
type Meaning<'a> = (&'a TaskId, String, &'a str);

fn by_meaning(notices: &[Notice]) -> BTreeMap<Meaning<'_>, Vec<&Notice>> {
    let mut all: BTreeMap<Meaning<'_>, Vec<&Notice>> = BTreeMap::new();
    for notice in notices {
        let meaning = (&notice.task, notice.step_name(), notice.recipient.id.as_str());
        all.entry(meaning).or_default().push(notice);
    }
    all
}

fn of_notices(before: &[Notice], after: &[Notice], almanac: &Almanac) -> Vec<Difference> {
    let (old, new) = (by_meaning(before), by_meaning(after));
    let local = |notice: &Notice| local_time(almanac, notice.at);
    let row = |notice: &Notice, change| Difference {
        step: Some(notice.step_name()),
        recipient: Some(notice.recipient.id.clone()),
        channel: Some(notice.channel.to_string()),
        ..difference("notice", &notice.task, change)
    };
    let mut all: Vec<(DateTime<Utc>, Difference)> = Vec::new();
    for (meaning, notices) in &new {
        let was = old.get(meaning).map_or(&[][..], Vec::as_slice);
        // The same on several channels at once is told apart by them.
        let is_alone = notices.len() == 1 && was.len() == 1;
        for notice in notices {
            let twin = was.iter().find(|was| is_alone || was.channel == notice.channel);
            let Some(twin) = twin else {
                let after = Some(local(notice));
                all.push((
                    notice.at,
                    Difference {
                        after,
                        ..row(notice, Change::Added)
                    },
                ));
                continue;
            };
            if twin.at != notice.at {
                let (before, after) = (Some(local(twin)), Some(local(notice)));
                let moved = Difference {
                    before,
                    after,
                    ..row(notice, Change::Moved)
                };
                all.push((notice.at, moved));
            }
            if twin.channel != notice.channel {
                let (before, after) = (Some(twin.channel.to_string()), Some(notice.channel.to_string()));
                let changed = Difference {
                    before,
                    after,
                    ..row(notice, Change::Changed)
                };
                all.push((notice.at, changed));
            }
        }
    }
    for (meaning, notices) in &old {
        let is = new.get(meaning).map_or(&[][..], Vec::as_slice);
        let is_alone = notices.len() == 1 && is.len() == 1;
        for notice in notices {
            if !is_alone && !is.iter().any(|is| is.channel == notice.channel) {
                let before = Some(local(notice));
                all.push((
                    notice.at,
                    Difference {
                        before,
                        ..row(notice, Change::Dropped)
                    },
                ));
            }
        }
    }
    all.sort();
    all.into_iter().map(|(_, difference)| difference).collect()
}

fn of_configs(before: &Config, after: &Config) -> Vec<Difference> {
    let mut all = Vec::new();
    let (old, new) = (&before.people, &after.people);
    all.extend(of_maps("person", &old.persons, &new.persons, person_fields));
    all.extend(of_maps("unit", &old.units, &new.units, unit_fields));
    // What a channel's settings are is nobody's to read here: they hold secrets.
    all.extend(of_maps("channel", &before.channels, &after.channels, |_, _| {
        String::new()
    }));
    let prints = |config: &Config| -> BTreeMap<String, String> {
        let ladders = config.ladders.iter();
        ladders.map(|(id, ladder)| (id.to_string(), ladder.print())).collect()
    };
    all.extend(of_maps("ladder", &prints(before), &prints(after), |old, new| {
        let added = new.lines().filter(|line| !old.lines().any(|other| other == *line));
        let gone = old.lines().filter(|line| !new.lines().any(|other| other == *line));
        let lines = gone
            .map(|line| format!("- {line}"))
            .chain(added.map(|line| format!("+ {line}")));
        lines.collect::<Vec<_>>().join("; ")
    }));
    let reviews = |config: &Config| -> BTreeMap<_, _> {
        let reviews = config.reviews.iter();
        reviews.map(|review| (review.id.clone(), review.clone())).collect()
    };
    all.extend(of_maps("review", &reviews(before), &reviews(after), |old, new| {
        named(&[
            ("cron", old.cron != new.cron),
            ("to", old.to != new.to),
            ("on_day_off", old.on_day_off != new.on_day_off),
            ("late_limit", old.late_limit != new.late_limit),
            ("attach", old.attach != new.attach),
            ("pictures", old.pictures != new.pictures),
        ])
    }));
    all.extend(of_maps("meeting", &before.meetings, &after.meetings, |_, _| {
        String::new()
    }));
    all.extend(of_settings(before, after));
    all
}

/// What differs between two maps, by key.
fn of_maps<K: Ord + ToString, V: PartialEq>(
    what: &'static str,
    before: &BTreeMap<K, V>,
    after: &BTreeMap<K, V>,
    how: impl Fn(&V, &V) -> String,
) -> Vec<Difference> {
    let mut all = Vec::new();
    for (id, new) in after {
        match before.get(id) {
            None => all.push(difference(what, id, Change::Added)),
            Some(old) if old != new => all.push(Difference {
                after: Some(how(old, new)).filter(|text| !text.is_empty()),
                ..difference(what, id, Change::Changed)
            }),
            Some(_) => {}
        }
    }
    let gone = before.keys().filter(|id| !after.contains_key(id));
    all.extend(gone.map(|id| difference(what, id, Change::Dropped)));
    all
}

/// The names of what differs.
fn named(fields: &[(&str, bool)]) -> String {
    let differing = fields.iter().filter(|(_, differs)| *differs);
    differing.map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

fn person_fields(old: &Person, new: &Person) -> String {
    named(&[
        ("name", old.name != new.name),
        ("email", old.email != new.email),
        ("locale", old.locale != new.locale),
        ("channels", old.channels != new.channels),
        ("handles", old.handles != new.handles),
        ("deputy", old.deputy != new.deputy),
        ("away", old.away != new.away),
    ])
}

fn unit_fields(old: &Unit, new: &Unit) -> String {
    named(&[
        ("name", old.name != new.name),
        ("aliases", old.aliases != new.aliases),
        ("head", old.head != new.head),
        ("contacts", old.contacts != new.contacts),
        ("supervisor", old.supervisor != new.supervisor),
        ("group", old.group != new.group),
    ])
}

fn of_settings(before: &Config, after: &Config) -> Vec<Difference> {
    let (old, new) = (&before.almanac.timing, &after.almanac.timing);
    let (was, is) = (&before.delivery, &after.delivery);
    let settings = [
        ("timezone", old.zone != new.zone),
        ("locale", before.people.locale != after.people.locale),
        ("calendar", before.almanac.calendar != after.almanac.calendar),
        ("office", before.people.office != after.people.office),
        (
            "defaults.group",
            before.people.default_group != after.people.default_group,
        ),
        ("defaults.send_at", old.send_at != new.send_at),
        ("defaults.close_of_day", old.close_of_day != new.close_of_day),
        ("defaults.hours", old.hours != new.hours),
        ("defaults.due_on_day_off", old.due_on_day_off != new.due_on_day_off),
        ("defaults.yellow", old.yellow != new.yellow),
        ("delivery.retry", was.retry != is.retry),
        ("delivery.give_up", was.give_up != is.give_up),
        ("delivery.gather", was.gather != is.gather),
        ("delivery.trial", was.trial != is.trial),
        ("store.url", before.store != after.store),
        ("store.keep", before.keep != after.keep),
        ("web", before.web != after.web),
        ("audit", before.audit != after.audit),
        ("scores", before.scores != after.scores),
        ("templates", before.templates != after.templates),
        ("charts.font_file", before.font_file != after.font_file),
    ];
    let differing = settings.into_iter().filter(|(_, differs)| *differs);
    differing
        .map(|(name, _)| difference("setting", &name, Change::Changed))
        .collect()
}

/// One side of a reload, for the log.
pub(super) struct Side {
    engine: Arc<Engine>,
    tasks: Vec<StoredTask>,
}

impl Side {
    pub(super) fn new(engine: Arc<Engine>, tasks: Vec<StoredTask>) -> Self {
        Self { engine, tasks }
    }

    fn stand(&self) -> Stand<'_> {
        Stand {
            config: self.engine.config(),
            tasks: &self.tasks,
        }
    }
}

/// Logs what a reload changed; beside everything else, since it takes its time on a large ledger.
pub(super) fn log_differences(before: Side, after: Side, told: BTreeMap<TaskId, Vec<ToldRow>>, now: DateTime<Utc>) {
    tokio::task::spawn_blocking(move || {
        let all = differences(before.stand(), after.stand(), &told, now, now + LOGGED_SPAN);
        if all.is_empty() {
            tracing::info!("nothing that is planned for the next 30 days has changed");
        }
        for difference in all.iter().take(LOGGED_MAX) {
            tracing::info!("reload: {difference}");
        }
        if all.len() > LOGGED_MAX {
            tracing::info!("reload: … and {} more differences", all.len() - LOGGED_MAX);
        }
    });
}
