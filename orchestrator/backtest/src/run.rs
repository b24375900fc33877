//! The live system's agents and decisions over a history.

use decision::book::CoreError;
use decision::outbox::{Outbox, Sink};
use decision::record::{ConfigurationRecord, Dated, Record};
use domain::candle::Candle;
use domain::event::Event;
use domain::funding::FundingRate;
use domain::instrument::{Asset, Instrument, InstrumentId};
use domain::money::{Money, Overflow};
use domain::portfolio::{BookError, Portfolio};
use domain::quote::Quote;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use exchange::sim::terms::Terms;

use crate::curve::{Curve, Grain, Mark};
use crate::engine::{Engine, NoTimeframes};
use crate::history::{History, Series};
use crate::outcome::{DatedOrder, OpenPosition, Outcome};
use crate::tape::Tape;

/// Why a run can't be, or can't go on.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RunError {
    /// The configuration names no timeframe.
    #[error(transparent)]
    NoTimeframes(#[from] NoTimeframes),
    /// The configuration and the history are not of the same timeframes.
    #[error("{configured:?} candles are configured, but the history has {found:?}")]
    OtherTimeframes {
        /// What is configured.
        configured: Vec<Timeframe>,
        /// What the history has.
        found: Vec<Timeframe>,
    },
    /// The configuration and the history are not of the same instruments.
    #[error("{configured:?} are configured, but the history has {found:?}")]
    OtherInstruments {
        /// What is configured.
        configured: Vec<InstrumentId>,
        /// What the history has.
        found: Vec<InstrumentId>,
    },
    /// An instrument that is priced in another asset than the account's.
    #[error("{instrument} is not priced in {quote}, which the account counts in; leave it out")]
    OtherQuote {
        /// Which.
        instrument: InstrumentId,
        /// The account's asset.
        quote: Asset,
    },
    /// An instrument without shorts and leverage under a profile that has both.
    #[error("{instrument} is no perpetual, which the profile '{profile}' trades; name it as {instrument}:{}", .instrument.quote())]
    NoPerpetual {
        /// Which.
        instrument: InstrumentId,
        /// The profile's name.
        profile: String,
    },
    /// Capital for not even one order.
    #[error(
        "a capital of {capital_quote} is below the smallest order of {instrument}, {least_quote}; \
         use more capital"
    )]
    CapitalTooSmall {
        /// What there is.
        capital_quote: Money,
        /// The instrument with the smallest order.
        instrument: InstrumentId,
        /// Worth of its smallest order.
        least_quote: Money,
    },
    /// More or fewer instruments than the reference strategy trades.
    #[error("ema-cross trades one pair, here are {0}; choose one with --pairs")]
    NotOnePair(usize),
    /// A stake that is no order.
    #[error(
        "a stake of {stake_quote} is below the smallest order of {instrument}, {least_quote}; \
         use a larger stake"
    )]
    StakeTooSmall {
        /// What each trade is to cost.
        stake_quote: Money,
        /// Of what.
        instrument: InstrumentId,
        /// Worth of its smallest order.
        least_quote: Money,
    },
    /// A stake that was never there.
    #[error(
        "a stake of {stake_quote} is above the capital of {capital_quote}; use a smaller stake"
    )]
    StakeTooLarge {
        /// What each trade is to cost.
        stake_quote: Money,
        /// What there is.
        capital_quote: Money,
    },
    /// A fill that can't be booked.
    #[error(transparent)]
    Book(#[from] BookError),
    /// An event that can't be lived through.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// Numbers beyond the decimal's range.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

/// Lives through a history as configured, with the agents of the live system.
pub fn run(
    configuration: &ConfigurationRecord,
    history: &History,
    grain: Grain,
    sink: Sink,
) -> Result<Outcome, RunError> {
    drive(Engine::of(configuration)?, configuration, history, grain, sink)
}

/// What a venue tells beside candles, each kind with times that never go back.
#[derive(Debug, Clone, Copy, Default)]
pub struct Besides<'a> {
    /// Best bids and asks, for terms that fill by them.
    pub quotes: &'a [Quote],
    /// Candles of mark prices, on which perpetuals are liquidated.
    pub marks: &'a [(InstrumentId, Candle)],
    /// Settlements of funding.
    pub funding: &'a [FundingRate],
}

