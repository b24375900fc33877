//! Settled funding and mark prices of perpetuals, into the files that a backtest reads.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use domain::candle::Candle;
use domain::funding::FundingRate;
use domain::instrument::InstrumentId;
use domain::time::{DAY_MS, UtcMs};
use domain::timeframe::Timeframe;
use exchange::binance::rest::{MAX_PAGE, RestClient};
use exchange::binance::signed::verdict::Market;
use exchange::binance::transport::RestOptions;
use exchange::binance::usdm::market::UsdmMarket;
use exchange::{candle_file, funding_file};
use serde::Serialize;

use super::{DownloadData, fetch};
use crate::config::settings::Settings;
use crate::ending::{Code, Failure, Outcome};
use crate::verbs::coverage::grouped;
use crate::verbs::output::{Column, moment};

/// Where nothing is asked for.
const DEFAULT_DAYS: i64 = 30;
/// Settlements that one answer holds.
const FUNDING_PAGE: usize = 1_000;

/// A file of what futures tell.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    pair: InstrumentId,
    /// `funding`, or `marks` of a timeframe.
    kind: String,
    from: Option<UtcMs>,
    to: Option<UtcMs>,
    rows: u64,
    path: PathBuf,
}

/// The names of the fields that are moments.
pub(crate) const MOMENTS: [&str; 2] = ["from", "to"];

/// A table's columns.
pub(crate) const COLUMNS: [Column<Told>; 6] = [
    Column::text("pair", |row| row.pair.to_string()),
    Column::text("kind", |row| row.kind.clone()),
    Column::text("from", |row| row.from.map(moment).unwrap_or_default()),
    Column::text("to", |row| row.to.map(moment).unwrap_or_default()),
    Column::number("rows", |row| grouped(row.rows)),
    Column::text("path", |row| row.path.display().to_string()),
];

/// Where these files are.
pub(crate) fn folder(settings: &Settings) -> PathBuf {
    settings.data_dir.join("futures")
}

