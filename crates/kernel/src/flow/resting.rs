//! The prices our own orders are at work at, so that no two of one account can trade with each other.

use fillwright_domain::{AccountId, Decimal, InstrumentId, OrderIntentId, Px, Side};
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};

/// Where an order rests. An order at the market has the price that crosses everything.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
struct Place {
    #[n(0)]
    account: AccountId,
    #[n(1)]
    instrument_id: InstrumentId,
    #[n(2)]
    side: Side,
    #[n(3)]
    px: Px,
}

/// The prices of one account in one instrument.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
struct Sides {
    #[n(0)]
    buys: BTreeSet<(Px, OrderIntentId)>,
    #[n(1)]
    sells: BTreeSet<(Px, OrderIntentId)>,
}

/// Every order at work, by account and instrument.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct Resting {
    #[n(0)]
    places: BTreeMap<OrderIntentId, Place>,
    #[n(1)]
    sides: BTreeMap<InstrumentId, BTreeMap<AccountId, Sides>>,
}

impl Resting {
    /// The best price of our own orders on the other side: the highest buy against a sell, the lowest sell against a
    /// buy.
    pub fn best_opposite(
        &self,
        account: &AccountId,
        instrument: &InstrumentId,
        side: Side,
    ) -> Option<Px> {
        let sides = self.sides.get(instrument)?.get(account)?;
        let best = match side {
            Side::Buy => sides.sells.first(),
            Side::Sell => sides.buys.last(),
        };
        best.map(|(px, _)| *px)
    }

    pub(crate) fn insert(
        &mut self,
        id: OrderIntentId,
        account: &AccountId,
        instrument_id: &InstrumentId,
        side: Side,
        limit_px: Option<Px>,
    ) {
        let px = limit_px.unwrap_or(match side {
            Side::Buy => Px::new(Decimal::from_mantissa(i128::MAX)),
            Side::Sell => Px::ZERO,
        });
        let account = account.clone();
        let accounts = self.sides.entry(instrument_id.clone()).or_default();
        accounts.entry(account.clone()).or_default().of(side).insert((px, id));
        let instrument_id = instrument_id.clone();
        self.places.insert(id, Place { account, instrument_id, side, px });
    }

    pub(crate) fn remove(&mut self, id: OrderIntentId) {
        let Some(place) = self.places.remove(&id) else { return };
        let Some(accounts) = self.sides.get_mut(&place.instrument_id) else { return };
        if let Some(sides) = accounts.get_mut(&place.account) {
            sides.of(place.side).remove(&(place.px, id));
        }
        accounts.retain(|_, sides| !sides.buys.is_empty() || !sides.sells.is_empty());
        if accounts.is_empty() {
            self.sides.remove(&place.instrument_id);
        }
    }
}

impl Sides {
    fn of(&mut self, side: Side) -> &mut BTreeSet<(Px, OrderIntentId)> {
        match side {
            Side::Buy => &mut self.buys,
            Side::Sell => &mut self.sells,
        }
    }
}
