//! The flags of `backtest`.

use std::path::PathBuf;
use std::str::FromStr;

use backtest::metrics::breakdown::Period;
use backtest::range::TimeRange;
use clap::{Args, ValueEnum};
use domain::instrument::InstrumentId;
use domain::money::{Money, Quantity};
use domain::timeframe::Timeframe;
use exchange::sim::terms::{FillModel, Slippage};
use rust_decimal::Decimal;

/// Which candles are traded, and under what: of every verb that runs over history.
#[derive(Debug, Clone, Args)]
pub struct Market {
    /// Candle files (csv, csv.gz, zip) or folders of them [default: what download-data brought].
    #[arg(long, value_name = "FILE|DIR", num_args = 1..)]
    pub candles: Vec<PathBuf>,
    /// Pairs to trade [default: all that have candles].
    #[arg(long, value_delimiter = ',', value_name = "PAIRS")]
    pub pairs: Vec<InstrumentId>,
    /// Timeframe of decisions [default: the profile's, or that of the candles where it is coarser;
    /// for ema-cross that of the candles]. With this flag no other timeframe is heard but that of
    /// the candles; without it those of the configuration are, as in a demo.
    #[arg(long, value_name = "TIMEFRAME")]
    pub timeframe: Option<Timeframe>,
    /// Timeframe of the candles that move exits between decisions [default: the finest there is].
    #[arg(long, value_name = "TIMEFRAME")]
    pub timeframe_detail: Option<Timeframe>,
    /// Part of the candles, as 20240101-20240601, 20240101- or -20240601; the last day is not part
    /// of it.
    #[arg(long, allow_hyphen_values = true, value_name = "RANGE")]
    pub timerange: Option<TimeRange>,
    /// Profile (SEXTANT_PROFILE).
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Cash at the start.
    #[arg(long, default_value = "10000", allow_hyphen_values = true, value_name = "QUOTE", value_parser = positive::<Money>)]
    pub capital: Money,
    /// Maker and taker fee of notional: 0.001 is 0.1 % [default: SEXTANT_MAKER_FEE and
    /// SEXTANT_TAKER_FEE].
    #[arg(long, allow_hyphen_values = true, value_name = "RATIO", value_parser = fee)]
    pub fee: Option<Decimal>,
    /// Seed of the run's ids (SEXTANT_SEED).
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

/// `backtest`.
#[derive(Debug, Clone, Args)]
pub struct Backtest {
    /// Candles and configuration.
    #[command(flatten)]
    pub market: Market,
    /// What trades.
    #[arg(long, value_enum, default_value_t = Strategy::Technical, value_name = "NAME")]
    pub strategy: Strategy,
    /// The venue.
    #[command(flatten)]
    pub venue: Venue,
    /// ema-cross: buy for this much in each trade [default: for all that there is].
    #[arg(long, allow_hyphen_values = true, value_name = "QUOTE", value_parser = positive::<Money>)]
    pub stake: Option<Money>,
    /// ema-cross: round quantities down to multiples of this, as the venue's filter or another tool
    /// does [default: not rounded].
    #[arg(long, allow_hyphen_values = true, value_name = "BASE", value_parser = positive::<Quantity>)]
    pub step: Option<Quantity>,
    /// Add tables by `day`, `week` or `month`, with commas between.
    #[arg(long, value_name = "PERIODS", value_delimiter = ',')]
    pub breakdown: Vec<Period>,
    /// Write the trades to FILE.csv; all with orders, fills and the equity curve to FILE.json, or
    /// as CSV into a folder.
    #[arg(long, value_name = "FILE|DIR")]
    pub export: Option<PathBuf>,
    /// Draw so many other orders of the trades and successions of the days (at most 1000000).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub monte_carlo: Option<u32>,
}

/// How the venue makes fills of prices.
#[derive(Debug, Clone, Args)]
pub struct Venue {
    /// Where market orders fill: next-open, close, intrabar (the worst price of the next candle: a
    /// bound) or book-ticks (recorded best bids and asks, with --ticks).
    #[arg(long, default_value_t = FillModel::NextOpen, value_name = "MODEL")]
    pub fill: FillModel,
    /// Recorded best bids and asks, for --fill book-ticks: a capture of Binance's combined stream.
    #[arg(long, value_name = "FILE", required_if_eq("fill", "book-ticks"))]
    pub ticks: Option<PathBuf>,
    /// Recorded funding of perpetuals, a file for each: BTCUSDT-funding-8h.csv.gz.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub funding: Vec<PathBuf>,
    /// Candles of mark prices, on which perpetuals are liquidated [default: their own candles].
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub marks: Vec<PathBuf>,
    /// Isolated margin of perpetuals: notional per unit of margin, 1 to 125 [default: the profile's;
    /// one for spot asks no margin, and nothing is liquidated].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=125))]
    pub leverage: Option<u32>,
    /// How long an order takes to arrive.
    #[arg(long, value_name = "MS")]
    pub latency_ms: Option<u32>,
    /// How much worse than the candle's price a taking order fills (SEXTANT_SLIPPAGE_BPS).
    #[arg(long, allow_hyphen_values = true, value_name = "BPS", value_parser = bps, conflicts_with = "volume_share")]
    pub slippage_bps: Option<Decimal>,
    /// Slippage by the order's share of the candle's volume instead: at most LIMIT of it fills in
    /// one candle, and the price moves by IMPACT × share². zipline's are 0.025,0.1.
    #[arg(long, allow_hyphen_values = true, value_name = "LIMIT,IMPACT", value_parser = volume_share)]
    pub volume_share: Option<Slippage>,
}

/// What trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Strategy {
    /// The live system's agents under a profile.
    Technical,
    /// EMA 9/21, long only: the reference for comparing engines.
    EmaCross,
}

