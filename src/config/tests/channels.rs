//! Channels and their secrets.

use super::{Fixture, TASK, check, says, with};
use crate::channel::{Settings, email, webhook};
use crate::config::Environment;

/// A configuration with one more channel.
pub(super) fn channel(keys: &str) -> Fixture {
    with(&format!("{TASK}\nchannels.x = {{ {keys} }}"))
}

const MAIL: &str = r#"type = "email", from = "d@example.org""#;

#[test]
fn an_unknown_channel_type_is_answered_with_the_nearest_that_there_is() {
    says(&channel("type = \"wecon\""), "channel type `wecon` is unknown");
    says(&channel("type = \"wecon\""), "did you mean `wecom`?");
    for (other, meant) in [
        ("lark", "feishu"),
        ("飞书", "feishu"),
        ("WeChat", "wecom"),
        ("weixin", "wecom"),
        ("qywx", "wecom"),
        ("wechatwork", "wecom"),
        ("企业微信", "wecom"),
        ("dingding", "dingtalk"),
        ("钉钉", "dingtalk"),
        ("rocket.chat", "rocketchat"),
        ("msteams", "teams"),
    ] {
        let fixture = channel(&format!("type = \"{other}\""));
        says(&fixture, &format!("did you mean `{meant}`?"));
    }
}

/// Each type with what it needs.
pub(super) const ROBOTS: [(&str, &str); 12] = [
    ("wecom", "url = \"https://x.org/cgi-bin/webhook/send?key=k\""),
    (
        "dingtalk",
        "url = \"https://x.org/robot/send?access_token=t\", secret = { env = \"S\" }",
    ),
    (
        "feishu",
        "url = \"https://x.org/open-apis/bot/v2/hook/t\", keyword = \"督办\"",
    ),
    ("slack", "url = \"https://x.org/services/T/B/x\""),
    ("teams", "url = \"https://x.org/workflows/x?sig=y\""),
    ("discord", "url = \"https://x.org/api/webhooks/1/t\""),
    (
        "telegram",
        "token = { env = \"T\" }, chat_id = -1001234567890, topic = 7",
    ),
    ("mattermost", "url = \"https://x.org/hooks/x\""),
    ("rocketchat", "url = \"https://x.org/hooks/x/y\""),
    (
        "matrix",
        "url = \"https://x.org\", token = { env = \"S\" }, room = \"!a:x.org\"",
    ),
    ("ntfy", "topic = \"works\""),
    ("gotify", "url = \"https://x.org\", token = { env = \"S\" }"),
];

pub(super) fn robot(vendor: &str, keys: &str) -> Fixture {
    let mut fixture = channel(&format!("type = \"{vendor}\", {keys}"));
    let secrets = [("S", "SECxyz"), ("T", "12:ab_c")];
    fixture.env = Environment::new(secrets.map(|(name, value)| (name.to_owned(), value.to_owned())));
    fixture
}

#[test]
fn every_chat_is_read_with_its_own_budget_and_one_post_at_a_time() {
    for (vendor, keys) in ROBOTS {
        let config = robot(vendor, keys).config();
        let Some(Settings::Robot(settings)) = config.channels.get(&"x".into()) else {
            panic!("no robot: {vendor}")
        };
        assert_eq!(settings.vendor.as_str(), vendor);
        assert_eq!(settings.lane.concurrency, 1, "{vendor}");
        assert_eq!(settings.lane.budgets, settings.vendor.budgets(), "{vendor}");
    }
}

#[test]
fn what_a_chat_needs_and_lacks_is_named() {
    says(&channel("type = \"wecom\""), "`channels.x` has no `url`");
    says(
        &channel("type = \"telegram\", chat_id = 1"),
        "`channels.x` has no `token`",
    );
    says(
        &channel("type = \"matrix\", url = \"https://x.org\""),
        "`channels.x` has no `room`",
    );
    says(&channel("type = \"ntfy\", topic = \"a b\""), "`a b` is of another form");
    says(
        &robot(
            "matrix",
            "url = \"https://x.org\", token = { env = \"S\" }, room = \"#a:x.org\"",
        ),
        "`#a:x.org` is of another form",
    );
    says(
        &robot("telegram", "token = { env = \"S\" }, chat_id = 1"),
        "the value of `token` is no token",
    );
    says(
        &channel("type = \"teams\", url = \"https://a.webhook.office.com/x\""),
        "retired Office 365 connector",
    );
    says(
        &channel("type = \"slack\", url = \"https://x.org/y\", secret = \"s\""),
        "`secret` does not belong to a channel of type slack",
    );
}

#[test]
fn a_keyword_that_is_empty_is_refused() {
    for word in ["", " "] {
        let keys = format!("url = \"https://x.org/open-apis/bot/v2/hook/t\", keyword = \"{word}\"");
        says(&robot("feishu", &keys), "error: `keyword` is empty");
        says(&robot("feishu", &keys), "or leave `keyword` away");
    }
}

