use super::super::robot::tests::{body, call, divided, many, outcome, probed, settings};
use super::super::robot::{Settings, VendorKind};
use super::super::sample::{as_of, chat, id};
use super::*;
use crate::domain::chat::{Block, Chat, Line, Span};

const TOKEN: &str = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";
const MIGRATED: &str = r#"{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded to a supergroup chat","parameters":{"migrate_to_chat_id":-1001234567890}}"#;

fn robot() -> Settings {
    Settings {
        token: Some(Secret::new(TOKEN)),
        chat_id: Some("-4242".to_owned()),
        ..settings(VendorKind::Telegram, "https://api.telegram.org")
    }
}

fn text(body: &Value) -> &str {
    body["text"].as_str().unwrap()
}

/// A chat with one task of these words.
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
fn a_post_is_html_with_mentions_by_id_and_without_previews() {
    let body = body(&robot(), chat(), false);
    assert_eq!(body["chat_id"], json!(-4242));
    assert_eq!(body["parse_mode"], "HTML");
    assert_eq!(body["link_preview_options"], json!({"is_disabled": true}));
    assert!(body.get("message_thread_id").is_none());
    let text = text(&body);
    assert!(
        text.starts_with(
            "<b>督办｜2项任务逾期</b>\n截至 2021-12-17 09:00\n\n🔴 <b>逾期3个工作日</b> <b>重新规划七年级班级</b>\n"
        ),
        "{text}"
    );
    assert!(
        text.contains("相关人员：<a href=\"tg://user?id=42\">ZHANG</a>、LI"),
        "{text}"
    );
}

#[test]
fn a_topic_is_the_thread_and_a_named_chat_stays_a_name() {
    let robot = Settings {
        chat_id: Some("@duban".to_owned()),
        topic: Some("7".to_owned()),
        ..robot()
    };
    let body = body(&robot, chat(), false);
    assert_eq!(body["message_thread_id"], json!(7));
    assert_eq!(body["chat_id"], json!("@duban"));
}

#[test]
fn ledger_text_brings_no_markup_no_link_and_no_mention() {
    let body = body(&robot(), chat(), false);
    assert!(
        text(&body).contains(
            "&lt;font color=\"info\"&gt;x&lt;/font&gt; ＠all &lt;＠all&gt; &lt;!channel&gt; [a](http：//evil.example) *_~`|# &amp; &amp;amp; \\ 👨‍👩‍👧 &lt;at id=all&gt;&lt;/at&gt;"
        ),
        "{}",
        text(&body)
    );
}

#[test]
fn the_plain_form_has_no_parse_mode_and_escapes_nothing_but_mentions_and_links() {
    let body = body(&robot(), chat(), true);
    assert!(body.get("parse_mode").is_none());
    let text = text(&body);
    assert!(text.contains("<font color=\"info\">x</font> ＠all"), "{text}");
    assert!(
        text.contains("&amp; \\ 👨‍👩‍👧") && text.contains("相关人员：ZHANG、LI"),
        "{text}"
    );
}

#[test]
fn a_user_name_is_set_apart_from_words_that_touch_it() {
    let line = |text: &str| apart(&text.replace("NAME", &username("zhangsan")));
    assert_eq!(line("相关人员：NAME、李"), "相关人员：@zhangsan、李");
    assert_eq!(line("请NAME办理"), "请 @zhangsan 办理");
    assert_eq!(line("NAMENAME"), "@zhangsan @zhangsan");
}

#[test]
fn a_text_is_counted_in_utf16_units_after_its_entities() {
    let vector = "到期：交周报 🔔 👨‍👩‍👧 @张三";
    assert_eq!(units_after_parsing(vector), 22);
    assert_eq!(
        units_after_parsing("<b>到期</b>：&lt;v2&gt; <a href=\"tg://user?id=42\">张三</a>"),
        10
    );
}

#[test]
fn a_text_of_4096_units_fits_and_one_more_is_cut() {
    let units = |words: &str| units_after_parsing(text(&body(&robot(), of(words), false)));
    // Title and line break take three.
    assert_eq!(units(&"提".repeat(4093)), 4096);
    assert!(units(&"提".repeat(4094)) < 4096);
    assert_eq!(units(&"<".repeat(4093)), 4096);
    assert!(units(&"🔔".repeat(2047)) < 4096);
}

#[test]
fn no_part_has_more_entities_than_are_kept_and_no_task_is_lost() {
    let mut chat = many(200);
    for block in &mut chat.blocks {
        block.lines = vec![Line(vec![Span::Strong("项".to_owned())])];
    }
    let bodies = divided(&robot(), &chat, None);
    assert!(bodies.len() > 2, "{}", bodies.len());
    assert!(bodies.iter().all(|body| text(body).matches("<b>").count() <= 90));
}

#[test]
fn the_token_stands_in_the_path_alone() {
    let with_base = |base: &str| {
        let robot = Settings {
            target: super::super::Target::Url(Secret::new(base)),
            ..robot()
        };
        call(&robot, as_of())
    };
    let called = with_base("https://api.telegram.org");
    assert_eq!(
        called.url.as_str(),
        format!("https://api.telegram.org/bot{TOKEN}/sendMessage")
    );
    assert!(!called.body.contains(TOKEN));
    let called = with_base("http://127.0.0.1:8081/api/");
    assert_eq!(
        called.url.as_str(),
        format!("http://127.0.0.1:8081/api/bot{TOKEN}/sendMessage")
    );
}