/// The same at a venue of other terms, that tells more than candles.
pub fn run_on(
    terms: Terms,
    besides: Besides<'_>,
    configuration: &ConfigurationRecord,
    history: &History,
    grain: Grain,
    sink: Sink,
) -> Result<Outcome, RunError> {
    let engine = Engine::on(configuration, terms)?;
    live(engine, configuration, history, besides, history.from(), grain, sink)
}

/// Lives through a history as configured, but only listens until `since`: indicators are warm then,
/// and nothing that was traded before counts. The outcome begins there.
pub fn run_since(
    configuration: &ConfigurationRecord,
    history: &History,
    since: UtcMs,
    grain: Grain,
) -> Result<Outcome, RunError> {
    let (engine, besides) = (Engine::of(configuration)?, Besides::default());
    live(engine, configuration, history, besides, since, grain, Sink::None)
}

/// Lives through a history with any engine that is as configured but for its agents.
pub fn drive(
    engine: Engine,
    configuration: &ConfigurationRecord,
    history: &History,
    grain: Grain,
    sink: Sink,
) -> Result<Outcome, RunError> {
    live(engine, configuration, history, Besides::default(), history.from(), grain, sink)
}

fn live(
    mut engine: Engine,
    configuration: &ConfigurationRecord,
    history: &History,
    mut besides: Besides<'_>,
    since: UtcMs,
    grain: Grain,
    sink: Sink,
) -> Result<Outcome, RunError> {
    check(configuration, history)?;
    let mut outcome = nothing_yet(configuration.quote, configuration.capital_quote, history, grain);
    if since > outcome.from {
        outcome.begin_at(since, grain, history);
    }
    let (mut tape, mut out) = (Tape::new(history), Outbox::new(sink));
    while let Some(watermark) = tape.next() {
        let at = watermark.at;
        if at <= since {
            engine.listen(watermark, &mut out)?;
            out.records.clear();
            continue;
        }
        while let Some(quote) = taken(&mut besides.quotes, |quote| quote.time_exchange <= at) {
            engine.quote(quote, &mut out)?;
        }
        engine.step(watermark, &mut out)?;
        while let Some((instrument, candle)) =
            taken(&mut besides.marks, |(_, candle)| candle.close_time() <= at)
        {
            let closed = Event::MarkClosed { instrument: *instrument, candle: *candle };
            engine.hear(&closed, &mut out)?;
        }
        while let Some(rate) = taken(&mut besides.funding, |rate| rate.time_exchange <= at) {
            let FundingRate { instrument, time_exchange, rate_ratio } = *rate;
            let settled = Event::FundingSettled { instrument, time_exchange, rate_ratio };
            engine.hear(&settled, &mut out)?;
        }
        let equity_quote = engine.floor().core().account().equity();
        outcome.curve.mark(at, equity_quote.to_f64());
        keep(&mut out.records, sink, &mut outcome);
    }
    outcome.left_open = left_open(&engine.floor().core().account().portfolio)?;
    Ok(outcome)
}

/// The first of a row, if it is due; the row goes on behind it.
#[inline]
fn taken<'a, T>(row: &mut &'a [T], due: impl Fn(&T) -> bool) -> Option<&'a T> {
    let (first, rest) = row.split_first().filter(|(first, _)| due(first))?;
    *row = rest;
    Some(first)
}

impl Outcome {
    /// Leaves out what lies before `since`.
    fn begin_at(&mut self, since: UtcMs, grain: Grain, history: &History) {
        let start = Mark { at: since, ..self.curve.start() };
        let before = |series: &Series| {
            series.base().partition_point(|candle| candle.open_time < since) as u64
        };
        self.candles -= history.series().iter().map(before).sum::<u64>();
        self.curve = Curve::new(start, grain);
        self.holes.retain(|hole| hole.from >= since);
        self.from = since;
    }
}

