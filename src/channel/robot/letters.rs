//! Characters that would be markup, made harmless.

use super::page::lookalikes;

/// A line that begins neither a heading, a quote, a list, a rule nor code: the mark that would begin it is written as
/// `harmless` says, and blanks before it are dropped. What the dialect itself wrote begins with none of these marks.
pub(in crate::channel) fn disarmed(line: &str, harmless: impl Fn(char) -> String) -> String {
    let line = line.trim_start_matches([' ', '\t']);
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, rest) = line.split_at(digits);
    let mut rest = rest.chars();
    let mark = rest.next();
    let is_end = |c: char| c.is_ascii_whitespace();
    match mark {
        Some(mark) if digits == 0 && "#>-+=".contains(mark) => harmless(mark) + rest.as_str(),
        Some(mark) if digits > 0 && ".)".contains(mark) && rest.clone().next().is_none_or(is_end) => {
            format!("{number}{}{}", harmless(mark), rest.as_str())
        }
        Some(_) | None => line.to_owned(),
    }
}

/// A mark that is harmless because it is another letter, which reads the same: for dialects that know no escapes.
pub(in crate::channel) fn full_width(mark: char) -> String {
    lookalikes(&mark.to_string(), "#>-+=.)")
}

/// A mark that is harmless behind a backslash.
pub(in crate::channel) fn behind_backslash(mark: char) -> String {
    format!("\\{mark}")
}

/// The text without names of emoji (`:fire:`): the first colon of each becomes its full-width form.
pub(in crate::channel) fn without_shortcodes(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let name = rest.as_str().split_once(':').map_or("", |(name, _)| name);
        let is_name = c == ':' && !name.is_empty() && name.chars().all(is_of_shortcode);
        safe.push(if is_name { '：' } else { c });
    }
    safe
}

fn is_of_shortcode(c: char) -> bool {
    c.is_alphanumeric() || "_+-.'".contains(c)
}

/// Written words between two marks, which touch the first and the last of them, or the vendor would show the marks.
pub(in crate::channel) fn between(mark: &str, written: &str) -> String {
    let words = written.trim();
    if words.is_empty() {
        written.to_owned()
    } else {
        format!("{mark}{words}{mark}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_begins_no_block_and_numbers_that_are_none_stay() {
        let disarmed = |line: &str| disarmed(line, full_width);
        assert_eq!(disarmed("# x"), "＃ x");
        assert_eq!(disarmed("---"), "－--");
        assert_eq!(disarmed("    > x"), "＞ x");
        assert_eq!(disarmed("1. x"), "1． x");
        assert_eq!(disarmed("12)"), "12）");
        assert_eq!(disarmed("1.5 万元"), "1.5 万元");
        assert_eq!(disarmed("**x**"), "**x**");
        assert_eq!(disarmed(""), "");
    }

    #[test]
    fn a_mark_behind_a_backslash_is_none() {
        let lines = ["- a", "12) a", "1.5"].map(|line| disarmed(line, behind_backslash));
        assert_eq!(lines, ["\\- a", "12\\) a", "1.5"]);
    }

    #[test]
    fn a_name_between_colons_is_no_emoji_and_times_and_addresses_stay() {
        assert_eq!(
            without_shortcodes(":fire: 09:00 http://x :+1::skin-tone-2: :督办: a:b"),
            "：fire: 09:00 http://x ：+1:：skin-tone-2: ：督办: a:b"
        );
    }

    #[test]
    fn marks_touch_the_words_and_stand_around_something() {
        assert_eq!(between("**", " x "), "**x**");
        assert_eq!(between("**", " "), " ");
    }
}
