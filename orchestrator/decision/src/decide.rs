//! Signals to intent.

use domain::intent::{Action, Intent, IntentReason};
use domain::money::Price;
use domain::signal::{Direction, Signal};

use crate::exits::ahead;
use crate::policy::Policy;
use crate::snapshot::{Holding, Sight};

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
    let holds = sight.holding.filter(|holding| !holding.quantity.is_zero());
    let leaves = |held: Holding, reason| Intent { action: held.closing(), ..hold(reason) };
    if let Some(held) = holds.filter(|held| has_mostly_failed(held, sight.reference, policy)) {
        return leaves(held, IntentReason::EarlyStop);
    }
    let Some(lean) = weigh(sight, policy) else { return hold(IntentReason::NoSignal) };
    let confidence = (1.0 + lean.edge.abs()) / 2.0;
    let leaning =
        |intent| Intent { score: Some(lean.edge * 100.0), confidence: Some(confidence), ..intent };
    let direction = if lean.edge > 0.0 { Direction::Long } else { Direction::Short };
    let against = holds.is_some_and(|held| held.direction != direction);
    let profile = &policy.profile;
    let asked = if against { profile.exit_confidence() } else { profile.min_confidence };
    if lean.edge == 0.0 || confidence < asked {
        let reason =
            if lean.edge == 0.0 { IntentReason::Flat } else { IntentReason::LowConfidence };
        return leaning(match holds {
            Some(held) if is_cut(&held, sight.reference, policy) => {
                leaves(held, IntentReason::CutLoser)
            }
            _ => hold(reason),
        });
    }
    leaning(match holds {
        Some(held) if against => leaves(held, IntentReason::ExitOnOpposite),
        Some(_) => hold(IntentReason::AlreadyPositioned),
        None if direction == Direction::Short && !profile.has_shorts() => {
            hold(IntentReason::NothingToSell)
        }
        None => match barriers(sight, policy, direction, lean.atr_quote) {
            None => hold(IntentReason::NoRange),
            Some((stop, target)) => Intent {
                action: if direction == Direction::Long { Action::Buy } else { Action::Sell },
                stop: Some(stop),
                target: Some(target),
                ..hold(IntentReason::Enter)
            },
        },
    })
}

/// How far the price is against a position; below nought where it is in its favour.
fn loss(held: &Holding, reference: Price) -> Option<(Price, Price)> {
    let planned = held.planned?;
    let lost = ahead(held.direction, planned.entry, reference).ok()?;
    Some((lost, planned.risk))
}

/// Whether the price has gone the profile's share of the way to the first stop.
fn has_mostly_failed(held: &Holding, reference: Price, policy: &Policy) -> bool {
    let share = policy.profile.exits.and_then(|exits| exits.early_stop_share);
    share.zip(loss(held, reference)).is_some_and(|(share, (lost, risk))| {
        let limit = risk.to_decimal().checked_mul(share);
        lost > Price::ZERO && limit.is_some_and(|limit| lost.to_decimal() >= limit)
    })
}

/// Whether a position that nothing speaks for is closed: at a loss it is, with a profit it runs on.
fn is_cut(held: &Holding, reference: Price, policy: &Policy) -> bool {
    let cuts = policy.profile.exits.is_some_and(|exits| exits.cut_losers);
    cuts && loss(held, reference).is_some_and(|(lost, _)| lost > Price::ZERO)
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

/// Stop and target of an entry at the reference price, on the instrument's ticks: each the wider of
/// its multiple and its least share of the price. None where a range that is asked for is unknown,
/// or so wide that a barrier would lie at nought or below.
fn barriers(
    sight: &Sight<'_>,
    policy: &Policy,
    direction: Direction,
    atr_quote: Option<f64>,
) -> Option<(Price, Price)> {
    let profile = &policy.profile;
    let reference = sight.reference;
    let ranged = match profile.stop_atr_multiple {
        0.0 => 0.0,
        multiple => atr_quote.filter(|atr| atr.is_finite() && *atr > 0.0)? * multiple,
    };
    let least = |ratio: f64| if ratio == 0.0 { 0.0 } else { reference.to_f64() * ratio };
    let risk = ranged.max(least(profile.stop_least_ratio));
    let gain = (risk * profile.target_r_multiple).max(least(profile.target_least_ratio));
    let (risk, gain) = (Price::nearest(risk)?, Price::nearest(gain)?);
    let tick = sight.instrument.filters.tick;
    let (stop, target) = if direction == Direction::Short {
        (reference.plus(risk).ok()?.ceil_to(tick), reference.minus(gain).ok()?.floor_to(tick))
    } else {
        (reference.minus(risk).ok()?.floor_to(tick), reference.plus(gain).ok()?.ceil_to(tick))
    };
    let (low, high) = if direction == Direction::Short { (target, stop) } else { (stop, target) };
    (low > Price::ZERO && low < reference && high > reference).then_some((stop, target))
}
