//! Which strategies a lane admits, how far their models may be trusted, and the market regime they trade in.
//!
//! A strategy is promoted by the figures its sessions show in the lane it comes from, compared with the rule of the lane
//! it goes to, and by somebody else's approval. Every comparison is recorded, those that fail too. Demotion takes one
//! person and no figures.

use crate::approvals::{Change, use_of};
use crate::event::Refusal;
use crate::{Event, State};
use fillwright_domain::{LaneId, Principal, Regime, RequestId, StrategyId, Text, Timestamp};
use fillwright_policy::{Lane, ModelStatus, PromotionRule, Role, Rulebook};
use minicbor::{Decode, Encode};
use serde::Serialize;
use std::collections::BTreeMap;

const NS_PER_S: i64 = 1_000_000_000;

/// What people and machines say about strategies, models and the market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentInput {
    /// Move a strategy to a lane with more capital.
    #[n(0)]
    Promote {
        /// The strategy.
        #[n(0)]
        strategy_id: StrategyId,
        /// Where it comes from.
        #[n(1)]
        from: LaneId,
        /// Where it goes.
        #[n(2)]
        to: LaneId,
        /// The request that was approved.
        #[n(3)]
        approval: Option<RequestId>,
        /// Who asks.
        #[n(4)]
        by: Principal,
        /// Why.
        #[n(5)]
        reason: Text,
    },
    /// Take a strategy out of a lane, to another or to none.
    #[n(1)]
    Demote {
        /// The strategy.
        #[n(0)]
        strategy_id: StrategyId,
        /// Where it comes from.
        #[n(1)]
        from: LaneId,
        /// Where it goes, where it goes anywhere.
        #[n(2)]
        to: Option<LaneId>,
        /// What speaks for it.
        #[n(3)]
        evidence: Vec<Text>,
        /// Who asks.
        #[n(4)]
        by: Principal,
        /// Why.
        #[n(5)]
        reason: Text,
    },
    /// Say how far the model behind a strategy may be trusted.
    #[n(2)]
    SetModel {
        /// The strategy.
        #[n(0)]
        strategy_id: StrategyId,
        /// What its model is.
        #[n(1)]
        status: ModelStatus,
        /// The request that was approved, where it is raised.
        #[n(2)]
        approval: Option<RequestId>,
        /// Who asks.
        #[n(3)]
        by: Principal,
        /// Why.
        #[n(4)]
        reason: Text,
    },
    /// The market is in this regime.
    #[n(3)]
    Regime {
        /// The regime.
        #[n(0)]
        regime: Regime,
        /// When its source said so.
        #[n(1)]
        as_of: Timestamp,
        /// Who or what says so.
        #[n(2)]
        source: Text,
    },
}

/// One figure of a promotion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Encode, Decode)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// Seconds its sessions ran, at least.
    #[n(0)]
    RanS,
    /// Orders that ended, at least.
    #[n(1)]
    Orders,
    /// Of a thousand of them those that failed, at most.
    #[n(2)]
    FailedPerMille,
}

/// What a criterion found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct Finding {
    /// The criterion.
    #[n(0)]
    pub criterion: Criterion,
    /// What was found.
    #[n(1)]
    pub found: u64,
    /// What the rule asks.
    #[n(2)]
    pub limit: u64,
    /// Whether it is met.
    #[n(3)]
    pub is_met: bool,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
