//! The road from files to a [`Config`].

mod ledgers;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};

use crate::channel::Settings;
use crate::domain::id::{ChannelId, LadderId, PersonId, ReviewId, TaskId};
use crate::domain::ladder::{Ladder, Span};
use crate::domain::meeting::MeetingPlan;
use crate::domain::people::{Party, People};
use crate::domain::review::Review;
use crate::domain::task::Task;
use crate::files::text::decode;
use crate::rules::calendar::Almanac;
use crate::rules::recurrence::{self, Duty};
use crate::rules::score::Weights;
use crate::site;

use super::audit::AuditPlan;
use super::environment::{Environment, sqlite_path, store_path};
use super::faults::{Faults, Place, Placed};
use super::looked::Looked;
use super::names::{Names, Wanted};
use super::origin::{FileSet, Origin, one_name};
use super::problem::{Problem, Problems};
use super::raw::{Raw, RawTask};
use super::{
    audit, calendar, channels, charts, headings, ladders, ledger, meetings, people, reach, reviews, scores, settings,
    template, transcript, web,
};

use ledgers::is_lock;

/// More files than this in one configuration are a pattern gone wrong.
pub(super) const FILES_MAX: usize = 1000;

/// Everything that is configured, proven: nothing after it checks again.
#[derive(Clone, Debug)]
pub struct Config {
    /// Of `duban.toml`, as it was given.
    pub path: PathBuf,
    /// The calendar with the local overlay, and the times of day.
    pub almanac: Almanac,
    /// Who there is and how they are reached.
    pub people: People,
    /// By id.
    pub ladders: BTreeMap<LadderId, Ladder>,
    /// In the order of the files.
    pub reviews: Vec<Review>,
    /// Meetings of reviews, by their review.
    pub meetings: BTreeMap<ReviewId, MeetingPlan>,
    /// In the order of the ledger; those that repeat stand in [`Config::duties`].
    pub tasks: Vec<Task>,
    /// Rows that repeat, in the order of the ledger: [`Config::tasks_at`] has what follows from them.
    pub duties: Vec<Duty>,
    /// `file:line` of each task, or `file, sheet!cell`, for words about it.
    pub places: BTreeMap<TaskId, String>,
    /// How the office lays its ledger out: key and word of each column; empty where no table says it.
    pub layout: Vec<(String, String)>,
    /// By id.
    pub channels: BTreeMap<ChannelId, Settings>,
    /// How messages are carried.
    pub delivery: Delivery,
    /// How much each measure counts in scores.
    pub scores: Weights,
    /// The SQLite file; that of the trial where there is one.
    pub store: PathBuf,
    /// `[web]`; none: no web server runs.
    pub web: Option<site::Settings>,
    /// Overrides of templates: name below the folder, with `/`, to text; proven to render.
    pub templates: BTreeMap<String, String>,
    /// `[charts] font_file`: the font of pictures; none: the best that is installed.
    pub font_file: Option<PathBuf>,
    /// `[audit]`: when the self-audit runs, and who hears of it.
    pub audit: AuditPlan,
    /// `[store] keep`: how long the words of delivered messages are kept; none: for ever.
    pub keep: Option<Span>,
    /// Every file that was read.
    pub files: FileSet,
    /// What does not hinder.
    pub warnings: Vec<Problem>,
}

impl Config {
    /// All tasks at a present, in the order of the ledger: each occurrence of a row that repeats is one of its own.
    #[must_use]
    pub fn tasks_at(&self, now: DateTime<Utc>) -> Vec<Task> {
        let mut tasks = self.tasks.clone();
        tasks.extend(self.occurrences_at(now));
        // Stable: the occurrences of a row share its place, in the order of their days.
        tasks.sort_by_key(|task| task.order);
        tasks
    }

    /// The occurrences of the rows that repeat.
    #[must_use]
    pub fn occurrences_at(&self, now: DateTime<Utc>) -> Vec<Task> {
        let duties = self.duties.iter();
        duties
            .flat_map(|duty| recurrence::occurrences(duty, &self.almanac, now))
            .collect()
    }

    /// `file:line` of a task's row, or `file, sheet!cell`; that of its parent for an occurrence.
    #[must_use]
    pub fn place_of(&self, task: &TaskId) -> Option<&str> {
        let row = recurrence::parts(task).map(|(row, _)| TaskId::new(row));
        let place = self.places.get(task).or_else(|| self.places.get(&row?))?;
        Some(place)
    }
}

