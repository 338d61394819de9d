//! The rules that read Rust text: each takes sources and a table, and says what breaks it as `path:line: text`.

use crate::source::{Source, line_of, places, used_paths};

/// A room and the rooms it may import; itself always.
pub(crate) type Room<'a> = (&'a str, &'a [&'a str]);

/// Names that stand nowhere in the product of `within`, except in `only`.
pub(crate) struct Absence<'a> {
    /// Words or paths; a path is also found inside a grouped `use`.
    pub(crate) names: &'a [&'a str],
    /// Beginnings of paths the rule holds for; empty for all of `src/`.
    pub(crate) within: &'a [&'a str],
    /// Beginnings of paths that may name them.
    pub(crate) only: &'a [&'a str],
    /// Why.
    pub(crate) reason: &'a str,
}

/// Every room has a row, imports only what its row names, and does not climb out by `super`.
pub(crate) fn imports(sources: &[Source], table: &[Room<'_>]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources {
        let Some(room) = source.room() else { continue };
        let code = source.all();
        for line in climbs(source) {
            faults.push(format!(
                "{}:{line}: write the path from `crate::`, so that the table sees it",
                source.path
            ));
        }
        if room == "lib" {
            continue;
        }
        let Some((_, allowed)) = table.iter().find(|(name, _)| *name == room) else {
            faults.push(format!(
                "{}:1: the room `{room}` has no row in the table of imports",
                source.path
            ));
            continue;
        };
        for (imported, line) in imported_rooms(&code) {
            if imported != room && !allowed.contains(&imported.as_str()) {
                faults.push(format!("{}:{line}: `{room}` may not import `{imported}`", source.path));
            }
        }
    }
    faults
}

/// Lines with more `super::` in a row than lead out of the room; a test module inside a file has one floor more to go.
fn climbs(source: &Source) -> Vec<usize> {
    let floors = source.path.matches('/').count();
    let floor_of_tests = usize::from(!source.product.trim().is_empty());
    let out_of = |code: &str, floors: usize| -> Vec<usize> {
        let out = places(code, &"super::".repeat(floors));
        out.into_iter().map(|place| line_of(code, place)).collect()
    };
    let mut lines = out_of(&source.product, floors);
    lines.extend(out_of(&source.tests, floors + floor_of_tests));
    lines
}

/// The rooms that `crate::…` and, in `main.rs`, `duban::…` lead to, with their lines.
fn imported_rooms(code: &str) -> Vec<(String, usize)> {
    let mut rooms = Vec::new();
    for start in ["crate::", "duban::"] {
        for place in places(code, start) {
            let rest = code.get(place + start.len()..).unwrap_or_default();
            if let Some(room) = first_name(rest) {
                rooms.push((room, line_of(code, place)));
            }
        }
        for path in used_paths(code) {
            let known = path.strip_prefix(start).and_then(first_name);
            if let Some(room) = known.filter(|room| rooms.iter().all(|(known, _)| known != room)) {
                let place = code.find(&format!("{start}{{")).unwrap_or_default();
                rooms.push((room, line_of(code, place)));
            }
        }
    }
    rooms
}

