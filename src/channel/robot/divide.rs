//! Divides a message that is too large for one post, between its blocks, and shortens what is too large alone; where the
//! budget is short, what is not loud is told in one line each.

use unicode_segmentation::UnicodeSegmentation;

use crate::domain::chat::{Block, Chat, Line, Span};
use crate::domain::ladder::Level;

/// While it is not known how many parts there will be, room is kept for so many.
const PARTS_GUESS: u32 = 999;
/// No span is cut shorter than this.
const SPAN_LETTERS_MIN: usize = 12;

/// The parts, in order, each of which `fits`; one where all fits. `free` is how many posts may leave now: where full forms
/// would need more, first the blocks below `overdue` and then all are told in their short forms.
pub(super) fn divide(chat: &Chat, free: Option<u32>, fits: &dyn Fn(&Chat) -> bool) -> Vec<Chat> {
    // A part that is divided again keeps the number it has.
    let again = chat.part.filter(|_| !fits(chat)).map(|_| Chat {
        title: chat.heading(),
        part: None,
        ..chat.clone()
    });
    let chat = again.as_ref().unwrap_or(chat);
    let allowed = free.map_or(usize::MAX, |free| usize::try_from(free.max(1)).unwrap_or(usize::MAX));
    let mut parts = pack(chat, fits);
    let quiet = |block: &Block| block.level.is_some_and(|level| level < Level::Overdue);
    let all = |_: &Block| true;
    let choices: [&dyn Fn(&Block) -> bool; 2] = [&quiet, &all];
    for chosen in choices {
        if parts.len() <= allowed {
            break;
        }
        parts = pack(&in_brief(chat, chosen), fits);
    }
    number(parts)
}

/// The message itself where it `fits`; else all of it in short forms; else cut, as the last resort.
pub(super) fn fitted(chat: &Chat, fits: &dyn Fn(&Chat) -> bool) -> Chat {
    if fits(chat) {
        return chat.clone();
    }
    cut(in_brief(chat, &|_| true), fits)
}

fn in_brief(chat: &Chat, chosen: &dyn Fn(&Block) -> bool) -> Chat {
    let mut chat = chat.clone();
    for block in chat
        .blocks
        .iter_mut()
        .filter(|block| block.has_brief() && chosen(block))
    {
        block.is_brief = true;
    }
    chat
}

fn pack(chat: &Chat, fits: &dyn Fn(&Chat) -> bool) -> Vec<Chat> {
    if fits(chat) {
        return vec![chat.clone()];
    }
    let empty = Chat {
        blocks: Vec::new(),
        outro: Vec::new(),
        part: Some((PARTS_GUESS, PARTS_GUESS)),
        ..chat.clone()
    };
    let mut parts: Vec<Chat> = Vec::new();
    let mut part = empty.clone();
    for block in &chat.blocks {
        part.blocks.push(block.clone());
        if fits(&part) {
            continue;
        }
        let block = part.blocks.pop();
        if !part.blocks.is_empty() {
            parts.push(std::mem::replace(&mut part, empty.clone()));
        }
        part.blocks.extend(block);
        if !fits(&part) {
            part = fitted(&part, fits);
        }
    }
    part.outro.clone_from(&chat.outro);
    if !part.blocks.is_empty() && !fits(&part) {
        part.outro.clear();
        parts.push(std::mem::replace(&mut part, empty));
        part.outro.clone_from(&chat.outro);
    }
    if !fits(&part) {
        part = cut(part, fits);
    }
    parts.push(part);
    parts
}

fn number(mut parts: Vec<Chat>) -> Vec<Chat> {
    let of = u32::try_from(parts.len()).unwrap_or(u32::MAX);
    if of > 1 {
        for (number, part) in (1..).zip(parts.iter_mut()) {
            part.part = Some((number, of));
        }
    }
    parts
}

/// Halves the longest words, then takes lines away from the end, until it fits. No block goes: what fits nowhere is
/// refused by the vendor and goes up, where a task that was left out would be lost.
fn cut(mut chat: Chat, fits: &dyn Fn(&Chat) -> bool) -> Chat {
    while !fits(&chat) {
        if halve_longest(&mut chat) {
            continue;
        }
        let long = chat
            .blocks
            .iter_mut()
            .rev()
            .find(|block| !block.is_brief && block.lines.len() > 1);
        let is_shorter = match long {
            Some(block) => block.lines.pop().is_some(),
            None => chat.intro.pop().is_some(),
        };
        if !is_shorter {
            break;
        }
    }
    chat
}

fn halve_longest(chat: &mut Chat) -> bool {
    let lines = chat
        .intro
        .iter_mut()
        .chain(chat.blocks.iter_mut().flat_map(shown_mut))
        .chain(chat.outro.iter_mut());
    let spans = lines.flat_map(|line| line.0.iter_mut()).filter_map(|span| match span {
        Span::Plain(text) | Span::Strong(text) | Span::Lit(_, text) => Some(text),
        Span::Mention(..) | Span::Verbatim(_) => None,
    });
    // The title stays: it is of a length that every vendor takes, and may carry the robot's keyword.
    let longest = spans.max_by_key(|text| text.len());
    match longest {
        Some(text) => {
            let letters = text.graphemes(true).count();
            let is_long = letters > SPAN_LETTERS_MIN;
            if is_long {
                *text = shortened(text, letters / 2);
            }
            is_long
        }
        None => false,
    }
}

