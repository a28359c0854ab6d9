//! What is known of models: what comes with the program, with the operator's file over it.

use std::fs;

use catalog::Catalog;
use config::{Fault, Faults, Models};

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
    let contents = fs::read_to_string(&path.value)
        .map_err(|error| fault(format!("it can't be read: {error}")))?;
    Catalog::from_file(&contents)
        .map_err(|error| Faults(error.faults.into_iter().map(fault).collect()))
}
