//! Where logical time comes from. The kernel is given it and never asks.

use fillwright_domain::Timestamp;

/// A source of logical time.
pub trait Clock {
    /// The time of the next input. Never earlier than the one before.
    fn now(&mut self) -> Timestamp;
}

/// The machine's clock, held back where it jumps backwards.
#[derive(Debug, Default)]
pub struct SystemClock {
    last_ns: i64,
}

impl Clock for SystemClock {
    fn now(&mut self) -> Timestamp {
        let ns = i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX);
        self.last_ns = self.last_ns.max(ns);
        Timestamp::from_ns(self.last_ns)
    }
}

/// A clock that starts where it is told and moves by the same step at every reading: runs that repeat to the byte.
#[derive(Debug)]
pub struct ScriptedClock {
    next_ns: i64,
    step_ns: i64,
}

impl ScriptedClock {
    /// A clock from `start`, moving `step_ns` nanoseconds a reading.
    pub fn new(start: Timestamp, step_ns: i64) -> Self {
        Self { next_ns: start.as_ns(), step_ns }
    }
}

impl Clock for ScriptedClock {
    fn now(&mut self) -> Timestamp {
        let now = Timestamp::from_ns(self.next_ns);
        self.next_ns = self.next_ns.saturating_add(self.step_ns);
        now
    }
}
