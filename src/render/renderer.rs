//! Templates to words: the built-in ones, the user's over them, proven on samples when they are loaded.

use std::collections::BTreeMap;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value};
use serde::Serialize;
use thiserror::Error as ThisError;

use super::chart::Picture;
use super::chat;
use super::circular;
use super::escape::{html, markdown, one_line, shorten};
use super::letter::LetterPage;
use super::meeting;
use super::notice::NoticePage;
use super::phrases::{self, Letter};
use super::plain::Plain;
use super::review::ReviewPage;
use super::sample;
use crate::domain::chat::Chat;
use crate::domain::meeting::MeetingWord;
use crate::domain::message::{Digest, Words};
use crate::domain::people::Locale;
use crate::domain::review::Summary;
use crate::domain::system::{SystemWord, UndeliverableWord};

/// Steps of the template engine for one part of one message: a hundred tasks take about a tenth of it.
const FUEL: u64 = 2_000_000;
/// A subject, whatever a template makes of it, is at most so many columns wide.
const SUBJECT_COLUMNS_MAX: usize = 250;

macro_rules! built_in {
    ($($file:literal)*) => {
        [$(($file, include_str!(concat!("templates/", $file)))),*]
    };
}

/// Every template by its file name, which is also the name of the file that overrides it.
const BUILT_IN: [(&str, &str); 27] = built_in![
    "shared/page.html"
    "zh-CN/notice.subject" "zh-CN/notice.txt" "zh-CN/notice.html" "zh-CN/notice.md"
    "zh-CN/review.subject" "zh-CN/review.txt" "zh-CN/review.html" "zh-CN/review.md"
    "zh-CN/letter.subject" "zh-CN/letter.txt" "zh-CN/letter.html" "zh-CN/letter.md"
    "zh-CN/circular.md"
    "en/notice.subject" "en/notice.txt" "en/notice.html" "en/notice.md"
    "en/review.subject" "en/review.txt" "en/review.html" "en/review.md"
    "en/letter.subject" "en/letter.txt" "en/letter.html" "en/letter.md"
    "en/circular.md"
];

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[error("{file}:{line}: {text}")]
pub struct TemplateFault {
    /// The template's file name, relative to the templates' folder.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, where it is known.
    pub column: Option<usize>,
    /// What is wrong.
    pub text: String,
}

/// Renders messages. Cannot fail: where a template does, the built-in plain text stands instead and says so.
#[derive(Debug)]
pub struct Renderer {
    templates: Environment<'static>,
}

impl Renderer {
    /// The built-in templates with the user's over them, each rendered with samples of everything that can occur.
    ///
    /// # Errors
    ///
    /// Every override that names no template, does not parse, or fails on a sample.
    pub fn new(overrides: &BTreeMap<String, String>) -> Result<Self, Vec<TemplateFault>> {
        let mut faults = Vec::new();
        let mut templates = environment();
        for (file, source) in BUILT_IN {
            let source = overrides.get(file).map_or(source, String::as_str);
            if let Err(error) = templates.add_template_owned(file, source.to_owned()) {
                faults.push(fault(&error, file));
            }
        }
        for file in overrides.keys().filter(|file| !is_known(file)) {
            faults.push(TemplateFault {
                file: file.clone(),
                line: 1,
                column: None,
                text: format!("no template has this name; there are {}", names()),
            });
        }
        let renderer = Self { templates };
        if faults.is_empty() {
            faults = renderer.prove();
        }
        if faults.is_empty() { Ok(renderer) } else { Err(faults) }
    }

    /// The words of a digest.
    #[must_use]
    pub fn notices(&self, digest: &Digest) -> Words {
        let page = NoticePage::of(digest);
        let phrases = phrases::of(digest.locale);
        let words = self
            .words("notice", digest.locale, &page)
            .unwrap_or_else(|fault| Plain::of_notices(&page).words(phrases, &page.as_of, fault.to_string()));
        let chat = chat::of_notices(&page, digest, phrases.as_of());
        in_chat(words, chat)
    }

    /// The words of a summary.
    #[must_use]
    pub fn review(&self, summary: &Summary) -> Words {
        self.review_with(summary, &[])
    }

    /// The words of a summary that shows pictures; what they show stands in its text too.
    #[must_use]
    pub fn review_with(&self, summary: &Summary, pictures: &[Picture]) -> Words {
        let page = ReviewPage::of(summary, pictures);
        let phrases = phrases::of(summary.locale);
        let words = self
            .words("review", summary.locale, &page)
            .unwrap_or_else(|fault| page.plain().words(phrases, &page.as_of, fault.to_string()));
        let chat = chat::of_review(&page, summary.locale, phrases.as_of());
        in_chat(words, chat)
    }

