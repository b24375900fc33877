//! Watches how far the collector is: for readiness, and for the session's own end.

use std::time::Duration;

use actix::Addr;
use domain::alert::Alert;
use domain::time::UtcMs;
use exchange::binance::clock::local_now;
use serde::Deserialize;
use telemetry::readiness::Readiness;

use crate::alerts::raise::Alerts;
use crate::ending::{Code, Failure, Outcome};
use crate::market::actor::{Ask, Clock, Market, State};
use crate::session::Until;

const PAUSE: Duration = Duration::from_millis(100);
/// Candles close every minute; twice that without one is not fresh.
const FRESH: Duration = Duration::from_secs(150);
/// So many looks without a candle are as long as that.
const SILENT_LOOKS: u32 = (FRESH.as_millis() / PAUSE.as_millis()) as u32;
/// The stream is drained when it has said nothing new in so many looks.
const QUIET_LOOKS: u32 = 4;

/// How far a simulator's replay is.
#[derive(Debug, Deserialize)]
struct SimStatus {
    finished: bool,
    now_ms: i64,
    last_close_ms: i64,
}

/// Returns when the session is over by itself.
pub async fn watch(
    market: &Addr<Market>,
    until: &Until,
    started_at: UtcMs,
    status_url: &str,
    readiness: &Readiness,
    alerts: &Alerts,
) -> Outcome<()> {
    let mut heard: u64 = 0;
    let mut quiet: u32 = 0;
    let mut asked_last = false;
    loop {
        tokio::time::sleep(PAUSE).await;
        let State { settled, counters, .. } = ask(market, started_at).await?;
        let now_heard = counters.timeframes.values().map(|stream| stream.heard).sum::<u64>();
        if now_heard > heard {
            readiness.ready_for("streams", FRESH);
            quiet = 0;
        } else {
            quiet = quiet.saturating_add(1);
            // Told once, until something is heard again.
            if quiet == SILENT_LOOKS && *until == Until::Stopped {
                let what = "its stream brings no candles, and whether its requests are answered \
                            stands in the log";
                let down_ms = i64::try_from(FRESH.as_millis()).unwrap_or(i64::MAX);
                alerts.raise(Alert::venue_down(local_now(), down_ms, what)).await;
            }
        }
        heard = now_heard;
        match until {
            Until::Stopped => {}
            Until::Once if settled => return Ok(()),
            Until::Once => {}
            Until::EndOfData if quiet >= QUIET_LOOKS => {
                let Some(status) = sim_status(status_url).await? else { continue };
                if !asked_last {
                    // The stream is drained: what it left out of the last minutes comes by REST.
                    asked_last = true;
                    let sent = market.send(Clock(UtcMs::new(status.now_ms))).await;
                    sent.map_err(|e| {
                        Failure::new(Code::Failed, format!("the collector stopped: {e}"))
                    })?;
                }
                if ask(market, UtcMs::new(status.last_close_ms)).await?.settled {
                    return Ok(());
                }
            }
            Until::EndOfData => {}
        }
    }
}

async fn ask(market: &Addr<Market>, settled_to: UtcMs) -> Outcome<State> {
    let answered = market.send(Ask { settled_to }).await;
    answered.map_err(|error| Failure::new(Code::Failed, format!("the collector stopped: {error}")))
}

/// The simulator's word, none while its replay goes on.
async fn sim_status(url: &str) -> Outcome<Option<SimStatus>> {
    let status: SimStatus = serde_json::from_value(status(url).await?)?;
    Ok(Some(status).filter(|status| status.finished))
}

/// All that a simulator says of itself: how far it is, and how it spoilt its streams.
pub async fn status(url: &str) -> Outcome<serde_json::Value> {
    let unreachable = |error: reqwest::Error| {
        Failure::new(Code::Venue, format!("{url} does not answer as a simulator does: {error}"))
    };
    let answer = reqwest::get(url).await.map_err(unreachable)?;
    answer.json().await.map_err(unreachable)
}
