//! Identities that a replay finds again: hashes of what caused them.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::text::serde_as_text;

/// The run's seed, part of every id, so that two runs never share one by chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunSeed(pub u64);

/// Ninety-six bits of SHA-256 over (run seed, `input_seq`, kind, subject): 24 hex digits. Aligned, so
/// that what holds an id is copied in whole words.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(align(4))]
pub struct Id([u8; 12]);

/// Text that is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not an id: expected 24 hexadecimal digits")]
pub struct ParseIdError(String);

impl Id {
    /// The id of what `input_seq` caused; `kind` and `subject` tell apart what one input caused
    /// several of (a decision for each instrument, say).
    pub fn of(seed: RunSeed, input_seq: u64, kind: &str, subject: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(seed.0.to_be_bytes());
        hash.update(input_seq.to_be_bytes());
        for part in [kind, subject] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let mut id = [0; 12];
        id.copy_from_slice(&hash.finalize()[..12]);
        Self(id)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&hex::encode(self.0))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Id {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut id = [0; 12];
        let parsed = hex::decode_to_slice(text, &mut id);
        parsed.map_err(|_| ParseIdError(text.chars().take(40).collect())).map(|()| Self(id))
    }
}

serde_as_text!(Id);
