//! The venue's candles into the archive: what is missing there, page by page.

use std::cell::Cell;
use std::time::Duration;

use backtest::range::TimeRange;
use domain::candle::Candle;
use domain::instrument::InstrumentId;
use domain::time::{DAY_MS, UtcMs};
use domain::timeframe::Timeframe;
use exchange::archive::error::ArchiveError;
use exchange::archive::folder::{Archive, Writer};
use exchange::archive::ranges::{Ranges, Span};
use exchange::archive::series::{Merged, Series};
use exchange::binance::page::CandlePage;
use exchange::binance::rest::{MAX_PAGE, RestClient};
use exchange::binance::signed::verdict::Market;
use exchange::binance::transport::RestOptions;
use exchange::binance::weight::WeightLimit;
use futures_util::StreamExt;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::{News, of_archive};
use crate::config::settings::Settings;
use crate::ending::{Code, Failure, Outcome};
use crate::signals::Stop;

/// Where nothing is asked for and nothing is there.
const DEFAULT_DAYS: i64 = 30;
/// Series that are fetched side by side: each page waits for an answer most of its time.
const SIDE_BY_SIDE: usize = 4;
/// So many new candles are saved at the least; of a large file, an eighth of it, so that saving
/// takes its share of the time and no more. A killed download loses no more than that.
const SAVED_AT: usize = 20_000;

/// What to fetch.
pub(super) struct Wish {
    pub(super) pairs: Vec<InstrumentId>,
    pub(super) series: Vec<(InstrumentId, Timeframe)>,
    pub(super) range: TimeRange,
    pub(super) days: Option<u32>,
    pub(super) replace: bool,
}

/// Each pair in each timeframe.
pub(super) fn each(
    pairs: &[InstrumentId],
    timeframes: &[Timeframe],
) -> Vec<(InstrumentId, Timeframe)> {
    pairs.iter().flat_map(|pair| timeframes.iter().map(|timeframe| (*pair, *timeframe))).collect()
}

/// Fetches what is missing. A failure after the first candles comes beside what was saved.
pub(super) fn fetch(
    wish: &Wish,
    archive: &Archive,
    settings: &Settings,
) -> Outcome<(Vec<News>, Option<Failure>)> {
    actix::System::new().block_on(async {
        let stop = Stop::listen()?;
        let clients = clients(&wish.pairs, settings)?;
        let mut now = UtcMs::default();
        for client in &clients {
            let of_market = |pair: &&InstrumentId| Market::of(**pair) == client.market();
            let pairs: Vec<_> = wish.pairs.iter().filter(of_market).copied().collect();
            check(client, &pairs).await?;
            now = client.time().await?.max(now);
        }
        // Before anything is made: a range that is still to come is refused.
        for (_, timeframe) in &wish.series {
            wish.span(*timeframe, now, None)?;
        }
        let writer = archive.writer().map_err(of_archive)?;
        let bars = MultiProgress::new();
        let mut jobs = Vec::with_capacity(wish.series.len());
        let ended = Cell::new(false);
        for (instrument, timeframe) in &wish.series {
            let series = archive.series(*instrument, *timeframe).map_err(of_archive)?;
            let first = series.candles().first().map(|candle| candle.open_time);
            let span = wish.span(*timeframe, now, first)?;
            let wanted = match wish.replace {
                true => Ranges::from_iter([span]),
                false => series.wanted(span),
            };
            let bar = bars.add(bar(&series, &wanted));
            let merged = Merged::default();
            let (writer, stop, ended) = (&writer, &stop, &ended);
            let of = Market::of(*instrument);
            let client = clients.iter().find(|client| client.market() == of);
            let client = client.expect("there is a client for the market of every pair");
            let replace = wish.replace;
            jobs.push(Job { client, writer, stop, ended, replace, series, wanted, merged, bar });
        }
        let mut done: Vec<_> = futures_util::stream::iter(jobs)
            .map(Job::end)
            .buffer_unordered(SIDE_BY_SIDE)
            .collect()
            .await;
        let failure = done.iter_mut().find_map(|(_, failure)| failure.take());
        let mut news: Vec<_> = done.into_iter().map(|(news, _)| news).collect();
        news.sort_by_key(|(series, _)| {
            let this = (series.instrument(), series.timeframe());
            wish.series.iter().position(|asked| *asked == this)
        });
        Ok((news, failure))
    })
}

/// A client for each market that is asked.
fn clients(pairs: &[InstrumentId], settings: &Settings) -> Outcome<Vec<RestClient>> {
    let mut clients = Vec::new();
    for market in [Market::Spot, Market::Usdm] {
        if pairs.iter().any(|pair| Market::of(*pair) == market) {
            let address = settings.addresses(market).rest;
            clients.push(RestClient::new(&address, market, RestOptions::default())?);
        }
    }
    Ok(clients)
}

/// That the venue knows these pairs; from then on its limits are known.
pub(super) async fn check(
    client: &RestClient,
    pairs: &[InstrumentId],
) -> Outcome<Vec<WeightLimit>> {
    let listing = client.instruments(pairs).await?;
    let names: Vec<_> = listing.unknown.iter().map(ToString::to_string).collect();
    if !names.is_empty() {
        let message = format!("the venue does not know {}; correct --pairs", names.join(", "));
        return Err(Failure::new(Code::Usage, message));
    }
    for (pair, state) in &listing.not_trading {
        tracing::info!(%pair, state, "the pair is no longer traded; its past candles are fetched");
    }
    Ok(listing.limits)
}

