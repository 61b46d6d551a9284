//! Venues' health, as whatever watches them says, or a person. To say that a venue works worse takes a name; to say that it
//! works again lets orders through, and takes a role.

use super::{FlowEvent, refuse};
use crate::event::Refusal;
use crate::{Event, State};
use fillwright_domain::{HealthStatus, Principal, Text, VenueId};
use fillwright_policy::Role;
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

/// Venues somebody told of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct Venues(#[n(0)] BTreeMap<VenueId, HealthStatus>);

impl Venues {
    /// How a venue is, where anybody told.
    pub fn get(&self, venue: &VenueId) -> Option<HealthStatus> {
        self.0.get(venue).copied()
    }

    /// Every venue somebody told of.
    pub fn iter(&self) -> impl Iterator<Item = (&VenueId, HealthStatus)> {
        self.0.iter().map(|(venue, status)| (venue, *status))
    }

    pub(crate) fn set(&mut self, venue: VenueId, status: HealthStatus) {
        self.0.insert(venue, status);
    }
}

/// Notes a venue's health, unless the venue is unknown, nothing changed, or somebody may not say so.
pub(crate) fn change(
    state: &State,
    venue_id: &VenueId,
    status: HealthStatus,
    by: Option<&Principal>,
    reason: Option<&Text>,
) -> Vec<Event> {
    let known = state.rulebook.as_ref().is_some_and(|rules| rules.venues.contains_key(venue_id));
    if !known {
        return refuse(Refusal::VenueUnknown, by);
    }
    let before = state.flow.venues.get(venue_id);
    if before == Some(status) {
        return refuse(Refusal::NothingNew, by);
    }
    let is_worse = status > before.unwrap_or(HealthStatus::Up);
    if let Some(why) = by.and_then(|by| may_say(state, by, is_worse).err()) {
        return refuse(why, by);
    }
    let (venue_id, by, reason) = (venue_id.clone(), by.cloned(), reason.cloned());
    vec![Event::Flow(FlowEvent::VenueHealthChanged { venue_id, status, by, reason })]
}

/// A stop takes a name; what ends one takes somebody who may end stops.
fn may_say(state: &State, by: &Principal, is_worse: bool) -> Result<(), Refusal> {
    match is_worse {
        true if by.is_empty() => Err(Refusal::Anonymous),
        true => Ok(()),
        false => state.may(by, &Role::ENDS_STOPS),
    }
}
