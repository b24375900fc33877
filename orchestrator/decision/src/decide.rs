//! Signals to intent.

use domain::intent::{Action, Intent, IntentReason};
use domain::money::Price;
use domain::signal::{Direction, Signal};

use crate::policy::Policy;
use crate::snapshot::Sight;

/// The lean of all live signals together.
struct Lean {
    /// −1…+1, negative for short.
    edge: f64,
    /// Widest range that an agent knows.
    atr_quote: Option<f64>,
}

/// What the live signals want for the instrument in sight.
///
/// Each signal's edge is `±(2·confidence − 1)`; the lean is their mean by weight over the agents
/// that speak: a lone agent is not diluted, a silent one is not neutral. The confidence of the
/// lean is `(1 + |edge|)/2`.
pub fn decide(sight: &Sight<'_>, policy: &Policy) -> Intent {
    let hold = |reason| Intent {
        instrument: sight.instrument.id,
        action: Action::Hold,
        reason,
        score: None,
        confidence: None,
        reference: sight.reference,
        stop: None,
        target: None,
    };
    let Some(lean) = weigh(sight, policy) else { return hold(IntentReason::NoSignal) };
    let confidence = (1.0 + lean.edge.abs()) / 2.0;
    let leaning =
        |intent| Intent { score: Some(lean.edge * 100.0), confidence: Some(confidence), ..intent };
    let long = lean.edge > 0.0;
    let holds = sight.holding.filter(|holding| !holding.quantity.is_zero());
    if confidence < policy.profile.min_confidence {
        let reason =
            if lean.edge == 0.0 { IntentReason::Flat } else { IntentReason::LowConfidence };
        return leaning(hold(reason));
    }
    match (holds.map(|holding| holding.direction), long) {
        (Some(Direction::Long), true) | (Some(Direction::Short), false) => {
            leaning(hold(IntentReason::AlreadyPositioned))
        }
        (Some(held), _) => {
            let action = if held == Direction::Long { Action::Sell } else { Action::Buy };
            leaning(Intent { action, ..hold(IntentReason::ExitOnOpposite) })
        }
        (None, false) => leaning(hold(IntentReason::NothingToSell)),
        (None, true) => match barriers(sight, policy, lean.atr_quote) {
            None => leaning(hold(IntentReason::NoRange)),
            Some((stop, target)) => leaning(Intent {
                action: Action::Buy,
                stop: Some(stop),
                target: Some(target),
                ..hold(IntentReason::Enter)
            }),
        },
    }
}

fn weigh(sight: &Sight<'_>, policy: &Policy) -> Option<Lean> {
    // A confidence that is no number is no opinion.
    let live = |signal: &&Signal| {
        signal.issued_at <= sight.now
            && sight.now < signal.expires_at
            && signal.confidence.is_finite()
    };
    let mut edge = 0.0;
    let mut weights = 0.0;
    let mut atr_quote: Option<f64> = None;
    for signal in sight.signals.iter().filter(live) {
        let Some(weight) =
            policy.weights.by_agent.get(&signal.agent).filter(|weight| **weight > 0.0)
        else {
            continue;
        };
        let sign = match signal.direction {
            Direction::Long => 1.0,
            Direction::Flat => 0.0,
            Direction::Short => -1.0,
        };
        let leans = sign * (2.0 * signal.confidence.clamp(0.5, 1.0) - 1.0);
        weights += weight;
        // The mean as it grows: a lone agent's edge stays what it is, to the last bit.
        edge += weight / weights * (leans - edge);
        atr_quote = match (atr_quote, signal.atr_quote) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
    }
    (weights > 0.0).then_some(Lean { edge, atr_quote })
}

/// Stop and target of a long entry at the reference price, on the instrument's ticks. None where
/// the range is unknown or so wide that the stop would lie at nought or below.
fn barriers(sight: &Sight<'_>, policy: &Policy, atr_quote: Option<f64>) -> Option<(Price, Price)> {
    let atr = atr_quote.filter(|atr| atr.is_finite() && *atr > 0.0)?;
    let tick = sight.instrument.filters.tick;
    let risk = Price::nearest(atr * policy.profile.stop_atr_multiple)?;
    let gain =
        Price::nearest(atr * policy.profile.stop_atr_multiple * policy.profile.target_r_multiple)?;
    let stop = sight.reference.minus(risk).ok()?.floor_to(tick);
    let target = sight.reference.plus(gain).ok()?.ceil_to(tick);
    (stop > Price::ZERO && stop < sight.reference && target > sight.reference)
        .then_some((stop, target))
}
