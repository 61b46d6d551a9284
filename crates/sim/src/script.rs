//! The part of the language of tests that is about requests, sessions and lanes.
//!
//! ```text
//! 1s schedule S1 lane canary capital 1000 books core by ops-1 from 0s until 900s
//! 2s request R1 start S1 by ops-1 until 60s
//! 3s approve R1 by risk-1
//! 4s session start S1 by ops-1 with R1
//! 5s promote trend canary main by ops-1 with R2
//! 6s demote trend main canary by risk-1
//! 7s model trend approved by risk-1 with R3
//! 8s regime CRISIS as of 7s
//! 9s announce I1 add 0.1 critical
//! 9s request R4 override I1 by ops-1
//! ```

use crate::generate::number;
use crate::scenario::{moment, person};
use fillwright_domain::{
    BookId, ContentDigest, LaneId, Notional, Principal, Regime, RequestId, Scope, SessionId,
    StrategyId, Text, Timestamp,
};
use fillwright_kernel::{
    ApprovalInput, Change, DeploymentInput, Gate, Input, SessionInput, SessionMove,
};
use fillwright_policy::{
    ChangeKind, Lane, ModelStatus, PromotionRule, RegimePolicy, Rulebook, SessionDefinition,
    UnknownRegime,
};
use std::collections::{BTreeMap, BTreeSet};

const SECOND_NS: i64 = 1_000_000_000;

/// What a script has named so far.
#[derive(Default)]
pub(crate) struct Governed {
    sessions: BTreeMap<String, SessionDefinition>,
    requests: BTreeMap<String, RequestId>,
    intents: BTreeMap<String, ContentDigest>,
}

impl Governed {
    /// Remembers an intent that is to come, so that an override of it can be asked for.
    pub(crate) fn announce(&mut self, id: &str, input: &Input) {
        let Input::SubmitIntent { intent, .. } = input else { panic!("{id} is no intent") };
        self.intents.insert(id.to_owned(), intent.digest());
    }

    pub(crate) fn input(&mut self, at: Timestamp, seq: u64, words: &[&str]) -> Input {
        let (by, reason) = person(words);
        let approval = after(words, "with").map(|name| self.request(name));
        match words {
            ["schedule", id, ..] => self.schedule(id, words, by, reason),
            ["session", action, id, ..] => Input::Session(Box::new(SessionInput::Move {
                session_id: SessionId::new(id),
                action: action_named(action),
                approval,
                by,
                reason,
            })),
            ["request", name, change @ ..] => {
                self.requested(at, seq, name, change, words, by, reason)
            }
            ["approve", name, ..] => {
                let request_id = self.request(name);
                Input::Approval(Box::new(ApprovalInput::Approve { request_id, by, reason }))
            }
            ["reject", name, ..] => {
                let request_id = self.request(name);
                Input::Approval(Box::new(ApprovalInput::Reject { request_id, by, reason }))
            }
            _ => Input::Deployment(Box::new(deployed(at, words, approval, by, reason))),
        }
    }

    fn request(&self, name: &str) -> RequestId {
        self.requests.get(name).copied().unwrap_or_default()
    }

    fn schedule(&mut self, id: &str, words: &[&str], by: Principal, reason: Text) -> Input {
        let said = |word, otherwise| after(words, word).unwrap_or(otherwise);
        let books = said("books", "core").split(',').map(BookId::new).collect();
        let definition = SessionDefinition {
            session_id: SessionId::new(id),
            env: Text::new(said("env", "paper")),
            lane: LaneId::new(said("lane", "canary")),
            strategies: said("strategies", "trend").split(',').map(StrategyId::new).collect(),
            books,
            capital: Notional::new(number(said("capital", "50000"))),
            start_at: moment(said("from", "0s")),
            review_at: moment(said("review", said("from", "0s"))),
            end_at: moment(said("until", "900s")),
        };
        self.sessions.insert(id.to_owned(), definition.clone());
        Input::Session(Box::new(SessionInput::Schedule { definition, by, reason }))
    }

