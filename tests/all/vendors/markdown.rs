//! Markdown as applications of chats show it, on the liberal side: what any of them takes for markup is markup here, so that
//! text that was not escaped shows as a link, a ring or missing characters.

use std::collections::BTreeMap;

use super::shown::{Domains, Shown, emoji, entity, link_end};

/// What differs between the applications.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialect {
    /// `<tag>` vanishes; elsewhere it stays as text.
    swallows_tags: bool,
    /// `~text~` is struck through.
    single_tilde: bool,
    /// `:bell:` is a picture.
    short_names: bool,
    /// All of `CommonMark`: entities, definitions, rules, and a backslash before any punctuation.
    common: bool,
    domains: Domains,
}

pub(crate) const MATTERMOST: Dialect = Dialect {
    swallows_tags: false,
    single_tilde: false,
    short_names: true,
    common: true,
    domains: Domains::Plain,
};

pub(crate) const ROCKET_CHAT: Dialect = Dialect {
    swallows_tags: false,
    single_tilde: true,
    short_names: true,
    common: false,
    domains: Domains::Linked,
};

pub(crate) const NTFY: Dialect = Dialect {
    swallows_tags: true,
    single_tilde: false,
    short_names: false,
    common: true,
    domains: Domains::Plain,
};

pub(crate) const GOTIFY: Dialect = Dialect {
    swallows_tags: false,
    single_tilde: true,
    short_names: false,
    common: true,
    domains: Domains::Plain,
};

/// What people see of a text in this dialect.
pub(crate) fn resolve(source: &str, dialect: &Dialect) -> Shown {
    let source = source.replace("\r\n", "\n");
    let mut blocks = Blocks {
        common: dialect.common,
        ..Blocks::default()
    };
    for line in source.split('\n') {
        blocks.line(line);
    }
    let mut words = Words {
        dialect,
        definitions: &blocks.definitions,
        shown: Shown::default(),
    };
    let mut first = true;
    let mut gap = false;
    for block in &blocks.done {
        if matches!(block, Block::Blank) {
            gap = !first;
            continue;
        }
        if !first {
            words.shown.say_all(if gap { "\n\n" } else { "\n" });
        }
        (first, gap) = (false, false);
        match block {
            Block::Words { prefix, text } => {
                words.shown.say_all(prefix);
                words.run(&text.chars().collect::<Vec<_>>());
            }
            Block::Code(text) => words.shown.code(text),
            Block::Blank => {}
        }
    }
    words.shown
}

enum Block {
    Words { prefix: String, text: String },
    Code(String),
    Blank,
}

#[derive(Default)]
struct Blocks {
    common: bool,
    done: Vec<Block>,
    /// Whether the next line goes on with the last block.
    open: bool,
    fence: Option<String>,
    /// The number of the last item, in a list with numbers.
    number: Option<u64>,
    definitions: BTreeMap<String, String>,
}

impl Blocks {
    fn line(&mut self, line: &str) {
        let trimmed = line.trim();
        if let Some(fence) = &self.fence {
            if trimmed.starts_with(fence.as_str()) && trimmed.trim_start_matches(['`', '~']).is_empty() {
                self.fence = None;
            } else {
                self.done.push(Block::Code(line.to_owned()));
            }
            return;
        }
        if trimmed.is_empty() {
            self.done.push(Block::Blank);
            (self.open, self.number) = (false, None);
            return;
        }
        if self.common && !self.open && (line.starts_with("    ") || line.starts_with('\t')) {
            let code = line.strip_prefix("    ").or_else(|| line.strip_prefix('\t'));
            self.done.push(Block::Code(code.unwrap_or(line).to_owned()));
            return;
        }
        for mark in ["```", "~~~"] {
            if trimmed.starts_with(mark) && !trimmed.trim_start_matches(['`', '~']).contains('`') {
                self.fence = Some(mark.to_owned());
                (self.open, self.number) = (false, None);
                return;
            }
        }
        if let Some((label, target)) = definition(trimmed).filter(|_| self.common) {
            self.definitions.entry(label).or_insert(target);
            return;
        }
        if self.common && self.is_unseen(trimmed) {
            (self.open, self.number) = (self.open && is_table_rule(trimmed), None);
            return;
        }
        self.words(trimmed);
    }

