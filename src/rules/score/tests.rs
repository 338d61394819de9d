use super::*;
use crate::domain::id::UnitId;
use crate::domain::journal::{Entry, Fact};
use crate::rules::compose::tests::{almanac, task};
use crate::rules::record::tests::{december, entry, loaded, notice, when};

/// A small journal of December 2021 (the first is a Wednesday; the calendar is Monday to Friday):
///
/// | task | first date | what happened |
/// | --- | --- | --- |
/// | 1 | Fri 10th | closed on the 10th: on time |
/// | 2 | Fri 10th | extended to the 20th, returned once, chased on the 13th (two people) and the 14th, closed on Fri 17th: 5 working days late against the first date (13, 14, 15, 16, 17) |
/// | 3 | Fri 24th | open at the end, Fri 31st: 5 working days late (27, 28, 29, 30, 31) |
/// | 4 | Wed 15th | closed on the 14th: on time; opened again on the 20th: a relapse |
fn journal() -> Vec<Entry> {
    let close = Fact::Closed { on: None };
    vec![
        loaded("1", "2021-12-10"),
        loaded("2", "2021-12-10"),
        loaded("3", "2021-12-24"),
        loaded("4", "2021-12-15"),
        entry(
            "2021-12-08 10:00",
            "2",
            &Fact::DueChanged {
                from: when("2021-12-10"),
                to: when("2021-12-20"),
            },
            None,
        ),
        entry("2021-12-10 19:30", "1", &close, None),
        notice("2021-12-13 09:00", "2", "overdue", "contact"),
        notice("2021-12-13 09:00", "2", "overdue", "head"),
        notice("2021-12-14 09:00", "2", "escalate", "vm"),
        entry("2021-12-14 10:00", "4", &close, None),
        entry("2021-12-14 11:00", "2", &Fact::Submitted, None),
        entry("2021-12-15 11:00", "2", &Fact::Returned { due: None }, None),
        entry("2021-12-17 11:00", "2", &close, None),
        entry("2021-12-20 11:00", "4", &Fact::Reopened { due: None }, None),
    ]
}

fn tasks() -> Vec<Task> {
    let mut tasks: Vec<Task> = [
        ("1", "2021-12-10"),
        ("2", "2021-12-20"),
        ("3", "2021-12-24"),
        ("4", "2021-12-15"),
    ]
    .map(|(id, due)| task(id, due).0)
    .into();
    tasks.push(task("5", "2022-03-31").0);
    tasks
}

fn rows(entries: &[Entry], tasks: &[Task], weights: &Weights, by: By) -> Vec<Row> {
    let almanac = almanac();
    let mut records = Records::new(december(), &almanac);
    for entry in entries {
        records.read(entry);
    }
    scores(tasks, &records, weights, by)
}

#[test]
fn the_score_of_a_small_journal_is_what_is_computed_by_hand() {
    let rows = rows(&journal(), &tasks(), &Weights::default(), By::Unit);
    let [row] = rows.as_slice() else {
        panic!("one unit: {rows:?}")
    };
    let lines: Vec<String> = row.lines.iter().map(ToString::to_string).collect();
    // On time: 1 and 4. Late: 5 + 5 of the 4 tasks. One return, one extension, one relapse among 4 tasks. Two chasings,
    // of which 4 × 5 would be the worst. 20 + 17.5 + 7.5 + 7.5 + 9 + 7.5 = 69.
    assert_eq!(
        lines,
        [
            "40 × 2/4 = 20.00",
            "20 × (1 − 10/(4×20)) = 17.50",
            "10 × (1 − 1/4) = 7.50",
            "10 × (1 − 1/4) = 7.50",
            "10 × (1 − 2/(4×5)) = 9.00",
            "10 × (1 − 1/4) = 7.50",
        ]
    );
    assert_eq!(row.total, Some(6900));
}

#[test]
fn leaders_have_rows_of_their_own() {
    let rows = rows(&journal(), &tasks(), &Weights::default(), By::Lead);
    assert_eq!(
        rows.iter().map(|row| (&row.who, row.tasks.len())).collect::<Vec<_>>(),
        [(&task("1", "2021-12-10").0.lead, 4)]
    );
}

