//! What one who asks may take: nobody keeps others from asking.

use std::time::Duration;

/// So many may ask at a time; others wait until one has gone.
pub(super) const CONNECTIONS_MAX: usize = 64;
/// Who has not sent a whole request, or another one, by then is hung up on.
pub(super) const REQUEST_WAIT: Duration = Duration::from_secs(10);
/// No connection lasts longer, whatever is said on it.
pub(super) const CONNECTION_LIFE: Duration = Duration::from_secs(300);
/// What a request may take up before its body, which nobody reads.
pub(super) const HEAD_BYTES_MAX: usize = 16 * 1024;
/// At a stop, answers that are under way get this long.
pub(super) const STOP_WAIT: Duration = Duration::from_secs(3);
/// The store's answer is waited for so long.
pub(super) const STORE_WAIT: Duration = Duration::from_secs(3);
/// What was found is good for so long: whoever asks more often hears the same.
pub(super) const FRESH: Duration = Duration::from_secs(1);
/// Tasks are counted anew so often,
pub(super) const CENSUS_FRESH: Duration = Duration::from_secs(60);
/// and, where that takes long, not more often than this many times as long as it takes.
pub(super) const CENSUS_REST: u32 = 50;
