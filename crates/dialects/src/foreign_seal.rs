//! Carries one dialect's seals through the conversations of another.
//!
//! A caller sends seals back where its own dialect has a place for them. There a foreign seal travels as base64 of
//! `closedpaw:DIALECT:DATA`, so that it comes home to the dialect that made it; it is sent to no other.

use base64::{Engine, engine::general_purpose::STANDARD};
use canonical::{Dialect, Opaque, Seal};
use memchr::memmem;

/// Stands before a whole block, such as hidden thoughts, that travels as if it were a seal.
const BLOCK: &str = "block:";

/// What a packed seal begins with.
const MARK: &str = "closedpaw:";

/// Whether a body seems to hold a packed seal, which only its own dialect understands: the provider that the rest of
/// the body is meant for would refuse it.
#[must_use]
pub fn holds_foreign_seals(body: &[u8]) -> bool {
    // What every packed seal begins with. Nine bytes are twelve letters of base64, whatever follows.
    const PACKED_MARK: &[u8] = b"\"Y2xvc2VkcGF3";
    memmem::find(body, PACKED_MARK).is_some()
}

/// Writes a seal for callers of `native`; one of their own dialect stays as it is.
pub(crate) fn pack(seal: &Seal, native: Dialect) -> String {
    if seal.dialect == native {
        return seal.data.clone();
    }
    STANDARD.encode(format!("{MARK}{}:{}", seal.dialect, seal.data))
}

/// Reads a seal that a caller of `native` sent back.
pub(crate) fn unpack(data: String, native: Dialect) -> Seal {
    foreign(&data).unwrap_or(Seal { dialect: native, data })
}

/// Makes a seal of a block that only its own dialect understands, where callers have no other place for it.
pub(crate) fn of_block(block: &Opaque) -> Seal {
    Seal { dialect: block.dialect, data: format!("{BLOCK}{}", block.json) }
}

/// The block that a seal was made of, if it was made of one.
pub(crate) fn block_of(seal: &Seal) -> Option<Opaque> {
    let json = serde_json::from_str(seal.data.strip_prefix(BLOCK)?).ok()?;
    Some(Opaque { dialect: seal.dialect, json })
}

fn foreign(data: &str) -> Option<Seal> {
    let packed = String::from_utf8(STANDARD.decode(data).ok()?).ok()?;
    let (dialect, data) = packed.strip_prefix(MARK)?.split_once(':')?;
    Some(Seal { dialect: Dialect::parse(dialect)?, data: data.to_owned() })
}

#[cfg(test)]
mod tests {
    use canonical::{Dialect, Opaque, Seal};
    use serde_json::json;

    use super::{block_of, holds_foreign_seals, of_block, pack, unpack};

    #[test]
    fn every_seal_comes_home() {
        for dialect in Dialect::ALL {
            let seal = Seal { dialect, data: "c2ln:x==".to_owned() };
            for native in Dialect::ALL {
                let packed = pack(&seal, native);
                let body = format!(r#"{{"signature":"{packed}"}}"#);
                assert_eq!(holds_foreign_seals(body.as_bytes()), dialect != native);
                assert_eq!(unpack(packed, native), seal);
            }
        }
    }

    #[test]
    fn a_block_travels_as_a_seal() {
        let block = Opaque { dialect: Dialect::Anthropic, json: json!({ "type": "own" }) };
        assert_eq!(block_of(&of_block(&block)), Some(block));
        for data in ["c2ln", "block:", "block:{", "blocks:{}"] {
            assert_eq!(
                block_of(&Seal { dialect: Dialect::Anthropic, data: data.to_owned() }),
                None
            );
        }
    }
}
