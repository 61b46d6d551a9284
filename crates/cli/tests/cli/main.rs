//! The command line as a person and a program meet it: the real binary on real files.

mod assess;
mod builds;
mod control;
mod demo;
mod drill;
mod exits;
mod explain;
mod governance_story;
mod incidents;
mod json_schema;
mod market;
mod policy;
mod readme;
mod reconciliation;
mod reference;
mod runbooks;
mod schemas;
mod simulate;
mod stage;
mod stream;
mod surveil;
mod watch;
mod whatif;
