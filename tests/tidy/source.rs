//! Rust text as the rules read it: without comments and the insides of strings, its tests apart from its product.

use std::fs;
use std::io;
use std::path::Path;

/// One file, read for its rules.
pub(crate) struct Source {
    /// From the project's root, with `/`.
    pub(crate) path: String,
    /// What ships: comments, insides of strings and tests are blanks, so that places stay where they are.
    pub(crate) product: String,
    /// What only tests see, in the same places.
    pub(crate) tests: String,
}

impl Source {
    /// Reads `text` as the file at `path`.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let code = without_words(text);
        let (product, tests) = if is_all_tests(path) {
            (blanked(&code), code)
        } else {
            without_tests(&code)
        };
        Self {
            path: path.to_owned(),
            product,
            tests,
        }
    }

    /// Product and tests together.
    pub(crate) fn all(&self) -> String {
        self.product
            .chars()
            .zip(self.tests.chars())
            .map(|(product, test)| if product.is_whitespace() { test } else { product })
            .collect()
    }

    /// The first part of the path below `src/`: `src/store/tasks.rs` and `src/store.rs` are of the room `store`.
    pub(crate) fn room(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        Some(
            inside
                .split_once('/')
                .map_or(inside.trim_end_matches(".rs"), |(room, _)| room),
        )
    }
}

/// All Rust files below `folder` of `root`, in the order of their paths.
pub(crate) fn read(root: &Path, folder: &str) -> io::Result<Vec<Source>> {
    let mut sources = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                waiting.push(path);
            } else if entry.path().extension().is_some_and(|extension| extension == "rs") {
                sources.push(Source::new(&path, &fs::read_to_string(entry.path())?));
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

/// The paths named by `use` lines, one for each leaf: `use a::{b, c::d}` gives `a::b` and `a::c::d`.
pub(crate) fn used_paths(code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for place in places(code, "use") {
        let Some(tree) = code.get(place + "use".len()..).and_then(|rest| rest.split(';').next()) else {
            continue;
        };
        if tree.starts_with(char::is_whitespace) {
            leaves("", &tree.split_whitespace().collect::<Vec<_>>().join(" "), &mut paths);
        }
    }
    paths
}

fn leaves(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let tree = tree.trim();
    let Some((head, body)) = tree.split_once('{') else {
        if let Some(path) = tree.split(" as ").next().filter(|path| !path.is_empty()) {
            paths.push(format!("{prefix}{path}"));
        }
        return;
    };
    let body = body.trim_end().trim_end_matches('}');
    // The last `}` of a nested group may have gone with ours; a missing one closes at the end by itself.
    let prefix = format!("{prefix}{}", head.trim());
    let mut depth = 0_usize;
    let mut part = String::new();
    for c in body.chars() {
        match c {
            ',' if depth == 0 => leaves(&prefix, &std::mem::take(&mut part), paths),
            _ => {
                depth = match c {
                    '{' => depth + 1,
                    '}' => depth.saturating_sub(1),
                    _ => depth,
                };
                part.push(c);
            }
        }
    }
    leaves(&prefix, &part, paths);
}

/// Where `word` stands in `code` and is not a part of a longer name.
pub(crate) fn places(code: &str, word: &str) -> Vec<usize> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let open_start = !word.starts_with(is_name);
    let open_end = !word.ends_with(is_name);
    code.match_indices(word)
        .filter(|(place, _)| {
            let before = code.get(..*place).and_then(|text| text.chars().next_back());
            let after = code.get(place + word.len()..).and_then(|text| text.chars().next());
            (open_start || !before.is_some_and(is_name)) && (open_end || !after.is_some_and(is_name))
        })
        .map(|(place, _)| place)
        .collect()
}

/// The line, from 1, of a place.
pub(crate) fn line_of(code: &str, place: usize) -> usize {
    code.get(..place).map_or(1, |before| before.matches('\n').count() + 1)
}

fn is_all_tests(path: &str) -> bool {
    path.starts_with("tests/") || path.ends_with("/tests.rs") || path.contains("/tests/")
}

fn blank(c: char) -> char {
    if c == '\n' { '\n' } else { ' ' }
}

fn blanked(text: &str) -> String {
    text.chars().map(blank).collect()
}

/// Comments and the insides of strings become blanks.
fn without_words(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let rest = chars.get(at..).unwrap_or_default();
        let before = at.checked_sub(1).and_then(|before| chars.get(before));
        let in_name = before.is_some_and(|c| (c.is_alphanumeric() && *c != 'b') || *c == '_');
        let length = match c {
            '/' if rest.starts_with(&['/', '/']) => rest.iter().take_while(|c| **c != '\n').count(),
            '/' if rest.starts_with(&['/', '*']) => block_comment(rest),
            'r' if !in_name => raw_string(rest),
            '"' => string(rest),
            '\'' => character(rest),
            _ => 0,
        };
        if length == 0 {
            code.push(c);
            at += 1;
        } else {
            code.extend(rest.iter().take(length).map(|c| blank(*c)));
            at += length;
        }
    }
    code
}

