//! Killed between any two steps of its decision path, a run at a venue goes on with the same book.

use std::collections::BTreeMap;
use std::time::Duration;

use decision::record::OrderRecord;
use domain::canonical;
use domain::fill::Fill;
use domain::ledger::EntryKind;
use domain::money::Money;
use domain::order::{Order, OrderState, Role};
use domain::portfolio::Portfolio;
use domain::time::UtcMs;
use domain::venue_name::VenueName;
use rust_decimal::Decimal;
use simulator::options::{AccountOptions, Options, Source, Speed};
use simulator::server::{Simulator, serve};
use simulator::snapshot::{BookedTrade, MarketBooks};
use store::store::Store;

use crate::account::{self, KEY, PAIRS, SECRET, START_AT};
use crate::database::block_on;
use crate::harness::{Launch, PATIENCE, Process, now, wait_until};
use crate::site::Site;

/// What is promised, for a program that is not optimised too.
const RECOVERY: Duration = Duration::from_secs(5);
/// The market moves by so much at once.
const MOMENT_MS: i64 = 20_000;
/// Thrice the time after which what the venue does not show is proven absent.
const PROVEN_MS: i64 = 180_000;
/// Nothing here takes longer in the market's time.
const MOST_MOMENTS: usize = 6 * 60 * 3;
const CAPITAL: i64 = 10_000;

/// A venue whose market stands while nobody moves it.
struct Venue {
    simulator: Simulator,
    rest: String,
    stream: String,
}

impl Venue {
    fn open(seed: u64) -> Self {
        let pairs = PAIRS.split(',').map(|pair| pair.parse().unwrap()).collect();
        let start = UtcMs::new(START_AT).plus_ms(-6 * 3_600_000);
        let balances = [("USDT", Decimal::from(CAPITAL))];
        let options = Options {
            speed: Speed::Manual,
            seed,
            start_at: Some(UtcMs::new(START_AT)),
            accounts: vec![AccountOptions::new(KEY, SECRET, &balances)],
            ..Options::new(Source::Generated { pairs, start, days: 4 })
        };
        let simulator = block_on(serve(options)).unwrap();
        let address = simulator.address();
        Self { simulator, rest: format!("http://{address}"), stream: format!("ws://{address}") }
    }

    fn books(&self) -> MarketBooks {
        self.simulator.books(KEY).spot.unwrap()
    }

    fn fills(&self) -> usize {
        self.books().trades.len()
    }

    /// Moves the market on until it is enough, as fast as the process keeps up with it; false where
    /// it never is, or the process is over.
    fn go_on(&self, process: &mut Process, mut enough: impl FnMut() -> bool) -> bool {
        for _ in 0..MOST_MOMENTS {
            if enough() || !process.is_running() {
                break;
            }
            self.simulator.advance(MOMENT_MS);
            self.settle(process, Duration::from_millis(20));
        }
        enough()
    }

    /// Waits until the process has asked for nothing for so long.
    fn settle(&self, process: &mut Process, long: Duration) {
        let (mut asked, mut since) = (self.simulator.requests(), now());
        while since.elapsed() < long && process.is_running() {
            std::thread::sleep(Duration::from_millis(2));
            let asks = self.simulator.requests();
            if asks != asked || !self.simulator.idle() {
                (asked, since) = (asks, now());
            }
        }
    }
}

fn launch(site: &Site, venue: &Venue) -> Launch {
    account::trading(site, (&venue.rest, &venue.stream))
}

/// Whether a life begins to hear candles, which is the last thing that it does before it trades.
fn begins(venue: &Venue, process: &mut Process) -> bool {
    wait_until(PATIENCE, || venue.simulator.listeners() > 0 || !process.is_running());
    process.is_running()
}

/// A life that dies there.
fn die(site: &Site, venue: &Venue, at: &str) {
    let mut process = launch(site, venue).env("DIE_AT_STEP", at).start();
    if begins(venue, &mut process) {
        venue.go_on(&mut process, || false);
    }
    assert!(!process.is_running(), "it never came to {at}: {}", process.said());
    let ended = process.end(PATIENCE);
    assert_eq!(ended.signal, Some(9), "at {at}: {}{}", ended.out, ended.err);
    // Its connections end with it, and the market stands.
    assert!(wait_until(PATIENCE, || venue.simulator.listeners() == 0));
}

/// Lives die at these steps, `<step>:<n>`, one after the other; each row is followed by a life that
/// trades on and ends. Gives back what these said.
fn die_and_go_on(name: &str, seed: u64, rows: &[&[&str]]) -> String {
    let site = Site::embedded(name);
    let venue = Venue::open(seed);
    let mut said = String::new();
    for row in rows {
        for at in *row {
            die(&site, &venue, at);
        }
        let (begun, before) = (now(), venue.fills());
        let mut process = launch(&site, &venue).start();
        // What was booked is booked again, the account is compared with the venue's, and the next
        // candle will be decided on.
        assert!(begins(&venue, &mut process), "after {row:?}: {}", process.said());
        let took = begun.elapsed();
        println!("after {row:?} it was ready in {took:?}");
        assert!(took < RECOVERY, "{took:?} after {row:?}: {}", process.said());
        // What never reached the venue is proven absent meanwhile.
        let until = venue.simulator.now().plus_ms(PROVEN_MS);
        let enough = || venue.fills() > before && venue.simulator.now() >= until;
        let traded = venue.go_on(&mut process, enough);
        assert!(traded, "nothing after {row:?}: {}", process.said());
        // What the venue has just told may still be on its way.
        venue.settle(&mut process, Duration::from_millis(200));
        said += &process.said();
        process.signal("TERM");
        let summary = process.end(PATIENCE).json();
        let books = venue.books();
        assert_eq!(summary["fills"], books.trades.len(), "after {row:?}");
        Ledger::of(&site).equals(&books);
    }
    account::holds(&site);
    site.folder.assert_deserted();
    said
}

