use serde_json::{Value, json};

use super::*;
use crate::vendors::asking::{asked, asked_bare, header, second, told};

fn send(server: &mut Ntfy, at: i64, body: &Value) -> Reply {
    let mut request = asked("POST", "/", body);
    request.at = second(at);
    server.reply(&request)
}

fn code(server: &mut Ntfy, body: &Value) -> i64 {
    told(&send(server, 0, body))["code"].as_i64().unwrap()
}

fn message(text: &str) -> Value {
    json!({"topic": "team-reminders", "message": text})
}

#[test]
fn a_notification_shows_title_text_pictures_and_links() {
    let mut server = Ntfy::new();
    let body = json!({
        "topic": "team-reminders", "title": "到期提醒", "message": "交周报 **18:00** @all", "markdown": true, "priority": 4,
        "tags": ["alarm_clock", "周报"], "click": "https://example.com/t/42",
        "actions": [{"action": "view", "label": "打开", "url": "https://example.com/t/43"}],
    });
    let reply = send(&mut server, 0, &body);
    assert_eq!((reply.status, told(&reply)["event"].as_str()), (200, Some("message")));
    let post = &server.posts()[0];
    assert_eq!(post.text, "⏰ 到期提醒\n交周报 18:00 @all\nTags: 周报");
    assert_eq!(post.links, ["https://example.com/t/42", "https://example.com/t/43"]);
    assert!(post.rings.is_empty());
}

#[test]
fn without_markdown_stars_stay() {
    let mut server = Ntfy::new();
    send(&mut server, 0, &message("**18:00** [a](b)"));
    assert_eq!(server.posts()[0].text, "**18:00** [a](b)");
}

#[test]
fn a_message_over_4096_bytes_becomes_a_file() {
    let mut server = Ntfy::new();
    send(&mut server, 0, &message(&format!("{}a", "提".repeat(1365))));
    send(&mut server, 0, &message(&"提".repeat(1366)));
    assert_eq!(server.posts()[0].size, 4096);
    assert!(server.posts()[0].text.starts_with('提'));
    assert_eq!(server.posts()[1].text, "You received a file: attachment.txt");
    assert_eq!(server.posts()[1].size, 4098);
}

#[test]
fn a_server_without_attachments_refuses_a_long_message() {
    let mut server = Ntfy::new().without_attachments();
    assert_eq!(code(&mut server, &message(&"提".repeat(1366))), 40014);
}

#[test]
fn a_body_over_8192_bytes_is_too_large() {
    assert_eq!(code(&mut Ntfy::new(), &message(&"a".repeat(8192))), 41303);
}

#[test]
fn json_is_read_only_at_the_root() {
    let mut server = Ntfy::new();
    let body = message("甲");
    assert_eq!(server.reply(&asked("POST", "/team-reminders", &body)).status, 200);
    assert_eq!(server.posts()[0].text, body.to_string());
}

#[test]
fn what_is_wrong_has_a_code() {
    let cases = [
        (json!({"message": "甲"}), 40009),
        (json!({"topic": "周报", "message": "甲"}), 40009),
        (json!({"topic": "docs", "message": "甲"}), 40010),
        (json!({"topic": "a", "priority": 6}), 40007),
        (json!({"topic": "a", "priority": "high"}), 40017),
        (json!({"topic": "a", "tags": "x"}), 40017),
        (json!(["a"]), 40017),
        (json!({"topic": "a", "icon": "x"}), 40021),
        (json!({"topic": "a", "delay": "soon"}), 40004),
        (json!({"topic": "a", "delay": "9s"}), 40005),
        (json!({"topic": "a", "delay": "4 days"}), 40006),
        (
            json!({"topic": "a", "actions": [{"action": "view", "label": "b"}]}),
            40018,
        ),
        (
            json!({"topic": "a", "actions": [{"action": "dance", "label": "b"}]}),
            40018,
        ),
        (
            json!({"topic": "a", "actions": [{"action": "view", "url": "b"}]}),
            40018,
        ),
        (json!({"topic": "a", "actions": [1, 2, 3, 4]}), 40018),
    ];
    for (body, expected) in cases {
        let mut server = Ntfy::new();
        assert_eq!(
            (code(&mut server, &body), server.posts().len()),
            (expected, 0),
            "{body}"
        );
    }
}

