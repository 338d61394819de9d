//! The built-in plain text that stands in for a template that failed: nothing here can fail.

use super::escape::{html, markdown};
use super::notice::NoticePage;
use super::phrases::Phrases;
use crate::domain::message::Words;

/// Lines of text under a subject.
pub(super) struct Plain {
    /// The subject.
    pub(super) subject: String,
    /// In order.
    pub(super) lines: Vec<String>,
}

impl Plain {
    /// A digest in full.
    pub(super) fn of_notices(page: &NoticePage) -> Self {
        let mut lines = Vec::new();
        if !page.instead_of.is_empty() {
            lines.push(format!("→ {}", page.instead_of));
        }
        for item in &page.items {
            lines.push(String::new());
            lines.push(format!("{}. [{}] {}", item.number, item.level_word, item.state));
            lines.push(item.title.clone());
            lines.push(format!("{} | {} | {}", item.unit, item.lead, item.due));
            lines.push(item.ask.clone());
            let more = [&item.for_names, &item.progress, &item.evidence, &item.concerned];
            lines.extend(more.into_iter().filter(|text| !text.is_empty()).cloned());
            lines.push(format!("{} | {} | {}", item.id, item.why, item.role));
        }
        lines.push(page.rest.clone());
        Self {
            subject: format!("{}{}", page.trial, page.headline),
            lines,
        }
    }

    /// As a message that says that it stands in for a template, and why.
    pub(super) fn words(self, phrases: &dyn Phrases, as_of: &str, why: String) -> Words {
        let text = format!(
            "{}\n{} {as_of}\n{}\n\n{}\n",
            self.subject,
            phrases.as_of(),
            self.lines.join("\n").trim_end(),
            phrases.fallback_note()
        );
        Words {
            html: format!(
                "<!doctype html>\n<meta charset=\"utf-8\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<pre style=\"white-space:pre-wrap;overflow-wrap:anywhere;font:16px/1.5 sans-serif\">{}</pre>\n",
                html(&text)
            ),
            markdown: text.lines().map(markdown).collect::<Vec<_>>().join("\n"),
            chat: crate::domain::chat::Chat::of_text(&self.subject, &text),
            subject: self.subject,
            text,
            fallback: Some(why),
        }
    }
}