#[test]
fn a_webhooks_address_in_the_clear_is_warned_of() {
    for (vendor, keys) in ROBOTS {
        let is_server = matches!(vendor, "telegram" | "matrix" | "ntfy" | "gotify");
        let printed = robot(vendor, keys).printed();
        let is_warned_of = printed.contains("warning: `url` stands in the clear");
        assert_eq!(is_warned_of, !is_server, "{vendor}: {printed}");
    }
}

#[test]
fn a_folder_and_an_address_of_this_machine_may_stand_in_the_clear() {
    for url in [
        "file:out",
        "http://127.0.0.1:8080/cgi-bin/webhook/send?key=k",
        "http://[::1]/send?key=k",
        "http://localhost?key=k",
    ] {
        check(&robot("wecom", &format!("url = \"{url}\"")), &[]);
    }
    let near = "url = \"http://127.0.0.1.evil.example/send?key=k\"";
    says(&robot("wecom", near), "`url` stands in the clear");
}

#[test]
fn a_key_of_another_type_is_refused() {
    says(
        &channel(&format!("{MAIL}, server = \"file:x\", url = \"file:x\"")),
        "`url` does not belong to a channel of type email",
    );
    says(
        &channel("type = \"webhook\", url = \"file:x\", keyword = \"k\""),
        "`keyword` does not belong to a channel of type webhook",
    );
}

#[test]
fn mail_servers_are_read_with_their_usual_ports() {
    for (text, host, port, tls) in [
        ("smtp://h.example.org", "h.example.org", 25, email::Tls::None),
        (
            "smtp+starttls://h.example.org",
            "h.example.org",
            587,
            email::Tls::StartTls,
        ),
        (
            "smtps://h.example.org:4650",
            "h.example.org",
            4650,
            email::Tls::Implicit,
        ),
        ("smtp://[::1]:2525", "::1", 2525, email::Tls::None),
    ] {
        let config = channel(&format!("{MAIL}, server = \"{text}\"")).config();
        let Some(Settings::Email(settings)) = config.channels.get(&"x".into()) else {
            panic!("no mail")
        };
        let host = host.to_owned();
        assert_eq!(settings.server, email::Server::Smtp { host, port, tls });
    }
    says(
        &channel(&format!("{MAIL}, server = \"http://x\"")),
        "`http://x` is no mail server",
    );
}

#[test]
fn a_folder_is_relative_to_the_file_that_names_it() {
    let fixture = Fixture::new(&[
        (
            "duban.toml",
            &format!("include = \"sub/more.toml\"\n{TASK}\n{}", super::BASE),
        ),
        (
            "sub/more.toml",
            "channels.x = { type = \"webhook\", url = \"file:out\" }",
        ),
    ]);
    let config = fixture.config();
    let Some(Settings::Webhook(settings)) = config.channels.get(&"x".into()) else {
        panic!("no webhook")
    };
    assert_eq!(settings.target, webhook::Target::Folder(fixture.path("sub/out")));
}

#[test]
fn a_login_without_encryption_is_refused_except_to_this_machine() {
    let login = "username = \"u\", password = { env = \"P\" }";
    let with_env = |server: &str| {
        let mut fixture = channel(&format!("{MAIL}, server = \"{server}\", {login}"));
        fixture.env = Environment::new([("P".to_owned(), "secret".to_owned())]);
        fixture
    };
    says(
        &with_env("smtp://mail.example.org"),
        "a login over a connection that is not encrypted",
    );
    check(&with_env("smtp://127.0.0.1:2525"), &[]);
    check(&with_env("smtps://mail.example.org"), &[]);
}

#[test]
fn a_username_and_a_password_come_together() {
    says(
        &channel(&format!("{MAIL}, server = \"file:x\", username = \"u\"")),
        "a `username` without a `password`",
    );
}

#[test]
fn a_secret_in_the_clear_is_warned_of_and_not_shown() {
    let fixture = channel(
        "type = \"webhook\", url = \"https://h.example.org/x\", secret = \"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD\"",
    );
    check(&fixture, &["duban.toml:2:76: warning: `secret` stands in the clear"]);
    assert!(!fixture.printed().contains("C2FVsBQ"));
}

#[test]
fn a_secret_has_one_source() {
    says(
        &channel("type = \"webhook\", url = \"file:x\", secret = { env = \"A\", file = \"b\" }"),
        "`channels.x.secret` comes from more than one source",
    );
    says(
        &channel("type = \"webhook\", url = \"file:x\", secret = { env = \"A\" }, secrets = [{ env = \"B\" }]"),
        "`channels.x` has both `secret` and `secrets`",
    );
}