fn first_name(text: &str) -> Option<String> {
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

/// What is absent is absent.
pub(crate) fn absences(sources: &[Source], table: &[Absence<'_>]) -> Vec<String> {
    let mut faults = Vec::new();
    let begins = |source: &Source, starts: &[&str]| starts.iter().any(|start| source.path.starts_with(start));
    for absence in table {
        for source in sources {
            let held = absence.within.is_empty() || begins(source, absence.within);
            if !held || begins(source, absence.only) {
                continue;
            }
            for name in absence.names {
                let mut lines: Vec<usize> = places(&source.product, name)
                    .into_iter()
                    .map(|place| line_of(&source.product, place))
                    .collect();
                let grouped = used_paths(&source.product)
                    .iter()
                    .any(|path| path == name || path.starts_with(&format!("{name}::")));
                if lines.is_empty() && grouped {
                    lines.push(1);
                }
                for line in lines {
                    faults.push(format!(
                        "{}:{line}: `{name}` does not belong here: {}",
                        source.path, absence.reason
                    ));
                }
            }
        }
    }
    faults
}

/// No file is named for nothing, and none `mod.rs`.
pub(crate) fn file_names(sources: &[Source], banned: &[&str]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources {
        for part in source.path.split('/') {
            let stem = part.trim_end_matches(".rs");
            if part == "mod.rs" {
                faults.push(format!(
                    "{}:1: write `noun.rs` beside `noun/`, not `mod.rs`",
                    source.path
                ));
            } else if banned.contains(&stem) {
                faults.push(format!("{}:1: name it for the noun inside, not `{stem}`", source.path));
            }
        }
    }
    faults
}

/// A root that only gathers its children stays short. A root of the list that is gone is a fault too.
pub(crate) fn gathering_roots(sources: &[Source], roots: &[&str], lines_max: usize) -> Vec<String> {
    let mut faults = Vec::new();
    for root in roots {
        let Some(source) = sources.iter().find(|source| source.path == *root) else {
            faults.push(format!(
                "{root}:1: the list of gathering roots names a file that is gone"
            ));
            continue;
        };
        let lines = source.product.lines().filter(|line| !line.trim().is_empty()).count();
        if lines >= lines_max {
            faults.push(format!(
                "{root}:1: {lines} lines of code; a gathering root stays under {lines_max}"
            ));
        }
    }
    faults
}

/// Calendar sums are done by the calendar, never by a day's length.
pub(crate) fn numbers(sources: &[Source], banned: &[&str]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources {
        let code = source.all();
        for number in banned {
            for (place, _) in code.match_indices(number) {
                let line = line_of(&code, place);
                faults.push(format!(
                    "{}:{line}: `{number}`: a day is not a number of seconds; ask the calendar",
                    source.path
                ));
            }
        }
    }
    faults
}

/// A test does not wait for luck: it sleeps only on a paused clock, or in a file that `sleepers` names with its reason.
pub(crate) fn sleeps(sources: &[Source], sleepers: &[(&str, &str)]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources {
        let places = places(&source.tests, "sleep(");
        let is_listed = sleepers.iter().any(|(path, _)| *path == source.path);
        if is_listed && places.is_empty() {
            faults.push(format!("{}:1: listed as a sleeper, but sleeps no more", source.path));
        }
        let is_paused = source.tests.contains("start_paused = true") || source.tests.contains("time::pause()");
        if is_listed || is_paused {
            continue;
        }
        for place in places {
            let line = line_of(&source.tests, place);
            faults.push(format!(
                "{}:{line}: wait for an event with a bound, or pause tokio's clock",
                source.path
            ));
        }
    }
    faults
}

/// A test is named as a sentence, without `test_`.
pub(crate) fn sentences(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources {
        for (place, _) in source.tests.match_indices("fn test_") {
            let line = line_of(&source.tests, place);
            faults.push(format!(
                "{}:{line}: name the test by the sentence it proves",
                source.path
            ));
        }
    }
    faults
}

/// Top-level entries are those of the list, and dotfiles.
pub(crate) fn entries<'a>(names: impl IntoIterator<Item = &'a str>, allowed: &[&str]) -> Vec<String> {
    let is_allowed = |name: &str| {
        name.starts_with('.')
            || allowed.iter().any(|allowed| match allowed.strip_suffix('*') {
                Some(start) => name.starts_with(start),
                None => name == *allowed,
            })
    };
    names
        .into_iter()
        .filter(|name| !is_allowed(name))
        .map(|name| format!("{name}:1: does not belong at the top of the project"))
        .collect()
}

/// Each rule is broken once here: a rule that cannot fail is worth nothing.
#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[Room<'_>] = &[("planner", &["words"]), ("words", &[]), ("main", &["command"])];
    const STORE_ONLY: &[Absence<'_>] = &[Absence {
        names: &["sqlx", "std::time::Instant"],
        within: &[],
        only: &["src/store"],
        reason: "only the store knows it",
    }];

    fn one(path: &str, text: &str) -> [Source; 1] {
        [Source::new(path, text)]
    }

    #[test]
    fn an_import_of_the_table_passes() {
        let text = "use crate::words::Word;\nuse crate::planner::step;\nuse super::near;";
        assert_eq!(imports(&one("src/planner/steps.rs", text), TABLE), Vec::<String>::new());
    }

    #[test]
    fn an_import_against_the_table_is_found() {
        let faults = imports(&one("src/words/word.rs", "\nuse crate::planner::Plan;"), TABLE);
        assert_eq!(faults, ["src/words/word.rs:2: `words` may not import `planner`"]);
    }

    #[test]
    fn an_import_inside_an_expression_is_found() {
        let faults = imports(&one("src/words.rs", "fn a() { crate::planner::plan() }"), TABLE);
        assert_eq!(faults.len(), 1, "{faults:?}");
    }

    #[test]
    fn an_import_inside_a_group_is_found() {
        let faults = imports(&one("src/words.rs", "use crate::{words::A, planner::{B}};"), TABLE);
        assert_eq!(faults, ["src/words.rs:1: `words` may not import `planner`"]);
    }

    #[test]
    fn an_import_by_a_test_is_found() {
        let text = "#[cfg(test)]\nmod tests { use crate::planner::plan; }";
        assert_eq!(imports(&one("src/words.rs", text), TABLE).len(), 1);
    }

    #[test]
    fn a_link_in_a_comment_is_no_import() {
        let faults = imports(&one("src/words.rs", "//! See [`crate::planner`]."), TABLE);
        assert_eq!(faults, Vec::<String>::new());
    }

    #[test]
    fn main_imports_by_the_name_of_the_crate() {
        let faults = imports(
            &one("src/main.rs", "use duban::command::run;\nuse duban::words::A;"),
            TABLE,
        );
        assert_eq!(faults, ["src/main.rs:2: `main` may not import `words`"]);
    }

    #[test]
    fn a_room_without_a_row_is_found() {
        assert_eq!(imports(&one("src/attic.rs", ""), TABLE).len(), 1);
    }

    fn climb(path: &str, text: &str) -> usize {
        imports(&one(path, text), TABLE).len()
    }

    #[test]
    fn climbing_out_of_a_room_is_found() {
        assert_eq!(climb("src/words.rs", "use super::planner::A;"), 1);
        assert_eq!(climb("src/words/word.rs", "use super::super::planner::A;"), 1);
        assert_eq!(
            climb("src/words/word/tests.rs", "use super::super::super::planner::A;"),
            1
        );
    }

    #[test]
    fn climbing_inside_a_room_passes() {
        assert_eq!(climb("src/words/word/part.rs", "use super::super::other::A;"), 0);
        assert_eq!(
            climb("src/words.rs", "a();\n#[cfg(test)]\nmod tests { use super::*; }"),
            0
        );
    }

    #[test]
    fn a_name_where_it_is_absent_is_found() {
        let faults = absences(&one("src/planner.rs", "\nfn a() { sqlx::query(); }"), STORE_ONLY);
        assert_eq!(
            faults,
            ["src/planner.rs:2: `sqlx` does not belong here: only the store knows it"]
        );
    }

    #[test]
    fn a_name_inside_a_grouped_use_is_found() {
        let faults = absences(
            &one("src/planner.rs", "use std::time::{Duration, Instant};"),
            STORE_ONLY,
        );
        assert_eq!(faults.len(), 1, "{faults:?}");
    }

    #[test]
    fn a_name_where_it_belongs_passes() {
        let faults = absences(&one("src/store/tasks.rs", "use sqlx::query;"), STORE_ONLY);
        assert_eq!(faults, Vec::<String>::new());
    }

    #[test]
    fn an_absence_within_rooms_holds_only_there() {
        let table = [Absence {
            names: &["async"],
            within: &["src/words"],
            only: &[],
            reason: "words do not wait",
        }];
        assert_eq!(absences(&one("src/words.rs", "async fn a() {}"), &table).len(), 1);
        assert_eq!(absences(&one("src/planner.rs", "async fn a() {}"), &table).len(), 0);
    }

    #[test]
    fn a_file_named_for_nothing_is_found() {
        assert_eq!(file_names(&one("src/store/utils.rs", ""), &["utils"]).len(), 1);
        assert_eq!(file_names(&one("src/utils/store.rs", ""), &["utils"]).len(), 1);
        assert_eq!(file_names(&one("src/store/mod.rs", ""), &["utils"]).len(), 1);
        assert_eq!(file_names(&one("src/store/tasks.rs", ""), &["utils"]).len(), 0);
    }

    #[test]
    fn a_gathering_root_that_grew_is_found() {
        let root = one("src/words.rs", "//! Words.\n\nmod a;\nmod b;\nmod c;");
        assert_eq!(gathering_roots(&root, &["src/words.rs"], 4), Vec::<String>::new());
        assert_eq!(gathering_roots(&root, &["src/words.rs"], 3).len(), 1);
        assert_eq!(gathering_roots(&root, &["src/gone.rs"], 4).len(), 1);
    }

    #[test]
    fn a_day_made_of_seconds_is_found() {
        assert_eq!(numbers(&one("src/words.rs", "let day = 86_400;"), &["86_400"]).len(), 1);
        assert_eq!(numbers(&one("src/words.rs", "// 86_400\n"), &["86_400"]).len(), 0);
    }

    #[test]
    fn a_test_that_sleeps_is_found() {
        let sleepy = "#[cfg(test)]\nmod tests { fn a() { sleep(b) } }";
        assert_eq!(sleeps(&one("src/words.rs", sleepy), &[]).len(), 1);
        assert_eq!(
            sleeps(&one("src/words.rs", sleepy), &[("src/words.rs", "why")]).len(),
            0
        );
        assert_eq!(sleeps(&one("src/words.rs", "fn a() { sleep(b) }"), &[]).len(), 0);
        let paused = "#[cfg(test)]\nmod tests { #[tokio::test(start_paused = true)] fn a() { sleep(b) } }";
        assert_eq!(sleeps(&one("src/words.rs", paused), &[]).len(), 0);
    }

    #[test]
    fn a_sleeper_that_woke_is_found() {
        assert_eq!(sleeps(&one("tests/a.rs", ""), &[("tests/a.rs", "why")]).len(), 1);
    }

    #[test]
    fn a_test_without_a_sentence_is_found() {
        assert_eq!(sentences(&one("tests/a.rs", "fn test_plan() {}")).len(), 1);
        assert_eq!(sentences(&one("tests/a.rs", "fn a_plan_is_pure() {}")).len(), 0);
    }

    #[test]
    fn a_stranger_at_the_top_is_found() {
        let allowed = ["src", "LICENSE*"];
        assert_eq!(
            entries(["src", "LICENSE-MIT", ".ci", "notes"], &allowed),
            ["notes:1: does not belong at the top of the project"]
        );
    }
}
