//! `[audit]`, and how long the store keeps what was said.

use chrono::NaiveTime;

use crate::channel::beat;
use crate::domain::ladder::{Span, TimeUnit};
use crate::secret::Secret;

use super::environment::Environment;
use super::faults::{Faults, Placed};
use super::raw::{Raw, RawSecret};
use super::secrets::{InTheClear, resolve};
use super::settings::{one_of, span, time};

/// When the self-audit runs, where the configuration does not say: before the working day, and before most reviews.
const AT: (u32, u32) = (7, 30);
/// How long messages are kept, where it does not say: two years, so that last year's assessment can be answered for.
const KEEP: Span = Span {
    amount: 24,
    unit: TimeUnit::Months,
};
/// What was said is not forgotten sooner: files that go with messages are kept as long.
const KEEP_DAYS_MIN: i64 = 30;

/// `[audit]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPlan {
    /// At what local time of each day.
    pub at: NaiveTime,
    /// How often the office is told that all is well.
    pub report: Report,
    /// What is called when it is; its silence raises the alarm elsewhere.
    pub heartbeat: Option<Secret>,
}

/// How often the office is told that all is well; problems are always told at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Report {
    /// Every day.
    Daily,
    /// With the first self-audit of each week.
    #[default]
    Weekly,
    /// Never.
    Problems,
}

/// `[audit]` as it is meant.
pub(super) fn settle(faults: &mut Faults, env: &Environment, raw: &Raw) -> AuditPlan {
    let words = [
        ("daily", Report::Daily),
        ("weekly", Report::Weekly),
        ("problems", Report::Problems),
    ];
    let usual = NaiveTime::from_hms_opt(AT.0, AT.1, 0).unwrap_or(NaiveTime::MIN);
    AuditPlan {
        at: time(faults, raw.audit_at.as_ref()).unwrap_or(usual),
        report: one_of(faults, raw.audit_report.as_ref(), "report", &words).unwrap_or_default(),
        heartbeat: (raw.audit_heartbeat.as_ref()).and_then(|url| heartbeat(faults, env, url)),
    }
}

fn heartbeat(faults: &mut Faults, env: &Environment, url: &Placed<RawSecret>) -> Option<Secret> {
    let found = resolve(faults, env, "heartbeat", url, InTheClear::Allow)?;
    let text = found.reveal().trim();
    if let Err(error) = beat::check_url(text) {
        // The address itself may be a secret, so it is not repeated.
        let hint = "the address that your monitor gives, for example https://hc-ping.com/UUID";
        faults.error_hint(url.place, format!("`heartbeat` is no address: {error}"), hint);
        return None;
    }
    Some(Secret::new(text))
}

/// `[store] keep`: how long the words of delivered messages are kept; none: for ever.
pub(super) fn keep(faults: &mut Faults, raw: &Raw) -> Option<Span> {
    let Some(text) = &raw.keep else { return Some(KEEP) };
    if text.value == "forever" {
        return None;
    }
    let found = span(faults, text)?;
    let days = match found.unit {
        TimeUnit::Days => Some(1),
        TimeUnit::Weeks => Some(7),
        TimeUnit::Months => Some(28),
        TimeUnit::WorkingDays | TimeUnit::Hours | TimeUnit::Minutes | TimeUnit::Seconds => None,
    };
    if days.is_none_or(|days| days * i64::from(found.amount) < KEEP_DAYS_MIN) {
        let hint = "write days, weeks or months, at least 30d, for example 24mo; or forever";
        faults.error_hint(
            text.place,
            format!("`{}` is no time to keep messages", text.value),
            hint,
        );
        return None;
    }
    Some(found)
}
