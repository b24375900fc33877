//! Whether a request's timestamp is fresh.
//!
//! Clients count real time from what the venue told them last, while market time may run at any
//! factor of it. So a request is held against every clock that was told, as it has gone on in real
//! time since. At real time there is only one, and the rule is the venue's.

use domain::time::UtcMs;

use crate::params::{Params, Refusal, refusal};

/// How far ahead of the venue a client's clock may be.
const MOST_AHEAD_MS: i64 = 1_000;
const DEFAULT_WINDOW_MS: i64 = 5_000;
const LONGEST_WINDOW_MS: i64 = 60_000;

/// By how much the clocks that were told are ahead of the wall's.
#[derive(Debug, Default)]
pub(crate) struct Freshness {
    told: Option<(i64, i64)>,
}

impl Freshness {
    /// The venue said that it is `now`.
    pub(crate) fn tell(&mut self, now: UtcMs, wall_ms: i64) {
        self.told = Some(self.range(now.ms() - wall_ms));
    }

    fn range(&self, offset: i64) -> (i64, i64) {
        self.told.map_or((offset, offset), |(least, most)| (least.min(offset), most.max(offset)))
    }

    /// Refuses what was sent too long ago, or in the future.
    pub(crate) fn check(&self, params: &Params, now: UtcMs, wall_ms: i64) -> Result<(), Refusal> {
        params.mandatory("timestamp")?;
        let sent = params.time("timestamp")?.unwrap_or_default().ms();
        let window = params.time("recvWindow")?.map_or(DEFAULT_WINDOW_MS, UtcMs::ms);
        if window > LONGEST_WINDOW_MS {
            return Err(refusal(-1131, "recvWindow must be less than 60000."));
        }
        let (least, most) = self.range(now.ms() - wall_ms);
        if sent > (most + wall_ms).saturating_add(MOST_AHEAD_MS) {
            let message = "Timestamp for this request was 1000ms ahead of the server's time.";
            return Err(refusal(-1021, message));
        }
        if sent < least + wall_ms - window {
            let message = "Timestamp for this request is outside of the recvWindow.";
            return Err(refusal(-1021, message));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_held_against_the_clocks_that_were_told() {
        let check = |freshness: &Freshness, sent: i64, now: i64, wall_ms: i64| {
            let query = format!("timestamp={sent}");
            let params = Params::parse(&query, &["timestamp"]).unwrap();
            freshness.check(&params, UtcMs::new(now), wall_ms).map_err(|r| r.code)
        };
        let mut freshness = Freshness::default();
        assert_eq!(check(&freshness, 100_000, 100_000, 7), Ok(()));
        assert_eq!(check(&freshness, 101_001, 100_000, 7), Err(-1021));
        assert_eq!(check(&freshness, 94_999, 100_000, 7), Err(-1021));
        freshness.tell(UtcMs::new(100_000), 0);
        // The market ran an hour in a second; the client's clock did not.
        assert_eq!(check(&freshness, 101_000, 3_700_000, 1_000), Ok(()));
        assert_eq!(check(&freshness, 95_999, 3_700_000, 1_000), Err(-1021));
        // It stood for a minute; the client's clock did not.
        assert_eq!(check(&freshness, 160_000, 100_000, 60_000), Ok(()));
    }
}
