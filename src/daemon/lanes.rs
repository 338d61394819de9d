//! One lane for each channel: its own budget, concurrency, pause and stop. Channels do not disturb each other.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::channel::{Budget, Settings};
use crate::domain::id::{ChannelId, MessageId};
use crate::domain::outcome::{Outcome, Reach};
use crate::store::LaneRow;

/// A stopped lane is tried again this often.
const STOPPED_RETRY: TimeDelta = TimeDelta::minutes(15);
/// An endpoint that cannot be reached is tried again after these waits before its lane counts as stopped: a server that
/// restarts is no news.
const UNREACHABLE_WAITS: [TimeDelta; 2] = [TimeDelta::seconds(10), TimeDelta::seconds(30)];

/// Where others passed so short a time ago, a refusal may be one message's own: another one is tried before the lane stops.
const PASSED_LATELY: TimeDelta = TimeDelta::minutes(5);
/// What passed so short a time before a refusal was under way together with it.
const TOGETHER: TimeDelta = TimeDelta::seconds(2);
/// How long after such a refusal, and after a stopped lane's try failed with a message that had failed before.
const ANOTHER_AFTER: TimeDelta = TimeDelta::seconds(10);
/// A message at which the endpoint refused everything steps back so long, so that another one is tried first.
pub(super) const STEP_BACK: TimeDelta = TimeDelta::minutes(1);

/// Why and since when a lane is stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stopped {
    pub(super) since: DateTime<Utc>,
    pub(super) cause: String,
    pub(super) next_try: DateTime<Utc>,
}

#[derive(Debug)]
struct Lane {
    endpoint: String,
    account: String,
    purse: String,
    vendor: &'static str,
    concurrency: u32,
    in_flight: u32,
    paused_until: Option<DateTime<Utc>>,
    faults: usize,
    stopped: Option<Stopped>,
    /// When a message last left.
    left: Option<DateTime<Utc>>,
    /// When a message last passed.
    passed: Option<DateTime<Utc>>,
    /// Messages at which the endpoint refused everything, each with whether another one passed since.
    accused: BTreeMap<MessageId, bool>,
    /// Whether the last try of a stopped lane was the second of its pair.
    was_second_try: bool,
}

/// A token bucket: at most `count` in any `per`, spread evenly after a first burst.
#[derive(Debug)]
struct Bucket {
    budget: Budget,
    /// When each of the last sends left, the oldest first; at most `count`.
    sent: std::collections::VecDeque<DateTime<Utc>>,
}

impl Bucket {
    fn free(&mut self, now: DateTime<Utc>) -> u32 {
        // What lies ahead of a clock that was set back says nothing.
        self.sent.retain(|at| *at <= now && *at + self.budget.per > now);
        self.budget
            .count
            .saturating_sub(u32::try_from(self.sent.len()).unwrap_or(u32::MAX))
    }

    /// How many may leave within [`PATIENCE`] from now.
    fn slots(&mut self, now: DateTime<Utc>) -> u32 {
        let free = self.free(now);
        let turns = PATIENCE.num_milliseconds() / self.budget.per.num_milliseconds().max(1);
        let later = i64::from(self.budget.count).saturating_mul(turns.saturating_sub(1).max(0));
        free.saturating_add(u32::try_from(later).unwrap_or(u32::MAX))
    }

    fn next(&self) -> Option<DateTime<Utc>> {
        self.sent.front().map(|at| *at + self.budget.per)
    }
}

/// What an endpoint fault did to a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It waits a little.
    Paused(DateTime<Utc>),
    /// It stopped now.
    Stopped(Stopped),
    /// It was stopped already, and stays so.
    Still(Stopped),
}

/// All lanes, by channel.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: BTreeMap<ChannelId, Lane>,
    /// By purse: what the other side counts together is counted together here.
    buckets: BTreeMap<String, Vec<Bucket>>,
    /// How many messages stood in the outbox of each group when it was last looked at, and were put there since.
    waiting: BTreeMap<ChannelId, u32>,
}

/// A message is told in short forms where more posts would be needed than may leave in so long.
const PATIENCE: TimeDelta = TimeDelta::seconds(60);

