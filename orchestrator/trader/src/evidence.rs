//! Out-of-sample trades as they are stored: what sizing may learn from, and nothing else.

use std::path::{Path, PathBuf};

use backtest::outcome::Outcome as Run;
use backtest::research::kelly::{KellyCap, returns_in_stakes};
use decision::policy::Kelly;
use domain::time::UtcMs;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ending::{Failure, Outcome};
use crate::verbs::backtest::report::whole_file;

const VERSION: u32 = 1;

/// What a walk-forward brought in its tests, which no search had seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Evidence {
    version: u32,
    /// Begin of the first test.
    from: UtcMs,
    /// End of the last test.
    to: UtcMs,
    /// When each trade was closed, and its profit over what it would have lost at its stop.
    trades: Vec<(UtcMs, f64)>,
}

/// Stores the closed trades of a walk-forward. Says where; none where there are none.
pub fn keep(data_dir: &Path, stitched: &Run) -> Outcome<Option<PathBuf>> {
    let trades = returns_in_stakes(stitched);
    if trades.is_empty() {
        return Ok(None);
    }
    let evidence = Evidence { version: VERSION, from: stitched.from, to: stitched.to, trades };
    let text = serde_json::to_string(&evidence)? + "\n";
    let folder = data_dir.join("evidence");
    let path = folder.join(format!("{}.json", &hash(&text)[..12]));
    std::fs::create_dir_all(&folder)
        .and_then(|()| whole_file::replace(&path, text.as_bytes()))
        .map_err(|e| Failure::from(e).context(format!("can't keep {}", path.display())))?;
    Ok(Some(path))
}

/// What stored trades justify, by this fraction of Kelly's.
pub fn cap(text: &str, fraction: f64) -> Result<Kelly, String> {
    let evidence: Evidence =
        serde_json::from_str(text).map_err(|e| format!("is no evidence of walk-forward: {e}"))?;
    if evidence.version != VERSION {
        return Err(format!("has form {}, this version reads {VERSION}", evidence.version));
    }
    if evidence.trades.is_empty() {
        return Err("holds no trades".to_owned());
    }
    let returns: Vec<_> = evidence.trades.iter().map(|(_, in_stakes)| *in_stakes).collect();
    let cap = KellyCap::of(&returns, fraction).map_err(|e| format!("can't be used: {e}"))?;
    let cap_ratio = Decimal::try_from(cap.cap_ratio).map_err(|e| format!("can't be used: {e}"))?;
    Ok(Kelly {
        evidence: hash(text),
        trades: u32::try_from(cap.trades).unwrap_or(u32::MAX),
        fraction,
        cap_ratio: cap_ratio.round_dp(6).normalize(),
    })
}

fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(wins: usize, losses: usize) -> String {
        let trade = |n: usize, of: f64| (UtcMs::new(i64::try_from(n).unwrap()), of);
        let trades = (0..wins).map(|n| trade(n, 1.0)).chain((0..losses).map(|n| trade(n, -1.0)));
        let (from, to) = (UtcMs::new(0), UtcMs::new(1));
        let evidence = Evidence { version: VERSION, from, to, trades: trades.collect() };
        serde_json::to_string(&evidence).unwrap()
    }

    #[test]
    fn a_record_caps_the_stake_and_few_trades_cap_it_to_less() {
        // Even money won six times of ten: a fifth by Kelly, a quarter of it, and half of that for
        // a hundred trades.
        assert_eq!(cap(&text(60, 40), 0.25).unwrap().cap_ratio, "0.025".parse().unwrap());
        let few = cap(&text(6, 4), 0.25).unwrap();
        assert_eq!((few.trades, few.cap_ratio), (10, "0.004545".parse().unwrap()));
        assert_eq!(cap(&text(4, 6), 0.25).unwrap().cap_ratio, Decimal::ZERO);
    }

    #[test]
    fn what_is_no_evidence_is_refused() {
        for (text, words) in [
            ("{", "is no evidence"),
            (r#"{"version":1,"from":0,"to":1,"trades":[],"more":1}"#, "unknown field"),
            (r#"{"version":2,"from":0,"to":1,"trades":[]}"#, "has form 2"),
            (r#"{"version":1,"from":0,"to":1,"trades":[]}"#, "no trades"),
        ] {
            let told = cap(text, 0.25).unwrap_err();
            assert!(told.contains(words), "{told}");
        }
        assert!(cap(&text(1, 1), 1.5).unwrap_err().contains("above 0 and at most 1"));
    }
}
