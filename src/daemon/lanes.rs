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
    vendor: &'static str,
    concurrency: u32,
    in_flight: u32,
    paused_until: Option<DateTime<Utc>>,
    faults: usize,
    stopped: Option<Stopped>,
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
    /// By account: what the other side counts together is counted together here.
    buckets: BTreeMap<String, Vec<Bucket>>,
}

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
                ..Lane::of(settings)
            };
            all.add(id, lane, &settings.lane().budgets);
        }
        for (channel, at) in left {
            all.spend(channel, *at);
        }
        all
    }

    /// A lane more. Of several budgets for one account each is kept.
    fn add(&mut self, id: &ChannelId, lane: Lane, budgets: &[Budget]) {
        let buckets = self.buckets.entry(lane.account.clone()).or_default();
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

    /// How many messages each lane can take now; those that can take none are left out.
    pub(super) fn capacity(&mut self, now: DateTime<Utc>) -> Vec<(ChannelId, u32)> {
        let mut left: BTreeMap<&str, u32> = BTreeMap::new();
        for (account, buckets) in &mut self.buckets {
            let free = buckets.iter_mut().map(|bucket| bucket.free(now)).min();
            left.extend(free.map(|free| (account.as_str(), free)));
        }
        let mut capacity = Vec::new();
        for (id, lane) in &self.lanes {
            let mut free = lane.places(now);
            // What one lane takes, another of the same account cannot.
            if let Some(left) = left.get_mut(lane.account.as_str()) {
                free = free.min(*left);
                *left -= free;
            }
            if free > 0 {
                capacity.push((id.clone(), free));
            }
        }
        capacity
    }

    /// How many posts the budgets of a channel allow now; none where it has no budget.
    pub(super) fn allowance(&mut self, channel: &ChannelId, now: DateTime<Utc>) -> Option<u32> {
        let account = &self.lanes.get(channel)?.account;
        let longest = self
            .buckets
            .get_mut(account)?
            .iter_mut()
            .max_by_key(|bucket| bucket.budget.per)?;
        Some(longest.free(now))
    }

    /// When each lane can take a message again, as far as that is known: none while all its places are taken.
    pub(super) fn free_at(&mut self, now: DateTime<Utc>) -> Vec<(ChannelId, DateTime<Utc>)> {
        let mut budgets: BTreeMap<&str, DateTime<Utc>> = BTreeMap::new();
        for (account, buckets) in &mut self.buckets {
            let full = buckets
                .iter_mut()
                .filter_map(|bucket| (bucket.free(now) == 0).then(|| bucket.next())?);
            budgets.extend(full.max().map(|at| (account.as_str(), at)));
        }
        self.lanes
            .iter()
            .filter_map(|(id, lane)| {
                Some((
                    id.clone(),
                    lane.free_at(budgets.get(lane.account.as_str()).copied(), now)?,
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
        let account = self.lanes.get(channel).map(|lane| &lane.account);
        for bucket in account
            .and_then(|account| self.buckets.get_mut(account))
            .into_iter()
            .flatten()
        {
            bucket.sent.push_back(now);
        }
    }

    /// Whether the endpoint refused everything at this message before, while it takes others: then the fault is the
    /// message's, or its recipient's.
    pub(super) fn is_to_blame(&self, channel: &ChannelId, message: &MessageId) -> bool {
        self.lanes
            .get(channel)
            .is_some_and(|lane| lane.accused.get(message) == Some(&true))
    }

    /// The other side answered, whatever it said. Where the lane was stopped, it goes on: since when it stood.
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
        lane.stopped.take()
    }

    /// The server's own word: nothing until then on this lane, and on all that its word reaches.
    pub(super) fn pause(&mut self, channel: &ChannelId, until: DateTime<Utc>, reach: Reach) {
        let Some(told) = self.lanes.get(channel) else {
            return;
        };
        let (endpoint, account, vendor) = (told.endpoint.clone(), told.account.clone(), told.vendor);
        for lane in self.lanes.values_mut() {
            let is_meant = match reach {
                Reach::Endpoint => lane.endpoint == endpoint,
                Reach::Account => lane.account == account,
                Reach::Vendor => lane.vendor == vendor,
            };
            if is_meant {
                lane.paused_until = lane.paused_until.max(Some(until));
            }
        }
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
            lane.paused_until = Some(now + ANOTHER_AFTER);
            return Some(Fault::Paused(now + ANOTHER_AFTER));
        }
        let wait = UNREACHABLE_WAITS
            .get(lane.faults - 1)
            .filter(|_| matches!(outcome, Outcome::Unreachable(_)));
        if let Some(wait) = wait {
            lane.paused_until = Some(now + *wait);
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
        assert_eq!(lanes.capacity(at(5)), []);
        assert_eq!(lanes.capacity(at(10)), [(id.clone(), 1)]);
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
        assert_eq!(lanes.capacity(at(941)), [(id, 4)]);
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
        assert_eq!(lanes.capacity(at(0)), [(id.clone(), 2)]);
        lanes.spend(&id, at(0));
        lanes.spend(&id, at(30));
        assert_eq!(lanes.capacity(at(59)), []);
        assert_eq!(lanes.free_at(at(59)), [(id.clone(), at(60))]);
        assert_eq!(lanes.capacity(at(60)), [(id, 1)]);
    }

    #[test]
    fn the_server_s_own_wait_holds_this_lane_only() {
        let (mut lanes, id) = lanes(None);
        lanes.pause(&id, at(600), Reach::Endpoint);
        assert_eq!(lanes.capacity(at(599)), []);
        assert_eq!(lanes.capacity(at(600)), [(id, 4)]);
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
        let free = lanes.capacity(at(seconds));
        free.iter().map(|(id, _)| id.as_str()).collect()
    }

    #[test]
    fn what_one_account_may_send_is_shared_by_its_lanes_and_every_budget_is_kept() {
        let mut lanes = robots();
        let (a, b) = (ChannelId::new("a"), ChannelId::new("b"));
        lanes.spend(&a, at(0));
        lanes.spend(&b, at(0));
        assert_eq!(free(&mut lanes, 0), "cd", "two a second");
        assert_eq!(lanes.allowance(&a, at(0)), Some(1), "of three a minute");
        assert_eq!(free(&mut lanes, 1), "acd", "the last one goes to one of them");
        lanes.spend(&a, at(1));
        assert_eq!(free(&mut lanes, 59), "cd");
        assert_eq!(lanes.free_at(at(2)).first(), Some(&(a, at(60))));
        assert_eq!(free(&mut lanes, 60), "abcd");
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
