//! Every mail in HTML against a table of what Outlook (the engine of Word), Gmail and QQ Mail show; what is not in the
//! table is refused, so that whoever writes a template has to say first what becomes of it there.

use super::tests::renderer;
use super::*;
use crate::render::sample;

/// Gmail cuts off what is longer.
const BYTES_MAX: usize = 102 * 1024;
/// Smaller letters are not read on a phone.
const FONT_PIXELS_MIN: f64 = 12.0;
/// Text against what is behind it (WCAG 2.2, 1.4.3).
const CONTRAST_MIN: f64 = 4.5;

/// How a program shows something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// As meant.
    Yes,
    /// Not at all, and nothing is lost by it.
    Spared,
    /// As meant where the rule of the same name holds.
    Ruled,
}

use Shown::{Ruled, Spared, Yes};

/// A property of a style: in Outlook, Gmail, QQ Mail.
const PROPERTIES: &[(&str, [Shown; 3])] = &[
    ("background", [Ruled, Yes, Yes]),
    ("border", [Yes, Yes, Yes]),
    ("border-radius", [Spared, Yes, Yes]),
    ("border-right", [Yes, Yes, Yes]),
    ("border-top", [Yes, Yes, Yes]),
    ("color", [Yes, Yes, Yes]),
    ("display", [Ruled, Yes, Yes]),
    ("font-family", [Yes, Yes, Yes]),
    ("font-size", [Yes, Yes, Yes]),
    ("font-weight", [Yes, Yes, Yes]),
    ("height", [Ruled, Yes, Yes]),
    ("line-height", [Yes, Yes, Yes]),
    ("margin", [Ruled, Yes, Yes]),
    ("margin-bottom", [Ruled, Yes, Yes]),
    ("max-width", [Ruled, Yes, Yes]),
    ("overflow-wrap", [Spared, Spared, Yes]),
    ("padding", [Ruled, Yes, Yes]),
    ("padding-left", [Ruled, Yes, Yes]),
    ("table-layout", [Spared, Yes, Yes]),
    ("text-align", [Yes, Yes, Yes]),
    ("white-space", [Spared, Yes, Yes]),
    ("width", [Ruled, Yes, Yes]),
    ("word-break", [Spared, Spared, Yes]),
];

/// What all three show. Tables carry the layout; scripts, forms, frames and foreign fonts none of them does.
const ELEMENTS: &[&str] = &[
    "html", "head", "meta", "title", "style", "body", "table", "tr", "td", "div", "p", "h1", "h2", "ul", "li", "span",
    "strong", "br", "img",
];

/// Elements without an end.
const VOID: [&str; 3] = ["meta", "br", "img"];

/// An element that is open, with the colours that hold in it.
struct Open {
    name: String,
    ink: String,
    ground: String,
}

/// All that is wrong with a mail.
fn faults(html: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if html.len() > BYTES_MAX {
        faults.push(format!("{} bytes", html.len()));
    }
    for (needle, what) in [
        ("<!doctype html>", "no doctype"),
        ("<meta charset=\"utf-8\">", "no charset"),
        ("name=\"viewport\"", "no viewport"),
    ] {
        if !html.contains(needle) {
            faults.push(what.to_owned());
        }
    }
    if html.contains("http:") || html.contains("https:") || html.contains("url(") || html.contains("@import") {
        faults.push("something is fetched from elsewhere".to_owned());
    }
    let plain = without_comments(html, &mut faults);
    let mut open: Vec<Open> = Vec::new();
    for piece in plain.split('<').skip(1) {
        let Some((tag, text)) = piece.split_once('>') else {
            faults.push(format!("<{piece} does not end"));
            continue;
        };
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop().map(|element| element.name).as_deref() != Some(name) {
                faults.push(format!("</{name}> ends another element"));
            }
        } else if !tag.starts_with('!') {
            begin(tag, html, &mut open, &mut faults);
        }
        say(text, &open, &mut faults);
    }
    if let Some(element) = open.first() {
        faults.push(format!("<{}> does not end", element.name));
    }
    faults.sort();
    faults.dedup();
    faults
}

/// Without what only Outlook reads; other comments have no place in a mail.
fn without_comments(html: &str, faults: &mut Vec<String>) -> String {
    let mut plain = String::new();
    let mut rest = html;
    while let Some((before, comment)) = rest.split_once("<!--") {
        plain.push_str(before);
        let (inside, after) = comment.split_once("-->").unwrap_or((comment, ""));
        if !(inside.starts_with("[if mso]>") && inside.ends_with("<![endif]")) {
            faults.push(format!("a comment: {inside}"));
        }
        rest = after;
    }
    plain + rest
}

