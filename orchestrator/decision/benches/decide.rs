//! Microseconds from a frozen snapshot to a verdict: `decide` and the whole of the kernel, with six
//! signals and three positions.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use decision::decide::decide;
use decision::kernel::{self, Verdict};
use decision::policy::Policy;
use decision::profile::Profile;
use decision::snapshot::{AccountView, Snapshot, TradingState};
use domain::instrument::{Filters, Instrument};
use domain::money::{Money, Price};
use domain::signal::{AgentId, Direction, Feature, RiskWord, Signal};
use domain::time::{HOUR_MS, UtcMs};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

const CALLS: usize = 200_000;
const SNAPSHOTS: usize = 1000;
const LIMIT_US: f64 = 50.0;
const NOW: UtcMs = UtcMs::new(1_700_000_000_000);

fn unit(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("the benchmark's own text is well formed")
}

fn features() -> Vec<Feature> {
    (0..12).map(|n| Feature { name: "rsi_14".into(), value: f64::from(n) }).collect()
}

fn signal(rng: &mut ChaCha8Rng, price: f64) -> Signal {
    Signal {
        agent: AgentId::Technical,
        instrument: parsed("BTC/USDT"),
        input_seq: rng.next_u64(),
        issued_at: NOW,
        direction: if unit(rng) < 0.9 { Direction::Long } else { Direction::Short },
        score: 60.0,
        confidence: 0.75 + 0.25 * unit(rng),
        expected_return_ratio: 0.01,
        horizon_ms: 24 * HOUR_MS,
        expires_at: NOW.plus_ms(HOUR_MS),
        atr_quote: Some(price * (0.002 + 0.01 * unit(rng))),
        basis: features(),
    }
}

fn money(amount: f64) -> Money {
    parsed(&format!("{amount:.8}"))
}

fn snapshot(rng: &mut ChaCha8Rng) -> Snapshot {
    let price = 20_000.0 + 80_000.0 * unit(rng);
    let filters = Filters {
        tick: parsed("0.01"),
        step: parsed("0.00001"),
        min_quantity: parsed("0.00001"),
        max_quantity: parsed("9000"),
        min_notional_quote: parsed("5"),
    };
    let held = ["ETH/USDT", "SOL/USDT", "AVAX/USDT"].map(|id| (parsed(id), 5.into()));
    let equity = 9000.0 + 2000.0 * unit(rng);
    Snapshot {
        instrument: Instrument { id: parsed("BTC/USDT"), filters },
        now: NOW,
        reference: Price::nearest(price).expect("a price of six digits").floor_to(filters.tick),
        signals: (0..6).map(|_| signal(rng, price)).collect(),
        risk_word: Some(RiskWord {
            instrument: parsed("BTC/USDT"),
            input_seq: 1,
            issued_at: NOW,
            expires_at: NOW.plus_ms(HOUR_MS),
            entries_allowed: true,
            size_ratio: 0.3 + 0.7 * unit(rng),
            basis: features(),
        }),
        holding: None,
        account: AccountView {
            equity_quote: money(equity),
            cash_quote: money(equity * 0.3),
            held_base: BTreeMap::from(held),
            free_cash_quote: money(equity * 0.3),
            peak_equity_quote: money(11_000.0),
            day_open_equity_quote: money(equity * 1.01),
            positions: 3,
            heat_quote: money(equity * 0.05 * unit(rng)),
            trading_state: TradingState::Active,
            suspension: None,
            day: None,
            sharpe: None,
        },
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn main() {
    let mut profile = Profile::named("swing-spot").expect("it comes with the program");
    // Room for a fourth position, so that the kernel goes through every limit to the size.
    profile.max_positions = 4;
    let policy = Policy::of(profile);
    let mut rng = ChaCha8Rng::seed_from_u64(42);
    let snapshots: Vec<_> = (0..SNAPSHOTS).map(|_| snapshot(&mut rng)).collect();
    let (mut took, mut approved) = (Vec::with_capacity(CALLS), 0usize);
    for snapshot in snapshots.iter().cycle().take(CALLS) {
        let begun = Instant::now();
        let sight = black_box(snapshot).sight();
        let intent = decide(&sight, black_box(&policy));
        let verdict = black_box(kernel::check(&intent, &sight, &snapshot.account, &policy));
        took.push(begun.elapsed().as_nanos());
        approved += usize::from(matches!(verdict, Verdict::Approved(_)));
    }
    took.sort_unstable();
    let us = |share: usize| took[(CALLS - 1) * share / 1000] as f64 / 1000.0;
    println!("decide and kernel, six signals, three positions: {CALLS} calls, {approved} approved");
    println!("p50 {:.2} µs, p99 {:.2} µs, p99.9 {:.2} µs", us(500), us(990), us(999));
    let kept = if us(990) < LIMIT_US { "kept" } else { "missed" };
    println!("limit of {LIMIT_US} µs for p99: {kept}");
}
