//! The papers of a meeting: for each participant the sheets of the tasks that it is to talk about and of those of their
//! own that are late or near, as one document to print.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use crate::daemon::meeting_loop::Round;
use crate::daemon::papers::ENCLOSED_BYTES_MAX;
use crate::daemon::{DaemonError, Engine};
use crate::domain::attachment::{Attachment, FileBytes};
use crate::domain::document::Document;
use crate::domain::dossier::{Dossier, Story, TaskSheet};
use crate::domain::id::{PersonId, ReviewId, TaskId};
use crate::domain::meeting::{AgendaItem, Meeting};
use crate::domain::people::Locale;
use crate::domain::review::{Reader, Review, Scope};
use crate::domain::sheet::SheetRow;
use crate::domain::task::{Task, TaskState};
use crate::files::docx::docx;
use crate::render::dossier::{document, file_name};
use crate::rules::dossier::{DECISION, chosen, story};
use crate::rules::sheet::{SheetBook, SheetInput};

/// All papers of one meeting together: what is more is left off and logged, for they are held in memory at once.
const DOSSIERS_BYTES_MAX: usize = 128 * 1024 * 1024;
const MEDIA_TYPE: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// The papers of one meeting.
pub(super) struct Dossiers {
    material: Material,
    parts: BTreeMap<PersonId, Part>,
    day: NaiveDate,
    /// By language and tasks: many see the same.
    made: BTreeMap<(Locale, Vec<TaskId>), Option<Made>>,
    bytes: usize,
}

/// A file's name and bytes.
type Made = (String, FileBytes);

/// A participant's papers.
pub(super) struct Papers {
    pub(super) file: Attachment,
    /// How many tasks have a sheet in it.
    pub(super) sheets: usize,
}

/// From what papers are made.
struct Material {
    head: Head,
    book: SheetBook,
    agenda: Vec<AgendaItem>,
    stories: BTreeMap<TaskId, Story>,
}

/// What stands on top of papers.
#[derive(Default)]
struct Head {
    title: Option<String>,
    when: String,
    place: String,
    organiser: String,
}

/// The tasks in somebody's papers, and how many there was no room for.
#[derive(Clone, Default)]
struct Part {
    tasks: Vec<TaskId>,
    more: usize,
}

impl Engine {
    /// The papers of everybody who comes.
    pub(super) async fn dossiers(
        &self,
        round: Round<'_>,
        meeting: &Meeting,
        agenda: &[AgendaItem],
        now: DateTime<Utc>,
    ) -> Result<Dossiers, DaemonError> {
        let tasks = self.all_tasks().await?;
        let readers = self.readers_of(round, &tasks);
        let mut material = self.material(&tasks, agenda, now);
        material.head = self.head_of(meeting);
        let mut parts = BTreeMap::new();
        for attendee in &meeting.attendees {
            let reader = readers
                .iter()
                .find(|reader| reader.recipient.id == attendee.id.as_str());
            parts.insert(attendee.id.clone(), material.part(reader.map(|reader| &reader.scope)));
        }
        for part in parts.values() {
            self.tell_stories(&mut material, part).await?;
        }
        Ok(Dossiers {
            material,
            parts,
            day: self.config.almanac.today(meeting.starts),
            made: BTreeMap::new(),
            bytes: 0,
        })
    }

