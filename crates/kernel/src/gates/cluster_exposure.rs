//! Exposure to the instrument's cluster stays within the cap of every cluster, and within its own: everything anybody holds of the
//! cluster on the plane of the order, counted as gross exposure is. Instruments that name no cluster share one. An order that
//! leaves the worst case no larger than it was passes, and so does a safety exit, before anything is compared. Where the
//! rules reduce, the largest quantity that fits remains; none that fits is a refusal. Figures: exposure with this order
//! and the cap, in quote currency.

use super::groups::{Group, hold_group};
use super::{Case, Draft, Finding};
use crate::Denial;
use crate::directory::Found;
use fillwright_domain::Constraint;
use fillwright_policy::{GroupLimits, Level};

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    let every = (Level::EveryCluster, &case.rulebook.envelope.every_cluster);
    hold_group::<Cluster>(case, draft, every)
}

struct Cluster;

impl Group for Cluster {
    const DENIAL: Denial = Denial::ClusterExposureAboveCap;
    const CONSTRAINT: Constraint = Constraint::ClusterExposure;

    fn own<'a>(found: &Found<'a>) -> (u32, Level<'a>, Option<&'a GroupLimits>) {
        let own = found.cluster();
        (found.slot.cluster, Level::Cluster(&own.name), own.limits.as_ref())
    }
}
