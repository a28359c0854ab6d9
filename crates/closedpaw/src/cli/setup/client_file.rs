//! Another program's settings file: read whole, replaced whole, with a copy of what it was.

use std::{
    fs::{self, DirBuilder, Permissions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use vault::private_file;

use crate::failure::Failure;

/// A settings file as it is now.
pub struct ClientFile {
    /// Where it is; what a link leads to, for dotfiles are often kept elsewhere.
    path: PathBuf,
    /// What it holds, if it is there.
    text: Option<String>,
}

/// What became of a settings file.
pub struct Written {
    /// The file.
    pub path: PathBuf,
    /// Whether it had to change.
    pub changed: bool,
    /// The copy of what it was.
    pub copy: Option<PathBuf>,
}

impl ClientFile {
    /// Reads the file; one that is not there is empty.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let unread = |error| Failure::failed(format!("cannot read {}: {error}", path.display()));
        let path = match fs::canonicalize(path) {
            Ok(path) => path,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => {
                return Ok(Self { path: path.to_owned(), text: None });
            }
            Err(error) => return Err(unread(error)),
        };
        let text = fs::read_to_string(&path).map_err(unread)?;
        Ok(Self { path, text: Some(text) })
    }

    /// What it holds.
    pub fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }

    /// Refuses a file that can't be understood.
    pub fn refuse(&self, why: impl std::fmt::Display) -> Failure {
        Failure::failed(format!(
            "{} was left as it is: {why}; mend it, or move it away to have a new one made",
            self.path.display()
        ))
    }

    /// Gives it this text: the whole of it or, where that fails, nothing.
    pub fn replace(self, text: &str) -> Result<Written, Failure> {
        if self.text.as_deref() == Some(text) {
            return Ok(Written { path: self.path, changed: false, copy: None });
        }
        let copy = self.text.as_ref().map(|before| (copy_path(&self.path), before));
        self.save(text, copy.as_ref()).map_err(|error| {
            Failure::failed(format!("cannot write {}: {error}", self.path.display()))
        })?;
        Ok(Written { path: self.path, changed: true, copy: copy.map(|(path, _)| path) })
    }

    fn save(&self, text: &str, copy: Option<&(PathBuf, &String)>) -> io::Result<()> {
        let mode = match fs::metadata(&self.path) {
            Ok(metadata) => metadata.permissions().mode() & 0o777,
            Err(_) => 0o600,
        };
        if let Some(folder) = self.path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        if let Some((path, before)) = copy {
            save_at(path, before, mode)?;
        }
        save_at(&self.path, text, mode)
    }
}

fn save_at(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut draft = private_file::draft(path).map_err(io::Error::other)?;
    draft.write_all(text.as_bytes())?;
    draft.as_file().set_permissions(Permissions::from_mode(mode))?;
    draft.as_file().sync_all()?;
    draft.persist(path)?;
    Ok(())
}

/// `settings.json` is kept in `settings.json.before-closedpaw`.
fn copy_path(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".before-closedpaw");
    path.with_file_name(name)
}
