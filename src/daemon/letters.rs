//! Makes messages: notices, a recipient and a channel in; a row for the outbox out.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::channel::Parcel;
use crate::daemon::{DaemonError, Engine};
use crate::domain::chat::Chat;
use crate::domain::id::{ChannelId, MessageId, NoticeId, PersonId, TaskId};
use crate::domain::message::{Climb, Content, GROUP_ITEMS_MAX, ITEMS_MAX, Message, MessageKind, MessageState, Words};
use crate::domain::notice::{Notice, Recipient, RecipientKind};
use crate::domain::people::{ChannelKind, Locale, Person};
use crate::domain::system::SystemWord;
use crate::rules::compose::{self, Part};
use crate::store::StoredTask;

/// Where a message goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pub(super) recipient: Recipient,
    pub(super) channel: ChannelId,
}

impl Target {
    /// In the role by which the loudest of the notices found its recipient.
    pub(super) fn in_role_of_loudest(&self, notices: &[Notice]) -> Self {
        let mut target = self.clone();
        if let Some(loudest) = notices.iter().max_by_key(|notice| (notice.level, &notice.id)) {
            target.recipient.role.clone_from(&loudest.recipient.role);
        }
        target
    }
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

    /// All these notices to one recipient through one channel: one message, or for a group as many as its vendor's limits
    /// ask for; none where there is no notice.
    pub(super) async fn letters(
        &self,
        target: &Target,
        notices: &[Notice],
        climb: Climb,
        now: DateTime<Utc>,
    ) -> Result<Vec<Letter>, DaemonError> {
        let tasks = self.tasks_of(notices).await?;
        Ok(self.letters_of(target, notices, &tasks, &climb, now))
    }

    /// [`Engine::letters`], with the tasks at hand.
    pub(super) fn letters_of(
        &self,
        target: &Target,
        notices: &[Notice],
        tasks: &Tasks,
        climb: &Climb,
        now: DateTime<Utc>,
    ) -> Vec<Letter> {
        let Some((message, ids)) = self.letter_of(target, notices, tasks, climb.clone(), now) else {
            return Vec::new();
        };
        let free = self.lanes().allowance(&message.channel, now);
        let mut parts = self.divided(&message, free, now);
        if parts.len() <= 1 {
            let mut message = message;
            message.content.words.chat = parts.pop().unwrap_or(message.content.words.chat);
            return vec![(message, ids)];
        }
        let mut letters = Vec::new();
        for (part, own) in by_part(parts, notices) {
            if let Some((mut message, ids)) = self.letter_of(target, &own, tasks, climb.clone(), now) {
                message.content.words.chat = part;
                letters.push((message, ids));
            }
        }
        self.lanes().note_queued(&target.channel, letters.len());
        letters
    }

    /// A message to a group that does not fit as it is now (its rich form was refused, a handle grew, the channel has
    /// another vendor), in as many as it needs; empty where it fits.
    pub(super) fn divided_again(&self, message: &Message, notices: &[Notice], now: DateTime<Utc>) -> Vec<Letter> {
        let parts = self.divided(message, None, now);
        if parts.len() <= 1 {
            return Vec::new();
        }
        if message.kind != MessageKind::Notice {
            let parts = parts_of(message, parts).into_iter();
            return parts.map(|part| (part, Vec::new())).collect();
        }
        let letters = by_part(parts, notices).into_iter().map(|(chat, own)| {
            let told: BTreeSet<&str> = own.iter().map(|notice| notice.task.as_str()).collect();
            let ids: Vec<&str> = own.iter().map(|notice| notice.id.as_str()).collect();
            let mut part = message.clone();
            part.id = compose::message_id(message.kind, &[message.id.as_str(), &ids.join(" ")]);
            part.state = MessageState::Waiting;
            part.content.words.chat = chat;
            part.content
                .notices
                .retain(|notice| told.contains(notice.task.id.as_str()));
            (part, own.iter().map(|notice| notice.id.clone()).collect())
        });
        letters.collect()
    }

    fn letter_of(
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
        let locale = self.locale_among(&target.recipient, notices);
        let mut digest = compose::digest(
            &parts,
            &meant.recipient,
            locale,
            self.items_max(&target.channel),
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

    /// The parts into which a message to a group is divided; one where nothing need be divided.
    fn divided(&self, message: &Message, free: Option<u32>, now: DateTime<Utc>) -> Vec<Chat> {
        let parcel = Parcel {
            id: &message.id,
            kind: message.kind,
            content: &message.content,
            files: &[],
            address: None,
            people: &self.config.people,
            is_plain: message.plain,
            before: &[],
            now,
        };
        self.channels.divide(&message.channel, &parcel, free)
    }

    /// A message without notices in as many parts as its channel asks for; the first keeps the id.
    pub(super) fn in_parts(&self, message: &Message) -> Vec<Message> {
        let free = self.lanes().allowance(&message.channel, message.created);
        parts_of(message, self.divided(message, free, message.created))
    }

    /// Whether a channel is a group, in which one post is for everybody.
    pub(super) fn is_group(&self, channel: &ChannelId) -> bool {
        let facts = self.config.people.channels.get(channel);
        facts.is_some_and(|facts| facts.kind == ChannelKind::Group)
    }

    fn items_max(&self, channel: &ChannelId) -> usize {
        if self.is_group(channel) {
            GROUP_ITEMS_MAX
        } else {
            ITEMS_MAX
        }
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
            whole: None,
            attachments: Vec::new(),
            calendar: None,
            until: None,
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

    /// A group that hears what was meant for people of one language hears it in theirs.
    fn locale_among(&self, recipient: &Recipient, notices: &[Notice]) -> Locale {
        let mut locales = notices.iter().map(|notice| self.locale_of(&notice.recipient));
        match (recipient.kind, locales.next()) {
            (RecipientKind::Channel, Some(first)) if locales.all(|locale| locale == first) => first,
            (RecipientKind::Channel | RecipientKind::Person, _) => self.locale_of(recipient),
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

/// Parts with the notices of the tasks that each tells of; what is only counted goes with the last.
fn by_part(parts: Vec<Chat>, notices: &[Notice]) -> Vec<(Chat, Vec<Notice>)> {
    let mut left: Vec<Notice> = notices.to_vec();
    let last = parts.len().saturating_sub(1);
    let divided = parts.into_iter().enumerate().map(|(index, part)| {
        let told: BTreeSet<&str> = part.blocks.iter().map(|block| block.task.as_str()).collect();
        let (own, others) = std::mem::take(&mut left)
            .into_iter()
            .partition(|notice: &Notice| index == last || told.contains(notice.task.as_str()));
        left = others;
        (part, own)
    });
    divided.filter(|(_, own)| !own.is_empty()).collect()
}

/// A message without notices in these parts; the first keeps the id.
fn parts_of(message: &Message, parts: Vec<Chat>) -> Vec<Message> {
    let is_divided = parts.len() > 1;
    let part = |(index, chat): (usize, Chat)| {
        let mut part = message.clone();
        part.content.words.chat = chat;
        if is_divided {
            part.content.whole.get_or_insert_with(|| message.id.clone());
        }
        if index > 0 {
            part.id = compose::message_id(message.kind, &[message.id.as_str(), &format!("part {index}")]);
        }
        part
    };
    parts.into_iter().enumerate().map(part).collect()
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
        plain: false,
        last_outcome: None,
        climb,
    }
}
