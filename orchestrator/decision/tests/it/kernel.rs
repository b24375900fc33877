//! Each limit by itself, at its edge.

use decision::kernel::{Shrink, Verdict, check};
use decision::policy::{Kelly, Policy};
use decision::snapshot::{Holding, TradingState};
use domain::intent::{Action, Intent};
use domain::money::{Money, Price};
use domain::signal::{AgentId, Direction};

use crate::parts::{NOW, approved, denial, eager, judged, money, policy, signal, snapshot};

#[test]
fn a_size_is_what_may_be_lost_at_the_stop() {
    let approved = approved(&eager());
    // 100.05 with 0.1 % on top bought, 94.95 with 0.1 % off sold: 5.29500 lost per unit of 200;
    // but an equal share of the equity pays for less.
    assert_eq!(approved.shrunk_by(), [Shrink::Share]);
    assert_eq!(approved.quantity(), "33.283".parse().unwrap());
    assert_eq!(approved.cost_quote(), money("3333.29411415"));
}

#[test]
fn entries_stop_at_each_limit_and_not_before() {
    let account = |edit: fn(&mut decision::snapshot::AccountView)| {
        let mut snapshot = eager();
        edit(&mut snapshot.account);
        snapshot
    };
    let states = [(TradingState::Halted, "halted"), (TradingState::Reducing, "day_loss")];
    for (state, name) in states {
        let mut snapshot = eager();
        snapshot.account.trading_state = state;
        assert_eq!(denial(&snapshot), name);
    }
    assert_eq!(denial(&account(|a| a.day_open_equity_quote = money("10526.32"))), "day_loss");
    approved(&account(|a| a.day_open_equity_quote = money("10526.31")));
    assert_eq!(denial(&account(|a| a.peak_equity_quote = money("13333.34"))), "halted");
    approved(&account(|a| a.peak_equity_quote = money("13333.33")));
    assert_eq!(denial(&account(|a| a.positions = 3)), "too_many_positions");
    approved(&account(|a| a.positions = 2));
    assert_eq!(denial(&account(|a| a.heat_quote = money("600"))), "heat");
    let hot = approved(&account(|a| a.heat_quote = money("590")));
    assert_eq!(hot.shrunk_by(), [Shrink::Heat]);
    assert_eq!(hot.quantity(), "1.888".parse().unwrap());
    assert_eq!(denial(&account(|a| a.free_cash_quote = money("5"))), "venue_minimum");
    assert_eq!(denial(&account(|a| a.free_cash_quote = money("-1"))), "venue_minimum");
    let poor = approved(&account(|a| a.free_cash_quote = money("100")));
    assert!(poor.cost_quote() <= money("100"));
}

#[test]
fn size_is_halved_in_drawdown() {
    let mut snapshot = eager();
    snapshot.signals[0].atr_quote = Some(10.0);
    let whole = approved(&snapshot).quantity().to_f64();
    snapshot.account.peak_equity_quote = money("11764.71");
    let halved = approved(&snapshot);
    assert_eq!(halved.shrunk_by(), [Shrink::Drawdown]);
    assert!((halved.quantity().to_f64() - whole / 2.0).abs() <= 0.001);
}

#[test]
fn the_risk_agent_only_tightens_and_without_its_word_nothing_is_entered() {
    let word = |size_ratio: f64| {
        let mut snapshot = eager();
        snapshot.signals[0].atr_quote = Some(10.0);
        snapshot.risk_word.as_mut().unwrap().size_ratio = size_ratio;
        snapshot
    };
    let whole = approved(&word(1.0)).quantity();
    assert_eq!(approved(&word(1e300)).quantity(), whole);
    assert!(approved(&word(0.5)).quantity() < whole);
    for none in [0.0, -1.0, f64::NAN, f64::NEG_INFINITY] {
        assert_eq!(denial(&word(none)), "risk_word");
    }
    let mut snapshot = eager();
    snapshot.risk_word.as_mut().unwrap().entries_allowed = false;
    assert_eq!(denial(&snapshot), "risk_word");
    snapshot.risk_word.as_mut().unwrap().expires_at = NOW;
    assert_eq!(denial(&snapshot), "no_risk_word");
    snapshot.risk_word = None;
    assert_eq!(denial(&snapshot), "no_risk_word");
}

#[test]
fn confidence_below_the_limit_is_refused_by_the_kernel_too() {
    let (mut intent, _) = judged(&eager());
    for confidence in [Some(0.699), Some(f64::NAN), None] {
        intent.confidence = confidence;
        let seen = eager();
        let verdict = check(&intent, &seen.sight(), &seen.account, &policy());
        assert!(matches!(verdict, Verdict::Denied(denial) if denial.name() == "low_confidence"));
    }
}

