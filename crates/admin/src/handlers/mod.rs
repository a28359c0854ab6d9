//! What each route of the management API does.

pub(crate) mod chat;
pub(crate) mod chat_answer;
mod chat_stream;
pub(crate) mod discovery;
pub(crate) mod explain;
pub(crate) mod health;
pub(crate) mod keys;
pub(crate) mod metrics;
pub(crate) mod models;
pub(crate) mod projects;
pub(crate) mod providers;
pub(crate) mod reference;
pub(crate) mod requests;
pub(crate) mod routes;
pub(crate) mod system;
pub(crate) mod test;
pub(crate) mod usage;
