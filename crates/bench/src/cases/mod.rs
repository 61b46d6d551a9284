//! One case a file.

pub mod kernel;
