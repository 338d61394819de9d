//! `duban export`: the ledger as it stands, for spreadsheets, calendars and scripts.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::command::cli::{Export, ExportFormat};
use crate::command::desk::{Desk, failed, hinted, note};
use crate::command::picture::party_id;
use crate::command::table::write_json;
use crate::command::{Failure, handout};
use crate::daemon::as_first_loaded;
use crate::domain::id::TaskId;
use crate::domain::people::{Locale, Party};
use crate::domain::task::{Light, Phase, Task, TaskState};
use crate::domain::when::When;
use crate::files::icalendar::deadline::{self, Deadline, Span};
use crate::files::{written, xlsx};
use crate::render::sheet as words;
use crate::rules::sheet::{SheetBook, SheetInput};
use crate::store::Store;

/// So many entries of the journal are read at once.
const ENTRIES_AT_ONCE: u32 = 5_000;

pub(super) async fn export(flag: Option<&Path>, args: &Export) -> Result<(), Failure> {
    let desk = Desk::open_or_kept(flag).await?;
    let now = desk.now(args.now.as_deref())?;
    let format = format(args)?;
    refuse_own_files(&desk, args)?;
    let store = desk.look_or_first_load(now).await?;
    let tasks: Vec<(Task, TaskState)> = match &store {
        Some(store) => store.tasks().await.map_err(failed)?,
        None => as_first_loaded(&desk.config, now),
    }
    .into_iter()
    .map(|stored| (stored.task, stored.state))
    .collect();
    let bytes = match format {
        ExportFormat::Xlsx | ExportFormat::Csv => table(&desk, store.as_ref(), &tasks, now, format).await?,
        ExportFormat::Ics => calendar(&desk, store.as_ref(), &tasks).await?,
        ExportFormat::Json => {
            let mut bytes = Vec::new();
            write_json(&mut bytes, &json(&desk, &tasks, now))?;
            bytes
        }
    };
    match &args.output {
        Some(path) => {
            handout::write(path, &bytes)?;
            note(&format!(
                "{} tasks are written to {}",
                in_ledger(&tasks).count(),
                path.display()
            ));
            Ok(())
        }
        None => {
            let mut out = io::stdout().lock();
            out.write_all(&bytes)?;
            Ok(out.flush()?)
        }
    }
}

/// As asked, else by the file's ending, else CSV. Nobody wants a workbook on a screen.
fn format(args: &Export) -> Result<ExportFormat, Failure> {
    let ending = args.output.as_deref().and_then(Path::extension);
    let ending = ending.and_then(|ending| ending.to_str()).map(str::to_lowercase);
    let by_ending = match ending.as_deref() {
        Some("xlsx") => Some(ExportFormat::Xlsx),
        Some("ics") => Some(ExportFormat::Ics),
        Some("json") => Some(ExportFormat::Json),
        Some("csv") => Some(ExportFormat::Csv),
        Some(_) | None => None,
    };
    let format = args.format.or(by_ending).unwrap_or(ExportFormat::Csv);
    if format == ExportFormat::Xlsx && args.output.is_none() && io::stdout().is_terminal() {
        return Err(hinted("a workbook is not for a screen", "write it with -o FILE.xlsx"));
    }
    if by_ending.is_none() && args.format.is_none() && args.output.is_some() {
        let text = "the ending of -o names no format";
        return Err(hinted(text, "end it in .xlsx, .csv, .ics or .json, or say --format"));
    }
    Ok(format)
}

/// The office's own files are not written over by chance.
fn refuse_own_files(desk: &Desk, args: &Export) -> Result<(), Failure> {
    let Some(path) = args.output.as_deref().filter(|_| !args.force) else {
        return Ok(());
    };
    let same = |own: &Path| match (own.canonicalize(), path.canonicalize()) {
        (Ok(own), Ok(path)) => own == path,
        _ => false,
    };
    if desk.config.files.files.keys().any(|own| same(own)) {
        let text = format!("the configuration is read from {}", path.display());
        return Err(hinted(
            &text,
            "write another file, and compare; write over it by --force",
        ));
    }
    Ok(())
}

fn in_ledger(tasks: &[(Task, TaskState)]) -> impl Iterator<Item = &(Task, TaskState)> {
    tasks.iter().filter(|(_, state)| !state.withdrawn)
}

async fn table(
    desk: &Desk,
    store: Option<&Store>,
    tasks: &[(Task, TaskState)],
    now: DateTime<Utc>,
    format: ExportFormat,
) -> Result<Vec<u8>, Failure> {
    let config = &desk.config;
    let noticed = match store {
        Some(store) => store.last_notices().await.map_err(failed)?,
        None => BTreeMap::new(),
    };
    let input = SheetInput {
        tasks,
        entries: &[],
        noticed: &noticed,
        people: &config.people,
        almanac: &config.almanac,
        now,
    };
    let book = SheetBook::ledger(&input, &config.duties);
    let sheet = book.whole(config.people.locale);
    let grid = words::ledger(&sheet, &config.layout);
    if format == ExportFormat::Xlsx {
        xlsx::workbook(&[grid], sheet.as_of).map_err(failed)
    } else {
        written::csv(&grid).map_err(failed)
    }
}

/// Who changed what is not asked: only how often, and when last.
async fn changes(store: &Store) -> Result<BTreeMap<TaskId, (u32, DateTime<Utc>)>, Failure> {
    let mut found: BTreeMap<TaskId, (u32, DateTime<Utc>)> = BTreeMap::new();
    let mut seen = 0;
    loop {
        let entries = store.entries(seen, ENTRIES_AT_ONCE).await.map_err(failed)?;
        let Some(last) = entries.last() else {
            return Ok(found);
        };
        seen = last.seq;
        for entry in &entries {
            let at = DateTime::parse_from_rfc3339(&entry.at).ok().map(|at| at.to_utc());
            if let (Some(task), Some(at), Some(_)) = (&entry.task, at, entry.fact()) {
                let (count, latest) = found.entry(task.clone()).or_insert((0, at));
                *count += 1;
                *latest = at.max(*latest);
            }
        }
    }
}

