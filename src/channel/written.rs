//! A message as it leaves the house, for those who look before anything is sent.

/// The bytes of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// A whole mail, or the body of a post before it is signed.
    pub bytes: Vec<u8>,
    /// How much of the vendor's limit it takes, where the vendor counts one thing.
    pub room: Option<Room>,
}

/// How large a message is, as the vendor counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// So many.
    pub used: usize,
    /// Of at most so many.
    pub limit: usize,
    /// Of what, in the plural: `bytes`, `characters`.
    pub unit: &'static str,
}

impl Room {
    /// Whether it is within the limit.
    #[must_use]
    pub fn is_enough(self) -> bool {
        self.used <= self.limit
    }
}