impl Lanes {
    /// Lanes as configured; those that stood stopped before are tried at once. What `left` lately counts against the
    /// budgets as if this daemon had sent it.
    pub(super) fn new(
        channels: &BTreeMap<ChannelId, Settings>,
        rows: &[LaneRow],
        left: &[(ChannelId, DateTime<Utc>)],
    ) -> Self {
        let mut all = Self::default();
        for (id, settings) in channels {
            let row = rows.iter().find(|row| row.channel == *id);
            let stopped = row.and_then(|row| {
                let since = row.stopped_since?;
                Some(Stopped {
                    since,
                    cause: row.cause.clone(),
                    next_try: since,
                })
            });
            let lane = Lane {
                stopped,
                paused_until: row.and_then(|row| row.paused_until),
                ..Lane::of(settings)
            };
            all.add(id, lane, &settings.lane().budgets);
        }
        for (channel, at) in left {
            all.spend(channel, *at);
        }
        all
    }

    /// Takes over from the lanes of an older configuration: what is under way there comes back here, and a lane that still
    /// ends at the same place knows what the other side said. Stopped ones are tried at once.
    pub(super) fn take_over(&mut self, old: &Self, now: DateTime<Utc>) {
        for (id, was) in &old.lanes {
            // What is under way is in no list of attempts yet.
            for _ in 0..was.in_flight {
                self.spend(id, now);
            }
            let Some(lane) = self.lanes.get_mut(id) else {
                continue;
            };
            lane.in_flight = was.in_flight;
            lane.left = lane.left.max(was.left);
            if lane.endpoint != was.endpoint {
                continue;
            }
            lane.paused_until = lane.paused_until.max(was.paused_until);
            lane.passed = was.passed;
            lane.accused.clone_from(&was.accused);
            let stopped = was.stopped.clone().map(|stopped| Stopped {
                next_try: now,
                ..stopped
            });
            match stopped {
                Some(stopped) => lane.stopped = Some(stopped),
                None => lane.faults = was.faults,
            }
        }
        self.waiting.clone_from(&old.waiting);
    }

    /// A lane more. Of several budgets for one purse each is kept.
    fn add(&mut self, id: &ChannelId, lane: Lane, budgets: &[Budget]) {
        let buckets = self.buckets.entry(lane.purse.clone()).or_default();
        for budget in budgets {
            if !buckets.iter().any(|bucket| bucket.budget == *budget) {
                buckets.push(Bucket {
                    budget: *budget,
                    sent: std::collections::VecDeque::new(),
                });
            }
        }
        self.lanes.insert(id.clone(), lane);
    }

    /// The lanes that share their budget with another.
    pub(super) fn sharing(&self) -> Vec<ChannelId> {
        let shares = |lane: &Lane| self.lanes.values().filter(|other| other.purse == lane.purse).count() > 1;
        let sharing = self.lanes.iter().filter(|(_, lane)| shares(lane));
        sharing.map(|(id, _)| id.clone()).collect()
    }

    /// How many messages each lane can take now; those that can take none are left out. `idle` are lanes that share a
    /// budget and have nothing to send: they take nothing of it. Of those that share one, the longest unserved goes first.
    pub(super) fn capacity(&mut self, now: DateTime<Utc>, idle: &[ChannelId]) -> Vec<(ChannelId, u32)> {
        let mut left: BTreeMap<&str, u32> = BTreeMap::new();
        for (purse, buckets) in &mut self.buckets {
            let free = buckets.iter_mut().map(|bucket| bucket.free(now)).min();
            left.extend(free.map(|free| (purse.as_str(), free)));
        }
        let mut lanes: Vec<(&ChannelId, &Lane)> = self.lanes.iter().filter(|(id, _)| !idle.contains(id)).collect();
        lanes.sort_by_key(|(_, lane)| lane.left);
        let mut capacity = Vec::new();
        for (id, lane) in lanes {
            let mut free = lane.places(now);
            // What one lane takes, another of the same purse cannot.
            if let Some(left) = left.get_mut(lane.purse.as_str()) {
                free = free.min(*left);
                *left -= free;
            }
            if free > 0 {
                capacity.push((id.clone(), free));
            }
        }
        capacity
    }

