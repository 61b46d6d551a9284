//! The repeated automated execution throttle: a strategy that executed as often as it may is disabled until two people,
//! one of them `risk`, enable it again (RTS 6, article 15(3)).

use super::{FlowEvent, is_within, refuse};
use crate::event::Refusal;
use crate::{Event, State};
use fillwright_domain::{Principal, StrategyId, Text, Timestamp};
use fillwright_policy::Role;
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, VecDeque};

/// What is counted of a strategy.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
struct Counted {
    #[n(0)]
    executions: VecDeque<Timestamp>,
    #[n(1)]
    is_disabled: bool,
    #[n(2)]
    reenable_requested_by: Option<Principal>,
}

/// Executions within the window, by strategy.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct Repeats(#[n(0)] BTreeMap<StrategyId, Counted>);

impl Repeats {
    /// Whether the throttle has disabled a strategy.
    pub fn is_disabled(&self, strategy: &StrategyId) -> bool {
        self.0.get(strategy).is_some_and(|counted| counted.is_disabled)
    }

    /// Strategies the throttle has disabled, with who asked first to enable them.
    pub fn disabled(&self) -> impl Iterator<Item = (&StrategyId, Option<&Principal>)> {
        let disabled = self.0.iter().filter(|(_, counted)| counted.is_disabled);
        disabled.map(|(strategy, counted)| (strategy, counted.reenable_requested_by.as_ref()))
    }

    /// How often a strategy executed within the window: times are in order, so the old ones stand in front.
    pub fn executions(&self, at: Timestamp, strategy: &StrategyId, window_ms: u32) -> u64 {
        self.0.get(strategy).map_or(0, |counted| {
            let is_old = |then: &Timestamp| !is_within(at, *then, window_ms);
            // Mostly the last execution has dropped what was old by then: the first then says that none is.
            let none_is = counted.executions.front().is_none_or(|first| !is_old(first));
            let old = if none_is { 0 } else { counted.executions.partition_point(is_old) };
            (counted.executions.len() - old) as u64
        })
    }

    /// Counts one execution and forgets those before the window.
    pub(crate) fn count(&mut self, at: Timestamp, strategy: &StrategyId, window_ms: u32) {
        if !self.0.contains_key(strategy) {
            self.0.insert(strategy.clone(), Counted::default());
        }
        let Some(counted) = self.0.get_mut(strategy) else { return };
        while counted.executions.pop_front_if(|then| !is_within(at, *then, window_ms)).is_some() {}
        if window_ms > 0 {
            counted.executions.push_back(at);
        }
    }

    pub(crate) fn disable(&mut self, strategy: &StrategyId) {
        let counted = self.0.entry(strategy.clone()).or_default();
        counted.is_disabled = true;
        counted.reenable_requested_by = None;
    }

    pub(crate) fn request(&mut self, strategy: &StrategyId, by: Principal) {
        self.0.entry(strategy.clone()).or_default().reenable_requested_by = Some(by);
    }

    pub(crate) fn enable(&mut self, strategy: &StrategyId) {
        self.0.remove(strategy);
    }
}

/// Enables a strategy again once two different people have asked for it. Its owner may not: the strategy's own side does
/// not lift what stopped it.
pub(crate) fn reenable(
    state: &State,
    strategy_id: &StrategyId,
    by: &Principal,
    reason: &Text,
) -> Vec<Event> {
    if let Err(why) = state.may(by, &Role::ENDS_STOPS) {
        return refuse(why, Some(by));
    }
    let counted = state.flow.repeats.0.get(strategy_id).filter(|counted| counted.is_disabled);
    let Some(counted) = counted else { return refuse(Refusal::NotThrottled, Some(by)) };
    let owner = state.rulebook.as_ref().and_then(|rules| rules.strategies.get(strategy_id));
    if owner.is_some_and(|strategy| strategy.owner.as_str() == by.as_str()) {
        return refuse(Refusal::OwnStrategy, Some(by));
    }
    // Whoever asked first must still be allowed to ask.
    let first = counted.reenable_requested_by.as_ref();
    let first = first.filter(|first| state.may(first, &Role::ENDS_STOPS).is_ok());
    let (strategy_id, by, reason) = (strategy_id.clone(), by.clone(), reason.clone());
    let Some(first) = first else {
        return vec![Event::Flow(FlowEvent::ReenableRequested { strategy_id, by, reason })];
    };
    if let Err(why) = state.may_release(first, &by) {
        return refuse(why, Some(&by));
    }
    let requested_by = first.clone();
    let event = FlowEvent::StrategyReenabled { strategy_id, by, requested_by, reason };
    vec![Event::Flow(event)]
}