/// `[delivery]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Waits between tries, the last one repeats; not empty.
    pub retry: Vec<TimeDelta>,
    /// After so long it goes up.
    pub give_up: TimeDelta,
    /// How long a message waits for more notices to the same recipient.
    pub gather: TimeDelta,
    /// Everything goes to this person.
    pub trial: Option<PersonId>,
}

/// Loads from the disk.
///
/// # Errors
/// All problems, warnings among them, where one is an error.
pub fn load(path: &Path, env: &Environment) -> Result<Config, Problems> {
    look(path, env).0
}

/// Loads from the disk, and tells what was looked at there, so that a later change is seen, whether the load was good or
/// not.
pub fn look(path: &Path, env: &Environment) -> (Result<Config, Problems>, Looked) {
    Reader::new(Origin::disk(), path).load(env)
}

/// Loads from the files of an earlier load; secrets and certificates are read from where they are.
///
/// # Errors
/// As [`load`].
pub fn load_from(files: &FileSet, env: &Environment) -> Result<Config, Problems> {
    Reader::new(Origin::Kept(files), &files.root).load(env).0
}

/// A ledger that was read in place of all others.
#[derive(Clone, Debug)]
pub struct Import {
    /// The configuration with its tasks, and no others.
    pub config: Config,
    /// Its rows as a ledger in TOML.
    pub toml: String,
}

/// Loads from the disk, with one ledger in place of those that the configuration names.
///
/// # Errors
/// As [`load`].
pub fn import(path: &Path, ledger: &Path, env: &Environment) -> Result<Import, Problems> {
    let (read, _) = Reader::new(Origin::disk(), path).read(env, Some(ledger));
    let (config, rows) = read?;
    let toml = transcript::of(&rows);
    Ok(Import { config, toml })
}

/// Reads files and keeps what it read.
pub(super) struct Reader<'a> {
    origin: Origin<'a>,
    files: FileSet,
}

impl<'a> Reader<'a> {
    fn new(origin: Origin<'a>, root: &Path) -> Self {
        let files = FileSet {
            root: root.strip_prefix("./").unwrap_or(root).to_owned(),
            files: BTreeMap::new(),
        };
        Self { origin, files }
    }

    /// The folder of `duban.toml`.
    pub(super) fn root_folder(&self) -> PathBuf {
        self.files.root.parent().unwrap_or(Path::new("")).to_owned()
    }

    pub(super) fn exists(&self, path: &Path) -> bool {
        self.origin.exists(path)
    }

    pub(super) fn below(&self, folder: &Path) -> Option<Vec<PathBuf>> {
        self.origin.below(folder)
    }

