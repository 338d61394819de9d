//! `[audit]`, and `[store] keep`.

use chrono::NaiveTime;

use crate::config::Report;
use crate::domain::ladder::{Span, TimeUnit};

use super::{Fixture, TASK, says, with};

fn audit(lines: &str) -> Fixture {
    with(&format!("{TASK}\naudit = {{ {lines} }}"))
}

#[test]
fn without_a_word_the_self_audit_is_in_the_morning_and_told_weekly() {
    let config = with(TASK).config();
    assert_eq!(config.audit.at, NaiveTime::from_hms_opt(7, 30, 0).expect("a time"));
    assert_eq!((config.audit.report, &config.audit.heartbeat), (Report::Weekly, &None));
    let months = Span {
        amount: 24,
        unit: TimeUnit::Months,
    };
    assert_eq!(config.keep, Some(months));
}

#[test]
fn the_self_audit_is_when_and_told_how_often_it_is_said() {
    let config = audit("at = \"05:00\", report = \"daily\", heartbeat = \"https://hc.example.org/uuid\"").config();
    assert_eq!(config.audit.at, NaiveTime::from_hms_opt(5, 0, 0).expect("a time"));
    assert_eq!(config.audit.report, Report::Daily);
    assert!(!format!("{:?}", config.audit.heartbeat).contains("uuid"));
}

#[test]
fn a_report_is_daily_weekly_or_of_problems() {
    says(&audit("report = \"monthly\""), "`monthly` is no report");
}

#[test]
fn a_heartbeat_is_an_address_that_is_not_repeated() {
    let fixture = audit("heartbeat = \"ftp://hc.example.org/uuid\"");
    says(&fixture, "`heartbeat` is no address: it is neither http nor https");
    let told = fixture.printed();
    let told: Vec<&str> = told.lines().filter(|line| line.contains("error:")).collect();
    assert!(told.iter().all(|line| !line.contains("uuid")), "{told:?}");
}

#[test]
fn messages_are_kept_for_ever_or_for_a_month_at_least() {
    let keep = |value: &str| with(&format!("{TASK}\nstore.keep = \"{value}\""));
    assert_eq!(keep("forever").config().keep, None);
    for short in ["29d", "4w", "720h", "40wd"] {
        says(&keep(short), &format!("`{short}` is no time to keep messages"));
    }
    for long in ["30d", "5w", "2mo"] {
        assert!(keep(long).config().keep.is_some(), "{long}");
    }
}
