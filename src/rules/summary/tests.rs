use super::*;
use crate::domain::id::{ChannelId, ReviewId};
use crate::domain::journal::{Draft, FIRST_PREV, Fact};
use crate::domain::ladder::{Span, TimeUnit};
use crate::domain::people::Away;
use crate::domain::review::{Audience, Edition, OnDayOff, Scope, Section};
use crate::domain::task::Phase;
use crate::rules::compose::tests::{almanac, at, people, task};

struct Office {
    review: Review,
    tasks: Vec<(Task, TaskState)>,
    entries: Vec<Entry>,
    previous: BTreeMap<String, Figures>,
    history: History,
    told: BTreeMap<TaskId, LastTold>,
    ladders: BTreeMap<LadderId, Ladder>,
    people: People,
    almanac: Almanac,
}

impl Office {
    fn new(to: &[&str], tasks: Vec<(Task, TaskState)>) -> Self {
        Self {
            review: Review {
                id: ReviewId::new("weekly"),
                cron: "30 8 * * MON".into(),
                to: to.iter().map(|to| to.parse().expect("an audience")).collect(),
                on_day_off: OnDayOff::Send,
                late_limit: Span {
                    amount: 2,
                    unit: TimeUnit::Days,
                },
                pictures: true,
                attach: Vec::new(),
            },
            tasks,
            entries: Vec::new(),
            previous: BTreeMap::new(),
            history: History::default(),
            told: BTreeMap::new(),
            ladders: BTreeMap::new(),
            people: people(),
            almanac: almanac(),
        }
    }

    fn input(&self) -> ReviewInput<'_> {
        ReviewInput {
            review: &self.review,
            tasks: &self.tasks,
            since: Some(at("2021-12-13 08:30")),
            entries: &self.entries,
            history: &self.history,
            told: &self.told,
            ladders: &self.ladders,
            head: None,
            previous: &self.previous,
            undelivered: &[],
            mismatches: &[],
            people: &self.people,
            almanac: &self.almanac,
            now: at("2021-12-20 08:30"),
            nominal: at("2021-12-20 08:30"),
        }
    }

    fn happened(&mut self, id: &str, fact: &Fact) {
        let draft = Draft::of_fact(at("2021-12-15 15:30"), TaskId::new(id), "张三", fact, Some("好"));
        let seq = self.entries.len() as u64 + 1;
        self.entries.push(Entry::chain(draft, seq, FIRST_PREV));
    }

    fn readers(&self) -> Vec<String> {
        recipients(&self.input())
            .into_iter()
            .map(|reader| reader.recipient.id)
            .collect()
    }

    fn summary(&self, id: &str) -> Summary {
        let input = self.input();
        let reader = recipients(&input)
            .into_iter()
            .find(|reader| reader.recipient.id == id)
            .expect("a reader of that id");
        summary(&input, &reader)
    }

    fn send_away(&mut self, id: &str, deputy: Option<&str>) {
        let day = self.almanac.today(self.input().now);
        let person = self.people.persons.get_mut(&PersonId::new(id)).expect("a person");
        person.away = vec![Away { from: day, until: day }];
        person.deputy = deputy.map(PersonId::new);
    }
}

fn closed(id: &str) -> (Task, TaskState) {
    let (task, mut state) = task(id, "2021-12-16");
    state.phase = Phase::Closed;
    state.closed = Some("2021-12-15".parse().expect("a date"));
    (task, state)
}

const ALL: [&str; 5] = ["office", "leads", "heads", "supervisors", "owners"];

#[test]
fn everyone_with_a_part_gets_one_and_the_office_gets_all() {
    let office = Office::new(&ALL, vec![task("1", "2021-12-16")]);
    assert_eq!(office.readers(), ["clerk", "contact", "head", "room", "vm"]);
}

#[test]
fn without_any_task_only_the_office_gets_one() {
    let mut office = Office::new(&ALL, vec![closed("1")]);
    assert_eq!(office.readers(), ["clerk"]);
    office.happened("1", &Fact::Closed { on: None });
    assert_eq!(office.readers().len(), 5, "a task closed since the last run counts");
}

#[test]
fn somebody_in_two_audiences_gets_one_mail_with_the_widest_scope() {
    let office = Office::new(&["leads", "person:vm"], vec![task("1", "2021-12-16")]);
    let readers = recipients(&office.input());
    assert_eq!(readers.len(), 1);
    assert_eq!(readers[0].scope, Scope::Everything);
}