    /// Reads a file as a source; a fault at the place that names it where that fails.
    pub(super) fn text(&mut self, faults: &mut Faults, path: &Path, named: Place) -> Option<u32> {
        let bytes = match self.origin.read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                faults.error(named, format!("`{}`: {error}", path.display()));
                return None;
            }
        };
        let decoded = decode(&bytes);
        self.files.files.insert(path.to_owned(), bytes);
        match decoded {
            Ok(text) => Some(faults.add_source(path.to_owned(), text)),
            Err(error) => {
                let source = faults.add_source(path.to_owned(), String::new());
                faults.error(Place::whole(source), error.to_string());
                None
            }
        }
    }

    fn load(self, env: &Environment) -> (Result<Config, Problems>, Looked) {
        let (read, looked) = self.read(env, None);
        (read.map(|(config, _)| config), looked)
    }

    /// Reads and proves everything, where one is given with that ledger in place of all others; the rows come with it.
    fn read(mut self, env: &Environment, ledger: Option<&Path>) -> (Result<(Config, Vec<RawTask>), Problems>, Looked) {
        let mut faults = Faults::default();
        let proven = self.prove(&mut faults, env, ledger);
        let mut looked = match self.origin {
            Origin::Disk(looked) => looked.into_inner(),
            Origin::Kept(_) => Looked::default(),
        };
        for secret in &faults.secrets {
            looked.at_file(secret);
        }
        let config = match proven {
            Some((config, rows)) if !faults.has_errors() => {
                let config = Config {
                    files: self.files,
                    warnings: faults.into_problems().0,
                    ..config
                };
                Ok((config, rows))
            }
            _ => Err(faults.into_problems()),
        };
        (config, looked)
    }

    fn prove(
        &mut self,
        faults: &mut Faults,
        env: &Environment,
        ledger: Option<&Path>,
    ) -> Option<(Config, Vec<RawTask>)> {
        let root = self.files.root.clone();
        let source = self.text(faults, &root, Place::NOWHERE)?;
        let mut raw = Raw::default();
        self.read_all(faults, &mut raw, source);
        let (rows, layout) = match ledger {
            None => self.read_ledgers(faults, &mut raw),
            Some(path) => {
                let mut headers = headings::Headers::default();
                let rows = self.read_ledger(faults, &raw, Place::NOWHERE, path, &mut headers);
                headers.check(faults, &raw.ledger_columns);
                (rows, headers.layout())
            }
        };
        let settled = settle(faults, self, env, &raw, &rows, source);
        settled.map(|config| (Config { layout, ..config }, rows))
    }

    /// The main file and what it includes, and what that includes; each file once.
    fn read_all(&mut self, faults: &mut Faults, raw: &mut Raw, root: u32) {
        let mut seen = BTreeMap::from([(one_name(&self.files.root), root)]);
        // By whom each file is included, so that a loop is told from a file that two include.
        let mut parents: BTreeMap<u32, u32> = BTreeMap::new();
        let mut sources = vec![root];
        let mut too_many = false;
        while let Some(source) = sources.pop() {
            let Some(text) = faults.source(source).map(|source| source.text.clone()) else {
                continue;
            };
            if source == root && text.trim().is_empty() {
                faults.error_hint(
                    Place::whole(source),
                    "the file is empty",
                    "config/minimal.toml shows what is needed",
                );
            }
            raw.add(faults, source, &text);
            let mut included = Vec::new();
            for named in std::mem::take(&mut raw.include) {
                let is_pattern = is_pattern(&named.value);
                for path in self.named(faults, &named, OrNothing::Fine) {
                    let name = one_name(&path);
                    if let Some(known) = seen.get(&name).copied() {
                        // A pattern may well match the file in which it stands.
                        if !is_pattern && above(&parents, source).any(|above| above == known) {
                            let what = if known == source {
                                "itself"
                            } else {
                                "a file that includes it"
                            };
                            let text = format!("the file includes {what}, `{}`", named.value);
                            faults.error_hint(named.place, text, "take it out: every file is read once");
                        }
                    } else if seen.len() < FILES_MAX {
                        let read = self.text(faults, &path, named.place);
                        seen.insert(name, read.unwrap_or(u32::MAX));
                        parents.extend(read.map(|read| (read, source)));
                        included.extend(read);
                    } else {
                        too_many = true;
                    }
                }
            }
            sources.extend(included.into_iter().rev());
        }
        if too_many {
            faults.error(Place::whole(root), format!("more than {FILES_MAX} files are included"));
        }
    }

    /// The files that an entry names.
    fn named(&self, faults: &mut Faults, named: &Placed<String>, or_nothing: OrNothing) -> Vec<PathBuf> {
        let folder = faults.folder(named.place).to_owned();
        if !is_pattern(&named.value) {
            return vec![folder.join(&named.value)];
        }
        let mut found = self.origin.matching(&folder, &named.value);
        found.retain(|path| !is_lock(path));
        if found.is_empty() && or_nothing == OrNothing::Error {
            faults.error(named.place, format!("no file matches `{}`", named.value));
        }
        found
    }
}

fn is_pattern(named: &str) -> bool {
    named.contains(['*', '?', '['])
}

/// A file and those that led to it.
fn above(parents: &BTreeMap<u32, u32>, source: u32) -> impl Iterator<Item = u32> {
    std::iter::successors(Some(source), |source| parents.get(source).copied())
}

/// What a pattern without a match is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OrNothing {
    Fine,
    Error,
}

fn refuse_no_office(faults: &mut Faults, raw: &Raw, root: u32) {
    if raw.office.is_none() && !raw.office_excused {
        let hint = "office = \"ID\": the person or unit that runs Duban and hears of everything undeliverable";
        faults.error_hint(Place::whole(root), "`office` is missing", hint);
    }
}

