use super::*;

fn text(source: &str) -> String {
    resolve(source, &MATTERMOST).text
}

#[test]
fn emphasis_is_seen_and_not_read() {
    assert_eq!(text("**到期**：*交* __周__ ~~报~~ ***完***"), "到期：交 周 报 完");
}

#[test]
fn a_star_that_marks_nothing_stays() {
    assert_eq!(
        text("2 * 3 * 4 ** snake_case_name 5*"),
        "2 * 3 * 4 ** snake_case_name 5*"
    );
}

#[test]
fn a_backslash_before_punctuation_vanishes() {
    assert_eq!(text(r"\*\*不粗\*\* \[a\]\(b\) C:\dir \\"), r"**不粗** [a](b) C:\dir \");
}

#[test]
fn links_show_their_text_and_lead_somewhere() {
    let shown = resolve(
        "[打开](https://example.com/t/42 \"标题\") ![图](https://example.com/i.png) <https://a.example>",
        &MATTERMOST,
    );
    assert_eq!(shown.text, "打开 图 https://a.example");
    assert_eq!(
        shown.links,
        [
            "https://example.com/t/42",
            "https://example.com/i.png",
            "https://a.example"
        ]
    );
}

#[test]
fn a_title_that_looks_like_a_definition_is_swallowed() {
    assert_eq!(text("前\n\n[紧急]: 交周报\n\n后"), "前\n\n后");
}

#[test]
fn a_definition_makes_its_label_a_link() {
    let shown = resolve("看[这里]\n\n[这里]: https://evil.example", &MATTERMOST);
    assert_eq!((shown.text.as_str(), shown.links.len()), ("看这里", 1));
}

#[test]
fn blocks_lose_their_marks() {
    let source = "### 到期 ##\n- 一\n* 二\n1. 三\n7. 四\n> 引\n---\n尾";
    assert_eq!(text(source), "到期\n• 一\n• 二\n1. 三\n2. 四\n引\n尾");
}

#[test]
fn a_heading_needs_a_space() {
    assert_eq!(text("#123 号"), "#123 号");
}

#[test]
fn code_is_shown_as_it_is_and_mentions_nobody() {
    let shown = resolve("`a*b*c @li` 和\n```sh\n@wang **x**\n```", &MATTERMOST);
    assert_eq!(shown.text, "a*b*c @li 和\n@wang **x**");
    assert!(!shown.spoken.contains('@'));
}

#[test]
fn entities_are_read() {
    assert_eq!(
        text("&lt;b&gt; &amp;lt; &#42; AT&T &unknown;"),
        "<b> &lt; * AT&T &unknown;"
    );
}

#[test]
fn a_tag_stays_or_vanishes_by_the_application() {
    assert_eq!(resolve("a <b>c</b> <张三>", &GOTIFY).text, "a <b>c</b> <张三>");
    assert_eq!(resolve("a <b>c</b> <张三>", &NTFY).text, "a c <张三>");
}

#[test]
fn a_short_name_is_a_picture() {
    assert_eq!(text("12:30:45 :bell: :nothing:"), "12:30:45 🔔 :nothing:");
    assert_eq!(resolve(":bell:", &NTFY).text, ":bell:");
}

#[test]
fn one_tilde_strikes_in_some_applications() {
    assert_eq!(resolve("9~17 点 ~旧~", &ROCKET_CHAT).text, "9~17 点 旧");
    assert_eq!(text("~旧~"), "~旧~");
}

#[test]
fn a_bare_address_is_a_link() {
    assert_eq!(
        resolve("看 https://example.com/a_b_c 吧", &MATTERMOST).links,
        ["https://example.com/a_b_c"]
    );
}

#[test]
fn what_opens_within_closes_first() {
    assert_eq!(text("*甲 *乙* 丙*"), "甲 乙 丙");
    assert_eq!(text("**甲 *乙** 丙"), "甲 *乙 丙");
}

#[test]
fn rocket_chat_knows_few_escapes_and_no_entities() {
    let shown = resolve(r"\*不粗\* \[a\](https://e.example) &lt; \- [完](见附件)", &ROCKET_CHAT);
    assert_eq!(shown.text, r"*不粗* \a\ &lt; \- [完](见附件)");
    assert_eq!(shown.links, ["https://e.example"]);
}

#[test]
fn rocket_chat_swallows_no_definition() {
    assert_eq!(resolve("[紧急]: 交周报\n---", &ROCKET_CHAT).text, "[紧急]: 交周报\n---");
}

proptest::proptest! {
    #[test]
    fn no_text_breaks_the_resolvers(text in "[\\[\\]()<>*_~`\\\\!&#:;|=>. \n@/\"'ah1提🔔-]{0,60}") {
        for dialect in [MATTERMOST, ROCKET_CHAT, NTFY, GOTIFY] {
            let shown = resolve(&text, &dialect);
            proptest::prop_assert_eq!(shown.text.chars().count(), shown.spoken.chars().count());
        }
        crate::vendors::hypertext::resolve(&text);
    }
}
