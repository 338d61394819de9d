//! Word to the office about Duban itself: once for each cause, and again when it ends.

use chrono::{DateTime, Utc};

use crate::daemon::letters::{Letter, Target};
use crate::daemon::{DaemonError, Engine};
use crate::domain::id::ChannelId;
use crate::domain::message::MessageKind;
use crate::domain::system::SystemWord;
use crate::store::QueueBatch;

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
            .map(|target| {
                let words = self.renderer.system(word, self.locale_of(&target.recipient), &as_of);
                (
                    self.plain_letter(MessageKind::System, target, &[key, &stamp], words, now),
                    Vec::new(),
                )
            })
            .collect()
    }

    /// Tells the office at once.
    pub(super) async fn tell_office(
        &self,
        key: &str,
        word: &SystemWord,
        except: Option<&ChannelId>,
        now: DateTime<Utc>,
    ) -> Result<(), DaemonError> {
        let messages = self.office_letters(key, word, except, now);
        if messages.is_empty() {
            tracing::error!(cause = key, "the office cannot be told: it has no channel that works");
        }
        self.store
            .queue(
                now,
                QueueBatch {
                    messages,
                    ..QueueBatch::default()
                },
            )
            .await?;
        Ok(())
    }

    /// Tells the office, unless this cause was told before and has not ended.
    pub(super) async fn tell_office_once(
        &self,
        key: &str,
        word: &SystemWord,
        except: Option<&ChannelId>,
        now: DateTime<Utc>,
    ) -> Result<(), DaemonError> {
        if self.store.begin_cause(key, now).await? {
            self.tell_office(key, word, except, now).await?;
        }
        Ok(())
    }

    /// Tells the office that a cause has ended, where it was told of it.
    pub(super) async fn tell_office_end(
        &self,
        key: &str,
        word: &SystemWord,
        now: DateTime<Utc>,
    ) -> Result<(), DaemonError> {
        if self.store.end_cause(key, now).await?.is_some() {
            self.tell_office(&format!("{key}:end"), word, None, now).await?;
        }
        Ok(())
    }
}
