//! Virtual keys as text: `sk-cp-ID-SECRET`, random, and kept as a digest alone.

use std::fmt;

use aws_lc_rs::{
    constant_time,
    digest::{self, SHA256},
    rand,
};
use zeroize::Zeroizing;

use crate::{NoRandomness, Secret};

const PREFIX: &str = "sk-cp-";

/// Characters of an id: 60 bits of those that are made here.
const ID_CHARACTERS: usize = 12;

/// Thirty-two characters, so that five bits of a random byte choose one without bias.
const ID_ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Characters of a secret that is made here: 256 bits.
const SECRET_CHARACTERS: usize = 43;

/// Characters that a secret made elsewhere needs: 128 bits where they are hexadecimal digits.
const SHORTEST_SECRET: usize = 32;

/// Longer ones say no more.
const LONGEST_SECRET: usize = 256;

const SECRET_ALPHABET: &[u8; 62] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Random bytes below this choose one of 62 characters without bias; others are drawn again.
const UNBIASED_BELOW: usize = 248;

/// A virtual key: its public id, and its whole text, which is the secret.
#[derive(Clone, Debug)]
pub struct VirtualKey {
    id: String,
    text: Secret,
}

/// The SHA-256 of a virtual key's whole text, which is all that checking one takes.
#[derive(Clone, Copy)]
pub struct KeyDigest([u8; KeyDigest::BYTES]);

/// A text that is no virtual key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a virtual key is sk-cp-ID-SECRET: an id of {ID_CHARACTERS} lower-case letters and digits, and a secret of \
     {SHORTEST_SECRET} to {LONGEST_SECRET} letters and digits"
)]
pub struct NoVirtualKey;

impl VirtualKey {
    /// Makes a key with an id and a secret of its own.
    ///
    /// # Errors
    ///
    /// Fails if the operating system gives no random bytes.
    pub fn make() -> Result<Self, NoRandomness> {
        let mut random = [0; ID_CHARACTERS];
        rand::fill(&mut random)?;
        let character = |byte: &u8| ID_ALPHABET.get(usize::from(*byte) % ID_ALPHABET.len());
        let id: String =
            random.iter().filter_map(character).map(|byte| char::from(*byte)).collect();
        Self::make_for(&id)
    }

    /// Makes another key for an id that there is already.
    ///
    /// # Errors
    ///
    /// Fails if the operating system gives no random bytes.
    pub fn make_for(id: &str) -> Result<Self, NoRandomness> {
        // The text is never moved to a larger buffer, which would leave a copy of its beginning behind.
        let length = PREFIX.len() + id.len() + 1 + SECRET_CHARACTERS;
        let mut text = String::with_capacity(length);
        text.push_str(PREFIX);
        text.push_str(id);
        text.push('-');
        let mut random = Zeroizing::new([0_u8; SECRET_CHARACTERS]);
        while text.len() < length {
            rand::fill(random.as_mut_slice())?;
            let drawn = random.iter().map(|byte| usize::from(*byte));
            let unbiased = drawn.filter(|number| *number < UNBIASED_BELOW);
            let characters = unbiased
                .filter_map(|number| SECRET_ALPHABET.get(number % SECRET_ALPHABET.len()))
                .map(|byte| char::from(*byte));
            text.extend(characters.take(length - text.len()));
        }
        Ok(Self { id: id.to_owned(), text: Secret::new(text) })
    }

    /// Takes a key that was made elsewhere.
    ///
    /// # Errors
    ///
    /// Fails if the text has another form.
    pub fn parse(text: Secret) -> Result<Self, NoVirtualKey> {
        let id = Self::id_of(text.expose()).ok_or(NoVirtualKey)?.to_owned();
        Ok(Self { id, text })
    }

    /// The id in a text that has a virtual key's form.
    #[must_use]
    pub fn id_of(text: &str) -> Option<&str> {
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('-')?;
        let id_fits = id.len() == ID_CHARACTERS
            && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let secret_fits = (SHORTEST_SECRET..=LONGEST_SECRET).contains(&secret.len())
            && secret.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (id_fits && secret_fits).then_some(id)
    }

