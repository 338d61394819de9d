//! The webhook against the documented rules.

use serde_json::json;

use super::*;

fn slack() -> Slack {
    Slack::new("T0", "B0", "secret")
}

fn say(slack: &mut Slack, body: &Value, milliseconds: i64) -> Reply {
    let at = DateTime::UNIX_EPOCH + TimeDelta::milliseconds(milliseconds);
    slack.reply(&Request::post(&slack.target(), body, at))
}

fn answer(body: &Value) -> (u16, String) {
    let reply = say(&mut slack(), body, 0);
    (reply.status, reply.body)
}

fn post(body: &Value) -> Post {
    let mut slack = slack();
    let reply = say(&mut slack, body, 0);
    assert_eq!((reply.status, reply.body.as_str()), (200, "ok"), "{body}");
    slack.posts()[0].clone()
}

fn section(text: &str) -> Value {
    json!({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]})
}

#[test]
fn the_documented_example_shows_its_blocks() {
    let mut slack = slack();
    let body = json!({"text": "到期：交周报 <@U012AB3CD>", "unfurl_links": false, "blocks": [
        {"type": "header", "text": {"type": "plain_text", "text": "到期提醒"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*交周报* 18:00\n<https://example.com/t/42?a&amp;b|打开>"}},
    ]});
    assert_eq!(say(&mut slack, &body, 0).body, "ok");
    let post = &slack.posts()[0];
    assert_eq!(post.text, "到期提醒\n交周报 18:00\n打开");
    assert_eq!(post.links, ["https://example.com/t/42?a&b"]);
    assert!(post.rings.is_empty(), "the text of a notification is not shown");
    assert_eq!(slack.fallbacks[0].text, "到期：交周报 @U012AB3CD");
    assert_eq!(slack.fallbacks[0].rings, ["U012AB3CD"]);
}

#[test]
fn refusals_come_in_the_vendors_words() {
    for (body, word) in [
        (json!([]), "invalid_payload"),
        (json!({"text": 7}), "invalid_payload"),
        (json!({}), "no_text"),
        (json!({"text": ""}), "no_text"),
        (json!({"blocks": {}}), "invalid_blocks"),
        (json!({"blocks": [{"type": "card"}]}), "invalid_blocks"),
        (json!({"blocks": [{"type": "section"}]}), "invalid_blocks"),
        (
            json!({"blocks": vec![json!({"type": "divider"}); 51]}),
            "invalid_blocks",
        ),
        (section(""), "invalid_blocks"),
        (section(&"提".repeat(3001)), "invalid_blocks"),
        (
            json!({"blocks": [{"type": "header", "text": {"type": "mrkdwn", "text": "a"}}]}),
            "invalid_blocks",
        ),
        (
            json!({"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "提".repeat(151)}}]}),
            "invalid_blocks",
        ),
        (
            json!({"text": "a", "attachments": vec![json!({}); 101]}),
            "too_many_attachments",
        ),
    ] {
        assert_eq!(answer(&body), (400, word.to_owned()), "{body}");
    }
    assert_eq!(answer(&section(&"提".repeat(3000))).0, 200);
}

#[test]
fn a_body_that_does_not_say_it_is_json_is_refused() {
    let mut slack = slack();
    let mut request = Request::post(&slack.target(), &json!({"text": "a"}), DateTime::UNIX_EPOCH);
    request.headers.remove("content-type");
    assert_eq!(slack.reply(&request).body, "invalid_payload");
}

#[test]
fn each_part_of_the_address_is_known() {
    for (target, status, word) in [
        ("/services/T1/B0/secret", 404, "no_team"),
        ("/services/T0/B1/secret", 404, "no_service"),
        ("/services/T0/B0/other", 400, "invalid_token"),
    ] {
        let reply = slack().reply(&Request::post(target, &json!({}), DateTime::UNIX_EPOCH));
        assert_eq!((reply.status, reply.body.as_str()), (status, word), "{target}");
    }
    let mut slack = slack();
    slack.is_archived = true;
    assert_eq!(say(&mut slack, &json!({}), 0).status, 410);
    slack.is_removed = true;
    assert_eq!(say(&mut slack, &json!({}), 0).body, "no_service");
}

#[test]
fn a_burst_is_tolerated_and_then_one_a_second() {
    let mut slack = slack();
    let body = json!({"text": "a"});
    for _ in 0..4 {
        assert_eq!(say(&mut slack, &body, 0).status, 200);
    }
    let reply = say(&mut slack, &body, 999);
    assert_eq!(reply.status, 429);
    assert!(reply.headers.contains(&("retry-after".to_owned(), "1".to_owned())));
    assert_eq!(say(&mut slack, &body, 1000).status, 200);
    assert_eq!(say(&mut slack, &body, 1500).status, 429);
    assert_eq!(say(&mut slack, &body, 2000).status, 200);
}

#[test]
fn limits_and_other_answers_come_as_told() {
    let mut slack = slack();
    slack.limit_next(30);
    slack.answer_next(Reply::text(500, "rollup_error"));
    let reply = say(&mut slack, &json!({"text": "a"}), 0);
    assert!(reply.headers.contains(&("retry-after".to_owned(), "30".to_owned())));
    assert_eq!(say(&mut slack, &json!({"text": "a"}), 0).body, "rollup_error");
    assert!(slack.posts().is_empty());
    slack.is_prohibited = true;
    assert_eq!(say(&mut slack, &json!({"text": "a"}), 0).body, "action_prohibited");
}

#[test]
fn text_is_cut_after_forty_thousand_characters() {
    let post = post(&json!({"text": "提".repeat(40_001)}));
    assert_eq!(post.text.chars().count(), 40_000);
}

#[test]
fn angles_are_mentions_or_links() {
    let post = post(&section(
        "<@U012AB3CD> <@zhang> @zhang <!subteam^S12|@team> <!here> <!channel> <#C1|allgemein> <x> https://a.example/b",
    ));
    assert_eq!(
        post.text,
        "@U012AB3CD @zhang @zhang @team @here @channel #allgemein x https://a.example/b"
    );
    assert_eq!(post.rings, ["U012AB3CD", "S12", "@here", "@all"]);
    assert_eq!(post.links, ["x", "https://a.example/b"]);
}

#[test]
fn what_is_escaped_shows_and_does_nothing() {
    let post = post(&section("&lt;!channel&gt; a &amp;amp; b"));
    assert_eq!(post.text, "<!channel> a &amp; b");
    assert!(post.rings.is_empty() && post.links.is_empty());
}

#[test]
fn marks_count_at_the_edges_of_words() {
    let post = post(&section("*a* 3*4*5 交*周*报 _b_ ~c~ `*<!here>*`\n&gt; d"));
    assert_eq!(post.text, "a 3*4*5 交*周*报 b c *@here*\nd");
    assert_eq!(post.rings, ["@here"], "code saves nobody from angles");
}

#[test]
fn a_hook_may_be_silent_about_what_it_took() {
    let mut slack = slack();
    slack.is_mute = true;
    let reply = say(&mut slack, &json!({"text": "a"}), 0);
    assert_eq!((reply.status, reply.body.as_str(), slack.posts().len()), (200, "", 1));
}

#[test]
fn attachments_are_shown_after_the_text() {
    let post =
        post(&json!({"text": "a", "attachments": [{"title": "b", "title_link": "https://a.example", "text": "*c*"}]}));
    assert_eq!(post.text, "a\nb\nc");
    assert_eq!(post.links, ["https://a.example"]);
}
