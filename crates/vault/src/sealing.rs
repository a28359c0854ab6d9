//! The envelope: a secret under a key of its own, that key under the master key, both bound to where they belong.
//!
//! | bytes | what |
//! |---|---|
//! | 1 | format: 1 |
//! | 8 | fingerprint of the master key |
//! | 60 | the data key: nonce (12), ciphertext (32), tag (16), under the wrapping key |
//! | 28 + n | the secret: nonce (12), ciphertext (n), tag (16), under the data key |
//!
//! Both layers are AES-256-GCM-SIV (RFC 8452) with random nonces: a nonce that repeats gives nothing away but that
//! the same text was sealed twice. A new master key needs the 69 bytes at the front made anew and nothing else.

use std::mem;

use aws_lc_rs::{
    aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    rand,
};
use zeroize::Zeroizing;

use crate::{KeyId, MasterKey, NoRandomness, Secret};

const FORMAT: u8 = 1;
const DATA_KEY_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
const WRAPPED_BYTES: usize = NONCE_LEN + DATA_KEY_BYTES + TAG_BYTES;

/// Where a sealed value belongs: it opens nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context<'a> {
    /// The table that holds it.
    pub table: &'a str,
    /// What names the row.
    pub row: &'a str,
    /// The column that holds it.
    pub column: &'a str,
    /// The scheme, host and port that it may be sent to.
    pub origin: &'a str,
}

/// Why a sealed value did not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Another master key sealed it.
    #[error(
        "sealed by master key {sealed_by}, but the key file holds {have}: restore the other master.key"
    )]
    WrongMasterKey {
        /// The fingerprint that the value names.
        sealed_by: KeyId,
        /// The fingerprint of the key at hand.
        have: KeyId,
    },
    /// It was changed, cut short, or moved from where it was sealed for.
    #[error("changed since it was sealed, or moved from another place: enter the secret again")]
    Tampered,
    /// It begins with a format that this version doesn't know.
    #[error("sealed in a format that this version of ClosedPaw does not know: use a newer one")]
    UnknownFormat,
}

impl MasterKey {
    /// Seals `secret` for `context`.
    ///
    /// # Errors
    ///
    /// Fails if there are no random bytes to be had.
    pub fn seal(&self, secret: &Secret, context: &Context<'_>) -> Result<Vec<u8>, NoRandomness> {
        let mut data_key = Zeroizing::new([0; DATA_KEY_BYTES]);
        rand::fill(data_key.as_mut_slice())?;

        let mut sealed = vec![FORMAT];
        sealed.extend(self.id.0);
        sealed.extend(encrypt(&self.wrapping, &self.wrap_aad(context), data_key.as_slice())?);
        let cipher = RandomizedNonceKey::new(&AES_256_GCM_SIV, data_key.as_slice())?;
        sealed.extend(encrypt(&cipher, &context.aad(vec![FORMAT]), secret.expose().as_bytes())?);
        Ok(sealed)
    }

    /// Opens what [`MasterKey::seal`] made for the same context.
    ///
    /// # Errors
    ///
    /// Fails if another key sealed it, if it was changed or belongs elsewhere, or if its format is unknown.
    pub fn open(&self, sealed: &[u8], context: &Context<'_>) -> Result<Secret, OpenError> {
        let sealed = match sealed.split_first() {
            Some((&FORMAT, rest)) => rest,
            Some(_) => return Err(OpenError::UnknownFormat),
            None => return Err(OpenError::Tampered),
        };
        let (id, sealed) = sealed.split_first_chunk().ok_or(OpenError::Tampered)?;
        if *id != self.id.0 {
            return Err(OpenError::WrongMasterKey { sealed_by: KeyId(*id), have: self.id });
        }
        let (wrapped, body) =
            sealed.split_first_chunk::<WRAPPED_BYTES>().ok_or(OpenError::Tampered)?;

        let data_key = decrypt(&self.wrapping, &self.wrap_aad(context), wrapped)?;
        let cipher = RandomizedNonceKey::new(&AES_256_GCM_SIV, &data_key)
            .map_err(|_| OpenError::Tampered)?;
        let mut secret = decrypt(&cipher, &context.aad(vec![FORMAT]), body)?;
        let secret = String::from_utf8(mem::take(&mut *secret)).map_err(|_| OpenError::Tampered)?;
        Ok(Secret::new(secret))
    }

