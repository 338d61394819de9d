use super::super::robot::tests::{body, divided, many, outcome, outcome_after, probed, settings};
use super::super::robot::{Settings, VendorKind};
use super::super::sample::{as_of, chat};
use super::*;
use crate::domain::chat::{Block, Chat, Line};

fn robot() -> Settings {
    settings(
        VendorKind::Mattermost,
        "https://chat.example/hooks/xrbmf8kqcpgbmeh5hg4t8nskzr",
    )
}

fn text(body: &Value) -> &str {
    body["text"].as_str().unwrap()
}

fn of_length(chars: usize) -> Chat {
    Chat {
        title: "督办".to_owned(),
        blocks: vec![Block {
            task: "1".to_owned(),
            lines: vec![Line::plain("提".repeat(chars))],
            ..Block::default()
        }],
        ..Chat::default()
    }
}

#[test]
fn a_post_is_one_text_of_markdown_with_mentions_by_name() {
    let body = body(&robot(), chat(), false);
    assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
    let text = text(&body);
    assert!(
        text.starts_with(
            "**督办｜2项任务逾期**\n截至 2021-12-17 09:00\n\n🔴 **逾期3个工作日** **重新规划七年级班级**\n"
        ),
        "{text}"
    );
    assert!(text.contains("相关人员：@zhangsan、LI"), "{text}");
}

#[test]
fn ledger_text_brings_no_markup_no_link_and_no_mention() {
    let body = body(&robot(), chat(), false);
    assert!(
        text(&body).contains(
            "＜font color=\"info\"\\>x＜/font\\> ＠all ＜＠all\\> ＜!channel\\> \\[a\\](http：//evil.example) \\*\\_\\~\\`\\|\\# ＆ ＆amp; \\\\ 👨‍👩‍👧 ＜at id=all\\>＜/at\\>"
        ),
        "{}",
        text(&body)
    );
}

#[test]
fn nobody_is_rung_by_a_word_for_everybody() {
    let mut chat = chat();
    chat.title = "@all @channel @here <!here> <userid>".to_owned();
    let body = body(&robot(), chat, false);
    assert!(
        text(&body).starts_with("**＠all ＠channel ＠here ＜!here\\> ＜userid\\>**\n"),
        "{}",
        text(&body)
    );
}

#[test]
fn a_name_is_set_apart_from_letters_that_touch_it() {
    let body = body(&robot(), chat(), false);
    let post = text(&body).contains("：@zhangsan、");
    assert!(post, "{body}");
    let is_word = |c: char| c.is_alphanumeric() || ":.-_@".contains(c);
    let line = |text: &str| set_apart(&text.replace('|', &EDGE.to_string()), is_word, is_word);
    assert_eq!(line("请|@zhangsan|办理"), "请 @zhangsan 办理");
    assert_eq!(line("|@zhangsan||@lisi|."), "@zhangsan @lisi .");
}

