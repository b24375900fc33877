//! What a run is configured with, and what differs between two configurations.

use decision::policy::Policy;
use decision::record::{AgentConfigs, ConfigurationRecord};
use domain::ids::RunSeed;
use domain::instrument::{Asset, InstrumentId};
use domain::money::Money;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;

use crate::live::rollout;

/// What a new run is begun with.
#[derive(Debug, Clone)]
pub struct Begin {
    /// `demo` or `paper`.
    pub mode: &'static str,
    /// The run's seed.
    pub seed: RunSeed,
    /// Cash at the start.
    pub capital_quote: Money,
    /// The asset that the account counts in.
    pub quote: Asset,
    /// What is traded.
    pub instruments: Vec<InstrumentId>,
    /// Which candles are heard, fine to coarse.
    pub timeframes: Vec<Timeframe>,
    /// Profile, weights, costs.
    pub policy: Policy,
}

/// The ledger's first entry for a run that begins at `began_at`.
pub fn configuration(begin: &Begin, began_at: UtcMs) -> ConfigurationRecord {
    let Begin { mode, seed, capital_quote, quote, instruments, timeframes, policy } = begin.clone();
    let mut instruments = instruments;
    instruments.sort_unstable();
    instruments.dedup();
    let timeframe = policy.profile.decision_timeframe;
    let rollout = (mode == "live").then(|| rollout::from(began_at));
    let policy = Policy { rollout, ..policy };
    ConfigurationRecord {
        seed: seed.0,
        mode: mode.to_owned(),
        began_at,
        capital_quote,
        quote,
        instruments,
        timeframes,
        agents: AgentConfigs {
            technical: technical::config::Config::for_timeframe(timeframe),
            risk: risk::config::Config::new(timeframe, policy.profile.halt_drawdown()),
        },
        policy_hash: policy.hash(),
        policy,
    }
}

/// Names what differs between the configuration that a store was begun with and the one asked for.
pub fn difference(stored: &ConfigurationRecord, asked: &ConfigurationRecord) -> Vec<String> {
    let mut differs = Vec::new();
    let mut compare = |name: &str, stored: String, asked: String| {
        if stored != asked {
            differs.push(format!("{name} was {stored}, is {asked}"));
        }
    };
    compare("mode", stored.mode.clone(), asked.mode.clone());
    compare("SEXTANT_SEED", stored.seed.to_string(), asked.seed.to_string());
    compare("INITIAL_CAPITAL", stored.capital_quote.to_string(), asked.capital_quote.to_string());
    compare("BASE_CURRENCY", stored.quote.to_string(), asked.quote.to_string());
    compare(
        "CRYPTO_PAIRS",
        format!("{:?}", stored.instruments),
        format!("{:?}", asked.instruments),
    );
    compare(
        "SEXTANT_TIMEFRAMES",
        format!("{:?}", stored.timeframes),
        format!("{:?}", asked.timeframes),
    );
    compare(
        "the profile or the costs",
        format!("{:?}", stored.policy),
        format!("{:?}", asked.policy),
    );
    compare("an agent's numbers", format!("{:?}", stored.agents), format!("{:?}", asked.agents));
    differs
}
