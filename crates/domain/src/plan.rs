//! The parent order: what an intent became after every constraint was applied.

use crate::{ActionType, OrderType, Px, Qty, Ratio, Text};
use minicbor::{Decode, Encode};
use serde::{Serialize, Serializer, ser::SerializeSeq};

/// A venue-specific plan, as the execution intent interface names its fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct ExecutionPlan {
    /// The action asked for.
    #[n(0)]
    pub action: ActionType,
    /// Market or limit.
    #[n(1)]
    pub order_type: OrderType,
    /// Quantity after sizing, limits and rounding; zero where nothing is to be done.
    #[n(2)]
    pub size: Qty,
    /// Limit price on the tick grid.
    #[n(3)]
    pub price: Option<Px>,
    /// The book's gross exposure over its equity once the plan is done, at worst case; zero where nothing is to be done.
    #[n(4)]
    pub leverage: Ratio,
    /// Every constraint that changed the order.
    #[n(5)]
    pub constraints_applied: Constraints,
    /// Why nothing is sent.
    #[n(6)]
    pub skip_reason: Option<Text>,
}

/// A constraint that changed an order on its way from intent to plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Constraint {
    /// A number of the input had more than 18 decimals and was cut toward zero.
    InputTruncated = 0,
    /// Only what reduces the position was kept.
    ReduceOnly = 1,
    /// Cut to the largest order by notional.
    OrderNotional = 2,
    /// Cut to the leverage cap.
    LeverageCap = 3,
    /// Cut to the exposure cap of one asset.
    AssetExposure = 4,
    /// Rounded down to the lot.
    LotRounding = 5,
    /// The limit price was rounded to the tick.
    TickRounding = 6,
    /// Cut to the venue's largest order.
    MaxQuantity = 7,
    /// Worth less than the venue's minimum.
    MinNotional = 8,
    /// A safety exit: gates that only guard new risk were passed by.
    SafetyExit = 9,
    /// The limit price keeps to the slippage the intent allows.
    SlippageLimit = 10,
    /// The whole position was to be closed.
    FullExit = 11,
    /// Cut to the largest order by quantity.
    OrderQuantity = 12,
    /// Cut to the largest position in one instrument.
    PositionLimit = 13,
    /// Cut to the cap on gross exposure.
    GrossExposure = 14,
    /// Cut to the cap on net exposure.
    NetExposure = 15,
    /// Cut to the cap on one sector.
    SectorExposure = 16,
    /// Cut to the cap on one cluster.
    ClusterExposure = 17,
    /// An order just like it was released a moment ago.
    DuplicateSuspected = 24,
}

impl Constraint {
    /// Every constraint, in the order they are listed.
    pub const ALL: [Self; 19] = [
        Self::InputTruncated,
        Self::ReduceOnly,
        Self::OrderNotional,
        Self::LeverageCap,
        Self::AssetExposure,
        Self::LotRounding,
        Self::TickRounding,
        Self::MaxQuantity,
        Self::MinNotional,
        Self::SafetyExit,
        Self::SlippageLimit,
        Self::FullExit,
        Self::OrderQuantity,
        Self::PositionLimit,
        Self::GrossExposure,
        Self::NetExposure,
        Self::SectorExposure,
        Self::ClusterExposure,
        Self::DuplicateSuspected,
    ];

    /// The name in `constraints_applied`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InputTruncated => "input_truncated",
            Self::ReduceOnly => "reduce_only",
            Self::OrderNotional => "order_notional",
            Self::LeverageCap => "leverage_cap",
            Self::AssetExposure => "asset_exposure",
            Self::LotRounding => "lot_rounding",
            Self::TickRounding => "tick_rounding",
            Self::MaxQuantity => "max_quantity",
            Self::MinNotional => "min_notional",
            Self::SafetyExit => "safety_exit",
            Self::SlippageLimit => "slippage_limit",
            Self::FullExit => "full_exit",
            Self::OrderQuantity => "order_quantity",
            Self::PositionLimit => "position_limit",
            Self::GrossExposure => "gross_exposure",
            Self::NetExposure => "net_exposure",
            Self::SectorExposure => "sector_exposure",
            Self::ClusterExposure => "cluster_exposure",
            Self::DuplicateSuspected => "duplicate_suspected",
        }
    }
}

/// The set of constraints that were applied, listed in a fixed order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct Constraints(#[n(0)] u32);

impl Constraints {
    /// Adds a constraint to the set.
    pub fn insert(&mut self, constraint: Constraint) {
        self.0 |= 1 << constraint as u8;
    }

    /// Whether the constraint was applied.
    pub fn contains(self, constraint: Constraint) -> bool {
        self.0 & (1 << constraint as u8) != 0
    }

    /// The applied constraints, in their fixed order.
    pub fn iter(self) -> impl Iterator<Item = Constraint> {
        Constraint::ALL.into_iter().filter(move |constraint| self.contains(*constraint))
    }
}

impl Serialize for Constraints {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut names = serializer.serialize_seq(None)?;
        for constraint in self.iter() {
            names.serialize_element(constraint.as_str())?;
        }
        names.end()
    }
}
