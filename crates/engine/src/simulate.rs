//! What other rules would have made of recorded intents: every entry decided again under them, one after the other.
//!
//! State carries on: what the proposed rules refuse is not held later, what they let through is. What is recorded of the
//! outside is taken as it was: quotes, marks, times, what people asked for, reports of orders that leave unchanged. An order
//! that leaves otherwise than it did has no recorded fate; it is filled in full at once, as on paper. Versions of the rules
//! that were adopted on the way are passed over: the proposed ones hold throughout.

use crate::redecision::{Decided, Redecision, order_of};
use fillwright_domain::Timestamp;
use fillwright_kernel::{Event, Input, Kernel, Refusal, realised_on_paper};
use fillwright_policy::Rulebook;

/// Recorded entries under other rules.
#[derive(Debug)]
pub struct Simulation<'a> {
    kernel: Kernel,
    proposed: &'a Rulebook,
    /// The rules the record was decided by.
    in_force: Option<Rulebook>,
}

/// What an entry would have led to.
#[derive(Debug)]
pub enum Simulated {
    /// An intent was decided.
    Intent(Box<Redecision>),
    /// What somebody asked for would have been refused and was not.
    Refused(Refusal),
    /// Neither.
    Nothing,
}

impl<'a> Simulation<'a> {
    /// Starts where the record stands, under the proposed rules from there on.
    ///
    /// # Errors
    ///
    /// Why the proposed rules cannot be in force there.
    pub fn start(recorded: &Kernel, proposed: &'a Rulebook) -> Result<Self, Refusal> {
        let in_force = recorded.state().rulebook.clone();
        let kernel = match &in_force {
            Some(rules) if rules != proposed => recorded.under(proposed)?,
            _ => recorded.clone(),
        };
        Ok(Self { kernel, proposed, in_force })
    }

    /// The state so far, under the proposed rules.
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// Decides the next entry again: its input, beside what was recorded of it.
    ///
    /// # Errors
    ///
    /// Why the proposed rules cannot be in force where the record adopted others.
    pub fn take(
        &mut self,
        at: Timestamp,
        input: &Input,
        recorded: &[Event],
    ) -> Result<Simulated, Refusal> {
        self.adopt(recorded)?;
        let events = self.decide(at, input, recorded);
        self.kernel.replay(at, &events);
        Ok(self.compare(input, recorded, &events))
    }

    /// Where the record adopted rules, the proposed ones are adopted instead.
    fn adopt(&mut self, recorded: &[Event]) -> Result<(), Refusal> {
        for event in recorded {
            if let Event::RulebookAdopted { rulebook, .. } = event {
                self.in_force = Some((**rulebook).clone());
                self.kernel = self.kernel.under(self.proposed)?;
            }
        }
        Ok(())
    }

    /// What the entry leads to now. An order that leaves as it did meets the reports that were recorded of it.
    fn decide(&self, at: Timestamp, input: &Input, recorded: &[Event]) -> Vec<Event> {
        let events = match input {
            Input::AdoptRulebook { .. } | Input::Policy(_) => Vec::new(),
            input => self.kernel.decide(at, input),
        };
        if order_of(&events) == order_of(recorded) { events } else { realised_on_paper(at, events) }
    }

    fn compare(&self, input: &Input, recorded: &[Event], events: &[Event]) -> Simulated {
        if let Input::SubmitIntent { intent, quote } = input {
            let quote = quote.as_ref();
            return Simulated::Intent(Box::new(Redecision {
                intent_id: intent.intent_id.clone(),
                book_id: intent.book_id.clone(),
                instrument_id: intent.instrument_id.clone(),
                then: Decided::of(recorded, quote, self.in_force.as_ref()),
                now: Decided::of(events, quote, self.kernel.state().rulebook.as_ref()),
            }));
        }
        match (refusal(recorded), refusal(events)) {
            (None, Some(why)) => Simulated::Refused(why),
            _ => Simulated::Nothing,
        }
    }
}

fn refusal(events: &[Event]) -> Option<Refusal> {
    events.iter().find_map(|event| match event {
        Event::InputRefused { why, .. } => Some(*why),
        _ => None,
    })
}
