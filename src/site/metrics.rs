//! The metrics: every name, what it means, and where it comes from.

use std::sync::atomic::AtomicU64;

use chrono::{DateTime, NaiveTime, Utc};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::domain::outcome::Outcome;
use crate::domain::task::{Light, Phase};
use crate::rules::calendar::Almanac;
use crate::store::{Alike, Figures, Pile};

use super::vitals::Vitals;

type Labels = Vec<(&'static str, String)>;

/// All metrics, in the text of `OpenMetrics`; without those of the store where there are no figures.
pub(super) fn text(vitals: &Vitals, figures: Option<&Figures>, census: &[Alike]) -> String {
    let mut sheet = Sheet(Registry::default());
    of_the_process(&mut sheet, vitals);
    of_the_loops(&mut sheet, vitals);
    of_the_files(&mut sheet, vitals);
    sheet.one(
        "duban_store_up",
        "Whether the store answered those who watch",
        Some(truth(figures.is_some())),
    );
    if let Some(figures) = figures {
        of_what_is_due(&mut sheet, figures);
        of_the_channels(&mut sheet, vitals, figures);
        of_the_store(&mut sheet, figures);
    }
    if let Some(almanac) = &vitals.almanac {
        of_the_tasks(&mut sheet, almanac, census, vitals.now);
    }
    sheet.text()
}

fn of_the_process(sheet: &mut Sheet, vitals: &Vitals) {
    let version = vec![("version", env!("CARGO_PKG_VERSION").to_owned())];
    sheet.gauges("duban_build_info", "The version that runs", [(version, 1.0)]);
    sheet.one(
        "duban_start_time_seconds",
        "When the daemon started",
        Some(seconds(vitals.started)),
    );
}

fn of_the_loops(sheet: &mut Sheet, vitals: &Vitals) {
    let passes = [("deciding", vitals.decided), ("delivering", vitals.delivered)];
    let passes = passes
        .into_iter()
        .filter_map(|(name, at)| Some((label("loop", name), seconds(at?))));
    sheet.gauges(
        "duban_pass_timestamp_seconds",
        "When a loop last went round and had done all that was due",
        passes,
    );
    sheet.one(
        "duban_ready",
        "Whether /readyz says that the daemon does its work",
        Some(truth(vitals.unready().is_empty())),
    );
    sheet.one(
        "duban_clock_held",
        "Whether planning and sending are held because the clock cannot be right",
        Some(truth(vitals.held.is_some())),
    );
    let mut attempts = Vec::new();
    for channel in &vitals.channels {
        for outcome in Outcome::KINDS {
            if !vitals.attempts.contains_key(&(channel.clone(), outcome)) {
                attempts.push((channel.to_string(), outcome, 0));
            }
        }
    }
    for ((channel, outcome), count) in &vitals.attempts {
        attempts.push((channel.to_string(), outcome, *count));
    }
    sheet.counters(
        "duban_attempts",
        "Attempts to hand a message to a channel since the start, by outcome",
        attempts
            .into_iter()
            .map(|(channel, outcome, count)| (vec![("channel", channel), ("outcome", outcome.to_owned())], count)),
    );
}

fn of_the_files(sheet: &mut Sheet, vitals: &Vitals) {
    sheet.one(
        "duban_degraded",
        "Whether the files have faults, so that the last good load is in force",
        Some(truth(vitals.faults > 0)),
    );
    sheet.one(
        "duban_load_accepted",
        "Whether the files were accepted when they were last loaded",
        vitals.load.map(|(_, accepted)| truth(accepted)),
    );
    sheet.one(
        "duban_load_timestamp_seconds",
        "When the files were last loaded, or refused",
        vitals.load.map(|(at, _)| seconds(at)),
    );
    let end = vitals.almanac.as_ref().and_then(|almanac| {
        let after = almanac.calendar.known_until()?.succ_opt()?;
        Some(almanac.instant(after.and_time(NaiveTime::MIN)))
    });
    sheet.one(
        "duban_calendar_end_timestamp_seconds",
        "When the days that the calendar knows end; absent where it knows all",
        end.map(seconds),
    );
}

fn of_what_is_due(sheet: &mut Sheet, figures: &Figures) {
    let piles = [("task", figures.tasks_due), ("notice", figures.notices_due)];
    sheet.gauges(
        "duban_due",
        "What is due and not in a message yet: tasks to be planned, and notices",
        piles.map(|(what, pile)| (label("what", what), number(pile.count))),
    );
    sheet.gauges(
        "duban_due_oldest_timestamp_seconds",
        "Since when the oldest of what is due waits; absent where nothing does",
        piles
            .into_iter()
            .filter_map(|(what, pile)| Some((label("what", what), seconds(pile.oldest?)))),
    );
}

fn of_the_channels(sheet: &mut Sheet, vitals: &Vitals, figures: &Figures) {
    let mut messages = figures.messages.clone();
    // A channel that has sent nothing yet has piles too: an alert on what is absent would be for nothing.
    for channel in &vitals.channels {
        if !messages.iter().any(|(known, _, _)| known == channel) {
            messages.extend(Figures::UNFINISHED.map(|state| (channel.clone(), state, Pile::default())));
        }
    }
    let labels =
        |channel: &dyn ToString, state: &str| vec![("channel", channel.to_string()), ("state", state.to_owned())];
    sheet.gauges(
        "duban_messages",
        "Messages that wait, are being sent, or could not be delivered",
        messages
            .iter()
            .map(|(channel, state, pile)| (labels(channel, state.as_str()), number(pile.count))),
    );
    sheet.gauges(
        "duban_messages_oldest_timestamp_seconds",
        "When the oldest of these messages was made; absent where there is none",
        messages
            .iter()
            .filter_map(|(channel, state, pile)| Some((labels(channel, state.as_str()), seconds(pile.oldest?)))),
    );
    let stopped = |channel| figures.stopped.iter().any(|(stopped, _)| stopped == channel);
    sheet.gauges(
        "duban_channel_stopped",
        "Whether a channel is stopped, because its endpoint cannot be used",
        vitals
            .channels
            .iter()
            .map(|channel| (label("channel", channel), truth(stopped(channel)))),
    );
}

fn of_the_store(sheet: &mut Sheet, figures: &Figures) {
    sheet.one(
        "duban_journal_entries",
        "Entries of the journal, which is the number of its head",
        Some(number(figures.journal_entries)),
    );
    sheet.one(
        "duban_journal_entry_timestamp_seconds",
        "When the last entry of the journal was written",
        figures.journal_last.map(seconds),
    );
    sheet.one(
        "duban_store_size_bytes",
        "What the files of the store take on the disk",
        figures.size_bytes.map(number),
    );
    let audit = figures.audit;
    sheet.one(
        "duban_audit_clean",
        "Whether the last self-audit found everything as it should be; absent before the first",
        audit.map(|audit| truth(audit.clean)),
    );
    sheet.one(
        "duban_audit_timestamp_seconds",
        "When the last self-audit was done",
        audit.map(|audit| seconds(audit.at)),
    );
    sheet.gauges(
        "duban_audit_findings",
        "What the last self-audit found to be wrong, by kind",
        audit
            .into_iter()
            .flat_map(|audit| audit.found)
            .map(|(kind, count)| (label("what", kind.as_str()), number(count))),
    );
    sheet.gauges(
        "duban_review_sent_timestamp_seconds",
        "When a review was last sent; absent before the first time",
        figures
            .reviews
            .iter()
            .filter_map(|(id, sent, _)| Some((label("review", id), seconds((*sent)?)))),
    );
    sheet.gauges(
        "duban_review_next_timestamp_seconds",
        "When a review is due next",
        figures
            .reviews
            .iter()
            .filter_map(|(id, _, next)| Some((label("review", id), seconds((*next)?)))),
    );
}

fn of_the_tasks(sheet: &mut Sheet, almanac: &Almanac, census: &[Alike], now: DateTime<Utc>) {
    let light = |row: &Alike| match (row.standing, row.due) {
        (Phase::Submitted, _) => Light::Blue,
        (Phase::Open | Phase::Acknowledged, Some(due)) => almanac.light_of(row.standing, due, now),
        (Phase::Open | Phase::Acknowledged | Phase::Closed | Phase::Cancelled | Phase::Withdrawn, _) => Light::Grey,
    };
    let lights = [Light::Red, Light::Yellow, Light::Green, Light::Blue, Light::Grey];
    sheet.gauges(
        "duban_tasks",
        "Tasks by light, counted at most once a minute",
        lights.map(|wanted| {
            let rows = census.iter().filter(|row| light(row) == wanted);
            (label("light", &wanted), number(rows.map(|row| row.count).sum()))
        }),
    );
    let unknown = census.iter().filter(|row| {
        row.due
            .is_some_and(|due| !almanac.calendar.is_known(almanac.date_of(due)))
    });
    sheet.one(
        "duban_tasks_provisional",
        "Open tasks whose deadline lies beyond the days that the calendar knows",
        Some(number(unknown.map(|row| row.count).sum())),
    );
}

/// The metrics of one answer.
struct Sheet(Registry);

impl Sheet {
    /// A gauge without labels; left out where there is no value.
    fn one(&mut self, name: &str, help: &str, value: Option<f64>) {
        if let Some(value) = value {
            let gauge = Gauge::<f64, AtomicU64>::default();
            gauge.set(value);
            self.0.register(name, help, gauge);
        }
    }

    /// A gauge for each set of labels.
    fn gauges(&mut self, name: &str, help: &str, series: impl IntoIterator<Item = (Labels, f64)>) {
        let family = Family::<Labels, Gauge<f64, AtomicU64>>::default();
        for (labels, value) in series {
            family.get_or_create(&labels).set(value);
        }
        self.0.register(name, help, family);
    }

    /// A counter for each set of labels; `_total` is added to its name.
    fn counters(&mut self, name: &str, help: &str, series: impl IntoIterator<Item = (Labels, u64)>) {
        let family = Family::<Labels, Counter>::default();
        for (labels, value) in series {
            family.get_or_create(&labels).inc_by(value);
        }
        self.0.register(name, help, family);
    }

    /// The series of each metric in order, so that equal figures give equal text.
    fn text(&self) -> String {
        let mut text = String::new();
        // A text takes whatever is written to it.
        if encode(&mut text, &self.0).is_err() {
            tracing::error!("the metrics cannot be written down");
        }
        let mut lines: Vec<&str> = text.lines().collect();
        for series in lines.chunk_by_mut(|one, other| one.starts_with('#') == other.starts_with('#')) {
            if series.first().is_some_and(|line| !line.starts_with('#')) {
                series.sort_unstable();
            }
        }
        lines.join("\n") + "\n"
    }
}

/// The same in the older text of Prometheus, in which a counter is called `_total` in its head too.
pub(super) fn classic(open: &str) -> String {
    let counters: Vec<&str> = open
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter"))
        .collect();
    let mut text = String::with_capacity(open.len());
    for line in open
        .lines()
        .filter(|line| *line != "# EOF" && !line.starts_with("# UNIT "))
    {
        let mut words = line.splitn(4, ' ');
        let head = (words.next(), words.next(), words.next(), words.next());
        match head {
            (Some("#"), Some(kind), Some(name), Some(rest)) if counters.contains(&name) => {
                text += &format!("# {kind} {name}_total {rest}\n");
            }
            _ => {
                text += line;
                text += "\n";
            }
        }
    }
    text
}

fn label(name: &'static str, value: &(impl ToString + ?Sized)) -> Labels {
    vec![(name, value.to_string())]
}

fn truth(is_true: bool) -> f64 {
    f64::from(u8::from(is_true))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a count of more than 2^53 is beyond all that is counted here"
)]
fn number(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of this era are below 2^53")]
fn seconds(at: DateTime<Utc>) -> f64 {
    at.timestamp_millis() as f64 / 1000.0
}

#[cfg(test)]
mod tests;