#[serde(rename_all = "snake_case", tag = "deployment")]
pub enum DeploymentEvent {
    /// A strategy was measured by the rule of the lane it is to go to.
    #[n(0)]
    Assessed {
        /// The strategy.
        #[n(0)]
        strategy_id: StrategyId,
        /// Where it comes from.
        #[n(1)]
        from: LaneId,
        /// Where it is to go.
        #[n(2)]
        to: LaneId,
        /// Every criterion.
        #[n(3)]
        findings: Vec<Finding>,
    },
    /// A strategy was promoted.
    #[n(1)]
    Promoted {
        /// The strategy.
        #[n(0)]
        strategy_id: StrategyId,
        /// Where it comes from.
        #[n(1)]
        from: LaneId,
        /// Where it goes.
        #[n(2)]
        to: LaneId,
        /// Who asked.
        #[n(3)]
        by: Principal,
        /// Why.
        #[n(4)]
        reason: Text,
    },
    /// A strategy was demoted.
    #[n(2)]
    Demoted {
        /// The strategy.
        #[n(0)]
        strategy_id: StrategyId,
        /// Where it comes from.
        #[n(1)]
        from: LaneId,
        /// Where it goes, where it goes anywhere.
        #[n(2)]
        to: Option<LaneId>,
        /// What speaks for it.
        #[n(3)]
        evidence: Vec<Text>,
        /// Who asked.
        #[n(4)]
        by: Principal,
        /// Why.
        #[n(5)]
        reason: Text,
    },
    /// A model is trusted so far.
    #[n(3)]
    ModelSet {
        /// The strategy.
        #[n(0)]
        strategy_id: StrategyId,
        /// What its model is.
        #[n(1)]
        status: ModelStatus,
        /// Who asked.
        #[n(2)]
        by: Principal,
        /// Why.
        #[n(3)]
        reason: Text,
    },
    /// The market is in this regime.
    #[n(4)]
    RegimeTaken {
        /// The regime.
        #[n(0)]
        regime: Regime,
        /// When its source said so.
        #[n(1)]
        as_of: Timestamp,
        /// Who or what says so.
        #[n(2)]
        source: Text,
    },
}

impl From<DeploymentEvent> for Event {
    fn from(event: DeploymentEvent) -> Self {
        Self::Deployment(Box::new(event))
    }
}

/// A regime as its source stated it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct StatedRegime {
    /// The regime.
    #[n(0)]
    pub regime: Regime,
    /// When its source said so.
    #[n(1)]
    pub as_of: Timestamp,
}

/// What people and machines have changed since the rules were written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct Deployment {
    /// Strategies that were moved into a lane, or out of it.
    #[n(0)]
    moved: BTreeMap<LaneId, BTreeMap<StrategyId, bool>>,
    /// Models that were set.
    #[n(1)]
    models: BTreeMap<StrategyId, ModelStatus>,
    /// The regime.
    #[n(2)]
    regime: Option<StatedRegime>,
}

impl Deployment {
    /// Whether a lane admits a strategy: by the last promotion or demotion, otherwise by the rules.
    pub fn admits(&self, rulebook: &Rulebook, lane_id: &LaneId, strategy_id: &StrategyId) -> bool {
        let moved = self.moved.get(lane_id).and_then(|moved| moved.get(strategy_id)).copied();
        let by_rule = || rulebook.lanes.lanes.get(lane_id);
        moved.unwrap_or_else(|| by_rule().is_some_and(|lane| lane.admits.contains(strategy_id)))
    }

    /// What the model behind a strategy is; nothing where nobody ever said.
    pub fn model(&self, rulebook: &Rulebook, strategy_id: &StrategyId) -> Option<ModelStatus> {
        let set = self.models.get(strategy_id);
        set.or_else(|| rulebook.lanes.models.get(strategy_id)).copied()
    }

    /// The regime as it was stated last.
    pub fn regime(&self) -> Option<StatedRegime> {
        self.regime
    }

    /// Forgets what new rules no longer know, so that what is remembered stays within them.
    pub(crate) fn follow(&mut self, rulebook: &Rulebook) {
        let known = |strategy: &StrategyId| rulebook.strategies.contains_key(strategy);
        self.moved.retain(|lane, _| rulebook.lanes.lanes.contains_key(lane));
        for strategies in self.moved.values_mut() {
            strategies.retain(|strategy, _| known(strategy));
        }
        self.models.retain(|strategy, _| known(strategy));
    }

    /// Writes what happened.
    pub(crate) fn apply(&mut self, event: DeploymentEvent) {
        match event {
            DeploymentEvent::Assessed { .. } => {}
            DeploymentEvent::Promoted { strategy_id, from, to, .. } => {
                self.move_strategy(strategy_id, from, Some(to));
            }
            DeploymentEvent::Demoted { strategy_id, from, to, .. } => {
                self.move_strategy(strategy_id, from, to);
            }
            DeploymentEvent::ModelSet { strategy_id, status, .. } => {
                self.models.insert(strategy_id, status);
            }
            DeploymentEvent::RegimeTaken { regime, as_of, .. } => {
                self.regime = Some(StatedRegime { regime, as_of });
            }
        }
    }