fn block_comment(rest: &[char]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        let here = rest.get(at..).unwrap_or_default();
        if here.starts_with(&['/', '*']) {
            depth += 1;
            at += 2;
        } else if here.starts_with(&['*', '/']) {
            depth -= 1;
            at += 2;
        } else {
            at += 1;
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn raw_string(rest: &[char]) -> usize {
    let hashes = rest.iter().skip(1).take_while(|c| **c == '#').count();
    if rest.get(hashes + 1) != Some(&'"') {
        return 0;
    }
    let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let start = hashes + 2;
    rest.get(start..)
        .unwrap_or_default()
        .windows(end.len())
        .position(|window| window == end)
        .map_or(rest.len(), |inside| start + inside + end.len())
}

fn string(rest: &[char]) -> usize {
    let mut escaped = false;
    for (at, c) in rest.iter().enumerate().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            _ => escaped = *c == '\\' && !escaped,
        }
    }
    rest.len()
}

/// The length of a character literal; 0 for a lifetime.
fn character(rest: &[char]) -> usize {
    match rest {
        [_, '\\', _, after @ ..] => 3 + after.iter().take_while(|c| **c != '\'').count() + 1,
        [_, _, '\'', ..] => 3,
        _ => 0,
    }
}

/// Splits `code` into product and tests: what stands behind `#[cfg(test)]`, up to its `;` or its closing brace.
fn without_tests(code: &str) -> (String, String) {
    const MARK: &str = "#[cfg(test)]";
    let mut product = String::with_capacity(code.len());
    let mut tests = String::with_capacity(code.len());
    let mut rest = code;
    while let Some((before, after)) = rest.split_once(MARK) {
        let mut depth = 0_usize;
        let end = after
            .char_indices()
            .find_map(|(place, c)| {
                depth = match c {
                    '{' => depth + 1,
                    '}' => depth.saturating_sub(1),
                    _ => depth,
                };
                (depth == 0 && matches!(c, ';' | '}')).then_some(place + 1)
            })
            .unwrap_or(after.len());
        let (test, left) = after.split_at_checked(end).unwrap_or((after, ""));
        product.push_str(before);
        product.push_str(&blanked(MARK));
        product.push_str(&blanked(test));
        tests.push_str(&blanked(before));
        tests.push_str(&blanked(MARK));
        tests.push_str(test);
        rest = left;
    }
    product.push_str(rest);
    tests.push_str(&blanked(rest));
    (product, tests)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_no_code() {
        let source = Source::new("src/a.rs", "a(); // b()\n/* c /* d */ e */ f();");
        assert_eq!(source.product.split_whitespace().collect::<String>(), "a();f();");
    }

    #[test]
    fn the_inside_of_a_string_is_no_code() {
        let source = Source::new("src/a.rs", r####"a("b\"c", r#"d"e"#, '"', b"f", '\'', g)"####);
        assert_eq!(source.product.split_whitespace().collect::<String>(), "a(,,,b,,g)");
    }

    #[test]
    fn a_lifetime_begins_no_character() {
        let source = Source::new("src/a.rs", "fn a<'b>(c: &'b str) { d }");
        assert!(source.product.contains("{ d }"), "{}", source.product);
    }

    #[test]
    fn what_only_tests_see_is_told_from_the_product() {
        let text = "a();\n#[cfg(test)]\nmod tests { fn b() { c(); } }\nd();\n#[cfg(test)]\nmod more;\ne();";
        let source = Source::new("src/a.rs", text);
        assert_eq!(source.product.split_whitespace().collect::<String>(), "a();d();e();");
        assert_eq!(
            source.tests.split_whitespace().collect::<String>(),
            "modtests{fnb(){c();}}modmore;"
        );
    }

    #[test]
    fn a_file_of_tests_has_no_product() {
        assert_eq!(Source::new("src/a/tests.rs", "a();").product.trim(), "");
    }

    #[test]
    fn places_stay_where_they_are() {
        let source = Source::new("src/a.rs", "// 督办\n\"x\ny\"\nhere();");
        let place = source.product.find("here").expect("the code is kept");
        assert_eq!(line_of(&source.product, place), 4);
    }

    #[test]
    fn a_grouped_use_names_each_leaf() {
        let paths = used_paths("use a::{b, c::{d as e, f}};\npub use g::h;\nfn used() {}");
        assert_eq!(paths, ["a::b", "a::c::d", "a::c::f", "g::h"]);
    }

    #[test]
    fn a_word_inside_a_longer_name_is_another_word() {
        assert_eq!(places("sqlx_like sqlx::query my_sqlx", "sqlx"), [10]);
    }

    #[test]
    fn a_root_and_its_children_are_one_room() {
        for path in ["src/store.rs", "src/store/tasks.rs", "src/store/sqlite/claim.rs"] {
            assert_eq!(Source::new(path, "").room(), Some("store"));
        }
    }
}
