use chrono::TimeZone;

use super::super::robot::tests::{body, call, divided, huge, many, outcome, outcome_after, probed, settings};
use super::super::robot::{Settings, VendorKind};
use super::super::sample::{self, chat};
use super::*;
use crate::domain::chat::{Chat, Line};

const URL: &str = "https://open.feishu.cn/open-apis/bot/v2/hook/0a1b2c3d-t0ken";

fn bot() -> Settings {
    settings(VendorKind::Feishu, URL)
}

fn signing(secret: &str) -> Settings {
    Settings {
        secret: Some(Secret::new(secret)),
        ..bot()
    }
}

fn contents(body: &Value) -> String {
    let elements = body["card"]["body"]["elements"].as_array().unwrap();
    let contents: Vec<&str> = elements
        .iter()
        .map(|element| element["content"].as_str().unwrap())
        .collect();
    contents.join("\n\n")
}

#[test]
fn a_post_is_a_card_whose_header_has_the_colour_of_the_light() {
    let body = body(&bot(), chat(), false);
    assert_eq!(body["msg_type"], "interactive");
    assert_eq!(body["card"]["schema"], "2.0");
    assert_eq!(
        body["card"]["header"],
        json!({"title": {"tag": "plain_text", "content": "督办｜2项任务逾期"}, "template": "red"})
    );
    // Under schema 2.0 a root `elements` is refused.
    assert!(body["card"].get("elements").is_none() && body.get("content").is_none());
    let elements = body["card"]["body"]["elements"].as_array().unwrap();
    assert_eq!(elements.len(), 3);
    assert_eq!(
        elements[1],
        json!({"tag": "markdown", "content": "🔴 <font color='red'>逾期3个工作日</font> **重新规划七年级班级**\n市教育局｜时限 2021-12-16\n相关人员：<at id=ou_zhang></at>、LI"})
    );
}

