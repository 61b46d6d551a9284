//! A ledger on pages: an entry of the journal holds only so much.

use fillwright_domain::{
    Plane, StatedFill, StatedFills, StatedOrder, StatedOrders, StatedPosition, Statement, Timestamp,
};

/// Orders and fills of one page, each; fills of one instant stay together.
const PAGE: usize = 1_000;

/// All that a plane states.
pub(super) struct StatedLedger {
    pub(super) plane: Plane,
    pub(super) as_of: Timestamp,
    /// By name.
    pub(super) orders: Vec<StatedOrder>,
    pub(super) fills_behind: Timestamp,
    /// By time.
    pub(super) fills: Vec<StatedFill>,
    pub(super) positions: Vec<StatedPosition>,
}

impl StatedLedger {
    /// One statement a page; the last has the positions.
    pub(super) fn pages(self) -> Vec<Statement> {
        let (orders, fills) = (self.order_pages(), self.fill_pages());
        let last = orders.len().max(fills.len()) - 1;
        let no_fills = StatedFills { behind: self.as_of, to: self.as_of, fills: Vec::new() };
        let page = |page| Statement {
            plane: self.plane,
            as_of: self.as_of,
            orders: orders.get(page).cloned().unwrap_or_else(StatedOrders::none),
            fills: fills.get(page).unwrap_or(&no_fills).clone(),
            positions: (page == last).then(|| self.positions.clone()),
        };
        (0..=last).map(page).collect()
    }

    /// Every name is in the range of one page.
    fn order_pages(&self) -> Vec<StatedOrders> {
        let mut pages: Vec<StatedOrders> = Vec::new();
        for chunk in self.orders.chunks(PAGE) {
            let behind = pages.last().and_then(|page| page.to);
            let to = chunk.last().map(|order| order.order_intent_id);
            pages.push(StatedOrders { behind, to, orders: chunk.to_vec() });
        }
        match pages.last_mut() {
            Some(last) => last.to = None,
            None => pages.push(StatedOrders::default()),
        }
        pages
    }

    /// Every instant is in the span of one page.
    fn fill_pages(&self) -> Vec<StatedFills> {
        let mut pages: Vec<StatedFills> = Vec::new();
        let mut left = self.fills.as_slice();
        while let Some(at) = left.get(PAGE.min(left.len()).wrapping_sub(1)) {
            let to = at.transact_at;
            let (chunk, rest) = left.split_at(left.partition_point(|fill| fill.transact_at <= to));
            let behind = pages.last().map_or(self.fills_behind, |page| page.to);
            pages.push(StatedFills { behind, to, fills: chunk.to_vec() });
            left = rest;
        }
        if pages.is_empty() {
            let (behind, to) = (self.fills_behind, self.as_of);
            pages.push(StatedFills { behind, to, fills: Vec::new() });
        }
        if let Some(last) = pages.last_mut() {
            last.to = self.as_of;
        }
        pages
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fillwright_domain::{
        ExecId, InstrumentId, IntentId, IntentKey, Notional, OrderIntentId, Px, Qty,
    };

    fn at(ns: i64) -> Timestamp {
        Timestamp::from_ns(ns)
    }

    fn order(n: usize) -> OrderIntentId {
        let intent = IntentId::new(format!("I{n}"));
        OrderIntentId::derive(IntentKey::derive("main", &intent), 1)
    }

    fn ledger(orders: usize, fills: usize) -> StatedLedger {
        let mut orders: Vec<StatedOrder> = (0..orders)
            .map(|n| StatedOrder {
                order_intent_id: order(n),
                instrument_id: InstrumentId::new("SIM:ABC"),
                qty: Qty::ZERO,
                cum_qty: Qty::ZERO,
                is_open: true,
                moved_at: at(0),
            })
            .collect();
        orders.sort_by_key(|order| order.order_intent_id);
        // Three at an instant.
        let fills = (0..fills).zip(0_i64..).map(|(n, number)| StatedFill {
            order_intent_id: order(n),
            exec_id: ExecId::new("0"),
            instrument_id: InstrumentId::new("SIM:ABC"),
            last_qty: Qty::ZERO,
            last_px: Px::ZERO,
            fee: Notional::ZERO,
            transact_at: at(1 + number / 3),
            moved_at: at(1 + number / 3),
        });
        StatedLedger {
            plane: Plane::LiveStub,
            as_of: at(1_000_000),
            orders,
            fills_behind: at(0),
            fills: fills.collect(),
            positions: Vec::new(),
        }
    }

    #[test]
    fn every_order_and_every_fill_stands_on_one_page_and_the_positions_on_the_last() {
        for (orders, fills, pages) in
            [(0, 0, 1), (1, 0, 1), (1_000, 1, 1), (1_001, 3, 2), (1, 2_500, 3), (0, 1_000, 1)]
        {
            let stated = ledger(orders, fills).pages();
            assert_eq!(stated.len(), pages, "{orders} orders and {fills} fills");
            for n in 0..orders {
                let covering = stated.iter().filter(|page| page.orders.covers(order(n)));
                assert_eq!(covering.count(), 1, "order {n} of {orders}");
            }
            for ns in (1..400).chain([1_000_000]) {
                let covering = stated.iter().filter(|page| page.fills.covers(at(ns)));
                assert_eq!(covering.count(), 1, "{ns} ns, {fills} fills");
            }
            let all_orders: usize = stated.iter().map(|page| page.orders.orders.len()).sum();
            let all_fills: usize = stated.iter().map(|page| page.fills.fills.len()).sum();
            assert_eq!((all_orders, all_fills), (orders, fills));
            let with_positions = stated.iter().filter(|page| page.positions.is_some()).count();
            assert_eq!(with_positions, 1);
        }
    }
}
