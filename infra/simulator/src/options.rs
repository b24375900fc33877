//! What the simulator is asked to do.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::str::FromStr;

use domain::instrument::InstrumentId;
use domain::time::UtcMs;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::error::SimulatorError;
use crate::faults::plan::FaultPlan;

/// All settings of a simulator.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Where candles come from.
    pub source: Source,
    /// How fast market time runs.
    pub speed: Speed,
    /// How the streams of candles are spoilt throughout.
    pub faults: Faults,
    /// Faults by name.
    pub plan: FaultPlan,
    /// Of generated candles and of faults: the same seed gives the same run.
    pub seed: u64,
    /// The market time at which the replay begins; what closed before is history that only
    /// REST tells. None: the first candle's open.
    pub start_at: Option<UtcMs>,
    /// Who may trade; nobody where it is empty.
    pub accounts: Vec<AccountOptions>,
    /// What goes beyond candles on futures.
    pub usdm: UsdmOptions,
    /// How well accounts' orders are filled.
    pub trading: Trading,
}

/// How well orders are filled. The default fills them whole and at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trading {
    /// How long an order is on its way to the market, in ms of market time: so much later does it
    /// take, rest or wait for its trigger.
    pub latency_ms: u32,
    /// The share of a candle's volume that an order may fill of, 0…1; what is left fills of the
    /// candles that follow.
    pub volume_share: Option<Decimal>,
}

impl Options {
    /// At full speed on any free port of this machine, without faults and accounts.
    pub fn new(source: Source) -> Self {
        Self {
            listen: ([127, 0, 0, 1], 0).into(),
            source,
            speed: Speed::Max,
            faults: Faults::default(),
            plan: FaultPlan::default(),
            seed: 1,
            start_at: None,
            accounts: Vec::new(),
            usdm: UsdmOptions::default(),
            trading: Trading::default(),
        }
    }
}

/// What happens on USD-M futures beside the candles. Its perpetuals are those of the candles; their
/// mark price and their index are the candles' own prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsdmOptions {
    /// What longs pay to shorts every eight hours.
    pub funding: Funding,
    /// When the venue takes whose positions to end those of others.
    pub deleveragings: Vec<Deleveraging>,
    /// How long a listen key lives unless it is renewed, in real time: its owner renews it by the
    /// wall's clock, however fast the market runs.
    pub listen_key_life_ms: i64,
}

impl Default for UsdmOptions {
    fn default() -> Self {
        let funding = Funding::Constant(Decimal::new(1, 4));
        Self { funding, deleveragings: Vec::new(), listen_key_life_ms: 3_600_000 }
    }
}

/// Rates of funding, as ratios of a position's worth; longs pay where they are positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Funding {
    /// The same at every settlement.
    Constant(Decimal),
    /// One for each instrument and settlement, evenly spread between the venue's usual bounds for
    /// calm times, −0.0003 and 0.0003.
    Seeded(u64),
}

/// At this moment the venue closes every account's position in an instrument at the mark price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deleveraging {
    /// When, in market time.
    pub at: UtcMs,
    /// In which perpetual.
    pub instrument: InstrumentId,
}

/// An account with its one key, on spot and on futures. What it holds is play money, but the secret
/// is kept out of `Debug` like any other.
#[derive(Clone)]
pub struct AccountOptions {
    /// The API key.
    pub key: String,
    /// Its secret, for HMAC-SHA256; or the public half of an Ed25519 key in PEM.
    pub secret: String,
    /// How much of each asset there is on spot at the start.
    pub balances: BTreeMap<String, Decimal>,
    /// A resting order's fee, as a share of what it gets.
    pub maker_rate: Decimal,
    /// A taking order's fee, as a share of what it gets.
    pub taker_rate: Decimal,
    /// How much of each asset there is on futures at the start.
    pub futures_balances: BTreeMap<String, Decimal>,
    /// A resting order's fee on futures, as a share of an execution's worth.
    pub futures_maker_rate: Decimal,
    /// A taking order's fee on futures, as a share of an execution's worth.
    pub futures_taker_rate: Decimal,
    /// Whether the key may withdraw, which a careful client refuses.
    pub may_withdraw: bool,
}

