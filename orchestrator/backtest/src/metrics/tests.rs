use domain::time::HOUR_MS;
use proptest::prelude::*;

use super::*;
use crate::curve::{Curve, Grain};

/// A run of whole days, with a mark at the end of each.
fn basis(capital_quote: f64, equities: &[f64]) -> Basis {
    let start = Mark { at: UtcMs::new(0), equity_quote: capital_quote };
    let mut curve = Curve::new(start, Grain::Days);
    for (day, equity) in (1..).zip(equities) {
        curve.mark(UtcMs::new(day * DAY_MS), *equity);
    }
    Basis {
        capital_quote,
        from: UtcMs::new(0),
        to: UtcMs::new(equities.len() as i64 * DAY_MS),
        rounds: Vec::new(),
        open: Vec::new(),
        marks: curve.days().to_vec(),
        drawdown: curve.drawdown(),
        under_water_ms: curve.under_water_ms(),
        fees_quote: 0.0,
        volume_quote: 0.0,
    }
}

fn held(entry_hour: i64, exit_hour: i64, pnl_quote: f64) -> Round {
    Round {
        instrument: "BTC/USDT".parse().unwrap(),
        entry_time: UtcMs::new(entry_hour * HOUR_MS),
        exit_time: UtcMs::new(exit_hour * HOUR_MS),
        pnl_quote,
        pnl_ratio: pnl_quote / 1_000.0,
    }
}

fn near(value: Option<f64>, expected: f64) {
    let value = value.unwrap();
    assert!((value - expected).abs() <= 1e-9 * expected.abs(), "{value} is not {expected}");
}

/// By hand: 100, 101, 99.99, 101.9898, 101.9898 are returns of 1 %, −1 %, 2 % and 0 %, whose mean
/// is 0.5 % and whose σ is √(5/3) %; the squares below nought are 1/4, so the Sortino ratio of a
/// day is 1. The peak of 101 falls to 99.99, by 1 %. In four days the account grew by 1.9898 %.
#[test]
fn a_run_by_hand() {
    let metrics = Metrics::of_basis(&basis(100.0, &[101.0, 99.99, 101.9898, 101.9898]));
    near(metrics.sharpe, (0.15f64 * 365.0).sqrt());
    near(metrics.sortino, 365f64.sqrt());
    let growth = 1.019898f64.powi(91) * 1.019898f64.sqrt().sqrt() - 1.0;
    near(metrics.cagr_ratio, growth);
    near(Some(metrics.max_drawdown_ratio), 0.01);
    near(metrics.calmar, growth / 0.01);
    near(Some(metrics.profit_ratio), 0.019898);
    assert_eq!(metrics.drawdown_from, Some(UtcMs::new(DAY_MS)));
    assert_eq!(metrics.drawdown_to, Some(UtcMs::new(2 * DAY_MS)));
    assert_eq!((metrics.days_won, metrics.days_drawn, metrics.days_lost), (2, 1, 1));
    assert_eq!(metrics.best_day.unwrap().begin, UtcMs::new(2 * DAY_MS));
    assert_eq!(metrics.worst_day.unwrap().begin, UtcMs::new(DAY_MS));
    assert_eq!(metrics.days, 4.0);
}

#[test]
fn a_run_in_which_nothing_happened() {
    for equities in [&[][..], &[100.0], &[100.0, 100.0, 100.0]] {
        let metrics = Metrics::of_basis(&basis(100.0, equities));
        assert_eq!((metrics.final_equity_quote, metrics.profit_ratio), (100.0, 0.0));
        let ratios = [metrics.sharpe, metrics.sortino, metrics.calmar, metrics.closed.sqn];
        assert_eq!(ratios, [None; 4], "{equities:?}");
        assert_eq!((metrics.max_drawdown_ratio, metrics.drawdown_from), (0.0, None));
        let json = serde_json::to_value(&metrics).unwrap();
        assert!(json["sharpe"].is_null() && json["win_ratio"].is_null());
        assert_eq!((&json["trades"], &json["days_drawn"]), (&0.into(), &equities.len().into()));
    }
}

