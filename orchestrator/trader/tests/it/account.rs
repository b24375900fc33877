//! A run with an account at a venue.

use crate::harness::Launch;
use crate::site::Site;

pub(crate) const KEY: &str = "testnetKeyOfNobody";
pub(crate) const SECRET: &str = "hush-this-is-nobodys-secret";
pub(crate) const PAIRS: &str = "BTC/USDT,ETH/USDT";
/// Six hours after the generator's first candle: every indicator is warm.
pub(crate) const START_AT: i64 = 1_704_088_800_000;

/// A run that trades all the time at the venue of these addresses.
pub(crate) fn trading(site: &Site, (rest, stream): (&str, &str)) -> Launch {
    let profile = concat!(env!("CARGO_MANIFEST_DIR"), "/src/verbs/chaos/restless.toml");
    let arguments = ["run", "--testnet", "--json", "--profile", profile, "--pairs", PAIRS];
    site.trade_at((rest, stream), &arguments)
        .env("BINANCE_API_KEY", KEY)
        .env("BINANCE_API_SECRET", SECRET)
        .env("BINANCE_SPOT_API_URL", rest)
        .env("BINANCE_SPOT_WS_API_URL", format!("{stream}/ws-api/v3"))
        .env("SEXTANT_TIMEFRAMES", "1m")
        .env("INITIAL_CAPITAL", "10000")
        .env("LOG_LEVEL", "debug")
}

/// That the ledger follows from what was heard, and that nobody has altered it.
pub(crate) fn holds(site: &Site) {
    let replayed = site.verb(&["replay", "--all", "--from-candles", "--json"]).end();
    assert_eq!(replayed.code, Some(0), "{}{}", replayed.out, replayed.err);
    assert_eq!(site.verify().json()["holds"], true);
}
