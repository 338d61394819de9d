//! Channels, people, units, ladders, reviews and tasks as their tables say.

use toml::de::DeValue;

use super::keys::{self, Column, Kind};
use super::section::Section;
use super::{Text, Texts};
use crate::config::faults::{Faults, Place, Placed};

/// Where a secret comes from.
#[derive(Clone, Debug)]
pub(in crate::config) enum RawSecret {
    /// It stands in the file.
    Clear(String),
    /// A systemd credential.
    Credential(String),
    /// An environment variable.
    Env(String),
    /// A file, relative to the file that names it.
    File(String),
}

/// `[channels.ID]`
#[derive(Debug)]
pub(in crate::config) struct RawChannel {
    pub(in crate::config) kind: Text,
    /// Which keys stand there, for those that do not belong to the type.
    pub(in crate::config) present: Vec<(&'static str, Place)>,
    /// Whether `type`-dependent keys that are missing may only be misspelt.
    pub(in crate::config) guessed: Vec<&'static str>,
    pub(in crate::config) server: Text,
    pub(in crate::config) username: Text,
    pub(in crate::config) password: Option<Placed<RawSecret>>,
    pub(in crate::config) from: Text,
    pub(in crate::config) ca: Text,
    pub(in crate::config) url: Option<Placed<RawSecret>>,
    pub(in crate::config) secrets: Vec<Placed<RawSecret>>,
    pub(in crate::config) keyword: Text,
    pub(in crate::config) token: Option<Placed<RawSecret>>,
    pub(in crate::config) chat_id: Text,
    pub(in crate::config) room: Text,
    pub(in crate::config) topic: Text,
    pub(in crate::config) budget: Text,
    pub(in crate::config) retry: Texts,
    pub(in crate::config) timeout: Text,
    pub(in crate::config) concurrency: Option<Placed<i64>>,
    pub(in crate::config) members: Vec<Placed<String>>,
}

impl RawChannel {
    pub(super) fn read(faults: &mut Faults, section: &Section<'_>) -> Self {
        section.require(
            faults,
            "type",
            "write type = \"email\", \"webhook\", or the name of a chat, for example \"wecom\"",
        );
        let present = keys::CHANNEL
            .iter()
            .filter_map(|key| Some((key.name, section.place_of(key.name)?)))
            .collect();
        let guessed = keys::CHANNEL.iter().map(|key| key.name);
        let mut secrets = secret_list(faults, section, "secrets");
        if let Some(secret) = secret(faults, section, "secret") {
            if secrets.is_empty() {
                secrets.push(secret);
            } else {
                let text = format!("`{}` has both `secret` and `secrets`", section.name());
                faults.error_hint(
                    secret.place,
                    text,
                    "list all of them in `secrets`, the present one first",
                );
            }
        }
        Self {
            kind: section.text(faults, "type"),
            present,
            guessed: guessed
                .filter(|key| section.value(key).is_none() && !section.lacks(key))
                .collect(),
            server: section.text(faults, "server"),
            username: section.text(faults, "username"),
            password: secret(faults, section, "password"),
            from: section.text(faults, "from"),
            ca: section.text(faults, "ca"),
            url: secret(faults, section, "url"),
            secrets,
            keyword: section.text(faults, "keyword"),
            token: secret(faults, section, "token"),
            chat_id: section.text_or_number(faults, "chat_id"),
            room: section.text(faults, "room"),
            topic: section.text_or_number(faults, "topic"),
            budget: section.text(faults, "budget"),
            retry: section.texts(faults, "retry"),
            timeout: section.text(faults, "timeout"),
            concurrency: section.integer(faults, "concurrency"),
            members: section.texts(faults, "members").unwrap_or_default(),
        }
    }
}

pub(super) fn secret(faults: &mut Faults, section: &Section<'_>, key: &str) -> Option<Placed<RawSecret>> {
    secret_of(faults, section, key, section.value(key)?)
}

fn secret_list(faults: &mut Faults, section: &Section<'_>, key: &str) -> Vec<Placed<RawSecret>> {
    let Some(value) = section.value(key) else {
        return Vec::new();
    };
    if let DeValue::Array(items) = value.get_ref() {
        return items
            .iter()
            .filter_map(|item| secret_of(faults, section, key, item))
            .collect();
    }
    secret_of(faults, section, key, value).into_iter().collect()
}

fn secret_of<'a>(
    faults: &mut Faults,
    section: &Section<'a>,
    key: &str,
    value: &'a toml::Spanned<DeValue<'a>>,
) -> Option<Placed<RawSecret>> {
    let place = section.value_place(value);
    if let DeValue::String(text) = value.get_ref() {
        return Some(Placed::new(RawSecret::Clear(text.as_ref().to_owned()), place));
    }
    let source = section.item(faults, key, value, keys::SECRET)?;
    let mut found = Vec::new();
    for (key, make) in [
        ("credential", RawSecret::Credential as fn(String) -> RawSecret),
        ("env", RawSecret::Env),
        ("file", RawSecret::File),
    ] {
        found.extend(source.text(faults, key).map(|text| make(text.value)));
    }
    let hint = "name one source: { credential = \"NAME\" }, { env = \"NAME\" } or { file = \"PATH\" }";
    match found.len() {
        1 => found.pop().map(|secret| Placed::new(secret, place)),
        0 => {
            if keys::SECRET.iter().all(|key| source.lacks(key.name)) {
                faults.error_hint(place, format!("`{}` names no source", source.name()), hint);
            }
            None
        }
        _ => {
            faults.error_hint(
                place,
                format!("`{}` comes from more than one source", source.name()),
                hint,
            );
            None
        }
    }
}

