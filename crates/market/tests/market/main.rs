//! The readers, files and books against recorded markets.
//!
//! The recordings lie beside the repository, in `../shared/data`; its `README.md` says what is in them. Where they are
//! absent, a test says so and passes.

mod books;
mod calendars;
mod capture;
mod databento;
mod file;
mod lean;
mod merge;
mod recorded;
mod reference_values;
mod tables;
