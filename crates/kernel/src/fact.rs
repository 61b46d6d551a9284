//! What of an event changes the state: all that `apply` is given, and all that replay reads.
//!
//! An event says everything a reader may ask; the state follows from a part of it. A fact is read from the same stored
//! bytes as its event, by the same numbers, with the other fields passed over: a generic reader spends most of its time
//! on those. A test holds the two against each other for every kind of event.

use crate::adoption::PolicyEvent;
use crate::corrections::Correction;
use crate::flatten::Exit;
use crate::flow::FlowEvent;
use crate::incidents::IncidentEvent;
use crate::{ApprovalEvent, DeploymentEvent, Event, ReconciliationEvent, SessionEvent};
use fillwright_domain::{
    BookId, ContentDigest, ExecId, InstrumentId, IntentId, IntentKey, Notional, OrderIntentId,
    OrderStatus, Plane, Principal, Px, Qty, ResultStatus, RunId, Scope, Side, Text, Timestamp,
};
use fillwright_policy::{KillEffect, RestraintKind, Rulebook};
use minicbor::{Decode, Decoder};

/// The part of an event that changes the state. Each variant is that event's, with what `apply` needs of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "variants and fields are those of `Event`")]
pub enum Fact {
    RulebookAdopted {
        rulebook: Box<Rulebook>,
        by: Principal,
    },
    RunRegistered {
        run_id: RunId,
        manifest_hash: Text,
    },
    MarkTaken {
        instrument_id: InstrumentId,
        mark_px: Px,
        as_of: Timestamp,
    },
    IntentAccepted {
        intent_key: IntentKey,
        digest: ContentDigest,
    },
    PlanMade {
        decision_px: Option<Px>,
    },
    OrderEmitted {
        order: OrderFact,
    },
    OrderStatusChanged {
        order_intent_id: OrderIntentId,
        status: OrderStatus,
        exec_id: Option<ExecId>,
    },
    FillBooked {
        order_intent_id: OrderIntentId,
        exec_id: ExecId,
        last_qty: Qty,
        last_px: Px,
        cum_qty: Qty,
        fee: Notional,
        transact_at: Timestamp,
        status: OrderStatus,
    },
    OrderCancelRequested {
        order_intent_id: OrderIntentId,
    },
    OrderQueried {
        order_intent_id: OrderIntentId,
        status: OrderStatus,
    },
    OrderStranded {
        order_intent_id: OrderIntentId,
        exec_id: ExecId,
    },
    OutcomeRecorded {
        outcome: OutcomeFact,
    },
    IntentClosed {
        intent_key: IntentKey,
        result: ResultFact,
    },
    KillSwitchEngaged {
        by: Principal,
        reason: Text,
        scope: Scope,
        effect: KillEffect,
    },
    RestraintImposed {
        kind: RestraintKind,
        scope: Scope,
        until: Option<Timestamp>,
        by: Option<Principal>,
        reason: Text,
    },
    RestraintLiftRequested {
        kind: RestraintKind,
        scope: Scope,
        by: Principal,
    },
    RestraintEnded {
        kind: RestraintKind,
        scope: Scope,
    },
    ExitAsked {
        intent_key: IntentKey,
        exit: Exit,
    },
    CancelsPaused {
        scope: Scope,
        cancelled_to: Option<OrderIntentId>,
    },
    Policy(PolicyEvent),
    Incident(Box<IncidentEvent>),
    Flow(FlowEvent),
    Approval(Box<ApprovalEvent>),
    Session(Box<SessionEvent>),
    Deployment(Box<DeploymentEvent>),
    Reconciliation(Box<ReconciliationEvent>),
    BuildStated {
        build: Text,
    },
    FillCorrected(Box<Correction>),
}

