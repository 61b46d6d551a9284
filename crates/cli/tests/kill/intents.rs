//! The intents that are sent: the same number is the same intent, in every life.

use crate::rng::Rng;
use serde_json::json;

/// Books, and the plane each trades on.
const BOOKS: [&str; 3] = ["on-paper", "on-stub", "on-stub"];
/// The stub fills the first, rejects the second and fills half of the third.
pub(crate) const INSTRUMENTS: [(&str, &str); 3] =
    [("BINANCE", "BTCUSDT"), ("NASDAQ", "AAPL"), ("NASDAQ", "MSFT")];
const ACTIONS: [(&str, &str); 5] =
    [("add", "0.5"), ("add", "0.2"), ("trim", "0.5"), ("hold", "0"), ("exit", "1")];

pub(crate) struct Intents {
    seed: u64,
}

impl Intents {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed }
    }

    pub(crate) fn id(n: u64) -> String {
        format!("kill-{n:07}")
    }

    /// One line, its ending included.
    pub(crate) fn line(&self, n: u64) -> String {
        let mut rng = Rng::new(self.seed ^ n.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let mut pick = |count: u64| usize::try_from(rng.below(count)).expect("a small number");
        let (book, (venue, symbol)) = (BOOKS[pick(3)], INSTRUMENTS[pick(3)]);
        // Additions come more often, so that there is something to close.
        let (action, size) = ACTIONS[pick(8).min(4) * usize::from(pick(2) == 0)];
        let intent = json!({
            "action": action,
            "size_frac": size.parse::<f64>().expect("a number"),
            "urgency": if pick(4) == 0 { "critical" } else { "medium" },
            "priority": 50,
            "state": "S1",
            "a_final": 0.5,
            "e_final": 0.1,
            "position_id": format!("position-{symbol}"),
            "token_contract": symbol,
            "token_chain": venue,
            "book_id": book,
            "timeframe": "1h",
        });
        format!("{}\n", json!({ "intent_id": Self::id(n), "intent": intent }))
    }
}
