//! Exposure to the instrument's sector stays within the cap of every sector, and within its own: everything anybody holds of the
//! sector on the plane of the order, counted as gross exposure is. Instruments that name no sector share one. An order that
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
    let every = (Level::EverySector, &case.rulebook.envelope.every_sector);
    hold_group::<Sector>(case, draft, every)
}

struct Sector;

impl Group for Sector {
    const DENIAL: Denial = Denial::SectorExposureAboveCap;
    const CONSTRAINT: Constraint = Constraint::SectorExposure;

    fn own<'a>(found: &Found<'a>) -> (u32, Level<'a>, Option<&'a GroupLimits>) {
        let own = found.sector();
        (found.slot.sector, Level::Sector(&own.name), own.limits.as_ref())
    }
}
