//! The bot against the documented rules.

use chrono::{DateTime, Utc};

use super::*;

const TIME: i64 = 1_599_360_473;
const SIGN: &str = "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8=";

fn at(milliseconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(TIME * 1000 + milliseconds).unwrap()
}

fn text(text: &str) -> Value {
    json!({"msg_type": "text", "content": {"text": text}})
}

fn card(elements: &Value) -> Value {
    json!({"msg_type": "interactive", "card": {
        "schema": "2.0",
        "header": {"title": {"tag": "plain_text", "content": "到期提醒"}, "template": "orange"},
        "body": {"elements": elements},
    }})
}

fn say(bot: &mut Feishu, body: &Value, milliseconds: i64) -> Value {
    let reply = bot.reply(&Request::post(&bot.target(), body, at(milliseconds)));
    assert_eq!(reply.status, 200);
    serde_json::from_str(&reply.body).unwrap()
}

fn code(bot: &mut Feishu, body: &Value) -> i64 {
    say(bot, body, 0)["code"].as_i64().unwrap()
}

fn post(body: &Value) -> Post {
    let mut bot = Feishu::new("t");
    assert_eq!(code(&mut bot, body), 0, "{body}");
    bot.posts()[0].clone()
}

#[test]
fn what_apprise_sends_is_taken() {
    let mut bot = Feishu::new("t");
    let reply = bot.reply(&Request::post("/open-apis/bot/v2/hook/t/", &text("a"), at(0)));
    let answer: Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(
        answer,
        json!({"code": 0, "msg": "success", "data": {}, "StatusCode": 0, "StatusMessage": "success"})
    );
    assert_eq!(bot.posts()[0].text, "a");
}

#[test]
fn a_signature_holds_for_an_hour() {
    let mut bot = Feishu::new("t").with_secret("demo");
    let mut body = text("a");
    assert_eq!(code(&mut bot, &body), 19021);
    body["timestamp"] = json!(TIME.to_string());
    body["sign"] = json!(SIGN);
    for (milliseconds, expected) in [
        (0, 0),
        (3_600_000, 0),
        (-3_600_000, 0),
        (3_601_000, 19021),
        (-3_601_000, 19021),
    ] {
        assert_eq!(say(&mut bot, &body, milliseconds)["code"], expected, "{milliseconds}");
    }
    body["sign"] = json!("DkEDUyVoOOJ539qBvUgMyzkzIdRWlf4e/V3Rq+ONJnQ=");
    let answer = say(&mut bot, &body, 10_000);
    assert_eq!(
        answer["msg"],
        "sign match fail or timestamp is not within one hour from current time"
    );
    assert_eq!(bot.mistake, Some("key and message as in DingTalk"));
    body["sign"] = json!(SIGN);
    body["timestamp"] = json!(TIME);
    assert_eq!(say(&mut bot, &body, 20_000)["code"], 19021, "seconds are a string");
}

#[test]
fn the_token_comes_first_then_sign_keyword_and_shape() {
    let mut bot = Feishu::new("t").with_secret("demo").with_keyword("督办");
    let reply = bot.reply(&Request::post("/open-apis/bot/v2/hook/x", &json!(1), at(0)));
    assert!(reply.body.contains("19001"), "{}", reply.body);
    assert_eq!(code(&mut bot, &text("a")), 19021);
    bot.secret = None;
    assert_eq!(code(&mut bot, &json!({"msg_type": "text"})), 19024);
    assert_eq!(code(&mut bot, &text("a督办")), 0);
    bot.is_ip_refused = true;
    assert_eq!(code(&mut bot, &text("a")), 19022);
}

#[test]
fn a_keyword_in_the_target_of_a_link_does_not_count() {
    let mut bot = Feishu::new("t").with_keyword("duban");
    let body = card(&json!([{"tag": "markdown", "content": "[a](https://duban.example)"}]));
    assert_eq!(code(&mut bot, &body), 19024);
}

#[test]
fn the_sixth_of_a_second_and_the_hundred_and_first_of_a_minute_are_refused() {
    let mut bot = Feishu::new("t");
    for _ in 0..5 {
        assert_eq!(code(&mut bot, &text("a")), 0);
    }
    assert_eq!(code(&mut bot, &text("a")), 11232);
    for second in 1..20 {
        for _ in 0..5 {
            assert_eq!(say(&mut bot, &text("a"), second * 1000)["code"], 0);
        }
    }
    assert_eq!(say(&mut bot, &text("a"), 20_000)["code"], 11232);
    assert_eq!(say(&mut bot, &text("a"), 60_000)["code"], 0);
}

