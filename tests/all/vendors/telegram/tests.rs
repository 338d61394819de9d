use serde_json::{Value, json};

use super::*;
use crate::vendors::asking::{asked, asked_bare, header, second, told};

const TOKEN: &str = "123:AbC-d";
const GROUP: i64 = -1_001_234_567_890;

fn bot() -> Telegram {
    Telegram::new(TOKEN, GROUP)
}

fn send(bot: &mut Telegram, at: i64, body: &Value) -> Reply {
    let mut request = asked("POST", &format!("/bot{TOKEN}/sendMessage"), body);
    request.at = second(at);
    bot.reply(&request)
}

fn html(text: &str) -> Value {
    json!({"chat_id": GROUP, "parse_mode": "HTML", "text": text})
}

fn refusal(body: &Value) -> (u16, String) {
    let reply = send(&mut bot(), 0, body);
    let words = told(&reply)["description"].as_str().unwrap().to_owned();
    (reply.status, words)
}

#[test]
fn a_message_is_seen_with_its_links_and_rings() {
    let mut bot = bot();
    let text = "<b>到期</b>：交周报 &lt;v2&gt; <a href=\"https://example.com/t/42\">打开</a> \
        <a href=\"tg://user?id=42\">张三</a> @wangwu";
    let reply = send(&mut bot, 0, &html(text));
    assert_eq!(
        (reply.status, told(&reply)["result"]["message_id"].as_i64()),
        (200, Some(1))
    );
    let post = &bot.posts()[0];
    assert_eq!(post.text, "到期：交周报 <v2> 打开 张三 @wangwu");
    assert_eq!(post.rings, ["42", "wangwu"]);
    assert_eq!(post.links, ["https://example.com/t/42"]);
}

#[test]
fn length_is_counted_in_units_of_utf_16_after_parsing() {
    let mut bot = bot();
    send(&mut bot, 0, &html("到期：交周报 🔔 👨‍👩‍👧 @张三"));
    assert_eq!(bot.posts()[0].size, 22);
    assert_eq!(
        send(&mut bot, 1, &html(&format!("<b>{}</b>", "&lt;".repeat(4096)))).status,
        200
    );
    let words = "Bad Request: message is too long";
    assert_eq!(refusal(&html(&"🔔".repeat(2049))), (400, words.to_owned()));
}

#[test]
fn an_unknown_tag_is_refused_in_the_words_of_the_vendor() {
    assert_eq!(
        refusal(&html("看<张三>")),
        (
            400,
            "Bad Request: can't parse entities: Unsupported start tag \"张三\" at byte offset 3".to_owned()
        )
    );
}

#[test]
fn the_same_text_without_a_mode_is_shown_as_it_is() {
    let mut bot = bot();
    send(
        &mut bot,
        0,
        &json!({"chat_id": GROUP.to_string(), "text": "看<张三> & <b>"}),
    );
    assert_eq!(bot.posts()[0].text, "看<张三> & <b>");
}

#[test]
fn what_is_missing_is_named() {
    let cases = [
        (json!({"text": "甲"}), "Bad Request: chat_id is empty"),
        (json!({"chat_id": GROUP}), "Bad Request: message text is empty"),
        (html(" "), "Bad Request: message text is empty"),
        (html("<b></b>"), "Bad Request: message text is empty"),
        (json!({"chat_id": 7, "text": "甲"}), "Bad Request: chat not found"),
        (
            json!({"chat_id": GROUP, "text": "甲", "message_thread_id": 7}),
            "Bad Request: message thread not found",
        ),
        (
            json!({"chat_id": GROUP, "text": "甲", "parse_mode": "Wiki"}),
            "Bad Request: unsupported parse_mode",
        ),
    ];
    for (body, words) in cases {
        assert_eq!(refusal(&body), (400, words.to_owned()));
    }
}

#[test]
fn a_body_that_is_not_json_is_not_read_as_json() {
    let mut bot = bot();
    let target = format!("/bot{TOKEN}/sendMessage");
    let body = html("甲").to_string();
    let reply = bot.reply(&asked_bare("POST", &target, body.as_bytes()));
    assert_eq!((reply.status, bot.posts().len()), (400, 0));
}

