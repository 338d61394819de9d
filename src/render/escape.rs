//! Making ledger text harmless and short: it may hold anything that somebody can paste into a cell.

use unicode_segmentation::UnicodeSegmentation;

use crate::domain::when::When;

/// One line without control characters: runs of white space become one blank, characters that turn the direction of
/// writing are dropped.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let word: String = word.chars().filter(|c| !turns_direction(*c)).collect();
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    line
}

fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{FEFF}')
}

/// How wide a text is in half-width columns: a Chinese character or an emoji takes two.
pub(super) fn width(text: &str) -> usize {
    text.graphemes(true).map(cluster_width).sum()
}

fn cluster_width(cluster: &str) -> usize {
    cluster.chars().map(char_width).max().unwrap_or(0)
}

fn char_width(c: char) -> usize {
    match u32::from(c) {
        0x0300..=0x036F | 0x200B..=0x200D | 0xFE00..=0xFE0F | 0x1F3FB..=0x1F3FF | 0xE0100..=0xE01EF => 0,
        0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE6F | 0xFF00..=0xFF60 => 2,
        0xFFE0..=0xFFE6 | 0x1F000..=0x1FAFF | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

/// At most `columns` wide, with `…` where something was cut off; never cut between a character and what belongs to it
/// (combining marks, joined emoji, flags).
pub(super) fn shorten(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(2);
    let (mut kept, mut used) = (String::new(), 0);
    for cluster in text.graphemes(true) {
        used += cluster_width(cluster);
        if used > room {
            break;
        }
        kept.push_str(cluster);
    }
    kept.truncate(kept.trim_end_matches([' ', '、', '，', ',', '；', ';']).len());
    kept.push('…');
    kept
}

/// Markdown in which ledger text is only text: no markup, no HTML, no links, no mentions.
pub(super) fn markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '~' => {
                safe.push('\\');
                safe.push(c);
            }
            '@' => safe.push('＠'),
            _ => safe.push(c),
        }
    }
    if begins_a_block(&safe) {
        format!("\\{safe}")
    } else {
        safe
    }
}

/// Whether a line of this would be a heading, a list or a rule.
fn begins_a_block(line: &str) -> bool {
    let mut chars = line.chars();
    match (chars.next(), chars.next()) {
        (Some('#' | '='), _) => true,
        (Some('-' | '+'), second) => matches!(second, None | Some(' ' | '-')),
        _ => false,
    }
}

/// A date, or a date and time, as people read it.
pub(super) fn when(when: When) -> String {
    when.to_string().replacen('T', " ", 1)
}

/// HTML in which text is only text.
pub(super) fn html(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_never_cut_inside_a_character() {
        assert_eq!(shorten("一家👨‍👩‍👧‍👦人人", 8), "一家👨‍👩‍👧‍👦…");
        assert_eq!(shorten("一家👨‍👩‍👧‍👦人人", 7), "一家…");
        assert_eq!(shorten("cafe\u{301}s and bars", 6), "cafe\u{301}…");
        assert_eq!(shorten("🇨🇳🇫🇷🇩🇪🇮🇹", 6), "🇨🇳🇫🇷…");
    }

    #[test]
    fn a_text_that_fits_stays_as_it_is() {
        assert_eq!(shorten("班额整改", 8), "班额整改");
    }

    #[test]
    fn line_breaks_controls_and_direction_marks_leave_one_line() {
        assert_eq!(one_line(" a\r\nBcc: b\t\u{7}c\u{202E} d\u{2028}e "), "a Bcc: b c d e");
    }

    #[test]
    fn markdown_from_the_ledger_is_only_text() {
        assert_eq!(
            markdown("# <b>*x*</b> [a](http://b) @all"),
            "\\# &lt;b&gt;\\*x\\*&lt;/b&gt; \\[a\\](http://b) ＠all"
        );
    }
}
