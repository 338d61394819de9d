use chrono::TimeZone;

use super::super::robot::tests::{body, call, divided, huge, many, outcome, outcome_after, probed, settings};
use super::super::robot::{Settings, VendorKind};
use super::super::sample::{self, chat};
use super::*;
use crate::domain::chat::{Chat, Line};

const URL: &str = "https://oapi.dingtalk.com/robot/send?access_token=T0KEN-1";

fn robot() -> Settings {
    settings(VendorKind::Dingtalk, URL)
}

fn signing(url: &str, secret: &str) -> Settings {
    Settings {
        secret: Some(Secret::new(secret)),
        ..settings(VendorKind::Dingtalk, url)
    }
}

fn at_millis(millis: i64) -> DateTime<Utc> {
    Utc.timestamp_millis_opt(millis).unwrap()
}

fn text(body: &Value) -> &str {
    body["markdown"]["text"].as_str().unwrap()
}

#[test]
fn a_post_is_markdown_with_the_messages_id_and_mentions_in_list_and_text() {
    let body = body(&robot(), chat(), false);
    assert_eq!(body["msgtype"], "markdown");
    assert_eq!(body["msgUuid"], sample::id().as_str());
    assert_eq!(body["markdown"]["title"], "督办｜2项任务逾期");
    assert_eq!(
        body["at"],
        json!({"atUserIds": ["user001"], "atMobiles": ["13800002222"], "isAtAll": false})
    );
    let text = text(&body);
    assert!(text.starts_with("**督办｜2项任务逾期**  \n  截至 2021-12-17 09:00  \n  \n  🔴 **逾期3个工作日** **重新规划七年级班级**  \n  市教育局"), "{text}");
    assert!(text.contains("相关人员：@user001、@13800002222"), "{text}");
}

#[test]
fn every_line_break_has_two_spaces_on_both_sides() {
    let body = body(&robot(), chat(), false);
    let text = text(&body);
    let pieces: Vec<&str> = text.split('\n').collect();
    for pair in pieces.windows(2) {
        assert!(pair[0].ends_with("  ") && pair[1].starts_with("  "), "{pair:?}");
    }
}

#[test]
fn ledger_text_brings_no_markup_no_link_and_no_mention() {
    let body = body(&robot(), chat(), false);
    let text = text(&body);
    assert!(
        !text.contains('<') && !text.contains('>') && !text.contains("]("),
        "{text}"
    );
    assert!(
        !text.contains("@all") && !text.contains("*_") && !text.contains("&amp;"),
        "{text}"
    );
    assert!(text.contains("👨‍👩‍👧") && text.contains("＠all"), "{text}");
    // Whoever can be rung, and nobody else.
    assert_eq!(text.matches('@').count(), 2, "{text}");
}

#[test]
fn a_line_of_the_ledger_begins_no_heading_list_or_quote() {
    let lines = ["# x", "> x", "- x", "1. x", "    x", "---"];
    let chat = Chat {
        title: "督办".to_owned(),
        intro: lines.into_iter().map(Line::plain).collect(),
        ..Chat::default()
    };
    let body = body(&robot(), chat, false);
    assert_eq!(
        text(&body),
        "**督办**  \n  ＃ x  \n  ＞ x  \n  － x  \n  1． x  \n  x  \n  －--"
    );
}

#[test]
fn the_plain_form_is_text_and_rings_too() {
    let body = body(&robot(), chat(), true);
    assert_eq!(body["msgtype"], "text");
    assert_eq!(body["at"]["atUserIds"], json!(["user001"]));
    let text = body["text"]["content"].as_str().unwrap();
    assert!(
        text.contains("相关人员：@user001、@13800002222") && !text.contains("**"),
        "{text}"
    );
    assert!(!text.contains("@all"), "{text}");
    assert_eq!(body["msgUuid"], sample::id().as_str());
}

#[test]
fn the_keyword_stands_in_both_forms_letter_by_letter() {
    let robot = Settings {
        keyword: Some("#督_办*".to_owned()),
        ..robot()
    };
    let rich = body(&robot, chat(), false);
    assert!(text(&rich).ends_with("#督_办*"), "{rich}");
    let plain = body(&robot, chat(), true);
    assert!(
        plain["text"]["content"].as_str().unwrap().ends_with("#督_办*"),
        "{plain}"
    );
}

