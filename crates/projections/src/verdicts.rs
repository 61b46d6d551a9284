//! Verdicts as streams and tables show them.

use fillwright_domain::{Decimal, Qty, Text};
use fillwright_kernel::{Gate, Ruling, Verdict, Verdicts};
use serde::{Serialize, Serializer};

/// What the gates decided together.
pub(crate) fn decision(verdicts: &Verdicts) -> &'static str {
    let reduced =
        verdicts.said().iter().any(|verdict| matches!(verdict.ruling, Ruling::Reduce { .. }));
    match verdicts.refusal().map(|verdict| verdict.ruling) {
        Some(Ruling::Deny { .. }) => "deny",
        Some(Ruling::Skip { .. }) => "skip",
        _ if reduced => "reduce",
        _ => "allow",
    }
}

/// Whether a gate of the risk envelope stood in the way.
pub(crate) fn is_breach(verdict: &Verdict) -> bool {
    let guards_risk = matches!(
        verdict.gate,
        Gate::OrderQuantity
            | Gate::OrderNotional
            | Gate::PositionLimit
            | Gate::Leverage
            | Gate::AssetExposure
            | Gate::GrossExposure
            | Gate::NetExposure
            | Gate::SectorExposure
            | Gate::ClusterExposure
            | Gate::OpenOrders
            | Gate::Drawdown
            | Gate::RegimeParity
    );
    guards_risk && matches!(verdict.ruling, Ruling::Reduce { .. } | Ruling::Deny { .. })
}

/// A verdict, flat; what does not apply is left out.
#[derive(Debug, Serialize)]
pub(crate) struct VerdictLine {
    gate: Gate,
    ruling: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Qty>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<Text>,
}

impl VerdictLine {
    pub(crate) fn of(verdict: &Verdict) -> Self {
        let (ruling, reason, to) = match verdict.ruling {
            Ruling::Allow => ("allow", None, None),
            Ruling::Reduce { to } => ("reduce", None, Some(to)),
            Ruling::Bypass => ("bypass", None, None),
            Ruling::Deny { reason } => ("deny", Some(reason.code()), None),
            Ruling::Skip { reason } => ("skip", Some(reason.code()), None),
        };
        let figures = verdict.figures.as_ref();
        Self {
            gate: verdict.gate,
            ruling,
            reason,
            to,
            asked: figures.map(|figures| figures.asked),
            limit: figures.map(|figures| figures.limit),
            rule: verdict.rule.clone(),
        }
    }
}

/// Verdicts in the order of the gates.
pub(crate) struct VerdictLines<'a>(pub(crate) Option<&'a Verdicts>);

impl Serialize for VerdictLines<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let verdicts = self.0.into_iter().flat_map(Verdicts::iter);
        serializer.collect_seq(verdicts.map(|verdict| VerdictLine::of(&verdict)))
    }
}
