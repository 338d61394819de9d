use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Asia::Shanghai;

use super::*;
use crate::domain::audit::FindingKind;
use crate::domain::id::{ChannelId, ReviewId};
use crate::domain::ladder::{Span, TimeUnit};
use crate::domain::message::MessageState;
use crate::domain::when::When;
use crate::rules::calendar::{Calendar, DueOnDayOff, Timing};
use crate::site::vitals::tests::vitals;
use crate::store::Audited;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn almanac(until: &str) -> Almanac {
    let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("a time");
    Almanac {
        calendar: Calendar::new(
            "test",
            vec![chrono::Weekday::Sat, chrono::Weekday::Sun],
            BTreeMap::new(),
            Some(vec![day("2020-01-01")..=day(until)]),
        ),
        timing: Timing {
            zone: Shanghai,
            send_at: time(9),
            close_of_day: time(18),
            hours: None,
            due_on_day_off: DueOnDayOff::AsWritten,
            yellow: Span {
                amount: 5,
                unit: TimeUnit::WorkingDays,
            },
        },
    }
}

/// The value of a series, as it stands in the text.
fn value<'a>(text: &'a str, series: &str) -> Option<&'a str> {
    text.lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))
}

#[test]
fn before_the_first_pass_it_says_that_it_is_not_ready_and_no_more() {
    let text = text(&vitals(None), None, &[]);
    assert_eq!(value(&text, "duban_ready"), Some("0.0"));
    assert_eq!(value(&text, "duban_store_up"), Some("0.0"));
    for absent in [
        "duban_pass_timestamp_seconds",
        "duban_load_accepted",
        "duban_messages",
        "duban_tasks",
    ] {
        assert!(!text.contains(absent), "{absent}");
    }
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn passes_loads_and_faults_are_told() {
    let vitals = Vitals {
        decided: Some(at(1_000)),
        delivered: Some(at(1_001) + TimeDelta::milliseconds(250)),
        now: at(1_002),
        faults: 3,
        held: Some("the clock is wrong".into()),
        load: Some((at(900), false)),
        ..vitals(None)
    };
    let text = text(&vitals, Some(&Figures::default()), &[]);
    for (series, is) in [
        ("duban_pass_timestamp_seconds{loop=\"deciding\"}", "1000.0"),
        ("duban_pass_timestamp_seconds{loop=\"delivering\"}", "1001.25"),
        ("duban_ready", "0.0"),
        ("duban_degraded", "1.0"),
        ("duban_clock_held", "1.0"),
        ("duban_load_accepted", "0.0"),
        ("duban_load_timestamp_seconds", "900.0"),
        ("duban_store_up", "1.0"),
    ] {
        assert_eq!(value(&text, series), Some(is), "{series} in\n{text}");
    }
    assert!(!text.contains("the clock is wrong"), "words stand on /readyz");
}

#[test]
fn every_channel_has_all_its_series_before_its_first_message() {
    let mail = ChannelId::new("mail");
    let vitals = Vitals {
        channels: vec![mail.clone(), ChannelId::new("leaders")],
        attempts: BTreeMap::from([
            ((mail.clone(), "accepted"), 7),
            ((ChannelId::new("gone"), "unknown"), 1),
        ]),
        ..vitals(Some(0))
    };
    let pile = Pile {
        count: 2,
        oldest: Some(at(5)),
    };
    let figures = Figures {
        messages: vec![(mail.clone(), MessageState::Waiting, pile)],
        stopped: vec![(mail, at(9))],
        ..Figures::default()
    };
    let text = text(&vitals, Some(&figures), &[]);
    for (series, is) in [
        ("duban_attempts_total{channel=\"mail\",outcome=\"accepted\"}", "7"),
        ("duban_attempts_total{channel=\"mail\",outcome=\"unknown\"}", "0"),
        ("duban_attempts_total{channel=\"leaders\",outcome=\"accepted\"}", "0"),
        ("duban_attempts_total{channel=\"gone\",outcome=\"unknown\"}", "1"),
        ("duban_messages{channel=\"mail\",state=\"waiting\"}", "2.0"),
        ("duban_messages{channel=\"leaders\",state=\"undeliverable\"}", "0.0"),
        (
            "duban_messages_oldest_timestamp_seconds{channel=\"mail\",state=\"waiting\"}",
            "5.0",
        ),
        ("duban_channel_stopped{channel=\"mail\"}", "1.0"),
        ("duban_channel_stopped{channel=\"leaders\"}", "0.0"),
    ] {
        assert_eq!(value(&text, series), Some(is), "{series} in\n{text}");
    }
}

#[test]
fn the_store_tells_what_is_due_and_what_was_proven() {
    let figures = Figures {
        tasks_due: Pile {
            count: 4,
            oldest: Some(at(11)),
        },
        journal_entries: 77,
        journal_last: Some(at(12)),
        size_bytes: Some(4096),
        audit: Some(Audited {
            at: at(13),
            clean: false,
            found: FindingKind::ALL.map(|kind| (kind, u64::from(kind == FindingKind::Asleep))),
        }),
        reviews: vec![(ReviewId::new("weekly"), None, Some(at(14)))],
        ..Figures::default()
    };
    let text = text(&vitals(Some(0)), Some(&figures), &[]);
    for (series, is) in [
        ("duban_due{what=\"task\"}", Some("4.0")),
        ("duban_due{what=\"notice\"}", Some("0.0")),
        ("duban_due_oldest_timestamp_seconds{what=\"task\"}", Some("11.0")),
        ("duban_due_oldest_timestamp_seconds{what=\"notice\"}", None),
        ("duban_journal_entries", Some("77.0")),
        ("duban_journal_entry_timestamp_seconds", Some("12.0")),
        ("duban_store_size_bytes", Some("4096.0")),
        ("duban_audit_clean", Some("0.0")),
        ("duban_audit_timestamp_seconds", Some("13.0")),
        ("duban_audit_findings{what=\"asleep\"}", Some("1.0")),
        ("duban_audit_findings{what=\"missing\"}", Some("0.0")),
        ("duban_review_next_timestamp_seconds{review=\"weekly\"}", Some("14.0")),
        ("duban_review_sent_timestamp_seconds{review=\"weekly\"}", None),
    ] {
        assert_eq!(value(&text, series), is, "{series} in\n{text}");
    }
}

#[test]
fn tasks_are_counted_by_the_light_that_they_have_now() {
    let row = |standing, due: Option<&str>, count| Alike {
        standing,
        due: due.map(|due| When::Date(day(due))),
        count,
    };
    let census = [
        row(Phase::Open, Some("2026-03-02"), 1),
        row(Phase::Acknowledged, Some("2026-03-02"), 2),
        row(Phase::Open, Some("2026-03-06"), 4),
        row(Phase::Open, Some("2027-01-02"), 8),
        row(Phase::Submitted, None, 16),
        row(Phase::Closed, None, 32),
        row(Phase::Withdrawn, None, 64),
    ];
    let vitals = Vitals {
        now: DateTime::parse_from_rfc3339("2026-03-03T09:00:00+08:00")
            .expect("an instant")
            .to_utc(),
        almanac: Some(almanac("2026-12-31")),
        ..vitals(None)
    };
    let text = text(&vitals, None, &census);
    for (series, is) in [
        ("duban_tasks{light=\"red\"}", "3.0"),
        ("duban_tasks{light=\"yellow\"}", "4.0"),
        ("duban_tasks{light=\"green\"}", "8.0"),
        ("duban_tasks{light=\"blue\"}", "16.0"),
        ("duban_tasks{light=\"grey\"}", "96.0"),
        ("duban_tasks_provisional", "8.0"),
        // The first moment of 2027 in Shanghai.
        ("duban_calendar_end_timestamp_seconds", "1798732800.0"),
    ] {
        assert_eq!(value(&text, series), Some(is), "{series} in\n{text}");
    }
}

#[test]
fn the_older_text_calls_a_counter_total_in_its_head_too() {
    let open = "# HELP a_b Things.\n# TYPE a_b counter\na_b_total{x=\"# HELP a_b\"} 1\n# HELP g Other.\n# TYPE g gauge\ng 2.0\n# EOF\n";
    assert_eq!(
        classic(open),
        "# HELP a_b_total Things.\n# TYPE a_b_total counter\na_b_total{x=\"# HELP a_b\"} 1\n# HELP g Other.\n# TYPE g gauge\ng 2.0\n"
    );
}
