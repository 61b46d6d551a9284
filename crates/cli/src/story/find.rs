//! From whatever name a person has to the intent it belongs to.

use super::thread::{Thread, exec_id_of, intent_of, is_named, order_of};
use crate::progress;
use crate::reading::{JournalReader, events_of, input_of};
use anyhow::Result;
use fillwright_domain::{IntentId, OrderIntentId};
use fillwright_engine::Home;
use fillwright_kernel::{Event, Input};
use fillwright_projections::{BlotterReader, Paths};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// The fewest letters of an intent id that stand for it.
const PREFIX_MIN: usize = 6;
/// More intents of one beginning than this are not listed.
const LISTED: usize = 8;

/// What a name leads to.
#[derive(Debug)]
pub(crate) enum Found {
    /// One intent.
    Intent(IntentId),
    /// Several, of which the name is the beginning.
    Several(Vec<IntentId>),
    /// None.
    Nothing,
}

/// The intent that a name belongs to: an intent's own id or its beginning, an order's, an outcome's or a report's id, or
/// the file and line it was read at.
pub(crate) fn find(home: &Home, reader: &JournalReader, id: &str) -> Result<Found> {
    if let Some(intent_id) = ask_blotter(home, reader, id)? {
        return Ok(Found::Intent(intent_id));
    }
    let mut search = Search::of(id);
    let bar = progress::counting("searching the journal, at entry");
    reader.each(1, |entry| {
        bar.set_position(entry.seq);
        let events = events_of(entry)?;
        let input = if search.place.is_some() { Some(input_of(entry)?) } else { None };
        Ok(search.take(&events, input.as_ref()))
    })?;
    bar.finish_and_clear();
    match search.order_of_report {
        Some(order) if search.exact.is_none() => find(home, reader, &order.to_string()),
        _ => Ok(search.found()),
    }
}

/// The blotter knows exact names without reading the whole journal, where there is one.
fn ask_blotter(home: &Home, reader: &JournalReader, id: &str) -> Result<Option<IntentId>> {
    let paths = Paths::new(home.data());
    if !paths.blotter().exists() {
        return Ok(None);
    }
    // A blotter that cannot be read is no reason not to explain: the journal says it all.
    let seqs = BlotterReader::open(&paths).and_then(|blotter| blotter.find(id)).unwrap_or_default();
    let Some(first) = seqs.first() else { return Ok(None) };
    let mut intent_id = None;
    reader.one(*first, |entry| {
        intent_id = events_of(entry)?.iter().find_map(intent_of).cloned();
        Ok(())
    })?;
    Ok(intent_id)
}

struct Search<'a> {
    id: &'a str,
    /// The name as a file and a line.
    place: Option<(&'a str, u64)>,
    exact: Option<IntentId>,
    order_of_report: Option<OrderIntentId>,
    beginnings: BTreeSet<IntentId>,
}

impl<'a> Search<'a> {
    fn of(id: &'a str) -> Self {
        Self {
            id,
            place: place_of(id),
            exact: None,
            order_of_report: None,
            beginnings: BTreeSet::new(),
        }
    }

    fn take(&mut self, events: &[Event], input: Option<&Input>) -> ControlFlow<()> {
        let named = events.iter().find(|event| self.names(event)).and_then(intent_of);
        let placed =
            input.filter(|input| self.is_placed(input)).and(events.iter().find_map(intent_of));
        if let Some(intent_id) = named.or(placed) {
            self.exact = Some(intent_id.clone());
            return ControlFlow::Break(());
        }
        for event in events {
            if exec_id_of(event) == Some(self.id) {
                self.order_of_report = order_of(event);
                return ControlFlow::Break(());
            }
            if let Event::IntentAccepted { intent_id, .. } = event
                && self.id.len() >= PREFIX_MIN
                && intent_id.as_str().starts_with(self.id)
                && self.beginnings.len() < LISTED
            {
                self.beginnings.insert(intent_id.clone());
            }
        }
        ControlFlow::Continue(())
    }

    fn names(&self, event: &Event) -> bool {
        let is_order = |event: &Event| match event {
            Event::OrderEmitted { order, .. } => is_named(order.order_intent_id, self.id),
            _ => false,
        };
        intent_of(event).is_some_and(|intent_id| intent_id.as_str() == self.id) || is_order(event)
    }

    fn is_placed(&self, input: &Input) -> bool {
        let Input::SubmitIntent { intent, .. } = input else { return false };
        self.place == Some((intent.origin.source.as_str(), intent.origin.line))
    }

    fn found(self) -> Found {
        let mut beginnings: Vec<IntentId> = self.beginnings.into_iter().collect();
        match (self.exact, beginnings.len()) {
            (Some(intent_id), _) => Found::Intent(intent_id),
            (None, 0) => Found::Nothing,
            (None, 1) => Found::Intent(beginnings.remove(0)),
            (None, _) => Found::Several(beginnings),
        }
    }
}

/// A name as a file and a line: `10-uptrend.ndjson:3`.
pub(crate) fn place_of(id: &str) -> Option<(&str, u64)> {
    let (source, line) = id.rsplit_once(':')?;
    let line = line.parse().ok()?;
    (!source.is_empty()).then_some((source, line))
}

/// The entries that speak of an intent. The blotter says which, as far as it has come; behind that they are looked for.
pub(crate) fn entries_of(
    home: &Home,
    reader: &JournalReader,
    intent_id: &IntentId,
) -> Result<BTreeSet<u64>> {
    let (mut seqs, from) = known_to_blotter(home, intent_id);
    let thread = Thread::of_intent(&reader.options.partition, intent_id.as_str());
    let bar = progress::counting("gathering the story, at entry");
    reader.each(from, |entry| {
        bar.set_position(entry.seq);
        if thread.is_in(&events_of(entry)?) {
            seqs.insert(entry.seq);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    bar.finish_and_clear();
    Ok(seqs)
}

/// The entries the blotter knows of, and the first it has not taken in.
fn known_to_blotter(home: &Home, intent_id: &IntentId) -> (BTreeSet<u64>, u64) {
    let paths = Paths::new(home.data());
    let known = || {
        let blotter = BlotterReader::open(&paths).ok()?;
        let from = blotter.cursor().ok()? + 1;
        let seqs: BTreeSet<u64> = blotter.find(intent_id.as_str()).ok()?.into_iter().collect();
        (!seqs.is_empty()).then_some((seqs, from))
    };
    let known = if paths.blotter().exists() { known() } else { None };
    known.unwrap_or((BTreeSet::new(), 1))
}
