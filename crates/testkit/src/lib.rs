//! Test support: scripted providers, a provider that fails on command, and the fixture loader.

pub mod faulty;
pub mod fixtures;
pub mod scripted;
