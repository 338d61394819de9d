//! Claims the tasks that are due, asks the planner, and stores what it says: one transaction for a batch.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::json;

use crate::daemon::outlook::{ground, told_book};
use crate::daemon::tally::Loop;
use crate::daemon::{DaemonError, Engine};
use crate::domain::id::TaskId;
use crate::domain::journal::Draft;
use crate::domain::notice::{Notice, Told};
use crate::rules::planner::{self, Plan};
use crate::store::Planned;

/// Tasks planned in one transaction: long enough to be fast, short enough that an act need not wait for it.
const BATCH: u32 = 500;

/// Who writes what the daemon decides.
pub(super) const BY: &str = "duban";

impl Engine {
    /// Plans every task whose instant has come. Says when the next one's comes.
    pub(super) async fn plan_due(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, DaemonError> {
        loop {
            let mut notices = 0;
            let mut decide = |stored: &crate::store::StoredTask, told: &[crate::store::ToldRow]| {
                let Some(ground) = ground(&self.config, &stored.task, &stored.state) else {
                    return Planned::default();
                };
                let plan = planner::plan(&ground, &told_book(told), now, now + TimeDelta::milliseconds(1));
                notices += plan.notices.len();
                planned(&stored.task.id, plan, now)
            };
            let claimed = self.store.plan_due(now, BATCH, &mut decide).await?;
            if claimed > 0 {
                tracing::debug!(tasks = claimed, notices, "planned {claimed} tasks: {notices} notices");
            }
            self.health().tally().beat(Loop::Deciding);
            if claimed < BATCH {
                return Ok(self.store.next_task_at().await?);
            }
        }
    }
}

pub(super) fn planned(task: &TaskId, plan: Plan, now: DateTime<Utc>) -> Planned {
    let entries = plan
        .told
        .iter()
        .filter(|told| !told.sent)
        .map(|told| covered_entry(task, told, now))
        .collect();
    Planned {
        notices: plan
            .notices
            .into_iter()
            .map(|notice| (notice.clone(), notice_entry(&notice, now)))
            .collect(),
        told: plan.told,
        entries,
        next_at: plan.next,
    }
}

fn notice_entry(notice: &Notice, now: DateTime<Utc>) -> Draft {
    Draft {
        at: now,
        task: Some(notice.task.clone()),
        kind: "notice".to_owned(),
        by: BY.to_owned(),
        data: json!({
            "id": notice.id,
            "step": notice.step_name(),
            "level": notice.level,
            "recipient": notice.recipient.id,
            "role": notice.recipient.role,
            "for": notice.for_person,
            "channel": notice.channel,
            "at": notice.at.to_rfc3339_opts(SecondsFormat::Millis, true),
            "late": notice.late,
            "reason": notice.reason,
        }),
    }
}

fn covered_entry(task: &TaskId, told: &Told, now: DateTime<Utc>) -> Draft {
    Draft {
        at: now,
        task: Some(task.clone()),
        kind: "covered".to_owned(),
        by: BY.to_owned(),
        data: json!({
            "step": told.key.step,
            "occurrence": told.occurrence + 1,
            "role": told.key.role,
            "level": told.level,
            "reason": told.reason,
        }),
    }
}
