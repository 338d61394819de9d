//! The HTML of Telegram, refused where its server refuses it.

use serde_json::Value;

const TAGS: &[&str] = &[
    "a",
    "b",
    "strong",
    "i",
    "em",
    "s",
    "strike",
    "del",
    "u",
    "ins",
    "tg-spoiler",
    "tg-emoji",
    "span",
    "pre",
    "code",
    "blockquote",
];

/// A text and what its entities say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parsed {
    pub(crate) text: String,
    /// The same, with spaces in place of code and of links, where no name is a mention.
    pub(crate) spoken: String,
    pub(crate) links: Vec<String>,
    /// Mentioned by id.
    pub(crate) users: Vec<String>,
}

impl Parsed {
    pub(crate) fn trimmed(mut self) -> Self {
        self.text = self.text.trim().to_owned();
        self.spoken = self.spoken.trim().to_owned();
        self
    }

    fn say(&mut self, character: char, quiet: bool) {
        self.text.push(character);
        self.spoken.push(if quiet { ' ' } else { character });
    }

    fn point(&mut self, target: &str) {
        if let Some(user) = target.strip_prefix("tg://user?id=") {
            if !user.is_empty() && user.chars().all(|c| c.is_ascii_digit()) {
                self.users.push(user.to_owned());
            }
            return;
        }
        let known = ["http://", "https://", "tg://", "ton://"]
            .iter()
            .any(|scheme| target.starts_with(scheme));
        if known {
            self.links.push(target.to_owned());
        } else if target.contains('.') && !target.contains([':', ' ']) {
            self.links.push(format!("http://{target}"));
        }
        // A target of any other kind is dropped without a word.
    }
}

struct Open {
    tag: String,
    target: String,
    /// Where its text begins, in bytes of the result.
    start: usize,
}

/// Reads HTML as the server does.
pub(crate) fn parse(source: &str) -> Result<Parsed, String> {
    let chars: Vec<(usize, char)> = source.char_indices().collect();
    let mut parsed = Parsed::default();
    let mut open: Vec<Open> = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let (offset, character) = chars[at];
        match character {
            '&' => {
                let (decoded, end) =
                    entity(&chars, at).ok_or_else(|| format!("Unsupported entity at byte offset {offset}"))?;
                parsed.say(decoded, quiet(&open));
                at = end;
            }
            '<' if chars.get(at + 1).is_some_and(|(_, next)| *next == '/') => {
                at = close(&chars, at, &mut open, &mut parsed)?;
            }
            '<' => {
                let (tag, end) = start(&chars, at)?;
                open.push(Open {
                    start: parsed.text.len(),
                    ..tag
                });
                at = end;
            }
            _ => {
                parsed.say(character, quiet(&open));
                at += 1;
            }
        }
    }
    match open.last() {
        Some(left) => Err(format!(
            "Can't find end tag corresponding to start tag \"{}\"",
            left.tag
        )),
        None => Ok(parsed),
    }
}

fn quiet(open: &[Open]) -> bool {
    open.iter()
        .any(|open| ["code", "pre", "a"].contains(&open.tag.as_str()))
}

fn is_space(chars: &[(usize, char)], at: usize) -> bool {
    chars.get(at).is_none_or(|(_, c)| c.is_ascii_whitespace())
}

fn is(chars: &[(usize, char)], at: usize, wanted: char) -> bool {
    chars.get(at).is_some_and(|(_, c)| *c == wanted)
}

fn slice(chars: &[(usize, char)], from: usize, to: usize) -> String {
    chars[from..to].iter().map(|(_, c)| *c).collect()
}

/// A start tag with its attributes, and where it ends.
fn start(chars: &[(usize, char)], begin: usize) -> Result<(Open, usize), String> {
    let offset = chars[begin].0;
    let mut at = begin + 1;
    while !is_space(chars, at) && !is(chars, at, '>') {
        at += 1;
    }
    if at >= chars.len() {
        return Err(format!("Unclosed start tag at byte offset {offset}"));
    }
    let tag = slice(chars, begin + 1, at).to_lowercase();
    if !TAGS.contains(&tag.as_str()) {
        return Err(format!("Unsupported start tag \"{tag}\" at byte offset {offset}"));
    }
    let mut target = String::new();
    let mut spoiler = false;
    loop {
        while at < chars.len() && is_space(chars, at) {
            at += 1;
        }
        if is(chars, at, '>') {
            break;
        }
        let (name, value, end) = attribute(chars, at, &tag, offset)?;
        at = end;
        if tag == "a" && name == "href" {
            target = value;
        } else if tag == "span" && name == "class" {
            spoiler = value == "tg-spoiler";
        }
    }
    if tag == "span" && !spoiler {
        return Err(format!(
            "Tag \"span\" must have class \"tg-spoiler\" at byte offset {offset}"
        ));
    }
    let open = Open { tag, target, start: 0 };
    Ok((open, at + 1))
}

