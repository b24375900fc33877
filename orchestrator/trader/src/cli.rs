//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use backtest::metrics::breakdown::Period;
use clap::{Args, Parser, Subcommand};
use rust_decimal::Decimal;

use crate::verbs::analysis::{LookaheadAnalysis, RecursiveAnalysis};
use crate::verbs::backtest::args::Backtest;
use crate::verbs::config::Config;
use crate::verbs::control::{Close, Resume};
use crate::verbs::doctor::Doctor;
use crate::verbs::download_data::DownloadData;
use crate::verbs::hyperopt::args::Hyperopt;
use crate::verbs::list_data::ListData;
use crate::verbs::walk_forward::args::WalkForward;

/// Actor-based multi-agent crypto trading: real candles in, audited decisions out.
#[derive(Debug, Parser)]
#[command(name = "sextant", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
    /// Flags that every verb takes.
    #[command(flatten)]
    pub common: Common,
}

/// Flags that every verb takes; they win over the environment and the files.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// Configuration file [default: sextant.toml, where there is one].
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder of the store, the ledger's key and its head (SEXTANT_DATA_DIR).
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Print JSON for programs instead of text for people.
    #[arg(long, global = true)]
    pub json: bool,
    /// error, warn, info, debug or trace (LOG_LEVEL).
    #[arg(long, global = true, value_name = "LEVEL")]
    pub log_level: Option<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Trade recorded or generated candles at an accelerated pace, with a simulator and a store of its own.
    #[command(
        after_help = "Example:\n  sextant demo --candles ../shared/data/market/spot/1m --speed max --exit-at-end --json"
    )]
    Demo(Demo),
    /// Trade with the venue's live candles: on paper, on its test network, or with real money.
    #[command(
        after_help = "Examples:\n  sextant run --pairs BTC/USDT,ETH/USDT\n  sextant run --once --json   # one cycle, for a scheduler"
    )]
    Run(Run),
    /// Serve recorded or generated candles as Binance would.
    #[command(
        after_help = "Examples:\n  sextant simulate --candles DIR --speed 600 --listen 127.0.0.1:8089 --drop 0.01\n  sextant simulate --account account.toml --faults faults.toml\n  sextant simulate --list-faults --json"
    )]
    Simulate(Simulate),
    /// Trade at a simulated venue that fails at random, and hold its books against the ledger.
    #[command(
        after_help = "Examples:\n  sextant chaos --seed 42 --hours 4 --json\n  sextant chaos --runs 1000"
    )]
    Chaos(Chaos),
    /// Trade candle files as the live system would have, without a store.
    #[command(
        after_help = "Examples:\n  sextant backtest --candles ../shared/data/market/spot/1h --timerange 20230101-20240101\n  sextant backtest --strategy ema-cross --candles BTCUSDT-1m.csv.gz --fill close --fee 0.0004 --json"
    )]
    Backtest(Backtest),
    /// Backtest candle files, and draw what came of it as a page and a picture.
    #[command(
        after_help = "Example:\n  sextant plot --candles ../shared/data/market/spot/1h --pairs BTC/USDT --timerange 20230101-20240101 --out btc.html --png btc.png"
    )]
    Plot(Plot),
    /// Try many parameters over one history, and tell what the best of them is worth.
    #[command(
        after_help = "Examples:\n  sextant hyperopt --candles ../shared/data/market/spot/1h --timerange 20230101-20240101 --trials 500\n  sextant hyperopt --candles BTCUSDT-1h.csv.gz --space space.toml --search grid --trials 2000 --resume"
    )]
    Hyperopt(Hyperopt),
    /// Search parameters on some months and test the best on the next, again and again.
    #[command(
        after_help = "Example:\n  sextant walk-forward --candles ../shared/data/market/spot/1h --timerange 20230101-20240101 --trials 50"
    )]
    WalkForward(WalkForward),
    /// Cut the future off at many moments, and see whether a strategy still says the same.
    #[command(
        after_help = "Example:\n  sextant lookahead-analysis --candles ../shared/data/market/spot/1h --pairs BTC/USDT --timerange 20240101-20240701"
    )]
    LookaheadAnalysis(LookaheadAnalysis),
    /// Begin the history later and later, and see how much of what is said last depends on it.
    #[command(
        after_help = "Example:\n  sextant recursive-analysis --candles ../shared/data/market/spot/1h --pairs BTC/USDT --timerange 20230101-20240701"
    )]
    RecursiveAnalysis(RecursiveAnalysis),
    /// Print every indicator for a candle file, a row per candle.
    #[command(
        after_help = "Example:\n  sextant indicators BTCUSDT-1h.csv.gz --csv > indicators.csv"
    )]
    Indicators(Indicators),
    /// Fetch past candles from the venue into the archive, or import files of them; run again, it
    /// goes on where it was and asks for what is missing.
    #[command(
        after_help = "Examples:\n  sextant download-data --pairs BTC/USDT,ETH/USDT --timeframe 1h,5m --timerange 20240101-20240601\n  sextant download-data --days 90\n  sextant download-data --from BTCUSDT-1m-2025-01.zip --from ../candles"
    )]
    DownloadData(DownloadData),
    /// Show which candles there are, from when to when, and what is missing.
    #[command(
        after_help = "Examples:\n  sextant list-data\n  sextant list-data --candles ../shared/data/market/spot/1h --show-holes"
    )]
    ListData(ListData),
    /// Create or update the store's tables.
    #[command(
        after_help = "Example:\n  DATABASE_URL=postgres://me@localhost/sextant sextant migrate"
    )]
    Migrate,
    /// Show what runs and where the account stands.
    #[command(after_help = "Example:\n  sextant status --json")]
    Status(Status),
    /// List decisions, or tell the story of one.
    #[command(
        after_help = "Examples:\n  sextant decisions --pair BTC/USDT --limit 20\n  sextant decisions --why 0123456789abcdef01234567"
    )]
    Decisions(Decisions),
    /// List the agents' signals.
    #[command(after_help = "Example:\n  sextant signals --pair ETH/USDT --csv")]
    Signals(Listing),
    /// List closed trades.
    #[command(after_help = "Example:\n  sextant trades --csv > trades.csv")]
    Trades(Listing),
    /// Make decisions again, and compare them with what is stored.
    #[command(
        after_help = "Examples:\n  sextant replay 0123456789abcdef01234567\n  sextant replay --all --from-candles\n  sextant replay --all --candles ../shared/data/market/spot/1m   # a demo of these files"
    )]
    Replay(Replay),
    /// Walk the ledger's chain and name the first entry that was altered, removed or inserted.
    #[command(after_help = "Example:\n  sextant verify --json")]
    Verify,
    /// List the backtests that were kept, or show one again as it was printed.
    #[command(
        after_help = "Examples:\n  sextant backtest-show\n  sextant backtest-show latest --breakdown week,month"
    )]
    BacktestShow(BacktestShow),
    /// No new positions until resumed; what is open runs on.
    #[command(after_help = "Example:\n  sextant pause")]
    Pause,
    /// Only orders that close until resumed; entries under way are cancelled.
    #[command(after_help = "Example:\n  sextant reduce")]
    Reduce,
    /// Stop opening anything at once, until a person resumes; a file HALT in the data folder and
    /// SIGUSR1 do the same, SIGUSR2 closes everything too.
    #[command(after_help = "Example:\n  sextant halt && sextant close --all")]
    Halt,
    /// Lift a pause, a reduction or a halt.
    #[command(after_help = "Example:\n  sextant resume --yes")]
    Resume(Resume),
    /// Close positions at the market.
    #[command(after_help = "Examples:\n  sextant close --pairs BTC/USDT\n  sextant close --all")]
    Close(Close),
    /// Check everything that a run depends on, and say what to do about what isn't well.
    #[command(after_help = "Examples:\n  sextant doctor\n  sextant doctor --send-test-mail")]
    Doctor(Doctor),
    /// Show or check the configuration.
    #[command(after_help = "Example:\n  sextant config check")]
    Config(Config),
}