    fn wrap_aad(&self, context: &Context<'_>) -> Vec<u8> {
        let mut header = vec![FORMAT];
        header.extend(self.id.0);
        context.aad(header)
    }
}

impl Context<'_> {
    /// Appends each part after its length, so that no two contexts give the same bytes.
    fn aad(&self, header: Vec<u8>) -> Vec<u8> {
        [self.table, self.row, self.column, self.origin].iter().fold(header, |mut aad, part| {
            aad.extend((part.len() as u64).to_be_bytes());
            aad.extend(part.as_bytes());
            aad
        })
    }
}

/// Gives nonce, ciphertext and tag in a row.
fn encrypt(key: &RandomizedNonceKey, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, NoRandomness> {
    // Room for the tag from the start: growing would leave a copy of the plain text behind.
    let mut buffer = Zeroizing::new(Vec::with_capacity(plain.len() + TAG_BYTES));
    buffer.extend(plain);
    let nonce = key.seal_in_place_append_tag(Aad::from(aad), &mut *buffer)?;
    Ok([nonce.as_ref().as_slice(), &buffer].concat())
}

fn decrypt(
    key: &RandomizedNonceKey,
    aad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(OpenError::Tampered)?;
    let mut buffer = Zeroizing::new(ciphertext.to_vec());
    let plain_bytes = key
        .open_in_place(Nonce::from(nonce), Aad::from(aad), &mut buffer)
        .map_err(|_| OpenError::Tampered)?
        .len();
    buffer.truncate(plain_bytes);
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::Index};

    use super::*;

    const HERE: Context<'_> = Context {
        table: "providers",
        row: "openai",
        column: "api_key_sealed",
        origin: "https://api.openai.com:443",
    };

    fn sealed(key: &MasterKey, text: &str, context: &Context<'_>) -> Vec<u8> {
        key.seal(&Secret::new(text), context).unwrap()
    }

    proptest! {
        #[test]
        fn opens_as_it_was_sealed(text: String) {
            let key = MasterKey::of_test("a");
            let sealed = sealed(&key, &text, &HERE);
            prop_assert_eq!(sealed.len(), 1 + 8 + 60 + 28 + text.len());
            let opened = key.open(&sealed, &HERE).unwrap();
            prop_assert_eq!(opened.expose(), text);
        }

        #[test]
        fn no_two_contexts_bind_alike(
            from in ["[a-c]{0,2}", "[a-c]{0,2}", "[a-c]{0,2}", "[a-c]{0,2}"],
            to in ["[a-c]{0,2}", "[a-c]{0,2}", "[a-c]{0,2}", "[a-c]{0,2}"],
        ) {
            let context = |[table, row, column, origin]: &[String; 4]| -> Vec<u8> {
                Context { table, row, column, origin }.aad(Vec::new())
            };
            // Short parts from a small alphabet, so that "ab" + "c" meets "a" + "bc".
            prop_assert_eq!(context(&from) == context(&to), from == to);
        }

        #[test]
        fn any_changed_bit_is_noticed(text in "[ -~]{0,64}", at: Index, bit in 0..8_u32) {
            let key = MasterKey::of_test("a");
            let mut sealed = sealed(&key, &text, &HERE);
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            let error = key.open(&sealed, &HERE).unwrap_err();
            let expected = match error {
                OpenError::UnknownFormat => 0..1,
                OpenError::WrongMasterKey { .. } => 1..9,
                OpenError::Tampered => 9..sealed.len(),
            };
            prop_assert!(expected.contains(&at), "{} at byte {}", error, at);
        }

        #[test]
        fn bytes_from_anywhere_do_no_harm(bytes: Vec<u8>) {
            prop_assert!(MasterKey::of_test("a").open(&bytes, &HERE).is_err());
        }
    }

    /// Made with another implementation (Python's `cryptography`), from the table at the top of this file: what was
    /// sealed once must open in every later version.
    #[test]
    fn a_known_answer_opens() {
        let key = MasterKey::of_test("cp-master-0123456789012345678901234567890123456789abc");
        let sealed = concat!(
            "01",
            "20e3dec10d54dd0e",
            "6465666768696a6b6c6d6e6f",
            "6887601160de2e12db96d77bd2b944517161788dab8874abdb8334eaffbf53b4",
            "f2fd785d158ed3972f3392b699d160ff",
            "c8c9cacbcccdcecfd0d1d2d3",
            "ce66497ecda364cf9cbb353ea7f3fa",
            "26936c8efbb42ec899cb7a2d087b7824",
        );
        let sealed: Vec<u8> = (0..sealed.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&sealed[at..at + 2], 16).unwrap())
            .collect();
        assert_eq!(key.id().to_string(), "20e3dec10d54dd0e");
        assert_eq!(key.open(&sealed, &HERE).unwrap().expose(), "sk-known-answer");
    }

    #[test]
    fn every_single_bit_counts() {
        let key = MasterKey::of_test("a");
        let sealed = sealed(&key, "canary-0123456789", &HERE);
        for at in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[at / 8] ^= 1 << (at % 8);
            assert!(key.open(&changed, &HERE).is_err(), "bit {at}");
        }
    }

    #[test]
    fn values_that_change_places_do_not_open() {
        let key = MasterKey::of_test("a");
        let places = [
            HERE,
            Context { table: "keys", ..HERE },
            Context { row: "openai2", ..HERE },
            Context { column: "headers_sealed", ..HERE },
            Context { origin: "http://api.openai.com:443", ..HERE },
            Context { origin: "https://api.openai.com.evil.test:443", ..HERE },
            Context { origin: "https://api.openai.com:8443", ..HERE },
        ];
        for from in places {
            let sealed = sealed(&key, "canary-0123456789", &from);
            for to in places {
                let opened = key.open(&sealed, &to);
                assert_eq!(opened.is_ok(), from == to, "{from:?} {to:?}");
                if let Err(error) = opened {
                    assert_eq!(error, OpenError::Tampered);
                }
            }
        }
    }

    #[test]
    fn parts_of_two_sealed_values_do_not_fit_together() {
        let key = MasterKey::of_test("a");
        let (one, other) = (sealed(&key, "one", &HERE), sealed(&key, "two", &HERE));
        let mixed = [&one[..69], &other[69..]].concat();
        assert_eq!(key.open(&mixed, &HERE).unwrap_err(), OpenError::Tampered);
    }

    #[test]
    fn every_cut_is_noticed() {
        let key = MasterKey::of_test("a");
        let sealed = sealed(&key, "canary", &HERE);
        for length in 0..sealed.len() {
            assert_eq!(key.open(&sealed[..length], &HERE).unwrap_err(), OpenError::Tampered);
        }
    }

    #[test]
    fn another_master_key_is_told_from_tampering() {
        let (one, other) = (MasterKey::of_test("a"), MasterKey::of_test("b"));
        let sealed = sealed(&one, "canary", &HERE);
        assert_eq!(
            other.open(&sealed, &HERE).unwrap_err(),
            OpenError::WrongMasterKey { sealed_by: one.id(), have: other.id() }
        );
        // A forged fingerprint leads past the first check and no further.
        let forged = [&[FORMAT], other.id().0.as_slice(), &sealed[9..]].concat();
        assert_eq!(other.open(&forged, &HERE).unwrap_err(), OpenError::Tampered);
    }

    #[test]
    fn the_same_secret_never_looks_the_same_twice_and_shows_nothing() {
        let key = MasterKey::of_test("a");
        let canary = b"canary-0123456789-canary";
        let seals: Vec<_> =
            (0..200).map(|_| sealed(&key, "canary-0123456789-canary", &HERE)).collect();
        for (index, sealed) in seals.iter().enumerate() {
            assert!(seals[..index].iter().all(|other| other[9..] != sealed[9..]));
            for shown in canary.windows(6) {
                assert!(!sealed.windows(6).any(|window| window == shown));
            }
        }
    }
}