impl Wish {
    /// What is asked for of a series that begins at `first`, on the timeframe's grid, up to the
    /// last candle that has closed.
    fn span(&self, timeframe: Timeframe, now: UtcMs, first: Option<UtcMs>) -> Outcome<Span> {
        let closed = timeframe.open_of(now);
        let to = self.range.to.map_or(closed, |to| next_open(timeframe, to).min(closed));
        let days_before = |days: i64| now.plus_ms(days.saturating_mul(-DAY_MS));
        let from = match (self.range, self.days) {
            (_, Some(days)) => days_before(days.into()),
            (TimeRange { from: Some(from), .. }, _) => from,
            // Whatever there was before that.
            (TimeRange { to: Some(_), .. }, _) => UtcMs::default(),
            _ => first.unwrap_or(days_before(DEFAULT_DAYS)),
        };
        let from = next_open(timeframe, from);
        if from >= to {
            let message = format!(
                "no {timeframe} candle has opened at {from} or later and closed by {to} (the \
                 venue's clock says {now}); choose an earlier or a longer range"
            );
            return Err(Failure::new(Code::Usage, message));
        }
        Ok((from, to))
    }
}

/// The first open at or after a moment.
fn next_open(timeframe: Timeframe, at: UtcMs) -> UtcMs {
    match timeframe.open_of(at) {
        open if open == at => open,
        open => timeframe.close_of(open),
    }
}

fn count(timeframe: Timeframe, wanted: &Ranges) -> u64 {
    wanted.spans().iter().map(|(from, to)| timeframe.count_between(*from, *to)).sum()
}

fn bar(series: &Series, wanted: &Ranges) -> ProgressBar {
    let bar = ProgressBar::new(count(series.timeframe(), wanted));
    let template = "{prefix:>16} {bar:30} {percent:>3} %  {human_pos}/{human_len} candles  {eta}";
    let style = ProgressStyle::with_template(template);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_prefix(format!("{} {}", series.instrument(), series.timeframe()));
    if !bar.is_hidden() {
        bar.enable_steady_tick(Duration::from_millis(250));
    }
    bar
}

/// The fetching of one series.
struct Job<'a> {
    client: &'a RestClient,
    writer: &'a Writer<'a>,
    stop: &'a Stop,
    /// Set when another one has failed: what the venue denies to one it denies to all.
    ended: &'a Cell<bool>,
    replace: bool,
    series: Series,
    wanted: Ranges,
    merged: Merged,
    bar: ProgressBar,
}

/// Candles that are not saved yet.
#[derive(Default)]
struct Pending {
    candles: Vec<Candle>,
    asked: Vec<Span>,
}

impl Job<'_> {
    async fn end(mut self) -> (News, Option<Failure>) {
        let failure = self.run().await.err();
        self.ended.set(self.ended.get() || failure.is_some());
        self.bar.finish();
        ((self.series, self.merged), failure)
    }

    /// Fetches and saves; what came before a failure is saved too.
    async fn run(&mut self) -> Outcome<()> {
        let mut pending = Pending::default();
        let fetched = self.pages(&mut pending).await;
        let saved = self.save(&mut pending).map_err(of_archive);
        fetched.and(saved)
    }

    async fn pages(&mut self, pending: &mut Pending) -> Outcome<()> {
        let timeframe = self.series.timeframe();
        let Some((mut at, end)) = ends(&self.wanted) else { return Ok(()) };
        loop {
            let left = self.wanted.within((at, end));
            let Some((from, _)) = ends(&left) else { return Ok(()) };
            self.bar.set_position(
                self.bar.length().unwrap_or_default().saturating_sub(count(timeframe, &left)),
            );
            if self.ended.get() {
                return Ok(());
            }
            // One page mends all the holes that it reaches over.
            let reach = timeframe.count_between(from, end).min(MAX_PAGE.into());
            let limit = u32::try_from(reach).unwrap_or(MAX_PAGE);
            let page = tokio::select! {
                page = self.client.candles(self.series.instrument(), timeframe, from, limit) => page?,
                () = self.stop.asked() => return Err(Failure::new(Code::Failed, "stopped")),
            };
            let complete_to = timeframe.open_of(page.complete_to).min(end);
            if complete_to <= from {
                return Ok(());
            }
            self.take(page, (from, complete_to), pending);
            at = complete_to;
            if pending.candles.len() >= SAVED_AT.max(self.series.candles().len() / 8) {
                self.save(pending).map_err(of_archive)?;
            }
        }
    }

    fn take(&self, page: CandlePage, asked: Span, pending: &mut Pending) {
        for (open_time, error) in &page.refused {
            let pair = self.series.instrument();
            tracing::warn!(%pair, %open_time, %error, "the venue tells nonsense; left out");
        }
        // What is there already is not touched, unless all was asked for.
        let wanted = |candle: &Candle| self.wanted.contains(candle.open_time);
        pending.candles.extend(page.candles.into_iter().filter(wanted));
        pending.asked.push(asked);
    }

    fn save(&mut self, pending: &mut Pending) -> Result<(), ArchiveError> {
        let Pending { candles, asked } = std::mem::take(pending);
        if asked.is_empty() {
            return Ok(());
        }
        let merged = self.series.merge(&candles, self.replace)?;
        asked.into_iter().for_each(|span| self.series.note_asked(span));
        self.writer.save(&self.series)?;
        self.merged.added += merged.added;
        self.merged.replaced += merged.replaced;
        Ok(())
    }
}

/// Where a set begins and ends; none where it is empty.
fn ends(ranges: &Ranges) -> Option<Span> {
    Some((ranges.spans().first()?.0, ranges.spans().last()?.1))
}
