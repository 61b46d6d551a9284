//! What entries refer to: the rules in force, intents and orders that are open, positions.
//!
//! An event names an order; where that order came from was said in an earlier entry. Each entry's [`Facts`] are
//! resolved once, so that no projection keeps a copy of its own.

use crate::text;
use fillwright_domain::{
    BookId, ContentDigest, ExecutionPlan, InstrumentId, IntentId, IntentKey, LaneId, Notional,
    OrderIntent, OrderIntentId, Plane, Px, Qty, Ratio, Rebalance, RunId, SessionId, StrategyId,
    Text, Timestamp, hex,
};
use fillwright_policy::Rulebook;
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The rules in force at an entry.
#[derive(Debug)]
pub struct Rules {
    /// The entry that adopted them.
    pub seq: u64,
    /// Whether no rules were adopted before.
    pub are_first: bool,
    /// The rules.
    pub rulebook: Rulebook,
    /// SHA-256 of their encoding, in hex.
    pub hash: String,
}

impl Rules {
    /// Rules with their hash.
    pub(crate) fn new(seq: u64, are_first: bool, rulebook: Rulebook) -> Self {
        let encoded = minicbor::to_vec(&rulebook).expect("writing to memory cannot fail");
        let hash = hex::write(&Sha256::digest(encoded));
        Self { seq, are_first, rulebook, hash }
    }

    /// Units of the underlying in one unit of an instrument's quantity.
    pub(crate) fn contract_size(&self, instrument_id: &InstrumentId) -> Option<Ratio> {
        self.rulebook.instruments.get(instrument_id).map(|instrument| instrument.contract_size)
    }
}

/// What is known of an intent.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct IntentFacts {
    /// The entry that accepted it.
    #[n(0)]
    pub seq: u64,
    /// When.
    #[n(1)]
    pub at: Timestamp,
    /// Its name.
    #[n(2)]
    pub intent_id: IntentId,
    /// Its short name.
    #[n(3)]
    pub intent_key: IntentKey,
    /// What it says, digested.
    #[n(4)]
    pub digest: ContentDigest,
    /// The strategy.
    #[n(5)]
    pub strategy_id: Option<StrategyId>,
    /// The book.
    #[n(6)]
    pub book_id: BookId,
    /// The instrument.
    #[n(7)]
    pub instrument_id: InstrumentId,
    /// The run behind it.
    #[n(8)]
    pub source_run: Option<RunId>,
    /// What it became.
    #[n(9)]
    pub plan: ExecutionPlan,
    /// Mid of the quote it was decided by.
    #[n(10)]
    pub decision_px: Option<Px>,
    /// The change of weight it asked for, where it did.
    #[n(11)]
    pub rebalance: Option<Rebalance>,
    /// How much of what was asked the plan is, where it asked for a change of weight: one unless a gate cut it.
    /// Absent where the figure cannot be held.
    #[n(12)]
    pub share: Option<Ratio>,
}

/// What is known of an order.
#[derive(Debug)]
pub struct OrderFacts {
    /// The order.
    pub order: OrderIntent,
    /// Its intent.
    pub intent: Arc<IntentFacts>,
    /// The entry that released it.
    pub emitted_seq: u64,
    /// When.
    pub emitted_at: Timestamp,
    /// Its id as text.
    pub id_text: String,
    /// Its name at the venue.
    pub client_order_id: String,
}

impl OrderFacts {
    pub(crate) fn new(
        order: OrderIntent,
        intent: Arc<IntentFacts>,
        emitted_seq: u64,
        emitted_at: Timestamp,
    ) -> Self {
        let client_order_id = order.client_order_id().to_string();
        let id_text = text::uuid(order.order_intent_id.as_bytes());
        Self { order, intent, emitted_seq, emitted_at, id_text, client_order_id }
    }
}

/// A position after an outcome changed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionChange {
    /// The order whose outcome changed it.
    pub order_intent_id: OrderIntentId,
    /// Where it is held, by whom, and what.
    pub place: PositionPlace,
    /// The position now, signed.
    pub qty: Qty,
}

/// Where a position is held, by whom, and what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PositionPlace {
    /// The plane.
    pub plane: Plane,
    /// The book.
    pub book_id: BookId,
    /// The instrument.
    pub instrument_id: InstrumentId,
}

/// What one entry refers to.
#[derive(Debug, Default)]
pub struct Facts {
    /// The rules in force once it was applied.
    pub rules: Option<Arc<Rules>>,
    /// The intent it accepted, ended or was about.
    pub intent: Option<Arc<IntentFacts>>,
    /// The orders its events name, by id, where they were open.
    pub orders: Vec<Arc<OrderFacts>>,
    /// Positions its outcomes changed.
    pub positions: Vec<PositionChange>,
    /// The manifest of the run behind the intent, as the registry has it.
    pub manifest_hash: Option<Text>,
    /// The active session of each book once it was applied.
    pub sessions: Arc<BTreeMap<BookId, InSession>>,
    /// What active sessions have at stake: of an entry that moves one, and of the last entry of a batch. A session with a
    /// holding that has no mark is left out.
    pub stakes: Option<BTreeMap<SessionId, Notional>>,
}

/// The session a book is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InSession {
    /// The session.
    pub session_id: SessionId,
    /// Its lane.
    pub lane: LaneId,
}

impl Facts {
    /// An order the entry names.
    pub fn order(&self, id: OrderIntentId) -> Option<&Arc<OrderFacts>> {
        let found = self.orders.binary_search_by_key(&id, |facts| facts.order.order_intent_id);
        found.ok().map(|at| &self.orders[at])
    }

    /// The lane of a book: its own, or that of the session it is in.
    pub fn lane_of(&self, book_id: &BookId) -> Option<&LaneId> {
        let rules = self.rules.as_ref();
        let own = rules.and_then(|rules| rules.rulebook.books.get(book_id)?.lane.as_ref());
        own.or_else(|| self.sessions.get(book_id).map(|session| &session.lane))
    }

    /// `offline`, `paper` or `live`; empty before the first rules.
    pub(crate) fn environment(&self) -> &str {
        self.rules.as_ref().map_or("", |rules| rules.rulebook.environment.as_str())
    }
}
