//! Where things stand in the files, and the list of what is wrong with them, until it becomes [`Problems`].

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::files::workbook::Places;

use super::discretion::may_show_a_secret;
use super::problem::{PRINTED_MAX, Problem, Problems, Severity};

/// A range of bytes in one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Which source; `u32::MAX`: none.
    pub(super) source: u32,
    /// First byte of its text.
    pub(super) start: u32,
    /// First byte past it; a file without any text: equal.
    pub(super) end: u32,
}

impl Place {
    /// Somewhere that is in no file.
    pub(super) const NOWHERE: Self = Self {
        source: u32::MAX,
        start: 0,
        end: 0,
    };

    pub(super) fn new(source: u32, range: &Range<usize>) -> Self {
        let number = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
        Self {
            source,
            start: number(range.start),
            end: number(range.end),
        }
    }

    /// A file as a whole.
    pub(super) fn whole(source: u32) -> Self {
        Self {
            source,
            start: 0,
            end: 0,
        }
    }
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) place: Place,
}

impl<T> Placed<T> {
    pub(super) fn new(value: T, place: Place) -> Self {
        Self { value, place }
    }
}

/// A file's text, kept for excerpts.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    /// Empty for a workbook.
    pub(super) text: String,
    line_starts: Vec<usize>,
    /// Of a workbook: places are those of its cells.
    book: Option<Arc<Places>>,
}

impl Source {
    fn new(path: PathBuf, text: String) -> Self {
        let breaks = text
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b'\n')
            .map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0).chain(breaks).collect();
        Self {
            path,
            text,
            line_starts,
            book: None,
        }
    }

    /// `file:line` of a byte, or `file, sheet!cell`.
    fn at(&self, byte: usize) -> String {
        let path = self.path.display();
        match &self.book {
            None => format!("{path}:{}", self.locate(byte).0),
            Some(book) => match book.locate(byte) {
                Some(cell) => format!("{path}, {cell}"),
                None => path.to_string(),
            },
        }
    }

    /// Line and column, both from 1, and the byte range of the line.
    fn locate(&self, byte: usize) -> (usize, usize, Range<usize>) {
        let line = self.line_starts.partition_point(|start| *start <= byte).max(1);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0);
        let end = self.line_starts.get(line).map_or(self.text.len(), |next| next - 1);
        let column = self
            .text
            .get(start..byte)
            .map_or(1, |before| before.chars().count() + 1);
        (line, column, start..end)
    }
}

struct Fault {
    severity: Severity,
    place: Place,
    text: String,
    hint: Option<String>,
    /// The line is no TOML.
    broken: bool,
}

/// All sources and all faults found so far.
#[derive(Default)]
pub(super) struct Faults {
    sources: Vec<Source>,
    list: Vec<Fault>,
    suggestions: u32,
    /// Files from which secrets were read: never shown, but a change of theirs is one of the configuration.
    pub(super) secrets: BTreeSet<PathBuf>,
}

/// Looking for similar names is slow; after so many the first hints have told what is wrong.
const SUGGESTIONS_MAX: u32 = 500;

/// An excerpt of a long line is cut to so many characters on each side.
const EXCERPT_SIDE_CHARS: usize = 60;

impl Faults {
    pub(super) fn add_source(&mut self, path: PathBuf, text: String) -> u32 {
        self.sources.push(Source::new(path, text));
        u32::try_from(self.sources.len() - 1).unwrap_or(u32::MAX)
    }

    pub(super) fn add_book(&mut self, path: PathBuf, places: Arc<Places>) -> u32 {
        let number = self.add_source(path, String::new());
        if let Some(source) = self.sources.last_mut() {
            source.book = Some(places);
        }
        number
    }

    pub(super) fn source(&self, source: u32) -> Option<&Source> {
        self.sources.get(usize::try_from(source).ok()?)
    }

