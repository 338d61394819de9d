use super::super::asking::{asked, asked_bare, second, told};
use super::*;

fn server() -> RocketChat {
    RocketChat::new("abc123", "tok456")
}

fn send(server: &mut RocketChat, at: i64, body: &Value) -> Reply {
    let mut request = asked("POST", "/hooks/abc123/tok456", body);
    request.at = second(at);
    server.reply(&request)
}

fn refusal(server: &mut RocketChat, body: &Value) -> (u16, String) {
    let reply = send(server, 0, body);
    (reply.status, told(&reply)["error"].as_str().unwrap().to_owned())
}

#[test]
fn a_post_shows_its_text_and_its_attachments() {
    let mut server = server();
    let body = json!({
        "text": "*到期*：交周报 @zhangsan", "alias": "reminder",
        "attachments": [{"title": "交周报", "title_link": "https://example.com/t/42", "text": "**18:00** 截止 @lisi"}],
    });
    assert_eq!(told(&send(&mut server, 0, &body)), json!({"success": true}));
    let post = &server.posts()[0];
    assert_eq!(post.text, "到期：交周报 @zhangsan\n交周报\n18:00 截止 @lisi");
    assert_eq!(post.rings, ["zhangsan"]);
    assert_eq!(post.links, ["https://example.com/t/42"]);
}

#[test]
fn only_names_after_a_space_ring() {
    assert_eq!(
        rings("@all 请 @li_si\n@here >@wang"),
        ["@all", "li_si", "@here", "wang"]
    );
    assert!(rings("：@li (@li) \\@li **@li** 找@li @li. @li:x [@li](u)").is_empty());
}

#[test]
fn links_in_the_way_of_slack_are_links() {
    let mut server = server();
    send(&mut server, 0, &json!({"text": "<https://evil.example|公告> <a|b>"}));
    assert_eq!(server.posts()[0].text, "公告 <a|b>");
    assert_eq!(server.posts()[0].links, ["https://evil.example"]);
}

#[test]
fn an_empty_body_succeeds_without_a_post() {
    let mut server = server();
    assert_eq!(told(&send(&mut server, 0, &json!({}))), json!({"success": true}));
    let untyped = asked_bare("POST", "/hooks/abc123/tok456", br#"{"text":"a"}"#);
    assert_eq!(server.reply(&untyped).status, 200);
    assert!(server.posts().is_empty());
}

#[test]
fn a_form_carries_a_payload() {
    let mut server = server();
    let mut form = asked_bare("POST", "/hooks/abc123/tok456", b"payload=%7B%22text%22%3A%22a%22%7D");
    let kind = "application/x-www-form-urlencoded".to_owned();
    form.headers.insert("content-type".to_owned(), kind);
    assert_eq!((server.reply(&form).status, server.posts().len()), (200, 1));
}

#[test]
fn length_is_counted_in_characters() {
    let mut server = server();
    assert_eq!(send(&mut server, 0, &json!({"text": "🔔".repeat(5000)})).status, 200);
    let long = refusal(&mut server, &json!({"text": "提".repeat(5001)}));
    assert_eq!(long, (400, "error-message-size-exceeded".to_owned()));
}

#[test]
fn a_channel_may_be_named_only_where_that_is_allowed() {
    let body = json!({"text": "甲", "channel": "#other"});
    let words = "overriding destination channel is disabled for this integration";
    assert_eq!(refusal(&mut server(), &body), (400, words.to_owned()));
    let mut open = server().overridable(&["#other"]);
    assert_eq!(send(&mut open, 0, &body).status, 200);
    let unknown = refusal(&mut open, &json!({"text": "甲", "channel": "#none"}));
    assert_eq!(unknown, (400, "invalid-channel".to_owned()));
}

#[test]
fn one_failed_channel_hides_in_a_success() {
    let mut server = server().overridable(&[]);
    let body = json!({"text": "甲", "channel": ["#ops", "#none"], "separateResponse": true});
    let reply = send(&mut server, 0, &body);
    assert_eq!(
        (reply.status, told(&reply)["responses"][1]["error"].as_str()),
        (200, Some("invalid-channel"))
    );
    let body = json!({"text": "甲", "channel": ["#none"], "separateResponse": true});
    assert_eq!(send(&mut server, 0, &body).status, 400);
}

#[test]
fn the_eleventh_call_of_a_minute_waits() {
    let mut server = server();
    for _ in 0..10 {
        assert_eq!(send(&mut server, 0, &json!({"text": "甲"})).status, 200);
    }
    let reply = send(&mut server, 18, &json!({"text": "甲"}));
    assert_eq!(reply.status, 429);
    let words = "Error, too many requests. Please slow down. You must wait 42 seconds before trying this endpoint again. \
                 [error-too-many-requests]";
    assert_eq!(told(&reply)["error"], words);
    assert_eq!(send(&mut server, 60, &json!({"text": "甲"})).status, 200);
}

#[test]
fn limits_can_be_old_or_absent() {
    let mut old = server().limits_with(400);
    let mut none = server().unlimited();
    let last = |server: &mut RocketChat| (0..11).map(|_| send(server, 0, &json!({"text": "甲"})).status).last();
    assert_eq!((last(&mut old), last(&mut none)), (Some(400), Some(200)));
}

#[test]
fn a_wrong_token_and_a_disabled_integration_are_told_apart() {
    let mut server = server();
    let reply = server.reply(&asked("POST", "/hooks/abc123/wrong", &json!({"text": "甲"})));
    assert_eq!(told(&reply)["error"], "Invalid integration id or token provided.");
    assert_eq!(reply.status, 404);
    server.disable();
    assert_eq!(send(&mut server, 0, &json!({"text": "甲"})).status, 503);
}

#[test]
fn an_answer_can_be_put_before() {
    let mut server = server();
    server.answer_next(Reply::text(502, "bad gateway"));
    assert_eq!(send(&mut server, 0, &json!({"text": "甲"})).status, 502);
}
