//! People, units, and who is reached how.

use super::{TASK, check, says, with};

/// What is said about lines beside the base.
#[track_caller]
fn lines(lines: &str, expected: &[&str]) {
    check(&with(&format!("{TASK}\n{lines}")), expected);
}

#[test]
fn a_person_whom_no_channel_reaches_is_an_error_where_a_step_leads_to_them_else_a_warning() {
    lines(
        "people.eve = { name = \"Eve\" }",
        &["duban.toml:2:8: warning: no channel reaches person `eve`"],
    );
    lines(
        "people.eve = { name = \"Eve\" }\nladders.l.steps = [{ at = \"0d\", level = \"due\", to = [\"person:eve\"] }]",
        &["duban.toml:2:8: warning: no channel reaches person `eve`"],
    );
    check(
        &with(
            r#"people.eve = { name = "Eve" }
ladders.l.steps = [{ at = "0d", level = "due", to = ["person:eve"] }]
tasks = [{ id = "1", title = "T", unit = "edu", lead = "boss", due = 2026-06-30, ladder = "l" }]"#,
        ),
        &["duban.toml:1:8: error: no channel reaches person `eve`"],
    );
}

#[test]
fn a_person_whom_a_review_leads_to_must_be_reached() {
    lines(
        "people.eve = {}\nreviews.weekly = { cron = \"0 9 * * MON\", to = [\"person:eve\"] }",
        &["duban.toml:2:8: error: no channel reaches person `eve`"],
    );
}

#[test]
fn a_webhook_reaches_those_who_list_it_and_those_whom_it_names() {
    let config = with(&format!(
        r#"{TASK}
channels.hook = {{ type = "webhook", url = "file:hook", members = ["ann", "eve"] }}
people.eve = {{}}
people.max = {{ email = "max@example.org", channels = ["hook", "mail"] }}"#
    ))
    .config();
    let of = |id: &str| {
        let person = config.people.persons.get(&id.into()).expect("a person");
        person
            .channels
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        (of("ann"), of("eve"), of("max"), of("boss")),
        ("mail hook".into(), "hook".into(), "hook mail".into(), "mail".into())
    );
}

#[test]
fn a_mail_channel_for_someone_without_an_address_is_warned_of_and_left_out() {
    lines(
        "people.eve = { channels = [\"mail\"] }",
        &[
            "duban.toml:2:8: warning: no channel reaches person `eve`",
            "duban.toml:2:28: warning: `eve` has no email address, so `mail` does not reach them",
        ],
    );
}

#[test]
fn names_that_do_not_resolve_are_refused() {
    for (line, text) in [
        (
            "people.eve = { email = \"e@x.org\", deputy = \"an\" }",
            "person `an` is not defined",
        ),
        ("units.u = { head = \"bos\" }", "did you mean `boss`?"),
        (
            "units.u = { supervisor = \"edv\" }",
            "person or unit `edv` is not defined",
        ),
        ("units.u = { group = \"mial\" }", "channel `mial` is not defined"),
        ("defaults.group = \"mial\"", "did you mean `mail`?"),
        (
            "defaults.group = \"mail\"",
            "channel `mail` is of type email and cannot be a recipient itself",
        ),
        ("people.eve = { email = \"nobody\" }", "`nobody` is no mail address"),
    ] {
        says(&with(&format!("{TASK}\n{line}")), text);
    }
}

#[test]
fn an_absence_that_ends_before_it_begins_is_refused() {
    lines(
        "people.eve = { email = \"e@x.org\", away = [{ from = 2026-02-23, until = 2026-02-15 }] }",
        &["duban.toml:2:43: error: the absence ends on 2026-02-15 before it begins"],
    );
}

#[test]
fn deputies_in_a_circle_are_warned_of_once() {
    lines(
        "people.a = { email = \"a@x.org\", deputy = \"b\" }\npeople.b = { email = \"b@x.org\", deputy = \"a\" }",
        &["duban.toml:2:42: warning: deputies go round in a circle: a -> b -> a"],
    );
}

#[test]
fn an_office_of_nobody_is_refused() {
    let base = super::BASE.replace("office = \"office\"", "office = \"u\"\nunits.u = {}");
    let fixture = super::Fixture::new(&[("duban.toml", &format!("{TASK}\n{base}"))]);
    says(&fixture, "the office has neither a contact nor a head");
}

#[test]
fn a_misspelt_email_is_not_also_a_person_whom_nothing_reaches() {
    lines(
        "people.eve = { emial = \"e@x.org\" }",
        &["duban.toml:2:16: error: unknown key `emial` in `people.eve`"],
    );
}

#[test]
fn a_handle_is_of_the_form_that_its_vendor_gives_out() {
    for (key, right, wrong) in [
        (
            "discord",
            ["123456789012345", "123456789012345678"],
            ["chen#1234", "1234"],
        ),
        ("slack", ["U012AB3CD", "W012"], ["chen.lan", "u012ab3cd"]),
        (
            "matrix",
            ["@chen:example.org", "@c=1:h.example:8448"],
            ["chen", "@chen"],
        ),
        ("telegram", ["123456789", "@chen_lan"], ["chen", "chen.lan"]),
        ("wecom", ["chenlan", "chen.lan@corp"], ["chen lan", "chen|li"]),
        ("dingtalk", ["0123456789", "manager-1"], ["<chen>", "a|b"]),
        ("mattermost", ["chen.lan", "@chen"], ["chen lan", "chen(lan)"]),
        ("rocketchat", ["chen.lan", "chen-1"], ["chen]", "a|b"]),
        ("feishu", ["ou_7dab8a3d", "ou_1"], ["ou_<1>", "13800001111 x"]),
        (
            "teams",
            ["chen@contoso.com", "8c3dcc9d-a365-4777-87ad-535d62aabbcc"],
            ["chenlan", "8c3dcc9d-a365"],
        ),
        ("mobile", ["13800001111", "+852-12345678"], ["138 0000", "+"]),
    ] {
        for text in right {
            lines(
                &format!("people.eve = {{ email = \"e@x.org\", {key} = \"{text}\" }}"),
                &[],
            );
        }
        for text in wrong {
            let fixture = with(&format!(
                "{TASK}\npeople.eve = {{ email = \"e@x.org\", {key} = \"{text}\" }}"
            ));
            says(
                &fixture,
                &format!("error: `{text}` is no handle of one person at {key}"),
            );
            says(&fixture, "hint: write ");
        }
    }
}

#[test]
fn a_handle_that_rings_everybody_is_refused() {
    for text in ["all", "@Everyone", "here"] {
        let fixture = with(&format!(
            "{TASK}\npeople.eve = {{ email = \"e@x.org\", wecom = \"{text}\" }}"
        ));
        says(&fixture, &format!("error: `{text}` would ring everybody"));
    }
}

#[test]
fn an_id_of_feishu_that_rings_in_ones_own_tenant_only_is_warned_of() {
    lines(
        "people.eve = { email = \"e@x.org\", feishu = \"chen1\" }",
        &["duban.toml:2:44: warning: `chen1` is no open_id of Feishu"],
    );
}

#[test]
fn two_people_with_one_handle_are_warned_of_by_name() {
    lines(
        "people.a = { email = \"a@x.org\", telegram = \"chen_lan\", wecom = \"x\" }\n\
         people.b = { email = \"b@x.org\", telegram = \"@chen_lan\", slack = \"U1\" }",
        &["duban.toml:3:44: warning: `a` and `b` have the same handle at telegram: `@chen_lan`"],
    );
}