#[test]
fn a_form_is_taken_too() {
    let mut bot = bot();
    let mut request = asked_bare(
        "POST",
        &format!("/bot{TOKEN}/sendMessage"),
        format!("chat_id={GROUP}&text=a+%E6%8F%90").as_bytes(),
    );
    let form = "application/x-www-form-urlencoded".to_owned();
    request.headers.insert("content-type".to_owned(), form);
    assert_eq!(bot.reply(&request).status, 200);
    assert_eq!(bot.posts()[0].text, "a 提");
}

#[test]
fn tokens_and_methods_are_told_apart() {
    let mut bot = bot();
    let mut ask = |target: &str| bot.reply(&asked("POST", target, &json!({}))).status;
    assert_eq!(ask("/bot123:wrong/getMe"), 401);
    assert_eq!(ask("/botnonsense/getMe"), 404);
    assert_eq!(ask(&format!("/bot{TOKEN}/nonsense")), 404);
    assert_eq!(ask(&format!("/bot{TOKEN}/getMe")), 200);
}

#[test]
fn a_chat_can_be_looked_up() {
    let mut bot = bot();
    let reply = bot.reply(&asked_bare("GET", &format!("/bot{TOKEN}/getChat?chat_id={GROUP}"), b""));
    assert_eq!(told(&reply)["result"]["type"], "supergroup");
}

#[test]
fn the_twenty_first_of_a_minute_parks_the_whole_bot() {
    let mut bot = bot();
    for at in 0..20 {
        assert_eq!(send(&mut bot, at, &html("甲")).status, 200);
    }
    let reply = send(&mut bot, 20, &html("甲"));
    assert_eq!((reply.status, header(&reply, "Retry-After")), (429, Some("40")));
    assert_eq!(told(&reply)["parameters"]["retry_after"], 40);
    assert_eq!(told(&reply)["description"], "Too Many Requests: retry after 40");
    let mut request = asked("POST", &format!("/bot{TOKEN}/getMe"), &json!({}));
    request.at = second(59);
    assert_eq!(bot.reply(&request).status, 429);
    assert_eq!(send(&mut bot, 60, &html("甲")).status, 200);
}

#[test]
fn without_its_limit_it_takes_more() {
    let mut bot = bot().unlimited();
    assert!((0..30).all(|_| send(&mut bot, 0, &html("甲")).status == 200));
}

#[test]
fn a_group_that_became_a_supergroup_tells_its_new_id() {
    let mut bot = Telegram::new(TOKEN, -4242);
    bot.migrate_to(GROUP);
    let reply = send(&mut bot, 0, &json!({"chat_id": -4242, "text": "甲"}));
    assert_eq!(reply.status, 400);
    assert_eq!(told(&reply)["parameters"]["migrate_to_chat_id"], GROUP);
    assert_eq!(send(&mut bot, 1, &html("甲")).status, 200);
}

#[test]
fn a_bot_that_was_thrown_out_is_forbidden() {
    let mut bot = bot();
    bot.kick();
    let reply = send(&mut bot, 0, &html("甲"));
    assert_eq!(reply.status, 403);
    assert_eq!(
        told(&reply)["description"],
        "Forbidden: bot was kicked from the supergroup chat"
    );
}

#[test]
fn a_topic_is_known_when_it_was_opened() {
    let mut bot = bot();
    bot.open_topic(7);
    let body = json!({"chat_id": GROUP, "text": "甲", "message_thread_id": 7});
    assert_eq!(send(&mut bot, 0, &body).status, 200);
}

#[test]
fn a_stranger_is_not_rung() {
    let mut bot = bot();
    bot.forget("42");
    send(&mut bot, 0, &html("<a href=\"tg://user?id=42\">张三</a>"));
    assert!(bot.posts()[0].rings.is_empty());
}

#[test]
fn a_name_that_touches_a_word_rings_nobody() {
    assert!(usernames("请@wangwu a@wangwu @wangwu完成 @li <@张三>").is_empty());
    assert_eq!(usernames("请 @wangwu，@zhao_6。"), ["wangwu", "zhao_6"]);
}

#[test]
fn a_name_in_code_rings_nobody() {
    let mut bot = bot();
    send(&mut bot, 0, &html("<code>@wangwu</code>"));
    assert!(bot.posts()[0].rings.is_empty());
}

#[test]
fn an_answer_can_be_put_before() {
    let mut bot = bot();
    bot.answer_next(Telegram::failure(500, "Internal Server Error"));
    assert_eq!(send(&mut bot, 0, &html("甲")).status, 500);
    assert_eq!((send(&mut bot, 0, &html("甲")).status, bot.posts().len()), (200, 1));
}
