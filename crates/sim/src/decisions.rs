//! What people decide about requests, sessions and lanes, drawn from a seed: mostly sensible, sometimes by the wrong
//! person, too late, or for something that was never asked.

use crate::generate::{Generator, number};
use crate::governance::{Governance, SeenRequest};
use fillwright_domain::{
    BookId, ContentDigest, DigestedIntent, LaneId, Notional, Principal, Regime, RequestId, Scope,
    SessionId, StrategyId, Text, Timestamp,
};
use fillwright_kernel::{
    ApprovalInput, Change, DeploymentInput, Gate, Input, SessionInput, SessionMove,
};
use fillwright_policy::{
    Lane, Lanes, ModelStatus, PromotionRule, RegimePolicy, Rulebook, SessionDefinition,
    UnknownRegime,
};
use std::collections::{BTreeMap, BTreeSet};

use crate::rng::Rng;

const NS_PER_S: i64 = 1_000_000_000;
const SESSIONS: [&str; 6] = ["S1", "S2", "S3", "S4", "S5", "S6"];
const LANES: [&str; 2] = ["canary", "main"];
const TRADERS: [&str; 2] = ["ops-1", "ops-2"];
const APPROVERS: [&str; 2] = ["risk-1", "risk-2"];

/// Lanes, or none, and what the regime rule is.
pub(crate) fn governed(rng: &mut Rng, rules: &mut Rulebook) {
    rules.regime = match rng.below(20) {
        0..3 => RegimePolicy { age_max_s: 5, unknown: UnknownRegime::Allow },
        3 => RegimePolicy { age_max_s: 30, unknown: UnknownRegime::Deny },
        _ => RegimePolicy::wide(),
    };
    if rng.chance(880) {
        rules.lanes = open_lanes(rules);
        return;
    }
    rules.environment = Text::new(if rng.chance(180) { "live" } else { "paper" });
    let (canary, main) = (lane(rng, rules, &["trend", "other"]), lane(rng, rules, &["other"]));
    rules.lanes = Lanes {
        sessions_waived: rng.chance(700),
        lanes: BTreeMap::from([(LaneId::new("canary"), canary), (LaneId::new("main"), main)]),
        models: BTreeMap::from([
            (StrategyId::new("trend"), ModelStatus::Candidate),
            (StrategyId::new("other"), ModelStatus::Approved),
        ]),
    };
}

/// A lane for the books that name one, and no session needed.
fn open_lanes(rules: &Rulebook) -> Lanes {
    let admits: BTreeSet<StrategyId> = rules.strategies.keys().cloned().collect();
    let models = admits.iter().map(|strategy| (strategy.clone(), ModelStatus::Approved)).collect();
    let canary = Lane::wide(rules.environment.clone(), admits);
    Lanes { lanes: BTreeMap::from([(LaneId::new("canary"), canary)]), models, ..Lanes::wide() }
}

fn lane(rng: &mut Rng, rules: &Rulebook, admits: &[&str]) -> Lane {
    Lane {
        enabled: true,
        environment: rules.environment.clone(),
        capital_budget: Notional::new(number(if rng.chance(150) {
            "200000"
        } else {
            "100000000000000"
        })),
        admits: admits.iter().map(StrategyId::new).collect(),
        model_min: rng.pick(&[ModelStatus::Degraded, ModelStatus::Candidate]),
        promotion: Some(PromotionRule {
            from: LaneId::new("canary"),
            ran_min_s: rng.pick(&[0, 2]),
            orders_min: rng.pick(&[0, 1]),
            failed_max_per_mille: rng.pick(&[200, 1_000]),
        }),
    }
}

