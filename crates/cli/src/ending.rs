//! Being asked to end: SIGINT and SIGTERM raise a flag, and work ends where nothing is half done.

use anyhow::{Context, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether somebody asked this process to end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ending(Arc<AtomicBool>);

impl Ending {
    /// Listens for the signals from now on.
    pub(crate) fn listen() -> Result<Self> {
        let ending = Self::default();
        let flag = Arc::clone(&ending.0);
        ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))
            .context("signals cannot be listened for")?;
        Ok(ending)
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