/// Where candles come from and how they are served.
#[derive(Debug, Clone, Args)]
pub struct Replayed {
    /// Folder of candle files (csv, csv.gz); without it a seeded generator makes some.
    #[arg(long, value_name = "DIR")]
    pub candles: Option<PathBuf>,
    /// `max`, or how many times faster than real time.
    #[arg(long, default_value = "max")]
    pub speed: String,
    /// Part of the stream's candles that get lost, 0 to 1.
    #[arg(long, default_value_t = 0.0, value_name = "RATIO")]
    pub drop: f64,
    /// Part of the stream's candles that come twice, 0 to 1.
    #[arg(long, default_value_t = 0.0, value_name = "RATIO")]
    pub duplicate: f64,
    /// Break the connection after so many messages.
    #[arg(long, value_name = "N")]
    pub disconnect_every: Option<u64>,
    /// Seed of the faults and of the generator.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub sim_seed: u64,
    /// Days that the generator makes.
    #[arg(long, default_value_t = 60, value_name = "N")]
    pub days: u32,
}

/// `demo`.
#[derive(Debug, Clone, Args)]
pub struct Demo {
    /// The market.
    #[command(flatten)]
    pub replayed: Replayed,
    /// End when the candles do.
    #[arg(long)]
    pub exit_at_end: bool,
    /// Pairs to trade [default: those of the candle files].
    #[arg(long, value_name = "PAIRS")]
    pub pairs: Option<String>,
    /// Seed of the run's ids (SEXTANT_SEED).
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Profile (SEXTANT_PROFILE).
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Begin anew even where the last demo was interrupted.
    #[arg(long)]
    pub fresh: bool,
}