    fn move_strategy(&mut self, strategy_id: StrategyId, from: LaneId, to: Option<LaneId>) {
        self.moved.entry(from).or_default().insert(strategy_id.clone(), false);
        if let Some(to) = to {
            self.moved.entry(to).or_default().insert(strategy_id, true);
        }
    }
}

/// Decides on what people and machines say about strategies, models and the market.
pub(crate) fn decide(state: &State, at: Timestamp, input: &DeploymentInput) -> Vec<Event> {
    match input {
        DeploymentInput::Promote { strategy_id, from, to, approval, by, reason } => {
            promote(state, at, (strategy_id, from, to), *approval, (by, reason))
        }
        DeploymentInput::Demote { strategy_id, from, to, evidence, by, reason } => {
            let demoted = may_demote(state, strategy_id, from, to.as_ref(), by).map(|()| {
                let (from, to, evidence) = (from.clone(), to.clone(), evidence.clone());
                let (strategy_id, by, reason) = (strategy_id.clone(), by.clone(), reason.clone());
                DeploymentEvent::Demoted { strategy_id, from, to, evidence, by, reason }
            });
            one(demoted, Some(by))
        }
        DeploymentInput::SetModel { strategy_id, status, approval, by, reason } => {
            let used = may_set_model(state, at, strategy_id, *status, *approval, by);
            let (strategy_id, status) = (strategy_id.clone(), *status);
            let (by, reason) = (by.clone(), reason.clone());
            match used {
                Err(why) => vec![Event::InputRefused { why, by: Some(by) }],
                Ok(used) => {
                    let set = DeploymentEvent::ModelSet { strategy_id, status, by, reason };
                    used.into_iter().chain([set.into()]).collect()
                }
            }
        }
        DeploymentInput::Regime { regime, as_of, source } => {
            let (regime, as_of, source) = (*regime, *as_of, source.clone());
            let taken = may_take(state, at, as_of, &source)
                .map(|()| DeploymentEvent::RegimeTaken { regime, as_of, source });
            one(taken, None)
        }
    }
}

fn one(decided: Result<DeploymentEvent, Refusal>, by: Option<&Principal>) -> Vec<Event> {
    vec![match decided {
        Ok(event) => event.into(),
        Err(why) => Event::InputRefused { why, by: by.cloned() },
    }]
}

/// Promotes a strategy, or says what it lacks. What was measured is recorded either way.
fn promote(
    state: &State,
    at: Timestamp,
    (strategy_id, from, to): (&StrategyId, &LaneId, &LaneId),
    approval: Option<RequestId>,
    (by, reason): (&Principal, &Text),
) -> Vec<Event> {
    let refused = |why| Event::InputRefused { why, by: Some(by.clone()) };
    let rule = match may_promote(state, strategy_id, from, to, by) {
        Ok(rule) => rule,
        Err(why) => return vec![refused(why)],
    };
    let findings = findings(state, at, strategy_id, rule);
    let is_met = findings.iter().all(|finding| finding.is_met);
    let (strategy_id, from, to) = (strategy_id.clone(), from.clone(), to.clone());
    let assessed = DeploymentEvent::Assessed {
        strategy_id: strategy_id.clone(),
        from: from.clone(),
        to: to.clone(),
        findings,
    };
    let mut events = vec![assessed.into()];
    if !is_met {
        events.push(refused(Refusal::CriteriaNotMet));
        return events;
    }
    let change =
        Change::Promote { strategy_id: strategy_id.clone(), from: from.clone(), to: to.clone() };
    match use_of(state, at, &change, approval) {
        Err(why) => events.push(refused(why)),
        Ok(used) => {
            let (by, reason) = (by.clone(), reason.clone());
            let promoted = DeploymentEvent::Promoted { strategy_id, from, to, by, reason };
            events.extend([used, promoted.into()]);
        }
    }
    events
}

/// Whether somebody may promote a strategy so at all, and the rule it is measured by.
fn may_promote<'a>(
    state: &'a State,
    strategy_id: &StrategyId,
    from: &LaneId,
    to: &LaneId,
    by: &Principal,
) -> Result<&'a PromotionRule, Refusal> {
    state.may(by, &[Role::Trader])?;
    let (rulebook, lane) = lane_of(state, strategy_id, to)?;
    let rule = lane.promotion.as_ref().filter(|rule| rule.from == *from);
    let rule = rule.ok_or(Refusal::RuleMissing)?;
    let is_there = |lane| state.deployment.admits(rulebook, lane, strategy_id);
    if is_there(from) && !is_there(to) { Ok(rule) } else { Err(Refusal::StrategyNotThere) }
}

