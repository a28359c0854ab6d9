//! Files for their owner's eyes: made whole or not at all, refused when anybody else could have touched them.

use std::{
    fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions},
    io::{self, ErrorKind, Write as _},
    os::unix::fs::{
        DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
    },
    path::{Path, PathBuf},
};

use rustix::{fs::OFlags, io::Errno, process::geteuid};
use tempfile::NamedTempFile;

/// Why a private file was not read or made.
#[derive(Debug, thiserror::Error)]
pub enum PrivateFileError {
    /// There is nothing at the path.
    #[error("{} does not exist", .path.display())]
    Missing {
        /// The file that was looked for.
        path: PathBuf,
    },
    /// There is something at the path already, and it was left alone.
    #[error("{} exists already and was left as it is: move it away to have a new one made", .path.display())]
    Exists {
        /// The file that was to be made.
        path: PathBuf,
    },
    /// Somebody else could have read or changed what is there.
    #[error("{} {flaw}", .path.display())]
    Unsafe {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// The operating system refused.
    #[error("{} cannot be {action}: {source}", .path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was tried, as in "cannot be read".
        action: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
}

/// What makes a file or directory unsafe, and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The path is a symbolic link, which could lead anywhere.
    #[error("is a symbolic link: put the file itself there")]
    SymbolicLink,
    /// The path is a directory, a pipe or a device.
    #[error("is not a regular file: move it away")]
    NotAFile,
    /// The path of a directory is something else.
    #[error("is not a directory: name another one")]
    NotADirectory,
    /// Another user owns it.
    #[error(
        "belongs to user id {owner}, but this program runs as user id {ours}: run chown {ours} on it"
    )]
    OtherOwner {
        /// The user id of the owner.
        owner: u32,
        /// The user id of this process.
        ours: u32,
    },
    /// Group or others may read or write a file.
    #[error(
        "is open to other users (mode {mode:04o}): run chmod 600 on it, and replace the keys if others may have read them"
    )]
    FileOpenToOthers {
        /// The permission bits.
        mode: u32,
    },
    /// Group or others may change what a directory holds.
    #[error("can be changed by other users (mode {mode:04o}): run chmod 700 on it")]
    DirectoryOpenToOthers {
        /// The permission bits.
        mode: u32,
    },
}

/// Opens the file at `path` for reading, once it is known to be this user's alone.
///
/// # Errors
///
/// Fails if it is missing, unsafe or can't be read.
pub fn open(path: &Path) -> Result<File, PrivateFileError> {
    // NONBLOCK, because opening a pipe would wait for a writer before its kind could be looked at.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path);
    let file = opened.map_err(|error| match Errno::from_io_error(&error) {
        Some(Errno::LOOP) => unsafe_at(path, Flaw::SymbolicLink),
        _ => io_at(path, "read", error),
    })?;
    let metadata = file.metadata().map_err(|error| io_at(path, "read", error))?;
    check_file(&metadata).map_err(|flaw| unsafe_at(path, flaw))?;
    Ok(file)
}

/// Checks the file at `path` without opening it.
///
/// # Errors
///
/// Fails if it is missing or unsafe.
pub fn check(path: &Path) -> Result<(), PrivateFileError> {
    let metadata = fs::symlink_metadata(path).map_err(|error| io_at(path, "read", error))?;
    check_file(&metadata).map_err(|flaw| unsafe_at(path, flaw))
}

/// Makes the file at `path` with mode 0600 and these contents, durable when this returns.
///
/// # Errors
///
/// Fails if anything is at `path` already, or if it can't be written.
pub fn create(path: &Path, contents: &[u8]) -> Result<(), PrivateFileError> {
    let mut draft = draft(path)?;
    draft.write_all(contents).map_err(|error| io_at(path, "written", error))?;
    publish(draft, path)
}

