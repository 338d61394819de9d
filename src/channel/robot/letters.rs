//! Characters that would be markup, made harmless.

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

/// The text without names of emoji (`:fire:`): each colon that would begin one is written as `harmless`.
pub(in crate::channel) fn without_shortcodes(text: &str, harmless: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let begins = |next: &char| next.is_ascii_alphabetic() || matches!(next, '+' | '-' | '_');
        if c == ':' && chars.peek().is_some_and(begins) {
            safe.push_str(harmless);
        } else {
            safe.push(c);
        }
    }
    safe
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
        let full_width = |c: char| super::super::lookalikes(&c.to_string(), "#>-+=.)");
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
    fn a_colon_before_a_name_begins_no_emoji_and_times_and_addresses_stay() {
        assert_eq!(
            without_shortcodes(":fire: 09:00 http://x", "："),
            "：fire: 09:00 http://x"
        );
    }

    #[test]
    fn marks_touch_the_words_and_stand_around_something() {
        assert_eq!(between("**", " x "), "**x**");
        assert_eq!(between("**", " "), " ");
    }
}
