//! The dialects of Markdown, resolved into what people see. Where a vendor says nothing, markup is recognised rather than
//! not, and an escape is not: text that was not made harmless shows.

use std::fmt;

/// What people see of a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Seen {
    pub(crate) text: String,
    /// Whom it rings, each once.
    pub(crate) rings: Vec<String>,
    pub(crate) links: Vec<String>,
}

impl Seen {
    pub(crate) fn show(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Shows a text on a line of its own.
    pub(crate) fn line(&mut self, text: &str) {
        self.new_line();
        self.show(text);
    }

    /// Ends the line, if one has begun.
    pub(crate) fn new_line(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.show("\n");
        }
    }

    pub(crate) fn ring(&mut self, who: &str) {
        if !self.rings.iter().any(|known| known == who) {
            self.rings.push(who.to_owned());
        }
    }

    pub(crate) fn link(&mut self, url: &str) {
        self.links.push(url.to_owned());
    }
}

/// Which line breaks of the source break a line that people see.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Breaks {
    Every,
    /// Blank lines, and those before and after headings, lists and quotes.
    Blank,
    /// As `Blank`, and those with two spaces on both sides.
    Spaced,
}

/// Which entities show the character they name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Entities {
    None,
    /// `&amp;`, `&lt;`, `&gt;`.
    Three,
    /// Those of HTML, by name and by number.
    Html,
}

/// What a vendor's application takes for markup.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialect {
    /// Pairs that vanish around what they mark; the longer of two that begin alike stands first.
    pub(crate) marks: &'static [&'static str],
    /// Whether marks count only at the edges of words.
    pub(crate) is_bounded: bool,
    /// Whether a backslash makes punctuation harmless.
    pub(crate) escapes: bool,
    pub(crate) entities: Entities,
    /// How many levels of headings there are.
    pub(crate) headings: usize,
    pub(crate) quotes: &'static [&'static str],
    /// Whether `[text](url)` is a link.
    pub(crate) links: bool,
    pub(crate) breaks: Breaks,
}

/// Resolves what begins with `<` or `@`: shows it and says how many bytes it took, or leaves it.
pub(crate) type Tag<'a> = &'a mut dyn FnMut(&str, &mut Seen) -> Option<usize>;

/// A text without markup, in which applications still make links of addresses.
pub(crate) const PLAIN: Dialect = Dialect {
    marks: &[],
    is_bounded: false,
    escapes: false,
    entities: Entities::None,
    headings: 0,
    quotes: &[],
    links: false,
    breaks: Breaks::Every,
};

impl Dialect {
    /// Shows a text, from a new line on.
    pub(crate) fn show(&self, text: &str, seen: &mut Seen, tag: Tag<'_>) {
        seen.new_line();
        let has_fences = self.marks.contains(&"```");
        for (place, part) in text.split("```").enumerate() {
            let is_last = text.split("```").count() == place + 1;
            if has_fences && place % 2 == 1 && !is_last {
                self.code(part, seen, tag);
                continue;
            }
            if place > 0 && (!has_fences || place % 2 == 1) {
                seen.show("```");
            }
            for (place, line) in self.lines(part).iter().enumerate() {
                if place > 0 {
                    seen.show("\n");
                }
                self.inline(line, seen, tag);
            }
        }
    }

    /// Inside of code, marks show. Where only three entities are known, angles are no marks and count there too.
    fn code(&self, text: &str, seen: &mut Seen, tag: Tag<'_>) {
        match self.entities {
            Entities::Three => Self { marks: &[], ..*self }.inline(text, seen, tag),
            Entities::None | Entities::Html => seen.show(text),
        }
    }

