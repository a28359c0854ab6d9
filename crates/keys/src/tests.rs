//! Keys over a real store, with a clock that stands still until it is told to go on.

mod chains;
mod declared;
mod life;
mod passing_on;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use store::Store;
use tempfile::TempDir;
use vault::AdminKey;

use crate::{Caller, KeyManager, MadeKey, NewKey};

const ADMIN: &str = "0123456789abcdef";

/// Where keys are kept, and what time it is there.
struct Bench {
    folder: TempDir,
    now_s: Arc<AtomicU64>,
}

impl Bench {
    fn new() -> Self {
        let now_s = Arc::new(AtomicU64::new(1_800_000_000));
        Self { folder: tempfile::tempdir().unwrap(), now_s }
    }

    /// Opens what is kept, as after a start.
    fn open(&self) -> Arc<KeyManager> {
        self.open_with_room_for(100_000)
    }

    fn open_with_room_for(&self, most_keys: usize) -> Arc<KeyManager> {
        let store = Arc::new(Store::open(self.folder.path()).unwrap());
        let admin = AdminKey::from_text(ADMIN).unwrap();
        let now_s = Arc::clone(&self.now_s);
        let clock = move || at(now_s.load(Ordering::SeqCst));
        let manager = KeyManager::open_with(store, admin, most_keys, Box::new(clock));
        Arc::new(manager.unwrap())
    }

    fn now(&self) -> SystemTime {
        at(self.now_s.load(Ordering::SeqCst))
    }

    fn pass(&self, seconds: u64) {
        self.now_s.fetch_add(seconds, Ordering::SeqCst);
    }

    fn time_in(&self, seconds: u64) -> String {
        crate::moment::write(self.now() + Duration::from_secs(seconds))
    }
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn named(name: &str) -> NewKey {
    NewKey { name: name.to_owned(), ..NewKey::default() }
}

/// A key that may make keys.
fn maker(name: &str) -> NewKey {
    let scopes = vec![grants::Scope::Inference, grants::Scope::Keys];
    NewKey { scopes: Some(scopes), ..named(name) }
}

async fn make(keys: &Arc<KeyManager>, maker: &Caller, new: NewKey) -> MadeKey {
    keys.create(maker, new).await.unwrap()
}

/// Whoever presents that key, which must work.
fn presenting(keys: &KeyManager, key: &MadeKey) -> Arc<Caller> {
    keys.find(key.key.expose()).unwrap()
}

fn works(keys: &KeyManager, key: &MadeKey) -> bool {
    keys.find(key.key.expose()).is_some()
}