#[test]
fn a_channel_is_a_reader_of_everything() {
    let mut office = Office::new(&["channel:leaders"], vec![task("1", "2021-12-16")]);
    office.review.to = vec![Audience::Channel(ChannelId::new("leaders"))];
    assert_eq!(office.summary("leaders").key(), "channel:leaders");
}

#[test]
fn a_deputy_gets_it_marked_for_whom() {
    let mut office = Office::new(&["leads"], vec![task("1", "2021-12-16")]);
    office.send_away("vm", Some("contact"));
    assert_eq!(office.readers(), ["contact"]);
    assert_eq!(office.summary("contact").for_names, ["副市长"]);
}

#[test]
fn without_a_deputy_the_person_and_the_office_get_it() {
    let mut office = Office::new(&["leads"], vec![task("1", "2021-12-16")]);
    office.send_away("vm", None);
    assert_eq!(office.readers(), ["clerk", "vm"]);
    assert_eq!(office.summary("clerk").for_names, ["副市长"]);
}

#[test]
fn the_sections_hold_what_their_names_say() {
    let mut waiting = task("4", "2021-12-16");
    waiting.1.phase = Phase::Submitted;
    waiting.1.submitted = Some(at("2021-12-15 15:30"));
    let tasks = vec![
        task("1", "2021-12-16"),
        task("2", "2021-12-10"),
        task("3", "2022-01-03"),
        waiting,
        closed("5"),
        task("6", "2022-06-30"),
    ];
    let mut office = Office::new(&["office"], tasks);
    office.happened("5", &Fact::Closed { on: None });
    let summary = office.summary("clerk");
    let ids = |section: &Section| {
        section
            .lines
            .iter()
            .map(|line| line.task.id.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&summary.overdue), ["2", "1"], "the latest first");
    assert_eq!(ids(&summary.due_soon), ["3"]);
    assert_eq!(ids(&summary.silent), ["3", "6"]);
    assert_eq!(ids(&summary.under_review), ["4"]);
    assert_eq!(ids(&summary.closed), ["5"]);
    assert_eq!(summary.overdue.lines[0].holders, ["联系人"]);
    let Figures {
        green,
        yellow,
        red,
        blue,
        grey,
    } = summary.figures;
    assert_eq!([green, yellow, red, blue, grey], [2, 0, 2, 1, 1]);
}

#[test]
fn acts_since_the_last_run_stand_in_it_with_who_did_them() {
    let mut office = Office::new(&["office", "leads"], vec![task("1", "2021-12-16")]);
    office.happened("1", &Fact::Submitted);
    office.happened("9", &Fact::Submitted);
    let change = office.summary("vm").changes;
    assert_eq!(change.len(), 1, "another's task is not theirs");
    assert_eq!(
        (change[0].at.as_str(), change[0].by.as_str(), change[0].note.as_str()),
        ("2021-12-15 15:30", "张三", "好")
    );
}

#[test]
fn figures_are_compared_with_the_last_run_of_the_same_reader() {
    let mut office = Office::new(&["leads"], vec![task("1", "2021-12-16")]);
    let before = Figures {
        green: 1,
        ..Figures::default()
    };
    office.previous.insert("person:vm".into(), before);
    let summary = office.summary("vm");
    assert_eq!((summary.before, summary.figures.red), (Some(before), 1));
}

#[test]
fn a_week_of_nothing_is_known_as_quiet() {
    let office = Office::new(&["office"], Vec::new());
    let summary = office.summary("clerk");
    assert!(summary.is_quiet() && summary.is_idle() && !summary.is_all_green());
}

/// A weekly review of Sunday 2021-12-19 that takes place on the Monday after it, seen at `now`.
fn of_a_sunday(now: &str) -> (Option<String>, Option<String>) {
    let mut office = Office::new(&ALL, vec![task("1", "2021-12-16")]);
    office.review.on_day_off = OnDayOff::NextWorkingDay;
    let input = ReviewInput {
        nominal: at("2021-12-19 08:30"),
        now: at(now),
        ..office.input()
    };
    let readers = recipients(&input);
    let summary = summary(&input, &readers[0]);
    (summary.moved_from, summary.late_from)
}

#[test]
fn a_review_moved_off_a_day_off_is_not_late_at_its_moved_time() {
    assert_eq!(of_a_sunday("2021-12-20 08:30"), (Some("2021-12-19".into()), None));
}

