//! What the gates have said so far. A verdict's figures are written where they stay, as they are compared: putting a
//! verdict together first and moving it then stalls on the bytes just written, twenty times an order.

use super::Finding;
use crate::denial::Denial;
use crate::verdict::{Figures, Gate, GateSet, Ruling, Verdict, Verdicts};
use fillwright_domain::{Decimal, Qty, Text};

/// The verdicts on one intent, while its gates judge.
pub(super) struct Record {
    passed: GateSet,
    said: Vec<Verdict>,
    /// Whether the last verdict is of the gate that is judging now.
    is_open: bool,
    /// The code of what sent the order no further.
    refused: Option<&'static str>,
}

impl Record {
    /// Room for what so many gates have to say.
    pub(super) fn with_capacity(gates: usize) -> Self {
        let said = Vec::with_capacity(gates);
        Self { passed: GateSet::default(), said, is_open: false, refused: None }
    }

    /// The figures the gate that is judging compares.
    pub(super) fn compare(&mut self, asked: Decimal, limit: Decimal) {
        self.open().figures = Some(Figures { asked, limit });
    }

    /// The rule the gate that is judging goes by.
    pub(super) fn name_rule(&mut self, rule: Text) {
        self.open().rule = Some(rule);
    }

    fn open(&mut self) -> &mut Verdict {
        if !self.is_open {
            self.is_open = true;
            // Its gate and ruling are written when it has judged.
            self.said.push(const { Verdict::pass(Gate::Rulebook) });
        }
        self.said.last_mut().expect("it was just put there")
    }

    /// What a gate found, with the quantity it leaves.
    #[inline]
    pub(super) fn close(&mut self, gate: Gate, found: Result<Finding, Denial>, left: Qty) {
        match found {
            Ok(Finding::Allow) if !self.is_open => self.passed.insert(gate),
            found => self.say(gate, found, left),
        }
    }

    #[inline(never)]
    fn say(&mut self, gate: Gate, found: Result<Finding, Denial>, left: Qty) {
        let verdict = self.open();
        verdict.gate = gate;
        match found {
            Ok(Finding::Allow) => {}
            Ok(Finding::Reduce) => verdict.ruling = Ruling::Reduce { to: left },
            Ok(Finding::Bypass) => verdict.ruling = Ruling::Bypass,
            Ok(Finding::Skip { reason }) => {
                verdict.ruling = Ruling::Skip { reason };
                self.refused = Some(reason.code());
            }
            Err(reason) => {
                verdict.ruling = Ruling::Deny { reason };
                self.refused = Some(reason.code());
            }
        }
        self.is_open = false;
    }

    pub(super) fn refused(&self) -> Option<&'static str> {
        self.refused
    }

    pub(super) fn into_verdicts(self) -> Verdicts {
        Verdicts::new(self.passed, self.said)
    }
}
