//! What callers ask and are answered.

mod answers;
mod embeddings;
mod extra;
mod lists;
mod requests;
mod rounds;

use std::time::SystemTime;

use crate::Echo;

fn echo() -> Echo {
    Echo { model: "asked".to_owned(), created: SystemTime::UNIX_EPOCH, id: "echoed".to_owned() }
}
