//! Undeliverable is an event: what cannot be delivered goes to the person's next channel, then up, then to the office,
//! until somebody has it; and the office is told.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::daemon::letters::{Letter, Target, Tasks, recipient, way};
use crate::daemon::{DaemonError, Engine};
use crate::domain::id::{ChannelId, PersonId};
use crate::domain::ladder::Role;
use crate::domain::message::{Climb, Message, MessageKind};
use crate::domain::notice::{Notice, RecipientKind};
use crate::domain::people::Locale;
use crate::domain::people::Person;
use crate::domain::system::UndeliverableWord;
use crate::rules::roles;

/// A message that failed, and why.
pub(super) struct Failed<'a> {
    pub(super) message: &'a Message,
    pub(super) why: &'a str,
}

/// What is folded into one message: the failed one that it follows, its notices, and the ways that were tried.
type Folded = (usize, Vec<Notice>, Vec<String>);

impl Engine {
    /// What follows from messages that cannot be delivered: for each of them, its next messages. Those to the same
    /// recipient are folded into one, which follows the first.
    pub(super) async fn climb(
        &self,
        failed: &[Failed<'_>],
        now: DateTime<Utc>,
    ) -> Result<Vec<Vec<Letter>>, DaemonError> {
        let mut follow: Vec<Vec<Letter>> = failed.iter().map(|_| Vec::new()).collect();
        let mut next: BTreeMap<(Target, Option<String>), Folded> = BTreeMap::new();
        for (index, failed) in failed.iter().enumerate() {
            // Word of an undeliverable, a review or a test makes no further message; nor does a trial.
            if failed.message.kind != MessageKind::Notice || self.config.delivery.trial.is_some() {
                continue;
            }
            let notices = self.store.notices_of(&failed.message.id).await?;
            let tasks = self.tasks_of(&notices).await?;
            let mut climb = failed.message.climb.clone();
            climb
                .tried
                .push(way(&failed.message.content.recipient.id, &failed.message.channel));
            // A group was tried for each of those whom its post was meant for.
            let is_shared = failed.message.content.recipient.kind == RecipientKind::Channel;
            let meant_for = notices.iter().filter(|_| is_shared);
            let tried = meant_for.map(|notice| way(&notice.recipient.id, &failed.message.channel));
            climb.tried.extend(tried);
            let mut instead = Vec::new();
            for notice in &notices {
                let meant = if is_shared {
                    &notice.recipient
                } else {
                    &failed.message.content.recipient
                };
                let Some(target) = self.next_target(failed.message, notice, &tasks, &climb.tried) else {
                    continue;
                };
                let is_own = target.recipient.id == notice.recipient.id;
                if is_own && self.has_twin(std::slice::from_ref(notice), &target.channel).await? {
                    continue;
                }
                instead.push(target.recipient.name.clone());
                // On the person's own next channel it is not said that it was meant for another.
                let own = target.recipient.id == meant.id && climb.origin.is_none();
                let origin = climb
                    .origin
                    .clone()
                    .or_else(|| Some(meant.name.clone()))
                    .filter(|_| !own);
                let mut target = target;
                if own {
                    self.as_group(&mut target);
                }
                let (_, folded, tried) = next
                    .entry((target, origin))
                    .or_insert_with(|| (index, Vec::new(), Vec::new()));
                folded.push(notice.clone());
                tried.extend(climb.tried.iter().cloned());
            }
            instead.sort();
            instead.dedup();
            let word = undeliverable_word(failed, &notices, &tasks);
            if let Some(letters) = follow.get_mut(index) {
                letters.extend(self.undeliverable_letters(failed, &word, &instead, now));
            }
        }
        for ((target, origin), (index, notices, mut tried)) in next {
            tried.sort();
            tried.dedup();
            let climb = Climb {
                origin,
                tried,
                tried_since: None,
            };
            let next = self.letters(&target, &notices, climb, now).await?;
            if let Some(letters) = follow.get_mut(index) {
                letters.extend(next);
            }
        }
        Ok(follow)
    }

    /// Who gets a notice next: the recipient on another channel; those above; the office. None where all were tried.
    fn next_target(&self, message: &Message, notice: &Notice, tasks: &Tasks, tried: &[String]) -> Option<Target> {
        let people = &self.config.people;
        let now_for = &message.content.recipient;
        let mut persons: Vec<PersonId> = Vec::new();
        // In a group each notice still has the person it was meant for.
        for recipient in [now_for, &notice.recipient] {
            let id = PersonId::new(&*recipient.id);
            if recipient.kind == RecipientKind::Person && !persons.contains(&id) {
                persons.push(id);
            }
        }
        if let (Some(stored), Ok(role)) = (tasks.get(&notice.task), notice.recipient.role.parse::<Role>()) {
            persons.extend(roles::above(people, &stored.task, &role));
        }
        persons.extend(people.members_of(&people.office));
        let persons: Vec<_> = persons.iter().filter_map(|id| people.persons.get(id)).collect();
        let untried = |person: &Person| {
            let is_new = |channel: &&ChannelId| !tried.contains(&way(person.id.as_str(), channel));
            person.channels.iter().find(is_new).cloned()
        };
        // A way that works now, else one that waits until its endpoint is back.
        let open = persons
            .iter()
            .find_map(|person| Some((person, self.open_channel(person, tried)?)));
        let (person, channel) = open.or_else(|| persons.iter().find_map(|person| Some((person, untried(person)?))))?;
        Some(Target {
            recipient: recipient(person, &notice.recipient.role),
            channel,
        })
    }

    fn undeliverable_letters(
        &self,
        failed: &Failed<'_>,
        word: &UndeliverableWord,
        instead: &[String],
        now: DateTime<Utc>,
    ) -> Vec<Letter> {
        let as_of = self.as_of(now);
        let gone = way(&failed.message.content.recipient.id, &failed.message.channel);
        self.office(None)
            .iter()
            .filter(|target| way(&target.recipient.id, &target.channel) != gone)
            .flat_map(|target| {
                let locale = self.locale_of(&target.recipient);
                let word = UndeliverableWord {
                    told_instead: (!instead.is_empty()).then(|| instead.join(separator(locale))),
                    ..word.clone()
                };
                let words = self.renderer.undeliverable(&word, locale, &as_of);
                let parts = [failed.message.id.as_str()];
                let message = self.plain_letter(MessageKind::Undeliverable, target, &parts, words, now);
                self.in_parts(&message)
            })
            .map(|message| (message, Vec::new()))
            .collect()
    }
}

/// What stands between names.
fn separator(locale: Locale) -> &'static str {
    match locale {
        Locale::ZhCn => "、",
        Locale::En => ", ",
    }
}

fn undeliverable_word(failed: &Failed<'_>, notices: &[Notice], tasks: &Tasks) -> UndeliverableWord {
    let mut about: Vec<(String, String)> = notices
        .iter()
        .filter_map(|notice| tasks.get(&notice.task))
        .map(|stored| (stored.task.id.to_string(), stored.task.title.clone()))
        .collect();
    about.sort();
    about.dedup();
    UndeliverableWord {
        subject: failed.message.content.words.subject.clone(),
        recipient_name: failed.message.content.recipient.name.clone(),
        channel: failed.message.channel.to_string(),
        why: failed.why.to_owned(),
        told_instead: None,
        tasks: about,
    }
}
