//! `budget`: how fast a channel may send, in the words of the file, and what its vendor documents.

use chrono::TimeDelta;

use crate::channel::Budget;
use crate::channel::robot::VendorKind;
use crate::config::faults::{Faults, Placed};
use crate::domain::ladder::TimeUnit;

/// More rates than this tell nothing that fewer would not.
const RATES_MAX: usize = 8;

/// Every rate that is written; a fault for each that is none, and for what is faster than the vendor documents.
pub(super) fn read(faults: &mut Faults, vendor: Option<VendorKind>, text: &Placed<String>) -> Vec<Budget> {
    let parts: Vec<&str> = text.value.split([',', '，', ';']).map(str::trim).collect();
    let hint = "write 18/min, or several with commas: 18/min, 1/3 s; each is COUNT/UNIT or COUNT/NUMBER UNIT, with s, min, \
                h or d";
    if parts.len() > RATES_MAX {
        faults.error_hint(text.place, format!("`budget` has more than {RATES_MAX} rates"), hint);
        return Vec::new();
    }
    let mut budgets = Vec::new();
    for part in parts {
        match rate(part) {
            Some(budget) => budgets.push(budget),
            None => faults.error_hint(text.place, format!("`{part}` is no budget"), hint),
        }
    }
    if let Some(vendor) = vendor {
        warn_above(faults, vendor, text, &budgets);
    }
    budgets
}

/// `18/min`, `1/3 s`, `60/5 min`.
fn rate(text: &str) -> Option<Budget> {
    let (count, per) = text.split_once('/')?;
    let per = per.trim();
    let digits = per.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = per.split_at(digits);
    let unit = match unit.trim() {
        "s" | "sec" => TimeUnit::Seconds,
        "m" | "min" => TimeUnit::Minutes,
        "h" | "hour" => TimeUnit::Hours,
        "d" | "day" => TimeUnit::Days,
        _ => return None,
    };
    let number: u32 = if number.is_empty() { 1 } else { number.parse().ok()? };
    let count = count.trim().parse().ok().filter(|count| *count > 0)?;
    let seconds = unit
        .seconds()?
        .checked_mul(number.into())
        .filter(|seconds| *seconds > 0)?;
    Some(Budget {
        count,
        per: TimeDelta::try_seconds(seconds)?,
    })
}

/// What a vendor documents, in posts a minute and in its own words, and what follows above it.
fn documented(vendor: VendorKind) -> Option<(i64, &'static str, &'static str)> {
    Some(match vendor {
        VendorKind::Wecom => (20, "20/min", "above it WeCom refuses posts for a minute"),
        VendorKind::Dingtalk => (20, "20/min", "above it DingTalk stops for ten minutes"),
        VendorKind::Feishu => (100, "100/min", "above it Feishu refuses posts"),
        VendorKind::Slack => (60, "1/s", "above it Slack refuses posts for a while"),
        VendorKind::Discord => (30, "30/min", "above it Discord refuses posts for a while"),
        VendorKind::Telegram => (20, "20/min to a group", "above it Telegram refuses posts for a while"),
        VendorKind::Teams
        | VendorKind::Mattermost
        | VendorKind::Rocketchat
        | VendorKind::Matrix
        | VendorKind::Ntfy
        | VendorKind::Gotify => return None,
    })
}

fn warn_above(faults: &mut Faults, vendor: VendorKind, text: &Placed<String>, budgets: &[Budget]) {
    let Some((a_minute, words, hint)) = documented(vendor) else {
        return;
    };
    // All of a longer time's posts may go in one minute; of a shorter time's, as many as there are such times in it.
    let within_a_minute = budgets.iter().map(|budget| {
        let times = TimeDelta::minutes(1).num_seconds() / budget.per.num_seconds().max(1);
        i64::from(budget.count).saturating_mul(times.max(1))
    });
    if let Some(most) = within_a_minute.min().filter(|most| *most > a_minute) {
        let wrong = format!(
            "`{}` lets {most} posts go in a minute; the vendor allows {words}",
            text.value
        );
        faults.warning_hint(text.place, wrong, hint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_count_in_one_or_more_units_of_time() {
        for (text, count, seconds) in [
            ("18/min", 18, 60),
            ("1/3 s", 1, 3),
            ("60/5 min", 60, 300),
            ("5/10s", 5, 10),
        ] {
            assert_eq!(rate(text), Some(Budget::per_seconds(count, seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_rate_is_none() {
        for text in [
            "",
            "18",
            "0/min",
            "18/0 min",
            "18/",
            "18/5",
            "-1/s",
            "1/s/s",
            "1/99999999999 d",
        ] {
            assert_eq!(rate(text), None, "{text}");
        }
    }
}