#[test]
fn a_group_that_became_a_supergroup_is_posted_to_at_once_and_its_id_is_told() {
    let telegram = Telegram::new(&robot());
    let url = Url::parse("https://api.telegram.org").unwrap();
    let answer = Answer {
        status: 400,
        body: MIGRATED.to_owned(),
        is_whole: true,
        ..Answer::default()
    };
    assert!(telegram.learn(&answer));
    assert!(!telegram.learn(&answer), "the same again is nothing new");
    let sent = telegram.call(&url, &json!({"chat_id": -4242, "text": "x"}), &id(), as_of());
    let sent: Value = serde_json::from_str(&sent.body).unwrap();
    assert_eq!(sent, json!({"chat_id": -1_001_234_567_890_i64, "text": "x"}));
    let ok = Answer {
        status: 200,
        body: r#"{"ok":true,"result":{"message_id":1}}"#.to_owned(),
        is_whole: true,
        ..Answer::default()
    };
    let outcome = telegram.outcome(&Said::new(&ok, as_of(), &[], &[]));
    assert!(outcome.is_success());
    assert!(
        outcome.words().contains("write chat_id = \"-1001234567890\""),
        "{outcome}"
    );
}

#[test]
fn nothing_is_learnt_from_other_answers() {
    let telegram = Telegram::new(&robot());
    let learn = |body: &str| {
        telegram.learn(&Answer {
            status: 400,
            body: body.to_owned(),
            is_whole: true,
            ..Answer::default()
        })
    };
    assert!(!learn("<html>") && !learn(r#"{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}"#));
}

fn said(status: u16, description: &str) -> String {
    let body = json!({"ok": false, "error_code": status, "description": description}).to_string();
    outcome(&robot(), 1, status, &[], &body)
}

#[test]
fn every_answer_has_its_outcome() {
    let ok = r#"{"ok":true,"result":{"message_id":1}}"#;
    assert_eq!(outcome(&robot(), 1, 200, &[], ok), "delivered");
    for words in [
        "Bad Request: message is too long",
        "Bad Request: message text is empty",
        "Bad Request: can't parse entities: Unsupported start tag",
    ] {
        assert_eq!(said(400, words), "permanent/message", "{words}");
    }
    for words in [
        "Bad Request: chat not found",
        "Bad Request: PEER_ID_INVALID",
        "Bad Request: TOPIC_CLOSED",
        "Bad Request: message thread not found",
        "Bad Request: not enough rights to send text messages to the chat",
    ] {
        assert_eq!(said(400, words), "permanent/endpoint", "{words}");
    }
    assert_eq!(outcome(&robot(), 1, 400, &[], MIGRATED), "permanent/endpoint");
    assert_eq!(said(401, "Unauthorized"), "permanent/endpoint");
    for words in [
        "bot was blocked by the user",
        "user is deactivated",
        "bot was kicked from the group chat",
        "the group chat was deleted",
        "bot can't initiate conversation with a user",
    ] {
        assert_eq!(
            said(403, &format!("Forbidden: {words}")),
            "permanent/endpoint",
            "{words}"
        );
    }
    assert_eq!(said(404, "Not Found"), "permanent/endpoint");
    assert_eq!(said(409, "Conflict"), "backoff");
    assert_eq!(said(413, "Request Entity Too Large"), "permanent/message");
    for status in [500, 502, 503] {
        assert_eq!(said(status, "Internal Server Error"), "backoff", "{status}");
    }
}

#[test]
fn a_wait_holds_for_the_whole_bot() {
    let parameter = r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 35","parameters":{"retry_after":35}}"#;
    let header = [("retry-after", "12")];
    assert_eq!(outcome(&robot(), 1, 429, &header, parameter), "retry-after 35 account");
    assert_eq!(outcome(&robot(), 1, 429, &header, "<html>"), "retry-after 12 account");
    assert_eq!(said(429, "Too Many Requests: retry after 8"), "retry-after 8 account");
    assert_eq!(said(429, "Too Many Requests"), "retry-after 60 account");
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
fn the_chat_is_asked_for_without_a_post() {
    let url = Url::parse("https://api.telegram.org").unwrap();
    let probe = Telegram::new(&robot()).probe(&url, as_of());
    assert!(probe.call.url.path().ends_with("/getChat"));
    assert_eq!(probe.call.body, r#"{"chat_id":-4242}"#);
    assert_eq!(
        probed(&robot(), 200, r#"{"ok":true,"result":{"id":-4242}}"#),
        "delivered"
    );
    let unknown = r#"{"ok":false,"error_code":401,"description":"Unauthorized"}"#;
    assert_eq!(probed(&robot(), 401, unknown), "permanent/endpoint");
}

#[test]
fn user_names_count_as_entities() {
    let telegram = Telegram::new(&robot());
    let of = |names: usize, tags: usize| {
        let text = "@duban ".repeat(names) + &"<b>x</b>".repeat(tags);
        json!({"text": text, "parse_mode": "HTML"})
    };
    assert!(telegram.fits(&of(60, 30)) && !telegram.fits(&of(61, 30)));
    let plain = |names: usize| json!({"text": "@duban ".repeat(names)});
    assert!(telegram.fits(&plain(90)) && !telegram.fits(&plain(91)));
}
