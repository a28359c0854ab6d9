//! The registry of providers and routes: model lists, health, limits and queues, and what can be discovered.
//!
//! A [`ProviderManager`] owns an immutable [`Snapshot`] that it swaps whole. A request takes one snapshot and
//! sees it from start to end; a [`Provider`] lives until the last request that holds it is done.

mod admission;
mod asked;
mod change;
mod config;
mod declared;
mod discovery;
mod endpoint;
mod error;
mod extra_headers;
mod health;
mod keep_alive;
mod layer;
mod liveness;
mod manager;
mod models;
mod name;
pub mod presets;
mod provider;
mod provider_type;
mod question;
mod queue;
mod registration;
mod request_headers;
mod route_changes;
mod route_description;
mod route_row;
mod routes;
mod row;
mod settings;
mod snapshot;
mod tending;
mod timeouts;
mod traffic;
mod turnstile;

pub use change::Change;
pub use config::ProviderConfig;
pub use declared::{DeclarationFault, Declarations, DeclaredProvider, DeclaredRoute};
pub use discovery::Found;
pub use error::ProviderError;
pub use health::{Health, HealthState};
pub use keep_alive::KeepAlive;
pub use manager::ProviderManager;
pub use models::{Freshness, Models};
pub use name::ProviderName;
pub use provider::Provider;
pub use provider_type::ProviderType;
pub use question::{Question, Refused};
pub use queue::Queue;
pub use registration::{NetworkName, Registration, check_model};
pub use route_description::{CandidateDescription, ConditionsDescription, RouteDescription};
pub use routes::{Conditions, Need, Route, RouteCandidate};
pub use settings::Settings;
pub use snapshot::Snapshot;
pub use timeouts::{Delivery, Timeouts};
pub use turnstile::{NoTurn, Turn, Turnstile};
