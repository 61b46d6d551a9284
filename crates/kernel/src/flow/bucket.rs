//! Message rates as token buckets in whole numbers: a bucket holds up to its burst and fills up again at so many a
//! second, counted in billionths of a message, so that no time is lost to rounding.

use fillwright_domain::{AccountId, StrategyId, Timestamp, VenueId};
use fillwright_policy::flow::{Bucket, MessageRate};
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

/// A message, in the unit of a bucket's level.
const MESSAGE: u64 = 1_000_000_000;

/// How full a bucket was when it was last used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct MessageBucket {
    #[n(0)]
    level: u64,
    #[n(1)]
    at: Timestamp,
}

impl MessageBucket {
    /// How full it is by now, in billionths of a message. What passed since it was last used counts at the rate in
    /// force now.
    fn level(self, at: Timestamp, rule: Bucket) -> u64 {
        let full = u64::from(rule.burst) * MESSAGE;
        let passed_ns = u64::try_from(at.since_ns(self.at)).unwrap_or(0);
        // What is out of range has long been full.
        let come = passed_ns.saturating_mul(u64::from(rule.per_s));
        self.level.saturating_add(come).min(full)
    }
}

/// The buckets that were ever used. One that was not is full.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct Messages {
    #[n(0)]
    venues: BTreeMap<VenueId, MessageBucket>,
    #[n(1)]
    accounts: BTreeMap<AccountId, MessageBucket>,
    #[n(2)]
    strategies: BTreeMap<StrategyId, MessageBucket>,
}

impl Messages {
    /// How many whole messages the buckets still hold: the venue's, the account's, the strategy's.
    pub fn left(
        &self,
        at: Timestamp,
        rate: &MessageRate,
        venue: &VenueId,
        account: &AccountId,
        strategy: &StrategyId,
    ) -> [u64; 3] {
        [
            left(self.venues.get(venue), at, rate.venue),
            left(self.accounts.get(account), at, rate.account),
            left(self.strategies.get(strategy), at, rate.strategy),
        ]
    }

    /// Takes one message out of each bucket; an empty one stays empty.
    pub(crate) fn spend(
        &mut self,
        at: Timestamp,
        rate: &MessageRate,
        venue: &VenueId,
        account: &AccountId,
        strategy: &StrategyId,
    ) {
        spend(&mut self.venues, venue.as_str(), at, rate.venue);
        spend(&mut self.accounts, account.as_str(), at, rate.account);
        spend(&mut self.strategies, strategy.as_str(), at, rate.strategy);
    }
}

fn left(bucket: Option<&MessageBucket>, at: Timestamp, rule: Bucket) -> u64 {
    bucket.map_or(u64::from(rule.burst), |bucket| bucket.level(at, rule) / MESSAGE)
}

fn spend<K: Ord + std::borrow::Borrow<str> + for<'a> From<&'a str>>(
    buckets: &mut BTreeMap<K, MessageBucket>,
    name: &str,
    at: Timestamp,
    rule: Bucket,
) {
    let full = MessageBucket { level: u64::from(rule.burst) * MESSAGE, at };
    let spent = |bucket: MessageBucket| MessageBucket {
        level: bucket.level(at, rule).saturating_sub(MESSAGE),
        at,
    };
    match buckets.get_mut(name) {
        Some(bucket) => *bucket = spent(*bucket),
        None => drop(buckets.insert(K::from(name), spent(full))),
    }
}
