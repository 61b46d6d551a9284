//! Several sources as one, in the order of their receive times.

use crate::event::{InstrumentNo, MarketEvent};
use crate::refused::Refused;
use crate::source::{Listing, Listings, MarketError, Source};

/// Several sources as one. Of events received at the same instant, that of the source named first comes first, so the
/// order is always the same. Each source must be in order itself; where one is not, its events come as soon as they can.
pub struct Merged {
    sources: Vec<Head>,
    listings: Listings,
    refused: Refused,
    has_begun: bool,
}

/// A source and its next event.
struct Head {
    source: Box<dyn Source>,
    next: MarketEvent,
    is_there: bool,
    /// What its instruments are called here.
    numbers: Vec<InstrumentNo>,
}

impl Merged {
    /// These sources as one.
    pub fn new(sources: Vec<Box<dyn Source>>) -> Self {
        let head = |source| Head {
            source,
            next: MarketEvent::default(),
            is_there: false,
            numbers: Vec::new(),
        };
        Self {
            sources: sources.into_iter().map(head).collect(),
            listings: Listings::default(),
            refused: Refused::default(),
            has_begun: false,
        }
    }

    fn advance(&mut self, index: usize) -> Result<(), MarketError> {
        let head = &mut self.sources[index];
        head.is_there = head.source.read(&mut head.next)?;
        let listed = head.source.listings();
        for Listing { instrument, zone } in &listed[head.numbers.len()..] {
            head.numbers.push(self.listings.number(instrument, zone));
        }
        if head.is_there {
            head.next.instrument = head.numbers[head.next.instrument.index()];
            return Ok(());
        }
        self.refused.extend(head.source.refused());
        Ok(())
    }
}

impl Source for Merged {
    fn listings(&self) -> &[Listing] {
        self.listings.all()
    }

    fn read(&mut self, event: &mut MarketEvent) -> Result<bool, MarketError> {
        if !self.has_begun {
            self.has_begun = true;
            (0..self.sources.len()).try_for_each(|index| self.advance(index))?;
        }
        let heads = self.sources.iter().enumerate().filter(|(_, head)| head.is_there);
        let Some((index, _)) = heads.min_by_key(|(_, head)| head.next.received_at) else {
            return Ok(false);
        };
        std::mem::swap(event, &mut self.sources[index].next);
        self.advance(index)?;
        Ok(true)
    }

    /// What the sources refused that have ended.
    fn refused(&self) -> &Refused {
        &self.refused
    }

    fn bytes_taken(&self) -> u64 {
        self.sources.iter().map(|head| head.source.bytes_taken()).sum()
    }
}
