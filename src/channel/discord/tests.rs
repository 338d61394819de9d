use super::super::robot::tests::{body, body_among, call, divided, many, outcome, parts_among, probed, settings};
use super::super::robot::{Settings, VendorKind};
use super::super::sample::{self, NASTY, as_of, chat};
use super::*;
use crate::domain::chat::{Block, Chat, Line, Span};
use crate::domain::people::People;

const URL: &str = "https://discord.com/api/webhooks/123/t0k3n-t0k3n";

fn robot() -> Settings {
    settings(VendorKind::Discord, URL)
}

fn text<'a>(body: &'a Value, path: &str) -> &'a str {
    body.pointer(path).and_then(Value::as_str).unwrap()
}

/// A chat whose title is so long, and nothing else.
fn titled(chars: usize) -> Chat {
    Chat {
        title: "提".repeat(chars),
        ..Chat::default()
    }
}

/// A chat with one task of so many characters.
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
fn a_post_has_title_and_mentions_in_its_content_and_the_rest_in_an_embed_in_the_colour_of_the_light() {
    let body = body(&robot(), chat(), false);
    assert_eq!(body["content"], "**督办｜2项任务逾期**\n<@123456789012345678>");
    assert_eq!(
        body["allowed_mentions"],
        json!({"parse": [], "users": ["123456789012345678"]})
    );
    assert_eq!(body["embeds"][0]["color"], 0x00E7_4C3C);
    let description = text(&body, "/embeds/0/description");
    assert!(
        description.starts_with("截至 2021-12-17 09:00\n\n🔴 **逾期3个工作日** **重新规划七年级班级**\n"),
        "{description}"
    );
    assert!(
        description.contains("相关人员：<@123456789012345678>、LI"),
        "{description}"
    );
}

#[test]
fn each_light_has_its_colour_and_no_light_has_none() {
    let lights = [Light::Red, Light::Yellow, Light::Green, Light::Blue, Light::Grey];
    let mut colors: Vec<Value> = lights
        .iter()
        .map(|light| {
            let chat = Chat {
                light: Some(*light),
                ..chat()
            };
            body(&robot(), chat, false)["embeds"][0]["color"].clone()
        })
        .collect();
    colors.dedup();
    assert_eq!(colors.len(), 5, "{colors:?}");
    let chat = Chat { light: None, ..chat() };
    assert!(body(&robot(), chat, false)["embeds"][0].get("color").is_none());
}

#[test]
fn a_chat_of_a_title_alone_has_no_embed() {
    assert!(body(&robot(), titled(3), false).get("embeds").is_none());
}

#[test]
fn ledger_text_brings_no_markup_no_link_and_no_mention() {
    let body = body(&robot(), chat(), false);
    let description = text(&body, "/embeds/0/description");
    assert!(
        description.contains(
            "\\<font color=\"info\"\\>x\\</font\\> ＠all \\<＠all\\> \\<!channel\\> \\[a\\]\\(http\\://evil.example\\) \\*\\_\\~｀\\|\\# & &amp; \\\\ 👨‍👩‍👧 "
        ),
        "{description}"
    );
}

#[test]
fn a_line_begins_no_list_no_heading_and_no_quote() {
    let lines = ["- a", "-# a", "> a", "# a", "12. a", "3) a", "2021-12-16"];
    let lines = lines.map(|line| disarmed(line, behind_backslash));
    assert_eq!(
        lines,
        ["\\- a", "\\-# a", "\\> a", "\\# a", "12\\. a", "3\\) a", "2021-12-16"]
    );
}

#[test]
fn the_plain_form_has_no_marks_and_no_previews_and_still_rings() {
    let body = body(&robot(), chat(), true);
    assert!(body.get("embeds").is_none());
    assert_eq!(body["flags"], 4);
    assert_eq!(body["allowed_mentions"]["users"], json!(["123456789012345678"]));
    let content = text(&body, "/content");
    assert!(content.contains("相关人员：<@123456789012345678>、LI"), "{content}");
    assert!(!content.contains("**") && content.contains("\\[a\\]"), "{content}");
}

#[test]
fn a_content_of_2000_fits_and_one_more_does_not() {
    // Four stars stand around the title, which is never cut: no title is a tenth as long.
    let fits = |chars| Discord.fits(&body(&robot(), titled(chars), false));
    assert!(fits(1996) && !fits(1997));
}

#[test]
fn a_description_of_4096_fits_and_one_more_is_cut() {
    let description = |chars| {
        let body = body(&robot(), of_length(chars), false);
        text(&body, "/embeds/0/description").chars().count()
    };
    assert_eq!(description(4096), 4096);
    assert!(description(4097) < 4096);
}

#[test]
fn no_part_is_over_the_limits_and_no_task_is_lost() {
    let bodies = divided(&robot(), &many(100), None);
    assert!(bodies.len() > 4, "{}", bodies.len());
    let is_within = |body: &Value| text(body, "/embeds/0/description").encode_utf16().count() <= 4096;
    assert!(bodies.iter().all(is_within));
}

#[test]
fn somebody_who_is_mentioned_twice_is_rung_once() {
    let mut chat = chat();
    let again = chat.blocks[0].clone();
    chat.blocks.push(again);
    chat.outro = vec![Line(vec![Span::Plain(NASTY.to_owned())])];
    let body = body(&robot(), chat, false);
    assert_eq!(body["allowed_mentions"]["users"], json!(["123456789012345678"]));
}

