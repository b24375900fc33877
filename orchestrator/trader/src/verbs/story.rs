//! The story of a decision, in sentences.

use std::fmt::Write as _;

use decision::kernel::{Shrink, Verdict};
use decision::policy::Policy;
use decision::profile::Profile;
use decision::record::{DecisionRecord, OrderRecord};
use decision::snapshot::Snapshot;
use domain::intent::{Action, IntentReason};
use domain::money::{Money, Price};
use domain::signal::Feature;
use domain::time::UtcMs;
use domain::trade::Trade;
use rust_decimal::Decimal;
use store::decisions::DecisionRow;

use crate::verbs::output::{moment, span, two};
use crate::verbs::sequel;

/// What became of a decision.
pub(crate) struct Sequel {
    /// Transitions of its orders.
    pub(crate) steps: Vec<(UtcMs, OrderRecord)>,
    /// The trade that it opened or closed, once that is over.
    pub(crate) trade: Option<Trade>,
}

/// Tells it.
pub(crate) fn tell(
    row: &DecisionRow,
    record: &DecisionRecord,
    policy: &Policy,
    sequel: &Sequel,
) -> String {
    let verdict = match &record.verdict {
        Verdict::Hold => "",
        Verdict::Approved(_) => ", approved",
        Verdict::Denied(_) => ", denied",
    };
    let mut text = format!(
        "Decision {} of {} UTC: {} {}{verdict}\n",
        row.id,
        moment(row.at),
        row.action.to_string().to_uppercase(),
        row.instrument
    );
    let mut chapter = |heading: &str, lines: Vec<String>| {
        let _ = writeln!(text, "\n{heading}");
        for line in lines {
            let _ = writeln!(text, "  {line}");
        }
    };
    chapter("What was seen", seen(&record.snapshot));
    chapter("What the signals wanted", vec![wanted(record, policy)]);
    chapter("What the risk kernel said", said(record, policy));
    chapter("What became of it", sequel::tell(record, sequel));
    let _ = writeln!(
        text,
        "\nLedger entry {}, after event {}; profile '{}', weights version {}, policy {:.12}…",
        row.seq, row.input_seq, policy.profile.name, record.weights_version, record.policy_hash
    );
    text
}

fn seen(snapshot: &Snapshot) -> Vec<String> {
    let Snapshot { instrument, reference, signals, risk_word, holding, account, .. } = snapshot;
    let mut lines = vec![format!("{} closed at {reference}.", instrument.id)];
    for signal in signals {
        let range =
            signal.atr_quote.map_or(String::new(), |atr| format!(", average true range {atr:.6}"));
        lines.push(format!(
            "The {} agent leans {} with score {:+.1} and confidence {:.3}; it expects {:+.2} % within {}{range}.",
            signal.agent,
            signal.direction,
            signal.score,
            signal.confidence,
            signal.expected_return_ratio * 100.0,
            span(signal.horizon_ms),
        ));
        lines.extend(basis(&signal.basis));
    }
    if signals.is_empty() {
        lines.push("No agent had a live signal.".to_owned());
    }
    match risk_word {
        None => lines.push("The risk agent had not spoken.".to_owned()),
        Some(word) => {
            let allows = if word.entries_allowed { "allows entries" } else { "allows no entries" };
            let live = if snapshot.now < word.expires_at { "until" } else { "expired at" };
            lines.push(format!(
                "The risk agent {allows}, at {:.0} % of the size ({live} {} UTC).",
                word.size_ratio * 100.0,
                moment(word.expires_at)
            ));
            lines.extend(basis(&word.basis));
        }
    }
    lines.push(match holding {
        None => format!("Nothing was held of {}.", instrument.id),
        Some(held) => {
            let transit = if held.in_transit { ", with an order under way" } else { "" };
            format!("Held: {} {} {}{transit}.", held.direction, held.quantity, instrument.id.base())
        }
    });
    let quote = instrument.id.quote();
    lines.push(format!(
        "The account was worth {} {quote}, {} of it free cash; {} {} open, heat {:.2} %, drawdown {:.2} %, day {:+.2} %; trading was {}.",
        two(account.equity_quote),
        two(account.free_cash_quote),
        account.positions,
        if account.positions == 1 { "position" } else { "positions" },
        account.heat_quote.ratio_of(account.equity_quote) * 100.0,
        account.drawdown_ratio() * 100.0,
        account
            .equity_quote
            .minus(account.day_open_equity_quote)
            .map_or(0.0, |change| change.ratio_of(account.day_open_equity_quote))
            * 100.0,
        account.trading_state.name(),
    ));
    lines
}

