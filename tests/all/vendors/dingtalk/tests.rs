//! The robot against the documented rules.

use super::*;

const SECRET: &str = "this is secret";
const TIME: &str = "1577262236757";
const SIGN: &str = "hmPWwU%2B7lVdm3ZZz0r9tSfx0L4Q26jWOZr9%2BGs6EZQM%3D";

fn at(milliseconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_577_262_236_757 + milliseconds).unwrap()
}

fn text(content: &str) -> Value {
    json!({"msgtype": "text", "text": {"content": content}})
}

fn say(robot: &mut DingTalk, target: &str, body: &Value, milliseconds: i64) -> Value {
    let reply = robot.reply(&Request::post(target, body, at(milliseconds)));
    assert_eq!(reply.status, 200);
    serde_json::from_str(&reply.body).unwrap()
}

fn code(robot: &mut DingTalk, body: &Value, milliseconds: i64) -> i64 {
    let target = robot.target();
    say(robot, &target, body, milliseconds)["errcode"].as_i64().unwrap()
}

fn post(body: &Value) -> Post {
    let mut robot = DingTalk::new("t");
    assert_eq!(code(&mut robot, body, 0), 0, "{body}");
    robot.posts()[0].clone()
}

#[test]
fn what_apprise_sends_is_taken_when_signed_once() {
    let mut robot = DingTalk::new("t").with_secret(SECRET);
    let body = json!({"msgtype": "text", "text": {"content": "a"}, "at": {"atMobiles": [], "isAtAll": false}});
    let target = format!("/robot/send?access_token=t&timestamp={TIME}&sign={SIGN}");
    assert_eq!(
        say(&mut robot, &target, &body, 0),
        json!({"errcode": 0, "errmsg": "ok"})
    );
    let twice = target.replace('%', "%25");
    let answer = say(&mut robot, &twice, &body, 0);
    assert_eq!(answer, json!({"errcode": 310_000, "errmsg": "sign not match"}));
    assert_eq!(robot.mistake, Some("encoded twice"));
    let bare = target.replace("%2B", "+");
    assert_eq!(say(&mut robot, &bare, &body, 0)["errmsg"], "sign not match");
    assert_eq!(robot.mistake, Some("not encoded: a plus arrives as a space"));
    assert_eq!(robot.posts().len(), 1);
}

#[test]
fn a_signature_holds_for_an_hour() {
    let mut robot = DingTalk::new("t").with_secret(SECRET);
    let target = format!("/robot/send?access_token=t&timestamp={TIME}&sign={SIGN}");
    for (milliseconds, text_of_answer) in [
        (3_600_000, "ok"),
        (-3_600_000, "ok"),
        (3_600_001, "invalid timestamp"),
        (-3_600_001, "invalid timestamp"),
    ] {
        let answer = say(&mut robot, &target, &text("a"), milliseconds);
        assert_eq!(answer["errmsg"], text_of_answer, "{milliseconds}");
    }
    assert_eq!(
        say(&mut robot, "/robot/send?access_token=t", &text("a"), 0)["errmsg"],
        "sign not match"
    );
}

#[test]
fn the_token_comes_before_the_signature_and_that_before_the_body() {
    let mut robot = DingTalk::new("t").with_secret(SECRET).with_keyword("督办");
    assert_eq!(
        say(&mut robot, "/robot/send?access_token=x", &json!(1), 0)["errcode"],
        300_005
    );
    assert_eq!(
        say(&mut robot, "/robot/send?access_token=t", &json!(1), 0)["errmsg"],
        "sign not match"
    );
    robot.secret = None;
    assert_eq!(code(&mut robot, &text("a"), 0), 310_000);
    assert_eq!(code(&mut robot, &json!(1), 0), 40035);
    assert_eq!(code(&mut robot, &text("a督办b"), 0), 0);
    robot.is_stopped = true;
    assert_eq!(code(&mut robot, &text("a"), 0), 400_102);
}

#[test]
fn a_keyword_in_the_target_of_a_link_does_not_count() {
    let mut robot = DingTalk::new("t").with_keyword("duban");
    let body = json!({"msgtype": "markdown", "markdown": {"title": "a", "text": "[b](https://duban.example)"}});
    let target = robot.target();
    assert_eq!(say(&mut robot, &target, &body, 0)["errmsg"], "keywords not in content");
}

#[test]
fn a_repeat_with_the_same_id_is_taken_and_not_posted() {
    let mut robot = DingTalk::new("t");
    let body = json!({"msgtype": "text", "msgUuid": "1", "text": {"content": "a"}});
    assert_eq!(code(&mut robot, &body, 0), 0);
    assert_eq!(code(&mut robot, &body, 1), 0);
    assert_eq!(robot.posts().len(), 1);
}

#[test]
fn the_twenty_first_of_a_minute_costs_ten_minutes() {
    let mut robot = DingTalk::new("t");
    for _ in 0..20 {
        assert_eq!(code(&mut robot, &text("a"), 0), 0);
    }
    let target = robot.target();
    assert_eq!(
        say(&mut robot, &target, &text("a"), 59_999),
        json!({"errcode": 130_101, "errmsg": "send too fast, exceed 20 times per minute"})
    );
    robot.too_fast = 410_100;
    assert_eq!(code(&mut robot, &text("a"), 659_998), 410_100);
    assert_eq!(code(&mut robot, &text("a"), 659_999), 0);
}