/// What a run over this history begins with.
pub(crate) fn nothing_yet(
    quote: Asset,
    capital_quote: Money,
    history: &History,
    grain: Grain,
) -> Outcome {
    let start = Mark { at: history.from(), equity_quote: capital_quote.to_f64() };
    Outcome {
        quote,
        capital_quote,
        instruments: history.instruments(),
        from: history.from(),
        to: history.to(),
        candles: history.candles(),
        trades: Vec::new(),
        left_open: Vec::new(),
        fills: Vec::new(),
        orders: Vec::new(),
        curve: Curve::new(start, grain),
        holes: history.holes(),
        records: Vec::new(),
    }
}

/// Gathers what results are made of, and leaves no record behind.
fn keep(records: &mut Vec<Dated>, sink: Sink, outcome: &mut Outcome) {
    for Dated { at, record, .. } in records.iter() {
        match record {
            Record::Trade(trade) => outcome.trades.push(trade.clone()),
            Record::Fill(fill) => outcome.fills.push(fill.clone()),
            Record::Order(order) => {
                outcome.orders.push(DatedOrder { at: *at, order: order.clone() })
            }
            _ => {}
        }
    }
    match sink {
        Sink::Full => outcome.records.append(records),
        Sink::None => records.clear(),
    }
}

/// The positions that a portfolio holds, at their marks.
pub(crate) fn left_open(portfolio: &Portfolio) -> Result<Vec<OpenPosition>, Overflow> {
    let open = portfolio.positions().iter().filter_map(|(instrument, position)| {
        let mark = portfolio.mark(*instrument)?;
        let open = || {
            Ok(OpenPosition {
                instrument: *instrument,
                direction: position.direction,
                entry_time: position.opened_at,
                quantity: position.quantity()?,
                entry_price: position.entry_price().unwrap_or_default(),
                mark,
                pnl_quote: position.pnl_at(mark)?,
            })
        };
        Some(open())
    });
    open.collect()
}

fn check(configuration: &ConfigurationRecord, history: &History) -> Result<(), RunError> {
    let ConfigurationRecord { timeframes, instruments, capital_quote, quote, .. } = configuration;
    if timeframes != history.timeframes() {
        let (configured, found) = (timeframes.clone(), history.timeframes().to_vec());
        return Err(RunError::OtherTimeframes { configured, found });
    }
    let found = history.instruments();
    if *instruments != found {
        return Err(RunError::OtherInstruments { configured: instruments.clone(), found });
    }
    if let Some(other) = found.iter().find(|id| id.quote() != quote.as_str()) {
        return Err(RunError::OtherQuote { instrument: *other, quote: *quote });
    }
    let profile = &configuration.policy.profile;
    let spot = found.iter().find(|id| !id.is_perpetual() && profile.margin.is_some());
    if let Some(instrument) = spot {
        let (instrument, profile) = (*instrument, profile.name.clone());
        return Err(RunError::NoPerpetual { instrument, profile });
    }
    check_capital(*capital_quote, history)
}

/// Whether at least one instrument's smallest order can be paid at its first price.
pub(crate) fn check_capital(capital_quote: Money, history: &History) -> Result<(), RunError> {
    let least = history.series().iter().map(|series| Ok((least_quote(series)?, series)));
    let least = least.collect::<Result<Vec<_>, Overflow>>()?;
    match least.into_iter().min_by_key(|(least_quote, _)| *least_quote) {
        Some((least_quote, series)) if capital_quote < least_quote => {
            let instrument = series.instrument().id;
            Err(RunError::CapitalTooSmall { capital_quote, instrument, least_quote })
        }
        _ => Ok(()),
    }
}

/// Worth of an instrument's smallest order at its first price.
pub(crate) fn least_quote(series: &Series) -> Result<Money, Overflow> {
    let Instrument { filters, .. } = series.instrument();
    let open = series.base()[0].open;
    Ok(open.times(filters.min_quantity)?.max(filters.min_notional_quote))
}