    #[allow(clippy::too_many_arguments, reason = "the words of one line")]
    fn requested(
        &mut self,
        at: Timestamp,
        seq: u64,
        name: &str,
        change: &[&str],
        words: &[&str],
        by: Principal,
        reason: Text,
    ) -> Input {
        let change = self.change(change);
        self.requests.insert(name.to_owned(), RequestId::derive(change.digest(), seq));
        let pieces = after(words, "evidence").unwrap_or("report-1");
        let evidence = pieces.split(',').filter(|piece| *piece != "none").map(Text::new).collect();
        let in_a_minute = Timestamp::from_ns(at.as_ns() + 60 * SECOND_NS);
        let expires_at = after(words, "until").map_or(in_a_minute, moment);
        let scope = Scope::Environment;
        let request = ApprovalInput::Request { change, scope, evidence, expires_at, by, reason };
        Input::Approval(Box::new(request))
    }

    fn change(&self, words: &[&str]) -> Change {
        let definition = |id: &str| {
            let known = self.sessions.get(id).expect("a scheduled session");
            ContentDigest::of(&minicbor::to_vec(known).expect("memory"))
        };
        match words {
            ["start", id, ..] => {
                Change::StartSession { session_id: SessionId::new(id), definition: definition(id) }
            }
            ["resume", id, ..] => {
                Change::ResumeSession { session_id: SessionId::new(id), definition: definition(id) }
            }
            ["promote", strategy, from, to, ..] => Change::Promote {
                strategy_id: StrategyId::new(strategy),
                from: LaneId::new(from),
                to: LaneId::new(to),
            },
            ["model", strategy, status, ..] => Change::RaiseModel {
                strategy_id: StrategyId::new(strategy),
                status: model_named(status),
            },
            ["override", id, ..] => Change::OverrideOrder {
                intent: *self.intents.get(*id).expect("an announced intent"),
                gate: Gate::RegimeParity,
            },
            _ => panic!("no such change: {words:?}"),
        }
    }
}

fn after<'a>(words: &[&'a str], word: &str) -> Option<&'a str> {
    words.iter().position(|found| *found == word).and_then(|at| words.get(at + 1).copied())
}

fn action_named(name: &str) -> SessionMove {
    match name {
        "start" => SessionMove::Start,
        "suspend" => SessionMove::Suspend,
        "resume" => SessionMove::Resume,
        "complete" => SessionMove::Complete,
        "roll-back" => SessionMove::RollBack,
        _ => panic!("no such move: {name}"),
    }
}

fn model_named(name: &str) -> ModelStatus {
    match name {
        "retired" => ModelStatus::Retired,
        "degraded" => ModelStatus::Degraded,
        "candidate" => ModelStatus::Candidate,
        "approved" => ModelStatus::Approved,
        _ => panic!("no such model status: {name}"),
    }
}

fn regime_named(name: &str) -> Regime {
    match name {
        "NORMAL" => Regime::Normal,
        "TURBULENT" => Regime::Turbulent,
        "CRISIS" => Regime::Crisis,
        "QUIET" => Regime::Quiet,
        _ => panic!("no such regime: {name}"),
    }
}

fn deployed(
    at: Timestamp,
    words: &[&str],
    approval: Option<RequestId>,
    by: Principal,
    reason: Text,
) -> DeploymentInput {
    match words {
        ["promote", strategy, from, to, ..] => DeploymentInput::Promote {
            strategy_id: StrategyId::new(strategy),
            from: LaneId::new(from),
            to: LaneId::new(to),
            approval,
            by,
            reason,
        },
        ["demote", strategy, from, to, ..] => DeploymentInput::Demote {
            strategy_id: StrategyId::new(strategy),
            from: LaneId::new(from),
            to: Some(*to).filter(|to| *to != "nowhere").map(LaneId::new),
            evidence: vec![Text::new("report-1")],
            by,
            reason,
        },
        ["model", strategy, status, ..] => DeploymentInput::SetModel {
            strategy_id: StrategyId::new(strategy),
            status: model_named(status),
            approval,
            by,
            reason,
        },
        ["regime", regime, ..] => DeploymentInput::Regime {
            regime: regime_named(regime),
            as_of: after(words, "of").map_or(at, moment),
            source: Text::new(after(words, "from").unwrap_or("desk-feed")),
        },
        _ => panic!("no such line: {words:?}"),
    }
}

