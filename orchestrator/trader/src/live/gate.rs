//! The gate in front of real money: everything that stands against it, at once.

use std::path::Path;
use std::time::UNIX_EPOCH;

use domain::time::{DAY_MS, UtcMs};
use exchange::binance::signed::verdict::Market;
use exchange::binance::spot::account::{KeyRights, RightsError};

use crate::config::live::CONFIRMATION;
use crate::config::settings::{Live, StoreChoice};

/// How long a strategy must have run on paper.
pub const PAPER_DAYS: u32 = 14;

/// Why no real money is traded, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody said that it is meant.
    #[error("nobody has confirmed it: set LIVE_CONFIRMATION={CONFIRMATION} in the environment")]
    Unconfirmed,
    /// The private database is for trying things out.
    #[error("the embedded store is not for real money: set DATABASE_URL")]
    EmbeddedStore,
    /// Too little was seen on paper.
    #[error(
        "there are {days} days of paper trading and {PAPER_DAYS} are asked for; go on with \
         `sextant run`, name the store that it wrote to in SEXTANT_PAPER_DATABASE_URL, or set \
         SEXTANT_LIVE_WITHOUT_PAPER_RECORD=yes"
    )]
    ShortPaperRecord {
        /// How many there are.
        days: u32,
    },
    /// What was seen on paper is not known.
    #[error(
        "the record of paper trading can't be read: {0}; correct SEXTANT_PAPER_DATABASE_URL, or set \
         SEXTANT_LIVE_WITHOUT_PAPER_RECORD=yes"
    )]
    PaperUnknown(String),
    /// There is no backup.
    #[error(
        "no backup has touched its marker yet; see docs/operations.md, or set \
         SEXTANT_LIVE_WITHOUT_BACKUP=yes"
    )]
    NoBackup,
    /// The backup is old.
    #[error(
        "the last backup is {days} days old and {limit} are allowed; make one, or set \
         SEXTANT_LIVE_WITHOUT_BACKUP=yes"
    )]
    OldBackup {
        /// How old it is.
        days: u32,
        /// How old it may be.
        limit: u32,
    },
    /// There is no key.
    #[error("there are no keys: set BINANCE_API_KEY and BINANCE_API_SECRET")]
    NoKeys,
    /// The key is one of the test network.
    #[error(
        "BINANCE_TESTNET is true: with real money it must be false, and the keys the real ones"
    )]
    TestnetKeys,
    /// The key may do too much, or too little.
    #[error(transparent)]
    Rights(#[from] RightsError),
    /// What the key may do is not known.
    #[error("what the API key may do can't be found out: {0}")]
    RightsUnknown(String),
}

/// What the gate looks at.
#[derive(Debug, Clone)]
pub struct Evidence<'a> {
    /// The settings.
    pub live: &'a Live,
    /// Where the run would be kept.
    pub store: &'a StoreChoice,
    /// On how many days decisions were made on paper, or why that is not known.
    pub paper_days: Result<u32, String>,
    /// How old the last backup is, in whole days; none where there is none.
    pub backup_days: Option<u32>,
    /// What the key may do, or why that is not known.
    pub rights: Result<KeyRights, String>,
    /// What is to be traded.
    pub market: Market,
}

/// Lets real money through, or names everything that stands against it.
pub fn live_gate(evidence: &Evidence<'_>) -> Result<(), Vec<Refusal>> {
    let Evidence { live, store, paper_days, backup_days, rights, market } = evidence;
    let mut refusals = Vec::new();
    if live.confirmation.as_deref() != Some(CONFIRMATION) {
        refusals.push(Refusal::Unconfirmed);
    }
    if matches!(store, StoreChoice::Embedded) {
        refusals.push(Refusal::EmbeddedStore);
    }
    match paper_days {
        _ if live.without_paper_record => {}
        Ok(days) if *days < PAPER_DAYS => refusals.push(Refusal::ShortPaperRecord { days: *days }),
        Ok(_) => {}
        Err(why) => refusals.push(Refusal::PaperUnknown(why.clone())),
    }
    let limit = live.backup_max_days;
    match backup_days {
        _ if live.without_backup => {}
        None => refusals.push(Refusal::NoBackup),
        Some(days) if *days > limit => refusals.push(Refusal::OldBackup { days: *days, limit }),
        Some(_) => {}
    }
    if live.testnet {
        refusals.push(Refusal::TestnetKeys);
    }
    match (&live.keys, rights) {
        (None, _) => refusals.push(Refusal::NoKeys),
        (Some(_), Ok(rights)) => refusals.extend(rights.admit(*market).err().map(Refusal::Rights)),
        (Some(_), Err(why)) => refusals.push(Refusal::RightsUnknown(why.clone())),
    }
    if refusals.is_empty() { Ok(()) } else { Err(refusals) }
}

