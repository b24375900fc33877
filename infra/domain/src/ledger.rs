//! The chain of the ledger: each entry's hash covers the one before it.
//!
//! The hash needs no key, so a replay anywhere gives the same one. A seal (HMAC with a key that
//! lives outside the database) is added by the store, so that nobody who can only write to the
//! database can forge a chain.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::text::serde_as_text;
use crate::time::UtcMs;

/// SHA-256 of an entry: 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryHash([u8; 32]);

/// Text that is not a hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a hash: expected 64 hexadecimal digits")]
pub struct ParseHashError(String);

/// What an entry records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// The configuration under which what follows was decided.
    Configuration,
    /// A decision, HOLD too.
    Decision,
    /// A transition of an order's state.
    Order,
    /// A fill.
    Fill,
    /// A payment of funding.
    Funding,
    /// A person's word, or something else that only a person can settle.
    Intervention,
}

impl EntryKind {
    /// Its name in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Decision => "decision",
            Self::Order => "order",
            Self::Fill => "fill",
            Self::Funding => "funding",
            Self::Intervention => "intervention",
        }
    }
}

impl fmt::Display for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for EntryKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [
            Self::Configuration,
            Self::Decision,
            Self::Order,
            Self::Fill,
            Self::Funding,
            Self::Intervention,
        ];
        let found = all.into_iter().find(|kind| kind.name() == text);
        found.ok_or_else(|| format!("'{text}' is not a kind of ledger entry"))
    }
}

/// One entry of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// 1, 2, 3, … without a hole.
    pub seq: u64,
    /// What it records.
    pub kind: EntryKind,
    /// Event time.
    pub at: UtcMs,
    /// The last event before it.
    pub input_seq: u64,
    /// Canonical text of the record.
    pub payload: String,
    /// Hash of the entry before.
    pub prev_hash: EntryHash,
    /// Hash of this one.
    pub hash: EntryHash,
}

/// The end of a chain: where the next entry goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// How many entries there are.
    pub seq: u64,
    /// Hash of the last one.
    pub hash: EntryHash,
}

impl Head {
    /// Before the first entry.
    pub const GENESIS: Self = Self { seq: 0, hash: EntryHash([0; 32]) };

    /// Makes the next entry and moves on to it.
    pub fn append(&mut self, kind: EntryKind, at: UtcMs, input_seq: u64, payload: String) -> Entry {
        let seq = self.seq.saturating_add(1);
        let hash = hash_of(self.hash, seq, kind, at, input_seq, &payload);
        let entry = Entry { seq, kind, at, input_seq, payload, prev_hash: self.hash, hash };
        *self = Self { seq, hash };
        entry
    }
}

impl Entry {
    /// The hash that its content asks for; differs from `hash` where the entry was altered.
    pub fn expected_hash(&self) -> EntryHash {
        hash_of(self.prev_hash, self.seq, self.kind, self.at, self.input_seq, &self.payload)
    }
}

fn hash_of(
    prev: EntryHash,
    seq: u64,
    kind: EntryKind,
    at: UtcMs,
    input_seq: u64,
    payload: &str,
) -> EntryHash {
    let mut hash = Sha256::new();
    hash.update(b"sextant ledger 1\n");
    hash.update(prev.0);
    hash.update(seq.to_be_bytes());
    hash.update((kind.name().len() as u64).to_be_bytes());
    hash.update(kind.name());
    hash.update(at.ms().to_be_bytes());
    hash.update(input_seq.to_be_bytes());
    hash.update(payload.as_bytes());
    EntryHash(hash.finalize().into())
}

/// The key that seals the chain; never printed.
#[derive(Clone)]
pub struct SealKey(Vec<u8>);

impl SealKey {
    /// From the bytes of a key.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// HMAC-SHA256 (RFC 2104) of an entry's hash.
    pub fn seal(&self, hash: EntryHash) -> EntryHash {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(&hash.0);
        EntryHash(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(…)")
    }
}

impl fmt::Display for EntryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&hex::encode(self.0))
    }
}

impl fmt::Debug for EntryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for EntryHash {
    type Err = ParseHashError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut hash = [0; 32];
        let parsed = hex::decode_to_slice(text, &mut hash);
        parsed.map_err(|_| ParseHashError(text.chars().take(80).collect())).map(|()| Self(hash))
    }
}

serde_as_text!(EntryHash);
