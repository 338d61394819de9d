use super::super::robot::tests::{body, call, divided, many, outcome, parts, probed, settings};
use super::super::robot::{Settings, VendorKind};
use super::super::sample::{NASTY, as_of, chat};
use super::*;
use crate::domain::chat::{Chat, Line};

fn robot() -> Settings {
    Settings {
        token: Some(Secret::new("syt_T0KEN-123")),
        room: Some("!abc/d:chat.test".to_owned()),
        ..settings(VendorKind::Matrix, "https://chat.test/base/")
    }
}

fn text<'a>(body: &'a Value, key: &str) -> &'a str {
    body[key].as_str().unwrap()
}

#[test]
fn a_post_is_text_with_html_beside_it_and_rings_whom_it_means() {
    let body = body(&robot(), chat(), false);
    assert_eq!(body["msgtype"], "m.text");
    assert_eq!(body["format"], "org.matrix.custom.html");
    assert_eq!(body["m.mentions"], json!({"user_ids": ["@zhang:chat.test"]}));
    assert!(text(&body, "body").starts_with(
        "督办｜2项任务逾期\n截至 2021-12-17 09:00\n\n🔴 逾期3个工作日 重新规划七年级班级\n市教育局｜时限 2021-12-16\n相关人员：ZHANG、LI"
    ));
    let html = text(&body, "formatted_body");
    assert!(
        html.starts_with(
            "<strong>督办｜2项任务逾期</strong><br>截至 2021-12-17 09:00<br><br>🔴 <span data-mx-color=\"#d32f2f\"><strong>逾期3个工作日</strong></span> <strong>重新规划七年级班级</strong><br>"
        ),
        "{html}"
    );
    assert!(
        html.contains("<a href=\"https://matrix.to/#/@zhang:chat.test\">ZHANG</a>、LI"),
        "{html}"
    );
}

#[test]
fn a_post_that_means_nobody_says_so_with_an_empty_object() {
    let body = body(&robot(), Chat::of_text("标题", "@room @zhang:chat.test"), false);
    assert_eq!(body["m.mentions"], json!({}));
    assert!(body["m.mentions"].is_object());
}

#[test]
fn ledger_text_brings_no_markup_and_no_link() {
    let body = body(&robot(), chat(), false);
    let html = text(&body, "formatted_body");
    assert!(
        html.contains("&lt;font color=&quot;info&quot;&gt;x&lt;/font&gt;"),
        "{html}"
    );
    assert!(html.contains("&amp;amp;") && html.contains("👨‍👩‍👧"), "{html}");
    assert_eq!(html.matches("<a ").count(), 1, "{html}");
    assert!(text(&body, "body").contains(NASTY));
}

#[test]
fn the_whole_room_is_not_rung_on_old_servers_either() {
    let body = body(&robot(), Chat::of_text("标题", "请 @Room 看"), false);
    assert!(text(&body, "body").contains("请 ＠Room 看"), "{body}");
}

#[test]
fn the_plain_form_has_no_html_and_rings_all_the_same() {
    let body = body(&robot(), chat(), true);
    assert!(body.get("formatted_body").is_none() && body.get("format").is_none());
    assert_eq!(body["m.mentions"], json!({"user_ids": ["@zhang:chat.test"]}));
}

#[test]
fn the_message_id_is_the_transaction_and_the_room_is_encoded() {
    let call = call(&robot(), as_of());
    assert_eq!(call.method, Method::PUT);
    assert_eq!(
        call.url.as_str(),
        "https://chat.test/base/_matrix/client/v3/rooms/%21abc%2Fd%3Achat%2Etest/send/m.room.message/00112233445566778899aabbccddeeff"
    );
    assert_eq!(call.headers, [("authorization", "Bearer syt_T0KEN-123".to_owned())]);
    assert!(!call.body.contains("T0KEN"));
}

#[test]
fn a_room_id_without_a_server_is_encoded_too() {
    let robot = Settings {
        room: Some("!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM".to_owned()),
        ..robot()
    };
    let path = call(&robot, as_of()).url.path().to_owned();
    assert!(
        path.contains("/rooms/%2131hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM/send/"),
        "{path}"
    );
}

#[test]
fn no_part_is_over_48_kilobytes_and_no_task_is_lost() {
    let bodies = divided(&robot(), &many(300), None);
    assert!(bodies.len() > 2, "{}", bodies.len());
    assert!(bodies.iter().all(|body| body.to_string().len() <= 49152));
}

#[test]
fn the_border_is_49152_bytes_of_content() {
    let matrix = Matrix::new(&robot());
    let content = |bytes: usize| {
        let empty = json!({"body": ""}).to_string().len();
        json!({"body": "x".repeat(bytes - empty)})
    };
    assert!(matrix.fits(&content(49152)) && !matrix.fits(&content(49153)));
}