/// `[people.ID]`
#[derive(Debug)]
pub(in crate::config) struct RawPerson {
    pub(in crate::config) name: Text,
    pub(in crate::config) email: Text,
    pub(in crate::config) locale: Text,
    pub(in crate::config) channels: Texts,
    pub(in crate::config) handles: Vec<(&'static str, Placed<String>)>,
    pub(in crate::config) deputy: Text,
    pub(in crate::config) away: Vec<RawAway>,
    /// A key that tells how to reach them is misspelt: that nothing reaches them is not said too.
    pub(in crate::config) reach_excused: bool,
}

/// One absence.
#[derive(Debug)]
pub(in crate::config) struct RawAway {
    pub(in crate::config) from: Text,
    pub(in crate::config) until: Text,
    pub(in crate::config) place: Place,
}

impl RawPerson {
    pub(super) fn read(faults: &mut Faults, section: &Section<'_>) -> Self {
        let mut handles = Vec::new();
        for key in keys::PERSON.iter().filter(|key| key.kind == Kind::Handle) {
            handles.extend(section.text(faults, key.name).map(|handle| (key.name, handle)));
        }
        let mut away = Vec::new();
        for absence in section.list(faults, "away", keys::AWAY) {
            absence.require(faults, "from", "the first day of absence");
            absence.require(faults, "until", "the last day of absence");
            away.push(RawAway {
                from: absence.text(faults, "from"),
                until: absence.text(faults, "until"),
                place: absence.place(),
            });
        }
        Self {
            name: section.text(faults, "name"),
            email: section.text(faults, "email"),
            locale: section.text(faults, "locale"),
            channels: section.texts(faults, "channels"),
            handles,
            deputy: section.text(faults, "deputy"),
            away,
            reach_excused: ["email", "channels"]
                .iter()
                .any(|key| section.value(key).is_none() && !section.lacks(key)),
        }
    }
}

/// `[units.ID]`
#[derive(Debug)]
pub(in crate::config) struct RawUnit {
    pub(in crate::config) name: Text,
    pub(in crate::config) aliases: Vec<Placed<String>>,
    pub(in crate::config) head: Text,
    pub(in crate::config) contacts: Vec<Placed<String>>,
    pub(in crate::config) supervisor: Text,
    pub(in crate::config) group: Text,
}

impl RawUnit {
    pub(super) fn read(faults: &mut Faults, section: &Section<'_>) -> Self {
        Self {
            name: section.text(faults, "name"),
            aliases: section.texts(faults, "aliases").unwrap_or_default(),
            head: section.text(faults, "head"),
            contacts: section.texts(faults, "contacts").unwrap_or_default(),
            supervisor: section.text(faults, "supervisor"),
            group: section.text(faults, "group"),
        }
    }
}

/// `[ladders.ID]`
#[derive(Debug)]
pub(in crate::config) struct RawLadder {
    pub(in crate::config) kinds: Vec<Placed<String>>,
    pub(in crate::config) steps: Vec<RawStep>,
}

/// One step.
#[derive(Debug)]
pub(in crate::config) struct RawStep {
    pub(in crate::config) place: Place,
    pub(in crate::config) from: Text,
    pub(in crate::config) at: Text,
    pub(in crate::config) level: Text,
    pub(in crate::config) to: Texts,
    pub(in crate::config) every: Text,
    pub(in crate::config) times: Option<Placed<i64>>,
    pub(in crate::config) until: Text,
    pub(in crate::config) roll: Text,
    pub(in crate::config) via: Text,
    pub(in crate::config) channels: Vec<Placed<String>>,
}

impl RawLadder {
    pub(super) fn read(faults: &mut Faults, section: &Section<'_>) -> Self {
        section.require(
            faults,
            "steps",
            "write steps = [{ at = \"-3wd\", level = \"remind\", to = [\"owner\"] }]",
        );
        let mut steps = Vec::new();
        for step in section.list(faults, "steps", keys::STEP) {
            step.require(
                faults,
                "at",
                "the distance from the anchor, for example \"-3wd\", \"0d\" or \"+1wd\"",
            );
            step.require(faults, "level", "remind, warn, due, overdue, escalate or summon");
            step.require(faults, "to", "the recipients, for example [\"owner\", \"head\"]");
            steps.push(RawStep {
                place: step.place(),
                from: step.text(faults, "from"),
                at: step.text(faults, "at"),
                level: step.text(faults, "level"),
                to: step.texts(faults, "to"),
                every: step.text(faults, "every"),
                times: step.integer(faults, "times"),
                until: step.text(faults, "until"),
                roll: step.text(faults, "roll"),
                via: step.text(faults, "via"),
                channels: step.texts(faults, "channels").unwrap_or_default(),
            });
        }
        Self {
            kinds: section.texts(faults, "kinds").unwrap_or_default(),
            steps,
        }
    }
}

/// `[reviews.ID]`
#[derive(Debug)]
pub(in crate::config) struct RawReview {
    pub(in crate::config) cron: Text,
    pub(in crate::config) to: Texts,
    pub(in crate::config) on_day_off: Text,
    pub(in crate::config) late_limit: Text,
    pub(in crate::config) attach: Vec<Placed<String>>,
    pub(in crate::config) pictures: Option<Placed<bool>>,
    pub(in crate::config) meeting: Option<RawMeeting>,
}

/// `[reviews.ID.meeting]`
#[derive(Debug)]
pub(in crate::config) struct RawMeeting {
    pub(in crate::config) place: Place,
    pub(in crate::config) title: Text,
    pub(in crate::config) starts: Text,
    pub(in crate::config) length: Text,
    /// The key `place`.
    pub(in crate::config) location: Text,
    pub(in crate::config) organiser: Text,
    pub(in crate::config) invite: Texts,
    pub(in crate::config) call_for_agenda: Text,
    pub(in crate::config) agenda_closes: Text,
    pub(in crate::config) papers: Option<Placed<bool>>,
}

impl RawMeeting {
    fn read(faults: &mut Faults, section: &Section<'_>) -> Self {
        section.require(
            faults,
            "starts",
            "the local time at which it begins, for example \"09:30\"",
        );
        section.require(faults, "organiser", "the person to whom calendars answer");
        let filled = |text: Text| text.filter(|text| !text.value.is_empty());
        Self {
            place: section.place(),
            title: filled(section.text(faults, "title")),
            starts: section.text(faults, "starts"),
            length: section.text(faults, "length"),
            location: section.text(faults, "place"),
            organiser: section.text(faults, "organiser"),
            invite: section.texts(faults, "invite"),
            call_for_agenda: section.text(faults, "call_for_agenda"),
            agenda_closes: section.text(faults, "agenda_closes"),
            papers: section.boolean(faults, "papers"),
        }
    }
}

impl RawReview {
    pub(super) fn read(faults: &mut Faults, section: &Section<'_>) -> Self {
        section.require(faults, "cron", "five fields, for example \"30 8 * * MON\"");
        section.require(faults, "to", "the recipients, for example [\"office\", \"leads\"]");
        Self {
            cron: section.text(faults, "cron"),
            to: section.texts(faults, "to"),
            on_day_off: section.text(faults, "on_day_off"),
            late_limit: section.text(faults, "late_limit"),
            attach: section.texts(faults, "attach").unwrap_or_default(),
            pictures: section.boolean(faults, "pictures"),
            meeting: section
                .section(faults, "meeting", keys::MEETING)
                .map(|meeting| RawMeeting::read(faults, &meeting)),
        }
    }
}

/// A row of a ledger, from TOML or a table.
#[derive(Debug)]
pub(in crate::config) struct RawTask {
    pub(in crate::config) place: Place,
    /// By [`Column::index`]; an empty cell is none.
    pub(in crate::config) cells: Vec<Text>,
    /// Columns about which enough was said: that their cells are missing is not said too.
    pub(in crate::config) excused: Vec<Column>,
    /// Where required cells stand that are empty, as far as that is known.
    pub(in crate::config) blanks: Vec<(Column, Place)>,
    /// Its stages: rows with the cells of their task, but a title and dates of their own.
    pub(in crate::config) milestones: Vec<Self>,
}

impl RawTask {
    pub(super) fn read(faults: &mut Faults, section: &Section<'_>) -> Self {
        let mut cells = Vec::with_capacity(Column::ALL.len());
        let mut excused = Vec::new();
        for column in Column::ALL {
            let key = column.key();
            let cell = match section.value(key).map(toml::Spanned::get_ref) {
                // Numbers stand for texts where people count: an id, a progress.
                Some(DeValue::Integer(number)) => section
                    .place_of(key)
                    .map(|place| Placed::new(number.as_str().to_owned(), place)),
                Some(DeValue::Array(_)) => section.texts(faults, key).and_then(joined),
                _ => section.text(faults, key),
            };
            let is_named = cell.is_some();
            let cell = cell.filter(|cell| !cell.value.is_empty());
            if cell.is_none() && (section.is_broken() || !(is_named || section.lacks(key))) {
                excused.push(column);
            }
            cells.push(cell);
        }
        let mut task = Self {
            place: section.place(),
            cells,
            excused,
            blanks: Vec::new(),
            milestones: Vec::new(),
        };
        for (number, stage) in section.list(faults, "milestones", keys::MILESTONE).iter().enumerate() {
            let milestone = task.milestone(faults, stage, number + 1);
            task.milestones.push(milestone);
        }
        task
    }

