//! What a first configuration is made of: from flags, from the machine, from questions.

use std::fs;
use std::io::{BufRead, Write};
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use chrono_tz::Tz;

use crate::command::cli::{Init, Language};
use crate::config::Environment;

/// Everything that is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answers {
    pub(super) locale: Language,
    pub(super) timezone: String,
    pub(super) calendar: String,
    pub(super) office: String,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) server: String,
    pub(super) username: Option<String>,
    /// None: as `email`.
    pub(super) from: Option<String>,
    /// None: a sample is written.
    pub(super) ledger: Option<PathBuf>,
}

/// Mails become files below the folder.
pub(super) const TO_FILES: &str = "file:outbox";
/// How a mail server is written.
const SCHEMES: [&str; 4] = ["smtps://", "smtp+starttls://", "smtp://", "file:"];
/// A question that is answered wrongly more often than this is not understood.
const TRIES_MAX: usize = 5;

impl Answers {
    /// The flags, and for what they do not say, what is usual here.
    pub(super) fn usual(args: &Init, env: &Environment) -> Self {
        let locale = args.locale.unwrap_or_else(|| language_of(env));
        let (calendar, office, name) = match locale {
            Language::ZhCn => ("cn-mainland", "督办办公室", "督办办公室联系人"),
            Language::En => ("mon-fri", "Supervision Office", "Office clerk"),
        };
        let or = |flag: &Option<String>, usual: &str| flag.clone().unwrap_or_else(|| usual.to_owned());
        Self {
            locale,
            timezone: args.timezone.clone().unwrap_or_else(|| zone_of(env)),
            calendar: or(&args.calendar, calendar),
            office: or(&args.office, office),
            name: or(&args.name, name),
            email: or(&args.email, "office@example.org"),
            server: or(&args.server, TO_FILES),
            username: args.username.clone(),
            from: args.from.clone(),
            ledger: args.ledger.clone(),
        }
    }

    /// Asks what no flag says; an empty line takes what is usual.
    pub(super) fn ask(self, args: &Init, input: &mut dyn BufRead, shown: &mut dyn Write) -> anyhow::Result<Self> {
        let mut desk = Questions { input, shown };
        let mut answers = self;
        if args.locale.is_none() {
            let usual = word(answers.locale);
            let found = desk.put("Language of messages, zh-CN or en", usual, |text| {
                ["zh-CN", "en"].contains(&text).then_some(()).ok_or("zh-CN or en")
            })?;
            let locale = if found == "en" { Language::En } else { Language::ZhCn };
            // What is usual follows from the language.
            let args = Init {
                locale: Some(locale),
                ..args.clone()
            };
            let timezone = answers.timezone;
            answers = Self::usual(&args, &Environment::default());
            answers.timezone = timezone;
        }
        let zone = |text: &str| {
            text.parse::<Tz>()
                .map(|_| ())
                .map_err(|_| "an IANA name, for example Asia/Shanghai")
        };
        let some = |text: &str| if text.is_empty() { Err("a name, please") } else { Ok(()) };
        let address = |text: &str| match text.split_once('@') {
            Some((before, after)) if !before.is_empty() && after.contains('.') && !text.contains(' ') => Ok(()),
            Some(_) | None => Err("an address such as wang@example.org"),
        };
        if args.timezone.is_none() {
            answers.timezone = desk.put("Time zone", &answers.timezone, zone)?;
        }
        if args.calendar.is_none() {
            let question = "Days worked: cn-mainland, mon-fri or every-day";
            answers.calendar = desk.put(question, &answers.calendar, |text| {
                let is_known = ["cn-mainland", "mon-fri", "every-day"].contains(&text);
                is_known.then_some(()).ok_or("cn-mainland, mon-fri or every-day")
            })?;
        }
        for (flag, question, slot) in [
            (
                &args.office,
                "The office that runs Duban is called",
                &mut answers.office,
            ),
            (&args.name, "You are called", &mut answers.name),
        ] {
            if flag.is_none() {
                *slot = desk.put(question, slot, some)?;
            }
        }
        if args.email.is_none() {
            answers.email = desk.put("Your mail address", &answers.email, address)?;
        }
        answers.ask_of_mail(args, &mut desk)?;
        Ok(answers)
    }

