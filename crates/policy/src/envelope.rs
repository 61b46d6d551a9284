//! The risk envelope: limits at the levels of a tree, every one of which holds.
//!
//! The firm states every limit; where it does not, orders are refused. A level below it may state limits of its own,
//! which only ever tighten: an order keeps to all the levels it stands under, from the firm down.

use fillwright_domain::{
    AccountId, BookId, Decimal, InstrumentId, LaneId, Notional, Qty, Ratio, StrategyId, Text,
};
use minicbor::{Decode, Encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The limits of the firm, and of what is below it.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// Limits that hold everywhere. One that is absent here denies.
    #[n(0)]
    pub firm: Limits,
    /// By account.
    #[n(1)]
    #[serde(default, deserialize_with = "crate::unique::map")]
    pub accounts: BTreeMap<AccountId, Limits>,
    /// By lane.
    #[n(2)]
    #[serde(default, deserialize_with = "crate::unique::map")]
    pub lanes: BTreeMap<LaneId, Limits>,
    /// By strategy.
    #[n(3)]
    #[serde(default, deserialize_with = "crate::unique::map")]
    pub strategies: BTreeMap<StrategyId, Limits>,
    /// By book.
    #[n(4)]
    #[serde(default, deserialize_with = "crate::unique::map")]
    pub books: BTreeMap<BookId, Limits>,
    /// By instrument.
    #[n(5)]
    #[serde(default, deserialize_with = "crate::unique::map")]
    pub instruments: BTreeMap<InstrumentId, Limits>,
    /// Holds for every sector. A limit that is absent here denies.
    #[n(6)]
    #[cbor(default)]
    #[serde(default)]
    pub every_sector: GroupLimits,
    /// By sector; tightens what holds for every sector.
    #[n(7)]
    #[cbor(default)]
    #[serde(default, deserialize_with = "crate::unique::map")]
    pub sectors: BTreeMap<Text, GroupLimits>,
    /// Holds for every cluster. A limit that is absent here denies.
    #[n(8)]
    #[cbor(default)]
    #[serde(default)]
    pub every_cluster: GroupLimits,
    /// By cluster; tightens what holds for every cluster.
    #[n(9)]
    #[cbor(default)]
    #[serde(default, deserialize_with = "crate::unique::map")]
    pub clusters: BTreeMap<Text, GroupLimits>,
}

/// What happens to an order above a limit.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Breach {
    /// It is refused.
    #[n(0)]
    #[default]
    Deny,
    /// It is cut to what still fits; nothing left is a refusal.
    #[n(1)]
    Reduce,
}

/// The limits one level states. Below the firm an absent limit adds nothing.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Largest order, in quote currency.
    #[n(0)]
    #[serde(default)]
    pub max_order_notional: Option<Notional>,
    /// Above `max_order_notional`.
    #[n(1)]
    #[serde(default)]
    pub on_order_notional: Breach,
    /// Largest gross exposure of a book over its equity, open orders counted in full.
    #[n(2)]
    #[serde(default)]
    pub max_leverage: Option<Ratio>,
    /// Above `max_leverage`.
    #[n(3)]
    #[serde(default)]
    pub on_leverage: Breach,
    /// Largest exposure of a book to one instrument over the book's equity, open orders counted in full.
    #[n(4)]
    #[serde(default)]
    pub max_asset_exposure: Option<Ratio>,
    /// Above `max_asset_exposure`.
    #[n(5)]
    #[serde(default)]
    pub on_asset_exposure: Breach,
    /// Largest order, in units.
    #[n(6)]
    #[serde(default)]
    pub max_order_qty: Option<Qty>,
    /// Above `max_order_qty`.
    #[n(7)]
    #[cbor(default)]
    #[serde(default)]
    pub on_order_qty: Breach,
    /// Largest position in one instrument, in units: what its books hold of it at worst case, added up.
    #[n(8)]
    #[serde(default)]
    pub max_position: Option<Qty>,
    /// Above `max_position`.
    #[n(9)]
    #[cbor(default)]
    #[serde(default)]
    pub on_position: Breach,
    /// Largest gross exposure of everything below the level, in quote currency, open orders counted in full.
    #[n(10)]
    #[serde(default)]
    pub max_gross_exposure: Option<Notional>,
    /// Above `max_gross_exposure`.
    #[n(11)]
    #[cbor(default)]
    #[serde(default)]
    pub on_gross_exposure: Breach,
    /// Largest net exposure of everything below the level, long or short, in quote currency, open orders counted in full.
    #[n(12)]
    #[serde(default)]
    pub max_net_exposure: Option<Notional>,
    /// Above `max_net_exposure`.
    #[n(13)]
    #[cbor(default)]
    #[serde(default)]
    pub on_net_exposure: Breach,
    /// Most orders at work at once. An order more is refused.
    #[n(14)]
    #[serde(default)]
    pub max_open_orders: Option<u32>,
}

