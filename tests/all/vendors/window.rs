//! How often a vendor takes a message: so many in any stretch of so long, on the clock of the test.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};

#[derive(Clone, Debug)]
pub(crate) struct Window {
    taken_max: usize,
    span: TimeDelta,
    taken: VecDeque<DateTime<Utc>>,
}

impl Window {
    pub(crate) fn new(taken_max: usize, span: TimeDelta) -> Self {
        Self {
            taken_max,
            span,
            taken: VecDeque::new(),
        }
    }

    /// How long until the next would be taken; zero when at once.
    pub(crate) fn wait(&mut self, at: DateTime<Utc>) -> TimeDelta {
        while self.taken.front().is_some_and(|first| at - *first >= self.span) {
            self.taken.pop_front();
        }
        if self.taken.len() < self.taken_max {
            return TimeDelta::zero();
        }
        let freeing = self.taken.len() - self.taken_max;
        self.span - (at - self.taken[freeing])
    }

    /// Takes one, or says how long until one would be taken.
    pub(crate) fn take(&mut self, at: DateTime<Utc>) -> Result<(), TimeDelta> {
        let wait = self.wait(at);
        if wait > TimeDelta::zero() {
            return Err(wait);
        }
        self.taken.push_back(at);
        Ok(())
    }

    /// How many more would be taken now.
    pub(crate) fn left(&mut self, at: DateTime<Utc>) -> usize {
        self.wait(at);
        self.taken_max.saturating_sub(self.taken.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_counts_for_the_whole_span_and_no_longer() {
        let mut window = Window::new(2, TimeDelta::seconds(60));
        let start = DateTime::UNIX_EPOCH;
        assert_eq!(window.take(start), Ok(()));
        assert_eq!(window.take(start + TimeDelta::seconds(59)), Ok(()));
        assert_eq!(
            window.take(start + TimeDelta::milliseconds(59_999)),
            Err(TimeDelta::milliseconds(1))
        );
        assert_eq!(window.take(start + TimeDelta::seconds(60)), Ok(()));
        assert_eq!(window.left(start + TimeDelta::seconds(60)), 0);
    }
}
