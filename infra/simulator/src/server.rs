//! Puts the simulated venue on the network.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use domain::time::UtcMs;
use exchange::candle_file::{self, CandleFile};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::clock::WallClock;
use crate::error::SimulatorError;
use crate::faults::layer::Layer;
use crate::faults::plan::FaultPlan;
use crate::faults::rest::spoil;
use crate::faults::tap::Tap;
use crate::generator;
use crate::history::History;
use crate::limits::{Limits, PERPETUAL_WEIGHT_LIMIT, WEIGHT_LIMIT};
use crate::options::{Options, Source, Speed};
use crate::replay::Replay;
use crate::shared::Shared;
use crate::snapshot::Snapshot;
use crate::spot::books::Books;
use crate::{rest, spot, stream, usdm};

/// What the kernel may hold for a listener: the less it is, the closer the market stays to
/// what has been read.
const SEND_BUFFER_BYTES: u32 = 64 * 1024;
const BACKLOG: u32 = 1024;

/// A simulator that is being served.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    handle: ServerHandle,
    server: JoinHandle<io::Result<()>>,
    pacer: Option<JoinHandle<()>>,
    shared: Data<Shared>,
}

impl Simulator {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Market time.
    pub fn now(&self) -> UtcMs {
        self.shared.now()
    }

    /// Moves the market on to `until`: every candle that closes until then meets the accounts'
    /// orders and is told, in the order of the closes. For [`Speed::Manual`]; another market moves
    /// by itself too.
    pub fn advance_to(&self, until: UtcMs) {
        self.shared.advance_to(until);
    }

    /// Moves the market on by so many ms.
    pub fn advance(&self, ms: i64) {
        self.advance_to(self.now().plus_ms(ms));
    }

    /// What really happened to the account of this key.
    pub fn books(&self, key: &str) -> Snapshot {
        self.shared.snapshot(key)
    }

    /// How many connections are told of the market.
    pub fn listeners(&self) -> usize {
        self.shared.replay().listening()
    }

    /// How many requests have come.
    pub fn requests(&self) -> u64 {
        self.shared.rest_requests.load(Ordering::Relaxed)
    }

    /// Whether no message waits for any connection. What was handed to the network may still be on
    /// its way.
    pub fn idle(&self) -> bool {
        let lines = self.shared.lines();
        self.shared.replay().is_idle()
            && lines.iter().filter_map(Weak::upgrade).all(|line| line.is_idle())
    }

    /// Ends all connections without a word, as a network does; new ones are taken.
    pub fn drop_connections(&self) {
        self.shared.taps().iter().filter_map(Weak::upgrade).for_each(|tap| tap.cut());
    }

    /// Serves until it is stopped from elsewhere or fails.
    pub async fn join(mut self) -> Result<(), SimulatorError> {
        let ended = (&mut self.server).await.unwrap_or_else(|e| Err(io::Error::other(e)));
        ended.map_err(SimulatorError::Stopped)
    }

    /// Ends all connections and stops.
    pub async fn stop(self) -> Result<(), SimulatorError> {
        self.handle.stop(false).await;
        self.join().await
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        if let Some(pacer) = &self.pacer {
            pacer.abort();
        }
        drop(self.handle.stop(false));
    }
}

