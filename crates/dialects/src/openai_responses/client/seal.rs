//! Carries what other dialects seal through items of this one.
//!
//! The one place for a seal here is the `encrypted_content` of a `reasoning` item. Other dialects seal texts and
//! calls as well, and have thoughts that are nothing but a block of their own; such a seal travels in an item
//! behind the one it belongs to, and such a block in an item in its place.

use canonical::{Dialect, Opaque, Seal};

use crate::foreign_seal::{self, block_of, of_block};

/// Stands before a seal that belongs to what came before it.
const OF_PRIOR: &str = "prior:";
/// Stands before a seal that came with nothing at all.
const ALONE: &str = "alone:";

/// What a `reasoning` item carries.
#[derive(Debug, PartialEq)]
pub(super) enum Carried {
    /// The seal of the item's own thoughts.
    OfThoughts(Seal),
    /// The seal of the text or call that came before.
    OfPrior(Seal),
    /// A seal that came with an empty text.
    Alone(Seal),
    /// A block of another dialect.
    Block(Opaque),
}

/// Writes what a `reasoning` item carries as its `encrypted_content`.
pub(super) fn pack(carried: &Carried) -> String {
    let (dialect, data) = match carried {
        Carried::Block(block) => {
            return foreign_seal::pack(&of_block(block), Dialect::OpenAiResponses);
        }
        Carried::OfThoughts(seal) => (seal.dialect, seal.data.clone()),
        Carried::OfPrior(seal) => (seal.dialect, format!("{OF_PRIOR}{}", seal.data)),
        Carried::Alone(seal) => (seal.dialect, format!("{ALONE}{}", seal.data)),
    };
    foreign_seal::pack(&Seal { dialect, data }, Dialect::OpenAiResponses)
}

/// Reads the `encrypted_content` of a `reasoning` item.
pub(super) fn unpack(data: String) -> Carried {
    let seal = foreign_seal::unpack(data, Dialect::OpenAiResponses);
    let dialect = seal.dialect;
    if let Some(data) = seal.data.strip_prefix(OF_PRIOR) {
        return Carried::OfPrior(Seal { dialect, data: data.to_owned() });
    }
    if let Some(data) = seal.data.strip_prefix(ALONE) {
        return Carried::Alone(Seal { dialect, data: data.to_owned() });
    }
    match block_of(&seal) {
        Some(block) => Carried::Block(block),
        None => Carried::OfThoughts(seal),
    }
}

#[cfg(test)]
mod tests {
    use canonical::{Dialect, Opaque, Seal};
    use serde_json::json;

    use super::{Carried, pack, unpack};

    #[test]
    fn all_comes_back_as_it_went() {
        for dialect in Dialect::ALL {
            let seal = || Seal { dialect, data: "c2ln==".to_owned() };
            let block = Opaque { dialect, json: json!({ "type": "own" }) };
            for carried in [
                Carried::OfThoughts(seal()),
                Carried::OfPrior(seal()),
                Carried::Alone(seal()),
                Carried::Block(block),
            ] {
                assert_eq!(unpack(pack(&carried)), carried);
            }
        }
    }
}
