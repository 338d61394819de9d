use super::super::http::Answer;
use super::super::robot::tests::{body, call, divided, many, outcome, probed, settings};
use super::super::robot::{Settings, VendorKind};
use super::super::sample::{as_of, chat};
use super::*;
use crate::domain::chat::{Chat, Line};

fn robot() -> Settings {
    Settings {
        token: Some(Secret::new("tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2")),
        topic: Some("team-reminders".to_owned()),
        ..settings(VendorKind::Ntfy, "https://ntfy.sh")
    }
}

fn message(body: &Value) -> &str {
    body["message"].as_str().unwrap()
}

#[test]
fn a_post_is_json_with_a_topic_a_priority_and_the_light_before_its_title() {
    let body = body(&robot(), chat(), false);
    assert_eq!(body["topic"], "team-reminders");
    assert_eq!(body["title"], "督办｜2项任务逾期");
    assert_eq!(body["markdown"], true);
    assert_eq!(body["priority"], 4);
    assert_eq!(body["tags"], json!(["red_circle"]));
    assert!(
        message(&body).starts_with("截至 2021-12-17 09:00\n\n🔴 **逾期3个工作日** **重新规划七年级班级**  \n"),
        "{body}"
    );
}

#[test]
fn ledger_text_brings_no_markup_and_no_link() {
    let text = message(&body(&robot(), chat(), false)).to_owned();
    assert!(text.contains(r#"\<font color="info"\>x\</font\>"#), "{text}");
    assert!(text.contains(r"\[a\](http://evil.example)"), "{text}");
}

#[test]
fn the_plain_form_is_not_read_as_markdown() {
    let body = body(&robot(), chat(), true);
    assert_eq!(body["markdown"], false);
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
    assert_eq!(Level::ALL.map(of), [3, 3, 3, 4, 4, 5]);
}

#[test]
fn a_post_without_a_light_has_no_tag() {
    assert!(
        body(&robot(), Chat::of_text("标题", "正文"), false)
            .get("tags")
            .is_none()
    );
}

#[test]
fn a_post_goes_to_the_root_under_the_token_and_names_its_repeat() {
    let call = call(&robot(), as_of());
    assert_eq!(call.url.as_str(), "https://ntfy.sh/");
    assert_eq!(
        call.headers,
        [
            ("authorization", "Bearer tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2".to_owned()),
            ("x-sequence-id", "00112233445566778899aabbccddeeff".to_owned()),
        ]
    );
    assert!(!call.body.contains("tk_"));
}

#[test]
fn an_open_topic_needs_no_token() {
    let robot = Settings { token: None, ..robot() };
    let headers = call(&robot, as_of()).headers;
    assert!(headers.iter().all(|(name, _)| *name != "authorization"));
}

#[test]
fn no_message_reaches_4096_bytes_where_it_would_become_a_file() {
    let ntfy = Ntfy::new(&robot());
    let of = |message: String| json!({"topic": "t", "title": "", "message": message});
    assert!(ntfy.fits(&of("x".repeat(4095))) && !ntfy.fits(&of("x".repeat(4096))));
    // Characters of three bytes: 1365 of them are 4095.
    assert!(ntfy.fits(&of("提".repeat(1365))) && !ntfy.fits(&of("提".repeat(1366))));
}

#[test]
fn the_whole_json_is_counted_with_its_escapes() {
    let ntfy = Ntfy::new(&robot());
    let of = |title: usize| json!({"title": "x".repeat(title), "message": "\"".repeat(4000)});
    let bare = of(0).to_string().len();
    assert!(ntfy.fits(&of(8191 - bare)) && !ntfy.fits(&of(8192 - bare)));
}

#[test]
fn no_part_is_over_the_limit_and_no_task_is_lost() {
    let mut chat = many(100);
    chat.blocks[50].lines.push(Line::plain("提".repeat(3000)));
    let bodies = divided(&robot(), &chat, None);
    assert!(bodies.len() > 5, "{}", bodies.len());
    assert!(bodies.iter().all(|body| message(body).len() <= 4095));
}

#[test]
fn every_answer_has_its_outcome() {
    let robot = robot();
    let said = |code: u32| {
        let status = u16::try_from(code / 100).unwrap();
        let body = json!({"code": code, "http": status, "error": "words", "link": "https://ntfy.sh/docs"});
        outcome(&robot, 1, status, &[], &body.to_string())
    };
    let kept =
        r#"{"id":"sPs71M8A2T","time":1643935928,"expires":1643936928,"event":"message","topic":"t","message":"x"}"#;
    assert_eq!(outcome(&robot, 1, 200, &[], kept), "delivered");
    assert_eq!(said(42901), "backoff 5");
    assert_eq!(said(42905), "backoff 5");
    // From 01:00 to 24:00, UTC.
    assert_eq!(said(42908), "retry-after 82800 account");
    for code in [42909, 40101, 40301, 40401, 50701, 40009, 40010] {
        assert_eq!(said(code), "permanent/endpoint", "{code}");
    }
    for code in [40000, 40004, 40007, 40011, 40014, 40017, 40024, 41301, 41303] {
        assert_eq!(said(code), "permanent/message", "{code}");
    }
    for code in [50001, 50002, 50301] {
        assert_eq!(said(code), "backoff", "{code}");
    }
    assert_eq!(outcome(&robot, 1, 507, &[], ""), "permanent/endpoint");
    let waits = [("retry-after", "30")];
    assert_eq!(
        outcome(&robot, 1, 429, &waits, r#"{"code":42901}"#),
        "retry-after 30 account"
    );
}

#[test]
fn midnight_is_never_now() {
    let second_before = as_of().date_naive().and_hms_opt(23, 59, 59).unwrap().and_utc();
    assert_eq!(until_midnight(second_before).num_seconds(), 1);
    let midnight = as_of().date_naive().and_hms_opt(0, 0, 0).unwrap().and_utc();
    assert_eq!(until_midnight(midnight).num_hours(), 24);
}

#[test]
fn what_is_no_answer_of_the_vendor_is_no_success() {
    for body in ["", "<html>blocked</html>", "{}", r#"{"id":""}"#] {
        assert_eq!(outcome(&robot(), 1, 200, &[], body), "unknown", "{body}");
    }
    assert_eq!(outcome(&robot(), 1, 502, &[], "<html>"), "backoff");
    assert_eq!(outcome(&robot(), 1, 302, &[], ""), "permanent/endpoint");
    assert_eq!(outcome(&robot(), 1, 401, &[], "<html>"), "permanent/endpoint");
}

#[test]
fn an_impossible_message_shows_whether_the_topic_may_be_written_to() {
    let refused = r#"{"code":40007,"http":400,"error":"invalid priority parameter"}"#;
    assert_eq!(probed(&robot(), 400, refused), "delivered");
    assert_eq!(
        probed(&robot(), 403, r#"{"code":40301,"http":403,"error":"forbidden"}"#),
        "permanent/endpoint"
    );
    assert_eq!(
        probed(&robot(), 401, r#"{"code":40101,"http":401,"error":"unauthorized"}"#),
        "permanent/endpoint"
    );
    assert_eq!(
        probed(&robot(), 400, r#"{"code":40009,"http":400}"#),
        "permanent/endpoint"
    );
    assert_eq!(probed(&robot(), 200, "<html>"), "unknown");
    let url = Url::parse("https://ntfy.sh").unwrap();
    let call = Ntfy::new(&robot()).probe(&url, as_of()).call;
    let body: Value = serde_json::from_str(&call.body).unwrap();
    assert_eq!((&body["priority"], &body["delay"]), (&json!(99), &json!("never")));
}

#[test]
fn the_words_of_a_success_do_not_repeat_the_message() {
    let answer = Answer {
        status: 200,
        body: r#"{"id":"sPs71M8A2T","event":"message","topic":"t0pic","title":"标题","message":"正文"}"#.to_owned(),
        is_whole: true,
        ..Answer::default()
    };
    let found = super::outcome(&Said::new(&answer, as_of(), &[], &[]));
    assert_eq!(found, Outcome::Delivered("200 id sPs71M8A2T".to_owned()));
}