impl AccountOptions {
    /// With the venue's usual fee of a thousandth, and a key that may trade only.
    pub fn new(key: &str, secret: &str, balances: &[(&str, Decimal)]) -> Self {
        let rate = Decimal::new(1, 3);
        Self {
            key: key.to_owned(),
            secret: secret.to_owned(),
            balances: balances
                .iter()
                .map(|(asset, amount)| ((*asset).to_owned(), *amount))
                .collect(),
            maker_rate: rate,
            taker_rate: rate,
            futures_balances: BTreeMap::new(),
            futures_maker_rate: Decimal::new(2, 4),
            futures_taker_rate: Decimal::new(5, 4),
            may_withdraw: false,
        }
    }

    /// With a wallet on futures.
    #[must_use]
    pub fn with_futures(mut self, balances: &[(&str, Decimal)]) -> Self {
        let balances = balances.iter().map(|(asset, amount)| ((*asset).to_owned(), *amount));
        self.futures_balances = balances.collect();
        self
    }
}

impl fmt::Debug for AccountOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountOptions")
            .field("balances", &self.balances)
            .field("futures_balances", &self.futures_balances)
            .finish_non_exhaustive()
    }
}

/// Where candles come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A folder of candle files.
    Folder(PathBuf),
    /// One-minute candles made from the seed.
    Generated {
        /// Of which instruments.
        pairs: Vec<InstrumentId>,
        /// Open of the first candle, rounded down to the minute.
        start: UtcMs,
        /// How many days.
        days: u32,
    },
}

/// How fast market time runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// As fast as the listeners read; the market stands while nobody is subscribed.
    Max,
    /// So many times real time, whether anybody listens or not.
    Factor(f64),
    /// Only as the simulator's owner moves it, with
    /// [`Simulator::advance_to`](crate::server::Simulator::advance_to).
    Manual,
}

impl FromStr for Speed {
    type Err = SimulatorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "max" {
            return Ok(Self::Max);
        }
        // Who serves from a command line has no hand on it: a manual market would stand forever.
        let factor = text.trim_end_matches(['x', '×']).parse().ok().filter(|f| is_factor(*f));
        factor
            .map(Self::Factor)
            .ok_or_else(|| SimulatorError::Speed(text.chars().take(20).collect()))
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Max => f.write_str("max"),
            Self::Factor(factor) => write!(f, "{factor}x"),
            Self::Manual => f.write_str("manual"),
        }
    }
}

fn is_factor(factor: f64) -> bool {
    (0.001..=1_000_000.0).contains(&factor)
}

/// How the streams are spoilt; REST always tells the truth. The default spoils nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Faults {
    /// The share of messages that are never sent, 0…1.
    pub drop_ratio: f64,
    /// The share of messages that are sent twice, 0…1.
    pub duplicate_ratio: f64,
    /// After so many messages a connection ends without a word; what the moment still held is
    /// lost with it.
    pub disconnect_every: Option<NonZeroU64>,
}

impl Options {
    pub(crate) fn check(&self) -> Result<(), SimulatorError> {
        let Faults { drop_ratio, duplicate_ratio, .. } = self.faults;
        for (name, value) in [("drop", drop_ratio), ("duplicate", duplicate_ratio)] {
            if !(0.0..=1.0).contains(&value) {
                return Err(SimulatorError::Ratio { name, value });
            }
        }
        self.plan.check()?;
        if let Some(share) = self.trading.volume_share
            && (share <= Decimal::ZERO || share > Decimal::ONE)
        {
            let value = share.to_f64().unwrap_or_default();
            return Err(SimulatorError::Ratio { name: "the share of a candle's volume", value });
        }
        match self.speed {
            Speed::Factor(factor) if !is_factor(factor) => {
                return Err(SimulatorError::Speed(factor.to_string()));
            }
            _ => {}
        }
        match &self.source {
            Source::Generated { pairs, days, .. } if pairs.is_empty() || *days == 0 => {
                Err(SimulatorError::NothingToGenerate)
            }
            Source::Generated { pairs, days, .. }
                if pairs.len() as u64 * u64::from(*days) >= 10_000 =>
            {
                Err(SimulatorError::TooMuchToGenerate { pairs: pairs.len(), days: *days })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_read() {
        assert_eq!("max".parse::<Speed>().unwrap(), Speed::Max);
        for text in ["600", "600x", "600×"] {
            assert_eq!(text.parse::<Speed>().unwrap(), Speed::Factor(600.0));
        }
        for text in ["", "fast", "0", "-1", "NaN", "inf", "1e9"] {
            assert!(text.parse::<Speed>().is_err(), "{text}");
        }
    }
}
