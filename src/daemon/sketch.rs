//! Messages as they would leave now, for those who look: the same letters, written by the same channels, and neither
//! stored nor sent.

use chrono::{DateTime, Utc};

use crate::channel::{Parcel, Written};
use crate::daemon::Engine;
use crate::daemon::letters::Target;
use crate::domain::message::{Climb, Message};
use crate::domain::notice::Notice;
use crate::domain::outcome::Outcome;
use crate::store::StoredTask;

/// A message that is looked at and not sent.
#[derive(Debug)]
pub struct Sketch {
    /// The message.
    pub message: Message,
    /// What would be handed over, or why it cannot be.
    pub written: Result<Written, Outcome>,
}

impl Engine {
    /// What these notices, all of them for one recipient by one channel, would be sent as now. Nothing is stored or sent.
    #[must_use]
    pub fn sketch(&self, notices: &[Notice], tasks: &[StoredTask], now: DateTime<Utc>) -> Vec<Sketch> {
        let Some(first) = notices.first() else {
            return Vec::new();
        };
        let mut target = Target {
            recipient: first.recipient.clone(),
            channel: first.channel.clone(),
        };
        self.as_group(&mut target);
        let target = target.in_role_of_loudest(notices);
        let tasks = tasks.iter().map(|stored| (stored.task.id.clone(), stored.clone()));
        let letters = self.letters_of(&target, notices, &tasks.collect(), &Climb::default(), now);
        let sketches = letters.into_iter().map(|(message, _)| Sketch {
            written: self.written(&message, now),
            message,
        });
        sketches.collect()
    }

    fn written(&self, message: &Message, now: DateTime<Utc>) -> Result<Written, Outcome> {
        let address = self.address(&message.content.recipient, &message.channel).flatten();
        let parcel = Parcel {
            id: &message.id,
            kind: message.kind,
            content: &message.content,
            files: &[],
            address: address.as_deref(),
            people: &self.config.people,
            is_plain: message.plain,
            before: &[],
            now,
        };
        self.channels.written(&message.channel, &parcel)
    }
}
