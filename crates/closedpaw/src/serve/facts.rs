//! What is known of models: what comes with the program, with the operator's file over it.

use catalog::Catalog;
use config::{Fault, Faults, Models, read_text};

/// The longest catalogue that is read.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Reads the catalogue that the settings ask for.
///
/// # Errors
///
/// Fails when the operator's file can't be read, or with everything that is wrong with it.
pub fn read(models: &Models) -> Result<Catalog, Faults> {
    let Some(path) = &models.catalog else { return Ok(Catalog::embedded().clone()) };
    let fault = |sentence: String| {
        let message = format!("the catalog {}: {sentence}", path.display());
        Fault { origin: path.origin.clone(), message }
    };
    let contents = read_text(&path.value, MOST_BYTES)
        .map_err(|error| fault(format!("it can't be read: {error}")))?;
    Catalog::from_file(&contents)
        .map_err(|error| Faults(error.faults.into_iter().map(fault).collect()))
}