#[test]
fn a_missing_variable_credential_or_file_is_refused() {
    for (secret, text) in [
        ("{ env = \"NONE\" }", "environment variable `NONE` is not set"),
        (
            "{ credential = \"none\" }",
            "credential `none` cannot be read: CREDENTIALS_DIRECTORY is not set",
        ),
        ("{ file = \"none\" }", "none`: No such file or directory"),
    ] {
        says(
            &channel(&format!("type = \"webhook\", url = \"file:x\", secret = {secret}")),
            text,
        );
    }
}

#[test]
fn a_secret_loses_the_line_break_at_its_end() {
    let fixture = Fixture::new(&[
        (
            "duban.toml",
            &format!(
                "{TASK}\nchannels.x = {{ type = \"webhook\", url = \"file:x\", secret = {{ credential = \"key\" }} }}\n{}",
                super::BASE
            ),
        ),
        ("credentials/key", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD\r\n"),
    ]);
    let folder = fixture.path("credentials").display().to_string();
    let env = Environment::new([("CREDENTIALS_DIRECTORY".to_owned(), folder)]);
    let config = crate::config::load(&fixture.path("duban.toml"), &env).expect("it loads");
    let Some(Settings::Webhook(settings)) = config.channels.get(&"x".into()) else {
        panic!("no webhook")
    };
    assert_eq!(settings.secrets[0].reveal(), "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
}

#[test]
fn budgets_and_limits_are_read_or_refused() {
    let hook = "type = \"webhook\", url = \"http://10.0.0.7/x\"";
    let config = channel(&format!("{hook}, budget = \"18/min\"")).config();
    let budget = config
        .channels
        .get(&"x".into())
        .and_then(|settings| settings.lane().budgets.first().copied());
    assert_eq!(
        budget.map(|budget| (budget.count, budget.per.num_seconds())),
        Some((18, 60))
    );
    says(&channel(&format!("{hook}, budget = \"18\"")), "`18` is no budget");
    says(
        &channel(&format!("{hook}, concurrency = 0")),
        "`concurrency` must be from 1 to 64",
    );
    says(
        &channel(&format!("{hook}, timeout = \"1h\"")),
        "`timeout` must be at most 600s",
    );
    says(&channel("type = \"webhook\", url = \"htp://x\""), "`url` is no address");
}

#[test]
fn a_signing_secret_of_another_shape_is_refused_and_not_shown() {
    let fixture = channel("type = \"webhook\", url = \"file:x\", secret = \"hunter2\"");
    says(&fixture, "error: a signing secret begins with `whsec_`");
    assert!(!fixture.printed().contains("hunter2"));
}

#[test]
fn a_login_within_the_servers_address_is_refused_and_not_shown() {
    let fixture = channel(&format!("{MAIL}, server = \"smtps://duban:hunter2@mail.example.org\""));
    says(&fixture, "error: `server` holds a login");
    assert!(!fixture.printed().contains("hunter2"));
}

#[test]
fn a_time_to_wait_without_its_unit_is_answered_with_an_example() {
    let hook = "type = \"webhook\", url = \"file:x\"";
    for timeout in ["5", "\"5\""] {
        let fixture = channel(&format!("{hook}, timeout = {timeout}"));
        says(&fixture, "hint: for example ");
        says(&fixture, "10s");
    }
}

#[test]
fn an_unknown_key_is_answered_with_those_of_the_type_alone() {
    let fixture = channel("type = \"wecom\", url = \"file:x\", colour = \"red\"");
    says(
        &fixture,
        "hint: known here: url, keyword, type, budget, retry, timeout, concurrency, members",
    );
    let fixture = channel("type = \"wecom\", url = \"file:x\", tokn = \"x\"");
    says(&fixture, "hint: known here: url, keyword,");
}

#[test]
fn an_address_over_http_is_warned_of_where_it_leaves_the_house() {
    for host in ["hooks.example.org", "8.8.8.8:80", "[2001:db8::1]"] {
        let fixture = channel(&format!("type = \"webhook\", url = \"http://{host}/x\""));
        says(
            &fixture,
            "warning: over http:// the address and the posts go in the clear",
        );
    }
    for host in [
        "localhost:8091",
        "127.0.0.1",
        "192.168.3.4",
        "[::1]:80",
        "[fd00::1]",
        "chat",
        "chat.lan",
    ] {
        check(&channel(&format!("type = \"webhook\", url = \"http://{host}/x\"")), &[]);
    }
}

#[test]
fn a_group_is_one_channel_with_or_without_the_word_for_it() {
    let group = |value: &str| {
        let hook = "channels.x = { type = \"webhook\", url = \"file:x\" }";
        with(&format!(
            "{TASK}\n{hook}\nunits.b = {{ name = \"B\", head = \"boss\", group = {value} }}"
        ))
    };
    let config = group("\"channel:x\"").config();
    assert_eq!(config.people.units[&"b".into()].group, Some("x".into()));
    says(&group("[\"x\"]"), "`units.b.group` must be a text, not a list");
    says(&group("[\"x\"]"), "one channel only");
}
