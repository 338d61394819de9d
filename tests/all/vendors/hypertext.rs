//! HTML as a chat's application shows it: unknown tags vanish, what is not a tag stays.

use super::shown::{Domains, Shown, entity, link_end};

/// Tags that begin and end a line.
const BLOCKS: &[&str] = &[
    "p",
    "div",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "blockquote",
    "pre",
    "table",
    "tr",
    "hr",
];
/// Tags whose content nobody sees.
const HIDDEN: &[&str] = &["script", "style", "mx-reply", "title", "head"];

/// What people see of a formatted body.
pub(crate) fn resolve(source: &str) -> Shown {
    let chars: Vec<char> = source.chars().collect();
    let mut shown = Shown::default();
    let mut hidden: Option<String> = None;
    let mut linked = 0_usize;
    let mut at = 0;
    while at < chars.len() {
        let character = chars[at];
        if character == '<'
            && let Some(tag) = tag(&chars, at)
        {
            at = tag.end;
            if let Some(name) = &hidden {
                if tag.closing && *name == tag.name {
                    hidden = None;
                }
                continue;
            }
            if HIDDEN.contains(&tag.name.as_str()) && !tag.closing {
                hidden = Some(tag.name);
                continue;
            }
            if tag.name == "a" {
                linked = if tag.closing { 0 } else { 1 };
            }
            show_tag(&mut shown, &tag);
            continue;
        }
        if hidden.is_some() {
            at += 1;
            continue;
        }
        if character == '&'
            && let Some((decoded, end)) = entity(&chars, at)
        {
            shown.say(decoded);
            at = end;
            continue;
        }
        if linked == 0
            && let Some(end) = link_end(&chars, at, Domains::Plain)
        {
            let link: String = chars[at..end].iter().collect();
            shown.say_all(&link.replace("&amp;", "&"));
            shown.links.push(link.replace("&amp;", "&"));
            at = end;
            continue;
        }
        // A line's end in the source is a space on the screen.
        shown.say(if character == '\n' { ' ' } else { character });
        at += 1;
    }
    shown.text = tidy(&shown.text);
    shown.spoken = tidy(&shown.spoken);
    shown
}

struct Tag {
    name: String,
    closing: bool,
    href: Option<String>,
    end: usize,
}

/// As in a browser, a tag is `<` and a Latin letter; all else after `<` is text.
fn tag(chars: &[char], at: usize) -> Option<Tag> {
    if chars[at..].starts_with(&['<', '!', '-', '-']) {
        let end = (at + 4..chars.len()).find(|end| chars[*end..].starts_with(&['-', '-', '>']));
        return Some(Tag {
            name: String::new(),
            closing: false,
            href: None,
            end: end.map_or(chars.len(), |end| end + 3),
        });
    }
    let closing = chars.get(at + 1) == Some(&'/');
    let start = at + 1 + usize::from(closing);
    if !chars.get(start)?.is_ascii_alphabetic() {
        return None;
    }
    let mut end = start;
    let mut quote = None;
    while end < chars.len() && (quote.is_some() || chars[end] != '>') {
        match (quote, chars[end]) {
            (None, '"' | '\'') => quote = Some(chars[end]),
            (Some(open), now) if open == now => quote = None,
            (None | Some(_), _) => {}
        }
        end += 1;
    }
    let inside: String = chars[start..end].iter().collect();
    let name: String = inside.chars().take_while(|c| !c.is_whitespace() && *c != '/').collect();
    Some(Tag {
        name: name.to_ascii_lowercase(),
        closing,
        href: attribute(&inside, "href"),
        end: (end + 1).min(chars.len()),
    })
}

fn attribute(inside: &str, wanted: &str) -> Option<String> {
    let (_, rest) = inside.split_once(&format!("{wanted}="))?;
    let value = match rest.chars().next()? {
        quote @ ('"' | '\'') => rest.split(quote).nth(1)?,
        _ => rest.split_whitespace().next()?,
    };
    Some(Shown::decoded(value))
}

impl Shown {
    fn decoded(value: &str) -> String {
        let chars: Vec<char> = value.chars().collect();
        let mut text = String::new();
        let mut at = 0;
        while at < chars.len() {
            let (character, end) = match chars[at] {
                '&' => entity(&chars, at).unwrap_or(('&', at + 1)),
                other => (other, at + 1),
            };
            text.push(character);
            at = end;
        }
        text
    }
}

fn show_tag(shown: &mut Shown, tag: &Tag) {
    if tag.name == "br" {
        shown.say('\n');
    }
    if BLOCKS.contains(&tag.name.as_str()) {
        if !shown.text.is_empty() && !shown.text.ends_with('\n') {
            shown.say('\n');
        }
        if tag.name == "li" && !tag.closing {
            shown.say_all("• ");
        }
    }
    if let Some(href) = &tag.href {
        let allowed = ["http://", "https://", "mailto:", "ftp://", "magnet:"];
        let pill = href.starts_with("https://matrix.to/#/");
        // Clients drop links with other schemes, and show a pill for a person.
        if !tag.closing && tag.name == "a" && !pill && allowed.iter().any(|scheme| href.starts_with(scheme)) {
            shown.links.push(href.clone());
        }
    }
}

fn tidy(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_vanish_and_links_are_kept() {
        let shown = resolve("<b>到期</b>：<a href=\"https://example.com/?a=1&amp;b=2\">打开</a><br>二 &lt;v2&gt;");
        assert_eq!(shown.text, "到期：打开\n二 <v2>");
        assert_eq!(shown.links, ["https://example.com/?a=1&b=2"]);
    }

    #[test]
    fn text_in_angle_brackets_vanishes_when_it_looks_like_a_tag() {
        assert_eq!(resolve("报告<draft>与<张三>和 a < b").text, "报告与<张三>和 a < b");
    }

    #[test]
    fn items_of_a_list_stand_on_lines_of_their_own() {
        assert_eq!(
            resolve("<p>一</p><ul><li>二</li><li>三</li></ul>四").text,
            "一\n• 二\n• 三\n四"
        );
    }

    #[test]
    fn a_script_is_not_shown() {
        assert_eq!(resolve("前<script>alert(1)</script>后").text, "前后");
    }
}
