//! Keys of accounts' streams. They live for a while unless they are renewed, in real time.

use serde_json::{Value, json};

use super::account::{Account, Ids, Venue};
use super::events;
use crate::faults::noise::mixed;
use crate::params::{Refusal, refusal};

const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// Letters of a key, as the venue's have.
pub(crate) const KEY_LENGTH: u64 = 64;

/// The key of an account's stream.
#[derive(Debug, Clone)]
pub(crate) struct ListenKey {
    pub(crate) text: String,
    /// On the wall's clock.
    pub(crate) ends_ms: i64,
}

fn missing() -> Refusal {
    refusal(-1125, "This listenKey does not exist.")
}

fn made(number: u64) -> String {
    let letter = |n: u64| {
        let drawn = mixed(mixed(number).wrapping_add(n)) % LETTERS.len() as u64;
        char::from(LETTERS[drawn as usize])
    };
    (0..KEY_LENGTH).map(letter).collect()
}

impl Account {
    /// Opens the stream, or lengthens its life where it is open.
    pub(crate) fn open_stream(&mut self, ids: &mut Ids, wall_ms: i64, life_ms: i64) -> Value {
        let ends_ms = wall_ms + life_ms;
        let new = || ListenKey { text: made(Ids::next(&mut ids.listen_key)), ends_ms };
        let key = self.listen_key.get_or_insert_with(new);
        key.ends_ms = ends_ms;
        json!({ "listenKey": key.text })
    }

    pub(crate) fn renew_stream(&mut self, wall_ms: i64, life_ms: i64) -> Result<Value, Refusal> {
        let key = self.listen_key.as_mut().ok_or_else(missing)?;
        key.ends_ms = wall_ms + life_ms;
        Ok(json!({ "listenKey": key.text }))
    }

    /// Closes the stream for all its listeners.
    pub(crate) fn close_stream(&mut self) -> Result<Value, Refusal> {
        self.listen_key.take().ok_or_else(missing)?;
        self.subscribers.clear();
        Ok(json!({}))
    }

    /// Ends the stream where its key was not renewed in time.
    pub(crate) fn expire_stream(&mut self, wall_ms: i64, venue: Venue<'_>) {
        if let Some(key) = self.listen_key.take_if(|key| key.ends_ms <= wall_ms) {
            self.tell(&events::expired(&key.text, venue.now));
            self.subscribers.clear();
        }
    }
}
