//! Planes that are realised inside the kernel, because they need nothing from outside.

pub(crate) mod paper;
