//! The whole system under one seed: the language of tests, a slow and obvious kernel, a venue that misbehaves, and an
//! oracle that believes neither.

pub mod canary;
pub mod crash;
mod decisions;
pub mod exact;
pub mod fleet;
mod flow;
mod flow_witness;
pub mod generate;
pub mod governance;
mod incident_witness;
pub mod lockstep;
pub mod oracle;
pub mod reference;
pub mod rng;
mod routes;
pub mod scenario;
mod script;
mod statement_witness;
pub mod statements;
pub mod story;
pub mod venue;
