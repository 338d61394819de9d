use super::*;
use crate::domain::id::{ChannelId, ReviewId};
use crate::domain::journal::{Draft, FIRST_PREV};
use crate::domain::ladder::{Span, TimeUnit};
use crate::domain::people::Away;
use crate::domain::review::OnDayOff;
use crate::rules::compose::tests::{almanac, at, people, task};

struct Office {
    review: Review,
    tasks: Vec<(Task, TaskState)>,
    entries: Vec<Entry>,
    previous: BTreeMap<String, Figures>,
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
            },
            tasks,
            entries: Vec::new(),
            previous: BTreeMap::new(),
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
