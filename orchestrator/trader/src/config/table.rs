//! The one table of settings: names, defaults, who reads them.

use decision::profile::{Market, Profile};

use super::settings::Settings;

/// Who reads a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// This program.
    Sextant,
    /// docker compose alone, from `.env` or its environment.
    Compose,
}

/// What counts where nobody gives a value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fallback {
    /// This text.
    Text(&'static str),
    /// The first text on spot, the second for futures: the profile says which.
    Market([&'static str; 2]),
    /// What the profile says.
    Profile(fn(&Profile) -> String),
    /// What follows from other settings.
    Derived(fn(&Settings) -> String),
    /// Nothing.
    Unset,
}

/// One setting: in `.env` and the environment by its name, in `sextant.toml` by the same name in
/// lower case.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) fallback: Fallback,
    /// One line for people.
    pub(crate) help: &'static str,
    /// The flag that sets it, without dashes.
    pub(crate) flag: Option<&'static str>,
    /// Never shown, and taken from the environment, `.env` or a `*_FILE` only.
    pub(crate) secret: bool,
    pub(crate) reader: Reader,
}

impl Fallback {
    /// The text that counts under a profile for this market, where there is one.
    pub(crate) const fn text(self, market: Market) -> Option<&'static str> {
        match (self, market) {
            (Self::Text(text), _)
            | (Self::Market([text, _]), Market::Spot)
            | (Self::Market([_, text]), Market::UsdmFutures) => Some(text),
            (Self::Profile(_) | Self::Derived(_) | Self::Unset, _) => None,
        }
    }
}

impl Setting {
    const fn new(name: &'static str, fallback: Fallback, help: &'static str) -> Self {
        Self { name, fallback, help, flag: None, secret: false, reader: Reader::Sextant }
    }

    const fn flag(mut self, name: &'static str) -> Self {
        self.flag = Some(name);
        self
    }

    const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    const fn compose(mut self) -> Self {
        self.reader = Reader::Compose;
        self
    }

    /// Its name in `sextant.toml`.
    pub(crate) fn toml_name(&self) -> String {
        self.name.to_ascii_lowercase()
    }
}

use Fallback::{Derived, Market as ByMarket, Profile as OfProfile, Text, Unset};

