//! Who asks.

use domain::time::UtcMs;

use super::freshness::Freshness;
use super::keys::Key;
use crate::params::{Params, Refusal, refusal};

/// Who asks, as far as it can be told before the signature is checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) key: &'a str,
    /// What was signed.
    pub(crate) payload: &'a str,
    pub(crate) signature: Option<&'a str>,
    /// Real time since the start.
    pub(crate) wall_ms: i64,
}

impl Asker<'_> {
    /// Refuses what can be nobody's key.
    pub(crate) fn has_key(&self) -> Result<(), Refusal> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if self.key.is_empty() || !self.key.bytes().all(plain) {
            return Err(refusal(-2014, "API-key format invalid."));
        }
        Ok(())
    }

    /// Refuses a request that is not signed with the key's secret, or not now.
    pub(crate) fn has_signed(
        &self,
        key: &Key,
        freshness: &Freshness,
        params: &Params,
        now: UtcMs,
    ) -> Result<(), Refusal> {
        params.mandatory("timestamp")?;
        key.check(self.payload, self.signature)?;
        freshness.check(params, now, self.wall_ms)
    }
}

/// A key that is nobody's.
pub(crate) fn unknown_key() -> Refusal {
    refusal(-2015, "Invalid API-key, IP, or permissions for action.")
}