    /// A stage of the task: id `TASK/N`, or `TASK/ID` where it has an id, and title `TASK：STAGE`; all else but the
    /// dates and where it stands is the task's.
    fn milestone(&self, faults: &mut Faults, stage: &Section<'_>, number: usize) -> Self {
        stage.require(faults, "title", "what is to be reached by then");
        stage.require(faults, "due", "the date by which it is to be reached");
        let mut row = Self {
            place: stage.place(),
            cells: self.cells.clone(),
            excused: self.excused.clone(),
            blanks: Vec::new(),
            milestones: Vec::new(),
        };
        row.excused.extend([Column::Title, Column::Due, Column::Id]);
        let own = stage.text_or_number(faults, "id");
        let own = own.map_or_else(|| number.to_string(), |id| id.value);
        let id = self.cell(Column::Id).map(|id| format!("{}/{own}", id.value));
        let parent = self.cell(Column::Title).map_or("", |title| title.value.as_str());
        let title = stage.text(faults, "title").filter(|title| !title.value.is_empty());
        let title = title.map(|title| {
            let colon = if parent.is_ascii() { ": " } else { "：" };
            Placed::new(format!("{parent}{colon}{}", title.value), title.place)
        });
        for (column, cell) in [
            (Column::Id, id.map(|id| Placed::new(id, stage.place()))),
            (Column::Title, title),
            (Column::Due, stage.text(faults, "due")),
            (Column::Status, stage.text(faults, "status")),
            (Column::Progress, stage.text_or_number(faults, "progress")),
            (Column::Closed, stage.text(faults, "closed")),
        ] {
            if let Some(slot) = row.cells.get_mut(column.index()) {
                *slot = cell.filter(|cell| !cell.value.is_empty());
            }
        }
        row
    }

    pub(in crate::config) fn cell(&self, column: Column) -> Option<&Placed<String>> {
        self.cells.get(column.index())?.as_ref()
    }
}

fn joined(texts: Vec<Placed<String>>) -> Text {
    let place = texts.first()?.place;
    let texts: Vec<String> = texts.into_iter().map(|text| text.value).collect();
    Some(Placed::new(texts.join("\n"), place))
}
