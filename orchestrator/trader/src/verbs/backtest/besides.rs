//! What a venue tells beside candles, from files: quotes, mark prices, funding.

use backtest::history::History;
use backtest::run::Besides;
use domain::candle::Candle;
use domain::funding::FundingRate;
use domain::instrument::InstrumentId;
use domain::quote::Quote;
use exchange::candle_file;
use exchange::{funding_file, quote_file};

use super::args::Venue;
use super::candles::as_asked;
use crate::ending::{Code, Failure, Outcome};

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
    Ok(told)
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