fn lane_of<'a>(
    state: &'a State,
    strategy_id: &StrategyId,
    lane: &LaneId,
) -> Result<(&'a Rulebook, &'a Lane), Refusal> {
    let rulebook = state.rulebook.as_ref().ok_or(Refusal::StrategyNotThere)?;
    let lane = rulebook.lanes.lanes.get(lane);
    let lane = lane.filter(|_| rulebook.strategies.contains_key(strategy_id));
    lane.map(|lane| (rulebook, lane)).ok_or(Refusal::StrategyNotThere)
}

/// What the sessions of a strategy in the lane it comes from have shown.
fn findings(
    state: &State,
    at: Timestamp,
    strategy_id: &StrategyId,
    rule: &PromotionRule,
) -> Vec<Finding> {
    let (mut elapsed_ns, mut ended, mut failed) = (0_i64, 0_u64, 0_u64);
    for (_, session) in state.sessions.iter() {
        let definition = &session.definition;
        if definition.lane == rule.from && definition.strategies.contains(strategy_id) {
            elapsed_ns = elapsed_ns.saturating_add(session.ran_ns_at(at));
            ended = ended.saturating_add(session.ended);
            failed = failed.saturating_add(session.failed);
        }
    }
    let ran_s = u64::try_from(elapsed_ns / NS_PER_S).unwrap_or(0);
    let failed = failed.saturating_mul(1_000).div_ceil(ended.max(1));
    let at_least = |criterion, found, limit| {
        let limit = u64::from(limit);
        Finding { criterion, found, limit, is_met: found >= limit }
    };
    let limit = u64::from(rule.failed_max_per_mille);
    let is_met = failed <= limit;
    vec![
        at_least(Criterion::RanS, ran_s, rule.ran_min_s),
        at_least(Criterion::Orders, ended, rule.orders_min),
        Finding { criterion: Criterion::FailedPerMille, found: failed, limit, is_met },
    ]
}

/// Whether somebody may demote a strategy so: it is there, and where it goes exists.
fn may_demote(
    state: &State,
    strategy_id: &StrategyId,
    from: &LaneId,
    to: Option<&LaneId>,
    by: &Principal,
) -> Result<(), Refusal> {
    state.may(by, &[Role::Trader, Role::Risk])?;
    let (rulebook, lane) = lane_of(state, strategy_id, from)?;
    if !state.deployment.admits(rulebook, from, strategy_id) {
        return Err(Refusal::StrategyNotThere);
    }
    let Some(to) = to else { return Ok(()) };
    let (_, lower) = lane_of(state, strategy_id, to)?;
    if lower.environment == lane.environment && lower.capital_budget <= lane.capital_budget {
        Ok(())
    } else {
        Err(Refusal::NotADemotion)
    }
}

/// Whether somebody may say so of a model. Raising it takes an approval, lowering it does not.
fn may_set_model(
    state: &State,
    at: Timestamp,
    strategy_id: &StrategyId,
    status: ModelStatus,
    approval: Option<RequestId>,
    by: &Principal,
) -> Result<Option<Event>, Refusal> {
    state.may(by, &[Role::Risk])?;
    let rulebook = state.rulebook.as_ref().ok_or(Refusal::StrategyNotThere)?;
    if !rulebook.strategies.contains_key(strategy_id) {
        return Err(Refusal::StrategyNotThere);
    }
    match state.deployment.model(rulebook, strategy_id) {
        Some(known) if known == status => Err(Refusal::NothingNew),
        Some(known) if status < known => Ok(None),
        _ => {
            let change = Change::RaiseModel { strategy_id: strategy_id.clone(), status };
            use_of(state, at, &change, approval).map(Some)
        }
    }
}

/// Whether a regime may be taken: from somebody, not from the future, and not older than the one in force.
fn may_take(state: &State, at: Timestamp, as_of: Timestamp, source: &Text) -> Result<(), Refusal> {
    if source.is_empty() {
        return Err(Refusal::Anonymous);
    }
    if as_of > at {
        return Err(Refusal::RegimeFromFuture);
    }
    match state.deployment.regime() {
        Some(known) if known.as_of > as_of => Err(Refusal::RegimeOutOfOrder),
        _ => Ok(()),
    }
}
