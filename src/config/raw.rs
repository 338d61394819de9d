//! What the files say: every key with its place, nothing of it believed yet.
//!
//! The only part of the room that knows the shape of TOML. Keys are listed in [`keys`]; a key that is not listed there
//! is an error.

mod calendar;
mod entries;
pub(super) mod keys;
mod scores;
mod section;

use std::collections::BTreeMap;

use toml::de::DeTable;

use super::faults::{Faults, Place, Placed};
pub(super) use calendar::{RawCalendar, calendar};
pub(super) use entries::{
    RawChannel, RawLadder, RawMeeting, RawPerson, RawReview, RawSecret, RawStep, RawTask, RawUnit,
};
use keys::{Column, TOP};
pub(super) use scores::RawScores;
use section::Section;

/// A text with its place, where the key stands.
pub(super) type Text = Option<Placed<String>>;
/// Texts with their places, where the key stands.
pub(super) type Texts = Option<Vec<Placed<String>>>;
/// Entries of a table of tables, by id, with the place of the id.
pub(super) type Entries<T> = BTreeMap<String, Placed<T>>;

/// Everything that the configuration files say.
#[derive(Debug, Default)]
pub(super) struct Raw {
    pub(super) timezone: Text,
    pub(super) locale: Text,
    pub(super) calendar: Text,
    pub(super) office: Text,
    /// A file is broken, or the key misspelt: that the office is missing is not said too.
    pub(super) office_excused: bool,
    pub(super) templates: Text,
    pub(super) ledger: Vec<Placed<String>>,
    pub(super) include: Vec<Placed<String>>,
    pub(super) days_off: Vec<Placed<String>>,
    pub(super) days_work: Vec<Placed<String>>,
    pub(super) store_url: Text,
    /// `[web]` stands somewhere.
    pub(super) web: bool,
    pub(super) web_listen: Text,
    pub(super) web_base_url: Text,
    pub(super) ladder: Text,
    pub(super) group: Text,
    pub(super) send_at: Text,
    pub(super) close_of_day: Text,
    pub(super) hours: Text,
    pub(super) due_on_day_off: Text,
    pub(super) yellow: Text,
    pub(super) retry: Texts,
    pub(super) give_up: Text,
    pub(super) gather: Text,
    pub(super) trial: Text,
    pub(super) font_file: Text,
    pub(super) keep: Text,
    pub(super) audit_at: Text,
    pub(super) audit_report: Text,
    pub(super) audit_heartbeat: Option<Placed<RawSecret>>,
    pub(super) ledger_columns: Vec<(Column, Placed<String>)>,
    pub(super) channels: Entries<RawChannel>,
    pub(super) people: Entries<RawPerson>,
    pub(super) units: Entries<RawUnit>,
    pub(super) ladders: Entries<RawLadder>,
    pub(super) reviews: Entries<RawReview>,
    pub(super) scores: Option<Placed<RawScores>>,
    pub(super) tasks: Vec<RawTask>,
}

impl Raw {
    /// Adds what one configuration file says. A scalar key or id that stands already is an error naming both places.
    pub(super) fn add(&mut self, faults: &mut Faults, source: u32, text: &str) {
        let Some((table, broken)) = parse(faults, source, text) else {
            return;
        };
        let root = Section::root(faults, source, &table, TOP, broken);
        for (slot, key) in [
            (&mut self.timezone, "timezone"),
            (&mut self.locale, "locale"),
            (&mut self.calendar, "calendar"),
            (&mut self.office, "office"),
            (&mut self.templates, "templates"),
        ] {
            let value = root.text(faults, key);
            put(faults, slot, value, key);
        }
        self.office_excused |= !root.lacks("office");
        self.ledger.extend(root.texts(faults, "ledger").unwrap_or_default());
        self.include.extend(root.texts(faults, "include").unwrap_or_default());
        self.add_settings(faults, &root);
        for (id, section) in root.entries(faults, "channels", keys::CHANNEL) {
            enter(faults, &mut self.channels, id, RawChannel::read, &section);
        }
        for (id, section) in root.entries(faults, "people", keys::PERSON) {
            enter(faults, &mut self.people, id, RawPerson::read, &section);
        }
        for (id, section) in root.entries(faults, "units", keys::UNIT) {
            enter(faults, &mut self.units, id, RawUnit::read, &section);
        }
        for (id, section) in root.entries(faults, "ladders", keys::LADDER) {
            enter(faults, &mut self.ladders, id, RawLadder::read, &section);
        }
        for (id, section) in root.entries(faults, "reviews", keys::REVIEW) {
            enter(faults, &mut self.reviews, id, RawReview::read, &section);
        }
        if let Some(section) = root.section(faults, "scores", keys::SCORES) {
            RawScores::put(faults, &mut self.scores, &section);
        }
        for section in root.list(faults, "tasks", keys::TASK) {
            self.tasks.push(RawTask::read(faults, &section));
        }
    }

