//! Names of things. Each is a string of its own type, so that a unit is never taken for a person.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as the name.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    )*};
}

impl TaskId {
    /// The id of the task of which this one would be a stage: `7` of `7/2`. Whether there is such a task, the ledger says.
    #[must_use]
    pub fn of_stage(&self) -> Option<Self> {
        let (parent, stage) = self.as_str().rsplit_once('/')?;
        (!parent.is_empty() && !stage.is_empty()).then(|| Self::new(parent))
    }
}

ids! {
    /// A task's id, as it stands in the ledger; it belongs to one task for ever.
    TaskId;
    /// A person's id: the key under `[people]`.
    PersonId;
    /// A unit's id: the key under `[units]`.
    UnitId;
    /// A channel's id: the key under `[channels]`.
    ChannelId;
    /// A ladder's id: the key under `[ladders]`.
    LadderId;
    /// A review's id: the key under `[reviews]`.
    ReviewId;
    /// A notice's id, computed from its meaning: lower hex, 32 characters.
    NoticeId;
    /// A message's id, computed from what it carries: lower hex, 32 characters, no `.` in it.
    MessageId;
}