    /// The folder of the file at a place: what paths there are relative to.
    pub(super) fn folder(&self, place: Place) -> &Path {
        self.source(place.source)
            .and_then(|source| source.path.parent())
            .unwrap_or(Path::new(""))
    }

    /// `file:line` of a place, or `file, sheet!cell`, for words.
    pub(super) fn at(&self, place: Place) -> String {
        let start = usize::try_from(place.start).unwrap_or(0);
        self.source(place.source)
            .map_or_else(String::new, |source| source.at(start))
    }

    pub(super) fn error(&mut self, place: Place, text: impl Into<String>) {
        self.push(Severity::Error, place, text.into(), None);
    }

    /// A line that is no TOML.
    pub(super) fn syntax_error(&mut self, place: Place, text: impl Into<String>) {
        let before = self.list.len();
        self.error(place, text);
        if let Some(fault) = self.list.get_mut(before) {
            fault.broken = true;
        }
    }

    /// Says that a text holds a character that no name or title has: it would rule the terminals and mails it comes to.
    pub(super) fn refuse_control(&mut self, place: Place, text: &str) {
        let is_control = |letter: &char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
        if let Some(letter) = text.chars().find(is_control) {
            let text = format!("the text holds the control character U+{:04X}", u32::from(letter));
            self.error_hint(place, text, "take it out");
        }
    }

    pub(super) fn error_hint(&mut self, place: Place, text: impl Into<String>, hint: impl Into<String>) {
        self.push(Severity::Error, place, text.into(), Some(hint.into()));
    }

    pub(super) fn warning(&mut self, place: Place, text: impl Into<String>) {
        self.push(Severity::Warning, place, text.into(), None);
    }

    pub(super) fn warning_hint(&mut self, place: Place, text: impl Into<String>, hint: impl Into<String>) {
        self.push(Severity::Warning, place, text.into(), Some(hint.into()));
    }

    /// An error whose hint is the most similar of the names, or `else_hint`.
    pub(super) fn unknown<'a>(
        &mut self,
        place: Place,
        text: impl Into<String>,
        wrong: &str,
        names: impl IntoIterator<Item = &'a str>,
        else_hint: Option<String>,
    ) {
        let hint = self.similar(wrong, names).map(|name| format!("did you mean `{name}`?"));
        self.push(Severity::Error, place, text.into(), hint.or(else_hint));
    }

    /// The most similar of the names, where one is near enough.
    pub(super) fn similar<'a>(&mut self, wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        if self.suggestions >= SUGGESTIONS_MAX {
            return None;
        }
        self.suggestions += 1;
        similar(wrong, names)
    }

    pub(super) fn has_errors(&self) -> bool {
        self.list.iter().any(|fault| fault.severity == Severity::Error)
    }

    fn push(&mut self, severity: Severity, place: Place, text: String, hint: Option<String>) {
        let same = |fault: &Fault| fault.place == place && fault.text == text;
        if !self.list.iter().rev().take(8).any(same) {
            self.list.push(Fault {
                severity,
                place,
                text: printable(text),
                hint: hint.map(printable),
                broken: false,
            });
        }
    }

    pub(super) fn into_problems(mut self) -> Problems {
        let mut list = std::mem::take(&mut self.list);
        list.sort_by(|a, b| (a.place, a.severity, &a.text).cmp(&(b.place, b.severity, &b.text)));
        let problem = |(number, fault): (usize, Fault)| self.problem(fault, number < PRINTED_MAX);
        Problems(list.into_iter().enumerate().map(problem).collect())
    }

    fn problem(&self, fault: Fault, with_excerpt: bool) -> Problem {
        let mut problem = Problem {
            severity: fault.severity,
            file: None,
            line: 0,
            column: 0,
            cell: None,
            text: fault.text,
            excerpt: String::new(),
            hint: fault.hint,
        };
        let Some(source) = self.source(fault.place.source) else {
            return problem;
        };
        problem.file = Some(source.path.clone());
        let start = usize::try_from(fault.place.start).unwrap_or(0);
        let end = usize::try_from(fault.place.end).unwrap_or(0);
        if let Some(book) = &source.book {
            problem.cell = book.locate(start).map(printable);
            if with_excerpt {
                problem.excerpt = cell_excerpt(book.text(&(start..end)), &problem.text);
            }
            return problem;
        }
        let (line, column, range) = source.locate(start);
        problem.line = u32::try_from(line).unwrap_or(u32::MAX);
        problem.column = u32::try_from(column).unwrap_or(u32::MAX);
        if with_excerpt && end > start {
            let text = source.text.get(range.clone()).unwrap_or_default();
            let is_toml = source.path.extension().is_some_and(|extension| extension == "toml");
            let above = source.text.get(..range.start).unwrap_or_default();
            if !(is_toml && may_show_a_secret(text, above, fault.broken)) {
                problem.excerpt = excerpt(
                    text,
                    line,
                    start - range.start..end.min(range.end).max(start) - range.start,
                );
            }
        }
        problem
    }
}

