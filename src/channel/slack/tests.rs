use super::super::robot::tests::{body, call, divided, huge, many, outcome, probed, settings};
use super::super::robot::{Settings, VendorKind};
use super::super::sample::{self, chat};
use super::*;
use crate::domain::chat::{Chat, Line};

const URL: &str = "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXX";

fn hook() -> Settings {
    settings(VendorKind::Slack, URL)
}

fn sections_of(body: &Value) -> Vec<String> {
    let blocks = body["blocks"].as_array().unwrap().iter();
    let sections = blocks.filter(|block| block["type"] == "section");
    sections
        .map(|block| block["text"]["text"].as_str().unwrap().to_owned())
        .collect()
}

fn titled(title: &str) -> Chat {
    Chat {
        title: title.to_owned(),
        ..Chat::default()
    }
}

#[test]
fn a_post_has_a_header_sections_and_a_text_for_the_notification() {
    let body = body(&hook(), chat(), false);
    assert_eq!(body["text"], "督办｜2项任务逾期");
    assert_eq!(body["unfurl_links"], false);
    assert_eq!(
        body["blocks"][0],
        json!({"type": "header", "text": {"type": "plain_text", "text": "督办｜2项任务逾期"}})
    );
    assert_eq!(
        body["blocks"][2],
        json!({"type": "section", "text": {"type": "mrkdwn", "verbatim": true,
            "text": "🔴 *逾期3个工作日* *重新规划七年级班级*\n市教育局｜时限 2021-12-16\n相关人员：<@U012AB3CD>、LI"}})
    );
    assert_eq!(sections_of(&body).len(), 3);
}

#[test]
fn ledger_text_brings_no_markup_no_link_and_no_mention() {
    for is_plain in [false, true] {
        let body = body(&hook(), chat(), is_plain);
        let text = if is_plain {
            body["text"].as_str().unwrap().to_owned()
        } else {
            sections_of(&body).join("\n")
        };
        assert!(
            text.contains("&lt;!channel&gt;") && text.contains("&amp;amp;"),
            "{text}"
        );
        assert_eq!((text.matches('<').count(), text.matches('>').count()), (1, 1), "{text}");
        assert!(
            !text.contains("*_") && !text.contains('~') && !text.contains('`'),
            "{text}"
        );
        assert!(text.contains("👨‍👩‍👧"), "{text}");
    }
}

#[test]
fn a_title_brings_no_markup_either() {
    let body = body(&hook(), titled("<!channel> & :fire: 09:00"), false);
    assert_eq!(body["blocks"][0]["text"]["text"], "＜!channel＞ ＆ ：fire: 09:00");
    assert_eq!(body["text"], "&lt;!channel&gt; &amp; ：fire: 09:00");
}

#[test]
fn a_line_of_the_ledger_begins_no_quote() {
    let chat = Chat {
        intro: vec![Line::plain("> x"), Line::plain("  >x")],
        ..titled("督办")
    };
    assert_eq!(sections_of(&body(&hook(), chat, false)), ["＞ x\n＞x"]);
}

#[test]
fn the_plain_form_is_a_text_alone_and_rings_too() {
    let body = body(&hook(), chat(), true);
    assert!(body.get("blocks").is_none());
    let text = body["text"].as_str().unwrap();
    assert!(text.starts_with("督办｜2项任务逾期\n截至"), "{text}");
    assert!(
        text.contains("相关人员：<@U012AB3CD>、LI") && !text.contains('*'),
        "{text}"
    );
    assert!(!text.contains("@all"), "{text}");
}

#[test]
fn a_title_longer_than_a_header_stands_in_a_section() {
    let of = |units: usize| body(&hook(), titled(&"提".repeat(units)), false);
    assert_eq!(of(135)["blocks"][0]["type"], "header");
    let long = of(136);
    assert_eq!(long["blocks"][0]["type"], "section");
    assert_eq!(sections_of(&long), [format!("*{}*", "提".repeat(136))]);
}

#[test]
fn limits_are_kept_to_the_character() {
    let of = |kind: &str, units: usize, count: usize| {
        let block = json!({"type": kind, "text": {"text": "x".repeat(units)}});
        json!({"text": "x", "blocks": vec![block; count]})
    };
    assert!(Slack.fits(&of("header", 135, 1)) && !Slack.fits(&of("header", 136, 1)));
    assert!(Slack.fits(&of("section", 2700, 1)) && !Slack.fits(&of("section", 2701, 1)));
    assert!(Slack.fits(&of("section", 1, 45)) && !Slack.fits(&of("section", 1, 46)));
    assert!(Slack.fits(&of("section", 1200, 10)) && !Slack.fits(&of("section", 1201, 10)));
    assert!(Slack.fits(&json!({"text": "x".repeat(36_000)})) && !Slack.fits(&json!({"text": "x".repeat(36_001)})));
    // An emoji counts twice, as it may.
    assert!(!Slack.fits(&json!({"text": "🔔".repeat(18_001)})));
}

