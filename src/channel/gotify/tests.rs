use super::super::http::Answer;
use super::super::robot::tests::{body, call, outcome, parts, probed, settings};
use super::super::robot::{Settings, VendorKind};
use super::super::sample::{as_of, chat};
use super::*;
use crate::domain::chat::{Block, Chat, Line, Span};

fn robot() -> Settings {
    Settings {
        token: Some(Secret::new("AbCdEf123456789")),
        ..settings(VendorKind::Gotify, "https://push.example/gotify")
    }
}

fn message(body: &Value) -> &str {
    body["message"].as_str().unwrap()
}

/// One line as it is written.
fn line(text: &str) -> String {
    CommonMark.line(CommonMark.text(text))
}

#[test]
fn a_post_is_markdown_with_a_title_and_a_priority() {
    let body = body(&robot(), chat(), false);
    assert_eq!(body["title"], "督办｜2项任务逾期");
    assert_eq!(body["priority"], 8);
    assert_eq!(
        body["extras"],
        json!({"client::display": {"contentType": "text/markdown"}})
    );
    assert!(
        message(&body).starts_with(
            "截至 2021-12-17 09:00\n\n🔴 **逾期3个工作日** **重新规划七年级班级**  \n市教育局｜时限 2021-12-16  \n相关人员：ZHANG、LI\n\n"
        ),
        "{body}"
    );
}

#[test]
fn ledger_text_brings_no_markup_and_no_link() {
    let text = message(&body(&robot(), chat(), false)).to_owned();
    assert!(text.contains(r#"\<font color="info"\>x\</font\> @all"#), "{text}");
    assert!(
        text.contains(r"\[a\](http://evil.example) \*\_\~\`\|# \& \&amp; \\"),
        "{text}"
    );
    assert!(text.contains("👨‍👩‍👧"), "{text}");
}

#[test]
fn a_line_begins_no_heading_no_list_and_no_code() {
    assert_eq!(line("# a"), r"\# a");
    assert_eq!(line("- a"), r"\- a");
    assert_eq!(line("---"), r"\---");
    assert_eq!(line("+ a"), r"\+ a");
    assert_eq!(line("==="), r"\===");
    assert_eq!(line("> a"), r"\> a");
    assert_eq!(line("12. a"), r"12\. a");
    assert_eq!(line("1) a"), r"1\) a");
    assert_eq!(line("    code"), "code");
    assert_eq!(line("2021-12-17"), "2021-12-17");
}

#[test]
fn words_that_stand_out_have_no_spaces_within_their_marks() {
    assert_eq!(CommonMark.strong(" a "), " **a** ");
    assert_eq!(CommonMark.strong(" "), " ");
}

#[test]
fn the_plain_form_is_shown_as_plain_text() {
    let body = body(&robot(), chat(), true);
    assert_eq!(
        body["extras"],
        json!({"client::display": {"contentType": "text/plain"}})
    );
    assert!(
        !message(&body).contains("**") && !message(&body).contains("\\<"),
        "{body}"
    );
}

#[test]
fn the_louder_the_level_the_higher_the_priority() {
    let of = |level| {
        let mut chat = chat();
        for block in &mut chat.blocks {
            block.level = Some(level);
        }
        body(&robot(), chat, false)["priority"].as_u64().unwrap()
    };
    assert_eq!(Level::ALL.map(of), [4, 5, 6, 8, 9, 10]);
}

#[test]
fn a_message_without_words_says_its_title() {
    let title = Chat {
        title: "*标题*".to_owned(),
        ..Chat::default()
    };
    assert_eq!(message(&body(&robot(), title, false)), r"\*标题\*");
}

#[test]
fn a_post_goes_to_the_message_path_under_the_applications_token() {
    let call = call(&robot(), as_of());
    assert_eq!(call.url.as_str(), "https://push.example/gotify/message");
    assert_eq!(call.headers, [("x-gotify-key", "AbCdEf123456789".to_owned())]);
    assert!(!call.body.contains("AbCdEf"));
}

#[test]
fn a_message_that_no_database_would_keep_is_divided() {
    let mut chat = chat();
    let task = chat.blocks[1].clone();
    chat.blocks = vec![task; 600];
    chat.blocks.push(Block {
        lines: vec![Line(vec![Span::Plain("提".repeat(60_000))])],
        ..Block::default()
    });
    let parts = parts(&robot(), chat, None);
    assert!(parts.len() > 2);
    assert_eq!(parts.iter().map(|part| part.blocks.len()).sum::<usize>(), 601);
    for part in parts {
        assert!(message(&body(&robot(), part, false)).len() <= 58_000);
    }
}

#[test]
fn every_answer_has_its_outcome() {
    let robot = robot();
    let said = |status: u16| {
        let body = json!({"error": "words", "errorCode": status, "errorDescription": "more"}).to_string();
        outcome(&robot, 1, status, &[], &body)
    };
    let kept = r#"{"id":25,"appid":5,"message":"x","title":"y","priority":8,"date":"2018-02-27T19:36:10+01:00"}"#;
    assert_eq!(outcome(&robot, 1, 200, &[], kept), "delivered");
    for status in [500, 502, 503, 504, 408] {
        assert_eq!(said(status), "backoff", "{status}");
    }
    for status in [400, 413] {
        assert_eq!(said(status), "permanent/message", "{status}");
    }
    for status in [401, 403, 404, 405, 302] {
        assert_eq!(said(status), "permanent/endpoint", "{status}");
    }
    assert_eq!(said(429), "retry-after 60 endpoint");
    assert_eq!(
        outcome(&robot, 1, 503, &[("retry-after", "9")], ""),
        "retry-after 9 endpoint"
    );
}

#[test]
fn what_is_no_answer_of_the_vendor_is_no_success() {
    for body in ["", "<html>blocked</html>", "{}", r#"{"id":null}"#] {
        assert_eq!(outcome(&robot(), 1, 200, &[], body), "unknown", "{body}");
    }
}

#[test]
fn an_empty_message_shows_whether_the_token_is_known() {
    let refused = r#"{"error":"Bad Request","errorCode":400,"errorDescription":"Field 'message' is required"}"#;
    assert_eq!(probed(&robot(), 400, refused), "delivered");
    assert_eq!(probed(&robot(), 400, "<html>"), "permanent/message");
    assert_eq!(probed(&robot(), 401, r#"{"errorCode":401}"#), "permanent/endpoint");
    assert_eq!(probed(&robot(), 403, r#"{"errorCode":403}"#), "permanent/endpoint");
    assert_eq!(probed(&robot(), 404, "not found"), "permanent/endpoint");
    let url = Url::parse("https://push.example").unwrap();
    let call = Gotify::new(&robot()).probe(&url, as_of()).call;
    assert_eq!(call.body, r#"{"message":""}"#);
}

#[test]
fn the_words_of_a_success_do_not_repeat_the_message() {
    let answer = Answer {
        status: 200,
        body: r#"{"id":25,"appid":5,"message":"正文","title":"标题"}"#.to_owned(),
        is_whole: true,
        ..Answer::default()
    };
    let found = super::outcome(&Said::new(&answer, as_of(), &[], &[]));
    assert_eq!(found, Outcome::Delivered("200 id 25".to_owned()));
}