/// Of an order: how the ledgers count it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderFact {
    /// Its name.
    pub order_intent_id: OrderIntentId,
    /// Its intent's name, where it stays open behind the step: on paper nothing does.
    pub open: Option<IntentId>,
    /// Its intent's short name.
    pub intent_key: IntentKey,
    /// Its plane.
    pub plane: Plane,
    /// Its book.
    pub book_id: BookId,
    /// Its instrument.
    pub market_id: InstrumentId,
    /// Buy or sell.
    pub side: Side,
    /// Quantity ordered.
    pub requested_quantity: Qty,
    /// Limit price; nothing at the market.
    pub limit_px: Option<Px>,
}

/// Of an outcome: which order ended, and with how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeFact {
    /// The order.
    pub order_intent_id: OrderIntentId,
    /// Everything that was filled.
    pub filled_quantity: Qty,
}

/// Of a result: how the intent ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultFact {
    /// How it ended.
    pub status: ResultStatus,
}

impl Fact {
    /// The part of an event that changes the state; nothing where it is recorded only to be read.
    #[allow(clippy::too_many_lines, reason = "a table: one arm a kind of event")]
    pub fn of(event: &Event) -> Option<Self> {
        Some(match event {
            Event::RulebookAdopted { rulebook, by, .. } => {
                Self::RulebookAdopted { rulebook: rulebook.clone(), by: by.clone() }
            }
            Event::RunRegistered { run_id, manifest_hash, .. } => {
                Self::RunRegistered { run_id: run_id.clone(), manifest_hash: manifest_hash.clone() }
            }
            Event::MarkTaken { instrument_id, mark_px, as_of } => Self::MarkTaken {
                instrument_id: instrument_id.clone(),
                mark_px: *mark_px,
                as_of: *as_of,
            },
            Event::IntentAccepted { intent_key, digest, .. } => {
                Self::IntentAccepted { intent_key: *intent_key, digest: *digest }
            }
            Event::PlanMade { decision_px, .. } => Self::PlanMade { decision_px: *decision_px },
            Event::OrderEmitted { order } => Self::OrderEmitted {
                order: OrderFact {
                    order_intent_id: order.order_intent_id,
                    open: stays_open(order.plane).then(|| order.intent_id.clone()),
                    intent_key: order.intent_key(),
                    plane: order.plane,
                    book_id: order.book_id.clone(),
                    market_id: order.market_id.clone(),
                    side: order.side,
                    requested_quantity: order.requested_quantity,
                    limit_px: order.limit_px,
                },
            },
            Event::OrderStatusChanged { order_intent_id, status, exec_id, .. } => {
                Self::OrderStatusChanged {
                    order_intent_id: *order_intent_id,
                    status: *status,
                    exec_id: exec_id.clone(),
                }
            }
            Event::FillBooked {
                order_intent_id,
                exec_id,
                last_qty,
                last_px,
                cum_qty,
                fee,
                transact_at,
                status,
            } => Self::FillBooked {
                order_intent_id: *order_intent_id,
                exec_id: exec_id.clone(),
                last_qty: *last_qty,
                last_px: *last_px,
                cum_qty: *cum_qty,
                fee: *fee,
                transact_at: *transact_at,
                status: *status,
            },
            Event::OrderCancelRequested { order_intent_id, .. } => {
                Self::OrderCancelRequested { order_intent_id: *order_intent_id }
            }
            Event::OrderQueried { order_intent_id, status, .. } => {
                Self::OrderQueried { order_intent_id: *order_intent_id, status: *status }
            }
            Event::OrderStranded { order_intent_id, exec_id, .. } => {
                Self::OrderStranded { order_intent_id: *order_intent_id, exec_id: exec_id.clone() }
            }
            Event::OutcomeRecorded { outcome } => Self::OutcomeRecorded {
                outcome: OutcomeFact {
                    order_intent_id: outcome.order_intent_id,
                    filled_quantity: outcome.filled_quantity,
                },
            },
            Event::IntentClosed { intent_key, result, .. } => Self::IntentClosed {
                intent_key: *intent_key,
                result: ResultFact { status: result.status },
            },
            Event::KillSwitchEngaged { by, reason, scope, effect } => Self::KillSwitchEngaged {
                by: by.clone(),
                reason: reason.clone(),
                scope: scope.clone(),
                effect: *effect,
            },
            Event::KillSwitchReleaseRequested { by, scope, .. } => Self::RestraintLiftRequested {
                kind: RestraintKind::KillSwitch,
                scope: scope.clone(),
                by: by.clone(),
            },
            Event::KillSwitchReleased { scope, .. } => {
                Self::RestraintEnded { kind: RestraintKind::KillSwitch, scope: scope.clone() }
            }
            Event::RestraintImposed { kind, scope, until, by, reason } => Self::RestraintImposed {
                kind: *kind,
                scope: scope.clone(),
                until: *until,
                by: by.clone(),
                reason: reason.clone(),
            },
            Event::RestraintLiftRequested { kind, scope, by, .. } => {
                Self::RestraintLiftRequested { kind: *kind, scope: scope.clone(), by: by.clone() }
            }
            Event::RestraintLifted { kind, scope, .. }
            | Event::RestraintExpired { kind, scope } => {
                Self::RestraintEnded { kind: *kind, scope: scope.clone() }
            }
            Event::ExitAsked { intent_key, exit } => {
                Self::ExitAsked { intent_key: *intent_key, exit: exit.clone() }
            }
            Event::CancelsPaused { scope, cancelled_to } => {
                Self::CancelsPaused { scope: scope.clone(), cancelled_to: *cancelled_to }
            }
            Event::Policy(event) => Self::Policy(event.clone()),
            Event::Incident(event) => Self::Incident(Box::new(event.clone())),
            Event::Flow(event) => Self::Flow(event.clone()),
            Event::Approval(event) => Self::Approval(event.clone()),
            Event::Session(event) => Self::Session(event.clone()),
            Event::Deployment(event) => Self::Deployment(event.clone()),
            Event::Reconciliation(event) => Self::Reconciliation(event.clone()),
            Event::FillCorrected(correction) => Self::FillCorrected(correction.clone()),
            Event::BuildStated { build, .. } => Self::BuildStated { build: build.clone() },
            Event::InputRefused { .. }
            | Event::IntentDuplicated { .. }
            | Event::IntentConflicted { .. }
            | Event::IntentJudged { .. }
            | Event::ReportIgnored { .. } => return None,
        })
    }
}