/// `run`.
#[derive(Debug, Clone, Args)]
pub struct Run {
    /// Pairs to trade (CRYPTO_PAIRS).
    #[arg(long, value_name = "PAIRS")]
    pub pairs: Option<String>,
    /// Profile (SEXTANT_PROFILE).
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Seed of the run's ids (SEXTANT_SEED).
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Send orders to the venue's test network: the keys are those of an account there.
    #[arg(long, conflicts_with = "live")]
    pub testnet: bool,
    /// Send orders to the venue, with real money.
    #[arg(long)]
    pub live: bool,
    /// Collect, analyse and decide once, then end.
    #[arg(long, conflicts_with_all = ["testnet", "live"])]
    pub once: bool,
    /// End when a replaying simulator has no more candles.
    #[arg(long)]
    pub exit_at_end: bool,
}

/// `chaos`.
#[derive(Debug, Clone, Args)]
pub struct Chaos {
    /// Seed of the first run: market, faults and kills follow from it.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// How many runs, each with the next seed.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub runs: u64,
    /// Hours of market time with faults, in each run.
    #[arg(long, default_value_t = 2, value_name = "H", value_parser = clap::value_parser!(u32).range(1..=240))]
    pub hours: u32,
    /// Runs at the same time.
    #[arg(long, default_value_t = 2, value_name = "N")]
    pub threads: u32,
}