fn shown_mut(block: &mut Block) -> &mut [Line] {
    if block.is_brief {
        std::slice::from_mut(&mut block.brief)
    } else {
        &mut block.lines
    }
}

/// At most `letters` letters as a reader counts them, so that a joined emoji or a flag is kept whole, and `…`.
fn shortened(text: &str, letters: usize) -> String {
    let mut kept: String = text.graphemes(true).take(letters).collect();
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block of `lines` lines of ten letters, with a short form of four.
    fn block(task: usize, level: Level, lines: usize) -> Block {
        Block {
            task: task.to_string(),
            level: Some(level),
            lines: vec![Line::plain("a".repeat(10)); lines],
            brief: Line::plain("b".repeat(4)),
            ..Block::default()
        }
    }

    fn chat(blocks: Vec<Block>) -> Chat {
        Chat {
            title: "t".to_owned(),
            blocks,
            outro: vec![Line::plain("end")],
            ..Chat::default()
        }
    }

    /// Counts letters.
    fn size(chat: &Chat) -> usize {
        let lines = chat.paragraphs().into_iter().flatten();
        lines.map(|line| line.text().chars().count()).sum::<usize>() + chat.title.chars().count()
    }

    fn tasks(parts: &[Chat]) -> Vec<Vec<&str>> {
        let of = |part: &'_ Chat| part.blocks.len();
        let mut all: Vec<&str> = parts
            .iter()
            .flat_map(|part| &part.blocks)
            .map(|block| block.task.as_str())
            .collect();
        parts.iter().map(|part| all.drain(..of(part)).collect()).collect()
    }

    #[test]
    fn what_fits_is_one_part_without_a_number() {
        let whole = chat(vec![block(1, Level::Warn, 1)]);
        let parts = divide(&whole, Some(9), &|chat| size(chat) <= 100);
        assert_eq!(parts, [whole]);
    }

    #[test]
    fn parts_hold_whole_blocks_in_order_and_are_numbered_and_the_end_stands_on_the_last() {
        let blocks = (0..5).map(|task| block(task, Level::Overdue, 2)).collect();
        let parts = divide(&chat(blocks), None, &|chat| size(chat) <= 45);
        assert_eq!(tasks(&parts), [vec!["0", "1"], vec!["2", "3"], vec!["4"]]);
        let numbers: Vec<_> = parts.iter().map(|part| part.part).collect();
        assert_eq!(numbers, [Some((1, 3)), Some((2, 3)), Some((3, 3))]);
        let ends: Vec<bool> = parts.iter().map(|part| part.outro.is_empty()).collect();
        assert_eq!(ends, [true, true, false]);
    }

    #[test]
    fn where_the_budget_is_short_the_quiet_ones_are_told_in_one_line_and_the_loud_ones_in_full() {
        let mut blocks = vec![block(0, Level::Escalate, 2)];
        blocks.extend((1..9).map(|task| block(task, Level::Remind, 2)));
        let fits = |chat: &Chat| size(chat) <= 45;
        assert_eq!(divide(&chat(blocks.clone()), None, &fits).len(), 5);
        let folded = divide(&chat(blocks), Some(2), &fits);
        assert_eq!(folded.len(), 2);
        let all = folded.iter().flat_map(|part| &part.blocks);
        assert!(
            all.clone()
                .all(|block| block.is_brief == (block.level == Some(Level::Remind)))
        );
        assert_eq!(all.count(), 9, "none is lost");
    }

    #[test]
    fn where_even_that_is_too_much_all_are_told_in_one_line_and_none_is_lost() {
        let blocks: Vec<Block> = (0..30).map(|task| block(task, Level::Summon, 2)).collect();
        let parts = divide(&chat(blocks), Some(1), &|chat| size(chat) <= 45);
        assert!(parts.iter().flat_map(|part| &part.blocks).all(|block| block.is_brief));
        assert_eq!(parts.iter().map(|part| part.blocks.len()).sum::<usize>(), 30);
    }

    #[test]
    fn a_block_that_is_too_large_alone_takes_its_short_form_and_without_one_is_cut() {
        let parts = divide(
            &chat(vec![block(1, Level::Warn, 9), block(2, Level::Warn, 1)]),
            None,
            &|chat| size(chat) <= 40,
        );
        assert!(parts[0].blocks[0].is_brief);
        let bare = Block {
            lines: vec![Line::plain("提".repeat(500))],
            ..Block::default()
        };
        let parts = divide(&chat(vec![bare]), None, &|chat| size(chat) <= 40);
        assert!(parts[0].blocks[0].lines[0].text().ends_with("提…"));
    }

    #[test]
    fn words_are_never_cut_within_a_joined_emoji_or_a_flag() {
        let family = "👨‍👩‍👧".repeat(10);
        for chars in 1..10 {
            let short = shortened(&family, chars);
            let kept = short.trim_end_matches('…');
            assert_eq!(kept.chars().count() % 5, 0, "{short}");
        }
        assert_eq!(shortened("中国🇨🇳🇨🇳", 3), "中国🇨🇳…");
    }

    #[test]
    fn nothing_that_fits_nowhere_keeps_it_from_ending() {
        let parts = divide(&chat(vec![block(1, Level::Warn, 9)]), Some(1), &|_| false);
        assert!(!parts.is_empty());
    }
}
