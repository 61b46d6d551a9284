//! Lanes, models and the regime, read off the history each time.

use super::admin::may;
use super::approvals::spend;
use super::facts::Facts;
use super::sessions::sessions;
use fillwright_domain::{LaneId, Principal, Regime, RequestId, StrategyId, Text, Timestamp};
use fillwright_kernel::deployment::{Criterion, Finding};
use fillwright_kernel::event::Refusal;
use fillwright_kernel::{Change, DeploymentEvent, DeploymentInput, Event};
use fillwright_policy::{Lane, ModelStatus, PromotionRule, Role, Rulebook};

/// Every step about deployment, newest first, each with whether all rules adopted since know this lane and strategy.
fn since<'a>(facts: &Facts<'a>, is_known: impl Fn(&Rulebook) -> bool) -> Vec<&'a DeploymentEvent> {
    let mut said = Vec::new();
    for event in facts.events().rev() {
        match event {
            Event::Deployment(event) => said.push(&**event),
            Event::RulebookAdopted { rulebook, .. } if !is_known(rulebook) => break,
            _ => {}
        }
    }
    said
}

/// Whether a lane admits a strategy: by whatever was said of the two last, otherwise by the rules.
pub(super) fn admits(facts: &Facts, lane: &LaneId, strategy: &StrategyId) -> bool {
    let said = since(facts, |rules| {
        rules.lanes.lanes.contains_key(lane) && rules.strategies.contains_key(strategy)
    });
    for event in said {
        let (who, from, to) = match event {
            DeploymentEvent::Promoted { strategy_id, from, to, .. } => {
                (strategy_id, from, Some(to))
            }
            DeploymentEvent::Demoted { strategy_id, from, to, .. } => {
                (strategy_id, from, to.as_ref())
            }
            _ => continue,
        };
        if who == strategy && to == Some(lane) {
            return true;
        }
        if who == strategy && from == lane {
            return false;
        }
    }
    let lane = facts.rulebook().and_then(|(_, rules)| rules.lanes.lanes.get(lane));
    lane.is_some_and(|lane| lane.admits.contains(strategy))
}

/// What the model behind a strategy is.
pub(super) fn model(facts: &Facts, strategy: &StrategyId) -> Option<ModelStatus> {
    let said = since(facts, |rules| rules.strategies.contains_key(strategy));
    let set = said.into_iter().find_map(|event| match event {
        DeploymentEvent::ModelSet { strategy_id, status, .. } if strategy_id == strategy => {
            Some(*status)
        }
        _ => None,
    });
    set.or_else(|| facts.rulebook()?.1.lanes.models.get(strategy).copied())
}

/// The regime that was stated last, and when.
pub(super) fn regime(facts: &Facts) -> Option<(Regime, Timestamp)> {
    since(facts, |_| true).into_iter().find_map(|event| match event {
        DeploymentEvent::RegimeTaken { regime, as_of, .. } => Some((*regime, *as_of)),
        _ => None,
    })
}

pub(super) fn decide(facts: &Facts, at: Timestamp, input: &DeploymentInput) -> Vec<Event> {
    match input.clone() {
        DeploymentInput::Promote { strategy_id, from, to, approval, by, reason } => {
            promote(facts, at, (&strategy_id, &from, &to), approval, (&by, &reason))
        }
        DeploymentInput::Demote { strategy_id, from, to, evidence, by, reason } => {
            match undemotable(facts, &strategy_id, &from, to.as_ref(), &by) {
                Some(why) => refused(why, &by),
                None => vec![happened(DeploymentEvent::Demoted {
                    strategy_id,
                    from,
                    to,
                    evidence,
                    by,
                    reason,
                })],
            }
        }
        DeploymentInput::SetModel { strategy_id, status, approval, by, reason } => {
            match set_model(facts, at, &strategy_id, status, approval, &by) {
                Err(why) => refused(why, &by),
                Ok(mut events) => {
                    let set = DeploymentEvent::ModelSet { strategy_id, status, by, reason };
                    events.push(happened(set));
                    events
                }
            }
        }
        DeploymentInput::Regime { regime: stated, as_of, source } => {
            let why = if source.as_str().is_empty() {
                Some(Refusal::Anonymous)
            } else if at < as_of {
                Some(Refusal::RegimeFromFuture)
            } else {
                let newer = regime(facts).filter(|(_, known)| as_of < *known);
                newer.map(|_| Refusal::RegimeOutOfOrder)
            };
            vec![match why {
                Some(why) => Event::InputRefused { why, by: None },
                None => happened(DeploymentEvent::RegimeTaken { regime: stated, as_of, source }),
            }]
        }
    }
}