/// `simulate`.
#[derive(Debug, Clone, Args)]
pub struct Simulate {
    /// The market.
    #[command(flatten)]
    pub replayed: Replayed,
    /// Address to serve on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8089", value_name = "ADDR")]
    pub listen: SocketAddr,
    /// Pairs that the generator makes.
    #[arg(
        long,
        default_value = "BTC/USDT,ETH/USDT,SOL/USDT,AVAX/USDT,POL/USDT",
        value_name = "PAIRS"
    )]
    pub pairs: String,
    /// End when standard input does: the demo's market ends with the demo, however that ends.
    #[arg(long, hide = true)]
    pub with_parent: bool,
    /// Market time at which the replay begins, in ms; what came before is history.
    #[arg(long, value_name = "MS")]
    pub start_at: Option<i64>,
    /// Script of faults by name (TOML or JSON).
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// List the faults that a script may name, and end.
    #[arg(long)]
    pub list_faults: bool,
    /// Accounts that may trade (TOML or JSON): under [[accounts]] key, secret, balances = { USDT =
    /// "10000" } on spot, futures = { USDT = "10000" } on USD-M.
    #[arg(long, value_name = "FILE")]
    pub account: Option<PathBuf>,
    /// How long an order is on its way, in ms of market time.
    #[arg(long, default_value_t = 0, value_name = "MS")]
    pub latency_ms: u32,
    /// The share of a candle's volume that an order may fill of, above 0 to 1 [default: no limit].
    #[arg(long, value_name = "SHARE")]
    pub volume_share: Option<Decimal>,
}

/// `indicators`.
#[derive(Debug, Clone, Args)]
pub struct Indicators {
    /// A candle file (csv, csv.gz).
    pub file: PathBuf,
    /// Comma-separated values, the default.
    #[arg(long)]
    pub csv: bool,
}

/// `plot`.
#[derive(Debug, Clone, Args)]
pub struct Plot {
    /// What is backtested.
    #[command(flatten)]
    pub run: Backtest,
    /// The page; one that is there is replaced.
    #[arg(long, default_value = "backtest.html", value_name = "FILE")]
    pub out: PathBuf,
    /// The picture; one that is there is replaced.
    #[arg(long, default_value = "backtest.png", value_name = "FILE")]
    pub png: PathBuf,
}

/// `status`.
#[derive(Debug, Clone, Args)]
pub struct Status {
    /// Only ask this address, such as http://127.0.0.1:9464/healthz: exit 0 where it answers well,
    /// else 4.
    #[arg(long, value_name = "URL")]
    pub healthz: Option<String>,
}

/// Which rows to list.
#[derive(Debug, Clone, Args)]
pub struct Listing {
    /// Of one pair.
    #[arg(long, value_name = "PAIR")]
    pub pair: Option<String>,
    /// From this moment on: 2024-01-31, 2024-01-31T12:00:00Z or ms.
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Before this moment.
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// The latest so many [default: 50 in a table, else all].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: Option<u32>,
    /// Comma-separated values.
    #[arg(long)]
    pub csv: bool,
}

/// `decisions`.
#[derive(Debug, Clone, Args)]
pub struct Decisions {
    /// Which rows.
    #[command(flatten)]
    pub listing: Listing,
    /// Tell the story of this one; the first digits of its id do.
    #[arg(long, value_name = "ID", conflicts_with_all = ["pair", "from", "to", "limit", "csv"])]
    pub why: Option<String>,
}

/// `replay`.
#[derive(Debug, Clone, Args)]
pub struct Replay {
    /// The decision; the first digits of its id do.
    #[arg(required_unless_present = "all")]
    pub decision_id: Option<String>,
    /// Every decision.
    #[arg(long, conflicts_with = "decision_id")]
    pub all: bool,
    /// From the stored candles on, not only from what the decision saw.
    #[arg(long)]
    pub from_candles: bool,
    /// With --all: as a backtest of these files would, which must give the stored ledger too.
    #[arg(long, value_name = "FILE|DIR", num_args = 1.., requires = "all", conflicts_with = "from_candles")]
    pub candles: Vec<PathBuf>,
}

/// `backtest-show`.
#[derive(Debug, Clone, Args)]
pub struct BacktestShow {
    /// Which one: its id, of which the first letters do, or `latest`.
    pub id: Option<String>,
    /// Add tables by `day`, `week` or `month`, with commas between.
    #[arg(long, value_name = "PERIODS", value_delimiter = ',', requires = "id")]
    pub breakdown: Vec<Period>,
}