    /// The papers of a review's coming meeting for one participant, or with everybody's tasks.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn dossier(
        &self,
        review: &ReviewId,
        day: NaiveDate,
        reader: Option<&Reader>,
        locale: Locale,
        now: DateTime<Utc>,
    ) -> Result<Document, DaemonError> {
        let agenda = self.store.agenda(review, day).await?;
        let tasks = self.all_tasks().await?;
        let mut material = self.material(&tasks, &agenda, now);
        if let Some(meeting) = self.store.meeting(review, day).await? {
            material.head = self.head_of(&meeting);
        }
        let part = material.part(Some(reader.map_or(&Scope::Everything, |reader| &reader.scope)));
        self.tell_stories(&mut material, &part).await?;
        Ok(document(&material.dossier(&part, locale)))
    }

    /// Who comes to a review's meeting of a day, each with the part of the ledger that is theirs; where it has none, who
    /// gets the review.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn participants(
        &self,
        review: &Review,
        day: NaiveDate,
        now: DateTime<Utc>,
    ) -> Result<Vec<Reader>, DaemonError> {
        let starts = self
            .store
            .meeting(&review.id, day)
            .await?
            .map_or(now, |meeting| meeting.starts);
        let invite = self.config.meetings.get(&review.id).map(|plan| plan.invite.clone());
        let review = Review {
            to: invite.unwrap_or_else(|| review.to.clone()),
            ..review.clone()
        };
        Ok(self.readers_at(&review, &self.all_tasks().await?, starts, starts))
    }

    fn head_of(&self, meeting: &Meeting) -> Head {
        Head {
            title: meeting.title.clone(),
            when: self.meeting_time(meeting),
            place: meeting.place.clone(),
            organiser: meeting.organiser.name.clone(),
        }
    }

    fn material(&self, tasks: &[(Task, TaskState)], agenda: &[AgendaItem], now: DateTime<Utc>) -> Material {
        let book = SheetBook::new(&SheetInput {
            tasks,
            entries: &[],
            noticed: &BTreeMap::new(),
            people: &self.config.people,
            almanac: &self.config.almanac,
            now,
        });
        Material {
            head: Head::default(),
            book,
            agenda: agenda.to_vec(),
            stories: BTreeMap::new(),
        }
    }

    /// Reads what happened to the tasks of a part, each once.
    async fn tell_stories(&self, material: &mut Material, part: &Part) -> Result<(), DaemonError> {
        let missing: Vec<&TaskId> = (part.tasks.iter())
            .filter(|task| !material.stories.contains_key(task))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let decisions = self.store.entries_of_kind(DECISION).await?;
        for task in missing {
            let entries = self.store.entries_of(task).await?;
            let (people, almanac) = (&self.config.people, &self.config.almanac);
            let told = story(task, &material.agenda, &entries, &decisions, people, almanac);
            material.stories.insert(task.clone(), told);
        }
        Ok(())
    }
}

impl Material {
    fn part(&self, scope: Option<&Scope>) -> Part {
        let own: Vec<&SheetRow> = scope.map(|scope| self.book.rows_in(scope)).unwrap_or_default();
        let (rows, more) = chosen(&own, |task| self.book.row(task), &self.agenda);
        Part {
            tasks: rows.into_iter().map(|row| row.id.clone()).collect(),
            more,
        }
    }

    fn dossier(&self, part: &Part, locale: Locale) -> Dossier<'_> {
        let sheet = |task: &TaskId| {
            Some(TaskSheet {
                row: self.book.row(task)?,
                story: self.stories.get(task)?,
            })
        };
        Dossier {
            locale,
            title: self.head.title.clone(),
            when: self.head.when.clone(),
            place: self.head.place.clone(),
            organiser: self.head.organiser.clone(),
            as_of: self.book.as_of(),
            agenda: self.agenda.iter().map(AgendaItem::line).collect(),
            sheets: part.tasks.iter().filter_map(sheet).collect(),
            more: part.more,
        }
    }
}

impl Dossiers {
    /// Whether a participant's papers hold a task.
    pub(super) fn has_any(&self, who: &PersonId) -> bool {
        self.parts.get(who).is_some_and(|part| !part.tasks.is_empty())
    }

    /// A participant's papers in their language; none without a task, and where they are too large for a mail.
    pub(super) fn of(&mut self, who: &PersonId, locale: Locale) -> Option<Papers> {
        let part = self.parts.get(who).filter(|part| !part.tasks.is_empty())?.clone();
        let key = (locale, part.tasks.clone());
        if !self.made.contains_key(&key) {
            let made = self.make(&part, locale);
            self.bytes += made.as_ref().map_or(0, |(_, file)| file.bytes.len());
            self.made.insert(key.clone(), made);
        }
        let (name, file) = self.made.get(&key)?.as_ref()?;
        Some(Papers {
            file: file.attached(name, MEDIA_TYPE),
            sheets: part.tasks.len(),
        })
    }

    fn make(&self, part: &Part, locale: Locale) -> Option<Made> {
        let dossier = self.material.dossier(part, locale);
        let bytes = match docx(&document(&dossier)) {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!("the papers of a meeting cannot be written: {error}");
                return None;
            }
        };
        if bytes.len() > ENCLOSED_BYTES_MAX || self.bytes + bytes.len() > DOSSIERS_BYTES_MAX {
            tracing::warn!("the papers of a meeting are too large for mail: {} bytes", bytes.len());
            return None;
        }
        let name = format!("{}.docx", file_name(&dossier, self.day));
        Some((name, FileBytes::new(bytes)))
    }

    /// The bytes of everything that was enclosed.
    pub(super) fn into_files(self) -> Vec<FileBytes> {
        self.made.into_values().flatten().map(|(_, file)| file).collect()
    }
}
