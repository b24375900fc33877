//! What a venue tells beside candles, from files: quotes, mark prices, funding.

use backtest::history::History;
use backtest::run::Besides;
use domain::candle::Candle;
use domain::funding::FundingRate;
use domain::instrument::InstrumentId;
use domain::quote::Quote;
use domain::time::{HOUR_MS, MINUTE_MS};
use exchange::candle_file;
use exchange::{funding_file, quote_file};

use super::args::Venue;
use super::candles::as_asked;
use crate::ending::{Code, Failure, Outcome};

/// The venue settles every eight hours or more often, a few ms after the hour.
const LONGEST_MS: i64 = 8 * HOUR_MS + MINUTE_MS;

/// What was read.
#[derive(Default)]
pub(super) struct Told {
    quotes: Vec<Quote>,
    marks: Vec<(InstrumentId, Candle)>,
    funding: Vec<FundingRate>,
}

impl Told {
    /// In the form that a run takes.
    pub(super) fn besides(&self) -> Besides<'_> {
        Besides { quotes: &self.quotes, marks: &self.marks, funding: &self.funding }
    }
}

/// Reads what the flags name, of the history's instruments and within its time.
pub(super) fn read(asked: &Venue, history: &History) -> Outcome<Told> {
    let instruments = history.instruments();
    let perpetuals = instruments.iter().filter(|id| id.is_perpetual()).count();
    let of_perpetuals = [
        (!asked.funding.is_empty(), "--funding"),
        (!asked.marks.is_empty(), "--marks"),
        (asked.leverage.is_some(), "--leverage"),
    ];
    if let Some((_, flag)) = of_perpetuals.into_iter().find(|(given, _)| *given && perpetuals == 0)
    {
        let message = format!("{flag} is for perpetuals; name them as --pairs BTC/USDT:USDT");
        return Err(Failure::new(Code::Usage, message));
    }
    let mut told = Told { quotes: quotes(asked, &instruments)?, ..Told::default() };
    for path in &asked.marks {
        let file = candle_file::read(path)?;
        let instrument = as_asked(file.instrument, &instruments);
        told.marks.extend(file.candles.into_iter().map(|candle| (instrument, candle)));
    }
    for path in &asked.funding {
        told.funding.extend(funding_file::read(path, &instruments)?);
    }
    // What was settled before the first candle concerns nobody here.
    told.marks.retain(|(_, candle)| candle.open_time >= history.from());
    told.funding.retain(|rate| rate.time_exchange > history.from());
    told.marks.sort_by_key(|(instrument, candle)| (candle.close_time(), *instrument));
    told.funding.sort_by_key(|rate| (rate.time_exchange, rate.instrument));
    if asked.funding.is_empty() && perpetuals > 0 {
        tracing::warn!("without --funding, perpetuals neither pay nor get any");
    } else {
        complete(&told.funding, history)?;
    }
    Ok(told)
}

/// Refuses funding with holes in it: a rate that is missing is not a rate of nought.
fn complete(funding: &[FundingRate], history: &History) -> Outcome<()> {
    for series in history.series().iter().filter(|series| series.instrument().id.is_perpetual()) {
        let id = series.instrument().id;
        let (Some(first), Some(last)) = (series.base().first(), series.base().last()) else {
            continue;
        };
        let of = funding.iter().filter(|rate| rate.instrument == id);
        let settled = of.map(|rate| rate.time_exchange).chain([last.close_time()]);
        let mut before = first.open_time;
        for at in settled {
            // Through a hole in the candles nothing is held.
            let due = before.plus_ms(LONGEST_MS);
            let held = series.base().partition_point(|candle| candle.open_time < due);
            if series.base().get(held).is_some_and(|candle| candle.open_time < at) {
                let message = format!(
                    "--funding has no settlement of {id} between {before} and {at}, and a missing \
                     rate is not nought: fetch it with `download-data --funding`, or choose \
                     another --timerange"
                );
                return Err(Failure::new(Code::Usage, message));
            }
            before = at;
        }
    }
    Ok(())
}

/// The recorded best bids and asks, where orders are to fill by them.
fn quotes(asked: &Venue, instruments: &[InstrumentId]) -> Outcome<Vec<Quote>> {
    let Some(path) = &asked.ticks else { return Ok(Vec::new()) };
    let [only] = instruments else {
        return Err(Failure::new(Code::Usage, "--ticks are of one pair: choose it with --pairs"));
    };
    let read = quote_file::open(path, *only)?.collect::<Result<Vec<_>, _>>()?;
    if read.is_empty() {
        let message = format!("{} holds no quotes of {only}", path.display());
        return Err(Failure::new(Code::Usage, message));
    }
    Ok(read)
}
