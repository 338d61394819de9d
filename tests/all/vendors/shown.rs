//! What is left of markup on a screen, and what applications make of plain text by themselves.

/// What people see of a marked-up text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    pub(crate) text: String,
    /// The same, with spaces in place of code, where nobody is mentioned.
    pub(crate) spoken: String,
    pub(crate) links: Vec<String>,
}

impl Shown {
    pub(crate) fn say(&mut self, character: char) {
        self.text.push(character);
        self.spoken.push(character);
    }

    pub(crate) fn say_all(&mut self, text: &str) {
        self.text.push_str(text);
        self.spoken.push_str(text);
    }

    pub(crate) fn code(&mut self, text: &str) {
        self.text.push_str(text);
        self.spoken.extend(text.chars().map(|_| ' '));
    }

    /// Text without markup, in which addresses still become links.
    pub(crate) fn plain(text: &str, domains: Domains) -> Self {
        let mut shown = Self::default();
        let chars: Vec<char> = text.chars().collect();
        let mut at = 0;
        while at < chars.len() {
            if let Some(end) = link_end(&chars, at, domains) {
                let link: String = chars[at..end].iter().collect();
                shown.say_all(&link);
                shown.links.push(link);
                at = end;
            } else {
                shown.say(chars[at]);
                at += 1;
            }
        }
        shown
    }
}

/// Whether `example.com` alone is a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Domains {
    Linked,
    Plain,
}

const ENDINGS: &[&str] = &[
    "com", "net", "org", "cn", "io", "dev", "app", "info", "gov", "edu", "me", "ru", "de", "uk", "jp",
];

/// Where the address ends that begins here, if one does.
pub(crate) fn link_end(chars: &[char], at: usize, domains: Domains) -> Option<usize> {
    let before = at.checked_sub(1).map(|before| chars[before]);
    if before.is_some_and(|before| before.is_ascii_alphanumeric() || "@/._-".contains(before)) {
        return None;
    }
    let start = ["https://", "http://", "www."]
        .iter()
        .find(|scheme| starts(chars, at, scheme))
        .map(|scheme| at + scheme.len());
    let start = match start {
        Some(start) => start,
        None if domains == Domains::Linked => bare_domain(chars, at)?,
        None => return None,
    };
    let mut end = start;
    while end < chars.len() && goes_on(chars[end]) {
        end += 1;
    }
    // A full stop after an address ends the sentence, and a bracket closes what was opened before it.
    while end > start && (".,;:!?'\"*_~".contains(chars[end - 1]) || closes(&chars[at..end])) {
        end -= 1;
    }
    let host = chars.get(at..end)?;
    let named = end > start || (domains == Domains::Linked && host.contains(&'.'));
    named.then_some(end)
}

fn bare_domain(chars: &[char], at: usize) -> Option<usize> {
    let mut end = at;
    while end < chars.len() && (chars[end].is_ascii_alphanumeric() || ".-".contains(chars[end])) {
        end += 1;
    }
    while end > at && ".-".contains(chars[end - 1]) {
        end -= 1;
    }
    let host: String = chars[at..end].iter().collect();
    let (name, ending) = host.rsplit_once('.')?;
    let known = ENDINGS.contains(&ending.to_ascii_lowercase().as_str());
    let mail = chars.get(end) == Some(&'@');
    (known && !name.is_empty() && !name.starts_with('.') && !mail).then_some(end)
}

fn goes_on(character: char) -> bool {
    !character.is_whitespace()
        && !character.is_control()
        && !"<>\"`|，。；：！？、（）《》「」【】“”‘’…".contains(character)
}

fn closes(link: &[char]) -> bool {
    let count = |wanted: char| link.iter().filter(|c| **c == wanted).count();
    match link.last() {
        Some(')') => count(')') > count('('),
        Some(']') => count(']') > count('['),
        Some(_) | None => false,
    }
}

/// Whether the text goes on like this, whatever the case.
pub(crate) fn starts(chars: &[char], at: usize, word: &str) -> bool {
    let mut rest = chars[at..].iter();
    word.chars()
        .all(|wanted| rest.next().is_some_and(|c| c.eq_ignore_ascii_case(&wanted)))
}

const NAMES: &[(&str, char)] = &[
    ("lt", '<'),
    ("gt", '>'),
    ("amp", '&'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", '\u{a0}'),
    ("copy", '©'),
    ("reg", '®'),
    ("trade", '™'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("hellip", '…'),
    ("mdash", '—'),
    ("ndash", '–'),
    ("times", '×'),
    ("yen", '¥'),
    ("sect", '§'),
    ("deg", '°'),
    ("middot", '·'),
    ("bull", '•'),
    ("rarr", '→'),
    ("larr", '←'),
    ("ge", '≥'),
    ("le", '≤'),
    ("ne", '≠'),
    ("zwj", '\u{200d}'),
    ("ZeroWidthSpace", '\u{200b}'),
    ("ast", '*'),
    ("lowbar", '_'),
    ("num", '#'),
    ("commat", '@'),
    ("lsqb", '['),
    ("lbrack", '['),
];

/// The entity that begins at this ampersand, as a browser reads it, and where it ends.
pub(crate) fn entity(chars: &[char], at: usize) -> Option<(char, usize)> {
    let length = chars[at..].iter().take(33).position(|c| *c == ';')?;
    let name: String = chars[at + 1..at + length].iter().collect();
    let end = at + length + 1;
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        };
        return Some((char::from_u32(code).filter(|c| *c != '\0').unwrap_or('\u{fffd}'), end));
    }
    let found = NAMES.iter().find(|(known, _)| *known == name)?;
    Some((found.1, end))
}

const EMOJI: &[(&str, &str)] = &[
    ("alarm_clock", "⏰"),
    ("warning", "⚠️"),
    ("bell", "🔔"),
    ("rotating_light", "🚨"),
    ("white_check_mark", "✅"),
    ("heavy_check_mark", "✔️"),
    ("x", "❌"),
    ("calendar", "📅"),
    ("date", "📅"),
    ("hourglass", "⌛"),
    ("fire", "🔥"),
    ("mega", "📣"),
    ("loudspeaker", "📢"),
    ("red_circle", "🔴"),
    ("tada", "🎉"),
    ("smile", "😄"),
    ("+1", "👍"),
    ("100", "💯"),
    ("a", "🅰️"),
];

/// The picture that this short name stands for.
pub(crate) fn emoji(name: &str) -> Option<&'static str> {
    EMOJI
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, picture)| *picture)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(text: &str, domains: Domains) -> Vec<String> {
        Shown::plain(text, domains).links
    }

    #[test]
    fn an_address_ends_before_the_stop_of_its_sentence() {
        let text = "见 https://example.com/t/42。(http://a.example/x_(1)).";
        assert_eq!(
            links(text, Domains::Plain),
            ["https://example.com/t/42", "http://a.example/x_(1)"]
        );
    }

    #[test]
    fn an_address_swallows_the_word_written_to_it() {
        assert_eq!(
            links("https://example.com/t/42打开", Domains::Plain),
            ["https://example.com/t/42打开"]
        );
    }

    #[test]
    fn a_bare_domain_is_a_link_only_where_applications_make_one() {
        assert_eq!(links("见 evil.com/x 和 v1.2", Domains::Linked), ["evil.com/x"]);
        assert!(links("见 evil.com/x", Domains::Plain).is_empty());
    }

    #[test]
    fn an_address_of_mail_is_no_domain() {
        assert!(links("li@corp.com a.b@corp.com", Domains::Linked).is_empty());
    }
}
