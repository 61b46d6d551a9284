//! One command a file.

pub(crate) mod approvals;
pub(crate) mod assess;
pub(crate) mod changes;
pub(crate) mod cooldown;
pub(crate) mod demo;
pub(crate) mod deployment;
pub(crate) mod drill;
pub(crate) mod evidence;
pub(crate) mod explain;
pub(crate) mod halt;
pub(crate) mod incident;
pub(crate) mod journal;
pub(crate) mod kill;
pub(crate) mod mode;
pub(crate) mod people;
pub(crate) mod policy;
pub(crate) mod release;
pub(crate) mod run;
pub(crate) mod safe_mode;
pub(crate) mod schema;
pub(crate) mod session;
pub(crate) mod simulate;
pub(crate) mod status;
pub(crate) mod verify;
pub(crate) mod versions;
pub(crate) mod whatif;
