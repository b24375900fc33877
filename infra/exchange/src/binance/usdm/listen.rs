//! The key of an account's stream on futures. Whoever has it hears everything: it is a secret.

use secrecy::SecretString;
use serde::Deserialize;

use crate::binance::signed::call::{Call, Method};
use crate::binance::signed::params::Params;

const PATH: &str = "fapi/v1/listenKey";

/// Opens the stream; where it is open, the venue answers with the same key, good for another hour.
pub fn open() -> Call {
    Call::set(Method::Post, PATH, Params::new(), 1).with_key_alone()
}

/// Keeps the stream open for another hour.
pub fn renew() -> Call {
    Call::set(Method::Put, PATH, Params::new(), 1).with_key_alone()
}

/// Closes the stream, for every listener of the account.
pub fn close() -> Call {
    Call::set(Method::Delete, PATH, Params::new(), 1).with_key_alone()
}

/// The stream's key.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListenKey {
    /// It.
    pub listen_key: SecretString,
}