    /// So many messages wait for a group.
    pub(super) fn note_waiting(&mut self, channel: &ChannelId, waiting: u32) {
        self.waiting.insert(channel.clone(), waiting);
    }

    /// So many messages more wait for a group.
    pub(super) fn note_queued(&mut self, channel: &ChannelId, queued: usize) {
        let waiting = self.waiting.entry(channel.clone()).or_default();
        *waiting = waiting.saturating_add(u32::try_from(queued).unwrap_or(u32::MAX));
    }

    /// How many posts more may leave by a channel within a minute, what waits there counted; none where it has no budget.
    pub(super) fn allowance(&mut self, channel: &ChannelId, now: DateTime<Utc>) -> Option<u32> {
        let purse = &self.lanes.get(channel)?.purse;
        let slots = self
            .buckets
            .get_mut(purse)?
            .iter_mut()
            .map(|bucket| bucket.slots(now))
            .min()?;
        let of_purse = |id: &ChannelId| self.lanes.get(id).is_some_and(|lane| lane.purse == *purse);
        let waiting: u32 = self
            .waiting
            .iter()
            .filter(|(id, _)| of_purse(id))
            .map(|(_, waiting)| waiting)
            .sum();
        Some(slots.saturating_sub(waiting))
    }

    /// When each lane can take a message again, as far as that is known: none while all its places are taken.
    pub(super) fn free_at(&mut self, now: DateTime<Utc>) -> Vec<(ChannelId, DateTime<Utc>)> {
        let mut budgets: BTreeMap<&str, DateTime<Utc>> = BTreeMap::new();
        for (purse, buckets) in &mut self.buckets {
            let full = buckets
                .iter_mut()
                .filter_map(|bucket| (bucket.free(now) == 0).then(|| bucket.next())?);
            budgets.extend(full.max().map(|at| (purse.as_str(), at)));
        }
        self.lanes
            .iter()
            .filter_map(|(id, lane)| {
                Some((
                    id.clone(),
                    lane.free_at(budgets.get(lane.purse.as_str()).copied(), now)?,
                ))
            })
            .collect()
    }

    /// A message was taken for sending.
    pub(super) fn take(&mut self, channel: &ChannelId) {
        if let Some(lane) = self.lanes.get_mut(channel) {
            lane.in_flight += 1;
        }
    }

    /// It is back, whether or not it was sent.
    pub(super) fn give_back(&mut self, channel: &ChannelId) {
        if let Some(lane) = self.lanes.get_mut(channel) {
            lane.in_flight = lane.in_flight.saturating_sub(1);
        }
    }

    /// It left the house: it counts against the budget.
    pub(super) fn spend(&mut self, channel: &ChannelId, now: DateTime<Utc>) {
        let Some(lane) = self.lanes.get_mut(channel) else {
            return;
        };
        lane.left = lane.left.max(Some(now));
        for bucket in self.buckets.get_mut(&lane.purse).into_iter().flatten() {
            bucket.sent.push_back(now);
        }
        if let Some(waiting) = self.waiting.get_mut(channel) {
            *waiting = waiting.saturating_sub(1);
        }
    }

    /// Whether the endpoint refused everything at this message before, while it takes others: then the fault is the
    /// message's, or its recipient's.
    pub(super) fn is_to_blame(&self, channel: &ChannelId, message: &MessageId) -> bool {
        self.lanes
            .get(channel)
            .is_some_and(|lane| lane.accused.get(message) == Some(&true))
    }

    /// The other side answered, whatever it said. Where the lane was stopped and the answer is about this message alone, it
    /// goes on: since when it stood. "Come again" does not say that all is well.
    pub(super) fn answered(
        &mut self,
        channel: &ChannelId,
        message: &MessageId,
        outcome: &Outcome,
        now: DateTime<Utc>,
    ) -> Option<Stopped> {
        let lane = self.lanes.get_mut(channel)?;
        lane.faults = 0;
        lane.was_second_try = false;
        lane.accused.remove(message);
        if matches!(outcome, Outcome::Delivered(_) | Outcome::Accepted(_)) {
            lane.passed = Some(now);
            lane.accused.values_mut().for_each(|others_pass| *others_pass = true);
        }
        let is_word_on_message = matches!(
            outcome,
            Outcome::Delivered(_)
                | Outcome::Accepted(_)
                | Outcome::PermanentMessage(_)
                | Outcome::PermanentRecipient(_)
        );
        lane.stopped.take_if(|_| is_word_on_message)
    }