/// The limits of one sector or cluster.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct GroupLimits {
    /// Largest gross exposure to the instruments of the group, in quote currency, open orders counted in full.
    #[n(0)]
    #[serde(default)]
    pub max_exposure: Option<Notional>,
    /// Above `max_exposure`.
    #[n(1)]
    #[serde(default)]
    pub on_exposure: Breach,
}

/// What an instrument belongs to (`config/groups.json`). Instruments that name no sector share one, [`UNGROUPED`]; and
/// so it is with clusters, so nothing escapes its cap.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its sector.
    #[n(0)]
    #[serde(default)]
    pub sector: Option<Text>,
    /// Its cluster: instruments that move together.
    #[n(1)]
    #[serde(default)]
    pub cluster: Option<Text>,
}

/// The sector, and the cluster, of instruments that name none.
pub const UNGROUPED: &str = "ungrouped";

/// One limit by its name, as a level states it or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitRow {
    /// Its name in the document.
    pub name: &'static str,
    /// The cap, where one is stated.
    pub cap: Option<Decimal>,
    /// What happens above it.
    pub breach: Breach,
}

impl Limits {
    /// Every limit there is, by name.
    pub fn rows(&self) -> impl Iterator<Item = LimitRow> {
        [
            row(
                "max_order_notional",
                self.max_order_notional.map(Notional::get),
                self.on_order_notional,
            ),
            row("max_leverage", self.max_leverage.map(Ratio::get), self.on_leverage),
            row(
                "max_asset_exposure",
                self.max_asset_exposure.map(Ratio::get),
                self.on_asset_exposure,
            ),
            row("max_order_qty", self.max_order_qty.map(Qty::get), self.on_order_qty),
            row("max_position", self.max_position.map(Qty::get), self.on_position),
            row(
                "max_gross_exposure",
                self.max_gross_exposure.map(Notional::get),
                self.on_gross_exposure,
            ),
            row("max_net_exposure", self.max_net_exposure.map(Notional::get), self.on_net_exposure),
            row(
                "max_open_orders",
                self.max_open_orders.map(|cap| Decimal::from_int(cap.into())),
                Breach::Deny,
            ),
        ]
        .into_iter()
    }

    /// Every limit stated, and so wide that none binds: for tests and measurements, never for trading.
    pub fn wide() -> Self {
        const WIDE: i64 = 1_000_000_000_000;
        let amount = || Some(Notional::new(Decimal::from_int(WIDE)));
        let ratio = || Some(Ratio::new(Decimal::from_int(1_000_000)));
        Self {
            max_order_notional: amount(),
            max_leverage: ratio(),
            max_asset_exposure: ratio(),
            max_order_qty: Some(Qty::new(Decimal::from_int(WIDE))),
            max_position: Some(Qty::new(Decimal::from_int(WIDE))),
            max_gross_exposure: amount(),
            max_net_exposure: amount(),
            max_open_orders: Some(u32::MAX),
            ..Self::default()
        }
    }
}

impl GroupLimits {
    /// The one limit of a group, by name.
    pub fn rows(&self) -> impl Iterator<Item = LimitRow> {
        std::iter::once(row("max_exposure", self.max_exposure.map(Notional::get), self.on_exposure))
    }

    /// The limit stated, and so wide that it does not bind; as [`Limits::wide`].
    pub fn wide() -> Self {
        Self { max_exposure: Limits::wide().max_gross_exposure, on_exposure: Breach::Deny }
    }
}

impl Envelope {
    /// Every limit stated, and so wide that none binds: for tests and measurements, never for trading.
    pub fn wide() -> Self {
        Self {
            firm: Limits::wide(),
            every_sector: GroupLimits::wide(),
            every_cluster: GroupLimits::wide(),
            ..Self::default()
        }
    }
}

fn row(name: &'static str, cap: Option<Decimal>, breach: Breach) -> LimitRow {
    LimitRow { name, cap, breach }
}

