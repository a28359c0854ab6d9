//! Test support: scripted providers and the fixture loader.

pub mod fixtures;
pub mod scripted;
