//! From the figures of a period to recommendations, each with what it rests on. Below the thresholds nothing is said.

use super::{Assessment, Entries, LimitUse, Track, Widened};
use crate::incidents_log::IncidentRecord;
use fillwright_domain::{BookId, IncidentCategory, LaneId, Place, StrategyId};
use fillwright_kernel::Gate;
use fillwright_policy::execution_metrics::{
    DemoteThresholds, ExecutionMetricsSpec, LoosenThresholds, PromoteThresholds, TightenThresholds,
};
use fillwright_policy::{Book, Rulebook};
use serde::Serialize;
use std::collections::BTreeSet;

/// What is recommended, of what, and why. Nothing follows from it by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recommendation {
    /// What to do.
    pub kind: Kind,
    /// With what.
    pub subject: Subject,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Let a strategy go further.
    Promote,
    /// Let a strategy go back.
    Demote,
    /// Make a limit narrower.
    Tighten,
    /// Make a limit wider.
    Loosen,
}

/// With what to do it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A strategy, with the lanes its books name.
    Strategy {
        /// The strategy.
        strategy_id: StrategyId,
        /// The lanes.
        lanes: BTreeSet<LaneId>,
    },
    /// A limit, as one book meets it.
    Limit {
        /// The gate that holds it.
        gate: Gate,
        /// The book.
        book_id: BookId,
        /// The levels of the envelope that refused.
        levels: Vec<String>,
    },
    /// A value of the rules that was changed.
    Value {
        /// Where it stands in the rulebook.
        path: String,
        /// What it was.
        before: Option<String>,
        /// What it became.
        after: Option<String>,
    },
}

/// A figure that was held against a threshold, and the entries that prove it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// What was measured, with its unit.
    pub measure: &'static str,
    /// What was found.
    pub found: i64,
    /// The threshold it met.
    pub threshold: i64,
    /// The entries behind it.
    pub entries: Entries,
}

/// Everything that is recommended: strategies by name, then limits, then values that were changed.
pub(super) fn all(of: &Assessment, spec: &ExecutionMetricsSpec) -> Vec<Recommendation> {
    let strategies = of.strategies.iter().filter_map(|(strategy_id, track)| {
        let case = Case { of, strategy_id, track };
        case.demote(&spec.demote).or_else(|| case.promote(&spec.promote))
    });
    let limits = of.limits.iter().filter_map(|((gate, book_id), used)| {
        let limit = Limit { of, gate: *gate, book_id, used };
        limit.loosen(&spec.loosen).or_else(|| limit.tighten(&spec.tighten))
    });
    let values = of.widened.iter().filter_map(|widened| take_back(of, widened, &spec.tighten));
    strategies.chain(limits).chain(values).collect()
}

/// A strategy, and what became of its orders.
struct Case<'a> {
    of: &'a Assessment,
    strategy_id: &'a StrategyId,
    track: &'a Track,
}

impl Case<'_> {
    fn promote(&self, least: &PromoteThresholds) -> Option<Recommendation> {
        let track = self.track;
        let orders =
            at_least("orders", track.orders.count, least.orders_min.max(1), &track.orders)?;
        let rejected = track.rejected_percent().unwrap_or_default();
        let rejected =
            at_most("rejected_percent", rejected, least.rejected_percent_max, &track.rejected)?;
        let incidents = self.incidents(|_| true);
        let incidents = at_most("incidents", incidents.count, least.incidents_max, &incidents)?;
        let mut evidence = vec![orders, rejected, incidents];
        if let Some(bps) = track.slippage_p95_bps {
            let most = least.slippage_p95_bps_max;
            let entries = track.slipped_by(bps);
            let slippage = Evidence { entries, ..figure("slippage_p95_bps", bps, most) };
            evidence.push(Some(slippage).filter(|_| bps <= most)?);
        }
        self.is_enabled().then(|| self.recommend(Kind::Promote, evidence))
    }

    fn demote(&self, least: &DemoteThresholds) -> Option<Recommendation> {
        let evidence: Vec<Evidence> =
            [self.too_many_rejected(least), self.slips_too_far(least), self.serious(least)]
                .into_iter()
                .flatten()
                .collect();
        (!evidence.is_empty()).then(|| self.recommend(Kind::Demote, evidence))
    }

    fn too_many_rejected(&self, least: &DemoteThresholds) -> Option<Evidence> {
        let track = self.track;
        let percent =
            track.rejected_percent().filter(|_| track.orders.count >= least.orders_min)?;
        at_least("rejected_percent", percent, least.rejected_percent_min, &track.rejected)
    }

    fn slips_too_far(&self, least: &DemoteThresholds) -> Option<Evidence> {
        let (track, threshold) = (self.track, least.slippage_p95_bps_min);
        let bps = track.slippage_p95_bps.filter(|_| track.priced >= least.orders_min)?;
        let entries = track.slipped_by(threshold);
        let evidence = Evidence { entries, ..figure("slippage_p95_bps", bps, threshold) };
        (bps >= threshold).then_some(evidence)
    }

    fn serious(&self, least: &DemoteThresholds) -> Option<Evidence> {
        let own = format!("strategy:{}", self.strategy_id);
        let serious = self.incidents(|incident| {
            incident.severity.is_serious() && incident.scope.to_string() == own
        });
        at_least("serious_incidents", serious.count, least.serious_incidents_min.max(1), &serious)
    }

    /// Incidents that concern the strategy.
    fn incidents(&self, is_meant: impl Fn(&IncidentRecord) -> bool) -> Entries {
        let incidents = self.of.incidents.incidents.iter();
        let meant = incidents.filter(|incident| self.is_concerned(incident) && is_meant(incident));
        Entries::of(meant.map(|incident| incident.seq))
    }

    fn is_concerned(&self, incident: &IncidentRecord) -> bool {
        let nowhere = Place { strategy_id: Some(self.strategy_id), ..Place::default() };
        let places = self.books().map(|book| Place {
            lane: book.lane.as_ref(),
            account: Some(&book.account),
            ..nowhere
        });
        places.chain([nowhere]).any(|place| incident.scope.covers(&place))
    }

    fn rules(&self) -> Option<&Rulebook> {
        self.of.rules.as_deref()
    }

    fn books(&self) -> impl Iterator<Item = &Book> {
        let books = self.rules().into_iter().flat_map(|rules| rules.books.values());
        books.filter(|book| book.strategy_id == *self.strategy_id)
    }

    fn is_enabled(&self) -> bool {
        let strategy = self.rules().and_then(|rules| rules.strategies.get(self.strategy_id));
        strategy.is_some_and(|strategy| strategy.enabled)
    }

    fn recommend(&self, kind: Kind, evidence: Vec<Evidence>) -> Recommendation {
        let lanes = self.books().filter_map(|book| book.lane.clone()).collect();
        let subject = Subject::Strategy { strategy_id: self.strategy_id.clone(), lanes };
        Recommendation { kind, subject, evidence }
    }
}