    fn add_settings(&mut self, faults: &mut Faults, root: &Section<'_>) {
        if let Some(days) = root.section(faults, "calendar_days", keys::CALENDAR_DAYS) {
            self.days_off.extend(days.texts(faults, "off").unwrap_or_default());
            self.days_work.extend(days.texts(faults, "work").unwrap_or_default());
        }
        if let Some(store) = root.section(faults, "store", keys::STORE) {
            let value = store.text(faults, "url");
            put(faults, &mut self.store_url, value, "store.url");
            let value = store.text(faults, "keep");
            put(faults, &mut self.keep, value, "store.keep");
        }
        if let Some(web) = root.section(faults, "web", keys::WEB) {
            self.web = true;
            for (slot, key) in [(&mut self.web_listen, "listen"), (&mut self.web_base_url, "base_url")] {
                let value = web.text(faults, key);
                put(faults, slot, value, key);
            }
        }
        if let Some(defaults) = root.section(faults, "defaults", keys::DEFAULTS) {
            for (slot, key) in [
                (&mut self.ladder, "ladder"),
                (&mut self.group, "group"),
                (&mut self.send_at, "send_at"),
                (&mut self.close_of_day, "close_of_day"),
                (&mut self.hours, "hours"),
                (&mut self.due_on_day_off, "due_on_day_off"),
                (&mut self.yellow, "yellow"),
            ] {
                let value = defaults.text(faults, key);
                put(faults, slot, value, key);
            }
        }
        if let Some(delivery) = root.section(faults, "delivery", keys::DELIVERY) {
            for (slot, key) in [
                (&mut self.give_up, "give_up"),
                (&mut self.gather, "gather"),
                (&mut self.trial, "trial"),
            ] {
                let value = delivery.text(faults, key);
                put(faults, slot, value, key);
            }
            if let Some(retry) = delivery.texts(faults, "retry") {
                if let (Some(Some(first)), Some(second)) = (self.retry.as_ref().map(|old| old.first()), retry.first()) {
                    let text = format!("`retry` is set twice, first at {}", faults.at(first.place));
                    faults.error(second.place, text);
                } else {
                    self.retry = Some(retry);
                }
            }
        }
        if let Some(audit) = root.section(faults, "audit", keys::AUDIT) {
            for (slot, key) in [(&mut self.audit_at, "at"), (&mut self.audit_report, "report")] {
                let value = audit.text(faults, key);
                put(faults, slot, value, &format!("audit.{key}"));
            }
            let heartbeat = entries::secret(faults, &audit, "heartbeat");
            put_any(faults, &mut self.audit_heartbeat, heartbeat, "audit.heartbeat");
        }
        if let Some(charts) = root.section(faults, "charts", keys::CHARTS) {
            let value = charts.text(faults, "font_file");
            put(faults, &mut self.font_file, value, "charts.font_file");
        }
        self.add_columns(faults, root);
    }

    fn add_columns(&mut self, faults: &mut Faults, root: &Section<'_>) {
        if let Some(columns) = root.section(faults, "ledger_columns", keys::COLUMNS) {
            for column in Column::ALL {
                let Some(header) = columns.text(faults, column.key()) else {
                    continue;
                };
                if let Some((_, first)) = self.ledger_columns.iter().find(|(other, _)| *other == column) {
                    let text = format!("`{}` is set twice, first at {}", column.key(), faults.at(first.place));
                    faults.error(header.place, text);
                } else {
                    self.ledger_columns.push((column, header));
                }
            }
        }
    }
}

/// The tasks of a ledger in TOML, which holds nothing else.
pub(super) fn ledger_tasks(faults: &mut Faults, source: u32, text: &str) -> Vec<RawTask> {
    let Some((table, broken)) = parse(faults, source, text) else {
        return Vec::new();
    };
    let root = Section::root(faults, source, &table, keys::LEDGER, broken);
    if root.lacks("tasks") {
        faults.error_hint(
            Place::whole(source),
            "the ledger holds no task",
            "write each task under [[tasks]]",
        );
    }
    let sections = root.list(faults, "tasks", keys::TASK);
    sections.iter().map(|section| RawTask::read(faults, section)).collect()
}

/// The tree of a file, and whether its syntax is broken; every syntax error is reported.
fn parse<'a>(faults: &mut Faults, source: u32, text: &'a str) -> Option<(toml::Spanned<DeTable<'a>>, bool)> {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let place = error
            .span()
            .map_or(Place::whole(source), |span| Place::new(source, &span));
        faults.syntax_error(place, error.message().replace('\n', ", "));
    }
    Some((table, !errors.is_empty()))
}

fn put(faults: &mut Faults, slot: &mut Text, value: Text, key: &str) {
    put_any(faults, slot, value, key);
}

fn put_any<T>(faults: &mut Faults, slot: &mut Option<Placed<T>>, value: Option<Placed<T>>, key: &str) {
    match (&slot, value) {
        (Some(first), Some(second)) => {
            let text = format!("`{key}` is set twice, first at {}", faults.at(first.place));
            faults.error(second.place, text);
        }
        (None, Some(value)) => *slot = Some(value),
        (_, None) => {}
    }
}

fn enter<T>(
    faults: &mut Faults,
    entries: &mut Entries<T>,
    id: Placed<String>,
    read: fn(&mut Faults, &Section<'_>) -> T,
    section: &Section<'_>,
) {
    if let Some(first) = entries.get(&id.value) {
        let text = format!("`{}` is defined twice, first at {}", id.value, faults.at(first.place));
        faults.error(id.place, text);
        return;
    }
    let entry = read(faults, section);
    entries.insert(id.value, Placed::new(entry, id.place));
}