#[test]
fn the_whole_body_is_limited_in_bytes() {
    let frame = text("").to_string().len();
    let mut bot = Feishu::new("t");
    assert_eq!(code(&mut bot, &text(&"a".repeat(20_480 - frame))), 0);
    let answer = say(&mut bot, &text(&"a".repeat(20_481 - frame)), 0);
    assert_eq!(answer, json!({"code": 9499, "msg": "Bad Request", "data": {}}));
}

#[test]
fn what_is_missing_or_wrong_is_refused_by_its_code() {
    for (body, expected) in [
        (json!([]), 9499),
        (json!({"content": {"text": "a"}}), 19002),
        (json!({"msg_type": "html", "content": {"text": "a"}}), 19002),
        (json!({"msg_type": "text", "card": {}}), 19002),
        (json!({"msg_type": "interactive", "content": {}}), 19002),
        (json!({"msg_type": "text", "content": {"text": ""}}), 19002),
        (
            json!({"msg_type": "interactive", "card": {"schema": "2.0", "elements": []}}),
            11246,
        ),
        (card(&Value::Null), 11246),
        (card(&json!([{"tag": "note"}])), 11246),
        (card(&json!([{"tag": "markdown"}])), 11246),
    ] {
        assert_eq!(code(&mut Feishu::new("t"), &body), expected, "{body}");
    }
}

#[test]
fn errors_come_in_every_flavour() {
    let mut bot = Feishu::new("t");
    bot.legacy_status = true;
    bot.busy_next(1);
    assert_eq!(
        say(&mut bot, &text("a"), 0),
        json!({"StatusCode": 0, "StatusMessage": "", "code": 9499, "msg": "too many request", "data": {}})
    );
    bot.crowded_next(1);
    assert_eq!(code(&mut bot, &text("a")), 11232);
    bot.gateway_next(7);
    let request = Request::post(&bot.target(), &text("a"), at(0));
    let reply = bot.reply(&request);
    assert_eq!(reply.status, 429);
    assert!(
        reply
            .headers
            .contains(&("x-ogw-ratelimit-reset".to_owned(), "7".to_owned()))
    );
    bot.errors_as_400 = true;
    bot.disable();
    assert_eq!(bot.reply(&request).status, 400);
    assert!(bot.posts().is_empty());
}

#[test]
fn a_text_rings_by_its_elements_and_shows_its_signs() {
    let post = post(&text(
        "**a** <at user_id=\"ou_1\">张三</at> <at user_id=\"all\">所有人</at> <at user_id=\"a@b.c\">李四</at>",
    ));
    assert_eq!(post.text, "**a** @张三 @所有人 @李四");
    assert_eq!(post.rings, ["ou_1", "@all"]);
}

#[test]
fn who_is_not_in_the_group_is_shown_and_not_rung() {
    let mut bot = Feishu::new("t");
    bot.members = Some(["ou_2".to_owned()].into());
    let body = text("<at user_id=\"ou_1\">张三</at><at user_id=\"ou_2\">李四</at>");
    assert_eq!(code(&mut bot, &body), 0);
    assert_eq!(bot.posts()[0].rings, ["ou_2"]);
    assert_eq!(bot.posts()[0].text, "@张三@李四");
}

#[test]
fn groups_have_their_own_rules_on_who_is_rung() {
    let mut bot = Feishu::new("t");
    bot.is_external = true;
    bot.is_all_refused = true;
    let body = text("<at user_id=\"zhang\"></at><at user_id=\"ou_2\"></at><at user_id=\"all\"></at>");
    assert_eq!(code(&mut bot, &body), 0);
    assert_eq!(bot.posts()[0].rings, ["ou_2"]);
}

#[test]
fn a_card_shows_without_its_signs() {
    let post = post(&card(&json!([
        {"tag": "markdown", "content": "**交周报** 18:00 <font color='red'>截止</font> <at id=ou_xxx></at>\n&lt;at id=all&gt; \\*b\\*"},
        {"tag": "hr"},
        {"tag": "button", "text": {"tag": "plain_text", "content": "打开"},
         "behaviors": [{"type": "open_url", "default_url": "https://example.com/t/42"}]},
    ])));
    assert_eq!(post.text, "到期提醒\n交周报 18:00 截止 @ou_xxx\n<at id=all> *b*\n打开");
    assert_eq!(post.rings, ["ou_xxx"]);
    assert_eq!(post.links, ["https://example.com/t/42"]);
}

#[test]
fn a_post_shows_its_parts() {
    let post = post(
        &json!({"msg_type": "post", "content": {"post": {"zh_cn": {"title": "到期提醒", "content": [
            [{"tag": "text", "text": "交周报 "}, {"tag": "a", "text": "打开", "href": "https://example.com/t/42"}],
            [{"tag": "at", "user_id": "ou_xxx"}],
        ]}}}}),
    );
    assert_eq!(post.text, "到期提醒\n交周报 打开\n@ou_xxx");
    assert_eq!((post.rings.len(), post.links.len()), (1, 1));
}