/// A limit as a book meets it, and how it was used.
struct Limit<'a> {
    of: &'a Assessment,
    gate: Gate,
    book_id: &'a BookId,
    used: &'a LimitUse,
}

impl Limit<'_> {
    fn loosen(&self, least: &LoosenThresholds) -> Option<Recommendation> {
        let used = self.used;
        let refused = used.refused();
        let judged = at_least("intents", used.judged, least.intents_min, &Entries::default())?;
        let percent = used.refused_percent().filter(|_| refused.count > 0)?;
        let percent = at_least("refused_percent", percent, least.refused_percent_min, &refused)?;
        let incidents = Entries::of(risky(self.of).map(|incident| incident.seq));
        let calm = at_most("incidents", incidents.count, least.incidents_max, &incidents)?;
        Some(self.recommend(Kind::Loosen, vec![judged, percent, calm]))
    }

    fn tighten(&self, least: &TightenThresholds) -> Option<Recommendation> {
        let used = self.used;
        let judged = at_least("intents", used.judged, least.intents_min, &Entries::default())?;
        let (percent, seq) = used.most_used()?;
        let most = Entries::of([seq]);
        let percent = at_most("used_percent", percent, least.used_percent_max, &most)?;
        Some(self.recommend(Kind::Tighten, vec![judged, percent]))
    }

    fn recommend(&self, kind: Kind, evidence: Vec<Evidence>) -> Recommendation {
        let levels = self.used.levels.keys().map(ToString::to_string).collect();
        let subject = Subject::Limit { gate: self.gate, book_id: self.book_id.clone(), levels };
        Recommendation { kind, subject, evidence }
    }
}

/// A limit that was widened, and behind it more incidents than before.
fn take_back(
    of: &Assessment,
    widened: &Widened,
    least: &TightenThresholds,
) -> Option<Recommendation> {
    let (before, behind): (Vec<u64>, Vec<u64>) =
        risky(of).map(|incident| incident.seq).partition(|seq| *seq < widened.seq);
    let entries = Entries::of(behind);
    let enough = at_least(
        "incidents_behind_change",
        entries.count,
        least.incidents_behind_change_min.max(1),
        &entries,
    )?;
    let change = Evidence {
        entries: Entries::of([widened.seq]),
        ..figure("incidents_before_change", whole(before.len() as u64), whole(entries.count))
    };
    let subject = Subject::Value {
        path: widened.change.path.clone(),
        before: widened.change.before.clone(),
        after: widened.change.after.clone(),
    };
    let is_worse = entries.count > before.len() as u64;
    is_worse.then(|| Recommendation {
        kind: Kind::Tighten,
        subject,
        evidence: vec![enough, change],
    })
}

/// The incidents that say something about limits.
fn risky(of: &Assessment) -> impl Iterator<Item = &IncidentRecord> {
    let kinds = [IncidentCategory::Risk, IncidentCategory::Execution];
    of.incidents.incidents.iter().filter(move |incident| kinds.contains(&incident.category))
}

fn at_least(measure: &'static str, found: u64, least: u64, entries: &Entries) -> Option<Evidence> {
    let evidence =
        || Evidence { entries: entries.clone(), ..figure(measure, whole(found), whole(least)) };
    (found >= least).then(evidence)
}

fn at_most(measure: &'static str, found: u64, most: u64, entries: &Entries) -> Option<Evidence> {
    let evidence =
        || Evidence { entries: entries.clone(), ..figure(measure, whole(found), whole(most)) };
    (found <= most).then(evidence)
}

fn figure(measure: &'static str, found: i64, threshold: i64) -> Evidence {
    Evidence { measure, found, threshold, entries: Entries::default() }
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
