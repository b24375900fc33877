//! The small HTTP server for Prometheus and for whoever asks whether the system is well.
//!
//! It has a thread and a runtime of its own, so that it answers however busy trading is.

use crate::clock;
use crate::metrics::Metrics;
use crate::readiness::Readiness;
use actix_web::dev::ServerHandle;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer, rt};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Instant;

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Another program listens there.
    #[error(
        "the address {0} for metrics and health is already in use: stop the program that holds \
         it, or choose another with SEXTANT_METRICS_ADDR (port 0 takes any free one)"
    )]
    AddressInUse(SocketAddr),
    /// The address can't be bound for another reason, such as one that this machine doesn't have.
    #[error(
        "cannot listen on {address} for metrics and health: {source}; \
         choose another address with SEXTANT_METRICS_ADDR"
    )]
    CannotBind {
        /// What was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused a thread or a runtime.
    #[error("cannot start the server for metrics and health: {0}")]
    CannotStart(io::Error),
}

/// A running server. Dropped, it stops without waiting.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

struct Shown {
    metrics: Arc<Metrics>,
    readiness: Readiness,
    started: Instant,
}

impl Server {
    /// Listens on `address` and answers `/metrics`, `/healthz` and `/readyz`. May be called from
    /// any thread, in a runtime or not; when it returns, the server answers.
    ///
    /// # Errors
    /// [`ServerError`], each naming the address and what to do.
    pub fn start(
        address: SocketAddr,
        metrics: Arc<Metrics>,
        readiness: Readiness,
    ) -> Result<Self, ServerError> {
        let listener = TcpListener::bind(address).map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => ServerError::AddressInUse(address),
            _ => ServerError::CannotBind { address, source },
        })?;
        let address = listener.local_addr().map_err(ServerError::CannotStart)?;
        let shown = Data::new(Shown { metrics, readiness, started: clock::monotonic() });
        let (started, wait) = mpsc::sync_channel(1);
        let thread = thread::Builder::new()
            .name("telemetry".to_owned())
            .spawn(move || serve(listener, shown, &started))
            .map_err(ServerError::CannotStart)?;
        let handle = wait
            .recv()
            .unwrap_or_else(|_| Err(io::Error::other("its thread ended early")))
            .map_err(ServerError::CannotStart)?;
        Ok(Self { address, handle, thread: Some(thread) })
    }

    /// Where it listens, with the port that the system chose if 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it and waits until the port is free. A scrape under way is cut off: what it reads is
    /// not worth a delay at shutdown.
    pub fn stop(mut self) {
        self.tell_to_stop();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::warn!("the server for metrics and health ended in a panic");
        }
    }

    fn tell_to_stop(&self) {
        // The command goes out at once; the future only waits for its end.
        drop(self.handle.stop(false));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.tell_to_stop();
    }
}

fn serve(
    listener: TcpListener,
    shown: Data<Shown>,
    started: &mpsc::SyncSender<io::Result<ServerHandle>>,
) {
    let outcome = rt::System::new().block_on(async {
        let server = HttpServer::new(move || {
            App::new()
                .app_data(shown.clone())
                .route("/metrics", web::get().to(metrics))
                .route("/healthz", web::get().to(healthz))
                .route("/readyz", web::get().to(readyz))
        })
        .workers(1)
        .disable_signals()
        .listen(listener);
        match server {
            Ok(server) => {
                let server = server.run();
                // The receiver waits for exactly this.
                let _ = started.send(Ok(server.handle()));
                server.await
            }
            Err(error) => {
                let _ = started.send(Err(error));
                Ok(())
            }
        }
    });
    if let Err(error) = outcome {
        tracing::error!(%error, "the server for metrics and health ended");
    }
}

async fn metrics(shown: Data<Shown>) -> HttpResponse {
    match shown.metrics.render() {
        Ok(text) => {
            HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text)
        }
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}

async fn healthz(shown: Data<Shown>) -> HttpResponse {
    let uptime_seconds = clock::monotonic().duration_since(shown.started).as_secs();
    HttpResponse::Ok()
        .json(serde_json::json!({ "status": "alive", "uptime_seconds": uptime_seconds }))
}

async fn readyz(shown: Data<Shown>) -> HttpResponse {
    let report = shown.readiness.report();
    if report.ready {
        HttpResponse::Ok().json(report)
    } else {
        HttpResponse::ServiceUnavailable().json(report)
    }
}
