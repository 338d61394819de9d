use super::super::robot::tests::{body, divided, many, outcome, outcome_after, probed, settings};
use super::super::robot::{Settings, VendorKind};
use super::super::sample::{as_of, chat};
use super::*;
use crate::domain::chat::{Block, Chat, Line};

fn robot() -> Settings {
    settings(
        VendorKind::Rocketchat,
        "https://chat.example/hooks/64f0c1/t0k3n-t0k3n-t0k3n",
    )
}

fn text(body: &Value) -> &str {
    body["text"].as_str().unwrap()
}

fn of(words: &str) -> Chat {
    Chat {
        title: "督办".to_owned(),
        blocks: vec![Block {
            task: "1".to_owned(),
            lines: vec![Line::plain(words)],
            ..Block::default()
        }],
        ..Chat::default()
    }
}

#[test]
fn a_post_is_one_text_with_mentions_that_ring_after_a_space() {
    let body = body(&robot(), chat(), false);
    assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
    let text = text(&body);
    assert!(
        text.starts_with("*督办｜2项任务逾期*\n截至 2021-12-17 09:00\n\n🔴 *逾期3个工作日* *重新规划七年级班级*\n"),
        "{text}"
    );
    assert!(text.contains("相关人员： @zhangsan、LI"), "{text}");
}

#[test]
fn ledger_text_brings_no_markup_no_link_and_no_mention() {
    let body = body(&robot(), chat(), false);
    assert!(
        text(&body).contains(
            "＜font color=\"info\"＞x＜/font＞ ＠all ＜＠all＞ ＜!channel＞ ［a］(http：//evil.example) ＊＿～｀｜＃ ＆ ＆amp; ＼ 👨‍👩‍👧 ＜at id=all＞＜/at＞"
        ),
        "{}",
        text(&body)
    );
}

