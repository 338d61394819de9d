//! Makes messages: notices, a recipient and a channel in; a row for the outbox out.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::daemon::{DaemonError, Engine};
use crate::domain::id::{ChannelId, MessageId, NoticeId, PersonId, TaskId};
use crate::domain::message::{Climb, Content, Message, MessageKind, MessageState, Words};
use crate::domain::notice::{Notice, Recipient, RecipientKind};
use crate::domain::people::{Locale, Person};
use crate::domain::system::SystemWord;
use crate::rules::compose::{self, Part};
use crate::store::StoredTask;

/// Where a message goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pub(super) recipient: Recipient,
    pub(super) channel: ChannelId,
}

/// A message with the notices that it carries.
pub(super) type Letter = (Message, Vec<NoticeId>);

/// The tasks of some notices, as they are now.
pub(super) type Tasks = BTreeMap<TaskId, StoredTask>;

/// The time as messages to people write it.
pub(super) const MINUTE: &str = "%Y-%m-%d %H:%M";

impl Engine {
    /// The tasks that notices are about.
    pub(super) async fn tasks_of(&self, notices: &[Notice]) -> Result<Tasks, DaemonError> {
        let mut tasks = Tasks::new();
        for notice in notices {
            if !tasks.contains_key(&notice.task)
                && let Some(stored) = self.store.task(&notice.task).await?
            {
                tasks.insert(notice.task.clone(), stored);
            }
        }
        Ok(tasks)
    }

    /// One message of all these notices to one recipient through one channel; none where there is no notice.
    pub(super) async fn letter(
        &self,
        target: &Target,
        notices: &[Notice],
        climb: Climb,
        now: DateTime<Utc>,
    ) -> Result<Option<Letter>, DaemonError> {
        let tasks = self.tasks_of(notices).await?;
        Ok(self.letter_of(target, notices, &tasks, climb, now))
    }

    /// [`Engine::letter`], with the tasks at hand.
    pub(super) fn letter_of(
        &self,
        target: &Target,
        notices: &[Notice],
        tasks: &Tasks,
        climb: Climb,
        now: DateTime<Utc>,
    ) -> Option<Letter> {
        let parts: Vec<Part<'_>> = notices
            .iter()
            .filter_map(|notice| {
                let stored = tasks.get(&notice.task)?;
                Some(Part {
                    notice,
                    task: &stored.task,
                    state: &stored.state,
                })
            })
            .collect();
        if parts.is_empty() {
            return None;
        }
        let meant = target.clone();
        let target = self.on_trial(target);
        let locale = self.locale_of(&target.recipient);
        let mut digest = compose::digest(
            &parts,
            &meant.recipient,
            locale,
            &self.config.almanac,
            &self.config.people,
            now,
        );
        digest.instead_of.clone_from(&climb.origin);
        if target != meant {
            digest.trial_for = Some(format!("{} ({})", meant.recipient.name, meant.channel));
            digest.recipient = target.recipient.clone();
        }
        let words = self.renderer.notices(&digest);
        let content = compose::content(&digest, words, now);
        // The id is that of the notices, wherever they go first; on another way it is an id of its own.
        let mut ids: Vec<&str> = notices.iter().map(|notice| notice.id.as_str()).collect();
        let own_way = notices
            .iter()
            .all(|notice| notice.channel == meant.channel && notice.recipient.id == meant.recipient.id);
        let way = format!("{}/{}", meant.recipient.id, meant.channel);
        if !own_way {
            ids.push(&way);
        }
        let id = compose::message_id(MessageKind::Notice, &ids);
        let message = new_message(id, MessageKind::Notice, target.channel, content, climb, now);
        Some((message, notices.iter().map(|notice| notice.id.clone()).collect()))
    }