    /// Word to the office about Duban itself; `as_of` is local time.
    #[must_use]
    pub fn system(&self, word: &SystemWord, locale: Locale, as_of: &str) -> Words {
        self.letter(phrases::of(locale).system(word), locale, as_of)
    }

    /// Word to the office that a message could not be delivered; `as_of` is local time.
    #[must_use]
    pub fn undeliverable(&self, what: &UndeliverableWord, locale: Locale, as_of: &str) -> Words {
        self.letter(phrases::of(locale).undeliverable(what), locale, as_of)
    }

    /// What people are told of a meeting; `as_of` is local time.
    #[must_use]
    pub fn meeting(&self, word: &MeetingWord, locale: Locale, as_of: &str) -> Words {
        self.letter(meeting::letter(word, locale), locale, as_of)
    }

    /// The title of a meeting in a language.
    #[must_use]
    pub fn meeting_title(word: &MeetingWord, locale: Locale) -> String {
        meeting::title(word, locale)
    }

    /// A marked test of a channel; `as_of` is local time.
    #[must_use]
    pub fn test(&self, channel: &str, locale: Locale, as_of: &str) -> Words {
        self.letter(phrases::of(locale).test(channel), locale, as_of)
    }

    /// Marks a finished message of a trial with whom it would have gone to, on the subject and first of all in each
    /// part: for words that have no mark of their own (digests and summaries carry theirs).
    #[must_use]
    pub fn in_trial(words: Words, trial_for: &str, locale: Locale) -> Words {
        let mark = phrases::of(locale).trial(Some(trial_for));
        let mark = mark.trim_end();
        let note = format!(
            "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"><tr><td style=\"padding:8px \
             16px;font-size:15px\"><strong>{}</strong></td></tr></table>",
            html(mark)
        );
        let body = words.html.find("<body").unwrap_or(0);
        let (head, rest) = words.html.split_at(body);
        let html = match rest.split_once('>').filter(|_| body > 0) {
            Some((tag, rest)) => format!("{head}{tag}>\n{note}{rest}"),
            None => format!("{note}{}", words.html),
        };
        Words {
            subject: format!("{mark} {}", words.subject),
            text: format!("{mark}\n{}", words.text),
            html,
            markdown: format!("**{}**\n{}", markdown(mark), words.markdown),
            chat: Chat {
                title: format!("{mark} {}", words.chat.title),
                ..words.chat
            },
            fallback: words.fallback,
        }
    }

    fn letter(&self, letter: Letter, locale: Locale, as_of: &str) -> Words {
        let letter = Letter {
            subject: one_line(&letter.subject),
            ..letter
        };
        let page = LetterPage::of(letter, as_of);
        let phrases = phrases::of(locale);
        let words = self.words("letter", locale, &page).unwrap_or_else(|fault| {
            let plain = Plain {
                subject: page.headline.clone(),
                lines: page.paragraphs.iter().chain(&page.list).cloned().collect(),
            };
            plain.words(phrases, as_of, fault.to_string())
        });
        let chat = chat::of_letter(&page, phrases.as_of());
        in_chat(words, chat)
    }

    fn words<P: Serialize>(&self, name: &str, locale: Locale, page: &P) -> Result<Words, TemplateFault> {
        let page = Value::from(Serde(page));
        let file = |ending: &str| format!("{}/{name}.{ending}", locale.as_str());
        Ok(Words {
            subject: self.subject(&file("subject"), &page)?,
            text: tidy(&self.part(&file("txt"), &page)?),
            html: self.part(&file("html"), &page)?,
            markdown: tidy(&self.part(&file("md"), &page)?),
            chat: Chat::default(),
            fallback: None,
        })
    }

    /// A template that is no part of a message, with as many steps of the engine as what it is given needs.
    pub(super) fn with_fuel(&self, file: &str, page: &Value, fuel: u64) -> Result<String, TemplateFault> {
        let mut templates = self.templates.clone();
        templates.set_fuel(Some(fuel));
        Ok(tidy(&Self { templates }.part(file, page)?))
    }

    fn part(&self, file: &str, page: &Value) -> Result<String, TemplateFault> {
        self.templates
            .get_template(file)
            .and_then(|template| template.render(page.clone()))
            .map_err(|error| fault(&error, file))
    }

