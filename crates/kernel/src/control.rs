//! The global kill switch: one person stops, two release.

use crate::event::Refusal;
use crate::{Event, State};
use fillwright_domain::{Principal, Text};
use fillwright_policy::Role;
use minicbor::{Decode, Encode};

/// Whether trading is halted, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct Control {
    #[n(0)]
    halted_by: Option<Principal>,
    #[n(1)]
    release_requested_by: Option<Principal>,
}

impl Control {
    /// Whether the kill switch is engaged.
    pub fn is_halted(&self) -> bool {
        self.halted_by.is_some()
    }

    /// Who engaged the kill switch.
    pub fn halted_by(&self) -> Option<&Principal> {
        self.halted_by.as_ref()
    }

    /// Who asked first to release it.
    pub fn release_requested_by(&self) -> Option<&Principal> {
        self.release_requested_by.as_ref()
    }

    pub(crate) fn engage(&mut self, by: Principal) {
        *self = Self { halted_by: Some(by), release_requested_by: None };
    }

    pub(crate) fn request_release(&mut self, by: Principal) {
        self.release_requested_by = Some(by);
    }

    pub(crate) fn release(&mut self) {
        *self = Self::default();
    }
}

/// Halts trading and asks for every working order to be cancelled.
pub(crate) fn engage(state: &State, by: &Principal, reason: &Text) -> Vec<Event> {
    if by.is_empty() {
        return refuse(Refusal::Anonymous, by);
    }
    // Somebody says stop while a release is half given: the halt begins anew, and with it the two signatures.
    let release_pending = state.control.release_requested_by.is_some();
    if state.control.is_halted() && !release_pending {
        return refuse(Refusal::AlreadyEngaged, by);
    }
    let mut events = vec![Event::KillSwitchEngaged { by: by.clone(), reason: reason.clone() }];
    events.extend(state.orders.cancel_all());
    events
}

/// Ends a halt once two different people have asked for it, one of them holding `Risk`. A first request of somebody who
/// may not ask any more does not count.
pub(crate) fn release(state: &State, by: &Principal, reason: &Text) -> Vec<Event> {
    if let Err(why) = state.may(by, &Role::ENDS_STOPS) {
        return refuse(why, by);
    }
    if !state.control.is_halted() {
        return refuse(Refusal::NotEngaged, by);
    }
    let first = state.control.release_requested_by();
    let Some(first) = first.filter(|first| state.may(first, &Role::ENDS_STOPS).is_ok()) else {
        return vec![Event::KillSwitchReleaseRequested { by: by.clone(), reason: reason.clone() }];
    };
    match state.may_release(first, by) {
        Err(why) => refuse(why, by),
        Ok(()) => vec![Event::KillSwitchReleased {
            by: by.clone(),
            requested_by: first.clone(),
            reason: reason.clone(),
        }],
    }
}

fn refuse(why: Refusal, by: &Principal) -> Vec<Event> {
    vec![Event::InputRefused { why, by: Some(by.clone()) }]
}