    /// A message of a kind of its own with finished words.
    pub(super) fn plain_letter(
        &self,
        kind: MessageKind,
        target: &Target,
        parts: &[&str],
        words: Words,
        now: DateTime<Utc>,
    ) -> Message {
        let target = self.on_trial(target);
        let way = format!("{}/{}", target.recipient.id, target.channel);
        let mut ids = parts.to_vec();
        ids.push(&way);
        let id = compose::message_id(kind, &ids);
        let content = Content {
            locale: self.locale_of(&target.recipient),
            recipient: target.recipient,
            words,
            notices: Vec::new(),
            figures: None,
            thread: None,
            urgent: false,
            as_of: now,
        };
        new_message(id, kind, target.channel, content, Climb::default(), now)
    }

    /// In a trial everything goes to one person.
    pub(super) fn on_trial(&self, target: &Target) -> Target {
        let person = self
            .config
            .delivery
            .trial
            .as_ref()
            .and_then(|id| self.config.people.persons.get(id));
        match person {
            Some(person) => self
                .target_of(person, &target.recipient.role)
                .unwrap_or_else(|| target.clone()),
            None => target.clone(),
        }
    }

    /// A person on their first channel whose endpoint is not stopped; on their first where all are.
    pub(super) fn target_of(&self, person: &Person, role: &str) -> Option<Target> {
        let channel = self
            .open_channel(person, &[])
            .or_else(|| person.channels.first().cloned())?;
        Some(Target {
            recipient: recipient(person, role),
            channel,
        })
    }

    /// The first channel of a person whose endpoint is not stopped and which is not among those tried.
    pub(super) fn open_channel(&self, person: &Person, tried: &[String]) -> Option<ChannelId> {
        let now = self.clock.now();
        let lanes = self.lanes();
        person
            .channels
            .iter()
            .find(|channel| {
                !lanes.is_endpoint_stopped(channel, now) && !tried.contains(&way(person.id.as_str(), channel))
            })
            .cloned()
    }

    pub(super) fn locale_of(&self, recipient: &Recipient) -> Locale {
        let person = self.config.people.persons.get(&PersonId::new(&*recipient.id));
        match (recipient.kind, person) {
            (RecipientKind::Person, Some(person)) => person.locale,
            (RecipientKind::Person | RecipientKind::Channel, _) => self.config.people.locale,
        }
    }

    /// The time as messages write it.
    pub(super) fn as_of(&self, now: DateTime<Utc>) -> String {
        self.config.almanac.local(now).format(MINUTE).to_string()
    }

    /// Tells the office of templates that failed while these messages were written.
    pub(super) async fn tell_of_fallbacks(&self, letters: &[Letter], now: DateTime<Utc>) -> Result<(), DaemonError> {
        let failed = letters
            .iter()
            .find_map(|(message, _)| message.content.words.fallback.clone());
        if let Some(text) = failed {
            tracing::error!("a message template failed, the built-in text stands instead: {text}");
            let word = SystemWord::TemplateFailed {
                file: "templates".to_owned(),
                text: text.clone(),
            };
            self.tell_office_once(&format!("template:{text}"), &word, None, now)
                .await?;
        }
        Ok(())
    }
}

/// How a recipient and a channel that were tried are remembered.
pub(super) fn way(recipient: &str, channel: &ChannelId) -> String {
    format!("{recipient}/{channel}")
}

pub(super) fn recipient(person: &Person, role: &str) -> Recipient {
    Recipient {
        kind: RecipientKind::Person,
        id: person.id.to_string(),
        name: person.name.clone(),
        role: role.to_owned(),
    }
}

fn new_message(
    id: MessageId,
    kind: MessageKind,
    channel: ChannelId,
    content: Content,
    climb: Climb,
    now: DateTime<Utc>,
) -> Message {
    Message {
        id,
        kind,
        channel,
        content,
        state: MessageState::Waiting,
        created: now,
        next_attempt: now,
        attempts: 0,
        frozen: false,
        last_outcome: None,
        climb,
    }
}
