//! Puts the simulated venue on the network.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, HttpRequest, HttpServer};
use domain::time::UtcMs;
use exchange::candle_file::{self, CandleFile};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::clock::WallClock;
use crate::error::SimulatorError;
use crate::faults::layer::Layer;
use crate::faults::plan::{FaultPlan, MarketName};
use crate::faults::rest::spoil;
use crate::faults::sockets::{LineFacts, LineKind};
use crate::faults::tap::Tap;
use crate::generator;
use crate::history::History;
use crate::limits::{Limits, PERPETUAL_WEIGHT_LIMIT, Verdict, WEIGHT_LIMIT};
use crate::line::Line;
use crate::options::{Options, Source, Speed};
use crate::params::{Refusal, unknown_symbol};
use crate::quotes::Quotes;
use crate::replay::Replay;
use crate::snapshot::Snapshot;
use crate::spot::books::Books;
use crate::{rest, spot, stream, usdm};

/// What the kernel may hold for a listener: the less it is, the closer the market stays to
/// what has been read.
const SEND_BUFFER_BYTES: u32 = 64 * 1024;
const BACKLOG: u32 = 1024;

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) history: Arc<History>,
    pub(crate) clock: WallClock,
    pub(crate) seed: u64,
    pub(crate) rest_requests: AtomicU64,
    pub(crate) faults: Arc<Layer>,
    /// Rung whenever market time has moved.
    pub(crate) moved: Notify,
    taps: Mutex<Vec<Weak<Tap>>>,
    lines: Mutex<Vec<Weak<Line>>>,
    /// Until when what waits for its time has been looked through.
    passed: Mutex<UtcMs>,
    replay: Mutex<Replay>,
    limits: Mutex<Limits>,
    perpetual_limits: Mutex<Limits>,
    books: Mutex<Books>,
    usdm: Mutex<usdm::books::Books>,
    has_accounts: bool,
    connections: AtomicU64,
}

/// What a request costs and whether it is answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Charged {
    pub(crate) verdict: Verdict,
    /// Weight used in this minute.
    pub(crate) used: u64,
    /// Weight allowed per minute.
    pub(crate) limit: u64,
    /// Real seconds until the client may ask again.
    pub(crate) retry_after_seconds: u64,
}

impl Shared {
    pub(crate) fn replay(&self) -> MutexGuard<'_, Replay> {
        self.replay.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Market time.
    pub(crate) fn now(&self) -> UtcMs {
        self.replay().now(self.clock.elapsed_ms())
    }

