//! The running gateway as other processes find it: a lock that it holds and a note of where it listens.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};

const LOCK_FILE: &str = "lock";
const NOTE_FILE: &str = "instance.json";

/// What a running gateway tells its clients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Where a client on this machine reaches it.
    pub url: String,
    /// Its process id.
    pub pid: u32,
    /// Every listener's URL.
    pub listeners: Vec<String>,
    /// Whether it was told to accept plain HTTP beyond loopback.
    pub insecure_http: bool,
    /// The file of the certificate that every listener shows, if they speak HTTPS.
    pub certificate: Option<PathBuf>,
}

/// What a look at a data dir finds.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// Nobody holds the lock.
    Nothing,
    /// A gateway holds the lock and has not begun to listen.
    Starting,
    /// A gateway is listening.
    Running(Instance),
}

/// The lock on a data dir, held as long as this value lives, however the process ends.
pub struct Hold {
    _lock: File,
}

impl Hold {
    /// Takes the data dir for this process; `None` when another gateway holds it.
    ///
    /// # Errors
    ///
    /// Fails when the lock file can't be made or a stale note can't be removed.
    pub fn take(data_dir: &Path) -> io::Result<Option<Self>> {
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(data_dir.join(LOCK_FILE))?;
        // A client that looks whether anybody holds the lock holds it itself for an instant.
        for _ in 0..5 {
            match lock.try_lock() {
                Ok(()) => {
                    forget(data_dir)?;
                    return Ok(Some(Self { _lock: lock }));
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(20)),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Tells clients where the gateway listens. The note appears whole or not at all.
    ///
    /// # Errors
    ///
    /// Fails when the note can't be written.
    pub fn publish(&self, data_dir: &Path, instance: &Instance) -> io::Result<()> {
        let draft = data_dir.join("instance.json.new");
        let _ = fs::remove_file(&draft);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        serde_json::to_writer(file, instance)?;
        fs::rename(draft, data_dir.join(NOTE_FILE))
    }
}

/// Removes the note, so that nobody follows it to a port that is somebody else's by now.
///
/// # Errors
///
/// Fails when there is a note that can't be removed.
pub fn forget(data_dir: &Path) -> io::Result<()> {
    match fs::remove_file(data_dir.join(NOTE_FILE)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Looks for the gateway that runs on a data dir; changes nothing.
///
/// # Errors
///
/// Fails when the lock or the note can't be read.
pub fn find(data_dir: &Path) -> io::Result<Found> {
    let lock = match File::open(data_dir.join(LOCK_FILE)) {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(error),
    };
    match lock.try_lock_shared() {
        Ok(()) => return Ok(Found::Nothing),
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(error)) => return Err(error),
    }
    match fs::read(data_dir.join(NOTE_FILE)) {
        Ok(note) => Ok(Found::Running(serde_json::from_slice(&note)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Starting),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_holds_a_data_dir_and_clients_see_it() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path();
        assert_eq!(find(data_dir).unwrap(), Found::Nothing);

        let hold = Hold::take(data_dir).unwrap().unwrap();
        assert!(Hold::take(data_dir).unwrap().is_none());
        assert_eq!(find(data_dir).unwrap(), Found::Starting);

        let instance = Instance {
            url: "http://127.0.0.1:1".to_owned(),
            pid: 7,
            listeners: vec!["http://127.0.0.1:1".to_owned()],
            insecure_http: false,
            certificate: Some("/etc/closedpaw/cert.pem".into()),
        };
        hold.publish(data_dir, &instance).unwrap();
        assert_eq!(find(data_dir).unwrap(), Found::Running(instance));

        drop(hold);
        assert_eq!(find(data_dir).unwrap(), Found::Nothing);
    }

    #[test]
    fn a_note_left_by_a_crash_is_gone_once_the_next_one_starts() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(NOTE_FILE), "{}").unwrap();
        let _hold = Hold::take(folder.path()).unwrap().unwrap();
        assert_eq!(find(folder.path()).unwrap(), Found::Starting);
    }
}
