//! What gates say: which gate, its ruling, the figures it compared.

use crate::denial::{Denial, Skip};
use fillwright_domain::{Decimal, Qty, Text};
use minicbor::data::IanaTag;
use minicbor::{Decode, Decoder, Encode, Encoder};
use serde::{Serialize, Serializer, ser::SerializeSeq};

/// Every gate. Numbers are wire codes and are never reused; the order in which gates judge is that of
/// [`crate::gates::order`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Encode, Decode)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Gate {
    /// Rules are in force at all.
    #[n(0)]
    Rulebook = 0,
    /// The book is known and enabled.
    #[n(1)]
    Book = 1,
    /// `Source_Run` is in the registry of audited runs.
    #[n(2)]
    Provenance = 2,
    /// The strategy is known, enabled and owns the book.
    #[n(3)]
    Strategy = 3,
    /// The lane admits the strategy.
    #[n(4)]
    Lane = 4,
    /// A session is running.
    #[n(5)]
    Session = 5,
    /// The model behind the strategy is fit for this environment.
    #[n(6)]
    ModelStatus = 6,
    /// The instrument is known and enabled.
    #[n(7)]
    Instrument = 7,
    /// The venue is known, enabled, and the book has an executor there.
    #[n(8)]
    Venue = 8,
    /// The market is open.
    #[n(9)]
    TradingHours = 9,
    /// The instrument is not halted.
    #[n(10)]
    Halt = 10,
    /// The venue answers.
    #[n(11)]
    VenueHealth = 11,
    /// The quote is there, two-sided and fresh.
    #[n(12)]
    DataAge = 12,
    /// No maintenance.
    #[n(13)]
    Maintenance = 13,
    /// No kill switch.
    #[n(14)]
    KillSwitch = 14,
    /// No cooldown.
    #[n(15)]
    Cooldown = 15,
    /// No incident that blocks.
    #[n(16)]
    BlockingIncident = 16,
    /// Not in reduce-only mode.
    #[n(17)]
    ReduceOnlyMode = 17,
    /// The action gives a side and a position change.
    #[n(18)]
    Mapping = 18,
    /// The allocation gives a quantity.
    #[n(19)]
    Sizing = 19,
    /// The volatility target allows it.
    #[n(20)]
    VolatilityTarget = 20,
    /// The capital plan allows it.
    #[n(21)]
    CapitalPlan = 21,
    /// Orders of several strategies in one instrument, together.
    #[n(22)]
    Aggregation = 22,
    /// One order's worth.
    #[n(23)]
    OrderNotional = 23,
    /// One instrument's position.
    #[n(24)]
    PositionLimit = 24,
    /// Gross exposure over equity.
    #[n(25)]
    Leverage = 25,
    /// Exposure to one instrument over equity.
    #[n(26)]
    AssetExposure = 26,
    /// Gross exposure.
    #[n(27)]
    GrossExposure = 27,
    /// Net exposure.
    #[n(28)]
    NetExposure = 28,
    /// Exposure to one sector.
    #[n(29)]
    SectorExposure = 29,
    /// Loss and drawdown.
    #[n(30)]
    Drawdown = 30,
    /// The regime allows an aggressive long.
    #[n(31)]
    RegimeParity = 31,
    /// Lot, tick, largest and smallest order.
    #[n(32)]
    Precision = 32,
    /// Order types the policy allows.
    #[n(33)]
    OrderTypePolicy = 33,
    /// Slippage budget.
    #[n(34)]
    SlippageBudget = 34,
    /// Participation in the market's volume.
    #[n(35)]
    Participation = 35,
    /// Route and fallback.
    #[n(36)]
    Route = 36,
    /// The limit price against a reference.
    #[n(37)]
    PriceCollar = 37,
    /// The schedule of child orders.
    #[n(38)]
    Schedule = 38,
    /// Messages and orders per interval.
    #[n(39)]
    MessageRate = 39,
    /// The table of decisions.
    #[n(49)]
    DecisionTable = 49,
    /// One order's quantity.
    #[n(40)]
    OrderQuantity = 40,
    /// Orders at work at once.
    #[n(41)]
    OpenOrders = 41,
    /// Exposure to one cluster.
    #[n(42)]
    ClusterExposure = 42,
    /// The instrument is not on the restricted list.
    #[n(44)]
    RestrictedList = 44,
    /// The strategy may trade the instrument at the venue.
    #[n(45)]
    Permission = 45,
    /// Not the twin of an earlier order.
    #[n(46)]
    DuplicateWindow = 46,
    /// The strategy has not executed as often as it may.
    #[n(47)]
    RepeatThrottle = 47,
    /// It would not trade with an order of our own.
    #[n(48)]
    SelfMatch = 48,
}