#[test]
fn the_words_of_a_refusal_are_the_vendors() {
    let reply = send(
        &mut Ntfy::new(),
        0,
        &json!({"topic": "a", "actions": [{"action": "view", "label": "b"}]}),
    );
    let words = "invalid request: actions invalid; parameter 'url' is required for action 'view'";
    let link = "https://ntfy.sh/docs/publish/#action-buttons";
    assert_eq!(
        told(&reply),
        json!({"code": 40018, "http": 400, "error": words, "link": link})
    );
}

#[test]
fn the_sixty_first_request_is_refused_without_a_wait() {
    let mut server = Ntfy::new();
    for _ in 0..60 {
        assert_eq!(send(&mut server, 0, &message("甲")).status, 200);
    }
    let reply = send(&mut server, 4, &message("甲"));
    assert_eq!(
        (told(&reply)["code"].as_i64(), header(&reply, "Retry-After")),
        (Some(42901), None)
    );
    assert_eq!(send(&mut server, 5, &message("甲")).status, 200);
}

#[test]
fn the_day_has_its_limit_until_midnight() {
    let mut server = Ntfy::new().daily(1).unlimited();
    assert_eq!(send(&mut server, 0, &message("甲")).status, 200);
    assert_eq!(code(&mut server, &message("甲")), 42908);
    assert_eq!(send(&mut server, 24 * 3600, &message("甲")).status, 200);
}

#[test]
fn a_token_stands_in_three_places() {
    let mut server = Ntfy::new().with_token("tk_secret").with_user("li", "pw");
    let mut ask = |header: &str, target: &str| {
        let mut request = asked("POST", target, &message("甲"));
        if !header.is_empty() {
            request.headers.insert("authorization".to_owned(), header.to_owned());
        }
        server.reply(&request).status
    };
    assert_eq!(ask("Bearer tk_secret", "/"), 200);
    assert_eq!(ask(&format!("Basic {}", STANDARD.encode("li:pw")), "/"), 200);
    assert_eq!(ask(&format!("Basic {}", STANDARD.encode(":tk_secret")), "/"), 200);
    let auth = URL_SAFE_NO_PAD.encode("Bearer tk_secret");
    assert_eq!(ask("", &format!("/?auth={auth}")), 200);
    assert_eq!(ask("Bearer tk_wrong", "/"), 401);
    assert_eq!(ask("", "/"), 403);
}

#[test]
fn a_topic_can_be_forbidden() {
    let mut server = Ntfy::new();
    server.forbid("team-reminders");
    assert_eq!(code(&mut server, &message("甲")), 40301);
    let reply = server.reply(&asked_bare("GET", "/team-reminders/auth", b""));
    assert_eq!(reply.status, 403);
}

#[test]
fn health_can_be_asked() {
    assert_eq!(Ntfy::new().reply(&asked_bare("GET", "/v1/health", b"")).status, 200);
    assert_eq!(
        Ntfy::new().reply(&asked_bare("GET", "/nowhere/at/all", b"")).status,
        404
    );
}

#[test]
fn a_sequence_replaces_in_new_servers_only() {
    let body = |text: &str| json!({"topic": "a", "message": text, "sequence_id": "n1"});
    let mut new = Ntfy::new().with_sequences();
    let mut old = Ntfy::new();
    for text in ["一", "二"] {
        send(&mut new, 0, &body(text));
        send(&mut old, 0, &body(text));
    }
    assert_eq!((new.posts().len(), new.posts()[0].text.as_str()), (1, "二"));
    assert_eq!(old.posts().len(), 2);
    assert_eq!(new.reply(&asked_bare("POST", "/a/n1", b"x")).status, 200);
    assert_eq!(
        (new.posts().len(), old.reply(&asked_bare("POST", "/a/n1", b"x")).status),
        (1, 404)
    );
}

#[test]
fn headers_carry_what_json_does() {
    let mut server = Ntfy::new();
    let mut request = asked_bare("POST", "/a", "**正文**".as_bytes());
    for (name, value) in [
        ("title", format!("=?UTF-8?B?{}?=", STANDARD.encode("标题"))),
        ("x-markdown", "yes".to_owned()),
        ("priority", "high".to_owned()),
    ] {
        request.headers.insert(name.to_owned(), value);
    }
    assert_eq!(server.reply(&request).status, 200);
    assert_eq!(server.posts()[0].text, "标题\n正文");
    assert_eq!(server.reply(&asked_bare("POST", "/a", b"\xff")).status, 400);
}

#[test]
fn an_answer_can_be_put_before() {
    let mut server = Ntfy::new();
    server.answer_next(Ntfy::failure(42909, "limit reached: too many auth failures", LIMITS));
    assert_eq!(send(&mut server, 0, &message("甲")).status, 429);
}
