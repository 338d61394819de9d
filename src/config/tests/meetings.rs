//! Meetings of reviews.

use super::{TASK, check, says, with};
use crate::domain::id::ReviewId;

fn meeting(keys: &str) -> super::Fixture {
    with(&format!(
        "{TASK}\nreviews.weekly = {{ cron = \"30 8 * * MON\", to = [\"office\"], meeting = {{ {keys} }} }}"
    ))
}

#[test]
fn a_meeting_takes_an_hour_and_whom_its_review_goes_to_where_nothing_else_is_said() {
    let fixture = meeting(r#"starts = "09:30", organiser = "局长""#);
    check(&fixture, &[]);
    let plan = &fixture.config().meetings[&ReviewId::new("weekly")];
    assert_eq!((plan.organiser.as_str(), plan.length.num_minutes()), ("boss", 60));
    assert_eq!(plan.invite.len(), 1);
    assert_eq!(plan.call_for_agenda, None);
}

#[test]
fn a_meeting_without_a_time_or_an_organiser_is_refused() {
    says(
        &meeting(r#"organiser = "boss""#),
        "`reviews.weekly.meeting` has no `starts`",
    );
    says(
        &meeting(r#"starts = "09:30""#),
        "`reviews.weekly.meeting` has no `organiser`",
    );
    says(
        &meeting(r#"starts = "9 o'clock", organiser = "boss""#),
        "is no time of day",
    );
}

#[test]
fn channels_cannot_come_and_nobody_is_an_error() {
    let channel = "invite = [\"channel:mail\"]";
    assert!(
        meeting(&format!("starts = \"09:30\", organiser = \"boss\", {channel}"))
            .load()
            .is_err()
    );
    says(
        &meeting(r#"starts = "09:30", organiser = "boss", invite = []"#),
        "error: nobody is invited to the meeting",
    );
}

#[test]
fn papers_go_with_the_agenda_unless_told_otherwise_and_need_no_call_for_items() {
    for (keys, papers) in [("", true), (", papers = true", true), (", papers = false", false)] {
        let fixture = meeting(&format!(
            "starts = \"09:30\", organiser = \"boss\", agenda_closes = \"1d\"{keys}"
        ));
        check(&fixture, &[]);
        let plan = &fixture.config().meetings[&ReviewId::new("weekly")];
        assert_eq!((plan.papers, plan.agenda_closes.to_string().as_str()), (papers, "1d"));
    }
}