#[test]
fn a_moved_review_is_late_against_its_moved_time() {
    let late = Some("2021-12-20 08:30".into());
    assert_eq!(of_a_sunday("2021-12-20 08:32").1, late);
}

impl Office {
    /// Reads what was noted with [`Office::happened`] as the journal, after a loading of every task.
    fn remembering(mut self) -> Self {
        let mut entries: Vec<Entry> = Vec::new();
        for (task, _) in &self.tasks {
            let fact = Fact::Loaded {
                due: task.due,
                opened: task.opened,
                ladder_print: String::new(),
            };
            let draft = Draft::of_fact(at("2021-11-15 08:00"), task.id.clone(), "ledger", &fact, None);
            entries.push(Entry::chain(draft, 0, FIRST_PREV));
        }
        entries.extend(self.entries.iter().cloned());
        let tasks = self.tasks.iter().map(|(task, _)| task);
        self.history = History::of(tasks, &entries, &self.almanac, at("2021-12-20 08:30"));
        self
    }
}

#[test]
fn each_reader_has_the_edition_of_their_part_and_the_widest_of_several() {
    let office = Office::new(
        &["office", "leads", "heads", "supervisors", "owners", "channel:leaders"],
        vec![task("1", "2021-12-16")],
    );
    let editions: Vec<(String, Edition)> = recipients(&office.input())
        .into_iter()
        .map(|reader| (reader.recipient.id, reader.edition))
        .collect();
    assert_eq!(
        editions
            .iter()
            .map(|(id, edition)| (id.as_str(), *edition))
            .collect::<Vec<_>>(),
        [
            ("clerk", Edition::Office),
            ("contact", Edition::Owner),
            ("head", Edition::UnitHead),
            ("room", Edition::Supervisor),
            ("vm", Edition::Lead),
            ("leaders", Edition::Group),
        ]
    );
}

#[test]
fn a_group_reads_the_ten_worst_and_counts_of_the_rest() {
    let mut tasks: Vec<_> = (1..=12)
        .map(|n| task(&n.to_string(), &format!("2021-12-{:02}", n + 3)))
        .collect();
    tasks.push(task("20", "2021-12-28"));
    let summary = Office::new(&["channel:leaders"], tasks).summary("leaders");
    let worst: Vec<&str> = summary.overdue.lines.iter().map(|line| line.task.id.as_str()).collect();
    assert_eq!((worst.len(), worst.first(), summary.overdue.more), (10, Some(&"1"), 2));
    assert_eq!((summary.due_soon.lines.len(), summary.due_soon.count()), (0, 1));
}

#[test]
fn extensions_returns_and_relapses_stand_apart_from_other_changes() {
    let mut office = Office::new(
        &["office"],
        vec![
            task("1", "2021-12-30"),
            task("2", "2021-12-30"),
            task("3", "2021-12-30"),
        ],
    );
    let moved = |from: &str, to: &str| Fact::DueChanged {
        from: from.parse().expect("a date"),
        to: to.parse().expect("a date"),
    };
    office.happened("1", &moved("2021-12-16", "2021-12-30"));
    office.happened("1", &moved("2021-12-30", "2021-12-24"));
    office.happened("2", &Fact::Returned { due: None });
    office.happened("3", &Fact::Closed { on: None });
    office.happened("3", &Fact::Reopened { due: None });
    let counts = office.remembering().summary("clerk").counts();
    let of = |name: &str| counts.get(name).copied();
    assert_eq!([of("extensions"), of("returns"), of("relapses")], [Some(1); 3]);
    assert_eq!(
        of("changes"),
        Some(2),
        "a deadline moved forward, and the closing that did not last"
    );
}

#[test]
fn what_is_green_and_nowhere_else_is_only_counted() {
    let mut fresh = task("2", "2022-06-30");
    fresh.1.reported = Some(at("2021-12-17 10:00"));
    let summary = Office::new(&["office"], vec![task("1", "2022-06-30"), fresh]).summary("clerk");
    assert_eq!((summary.figures.green, summary.silent.count(), summary.fine), (2, 1, 1));
}

