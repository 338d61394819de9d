//! Word to the office about Duban itself: once for each cause, and again when it ends.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::daemon::letters::{Letter, Target};
use crate::daemon::{DaemonError, Engine};
use crate::domain::id::{ChannelId, TaskId, UnitId};
use crate::domain::ladder::Role;
use crate::domain::message::MessageKind;
use crate::domain::system::SystemWord;
use crate::domain::task::Task;
use crate::render::Renderer;
use crate::rules::roles::{self, Present};
use crate::store::PendingWord;

impl Engine {
    /// The office's people, each on a channel whose endpoint works and is not `except`. Where none of theirs works, the
    /// word waits in their first, unless it is about that very endpoint.
    pub(super) fn office(&self, except: Option<&ChannelId>) -> Vec<Target> {
        let people = &self.config.people;
        let endpoint = except
            .and_then(|id| people.channels.get(id))
            .map(|facts| facts.endpoint.clone());
        let is_open = |channel: &ChannelId| {
            let same = people.channels.get(channel).map(|facts| &facts.endpoint) == endpoint.as_ref();
            (except.is_none() || !same) && !self.lanes().is_endpoint_stopped(channel, self.clock.now())
        };
        people
            .members_of(&people.office)
            .iter()
            .filter_map(|id| people.persons.get(id))
            .filter_map(|person| {
                let open = person.channels.iter().find(|channel| is_open(channel));
                let waits = person.channels.first().filter(|_| except.is_none());
                let channel = open.or(waits)?.clone();
                Some(Target {
                    recipient: super::letters::recipient(person, "office"),
                    channel,
                })
            })
            .collect()
    }

    /// Messages that tell the office something, in each one's own language. `key` makes their ids.
    pub(super) fn office_letters(
        &self,
        key: &str,
        word: &SystemWord,
        except: Option<&ChannelId>,
        now: DateTime<Utc>,
    ) -> Vec<Letter> {
        let as_of = self.as_of(now);
        let stamp = now.timestamp_millis().to_string();
        self.office(except)
            .iter()
            .flat_map(|target| {
                let words = self.renderer.system(word, self.locale_of(&target.recipient), &as_of);
                self.in_parts(&self.plain_letter(MessageKind::System, target, &[key, &stamp], words, now))
            })
            .map(|message| (message, Vec::new()))
            .collect()
    }

    /// Tells the office, unless this cause was told before and has not ended.
    pub(super) async fn tell_office_once(
        &self,
        key: &str,
        word: &SystemWord,
        except: Option<&ChannelId>,
        now: DateTime<Utc>,
    ) -> Result<(), DaemonError> {
        // Most often it was told: then nothing need be written for nobody.
        if self.store.causes().await?.iter().any(|(name, _)| name == key) {
            return Ok(());
        }
        let letters = self.office_letters(key, word, except, now);
        Self::warn_of_silence(key, &letters);
        self.store.turn_cause(now, Some(key), &[], &letters).await?;
        Ok(())
    }

    /// Tells the office that a cause has ended, where it was told of it.
    pub(super) async fn tell_office_end(
        &self,
        key: &str,
        word: &SystemWord,
        now: DateTime<Utc>,
    ) -> Result<(), DaemonError> {
        let letters = self.office_letters(&format!("{key}:end"), word, None, now);
        self.store.turn_cause(now, None, &[key.to_owned()], &letters).await?;
        Ok(())
    }

    /// Of several causes that stand for one another: tells that `begin` holds now where it did not hold, and that all
    /// is well again where `begin` is none and one of `open` held.
    pub(super) async fn tell_turn(
        &self,
        begin: Option<&str>,
        open: &[String],
        word: &SystemWord,
        now: DateTime<Utc>,
    ) -> Result<(), DaemonError> {
        let is_known = begin.map_or_else(|| open.is_empty(), |begin| open.iter().any(|name| name == begin));
        if is_known {
            return Ok(());
        }
        let key = begin.map_or_else(|| format!("{}:end", open.join(",")), str::to_owned);
        let letters = self.office_letters(&key, word, None, now);
        Self::warn_of_silence(&key, &letters);
        self.store.turn_cause(now, begin, open, &letters).await?;
        Ok(())
    }