fn begin(tag: &str, html: &str, open: &mut Vec<Open>, faults: &mut Vec<String>) {
    let name = tag.split_whitespace().next().unwrap_or_default().to_owned();
    if !ELEMENTS.contains(&name.as_str()) {
        faults.push(format!("<{name}> is not in the table"));
    }
    let style = attribute(tag, "style").unwrap_or_default();
    let styles: Vec<(&str, &str)> = style
        .split(';')
        .filter(|part| !part.trim().is_empty())
        .map(|part| part.split_once(':').unwrap_or((part, "")))
        .map(|(property, value)| (property.trim(), value.trim()))
        .collect();
    for (property, value) in &styles {
        match PROPERTIES.iter().find(|(known, _)| known == property) {
            None => faults.push(format!("{property} is not in the table")),
            Some((_, shown)) if shown.contains(&Ruled) => rule(&name, tag, property, value, html, faults),
            Some(_) => {}
        }
        let pixels = value.strip_suffix("px").and_then(|pixels| pixels.parse::<f64>().ok());
        let is_gap = styles.contains(&("line-height", value));
        if *property == "font-size" && !is_gap && pixels.is_none_or(|pixels| pixels < FONT_PIXELS_MIN) {
            faults.push(format!("letters of {value}"));
        }
    }
    element(&name, tag, faults);
    let inherited =
        |of: fn(&Open) -> &String, otherwise: &str| open.last().map_or_else(|| otherwise.to_owned(), |o| of(o).clone());
    let given = |property: &str| {
        styles
            .iter()
            .find(|(known, _)| *known == property)
            .map(|(_, value)| (*value).to_owned())
            .filter(|value| value.len() == 7 && value.starts_with('#'))
    };
    let element = Open {
        ink: given("color").unwrap_or_else(|| inherited(|open| &open.ink, "#000000")),
        ground: given("background").unwrap_or_else(|| inherited(|open| &open.ground, "#ffffff")),
        name,
    };
    if !VOID.contains(&element.name.as_str()) {
        open.push(element);
    }
}

/// What has to hold for a property that Outlook shows only so.
fn rule(name: &str, tag: &str, property: &str, value: &str, html: &str, faults: &mut Vec<String>) {
    let holds = match property {
        // As a colour; on what has a box, also as the attribute that Outlook never fails to see.
        "background" => {
            let has_attribute = attribute(tag, "bgcolor") == Some(value);
            value.starts_with('#') && value.len() == 7 && (name == "span" || has_attribute)
        }
        // On tables and cells it is lost, and `auto` everywhere: the cell around it aligns.
        "margin" | "margin-bottom" => !matches!(name, "table" | "td" | "tr" | "span") && !value.contains('-'),
        // On cells alone.
        "padding" => name == "td" || value.split(' ').all(|side| side == "0"),
        "padding-left" => name == "ul",
        "display" => name == "img" && value == "block",
        "width" | "height" => name == "img",
        // Lost: the width stands as an attribute, or in a table that only Outlook reads.
        "max-width" => {
            let pixels = value.trim_end_matches("px");
            attribute(tag, "width") == Some(pixels)
                || html.contains(&format!("<!--[if mso]><table role=\"presentation\" width=\"{pixels}\""))
        }
        _ => false,
    };
    if !holds {
        faults.push(format!("{property}:{value} on <{name}>"));
    }
}

/// What has to stand on an element.
fn element(name: &str, tag: &str, faults: &mut Vec<String>) {
    let has = |wanted: &str| attribute(tag, wanted).is_some_and(|value| !value.trim().is_empty());
    let is_right = match name {
        "html" => matches!(attribute(tag, "lang"), Some("zh-CN" | "en")),
        "img" => has("alt") && has("width") && attribute(tag, "src").is_some_and(|src| src.starts_with("cid:")),
        "table" => {
            attribute(tag, "role") == Some("presentation") && has("width") && attribute(tag, "border") == Some("0")
        }
        _ => true,
    };
    let runs = tag.split_whitespace().any(|word| word.starts_with("on"));
    if !is_right || runs || attribute(tag, "background").is_some() {
        faults.push(format!("<{tag}>"));
    }
}