#[test]
fn a_line_begins_no_block() {
    let body = |words: &str| {
        let mut chat = of_length(0);
        chat.blocks[0].lines = vec![Line::plain(words)];
        let body = body(&robot(), chat, false);
        text(&body).lines().nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!(body("- a"), "\\- a");
    assert_eq!(body("1. a"), "1\\. a");
    assert_eq!(body("    a"), "a");
    assert_eq!(body("==="), "＝==");
    assert_eq!(body("---"), "\\---");
    assert_eq!(body("# a"), "\\# a");
}

#[test]
fn the_plain_form_has_no_marks_and_still_rings() {
    let body = body(&robot(), chat(), true);
    let text = text(&body);
    assert!(
        !text.contains("**") && text.contains("相关人员：@zhangsan、LI"),
        "{text}"
    );
    assert!(text.contains("\\[a\\]"), "{text}");
}

#[test]
fn a_text_below_16000_characters_fits_and_one_more_is_cut() {
    // The title takes six, and its line break one.
    let chars = |count| text(&body(&robot(), of_length(count), false)).chars().count();
    assert_eq!(chars(15_992), 15_999);
    assert!(chars(15_993) < 15_999);
}

#[test]
fn no_part_is_over_the_limit_and_no_task_is_lost() {
    let bodies = divided(&robot(), &many(200), None);
    assert!(bodies.len() > 1, "{}", bodies.len());
    assert!(bodies.iter().all(|body| text(body).chars().count() < 16_000));
}

#[test]
fn every_answer_has_its_outcome() {
    let robot = robot();
    let said = |attempt, status: u16, id: &str| {
        let body = json!({"id": id, "message": "words", "detailed_error": "", "status_code": status}).to_string();
        outcome(&robot, attempt, status, &[], &body)
    };
    assert_eq!(outcome(&robot, 1, 200, &[], "ok"), "delivered");
    for id in [
        "web.incoming_webhook.parse.app_error",
        "web.incoming_webhook.text.app_error",
        "model.incoming_hook.parse_data.app_error",
    ] {
        assert_eq!(said(1, 400, id), "permanent/message", "{id}");
    }
    for id in [
        "web.incoming_webhook.invalid.app_error",
        "web.incoming_webhook.user.app_error",
    ] {
        assert_eq!(said(1, 400, id), "permanent/endpoint", "{id}");
    }
    assert_eq!(
        said(1, 403, "web.incoming_webhook.channel_locked.app_error"),
        "permanent/endpoint"
    );
    assert_eq!(
        said(1, 404, "web.incoming_webhook.channel.app_error"),
        "permanent/endpoint"
    );
    assert_eq!(
        said(1, 413, "api.context.request_body_too_large.app_error"),
        "permanent/message"
    );
    assert_eq!(
        said(1, 501, "web.incoming_webhook.disabled.app_error"),
        "permanent/endpoint"
    );
    assert_eq!(
        [said(1, 500, "store"), said(5, 500, "store"), said(6, 500, "store")],
        ["backoff", "backoff", "permanent/recipient"]
    );
    assert_eq!(
        outcome(&robot, 1, 429, &[("retry-after", "3")], "limit exceeded"),
        "retry-after 3 endpoint"
    );
    assert_eq!(
        outcome(&robot, 1, 429, &[], "limit exceeded"),
        "retry-after 10 endpoint"
    );
    assert_eq!(
        outcome(&robot, 1, 503, &[("retry-after", "120")], ""),
        "retry-after 120 endpoint"
    );
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
fn a_channel_that_cannot_be_shows_whether_the_hook_is_known() {
    let url = Url::parse("https://chat.example/hooks/x").unwrap();
    let sent: Value = serde_json::from_str(&Mattermost.probe(&url, as_of()).call.body).unwrap();
    assert_eq!(sent["text"], "");
    assert!(sent["channel"].as_str().unwrap().contains(' '));
    let said = |status, id: &str| probed(&robot(), status, &json!({"id": id}).to_string());
    assert_eq!(said(404, "web.incoming_webhook.channel.app_error"), "delivered");
    assert_eq!(said(403, "web.incoming_webhook.channel_locked.app_error"), "delivered");
    assert_eq!(
        said(400, "web.incoming_webhook.invalid.app_error"),
        "permanent/endpoint"
    );
    assert_eq!(said(404, "api.context.404.app_error"), "permanent/endpoint");
    assert_eq!(
        said(501, "web.incoming_webhook.disabled.app_error"),
        "permanent/endpoint"
    );
    assert_eq!(probed(&robot(), 200, "ok"), "unknown");
}

#[test]
fn only_failures_inside_the_server_count_towards_giving_up() {
    let broken = r#"{"id":"store.sql","message":"broken","detailed_error":"","request_id":"r","status_code":500}"#;
    assert_eq!(outcome_after(&robot(), &["429 slow"; 9], 500, broken), "backoff");
    assert_eq!(
        outcome_after(&robot(), &["500 id store.sql"; 5], 500, broken),
        "permanent/recipient"
    );
}

#[test]
fn a_server_that_is_away_is_tried_as_long_as_any_other() {
    let robot = robot();
    for status in [500, 502, 503, 504] {
        assert_eq!(
            outcome(&robot, 20, status, &[], "<html>bad gateway</html>"),
            "backoff",
            "{status}"
        );
    }
    let away = r#"{"id":"api.context","message":"away","status_code":503}"#;
    assert_eq!(outcome(&robot, 20, 503, &[], away), "backoff");
}