/// Numbers of the events without a fact, as [`Event`] has them.
const WITHOUT_FACT: [u32; 5] = [2, 5, 6, 7, 15];

impl Fact {
    /// Reads the fact of one stored event; nothing where it has none.
    ///
    /// # Errors
    ///
    /// Where the bytes are not an event this version knows.
    pub fn decode(d: &mut Decoder) -> Result<Option<Self>, minicbor::decode::Error> {
        let mut event = Fields::open(d)?;
        let kind = event.get(0)?;
        if WITHOUT_FACT.contains(&kind) {
            return event.close(None);
        }
        let fact = event.nested(1, |fields| Self::read(kind, fields))?;
        event.close(Some(fact))
    }

    fn read(kind: u32, f: &mut Fields) -> Result<Self, minicbor::decode::Error> {
        Ok(match kind {
            0 => Self::RulebookAdopted { rulebook: f.get(0)?, by: f.get(1)? },
            1 => Self::RunRegistered { run_id: f.get(0)?, manifest_hash: f.get(1)? },
            3 => Self::MarkTaken { instrument_id: f.get(0)?, mark_px: f.get(1)?, as_of: f.get(2)? },
            4 => Self::IntentAccepted { intent_key: f.get(1)?, digest: f.get(2)? },
            8 => Self::PlanMade { decision_px: f.get(1)? },
            9 => Self::OrderEmitted { order: f.nested(0, OrderFact::read)? },
            10 => Self::OrderStatusChanged {
                order_intent_id: f.get(0)?,
                status: f.get(1)?,
                exec_id: f.get(2)?,
            },
            11 => Self::FillBooked {
                order_intent_id: f.get(0)?,
                exec_id: f.get(1)?,
                last_qty: f.get(2)?,
                last_px: f.get(3)?,
                cum_qty: f.get(4)?,
                fee: f.get(5)?,
                transact_at: f.get(6)?,
                status: f.get(7)?,
            },
            12 => Self::OrderCancelRequested { order_intent_id: f.get(0)? },
            13 => Self::OrderQueried { order_intent_id: f.get(0)?, status: f.get(2)? },
            14 => Self::OrderStranded { order_intent_id: f.get(0)?, exec_id: f.get(1)? },
            16 => Self::OutcomeRecorded { outcome: f.nested(0, OutcomeFact::read)? },
            17 => Self::IntentClosed {
                intent_key: f.get(1)?,
                result: f.nested(2, |result| Ok(ResultFact { status: result.get(0)? }))?,
            },
            18 => Self::KillSwitchEngaged {
                by: f.get(0)?,
                reason: f.get(1)?,
                scope: f.get::<Option<Scope>>(2)?.unwrap_or_default(),
                effect: f.get::<Option<KillEffect>>(3)?.unwrap_or_default(),
            },
            19 => Self::RestraintLiftRequested {
                kind: RestraintKind::KillSwitch,
                by: f.get(0)?,
                scope: f.get::<Option<Scope>>(2)?.unwrap_or_default(),
            },
            20 => Self::RestraintEnded {
                kind: RestraintKind::KillSwitch,
                scope: f.get::<Option<Scope>>(3)?.unwrap_or_default(),
            },
            21 => Self::RestraintImposed {
                kind: f.get(0)?,
                scope: f.get(1)?,
                until: f.get(2)?,
                by: f.get(3)?,
                reason: f.get(4)?,
            },
            22 => Self::RestraintLiftRequested { kind: f.get(0)?, scope: f.get(1)?, by: f.get(2)? },
            23 | 24 => Self::RestraintEnded { kind: f.get(0)?, scope: f.get(1)? },
            25 => Self::ExitAsked { intent_key: f.get(0)?, exit: f.get(1)? },
            26 => Self::CancelsPaused { scope: f.get(0)?, cancelled_to: f.get(1)? },
            57 => Self::Policy(f.get(0)?),
            50 => Self::Incident(Box::new(f.get(0)?)),
            35 => Self::Flow(f.get(0)?),
            40 => Self::Approval(f.get(0)?),
            41 => Self::Session(f.get(0)?),
            42 => Self::Deployment(f.get(0)?),
            60 => Self::Reconciliation(f.get(0)?),
            61 => Self::BuildStated { build: f.get(0)? },
            62 => Self::FillCorrected(f.get(0)?),
            _ => {
                return Err(minicbor::decode::Error::message(
                    "an event of a kind this version does not know",
                ));
            }
        })
    }
}