/// What rules of lanes, approvals and the regime may differ in.
/// False where it is something else.
pub(crate) fn differ_governed(rules: &mut Rulebook, edit: &[&str]) -> bool {
    match edit {
        ["environment", name] => {
            rules.environment = Text::new(name);
            rules.lanes.lanes.values_mut().for_each(|lane| lane.environment = Text::new(name));
        }
        ["lanes"] => lanes(rules),
        ["sessions", "waived"] => rules.lanes.sessions_waived = true,
        ["sessions", "required"] => rules.lanes.sessions_waived = false,
        ["lane", id, rest @ ..] => {
            differ_lane(rules.lanes.lanes.get_mut(*id).expect("a lane"), rest);
        }
        ["book", id, "lane", name] => {
            let strategies = rules.strategies.keys().cloned();
            let wide = Lane::wide(rules.environment.clone(), strategies.clone().collect());
            rules.lanes.lanes.entry(LaneId::new(name)).or_insert(wide);
            let models = strategies.map(|strategy| (strategy, ModelStatus::Approved));
            rules.lanes.models.extend(models);
            rules.books.get_mut(*id).expect("a book").lane = Some(LaneId::new(name));
        }
        ["no", "lane", id] => drop(rules.lanes.lanes.remove(*id)),
        ["no", "model", id] => drop(rules.lanes.models.remove(*id)),
        ["no", "approval", kind] => {
            rules.approvals.retain(|known, _| known.as_str() != *kind);
        }
        ["approval", kind, "evidence", count] => {
            let kind = ChangeKind::ALL.into_iter().find(|known| known.as_str() == *kind);
            let rule = rules.approvals.get_mut(&kind.expect("a kind")).expect("a rule");
            rule.evidence_min = count.parse().expect("a count");
        }
        ["regime", age, unknown] => {
            let unknown =
                if *unknown == "deny" { UnknownRegime::Deny } else { UnknownRegime::Allow };
            rules.regime = RegimePolicy { age_max_s: age.parse().expect("seconds"), unknown };
        }
        _ => return false,
    }
    true
}

fn differ_lane(lane: &mut Lane, edit: &[&str]) {
    match edit {
        ["off"] => lane.enabled = false,
        ["elsewhere"] => lane.environment = Text::new("offline"),
        ["budget", amount] => lane.capital_budget = Notional::new(number(amount)),
        ["model", status] => lane.model_min = model_named(status),
        ["admits", "nobody"] => lane.admits = BTreeSet::new(),
        ["without", "promotion"] => lane.promotion = None,
        ["asks", ran, orders, failed] => {
            lane.promotion = Some(PromotionRule {
                from: LaneId::new("canary"),
                ran_min_s: ran.parse().expect("seconds"),
                orders_min: orders.parse().expect("a count"),
                failed_max_per_mille: failed.parse().expect("a share"),
            });
        }
        _ => panic!("no such difference of a lane: {edit:?}"),
    }
}

/// Two lanes of the paper environment: `canary` admits `trend` with 100000, and a strategy comes from there to `main`,
/// with 1000000, after ten seconds and two orders without a failure. Every book needs a session.
pub(crate) fn lanes(rules: &mut Rulebook) {
    let lane = |budget: &str, model_min| Lane {
        enabled: true,
        environment: Text::new("paper"),
        capital_budget: Notional::new(number(budget)),
        admits: BTreeSet::new(),
        model_min,
        promotion: None,
    };
    let mut canary = lane("100000", ModelStatus::Candidate);
    canary.admits.insert(StrategyId::new("trend"));
    let mut main = lane("1000000", ModelStatus::Approved);
    main.promotion = Some(PromotionRule {
        from: LaneId::new("canary"),
        ran_min_s: 10,
        orders_min: 2,
        failed_max_per_mille: 0,
    });
    rules.environment = Text::new("paper");
    rules.lanes.sessions_waived = false;
    rules.lanes.lanes =
        BTreeMap::from([(LaneId::new("canary"), canary), (LaneId::new("main"), main)]);
    rules.lanes.models = BTreeMap::from([
        (StrategyId::new("trend"), ModelStatus::Candidate),
        (StrategyId::new("other"), ModelStatus::Approved),
    ]);
}
