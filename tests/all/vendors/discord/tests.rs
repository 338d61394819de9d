//! The webhook against the documented rules.

use super::*;

const USER: &str = "123456789012345678";
const ROLE: &str = "223456789012345678";

fn discord() -> Discord {
    Discord::new("1", "t")
}

fn say(discord: &mut Discord, body: &Value, milliseconds: i64) -> Reply {
    let at = DateTime::UNIX_EPOCH + TimeDelta::milliseconds(milliseconds);
    let target = format!("{}?wait=true", discord.target());
    discord.reply(&Request::post(&target, body, at))
}

fn body(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).unwrap()
}

fn post(message: &Value) -> Post {
    let mut discord = discord();
    let reply = say(&mut discord, message, 0);
    assert_eq!(reply.status, 200, "{}", reply.body);
    discord.posts()[0].clone()
}

fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    reply
        .headers
        .iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.as_str())
}

#[test]
fn the_documented_example_is_shown_and_rings() {
    let post = post(&json!({
        "content": format!("<@{USER}> 到期：交周报"), "allowed_mentions": {"parse": [], "users": [USER]},
        "embeds": [{"title": "交周报", "url": "https://example.com/t/42", "description": "**18:00** 截止 <t:1756000000:R>", "color": 15_105_570}],
    }));
    assert_eq!(
        post.text,
        format!("@{USER} 到期：交周报\n交周报\n18:00 截止 2025-08-24 01:46")
    );
    assert_eq!(post.rings, [USER]);
    assert_eq!(post.links, ["https://example.com/t/42"]);
}

#[test]
fn only_who_waits_gets_the_message_back() {
    let mut discord = discord();
    let waited = say(&mut discord, &json!({"content": "a"}), 0);
    assert_eq!((waited.status, body(&waited)["id"].is_string()), (200, true));
    let request = Request::post(&discord.target(), &json!({"content": "a"}), DateTime::UNIX_EPOCH);
    let unwaited = discord.reply(&request);
    assert_eq!((unwaited.status, unwaited.body.as_str()), (204, ""));
    discord.lose_next(1);
    assert_eq!(discord.reply(&request).status, 204);
    assert_eq!(discord.posts().len(), 2);
}

#[test]
fn a_client_without_a_name_is_refused_by_the_front() {
    let mut discord = discord();
    let mut request = Request::post(&discord.target(), &json!({"content": "a"}), DateTime::UNIX_EPOCH);
    request.headers.remove("user-agent");
    let reply = discord.reply(&request);
    assert_eq!((reply.status, &body(&reply)["code"]), (403, &json!(40333)));
}

#[test]
fn what_is_too_long_is_refused_with_its_place() {
    let mut discord = discord();
    let reply = say(&mut discord, &json!({"content": "提".repeat(2001)}), 0);
    assert_eq!(reply.status, 400);
    assert_eq!(
        body(&reply),
        json!({"code": 50035, "message": "Invalid Form Body", "errors": {"content": {"_errors": [
            {"code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 2000 or fewer in length."},
        ]}}})
    );
    assert_eq!(post(&json!({"content": "提".repeat(2000)})).size, 2000);
}

#[test]
fn what_is_missing_or_wrong_is_refused_by_its_code() {
    for (message, code) in [
        (json!({}), 50006),
        (json!({"content": " "}), 50006),
        (json!([]), 50109),
        (json!({"content": 7}), 50035),
        (json!({"embeds": [{}]}), 50035),
        (json!({"embeds": [{"title": "a".repeat(257)}]}), 50035),
        (json!({"embeds": [{"title": "a", "url": "x"}]}), 50035),
        (json!({"embeds": [{"title": "a", "color": 16_777_216}]}), 50035),
        (json!({"embeds": [{"title": "a", "fields": [{"name": "b"}]}]}), 50035),
        (json!({"embeds": vec![json!({"title": "a"}); 11]}), 50035),
        (
            json!({"embeds": vec![json!({"description": "a".repeat(3001)}); 2]}),
            50035,
        ),
        (json!({"content": "a", "allowed_mentions": {"parse": ["all"]}}), 50035),
        (json!({"content": "a", "allowed_mentions": {"users": ["x"]}}), 50035),
        (
            json!({"content": "a", "allowed_mentions": {"parse": ["users"], "users": [USER]}}),
            50035,
        ),
        (
            json!({"content": "a", "allowed_mentions": {"users": vec![USER; 101]}}),
            50035,
        ),
    ] {
        let reply = say(&mut discord(), &message, 0);
        assert_eq!((reply.status, &body(&reply)["code"]), (400, &json!(code)), "{message}");
    }
}

