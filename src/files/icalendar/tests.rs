use super::*;

fn event(lines: &str) -> Import {
    parse(&format!(
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n{lines}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    ))
}

fn marks(lines: &str) -> Vec<(String, bool)> {
    let import = event(lines);
    assert_eq!(import.faults, []);
    import
        .marks
        .into_iter()
        .map(|(day, working)| (day.to_string(), working))
        .collect()
}

fn one(day: &str, working: bool) -> Vec<(String, bool)> {
    vec![(day.to_owned(), working)]
}

#[test]
fn the_end_of_an_event_is_the_first_day_after_it() {
    let days = marks("DTSTART;VALUE=DATE:20221231\r\nDTEND;VALUE=DATE:20230103\r\nSUMMARY;LANGUAGE=zh_CN:元旦（休）");
    assert_eq!(
        days.iter().map(|(day, _)| day.as_str()).collect::<Vec<_>>(),
        ["2022-12-31", "2023-01-01", "2023-01-02"]
    );
}

#[test]
fn an_event_without_an_end_or_with_an_equal_one_is_one_day() {
    assert_eq!(
        marks("DTSTART;VALUE=DATE:20230128\r\nSUMMARY:春节（班）"),
        one("2023-01-28", true)
    );
    assert_eq!(
        marks("DTSTART:20230128\r\nDTEND:20230128\r\nSUMMARY:春节（班）"),
        one("2023-01-28", true)
    );
}

#[test]
fn the_tag_decides_before_the_title() {
    assert_eq!(
        marks("DTSTART:20230128\r\nSUMMARY:休\r\nX-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY"),
        one("2023-01-28", true)
    );
    assert_eq!(
        marks("DTSTART:20230127\r\nSUMMARY:班\r\nX-APPLE-SPECIAL-DAY:WORK-HOLIDAY"),
        one("2023-01-27", false)
    );
}

#[test]
fn titles_of_the_feeds_that_people_share_are_understood() {
    for (title, working) in [
        ("元旦假期", false),
        ("上班(补元旦假期)", true),
        ("春节 假期 第1天/共8天", false),
        ("春节 补班 第1天/共2天", true),
        ("休｜元旦", false),
        ("班｜元旦", true),
    ] {
        assert_eq!(
            marks(&format!("DTSTART:20260101\r\nSUMMARY:{title}")),
            one("2026-01-01", working),
            "{title}"
        );
    }
}

#[test]
fn an_event_without_a_mark_is_ignored_and_listed_also_when_it_recurs() {
    let import =
        event("DTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=YEARLY;COUNT=3\r\nSUMMARY:元旦\r\nX-APPLE-SPECIAL-DAY:TRUE");
    assert_eq!((import.marks.len(), import.ignored), (0, vec!["元旦".to_owned()]));
}

#[test]
fn folded_lines_are_joined() {
    assert_eq!(
        marks("DTSTART;VALUE=DA\r\n TE:20230128\r\nSUMMARY:春节（\r\n\t班）"),
        one("2023-01-28", true)
    );
}

#[test]
fn a_timed_event_is_its_day() {
    assert_eq!(
        marks("DTSTART:20230128T090000\r\nDTEND:20230128T180000\r\nSUMMARY:补班"),
        one("2023-01-28", true)
    );
}

#[test]
fn a_start_that_is_no_date_is_a_fault_at_its_line() {
    let import = event("DTSTART:tomorrow\r\nSUMMARY:休");
    assert_eq!(import.faults.len(), 1);
    assert_eq!(import.faults[0].place, 31..47);
}
