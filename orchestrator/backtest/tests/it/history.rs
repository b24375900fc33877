//! What makes a history and what is refused.

use backtest::history::{History, HistoryError};
use domain::timeframe::Timeframe::{D1, H1, M1, M5};

use crate::tape::{ORIGIN, listed, traded};

#[test]
fn what_makes_no_history_is_named() {
    let hours = || traded(H1, &[(0, 100)]);
    let refused = |candles, coarser: &[_]| History::new(candles, coarser).unwrap_err();
    assert_eq!(refused(vec![], &[]), HistoryError::Nothing);
    let a = listed("AAA/USDT");
    assert_eq!(refused(vec![(a, vec![])], &[]), HistoryError::Empty(a.id));
    assert_eq!(refused(vec![(a, hours()), (a, hours())], &[]), HistoryError::Twice(a.id));
    let mixed = [hours(), traded(M1, &[(6000, 6001)])].concat();
    let expected = HistoryError::MixedTimeframes { instrument: a.id, expected: H1, found: M1 };
    assert_eq!(refused(vec![(a, mixed)], &[]), expected);
    let others = vec![(a, hours()), (listed("BBB/USDT"), traded(M1, &[(0, 5)]))];
    assert!(matches!(refused(others, &[]), HistoryError::MixedTimeframes { .. }));
    let unsorted = [hours(), hours()].concat();
    let expected = HistoryError::Unsorted { instrument: a.id, open_time: ORIGIN };
    assert_eq!(refused(vec![(a, unsorted)], &[]), expected);
    let expected = HistoryError::DoesNotNest { base: H1, coarse: M5 };
    assert_eq!(refused(vec![(a, hours())], &[M5, D1]), expected);
}

#[test]
fn a_range_is_a_history_of_its_own() {
    let candles = vec![
        (listed("AAA/USDT"), traded(H1, &[(0, 100)])),
        (listed("BBB/USDT"), traded(H1, &[(60, 200)])),
    ];
    let history = History::new(candles, &[H1, D1]).unwrap();
    assert_eq!(history.timeframes(), [H1, D1]);
    let second = history.within("20210403-20210404".parse().unwrap()).unwrap();
    assert_eq!((second.candles(), second.instruments().len()), (24, 1));
    assert_eq!(second.from(), ORIGIN.plus_ms(24 * H1.span_ms()));
    let all = history.within("20210402-".parse().unwrap()).unwrap();
    assert_eq!(all, history);
    let refused = history.within("20240101-".parse().unwrap()).unwrap_err();
    assert!(matches!(refused, HistoryError::EmptyRange { .. }));
    let told = refused.to_string();
    assert!(told.contains("2024-01-01T00:00:00Z") && told.contains("2021-04-02"), "{told}");
}