#[test]
fn every_light_has_its_colour() {
    let template = |light| {
        let chat = Chat { light, ..chat() };
        body(&bot(), chat, false)["card"]["header"]["template"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(template(Some(Light::Yellow)), "orange");
    assert_eq!(template(Some(Light::Green)), "green");
    assert_eq!(template(Some(Light::Blue)), "blue");
    assert_eq!(template(Some(Light::Grey)), "grey");
    assert_eq!(template(None), "indigo");
}

#[test]
fn ledger_text_brings_no_markup_no_link_and_no_mention() {
    let text = contents(&body(&bot(), chat(), false));
    assert!(
        !text.contains("<font color=\"info\">") && !text.contains("<at id=all>"),
        "{text}"
    );
    assert!(
        !text.contains("](") && !text.contains("*_") && !text.contains("&amp;"),
        "{text}"
    );
    assert!(text.contains("&#38;amp&") || text.contains("&#38;amp;"), "{text}");
    assert!(text.contains("👨‍👩‍👧") && text.contains("＜at id=all＞＜/at＞"), "{text}");
    assert_eq!(text.matches("<at ").count(), 1, "{text}");
}

#[test]
fn a_line_of_the_ledger_begins_no_block_and_holds_no_emoji_by_name() {
    let chat = Chat {
        title: "<at id=all></at>".to_owned(),
        intro: ["# x", "- x", "1. x", ":DONE: 09:00"]
            .into_iter()
            .map(Line::plain)
            .collect(),
        ..Chat::default()
    };
    let body = body(&bot(), chat, false);
    assert_eq!(contents(&body), "&#35; x\n&#45; x\n1&#46; x\n：DONE: 09:00");
    assert_eq!(body["card"]["header"]["title"]["content"], "＜at id=all＞＜/at＞");
}

#[test]
fn a_title_alone_is_a_card_too() {
    let chat = Chat {
        title: "督办".to_owned(),
        ..Chat::default()
    };
    assert_eq!(contents(&body(&bot(), chat, false)), "**督办**");
}

#[test]
fn the_plain_form_is_text_and_rings_by_open_id() {
    let body = body(&bot(), chat(), true);
    assert_eq!(body["msg_type"], "text");
    assert!(body.get("card").is_none());
    let text = body["content"]["text"].as_str().unwrap();
    assert!(
        text.contains("相关人员：<at user_id=\"ou_zhang\">ZHANG</at>、LI"),
        "{text}"
    );
    assert_eq!(text.matches('<').count(), 2, "{text}");
    assert!(!text.contains("**") && !text.contains("]("), "{text}");
}

#[test]
fn the_keyword_stands_in_both_forms_letter_by_letter() {
    let bot = Settings {
        keyword: Some("#督_办*".to_owned()),
        ..bot()
    };
    assert!(contents(&body(&bot, chat(), false)).ends_with("#督_办*"));
    let plain = body(&bot, chat(), true);
    assert!(plain["content"]["text"].as_str().unwrap().ends_with("#督_办*"));
}

#[test]
fn a_signature_has_time_and_secret_as_its_key_and_stands_in_the_body() {
    let vectors = [
        ("demo", 1_599_360_473, "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="),
        (
            "mysecret",
            1_700_000_000,
            "Jp33/xXhCipDEpjyHvEyc7mRSyXWHbNz6J8+C3qQKNo=",
        ),
        (
            "gv9Z0Abc-示例",
            1_756_000_000,
            "FyYQ4o+QBwxGX42F4N601nUY6eIMmuk//VH9BidZuyM=",
        ),
    ];
    for (secret, seconds, sign) in vectors {
        let call = call(&signing(secret), Utc.timestamp_opt(seconds, 0).unwrap());
        let body: Value = serde_json::from_str(&call.body).unwrap();
        assert_eq!(body["timestamp"], json!(seconds.to_string()));
        assert_eq!(body["sign"], sign);
        assert_eq!(call.url.as_str(), URL);
        for wrong in [
            "DkEDUyVoOOJ539qBvUgMyzkzIdRWlf4e/V3Rq+ONJnQ=",
            "RxDBg3sGRvVagjr0tuXiIiKqO9loYBnQMRplTORBU28=",
            "Mv6tsKRjhEkOT80gLMqIk9MQWzCXi/ZbV4fjs3G0m14=",
        ] {
            assert_ne!(body["sign"], wrong);
        }
    }
}

#[test]
fn only_an_attempt_is_signed_and_each_anew() {
    let bot = signing("demo");
    let unsigned = body(&bot, chat(), false);
    assert!(unsigned.get("sign").is_none() && unsigned.get("timestamp").is_none());
    let at = |seconds| call(&bot, Utc.timestamp_opt(seconds, 0).unwrap()).body;
    assert_ne!(at(1_756_000_000), at(1_756_000_060));
    assert!(!at(1_756_000_000).contains("demo"));
    assert!(!call(&self::bot(), sample::as_of()).body.contains("\"sign\""));
}

#[test]
fn twenty_thousand_bytes_fit_with_the_signature_and_one_more_does_not() {
    let now = sample::as_of();
    for settings in [bot(), signing("demo")] {
        let bot = Feishu::new(&settings);
        let empty = bot.signed(json!({"a": ""}), now).to_string().len();
        let of = |bytes: usize| json!({"a": "x".repeat(bytes - empty)});
        assert_eq!(bot.signed(of(20_000), now).to_string().len(), 20_000);
        assert!(bot.fits(&of(20_000)));
        assert!(!bot.fits(&of(20_001)));
    }
}

#[test]
fn no_part_is_over_20000_bytes_and_no_task_is_lost() {
    let bot = signing("demo");
    let bodies = divided(&bot, &many(200), None);
    assert!(bodies.len() > 2, "{}", bodies.len());
    for body in bodies {
        let body = Feishu::new(&bot).signed(body, sample::as_of());
        assert!(body.to_string().len() <= 20_000);
    }
}

#[test]
fn one_huge_title_is_cut_between_characters_and_never_inside_an_escape() {
    let text = contents(&huge(&bot(), &"提*".repeat(5_000)));
    assert!(text.contains("提&#42;…**") || text.contains("提…**"), "{text}");
}

#[test]
fn every_answer_has_its_outcome() {
    let bot = bot();
    let said = |attempt, status, code: i64, words: &str| {
        let body = json!({"code": code, "msg": words, "data": {}, "StatusCode": 0, "StatusMessage": ""});
        outcome(&bot, attempt, status, &[], &body.to_string())
    };
    assert_eq!(said(1, 200, 0, "success"), "delivered");
    assert_eq!(said(1, 200, 9499, "too many request"), "backoff 60");
    for status in [200, 400] {
        assert_eq!(said(1, status, 9499, "Bad Request"), "permanent/message");
        assert_eq!(
            said(1, status, 19002, "params error, msg_type need"),
            "permanent/message"
        );
        assert_eq!(said(1, status, 11246, "ErrCode: 200621"), "permanent/message");
        for code in [19001, 19007, 19022, 19024] {
            assert_eq!(said(1, status, code, "words"), "permanent/endpoint", "{code}");
        }
    }
    assert_eq!(said(1, 200, 11232, "frequency limited psm[x]"), "backoff 30");
    let unsigned = "sign match fail or timestamp is not within one hour from current time";
    assert_eq!(
        [said(1, 200, 19021, unsigned), said(2, 200, 19021, unsigned)],
        ["backoff", "permanent/endpoint"]
    );
    assert_eq!(
        [said(1, 200, 12345, "?"), said(2, 200, 12345, "?")],
        ["backoff", "permanent/message"]
    );
    assert_eq!(said(2, 500, 12345, "internal"), "backoff");
}

#[test]
fn the_gateways_limit_is_waited_for_as_its_header_says() {
    let bot = bot();
    let limit = r#"{"code":99991400,"msg":"request trigger frequency limit"}"#;
    let said = |status, headers: &[(&str, &str)], body: &str| outcome(&bot, 1, status, headers, body);
    assert_eq!(
        said(429, &[("x-ogw-ratelimit-reset", "17")], limit),
        "retry-after 17 account"
    );
    assert_eq!(
        said(400, &[("x-ogw-ratelimit-reset", "17")], limit),
        "retry-after 17 account"
    );
    assert_eq!(
        said(429, &[("x-ogw-ratelimit-reset", "17")], ""),
        "retry-after 17 account"
    );
    assert_eq!(said(429, &[("retry-after", "9")], ""), "retry-after 9 account");
    assert_eq!(
        said(429, &[("x-ogw-ratelimit-reset", "-1")], limit),
        "retry-after 60 account"
    );
    assert_eq!(said(200, &[], limit), "retry-after 60 account");
    assert_eq!(said(503, &[("retry-after", "9")], ""), "retry-after 9 account");
}

#[test]
fn what_is_no_answer_of_the_vendor_is_no_success() {
    let bot = bot();
    let said = |status, body: &str| outcome(&bot, 1, status, &[], body);
    assert_eq!(said(200, r#"{"StatusCode":0,"StatusMessage":"success"}"#), "unknown");
    assert_eq!(
        [
            said(200, "<html>blocked</html>"),
            said(200, ""),
            said(200, r#"{"ok":true}"#)
        ],
        ["unknown"; 3]
    );
    assert_eq!([said(500, ""), said(502, "<html>")], ["backoff"; 2]);
    assert_eq!(
        [said(404, ""), said(403, "<html>"), said(302, "")],
        ["permanent/endpoint"; 3]
    );
    assert_eq!(said(413, ""), "permanent/message");
}

#[test]
fn a_message_of_no_kind_shows_whether_token_and_signature_are_good() {
    let bot = bot();
    let said =
        |settings: &Settings, code: i64| probed(settings, 200, &json!({"code": code, "msg": "words"}).to_string());
    assert_eq!(said(&bot, 19002), "delivered");
    for code in [19001, 19007, 19021, 19022, 19024] {
        assert_eq!(said(&bot, code), "permanent/endpoint", "{code}");
    }
    let keyed = Settings {
        keyword: Some("督办".to_owned()),
        ..signing("demo")
    };
    assert_eq!(said(&keyed, 19024), "delivered");
    let probe = Feishu::new(&keyed).probe(&Url::parse(URL).unwrap(), sample::as_of());
    assert!(probe.call.body.contains("\"sign\"") && !probe.call.body.contains("msg_type"));
}

#[test]
fn a_signature_is_made_anew_once_however_often_it_was_tried_for_other_reasons() {
    let after = |before: &[&str], code: i64| {
        let body = json!({"code": code, "msg": "words", "StatusCode": 0}).to_string();
        outcome_after(&bot(), before, 200, &body)
    };
    let others = ["200 StatusCode 0, code 11232, msg frequency limited", "500 "];
    assert_eq!(after(&others, 19021), "backoff");
    assert_eq!(
        after(&["200 StatusCode 0, code 19021, msg sign match fail"], 19021),
        "permanent/endpoint"
    );
    assert_eq!(after(&others, 12345), "backoff");
}