/// Changes one thing about lanes, models or the regime.
pub(crate) fn alter_governed(rng: &mut Rng, rules: &mut Rulebook) {
    let lane = rng.pick(&LANES);
    match rng.below(8) {
        0 => governed(rng, rules),
        1 => rules.lanes.sessions_waived = !rules.lanes.sessions_waived,
        2 => drop(rules.lanes.lanes.remove(lane)),
        3 => drop(rules.lanes.models.remove("trend")),
        4 => rules.lanes.lanes.values_mut().for_each(|lane| lane.enabled = !lane.enabled),
        5 => {
            let lanes = rules.lanes.lanes.values_mut();
            lanes.for_each(|lane| lane.environment = Text::new("offline"));
        }
        6 => {
            rules.environment = Text::new(if rng.chance(300) { "live" } else { "paper" });
            let lanes = rules.lanes.lanes.values_mut();
            lanes.for_each(|lane| lane.environment = rules.environment.clone());
        }
        _ => rules.approvals.retain(|kind, _| kind.as_str() != "start_session"),
    }
}

impl Generator {
    /// What somebody decides without looking at what was decided before.
    pub(crate) fn decision(&mut self) -> Input {
        match self.rng.below(36) {
            0..4 => self.schedule(),
            4..13 => self.any_move(),
            13..24 => self.request(),
            24..28 => self.promotion(None),
            // Seldom: what is withdrawn trades no more, and comes back by approval only.
            28 => self.demotion(),
            29 => self.model(None),
            _ => self.regime(),
        }
    }

    /// What somebody decides on what is asked for: approves it, rejects it, makes it, or overrides with it.
    pub fn follow_up(&mut self, governance: &Governance) -> Option<Input> {
        let requests = governance.requests();
        if self.has_lanes() && (requests.is_empty() || self.rng.chance(500)) {
            return Some(self.decision());
        }
        if requests.is_empty() {
            return None;
        }
        let (request_id, request) = self.looked_at(&requests);
        if self.rng.chance(60) {
            let (by, reason) = (self.one_of(&TRADERS, &APPROVERS), Text::new("not now"));
            return Some(approval(ApprovalInput::Reject { request_id, by, reason }));
        }
        let is_early = self.rng.chance(120);
        if request.lacking.is_empty() == is_early {
            let by = self.one_of(&APPROVERS, &TRADERS);
            let reason = Text::new("looked at");
            return Some(approval(ApprovalInput::Approve { request_id, by, reason }));
        }
        Some(self.made(request_id, request))
    }

