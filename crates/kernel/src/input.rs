//! All that can come in.

use crate::adoption::PolicyInput;
use crate::flow::FlowInput;
use crate::incidents::IncidentInput;
use crate::{ApprovalInput, DeploymentInput, SessionInput};
use fillwright_domain::{
    DigestedIntent, ExecutionReport, InstrumentId, Intent, Principal, Px, Quote, RunId, Scope,
    Statement, Text, Timestamp,
};
use fillwright_policy::{KillEffect, RestraintKind, Rulebook};
use minicbor::{Decode, Encode};
use serde::Serialize;

/// What the outside asks or tells, in the imperative: please do this, please note that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// Put these rules in force.
    #[n(0)]
    AdoptRulebook {
        /// The rules, whole.
        #[n(0)]
        rulebook: Box<Rulebook>,
        /// Who asks.
        #[n(1)]
        by: Principal,
        /// Why.
        #[n(2)]
        reason: Text,
    },
    /// Add a research run to the registry of audited runs.
    #[n(1)]
    RegisterRun {
        /// The run (`Source_Run`).
        #[n(0)]
        run_id: RunId,
        /// The hash of its manifest, in hex, as upstream's audit ledger states it.
        #[n(1)]
        manifest_hash: Text,
        /// Who asks.
        #[n(2)]
        by: Principal,
        /// Why.
        #[n(3)]
        #[cbor(default)]
        reason: Text,
    },
    /// Consider an intent. The quote is the market as it was when the intent was sequenced.
    #[n(2)]
    SubmitIntent {
        /// The intent.
        #[n(0)]
        intent: Box<DigestedIntent>,
        /// Its market context, where the shell has one.
        #[n(1)]
        quote: Option<Quote>,
    },
    /// Value holdings of an instrument at this price from now on.
    #[n(3)]
    Mark {
        /// The instrument.
        #[n(0)]
        instrument_id: InstrumentId,
        /// The price.
        #[n(1)]
        mark_px: Px,
        /// When the source saw it.
        #[n(2)]
        as_of: Timestamp,
    },
    /// A plane reports on an order.
    #[n(4)]
    Report(#[n(0)] ExecutionReport),
    /// Halt: no new risk, and cancel what is working.
    #[n(5)]
    EngageKillSwitch {
        /// Who asks; one person may stop.
        #[n(0)]
        by: Principal,
        /// Why.
        #[n(1)]
        reason: Text,
        /// What is halted.
        #[n(2)]
        #[cbor(default)]
        scope: Scope,
        /// What is done beside denying new risk.
        #[n(3)]
        #[cbor(default)]
        effect: KillEffect,
    },
    /// End the halt; two different people must ask.
    #[n(6)]
    ReleaseKillSwitch {
        /// Who asks.
        #[n(0)]
        by: Principal,
        /// Why.
        #[n(1)]
        reason: Text,
        /// What was halted.
        #[n(2)]
        #[cbor(default)]
        scope: Scope,
    },
    /// The process has restarted: ask the planes about every order that is still open.
    #[n(7)]
    Resume,
    /// Time has passed: what fell due happens now.
    #[n(8)]
    Tick,
    /// Hold trading back: a halt, a cooldown or a mode.
    #[n(9)]
    Restrain {
        /// In which way.
        #[n(0)]
        kind: RestraintKind,
        /// Where.
        #[n(1)]
        scope: Scope,
        /// When it ends by itself; never where nothing is said.
        #[n(2)]
        until: Option<Timestamp>,
        /// Who asks; one person may.
        #[n(3)]
        by: Principal,
        /// Why.
        #[n(4)]
        reason: Text,
    },
    /// End what holds trading back; two different people must ask.
    #[n(10)]
    LiftRestraint {
        /// Which kind.
        #[n(0)]
        kind: RestraintKind,
        /// Where.
        #[n(1)]
        scope: Scope,
        /// Who asks.
        #[n(2)]
        by: Principal,
        /// Why.
        #[n(3)]
        reason: Text,
    },
    /// Propose, approve or withdraw a version of the rules.
    #[n(36)]
    Policy(#[n(0)] Box<PolicyInput>),
    /// Something about incidents, or about what rules may make one of.
    #[n(30)]
    Incident(#[n(0)] Box<IncidentInput>),
    /// Something about the flow of orders.
    #[n(16)]
    Flow(#[n(0)] Box<FlowInput>),
    /// Somebody proposes, approves or rejects a change.
    #[n(20)]
    Approval(#[n(0)] Box<ApprovalInput>),
    /// Somebody schedules a session or moves one on.
    #[n(21)]
    Session(#[n(0)] Box<SessionInput>),
    /// Somebody moves a strategy between lanes, or says what a model or the market is.
    #[n(22)]
    Deployment(#[n(0)] Box<DeploymentInput>),
    /// An executor states its own ledger, to be held against ours.
    #[n(40)]
    Statement(#[n(0)] Box<Statement>),
    /// A program has started and says which it is.
    #[n(41)]
    Started {
        /// The SHA-256 of its executable, in hex.
        #[n(0)]
        build: Text,
    },
}

impl Input {
    /// The input of an intent, digested here: the thread that decides need not.
    pub fn submit(intent: Intent, quote: Option<Quote>) -> Self {
        Self::SubmitIntent { intent: Box::new(DigestedIntent::new(intent)), quote }
    }
}