/// Begins a file of mode 0600 beside `path`, under a name of its own until [`publish`] gives it this one.
///
/// # Errors
///
/// Fails if the directory can't be written to.
pub fn draft(path: &Path) -> Result<NamedTempFile, PrivateFileError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = tempfile::Builder::new()
        .prefix(&format!(".{name}.new-"))
        .tempfile_in(directory_of(path))
        .map_err(|error| io_at(path, "made", error))?;
    // The mode asked for at creation has lost whatever bits the umask takes; this has not.
    draft
        .as_file()
        .set_permissions(Permissions::from_mode(0o600))
        .map_err(|error| io_at(path, "made", error))?;
    Ok(draft)
}

/// Gives a finished draft its name: a power cut leaves the whole file or none.
///
/// # Errors
///
/// Fails if anything is at `path` already, or if it can't be made durable.
pub fn publish(draft: NamedTempFile, path: &Path) -> Result<(), PrivateFileError> {
    draft.as_file().sync_all().map_err(|error| io_at(path, "written", error))?;
    draft.persist_noclobber(path).map_err(|failed| io_at(path, "made", failed.error))?;
    sync_directory(directory_of(path))
}

/// Makes the directory at `path`, and those above it that are missing, with mode 0700. One that exists must belong
/// to this user or to root, and nobody else may be able to change what it holds.
///
/// # Errors
///
/// Fails if it is unsafe or can't be made.
pub fn create_directory(path: &Path) -> Result<(), PrivateFileError> {
    match check_directory(path) {
        Err(PrivateFileError::Missing { .. }) => {}
        checked => return checked,
    }
    let parent = directory_of(path);
    if !parent.exists() {
        create_directory(parent)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => sync_directory(parent),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => check_directory(path),
        Err(error) => Err(io_at(path, "made", error)),
    }
}

/// Checks the directory at `path`. A symbolic link to a safe directory is fine: people move their settings about.
///
/// # Errors
///
/// Fails if it is missing or unsafe.
pub fn check_directory(path: &Path) -> Result<(), PrivateFileError> {
    let metadata = fs::metadata(path).map_err(|error| io_at(path, "read", error))?;
    let mode = metadata.mode() & 0o7777;
    let (owner, ours) = (metadata.uid(), geteuid().as_raw());
    let flaw = if !metadata.is_dir() {
        Flaw::NotADirectory
    } else if owner != ours && owner != 0 {
        Flaw::OtherOwner { owner, ours }
    } else if mode & 0o022 != 0 {
        Flaw::DirectoryOpenToOthers { mode }
    } else {
        return Ok(());
    };
    Err(unsafe_at(path, flaw))
}

fn check_file(metadata: &Metadata) -> Result<(), Flaw> {
    let mode = metadata.mode() & 0o7777;
    let (owner, ours) = (metadata.uid(), geteuid().as_raw());
    if metadata.is_symlink() {
        Err(Flaw::SymbolicLink)
    } else if !metadata.is_file() {
        Err(Flaw::NotAFile)
    } else if owner != ours {
        Err(Flaw::OtherOwner { owner, ours })
    } else if mode & 0o077 != 0 {
        Err(Flaw::FileOpenToOthers { mode })
    } else {
        Ok(())
    }
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        Some(_) | None => Path::new("."),
    }
}

fn sync_directory(path: &Path) -> Result<(), PrivateFileError> {
    File::open(path)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| io_at(path, "made durable", error))
}

fn unsafe_at(path: &Path, flaw: Flaw) -> PrivateFileError {
    PrivateFileError::Unsafe { path: path.to_owned(), flaw }
}