fn attribute(
    chars: &[(usize, char)],
    from: usize,
    tag: &str,
    offset: usize,
) -> Result<(String, String, usize), String> {
    let unclosed = || format!("Unclosed start tag \"{tag}\" at byte offset {offset}");
    let mut at = from;
    while at < chars.len() && !is_space(chars, at) && !is(chars, at, '=') && !is(chars, at, '>') {
        at += 1;
    }
    let name = slice(chars, from, at);
    if name.is_empty() && at < chars.len() {
        return Err(format!(
            "Empty attribute name in the tag \"{tag}\" at byte offset {offset}"
        ));
    }
    while at < chars.len() && is_space(chars, at) {
        at += 1;
    }
    if at >= chars.len() {
        return Err(unclosed());
    }
    if !is(chars, at, '=') {
        // `<blockquote expandable>` has no value.
        return Ok((name, String::new(), at));
    }
    at += 1;
    while at < chars.len() && is_space(chars, at) {
        at += 1;
    }
    let Some((_, quote)) = chars.get(at).copied() else {
        return Err(unclosed());
    };
    if quote != '"' && quote != '\'' {
        let begin = at;
        while chars
            .get(at)
            .is_some_and(|(_, c)| c.is_ascii_alphanumeric() || ".-".contains(*c))
        {
            at += 1;
        }
        if !is_space(chars, at) && !is(chars, at, '>') {
            return Err(format!(
                "Unexpected end of name token at byte offset {}",
                chars[begin].0
            ));
        }
        return Ok((name, slice(chars, begin, at).to_lowercase(), at));
    }
    at += 1;
    let mut value = String::new();
    while at < chars.len() && !is(chars, at, quote) {
        let (character, end) = match chars[at].1 {
            '&' => entity(chars, at).unwrap_or(('&', at + 1)),
            other => (other, at + 1),
        };
        value.push(character);
        at = end;
    }
    if at + 1 >= chars.len() {
        return Err(format!("Unclosed start tag at byte offset {offset}"));
    }
    Ok((name, value, at + 1))
}

fn close(chars: &[(usize, char)], begin: usize, open: &mut Vec<Open>, parsed: &mut Parsed) -> Result<usize, String> {
    let offset = chars[begin].0;
    let Some(last) = open.pop() else {
        return Err(format!("Unexpected end tag at byte offset {offset}"));
    };
    let mut at = begin + 2;
    while !is_space(chars, at) && !is(chars, at, '>') {
        at += 1;
    }
    let tag = slice(chars, begin + 2, at.min(chars.len())).to_lowercase();
    while at < chars.len() && is_space(chars, at) {
        at += 1;
    }
    if !is(chars, at, '>') {
        return Err(format!("Unclosed end tag at byte offset {offset}"));
    }
    if !tag.is_empty() && tag != last.tag {
        return Err(format!(
            "Unmatched end tag at byte offset {offset}, expected \"</{}>\", found \"</{tag}>\"",
            last.tag
        ));
    }
    let inside = parsed.text.get(last.start..).unwrap_or("").to_owned();
    if last.tag == "a" && !inside.is_empty() {
        parsed.point(if last.target.is_empty() { &inside } else { &last.target });
    }
    Ok(at + 1)
}

/// Only four names, and numbers.
fn entity(chars: &[(usize, char)], at: usize) -> Option<(char, usize)> {
    let length = chars[at..].iter().take(12).position(|(_, c)| *c == ';')?;
    let name = slice(chars, at + 1, at + length);
    let decoded = match name.as_str() {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).filter(|c| *c != '\0')?
        }
    };
    Some((decoded, at + length + 1))
}