    /// A line that is drawn, or that makes the one above it a heading.
    fn is_unseen(&self, line: &str) -> bool {
        is_rule(line) || (self.open && (is_underline(line) || is_table_rule(line)))
    }

    fn words(&mut self, line: &str) {
        if let Some(rest) = line.strip_prefix('>') {
            self.open = false;
            return self.line(rest.trim_start());
        }
        if let Some(heading) = heading(line) {
            self.push(String::new(), heading);
            self.open = false;
            return;
        }
        if let Some(item) = line
            .strip_prefix(['-', '*', '+'])
            .and_then(|rest| rest.strip_prefix(' '))
        {
            let item = item.trim_start();
            let (mark, item) = match item.strip_prefix("[ ] ") {
                Some(rest) => ("☐ ", rest),
                None => item.strip_prefix("[x] ").map_or(("• ", item), |rest| ("☑ ", rest)),
            };
            return self.push(mark.to_owned(), item);
        }
        let digits = line.chars().take_while(char::is_ascii_digit).count();
        if let Some((number, rest)) = line.split_at_checked(digits).filter(|_| (1..=9).contains(&digits))
            && let Some(item) = rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") "))
        {
            // Applications count for themselves after the first.
            let number = self
                .number
                .filter(|_| self.common)
                .map_or_else(|| number.parse().unwrap_or(1), |last| last + 1);
            self.push(format!("{number}. "), item.trim_start());
            self.number = Some(number);
            return;
        }
        match self.done.last_mut() {
            Some(Block::Words { text, .. }) if self.open => {
                text.push('\n');
                text.push_str(line);
            }
            Some(_) | None => self.push(String::new(), line),
        }
    }

    fn push(&mut self, prefix: String, text: &str) {
        self.done.push(Block::Words {
            prefix,
            text: text.to_owned(),
        });
        (self.open, self.number) = (true, None);
    }
}

fn heading(line: &str) -> Option<&str> {
    let marks = line.chars().take_while(|c| *c == '#').count();
    let rest = line.trim_start_matches('#');
    let fits = (1..=6).contains(&marks) && (rest.is_empty() || rest.starts_with(' '));
    let text = rest.trim();
    let bare = text.trim_end_matches('#');
    fits.then(|| {
        if bare.is_empty() || bare.ends_with(' ') {
            bare.trim_end()
        } else {
            text
        }
    })
}

fn is_rule(line: &str) -> bool {
    let marks: String = line.chars().filter(|c| *c != ' ').collect();
    marks.len() >= 3
        && ["-", "*", "_"]
            .iter()
            .any(|mark| marks.trim_matches(mark.chars().next().unwrap_or('-')).is_empty())
}

fn is_underline(line: &str) -> bool {
    line.trim_matches('=').is_empty() || line.trim_matches('-').is_empty()
}

fn is_table_rule(line: &str) -> bool {
    line.contains('|') && line.contains('-') && line.chars().all(|c| "|:- ".contains(c))
}

/// `[label]: target`, which is not shown.
fn definition(line: &str) -> Option<(String, String)> {
    let (label, rest) = line.strip_prefix('[')?.split_once("]:")?;
    if label.trim().is_empty() || label.contains(['[', ']']) || label.ends_with('\\') {
        return None;
    }
    let mut parts = rest.split_whitespace();
    let target = parts.next()?.trim_start_matches('<').trim_end_matches('>');
    let title = parts.next();
    let titled = title.is_none_or(|title| title.starts_with(['"', '\'', '(']));
    titled.then(|| (label.to_lowercase(), target.to_owned()))
}

struct Words<'a> {
    dialect: &'a Dialect,
    definitions: &'a BTreeMap<String, String>,
    shown: Shown,
}

