//! Whole runs over recorded candles: they end, they say what is missing, and what they decided
//! depends on nothing that came later.

use backtest::curve::Grain;
use backtest::history::History;
use backtest::range::TimeRange;
use backtest::run::{RunError, run};
use decision::outbox::Sink;
use decision::policy::Policy;
use decision::profile::Profile;
use decision::record::{AgentConfigs, ConfigurationRecord};
use domain::timeframe::Timeframe::{self, D1, H1, H4, M1, M5};

use crate::tape::{listed, read, recorded, traded};

/// The built-in profile with decisions at each `timeframe`.
pub(crate) fn configuration(
    history: &History,
    timeframe: Timeframe,
    capital: &str,
) -> ConfigurationRecord {
    let mut profile = Profile::named("swing-spot").unwrap();
    profile.decision_timeframe = timeframe;
    let halt = profile.halt_drawdown();
    let policy = Policy::of(profile);
    ConfigurationRecord {
        seed: 7,
        mode: "backtest".to_owned(),
        began_at: history.from(),
        capital_quote: capital.parse().unwrap(),
        quote: "USDT".parse().unwrap(),
        instruments: history.instruments(),
        timeframes: history.timeframes().to_vec(),
        policy_hash: policy.hash(),
        policy,
        agents: AgentConfigs {
            technical: technical::config::Config::for_timeframe(timeframe),
            risk: risk::config::Config::new(timeframe, halt),
        },
    }
}

#[test]
fn five_pairs_over_real_outages_end_and_say_what_was_missing() {
    for (folder, coarser, holes, ended) in
        [("1h", &[H4, D1][..], [10, 28, 28, 20, 10], 0), ("5m", &[H1, H4, D1], [1, 7, 8, 6, 3], 10)]
    {
        let Some(folder) = recorded(folder) else { return };
        let history = read(&folder, coarser);
        let configuration = configuration(&history, H1, "10000");
        let outcome = run(&configuration, &history, Grain::Days, Sink::None).unwrap();
        assert!(outcome.trades.len() > 200, "{}", outcome.trades.len());
        assert_eq!(outcome.candles, history.candles());
        let of = |pair| outcome.holes.iter().filter(|hole| hole.instrument == pair).count();
        let told: Vec<_> = history.instruments().into_iter().map(of).collect();
        assert_eq!(told, holes);
        assert_eq!(outcome.holes.iter().filter(|hole| hole.ended).count(), ended);
        let filled = outcome
            .orders
            .iter()
            .filter(|order| matches!(order.order.order.state, domain::order::OrderState::Filled));
        assert_eq!(filled.count(), outcome.fills.len());
    }
}

#[test]
fn a_second_run_and_a_quiet_one_come_to_the_same() {
    let Some(folder) = recorded("5m") else { return };
    let range: TimeRange = "20240101-20240301".parse().unwrap();
    let history = read(&folder, &[H1, H4, D1]).within(range).unwrap();
    let configuration = configuration(&history, H1, "10000");
    let full = run(&configuration, &history, Grain::Marks, Sink::Full).unwrap();
    assert!(full.records.len() > 10_000 && full.trades.len() > 10);
    assert_eq!(run(&configuration, &history, Grain::Marks, Sink::Full).unwrap(), full);
    let quiet = run(&configuration, &history, Grain::Marks, Sink::None).unwrap();
    assert_eq!(quiet.trades, full.trades);
    assert_eq!((&quiet.curve, &quiet.orders), (&full.curve, &full.orders));
    assert!(quiet.records.is_empty());
}

#[test]
fn a_longer_range_changes_nothing_that_was_decided() {
    let Some(folder) = recorded("1h") else { return };
    let whole = read(&folder, &[H4, D1]);
    let long = whole.within("-20200101".parse().unwrap()).unwrap();
    let of = |history: &History, configured: &History| {
        // One that is listed later is configured from the beginning.
        let mut configuration = configuration(configured, H1, "10000");
        configuration.instruments = history.instruments();
        run(&configuration, history, Grain::Marks, Sink::Full).unwrap()
    };
    let longest = of(&long, &long);
    for range in ["-20180209", "-20190427", "-20190801"] {
        let short = long.within(range.parse().unwrap()).unwrap();
        let outcome = of(&short, &long);
        assert!(!outcome.trades.is_empty(), "{range}");
        let upto = longest.records.partition_point(|dated| dated.at <= short.to());
        assert!(outcome.records == longest.records[..upto], "{range}");
        let marks = outcome.curve.marks();
        assert_eq!(marks, &longest.curve.marks()[..marks.len()]);
        assert_eq!(outcome.trades, longest.trades[..outcome.trades.len()]);
    }
}

#[test]
fn what_does_not_fit_together_is_named() {
    let history = |coarser: &[Timeframe]| {
        History::new(vec![(listed("AAA/USDT"), traded(M1, &[(0, 300)]))], coarser).unwrap()
    };
    let told = |configuration, history: &History| {
        run(&configuration, history, Grain::Days, Sink::None).unwrap_err()
    };
    let fine = history(&[M5]);
    let other = told(configuration(&history(&[H1]), H1, "100"), &fine);
    assert!(matches!(other, RunError::OtherTimeframes { .. }), "{other}");
    let mut others = configuration(&fine, M5, "100");
    others.instruments.clear();
    assert!(matches!(told(others, &fine), RunError::OtherInstruments { .. }));
    let mut euros = configuration(&fine, M5, "100");
    euros.quote = "EUR".parse().unwrap();
    assert!(matches!(told(euros, &fine), RunError::OtherQuote { .. }));
    let poor = told(configuration(&fine, M5, "4.99"), &fine);
    assert!(matches!(poor, RunError::CapitalTooSmall { .. }), "{poor}");
    let mut silent = configuration(&fine, M5, "100");
    silent.timeframes.clear();
    assert!(matches!(told(silent, &fine), RunError::NoTimeframes(_)));
}
