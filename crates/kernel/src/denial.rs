//! Why an intent is refused or needs nothing done: closed sets with codes that are never reused.

use minicbor::{Decode, Encode};
use serde::Serialize;

/// Why an intent was refused. A refusal is a result, not an error.
///
/// Variants stand in the order of the gates that give them, which is the order of precedence: the first that holds is
/// the one recorded. The numbers are wire codes; a new reason takes the next number wherever it stands.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Encode,
    Decode,
    thiserror::Error,
)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Denial {
    /// Nothing may trade before rules were adopted.
    #[n(0)]
    #[error("no rulebook was adopted")]
    NoRulebook,
    /// Neither the intent nor its book names a run.
    #[n(1)]
    #[error("no source run stands behind the intent")]
    ProvenanceMissing,
    /// The run is not in the registry.
    #[n(2)]
    #[error("the source run is not in the registry of audited runs")]
    RunNotAudited,
    /// No such book.
    #[n(3)]
    #[error("the book is not in the rulebook")]
    BookUnknown,
    /// The book is switched off.
    #[n(4)]
    #[error("the book is disabled")]
    BookDisabled,
    /// No such strategy.
    #[n(5)]
    #[error("the strategy is not in the rulebook")]
    StrategyUnknown,
    /// The strategy is switched off.
    #[n(6)]
    #[error("the strategy is disabled")]
    StrategyDisabled,
    /// The book belongs to another strategy.
    #[n(7)]
    #[error("the strategy does not own the book")]
    StrategyNotOwner,
    /// No such instrument.
    #[n(8)]
    #[error("the instrument is not in the rulebook")]
    InstrumentUnknown,
    /// The instrument is switched off.
    #[n(9)]
    #[error("the instrument is disabled")]
    InstrumentDisabled,
    /// No such venue.
    #[n(10)]
    #[error("the venue is not in the rulebook")]
    VenueUnknown,
    /// The venue is switched off.
    #[n(11)]
    #[error("the venue is disabled")]
    VenueDisabled,
    /// The book has no plane at this venue.
    #[n(12)]
    #[error("the book has no executor at this venue")]
    NoExecutor,
    /// The calendar does not reach this far.
    #[n(13)]
    #[error("the calendar does not say whether the market is open")]
    HoursUnknown,
    /// The market does not trade.
    #[n(100)]
    #[error("trading is halted there")]
    TradingHalted,
    /// Planned work.
    #[n(101)]
    #[error("it is under maintenance")]
    UnderMaintenance,
    /// A cooldown holds.
    #[n(102)]
    #[error("a cooldown holds new risk back")]
    CoolingDown,
    /// Only what reduces passes, because something does not work as it should.
    #[n(104)]
    #[error("a degraded mode lets only reductions through")]
    DegradedMode,
    /// Only what reduces passes.
    #[n(103)]
    #[error("a reduce-only mode lets only reductions through")]
    ReduceOnlyMode,
    /// Outside trading hours.
    #[n(14)]
    #[error("the market is closed")]
    MarketClosed,
    /// No quote came with the intent.
    #[n(15)]
    #[error("there is no quote to decide by")]
    QuoteMissing,
    /// The quote is older than policy allows, or from the future.
    #[n(16)]
    #[error("the quote is too old")]
    QuoteStale,
    /// One side is missing, or the sides cross.
    #[n(17)]
    #[error("the quote is one-sided or crossed")]
    QuoteUnusable,
    /// Trading is halted.
    #[n(18)]
    #[error("trading is halted by the kill switch")]
    KillSwitchEngaged,
    /// The fraction is outside 0 to 1, or the number makes no sense.
    #[n(19)]
    #[error("the size is outside 0 to 1")]
    SizeOutOfRange,
    /// The rulebook states no such limit.
    #[n(20)]
    #[error("the rulebook states no limit here")]
    LimitMissing,
    /// The order is worth more than one order may be.
    #[n(21)]
    #[error("the order is worth more than one order may be")]
    NotionalAboveCap,
    /// A holding of the book has no mark.
    #[n(22)]
    #[error("a holding of the book has no mark")]
    MarkMissing,
    /// A holding's mark is older than policy allows.
    #[n(23)]
    #[error("a holding of the book has a mark that is too old")]
    MarkStale,
    /// The book would be leveraged beyond its cap.
    #[n(24)]
    #[error("the book would be leveraged beyond its cap")]
    LeverageAboveCap,
    /// Too much of the book in one instrument.
    #[n(25)]
    #[error("the book would hold too much of one instrument")]
    AssetExposureAboveCap,
    /// No usable limit price.
    #[n(26)]
    #[error("no limit price on the tick grid keeps to the limits")]
    PriceUnusable,
    /// A figure left the range of exact arithmetic.
    #[n(27)]
    #[error("a figure is too large to be computed exactly")]
    FigureOutOfRange,
    /// The order is larger than one order may be.
    #[n(120)]
    #[error("the order is larger than one order may be")]
    QuantityAboveCap,
    /// Too large a position in one instrument.
    #[n(121)]
    #[error("the position in the instrument would be too large")]
    PositionAboveCap,
    /// Too much gross exposure.
    #[n(122)]
    #[error("gross exposure would be above its cap")]
    GrossExposureAboveCap,
    /// Too much net exposure, long or short.
    #[n(123)]
    #[error("net exposure would be above its cap")]
    NetExposureAboveCap,
    /// Too much of one sector.
    #[n(124)]
    #[error("exposure to the sector would be above its cap")]
    SectorExposureAboveCap,
    /// Too much of one cluster.
    #[n(125)]
    #[error("exposure to the cluster would be above its cap")]
    ClusterExposureAboveCap,
    /// As many orders are at work as may be.
    #[n(126)]
    #[error("as many orders are at work as may be")]
    OpenOrdersAboveCap,
    /// An incident that blocks is open.
    #[n(200)]
    #[error("an incident that is open stops new risk here")]
    BlockingIncident,
    /// A row of the table of decisions denies it.
    #[n(210)]
    #[error("the table of decisions denies it")]
    DecisionDenied,
    /// No row of the table of decisions matches.
    #[n(211)]
    #[error("no row of the table of decisions matches")]
    DecisionRowMissing,
    /// A row of the table of decisions asks for a fact that is not there.
    #[n(212)]
    #[error("a fact that the table of decisions asks for is missing")]
    DecisionFactMissing,
    /// Live, and no table of decisions.
    #[n(213)]
    #[error("live has no table of decisions")]
    DecisionTableMissing,
    /// The price lies too far from its reference.
    #[n(150)]
    #[error("the price is too far from its reference")]
    PriceOutsideCollar,
    /// There is nothing to hold the price against.
    #[n(151)]
    #[error("there is no price to hold the order's price against")]
    ReferenceMissing,
    /// What the price is held against is older than policy allows.
    #[n(152)]
    #[error("the price to hold the order's price against is too old")]
    ReferenceStale,
    /// Our own prices have moved too far within the window.
    #[n(153)]
    #[error("the price is too far from the first one of the window")]
    PriceMovedTooFar,
    /// An order just like it was released a moment ago.
    #[n(154)]
    #[error("an order just like it was released a moment ago")]
    DuplicateOrder,
    /// The instrument is on the restricted list.
    #[n(155)]
    #[error("the instrument is on the restricted list")]
    InstrumentRestricted,
    /// No permission covers the strategy, venue and instrument.
    #[n(156)]
    #[error("the strategy may not trade this instrument at this venue")]
    NotPermitted,
    /// Too many messages of late.
    #[n(157)]
    #[error("too many messages were sent of late")]
    MessageRateExceeded,
    /// The strategy executed as often as it may.
    #[n(158)]
    #[error("the strategy has executed as often as it may, until people enable it again")]
    StrategyThrottled,
    /// No row allows this type of order here.
    #[n(159)]
    #[error("this type of order is not allowed here")]
    OrderTypeNotAllowed,
    /// The order would cost more than its budget.
    #[n(160)]
    #[error("the order would cost more against the mid than it may")]
    SlippageAboveBudget,
    /// The quote states no volume to hold the order against.
    #[n(161)]
    #[error("the quote states no volume to hold the order against")]
    VolumeMissing,
    /// The order is too much of the market's volume.
    #[n(162)]
    #[error("the order is too much of the market's volume")]
    ParticipationAboveCap,
    /// It could trade with an order of the same account.
    #[n(163)]
    #[error("it could trade with an order of the same account")]
    SelfMatch,
    /// The venue is down, or degraded and this is not a reduction.
    #[n(166)]
    #[error("the venue is not in a state to trade")]
    VenueUnhealthy,
    /// Nobody has told how the venue is.
    #[n(167)]
    #[error("nobody has told whether the venue is well")]
    VenueHealthUnknown,
    /// No such lane.
    #[n(180)]
    #[error("the lane is not in the rulebook")]
    LaneUnknown,
    /// The lane is switched off.
    #[n(181)]
    #[error("the lane is disabled")]
    LaneDisabled,
    /// The lane belongs to another environment.
    #[n(182)]
    #[error("the lane belongs to another environment")]
    LaneElsewhere,
    /// The lane does not admit the strategy.
    #[n(183)]
    #[error("the lane does not admit the strategy")]
    StrategyNotAdmitted,
    /// No session has the book.
    #[n(184)]
    #[error("no running session has the book")]
    SessionMissing,
    /// The session stands still.
    #[n(185)]
    #[error("the session is suspended")]
    SessionSuspended,
    /// The session has come to its planned end.
    #[n(186)]
    #[error("the session has come to its planned end")]
    SessionOver,
    /// The session is for another environment, lane or strategy.
    #[n(187)]
    #[error("the session is for another environment, lane or strategy")]
    SessionElsewhere,
    /// Nobody says what the model is.
    #[n(188)]
    #[error("nobody says how far the model may be trusted")]
    ModelUnknown,
    /// The model is less than the lane asks.
    #[n(189)]
    #[error("the model is trusted less than the lane asks")]
    ModelUnfit,
    /// The session would be exposed beyond its capital.
    #[n(190)]
    #[error("the session would be exposed beyond its capital")]
    CapitalExceeded,
    /// An aggressive long in a crisis.
    #[n(191)]
    #[error("the market is in crisis, and this is aggressively long")]
    RegimeCrisis,
    /// An aggressive long where no regime is known.
    #[n(192)]
    #[error("the market regime is not known, and this is aggressively long")]
    RegimeUnknown,
    /// No rule gives the order a route, or the route leads nowhere here.
    #[n(240)]
    #[error("no route leads from here to the venue")]
    RouteMissing,
    /// The route does not take orders of this type.
    #[n(241)]
    #[error("its route does not take orders of this type")]
    RouteUnfit,
    /// No connection of the route is in a state to take the order.
    #[n(242)]
    #[error("no connection of its route is in a state to take it")]
    RouteUnavailable,
}