impl Words<'_> {
    fn run(&mut self, chars: &[char]) {
        let mut at = 0;
        while at < chars.len() {
            at = self.step(chars, at);
        }
    }

    /// Shows what begins here and says where the next begins.
    fn step(&mut self, chars: &[char], at: usize) -> usize {
        let marked = match chars[at] {
            '\\' => self.escape(chars, at),
            '`' => self.code(chars, at),
            '&' if self.dialect.common => entity(chars, at).map(|(decoded, end)| {
                self.shown.say(decoded);
                end
            }),
            '<' => self.angle(chars, at),
            '!' if chars.get(at + 1) == Some(&'[') => self.link(chars, at + 1),
            '[' => self.link(chars, at),
            '*' | '_' | '~' => self.emphasis(chars, at),
            ':' if self.dialect.short_names => self.short_name(chars, at),
            _ => self.address(chars, at),
        };
        marked.unwrap_or_else(|| {
            self.shown.say(chars[at]);
            at + 1
        })
    }

    fn escape(&mut self, chars: &[char], at: usize) -> Option<usize> {
        let next = *chars.get(at + 1)?;
        let escaped = if self.dialect.common {
            next.is_ascii_punctuation() || next == '\n'
        } else {
            "*_~`#.".contains(next)
        };
        escaped.then(|| {
            self.shown.say(next);
            at + 2
        })
    }

    fn code(&mut self, chars: &[char], at: usize) -> Option<usize> {
        let (open, close) = code_span(chars, at)?;
        let text: String = chars[open..close].iter().collect::<String>().replace('\n', " ");
        let inner = text.strip_prefix(' ').and_then(|text| text.strip_suffix(' '));
        self.shown
            .code(inner.filter(|inner| !inner.trim().is_empty()).unwrap_or(&text));
        Some(close + open - at)
    }

    fn angle(&mut self, chars: &[char], at: usize) -> Option<usize> {
        if !self.dialect.common {
            return None;
        }
        let length = chars[at..].iter().position(|c| *c == '>')?;
        let inside: String = chars[at + 1..at + length].iter().collect();
        let end = at + length + 1;
        let scheme = inside.split_once(':').map_or("", |(scheme, _)| scheme);
        let address = (2..=32).contains(&scheme.len())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c))
            && !inside.contains(char::is_whitespace);
        if address {
            self.shown.say_all(&inside);
            self.shown.links.push(inside);
            return Some(end);
        }
        let name = inside.strip_prefix('/').unwrap_or(&inside);
        let tag = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!' || c == '?');
        (tag && self.dialect.swallows_tags).then_some(end)
    }

    /// A link or a picture; its text is shown and its target kept.
    fn link(&mut self, chars: &[char], at: usize) -> Option<usize> {
        if !self.dialect.common {
            return self.simple_link(chars, at);
        }
        let close = bracket_end(chars, at, '[', ']')?;
        let inner = &chars[at + 1..close];
        let after = chars.get(close + 1);
        if after == Some(&'(')
            && let Some(end) = bracket_end(chars, close + 1, '(', ')')
        {
            let target: String = chars[close + 2..end].iter().collect();
            self.shown.links.push(target_of(&target));
            self.run(inner);
            return Some(end + 1);
        }
        let mut label: String = inner.iter().collect();
        let mut end = close + 1;
        if after == Some(&'[') {
            let second = bracket_end(chars, close + 1, '[', ']')?;
            let named: String = chars[close + 2..second].iter().collect();
            if !named.is_empty() {
                label = named;
            }
            end = second + 1;
        }
        let target = self.definitions.get(&label.to_lowercase())?.clone();
        self.shown.links.push(target);
        self.run(inner);
        Some(end)
    }

    /// From the bracket to the next `](`, where a backslash protects nothing, but the target must look like one.
    fn simple_link(&mut self, chars: &[char], at: usize) -> Option<usize> {
        let line = chars[at..]
            .iter()
            .position(|c| *c == '\n')
            .map_or(chars.len(), |length| at + length);
        let close = (at + 1..line).find(|index| chars[*index..line].starts_with(&[']', '(']))?;
        let end = (close + 2..line).find(|index| chars[*index] == ')')?;
        let target: String = chars[close + 2..end].iter().collect();
        if target.contains(' ') || !target.contains([':', '.']) {
            return None;
        }
        self.shown.links.push(target.clone());
        if close == at + 1 {
            self.shown.say_all(&target);
        }
        self.run(&chars[at + 1..close]);
        Some(end + 1)
    }

    fn emphasis(&mut self, chars: &[char], at: usize) -> Option<usize> {
        let marks: &[&str] = if self.dialect.single_tilde {
            &["***", "**", "__", "~~", "*", "_", "~"]
        } else {
            &["***", "**", "__", "~~", "*", "_"]
        };
        for mark in marks {
            let mark: Vec<char> = mark.chars().collect();
            if let Some(close) = emphasis_end(chars, at, &mark) {
                self.run(&chars[at + mark.len()..close]);
                return Some(close + mark.len());
            }
        }
        // A run that opens nothing is text as a whole, so that its rest opens nothing either.
        let run = chars[at..].iter().take_while(|c| **c == chars[at]).count();
        self.shown.say_all(&chars[at..at + run].iter().collect::<String>());
        Some(at + run)
    }

    fn short_name(&mut self, chars: &[char], at: usize) -> Option<usize> {
        let length = chars[at + 1..].iter().take(40).position(|c| *c == ':')?;
        let name: String = chars[at + 1..at + 1 + length].iter().collect();
        self.shown.say_all(emoji(&name)?);
        Some(at + length + 2)
    }

    fn address(&mut self, chars: &[char], at: usize) -> Option<usize> {
        let end = link_end(chars, at, self.dialect.domains)?;
        let link: String = chars[at..end].iter().collect();
        self.shown.say_all(&link);
        self.shown.links.push(link);
        Some(end)
    }
}