fn promote(
    facts: &Facts,
    at: Timestamp,
    (strategy, from, to): (&StrategyId, &LaneId, &LaneId),
    approval: Option<RequestId>,
    (by, reason): (&Principal, &Text),
) -> Vec<Event> {
    if let Some(why) = may(facts, by, &[Role::Trader]) {
        return refused(why, by);
    }
    let Some(lane) = known_lane(facts, strategy, to) else {
        return refused(Refusal::StrategyNotThere, by);
    };
    let Some(rule) = lane.promotion.as_ref().filter(|rule| rule.from == *from) else {
        return refused(Refusal::RuleMissing, by);
    };
    if !admits(facts, from, strategy) || admits(facts, to, strategy) {
        return refused(Refusal::StrategyNotThere, by);
    }
    let findings = measure(facts, at, strategy, rule);
    let lacking = findings.iter().any(|finding| !finding.is_met);
    let (strategy_id, from, to) = (strategy.clone(), from.clone(), to.clone());
    let change =
        Change::Promote { strategy_id: strategy_id.clone(), from: from.clone(), to: to.clone() };
    let mut events = vec![happened(DeploymentEvent::Assessed {
        strategy_id: strategy_id.clone(),
        from: from.clone(),
        to: to.clone(),
        findings,
    })];
    let spent =
        if lacking { Err(Refusal::CriteriaNotMet) } else { spend(facts, at, &change, approval) };
    match spent {
        Err(why) => events.extend(refused(why, by)),
        Ok(spent) => {
            let (by, reason) = (by.clone(), reason.clone());
            events.push(spent);
            events.push(happened(DeploymentEvent::Promoted { strategy_id, from, to, by, reason }));
        }
    }
    events
}

fn known_lane<'a>(facts: &Facts<'a>, strategy: &StrategyId, lane: &LaneId) -> Option<&'a Lane> {
    let (_, rules) = facts.rulebook()?;
    rules.strategies.get(strategy)?;
    rules.lanes.lanes.get(lane)
}

fn measure(
    facts: &Facts,
    at: Timestamp,
    strategy: &StrategyId,
    rule: &PromotionRule,
) -> Vec<Finding> {
    let mut all = sessions(facts);
    all.retain(|known| {
        known.definition.lane == rule.from && known.definition.strategies.contains(strategy)
    });
    let elapsed_ns: i128 = all.iter().map(|known| known.ran_ns(at)).sum();
    let ended: u64 = all.iter().map(|known| known.ended).sum();
    let failed: u64 = all.iter().map(|known| known.failed).sum();
    let ran_s = u64::try_from(elapsed_ns / 1_000_000_000).expect("time goes on");
    // The smallest share that is no less than the failures.
    let share = (0..=failed * 1_000).find(|share| share * ended.max(1) >= failed * 1_000);
    let share = share.expect("the last is large enough");
    let finding = |criterion, found, limit: u32, is_met: fn(u64, u64) -> bool| {
        let limit = u64::from(limit);
        Finding { criterion, found, limit, is_met: is_met(found, limit) }
    };
    vec![
        finding(Criterion::RanS, ran_s, rule.ran_min_s, |found, limit| found >= limit),
        finding(Criterion::Orders, ended, rule.orders_min, |found, limit| found >= limit),
        finding(Criterion::FailedPerMille, share, rule.failed_max_per_mille, |found, limit| {
            found <= limit
        }),
    ]
}

fn undemotable(
    facts: &Facts,
    strategy: &StrategyId,
    from: &LaneId,
    to: Option<&LaneId>,
    by: &Principal,
) -> Option<Refusal> {
    if let Some(why) = may(facts, by, &[Role::Trader, Role::Risk]) {
        return Some(why);
    }
    let Some(upper) = known_lane(facts, strategy, from) else {
        return Some(Refusal::StrategyNotThere);
    };
    if !admits(facts, from, strategy) {
        return Some(Refusal::StrategyNotThere);
    }
    let to = to?;
    let Some(lower) = known_lane(facts, strategy, to) else {
        return Some(Refusal::StrategyNotThere);
    };
    let is_lower =
        lower.environment == upper.environment && lower.capital_budget <= upper.capital_budget;
    (!is_lower).then_some(Refusal::NotADemotion)
}

fn set_model(
    facts: &Facts,
    at: Timestamp,
    strategy: &StrategyId,
    status: ModelStatus,
    approval: Option<RequestId>,
    by: &Principal,
) -> Result<Vec<Event>, Refusal> {
    if let Some(why) = may(facts, by, &[Role::Risk]) {
        return Err(why);
    }
    if !facts.rulebook().is_some_and(|(_, rules)| rules.strategies.contains_key(strategy)) {
        return Err(Refusal::StrategyNotThere);
    }
    let known = model(facts, strategy);
    if known == Some(status) {
        return Err(Refusal::NothingNew);
    }
    if known.is_some_and(|known| known > status) {
        return Ok(Vec::new());
    }
    let change = Change::RaiseModel { strategy_id: strategy.clone(), status };
    spend(facts, at, &change, approval).map(|spent| vec![spent])
}

fn happened(event: DeploymentEvent) -> Event {
    Event::Deployment(Box::new(event))
}

fn refused(why: Refusal, by: &Principal) -> Vec<Event> {
    vec![Event::InputRefused { why, by: Some(by.clone()) }]
}