#[test]
fn a_long_list_is_divided_between_its_lines() {
    let lines: Vec<String> = (0..5).map(|n| n.to_string().repeat(900)).collect();
    let sections = sections(&lines);
    assert_eq!(sections.len(), 3);
    assert_eq!(sections.join("\n"), lines.join("\n"));
    assert!(sections.iter().all(|section| units(section) <= 2700));
}

#[test]
fn no_part_is_over_a_limit_and_no_task_is_lost() {
    for free in [None, Some(1)] {
        for body in divided(&hook(), &many(100), free) {
            assert!(Slack.fits(&body), "{body}");
        }
    }
}

#[test]
fn one_huge_title_is_cut_between_characters_and_never_inside_an_escape() {
    let body = huge(&hook(), &"提&".repeat(3_000));
    let text = sections_of(&body).join("\n");
    assert!(
        Slack.fits(&body) && (text.contains("提…*") || text.contains("&amp;…*")),
        "{text}"
    );
}

#[test]
fn every_answer_has_its_outcome() {
    let hook = hook();
    let said = |status, body: &str| outcome(&hook, 1, status, &[], body);
    assert_eq!(said(200, "ok"), "delivered");
    for word in [
        "invalid_payload",
        "invalid_blocks",
        "no_text",
        "too_many_attachments",
        "anything",
    ] {
        assert_eq!(said(400, word), "permanent/message", "{word}");
    }
    for (status, word) in [
        (400, "user_not_found"),
        (400, "invalid_token"),
        (401, ""),
        (403, "action_prohibited"),
        (403, "posting_to_general_channel_denied"),
        (403, "team_disabled"),
        (404, "channel_not_found"),
        (404, "no_service"),
        (404, "no_active_hooks"),
        (404, "no_team"),
        (410, "channel_is_archived"),
        (302, ""),
    ] {
        assert_eq!(said(status, word), "permanent/endpoint", "{status} {word}");
    }
    assert_eq!(
        [
            said(500, "rollup_error"),
            said(502, "<html>"),
            said(503, ""),
            said(408, "")
        ],
        ["backoff"; 4]
    );
    assert_eq!(said(413, ""), "permanent/message");
}

#[test]
fn too_many_requests_are_waited_for_as_told() {
    let hook = hook();
    let said = |status, wait: &str| outcome(&hook, 1, status, &[("retry-after", wait)], "rate_limited");
    assert_eq!(said(429, "7"), "retry-after 7 endpoint");
    assert_eq!(said(429, "-7"), "retry-after 30 endpoint");
    assert_eq!(said(429, "90000"), "retry-after 90000 endpoint");
    assert_eq!(said(429, "Fri, 17 Dec 2021 01:02:00 GMT"), "retry-after 120 endpoint");
    assert_eq!(outcome(&hook, 1, 429, &[], ""), "retry-after 30 endpoint");
    assert_eq!(said(503, "7"), "retry-after 7 endpoint");
}

#[test]
fn a_success_with_another_body_is_final_so_that_nothing_is_posted_twice() {
    let hook = hook();
    for body in ["", "done", "{\"ok\":true}"] {
        assert_eq!(outcome(&hook, 1, 200, &[], body), "delivered", "{body}");
    }
    assert_eq!(outcome(&hook, 1, 204, &[], ""), "delivered");
}

#[test]
fn an_empty_message_shows_whether_the_webhook_is_known() {
    let hook = hook();
    let probe = Slack.probe(&Url::parse(URL).unwrap(), sample::as_of());
    assert_eq!(probe.call.body, "{}");
    assert_eq!(probed(&hook, 400, "no_text"), "delivered");
    assert_eq!(
        probed(&hook, 400, "missing_text_or_fallback_or_attachments\n"),
        "delivered"
    );
    assert_eq!(probed(&hook, 400, "invalid_token"), "permanent/endpoint");
    assert_eq!(probed(&hook, 404, "no_service"), "permanent/endpoint");
    assert_eq!(probed(&hook, 410, "channel_is_archived"), "permanent/endpoint");
    assert_eq!(probed(&hook, 500, ""), "backoff");
}

#[test]
fn the_address_is_called_as_it_stands() {
    assert_eq!(call(&hook(), sample::as_of()).url.as_str(), URL);
}

#[test]
fn a_page_of_somebody_in_between_is_no_success() {
    let hook = hook();
    assert_eq!(
        outcome(&hook, 1, 200, &[], "\n<!DOCTYPE html><html>log in</html>"),
        "unknown"
    );
    let html = [("content-type", "Text/HTML; charset=utf-8")];
    assert_eq!(outcome(&hook, 1, 200, &html, "log in"), "unknown");
    assert_eq!(
        outcome(&hook, 1, 200, &[("content-type", "text/plain")], "ok"),
        "delivered"
    );
}