#[test]
fn a_submission_names_who_reviews_it_and_an_overdue_task_who_was_told() {
    let mut waiting = task("2", "2021-12-30");
    waiting.1.phase = Phase::Submitted;
    waiting.1.submitted = Some(at("2021-12-15 15:30"));
    let mut office = Office::new(&["office"], vec![task("1", "2021-12-16"), waiting]);
    let told = LastTold {
        names: vec!["局长".into()],
        level: crate::domain::ladder::Level::Escalate,
        at: "2021-12-20 09:00".into(),
        loudest: None,
    };
    office.told.insert(TaskId::new("1"), told.clone());
    let summary = office.summary("clerk");
    assert_eq!(summary.under_review.lines[0].reviewers, ["督导员"]);
    assert_eq!(summary.overdue.lines[0].told, Some(told));
}

#[test]
fn a_closed_task_whose_look_back_comes_is_named_with_its_day() {
    let step = crate::domain::ladder::Step {
        from: crate::domain::ladder::Anchor::Closed,
        at: "+1w".parse().expect("an offset"),
        level: crate::domain::ladder::Level::Remind,
        to: vec![crate::domain::ladder::Role::Supervisor],
        every: Some("1w".parse().expect("a span")),
        times: Some(3),
        until: crate::domain::ladder::Until::Closed,
        roll: crate::domain::ladder::Roll::None,
        via: crate::domain::ladder::Via::First,
        channels: Vec::new(),
    };
    let mut office = Office::new(&["office"], vec![closed("1"), task("2", "2022-06-30")]);
    let ladder = Ladder {
        id: LadderId::new("standard"),
        kinds: Vec::new(),
        steps: vec![step],
    };
    office.ladders.insert(ladder.id.clone(), ladder);
    let look_backs = office.summary("clerk").look_backs;
    assert_eq!(look_backs.lines.len(), 1);
    assert_eq!(look_backs.lines[0].look_back.as_deref(), Some("2021-12-22"));
}

#[test]
fn only_the_office_reads_the_calendars_gaps_and_the_journals_head() {
    let mut office = Office::new(&["office", "leads"], vec![task("1", "2022-06-30")]);
    let known = "2021-01-01".parse().expect("a date")..="2021-12-31".parse().expect("a date");
    office.almanac.calendar = crate::rules::calendar::Calendar::new(
        "town",
        vec![chrono::Weekday::Sat, chrono::Weekday::Sun],
        BTreeMap::new(),
        Some(vec![known]),
    );
    let head = ChainHead {
        seq: 7,
        hash: "0123456789ab".into(),
    };
    let input = ReviewInput {
        head: Some(&head),
        ..office.input()
    };
    let board = Board::of(&input);
    let read: Vec<(bool, bool)> = board
        .readers()
        .iter()
        .map(|reader| board.summary(reader))
        .map(|summary| {
            (
                summary.calendar.is_some_and(|gap| gap.years == [(2022, 1)]),
                summary.head.is_some(),
            )
        })
        .collect();
    assert_eq!(read, [(true, true), (false, false)]);
}

/// A task for which more time was asked on the fifteenth.
fn asking(id: &str, due: &str) -> (Task, TaskState) {
    let (task, mut state) = task(id, due);
    state.asked = Some(crate::domain::task::Asked {
        to: "2022-01-31".parse().expect("a date"),
        at: at("2021-12-15 15:30"),
        note: "雨季".into(),
    });
    (task, state)
}

fn asked() -> Fact {
    Fact::ExtensionAsked {
        to: "2022-01-31".parse().expect("a date"),
        note: "雨季".into(),
    }
}

#[test]
fn a_request_that_waits_stands_in_its_section_and_not_among_the_changes() {
    let mut office = Office::new(&["office"], vec![asking("1", "2022-01-14"), task("2", "2022-06-30")]);
    office.happened("1", &asked());
    let summary = office.summary("clerk");
    let request = summary.requests.lines[0].request.clone().expect("a request");
    assert_eq!(
        (
            request.to.as_str(),
            request.at.as_str(),
            request.working_days,
            request.note.as_str()
        ),
        ("2022-01-31", "2021-12-15 15:30", 3, "雨季")
    );
    assert_eq!((summary.requests.count(), summary.changes.len()), (1, 0));
    assert!(!summary.is_quiet(), "a request is news");
}

#[test]
fn an_old_request_is_no_news_and_still_waits() {
    let (task, mut state) = asking("1", "2022-01-14");
    state.asked.as_mut().expect("a request").at = at("2021-12-06 10:00");
    let summary = Office::new(&["office"], vec![(task, state)]).summary("clerk");
    assert!(summary.is_quiet());
    assert_eq!(summary.requests.count(), 1);
}