    /// The lines that people see, without the signs before headings and quotes.
    fn lines(&self, text: &str) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut is_open = false;
        let mut before = "";
        for source in text.split('\n') {
            let (line, begins, ends) = self.line(source);
            let is_broken = match self.breaks {
                Breaks::Every => true,
                Breaks::Blank => begins || !is_open,
                Breaks::Spaced => begins || !is_open || (before.ends_with("  ") && source.starts_with("  ")),
            };
            let is_blank = line.trim().is_empty();
            if self.breaks == Breaks::Every {
                lines.push(line);
            } else if is_blank {
                // It only ends the paragraph.
            } else if let (false, Some(last)) = (is_broken, lines.last_mut()) {
                last.push(' ');
                last.push_str(line.trim());
            } else {
                lines.push(line.trim().to_owned());
            }
            is_open = !is_blank && !ends;
            before = source;
        }
        lines
    }

    /// A line without the signs at its beginning, whether it begins something new, and whether nothing joins it.
    fn line(&self, source: &str) -> (String, bool, bool) {
        let mut line = source;
        let mut begins = false;
        while let Some(rest) = self.quotes.iter().find_map(|sign| line.trim_start().strip_prefix(sign)) {
            line = rest.strip_prefix(' ').unwrap_or(rest);
            begins = true;
        }
        let start = line.trim_start();
        let level = start.chars().take_while(|it| *it == '#').count();
        if let Some(title) = start.trim_start_matches('#').strip_prefix(' ')
            && (1..=self.headings).contains(&level)
        {
            return (title.trim_start().to_owned(), true, true);
        }
        let digits = start.trim_start_matches(|it: char| it.is_ascii_digit());
        let is_item = ["- ", "* ", "+ "].iter().any(|sign| start.starts_with(sign))
            || (digits.len() < start.len() && digits.starts_with(". "));
        (line.to_owned(), begins || is_item, false)
    }

    /// One line, or what stands inside of marks.
    fn inline(&self, text: &str, seen: &mut Seen, tag: Tag<'_>) {
        let mut rest = text;
        let mut before: Option<char> = None;
        while let Some(first) = rest.chars().next() {
            let taken = self
                .escape(rest, seen)
                .or_else(|| self.entity(rest, seen))
                .or_else(|| self.link(rest, seen, &mut *tag))
                .or_else(|| autolink(rest, seen))
                .or_else(|| if "<@".contains(first) { tag(rest, seen) } else { None })
                .or_else(|| self.mark(before, rest, seen, &mut *tag));
            let taken = taken.unwrap_or_else(|| {
                seen.text.push(first);
                first.len_utf8()
            });
            let (gone, left) = rest.split_at(taken);
            before = gone.chars().last();
            rest = left;
        }
    }

    fn escape(&self, rest: &str, seen: &mut Seen) -> Option<usize> {
        let escaped = rest.strip_prefix('\\')?.chars().next()?;
        if !self.escapes || !escaped.is_ascii_punctuation() {
            return None;
        }
        seen.text.push(escaped);
        Some(2)
    }

    fn entity(&self, rest: &str, seen: &mut Seen) -> Option<usize> {
        let (shown, taken) = entity(rest, self.entities)?;
        seen.text.push(shown);
        Some(taken)
    }

    fn link(&self, rest: &str, seen: &mut Seen, tag: Tag<'_>) -> Option<usize> {
        if !self.links {
            return None;
        }
        let bracket = rest.strip_prefix('!').unwrap_or(rest);
        let (label, after) = self.enclosed(bracket, '[', ']')?;
        let (target, after) = self.enclosed(after, '(', ')')?;
        let url = target.split_whitespace().next()?;
        seen.link(&decode(url.trim_matches(['<', '>']), self.entities));
        self.inline(label, seen, tag);
        Some(rest.len() - after.len())
    }

    /// What stands between two brackets at the beginning of a text, and what comes after.
    fn enclosed<'a>(&self, text: &'a str, open: char, close: char) -> Option<(&'a str, &'a str)> {
        let inner = text.strip_prefix(open)?;
        let mut depth = 1;
        let mut is_escaped = false;
        for (place, it) in inner.char_indices() {
            if is_escaped {
                is_escaped = false;
            } else if it == '\\' && self.escapes {
                is_escaped = true;
            } else if it == open {
                depth += 1;
            } else if it == close {
                depth -= 1;
                if depth == 0 {
                    let (inside, after) = inner.split_at(place);
                    return Some((inside, after.strip_prefix(close)?));
                }
            }
        }
        None
    }

    fn mark(&self, before: Option<char>, rest: &str, seen: &mut Seen, tag: Tag<'_>) -> Option<usize> {
        let mark = self.marks.iter().find(|mark| rest.starts_with(**mark))?;
        let is_bounded = self.is_bounded || mark.starts_with('_');
        let is_word = |it: Option<char>| it.is_some_and(char::is_alphanumeric);
        if is_bounded && is_word(before) {
            return None;
        }
        let inner = rest.strip_prefix(mark)?;
        let inside = self
            .marked(mark, inner, Runs::Whole)
            .or_else(|| self.marked(mark, inner, Runs::Any))?;
        if mark.starts_with('`') {
            self.code(inside, seen, tag);
        } else {
            self.inline(inside, seen, tag);
        }
        Some(inside.len() + 2 * mark.len())
    }

    /// What stands before the mark that closes.
    fn marked<'a>(&self, mark: &str, inner: &'a str, runs: Runs) -> Option<&'a str> {
        let is_code = mark.starts_with('`');
        let is_bounded = self.is_bounded || mark.starts_with('_');
        let mut from = 0;
        while let Some(place) = inner.get(from..)?.find(mark).map(|place| place + from) {
            let (inside, after) = inner.split_at(place);
            let after = after.strip_prefix(mark)?;
            from = place + mark.len();
            if runs == Runs::Whole && after.starts_with(mark) {
                from += mark.len();
                continue;
            }
            let is_edge = inside.starts_with(char::is_whitespace) || inside.ends_with(char::is_whitespace);
            let is_escaped = self.escapes && !is_code && inside.ends_with('\\');
            let is_inside_word = is_bounded && after.starts_with(char::is_alphanumeric);
            if !inside.is_empty() && !is_escaped && !is_inside_word && (is_code || !is_edge) {
                return Some(inside);
            }
        }
        None
    }
}