#[test]
fn barriers_on_the_wrong_side_are_refused() {
    let (intent, _) = judged(&eager());
    let (stop, target) = (intent.stop, intent.target);
    for (stop, target) in [
        (None, target),
        (stop, None),
        (target, stop),
        (stop, stop),
        (Some(intent.reference), target),
    ] {
        let intent = Intent { stop, target, ..intent.clone() };
        let seen = eager();
        let verdict = check(&intent, &seen.sight(), &seen.account, &policy());
        assert!(matches!(verdict, Verdict::Denied(denial) if denial.name() == "bad_barriers"));
    }
}

#[test]
fn what_an_intent_invents_is_refused() {
    let seen = eager();
    let (intent, _) = judged(&seen);
    let verdict = |intent| check(&intent, &seen.sight(), &seen.account, &policy());
    let is_refused = |intent, name| match verdict(intent) {
        Verdict::Denied(denial) => assert_eq!(denial.name(), name, "{denial}"),
        other => panic!("{other:?}"),
    };
    // Another pair, and prices that nobody saw: with the first one's stop, or with one to fit.
    let other = "ETH/USDT".parse().unwrap();
    is_refused(Intent { instrument: other, ..intent.clone() }, "invented");
    for (reference, stop, target) in [("99", "95", "110"), ("1", "0.5", "2"), ("1e9", "1", "2e9")] {
        let price = |text: &str| Price::nearest(text.parse().unwrap()).unwrap();
        let (stop, target) = (Some(price(stop)), Some(price(target)));
        is_refused(
            Intent { reference: price(reference), stop, target, ..intent.clone() },
            "invented",
        );
    }
    // Confidence that no agent can have allows no more than certainty does.
    let sized =
        |confidence| match verdict(Intent { confidence: Some(confidence), ..intent.clone() }) {
            Verdict::Approved(approved) => approved.cost_quote(),
            other => panic!("{other:?}"),
        };
    assert_eq!(sized(1e300), sized(1.0));
    assert!(sized(f64::INFINITY) <= seen.account.free_cash_quote);
}

#[test]
fn exits_are_always_allowed() {
    let mut snapshot = snapshot(vec![signal(AgentId::Technical, Direction::Short, 0.8)]);
    let quantity = "0.0005".parse().unwrap();
    snapshot.holding =
        Some(Holding { direction: Direction::Long, quantity, in_transit: false, planned: None });
    snapshot.risk_word = None;
    snapshot.account.trading_state = TradingState::Halted;
    snapshot.account.equity_quote = money("-5");
    snapshot.account.free_cash_quote = Money::ZERO;
    snapshot.account.positions = 9;
    let (intent, verdict) = judged(&snapshot);
    assert_eq!(intent.action, Action::Sell);
    assert!(matches!(verdict, Verdict::Approved(exit) if exit.quantity() == quantity));
}

#[test]
fn a_record_of_trades_caps_the_stake_and_a_losing_one_forbids_it() {
    let mut snapshot = eager();
    snapshot.signals[0].atr_quote = Some(10.0);
    let intent = decision::decide::decide(&snapshot.sight(), &policy());
    let with = |cap_ratio: &str| {
        let kelly = Some(Kelly {
            evidence: "of the test".to_owned(),
            trades: 120,
            fraction: 0.25,
            cap_ratio: cap_ratio.parse().unwrap(),
        });
        let policy = Policy { kelly, ..policy() };
        check(&intent, &snapshot.sight(), &snapshot.account, &policy)
    };
    let whole = approved(&snapshot).quantity().to_f64();
    let Verdict::Approved(quarter) = with("0.005") else { panic!("{:?}", with("0.005")) };
    assert_eq!(quarter.shrunk_by(), [Shrink::Kelly]);
    assert!((quarter.quantity().to_f64() - whole / 4.0).abs() <= 0.001);
    // What justifies more than the profile allows changes nothing.
    let Verdict::Approved(more) = with("0.03") else { panic!("{:?}", with("0.03")) };
    assert_eq!((more.quantity().to_f64(), more.shrunk_by()), (whole, &[][..]));
    let Verdict::Denied(denial) = with("0") else { panic!("{:?}", with("0")) };
    assert_eq!(denial.name(), "kelly");
    assert!(denial.to_string().contains("120 out-of-sample trades"), "{denial}");
}