#[test]
fn a_request_that_was_answered_stands_among_the_changes_and_its_answer_among_the_extensions() {
    let mut office = Office::new(&["office"], vec![task("1", "2022-01-31"), task("2", "2021-12-30")]);
    let day = |text: &str| text.parse().expect("a date");
    office.happened("1", &asked());
    let granted = Fact::ExtensionGranted {
        from: day("2021-12-30"),
        asked: day("2022-01-31"),
        to: day("2022-01-31"),
    };
    office.happened("1", &granted);
    office.happened("2", &asked());
    let refused = Fact::ExtensionRefused {
        asked: day("2022-01-31"),
    };
    office.happened("2", &refused);
    let summary = office.summary("clerk");
    let answers: Vec<&Fact> = summary.extensions.lines.iter().map(|change| &change.fact).collect();
    assert_eq!(answers, [&refused, &granted]);
    assert_eq!((summary.changes.len(), summary.requests.count()), (2, 0));
}

#[test]
fn batches_are_counted_where_there_are_several_and_a_reader_sees_their_own_part_of_each() {
    let batched = |id: &str, due: &str, batch: &str| {
        let (mut task, state) = task(id, due);
        task.batch = batch.into();
        (task, state)
    };
    let one = vec![batched("1", "2021-12-16", "I"), batched("2", "2022-06-30", "I")];
    assert_eq!(Office::new(&["office"], one.clone()).summary("clerk").batches, []);
    let mut tasks = one;
    tasks.push(batched("3", "2022-06-30", "II"));
    let (mut others, state) = batched("4", "2021-12-16", "II");
    others.lead = Party::Person(PersonId::new("clerk"));
    tasks.push((others, state));
    tasks.push(batched("5", "2022-06-30", ""));
    let office = Office::new(&["office", "leads"], tasks);
    let of = |who: &str| {
        let batches = office.summary(who).batches;
        let one =
            |batch: &crate::domain::review::BatchFigures| (batch.batch.clone(), batch.figures.red, batch.figures.green);
        batches.iter().map(one).collect::<Vec<_>>()
    };
    let told = |rows: [(&str, u32, u32); 3]| rows.map(|(name, red, green)| (name.to_owned(), red, green));
    assert_eq!(of("clerk"), told([("I", 1, 1), ("II", 1, 1), ("", 0, 1)]));
    assert_eq!(of("vm"), told([("I", 1, 1), ("II", 0, 1), ("", 0, 1)]));
}

#[test]
fn a_stage_says_of_which_task_it_is_one_where_the_ledger_has_that_task() {
    let tasks = vec![
        task("7", "2022-06-30"),
        task("7/1", "2021-12-16"),
        task("2021/3", "2021-12-16"),
    ];
    let overdue = Office::new(&["office"], tasks).summary("clerk").overdue;
    let stages: Vec<Option<(&str, &str)>> = overdue
        .lines
        .iter()
        .map(|line| {
            line.stage_of
                .as_ref()
                .map(|stage| (stage.id.as_str(), stage.due.as_str()))
        })
        .collect();
    assert_eq!(stages, [Some(("7", "2022-06-30")), None]);
}

#[test]
fn the_office_is_warned_before_the_calendar_ends_though_no_task_reaches_beyond() {
    let mut office = Office::new(&["office"], vec![task("1", "2021-12-24")]);
    let mut gap_until = |last: &str| {
        let known = "2021-01-01".parse().expect("a date")..=last.parse().expect("a date");
        let days_off = vec![chrono::Weekday::Sat, chrono::Weekday::Sun];
        office.almanac.calendar =
            crate::rules::calendar::Calendar::new("town", days_off, BTreeMap::new(), Some(vec![known]));
        office
            .summary("clerk")
            .calendar
            .map(|gap| (gap.days_left, gap.years.len()))
    };
    assert_eq!(gap_until("2021-12-31"), Some((11, 0)));
    assert_eq!(gap_until("2022-12-31"), None);
}

#[test]
fn of_tasks_silent_alike_the_one_that_is_due_first_comes_first() {
    let tasks = vec![
        task("1", "2022-06-30"),
        task("2", "2022-01-14"),
        task("3", "2022-03-31"),
    ];
    let silent = Office::new(&["office"], tasks).summary("clerk").silent;
    let ids: Vec<&str> = silent.lines.iter().map(|line| line.task.id.as_str()).collect();
    assert_eq!(ids, ["2", "3", "1"]);
}