#[test]
fn exposure_counts_time_once() {
    let mut basis = basis(1_000.0, &[1_000.0]);
    basis.rounds = vec![held(2, 6, 1.0), held(4, 8, -1.0), held(10, 11, 1.0)];
    basis.open = vec![held(21, 24, 2.5)];
    let metrics = Metrics::of_basis(&basis);
    near(metrics.exposure_ratio, 10.0 / 24.0);
    assert_eq!((metrics.open_positions, metrics.open_profit_quote), (1, 2.5));
    assert_eq!((metrics.closed.trades, metrics.trades_per_day), (3, Some(3.0)));
}

#[test]
fn an_account_that_lost_more_than_it_had() {
    let metrics = Metrics::of_basis(&basis(100.0, &[50.0, -20.0, -10.0]));
    assert_eq!(metrics.cagr_ratio, Some(-1.0));
    assert_eq!(metrics.max_drawdown_ratio, 1.2);
    near(metrics.calmar, -1.0 / 1.2);
    assert!(metrics.sharpe.unwrap() < 0.0);
}

/// Ten times the account with ten times the positions is the same strategy.
fn scaled(basis: &Basis, by: f64) -> Basis {
    let scale = |mut mark: Mark| {
        mark.equity_quote *= by;
        mark
    };
    let round = |round: &Round| Round { pnl_quote: round.pnl_quote * by, ..*round };
    Basis {
        capital_quote: basis.capital_quote * by,
        marks: basis.marks.iter().copied().map(scale).collect(),
        rounds: basis.rounds.iter().map(round).collect(),
        drawdown: Drawdown {
            quote: basis.drawdown.quote * by,
            peak: scale(basis.drawdown.peak),
            trough: scale(basis.drawdown.trough),
            ..basis.drawdown
        },
        ..basis.clone()
    }
}

proptest! {
    #[test]
    fn scale_leaves_every_ratio(
        steps in prop::collection::vec(-500i32..500, 2..80),
        by in 0.001f64..1_000.0,
    ) {
        let mut equity = 10_000.0;
        let step = |n: &i32| { equity *= 1.0 + f64::from(*n) / 10_000.0; equity };
        let equities: Vec<_> = steps.iter().map(step).collect();
        let mut small = basis(10_000.0, &equities);
        small.rounds = (0..).zip(&steps).map(|(h, n)| held(h, h + 1, f64::from(*n))).collect();
        let (small, large) = (Metrics::of_basis(&small), Metrics::of_basis(&scaled(&small, by)));
        let ratios = |m: &Metrics| [
            m.cagr_ratio, m.sharpe, m.sortino, m.calmar, m.exposure_ratio, m.trades_per_day,
            m.closed.profit_factor, m.closed.expectancy_ratio, m.closed.sqn, m.closed.win_ratio,
            Some(m.profit_ratio), Some(m.max_drawdown_ratio), m.avg_daily_return_ratio,
        ];
        for (a, b) in ratios(&small).into_iter().zip(ratios(&large)) {
            prop_assert_eq!(a.is_some(), b.is_some());
            if let (Some(a), Some(b)) = (a, b) {
                prop_assert!(a == b || (a - b).abs() <= 1e-6 * a.abs().max(1e-6), "{} {}", a, b);
                prop_assert!(!a.is_nan());
            }
        }
        let quote = small.profit_quote * by;
        prop_assert!((large.profit_quote - quote).abs() <= 1e-6 * quote.abs().max(1.0));
    }

    #[test]
    fn days_add_up_to_the_whole(equities in prop::collection::vec(1.0f64..1e6, 1..60)) {
        let basis = basis(500.0, &equities);
        let days = basis.days();
        let sum: f64 = days.iter().map(|day| day.pnl_quote).sum();
        let metrics = Metrics::of_basis(&basis);
        prop_assert!((sum - metrics.profit_quote).abs() <= 1e-6);
        prop_assert_eq!(metrics.days_won + metrics.days_drawn + metrics.days_lost, days.len() as u64);
        for period in [breakdown::Period::Day, breakdown::Period::Week, breakdown::Period::Month] {
            let slices = breakdown::breakdown(period, 500.0, &days, &basis.rounds);
            let sum: f64 = slices.iter().map(|slice| slice.account.pnl_quote).sum();
            prop_assert!((sum - metrics.profit_quote).abs() <= 1e-6);
        }
    }
}
