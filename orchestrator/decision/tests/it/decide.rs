//! What live signals want together.

use proptest::prelude::*;

use decision::decide::decide;
use decision::kernel;
use domain::canonical;
use domain::intent::{Action, IntentReason};
use domain::signal::{AgentId, Direction, Signal};
use domain::time::UtcMs;

use crate::parts::{NOW, eager, judged, policy, signal, snapshot};

#[test]
fn a_lone_signal_is_not_halved() {
    // At the very limit, whatever its weight: the others' silence takes nothing from it.
    for weight in [1.0, 0.05, 0.35, 3.0, 0.7, 1e-9] {
        let mut policy = policy();
        policy.weights.by_agent.insert(AgentId::Technical, weight);
        policy.weights.by_agent.insert(AgentId::Risk, 2.0);
        let snapshot = snapshot(vec![signal(AgentId::Technical, Direction::Long, 0.7)]);
        let intent = decide(&snapshot.sight(), &policy);
        assert_eq!((intent.action, intent.confidence), (Action::Buy, Some(0.7)));
    }
}

#[test]
fn without_a_live_weighted_signal_there_is_no_opinion() {
    let live = || signal(AgentId::Technical, Direction::Long, 0.9);
    let silent = [
        vec![],
        vec![Signal { expires_at: NOW, ..live() }],
        vec![Signal { issued_at: NOW.plus_ms(1), ..live() }],
        vec![Signal { confidence: f64::NAN, ..live() }],
        vec![Signal { agent: AgentId::Risk, ..live() }],
    ];
    for signals in silent {
        let (intent, _) = judged(&snapshot(signals));
        assert_eq!((intent.action, intent.reason), (Action::Hold, IntentReason::NoSignal));
        assert_eq!((intent.score, intent.confidence), (None, None));
    }
}

#[test]
fn what_expired_or_has_no_weight_changes_nothing() {
    let live = signal(AgentId::Technical, Direction::Long, 0.8);
    let alone = decide(&snapshot(vec![live.clone()]).sight(), &policy());
    let old = Signal { expires_at: NOW, direction: Direction::Short, ..live.clone() };
    let unweighted = signal(AgentId::Risk, Direction::Short, 1.0);
    assert_eq!(decide(&snapshot(vec![old, live, unweighted]).sight(), &policy()), alone);
}

#[test]
fn agents_that_speak_share_by_weight() {
    let mut policy = policy();
    policy.weights.by_agent.insert(AgentId::Risk, 3.0);
    let signals = vec![
        signal(AgentId::Technical, Direction::Long, 1.0),
        signal(AgentId::Risk, Direction::Short, 0.75),
    ];
    let intent = decide(&snapshot(signals).sight(), &policy);
    // (1·1 − 3·0.5)/4
    assert_eq!(intent.score, Some(-12.5));
    assert_eq!((intent.action, intent.reason), (Action::Hold, IntentReason::LowConfidence));
}

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::Long), Just(Direction::Flat), Just(Direction::Short)]
}

proptest! {
    /// The same snapshot gives the same bytes, also after it was stored and read again; whatever
    /// numbers agents say, an entry stands between a stop below and a target above.
    #[test]
    fn decide_is_a_pure_function(
        direction in direction(), confidence in any::<f64>(), atr in any::<Option<f64>>(),
        reference in 1i64..i64::MAX, expires in -2i64..3, size_ratio in any::<f64>(),
    ) {
        let mut snapshot = eager();
        snapshot.reference = domain::money::Price::from_raw(reference);
        snapshot.signals[0] = Signal {
            atr_quote: atr,
            expires_at: UtcMs::new(NOW.ms() + expires),
            ..signal(AgentId::Technical, direction, confidence)
        };
        snapshot.risk_word.as_mut().unwrap().size_ratio = size_ratio;
        let (intent, verdict) = judged(&snapshot);
        let bytes = canonical::encode(&(&intent, &verdict)).unwrap();
        prop_assert_eq!(&bytes, &canonical::encode(&judged(&snapshot)).unwrap());
        if confidence.is_finite() && atr.is_none_or(f64::is_finite) && size_ratio.is_finite() {
            let frozen = canonical::decode(&canonical::encode(&snapshot).unwrap()).unwrap();
            prop_assert_eq!(&bytes, &canonical::encode(&judged(&frozen)).unwrap());
        }
        if intent.action == Action::Buy {
            prop_assert!(intent.stop.unwrap() < intent.reference);
            prop_assert!(intent.target.unwrap() > intent.reference);
            prop_assert!(intent.stop.unwrap() > domain::money::Price::ZERO);
        }
        if let kernel::Verdict::Approved(approved) = verdict {
            prop_assert!(approved.protection().is_some() && !approved.quantity().is_zero());
        }
    }
}
