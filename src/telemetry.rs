//! Logs: to standard error, as text or JSON, filtered by level. Counters follow with the pages.
//!
//! A line never holds an address, a body, a token or a URL with secrets; libraries stay at `info` unless they are
//! named, since some would print such things below it.

use std::io::{self, IsTerminal};
use std::str::FromStr;

use thiserror::Error;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

/// The filter where none is asked for.
pub const FILTER_DEFAULT: &str = "info,tokio_cron_scheduler=warn,sqlx=warn";

/// The shape of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people; in colour on a terminal, unless `NO_COLOR` is set.
    #[default]
    Text,
    /// One JSON object to a line.
    Json,
}

/// `text` or `json`.
impl FromStr for Format {
    type Err = TelemetryError;

    fn from_str(text: &str) -> Result<Self, TelemetryError> {
        match text.trim() {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            other => Err(TelemetryError::Format {
                found: other.to_owned(),
            }),
        }
    }
}

/// How the logs shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// Their shape.
    pub format: Format,
    /// A level (`off`, `error`, `warn`, `info`, `debug`, `trace`), which then is Duban's own, or directives of
    /// tracing such as `info,duban::daemon=debug`, taken as they stand.
    pub filter: String,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            format: Format::default(),
            filter: FILTER_DEFAULT.to_owned(),
        }
    }
}

impl LogSettings {
    /// Settings from what was given, absent or empty being the default: the filter (`--log`, `DUBAN_LOG`) and the
    /// format (`--log-format`, `DUBAN_LOG_FORMAT`).
    ///
    /// # Errors
    ///
    /// [`TelemetryError::Format`] for an unknown format.
    pub fn from_words(filter: Option<&str>, format: Option<&str>) -> Result<Self, TelemetryError> {
        let given = |word: Option<&str>| word.map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned);
        Ok(Self {
            format: given(format).map_or(Ok(Format::default()), |word| word.parse())?,
            filter: given(filter).unwrap_or_else(|| FILTER_DEFAULT.to_owned()),
        })
    }
}

/// Why there are no logs.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// No such format.
    #[error("`{found}` is no log format; there are `text` and `json`")]
    Format {
        /// What was given.
        found: String,
    },
    /// The filter is neither a level nor a list of directives.
    #[error(
        "`{filter}` is no log filter; give a level such as `debug`, or directives such as `info,duban::daemon=debug`"
    )]
    Filter {
        /// What was given.
        filter: String,
        /// What is wrong with it, where directives were tried.
        #[source]
        source: Option<ParseError>,
    },
    /// Logs were set up before.
    #[error("logs are set up already")]
    SetUpTwice,
}

/// Sets up logs to standard error for the whole process; to be called once.
///
/// # Errors
///
/// [`TelemetryError`] if the filter is not understood, or logs were set up before.
pub fn init(settings: &LogSettings) -> Result<(), TelemetryError> {
    subscriber(settings, io::stderr().is_terminal(), io::stderr)?
        .try_init()
        .map_err(|_| TelemetryError::SetUpTwice)
}

fn subscriber<W>(
    settings: &LogSettings,
    is_terminal: bool,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, TelemetryError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter(&settings.filter)?)
        .with_writer(writer)
        // Told by panicking where standard error is gone, and a log that nobody reads must not stop a daemon.
        .log_internal_errors(false);
    Ok(match settings.format {
        Format::Json => Box::new(builder.json().flatten_event(true).finish()),
        // Left alone, the library asks NO_COLOR itself.
        Format::Text if is_terminal => Box::new(builder.finish()),
        Format::Text => Box::new(builder.with_ansi(false).finish()),
    })
}

fn filter(text: &str) -> Result<EnvFilter, TelemetryError> {
    let refused = |source| TelemetryError::Filter {
        filter: text.to_owned(),
        source,
    };
    let directives = if text.contains(['=', ',', '[']) {
        text.to_owned()
    } else {
        match text.parse::<LevelFilter>() {
            Ok(level) if level <= LevelFilter::WARN => level.to_string(),
            Ok(level) => format!("{FILTER_DEFAULT},duban={level}"),
            Err(_) => return Err(refused(None)),
        }
    };
    EnvFilter::builder()
        .parse(directives)
        .map_err(|source| refused(Some(source)))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no writer panics").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(filter: &str, format: Format) -> String {
        let page = Page::default();
        let writer = page.clone();
        let settings = LogSettings {
            format,
            filter: filter.to_owned(),
        };
        let subscriber = subscriber(&settings, false, move || writer.clone()).expect("the filter is sound");
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(task.id = "7", "task 7 was loaded");
            tracing::debug!("how it was done");
            tracing::info!(target: "sqlx", "a query");
            tracing::debug!(target: "hyper", "a connection");
        });
        let bytes = page.0.lock().expect("no writer panics").clone();
        String::from_utf8(bytes).expect("logs are UTF-8")
    }

    #[test]
    fn text_off_a_terminal_has_no_colours() {
        let text = logged(FILTER_DEFAULT, Format::Text);
        assert!(
            text.contains("task 7 was loaded task.id=\"7\"") && !text.contains('\u{1b}'),
            "{text}"
        );
    }

    #[test]
    fn json_is_one_object_to_a_line() {
        let text = logged(FILTER_DEFAULT, Format::Json);
        let line: serde_json::Value = serde_json::from_str(text.trim()).expect("one line of JSON");
        assert_eq!(line["task.id"], "7");
        assert_eq!(line["message"], "task 7 was loaded");
    }

    #[test]
    fn a_bare_level_is_that_of_duban_alone() {
        let text = logged("debug", Format::Text);
        assert!(text.contains("how it was done"), "{text}");
        assert!(!text.contains("a query") && !text.contains("a connection"), "{text}");
    }

    #[test]
    fn directives_are_taken_as_they_stand() {
        let text = logged("warn,hyper=debug", Format::Text);
        assert!(text.contains("a connection") && !text.contains("task 7"), "{text}");
    }

    #[test]
    fn a_level_above_info_quietens_everything() {
        assert_eq!(logged("error", Format::Text), "");
    }

    #[test]
    fn a_word_that_is_no_level_is_refused() {
        let error = filter("loud").expect_err("`loud` is no level");
        assert!(error.to_string().starts_with("`loud` is no log filter"), "{error}");
    }

    #[test]
    fn a_directive_that_is_none_is_refused() {
        assert!(matches!(
            filter("duban=loud"),
            Err(TelemetryError::Filter { source: Some(_), .. })
        ));
    }

    #[test]
    fn an_empty_word_is_as_good_as_none() {
        let settings = LogSettings::from_words(Some(" "), Some("")).expect("the defaults hold");
        assert_eq!(settings, LogSettings::default());
    }

    #[test]
    fn an_unknown_format_is_refused() {
        assert!(matches!(
            LogSettings::from_words(None, Some("xml")),
            Err(TelemetryError::Format { .. })
        ));
    }
}