/// What a gate says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// Pass.
    #[n(0)]
    Allow,
    /// Pass with a smaller quantity.
    #[n(1)]
    Reduce {
        /// The quantity that passes.
        #[n(0)]
        to: Qty,
    },
    /// A safety exit passes a gate that only guards new risk.
    #[n(2)]
    Bypass,
    /// Refused.
    #[n(3)]
    Deny {
        /// Why.
        #[n(0)]
        reason: Denial,
    },
    /// Nothing needs to be sent.
    #[n(4)]
    Skip {
        /// Why.
        #[n(0)]
        reason: Skip,
    },
}

/// A gate's ruling with the figures it compared, in the unit the gate's file states.
///
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The gate.
    pub gate: Gate,
    /// What it says.
    pub ruling: Ruling,
    /// What it compared, where it compared figures.
    pub figures: Option<Figures>,
    /// The rule that decided, where the gate reads more than one: the level of the envelope, or the row of a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<Text>,
}

impl Verdict {
    /// A pass without figures.
    pub const fn pass(gate: Gate) -> Self {
        Self { gate, ruling: Ruling::Allow, figures: None, rule: None }
    }

    /// Whether there is nothing more to say of it than that the gate let the order pass.
    fn is_plain_pass(&self) -> bool {
        self.ruling == Ruling::Allow && self.figures.is_none() && self.rule.is_none()
    }

    /// Whether the order goes no further.
    pub fn is_refusal(&self) -> bool {
        matches!(self.ruling, Ruling::Deny { .. } | Ruling::Skip { .. })
    }
}

/// The two figures a gate compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct Figures {
    /// What was asked for, or found.
    #[n(0)]
    pub asked: Decimal,
    /// What the rule allows.
    #[n(1)]
    pub limit: Decimal,
}

/// What the gates said of one intent, up to the first refusal.
///
/// Most let an order pass without comparing figures: those are kept as a set, the others with all they said.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct Verdicts {
    #[n(0)]
    passed: GateSet,
    /// In the order in which they judged.
    #[cbor(n(1), with = "said")]
    said: Vec<Verdict>,
}

impl Verdicts {
    /// Gates that only passed, and what the others said.
    pub(crate) fn new(passed: GateSet, said: Vec<Verdict>) -> Self {
        Self { passed, said }
    }

    /// The verdict of a gate, if it judged.
    pub fn get(&self, gate: Gate) -> Option<Verdict> {
        if self.passed.contains(gate) {
            return Some(Verdict::pass(gate));
        }
        self.said.iter().find(|verdict| verdict.gate == gate).cloned()
    }

    /// Every verdict, the passes too, in the order of the gates.
    pub fn iter(&self) -> impl Iterator<Item = Verdict> {
        crate::gates::order().filter_map(|(gate, _)| self.get(gate))
    }

    /// Those that are more than a plain pass, in the order of the gates.
    pub fn said(&self) -> &[Verdict] {
        &self.said
    }

    /// The verdict that sent the order no further; it is the last.
    pub fn refusal(&self) -> Option<&Verdict> {
        self.said.last().filter(|last| last.is_refusal())
    }
}

impl FromIterator<Verdict> for Verdicts {
    fn from_iter<T: IntoIterator<Item = Verdict>>(verdicts: T) -> Self {
        let mut all = Self::default();
        for verdict in verdicts {
            if verdict.is_plain_pass() {
                all.passed.insert(verdict.gate);
            } else {
                all.said.push(verdict);
            }
        }
        all
    }
}

impl Serialize for Verdicts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// Stores a pass as its gate and the two figures, anything else as gate, ruling, figures and rule. A pass leaves out a
/// figure that is the one before it in the same place: most exposure gates ask for the same.
mod said {
    use super::{Decoder, Encoder, Figures, Ruling, Verdict};
    use fillwright_domain::Decimal;
    use minicbor::decode::Error;
    use minicbor::{Decode, Encode};