/// Whether a mark may close inside of a longer run of its kind.
#[derive(Clone, Copy, PartialEq)]
enum Runs {
    Whole,
    Any,
}

/// An address becomes a link by itself.
fn autolink(rest: &str, seen: &mut Seen) -> Option<usize> {
    if !rest.starts_with("http://") && !rest.starts_with("https://") {
        return None;
    }
    let end = rest.find(|it: char| it.is_whitespace() || !it.is_ascii() || "<>\"|`".contains(it));
    let (url, _) = rest.split_at(end.unwrap_or(rest.len()));
    let mut url = url.trim_end_matches(|it: char| ".,;:!?'*~".contains(it));
    if !url.contains('(') {
        url = url.split(')').next()?;
    }
    if url.ends_with("//") {
        return None;
    }
    seen.link(url);
    seen.show(url);
    Some(url.len())
}

fn entity(rest: &str, entities: Entities) -> Option<(char, usize)> {
    let name = rest.strip_prefix('&')?.split_once(';')?.0;
    let shown = match (entities, name) {
        (Entities::None, _) => return None,
        (_, "amp") => '&',
        (_, "lt") => '<',
        (_, "gt") => '>',
        (Entities::Three, _) => return None,
        (Entities::Html, "quot") => '"',
        (Entities::Html, "apos") => '\'',
        (Entities::Html, "nbsp") => '\u{a0}',
        (Entities::Html, number) => {
            let number = number.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((shown, name.len() + 2))
}

/// A text with its entities resolved.
pub(crate) fn decode(text: &str, entities: Entities) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (it, taken) = entity(rest, entities).unwrap_or((first, first.len_utf8()));
        shown.push(it);
        rest = rest.split_at(taken).1;
    }
    shown
}

/// An HTML-like tag at the beginning of a text.
#[derive(Debug, PartialEq)]
pub(crate) struct Element<'a> {
    /// In lower case; with `/` when it closes.
    pub(crate) name: String,
    attributes: &'a str,
    /// Bytes with both angles.
    pub(crate) length: usize,
}

impl<'a> Element<'a> {
    pub(crate) fn at(text: &'a str) -> Option<Self> {
        let inside = text.strip_prefix('<')?.split_once('>')?.0;
        let end = inside.find(|it: char| it.is_whitespace()).unwrap_or(inside.len());
        let (name, attributes) = inside.split_at(end);
        let bare = name.trim_matches('/');
        let is_name = bare.starts_with(|it: char| it.is_ascii_alphabetic())
            && bare.chars().all(|it| it.is_ascii_alphanumeric() || it == '_');
        (is_name && !inside.contains('<')).then(|| Self {
            name: name.trim_end_matches('/').to_lowercase(),
            attributes,
            length: inside.len() + 2,
        })
    }

    /// An attribute's value, with quotes or without.
    pub(crate) fn attribute(&self, name: &str) -> Option<&'a str> {
        let (before, value) = self.attributes.split_once(&format!("{name}="))?;
        if !before.is_empty() && !before.ends_with(char::is_whitespace) {
            return None;
        }
        for quote in ['"', '\''] {
            if let Some(quoted) = value.strip_prefix(quote) {
                return quoted.split(quote).next();
            }
        }
        value.trim_end_matches('/').split_whitespace().next()
    }
}

/// So that a test that fails shows what people saw.
impl fmt::Display for Seen {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}\nrings {:?}, links {:?}", self.text, self.rings, self.links)
    }
}

#[cfg(test)]
mod tests;
