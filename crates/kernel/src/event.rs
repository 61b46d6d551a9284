//! All that can have happened.

use crate::adoption::PolicyEvent;
use crate::corrections::Correction;
use crate::flatten::Exit;
use crate::flow::FlowEvent;
use crate::incidents::IncidentEvent;
use crate::verdict::{GateSet, Verdicts};
use crate::{ApprovalEvent, DeploymentEvent, ReconciliationEvent, SessionEvent};
use fillwright_domain::{
    BookId, ContentDigest, ExecId, ExecutionOutcome, ExecutionPlan, ExecutionResult, InstrumentId,
    IntentId, IntentKey, Notional, OrderIntent, OrderIntentId, OrderStatus, Principal, Px, Qty,
    ResultStatus, RunId, Scope, StrategyId, Text, Timestamp,
};
use fillwright_policy::{KillEffect, RestraintKind, Rulebook};
use minicbor::{Decode, Encode};
use serde::Serialize;

/// A fact, in the past tense. State is what these made of it, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// Rules came into force.
    #[n(0)]
    RulebookAdopted {
        /// The rules.
        #[n(0)]
        rulebook: Box<Rulebook>,
        /// Who adopted them.
        #[n(1)]
        by: Principal,
        /// Why.
        #[n(2)]
        reason: Text,
    },
    /// A run entered the registry.
    #[n(1)]
    RunRegistered {
        /// The run.
        #[n(0)]
        run_id: RunId,
        /// The hash of its manifest.
        #[n(1)]
        manifest_hash: Text,
        /// Who registered it.
        #[n(2)]
        by: Principal,
        /// Why.
        #[n(3)]
        #[cbor(default)]
        reason: Text,
    },
    /// An admin input changed nothing, and why.
    #[n(2)]
    InputRefused {
        /// Why.
        #[n(0)]
        why: Refusal,
        /// Who asked, where somebody did.
        #[n(1)]
        by: Option<Principal>,
    },
    /// Holdings of an instrument are valued at this price.
    #[n(3)]
    MarkTaken {
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
    /// An intent with a new id was taken in; it will have exactly one result.
    #[n(4)]
    IntentAccepted {
        /// Its name.
        #[n(0)]
        intent_id: IntentId,
        /// Its short name.
        #[n(1)]
        intent_key: IntentKey,
        /// What it says, digested.
        #[n(2)]
        digest: ContentDigest,
        /// The strategy, resolved.
        #[n(3)]
        strategy_id: Option<StrategyId>,
        /// The book.
        #[n(4)]
        book_id: BookId,
        /// The instrument.
        #[n(5)]
        instrument_id: InstrumentId,
        /// The run behind it, resolved.
        #[n(6)]
        source_run: Option<RunId>,
    },
    /// The same intent came again; it is answered with what its first coming led to.
    #[n(5)]
    IntentDuplicated {
        /// Its name.
        #[n(0)]
        intent_id: IntentId,
        /// The entry that accepted it.
        #[n(1)]
        first_seq: u64,
        /// Its result, where it has one by now.
        #[n(2)]
        status: Option<ResultStatus>,
    },
    /// A known id came with other content; nothing is done.
    #[n(6)]
    IntentConflicted {
        /// Its name.
        #[n(0)]
        intent_id: IntentId,
        /// The entry that accepted the first of that name.
        #[n(1)]
        first_seq: u64,
    },
    /// The gates have spoken. Every verdict is here, the passes too.
    #[n(7)]
    IntentJudged {
        /// The intent.
        #[n(0)]
        intent_id: IntentId,
        /// The entry that adopted the rules that applied.
        #[n(1)]
        rulebook_seq: u64,
        /// Verdicts in the order of the gates, up to the first refusal.
        #[cbor(n(2), with = "crate::verdict::embedded")]
        verdicts: Verdicts,
        /// Gates that were passed over because no rule is in force for them yet.
        #[n(3)]
        not_in_force: GateSet,
    },
    /// An intent became a plan, or a skip with its reason.
    #[n(8)]
    PlanMade {
        /// The intent.
        #[n(0)]
        intent_id: IntentId,
        /// Mid of the quote that was decided by, in quote currency.
        #[n(1)]
        decision_px: Option<Px>,
        /// The plan.
        #[n(2)]
        plan: ExecutionPlan,
    },
    /// A child order was released to its plane.
    #[n(9)]
    OrderEmitted {
        /// The order.
        #[n(0)]
        order: OrderIntent,
    },
    /// An order's status changed without a fill.
    #[n(10)]
    OrderStatusChanged {
        /// The order.
        #[n(0)]
        order_intent_id: OrderIntentId,
        /// What it is now.
        #[n(1)]
        status: OrderStatus,
        /// The report that said so, where one did.
        #[n(2)]
        exec_id: Option<ExecId>,
        /// The venue's words.
        #[n(3)]
        text: Option<Text>,
    },
    /// Part of an order was done.
    #[n(11)]
    FillBooked {
        /// The order.
        #[n(0)]
        order_intent_id: OrderIntentId,
        /// The venue's name for the fill.
        #[n(1)]
        exec_id: ExecId,
        /// Quantity of this fill.
        #[n(2)]
        last_qty: Qty,
        /// Price of this fill.
        #[n(3)]
        last_px: Px,
        /// Everything filled so far.
        #[n(4)]
        cum_qty: Qty,
        /// Fee in quote currency.
        #[n(5)]
        fee: Notional,
        /// When the venue says it happened.
        #[n(6)]
        transact_at: Timestamp,
        /// What the order is now.
        #[n(7)]
        status: OrderStatus,
    },
    /// We asked to cancel an order; fills may still come.
    #[n(12)]
    OrderCancelRequested {
        /// The order.
        #[n(0)]
        order_intent_id: OrderIntentId,
        /// Where it works.
        #[n(1)]
        instrument_id: InstrumentId,
    },
    /// The plane is asked what became of an order. Until it answers nothing is presumed.
    #[n(13)]
    OrderQueried {
        /// The order.
        #[n(0)]
        order_intent_id: OrderIntentId,
        /// Where it works.
        #[n(1)]
        instrument_id: InstrumentId,
        /// What it is now: unknown where no answer ever came.
        #[n(2)]
        status: OrderStatus,
    },
    /// The plane could not say what became of an order: a person must look. Its outcome waits.
    #[n(14)]
    OrderStranded {
        /// The order.
        #[n(0)]
        order_intent_id: OrderIntentId,
        /// The report that said so.
        #[n(1)]
        exec_id: ExecId,
        /// The venue's words.
        #[n(2)]
        text: Text,
    },
    /// A report changed nothing, and why.
    #[n(15)]
    ReportIgnored {
        /// The order it spoke of.
        #[n(0)]
        order_intent_id: OrderIntentId,
        /// The venue's name for the report.
        #[n(1)]
        exec_id: ExecId,
        /// Why it was ignored.
        #[n(2)]
        why: IgnoredReport,
    },
    /// An order ended. Recorded once, never changed.
    #[n(16)]
    OutcomeRecorded {
        /// The outcome.
        #[n(0)]
        outcome: ExecutionOutcome,
    },
    /// An intent ended. Recorded once, never changed.
    #[n(17)]
    IntentClosed {
        /// The intent.
        #[n(0)]
        intent_id: IntentId,
        /// The intent's short name.
        #[n(1)]
        intent_key: IntentKey,
        /// Its result; the plan stands in `PlanMade`.
        #[n(2)]
        result: ExecutionResult,
    },
    /// Trading is halted.
    #[n(18)]
    KillSwitchEngaged {
        /// Who halted it.
        #[n(0)]
        by: Principal,
        /// Why.
        #[n(1)]
        reason: Text,
        /// What it is for.
        #[n(2)]
        #[cbor(default)]
        scope: Scope,
        /// What is done beside denying new risk.
        #[n(3)]
        #[cbor(default)]
        effect: KillEffect,
    },
    /// The first of two people asked to end the halt.
    #[n(19)]
    KillSwitchReleaseRequested {
        /// Who asked.
        #[n(0)]
        by: Principal,
        /// Why.
        #[n(1)]
        reason: Text,
        /// What it is for.
        #[n(2)]
        #[cbor(default)]
        scope: Scope,
    },
    /// The second of two people ended the halt.
    #[n(20)]
    KillSwitchReleased {
        /// Who asked second.
        #[n(0)]
        by: Principal,
        /// Who asked first.
        #[n(1)]
        requested_by: Principal,
        /// Why.
        #[n(2)]
        reason: Text,
        /// What it is for.
        #[n(3)]
        #[cbor(default)]
        scope: Scope,
    },
    /// Trading is held back.
    #[n(21)]
    RestraintImposed {
        /// In which way.
        #[n(0)]
        kind: RestraintKind,
        /// Where.
        #[n(1)]
        scope: Scope,
        /// When it ends by itself; never where nothing is said.
        #[n(2)]
        until: Option<Timestamp>,
        /// Who imposed it; nobody where a rule did.
        #[n(3)]
        by: Option<Principal>,
        /// Why.
        #[n(4)]
        reason: Text,
    },
    /// The first of two people asked to lift a restraint.
    #[n(22)]
    RestraintLiftRequested {
        /// Which kind.
        #[n(0)]
        kind: RestraintKind,
        /// Where.
        #[n(1)]
        scope: Scope,
        /// Who asked.
        #[n(2)]
        by: Principal,
        /// Why.
        #[n(3)]
        reason: Text,
    },
    /// The second of two people lifted a restraint.
    #[n(23)]
    RestraintLifted {
        /// Which kind.
        #[n(0)]
        kind: RestraintKind,
        /// Where.
        #[n(1)]
        scope: Scope,
        /// Who asked second.
        #[n(2)]
        by: Principal,
        /// Who asked first.
        #[n(3)]
        requested_by: Principal,
        /// Why.
        #[n(4)]
        reason: Text,
    },
    /// A restraint ended by itself; it held until the time it stated.
    #[n(24)]
    RestraintExpired {
        /// Which kind.
        #[n(0)]
        kind: RestraintKind,
        /// Where.
        #[n(1)]
        scope: Scope,
    },
    /// A holding is to be closed; the exit comes back as an intent of its own.
    #[n(25)]
    ExitAsked {
        /// The short name its intent will have.
        #[n(0)]
        intent_key: IntentKey,
        /// The exit.
        #[n(1)]
        exit: Exit,
    },
    /// Cancelling the orders of a scope goes on behind this order, or is through.
    #[n(26)]
    CancelsPaused {
        /// The scope of the kill switch.
        #[n(0)]
        scope: Scope,
        /// The last order that was asked to be cancelled; nothing where none is left.
        #[n(1)]
        cancelled_to: Option<OrderIntentId>,
    },
    /// Something became of a version of the rules.
    #[n(57)]
    Policy(#[n(0)] PolicyEvent),
    /// Something happened to an incident, or a rule counted something.
    #[n(50)]
    Incident(#[n(0)] IncidentEvent),
    /// Something happened to the flow of orders.
    #[n(35)]
    Flow(#[n(0)] FlowEvent),
    /// A change was proposed, approved, rejected or made.
    #[n(40)]
    Approval(#[n(0)] Box<ApprovalEvent>),
    /// A session was scheduled or moved on.
    #[n(41)]
    Session(#[n(0)] Box<SessionEvent>),
    /// A strategy moved between lanes, or a model or the market is what somebody says.
    #[n(42)]
    Deployment(#[n(0)] Box<DeploymentEvent>),
    /// Our ledger was held against an executor's own.
    #[n(60)]
    Reconciliation(#[n(0)] Box<ReconciliationEvent>),
    /// A fill was busted or corrected.
    #[n(62)]
    FillCorrected(#[n(0)] Box<Correction>),
    /// A program said which it is.
    #[n(61)]
    BuildStated {
        /// The SHA-256 of its executable, in hex.
        #[n(0)]
        build: Text,
        /// Whether the rules let it take intents.
        #[n(1)]
        is_allowed: bool,
    },
}

/// Why an admin input changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Encode, Decode, thiserror::Error)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The rulebook is for another partition.
    #[n(0)]
    #[error("the rulebook is for another partition")]
    OtherPartition,
    /// The same rules are in force already.
    #[n(1)]
    #[error("it stands so already")]
    NothingNew,
    /// An instrument, book or plane that is in use would be left without its rules.
    #[n(2)]
    #[error("a holding or working order would be left without its rules")]
    StillInUse,
    /// The same restraint stands already, as strong and as long.
    #[n(3)]
    #[error("it stands already")]
    AlreadyEngaged,
    /// No such restraint stands.
    #[n(4)]
    #[error("nothing of the kind stands there")]
    NotEngaged,
    /// Releasing takes two different people.
    #[n(5)]
    #[error("releasing takes a second, different person")]
    SamePerson,
    /// The price is not above zero, or no such instrument is known.
    #[n(6)]
    #[error("the mark has no price above zero, or its instrument is unknown")]
    MarkUnusable,
    /// The mark is older than the one in force.
    #[n(7)]
    #[error("the mark is older than the one in force")]
    MarkOutOfOrder,
    /// A figure left the range of exact arithmetic.
    #[n(8)]
    #[error("a figure is too large to be computed exactly")]
    FigureOutOfRange,
    /// The mark is from the future: no later one could replace it.
    #[n(10)]
    #[error("the mark is from the future")]
    MarkFromFuture,
    /// Nobody is named.
    #[n(9)]
    #[error("nobody is named as asking for it")]
    Anonymous,
    /// No such person stands in the rules.
    #[n(20)]
    #[error("no such person stands in the rules")]
    PersonUnknown,
    /// The person is switched off.
    #[n(21)]
    #[error("the person is disabled")]
    PersonDisabled,
    /// The person does not hold a role that it takes.
    #[n(22)]
    #[error("it takes a role that the person does not hold")]
    RoleMissing,
    /// Too many restraints stand; a wider scope says as much.
    #[n(23)]
    #[error("too many restraints stand; a wider scope says as much")]
    TooManyRestraints,
    /// The end that was asked for is over already.
    #[n(24)]
    #[error("it would end before it begins")]
    AlreadyOver,
    /// One person may not change this much alone.
    #[n(70)]
    #[error(
        "it goes beyond what one person may change alone; propose it and let another approve it"
    )]
    BeyondBounds,
    /// Other rules are in force than the proposal would replace.
    #[n(71)]
    #[error("the rules it would replace are not the ones in force")]
    NotTheVersionInForce,
    /// One version waits already.
    #[n(72)]
    #[error("another version of the rules waits; withdraw it first")]
    AnotherVersionWaits,
    /// No version of this hash waits.
    #[n(73)]
    #[error("no version of this hash waits")]
    NoSuchVersionWaits,
    /// Going back to an earlier version takes a halt.
    #[n(74)]
    #[error("these rules were in force before; going back to them takes a halt")]
    RollbackWhileRunning,
    /// Approving takes somebody who neither wrote nor proposed it.
    #[n(75)]
    #[error("approving takes a person who neither wrote nor proposed it")]
    SelfApproval,
    /// No such incident is open.
    #[n(60)]
    #[error("no such incident is open")]
    IncidentUnknown,
    /// Somebody looks at it already.
    #[n(61)]
    #[error("somebody has acknowledged it already")]
    AlreadyAcknowledged,
    /// Nobody has looked at it yet.
    #[n(62)]
    #[error("an incident is acknowledged before it is closed")]
    NotAcknowledged,
    /// The summary, note, link or root cause is empty.
    #[n(63)]
    #[error("nothing was said: the text is empty")]
    NothingSaid,
    /// People have as many incidents open as are kept.
    #[n(64)]
    #[error("too many incidents raised by people are open; close some")]
    TooManyIncidents,
    /// As many components are known as are kept.
    #[n(65)]
    #[error("too many components are known by name")]
    TooManyComponents,
    /// The component said the same before.
    #[n(66)]
    #[error("the component said the same before")]
    HealthKnown,
    /// The throttle has not disabled the strategy.
    #[n(35)]
    #[error("the throttle has not disabled this strategy")]
    NotThrottled,
    /// A strategy's owner may not lift what stopped it.
    #[n(36)]
    #[error("the strategy's owner may not enable it again")]
    OwnStrategy,
    /// No such venue is known.
    #[n(37)]
    #[error("the venue is not in the rulebook")]
    VenueUnknown,
    /// The change takes an approval, and none was named.
    #[n(40)]
    #[error("it takes an approval; request one of exactly this change")]
    ApprovalNeeded,
    /// No such request is open.
    #[n(41)]
    #[error("no such request is open")]
    RequestUnknown,
    /// The request has expired.
    #[n(42)]
    #[error("the request has expired")]
    RequestExpired,
    /// Nobody approves what they proposed.
    #[n(43)]
    #[error("nobody approves what they proposed")]
    OwnRequest,
    /// Everybody it needs has approved already.
    #[n(44)]
    #[error("everybody it needs has approved already")]
    AlreadyApproved,
    /// Another change was approved.
    #[n(45)]
    #[error("another change was approved than this")]
    ApprovedOtherwise,
    /// An approval is missing, or whoever gave one may not any more.
    #[n(46)]
    #[error("an approval is missing, or whoever gave it does not hold the role any more")]
    NotApproved,
    /// The same change is requested already.
    #[n(47)]
    #[error("the same change is requested already")]
    AlreadyRequested,
    /// As many requests or sessions are open as are remembered.
    #[n(48)]
    #[error("as many are open as are remembered; end one first")]
    TooMany,
    /// The expiry has passed, or lies further away than the rules allow.
    #[n(49)]
    #[error("the expiry has passed, or lies further away than the rules allow")]
    ExpiryUnusable,
    /// The rules do not say what such a change takes.
    #[n(50)]
    #[error("the rules do not say what such a change takes")]
    RuleMissing,
    /// Too little evidence, too much, or empty.
    #[n(51)]
    #[error("it names less evidence than the rules ask, more than 16 pieces, or an empty one")]
    EvidenceUnusable,
    /// No such session.
    #[n(52)]
    #[error("no such session is known")]
    SessionUnknown,
    /// A session of that name is known.
    #[n(53)]
    #[error("a session of that name is known already")]
    SessionKnown,
    /// The session does not stand where that would follow.
    #[n(54)]
    #[error("the session does not stand where that could follow")]
    SessionNotThere,
    /// The session does not fit the rules.
    #[n(55)]
    #[error(
        "the session does not fit the rules: its environment, lane, strategies, books, capital or times"
    )]
    SessionUnusable,
    /// The lane has less left than the session is to be given.
    #[n(56)]
    #[error("the lane has less capital left than the session is to be given")]
    LaneBudgetExceeded,
    /// Another session has one of the books.
    #[n(57)]
    #[error("another session has one of the books")]
    BookInSession,
    /// A running session is suspended before it is rolled back.
    #[n(58)]
    #[error("it still runs; suspend it or halt trading before it is rolled back")]
    StillRunning,
    /// The strategy has not shown what the rules ask.
    #[n(59)]
    #[error("the strategy has not shown what the rules ask of it")]
    CriteriaNotMet,
    /// It is not yet time, or no longer.
    #[n(80)]
    #[error("the session may not run yet, or not any more")]
    SessionOutOfTime,
    /// The strategy is not where it is to come from, or nobody knows the one or the other.
    #[n(81)]
    #[error("no such strategy stands in that lane, or it stands in the other already")]
    StrategyNotThere,
    /// The lane it is to go to has more capital, or is in another environment.
    #[n(82)]
    #[error("the lane it is to go to has more capital, or is in another environment")]
    NotADemotion,
    /// The regime is from the future.
    #[n(83)]
    #[error("the regime is from the future")]
    RegimeFromFuture,
    /// The regime is older than the one in force.
    #[n(84)]
    #[error("the regime is older than the one in force")]
    RegimeOutOfOrder,
    /// Nothing goes live while nobody has looked at what is serious.
    #[n(85)]
    #[error("a serious incident is open that nobody has acknowledged; nothing goes live before")]
    SeriousIncident,
    /// The statement is from the future: no later one could follow it.
    #[n(90)]
    #[error("the statement is from the future")]
    StatementFromFuture,
    /// The statement is older than the one looked at last.
    #[n(91)]
    #[error("the statement is older than the one looked at last")]
    StatementOutOfOrder,
}

/// Why a report changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Encode, Decode, thiserror::Error)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum IgnoredReport {
    /// The order is closed, or was never ours.
    #[n(0)]
    #[error("no such order is open")]
    NoSuchOrder,
    /// The same report came before.
    #[n(1)]
    #[error("the same report came before")]
    Repeated,
    /// It would fill more than was ordered; a person must look.
    #[n(2)]
    #[error("it would fill more than was ordered")]
    Overfill,
    /// It contradicts what is known of the order; a person must look.
    #[n(3)]
    #[error("it contradicts what is known of the order")]
    Impossible,
    /// It says nothing new.
    #[n(4)]
    #[error("it says nothing new")]
    NothingNew,
    /// It busts or corrects a fill that was never booked, or so long ago that it is forgotten; a person must look.
    #[n(5)]
    #[error("it corrects a fill that is not known")]
    NoSuchFill,
    /// It corrects a fill whose book or instrument the rules in force do not know as it was; a person must look.
    #[n(6)]
    #[error("it corrects a fill whose book or instrument the rules do not know any more")]
    Unplaced,
}
