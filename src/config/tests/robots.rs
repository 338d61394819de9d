//! What an administrator gets wrong in the channels of groups.

use super::channels::{channel, robot};
use super::{Fixture, TASK, check, says, with};
use crate::channel::{Budget, Settings};

const WECOM: &str = "url = \"http://127.0.0.1/cgi-bin/webhook/send?key=k\"";

#[test]
fn a_keyword_is_one_plain_word() {
    let fixture = |keyword: &str| robot("wecom", &format!("{WECOM}, keyword = {keyword}"));
    check(&fixture("\"督办A1\""), &[]);
    says(&fixture("\"\""), "error: `keyword` is empty");
    says(&fixture("\"a b\""), "error: `keyword` is more than one word");
    says(&fixture("\"a\\nb\""), "error: `keyword` is more than one word");
    says(
        &fixture(&format!("\"{}\"", "督".repeat(51))),
        "error: `keyword` has 51 characters; it may have 50",
    );
    for mark in [
        "<", ">", "@", "*", "_", "~", "[", "]", "(", ")", "`", "|", "\\", "&", "#",
    ] {
        says(
            &fixture(&format!("'督办{mark}'")),
            &format!("error: `keyword` holds `{mark}`"),
        );
        says(&fixture(&format!("'督办{mark}'")), "one word of letters and digits");
    }
}

#[test]
fn an_address_that_was_not_copied_whole_is_refused_and_not_shown() {
    let fixture = robot("slack", "url = \"https://x.org/services/T0/B0hunter2\"");
    says(&fixture, "it was not copied whole");
    says(&fixture, "https://hooks.slack.com/services/T…/B…/…");
    assert!(!fixture.printed().contains("hunter2"));
}

#[test]
fn a_token_of_a_client_of_gotify_is_refused() {
    let fixture = robot("gotify", "url = \"https://x.org\", token = \"Cabc\"");
    says(&fixture, "error: the value of `token` is a client's token");
    says(&fixture, "an application's, which begins with A");
}

#[test]
fn no_chat_has_the_number_0() {
    let fixture = robot("telegram", "token = { env = \"T\" }, chat_id = 0");
    says(&fixture, "`0` is of another form");
}

fn budgets(vendor: &str, budget: &str) -> Vec<Budget> {
    let keys = super::channels::ROBOTS.iter().find(|(name, _)| *name == vendor);
    let (_, keys) = keys.expect("a vendor");
    let config = robot(vendor, &format!("{keys}, budget = \"{budget}\"")).config();
    let settings = config.channels.get(&"x".into()).map(Settings::lane);
    settings.map(|lane| lane.budgets.clone()).unwrap_or_default()
}

#[test]
fn several_rates_are_kept_together() {
    let wanted = [Budget::per_seconds(18, 60), Budget::per_seconds(1, 3)];
    assert_eq!(budgets("wecom", "18/min, 1/3 s"), wanted);
    assert_eq!(budgets("ntfy", "60/5 min"), [Budget::per_seconds(60, 300)]);
}

#[test]
fn a_budget_takes_the_place_of_all_the_defaults() {
    assert_eq!(budgets("wecom", "10/min"), [Budget::per_seconds(10, 60)]);
}

#[test]
fn a_rate_that_is_none_is_refused_with_the_form() {
    let fixture = robot("wecom", &format!("{WECOM}, budget = \"18/min, 3\""));
    says(&fixture, "error: `3` is no budget");
    says(&fixture, "18/min, 1/3 s");
}

#[test]
fn a_budget_above_what_the_vendor_documents_is_warned_of() {
    let dingtalk = "url = \"http://127.0.0.1/robot/send?access_token=t\", keyword = \"督办\"";
    let fixture = |budget: &str| robot("dingtalk", &format!("{dingtalk}, budget = \"{budget}\""));
    for budget in ["21/min", "1/2 s", "2000/d"] {
        says(&fixture(budget), "posts go in a minute; the vendor allows 20/min");
        says(&fixture(budget), "above it DingTalk stops for ten minutes");
    }
    for budget in ["20/min", "1/3 s", "2000/d, 20/min"] {
        check(&fixture(budget), &[]);
    }
}

#[test]
fn two_channels_with_one_address_are_asked_about() {
    let two = |second: &str| {
        with(&format!(
            "{TASK}\nchannels.a = {{ type = \"wecom\", {WECOM} }}\nchannels.b = {{ type = \"wecom\", {second} }}"
        ))
    };
    says(
        &two(WECOM),
        "warning: channels `a` and `b` post with the same robot: they share its budget; is one of them a copy by mistake?",
    );
    check(&two("url = \"http://127.0.0.1/cgi-bin/webhook/send?key=other\""), &[]);
}

#[test]
fn two_topics_of_one_server_are_no_copy() {
    let fixture = with(&format!(
        "{TASK}\nchannels.a = {{ type = \"ntfy\", topic = \"a\" }}\nchannels.b = {{ type = \"ntfy\", topic = \"b\" }}"
    ));
    check(&fixture, &[]);
}

#[test]
fn everything_that_is_not_set_is_said_at_once() {
    let keys = "url = { env = \"NO_URL\" }, secret = { env = \"NO_SECRET\" }";
    let fixture: Fixture = channel(&format!("type = \"feishu\", {keys}"));
    says(&fixture, "environment variable `NO_URL` is not set");
    says(&fixture, "environment variable `NO_SECRET` is not set");
}

#[test]
fn a_folder_in_place_of_the_address_asks_for_nothing_else() {
    for vendor in ["telegram", "matrix", "ntfy", "gotify", "wecom"] {
        check(&channel(&format!("type = \"{vendor}\", url = \"file:out\"")), &[]);
    }
}
