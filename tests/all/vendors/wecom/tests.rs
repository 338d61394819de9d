//! The robot against the documented rules.

use chrono::DateTime;

use super::*;

fn say(robot: &mut WeCom, body: &Value) -> Value {
    let request = Request::post(&robot.target(), body, DateTime::UNIX_EPOCH);
    let reply = robot.reply(&request);
    assert_eq!(reply.status, 200);
    serde_json::from_str(&reply.body).unwrap()
}

fn code(body: &Value) -> i64 {
    say(&mut WeCom::new("k"), body)["errcode"].as_i64().unwrap()
}

fn post(body: &Value) -> Post {
    let mut robot = WeCom::new("k");
    assert_eq!(say(&mut robot, body), json!({"errcode": 0, "errmsg": "ok"}));
    robot.posts()[0].clone()
}

#[test]
fn what_apprise_sends_is_taken() {
    let post = post(&json!({"msgtype": "text", "text": {"content": "到期：交周报"}}));
    assert_eq!((post.text.as_str(), post.size), ("到期：交周报", 18));
}

#[test]
fn sizes_are_counted_in_bytes() {
    for (kind, characters, expected) in [
        ("text", 682, 0),
        ("text", 683, 40058),
        ("markdown", 1365, 0),
        ("markdown", 1366, 40058),
        ("markdown_v2", 1366, 40058),
    ] {
        let body = json!({"msgtype": kind, kind: {"content": "提".repeat(characters)}});
        assert_eq!(code(&body), expected, "{kind} {characters}");
    }
    let long = json!({"msgtype": "markdown", "markdown": {"content": "提".repeat(1366)}});
    let answer = say(&mut WeCom::new("k"), &long);
    let text = answer["errmsg"].as_str().unwrap();
    assert!(
        text.starts_with("markdown.content exceed max length 4096, hint: ["),
        "{text}"
    );
    assert!(
        text.ends_with("more info at https://open.work.weixin.qq.com/devtool/query?e=40058"),
        "{text}"
    );
}

#[test]
fn what_is_missing_or_wrong_is_refused_by_its_number() {
    for (body, expected) in [
        (json!({}), 40008),
        (json!({"msgtype": "html", "html": {"content": "a"}}), 40008),
        (json!({"msgtype": "text"}), 44004),
        (json!({"msgtype": "text", "text": {"content": ""}}), 44004),
        (json!({"msgtype": "text", "text": {"content": 7}}), 40058),
        (
            json!({"msgtype": "text", "text": {"content": "a", "mentioned_list": "b"}}),
            40058,
        ),
        (json!({"msgtype": "text", "text": {"content": "a\u{7}"}}), 40033),
        (json!({"msgtype": "text", "text": {"content": r"a\u0007"}}), 0),
    ] {
        assert_eq!(code(&body), expected, "{body}");
    }
}

#[test]
fn a_raw_line_break_inside_of_a_string_is_no_json() {
    let mut robot = WeCom::new("k");
    let mut request = Request::post(&robot.target(), &Value::Null, DateTime::UNIX_EPOCH);
    request.body = b"{\"msgtype\":\"text\",\"text\":{\"content\":\"a\nb\"}}".to_vec();
    let answer = robot.reply(&request).body;
    assert!(
        answer.contains("40008") && answer.contains("Warning: wrong json format."),
        "{answer}"
    );
}

#[test]
fn the_key_is_looked_at_before_the_body() {
    let mut robot = WeCom::new("k");
    let request = Request::post("/cgi-bin/webhook/send?key=other", &json!({}), DateTime::UNIX_EPOCH);
    assert!(robot.reply(&request).body.contains("93000"));
    robot.disable();
    assert_eq!(say(&mut robot, &json!({}))["errcode"], 93004);
}

#[test]
fn the_twenty_first_call_of_a_minute_is_refused() {
    let mut robot = WeCom::new("k");
    let body = json!({"msgtype": "text", "text": {"content": "a"}});
    for _ in 0..20 {
        assert_eq!(say(&mut robot, &body)["errcode"], 0);
    }
    assert_eq!(say(&mut robot, &body)["errcode"], 45009);
    let later = Request::post(&robot.target(), &body, DateTime::UNIX_EPOCH + TimeDelta::seconds(60));
    assert!(robot.reply(&later).body.contains("\"errcode\":0"));
    assert_eq!(robot.posts().len(), 21);
}

#[test]
fn a_busy_system_says_so_as_often_as_told() {
    let mut robot = WeCom::new("k");
    robot.busy_next(1);
    let body = json!({"msgtype": "text", "text": {"content": "a"}});
    assert_eq!(say(&mut robot, &body)["errcode"], -1);
    assert_eq!(say(&mut robot, &body)["errcode"], 0);
}

#[test]
fn a_scripted_answer_comes_once_and_posts_nothing() {
    let mut robot = WeCom::new("k");
    robot.answer_next(Reply::json(200, &refusal(45033, "api concurrent out of limit")));
    let body = json!({"msgtype": "text", "text": {"content": "a"}});
    assert_eq!(say(&mut robot, &body)["errcode"], 45033);
    assert_eq!(say(&mut robot, &body)["errcode"], 0);
    assert_eq!(robot.posts().len(), 1);
}

#[test]
fn markdown_shows_without_its_signs_and_rings_whom_it_names() {
    let content =
        "## 到期提醒\n>任务：<font color=\"warning\">交**周**报</font>\n>[打开](https://example.com/t/42)\n<@zhangsan>";
    let post = post(&json!({"msgtype": "markdown", "markdown": {"content": content}}));
    assert_eq!(post.text, "到期提醒\n任务：交周报\n打开\n@zhangsan");
    assert_eq!(post.rings, ["zhangsan"]);
    assert_eq!(post.links, ["https://example.com/t/42"]);
}

#[test]
fn text_rings_by_its_lists_and_shows_its_signs() {
    let post = post(&json!({"msgtype": "text", "text": {
        "content": "**a** [b](c) @all <@lisi>", "mentioned_list": ["zhangsan", "@all"], "mentioned_mobile_list": ["13800001111"],
    }}));
    assert_eq!(post.text, "**a** [b](c) @all @lisi");
    assert_eq!(post.rings, ["lisi", "zhangsan", "@all", "13800001111"]);
    assert!(post.links.is_empty());
}

#[test]
fn nobody_is_rung_by_the_second_markdown_and_everybody_by_neither() {
    let second = post(&json!({"msgtype": "markdown_v2", "markdown_v2": {"content": "<@lisi> *a*"}}));
    assert_eq!((second.text.as_str(), second.rings.len()), ("<@lisi> a", 0));
    let first = post(&json!({"msgtype": "markdown", "markdown": {"content": "<@all> <@@all> @all"}}));
    assert!(first.rings.is_empty(), "{first:?}");
}

#[test]
fn a_card_needs_a_title_and_an_action() {
    let card = json!({"msgtype": "template_card", "template_card": {
        "card_type": "text_notice", "main_title": {"title": "交周报", "desc": "今天"},
        "horizontal_content_list": [{"keyname": "负责人", "value": "张三"}],
        "card_action": {"type": 1, "url": "https://example.com/t/42"},
    }});
    let seen = post(&card);
    assert_eq!(seen.text, "交周报\n今天\n负责人 张三");
    assert_eq!(seen.links, ["https://example.com/t/42"]);
    for path in ["main_title", "card_action", "card_type"] {
        let mut broken = card.clone();
        broken["template_card"][path] = Value::Null;
        assert_eq!(code(&broken), 40058, "{path}");
    }
}
