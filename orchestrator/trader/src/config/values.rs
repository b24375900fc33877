//! From text to values. An error is a predicate, so that `NAME = "text"` and it make a sentence.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use domain::instrument::{Asset, InstrumentId};
use domain::money::Money;
use domain::timeframe::Timeframe;
use rust_decimal::Decimal;
use url::Url;

use super::settings::{LogFormat, Mode};

pub(super) fn mode(text: &str) -> Result<Mode, String> {
    match text.to_ascii_lowercase().as_str() {
        "paper" => Ok(Mode::Paper),
        "live" | "testnet" => {
            let how = "is said when a run begins: `sextant run --live` or `sextant run --testnet`; \
                       leave TRADING_MODE unset";
            Err(how.to_owned())
        }
        _ => Err("is not a mode; only paper is available".to_owned()),
    }
}

/// In normal form: equal numbers make equal policies, whose hash is recorded.
pub(super) fn number(text: &str) -> Result<Decimal, String> {
    Decimal::from_str(text)
        .or_else(|_| Decimal::from_scientific(text))
        .map(|number| number.normalize())
        .map_err(|_| "is not a decimal number".to_owned())
}

pub(super) fn capital(text: &str) -> Result<Money, String> {
    match number(text)? {
        capital if capital > Decimal::ZERO => Ok(Money::new(capital)),
        _ => Err("is not above 0".to_owned()),
    }
}

/// How much of Kelly's fraction is taken.
pub(super) fn kelly_fraction(text: &str) -> Result<f64, String> {
    let fraction: Option<f64> = text.parse().ok();
    let fits = fraction.filter(|fraction| *fraction > 0.0 && *fraction <= 1.0);
    fits.ok_or_else(|| "is not above 0 and at most 1 (0.25 is a quarter)".to_owned())
}

pub(super) fn fee_ratio(text: &str) -> Result<Decimal, String> {
    let ratio = number(text)?;
    let fits = (Decimal::ZERO..Decimal::ONE).contains(&ratio);
    fits.then_some(ratio).ok_or_else(|| "is not from 0 to below 1 (0.001 is 0.1 %)".to_owned())
}

pub(super) fn bps(text: &str) -> Result<Decimal, String> {
    let bps = number(text)?;
    let fits = (Decimal::ZERO..Decimal::from(10_000)).contains(&bps);
    fits.then_some(bps).ok_or_else(|| "is not from 0 to below 10000 basis points".to_owned())
}

/// A multiple; the profile's check bounds it.
pub(super) fn multiple(text: &str) -> Result<f64, String> {
    let value = number(text).and(text.parse().map_err(|_| "is not a decimal number".to_owned()));
    value.and_then(|v: f64| v.is_finite().then_some(v).ok_or_else(|| "is too large".to_owned()))
}

pub(super) fn whole<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| "is not a whole number that fits".to_owned())
}

pub(super) fn filled(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("is empty".to_owned()) } else { Ok(text.to_owned()) }
}

pub(super) fn boolean(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "is neither true nor false".to_owned())
}

pub(super) fn asset(text: &str) -> Result<Asset, String> {
    text.to_ascii_uppercase().parse().map_err(|_| "is not the name of an asset".to_owned())
}

pub(super) fn pairs(text: &str) -> Result<Vec<InstrumentId>, String> {
    list(text)
}

pub(super) fn timeframes(text: &str) -> Result<Vec<Timeframe>, String> {
    let mut timeframes = list(text)?;
    timeframes.sort();
    Ok(timeframes)
}

fn list<T>(text: &str) -> Result<Vec<T>, String>
where
    T: FromStr<Err: std::fmt::Display> + PartialEq + std::fmt::Display,
{
    let mut items: Vec<T> = Vec::new();
    for part in text.split(',') {
        let item = part.trim().parse().map_err(|e| format!("can't be read: {e}"))?;
        if items.contains(&item) {
            return Err(format!("names {item} twice"));
        }
        items.push(item);
    }
    Ok(items)
}

pub(super) fn rest_url(text: &str) -> Result<String, String> {
    base_url(text, ["http", "https"])
}

pub(super) fn stream_url(text: &str) -> Result<String, String> {
    base_url(text, ["ws", "wss"])
}

fn base_url(text: &str, schemes: [&str; 2]) -> Result<String, String> {
    let [plain, secured] = schemes;
    let url = Url::parse(text).ok().filter(|url| {
        let bare = url.username().is_empty() && url.password().is_none();
        let scheme = schemes.contains(&url.scheme()) && text.contains("://");
        scheme && bare && url.query().is_none() && url.fragment().is_none()
    });
    let kept = url.map(|url| url.as_str().trim_end_matches('/').to_owned());
    kept.ok_or_else(|| format!("is not an address as {plain}://host:port or {secured}://host"))
}

/// `redis://:password@host:port/number`, kept with its password.
pub(super) fn redis_url(text: &str) -> Result<String, String> {
    let url = Url::parse(text).ok().filter(|url| url.scheme() == "redis" && url.has_host());
    url.map(|_| text.to_owned())
        .ok_or_else(|| "is not an address as redis://:password@host:6379/0".to_owned())
}

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "is not an address as 127.0.0.1:9464".to_owned())
}

pub(super) fn path(text: &str) -> Result<PathBuf, String> {
    match text {
        "" => Err("is empty".to_owned()),
        text if text.starts_with('~') => {
            Err("begins with ~, which is not expanded here: write the whole path".to_owned())
        }
        text => Ok(PathBuf::from(text)),
    }
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, String> {
    let formats = [LogFormat::Json, LogFormat::Human];
    let found = formats.into_iter().find(|f| text.eq_ignore_ascii_case(f.name()));
    found.ok_or_else(|| "is neither json nor human".to_owned())
}

/// Levels by target in one spelling. Misspelt levels are refused: taken for a target, one would
/// silence all others. `warning` and `critical` are Python's words, which files may bring along.
pub(super) fn log_filter(text: &str) -> Result<String, String> {
    let level = |word: &str| match word.trim().to_ascii_lowercase().as_str() {
        "off" => Some("off"),
        "error" | "critical" => Some("error"),
        "warn" | "warning" => Some("warn"),
        "info" => Some("info"),
        "debug" => Some("debug"),
        "trace" => Some("trace"),
        _ => None,
    };
    let is_target = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_:-".contains(&b))
    };
    let parts = text.split(',').map(|part| match part.trim().split_once('=') {
        Some((target, word)) if is_target(target.trim()) => {
            level(word).map(|level| format!("{}={level}", target.trim()))
        }
        Some(_) => None,
        None => level(part).map(str::to_owned),
    });
    let parts: Option<Vec<String>> = parts.collect();
    parts.map(|parts| parts.join(",")).ok_or_else(|| {
        "is not one of off, error, warn, info, debug, trace, or a list such as info,sqlx=warn"
            .to_owned()
    })
}