/// Every setting, in the order in which they are shown.
pub(crate) static SETTINGS: &[Setting] = &[
    Setting::new(
        "TRADING_MODE",
        Text("paper"),
        "paper: orders go to the simulated venue, prices are real",
    ),
    Setting::new(
        "INITIAL_CAPITAL",
        Text("1000.00"),
        "capital at the first start, in BASE_CURRENCY",
    )
    .flag("capital"),
    Setting::new("BASE_CURRENCY", Text("USDT"), "the asset that all pairs are quoted in"),
    Setting::new(
        "CRYPTO_PAIRS",
        ByMarket([
            "BTC/USDT,ETH/USDT,SOL/USDT,AVAX/USDT,POL/USDT",
            "BTC/USDT:USDT,ETH/USDT:USDT,SOL/USDT:USDT,AVAX/USDT:USDT,POL/USDT:USDT",
        ]),
        "pairs, comma separated",
    )
    .flag("pairs"),
    Setting::new("SEXTANT_TIMEFRAMES", Text("1m,5m,15m,1h,4h,1d"), "candles that are collected"),
    Setting::new(
        "SEXTANT_PROFILE",
        Text("swing-spot"),
        "limits and manner of trading: the name of a built-in profile or a .toml file",
    )
    .flag("profile"),
    Setting::new("SEXTANT_SEED", Text("1"), "seed of every id and random choice").flag("seed"),
    Setting::new(
        "MAX_POSITIONS",
        OfProfile(|p| p.max_positions.to_string()),
        "positions open at the same time",
    ),
    Setting::new(
        "RISK_PER_TRADE",
        OfProfile(|p| p.risk_per_trade_ratio.to_string()),
        "what one trade may lose at its stop, of equity (0.02 is 2 %)",
    ),
    Setting::new(
        "MAX_PORTFOLIO_HEAT",
        OfProfile(|p| p.max_heat_ratio.to_string()),
        "what all open trades together may lose at their stops, of equity",
    ),
    Setting::new(
        "DAILY_LOSS_LIMIT",
        OfProfile(|p| p.daily_loss_ratio.to_string()),
        "no entries for the rest of the UTC day after this loss, of the day's opening equity",
    ),
    Setting::new(
        "MAX_DRAWDOWN_THRESHOLD",
        OfProfile(|p| p.halve_at_drawdown_ratio.to_string()),
        "from this drawdown on, sizes are halved",
    ),
    Setting::new(
        "EMERGENCY_STOP_THRESHOLD",
        OfProfile(|p| p.halt_at_drawdown_ratio.to_string()),
        "from this drawdown on, trading halts until a person resumes it",
    ),
    Setting::new(
        "STOP_LOSS_ATR_MULTIPLIER",
        OfProfile(|p| format!("{:?}", p.stop_atr_multiple)),
        "distance from entry to stop, in average true ranges",
    ),
    Setting::new(
        "TAKE_PROFIT_R_MULTIPLE",
        OfProfile(|p| format!("{:?}", p.target_r_multiple)),
        "distance from entry to target, in distances of the stop",
    ),
    Setting::new(
        "TRAILING_STOP_ENABLED",
        OfProfile(|p| p.trailing.is_some().to_string()),
        "whether the stop follows the price, true or false",
    ),
    Setting::new(
        "SEXTANT_KELLY_EVIDENCE",
        Unset,
        "out-of-sample trades that cap sizes: a file that walk-forward kept; none: no such cap",
    ),
    Setting::new("KELLY_FRACTION", Text("0.25"), "how much of Kelly's fraction they justify"),
    Setting::new(
        "SEXTANT_MAKER_FEE",
        ByMarket(["0.001", "0.0002"]),
        "fee of resting orders, of notional",
    ),
    Setting::new(
        "SEXTANT_TAKER_FEE",
        ByMarket(["0.001", "0.0004"]),
        "fee of orders that take, of notional",
    ),
    Setting::new(
        "SEXTANT_SLIPPAGE_BPS",
        Text("5"),
        "how much worse than the price a taking order fills, in basis points",
    ),
    Setting::new(
        "BINANCE_REST_URL",
        Text("https://data-api.binance.vision"),
        "spot's market data by request, no key needed",
    ),
    Setting::new(
        "BINANCE_STREAM_URL",
        Text("wss://data-stream.binance.vision"),
        "spot's market data by stream, no key needed",
    ),
    Setting::new(
        "BINANCE_SPOT_API_URL",
        Text("https://api.binance.com"),
        "the account on spot by request",
    ),
    Setting::new(
        "BINANCE_SPOT_WS_API_URL",
        Text("wss://ws-api.binance.com:443/ws-api/v3"),
        "the account on spot by stream",
    ),
    Setting::new(
        "BINANCE_FUTURES_REST_URL",
        Text("https://fapi.binance.com"),
        "futures by request: market data and the account",
    ),
    Setting::new(
        "BINANCE_FUTURES_STREAM_URL",
        Text("wss://fstream.binance.com"),
        "futures by stream: market data and the account",
    ),
    Setting::new(
        "DATABASE_URL",
        Unset,
        "address of the store, postgres://user:password@host:port/name; none: the embedded one",
    )
    .secret(),
    Setting::new("DATABASE_URL_FILE", Unset, "file that holds DATABASE_URL"),
    Setting::new("POSTGRES_HOST", Unset, "host of the store, in place of DATABASE_URL"),
    Setting::new("POSTGRES_PORT", Text("5432"), "its port; counts once POSTGRES_HOST is given"),
    Setting::new("POSTGRES_DB", Text("trading_system"), "its database"),
    Setting::new("POSTGRES_USER", Text("trading_user"), "its user"),
    Setting::new("POSTGRES_PASSWORD", Unset, "its password").secret(),
    Setting::new("POSTGRES_PASSWORD_FILE", Unset, "file that holds POSTGRES_PASSWORD"),
    Setting::new(
        "SEXTANT_DATA_DIR",
        Derived(|s| s.data_dir.display().to_string()),
        "folder of the embedded store and the ledger's key and head",
    )
    .flag("data-dir"),
    Setting::new(
        "SEXTANT_LEDGER_KEY_FILE",
        Unset,
        "file of the key that seals the ledger; none: ledger.key in the data folder, made there",
    ),
    Setting::new(
        "SEXTANT_METRICS_ADDR",
        Text("127.0.0.1:9464"),
        "address of /metrics, /healthz and /readyz",
    )
    .flag("metrics-addr"),
    Setting::new(
        "LOG_LEVEL",
        Text("info"),
        "off, error, warn, info, debug, trace, or a list such as info,sqlx=warn",
    )
    .flag("log-level"),
    Setting::new(
        "LOG_FORMAT",
        Derived(|s| s.log.format.name().to_owned()),
        "json for machines, human for people; human on a terminal",
    )
    .flag("log-format"),
    Setting::new(
        "SMTP_HOST",
        Unset,
        "mail server that alerts go through; none: they wait in the store and in `status`",
    ),
    Setting::new("SMTP_PORT", Text("587"), "its port"),
    Setting::new(
        "SMTP_TLS",
        Text("starttls"),
        "starttls (port 587), tls (port 465), or none to this very machine only",
    ),
    Setting::new("SMTP_USER", Unset, "who logs in there; none: nobody"),
    Setting::new("SMTP_USERNAME", Unset, "the same by another name"),
    Setting::new("SMTP_PASSWORD", Unset, "its password").secret(),
    Setting::new("SMTP_PASSWORD_FILE", Unset, "file that holds SMTP_PASSWORD"),
    Setting::new("SMTP_FROM_EMAIL", Unset, "sender; none: the login or the reader"),
    Setting::new("NOTIFICATION_EMAIL", Unset, "who is told, comma separated"),
    Setting::new(
        "BINANCE_TESTNET",
        Text("true"),
        "whether the keys below are those of the venue's test network, true or false",
    ),
    Setting::new("BINANCE_API_KEY", Unset, "the account's API key; it must not withdraw").secret(),
    Setting::new("BINANCE_API_SECRET", Unset, "its secret").secret(),
    Setting::new("BINANCE_API_SECRET_FILE", Unset, "file that holds BINANCE_API_SECRET"),
    Setting::new(
        "BINANCE_ED25519_KEY_FILE",
        Unset,
        "PEM of an Ed25519 key, in place of BINANCE_API_SECRET",
    ),
    Setting::new(
        "LIVE_CONFIRMATION",
        Unset,
        "must be I-accept-losses for real money; in the environment only",
    )
    .secret(),
    Setting::new(
        "SEXTANT_PAPER_DATABASE_URL",
        Unset,
        "address of the store that paper trading wrote to, which real money asks for; none: the \
         embedded one",
    )
    .secret(),
    Setting::new(
        "SEXTANT_PAPER_DATABASE_URL_FILE",
        Unset,
        "file that holds SEXTANT_PAPER_DATABASE_URL",
    ),
    Setting::new(
        "SEXTANT_BACKUP_MARKER",
        Unset,
        "file that each backup touches; none: backup.done in the data folder",
    ),
    Setting::new("SEXTANT_BACKUP_MAX_DAYS", Text("7"), "how old a backup may be for real money"),
    Setting::new(
        "SEXTANT_LIVE_WITHOUT_PAPER_RECORD",
        Unset,
        "yes: real money without 14 days of paper trading before",
    ),
    Setting::new("SEXTANT_LIVE_WITHOUT_BACKUP", Unset, "yes: real money without a fresh backup"),
    Setting::new("REDIS_URL", Unset, "address of Redis, which `doctor` checks; none: no Redis")
        .secret(),
    Setting::new("REDIS_PORT", Text("6379"), "port of Redis on this machine").compose(),
    Setting::new("REDIS_PASSWORD", Unset, "password of Redis").secret().compose(),
    Setting::new("PROMETHEUS_PORT", Text("9090"), "port of Prometheus on this machine").compose(),
    Setting::new("GRAFANA_PORT", Text("3000"), "port of Grafana on this machine").compose(),
    Setting::new("GRAFANA_ADMIN_USER", Text("admin"), "Grafana's administrator").compose(),
    Setting::new("GRAFANA_ADMIN_PASSWORD", Unset, "the administrator's password")
        .secret()
        .compose(),
    Setting::new("GRAFANA_DB_PASSWORD", Unset, "password of Grafana's own, reading database user")
        .secret()
        .compose(),
];

/// What the names begin with that no other program knows.
pub(super) const PREFIX: &str = "SEXTANT_";

/// The setting of this name.
pub(crate) fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|s| s.name == name)
}

/// What `.env.template` at the project's root must hold, no more and no less.
#[cfg(test)]
pub(super) fn template_variables() -> impl Iterator<Item = &'static str> {
    SETTINGS.iter().map(|s| s.name)
}

/// What an unknown name may have been meant to be; the program's prefix says nothing.
pub(super) fn closest(name: &str) -> Option<&'static str> {
    let bare = |name: &str| name.trim_start_matches(PREFIX).to_ascii_uppercase();
    let name = bare(&name.to_ascii_uppercase());
    let readable = || SETTINGS.iter().filter(|s| s.reader == Reader::Sextant).map(|s| s.name);
    let far = |known: &&str| distance(&bare(known), &name);
    let near = readable().min_by_key(far).filter(|known| far(known) * 3 <= bare(known).len());
    near.or_else(|| readable().find(|known| name.len() >= 4 && known.contains(&name)))
}

/// How many letters to insert, delete or replace to get from one to the other (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.bytes().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}