    /// Tells of requests that were made, and of answers that were given, since it was last looked at. Other words wait
    /// for a start.
    pub(super) async fn tell_of_requests(&self, now: DateTime<Utc>) -> Result<(), DaemonError> {
        for pending in self.store.pending_words().await? {
            let is_of_request = matches!(
                pending.word,
                SystemWord::ExtensionAsked { .. } | SystemWord::ExtensionAnswered { .. }
            );
            if is_of_request {
                self.tell_pending(&pending, now).await?;
            }
        }
        Ok(())
    }

    /// Tells the office what was stored to be told, and those who asked what was answered; a request that was answered in
    /// the meantime is no news.
    pub(super) async fn tell_pending(&self, pending: &PendingWord, now: DateTime<Utc>) -> Result<(), DaemonError> {
        let mut pending = pending.clone();
        if let SystemWord::ExtensionAnswered { task, unit, .. } = &mut pending.word {
            let stored = self.store.task(&TaskId::new(task.as_str())).await?;
            self.name_unit(unit);
            let letters = stored.map_or_else(Vec::new, |stored| self.answers(&stored.task, &pending, now));
            self.store.tell_word(&pending.name, &letters).await?;
            return Ok(());
        }
        if let SystemWord::ExtensionAsked { task, unit, to, .. } = &mut pending.word {
            let stored = self.store.task(&TaskId::new(task.as_str())).await?;
            let asked = stored.and_then(|stored| stored.state.asked);
            if asked.is_none_or(|asked| asked.to != *to) {
                self.store.tell_word(&pending.name, &[]).await?;
                return Ok(());
            }
            self.name_unit(unit);
        }
        let letters = self.office_letters(&pending.name, &pending.word, None, now);
        Self::warn_of_silence(&pending.name, &letters);
        self.store.tell_word(&pending.name, &letters).await?;
        Ok(())
    }

    /// The answer to a request, to the task's owners and the head of its unit, or to those who stand in for them.
    fn answers(&self, task: &Task, pending: &PendingWord, now: DateTime<Utc>) -> Vec<Letter> {
        let people = &self.config.people;
        let today = self.config.almanac.today(now);
        let as_of = self.as_of(now);
        let mut told = BTreeSet::new();
        let mut letters = Vec::new();
        for (role, name) in [(Role::Owner, "owner"), (Role::Head, "head")] {
            for holder in roles::holders(people, task, &role) {
                let who = match roles::present(people, &holder, today) {
                    Present::Deputy(deputy) => deputy,
                    Present::Here | Present::Nobody => holder,
                };
                let person = people.persons.get(&who).filter(|_| told.insert(who.clone()));
                let Some(target) = person.and_then(|person| self.target_of(person, name)) else {
                    continue;
                };
                let locale = self.locale_of(&target.recipient);
                let mut words = self.renderer.system(&pending.word, locale, &as_of);
                if self.on_trial(&target) != target {
                    let meant = format!("{} ({})", target.recipient.name, target.channel);
                    words = Renderer::in_trial(words, &meant, locale);
                }
                let letter = self.plain_letter(MessageKind::System, &target, &[&pending.name], words, now);
                letters.extend(self.in_parts(&letter).into_iter().map(|part| (part, Vec::new())));
            }
        }
        if letters.is_empty() {
            tracing::error!(task.id = %task.id, "the answer to a request for more time reaches nobody: no channel");
        }
        letters
    }

    /// The name of a unit in the place of its id.
    fn name_unit(&self, unit: &mut String) {
        if let Some(known) = self.config.people.units.get(&UnitId::new(unit.as_str())) {
            unit.clone_from(&known.name);
        }
    }

    fn warn_of_silence(key: &str, letters: &[Letter]) {
        if letters.is_empty() {
            tracing::error!(cause = key, "the office cannot be told: it has no channel that works");
        }
    }
}