    fn subject(&self, file: &str, page: &Value) -> Result<String, TemplateFault> {
        let subject = shorten(&one_line(&self.part(file, page)?), SUBJECT_COLUMNS_MAX);
        if subject.is_empty() {
            return Err(TemplateFault {
                file: file.to_owned(),
                line: 1,
                column: None,
                text: "the subject comes out empty".into(),
            });
        }
        Ok(subject)
    }

    /// Renders every message with every sample; one fault for each template.
    fn prove(&self) -> Vec<TemplateFault> {
        let mut faults = BTreeMap::new();
        for locale in [Locale::ZhCn, Locale::En] {
            for digest in sample::digests(locale) {
                self.try_on("notice", locale, &NoticePage::of(&digest), &mut faults);
            }
            for summary in sample::summaries(locale) {
                self.try_on("review", locale, &ReviewPage::of(&summary, &[]), &mut faults);
            }
            for letter in sample::letters(phrases::of(locale)) {
                self.try_on("letter", locale, &LetterPage::of(letter, sample::AS_OF), &mut faults);
            }
            let file = circular::file(locale);
            for page in circular::sample::pages(locale) {
                if let Err(fault) = self.part(&file, &Value::from(Serde(&page))) {
                    faults.entry(file.clone()).or_insert(fault);
                }
            }
        }
        let mut faults: Vec<TemplateFault> = faults.into_values().collect();
        faults.sort_by(|a, b| (&a.file, a.line, &a.text).cmp(&(&b.file, b.line, &b.text)));
        faults.dedup();
        faults
    }

    /// Each part for itself, so that every faulty template is named at once; one known to be faulty is not tried again.
    fn try_on<P: Serialize>(&self, name: &str, locale: Locale, page: &P, faults: &mut BTreeMap<String, TemplateFault>) {
        let page = Value::from(Serde(page));
        for ending in ["subject", "txt", "html", "md"] {
            let file = format!("{}/{name}.{ending}", locale.as_str());
            if faults.contains_key(&file) {
                continue;
            }
            let result = if ending == "subject" {
                self.subject(&file, &page)
            } else {
                self.part(&file, &page)
            };
            if let Err(fault) = result {
                faults.insert(file, fault);
            }
        }
    }
}

/// The same words with their form for chats, under the same subject: its length is bounded.
fn in_chat(words: Words, chat: Chat) -> Words {
    Words {
        chat: Chat {
            title: words.subject.clone(),
            ..chat
        },
        ..words
    }
}

fn environment() -> Environment<'static> {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_fuel(Some(FUEL));
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        templates.set_syntax(syntax);
    }
    templates.set_auto_escape_callback(|file| match file.rsplit_once('.') {
        Some((_, "html")) => AutoEscape::Html,
        Some((_, "md")) => AutoEscape::Custom("markdown".into()),
        _ => AutoEscape::None,
    });
    templates.set_formatter(format_value);
    templates
}

fn format_value(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if !matches!(state.auto_escape(), AutoEscape::Custom(_)) {
        return minijinja::escape_formatter(out, state, value);
    }
    let text = value.to_string();
    out.write_str(&if value.is_safe() { text } else { markdown(&text) })
        .map_err(|_| Error::new(ErrorKind::WriteFailure, "the text could not be written"))
}

fn is_known(file: &str) -> bool {
    BUILT_IN.iter().any(|(name, _)| *name == file)
}

fn names() -> String {
    BUILT_IN.map(|(name, _)| name).join(", ")
}

/// The innermost fault names the template and line in which it happened.
fn fault(error: &Error, file: &str) -> TemplateFault {
    TemplateFault {
        file: error.name().unwrap_or(file).to_owned(),
        line: error.line().unwrap_or(1),
        column: column(error),
        text: error.detail().map_or_else(
            || error.kind().to_string(),
            |detail| format!("{}: {detail}", error.kind()),
        ),
    }
}

fn column(error: &Error) -> Option<usize> {
    let start = error.range()?.start;
    let before = error.template_source()?.get(..start)?;
    let line = before.rsplit_once('\n').map_or(before, |(_, line)| line);
    Some(line.chars().count() + 1)
}

/// Lines end without blanks, no two empty lines follow each other, one line break ends the text.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.trim().lines().map(str::trim_end) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            tidy.push_str(line);
            tidy.push('\n');
        }
    }
    tidy
}

#[cfg(test)]
mod mail_html;
#[cfg(test)]
mod tests;
