//! The venue as anybody sees it: whether it answers, its clock, and its rules for the pairs.

use domain::instrument::InstrumentId;
use exchange::binance::clock::ClockReading;
use exchange::binance::listing::Listing;
use exchange::binance::rest::RestClient;
use exchange::binance::transport::RestOptions;
use rust_decimal::Decimal;

use super::finding::{Check, Finding};
use crate::config::settings::Settings;

/// A clock this far off is worth a look, …
const OFFSET_WARN_MS: i64 = 500;
/// … and beyond this the venue refuses orders.
const OFFSET_FAIL_MS: i64 = 1_000;
/// Whoever waits here wants to know.
pub(super) const PATIENCE: RestOptions = RestOptions {
    timeout_ms: 5_000,
    deadline_ms: 8_000,
    tries: u32::MAX,
    settle_ms: 0,
    backoff_base_ms: 250,
    backoff_max_ms: 2_000,
    seed: 0,
    pace: 1,
};

/// What can be asked without a key.
pub(super) async fn public(settings: &Settings) -> Vec<Finding> {
    let check = Check::remote("venue");
    let market = settings.market();
    let url = settings.addresses(market).rest;
    let rest = match RestClient::new(&url, market, PATIENCE) {
        Ok(rest) => rest,
        Err(error) => {
            return vec![Check::here("venue").fail(error.to_string(), "correct the address")];
        }
    };
    let reading = match rest.clock().await {
        Ok(reading) => reading,
        Err(error) => {
            let to_do = "check the network, the venue's address (BINANCE_…_URL) and the venue's status page";
            return vec![check.fail(format!("{url}: {error}"), to_do)];
        }
    };
    let ClockReading { round_trip_ms, .. } = reading;
    let mut findings =
        vec![check.ok(format!("{url} answers in {round_trip_ms} ms")), clock(reading)];
    match rest.instruments(&settings.instruments).await {
        Ok(listing) => findings.extend(pairs(settings, &listing)),
        Err(error) => findings.push(
            Check::remote("pairs").fail(error.to_string(), "try again, or check CRYPTO_PAIRS"),
        ),
    }
    findings
}

fn clock(reading: ClockReading) -> Finding {
    let check = Check::here("clock");
    let ClockReading { offset_ms, round_trip_ms } = reading;
    let what = format!("the venue's is {offset_ms:+} ms from here, ±{} ms", round_trip_ms / 2);
    let to_do = "let this machine keep time by NTP (`timedatectl set-ntp true`)";
    let off_ms = offset_ms.saturating_abs();
    if off_ms > OFFSET_FAIL_MS {
        check.fail(what, to_do)
    } else if off_ms > OFFSET_WARN_MS {
        check.warn(what, to_do)
    } else {
        check.ok(what)
    }
}

/// Whether each pair is traded, and whether the capital is enough for its smallest order.
fn pairs(settings: &Settings, listing: &Listing) -> Vec<Finding> {
    let check = Check::here("pairs");
    let mut findings = Vec::new();
    let named = |ids: &[InstrumentId]| {
        ids.iter().map(InstrumentId::to_string).collect::<Vec<_>>().join(", ")
    };
    if !listing.unknown.is_empty() {
        let what = format!("the venue does not know {}", named(&listing.unknown));
        findings.push(check.fail(what, "correct CRYPTO_PAIRS"));
    }
    for (instrument, state) in &listing.not_trading {
        let what = format!("{instrument} is not traded now ({state})");
        findings.push(check.warn(what, "take it out of CRYPTO_PAIRS, or wait"));
    }
    let capital = settings.capital.to_decimal();
    // What one of the positions has when all are open.
    let part = capital / Decimal::from(settings.policy.profile.max_positions.max(1));
    for instrument in &listing.instruments {
        let least = instrument.filters.min_notional_quote.to_decimal();
        let what = format!(
            "{}: orders of at least {least} {}, the capital is {capital}",
            instrument.id, settings.quote
        );
        if least > capital {
            findings.push(check.fail(what, "more capital, or another pair"));
        } else if least > part {
            findings.push(check.warn(what, "a position's part of it is too small"));
        }
    }
    if findings.is_empty() {
        findings.push(check.ok(format!(
            "all {} are traded, and the capital is enough",
            settings.instruments.len()
        )));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn a_clock_may_be_off_by_half_a_second() {
        let level = |offset_ms| clock(ClockReading { offset_ms, round_trip_ms: 10 }).level;
        assert_eq!([0, 500, -500].map(level), [Level::Ok; 3]);
        assert_eq!([501, -1_000].map(level), [Level::Warn; 2]);
        assert_eq!([1_001, -5_000, i64::MIN].map(level), [Level::Fail; 3]);
    }
}