    /// The server's own word: nothing until then on this lane, and on all that its word reaches.
    /// The channels that wait.
    pub(super) fn pause(&mut self, channel: &ChannelId, until: DateTime<Utc>, reach: Reach) -> Vec<ChannelId> {
        let mut paused = Vec::new();
        let Some(told) = self.lanes.get(channel) else {
            return paused;
        };
        let (endpoint, account, vendor) = (told.endpoint.clone(), told.account.clone(), told.vendor);
        for (id, lane) in &mut self.lanes {
            let is_meant = match reach {
                Reach::Endpoint => lane.endpoint == endpoint,
                Reach::Account => lane.account == account,
                Reach::Vendor => lane.vendor == vendor,
            };
            if is_meant {
                lane.paused_until = lane.paused_until.max(Some(until));
                paused.push(id.clone());
            }
        }
        paused
    }

    /// The endpoint failed: the lane waits a little, or stops. Faults of sends that were under way together count once.
    pub(super) fn fault(
        &mut self,
        channel: &ChannelId,
        message: &MessageId,
        outcome: &Outcome,
        now: DateTime<Utc>,
    ) -> Option<Fault> {
        let lane = self.lanes.get_mut(channel)?;
        let is_refusal = matches!(outcome, Outcome::PermanentEndpoint(_));
        let passed_within = |span| lane.passed.is_some_and(|at| at <= now && now - at <= span);
        let (passed_lately, passed_together) = (passed_within(PASSED_LATELY), passed_within(TOGETHER));
        let is_known = is_refusal && lane.accused.insert(message.clone(), passed_together).is_some();
        if let Some(stopped) = &mut lane.stopped {
            // It may be this message alone: the next one is not kept waiting for it.
            lane.was_second_try = is_known && !lane.was_second_try;
            let wait = if lane.was_second_try {
                ANOTHER_AFTER
            } else {
                STOPPED_RETRY
            };
            stopped.next_try = now + wait;
            return Some(Fault::Still(stopped.clone()));
        }
        if let Some(until) = lane.paused_until.filter(|until| *until > now && lane.faults > 0) {
            return Some(Fault::Paused(until));
        }
        lane.faults += 1;
        let may_be_its_own = passed_lately || lane.in_flight > 0;
        if is_refusal && !is_known && lane.faults == 1 && may_be_its_own {
            lane.paused_until = lane.paused_until.max(Some(now + ANOTHER_AFTER));
            return Some(Fault::Paused(now + ANOTHER_AFTER));
        }
        let wait = UNREACHABLE_WAITS
            .get(lane.faults - 1)
            .filter(|_| matches!(outcome, Outcome::Unreachable(_)));
        if let Some(wait) = wait {
            lane.paused_until = lane.paused_until.max(Some(now + *wait));
            return Some(Fault::Paused(now + *wait));
        }
        let stopped = Stopped {
            since: now,
            cause: outcome.words().to_owned(),
            next_try: now + STOPPED_RETRY,
        };
        lane.stopped = Some(stopped.clone());
        lane.paused_until = None;
        Some(Fault::Stopped(stopped))
    }

    /// Whether the endpoint of a channel is stopped, by this channel or another that ends there. Once its next try is
    /// due it does not count as stopped: something must go there to find out.
    pub(super) fn is_endpoint_stopped(&self, channel: &ChannelId, now: DateTime<Utc>) -> bool {
        let is_shut = |lane: &Lane| lane.stopped.as_ref().is_some_and(|stopped| stopped.next_try > now);
        self.lanes.get(channel).is_some_and(|lane| {
            self.lanes
                .values()
                .any(|other| is_shut(other) && other.endpoint == lane.endpoint)
        })
    }
}