#[test]
fn a_unit_without_a_task_in_the_period_is_not_listed() {
    let entries = [loaded("5", "2022-03-31")];
    assert_eq!(rows(&entries, &tasks(), &Weights::default(), By::Unit), []);
}

#[test]
fn a_period_in_which_nothing_can_be_judged_yet_has_no_total() {
    let almanac = almanac();
    let period = crate::rules::record::Period {
        until: crate::rules::compose::tests::at("2021-12-05 09:00"),
        ..december()
    };
    let mut records = Records::new(period, &almanac);
    records.read(&loaded("3", "2021-12-24"));
    let rows = scores(&tasks(), &records, &Weights::default(), By::Unit);
    let [row] = rows.as_slice() else {
        panic!("one unit: {rows:?}")
    };
    assert_eq!(row.total, None);
    assert_eq!(row.count(Measure::OnTime), (0, 0));
}

#[test]
fn what_is_worse_than_the_worst_earns_nothing_and_no_less() {
    let mut entries = vec![loaded("1", "2021-12-10")];
    for hour in 0..7 {
        entries.push(notice(&format!("2021-12-13 1{hour}:00"), "1", "overdue", "contact"));
    }
    let rows = rows(&entries, &tasks(), &Weights::default(), By::Unit);
    let line = rows
        .first()
        .and_then(|row| row.lines.iter().find(|line| line.measure == Measure::Chasings).copied());
    assert_eq!(
        line.map(|line| line.to_string()).as_deref(),
        Some("10 × 0 = 0.00 (7/(1×5) is more than 1)")
    );
}

#[test]
fn points_are_rounded_half_up_to_a_hundredth_and_the_total_is_the_sum_of_what_is_shown() {
    let mut entries = vec![
        loaded("1", "2021-12-10"),
        loaded("2", "2021-12-10"),
        loaded("3", "2021-12-24"),
    ];
    entries.push(entry("2021-12-09 10:00", "1", &Fact::Closed { on: None }, None));
    let rows = rows(&entries, &tasks(), &Weights::default(), By::Unit);
    let row = rows.first().expect("a row");
    assert_eq!(
        row.lines.first().map(ToString::to_string).as_deref(),
        Some("40 × 1/3 = 13.33")
    );
    let sum: u32 = row.lines.iter().filter_map(|line| line.points).sum();
    assert_eq!(row.total, Some(sum));
}

#[test]
fn equal_scores_stand_in_the_order_of_their_ids() {
    let mut tasks = tasks();
    let mut entries = Vec::new();
    for (task, unit) in tasks.iter_mut().zip(["d", "b", "a", "c", "e"]) {
        task.unit = UnitId::new(unit);
        entries.push(loaded(task.id.as_str(), "2021-12-20"));
        entries.push(entry(
            "2021-12-20 10:00",
            task.id.as_str(),
            &Fact::Closed { on: None },
            None,
        ));
    }
    let order: Vec<String> = rows(&entries, &tasks, &Weights::default(), By::Unit)
        .into_iter()
        .map(|row| match row.who {
            Party::Unit(id) => id.to_string(),
            Party::Person(id) => id.to_string(),
        })
        .collect();
    assert_eq!(order, ["a", "b", "c", "d", "e"]);
}

#[test]
fn a_task_counts_in_the_period_of_its_relapse_too() {
    let mut entries = vec![loaded("1", "2021-11-20")];
    entries.push(entry("2021-11-19 10:00", "1", &Fact::Closed { on: None }, None));
    assert!(rows(&entries, &tasks(), &Weights::default(), By::Unit).is_empty());
    entries.push(entry("2021-12-19 10:00", "1", &Fact::Reopened { due: None }, None));
    let rows = rows(&entries, &tasks(), &Weights::default(), By::Unit);
    assert_eq!(rows.first().map(|row| row.count(Measure::Relapses)), Some((1, 1)));
}

#[test]
fn the_usual_weights_sum_to_a_hundred() {
    assert_eq!(Weights::default().weight.values().sum::<u32>(), WEIGHTS_SUM);
}