/// Control characters, which a terminal would obey, as the sign for what cannot be shown.
fn printable(text: String) -> String {
    if text.contains(char::is_control) {
        text.replace(['\n', '\r', '\t'], " ")
            .replace(char::is_control, "\u{fffd}")
    } else {
        text
    }
}

/// What stands in a cell, where the problem does not say it already.
fn cell_excerpt(text: &str, said: &str) -> String {
    let text = printable(text.to_owned());
    if text.is_empty() || said.contains(&text) {
        return String::new();
    }
    let mut shown: String = text.chars().take(2 * EXCERPT_SIDE_CHARS).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("  | {shown}")
}

fn excerpt(line: &str, number: usize, marked: Range<usize>) -> String {
    let line = line.trim_end_matches('\r');
    let before: Vec<(usize, char)> = line.char_indices().take_while(|(at, _)| *at < marked.start).collect();
    let cut_start = match before.len().checked_sub(EXCERPT_SIDE_CHARS) {
        Some(from) => before.get(from).map_or(0, |(at, _)| *at),
        None => 0,
    };
    let cut_end = line
        .char_indices()
        .skip_while(|(at, _)| *at < marked.start)
        .nth(2 * EXCERPT_SIDE_CHARS)
        .map_or(line.len(), |(at, _)| at);
    let Some(text) = line.get(cut_start..cut_end) else {
        return String::new();
    };
    let start = (marked.start - cut_start).min(text.len());
    let end = marked.end.saturating_sub(cut_start).clamp(start, text.len());
    if end == start {
        return String::new();
    }
    let snippet = Snippet::source(text)
        .line_start(number)
        .annotation(AnnotationKind::Primary.span(start..end));
    Renderer::plain().render(&[Group::with_level(Level::ERROR).element(snippet)])
}

pub(super) fn similar<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong_chars = wrong.chars().count();
    let limit = match wrong_chars {
        0 | 1 => return None,
        2..=5 => 1,
        6..=8 => 2,
        _ => wrong_chars / 3,
    };
    names
        .into_iter()
        .filter(|name| name.chars().count().abs_diff(wrong_chars) <= limit)
        .map(|name| {
            (
                strsim::damerau_levenshtein(&wrong.to_lowercase(), &name.to_lowercase()),
                name,
            )
        })
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_names_are_found_by_characters_in_any_script() {
        assert_eq!(similar("市教育居", ["市公安局", "市教育局"]), Some("市教育局"));
        assert_eq!(similar("dealine", ["deadline", "due"]), Some("deadline"));
        assert_eq!(similar("ab", ["cd"]), None);
    }

    #[test]
    fn an_excerpt_of_a_long_line_is_cut_around_its_place() {
        let line = format!("{}错{}", "长".repeat(300), "长".repeat(300));
        let text = excerpt(&line, 7, 900..903);
        assert!(text.contains('错') && text.chars().count() < 500, "{text}");
    }
}