async fn calendar(desk: &Desk, store: Option<&Store>, tasks: &[(Task, TaskState)]) -> Result<Vec<u8>, Failure> {
    let changes = match store {
        Some(store) => changes(store).await?,
        None => BTreeMap::new(),
    };
    let deadlines: Vec<Deadline> = in_ledger(tasks)
        .map(|(task, state)| {
            let (count, last) = changes.get(&task.id).copied().unwrap_or((1, state.first_seen));
            event(desk, task, state, count.saturating_sub(1), last)
        })
        .collect();
    let name = match desk.config.people.locale {
        Locale::ZhCn => "督办台账",
        Locale::En => "Duban ledger",
    };
    Ok(deadline::calendar(name, &deadlines).into_bytes())
}

fn event(desk: &Desk, task: &Task, state: &TaskState, sequence: u32, stamp: DateTime<Utc>) -> Deadline {
    let almanac = &desk.config.almanac;
    let people = &desk.config.people;
    let zh = people.locale == Locale::ZhCn;
    let is_over = matches!(state.phase, Phase::Closed | Phase::Cancelled);
    let due = almanac.effective_due(state.due);
    let day = almanac.date_of(due);
    let ring = almanac.instant(day.and_time(almanac.timing.send_at));
    let mut alarms = vec![almanac.yellow_from(state.due), ring];
    alarms.dedup();
    let unit = Party::Unit(task.unit.clone());
    let unit = people.name_of(&unit);
    let lead = people.name_of(&task.lead);
    let mut lines = if zh {
        vec![
            format!("编号：{}", task.id),
            format!("责任单位：{unit}"),
            format!("牵头领导：{lead}"),
        ]
    } else {
        vec![
            format!("id: {}", task.id),
            format!("unit: {unit}"),
            format!("lead: {lead}"),
        ]
    };
    if !state.progress.is_empty() {
        lines.push(format!(
            "{}{}",
            if zh { "进度：" } else { "progress: " },
            state.progress
        ));
    }
    let mark = match (state.phase, zh) {
        (Phase::Closed, true) => "【已办结】",
        (Phase::Closed, false) => "[closed] ",
        (Phase::Cancelled, true) => "【已取消】",
        (Phase::Cancelled, false) => "[cancelled] ",
        (Phase::Open | Phase::Acknowledged | Phase::Submitted | Phase::Withdrawn, _) => "",
    };
    Deadline {
        uid: format!("{}@{}", task.id, address(desk)),
        sequence,
        stamp,
        at: match due {
            When::Date(day) => Span::Day(day),
            When::Local(_) | When::Instant(_) => Span::Moment(almanac.due_instant(state.due)),
        },
        summary: format!("{mark}{}", task.title),
        description: lines.join("\n"),
        category: task.area.clone(),
        is_cancelled: state.phase == Phase::Cancelled,
        alarms: if is_over { Vec::new() } else { alarms },
    }
}

/// What tells this ledger's ids from another's in one calendar: it is the same wherever the file is made.
fn address(desk: &Desk) -> String {
    let people = &desk.config.people;
    let office = match &people.office {
        Party::Person(id) => Some(id),
        Party::Unit(id) => people
            .units
            .get(id)
            .and_then(|unit| unit.contacts.first().or(unit.head.as_ref())),
    };
    let person = office.and_then(|id| people.persons.get(id));
    let mail = person.and_then(|person| person.email.as_deref());
    let domain = mail.and_then(|mail| mail.rsplit_once('@')).map(|(_, domain)| domain);
    domain.unwrap_or("duban").to_owned()
}

/// One task for scripts: the columns by their keys, people and units by id, and where it stands.
#[derive(Serialize)]
struct Row<'a> {
    id: &'a TaskId,
    area: &'a str,
    problem: &'a str,
    title: &'a str,
    measures: &'a str,
    lead: Vec<String>,
    unit: String,
    assisting: &'a str,
    owner: Vec<String>,
    supervisor: Option<String>,
    opened: When,
    due: When,
    kind: &'a str,
    evidence: &'a str,
    ladder: String,
    status: &'static str,
    progress: &'a str,
    closed: Option<When>,
    batch: &'a str,
    note: &'a str,
    light: Light,
}

fn json<'a>(desk: &Desk, tasks: &'a [(Task, TaskState)], now: DateTime<Utc>) -> Vec<Row<'a>> {
    let all = |parties: &[Party]| parties.iter().map(party_id).collect::<Vec<_>>();
    in_ledger(tasks)
        .map(|(task, state)| Row {
            id: &task.id,
            area: &task.area,
            problem: &task.problem,
            title: &task.title,
            measures: &task.measures,
            lead: std::iter::once(&task.lead)
                .chain(&task.lead_copies)
                .map(party_id)
                .collect(),
            unit: task.unit.to_string(),
            assisting: &task.assisting,
            owner: all(&task.owner),
            supervisor: task.supervisor.as_ref().map(party_id),
            opened: state.opened,
            due: state.due,
            kind: &task.kind,
            evidence: &task.evidence,
            ladder: task.ladder.to_string(),
            status: state.phase.as_str(),
            progress: if state.progress.is_empty() {
                &task.progress
            } else {
                &state.progress
            },
            closed: state.closed.filter(|_| state.phase == Phase::Closed),
            batch: &task.batch,
            note: &task.note,
            light: desk.config.almanac.light(state, now),
        })
        .collect()
}
