//! `run`: trading with the venue's live candles, on paper, at its test network, or with real money.

use std::sync::Arc;

use serde_json::json;
use telemetry::metrics::Metrics;
use telemetry::readiness::Readiness;
use telemetry::server::Server;

use crate::cli::Run;
use crate::config::settings::Settings;
use crate::ending::{Code, Failure, Outcome};
use crate::live::real;
use crate::place::Place;
use crate::session::{Patience, Session, Summary, Until};
use crate::setup::Begin;
use crate::{progress, summary};

/// REST may trail the stream by a moment at the real venue.
const SETTLE_MS: u64 = 1_500;

/// Trades until a person stops it, or one cycle.
pub fn run(asked: &Run, settings: &Settings, json: bool) -> Outcome<()> {
    let until = match (asked.once, asked.exit_at_end) {
        (true, true) => {
            return Err(Failure::new(Code::Usage, "--once and --exit-at-end exclude each other"));
        }
        (true, false) => Until::Once,
        (false, true) => Until::EndOfData,
        (false, false) => Until::Stopped,
    };
    let mode = match (asked.testnet, asked.live) {
        (true, _) => "testnet",
        (_, true) => "live",
        _ => settings.mode.name(),
    };
    let place = Place::of(settings, mode);
    let replaying = until == Until::EndOfData;
    let market = settings.market();
    let (addresses, venue) = match mode {
        "testnet" | "live" => {
            let venue = actix::System::new().block_on(real::admitted(settings, asked.live))?;
            (settings.account(), Some(venue))
        }
        _ => (settings.addresses(market), None),
    };
    crate::place::remember(&settings.data_dir, mode)?;
    let session = |metrics, readiness| Session {
        begin: begin(mode, settings),
        place,
        data_dir: settings.data_dir.clone(),
        mail: settings.mail.clone(),
        market,
        rest_url: addresses.rest,
        stream_url: addresses.stream,
        settle_ms: if replaying { 0 } else { SETTLE_MS },
        until,
        metrics,
        readiness,
        progress: progress::quiet(),
        venue,
        patience: Patience::default(),
        lockstep: None,
    };
    if let Some(summary) = trade(settings, !asked.once, session)? {
        summary::print(&summary, json)
    } else {
        summary::print_unbegun(json)
    }
}

/// What a run is begun with, by the settings.
pub fn begin(mode: &'static str, settings: &Settings) -> Begin {
    Begin {
        mode,
        seed: settings.seed,
        capital_quote: settings.capital,
        quote: settings.quote,
        instruments: settings.instruments.clone(),
        timeframes: settings.timeframes.clone(),
        policy: settings.policy.clone(),
    }
}

/// Serves health and metrics, and trades.
pub fn trade(
    settings: &Settings,
    serve: bool,
    session: impl FnOnce(Arc<Metrics>, Readiness) -> Session,
) -> Outcome<Option<Summary>> {
    let metrics = Arc::new(Metrics::new(env!("CARGO_PKG_VERSION")));
    let readiness = Readiness::expecting(&["store", "streams"]);
    let server = match serve {
        true => {
            Some(Server::start(settings.metrics_addr, Arc::clone(&metrics), readiness.clone())?)
        }
        false => None,
    };
    if let Some(server) = &server {
        tracing::info!(address = %server.address(), "metrics and health are served");
    }
    let session = session(metrics, readiness);
    let summary = actix::System::new().block_on(session.trade());
    if let Some(server) = server {
        server.stop();
    }
    summary
}

/// One line of JSON for a scheduler that only wants to know how it went.
pub fn failure_json(failure: &Failure) -> serde_json::Value {
    json!({ "error": failure.to_string(), "exit_code": failure.code as i32 })
}
