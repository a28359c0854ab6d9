//! Process settings: defaults < `config.toml` < environment < flags become checked values.
//!
//! Each value remembers its [`Origin`]. A mistake never hides another: [`load`] answers with every
//! fault at once, each with where it stands and, for a mistyped name, the nearest known one.
//!
//! What the file declares (providers, routes, keys, projects) is read here and checked by whoever knows the rules, as a
//! part of the same loading: see [`load_with`].
//!
//! The environment is read here alone, through [`Environment`], so that tests can hand in their own.

mod declared;
mod directories;
mod environment;
mod fault;
mod file;
mod file_declared;
mod layers;
mod load;
mod log;
mod models;
mod nearest;
mod origin;
mod records;
mod reference;
mod secret_reference;
mod server;
mod setting;
mod telemetry;
mod text_file;

pub use declared::{Declared, DeclaredSections};
pub use directories::{Directories, DirectoryFlags};
pub use environment::Environment;
pub use fault::{Fault, Faults};
pub use load::{Settings, load, load_with};
pub use log::{Format, Level, Log};
pub use models::Models;
pub use nearest::nearest;
pub use origin::{Origin, Value};
pub use records::Records;
pub use reference::reference;
pub use server::{Server, ServerFlags, Tls};
pub use telemetry::{HeaderFrom, Telemetry};
pub use text_file::read_text;