/// Why nothing is sent although nothing was refused.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Encode,
    Decode,
    thiserror::Error,
)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// The action is hold.
    #[n(0)]
    #[error("hold")]
    Hold,
    /// The size or the change is zero.
    #[n(1)]
    #[error("nothing to do")]
    NothingToDo,
    /// There is no position to reduce.
    #[n(2)]
    #[error("there is no position to reduce")]
    NoPosition,
    /// Working orders already close the position.
    #[n(3)]
    #[error("working orders already close the position")]
    AlreadyClosing,
    /// Only a reduction is allowed and this would add.
    #[n(4)]
    #[error("reduce-only, and this would add to the position")]
    ReduceOnlyConstraint,
    /// The change of weight is dust.
    #[n(5)]
    #[error("the change is below the minimum trade")]
    Dust,
    /// Worth less than the venue's minimum, or less than a lot.
    #[n(6)]
    #[error("Below Floor")]
    BelowFloor,
}

/// The code of a refusal or skip, as it stands in results and telemetry.
macro_rules! codes {
    ($type:ident { $($variant:ident => $code:literal,)+ }) => {
        impl $type {
            /// The stable code.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }
        }
    };
}

codes!(Denial {
    NoRulebook => "no_rulebook",
    ProvenanceMissing => "provenance_missing",
    RunNotAudited => "run_not_audited",
    BookUnknown => "book_unknown",
    BookDisabled => "book_disabled",
    StrategyUnknown => "strategy_unknown",
    StrategyDisabled => "strategy_disabled",
    StrategyNotOwner => "strategy_not_owner",
    InstrumentUnknown => "instrument_unknown",
    InstrumentDisabled => "instrument_disabled",
    VenueUnknown => "venue_unknown",
    VenueDisabled => "venue_disabled",
    NoExecutor => "no_executor",
    HoursUnknown => "hours_unknown",
    MarketClosed => "market_closed",
    QuoteMissing => "quote_missing",
    QuoteStale => "quote_stale",
    QuoteUnusable => "quote_unusable",
    KillSwitchEngaged => "kill_switch_engaged",
    TradingHalted => "trading_halted",
    UnderMaintenance => "under_maintenance",
    CoolingDown => "cooling_down",
    DegradedMode => "degraded_mode",
    ReduceOnlyMode => "reduce_only_mode",
    SizeOutOfRange => "size_out_of_range",
    LimitMissing => "limit_missing",
    NotionalAboveCap => "notional_above_cap",
    MarkMissing => "mark_missing",
    MarkStale => "mark_stale",
    LeverageAboveCap => "leverage_above_cap",
    AssetExposureAboveCap => "asset_exposure_above_cap",
    PriceUnusable => "price_unusable",
    FigureOutOfRange => "figure_out_of_range",
    QuantityAboveCap => "quantity_above_cap",
    PositionAboveCap => "position_above_cap",
    GrossExposureAboveCap => "gross_exposure_above_cap",
    NetExposureAboveCap => "net_exposure_above_cap",
    SectorExposureAboveCap => "sector_exposure_above_cap",
    ClusterExposureAboveCap => "cluster_exposure_above_cap",
    OpenOrdersAboveCap => "open_orders_above_cap",
    BlockingIncident => "blocking_incident",
    DecisionDenied => "decision_denied",
    DecisionRowMissing => "decision_row_missing",
    DecisionFactMissing => "decision_fact_missing",
    DecisionTableMissing => "decision_table_missing",
    PriceOutsideCollar => "price_outside_collar",
    ReferenceMissing => "reference_missing",
    ReferenceStale => "reference_stale",
    PriceMovedTooFar => "price_moved_too_far",
    DuplicateOrder => "duplicate_order",
    InstrumentRestricted => "instrument_restricted",
    NotPermitted => "not_permitted",
    MessageRateExceeded => "message_rate_exceeded",
    StrategyThrottled => "strategy_throttled",
    OrderTypeNotAllowed => "order_type_not_allowed",
    SlippageAboveBudget => "slippage_above_budget",
    VolumeMissing => "volume_missing",
    ParticipationAboveCap => "participation_above_cap",
    SelfMatch => "self_match",
    VenueUnhealthy => "venue_unhealthy",
    VenueHealthUnknown => "venue_health_unknown",
    LaneUnknown => "lane_unknown",
    LaneDisabled => "lane_disabled",
    LaneElsewhere => "lane_elsewhere",
    StrategyNotAdmitted => "strategy_not_admitted",
    SessionMissing => "session_missing",
    SessionSuspended => "session_suspended",
    SessionOver => "session_over",
    SessionElsewhere => "session_elsewhere",
    ModelUnknown => "model_unknown",
    ModelUnfit => "model_unfit",
    CapitalExceeded => "capital_exceeded",
    RegimeCrisis => "regime_crisis",
    RegimeUnknown => "regime_unknown",
    RouteMissing => "route_missing",
    RouteUnfit => "route_unfit",
    RouteUnavailable => "route_unavailable",
});

codes!(Skip {
    Hold => "hold",
    NothingToDo => "nothing_to_do",
    NoPosition => "no_position",
    AlreadyClosing => "already_closing",
    ReduceOnlyConstraint => "reduce_only_constraint",
    Dust => "dust",
    BelowFloor => "below_floor",
});
