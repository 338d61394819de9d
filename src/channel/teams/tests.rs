use super::super::robot::tests::{body, call, divided, huge, many, outcome, probed, settings};
use super::super::robot::{Robot, Settings, VendorKind};
use super::super::sample::{self, chat};
use super::*;
use crate::domain::chat::{Chat, Line, Span};
use crate::domain::id::ChannelId;

const URL: &str = "https://default0a1b.12.environment.api.powerplatform.com/powerautomate/automations/direct/workflows/0a1b/triggers/manual/paths/invoke?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=aB-_3%2Bx";
const CONNECTOR: &str = "https://contoso.webhook.office.com/webhookb2/0a1b@2c3d/IncomingWebhook/4e5f/6a7b";

fn flow() -> Settings {
    settings(VendorKind::Teams, URL)
}

fn card_of(body: &Value) -> &Value {
    &body["attachments"][0]["content"]
}

fn texts(body: &Value) -> Vec<&str> {
    let blocks = card_of(body)["body"].as_array().unwrap().iter();
    blocks.filter_map(|block| block["text"].as_str()).collect()
}

#[test]
fn a_post_is_a_message_with_one_adaptive_card() {
    let body = body(&flow(), chat(), false);
    assert_eq!(body["type"], "message");
    assert_eq!(body["attachments"].as_array().unwrap().len(), 1);
    assert_eq!(
        body["attachments"][0]["contentType"],
        "application/vnd.microsoft.card.adaptive"
    );
    let card = card_of(&body);
    assert_eq!([&card["type"], &card["version"]], ["AdaptiveCard", "1.2"]);
    assert_eq!(
        card["body"][0],
        json!({"type": "Container", "style": "attention", "bleed": true, "items": [
            {"type": "TextBlock", "text": "督办｜2项任务逾期", "weight": "Bolder", "size": "Large", "wrap": true}]})
    );
    assert_eq!(
        texts(&body)[1],
        "🔴 **逾期3个工作日** **重新规划七年级班级**\n\n市教育局｜时限 2021-12-16\n\n相关人员：<at>ZHANG</at>、LI"
    );
    assert_eq!(
        card["msteams"],
        json!({"width": "Full", "entities": [
            {"type": "mention", "text": "<at>ZHANG</at>", "mentioned": {"id": "zhang@contoso.example", "name": "ZHANG"}}]})
    );
}

#[test]
fn every_light_has_its_colour() {
    assert_eq!(
        [
            Some(Light::Red),
            Some(Light::Yellow),
            Some(Light::Green),
            Some(Light::Blue),
            Some(Light::Grey),
            None
        ]
        .map(style),
        ["attention", "warning", "good", "accent", "emphasis", "emphasis"]
    );
}