/// Loads the candles and begins to serve. Must be called within a Tokio runtime; the server
/// itself runs on one thread of its own.
pub async fn serve(options: Options) -> Result<Simulator, SimulatorError> {
    options.check()?;
    let Options { listen, source, speed, faults, plan, seed, start_at, accounts, usdm, trading } =
        options;
    // Bound first: a port in use is told at once, not after loading.
    let listener = bind(listen)?;
    let loading = tokio::task::spawn_blocking(move || load(source, plan, seed, start_at));
    let loaded = loading.await.map_err(|e| SimulatorError::Stopped(io::Error::other(e)))??;
    let (history, layer) = loaded;
    let (first_open, last_close) = (history.first_open, history.last_close);
    let start = start_at.unwrap_or(first_open);
    if start < first_open || start >= last_close {
        return Err(SimulatorError::StartOutside { start_at: start, first_open, last_close });
    }
    let history = Arc::new(history);
    let layer = Arc::new(layer);
    let doings = (trading, Arc::clone(&layer));
    let books = Mutex::new(Books::new(&accounts, &history, start, doings));
    let funding = usdm.funding;
    let usdm =
        Mutex::new(usdm::books::Books::new(&accounts, (usdm, Arc::clone(&layer)), &history, start));
    let spoilt = (faults, Arc::clone(&layer));
    let replay = Replay::new(Arc::clone(&history), start, speed, spoilt, seed, funding);
    let shared = Data::new(Shared {
        history,
        clock: WallClock::start(),
        seed,
        rest_requests: AtomicU64::new(0),
        faults: layer,
        moved: Notify::new(),
        taps: Mutex::default(),
        lines: Mutex::default(),
        passed: Mutex::new(start),
        replay: Mutex::new(replay),
        limits: Mutex::new(Limits::new(WEIGHT_LIMIT)),
        perpetual_limits: Mutex::new(Limits::new(PERPETUAL_WEIGHT_LIMIT)),
        books,
        usdm,
        has_accounts: !accounts.is_empty(),
        connections: AtomicU64::new(0),
    });
    let failed = |source| SimulatorError::Listen { address: listen, source };
    let address = listener.local_addr().map_err(failed)?;
    let listener = listener.into_std().map_err(failed)?;
    let app_data = shared.clone();
    let app = move || {
        // Its keys are told apart from the streams of spot, which take whatever is left.
        let app = App::new().app_data(app_data.clone()).wrap(from_fn(spoil));
        let app = app.configure(usdm::socket::routes);
        let app = app.configure(stream::routes).configure(usdm::rest::routes);
        app.configure(spot::socket::routes).configure(spot::rest::routes).configure(rest::routes)
    };
    // One thread, so that the replay hands messages to sockets without waking another; no
    // lingering, so that a connection that is to end abruptly does.
    let server = HttpServer::new(app).workers(1).client_disconnect_timeout(Duration::ZERO);
    let plugged = shared.clone();
    let server = server.on_connect(move |accepted, data| {
        if let Some(tap) = Tap::of(accepted).map(Arc::new) {
            plugged.plug(&tap);
            data.insert(tap);
        }
    });
    let server = server.disable_signals().listen(listener).map_err(failed)?;
    let server = server.run();
    let handle = server.handle();
    let is_paced = matches!(speed, Speed::Factor(_));
    let pacer = is_paced.then(|| tokio::spawn(pace(shared.clone())));
    tracing::info!(%address, %speed, %start, end = %last_close, "the simulated venue is open");
    Ok(Simulator { address, handle, server: tokio::spawn(server), pacer, shared })
}

fn bind(address: SocketAddr) -> Result<TcpListener, SimulatorError> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let listener = socket.and_then(|socket| {
        socket.set_reuseaddr(true)?;
        socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    });
    listener.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => SimulatorError::PortInUse { address },
        _ => SimulatorError::Listen { address, source },
    })
}

fn load(
    source: Source,
    plan: FaultPlan,
    seed: u64,
    start_at: Option<UtcMs>,
) -> Result<(History, Layer), SimulatorError> {
    let mut files: Vec<CandleFile> = match source {
        Source::Folder(folder) => candle_file::read_folder(&folder)?,
        Source::Generated { pairs, start, days } => {
            pairs.into_iter().map(|pair| generator::candles(pair, start, days, seed)).collect()
        }
    };
    let opens = files.iter().filter_map(|file| file.candles.first()).map(|c| c.open_time);
    let start = start_at.or_else(|| opens.min()).unwrap_or_default();
    let layer = Layer::new(plan, seed, start);
    layer.spoil_candles(&mut files);
    Ok((History::new(files), layer))
}

/// Tells each moment when it is due.
async fn pace(shared: Data<Shared>) {
    loop {
        let wait = shared.replay().tell_due(shared.clock.elapsed_ms());
        shared.settle();
        let Some(wait) = wait else { return };
        // Waiting in pieces follows a clock that was set while the machine slept.
        tokio::time::sleep(wait.min(Duration::from_secs(1))).await;
    }
}