#[test]
fn a_line_of_thirty_thousand_characters_is_cut() {
    let mut chat = Chat::of_text("标题", "x");
    chat.blocks[0].lines = vec![Line::plain("提".repeat(30_000))];
    let parts = parts(&robot(), chat, None);
    assert_eq!(parts.len(), 1);
    assert!(body(&robot(), parts[0].clone(), false).to_string().len() <= 49152);
}

#[test]
fn every_answer_has_its_outcome() {
    let robot = robot();
    let said = |status, errcode: &str| {
        let body = json!({"errcode": errcode, "error": "words"}).to_string();
        outcome(&robot, 1, status, &[], &body)
    };
    assert_eq!(outcome(&robot, 1, 200, &[], r#"{"event_id":"$abc"}"#), "delivered");
    for (status, errcode) in [
        (401, "M_UNKNOWN_TOKEN"),
        (401, "M_MISSING_TOKEN"),
        (403, "M_FORBIDDEN"),
        (403, "M_USER_DEACTIVATED"),
        (401, "M_USER_LOCKED"),
        (403, "M_USER_SUSPENDED"),
        (403, "M_RESOURCE_LIMIT_EXCEEDED"),
        (404, "M_NOT_FOUND"),
        (404, "M_UNRECOGNIZED"),
        (405, "M_UNRECOGNIZED"),
    ] {
        assert_eq!(said(status, errcode), "permanent/endpoint", "{status} {errcode}");
    }
    for (status, errcode) in [
        (413, "M_TOO_LARGE"),
        (400, "M_TOO_LARGE"),
        (400, "M_BAD_JSON"),
        (400, "M_NOT_JSON"),
        (400, "M_UNKNOWN"),
        (413, ""),
    ] {
        assert_eq!(said(status, errcode), "permanent/message", "{status} {errcode}");
    }
    for status in [500, 502, 503, 504, 408] {
        assert_eq!(said(status, "M_UNKNOWN"), "backoff", "{status}");
    }
    let not_a_room = r#"{"errcode":"M_INVALID_PARAM","error":"abc was not legal room ID"}"#;
    assert_eq!(outcome(&robot, 1, 400, &[], not_a_room), "permanent/endpoint");
    assert_eq!(said(400, "M_INVALID_PARAM"), "permanent/message");
}

#[test]
fn a_limit_is_waited_out_for_the_whole_user() {
    let robot = robot();
    let said = |headers: &[(&str, &str)], body: &str| outcome(&robot, 1, 429, headers, body);
    let limit = |ms: i64| json!({"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": ms}).to_string();
    assert_eq!(said(&[], &limit(2000)), "retry-after 2 account");
    assert_eq!(said(&[], &limit(2001)), "retry-after 3 account");
    assert_eq!(said(&[], &limit(1)), "retry-after 1 account");
    assert_eq!(said(&[("retry-after", "7")], &limit(0)), "retry-after 7 account");
    assert_eq!(said(&[("retry-after", "7")], "<html>"), "retry-after 7 account");
    assert_eq!(said(&[], r#"{"errcode":"M_LIMIT_EXCEEDED"}"#), "retry-after 5 account");
    assert_eq!(said(&[], &limit(i64::MAX)), "retry-after 2592000 account");
    assert_eq!(
        outcome(&robot, 1, 503, &[("retry-after", "9")], ""),
        "retry-after 9 endpoint"
    );
}

#[test]
fn what_is_no_answer_of_the_vendor_is_no_success() {
    let robot = robot();
    for body in [
        "",
        "<html>blocked</html>",
        "{}",
        r#"{"event_id":""}"#,
        r#"{"event_id":7}"#,
    ] {
        assert_eq!(outcome(&robot, 1, 200, &[], body), "unknown", "{body}");
    }
    assert_eq!(outcome(&robot, 1, 302, &[], ""), "permanent/endpoint");
    assert_eq!(outcome(&robot, 1, 404, &[], "<html>"), "permanent/endpoint");
}

#[test]
fn the_rooms_members_show_that_token_and_room_are_good() {
    let members = r#"{"joined":{"@bot:chat.test":{"display_name":"bot"}}}"#;
    assert_eq!(probed(&robot(), 200, members), "delivered");
    assert_eq!(probed(&robot(), 200, "<html>"), "unknown");
    assert_eq!(
        probed(&robot(), 401, r#"{"errcode":"M_UNKNOWN_TOKEN"}"#),
        "permanent/endpoint"
    );
    assert_eq!(
        probed(&robot(), 403, r#"{"errcode":"M_FORBIDDEN"}"#),
        "permanent/endpoint"
    );
    let url = Url::parse("https://chat.test").unwrap();
    let call = Matrix::new(&robot()).probe(&url, as_of()).call;
    assert_eq!((call.method, call.body.as_str()), (Method::GET, ""));
    assert!(
        call.url
            .path()
            .ends_with("/rooms/%21abc%2Fd%3Achat%2Etest/joined_members")
    );
}