#[test]
fn a_webhook_that_is_unknown_or_deleted_stays_so() {
    let mut discord = discord();
    for (target, status, code) in [("/api/webhooks/2/t", 404, 10015), ("/api/webhooks/1/x", 401, 50027)] {
        let reply = discord.reply(&Request::post(target, &json!({"content": "a"}), DateTime::UNIX_EPOCH));
        assert_eq!((reply.status, &body(&reply)["code"]), (status, &json!(code)));
    }
    discord.delete();
    let reply = say(&mut discord, &json!({"content": "a"}), 0);
    assert_eq!(body(&reply), json!({"message": "Unknown Webhook", "code": 10015}));
}

#[test]
fn a_forum_wants_a_thread() {
    let mut discord = discord();
    discord.is_forum = true;
    assert_eq!(body(&say(&mut discord, &json!({"content": "a"}), 0))["code"], 220_001);
    assert_eq!(
        say(&mut discord, &json!({"content": "a", "thread_name": "b"}), 0).status,
        200
    );
}

#[test]
fn the_sixth_in_two_seconds_is_told_how_long_to_wait() {
    let mut discord = discord();
    let message = json!({"content": "a"});
    for left in ["4", "3", "2", "1", "0"] {
        let reply = say(&mut discord, &message, 0);
        assert_eq!(header(&reply, "x-ratelimit-remaining"), Some(left));
        assert_eq!(header(&reply, "x-ratelimit-reset-after"), Some("2.000"));
    }
    let reply = say(&mut discord, &message, 1350);
    assert_eq!(reply.status, 429);
    assert_eq!(
        body(&reply),
        json!({"message": "You are being rate limited.", "retry_after": 0.65, "global": false})
    );
    assert_eq!(header(&reply, "retry-after"), Some("1"));
    assert_eq!(header(&reply, "x-ratelimit-scope"), Some("user"));
    assert_eq!(say(&mut discord, &message, 2000).status, 200);
}

#[test]
fn the_thirty_first_of_a_minute_is_refused() {
    let mut discord = discord();
    let message = json!({"content": "a"});
    for place in 0..30 {
        assert_eq!(say(&mut discord, &message, place * 1000).status, 200);
    }
    assert_eq!(body(&say(&mut discord, &message, 30_000))["retry_after"], 30.0);
    assert_eq!(say(&mut discord, &message, 60_000).status, 200);
}

#[test]
fn the_front_answers_with_a_page() {
    let mut discord = discord();
    discord.cloudflare_next(Some(2285));
    let reply = say(&mut discord, &json!({"content": "a"}), 0);
    assert_eq!((reply.status, header(&reply, "retry-after")), (429, Some("2285")));
    assert!(reply.body.starts_with("<html>"));
}

#[test]
fn after_ten_thousand_invalid_answers_the_front_shuts() {
    let mut discord = discord();
    let wrong = Request::post("/api/webhooks/1/x", &json!({}), DateTime::UNIX_EPOCH);
    for _ in 0..10_000 {
        assert_eq!(discord.reply(&wrong).status, 401);
    }
    assert_eq!(say(&mut discord, &json!({"content": "a"}), 0).status, 429);
    assert_eq!(say(&mut discord, &json!({"content": "a"}), 600_000).status, 200);
}

#[test]
fn without_a_word_users_are_rung_and_nobody_else() {
    let post = post(&json!({"content": format!("<@{USER}> <@&{ROLE}> @everyone @here")}));
    assert_eq!(post.rings, [USER]);
    assert_eq!(post.text, format!("@{USER} @{ROLE} @everyone @here"));
}

#[test]
fn roles_and_everybody_ring_when_they_are_listed() {
    let content = format!("<@&{ROLE}> <@{USER}> \\@everyone");
    let parsed = post(&json!({"content": content, "allowed_mentions": {"parse": ["everyone"], "roles": [ROLE]}}));
    assert_eq!(parsed.rings, [format!("&{ROLE}"), "@all".to_owned()]);
    let none = post(&json!({"content": content, "allowed_mentions": {"parse": []}}));
    assert!(none.rings.is_empty());
    let silent = post(&json!({"content": content, "flags": 4096}));
    assert!(silent.rings.is_empty());
}

#[test]
fn an_embed_rings_nobody() {
    let post = post(
        &json!({"embeds": [{"description": format!("<@{USER}> @everyone")}], "allowed_mentions": {"parse": ["users", "everyone"]}}),
    );
    assert!(post.rings.is_empty());
}

#[test]
fn markup_is_recognised_unless_it_is_escaped() {
    let shown = post(
        &json!({"content": "# a\n> **b** ||c|| [d](https://a.example) <https://b.example>\n\\*\\*e\\*\\* \\[f](x) \\<@1>"}),
    );
    assert_eq!(shown.text, "a\nb c d https://b.example\n**e** [f](x) <@1>");
    assert_eq!(shown.links, ["https://a.example", "https://b.example"]);
}