/// Where the inside of a code span begins and ends.
fn code_span(chars: &[char], at: usize) -> Option<(usize, usize)> {
    let ticks = |from: usize| chars[from..].iter().take_while(|c| **c == '`').count();
    let width = ticks(at);
    let mut close = at + width;
    while close < chars.len() {
        let run = ticks(close);
        if run == width {
            return Some((at + width, close));
        }
        close += run.max(1);
    }
    None
}

/// Past what begins here and cannot close anything: an escape, a code span, or one character.
fn past(chars: &[char], at: usize) -> usize {
    match chars[at] {
        '\\' => at + 2,
        '`' => code_span(chars, at).map_or(at + 1, |(open, close)| close + open - at),
        _ => at + 1,
    }
}

fn bracket_end(chars: &[char], at: usize, open: char, close: char) -> Option<usize> {
    let mut depth = 0_usize;
    let mut now = at;
    while now < chars.len() {
        if chars[now] == open {
            depth += 1;
        }
        if chars[now] == close {
            depth -= 1;
            if depth == 0 {
                return Some(now);
            }
        }
        now = past(chars, now);
    }
    None
}

/// The target in `(target "title")`.
fn target_of(inside: &str) -> String {
    let inside = inside.trim();
    let untitled = inside
        .find([' ', '\n'])
        .and_then(|space| inside.split_at_checked(space))
        .filter(|(_, title)| title.trim_start().starts_with(['"', '\'']))
        .map_or(inside, |(target, _)| target);
    untitled.trim_start_matches('<').trim_end_matches('>').to_owned()
}

fn emphasis_end(chars: &[char], at: usize, mark: &[char]) -> Option<usize> {
    let word = |index: Option<usize>| {
        index
            .and_then(|index| chars.get(index))
            .is_some_and(|c| c.is_alphanumeric())
    };
    let blank = |index: usize| chars.get(index).is_none_or(|c| c.is_whitespace());
    let width = mark.len();
    let same = |index: Option<usize>| index.and_then(|index| chars.get(index)) == mark.first();
    if !chars[at..].starts_with(mark) || blank(at + width) || (width < 3 && same(Some(at + width))) {
        return None;
    }
    let inside_word = mark[0] == '_' && word(at.checked_sub(1));
    if inside_word {
        return None;
    }
    let mut close = at + width;
    // What opens within closes first.
    let mut nested = 0_usize;
    while close < chars.len() {
        let run = chars[close..].iter().take_while(|c| Some(*c) == mark.first()).count();
        if run == 0 {
            close = past(chars, close);
            continue;
        }
        let ends_inside_word = mark[0] == '_' && word(Some(close + run));
        if blank(close - 1) && !blank(close + run) {
            nested += usize::from(run == width);
        } else if run >= width && (width > 1 || run != 2) && !blank(close - 1) && !ends_inside_word {
            if nested == 0 {
                return Some(close + run - width);
            }
            nested -= 1;
        }
        close += run;
    }
    None
}

#[cfg(test)]
mod tests;
