//! A calm account before a long signal.

use std::collections::BTreeMap;

use decision::kernel::{self, Approved, Verdict};
use decision::policy::Policy;
use decision::profile::Profile;
use decision::snapshot::{AccountView, Snapshot, TradingState};
use domain::instrument::{Filters, Instrument};
use domain::intent::Intent;
use domain::money::Money;
use domain::signal::{AgentId, Direction, RiskWord, Signal};
use domain::time::{HOUR_MS, UtcMs};

pub(crate) const NOW: UtcMs = UtcMs::new(1_700_000_000_000);

pub(crate) fn policy() -> Policy {
    Policy::of(Profile::named("swing-spot").unwrap())
}

pub(crate) fn signal(agent: AgentId, direction: Direction, confidence: f64) -> Signal {
    Signal {
        agent,
        instrument: "BTC/USDT".parse().unwrap(),
        input_seq: 1,
        issued_at: NOW,
        direction,
        score: 0.0,
        confidence,
        expected_return_ratio: 0.0,
        horizon_ms: HOUR_MS,
        expires_at: NOW.plus_ms(HOUR_MS),
        atr_quote: Some(2.5),
        basis: Vec::new(),
    }
}

pub(crate) fn money(text: &str) -> Money {
    text.parse().unwrap()
}

pub(crate) fn snapshot(signals: Vec<Signal>) -> Snapshot {
    let instrument = Instrument {
        id: "BTC/USDT".parse().unwrap(),
        filters: Filters {
            tick: "0.01".parse().unwrap(),
            step: "0.001".parse().unwrap(),
            min_quantity: "0.001".parse().unwrap(),
            max_quantity: "9000".parse().unwrap(),
            min_notional_quote: money("5"),
        },
    };
    let cash = money("10000");
    Snapshot {
        instrument,
        now: NOW,
        reference: "100".parse().unwrap(),
        signals,
        risk_word: Some(RiskWord {
            instrument: instrument.id,
            input_seq: 1,
            issued_at: NOW,
            expires_at: NOW.plus_ms(HOUR_MS),
            entries_allowed: true,
            size_ratio: 1.0,
            basis: Vec::new(),
        }),
        holding: None,
        account: AccountView {
            equity_quote: cash,
            cash_quote: cash,
            held_base: BTreeMap::new(),
            free_cash_quote: cash,
            peak_equity_quote: cash,
            day_open_equity_quote: cash,
            positions: 0,
            heat_quote: Money::ZERO,
            trading_state: TradingState::Active,
            suspension: None,
            day: None,
            sharpe: None,
        },
    }
}

pub(crate) fn eager() -> Snapshot {
    snapshot(vec![signal(AgentId::Technical, Direction::Long, 0.8)])
}

pub(crate) fn judged(snapshot: &Snapshot) -> (Intent, Verdict) {
    let intent = decision::decide::decide(&snapshot.sight(), &policy());
    let verdict = kernel::check(&intent, &snapshot.sight(), &snapshot.account, &policy());
    (intent, verdict)
}

pub(crate) fn approved(snapshot: &Snapshot) -> Approved {
    match judged(snapshot).1 {
        Verdict::Approved(approved) => approved,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn denial(snapshot: &Snapshot) -> &'static str {
    match judged(snapshot).1 {
        Verdict::Denied(denial) => denial.name(),
        other => panic!("{other:?}"),
    }
}