#[test]
fn size_is_that_of_the_body_in_bytes() {
    let frame = text("").to_string().len();
    let mut robot = DingTalk::new("t");
    assert_eq!(code(&mut robot, &text(&"a".repeat(20_000 - frame)), 0), 0);
    assert_eq!(code(&mut robot, &text(&"a".repeat(20_001 - frame)), 0), 460_101);
    assert_eq!(code(&mut robot, &text(&"提".repeat(6667)), 0), 460_101);
}

#[test]
fn what_is_missing_or_wrong_is_refused_by_its_number() {
    for (body, expected) in [
        (json!({}), 40035),
        (json!({"msgtype": "card"}), 400_105),
        (json!({"msgtype": "text", "text": {"content": ""}}), 40035),
        (json!({"msgtype": "markdown", "markdown": {"text": "a"}}), 40035),
        (
            json!({"msgtype": "text", "text": {"content": "a"}, "at": {"isAtAll": "true"}}),
            40035,
        ),
        (
            json!({"msgtype": "text", "text": {"content": "a"}, "at": {"atMobiles": [138]}}),
            40035,
        ),
        (
            json!({"msgtype": "actionCard", "actionCard": {"title": "a", "text": "b"}}),
            40035,
        ),
    ] {
        assert_eq!(code(&mut DingTalk::new("t"), &body, 0), expected, "{body}");
    }
    let mut request = Request::post("/robot/send?access_token=t", &text("a"), at(0));
    request
        .headers
        .insert("content-type".to_owned(), "text/plain".to_owned());
    assert!(DingTalk::new("t").reply(&request).body.contains("43004"));
}

#[test]
fn numbers_come_as_strings_where_told() {
    let mut robot = DingTalk::new("t");
    robot.string_errcode = true;
    let target = robot.target();
    assert_eq!(
        say(&mut robot, &target, &text("a"), 0),
        json!({"errcode": "0", "errmsg": "ok"})
    );
}

#[test]
fn a_banned_address_gets_a_page_without_a_number() {
    let mut robot = DingTalk::new("t");
    let target = robot.target();
    robot.x5_page(5);
    let answer = say(&mut robot, &target, &text("a"), 0);
    assert_eq!(
        (&answer["status"], &answer["wait"], &answer["errcode"]),
        (&json!(1111), &json!(5), &Value::Null)
    );
    robot.x5_html();
    assert!(
        robot
            .reply(&Request::post(&target, &text("a"), at(0)))
            .body
            .starts_with("<!DOCTYPE html>")
    );
    robot.lift();
    assert_eq!(code(&mut robot, &text("a"), 0), 0);
}

#[test]
fn only_who_is_listed_and_named_is_rung() {
    let post = post(&json!({
        "msgtype": "markdown",
        "markdown": {"title": "到期提醒", "text": "### 到期：**交周报**  \n  > 18:00 截止\n@user001  \n  @13800001111[看](https://example.com/t/42) @user0022"},
        "at": {"atUserIds": ["user001", "user002"], "atMobiles": ["13800001111", "13900001111"]},
    }));
    assert_eq!(
        post.text,
        "到期提醒\n到期：交周报\n18:00 截止 @user001\n@13800001111看 @user0022"
    );
    assert_eq!(post.rings, ["13800001111", "user001"]);
    assert_eq!(post.links, ["https://example.com/t/42"]);
}

#[test]
fn everybody_is_rung_by_the_switch_and_not_by_the_text() {
    assert!(post(&text("@all @所有人")).rings.is_empty());
    let all = json!({"msgtype": "text", "text": {"content": "a"}, "at": {"isAtAll": true}});
    assert_eq!(post(&all).rings, ["@all"]);
}

#[test]
fn a_name_in_the_title_alone_rings_nobody() {
    let body = json!({"msgtype": "markdown", "markdown": {"title": "@user001", "text": "a"}, "at": {"atUserIds": ["user001"]}});
    assert!(post(&body).rings.is_empty());
}

#[test]
fn a_busy_system_and_scripted_answers_come_as_often_as_told() {
    let mut robot = DingTalk::new("t");
    robot.busy_next(1);
    robot.answer_next(Reply::json(200, &json!({"errcode": 90002, "errmsg": "api limit"})));
    assert_eq!(code(&mut robot, &text("a"), 0), 90002);
    assert_eq!(code(&mut robot, &text("a"), 0), -1);
    assert_eq!(code(&mut robot, &text("a"), 0), 0);
    assert_eq!(robot.posts().len(), 1);
}

#[test]
fn buttons_lead_to_their_targets() {
    let post = post(&json!({"msgtype": "actionCard", "actionCard": {
        "title": "到期提醒", "text": "### 交周报\n18:00 <font color=red>截止</font>",
        "singleTitle": "打开", "singleURL": "https://example.com/t/42",
    }}));
    assert_eq!(post.text, "到期提醒\n交周报\n18:00 截止\n打开");
    assert_eq!(post.links, ["https://example.com/t/42"]);
}
