//! What a seed draws: faults, kills, the market.

use decision::policy::Policy;
use decision::profile::Profile;
use domain::ids::RunSeed;
use domain::instrument::InstrumentId;
use domain::money::Money;
use domain::time::{HOUR_MS, MINUTE_MS, UtcMs};
use domain::timeframe::Timeframe;
use exchange::binance::signed::verdict::Market;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use simulator::faults::names::{FAULTS, FaultName};
use simulator::faults::plan::{Fault, FaultPlan, Parameters, When};

use crate::cli::Chaos;
use crate::setup::Begin;

/// Generated candles begin here.
pub(super) const FROM: UtcMs = UtcMs::new(1_704_067_200_000);
/// Candles before the first decision: enough to warm every indicator. On futures, funding is settled
/// forty minutes after.
const WARMING_MS: i64 = 7 * HOUR_MS + 20 * MINUTE_MS;
/// After the faults: enough for what is in question to be proven, twice over.
const SETTLING_MINUTES: u32 = 12;
/// Cash at the start.
pub(super) const CAPITAL: i64 = 10_000;

/// One run, all of it from its seed.
#[derive(Debug, Clone)]
pub(super) struct Script {
    pub(super) seed: u64,
    /// Which of the venue's markets is traded: in turn.
    pub(super) market: Market,
    /// Minutes of market time with faults.
    pub(super) minutes: u32,
    /// Minutes after them, in which everything must settle.
    pub(super) settling: u32,
    pub(super) start_at: UtcMs,
    pub(super) pairs: Vec<InstrumentId>,
    pub(super) plan: FaultPlan,
    /// In which minutes the process is killed, and after how many steps of its decision path.
    pub(super) kills: Vec<Kill>,
    /// In which minutes every connection breaks.
    pub(super) cuts: Vec<u32>,
    /// Whether the store gets what can wait as late as it may.
    pub(super) writes_late: bool,
}

/// A kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kill {
    pub(super) minute: u32,
    pub(super) steps: u32,
    /// Minutes until the next start.
    pub(super) away: u32,
}

impl Script {
    /// What the seed draws.
    pub(super) fn of(seed: u64, asked: &Chaos) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let minutes = asked.hours.max(1) * 60;
        let (market, pairs) = match seed % 2 {
            0 => (Market::Usdm, ["BTC/USDT:USDT", "ETH/USDT:USDT"]),
            _ => (Market::Spot, ["BTC/USDT", "ETH/USDT"]),
        };
        let pairs = pairs.map(|pair| pair.parse().expect("a pair"));
        let faults = (0..rng.random_range(3..=7)).map(|_| fault(&mut rng, minutes)).collect();
        let mut kills: Vec<Kill> = (0..rng.random_range(0..=3))
            .map(|_| Kill {
                minute: rng.random_range(5..minutes),
                steps: rng.random_range(0..40),
                away: rng.random_range(0..=2),
            })
            .collect();
        kills.sort_by_key(|kill| kill.minute);
        kills.dedup_by_key(|kill| kill.minute / 4);
        let cuts = (0..rng.random_range(0..=2)).map(|_| rng.random_range(3..minutes)).collect();
        Self {
            seed,
            market,
            minutes,
            settling: SETTLING_MINUTES,
            start_at: FROM.plus_ms(WARMING_MS),
            pairs: pairs.to_vec(),
            plan: FaultPlan { faults },
            kills,
            cuts,
            writes_late: rng.random(),
        }
    }

    /// What the run is begun with: a profile that trades all the time.
    pub(super) fn begin(&self) -> Begin {
        let profile = match self.market {
            Market::Spot => include_str!("restless.toml"),
            Market::Usdm => include_str!("restless-futures.toml"),
        };
        let profile = Profile::parse(profile).expect("a checked profile");
        Begin {
            mode: "testnet",
            seed: RunSeed(self.seed),
            capital_quote: Money::new(CAPITAL.into()),
            quote: "USDT".parse().expect("an asset"),
            instruments: self.pairs.clone(),
            timeframes: vec![Timeframe::M1],
            policy: Policy::of(profile),
        }
    }

    /// How many days of candles the market has.
    pub(super) fn days(&self) -> u32 {
        let whole = WARMING_MS + i64::from(self.minutes + self.settling + 60) * MINUTE_MS;
        u32::try_from(whole / (24 * HOUR_MS)).unwrap_or(0) + 1
    }
}

/// A fault with its window; none outlives the minutes.
fn fault(rng: &mut ChaCha8Rng, minutes: u32) -> Fault {
    let known: Vec<FaultName> = FAULTS.iter().map(|described| described.name).collect();
    let name = *known.choose(rng).expect("there are faults");
    let from = rng.random_range(0..minutes);
    let until = minutes.min(from + rng.random_range(5..=60));
    let ms = |minutes: u32| Some(i64::from(minutes) * 60_000);
    // The client waits by the wall's clock for what the venue asks it to stay away: a moment.
    let asks_to_wait = matches!(
        name,
        FaultName::RateLimited | FaultName::Banned | FaultName::OrderCount | FaultName::Maintenance
    );
    let long_ms = match i64::from(rng.random_range(1..=5_u32)) {
        _ if asks_to_wait => 1_000,
        minutes => minutes * 60_000,
    };
    Fault {
        name,
        when: When {
            from_ms: ms(from),
            until_ms: ms(until),
            ratio: Some(rng.random_range(0.1..=0.7)),
            at_most: Some(rng.random_range(1..=6)),
            ..When::default()
        },
        place: simulator::faults::plan::Place::default(),
        with: Parameters {
            for_ms: Some(long_ms),
            delay_ms: Some(i64::from(rng.random_range(1..=120_u32)) * 1_000),
            executed: Some(rng.random_bool(0.5)),
            // By the wall's clock: what lasts would take too long.
            hang: rng.random_bool(0.1) && name != FaultName::QueryFailsFor,
            ..Parameters::default()
        },
    }
}