fn settle(
    faults: &mut Faults,
    reader: &mut Reader<'_>,
    env: &Environment,
    raw: &Raw,
    rows: &[RawTask],
    root: u32,
) -> Option<Config> {
    let timing = settings::timing(faults, raw);
    let locale = settings::locale(faults, raw.locale.as_ref()).unwrap_or_default();
    let (retry, give_up, gather) = settings::delivery_waits(faults, raw);
    let calendar = calendar::settle(faults, reader, raw);
    let names = Names::of(raw);
    let channels = channels::settle(faults, raw, &names, env);
    let ladders = ladders::settle(faults, raw, &names);
    let reviews = reviews::settle(faults, raw, &names);
    let scores = scores::settle(faults, raw);
    let meetings = meetings::settle(faults, raw, &names, &reviews);
    let (web, font_file) = (web::settle(faults, raw), charts::settle(faults, raw));
    let (audit, keep) = (audit::settle(faults, env, raw), audit::keep(faults, raw));
    let proven = ledger::settle(faults, raw, &names, rows);
    if rows.is_empty() && raw.ledger.is_empty() && !faults.has_errors() {
        let hint = "name a ledger: ledger = [\"ledger.csv\"], or write [[tasks]]";
        faults.error_hint(Place::whole(root), "there is no task", hint);
    }
    calendar::warn_of_unknown_years(faults, raw, &calendar, &proven.tasks, root);
    refuse_no_office(faults, raw, root);
    let people = people::settle(faults, raw, &names, &channels, locale)?;
    let trial = raw.trial.as_ref().and_then(|named| trial(faults, &names, named));
    // What a broken channel reaches is not known: its own fault says enough.
    if channels.len() == raw.channels.len() {
        let duties = proven.duties.iter().map(|duty| &duty.task);
        let tasks: Vec<Task> = proven.tasks.iter().chain(duties).cloned().collect();
        let scope = reach::Scope {
            raw,
            people: &people,
            ladders: &ladders,
            reviews: &reviews,
            tasks: &tasks,
            places: &proven.places,
            trial: trial.as_ref(),
            root,
        };
        reach::check(faults, &scope);
    }
    Some(Config {
        path: reader.files.root.clone(),
        almanac: Almanac { calendar, timing },
        people,
        ladders: ladders.into_iter().map(|(id, placed)| (id, placed.ladder)).collect(),
        reviews: reviews.into_iter().map(|placed| placed.review).collect(),
        places: proven
            .places
            .iter()
            .map(|(id, place)| (id.clone(), faults.at(*place)))
            .collect(),
        meetings,
        tasks: proven.tasks,
        duties: proven.duties,
        channels,
        scores,
        store: store(faults, reader, env, raw, trial.is_some()),
        delivery: Delivery {
            retry,
            give_up,
            gather,
            trial,
        },
        web,
        templates: template::settle(faults, reader, raw),
        font_file,
        audit,
        keep,
        layout: Vec::new(),
        files: FileSet::default(),
        warnings: Vec::new(),
    })
}

fn trial(faults: &mut Faults, names: &Names, named: &Placed<String>) -> Option<PersonId> {
    let Some(id) = named.value.strip_prefix("person:") else {
        faults.error_hint(
            named.place,
            format!("`{}` is no person", named.value),
            "write trial = \"person:ID\"",
        );
        return None;
    };
    match names.find(faults, id.trim(), named.place, Wanted::Person)? {
        Party::Person(id) => Some(id),
        Party::Unit(_) => None,
    }
}

fn store(faults: &mut Faults, reader: &Reader<'_>, env: &Environment, raw: &Raw, trial: bool) -> PathBuf {
    let named = raw.store_url.as_ref().and_then(|url| {
        if url.value.starts_with("postgres://") || url.value.starts_with("postgresql://") {
            faults.error_hint(
                url.place,
                "a store on PostgreSQL is not in this version",
                "write sqlite:PATH",
            );
            return None;
        }
        let path = sqlite_path(&url.value);
        if path.is_none() {
            faults.error_hint(url.place, format!("`{}` is no store", url.value), "write sqlite:PATH");
        }
        Some(faults.folder(url.place).join(path?))
    });
    store_path(&reader.files.root, env, named, trial)
}