/// Plain text with a list of entities, counted in units of UTF-16.
pub(crate) fn with_entities(text: &str, entities: Option<&Value>) -> Parsed {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut spoken = units;
    let mut parsed = Parsed {
        text: text.to_owned(),
        ..Parsed::default()
    };
    for entity in entities.and_then(Value::as_array).into_iter().flatten() {
        let number = |name: &str| {
            let number = entity.get(name).and_then(Value::as_u64).unwrap_or(0);
            usize::try_from(number).unwrap_or(usize::MAX)
        };
        let (from, to) = (number("offset"), number("offset").saturating_add(number("length")));
        // What lies outside of the text is dropped.
        let Some(inside) = spoken.get_mut(from..to).filter(|inside| !inside.is_empty()) else {
            continue;
        };
        let kind = entity.get("type").and_then(Value::as_str).unwrap_or("");
        if ["code", "pre", "text_link", "text_mention"].contains(&kind) {
            inside.fill(u16::from(b' '));
        }
        if let Some(url) = entity
            .get("url")
            .and_then(Value::as_str)
            .filter(|_| kind == "text_link")
        {
            parsed.point(url);
        }
        if let Some(user) = entity.pointer("/user/id").filter(|_| kind == "text_mention") {
            parsed.users.push(user.to_string());
        }
    }
    parsed.spoken = String::from_utf16_lossy(&spoken);
    parsed
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fault(source: &str) -> String {
        parse(source).unwrap_err()
    }

    #[test]
    fn the_server_names_what_it_cannot_read() {
        assert_eq!(fault("🏟&lt;<abacaba"), "Unclosed start tag at byte offset 8");
        assert_eq!(fault("a<br>b"), "Unsupported start tag \"br\" at byte offset 1");
        assert_eq!(fault("进度 < 50%"), "Unsupported start tag \"\" at byte offset 7");
        assert_eq!(fault("<b>甲"), "Can't find end tag corresponding to start tag \"b\"");
        assert_eq!(fault("甲</b>"), "Unexpected end tag at byte offset 3");
        assert_eq!(
            fault("<i>a</em>"),
            "Unmatched end tag at byte offset 4, expected \"</i>\", found \"</em>\""
        );
        assert_eq!(fault("<i>a</i   "), "Unclosed end tag at byte offset 4");
        assert_eq!(
            fault("<span>a</span>"),
            "Tag \"span\" must have class \"tg-spoiler\" at byte offset 0"
        );
        assert_eq!(
            fault("<a href=x_y>a</a>"),
            "Unexpected end of name token at byte offset 8"
        );
        assert_eq!(fault("<a href=\"x\""), "Unclosed start tag at byte offset 0");
    }

    #[test]
    fn only_four_names_and_numbers_are_entities() {
        assert_eq!(parse("&lt;&gt;&amp;&quot;&#128276;&#x2f;").unwrap().text, "<>&\"🔔/");
        assert_eq!(fault("AT&T"), "Unsupported entity at byte offset 2");
        assert!(parse("&nbsp;").is_err() && parse("&apos;").is_err());
    }

    #[test]
    fn a_link_to_a_user_is_a_mention_and_no_link() {
        let parsed =
            parse("<a href=\"tg://user?id=42\">张三</a><a href='https://e.example/?a&amp;b'>打开</a>").unwrap();
        assert_eq!(parsed.text, "张三打开");
        assert_eq!(parsed.users, ["42"]);
        assert_eq!(parsed.links, ["https://e.example/?a&b"]);
    }

    #[test]
    fn a_link_of_another_kind_is_dropped() {
        assert!(parse("<a href=\"javascript:x\">甲</a>").unwrap().links.is_empty());
    }

    #[test]
    fn entities_are_counted_in_units_of_utf_16() {
        let text = "到期：交周报 🔔 👨‍👩‍👧 @张三";
        let entities = json!([{"type": "text_mention", "offset": 19, "length": 3, "user": {"id": 42}}]);
        let parsed = with_entities(text, Some(&entities));
        assert_eq!(parsed.users, ["42"]);
        assert_eq!(parsed.spoken, "到期：交周报 🔔 👨‍👩‍👧    ");
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_parser(text in "[<>/&;#ab=\"' lt提🔔1x-]{0,40}") {
            if let Ok(parsed) = parse(&text) {
                proptest::prop_assert_eq!(parsed.text.chars().count(), parsed.spoken.chars().count());
            }
        }
    }
}
