//! Which lines of a file may be repeated on a screen or in a log: none that may hold a secret, badly written ones too.

use super::faults::similar;

/// Keys of a secret.
const SECRET_KEYS: [&str; 6] = ["password", "secret", "secrets", "token", "url", "credential"];
/// Keys of `[channels.ID]` whose values are nobody's secret, and the sources of a secret that stands elsewhere.
const OPEN_KEYS: [&str; 16] = [
    "type",
    "server",
    "username",
    "from",
    "ca",
    "keyword",
    "chat_id",
    "room",
    "topic",
    "budget",
    "retry",
    "timeout",
    "concurrency",
    "members",
    "env",
    "file",
];
/// Where one of these stands in a line that is no TOML, a secret may stand too.
const SECRET_WORDS: [&str; 8] = ["pass", "pwd", "secret", "token", "url", "key", "credential", "://"];

/// Whether a line of a TOML file may show a secret. `above` is the file before the line; `broken`: the line's syntax is,
/// so that its keys cannot be trusted.
pub(super) fn may_show_a_secret(line: &str, above: &str, broken: bool) -> bool {
    let lower = line.to_lowercase();
    if broken && SECRET_WORDS.iter().any(|word| lower.contains(word)) {
        return true;
    }
    if lower.contains("://") && lower.contains('@') {
        return true;
    }
    let header = line.trim_start().starts_with('[');
    let in_channel = is_in_channel(line, above);
    let settings = settings(line);
    if settings
        .iter()
        .any(|(key, value)| is_secret_key(key) && !value.starts_with('{'))
    {
        return true;
    }
    if !in_channel || (header && !broken && settings.is_empty()) {
        return false;
    }
    let is_open = |key: &str, value: &str| OPEN_KEYS.contains(&key) || value.starts_with('{') || key == "credential";
    broken || settings.is_empty() || !settings.iter().all(|(key, value)| is_open(key, value))
}

fn is_secret_key(key: &str) -> bool {
    key != "credential" && similar(key, SECRET_KEYS).is_some_and(|near| near != "url" || key == "url")
}

/// The last part of each key that a line sets, and what stands behind its `=`.
fn settings(line: &str) -> Vec<(&str, &str)> {
    let word = |text: &'_ str| {
        let text = text.trim_end().trim_end_matches(['"', '\'']);
        let start = text
            .char_indices()
            .rev()
            .take_while(|(_, letter)| letter.is_alphanumeric() || matches!(letter, '_' | '-'))
            .last()
            .map_or(text.len(), |(at, _)| at);
        start..text.len()
    };
    line.match_indices('=')
        .filter_map(|(at, _)| {
            let key = line.get(word(line.get(..at)?))?;
            Some((key, line.get(at + 1..)?.trim_start()))
        })
        .collect()
}

/// Whether a line belongs to `[channels]` or a table below it, or to a channel written in braces.
fn is_in_channel(line: &str, above: &str) -> bool {
    if is_channels_key(line.trim_start()) {
        return true;
    }
    let mut depth = 0i64;
    for before in above.lines().rev() {
        let text = before.trim();
        if let Some(name) = text.strip_prefix('[').filter(|_| !text.contains(',')) {
            return is_channels_key(name.trim_start_matches('[').trim_start());
        }
        depth += braces(text);
        if depth > 0 && is_channels_key(text) {
            return true;
        }
    }
    false
}

fn is_channels_key(text: &str) -> bool {
    let text = text.trim_start_matches(['"', '\'']);
    text.strip_prefix("channels")
        .is_some_and(|rest| rest.starts_with(['.', ']', '=', ' ', '"', '\'', '\t']))
}

fn braces(text: &str) -> i64 {
    text.chars().fold(0, |depth, letter| match letter {
        '{' => depth + 1,
        '}' => depth - 1,
        _ => depth,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, above: &str, broken: bool, expected: bool) {
        assert_eq!(may_show_a_secret(line, above, broken), expected, "{line} below {above}");
    }

    #[test]
    fn a_line_with_a_secret_in_the_clear_is_not_shown() {
        check("password = \"hunter2\"", "", false, true);
        check("x = { secret = 'a' }", "", false, true);
        check("password = { env = \"P\" }", "", false, false);
        check(
            "server = \"smtps://duban:hunter2@example.org\"",
            "[channels.mail]\n",
            false,
            true,
        );
    }

    #[test]
    fn a_misspelt_or_unknown_key_of_a_channel_is_not_shown() {
        check("passwrod = \"hunter2\"", "", false, true);
        check("pw = \"hunter2\"", "[channels.mail]\ntype = \"email\"\n", false, true);
        check(
            "channels.mail = { type = \"email\", pw = \"hunter2\" }",
            "",
            false,
            true,
        );
        check(
            "  pw = \"hunter2\",",
            "channels.mail = {\n  type = \"email\",\n",
            false,
            true,
        );
        check("  \"hunter2\",", "[channels.hook]\nsecrets = [\n", false, true);
    }

    #[test]
    fn what_is_no_secret_is_shown() {
        check("type = \"emial\"", "[channels.mail]\n", false, false);
        check("channels.mail = { type = \"emial\", from = \"a\" }", "", false, false);
        check("[channels.mail]", "", false, false);
        check("titel = \"a\"", "[channels.mail]\n[[tasks]]\n", false, false);
        check("timezon = \"UTC\"", "", false, false);
    }

    #[test]
    fn a_broken_line_that_may_hold_a_secret_is_not_shown() {
        check("password=hunter2", "", true, true);
        check("my_Passwd hunter2", "", true, true);
        check("pw hunter2", "[channels.mail]\n", true, true);
        check("locale = = \"en\"", "", true, false);
    }
}
