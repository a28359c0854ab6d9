//! Writes the numbered events of a streamed answer.

use serde_json::{Map, Value};

/// The number of the next event.
#[derive(Debug, Default)]
pub(super) struct Frames {
    next: u64,
}

impl Frames {
    /// Appends an event of a type, with the members of some objects.
    pub(super) fn write<const N: usize>(
        &mut self,
        kind: &str,
        members: [Value; N],
        out: &mut Vec<u8>,
    ) {
        let mut data = Map::new();
        data.insert("type".to_owned(), kind.into());
        data.insert("sequence_number".to_owned(), self.next.into());
        for members in members {
            if let Value::Object(members) = members {
                data.extend(members);
            }
        }
        self.next += 1;
        wire::write_sse(Some(kind), &Value::Object(data).to_string(), out);
    }
}