#[test]
fn no_more_than_fifty_people_are_rung_and_the_others_are_named() {
    let persons: Vec<PersonId> = (0..60).map(|n| PersonId::new(format!("p{n}"))).collect();
    let rung: Vec<Rung<'_>> = persons
        .iter()
        .take(MENTIONS_MAX)
        .map(|person| Rung {
            person,
            user: Some(person.as_str()),
            mobile: "",
        })
        .collect();
    assert_eq!(at(&rung)["atUserIds"].as_array().unwrap().len(), 50);
    assert_eq!(Markdown(&rung).mention(&persons[49], "张三"), "@p49");
    assert_eq!(Markdown(&rung).mention(&persons[50], "张三"), "张三");
}

#[test]
fn a_signature_is_made_of_time_and_secret_and_encoded_once() {
    let vectors = [
        (
            "this is secret",
            1_577_262_236_757,
            "hmPWwU%2B7lVdm3ZZz0r9tSfx0L4Q26jWOZr9%2BGs6EZQM%3D",
        ),
        (
            "SEC0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            1_756_000_000_002,
            "3wFPLKdx2TBCIY%2B1YLMUUBUtgXp22Ae2L6IjO%2FUFzBg%3D",
        ),
        (
            "SEC-demo-中文",
            1_756_000_000_000,
            "MJvZALHELdXZXuA4UViKKEytXU83TM1uX7NvhAvtyrg%3D",
        ),
    ];
    for (secret, millis, sign) in vectors {
        let call = call(&signing(URL, secret), at_millis(millis));
        assert_eq!(call.url.as_str(), format!("{URL}&timestamp={millis}&sign={sign}"));
        let pairs: Vec<(String, String)> = call.url.query_pairs().into_owned().collect();
        assert_eq!(pairs[0], ("access_token".to_owned(), "T0KEN-1".to_owned()));
        assert_eq!(pairs.len(), 3);
    }
}

#[test]
fn none_of_the_known_mistakes_is_made() {
    let url = call(&signing(URL, "this is secret"), at_millis(1_577_262_236_757)).url;
    let sign = url
        .query_pairs()
        .find(|(name, _)| name == "sign")
        .unwrap()
        .1
        .into_owned();
    assert_eq!(sign, "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM=");
    for wrong in [
        "JMYVLpfEENFJYT63SkswcUalxgomMbip2hcQoKdzQtA=",
        "nHh3Cp6duMZBlaspftrhkkDSIlJ0Lkj6vL71ujaX6pE=",
        "ODY2M2Q2YzE0ZmJiOTU1NzY2ZGQ5NjczZDJiZjZkNDlmYzc0MmY4NDM2ZWEzNThlNjZiZjdlMWFjZTg0NjUwMw==",
        "hmPWwU%2B7lVdm3ZZz0r9tSfx0L4Q26jWOZr9%2BGs6EZQM%3D",
        "hmPWwU 7lVdm3ZZz0r9tSfx0L4Q26jWOZr9 Gs6EZQM=",
    ] {
        assert_ne!(sign, wrong);
    }
    assert!(!url.as_str().contains("%252"), "{url}");
}

#[test]
fn every_attempt_is_signed_anew_on_the_stored_address() {
    let stale = format!("{URL}&timestamp=1577262236757&sign=abc%3D");
    let robot = signing(&stale, "this is secret");
    let first = call(&robot, at_millis(1_756_000_000_000)).url;
    let second = call(&robot, at_millis(1_756_000_060_000)).url;
    assert_ne!(first, second);
    for url in [first, second] {
        assert_eq!(url.as_str().matches("sign=").count(), 1, "{url}");
        assert_eq!(url.as_str().matches("timestamp=").count(), 1, "{url}");
    }
}