    /// The accounts' books, once they have met what has closed until now.
    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        let now = self.now();
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        books.advance(&self.history, now);
        books
    }

    /// The same of futures.
    pub(crate) fn usdm(&self) -> MutexGuard<'_, usdm::books::Books> {
        let now = self.now();
        let mut books = self.usdm.lock().unwrap_or_else(PoisonError::into_inner);
        books.advance(&self.history, now);
        if books.has_news() {
            let mut replay = self.replay();
            for (stream, payload) in books.take_news() {
                replay.tell_perpetual(&stream, &payload);
            }
        }
        books
    }

    /// Has the accounts' orders meet what has closed until now.
    pub(crate) fn settle(&self) {
        self.pass(self.now());
        if self.has_accounts {
            drop(self.books());
        }
        drop(self.usdm());
        self.moved.notify_waiters();
    }

    /// Moves the market on, moment by moment: what closed is in the accounts' books before anybody
    /// hears of it.
    fn advance_to(&self, until: UtcMs) {
        loop {
            let moment = self.replay().next_until(until);
            self.pass(moment);
            let books = self.books.lock();
            books.unwrap_or_else(PoisonError::into_inner).advance(&self.history, moment);
            let usdm = self.usdm.lock();
            usdm.unwrap_or_else(PoisonError::into_inner).advance(&self.history, moment);
            self.replay().move_to(moment);
            // What it has to tell of what closed.
            drop(self.usdm());
            self.moved.notify_waiters();
            if moment >= until {
                return;
            }
        }
    }

    /// The quotes of a market of spot or of futures.
    pub(crate) fn quotes<'a>(
        &'a self,
        perpetual: bool,
        symbol: &str,
    ) -> Result<Quotes<'a>, Refusal> {
        let market = self.history.markets_of(perpetual).get_key_value(symbol);
        let (symbol, market) = market.ok_or_else(unknown_symbol)?;
        Ok(Quotes::of(&self.history, symbol, market, self.seed))
    }

    /// What really happened to the account of a key.
    pub(crate) fn snapshot(&self, key: &str) -> Snapshot {
        let spot = self.books().snapshot(key);
        let usdm = self.usdm().snapshot(&self.history, key);
        Snapshot { now_ms: self.now().ms(), spot, usdm }
    }

    /// Market time has gone on: what waited for it comes before what happens next.
    fn pass(&self, now: UtcMs) {
        if self.faults.is_empty() {
            return;
        }
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        let after = *passed;
        if now <= after {
            return;
        }
        *passed = now;
        if self.faults.resets(after, now) {
            self.taps().iter().filter_map(Weak::upgrade).for_each(|tap| tap.reset());
        }
        self.lines().iter().filter_map(Weak::upgrade).for_each(|line| line.pass(after, now));
        self.replay().pass(after, now);
    }

    fn taps(&self) -> MutexGuard<'_, Vec<Weak<Tap>>> {
        self.taps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lines(&self) -> MutexGuard<'_, Vec<Weak<Line>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new connection for accounts' events.
    pub(crate) fn line(&self, market: MarketName) -> Arc<Line> {
        let facts = LineFacts { market, kind: LineKind::User, opened: self.now() };
        let line = Line::new(facts, Arc::clone(&self.faults));
        let mut lines = self.lines();
        lines.retain(|known| known.strong_count() > 0);
        lines.push(Arc::downgrade(&line));
        line
    }

    /// Waits until market time has come to `moment`.
    pub(crate) async fn until(&self, moment: UtcMs) {
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            if self.now() >= moment {
                return;
            }
            moved.await;
        }
    }

    /// Remembers a connection that was accepted.
    fn plug(&self, tap: &Arc<Tap>) {
        let mut taps = self.taps();
        taps.retain(|known| known.strong_count() > 0);
        taps.push(Arc::downgrade(tap));
    }

    /// The number of a new connection to an account.
    pub(crate) fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed)
    }

    /// Says what time it is, which clients sign their requests by.
    pub(crate) fn tell_time(&self, now: UtcMs) {
        self.books().freshness.tell(now, self.clock.elapsed_ms());
        self.usdm().freshness.tell(now, self.clock.elapsed_ms());
    }

    /// The clock of the venue's limits. The minutes of a market that stands would never end, and
    /// neither would a refusal.
    pub(crate) fn counted_ms(&self) -> i64 {
        let wall_ms = self.clock.elapsed_ms();
        let replay = self.replay();
        let now = replay.now(wall_ms);
        if replay.pace().is_max() { now.plus_ms(wall_ms).ms() } else { now.ms() }
    }

    /// Charges whoever asks, by the market that is asked.
    pub(crate) fn charge(&self, request: &HttpRequest, weight: u64) -> Charged {
        let ip = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
        let pace = self.replay().pace();
        let counted_ms = self.counted_ms();
        let is_perpetual = request.path().starts_with("/fapi/");
        let limits = if is_perpetual { &self.perpetual_limits } else { &self.limits };
        let mut limits = limits.lock().unwrap_or_else(PoisonError::into_inner);
        let (verdict, used) = limits.charge(ip, weight, counted_ms);
        let wait_ms = match verdict {
            Verdict::Allowed => 0,
            Verdict::Refused { wait_ms } | Verdict::Banned { wait_ms, .. } => wait_ms,
        };
        let seconds = wait_ms as f64 / 1000.0 / pace.factor();
        Charged { verdict, used, limit: limits.most, retry_after_seconds: seconds.ceil() as u64 }
    }
}

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