impl Lane {
    fn of(settings: &Settings) -> Self {
        Self {
            endpoint: settings.endpoint(),
            account: settings.account(),
            purse: settings.purse(),
            left: None,
            vendor: settings.vendor(),
            concurrency: u32::try_from(settings.lane().concurrency.max(1)).unwrap_or(1),
            in_flight: 0,
            paused_until: None,
            faults: 0,
            stopped: None,
            passed: None,
            accused: BTreeMap::new(),
            was_second_try: false,
        }
    }

    /// How many messages it can take now, but for its budget.
    fn places(&self, now: DateTime<Utc>) -> u32 {
        if self.paused_until.is_some_and(|until| until > now) {
            return 0;
        }
        // One message goes ahead to see whether the endpoint is back.
        let places = match &self.stopped {
            Some(stopped) if stopped.next_try > now => 0,
            Some(_) => 1,
            None if self.faults > 0 => 1,
            None => self.concurrency,
        };
        places.saturating_sub(self.in_flight)
    }

    /// `spent_until` is when its budget allows something again, where it is spent.
    fn free_at(&self, spent_until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if spent_until.is_none() && self.places(now) > 0 {
            return Some(now);
        }
        let waits = [
            self.paused_until,
            self.stopped.as_ref().map(|stopped| stopped.next_try),
            spent_until.filter(|_| self.in_flight == 0),
        ];
        waits.into_iter().flatten().filter(|at| *at > now).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(endpoint: &str, account: &str) -> Lane {
        Lane {
            endpoint: endpoint.into(),
            account: account.into(),
            purse: account.into(),
            left: None,
            vendor: "email",
            concurrency: 4,
            in_flight: 0,
            paused_until: None,
            faults: 0,
            stopped: None,
            passed: None,
            accused: BTreeMap::new(),
            was_second_try: false,
        }
    }

    fn lanes(budget: Option<Budget>) -> (Lanes, ChannelId) {
        let id = ChannelId::new("mail");
        let mut lanes = Lanes::default();
        let budgets: Vec<Budget> = budget.into_iter().collect();
        lanes.add(&id, lane("relay", "relay"), &budgets);
        (lanes, id)
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    #[test]
    fn a_server_that_restarts_pauses_its_lane_and_one_that_stays_away_stops_it() {
        let (mut lanes, id) = lanes(None);
        let away = Outcome::Unreachable("refused".into());
        assert_eq!(
            lanes.fault(&id, &MessageId::new("a"), &away, at(0)),
            Some(Fault::Paused(at(10)))
        );
        assert_eq!(
            lanes.fault(&id, &MessageId::new("a"), &away, at(1)),
            Some(Fault::Paused(at(10))),
            "faults under way together count once"
        );
        assert_eq!(lanes.capacity(at(5), &[]), []);
        assert_eq!(lanes.capacity(at(10), &[]), [(id.clone(), 1)]);
        assert_eq!(
            lanes.fault(&id, &MessageId::new("a"), &away, at(10)),
            Some(Fault::Paused(at(40)))
        );
        assert!(matches!(
            lanes.fault(&id, &MessageId::new("a"), &away, at(40)),
            Some(Fault::Stopped(_))
        ));
        assert!(lanes.is_endpoint_stopped(&id, at(41)));
        assert!(!lanes.is_endpoint_stopped(&id, at(940)), "its next try is due");
        assert_eq!(lanes.free_at(at(41)), [(id.clone(), at(40 + 900))]);
        assert!(matches!(
            lanes.fault(&id, &MessageId::new("a"), &away, at(940)),
            Some(Fault::Still(_))
        ));
        assert!(
            lanes
                .answered(&id, &MessageId::new("a"), &Outcome::Delivered("ok".into()), at(941))
                .is_some()
        );
        assert_eq!(lanes.capacity(at(941), &[]), [(id, 4)]);
    }

    #[test]
    fn a_refused_login_stops_the_lane_at_once() {
        let (mut lanes, id) = lanes(None);
        assert!(matches!(
            lanes.fault(
                &id,
                &MessageId::new("a"),
                &Outcome::PermanentEndpoint("535".into()),
                at(0)
            ),
            Some(Fault::Stopped(_))
        ));
    }

    #[test]
    fn a_refusal_that_only_one_message_meets_is_that_message_s_fault() {
        let (mut lanes, id) = lanes(None);
        let (bad, good) = (MessageId::new("bad"), MessageId::new("good"));
        let refused = Outcome::PermanentEndpoint("550 5.7.1".into());
        let passed = Outcome::Accepted("250".into());
        assert_eq!(lanes.answered(&id, &good, &passed, at(0)), None);
        assert_eq!(lanes.fault(&id, &bad, &refused, at(10)), Some(Fault::Paused(at(20))));
        assert!(!lanes.is_to_blame(&id, &bad), "no other was tried since");
        assert_eq!(
            lanes.answered(&id, &good, &passed, at(20)),
            None,
            "the lane never stopped"
        );
        assert!(lanes.is_to_blame(&id, &bad));
    }

    #[test]
    fn a_refusal_that_a_second_message_meets_too_stops_the_lane() {
        let (mut lanes, id) = lanes(None);
        let refused = Outcome::PermanentEndpoint("535".into());
        lanes.answered(&id, &MessageId::new("a"), &Outcome::Accepted("250".into()), at(0));
        lanes.fault(&id, &MessageId::new("b"), &refused, at(1));
        let fault = lanes.fault(&id, &MessageId::new("c"), &refused, at(11));
        assert!(matches!(fault, Some(Fault::Stopped(_))), "{fault:?}");
    }

    #[test]
    fn a_stopped_lane_s_try_that_fails_with_the_same_message_is_soon_followed_by_one_more() {
        let (mut lanes, id) = lanes(None);
        let refused = Outcome::PermanentEndpoint("550 5.7.1".into());
        let bad = MessageId::new("bad");
        let next = |fault: Option<Fault>| match fault {
            Some(Fault::Stopped(stopped) | Fault::Still(stopped)) => stopped.next_try,
            other => panic!("{other:?}"),
        };
        assert_eq!(next(lanes.fault(&id, &bad, &refused, at(0))), at(900));
        assert_eq!(next(lanes.fault(&id, &bad, &refused, at(900))), at(910));
        assert_eq!(next(lanes.fault(&id, &bad, &refused, at(960))), at(960 + 900));
    }

    #[test]
    fn a_budget_is_kept_in_every_stretch_of_its_time() {
        let (mut lanes, id) = lanes(Some(Budget {
            count: 2,
            per: TimeDelta::seconds(60),
        }));
        assert_eq!(lanes.capacity(at(0), &[]), [(id.clone(), 2)]);
        lanes.spend(&id, at(0));
        lanes.spend(&id, at(30));
        assert_eq!(lanes.capacity(at(59), &[]), []);
        assert_eq!(lanes.free_at(at(59)), [(id.clone(), at(60))]);
        assert_eq!(lanes.capacity(at(60), &[]), [(id, 1)]);
    }

    #[test]
    fn the_server_s_own_wait_holds_this_lane_only() {
        let (mut lanes, id) = lanes(None);
        lanes.pause(&id, at(600), Reach::Endpoint);
        assert_eq!(lanes.capacity(at(599), &[]), []);
        assert_eq!(lanes.capacity(at(600), &[]), [(id, 4)]);
    }

    /// Two robots of one account, and one of another vendor.
    fn robots() -> Lanes {
        let mut lanes = Lanes::default();
        let budgets = [Budget::per_seconds(3, 60), Budget::per_seconds(2, 1)];
        for (id, endpoint, account, vendor) in [
            ("a", "a", "bot", "telegram"),
            ("b", "b", "bot", "telegram"),
            ("c", "c", "other", "telegram"),
            ("d", "d", "d", "wecom"),
        ] {
            let lane = Lane {
                vendor,
                concurrency: 1,
                ..lane(endpoint, account)
            };
            lanes.add(&ChannelId::new(id), lane, &budgets);
        }
        lanes
    }

    fn free(lanes: &mut Lanes, seconds: i64) -> String {
        let mut free: Vec<String> = lanes
            .capacity(at(seconds), &[])
            .into_iter()
            .map(|(id, _)| id.to_string())
            .collect();
        free.sort();
        free.concat()
    }

    #[test]
    fn what_one_account_may_send_is_shared_by_its_lanes_and_every_budget_is_kept() {
        let mut lanes = robots();
        let (a, b) = (ChannelId::new("a"), ChannelId::new("b"));
        lanes.spend(&a, at(0));
        lanes.spend(&b, at(0));
        assert_eq!(free(&mut lanes, 0), "cd", "two a second");
        assert_eq!(lanes.allowance(&a, at(0)), Some(1), "of three a minute");
        lanes.note_queued(&b, 1);
        assert_eq!(lanes.allowance(&a, at(0)), Some(0), "one of them waits already");
        assert_eq!(free(&mut lanes, 1), "acd", "the last one goes to one of them");
        let idle = lanes.capacity(at(1), std::slice::from_ref(&a));
        assert!(
            idle.contains(&(b.clone(), 1)),
            "what one has nothing to send for is the other's"
        );
        lanes.spend(&a, at(1));
        assert_eq!(free(&mut lanes, 59), "cd");
        assert_eq!(lanes.free_at(at(2)).first(), Some(&(a, at(60))));
        assert_eq!(free(&mut lanes, 60), "abcd");
    }

    #[test]
    fn a_lane_that_takes_over_counts_what_is_under_way_and_keeps_the_pause_that_was_asked_for() {
        let budget = Some(Budget::per_seconds(2, 60));
        let (mut old, id) = lanes(budget);
        old.take(&id);
        old.spend(&id, at(0));
        old.pause(&id, at(30), Reach::Endpoint);
        let (mut new, _) = lanes(budget);
        new.take_over(&old, at(10));
        assert_eq!(new.capacity(at(29), &[]), [], "the server asked to wait");
        assert_eq!(
            new.capacity(at(30), &[]),
            [(id.clone(), 1)],
            "one of two has left already"
        );
        new.give_back(&id);
        assert_eq!(new.lanes.get(&id).map(|lane| lane.in_flight), Some(0));
    }

    #[test]
    fn a_stopped_lane_is_tried_at_once_after_another_takes_over() {
        let (mut old, id) = lanes(None);
        let refused = Outcome::PermanentEndpoint("535".into());
        old.fault(&id, &MessageId::new("a"), &refused, at(0));
        assert_eq!(old.capacity(at(10), &[]), []);
        let (mut new, _) = lanes(None);
        new.take_over(&old, at(10));
        assert_eq!(new.capacity(at(10), &[]), [(id, 1)]);
    }

    #[test]
    fn lanes_of_one_budget_take_turns() {
        let mut lanes = Lanes::default();
        for id in ["a", "b"] {
            let lane = Lane {
                concurrency: 1,
                ..lane(id, "bot")
            };
            lanes.add(&ChannelId::new(id), lane, &[Budget::per_seconds(1, 1)]);
        }
        let mut order = String::new();
        for second in 0..6 {
            for (id, _) in lanes.capacity(at(second), &[]) {
                order.push_str(id.as_str());
                lanes.spend(&id, at(second));
            }
        }
        assert_eq!(order, "ababab");
    }

    #[test]
    fn a_budget_is_short_where_a_minute_does_not_suffice() {
        let (mut lanes, id) = lanes(Some(Budget::per_seconds(1, 1)));
        assert_eq!(lanes.allowance(&id, at(0)), Some(60));
    }

    #[test]
    fn a_server_that_asks_to_come_again_is_not_well_yet() {
        let (mut lanes, id) = lanes(None);
        let (a, busy) = (MessageId::new("a"), Outcome::Unknown("no answer".into()));
        lanes.fault(&id, &a, &Outcome::PermanentEndpoint("503".into()), at(0));
        assert_eq!(lanes.answered(&id, &a, &busy, at(900)), None);
        assert!(
            lanes
                .answered(&id, &a, &Outcome::Delivered("ok".into()), at(901))
                .is_some()
        );
    }

    #[test]
    fn a_server_s_word_to_wait_reaches_as_far_as_the_vendor_means_it() {
        for (reach, left) in [(Reach::Endpoint, "bcd"), (Reach::Account, "cd"), (Reach::Vendor, "d")] {
            let mut lanes = robots();
            lanes.pause(&ChannelId::new("a"), at(600), reach);
            assert_eq!(free(&mut lanes, 599), left, "{reach:?}");
            assert_eq!(free(&mut lanes, 600), "abcd", "{reach:?}");
        }
    }
}