    /// One of the requests: mostly one that still counts, and one that lets a session run before others.
    fn looked_at<'a>(
        &mut self,
        requests: &[(RequestId, &'a SeenRequest)],
    ) -> (RequestId, &'a SeenRequest) {
        let now = self.at();
        let is_open = |(_, request): &&(_, &SeenRequest)| now < request.expires_at;
        let open: Vec<_> = requests.iter().filter(is_open).copied().collect();
        let runs = |(_, request): &&(_, &SeenRequest)| {
            matches!(request.change, Change::StartSession { .. } | Change::ResumeSession { .. })
        };
        let sessions: Vec<_> = open.iter().filter(runs).copied().collect();
        let choices = match self.rng.below(20) {
            0..2 => requests,
            2..10 if !sessions.is_empty() => &sessions,
            _ if open.is_empty() => requests,
            _ => &open,
        };
        choices[self.rng.index(choices.len())]
    }

    /// The change that was approved.
    fn made(&mut self, request_id: RequestId, request: &SeenRequest) -> Input {
        let (approval, by) = (Some(request_id), self.one_of(&TRADERS, &APPROVERS));
        let reason = Text::new("approved");
        match request.change.clone() {
            Change::RaiseModel { .. } | Change::OverrideOrder { .. } if self.rng.chance(300) => {
                self.model(approval)
            }
            Change::StartSession { session_id, .. } => {
                self.moved(session_id, SessionMove::Start, approval)
            }
            Change::ResumeSession { session_id, .. } => {
                self.moved(session_id, SessionMove::Resume, approval)
            }
            Change::Promote { strategy_id, from, to } => {
                Input::Deployment(Box::new(DeploymentInput::Promote {
                    strategy_id,
                    from,
                    to,
                    approval,
                    by,
                    reason,
                }))
            }
            Change::RaiseModel { strategy_id, status } => {
                let by = self.one_of(&APPROVERS, &TRADERS);
                Input::Deployment(Box::new(DeploymentInput::SetModel {
                    strategy_id,
                    status,
                    approval,
                    by,
                    reason,
                }))
            }
            Change::OverrideOrder { .. } => self.announced_or_other(),
        }
    }

    fn one_of(&mut self, usual: &[&'static str], rare: &[&'static str]) -> Principal {
        Principal::new(match self.rng.below(20) {
            0 => "",
            1 | 2 => self.rng.pick(rare),
            _ => self.rng.pick(usual),
        })
    }

    /// The sessions of the opening, where there are lanes.
    pub(crate) fn open_sessions(&mut self) -> Vec<Input> {
        if !self.has_lanes() || self.rng.chance(100) {
            return Vec::new();
        }
        let mut opening = Vec::new();
        for name in ["S1", "S2"] {
            opening.push(self.schedule_named(name));
            opening.push(self.moved(SessionId::new(name), SessionMove::Start, None));
            opening.extend(self.request_of(name, SessionMove::Start));
        }
        opening
    }

    fn schedule(&mut self) -> Input {
        let name = self.rng.pick(&SESSIONS);
        self.schedule_named(name)
    }

    fn schedule_named(&mut self, name: &str) -> Input {
        let now = self.at();
        let after = |ns: i64| Timestamp::from_ns(now.as_ns() + ns);
        let start_at = after(self.rng.pick(&[-NS_PER_S, 0, 0, 0, NS_PER_S]));
        let lasts_s = match self.rng.below(20) {
            0 => 0,
            1 => 5,
            2 => 300,
            _ => 10_000,
        };
        let end_at = after(lasts_s * NS_PER_S);
        let books: &[&str] = match name {
            "S2" => &["tiny"],
            "S3" => &["desk"],
            _ => &["core", "desk", "mixed"],
        };
        let capital = ["1000", "100000", "100000000000", "100000000000", "100000000000"];
        let definition = SessionDefinition {
            session_id: SessionId::new(name),
            env: self.rules().environment.clone(),
            lane: LaneId::new(if self.rng.chance(80) { "main" } else { "canary" }),
            strategies: BTreeSet::from([StrategyId::new("trend")]),
            books: books.iter().map(BookId::new).collect(),
            capital: Notional::new(number(self.rng.pick(&capital))),
            start_at,
            review_at: start_at,
            end_at,
        };
        self.scheduled.insert(definition.session_id.clone(), definition.clone());
        let (by, reason) = (self.one_of(&TRADERS, &APPROVERS), Text::new("planned"));
        Input::Session(Box::new(SessionInput::Schedule { definition, by, reason }))
    }

    fn any_move(&mut self) -> Input {
        let known: Vec<SessionId> = self.scheduled.keys().cloned().collect();
        let is_known = !known.is_empty() && !self.rng.chance(50);
        let session_id = if is_known {
            known[self.rng.index(known.len())].clone()
        } else {
            SessionId::new(self.rng.pick(&SESSIONS))
        };
        let action = match self.rng.below(20) {
            0..8 => SessionMove::Start,
            8..10 => SessionMove::Suspend,
            10..17 => SessionMove::Resume,
            17 => SessionMove::Complete,
            _ => SessionMove::RollBack,
        };
        self.moved(session_id, action, None)
    }

    fn moved(
        &mut self,
        session_id: SessionId,
        action: SessionMove,
        approval: Option<RequestId>,
    ) -> Input {
        let (by, reason) = (self.one_of(&TRADERS, &APPROVERS), Text::new("as agreed"));
        Input::Session(Box::new(SessionInput::Move { session_id, action, approval, by, reason }))
    }

    fn request(&mut self) -> Input {
        let change = match self.rng.below(5) {
            0 | 1 => return self.override_request(),
            2 => Change::Promote {
                strategy_id: StrategyId::new("trend"),
                from: LaneId::new("canary"),
                to: LaneId::new("main"),
            },
            3 => Change::RaiseModel {
                strategy_id: StrategyId::new("trend"),
                status: self.rng.pick(&[ModelStatus::Candidate, ModelStatus::Approved]),
            },
            _ => {
                let name = self.rng.pick(&SESSIONS);
                let action = self.rng.pick(&[SessionMove::Start, SessionMove::Resume]);
                match self.request_of(name, action) {
                    Some(request) => return request,
                    // Approved for nothing: nobody scheduled it.
                    None => Change::StartSession {
                        session_id: SessionId::new(name),
                        definition: ContentDigest::of(b"none"),
                    },
                }
            }
        };
        self.requested(change)
    }

    fn request_of(&mut self, name: &str, action: SessionMove) -> Option<Input> {
        let definition = self.scheduled.get(name)?;
        let digest = ContentDigest::of(&minicbor::to_vec(definition).expect("memory"));
        let (session_id, definition) = (SessionId::new(name), digest);
        Some(self.requested(match action {
            SessionMove::Start => Change::StartSession { session_id, definition },
            _ => Change::ResumeSession { session_id, definition },
        }))
    }

    /// An intent that is aggressively long, announced before it comes.
    fn override_request(&mut self) -> Input {
        let intent = self.announce();
        let intent = DigestedIntent::new(intent).digest();
        self.requested(Change::OverrideOrder { intent, gate: Gate::RegimeParity })
    }

    fn requested(&mut self, change: Change) -> Input {
        let evidence = if self.rng.chance(50) { Vec::new() } else { vec![Text::new("report-1")] };
        let ahead_s = match self.rng.below(20) {
            0 => 0,
            1..3 => 3,
            3 => 90_000,
            4..12 => 60,
            _ => 600,
        };
        let expires_at = Timestamp::from_ns(self.at().as_ns() + ahead_s * NS_PER_S);
        let (by, reason) = (self.one_of(&TRADERS, &APPROVERS), Text::new("wanted"));
        let scope = Scope::Environment;
        approval(ApprovalInput::Request { change, scope, evidence, expires_at, by, reason })
    }

    fn promotion(&mut self, approval: Option<RequestId>) -> Input {
        Input::Deployment(Box::new(DeploymentInput::Promote {
            strategy_id: StrategyId::new(self.rng.pick(&["trend", "trend", "none"])),
            from: LaneId::new(self.rng.pick(&LANES)),
            to: LaneId::new("main"),
            approval,
            by: self.one_of(&TRADERS, &APPROVERS),
            reason: Text::new("grown"),
        }))
    }

    fn demotion(&mut self) -> Input {
        let to = if self.rng.chance(300) { None } else { Some(self.rng.pick(&LANES)) };
        Input::Deployment(Box::new(DeploymentInput::Demote {
            strategy_id: StrategyId::new(self.rng.pick(&["trend", "other"])),
            from: LaneId::new(self.rng.pick(&LANES)),
            to: to.map(LaneId::new),
            evidence: vec![Text::new("report-1")],
            by: self.one_of(&APPROVERS, &TRADERS),
            reason: Text::new("misbehaves"),
        }))
    }

    fn model(&mut self, approval: Option<RequestId>) -> Input {
        let status = [ModelStatus::Degraded, ModelStatus::Candidate, ModelStatus::Approved];
        Input::Deployment(Box::new(DeploymentInput::SetModel {
            strategy_id: StrategyId::new(self.rng.pick(&["trend", "other"])),
            status: self.rng.pick(&status),
            approval,
            by: self.one_of(&APPROVERS, &TRADERS),
            reason: Text::new("seen"),
        }))
    }

    fn regime(&mut self) -> Input {
        let regime =
            self.rng.pick(&[Regime::Crisis, Regime::Crisis, Regime::Normal, Regime::Turbulent]);
        let late_ns = self.rng.pick(&[0, 0, 1, NS_PER_S, 10 * NS_PER_S, -1]);
        let as_of = Timestamp::from_ns(self.at().as_ns() - late_ns);
        let source = Text::new(if self.rng.chance(30) { "" } else { "desk-feed" });
        Input::Deployment(Box::new(DeploymentInput::Regime { regime, as_of, source }))
    }
}

fn approval(input: ApprovalInput) -> Input {
    Input::Approval(Box::new(input))
}
