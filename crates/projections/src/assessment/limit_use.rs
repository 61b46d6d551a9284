//! How a limit was used in a period: what was held against it, how near it came, what it refused.

use super::Entries;
use fillwright_domain::{Decimal, Rounding, Text};
use fillwright_kernel::{Figures, Gate, Ruling, Verdict};
use serde::Serialize;
use std::collections::BTreeMap;

/// The gates that hold one figure against a cap. Only of them can more or less of a cap be used.
const CAPS: [Gate; 12] = [
    Gate::OrderQuantity,
    Gate::OrderNotional,
    Gate::PositionLimit,
    Gate::Leverage,
    Gate::AssetExposure,
    Gate::GrossExposure,
    Gate::NetExposure,
    Gate::SectorExposure,
    Gate::ClusterExposure,
    Gate::OpenOrders,
    Gate::SlippageBudget,
    Gate::PriceCollar,
];

/// The gates that hold an order against what went before it. They refuse like a cap, but no part of them is used by one order.
const PACES: [Gate; 3] = [Gate::MessageRate, Gate::RepeatThrottle, Gate::Participation];

/// Whether a verdict is of a limit: not where an exit passes by, nor where nothing is added.
pub(super) fn is_of_limit(verdict: &Verdict) -> bool {
    let holds = CAPS.contains(&verdict.gate) || PACES.contains(&verdict.gate);
    holds && verdict.figures.is_some() && verdict.ruling != Ruling::Bypass
}

/// How much of a limit was used by the intents of one book, or how often it refused them.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LimitUse {
    /// Intents that were held against it.
    pub judged: u64,
    /// Of them denied by it.
    pub denied: Entries,
    /// Of them cut by it.
    pub cut: Entries,
    /// The levels of the envelope that denied or cut, and how often.
    pub levels: BTreeMap<Text, u64>,
    /// The most of it that was used. Percent, rounded up.
    pub used_percent: Option<u64>,
    /// The entry that used the most.
    pub most_used_in: Option<u64>,
    /// Whether some figure could not be put in relation.
    #[serde(skip)]
    is_unclear: bool,
}

impl LimitUse {
    pub(super) fn note(&mut self, seq: u64, verdict: &Verdict) {
        self.judged += 1;
        match verdict.ruling {
            Ruling::Deny { .. } => self.denied.note(seq),
            Ruling::Reduce { .. } => self.cut.note(seq),
            _ => {}
        }
        if let Some(level) = verdict.rule.as_ref().filter(|_| verdict.ruling != Ruling::Allow) {
            *self.levels.entry(level.clone()).or_default() += 1;
        }
        let is_cap = CAPS.contains(&verdict.gate);
        match verdict.figures.filter(|_| is_cap).map(used) {
            Some(None) => self.is_unclear = true,
            Some(Some(percent)) if self.used_percent.is_none_or(|most| percent > most) => {
                self.used_percent = Some(percent);
                self.most_used_in = Some(seq);
            }
            _ => {}
        }
    }

    /// Intents it denied or cut, in percent of those held against it, rounded down.
    pub(super) fn refused_percent(&self) -> Option<u64> {
        (self.refused().count * 100).checked_div(self.judged)
    }

    /// The most that was used, where that can be told of every intent.
    pub(super) fn most_used(&self) -> Option<(u64, u64)> {
        self.used_percent.zip(self.most_used_in).filter(|_| !self.is_unclear)
    }

    /// Those it denied or cut.
    pub(super) fn refused(&self) -> Entries {
        self.denied.and(&self.cut)
    }
}

/// What part of the limit the figure is, in percent, rounded up; nothing where it cannot be told.
fn used(of: Figures) -> Option<u64> {
    if !of.limit.is_positive() {
        return None;
    }
    let percent = of.asked.checked_mul_div(Decimal::from_int(100), of.limit, Rounding::Up).ok()?;
    let whole = percent.ceil_to(Decimal::ONE).ok()?.mantissa() / Decimal::ONE.mantissa();
    Some(u64::try_from(whole).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(asked: i64, limit: i64) -> Figures {
        Figures { asked: Decimal::from_int(asked), limit: Decimal::from_int(limit) }
    }

    #[test]
    fn what_was_used_is_rounded_up_and_never_below_nothing() {
        assert_eq!(used(figures(1, 3)), Some(34));
        assert_eq!(used(figures(250, 1_000)), Some(25));
        assert_eq!(used(figures(0, 5)), Some(0));
        assert_eq!(used(figures(-1, 5)), Some(0));
        assert_eq!(used(figures(1, 0)), None);
    }
}
