//! A step of the ladder that the planner would not lead to the channel: which one, and what it would say there.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};

use crate::command::Failure;
use crate::command::desk::hinted;
use crate::daemon::ground;
use crate::domain::ladder::{Ladder, Level, Role, Step, Via};
use crate::domain::notice::Notice;
use crate::domain::people::{ChannelKind, Person};
use crate::rules::planner::{self, Ground, ToldBook};

use super::occasion::{HORIZONS, Question};

impl Question<'_> {
    /// The step that speaks next, with its instant; where none lies ahead, the loudest that lies in the past.
    pub(super) fn step(&self) -> Result<(Step, Option<DateTime<Utc>>), Failure> {
        let eligible: Vec<&Step> = self
            .steps()
            .iter()
            .filter(|step| self.level.is_none_or(|level| step.level == level))
            .collect();
        if let (Some(level), []) = (self.level, eligible.as_slice()) {
            return Err(self.no_such_level(level));
        }
        let mut ahead = Vec::new();
        let mut past = Vec::new();
        for step in eligible {
            // Whom the step means does not matter here; the channel itself can always be told.
            let probe = Step {
                to: vec![Role::Channel(self.channel.clone())],
                ..step.clone()
            };
            let (found, is_ahead) = self.spoken(&probe);
            match found.first() {
                Some(first) if is_ahead => ahead.push((first.at, Reverse(step.level), step)),
                Some(first) => past.push((step.level, first.scheduled, step)),
                None => {}
            }
        }
        let next = ahead.into_iter().min_by_key(|(at, level, _)| (*at, *level));
        let last = past.into_iter().max_by_key(|(level, at, _)| (*level, *at));
        match (next, last) {
            (Some((at, _, step)), _) => Ok((step.clone(), Some(at))),
            (None, Some((_, _, step))) => Ok((step.clone(), None)),
            (None, None) => Err(self.silent()),
        }
    }

    fn no_such_level(&self, level: Level) -> Failure {
        let mut levels: Vec<Level> = self.steps().iter().map(|step| step.level).collect();
        levels.sort_unstable();
        levels.dedup();
        let words: Vec<String> = levels
            .iter()
            .map(|level| format!("`--level {}`", level.as_str()))
            .collect();
        let ladder = &self.task.task.ladder;
        let text = format!("ladder {ladder} has no step of level {}", level.as_str());
        hinted(&text, &words.join(" or "))
    }

    fn silent(&self) -> Failure {
        let task = &self.task.task;
        let standings = ground(self.config, task, &self.task.state)
            .map(|ground| planner::standings(&ground, self.now))
            .unwrap_or_default();
        let steps = self.steps();
        let standings = standings.into_iter().filter(|standing| {
            let step = steps.iter().find(|step| step.name() == standing.step);
            step.is_none_or(|step| self.level.is_none_or(|level| step.level == level))
        });
        let mut text = format!("task {} has nothing more to say", task.id);
        for standing in standings {
            text.push_str(&format!("\n  {}: {}", standing.step, standing.standing));
        }
        hinted(&text, &format!("`duban why {}` tells how each step stands", task.id))
    }

    /// What a step alone would say, as if nothing had been told: next, or else of the past.
    fn spoken(&self, step: &Step) -> (Vec<Notice>, bool) {
        let alone = Ladder {
            id: self.task.task.ladder.clone(),
            kinds: Vec::new(),
            steps: vec![step.clone()],
        };
        let ground = Ground {
            task: &self.task.task,
            state: &self.task.state,
            ladder: &alone,
            almanac: &self.config.almanac,
            people: &self.config.people,
        };
        let mut past = Vec::new();
        for horizon in HORIZONS {
            let plan = planner::plan(&ground, &ToldBook::default(), self.now, self.now + horizon);
            let is_ahead = |notice: &Notice| notice.scheduled > self.now;
            let (mut ahead, behind): (Vec<Notice>, Vec<Notice>) = plan.notices.into_iter().partition(is_ahead);
            if let Some(at) = ahead.iter().map(|notice| notice.at).min() {
                ahead.retain(|notice| notice.at == at);
                return (ahead, true);
            }
            past = behind;
        }
        (past, false)
    }

    /// The notices of a step, led to the channel: to those whom the step means and the channel reaches, else to the person
    /// asked for, else to the channel itself.
    pub(super) fn redirected(&self, step: &Step) -> Result<Vec<Notice>, Failure> {
        let by_channel = Step {
            channels: vec![self.channel.clone()],
            via: Via::First,
            ..step.clone()
        };
        let (mut notices, _) = self.spoken(&by_channel);
        let meant: Vec<String> = notices.iter().map(|notice| notice.recipient.name.clone()).collect();
        notices.retain(|notice| self.is_meant(notice));
        if notices.is_empty() {
            let role = match (self.to, self.kind) {
                (Some(person), _) => Role::Person(person.id.clone()),
                (None, ChannelKind::Group | ChannelKind::Webhook) => Role::Channel(self.channel.clone()),
                (None, ChannelKind::Email) => return Err(self.nobody(step, &meant)),
            };
            (notices, _) = self.spoken(&Step {
                to: vec![role],
                ..by_channel
            });
            let (reached, others): (Vec<Notice>, Vec<Notice>) =
                notices.into_iter().partition(|notice| self.is_meant(notice));
            notices = reached;
            if let (Some(person), true, Some(other)) = (self.to, notices.is_empty(), others.first()) {
                let text = format!(
                    "{} is away then: {} would be told in their place",
                    person.name, other.recipient.name
                );
                return Err(hinted(&text, &format!("`--to {}`", other.recipient.id)));
            }
        }
        if notices.is_empty() {
            return Err(self.nobody(step, &meant));
        }
        self.keep_first_recipient(&mut notices);
        Ok(notices)
    }

    fn nobody(&self, step: &Step, meant: &[String]) -> Failure {
        let roles: Vec<String> = step.to.iter().map(ToString::to_string).collect();
        let mut text = format!(
            "channel {} reaches nobody whom step {} tells ({})",
            self.channel,
            step.name(),
            roles.join(", ")
        );
        if !meant.is_empty() {
            text.push_str(&format!(": it tells {}", meant.join(", ")));
        }
        let mut persons = self.config.people.persons.values();
        match persons.find(|person| person.channels.contains(self.channel)) {
            Some(Person { id, .. }) => hinted(&text, &format!("name somebody whom it reaches: `--to {id}`")),
            None => Failure::Failed(anyhow::anyhow!(text)),
        }
    }
}
