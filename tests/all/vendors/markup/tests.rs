//! Texts, and what is seen of them.

use super::*;

const FULL: Dialect = Dialect {
    marks: &["```", "**", "__", "~~", "*", "_", "`"],
    is_bounded: false,
    escapes: true,
    entities: Entities::Html,
    headings: 6,
    quotes: &[">"],
    links: true,
    breaks: Breaks::Every,
};

fn seen(dialect: Dialect, text: &str) -> Seen {
    let mut seen = Seen::default();
    dialect.show(text, &mut seen, &mut |_, _| None);
    seen
}

#[test]
fn marks_vanish_around_what_they_mark() {
    for (source, shown) in [
        ("## **交**周报 `a*b*` ~~旧~~", "交周报 a*b* 旧"),
        ("> a _b_ snake_case_name", "a b snake_case_name"),
        ("3 * 4 * 5, ** 2 **", "3 * 4 * 5, ** 2 **"),
        ("#1 不是标题", "#1 不是标题"),
        (r"\*a\* \[b\](c) &lt;x&gt; &#42;", "*a* [b](c) <x> *"),
        ("a\n```\n*b*\n```c", "a\n\n*b*\nc"),
        ("``` *b*", "``` b"),
        ("*a **b** c*", "a b c"),
    ] {
        let seen = seen(FULL, source);
        assert_eq!(seen.text, shown, "{source}: {seen}");
        assert!(seen.links.is_empty(), "{source}: {seen}");
    }
}

#[test]
fn links_are_found_with_their_text_or_without() {
    for (source, shown, link) in [
        (
            "[打**开**](https://a.example/(1)?b=*c*)",
            "打开",
            "https://a.example/(1)?b=*c*",
        ),
        (
            "见https://a.example/t/42，好",
            "见https://a.example/t/42，好",
            "https://a.example/t/42",
        ),
        ("(http://a.example/x).", "(http://a.example/x).", "http://a.example/x"),
        ("![图](http://a.example/x.png)", "图", "http://a.example/x.png"),
        ("[a [b] c](d)", "a [b] c", "d"),
    ] {
        let seen = seen(FULL, source);
        assert_eq!(
            (seen.text.as_str(), seen.links.as_slice()),
            (shown, [link.to_owned()].as_slice()),
            "{source}"
        );
    }
}

#[test]
fn without_escapes_a_backslash_shows_and_saves_nothing() {
    let seen = seen(Dialect { escapes: false, ..FULL }, r"\**a\** &amp;");
    assert_eq!(seen.text, r"\a\ &");
}

#[test]
fn line_breaks_count_as_the_dialect_says() {
    let source = "# t\na\nb  \n  c\n\nd\n- e\n- f";
    assert_eq!(seen(FULL, source).text, "t\na\nb  \n  c\n\nd\n- e\n- f");
    let spaced = Dialect {
        breaks: Breaks::Spaced,
        ..FULL
    };
    assert_eq!(seen(spaced, source).text, "t\na b\nc\nd\n- e\n- f");
    let blank = Dialect {
        breaks: Breaks::Blank,
        ..FULL
    };
    assert_eq!(seen(blank, source).text, "t\na b c\nd\n- e\n- f");
}

#[test]
fn an_element_is_read_with_quotes_or_without() {
    let element = Element::at("<at user_id=\"ou_1\" x='y z'>n").unwrap();
    assert_eq!((element.name.as_str(), element.length), ("at", 27));
    assert_eq!(element.attribute("user_id"), Some("ou_1"));
    assert_eq!(element.attribute("x"), Some("y z"));
    assert_eq!(element.attribute("id"), None);
    assert_eq!(Element::at("<at id=all></at>").unwrap().attribute("id"), Some("all"));
    assert_eq!(Element::at("</AT>").unwrap().name, "/at");
    assert_eq!(Element::at("<3 > 2"), None);
}
