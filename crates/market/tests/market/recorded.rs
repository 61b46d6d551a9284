//! Where the recordings are, and the way through one.

use fillwright_market::{MarketEvent, Source};
use std::path::{Path, PathBuf};

/// A recording; nothing, and a line that says so, where there are none.
pub(crate) fn recorded(path: &str) -> Option<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let file = data.join(path);
    if file.exists() {
        return Some(file);
    }
    eprintln!("skipped: {} is not here", file.display());
    None
}

/// Every event of a source, in order.
pub(crate) fn events(source: &mut dyn Source) -> Vec<MarketEvent> {
    let mut events = Vec::new();
    each(source, |event| events.push(event.clone()));
    events
}

/// Looks at every event of a source.
pub(crate) fn each(source: &mut dyn Source, mut look: impl FnMut(&MarketEvent)) {
    let mut event = MarketEvent::default();
    while source.read(&mut event).expect("a recording that can be read") {
        look(&event);
    }
}