/// What there is.
pub(crate) fn list(folder: &Path) -> Outcome<Vec<Told>> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(error.into()),
    };
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some((symbol, rest)) = name.split_once('-') else { continue };
        let Ok(spot) = symbol.parse::<InstrumentId>() else { continue };
        let perpetual = InstrumentId::new(spot.base(), spot.quote(), Some(spot.quote()));
        let Ok(pair) = perpetual else { continue };
        if rest == "funding.csv" {
            let rates = funding_file::read(&path, &[pair])?;
            found.push(Told::of_funding(pair, &rates, path));
        } else if rest.ends_with("-mark.csv") {
            let file = candle_file::read(&path)?;
            found.push(Told::of_marks(pair, file.timeframe, &file.candles, path));
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

impl Told {
    fn of_funding(pair: InstrumentId, rates: &[FundingRate], path: PathBuf) -> Self {
        Self {
            pair,
            kind: "funding".to_owned(),
            from: rates.first().map(|rate| rate.time_exchange),
            to: rates.last().map(|rate| rate.time_exchange),
            rows: rates.len() as u64,
            path,
        }
    }

    fn of_marks(
        pair: InstrumentId,
        timeframe: Timeframe,
        candles: &[Candle],
        path: PathBuf,
    ) -> Self {
        Self {
            pair,
            kind: format!("marks {timeframe}"),
            from: candles.first().map(|candle| candle.open_time),
            to: candles.last().map(Candle::close_time),
            rows: candles.len() as u64,
            path,
        }
    }
}

/// Fetches what is asked for; what a file holds already stays in it.
pub(super) fn fetch(
    asked: &DownloadData,
    pairs: &[InstrumentId],
    timeframes: &[Timeframe],
    settings: &Settings,
) -> Outcome<Vec<Told>> {
    if let Some(pair) = pairs.iter().find(|pair| !pair.is_perpetual()) {
        let message = format!(
            "{pair} is a spot pair, which has neither funding nor a mark price; name perpetuals, \
             as --pairs BTC/USDT:USDT"
        );
        return Err(Failure::new(Code::Usage, message));
    }
    let folder = folder(settings);
    fs::create_dir_all(&folder)?;
    let address = settings.addresses(Market::Usdm).rest;
    actix::System::new().block_on(async {
        let client = RestClient::new(&address, Market::Usdm, RestOptions::default())?;
        let limits = fetch::check(&client, pairs).await?;
        let venue = UsdmMarket::new(&address, RestOptions::default())?;
        venue.keep_to(&limits);
        let now = client.time().await?;
        let range = asked.timerange.unwrap_or_default();
        let to = range.to.map_or(now, |to| to.min(now));
        let days = asked.days.map_or(DEFAULT_DAYS, i64::from);
        let from = range.from.filter(|_| asked.days.is_none());
        let span = (from.unwrap_or(to.plus_ms(-days * DAY_MS)), to);
        let mut told = Vec::new();
        for pair in pairs {
            if asked.funding {
                told.push(funding(&venue, *pair, span, &folder).await?);
            }
            for timeframe in timeframes.iter().filter(|_| asked.marks) {
                told.push(marks(&client, *pair, *timeframe, span, &folder).await?);
            }
        }
        Ok(told)
    })
}

async fn funding(
    venue: &UsdmMarket,
    pair: InstrumentId,
    (mut from, to): (UtcMs, UtcMs),
    folder: &Path,
) -> Outcome<Told> {
    let path = folder.join(format!("{}-funding.csv", pair.symbol()));
    let mut rates = BTreeMap::new();
    if path.exists() {
        let known = funding_file::read(&path, &[pair])?;
        rates.extend(known.into_iter().map(|rate| (rate.time_exchange, rate)));
    }
    while from < to {
        let page = venue.funding_rates(pair, from).await?;
        let last = page.iter().map(|rate| rate.funding_time).max();
        for told in page.iter().filter(|rate| rate.funding_time < to) {
            let rate = FundingRate {
                instrument: pair,
                time_exchange: told.funding_time,
                rate_ratio: told.funding_rate.normalize(),
            };
            rates.insert(told.funding_time, rate);
        }
        match last {
            Some(last) if page.len() == FUNDING_PAGE && last >= from => from = last.plus_ms(1),
            _ => break,
        }
    }
    let rates: Vec<_> = rates.into_values().collect();
    funding_file::write(&path, &rates)?;
    Ok(Told::of_funding(pair, &rates, path))
}

async fn marks(
    client: &RestClient,
    pair: InstrumentId,
    timeframe: Timeframe,
    (from, to): (UtcMs, UtcMs),
    folder: &Path,
) -> Outcome<Told> {
    let path = folder.join(format!("{}-{timeframe}-mark.csv", pair.symbol()));
    let mut candles = BTreeMap::new();
    if path.exists() {
        let known = candle_file::read(&path)?.candles;
        candles.extend(known.into_iter().map(|candle| (candle.open_time, candle)));
    }
    let (mut at, end) = (timeframe.open_of(from), timeframe.open_of(to));
    while at < end {
        let page = client.mark_candles(pair, timeframe, at, MAX_PAGE).await?;
        for (open_time, error) in &page.refused {
            tracing::warn!(%pair, %open_time, %error, "the venue tells nonsense; left out");
        }
        let closed = page.candles.into_iter().filter(|candle| candle.close_time() <= end);
        candles.extend(closed.map(|candle| (candle.open_time, candle)));
        let complete_to = timeframe.open_of(page.complete_to);
        if complete_to <= at {
            break;
        }
        at = complete_to;
    }
    let candles: Vec<_> = candles.into_values().collect();
    if candles.is_empty() {
        let message = format!("the venue has no {timeframe} marks of {pair} from {from} to {to}");
        return Err(Failure::new(Code::Usage, message));
    }
    candle_file::write(&path, &candles)?;
    Ok(Told::of_marks(pair, timeframe, &candles, path))
}
