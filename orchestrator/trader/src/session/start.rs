//! How a session starts: what is agreed on, listed, collected and opened.

use std::sync::Arc;

use actix::Addr;
use decision::record::ConfigurationRecord;
use domain::instrument::{Instrument, InstrumentId};
use domain::time::UtcMs;
use exchange::binance::handle::StreamHandle;
use exchange::binance::rest::RestClient;
use exchange::binance::signed::verdict;
use exchange::binance::stream::StreamClient;
use exchange::binance::transport::RestOptions;
use exchange::binance::weight::WeightLimit;
use store::store::Store;
use tokio::sync::mpsc;

use crate::alerts::raise::Alerts;
use crate::ending::{Code, Ending, Failure, Outcome};
use crate::gateway::open::{self, Way};
use crate::market::actor::{Market, Open};
use crate::market::facts::collect::{Collecting, Wanted};
use crate::market::feed;
use crate::recovery;
use crate::session::{Session, Until, send};
use crate::setup;
use crate::watch;

/// How long the venue may take to answer at the start: whoever waits there wants to know.
pub(super) const START_DEADLINE_MS: u64 = 20_000;

impl Session {
    /// The configuration of the run that the store holds, if it is the one that is asked for; of
    /// a new run where it holds none.
    pub(super) async fn agree(
        &self,
        store: &Store,
        rest: &RestClient,
    ) -> Outcome<ConfigurationRecord> {
        let Some(stored) = recovery::stored_configuration(store).await? else {
            return Ok(setup::configuration(&self.begin, self.clock(rest).await?));
        };
        let differs =
            setup::difference(&stored, &setup::configuration(&self.begin, stored.began_at));
        if differs.is_empty() {
            return Ok(stored);
        }
        let message = format!(
            "{} holds a run with another configuration: {}; go on with that one, or use another \
             SEXTANT_DATA_DIR (or database) for a new run",
            self.place,
            differs.join("; ")
        );
        Err(Failure::new(Code::Refused, message))
    }

    /// The venue's clock; for a single cycle the last close, which is what a scheduler asks for.
    async fn clock(&self, rest: &RestClient) -> Outcome<UtcMs> {
        let now = rest.time().await?;
        let timeframe = self.begin.policy.profile.decision_timeframe;
        Ok(if self.until == Until::Once { timeframe.open_of(now) } else { now })
    }

    pub(super) fn rest(&self, deadline_ms: u64) -> Outcome<RestClient> {
        let settle_ms = self.settle_ms;
        let options = RestOptions { settle_ms, deadline_ms, ..self.patience.rest.clone() };
        Ok(RestClient::new(&self.rest_url, self.market, options)?)
    }

    /// What the venue lists of the configured instruments, and what it does not trade now.
    pub(super) async fn list(
        &self,
        rest: &RestClient,
        wanted: &[InstrumentId],
    ) -> Outcome<(Vec<Instrument>, Vec<WeightLimit>, Vec<String>)> {
        let listing = rest.instruments(wanted).await?;
        let mut not_trading = Vec::new();
        for (instrument, status) in &listing.not_trading {
            tracing::warn!(%instrument, status, "the venue lists this pair but does not trade it now");
            not_trading.push(format!("{instrument} ({status})"));
        }
        for instrument in &listing.unknown {
            tracing::warn!(%instrument, "the venue does not know this pair");
            not_trading.push(format!("{instrument} (unknown)"));
        }
        if listing.instruments.is_empty() {
            let names: Vec<_> = wanted.iter().map(InstrumentId::to_string).collect();
            let message = format!(
                "{} trades none of {}: check CRYPTO_PAIRS",
                self.rest_url,
                names.join(", ")
            );
            return Err(Failure::new(Code::Venue, message));
        }
        Ok((listing.instruments, listing.limits, not_trading))
    }

    /// Collects what futures tell beside candles, for as long as the session lasts.
    pub(super) async fn collect(
        &self,
        listed: &[Instrument],
        limits: Vec<WeightLimit>,
        store: &Store,
    ) -> Outcome<Option<Collecting>> {
        // In one thread everything is to happen in one order; what is told beside has none.
        let pointless = self.until == Until::Once || self.lockstep.is_some();
        if self.market == verdict::Market::Spot || pointless {
            return Ok(None);
        }
        let wanted = Wanted {
            rest_url: self.rest_url.clone(),
            stream_url: self.stream_url.clone(),
            instruments: listed.iter().map(|instrument| instrument.id).collect(),
            limits,
        };
        Ok(Some(Collecting::start(wanted, store, &self.metrics).await?))
    }

    /// Reads the venue's clock, opens the stream and watches for the session's own end.
    pub(super) async fn begin(
        &self,
        configuration: &ConfigurationRecord,
        rest: &Arc<RestClient>,
        market: &Addr<Market>,
        listed: Vec<Instrument>,
        endings: mpsc::UnboundedSender<Ending>,
        store: &Store,
    ) -> Outcome<StreamHandle> {
        let clock = rest.clock().await?;
        self.metrics.clock_offset.set(clock.offset_ms as f64 / 1e3);
        let venue_time = self.clock(rest).await?;
        let began_at = configuration.began_at;
        let streams: Vec<_> = listed
            .iter()
            .flat_map(|instrument| configuration.timeframes.iter().map(|t| (instrument.id, *t)))
            .collect();
        send(market.send(Open { began_at, venue_time, listed }).await)?;
        let (handle, messages) = StreamClient::spawn(
            &self.stream_url,
            self.market,
            streams,
            self.patience.stream.clone(),
        )?;
        actix::spawn(feed::read(messages, market.clone(), Arc::clone(rest)));
        let (market, until) = (market.clone(), self.until.clone());
        let status_url = self.status_url();
        let (readiness, alerts) = (self.readiness.clone(), Alerts::new(store));
        actix::spawn(async move {
            let watched =
                watch::watch(&market, &until, venue_time, &status_url, &readiness, &alerts);
            let outcome = watched.await;
            let ending = outcome.map_or_else(Ending::Failed, |()| Ending::Finished);
            // Gone means that the session is over already.
            let _ = endings.send(ending);
        });
        Ok(handle)
    }

    /// Waits until the venue has proven what the ledger believes. What stays in question counts as
    /// exposure, so trading may begin without it.
    pub(super) async fn reconcile(&self, way: Option<&Way>) {
        let Some(way) = way else { return };
        if let Some(lockstep) = &self.lockstep {
            open::turn(&way.words(), lockstep.now()).await;
        } else if !way.quiet(self.patience.reconciling).await {
            tracing::warn!("the venue has not proven every order's state yet");
        }
    }

    pub(super) fn status_url(&self) -> String {
        format!("{}/sim/status", self.rest_url.trim_end_matches('/'))
    }
}
