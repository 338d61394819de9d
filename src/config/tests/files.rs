//! Files: includes, kept sets, templates.

use super::{BASE, Fixture, TASK, check, says, with};
use crate::config::{Environment, FileSet, load_from};

#[test]
fn a_missing_include_is_refused_and_a_pattern_may_match_nothing() {
    check(
        &with(&format!("include = [\"conf.d/*.toml\", \"none.toml\"]\n{TASK}")),
        &["duban.toml:1:29: error: `none.toml`: the file does not exist"],
    );
}

#[test]
fn an_id_or_a_scalar_in_two_files_names_both() {
    let fixture = Fixture::new(&[
        (
            "duban.toml",
            &format!("include = \"conf.d/*.toml\"\nlocale = \"en\"\n{TASK}\n{BASE}"),
        ),
        (
            "conf.d/a.toml",
            "locale = \"zh-CN\"\npeople.ann = { email = \"a@x.org\" }",
        ),
    ]);
    check(
        &fixture,
        &[
            "conf.d/a.toml:1:10: error: `locale` is set twice, first at duban.toml:2",
            "conf.d/a.toml:2:8: error: `ann` is defined twice, first at duban.toml:10",
        ],
    );
}

#[test]
fn a_missing_configuration_is_told() {
    let fixture = Fixture::new(&[]);
    assert!(
        fixture.printed().contains("the file does not exist"),
        "{}",
        fixture.printed()
    );
}

#[test]
fn an_empty_configuration_is_refused() {
    says(
        &Fixture::new(&[("duban.toml", "")]),
        "duban.toml:1:1: error: the file is empty",
    );
}

#[test]
fn a_kept_set_loads_again_without_its_files_and_through_json() {
    let fixture = Fixture::new(&[
        (
            "duban.toml",
            &format!(
                "include = \"./conf.d/*.toml\"\nledger = \"*.csv\"\ntemplates = \"t\"\ncalendar = \"own\"\n{BASE}"
            ),
        ),
        ("conf.d/a.toml", "people.eve = { email = \"e@x.org\" }"),
        ("l.csv", "id,title,unit,lead,due\n1,T,edu,boss,2026-06-30\n"),
        ("t/zh-CN/notice.txt", "text"),
        ("calendars/own.toml", "id = \"own\"\nweekend = [\"fri\", \"sat\"]"),
    ]);
    let first = fixture.config();
    let json = serde_json::to_string(&first.files).expect("JSON");
    drop(fixture);
    let kept: FileSet = serde_json::from_str(&json).expect("a set");
    let second = load_from(&kept, &Environment::default()).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(
        (first.tasks, first.people, first.templates),
        (second.tasks, second.people, second.templates)
    );
    assert_eq!(second.almanac.calendar.id(), "own");
    assert_eq!(second.files, kept);
}

#[test]
fn templates_are_named_by_their_path_below_the_folder() {
    let fixture = Fixture::new(&[
        ("duban.toml", &format!("templates = \"t/\"\n{TASK}\n{BASE}")),
        ("t/zh-CN/notice.txt", "文"),
    ]);
    assert_eq!(
        fixture.config().templates.get("zh-CN/notice.txt").map(String::as_str),
        Some("文")
    );
    says(&with(&format!("templates = \"t\"\n{TASK}")), "t` does not exist");
}

#[test]
fn a_report_sums_up() {
    let fixture = with(TASK);
    let report = crate::config::report(Ok(&fixture.config()));
    assert!(
        report.ends_with("duban.toml: 1 task, 1 unit, 3 people, 1 channel, 0 reviews; no problems\n"),
        "{report}"
    );
    let problems = with("locale = \"fr\"").load().expect_err("a problem");
    assert!(crate::config::report(Err(&problems)).ends_with("\n\n1 error, 0 warnings\n"));
}

#[test]
fn ten_thousand_tasks_load() {
    let rows: String = (0..10_000)
        .map(|id| format!("{id},任务{id},市教育局,局长,2026-01-05,2026-{:02}-15\n", id % 12 + 1))
        .collect();
    let fixture = Fixture::new(&[
        (
            "duban.toml",
            &format!("ledger = \"l.csv\"\ncalendar = \"cn-mainland\"\n{BASE}"),
        ),
        (
            "l.csv",
            &format!("编号,任务,责任单位,牵头领导,立项日期,截止日期\n{rows}"),
        ),
    ]);
    assert_eq!(fixture.config().tasks.len(), 10_000);
}

#[test]
fn a_file_past_the_size_limit_is_refused_unread() {
    let fixture = with("ledger = \"l.csv\"");
    let file = std::fs::File::create(fixture.path("l.csv")).expect("made");
    file.set_len(crate::files::text::FILE_BYTES_MAX + 1)
        .expect("a sparse file");
    check(
        &fixture,
        &["duban.toml:1:10: error: `l.csv`: the file has more than 64 MiB"],
    );
}

#[test]
fn a_store_is_relative_to_the_file_that_names_it() {
    let fixture = with(&format!("store.url = \"sqlite:data/x.db\"\n{TASK}"));
    assert_eq!(fixture.config().store, fixture.path("data/x.db"));
    says(
        &with(&format!("store.url = \"mysql:x\"\n{TASK}")),
        "`mysql:x` is no store",
    );
}

#[test]
fn a_column_that_is_mapped_in_two_files_names_both() {
    let fixture = Fixture::new(&[
        (
            "duban.toml",
            &format!("include = \"a.toml\"\nledger_columns.due = \"x\"\n{TASK}\n{BASE}"),
        ),
        ("a.toml", "ledger_columns.due = \"y\""),
    ]);
    check(
        &fixture,
        &["a.toml:1:22: error: `due` is set twice, first at duban.toml:2"],
    );
}

#[test]
fn a_file_that_includes_itself_or_one_above_it_is_refused() {
    let root = format!("include = [\"./duban.toml\", \"a.toml\"]\n{TASK}\n{BASE}");
    let fixture = Fixture::new(&[("duban.toml", &root), ("a.toml", "include = \"b/../duban.toml\"")]);
    check(
        &fixture,
        &[
            "duban.toml:1:12: error: the file includes itself, `./duban.toml`",
            "a.toml:1:11: error: the file includes a file that includes it, `b/../duban.toml`",
        ],
    );
}

#[test]
fn a_file_that_two_include_is_read_once() {
    let root = format!("include = [\"*.toml\", \"b.toml\"]\n{TASK}\n{BASE}");
    let fixture = Fixture::new(&[
        ("duban.toml", &root),
        ("a.toml", "include = \"b.toml\""),
        ("b.toml", ""),
    ]);
    check(&fixture, &[]);
}
