//! A chat in the letters of a dialect: the same order everywhere, the look and the escaping of each.

use crate::domain::chat::{Chat, Line, Span};
use crate::domain::id::PersonId;
use crate::domain::task::Light;

/// How one vendor writes.
pub(in crate::channel) trait Dialect {
    /// Words in which nothing is markup, a link or a mention.
    fn text(&self, text: &str) -> String;

    /// Words that stand out; they are written already.
    fn strong(&self, written: &str) -> String;

    /// Words that stand out in the colour of a light, where there are colours; they are written already.
    fn lit(&self, _light: Light, written: &str) -> String {
        self.strong(written)
    }

    /// Somebody who is rung, or named where they cannot be.
    fn mention(&self, person: &PersonId, name: &str) -> String;

    /// A whole line, so that its beginning is no markup.
    fn line(&self, written: String) -> String {
        written
    }

    /// Between lines.
    fn line_break(&self) -> &'static str {
        "\n"
    }

    /// Between paragraphs.
    fn gap(&self) -> &'static str {
        "\n\n"
    }
}

/// Title and all that stands under it.
pub(in crate::channel) fn page(dialect: &dyn Dialect, chat: &Chat) -> String {
    let title = dialect.line(dialect.strong(&dialect.text(&chat.heading())));
    let rest = under_title(dialect, chat);
    if rest.is_empty() {
        title
    } else {
        format!("{title}{}{rest}", dialect.line_break())
    }
}

/// All that stands under the title.
pub(in crate::channel) fn under_title(dialect: &dyn Dialect, chat: &Chat) -> String {
    let paragraphs = paragraphs(dialect, chat).into_iter();
    let written = paragraphs.map(|lines| lines.join(dialect.line_break()));
    written.collect::<Vec<_>>().join(dialect.gap())
}

/// All that stands under the title, paragraph by paragraph, line by line.
pub(in crate::channel) fn paragraphs(dialect: &dyn Dialect, chat: &Chat) -> Vec<Vec<String>> {
    let line = |line: &Line| match line.0.first() {
        // Even its first character is to stay.
        Some(Span::Verbatim(_)) => written(dialect, line),
        Some(_) | None => dialect.line(written(dialect, line)),
    };
    let paragraphs = chat.paragraphs().into_iter();
    paragraphs.map(|lines| lines.iter().map(line).collect()).collect()
}

fn written(dialect: &dyn Dialect, line: &Line) -> String {
    let spans = line.0.iter().map(|span| match span {
        Span::Plain(text) => dialect.text(text),
        Span::Strong(text) => dialect.strong(&dialect.text(text)),
        Span::Lit(light, text) => dialect.lit(*light, &dialect.text(text)),
        Span::Mention(person, name) => dialect.mention(person, name),
        Span::Verbatim(text) => text.clone(),
    });
    spans.collect()
}

/// Plain words, whatever the vendor: markup characters are only characters there, and names are only names.
pub(in crate::channel) struct Unstyled;

impl Dialect for Unstyled {
    fn text(&self, text: &str) -> String {
        text.to_owned()
    }

    fn strong(&self, written: &str) -> String {
        written.to_owned()
    }

    fn mention(&self, _person: &PersonId, name: &str) -> String {
        name.to_owned()
    }
}

/// The text with each of `marks` replaced by its full-width form, which reads the same and means nothing to a vendor that
/// documents no way to escape.
pub(in crate::channel) fn lookalikes(text: &str, marks: &str) -> String {
    let full_width = |c: char| {
        // From `!` to `~` the full-width forms stand in the same order.
        let moved = ('!'..='~').contains(&c) && marks.contains(c);
        if moved {
            char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c)
        } else {
            c
        }
    };
    text.chars().map(full_width).collect()
}

/// The text in which an address is only text, so that its marks can be written like all others: `http：//x.example`.
pub(in crate::channel) fn unlinked(text: &str) -> String {
    text.replace("://", "：//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_only_text_and_the_name_of_a_file_stays() {
        assert_eq!(
            unlinked("见 http://evil.example/x 和 报告.docx"),
            "见 http：//evil.example/x 和 报告.docx"
        );
    }

    #[test]
    fn markup_becomes_its_full_width_form_and_all_else_stays() {
        assert_eq!(lookalikes("<a>[b](c)*d*", "<>[]*"), "＜a＞［b］(c)＊d＊");
        assert_eq!(lookalikes("提醒🔔 x", "<>"), "提醒🔔 x");
    }
}