#[test]
fn a_post_waits_for_its_answer_and_keeps_its_thread() {
    let url = |query: &str| {
        let robot = settings(VendorKind::Discord, &format!("{URL}{query}"));
        call(&robot, as_of()).url.to_string()
    };
    assert_eq!(url(""), format!("{URL}?wait=true"));
    assert_eq!(url("?thread_id=42"), format!("{URL}?thread_id=42&wait=true"));
    assert_eq!(url("?wait=false&thread_id=42"), format!("{URL}?thread_id=42&wait=true"));
}

#[test]
fn every_answer_has_its_outcome() {
    let robot = robot();
    let said = |status, code: i64| {
        let body = json!({"code": code, "message": "words"}).to_string();
        outcome(&robot, 1, status, &[], &body)
    };
    assert_eq!(outcome(&robot, 1, 200, &[], r#"{"id":"9","content":"x"}"#), "delivered");
    assert_eq!(outcome(&robot, 1, 204, &[], ""), "accepted");
    for code in [50035, 50006, 40005, 0] {
        assert_eq!(said(400, code), "permanent/message", "{code}");
    }
    assert_eq!(said(413, 40005), "permanent/message");
    for code in [220_001, 220_002, 220_003, 10003, 50083, 160_005] {
        assert_eq!(said(400, code), "permanent/endpoint", "{code}");
    }
    for (status, code) in [(401, 50027), (403, 40333), (404, 10015), (405, 0)] {
        assert_eq!(said(status, code), "permanent/endpoint", "{status}");
    }
    for status in [500, 502, 503, 504] {
        assert_eq!(said(status, 0), "backoff", "{status}");
    }
    assert_eq!(
        outcome(&robot, 1, 503, &[("retry-after", "7")], ""),
        "retry-after 7 endpoint"
    );
}

#[test]
fn a_wait_with_a_fraction_is_rounded_up_and_a_global_one_holds_for_all_webhooks() {
    let robot = robot();
    let said = |body: &str| outcome(&robot, 1, 429, &[("retry-after", "99")], body);
    assert_eq!(said(r#"{"retry_after":0.65,"global":false}"#), "retry-after 1 endpoint");
    assert_eq!(
        said(r#"{"retry_after":64.57,"global":false}"#),
        "retry-after 65 endpoint"
    );
    assert_eq!(said(r#"{"retry_after":3.0,"global":true}"#), "retry-after 3 vendor");
    assert_eq!(
        said(r#"{"retry_after":1e300,"global":false}"#),
        "retry-after 99 endpoint"
    );
    assert_eq!(said(r#"{"retry_after":-1,"global":false}"#), "retry-after 99 endpoint");
    assert_eq!(said(r#"{"global":false}"#), "retry-after 99 endpoint");
}

#[test]
fn a_page_of_cloudflare_blocks_all_webhooks_as_long_as_its_header_says_or_ten_minutes() {
    let robot = robot();
    let page = "<html>error code: 1015</html>";
    assert_eq!(
        outcome(&robot, 1, 429, &[("retry-after", "2285")], page),
        "retry-after 2285 vendor"
    );
    assert_eq!(outcome(&robot, 1, 429, &[], page), "retry-after 600 vendor");
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
fn the_webhook_itself_is_asked_for_without_a_post() {
    let url = Url::parse(&format!("{URL}?thread_id=42")).unwrap();
    let probe = Discord.probe(&url, as_of());
    assert_eq!((probe.call.method.as_str(), probe.call.url.as_str()), ("GET", URL));
    assert_eq!(
        probed(&robot(), 200, r#"{"id":"123","token":"t0k3n-t0k3n"}"#),
        "delivered"
    );
    assert_eq!(
        probed(&robot(), 404, r#"{"code":10015,"message":"Unknown Webhook"}"#),
        "permanent/endpoint"
    );
    assert_eq!(probed(&robot(), 200, "<html>"), "unknown");
}

/// So many tasks of so many people each, everybody with an id of their own.
fn crowd(tasks: usize, people: usize) -> (Chat, People) {
    let mut known = sample::people();
    let zhang = known.persons[&PersonId::new("zhang")].clone();
    let mut chat = titled(4);
    for task in 0..tasks {
        let mut line = Vec::new();
        for number in 0..people {
            let id = PersonId::new(format!("p{task}-{number}"));
            let handle = format!("1{:017}", task * people + number);
            let mut person = zhang.clone();
            person.handles.insert("discord".to_owned(), handle);
            line.push(Span::Mention(id.clone(), "张".to_owned()));
            known.persons.insert(id, person);
        }
        chat.blocks.push(Block {
            task: task.to_string(),
            lines: vec![Line(line)],
            ..Block::default()
        });
    }
    (chat, known)
}

#[test]
fn where_not_everybody_can_be_rung_at_once_the_tasks_are_divided() {
    let (chat, people) = crowd(40, 3);
    let parts = parts_among(&robot(), chat, None, &people);
    let mut rung = 0;
    for part in &parts {
        let body = body_among(&robot(), part.clone(), false, &people);
        rung += body["allowed_mentions"]["users"].as_array().unwrap().len();
        assert!(Discord.fits(&body), "{body}");
    }
    assert_eq!((parts.len() > 1, rung), (true, 120));
}

#[test]
fn of_a_task_with_too_many_people_some_are_rung_and_all_are_named() {
    let (chat, people) = crowd(1, 120);
    let parts = parts_among(&robot(), chat, None, &people);
    assert_eq!(parts.len(), 1);
    let body = body_among(&robot(), parts[0].clone(), false, &people);
    assert!(Discord.fits(&body) && rung(&body) > 80, "{}", rung(&body));
    assert_eq!(text(&body, "/embeds/0/description").matches("<@1").count(), 120);
}
