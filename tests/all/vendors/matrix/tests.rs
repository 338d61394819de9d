use super::super::asking::{asked, asked_bare, header, second, told};
use super::*;

const ROOM: &str = "!abc:chat.test";

fn server() -> Matrix {
    Matrix::new("syt_token", "@bot:chat.test", ROOM)
}

fn put(server: &mut Matrix, transaction: &str, at: i64, body: &Value) -> Reply {
    let target = format!("/_matrix/client/v3/rooms/%21abc%3Achat.test/send/m.room.message/{transaction}");
    let mut request = asked("PUT", &target, body);
    request.at = second(at);
    let token = "Bearer syt_token".to_owned();
    request.headers.insert("authorization".to_owned(), token);
    server.reply(&request)
}

fn text(body: &str) -> Value {
    json!({"msgtype": "m.text", "body": body, "m.mentions": {}})
}

fn code(reply: &Reply) -> (u16, String) {
    (reply.status, told(reply)["errcode"].as_str().unwrap().to_owned())
}

#[test]
fn a_message_shows_its_html_and_rings_its_mentions() {
    let mut server = server();
    let body = json!({
        "msgtype": "m.text", "body": "到期 @room", "format": "org.matrix.custom.html",
        "formatted_body": "<b>到期</b>：<a href=\"https://example.com/t/42\">打开</a>",
        "m.mentions": {"user_ids": ["@zhang:chat.test"], "room": true},
    });
    assert_eq!(put(&mut server, "n1", 0, &body).status, 200);
    let post = &server.posts()[0];
    assert_eq!(post.text, "到期：打开");
    assert_eq!(post.links, ["https://example.com/t/42"]);
    assert_eq!(post.rings, ["@zhang:chat.test", "@all"]);
}

#[test]
fn the_same_transaction_adds_nothing() {
    let mut server = server();
    let first = put(&mut server, "n1", 0, &text("甲"));
    let second = put(&mut server, "n1", 9, &text("甲"));
    assert_eq!((first.body == second.body, server.posts().len()), (true, 1));
    assert_ne!(put(&mut server, "n2", 9, &text("甲")).body, first.body);
}

#[test]
fn mentions_ring_only_whom_they_reach() {
    let mut server = server().with_member("@zhang:chat.test").without_power();
    let mut body = text("甲");
    body["m.mentions"] = json!({"user_ids": ["@zhang:chat.test", "@gone:chat.test"], "room": true});
    put(&mut server, "n1", 0, &body);
    body["msgtype"] = json!("m.notice");
    put(&mut server, "n2", 0, &body);
    assert_eq!(server.posts()[0].rings, ["@zhang:chat.test"]);
    assert!(server.posts()[1].rings.is_empty());
}

#[test]
fn without_mentions_the_text_itself_rings() {
    let mut server = server().with_member("@zhang:chat.test");
    put(
        &mut server,
        "n1",
        0,
        &json!({"msgtype": "m.text", "body": "zhang @room"}),
    );
    put(&mut server, "n2", 0, &text("zhang @room"));
    assert_eq!(server.posts()[0].rings, ["@zhang:chat.test", "@all"]);
    assert!(server.posts()[1].rings.is_empty());
}

#[test]
fn tokens_stand_in_two_places() {
    let mut server = server();
    let mut ask = |target: &str| {
        let reply = server.reply(&asked_bare("GET", target, b""));
        (reply.status, told(&reply)["errcode"].as_str().unwrap_or("").to_owned())
    };
    let whoami = "/_matrix/client/v3/account/whoami";
    assert_eq!(ask(&format!("{whoami}?access_token=syt_token")).0, 200);
    assert_eq!(
        ask(&format!("{whoami}?access_token=x")),
        (401, "M_UNKNOWN_TOKEN".to_owned())
    );
    assert_eq!(ask(whoami), (401, "M_MISSING_TOKEN".to_owned()));
    assert_eq!(ask("/_matrix/client/versions").0, 200);
    assert_eq!(ask("/_matrix/client/v3/nonsense"), (404, "M_UNRECOGNIZED".to_owned()));
}

#[test]
fn rooms_are_joined_and_left() {
    let mut server = server();
    server.join("!two:chat.test");
    let target = "/_matrix/client/v3/joined_rooms?access_token=syt_token";
    let rooms = told(&server.reply(&asked_bare("GET", target, b"")))["joined_rooms"].clone();
    assert_eq!(rooms, json!([ROOM, "!two:chat.test"]));
    server.kick(ROOM);
    let reply = put(&mut server, "n1", 0, &text("甲"));
    assert_eq!(code(&reply), (403, "M_FORBIDDEN".to_owned()));
}

#[test]
fn what_is_wrong_with_a_body_is_named() {
    let mut server = server();
    let target = "/_matrix/client/v3/rooms/!abc:chat.test/send/m.room.message/n1?access_token=syt_token";
    let broken = server.reply(&asked_bare("PUT", target, b"{"));
    assert_eq!(code(&broken), (400, "M_NOT_JSON".to_owned()));
    assert_eq!(server.reply(&asked_bare("POST", target, b"{}")).status, 405);
    let list = put(&mut server, "n1", 0, &json!([]));
    assert_eq!(code(&list), (400, "M_BAD_JSON".to_owned()));
    let bare = put(&mut server, "n1", 0, &json!({"msgtype": "m.text"}));
    assert_eq!(told(&bare)["error"], "'body' not in content");
    let mut mentions = text("甲");
    mentions["m.mentions"] = json!({"user_ids": "@zhang:chat.test"});
    assert_eq!(
        code(&put(&mut server, "n1", 0, &mentions)),
        (400, "M_BAD_JSON".to_owned())
    );
}

#[test]
fn an_event_over_64_kib_is_too_large() {
    let mut server = server();
    let reply = put(&mut server, "n1", 0, &text(&"提".repeat(21_700)));
    assert_eq!(code(&reply), (413, "M_TOO_LARGE".to_owned()));
    assert_eq!(put(&mut server, "n1", 0, &text(&"提".repeat(21_500))).status, 200);
}

#[test]
fn the_fourth_message_waits_two_seconds() {
    let mut server = server().limited(3, 0.5);
    let replies: Vec<Reply> = (0..4)
        .map(|n| put(&mut server, &n.to_string(), 0, &text("甲")))
        .collect();
    assert_eq!(code(&replies[3]), (429, "M_LIMIT_EXCEEDED".to_owned()));
    assert_eq!(told(&replies[3])["retry_after_ms"], 2000);
    assert_eq!(header(&replies[3], "Retry-After"), Some("2"));
    assert_eq!(put(&mut server, "0", 0, &text("甲")).status, 200);
    assert_eq!(put(&mut server, "3", 2, &text("甲")).status, 200);
}

#[test]
fn an_answer_can_be_put_before() {
    let mut server = server();
    server.answer_next(Matrix::failure(500, "M_UNKNOWN", "Internal server error"));
    assert_eq!(put(&mut server, "n1", 0, &text("甲")).status, 500);
}