/// The numbers that an opinion rests on, a few per line.
fn basis(features: &[Feature]) -> Vec<String> {
    let name = |feature: &Feature| format!("{} {}", feature.name, number(feature.value));
    features
        .chunks(5)
        .map(|some| format!("  {}", some.iter().map(name).collect::<Vec<_>>().join(", ")))
        .collect()
}

/// About five digits that tell something.
fn number(value: f64) -> String {
    let digits = match value.abs() {
        v if v >= 1_000.0 => 1,
        v if v >= 10.0 => 2,
        v if v >= 0.1 => 4,
        _ => 6,
    };
    let text = format!("{value:.digits$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text.is_empty() || text == "-0" { "0".to_owned() } else { text.to_owned() }
}

fn wanted(record: &DecisionRecord, policy: &Policy) -> String {
    let intent = &record.intent;
    let asked = policy.profile.min_confidence;
    let lean = match (intent.score, intent.confidence) {
        (Some(score), Some(confidence)) => {
            format!("a lean of {score:+.1} with confidence {confidence:.3}")
        }
        _ => "no lean".to_owned(),
    };
    match intent.reason {
        IntentReason::NoSignal => "To hold: without a live signal there is no lean.".to_owned(),
        IntentReason::LowConfidence => {
            format!("To hold: {lean} is below the {asked:.2} that the profile asks for.")
        }
        IntentReason::Flat => "To hold: the signals lean neither way.".to_owned(),
        IntentReason::AlreadyPositioned => {
            format!("To hold: {lean} fits the position that is held already.")
        }
        IntentReason::NothingToSell => {
            format!(
                "To hold: {lean} is towards short, the market has no shorts and nothing is held."
            )
        }
        IntentReason::NoRange => {
            format!(
                "To hold: {lean} is towards long, but no agent knows the range to place a stop by."
            )
        }
        IntentReason::ExitOnOpposite => {
            format!(
                "To close the position: {lean} is against it (the profile asks for {:.2}).",
                policy.profile.exit_confidence()
            )
        }
        IntentReason::EarlyStop => {
            "To close the position: the candle closed most of the way to its stop.".to_owned()
        }
        IntentReason::CutLoser => {
            format!("To close the position: it is at a loss, and {lean} does not speak for it.")
        }
        IntentReason::Enter => {
            let away = |price: Option<Price>| {
                price.map_or("nowhere".to_owned(), |price| {
                    let ratio = price.to_f64() / intent.reference.to_f64() - 1.0;
                    format!("{price} ({:+.2} %)", ratio * 100.0)
                })
            };
            let (act, side) = match intent.action {
                Action::Sell => ("sell short", "above"),
                Action::Buy | Action::Hold => ("buy", "below"),
            };
            let Profile {
                stop_atr_multiple,
                stop_least_ratio,
                target_r_multiple,
                target_least_ratio,
                ..
            } = policy.profile;
            let least = |ratio: f64| match ratio {
                0.0 => String::new(),
                ratio => format!(" (at least {} %)", number(ratio * 100.0)),
            };
            format!(
                "To {act}: {lean} reaches the {asked:.2} that the profile asks for, and nothing is held.\n  \
                 The stop lies {stop_atr_multiple} average true ranges{} {side} at {}, the target at {target_r_multiple} times that distance{} at {}.",
                least(stop_least_ratio),
                away(intent.stop),
                least(target_least_ratio),
                away(intent.target),
            )
        }
    }
}

fn said(record: &DecisionRecord, policy: &Policy) -> Vec<String> {
    let snapshot = &record.snapshot;
    let approved = match &record.verdict {
        Verdict::Hold => return vec!["Nothing: to hold needs no leave.".to_owned()],
        Verdict::Denied(denial) => return vec![format!("Denied: {denial}.")],
        Verdict::Approved(approved) => approved,
    };
    let (base, quote) = (snapshot.instrument.id.base(), snapshot.instrument.id.quote());
    let worth = snapshot.reference.times(approved.quantity()).unwrap_or(Money::ZERO);
    let mut lines = vec![format!(
        "Approved: {} {} {base}, worth {} {quote} or {:.1} % of the equity.",
        approved.side(),
        approved.quantity(),
        two(worth),
        worth.ratio_of(snapshot.account.equity_quote) * 100.0
    )];
    let Some(protection) = approved.protection() else { return lines };
    let rule = match policy.profile.sizing {
        None => (policy.profile.risk_per_trade_ratio, "of the equity at risk"),
        Some(sizing) => (sizing.capital_ratio, "of the equity as margin"),
    };
    let (ratio, rule) = ((rule.0 * Decimal::ONE_HUNDRED).normalize(), rule.1);
    let shrunk: Vec<_> =
        approved.shrunk_by().iter().map(|shrink| because(*shrink, policy)).collect();
    lines.push(match shrunk.is_empty() {
        true => format!("Its size is what {ratio} % {rule} allows."),
        false => format!("Smaller than {ratio} % {rule} would make it: {}.", shrunk.join("; ")),
    });
    let (low, high) =
        (snapshot.reference.min(protection.stop), snapshot.reference.max(protection.stop));
    let way = high.minus(low).unwrap_or(Price::ZERO);
    let loss = way.times(approved.quantity()).unwrap_or(Money::ZERO);
    lines.push(format!(
        "At the stop it loses about {} {quote} ({:.2} % of the equity) before costs.",
        two(loss),
        loss.ratio_of(snapshot.account.equity_quote) * 100.0
    ));
    lines
}

fn because(shrink: Shrink, policy: &Policy) -> String {
    let profile = &policy.profile;
    let percent = |ratio: Decimal| (ratio * Decimal::ONE_HUNDRED).normalize();
    match shrink {
        Shrink::Share => {
            format!("each of {} positions may take its equal share", profile.max_positions)
        }
        Shrink::Cash => "there is no more free cash".to_owned(),
        Shrink::Heat => {
            format!("all stops together may lose {} %", percent(profile.max_heat_ratio))
        }
        Shrink::Drawdown => format!(
            "sizes are halved from {} % drawdown on",
            percent(profile.halve_at_drawdown_ratio)
        ),
        Shrink::RiskWord => "the risk agent asks for caution".to_owned(),
        Shrink::Kelly => "out-of-sample trades justify no larger stake".to_owned(),
        Shrink::Rollout => "the share of a young run".to_owned(),
        Shrink::Risk => {
            format!("one position may lose {} % at its stop", percent(profile.risk_per_trade_ratio))
        }
        Shrink::Confidence => "it is multiplied by the confidence".to_owned(),
        Shrink::NearHalt => "the drawdown is close to its limit".to_owned(),
        Shrink::DayLoss => "the day's loss is close to its limit".to_owned(),
        Shrink::LowSharpe => "the past days were not worth their risk".to_owned(),
        Shrink::VenueMaximum => "the venue takes no larger order".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_keep_the_digits_that_tell_something() {
        let shown = [28_123.456, 61.2345, 0.7162, 0.000_123_45, -0.0, 0.0, 10.0].map(number);
        assert_eq!(shown, ["28123.5", "61.23", "0.7162", "0.000123", "0", "0", "10"]);
    }
}