/// A level of the tree. Written `firm`, `account:main`, `lane:live_canary`, `strategy:uptrend`, `book:core`,
/// `instrument:BINANCE:BTCUSDT`, `every_sector`, `sector:crypto`, `every_cluster` or `cluster:majors`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level<'a> {
    /// Everything.
    Firm,
    /// An account.
    Account(&'a AccountId),
    /// A lane.
    Lane(&'a LaneId),
    /// A strategy.
    Strategy(&'a StrategyId),
    /// A book.
    Book(&'a BookId),
    /// An instrument.
    Instrument(&'a InstrumentId),
    /// Each sector.
    EverySector,
    /// A sector.
    Sector(&'a Text),
    /// Each cluster.
    EveryCluster,
    /// A cluster.
    Cluster(&'a Text),
}

impl fmt::Display for Level<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Firm => f.write_str("firm"),
            Self::Account(name) => write!(f, "account:{name}"),
            Self::Lane(name) => write!(f, "lane:{name}"),
            Self::Strategy(name) => write!(f, "strategy:{name}"),
            Self::Book(name) => write!(f, "book:{name}"),
            Self::Instrument(name) => write!(f, "instrument:{name}"),
            Self::EverySector => f.write_str("every_sector"),
            Self::Sector(name) => write!(f, "sector:{name}"),
            Self::EveryCluster => f.write_str("every_cluster"),
            Self::Cluster(name) => write!(f, "cluster:{name}"),
        }
    }
}

impl From<Level<'_>> for Text {
    fn from(level: Level<'_>) -> Self {
        match level {
            Level::Firm => Self::new("firm"),
            level => Self::new(level.to_string()),
        }
    }
}

/// The levels an order stands under, from the firm down, each with the limits it states.
#[derive(Debug, Clone, Copy)]
pub struct Levels<'a> {
    /// With its depth, from the firm at 0 down to the instrument at 5; those that state something come first.
    stated: [(usize, Level<'a>, &'a Limits); 6],
    len: usize,
}

impl<'a> Levels<'a> {
    /// The firm's own.
    pub fn of(firm: &'a Limits) -> Self {
        Self { stated: [(0, Level::Firm, firm); 6], len: 1 }
    }

    /// A level below, where it states something.
    pub fn add(&mut self, depth: usize, level: Level<'a>, limits: Option<&'a Limits>) {
        if let Some(limits) = limits {
            self.stated[self.len] = (depth, level, limits);
            self.len += 1;
        }
    }

    /// Level by level with its depth, from the firm at 0 down to the instrument at 5; one that states nothing is passed
    /// over.
    pub fn iter(&self) -> impl Iterator<Item = (usize, Level<'a>, &'a Limits)> {
        self.stated[..self.len].iter().copied()
    }
}

impl Envelope {
    /// Every level that states limits, with them.
    pub fn every_level(&self) -> impl Iterator<Item = (Level<'_>, &Limits)> {
        let accounts = self.accounts.iter().map(|(name, own)| (Level::Account(name), own));
        let lanes = self.lanes.iter().map(|(name, own)| (Level::Lane(name), own));
        let strategies = self.strategies.iter().map(|(name, own)| (Level::Strategy(name), own));
        let books = self.books.iter().map(|(name, own)| (Level::Book(name), own));
        let instruments = self.instruments.iter().map(|(name, own)| (Level::Instrument(name), own));
        std::iter::once((Level::Firm, &self.firm))
            .chain(accounts)
            .chain(lanes)
            .chain(strategies)
            .chain(books)
            .chain(instruments)
    }

    /// The limits of every sector and cluster that states some.
    pub fn every_group(&self) -> impl Iterator<Item = (Level<'_>, &GroupLimits)> {
        let sectors = self.sectors.iter().map(|(name, own)| (Level::Sector(name), own));
        let clusters = self.clusters.iter().map(|(name, own)| (Level::Cluster(name), own));
        std::iter::once((Level::EverySector, &self.every_sector))
            .chain(sectors)
            .chain(std::iter::once((Level::EveryCluster, &self.every_cluster)))
            .chain(clusters)
    }

    /// Every limit there is, level by level, stated or not.
    pub fn rows(&self) -> impl Iterator<Item = (Level<'_>, LimitRow)> {
        let levels = self
            .every_level()
            .flat_map(|(level, limits)| limits.rows().map(move |row| (level, row)));
        let groups = self
            .every_group()
            .flat_map(|(level, limits)| limits.rows().map(move |row| (level, row)));
        levels.chain(groups)
    }
}

impl Level<'_> {
    /// Whether a limit that is absent here denies.
    pub fn must_state(self) -> bool {
        matches!(self, Self::Firm | Self::EverySector | Self::EveryCluster)
    }
}
