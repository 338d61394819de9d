use super::super::asking::{asked, asked_bare, header, second, told};
use super::*;

const HOOK: &str = "xen8k3fzotbqip3dgaunuxhm8c";

fn send(server: &mut Mattermost, body: &Value) -> Reply {
    server.reply(&asked("POST", &format!("/hooks/{HOOK}"), body))
}

fn refusal(server: &mut Mattermost, body: &Value) -> (u16, String) {
    let reply = send(server, body);
    (reply.status, told(&reply)["id"].as_str().unwrap().to_owned())
}

fn shown(body: &Value) -> Post {
    let mut server = Mattermost::new(HOOK);
    assert_eq!(send(&mut server, body).body, "ok");
    server.posts()[0].clone()
}

#[test]
fn a_post_shows_its_text_and_its_attachments() {
    let post = shown(&json!({
        "text": "### 到期\n交周报 @zhangsan",
        "attachments": [{"fallback": "不见", "color": "#E67E22", "title": "交周报",
            "title_link": "https://example.com/t/42", "text": "**18:00** 截止 @lisi"}],
    }));
    assert_eq!(post.text, "到期\n交周报 @zhangsan\n交周报\n18:00 截止 @lisi");
    assert_eq!(post.rings, ["zhangsan", "lisi"]);
    assert_eq!(post.links, ["https://example.com/t/42"]);
}

#[test]
fn everybody_is_rung_by_several_words() {
    let text = "@all <!here> @Channel. `@code` \\@wang";
    assert_eq!(shown(&json!({"text": text})).rings, ["@all", "@here", "wang"]);
}

#[test]
fn a_name_that_touches_a_letter_rings_nobody() {
    assert_eq!(rings("请@zhang 找@li @wang完成 a@b.com"), Vec::<String>::new());
    assert_eq!(
        rings("责任人：@zhang，@li.si. (@wang) ok:@zhao"),
        ["zhang", "li.si", "wang", "zhao"]
    );
}

#[test]
fn links_in_the_way_of_slack_are_links() {
    let post = shown(&json!({"text": "看 <https://evil.example|公告> <张三>"}));
    assert_eq!((post.text.as_str(), post.links.len()), ("看 公告 <张三>", 1));
}

#[test]
fn a_text_over_the_limit_becomes_two_posts() {
    let mut server = Mattermost::new(HOOK);
    assert_eq!(send(&mut server, &json!({"text": "提".repeat(16_384)})).status, 200);
    let sizes: Vec<usize> = server.posts().iter().map(|post| post.size).collect();
    assert_eq!(sizes, [16_383, 1]);
}

#[test]
fn a_part_that_fails_leaves_those_before_it() {
    let mut server = Mattermost::new(HOOK);
    server.fail_on_part(2);
    assert_eq!(send(&mut server, &json!({"text": "提".repeat(16_384)})).status, 500);
    assert_eq!(server.posts().len(), 1);
    assert_eq!(send(&mut server, &json!({"text": "短"})).status, 200);
}

#[test]
fn what_is_refused_is_refused_by_its_id() {
    let mut server = Mattermost::new(HOOK);
    let empty = (400, "web.incoming_webhook.text.app_error".to_owned());
    assert_eq!(refusal(&mut server, &json!({"text": ""})), empty);
    let parse = (400, "web.incoming_webhook.parse.app_error".to_owned());
    assert_eq!(refusal(&mut server, &json!({"text": 1})), parse);
    assert_eq!(refusal(&mut server, &json!([])), parse);
    let user = (400, "web.incoming_webhook.user.app_error".to_owned());
    assert_eq!(refusal(&mut server, &json!({"text": "甲", "channel": "@nobody"})), user);
    let channel = (404, "web.incoming_webhook.channel.app_error".to_owned());
    assert_eq!(refusal(&mut server, &json!({"text": "甲", "channel": "else"})), channel);
    server.open_channel("else");
    assert_eq!(send(&mut server, &json!({"text": "甲", "channel": "else"})).status, 200);
    server.lock();
    let locked = (403, "web.incoming_webhook.channel_locked.app_error".to_owned());
    assert_eq!(refusal(&mut server, &json!({"text": "甲", "channel": "else"})), locked);
    server.switch_off();
    let off = (501, "web.incoming_webhook.disabled.app_error".to_owned());
    assert_eq!(refusal(&mut server, &json!({"text": "甲"})), off);
    assert_eq!(server.posts().len(), 1);
}

#[test]
fn an_unknown_hook_is_a_400() {
    let mut server = Mattermost::new(HOOK);
    let reply = server.reply(&asked("POST", "/hooks/unknown", &json!({"text": "甲"})));
    assert_eq!(
        (
            reply.status,
            told(&reply)["id"] == "web.incoming_webhook.invalid.app_error"
        ),
        (400, true)
    );
    assert_eq!(
        server
            .reply(&asked("GET", &format!("/hooks/{HOOK}"), &json!({})))
            .status,
        404
    );
}

#[test]
fn without_the_type_of_json_a_form_is_needed() {
    let mut server = Mattermost::new(HOOK);
    let target = format!("/hooks/{HOOK}");
    assert_eq!(
        server.reply(&asked_bare("POST", &target, br#"{"text":"a"}"#)).status,
        400
    );
    let mut form = asked_bare("POST", &target, b"payload=%7B%22text%22%3A%22a+b%22%7D");
    let kind = "application/x-www-form-urlencoded".to_owned();
    form.headers.insert("content-type".to_owned(), kind);
    assert_eq!(server.reply(&form).body, "ok");
    assert_eq!(server.posts()[0].text, "a b");
}

#[test]
fn the_limiter_names_its_wait() {
    let mut server = Mattermost::new(HOOK).limited(1, 0.1);
    assert_eq!(send(&mut server, &json!({"text": "甲"})).status, 200);
    let reply = send(&mut server, &json!({"text": "甲"}));
    assert_eq!((reply.status, header(&reply, "Retry-After")), (429, Some("10")));
    let mut later = asked("POST", &format!("/hooks/{HOOK}"), &json!({"text": "甲"}));
    later.at = second(10);
    assert_eq!(server.reply(&later).status, 200);
}

#[test]
fn an_answer_can_be_put_before() {
    let mut server = Mattermost::new(HOOK);
    server.answer_next(Reply::text(502, "bad gateway"));
    assert_eq!(send(&mut server, &json!({"text": "甲"})).status, 502);
    assert!(server.posts().is_empty());
}