#[test]
fn a_line_begins_no_list_no_heading_and_no_quote() {
    let line = |words: &str| {
        let body = body(&robot(), of(words), false);
        text(&body).lines().nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!(line("- a"), "－ a");
    assert_eq!(line("12. a"), "12． a");
    assert_eq!(line("> a"), "＞ a");
    assert_eq!(line("# a"), "＃ a");
    assert_eq!(line("2021-12-16"), "2021-12-16");
}

#[test]
fn the_plain_form_has_no_marks_and_still_rings() {
    let body = body(&robot(), chat(), true);
    let text = text(&body);
    assert!(
        !text.contains('*') && text.contains("相关人员： @zhangsan、LI"),
        "{text}"
    );
}

#[test]
fn a_text_of_4500_units_fits_and_one_more_is_cut() {
    // The title takes four, and its line break one.
    let units = |words: &str| text(&body(&robot(), of(words), false)).encode_utf16().count();
    assert_eq!(units(&"提".repeat(4495)), 4500);
    assert!(units(&"提".repeat(4496)) < 4500);
    assert!(units(&"🔔".repeat(2248)) < 4500);
}

#[test]
fn no_part_is_over_the_limit_and_no_task_is_lost() {
    let bodies = divided(&robot(), &many(100), None);
    assert!(bodies.len() > 2, "{}", bodies.len());
    assert!(bodies.iter().all(|body| text(body).encode_utf16().count() <= 4500));
}

fn said(attempt: usize, status: u16, error: &str) -> String {
    let body = json!({"success": false, "error": error}).to_string();
    outcome(&robot(), attempt, status, &[], &body)
}

#[test]
fn every_answer_has_its_outcome() {
    assert_eq!(outcome(&robot(), 1, 200, &[], r#"{"success":true}"#), "delivered");
    for error in ["error-message-size-exceeded", "unknown-error", "error-running-script"] {
        assert_eq!(said(1, 400, error), "permanent/message", "{error}");
        assert_eq!(said(1, 200, error), "permanent/message", "{error}");
    }
    for error in [
        "overriding destination channel is disabled for this integration",
        "invalid-channel",
        "error-invalid-room",
        "error-not-allowed",
    ] {
        assert_eq!(said(1, 400, error), "permanent/endpoint", "{error}");
    }
    let stranger = "Invalid integration id or token provided.";
    for status in [200, 400, 401, 404, 500] {
        assert_eq!(said(1, status, stranger), "permanent/endpoint", "{status}");
    }
    for status in [401, 403, 404, 410] {
        assert_eq!(said(1, status, "no"), "permanent/endpoint", "{status}");
    }
    for status in [500, 502, 504] {
        assert_eq!(said(1, status, "no"), "backoff", "{status}");
        assert_eq!(said(5, status, "no"), "backoff", "{status}");
    }
    assert_eq!(said(6, 500, "no"), "permanent/recipient");
}

#[test]
fn an_integration_that_stays_unavailable_is_switched_off() {
    let unavailable = |attempt| said(attempt, 503, "Service Unavailable");
    assert_eq!(
        [1, 2, 3, 4].map(unavailable),
        ["backoff", "backoff", "backoff", "permanent/endpoint"]
    );
    assert_eq!(
        outcome(&robot(), 1, 503, &[("retry-after", "9")], ""),
        "retry-after 9 endpoint"
    );
}

#[test]
fn too_many_requests_wait_as_the_words_say_or_a_minute() {
    let words = "Error, too many requests. Please slow down. You must wait 42 seconds before trying this endpoint again. [error-too-many-requests]";
    for status in [429, 400, 200] {
        assert_eq!(said(1, status, words), "retry-after 42 endpoint", "{status}");
    }
    assert_eq!(said(1, 400, "[error-too-many-requests]"), "retry-after 60 endpoint");
    assert_eq!(
        outcome(&robot(), 1, 429, &[("retry-after", "5")], "slow"),
        "retry-after 5 endpoint"
    );
}

#[test]
fn where_one_channel_failed_the_others_are_not_posted_to_again() {
    let both = r##"{"success":true,"responses":[{"channel":"#a","message":{"msg":"x"}},{"channel":"#b","message":{"msg":"x"},"error":""}]}"##;
    assert_eq!(outcome(&robot(), 1, 200, &[], both), "delivered");
    let one = r##"{"success":true,"responses":[{"channel":"#a","message":{"msg":"x"}},{"channel":"#b","error":"invalid-channel"}]}"##;
    assert_eq!(outcome(&robot(), 1, 200, &[], one), "permanent/recipient");
    let none = r##"{"success":false,"responses":[{"channel":"#a","error":"invalid-channel"}]}"##;
    assert_eq!(outcome(&robot(), 1, 400, &[], none), "permanent/endpoint");
    let nowhere = r##"{"success":true,"responses":[{"channel":"#a","error":"invalid-channel"}]}"##;
    assert_eq!(outcome(&robot(), 1, 200, &[], nowhere), "permanent/endpoint");
}

#[test]
fn what_is_no_answer_of_the_vendor_is_no_success() {
    let robot = robot();
    assert_eq!(outcome(&robot, 1, 200, &[], "<html>blocked</html>"), "unknown");
    assert_eq!(outcome(&robot, 1, 200, &[], ""), "unknown");
    assert_eq!(outcome(&robot, 1, 200, &[], "{}"), "unknown");
    assert_eq!(outcome(&robot, 1, 400, &[], "<html>"), "permanent/endpoint");
    assert_eq!(outcome(&robot, 1, 502, &[], "<html>"), "backoff");
    assert_eq!(outcome(&robot, 1, 302, &[], ""), "permanent/endpoint");
}

#[test]
fn an_empty_body_shows_whether_the_token_is_known() {
    let url = Url::parse("https://chat.example/hooks/a/b").unwrap();
    assert_eq!(Rocketchat.probe(&url, as_of()).call.body, "{}");
    assert_eq!(probed(&robot(), 200, r#"{"success":true}"#), "delivered");
    let said = |status, error: &str| {
        let body = json!({"success": false, "error": error}).to_string();
        probed(&robot(), status, &body)
    };
    assert_eq!(
        said(404, "Invalid integration id or token provided."),
        "permanent/endpoint"
    );
    assert_eq!(said(503, "Service Unavailable"), "permanent/endpoint");
}

#[test]
fn only_its_own_status_counts_towards_an_integration_that_is_switched_off() {
    let others = [
        "429 too many",
        "502 <html>",
        "no answer in time",
        "503 Service Unavailable",
    ];
    assert_eq!(outcome_after(&robot(), &others, 503, ""), "backoff");
    assert_eq!(outcome_after(&robot(), &["503 x"; 3], 503, ""), "permanent/endpoint");
}

#[test]
fn a_server_that_is_away_is_tried_as_long_as_any_other() {
    for status in [500, 502, 504] {
        assert_eq!(
            outcome(&robot(), 20, status, &[], "<html>bad gateway</html>"),
            "backoff",
            "{status}"
        );
    }
    assert_eq!(said(20, 502, "no"), "backoff");
}
