//! The workflow against the documented rules.

use chrono::DateTime;

use super::*;

fn teams() -> Teams {
    Teams::new("a-B_c%2Bd")
}

fn message(body: &Value) -> Value {
    json!({"type": "message", "attachments": [{"contentType": CARD, "contentUrl": null, "content": {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.2",
        "body": body,
        "actions": [{"type": "Action.OpenUrl", "title": "打开", "url": "https://example.com/t/42"}],
        "msteams": {"width": "Full", "entities": [{
            "type": "mention", "text": "<at>张三</at>", "mentioned": {"id": "zhang@contoso.com", "name": "张三"},
        }]},
    }}]})
}

fn block(text: &str) -> Value {
    json!([{"type": "TextBlock", "text": text, "wrap": true}])
}

fn say(teams: &mut Teams, body: &Value) -> Reply {
    let request = Request::post(&teams.target(), body, DateTime::UNIX_EPOCH);
    teams.reply(&request)
}

fn run(body: &Value) -> Run {
    let mut teams = teams();
    let reply = say(&mut teams, body);
    assert_eq!(
        (reply.status, reply.body.as_str()),
        (202, ""),
        "the client sees nothing of it"
    );
    let is_posted = matches!(teams.runs[0], Run::Posted(_));
    assert_eq!(is_posted, !teams.posts().is_empty());
    teams.runs[0].clone()
}

fn post(body: &Value) -> Post {
    let mut teams = teams();
    assert_eq!(say(&mut teams, body).status, 202);
    assert_eq!(teams.runs, [Run::Posted(1)]);
    teams.posts()[0].clone()
}

#[test]
fn the_documented_example_is_posted() {
    let post = post(&message(&json!([
        {"type": "TextBlock", "text": "到期提醒", "weight": "Bolder", "size": "Large", "wrap": true},
        {"type": "TextBlock", "text": "<at>张三</at> **交周报**\n\n18:00\n截止", "wrap": true},
    ])));
    assert_eq!(post.text, "到期提醒\n张三 交周报\n18:00 截止\n打开");
    assert_eq!(post.rings, ["zhang@contoso.com"]);
    assert_eq!(post.links, ["https://example.com/t/42"]);
}

#[test]
fn what_fails_after_the_answer_stands_in_the_runs() {
    let failed = |text: &str| Run::Failed(text.to_owned());
    let good = message(&block("a"));
    let mut no_card = good.clone();
    no_card["attachments"][0]["contentType"] = json!("application/json");
    let mut new_card = good.clone();
    new_card["attachments"][0]["content"]["version"] = json!("1.6");
    for (body, text) in [
        (
            json!({"text": "a"}),
            "the loop expects an array, and attachments is Null",
        ),
        (
            json!({"type": "message", "attachments": []}),
            "there is nothing to post",
        ),
        (no_card, "the contentType is not that of an adaptive card"),
        (new_card, "the card's version is not known here"),
        (message(&json!([{"type": "TextBlock"}])), "a TextBlock lacks its text"),
        (message(&block(&"提".repeat(9600))), "Request Entity Too Large"),
    ] {
        assert_eq!(run(&body), failed(text));
    }
    assert_eq!(run(&good), Run::Posted(1));
}

#[test]
fn size_is_counted_in_bytes_of_the_message() {
    let frame = message(&block("")).to_string().len();
    let full = "a".repeat(28 * 1024 - frame);
    assert_eq!(run(&message(&block(&full))), Run::Posted(1));
    assert!(matches!(run(&message(&block(&format!("{full}a")))), Run::Failed(_)));
}

#[test]
fn the_query_is_taken_only_byte_for_byte() {
    let good = teams().target();
    for (target, status) in [
        (good.clone(), 202),
        (good.replace("%2Ftriggers", "/triggers"), 401),
        (good.replace("%2Bd", "%2bd"), 401),
        (good.replace("sig=", "sig=x"), 401),
        (good.replace("0a1b2c", "other"), 404),
    ] {
        let request = Request::post(&target, &message(&block("a")), DateTime::UNIX_EPOCH);
        assert_eq!(teams().reply(&request).status, status, "{target}");
    }
    let mut request = Request::post(&good, &message(&block("a")), DateTime::UNIX_EPOCH);
    request
        .headers
        .insert("authorization".to_owned(), "Bearer x".to_owned());
    assert_eq!(teams().reply(&request).status, 401);
}

#[test]
fn a_flow_that_is_off_or_deleted_says_so() {
    let mut teams = teams();
    teams.is_off = true;
    let reply = say(&mut teams, &message(&block("a")));
    assert_eq!(reply.status, 400);
    assert!(reply.body.contains("WorkflowTriggerIsNotEnabled"), "{}", reply.body);
    teams.is_deleted = true;
    assert_eq!(say(&mut teams, &message(&block("a"))).status, 404);
    assert!(teams.runs.is_empty());
}

#[test]
fn answers_come_as_told() {
    let mut teams = teams();
    teams.limit_next(Some(30));
    let reply = say(&mut teams, &message(&block("a")));
    assert_eq!(reply.status, 429);
    assert!(reply.headers.contains(&("retry-after".to_owned(), "30".to_owned())));
    teams.customised = Some(Reply::text(200, "thanks"));
    assert_eq!(say(&mut teams, &message(&block("a"))).body, "thanks");
    assert_eq!(teams.posts().len(), 1);
}

#[test]
fn a_mention_without_its_entity_rings_nobody() {
    let post = post(&message(&block("<at>李四</at> <at> 张三</at> \\<at>")));
    assert_eq!(post.text, "李四  张三 <at>\n打开");
    assert!(post.rings.is_empty());
}

#[test]
fn a_text_block_knows_no_headings_and_quotes() {
    let post = post(&message(&block(
        "# a\n\n> b\n\n- [c](https://a.example)\n- \\*d\\* _e_ <b>",
    )));
    assert_eq!(post.text, "# a\n> b\n- c\n- *d* e <b>\n打开");
    assert_eq!(post.links, ["https://a.example", "https://example.com/t/42"]);
}

#[test]
fn a_text_that_may_not_wrap_is_cut() {
    let post = post(&message(&json!([{"type": "TextBlock", "text": "提".repeat(61)}])));
    assert_eq!(post.text, format!("{}…\n打开", "提".repeat(60)));
}

#[test]
fn facts_and_columns_are_shown() {
    let post = post(&message(&json!([
        {"type": "FactSet", "facts": [{"title": "期限", "value": "**18:00**"}]},
        {"type": "ColumnSet", "columns": [{"type": "Column", "items": [{"type": "TextBlock", "text": "a", "wrap": true}]}]},
    ])));
    assert_eq!(post.text, "期限\n18:00\na\n打开");
}
