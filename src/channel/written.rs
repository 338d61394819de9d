//! A message as it leaves the house, for those who look before anything is sent.

/// The bytes of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// A whole mail, or the body of a post before it is signed.
    pub bytes: Vec<u8>,
    /// How much of the vendor's limit it takes: of several the one that is nearest to its end.
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
    /// So many of at most so many.
    #[must_use]
    pub fn new(used: usize, limit: usize, unit: &'static str) -> Self {
        Self { used, limit, unit }
    }

    /// Of several limits the one that is nearest to its end.
    pub(super) fn tightest(rooms: Vec<Self>) -> Option<Self> {
        // As shares of the limit; 0 of 0 is full.
        rooms
            .into_iter()
            .max_by(|a, b| (a.used * b.limit).cmp(&(b.used * a.limit)))
    }

    /// Whether it is within the limit.
    #[must_use]
    pub fn is_enough(self) -> bool {
        self.used <= self.limit
    }
}
