//! What trading with real money takes: keys, and a person's word that it is meant.

use exchange::binance::signed::keys::Keys;
use secrecy::SecretString;

use super::reading::Reading;
use super::settings::{ApiKeys, Live};
use super::sources::Sources;
use super::{store, values};

/// The words that say that a person means it.
pub(crate) const CONFIRMATION: &str = "I-accept-losses";

/// Finds it out; what is wrong is noted in `reading`.
pub(super) fn read(reading: &mut Reading, sources: &Sources) -> Live {
    let testnet = reading.read_or_default("BINANCE_TESTNET", values::boolean);
    Live {
        testnet,
        keys: keys(reading, sources),
        confirmation: reading.read("LIVE_CONFIRMATION", values::filled),
        without_paper_record: reading.read("SEXTANT_LIVE_WITHOUT_PAPER_RECORD", yes).is_some(),
        without_backup: reading.read("SEXTANT_LIVE_WITHOUT_BACKUP", yes).is_some(),
        paper: store::paper(reading, sources),
        backup_marker: reading.read("SEXTANT_BACKUP_MARKER", values::path),
        backup_max_days: reading.read_or_default("SEXTANT_BACKUP_MAX_DAYS", values::whole),
    }
}

/// An override is spelt out: whoever sets it has read what it skips.
fn yes(text: &str) -> Result<(), String> {
    if text == "yes" { Ok(()) } else { Err("is not yes, the one word that overrides".to_owned()) }
}

fn keys(reading: &mut Reading, sources: &Sources) -> Option<ApiKeys> {
    let key = reading.read("BINANCE_API_KEY", values::filled);
    let secret = reading.secret("BINANCE_API_SECRET", "BINANCE_API_SECRET_FILE", sources);
    let file = "BINANCE_ED25519_KEY_FILE";
    let pem = reading.given(file).map(|given| given.value.clone());
    let pem = pem.and_then(|path| match sources.files.get(std::path::Path::new(&path)) {
        Some(Ok(text)) => Some((file, text.clone())),
        Some(Err(why)) => {
            reading.refuse(file, format!("can't be read: {why}"));
            None
        }
        None => {
            reading.refuse(file, "was not read");
            None
        }
    });
    if pem.is_some() && secret.is_some() {
        reading.refuse(file, "stands beside BINANCE_API_SECRET: give one of the two");
    }
    let secret = pem.or(secret);
    let all = ["BINANCE_API_SECRET", "BINANCE_API_SECRET_FILE", file];
    match (key, secret) {
        (Some(key), Some((name, secret))) => {
            let (key, secret) = (SecretString::from(key), SecretString::from(secret));
            if let Err(error) = Keys::new(key.clone(), &secret) {
                reading.refuse(name, format!("can't be used: {error}"));
            }
            Some(ApiKeys { key, secret })
        }
        (Some(_), None) => {
            if !reading.any_failed(&all) {
                let problem = "needs BINANCE_API_SECRET, BINANCE_API_SECRET_FILE or \
                               BINANCE_ED25519_KEY_FILE beside it";
                reading.refuse("BINANCE_API_KEY", problem);
            }
            None
        }
        (None, Some((name, _))) => {
            reading.refuse(name, "needs BINANCE_API_KEY beside it");
            None
        }
        (None, None) => None,
    }
}
