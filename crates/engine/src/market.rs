//! The latest quotes the shell has seen: the market context it attaches to inputs.

use fillwright_domain::{InstrumentId, Intent, Px, Quote};
use fillwright_kernel::Input;
use std::collections::BTreeMap;

/// The latest quote of every instrument.
#[derive(Debug, Clone, Default)]
pub struct Quotes(BTreeMap<InstrumentId, Quote>);

impl Quotes {
    /// Takes a quote, unless a later one is known.
    pub fn take(&mut self, instrument_id: InstrumentId, quote: Quote) {
        let known = self.0.get(&instrument_id);
        if known.is_none_or(|known| known.as_of <= quote.as_of) {
            self.0.insert(instrument_id, quote);
        }
    }

    /// The latest quote of an instrument.
    pub fn get(&self, instrument_id: &InstrumentId) -> Option<&Quote> {
        self.0.get(instrument_id)
    }

    /// An intent as an input, with the market as it is now.
    pub fn submit(&self, intent: Intent) -> Input {
        let quote = self.0.get(&intent.instrument_id).cloned();
        Input::submit(intent, quote)
    }

    /// A mark at the mid of every two-sided quote.
    pub fn marks(&self) -> Vec<Input> {
        let usable = self.0.iter().filter(|(_, quote)| quote.is_two_sided());
        let marks = usable.filter_map(|(instrument_id, quote)| {
            let mark_px: Px = quote.mid().ok()?;
            Some(Input::Mark { instrument_id: instrument_id.clone(), mark_px, as_of: quote.as_of })
        });
        marks.collect()
    }
}