/// Whether an order on this plane outlives the step that releases it.
fn stays_open(plane: Plane) -> bool {
    plane != Plane::Paper
}

impl OrderFact {
    fn read(f: &mut Fields) -> Result<Self, minicbor::decode::Error> {
        let order_intent_id: OrderIntentId = f.get(0)?;
        let intent_id: &str = f.get(1)?;
        let intent_key = order_intent_id.intent_key(f.get(2)?);
        let plane = f.get(3)?;
        Ok(Self {
            order_intent_id,
            open: stays_open(plane).then(|| IntentId::new(intent_id)),
            intent_key,
            plane,
            book_id: f.get(4)?,
            market_id: f.get(5)?,
            side: f.get(6)?,
            requested_quantity: f.get(7)?,
            limit_px: f.get(9)?,
        })
    }
}

impl OutcomeFact {
    fn read(f: &mut Fields) -> Result<Self, minicbor::decode::Error> {
        Ok(Self { order_intent_id: f.get(0)?, filled_quantity: f.get(3)? })
    }
}

/// The numbered fields of one stored structure, read in rising order; those not asked for are passed over.
struct Fields<'a, 'b> {
    d: &'a mut Decoder<'b>,
    next: u64,
    len: u64,
}

impl<'a, 'b> Fields<'a, 'b> {
    fn open(d: &'a mut Decoder<'b>) -> Result<Self, minicbor::decode::Error> {
        let len = d
            .array()?
            .ok_or_else(|| minicbor::decode::Error::message("expected a counted array"))?;
        Ok(Self { d, next: 0, len })
    }