#[test]
fn ledger_text_brings_no_markup_no_link_and_no_mention() {
    for is_plain in [false, true] {
        let body = body(&flow(), chat(), is_plain);
        let text = texts(&body).join("\n");
        assert_eq!((text.matches('<').count(), text.matches('>').count()), (2, 2), "{text}");
        assert!(
            !text.contains("](") && !text.contains("*_") && !text.contains("&amp;"),
            "{text}"
        );
        assert!(text.contains("👨‍👩‍👧") && text.contains("＜at id=all＞"), "{text}");
        assert_eq!(card_of(&body)["msteams"]["entities"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn a_line_of_the_ledger_begins_no_list() {
    let chat = Chat {
        title: "- 督办".to_owned(),
        intro: ["1. x", "- x", "+ x"].into_iter().map(Line::plain).collect(),
        ..Chat::default()
    };
    let body = body(&flow(), chat, false);
    assert_eq!(card_of(&body)["body"][0]["items"][0]["text"], "－ 督办");
    assert_eq!(texts(&body), ["1． x\n\n－ x\n\n＋ x"]);
}

#[test]
fn a_mention_stands_in_the_card_as_in_its_list_and_there_once() {
    let mention = |id: &str, name: &str| Span::Mention(PersonId::new(id), name.to_owned());
    let chat = Chat {
        title: "督办".to_owned(),
        intro: vec![Line(vec![
            mention("zhang", "张<三>"),
            mention("li", "李四"),
            mention("zhang", "张<三>"),
        ])],
        ..Chat::default()
    };
    let body = body(&flow(), chat, false);
    assert_eq!(texts(&body), ["<at>张＜三＞</at>李四<at>张＜三＞</at>"]);
    let entities = card_of(&body)["msteams"]["entities"].as_array().unwrap();
    assert_eq!(entities.len(), 1);
    assert_eq!(entities[0]["text"], "<at>张＜三＞</at>");
}

#[test]
fn namesakes_are_told_apart() {
    let person = PersonId::new("zhang");
    let of = |name: &str| Rung {
        person: &person,
        user: "a@contoso.example",
        name: name.to_owned(),
    };
    assert_eq!(unlike("张三".to_owned(), &[of("李四")]), "张三");
    assert_eq!(unlike("张三".to_owned(), &[of("张三")]), "张三（2）");
    assert_eq!(unlike("张三".to_owned(), &[of("张三"), of("张三（2）")]), "张三（3）");
}

#[test]
fn without_mentions_the_list_is_absent() {
    let chat = Chat {
        title: "督办".to_owned(),
        ..Chat::default()
    };
    assert!(
        card_of(&body(&flow(), chat, false))["msteams"]
            .get("entities")
            .is_none()
    );
}

#[test]
fn the_plain_form_is_one_block_of_text_and_rings_too() {
    let body = body(&flow(), chat(), true);
    let card = card_of(&body);
    assert_eq!(card["body"].as_array().unwrap().len(), 1);
    let text = texts(&body)[0];
    assert!(
        text.starts_with("督办｜2项任务逾期\n\n截至") && !text.contains("**"),
        "{text}"
    );
    assert_eq!(card["msteams"]["entities"][0]["text"], "<at>ZHANG</at>");
}

#[test]
fn twenty_five_thousand_two_hundred_bytes_fit_and_one_more_does_not() {
    let of = |bytes: usize| json!({"a": "x".repeat(bytes - r#"{"a":""}"#.len())});
    assert!(Teams.fits(&of(25_200)));
    assert!(!Teams.fits(&of(25_201)));
}

#[test]
fn no_part_is_too_large_and_no_task_is_lost() {
    let bodies = divided(&flow(), &many(300), None);
    assert!(bodies.len() > 2, "{}", bodies.len());
    assert!(bodies.iter().all(|body| body.to_string().len() <= 25_200));
}

#[test]
fn one_huge_title_is_cut_between_characters() {
    let body = huge(&flow(), &"提".repeat(9_000));
    assert!(body.to_string().len() <= 25_200 && texts(&body)[0].contains("提…**"));
}

#[test]
fn the_query_goes_out_byte_for_byte_and_nothing_else_authorizes() {
    let call = call(&flow(), sample::as_of());
    assert_eq!(call.url.as_str(), URL);
    assert!(call.headers.is_empty());
}

#[test]
fn every_answer_has_its_outcome() {
    let flow = flow();
    let said = |status, body: &str| outcome(&flow, 1, status, &[], body);
    for status in [200, 201, 202, 204] {
        assert_eq!(said(status, ""), "accepted", "{status}");
    }
    assert_eq!(said(200, r#"{"done":true}"#), "accepted");
    assert_eq!(
        outcome(&flow, 1, 429, &[("retry-after", "17")], ""),
        "retry-after 17 endpoint"
    );
    assert_eq!(said(429, ""), "retry-after 60 endpoint");
    assert_eq!(
        outcome(&flow, 1, 503, &[("retry-after", "17")], ""),
        "retry-after 17 endpoint"
    );
    for status in [408, 500, 502, 503, 504] {
        assert_eq!(said(status, ""), "backoff", "{status}");
    }
    for status in [400, 413] {
        assert_eq!(
            said(status, r#"{"error":{"code":"TriggerInputSchemaMismatch"}}"#),
            "permanent/message",
            "{status}"
        );
    }
    for status in [401, 403, 404, 410, 302] {
        assert_eq!(said(status, ""), "permanent/endpoint", "{status}");
    }
    let off = r#"{"error":{"code":"WorkflowTriggerIsNotEnabled","message":"the workflow is 'Disabled'"}}"#;
    assert_eq!(said(400, off), "permanent/endpoint");
}

#[test]
fn what_stands_inside_the_error_is_said_to_people() {
    let answer = super::super::http::Answer {
        status: 400,
        body: r#"{"error":{"code":"WorkflowTriggerIsNotEnabled","message":"it is off"}}"#.to_owned(),
        is_whole: true,
        ..Default::default()
    };
    let said = Said::new(&answer, sample::as_of(), &[], &[]);
    assert_eq!(said.words(), "400 code WorkflowTriggerIsNotEnabled, message it is off");
}

#[test]
fn a_question_is_refused_by_its_method_where_the_flow_is_there() {
    let flow = flow();
    let probe = Teams.probe(&Url::parse(URL).unwrap(), sample::as_of());
    assert_eq!(
        (probe.call.method, probe.call.body),
        (super::super::http::Method::GET, String::new())
    );
    let method = r#"{"error":{"code":"TriggerRequestMethodNotValid","message":"expected 'POST' and actual 'GET'"}}"#;
    assert_eq!(probed(&flow, 400, method), "delivered");
    assert_eq!(probed(&flow, 405, ""), "delivered");
    let off = r#"{"error":{"code":"WorkflowTriggerIsNotEnabled"}}"#;
    assert_eq!(probed(&flow, 400, off), "permanent/endpoint");
    for status in [401, 403, 404, 410] {
        assert_eq!(probed(&flow, status, ""), "permanent/endpoint", "{status}");
    }
    assert_eq!(probed(&flow, 400, r#"{"error":{"code":"Other"}}"#), "unknown");
    assert_eq!(probed(&flow, 502, ""), "backoff");
}

#[test]
fn connectors_are_known_by_their_host_and_nothing_else_is() {
    let refuses = |url: &str| Teams.refuses(&Url::parse(url).unwrap()).is_some();
    assert!(refuses(CONNECTOR));
    assert!(refuses("https://outlook.office.com/webhook/0a1b/IncomingWebhook/4e5f"));
    assert!(!refuses(URL));
    assert!(!refuses(
        "https://prod-19.eastus.logic.azure.com:443/workflows/0a1b/triggers/manual/paths/invoke?sig=x"
    ));
    assert!(!refuses("https://webhook.office.com.proxy.example/x"));
}

#[tokio::test]
async fn a_connector_is_refused_with_clear_words_and_without_a_call() {
    let robot = Robot::open(&ChannelId::new("group"), &settings(VendorKind::Teams, CONNECTOR)).unwrap();
    let sent = robot.send(&sample::parcel(&sample::id(), &sample::content())).await;
    let checked = robot.check(sample::as_of()).await;
    assert_eq!(sent, checked.outcome);
    assert_eq!(sent.kind(), "permanent/endpoint");
    assert!(
        sent.words().contains("retired") && sent.words().contains("workflow"),
        "{sent}"
    );
    assert!(!sent.words().contains("contoso"), "{sent}");
}

#[test]
fn a_page_of_somebody_in_between_is_no_success() {
    assert_eq!(outcome(&flow(), 1, 200, &[], "<html>log in</html>"), "unknown");
    let html = [("content-type", "text/html")];
    assert_eq!(outcome(&flow(), 1, 202, &html, "log in"), "unknown");
}