    /// The id, which is no secret.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &Secret {
        &self.text
    }

    /// What is kept of it.
    #[must_use]
    pub fn digest(&self) -> KeyDigest {
        KeyDigest::of(self.text.expose())
    }
}

impl KeyDigest {
    /// How long a digest is.
    pub const BYTES: usize = 32;

    /// The digest of a text that was presented as a key.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut bytes = [0; Self::BYTES];
        for (byte, from) in bytes.iter_mut().zip(digest::digest(&SHA256, text.as_bytes()).as_ref())
        {
            *byte = *from;
        }
        Self(bytes)
    }

    /// Takes a digest that was kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// The digest's bytes, to be kept.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// Whether both are of one text. Takes the same time for all.
    #[must_use]
    pub fn verify(&self, presented: &Self) -> bool {
        constant_time::verify_slices_are_equal(&self.0, &presented.0).is_ok()
    }
}

impl fmt::Debug for KeyDigest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("KeyDigest(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn made_keys_have_the_form_and_differ() {
        let (mut ids, mut texts) = (HashSet::new(), HashSet::new());
        for _ in 0..1_000 {
            let key = VirtualKey::make().unwrap();
            let text = key.text().expose();
            assert_eq!(text.len(), 6 + 12 + 1 + 43, "{text}");
            assert_eq!(VirtualKey::id_of(text), Some(key.id()));
            assert_eq!(VirtualKey::parse(key.text().clone()).unwrap().id(), key.id());
            ids.insert(key.id().to_owned());
            texts.insert(text[19..].to_owned());
        }
        assert_eq!((ids.len(), texts.len()), (1_000, 1_000));
        let used: HashSet<char> = texts.iter().flat_map(|text| text.chars()).collect();
        assert_eq!(used.len(), 62, "every letter and digit is used");
    }

    #[test]
    fn another_secret_keeps_the_id() {
        let first = VirtualKey::make().unwrap();
        let second = VirtualKey::make_for(first.id()).unwrap();
        assert_eq!(first.id(), second.id());
        assert!(!first.digest().verify(&second.digest()));
        assert!(first.digest().verify(&KeyDigest::of(first.text().expose())));
        assert!(first.digest().verify(&KeyDigest::from_bytes(*first.digest().as_bytes())));
    }

    #[test]
    fn what_has_another_form_has_no_id() {
        let (id, secret) = ("abcdefgh2345", "0123456789abcdef0123456789ABCDEF");
        let check =
            |text: &str, expected| assert_eq!(VirtualKey::id_of(text), expected, "{text:?}");
        check(&format!("sk-cp-{id}-{secret}"), Some(id));
        check(&format!("sk-cp-{id}-{}", secret.repeat(8)), Some(id));
        for text in [
            String::new(),
            "sk-cp-".to_owned(),
            format!("sk-cp-{id}"),
            format!("sk-cp-{id}-"),
            format!("sk-cp-{id}-{}", &secret[1..]),
            format!("sk-cp-{id}-{}0", secret.repeat(8)),
            format!("sk-cp-{id}-{secret}-x"),
            format!("sk-cp-{id}-{secret}\n"),
            format!(" sk-cp-{id}-{secret}"),
            format!("SK-CP-{id}-{secret}"),
            format!("sk-cp-{}-{secret}", id.to_uppercase()),
            format!("sk-cp-{id}a-{secret}"),
            format!("sk-cp-{}-{secret}", &id[1..]),
            format!("sk-cp-abcdefgh234'-{secret}"),
            format!("sk-cp-{id}-{}ä", &secret[1..]),
            format!("sk-{id}-{secret}"),
        ] {
            check(&text, None);
        }
    }

    #[test]
    fn digests_are_sha_256_of_the_whole_text() {
        let expected = [
            0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae,
            0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61,
            0xf2, 0x00, 0x15, 0xad,
        ];
        assert_eq!(*KeyDigest::of("abc").as_bytes(), expected);
    }

    #[test]
    fn debug_prints_nothing_of_it() {
        let key = VirtualKey::make().unwrap();
        let id = key.id();
        assert_eq!(format!("{key:?}"), format!("VirtualKey {{ id: {id:?}, text: Secret(..) }}"));
        assert_eq!(format!("{:?}", key.digest()), "KeyDigest(..)");
    }
}