    /// Reads a field; one that an older version did not write is absent.
    fn get<T: Decode<'b, ()>>(&mut self, number: u64) -> Result<T, minicbor::decode::Error> {
        self.pass_until(number)?;
        if number >= self.len {
            return T::nil().ok_or_else(|| minicbor::decode::Error::message("a field is missing"));
        }
        self.next += 1;
        self.d.decode()
    }

    fn nested<T>(
        &mut self,
        number: u64,
        read: impl FnOnce(&mut Fields<'_, 'b>) -> Result<T, minicbor::decode::Error>,
    ) -> Result<T, minicbor::decode::Error> {
        self.pass_until(number)?;
        self.next += 1;
        let mut inner = Fields::open(self.d)?;
        let value = read(&mut inner)?;
        inner.close(value)
    }

    fn pass_until(&mut self, number: u64) -> Result<(), minicbor::decode::Error> {
        let until = number.min(self.len);
        if self.next < until {
            pass(self.d, until - self.next)?;
            self.next = until;
        }
        Ok(())
    }

    fn close<T>(mut self, value: T) -> Result<T, minicbor::decode::Error> {
        self.pass_until(u64::MAX)?;
        Ok(value)
    }
}

/// Passes over so many items, by their heads alone (RFC 8949, 3): nothing of them is looked at. What has no counted
/// length is refused; the journal writes none.
fn pass(d: &mut Decoder, items: u64) -> Result<(), minicbor::decode::Error> {
    let input = d.input();
    let mut at = d.position();
    let mut left = items;
    while left > 0 {
        if let Some(len) = input.get(at).and_then(|first| short_item(*first)) {
            at += len;
            left -= 1;
            continue;
        }
        let head = input.get(at..).and_then(Head::read);
        let head = head.ok_or_else(minicbor::decode::Error::end_of_input)?;
        at += head.len;
        left -= 1;
        match head.major {
            2 | 3 => at += usize::try_from(head.argument).unwrap_or(input.len()),
            4 => left = left.saturating_add(head.argument),
            5 => left = left.saturating_add(head.argument.saturating_mul(2)),
            6 => left = left.saturating_add(1),
            _ => {}
        }
        if at > input.len() {
            return Err(minicbor::decode::Error::end_of_input());
        }
    }
    if at > input.len() {
        return Err(minicbor::decode::Error::end_of_input());
    }
    d.set_position(at);
    Ok(())
}

/// How many bytes an item takes whose first byte says all about it: a small number, a flag, a short string. Most do.
fn short_item(first: u8) -> Option<usize> {
    let (major, short) = (first >> 5, first & 0x1f);
    match major {
        _ if short >= 24 => None,
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(1 + usize::from(short)),
        _ => None,
    }
}

/// The head of an item: its major type, its argument, and how many bytes the two take.
struct Head {
    major: u8,
    argument: u64,
    len: usize,
}

impl Head {
    fn read(input: &[u8]) -> Option<Self> {
        let (first, rest) = input.split_first()?;
        let (major, short) = (first >> 5, first & 0x1f);
        let (argument, len) = match short {
            0..24 => (u64::from(short), 1),
            24 => (u64::from(*rest.first()?), 2),
            25 => (u64::from(u16::from_be_bytes(*rest.first_chunk()?)), 3),
            26 => (u64::from(u32::from_be_bytes(*rest.first_chunk()?)), 5),
            27 => (u64::from_be_bytes(*rest.first_chunk()?), 9),
            _ => return None,
        };
        Some(Self { major, argument, len })
    }
}
