//! Venues' health, as whatever watches them says.

use super::{FlowEvent, refuse};
use crate::event::Refusal;
use crate::{Event, State};
use fillwright_domain::{HealthStatus, VenueId};
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

/// Notes a venue's health, unless the venue is unknown or nothing changed.
pub(crate) fn change(state: &State, venue_id: &VenueId, status: HealthStatus) -> Vec<Event> {
    let known = state.rulebook.as_ref().is_some_and(|rules| rules.venues.contains_key(venue_id));
    if !known {
        return refuse(Refusal::VenueUnknown, None);
    }
    if state.flow.venues.get(venue_id) == Some(status) {
        return refuse(Refusal::NothingNew, None);
    }
    let venue_id = venue_id.clone();
    vec![Event::Flow(FlowEvent::VenueHealthChanged { venue_id, status })]
}