/// How many whole days ago a backup touched its marker; none where it never did. A marker of the
/// future is as fresh as can be.
pub fn backup_days(live: &Live, data_dir: &Path, now: UtcMs) -> Option<u32> {
    let default = data_dir.join("backup.done");
    let marker = live.backup_marker.as_deref().unwrap_or(&default);
    let touched = std::fs::metadata(marker).and_then(|found| found.modified()).ok()?;
    let touched_ms = touched.duration_since(UNIX_EPOCH).ok()?.as_millis();
    let touched = UtcMs::new(i64::try_from(touched_ms).ok()?);
    Some(u32::try_from(now.since(touched).max(0) / DAY_MS).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::config::settings::ApiKeys;

    fn live() -> Live {
        Live {
            testnet: false,
            keys: Some(ApiKeys { key: "abc".into(), secret: "hunter2".into() }),
            confirmation: Some("I-accept-losses".to_owned()),
            paper: StoreChoice::Embedded,
            without_paper_record: false,
            without_backup: false,
            backup_marker: None,
            backup_max_days: 7,
        }
    }

    const RIGHTS: KeyRights = KeyRights {
        ip_restrict: true,
        enable_reading: true,
        enable_withdrawals: false,
        enable_internal_transfer: false,
        permits_universal_transfer: false,
        enable_spot_and_margin_trading: true,
        enable_futures: false,
    };

    #[test]
    fn only_with_everything_is_real_money_let_through() {
        let (live, store) = (live(), StoreChoice::Url(SecretString::from("postgres://h/d")));
        let good = Evidence {
            live: &live,
            store: &store,
            paper_days: Ok(14),
            backup_days: Some(7),
            rights: Ok(RIGHTS),
            market: Market::Spot,
        };
        assert_eq!(live_gate(&good), Ok(()));
        let refused = |evidence: Evidence<'_>| live_gate(&evidence).unwrap_err();
        let embedded = StoreChoice::Embedded;
        let one = |evidence, refusal| assert_eq!(refused(evidence), [refusal]);
        one(Evidence { store: &embedded, ..good.clone() }, Refusal::EmbeddedStore);
        one(
            Evidence { paper_days: Ok(13), ..good.clone() },
            Refusal::ShortPaperRecord { days: 13 },
        );
        let unread = Err("no answer".to_owned());
        one(
            Evidence { paper_days: unread, ..good.clone() },
            Refusal::PaperUnknown("no answer".to_owned()),
        );
        one(Evidence { backup_days: None, ..good.clone() }, Refusal::NoBackup);
        one(
            Evidence { backup_days: Some(8), ..good.clone() },
            Refusal::OldBackup { days: 8, limit: 7 },
        );
        one(
            Evidence { market: Market::Usdm, ..good.clone() },
            Refusal::Rights(RightsError::MayNotTrade),
        );
        let withdraws = Ok(KeyRights { enable_withdrawals: true, ..RIGHTS });
        one(
            Evidence { rights: withdraws, ..good.clone() },
            Refusal::Rights(RightsError::MayWithdraw),
        );
        let unknown = Err("no answer".to_owned());
        one(
            Evidence { rights: unknown, ..good.clone() },
            Refusal::RightsUnknown("no answer".to_owned()),
        );
        let bare = Live {
            testnet: true,
            keys: None,
            confirmation: Some("i-accept-losses".to_owned()),
            ..live.clone()
        };
        let all = Evidence {
            live: &bare,
            store: &embedded,
            paper_days: Ok(0),
            backup_days: None,
            ..good.clone()
        };
        assert_eq!(refused(all).len(), 6, "all at once");
        // The overrides lift what they name and nothing else.
        let bold = Live { without_paper_record: true, without_backup: true, ..live.clone() };
        let hasty = Evidence { live: &bold, paper_days: Ok(0), backup_days: None, ..good };
        assert_eq!(live_gate(&hasty), Ok(()));
    }

    #[test]
    fn a_backup_is_as_old_as_its_marker() {
        let folder = tempfile::tempdir().unwrap();
        let now = exchange::binance::clock::local_now();
        assert_eq!(backup_days(&live(), folder.path(), now), None);
        std::fs::write(folder.path().join("backup.done"), "").unwrap();
        assert_eq!(backup_days(&live(), folder.path(), now), Some(0));
        let later = now.plus_ms(9 * DAY_MS + DAY_MS / 2);
        assert_eq!(backup_days(&live(), folder.path(), later), Some(9));
        let elsewhere = Live { backup_marker: Some(folder.path().join("mine")), ..live() };
        assert_eq!(backup_days(&elsewhere, folder.path(), now), None);
    }
}