fn io_at(path: &Path, action: &'static str, source: io::Error) -> PrivateFileError {
    let path = path.to_owned();
    match source.kind() {
        ErrorKind::NotFound => PrivateFileError::Missing { path },
        ErrorKind::AlreadyExists => PrivateFileError::Exists { path },
        _ => PrivateFileError::Io { path, action, source },
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Read as _, os::unix::fs::symlink};

    use super::*;

    #[test]
    fn makes_a_file_of_mode_0600_and_reads_it_back() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.key");
        create(&path, b"contents").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        let mut contents = String::new();
        open(&path).unwrap().read_to_string(&mut contents).unwrap();
        assert_eq!(contents, "contents");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "no draft stays behind");
    }

    #[test]
    fn never_replaces_what_is_there() {
        let directory = tempfile::tempdir().unwrap();
        let (file, link) = (directory.path().join("file"), directory.path().join("link"));
        fs::write(&file, "old").unwrap();
        symlink("nowhere", &link).unwrap();
        for path in [&file, &link] {
            let error = create(path, b"new").unwrap_err();
            assert!(matches!(error, PrivateFileError::Exists { .. }), "{error}");
        }
        assert_eq!(fs::read(&file).unwrap(), b"old");
        assert!(!directory.path().join("nowhere").exists());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2, "no draft stays behind");
    }

    #[test]
    fn an_unfinished_draft_has_no_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.key");
        let mut unfinished = draft(&path).unwrap();
        unfinished.write_all(b"hal").unwrap();
        assert!(matches!(open(&path), Err(PrivateFileError::Missing { .. })));
        create(&path, b"whole").unwrap();
        assert!(matches!(publish(unfinished, &path), Err(PrivateFileError::Exists { .. })));
        assert_eq!(fs::read(&path).unwrap(), b"whole");
    }

    #[test]
    fn refuses_each_file_that_others_could_read_or_change() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.key");
        create(&path, b"contents").unwrap();
        for mode in 0..0o1000 {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let refused = matches!(
                check(&path),
                Err(PrivateFileError::Unsafe { flaw: Flaw::FileOpenToOthers { mode: named }, .. })
                    if named == mode
            );
            assert_eq!(refused, mode & 0o077 != 0, "{mode:04o}");
        }
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let error = open(&path).unwrap_err().to_string();
        assert!(error.starts_with(&path.display().to_string()), "{error}");
        assert!(error.contains("is open to other users (mode 0640): run chmod 600"), "{error}");
    }

    #[test]
    fn refuses_links_pipes_and_directories_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        create(&at("file"), b"contents").unwrap();
        symlink(at("file"), at("link")).unwrap();
        symlink(at("nowhere"), at("dangling")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe"), 0o600.into()).unwrap();
        DirBuilder::new().mode(0o700).create(at("directory")).unwrap();
        let cases = [
            ("link", Flaw::SymbolicLink),
            ("dangling", Flaw::SymbolicLink),
            ("pipe", Flaw::NotAFile),
            ("directory", Flaw::NotAFile),
        ];
        for (name, expected) in cases {
            for error in [open(&at(name)).unwrap_err(), check(&at(name)).unwrap_err()] {
                assert!(
                    matches!(&error, PrivateFileError::Unsafe { flaw, .. } if *flaw == expected),
                    "{error}"
                );
            }
        }
    }

    #[test]
    fn refuses_what_another_user_owns() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.key");
        create(&path, b"contents").unwrap();
        // Only root can give a file away; for others, root's own files are at hand.
        let (path, owner) = if geteuid().is_root() {
            std::os::unix::fs::chown(&path, Some(65534), None).unwrap();
            (path, 65534)
        } else {
            (PathBuf::from("/etc/hostname"), 0)
        };
        let error = open(&path).unwrap_err();
        assert!(
            matches!(error, PrivateFileError::Unsafe { flaw: Flaw::OtherOwner { owner: named, .. }, .. }
                if named == owner),
            "{error}"
        );
    }

    #[test]
    fn makes_directories_of_mode_0700_and_refuses_those_that_others_can_change() {
        let directory = tempfile::tempdir().unwrap();
        let keys = directory.path().join("deep/keys");
        create_directory(&keys).unwrap();
        for made in [&keys, &directory.path().join("deep")] {
            assert_eq!(fs::metadata(made).unwrap().mode() & 0o7777, 0o700);
        }
        for (mode, accepted) in [(0o700, true), (0o755, true), (0o775, false), (0o1777, false)] {
            fs::set_permissions(&keys, Permissions::from_mode(mode)).unwrap();
            assert_eq!(create_directory(&keys).is_ok(), accepted, "{mode:04o}");
        }
    }
}