    /// By what mail leaves, and from which ledger.
    fn ask_of_mail(&mut self, args: &Init, desk: &mut Questions<'_>) -> anyhow::Result<()> {
        let any = |_: &str| Ok(());
        if args.server.is_none() {
            let question = "Mail server (smtps://HOST:465, smtp+starttls://HOST:587; file:outbox writes files)";
            self.server = desk.put(question, &self.server, |text| {
                let is_known = SCHEMES.iter().any(|scheme| text.starts_with(scheme));
                is_known
                    .then_some(())
                    .ok_or("smtps://HOST:465, smtp+starttls://HOST:587, smtp://HOST:25 or file:DIR")
            })?;
        }
        if args.username.is_none() && self.server != TO_FILES {
            let found = desk.put("Login there (empty: none)", "", any)?;
            self.username = Some(found).filter(|name| !name.is_empty());
        }
        if args.ledger.is_none() {
            let found = desk.put("A ledger to start from (empty: a sample)", "", any)?;
            self.ledger = Some(found).filter(|path| !path.is_empty()).map(PathBuf::from);
        }
        Ok(())
    }

    /// The time zone, which says what day it is.
    pub(super) fn zone(&self) -> anyhow::Result<Tz> {
        let wrong = |_| {
            anyhow!(
                "time zone `{}` is unknown\n  hint: an IANA name, for example Asia/Shanghai",
                self.timezone
            )
        };
        self.timezone.parse().map_err(wrong)
    }
}

/// The word in configuration.
pub(super) fn word(language: Language) -> &'static str {
    match language {
        Language::ZhCn => "zh-CN",
        Language::En => "en",
    }
}

struct Questions<'a> {
    input: &'a mut dyn BufRead,
    shown: &'a mut dyn Write,
}

impl Questions<'_> {
    /// Asks until the answer is right; an empty line is what is usual.
    fn put(
        &mut self,
        question: &str,
        usual: &str,
        right: impl Fn(&str) -> Result<(), &'static str>,
    ) -> anyhow::Result<String> {
        for _ in 0..TRIES_MAX {
            match usual {
                "" => write!(self.shown, "{question}: ")?,
                usual => write!(self.shown, "{question} [{usual}]: ")?,
            }
            self.shown.flush()?;
            let mut line = String::new();
            let read = self.input.read_line(&mut line).context("the answer cannot be read")?;
            anyhow::ensure!(read > 0, "no answer came; nothing was written");
            let answer = match line.trim() {
                "" => usual,
                answer => answer,
            };
            match right(answer) {
                Ok(()) => return Ok(answer.to_owned()),
                Err(wanted) => writeln!(self.shown, "  {wanted}")?,
            }
        }
        anyhow::bail!("no answer to `{question}` was understood; nothing was written")
    }
}

/// The language of the terminal.
fn language_of(env: &Environment) -> Language {
    let named = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| env.get(name));
    match named {
        Some(name) if name.starts_with("zh") => Language::ZhCn,
        Some(_) | None => Language::En,
    }
}

/// The time zone of the machine.
fn zone_of(env: &Environment) -> String {
    let link = fs::read_link("/etc/localtime").unwrap_or_default();
    let link = link.to_string_lossy().into_owned();
    let linked = link.split_once("zoneinfo/").map(|(_, zone)| zone.to_owned());
    let named = env.get("TZ").map(|zone| zone.trim_start_matches(':').to_owned());
    let found = named.into_iter().chain(linked);
    let mut known = found.filter(|zone| zone.parse::<Tz>().is_ok());
    known.next().unwrap_or_else(|| "UTC".to_owned())
}