impl Strategy {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Technical => "technical",
            Self::EmaCross => "ema-cross",
        }
    }
}

fn decimal(text: &str) -> Result<Decimal, String> {
    let read = Decimal::from_str(text).or_else(|_| Decimal::from_scientific(text));
    read.map(|number| number.normalize()).map_err(|_| "it is not a decimal number".to_owned())
}

fn fee(text: &str) -> Result<Decimal, String> {
    let ratio = decimal(text)?;
    let fits = (Decimal::ZERO..Decimal::ONE).contains(&ratio);
    fits.then_some(ratio).ok_or_else(|| "a fee is from 0 to below 1 (0.001 is 0.1 %)".to_owned())
}

fn bps(text: &str) -> Result<Decimal, String> {
    let bps = decimal(text)?;
    let fits = (Decimal::ZERO..Decimal::from(10_000)).contains(&bps);
    fits.then_some(bps).ok_or_else(|| "slippage is from 0 to below 10000 basis points".to_owned())
}

fn volume_share(text: &str) -> Result<Slippage, String> {
    let (limit, impact) = text.split_once(',').ok_or("write it as LIMIT,IMPACT: 0.025,0.1")?;
    let (limit_ratio, impact) = (decimal(limit.trim())?, decimal(impact.trim())?);
    if limit_ratio <= Decimal::ZERO || limit_ratio > Decimal::ONE {
        return Err("the limit is a share of the volume: above 0, at most 1".to_owned());
    }
    if impact < Decimal::ZERO || limit_ratio * limit_ratio * impact >= Decimal::ONE {
        return Err("the impact is 0 or more, and LIMIT² × IMPACT below 1".to_owned());
    }
    Ok(Slippage::VolumeShare { limit_ratio, impact })
}

fn positive<T: FromStr<Err: ToString>>(text: &str) -> Result<T, String> {
    if decimal(text)? <= Decimal::ZERO {
        return Err("it must be above 0".to_owned());
    }
    text.parse().map_err(|error: T::Err| error.to_string())
}