    pub(super) fn encode<C, W: minicbor::encode::Write>(
        said: &[Verdict],
        e: &mut Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(said.len() as u64)?;
        let mut before = Before::default();
        for verdict in said {
            match verdict {
                Verdict { gate, ruling: Ruling::Allow, figures: Some(figures), rule: None } => {
                    e.array(3)?;
                    (*gate).encode(e, ctx)?;
                    before.asked.unless_same(figures.asked).encode(e, ctx)?;
                    before.limit.unless_same(figures.limit).encode(e, ctx)?;
                }
                Verdict { gate, ruling, figures, rule } => {
                    (gate, ruling, figures, rule).encode(e, ctx)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn decode<C>(d: &mut Decoder, ctx: &mut C) -> Result<Vec<Verdict>, Error> {
        let mut before = Before::default();
        let mut said = Vec::new();
        for _ in 0..d.array()?.ok_or_else(|| Error::message("expected counted verdicts"))? {
            said.push(match d.array()? {
                Some(3) => Verdict {
                    gate: d.decode_with(ctx)?,
                    ruling: Ruling::Allow,
                    figures: Some(Figures {
                        asked: before.asked.or_same(Decode::decode(d, ctx)?)?,
                        limit: before.limit.or_same(Decode::decode(d, ctx)?)?,
                    }),
                    rule: None,
                },
                Some(4) => Verdict {
                    gate: d.decode_with(ctx)?,
                    ruling: d.decode_with(ctx)?,
                    figures: d.decode_with(ctx)?,
                    rule: d.decode_with(ctx)?,
                },
                _ => return Err(Error::message("a verdict of an unknown shape")),
            });
        }
        Ok(said)
    }

    /// The figures of the passes so far.
    #[derive(Default)]
    struct Before {
        asked: Figure,
        limit: Figure,
    }

    /// The last figure that stood in one place.
    #[derive(Default)]
    struct Figure(Option<Decimal>);

    impl Figure {
        fn unless_same(&mut self, figure: Decimal) -> Option<Decimal> {
            (self.0.replace(figure) != Some(figure)).then_some(figure)
        }

        fn or_same(&mut self, stored: Option<Decimal>) -> Result<Decimal, Error> {
            self.0 = stored.or(self.0);
            self.0
                .ok_or_else(|| Error::message("a figure like the one before it, and there is none"))
        }
    }
}

/// Stores verdicts as CBOR inside a byte string (RFC 8949, 3.4.5.1), so that replay, which never looks at them, steps
/// over them at once.
pub(crate) mod embedded {
    use super::{Decoder, Encoder, IanaTag, Verdicts};

    pub(crate) fn encode<C, W: minicbor::encode::Write>(
        verdicts: &Verdicts,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        let mut inner = Encoder::new(Vec::with_capacity(512));
        let written = inner.encode(verdicts).map(|_| ());
        written.map_err(|_| minicbor::encode::Error::message("writing to memory cannot fail"))?;
        e.tag(IanaTag::Cbor)?.bytes(inner.writer())?.ok()
    }

    pub(crate) fn decode<C>(
        d: &mut Decoder<'_>,
        _: &mut C,
    ) -> Result<Verdicts, minicbor::decode::Error> {
        if d.tag()? != IanaTag::Cbor.tag() {
            return Err(minicbor::decode::Error::message("expected verdicts inside a byte string"));
        }
        minicbor::decode(d.bytes()?)
    }
}

/// A set of gates, listed in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct GateSet(#[n(0)] u64);

impl GateSet {
    pub(crate) fn insert(&mut self, gate: Gate) {
        self.0 |= 1 << gate as u8;
    }

    /// Whether the gate is in the set.
    pub fn contains(self, gate: Gate) -> bool {
        self.0 & (1 << gate as u8) != 0
    }
}

impl Serialize for GateSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut names = serializer.serialize_seq(None)?;
        for (gate, _) in crate::gates::order().filter(|(gate, _)| self.contains(*gate)) {
            names.serialize_element(&gate)?;
        }
        names.end()
    }
}
