use super::super::robot::tests::{body, divided, huge, many, outcome, outcome_after, probed, settings};
use super::super::robot::{Robot, Settings, VendorKind};
use super::super::sample::{self, chat};
use super::*;
use crate::domain::id::ChannelId;

fn robot() -> Settings {
    settings(
        VendorKind::Wecom,
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx",
    )
}

fn content(body: &Value, kind: &str) -> String {
    body[kind]["content"].as_str().unwrap().to_owned()
}

#[test]
fn a_post_is_markdown_with_the_light_in_colour_and_mentions_by_userid() {
    let body = body(&robot(), chat(), false);
    assert_eq!(body["msgtype"], "markdown");
    let text = content(&body, "markdown");
    assert!(text.starts_with("**督办｜2项任务逾期**\n截至 2021-12-17 09:00\n\n🔴 <font color=\"warning\">逾期3个工作日</font> **重新规划七年级班级**\n"));
    assert!(text.contains("相关人员：<@zhangsan>、LI"), "{text}");
}

#[test]
fn ledger_text_brings_no_markup_no_link_and_no_mention() {
    let text = content(&body(&robot(), chat(), false), "markdown");
    assert!(
        !text.contains("<font color=\"info\">") && !text.contains("<@all>"),
        "{text}"
    );
    assert!(!text.contains("](") && !text.contains("@all"), "{text}");
    assert!(text.contains("👨‍👩‍👧"), "{text}");
}

#[test]
fn the_plain_form_rings_by_lists_and_by_mobile_where_there_is_no_userid() {
    let body = body(&robot(), chat(), true);
    assert_eq!(body["text"]["mentioned_list"], json!(["zhangsan"]));
    assert_eq!(body["text"]["mentioned_mobile_list"], json!(["13800002222"]));
    assert!(!content(&body, "text").contains("**"));
}

#[test]
fn no_part_is_over_4096_bytes_and_no_task_is_lost() {
    let bodies = divided(&robot(), &many(100), None);
    assert!(bodies.len() > 5, "{}", bodies.len());
    assert!(bodies.iter().all(|body| content(body, "markdown").len() <= 4096));
}

#[test]
fn a_title_of_three_thousand_characters_alone_is_cut_between_characters() {
    let text = content(&huge(&robot(), &"提".repeat(3000)), "markdown");
    assert!(text.len() <= 4096 && text.contains("提…"), "{} bytes", text.len());
}

#[test]
fn every_answer_has_its_outcome() {
    let robot = robot();
    let said = |attempt, errcode: i64| {
        let body = json!({"errcode": errcode, "errmsg": "words"}).to_string();
        outcome(&robot, attempt, 200, &[], &body)
    };
    assert_eq!(said(1, 0), "delivered");
    assert_eq!(said(1, 45009), "retry-after 60 account");
    assert_eq!(
        [said(1, -1), said(3, -1), said(4, -1)],
        ["backoff", "backoff", "permanent/recipient"]
    );
    assert_eq!(said(1, 6000), "backoff");
    assert_eq!(said(1, 45033), "backoff 5");
    for code in [93000, 93004, 93008, 49008, 93005] {
        assert_eq!(said(1, code), "permanent/endpoint", "{code}");
    }
    for code in [
        40058, 40008, 40033, 44004, 45001, 45002, 45008, 40004, 40005, 40006, 40007, 40009,
    ] {
        assert_eq!(said(1, code), "permanent/message", "{code}");
    }
    assert_eq!([said(1, 99999), said(2, 99999)], ["backoff", "permanent/message"]);
}

#[test]
fn what_is_no_answer_of_the_vendor_is_no_success() {
    let robot = robot();
    assert_eq!(outcome(&robot, 1, 200, &[], "<html>blocked</html>"), "unknown");
    assert_eq!(outcome(&robot, 1, 200, &[], ""), "unknown");
    assert_eq!(outcome(&robot, 1, 502, &[], "<html>"), "backoff");
    assert_eq!(outcome(&robot, 1, 302, &[], ""), "permanent/endpoint");
}

#[test]
fn an_empty_text_shows_whether_the_key_is_known() {
    assert_eq!(
        probed(&robot(), 200, r#"{"errcode":44004,"errmsg":"empty content"}"#),
        "delivered"
    );
    assert_eq!(
        probed(&robot(), 200, r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#),
        "permanent/endpoint"
    );
}

#[test]
fn what_a_post_takes_of_its_limit_is_counted_in_bytes_of_its_content() {
    let robot = Robot::open(&ChannelId::new("group"), &robot()).unwrap();
    let (id, content) = (sample::id(), sample::content());
    let written = robot.written(&sample::parcel(&id, &content));
    let body: Value = serde_json::from_slice(&written.bytes).unwrap();
    let used = body["markdown"]["content"].as_str().unwrap().len();
    let room = written.room.unwrap();
    assert_eq!((room.used, room.limit, room.unit), (used, 4096, "bytes"));
}

#[test]
fn tries_that_ended_otherwise_do_not_count_as_busy() {
    let after = |before: &[&str], code: i64| {
        let body = json!({"errcode": code, "errmsg": "words"}).to_string();
        outcome_after(&robot(), before, 200, &body)
    };
    let others = [
        "no answer in time",
        "200 errcode 45009, errmsg errcode -1",
        "502 <html>",
        "200 errcode -1, errmsg busy",
    ];
    assert_eq!(after(&others, -1), "backoff");
    assert_eq!(after(&["200 errcode -1, errmsg busy"; 3], -1), "permanent/recipient");
    assert_eq!(after(&others, 99999), "backoff");
    assert_eq!(after(&["200 errcode 99999, errmsg ?"], 99999), "permanent/message");
}
