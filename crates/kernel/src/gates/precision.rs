//! The order lies on the venue's grid: quantity capped at the largest order, then rounded down to the coarser of lot and
//! step, of which one is a multiple of the other.
//!
//! Safety exits, and critical intents that may take, go at the market. Others have a limit: the near touch where they may
//! only make; otherwise the far touch, or the mid moved against the order by the slippage the intent allows where that is
//! tighter. The limit lies on the tick and is never worse than that; one that is not above zero is refused.
//!
//! What is then worth less than the venue's minimum, or nothing, is skipped as Below Floor. Figures: the order's worth at
//! the touch it would trade against, rounded down, and the venue's minimum, in quote currency.

use super::{Case, Draft, Finding};
use crate::{Denial, Skip};
use fillwright_domain::{
    Constraint, Decimal, Instrument, NumberError, OrderType, Px, Qty, Quote, Rounding, Side,
    Urgency,
};

const BPS_PER_ONE: i64 = 10_000;
/// One basis point as a fraction.
const BPS: Decimal = Decimal::from_mantissa(Decimal::ONE.mantissa() / BPS_PER_ONE as i128);

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    let instrument = case.instrument()?;
    let before = draft.qty;
    draft.qty = on_grid(draft, instrument)?;
    price(case, draft, instrument)?;
    let worth =
        draft.reference_px.notional_of(draft.qty, instrument.contract_size, Rounding::Down)?;
    draft.compare(worth.get(), instrument.min_notional.get());
    if !draft.qty.is_positive() || worth < instrument.min_notional {
        draft.constraints.insert(Constraint::MinNotional);
        return Ok(Finding::Skip { reason: Skip::BelowFloor });
    }
    if draft.qty == before { Ok(Finding::Allow) } else { Ok(Finding::Reduce) }
}

fn on_grid(draft: &mut Draft, instrument: &Instrument) -> Result<Qty, NumberError> {
    let mut qty = draft.qty;
    if let Some(max) = instrument.max_qty.filter(|max| qty > *max) {
        qty = max;
        draft.constraints.insert(Constraint::MaxQuantity);
    }
    // One of the two is a multiple of the other, so the larger grid holds both.
    let rounded = qty.floor_to_lot(instrument.lot_size.max(instrument.step_size))?;
    if rounded != qty {
        draft.constraints.insert(Constraint::LotRounding);
    }
    Ok(rounded)
}

/// Safety exits and critical intents that may take go at the market, all others at a limit.
fn price(case: &Case, draft: &mut Draft, instrument: &Instrument) -> Result<(), Denial> {
    let critical = case.intent.urgency() == Urgency::Critical && !case.intent.post_only();
    if critical || case.is_safety_exit() {
        draft.order_type = OrderType::Market;
        return Ok(());
    }
    let wanted = limit_px(case, draft)?;
    let on_tick = match draft.side {
        Side::Buy => wanted.floor_to_tick(instrument.tick_size)?,
        Side::Sell => wanted.ceil_to_tick(instrument.tick_size)?,
    };
    if on_tick != wanted {
        draft.constraints.insert(Constraint::TickRounding);
    }
    if !on_tick.is_positive() {
        return Err(Denial::PriceUnusable);
    }
    draft.limit_px = Some(on_tick);
    Ok(())
}

/// The near touch for a passive order; otherwise the far touch, or the slippage bound where that is tighter.
fn limit_px(case: &Case, draft: &mut Draft) -> Result<Px, Denial> {
    let quote = case.quote()?;
    let (near, far) = match draft.side {
        Side::Buy => (quote.bid_px, quote.ask_px),
        Side::Sell => (quote.ask_px, quote.bid_px),
    };
    if case.intent.post_only() {
        return Ok(near);
    }
    let Some(bps) = case.intent.max_slippage_bps() else { return Ok(far) };
    let bound = slippage_bound(quote, draft.side, bps)?;
    let tighter = match draft.side {
        Side::Buy => bound.min(far),
        Side::Sell => bound.max(far),
    };
    if tighter != far {
        draft.constraints.insert(Constraint::SlippageLimit);
    }
    Ok(tighter)
}

/// Mid, moved against the order by the slippage the intent allows.
fn slippage_bound(quote: &Quote, side: Side, bps: u32) -> Result<Px, NumberError> {
    let mid = quote.mid()?;
    let bps = match side {
        Side::Buy => i64::from(bps),
        Side::Sell => -i64::from(bps),
    };
    let rounding = match side {
        Side::Buy => Rounding::Floor,
        Side::Sell => Rounding::Ceil,
    };
    // A basis point has four decimals, so the factor is exact.
    let factor = Decimal::from_mantissa(i128::from(BPS_PER_ONE + bps) * BPS.mantissa());
    mid.get().checked_mul(factor, rounding).map(Px::new)
}
