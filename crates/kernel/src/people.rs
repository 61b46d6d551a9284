//! Who may ask for what, by the people of the rules in force.

use crate::State;
use crate::event::Refusal;
use fillwright_domain::Principal;
use fillwright_policy::Role;

impl State {
    /// Whether somebody may ask for what takes one of these roles: named, known, enabled, and holding one of them now.
    ///
    /// # Errors
    ///
    /// The first reason why not. Before rules are in force nobody is known.
    pub fn may(&self, by: &Principal, roles: &[Role]) -> Result<(), Refusal> {
        if by.is_empty() {
            return Err(Refusal::Anonymous);
        }
        let people = self.rulebook.as_ref().map(|rulebook| &rulebook.people);
        let person = people.and_then(|people| people.get(by)).ok_or(Refusal::PersonUnknown)?;
        if !person.enabled {
            return Err(Refusal::PersonDisabled);
        }
        if roles.iter().any(|role| person.roles.contains(role)) {
            Ok(())
        } else {
            Err(Refusal::RoleMissing)
        }
    }

    /// Whether somebody may put rules in force. The first rules take a name only, because nobody is known before them.
    ///
    /// # Errors
    ///
    /// The first reason why not.
    pub fn may_adopt(&self, by: &Principal) -> Result<(), Refusal> {
        match &self.rulebook {
            None if by.is_empty() => Err(Refusal::Anonymous),
            None => Ok(()),
            Some(_) => self.may(by, &[Role::Risk]),
        }
    }

    /// Whether somebody may register runs.
    ///
    /// # Errors
    ///
    /// The first reason why not.
    pub fn may_register(&self, by: &Principal) -> Result<(), Refusal> {
        self.may(by, &[Role::Admin, Role::Risk])
    }

    /// Whether two people may end a stop together: different ones, each allowed to ask, one of them holding `Risk`.
    pub(crate) fn may_release(&self, first: &Principal, second: &Principal) -> Result<(), Refusal> {
        if first == second {
            return Err(Refusal::SamePerson);
        }
        let has_risk = |by| self.may(by, &[Role::Risk]).is_ok();
        if has_risk(first) || has_risk(second) { Ok(()) } else { Err(Refusal::RoleMissing) }
    }
}