/// What the ledger says.
struct Ledger {
    fills: Vec<Fill>,
    /// By their last entry.
    orders: BTreeMap<String, Order>,
}

impl Ledger {
    fn of(site: &Site) -> Self {
        let entries = site.database("testnet", |url| {
            block_on(async {
                let store = Store::open(url).await.unwrap();
                let head = store.ledger_head().await.unwrap();
                let entries = store.ledger_entries(1, head.seq).await.unwrap();
                store.close().await;
                entries
            })
        });
        let (mut fills, mut orders) = (Vec::new(), BTreeMap::new());
        for entry in &entries {
            match entry.kind {
                EntryKind::Fill => fills.push(canonical::decode(&entry.payload).unwrap()),
                EntryKind::Order => {
                    let OrderRecord { order, .. } = canonical::decode(&entry.payload).unwrap();
                    orders.insert(order.ticket.client_order_id.to_string(), order);
                }
                _ => {}
            }
        }
        Self { fills, orders }
    }

    fn equals(&self, books: &MarketBooks) {
        self.has_every_fill_once(books);
        self.has_every_order_once(books);
        self.adds_up_to(books);
    }

    fn has_every_fill_once(&self, books: &MarketBooks) {
        let ours = self.fills.iter().map(|fill| {
            let of = (fill.instrument.symbol(), fill.venue_fill_id);
            let side = fill.side.to_string().to_uppercase();
            let numbers = (fill.price.to_decimal(), fill.quantity.to_decimal());
            (of, (side, numbers, fill.fee.to_decimal(), fill.fee_asset.to_string()))
        });
        let theirs = books.trades.iter().map(|trade: &BookedTrade| {
            let numbers = (trade.price, trade.quantity);
            let of = (trade.symbol.clone(), trade.id);
            (of, (trade.side.clone(), numbers, trade.fee, trade.fee_asset.clone()))
        });
        let (mut ours, mut theirs) = (ours.collect::<Vec<_>>(), theirs.collect::<Vec<_>>());
        ours.sort();
        theirs.sort();
        assert_eq!(ours, theirs);
    }

    fn has_every_order_once(&self, books: &MarketBooks) {
        let mut filled_by: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        let mut names: Vec<_> = books.orders.iter().map(|o| o.client_order_id.as_str()).collect();
        for order in &books.orders {
            let name: VenueName = order.client_order_id.parse().unwrap();
            if order.filled > Decimal::ZERO {
                filled_by.entry(name.id.to_string()).or_default().push(&order.client_order_id);
            }
        }
        let orders = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), orders, "placed twice: {:?}", books.orders);
        for (id, by) in &filled_by {
            assert_eq!(by.len(), 1, "{id} was filled by several orders: {by:?}");
        }
        for (id, order) in &self.orders {
            let filled = books.orders.iter().filter(|booked| {
                booked.client_order_id.parse::<VenueName>().unwrap().id.to_string() == *id
            });
            let filled: Decimal = filled.map(|booked| booked.filled).sum();
            assert_eq!(order.filled.to_decimal(), filled, "{id}");
            let in_question = matches!(
                order.state,
                OrderState::Unknown | OrderState::Intended | OrderState::Submitted
            );
            let role = order.ticket.client_order_id.role();
            let protects = matches!(role, Role::Stop | Role::Target);
            assert!(!in_question || protects, "{id} is still {}", order.state.name());
        }
    }

    /// Its fills, booked one after the other, are what the venue has of every asset.
    fn adds_up_to(&self, books: &MarketBooks) {
        let mut portfolio = Portfolio::new("USDT".parse().unwrap(), Money::new(CAPITAL.into()));
        for fill in &self.fills {
            portfolio.book(fill).unwrap();
        }
        let total = |asset: &str| {
            books.balances.get(asset).map_or(Decimal::ZERO, |held| held.free + held.locked)
        };
        assert_eq!(portfolio.cash().to_decimal(), total("USDT"));
        for pair in PAIRS.split(',') {
            let instrument = pair.parse().unwrap();
            let held = portfolio.positions().get(&instrument);
            let held = held.map_or(Decimal::ZERO, |position| position.net_base().unwrap());
            let beside = portfolio.others().get(&instrument.base().parse().unwrap());
            let beside = beside.map_or(Decimal::ZERO, |money| money.to_decimal());
            assert_eq!(held + beside, total(instrument.base()), "{pair}");
        }
    }
}

#[test]
fn a_death_while_it_decides_leaves_the_same_book() {
    let steps: [&[&str]; 8] = [
        &["heard:2"],
        &["gathered:3"],
        &["decided:2"],
        &["writing:1"],
        &["committed:1"],
        &["writing:2"],
        &["heard:5", "decided:1", "committed:1"],
        &["committed:2"],
    ];
    die_and_go_on("deciding", 3, &steps);
}

#[test]
fn a_death_while_it_acts_leaves_the_same_book() {
    let steps: [&[&str]; 9] = [
        &["dispatched:1"],
        &["sending:3"],
        &["answered:4"],
        &["sending:10"],
        &["answered:10"],
        &["reported:1"],
        &["booked:1"],
        &["reported:2", "sending:2", "answered:1"],
        &["booked:2"],
    ];
    let said = die_and_go_on("acting", 4, &steps);
    // Orders were on disk that had not left, and others had filled unheard.
    assert!(said.contains("answer=NotFound"), "no order was missing at the venue");
    assert!(said.contains("fact=Recovered"), "no fill was unheard");
}