/// Text is legible where it stands, and rules of style only darken what is styled in line already.
fn say(text: &str, open: &[Open], faults: &mut Vec<String>) {
    let Some(element) = open.last() else { return };
    match element.name.as_str() {
        "style" => {
            let rules = text.trim();
            let is_dark =
                rules.starts_with("@media (prefers-color-scheme: dark) {") && rules.matches("@media").count() == 1;
            if !is_dark {
                faults.push(format!("a style that is needed: {rules}"));
            }
        }
        "title" if text.trim().is_empty() => faults.push("an empty title".to_owned()),
        "head" | "title" => {}
        _ if text.replace("&#160;", "").trim().is_empty() => {}
        _ => {
            let ratio = contrast(&element.ink, &element.ground);
            if ratio < CONTRAST_MIN {
                faults.push(format!("{} on {}: {ratio:.1} to 1", element.ink, element.ground));
            }
        }
    }
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

fn contrast(ink: &str, ground: &str) -> f64 {
    let (a, b) = (luminance(ink), luminance(ground));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(color: &str) -> f64 {
    let channel = |place: usize| {
        let digits = color.get(place..place + 2).expect("six digits");
        let value = f64::from(u8::from_str_radix(digits, 16).expect("hex")) / 255.0;
        if value <= 0.040_45 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

fn picture() -> Picture {
    Picture {
        png: b"\x89PNG".to_vec(),
        alt: "逾期\"16\"项".into(),
        name: "lights.png".into(),
        width: 1280,
        height: 480,
    }
}

/// Every kind of mail in a language, each as everything that can occur makes it.
fn mails(locale: Locale) -> Vec<(String, Words)> {
    let renderer = renderer();
    let mut mails = Vec::new();
    for digest in sample::digests(locale) {
        mails.push(("notice".to_owned(), renderer.notices(&digest)));
    }
    for summary in sample::summaries(locale) {
        let words = renderer.review_with(&summary, &[picture()]);
        mails.push((format!("review {:?}", summary.edition), words));
    }
    for letter in sample::letters(phrases::of(locale)) {
        mails.push((letter.subject.clone(), renderer.letter(letter, locale, sample::AS_OF)));
    }
    let word = renderer.test("mail", locale, sample::AS_OF);
    mails.push(("trial".to_owned(), Renderer::in_trial(word, "张三 (mail)", locale)));
    mails
}

#[test]
fn every_kind_of_mail_is_of_what_outlook_gmail_and_qq_mail_show() {
    for locale in [Locale::ZhCn, Locale::En] {
        let mails = mails(locale);
        assert!(mails.len() > 50, "{} mails", mails.len());
        for (name, words) in mails {
            assert_eq!(words.fallback, None, "{name}");
            assert_eq!(faults(&words.html), [""; 0], "{name} in {}", locale.as_str());
        }
    }
}

#[test]
fn a_mail_that_is_not_of_it_is_refused() {
    let good = renderer().test("mail", Locale::En, sample::AS_OF).html;
    assert_eq!(faults(&good), [""; 0]);
    let within = |bad: &str| good.replacen("</td></tr>", &format!("{bad}</td></tr>"), 1);
    for (bad, fault) in [
        ("<div style=\"display:flex\">a</div>", "display:flex on <div>"),
        ("<div style=\"display:grid\">a</div>", "display:grid on <div>"),
        (
            "<div style=\"position:absolute\">a</div>",
            "position is not in the table",
        ),
        ("<div style=\"float:left\">a</div>", "float is not in the table"),
        (
            "<div style=\"background-image:none\">a</div>",
            "background-image is not in the table",
        ),
        ("<div style=\"max-width:500px\">a</div>", "max-width:500px on <div>"),
        ("<div style=\"padding:4px\">a</div>", "padding:4px on <div>"),
        (
            "<div style=\"background:#ffffff\">a</div>",
            "background:#ffffff on <div>",
        ),
        (
            "<span style=\"background:url(a.png)\">a</span>",
            "something is fetched from elsewhere",
        ),
        ("<span style=\"color:#a1a1aa\">a</span>", "#a1a1aa on #ffffff: 2.6 to 1"),
        ("<span style=\"font-size:9px\">a</span>", "letters of 9px"),
        ("<img src=\"cid:a\" width=\"10\">", "<img src=\"cid:a\" width=\"10\">"),
        (
            "<img src=\"https://example.org/a.png\" alt=\"a\" width=\"10\">",
            "something is fetched from elsewhere",
        ),
        ("<img src=\"cid:a\" alt=\"a\">", "<img src=\"cid:a\" alt=\"a\">"),
        ("<table><tr><td>a</td></tr></table>", "<table>"),
        ("<script>a</script>", "<script> is not in the table"),
        ("<form>a</form>", "<form> is not in the table"),
        ("<p onclick=\"a\">a</p>", "<p onclick=\"a\">"),
        (
            "<style>.a { color: red }</style>",
            "a style that is needed: .a { color: red }",
        ),
        ("<p>a", "</td> ends another element"),
        ("<!-- a -->", "a comment:  a "),
    ] {
        let faults = faults(&within(bad));
        assert!(faults.iter().any(|found| found == fault), "{bad}: {faults:?}");
    }
    for (from, to, fault) in [
        (" lang=\"en\"", "", "<html>"),
        ("<meta charset=\"utf-8\">", "", "no charset"),
        ("<!doctype html>", "", "no doctype"),
        ("</html>", "", "<html> does not end"),
    ] {
        let faults = faults(&good.replace(from, to));
        assert!(faults.iter().any(|found| found == fault), "{fault}: {faults:?}");
    }
    let long = within(&"<p>a</p>".repeat(BYTES_MAX / 8));
    assert!(faults(&long).iter().any(|fault| fault.ends_with(" bytes")));
}
