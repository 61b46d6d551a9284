//! Exposure to the instrument's sector stays within the cap of every sector, and within its own: everything anybody holds of the
//! sector on the plane of the order, counted as gross exposure is. Instruments that name no sector share one. An order that
//! leaves the worst case no larger than it was passes, and so does a safety exit, before anything is compared. Where the
//! rules reduce, the largest quantity that fits remains; none that fits is a refusal. Figures: exposure with this order
//! and the cap, in quote currency.

use super::groups::{Group, hold_group};
use super::{Case, Draft, Finding};
use crate::Denial;
use fillwright_domain::Constraint;
use fillwright_policy::Level;

pub(super) fn judge(case: &Case, draft: &mut Draft) -> Result<Finding, Denial> {
    let envelope = &case.rulebook.envelope;
    let every = (Level::EverySector, &envelope.every_sector);
    hold_group::<Sector>(
        case,
        draft,
        |place| place.sector,
        every,
        || {
            let name = case.groups()?.0;
            Ok(envelope.sectors.get(name).map(|own| (Level::Sector(name), own)))
        },
    )
}

struct Sector;

impl Group for Sector {
    const DENIAL: Denial = Denial::SectorExposureAboveCap;
    const CONSTRAINT: Constraint = Constraint::SectorExposure;
}