#[test]
fn without_a_secret_the_address_stays_as_it_is_and_the_body_shows_no_secret() {
    assert_eq!(call(&robot(), sample::as_of()).url.as_str(), URL);
    let signed = call(&signing(URL, "SECRET-1"), sample::as_of());
    assert!(
        !signed.body.contains("SECRET-1") && !signed.body.contains("sign\""),
        "{}",
        signed.body
    );
}

#[test]
fn eighteen_thousand_bytes_fit_and_one_more_does_not() {
    let robot = Dingtalk::new(&robot());
    let of = |bytes: usize| json!({"a": "x".repeat(bytes - r#"{"a":""}"#.len())});
    assert!(robot.fits(&of(18_000)));
    assert!(!robot.fits(&of(18_001)));
    // In bytes, not in characters.
    assert!(!robot.fits(&json!({"a": "提".repeat(6_000)})));
}

#[test]
fn no_part_is_too_large_and_no_task_is_lost() {
    let bodies = divided(&robot(), &many(200), None);
    assert!(bodies.len() > 2, "{}", bodies.len());
    for body in bodies {
        assert!(body.to_string().len() <= 18_000);
        assert!(body["markdown"]["title"].as_str().unwrap().contains('/'), "{body}");
    }
}

#[test]
fn one_huge_title_is_cut_between_characters() {
    let body = huge(&robot(), &"提".repeat(9_000));
    assert!(body.to_string().len() <= 18_000 && text(&body).contains("提…"));
}

#[test]
fn every_answer_has_its_outcome() {
    let robot = robot();
    let said = |attempt, errcode: i64, errmsg: &str| {
        let body = json!({"errcode": errcode, "errmsg": errmsg}).to_string();
        outcome(&robot, attempt, 200, &[], &body)
    };
    assert_eq!(said(1, 0, "ok"), "delivered");
    assert_eq!(
        outcome(&robot, 1, 200, &[], r#"{"errcode":"0","errmsg":"ok"}"#),
        "delivered"
    );
    assert_eq!(
        outcome(&robot, 1, 200, &[], r#"{"errcode":"310000","errmsg":"sign not match"}"#),
        "permanent/endpoint"
    );
    for code in [410_100, 130_101] {
        assert_eq!(said(1, code, "send too fast"), "retry-after 600 account", "{code}");
    }
    assert_eq!(
        [said(1, -1, "busy"), said(3, -1, "busy"), said(4, -1, "busy")],
        ["backoff", "backoff", "permanent/recipient"]
    );
    assert_eq!(said(9, 90002, "throttled"), "backoff");
    assert_eq!(
        [
            said(1, 310_000, "invalid timestamp"),
            said(2, 310_000, "invalid timestamp")
        ],
        ["backoff", "permanent/endpoint"]
    );
    let late = "description:机器人发送签名过期;solution:请保持在一小时以内";
    assert_eq!(
        [said(1, 310_000, late), said(2, 310_000, late)],
        ["backoff", "permanent/endpoint"]
    );
    for words in [
        "keywords not in content",
        "description:关键词不匹配;solution:请联系群管理员",
        "description:机器人发送签名不匹配;solution:请确认时间戳",
        "sign not match, more: [https://ding-doc.dingtalk.com/doc]",
        "ip 1.2.3.4 not in whitelist",
    ] {
        assert_eq!(said(1, 310_000, words), "permanent/endpoint", "{words}");
    }
    for code in [300_005, 300_001, 400_101, 400_013, 400_102, 400_106, 43002, 43004] {
        assert_eq!(said(1, code, "words"), "permanent/endpoint", "{code}");
    }
    for code in [400_105, 40035, 430_101, 430_102, 430_103, 430_104, 460_101, 101_002] {
        assert_eq!(said(1, code, "缺少参数 json"), "permanent/message", "{code}");
    }
    assert_eq!(said(1, 40035, "缺少参数 access_token"), "permanent/endpoint");
    assert_eq!([said(1, 88, "?"), said(2, 88, "?")], ["backoff", "permanent/message"]);
}

#[test]
fn a_blocked_address_holds_all_of_dingtalk() {
    let robot = robot();
    let said = |status, body: &str| outcome(&robot, 1, status, &[], body);
    let block = r#"{"status":1111,"wait":5,"source":"x5","punish":"deny","uuid":"a"}"#;
    assert_eq!(said(200, block), "retry-after 300 vendor");
    assert_eq!(
        said(200, r#"{"status":1111,"wait":"7","punish":"deny"}"#),
        "retry-after 420 vendor"
    );
    assert_eq!(
        said(200, r#"{"status":1111,"punish":"deny"}"#),
        "retry-after 300 vendor"
    );
    assert_eq!(said(200, r#"{"status":1111,"wait":-5}"#), "retry-after 300 vendor");
    assert_eq!(
        said(200, r#"{"status":1111,"wait":9223372036854775807}"#),
        "retry-after 2592000 vendor"
    );
    assert_eq!(said(200, "<!DOCTYPE html><html>…</html>"), "retry-after 300 vendor");
    assert_eq!(said(403, "<html>denied</html>"), "retry-after 300 vendor");
    assert_eq!(
        outcome(&robot, 1, 200, &[("content-type", "text/html; charset=utf-8")], "…"),
        "retry-after 300 vendor"
    );
}

#[test]
fn what_is_no_answer_of_the_vendor_is_no_success() {
    let robot = robot();
    let said = |status, body: &str| outcome(&robot, 1, status, &[], body);
    assert_eq!(said(200, ""), "unknown");
    assert_eq!(said(200, "ok"), "unknown");
    assert_eq!(said(200, "{}"), "unknown");
    assert_eq!(
        [said(500, ""), said(502, "<html>bad gateway</html>")],
        ["backoff", "backoff"]
    );
    assert_eq!(
        [said(404, "<html>"), said(403, "")],
        ["permanent/endpoint", "permanent/endpoint"]
    );
    assert_eq!(said(413, ""), "permanent/message");
    assert_eq!(said(302, ""), "permanent/endpoint");
    assert_eq!(
        outcome(&robot, 1, 429, &[("retry-after", "7")], ""),
        "retry-after 7 account"
    );
    assert_eq!(
        outcome(&robot, 1, 503, &[("retry-after", "7")], ""),
        "retry-after 7 account"
    );
}

#[test]
fn a_message_of_no_kind_shows_whether_token_and_signature_are_good() {
    let robot = robot();
    let said = |settings: &Settings, code: i64, words: &str| {
        probed(settings, 200, &json!({"errcode": code, "errmsg": words}).to_string())
    };
    assert_eq!(said(&robot, 400_105, "不支持的 msgtype"), "delivered");
    assert_eq!(said(&robot, 40035, "缺少参数 json"), "delivered");
    assert_eq!(said(&robot, 40035, "缺少参数 access_token"), "permanent/endpoint");
    assert_eq!(said(&robot, 300_005, "token is not exist"), "permanent/endpoint");
    assert_eq!(said(&robot, 310_000, "invalid timestamp"), "permanent/endpoint");
    assert_eq!(said(&robot, 310_000, "sign not match"), "permanent/endpoint");
    assert_eq!(said(&robot, 310_000, "keywords not in content"), "permanent/endpoint");
    let keyed = Settings {
        keyword: Some("督办".to_owned()),
        ..robot
    };
    assert_eq!(said(&keyed, 310_000, "keywords not in content"), "delivered");
    assert_eq!(said(&keyed, 310_000, "description:关键词不匹配"), "delivered");
    assert_eq!(said(&keyed, 310_000, "sign not match"), "permanent/endpoint");
}

#[test]
fn only_the_same_answer_counts_as_a_repeat() {
    let after = |before: &[&str], code: i64, words: &str| {
        let body = json!({"errcode": code, "errmsg": words}).to_string();
        outcome_after(&robot(), before, 200, &body)
    };
    let others = ["200 errcode 130101, errmsg send too fast", "no connection in time"];
    assert_eq!(after(&others, 310_000, "invalid timestamp"), "backoff");
    assert_eq!(after(&others, 88, "?"), "backoff");
    assert_eq!(after(&[others[0]; 5], -1, "busy"), "backoff");
    let untimely = ["200 errcode 310000, errmsg invalid timestamp"];
    assert_eq!(after(&untimely, 310_000, "invalid timestamp"), "permanent/endpoint");
}
