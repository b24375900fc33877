//! The risk kernel: the one owner of every hard limit.
//!
//! It computes each limit from what the decision saw, shrinks a size until it fits or refuses, and only it
//! can make an [`Approved`].

use domain::gateway::Protection;
use domain::intent::{Action, Intent};
use domain::money::{Money, Overflow, Price, Quantity};
use domain::order::Side;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::denial::Denial;
use crate::policy::{Costs, Policy};
use crate::snapshot::{AccountView, Sight, Suspension, TradingState};

/// Leave to send one order. Its fields are private and only the kernel makes one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Approved {
    side: Side,
    quantity: Quantity,
    cost_quote: Money,
    protection: Option<Protection>,
    shrunk_by: Vec<Shrink>,
}

/// A limit that made a size smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shrink {
    /// The position's equal share of the equity.
    Share,
    /// Free cash.
    Cash,
    /// What all stops together may lose.
    Heat,
    /// Half size in drawdown.
    Drawdown,
    /// The risk agent's caution.
    RiskWord,
    /// The venue's largest order.
    VenueMaximum,
    /// What the record of out-of-sample trades justifies.
    Kelly,
}

/// What the kernel says of an intent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// There was nothing to approve: the intent is to hold.
    Hold,
    /// The order may go out.
    Approved(Approved),
    /// It may not.
    Denied(Denial),
}

impl Approved {
    /// Buy or sell.
    pub const fn side(&self) -> Side {
        self.side
    }

    /// How much.
    pub const fn quantity(&self) -> Quantity {
        self.quantity
    }

    /// Cash that it takes, slippage and fee included; nought for an exit.
    pub const fn cost_quote(&self) -> Money {
        self.cost_quote
    }

    /// What protects it; an exit needs none.
    pub const fn protection(&self) -> Option<Protection> {
        self.protection
    }

    /// The limits that made it smaller than the risk per trade alone would.
    pub fn shrunk_by(&self) -> &[Shrink] {
        &self.shrunk_by
    }
}

/// Leave to close all of `quantity`: always given, since it can only lower the exposure.
pub fn approve_close(side: Side, quantity: Quantity) -> Approved {
    Approved { side, quantity, cost_quote: Money::ZERO, protection: None, shrunk_by: Vec::new() }
}

/// Checks an intent against every limit.
pub fn check(
    intent: &Intent,
    sight: &Sight<'_>,
    account: &AccountView,
    policy: &Policy,
) -> Verdict {
    let checked = match (intent.action, sight.holding) {
        (Action::Hold, _) => return Verdict::Hold,
        (_, Some(holding)) if holding.in_transit => {
            Err(Denial::InTransit { instrument: intent.instrument })
        }
        (Action::Sell, Some(holding)) => Ok(approve_close(Side::Sell, holding.quantity)),
        (Action::Sell, None) => Err(Denial::NothingToClose { reference: intent.reference }),
        (Action::Buy, _) => check_entry(intent, sight, account, policy),
    };
    checked.map_or_else(Verdict::Denied, Verdict::Approved)
}

fn check_entry(
    intent: &Intent,
    sight: &Sight<'_>,
    account: &AccountView,
    policy: &Policy,
) -> Result<Approved, Denial> {
    may_enter(intent, sight, account, policy)?;
    let protection = protection_of(intent)?;
    let overflow = |_: Overflow| Denial::Overflow { equity_quote: account.equity_quote };
    let (quantity, shrunk_by) =
        size(intent, protection, sight, account, policy).map_err(overflow)?;
    let filters = &sight.instrument.filters;
    let notional = intent.reference.times(quantity).map_err(overflow)?;
    let heat_limit =
        account.equity_quote.scaled(policy.profile.max_heat_ratio).map_err(overflow)?;
    if quantity.is_zero() && account.heat_quote >= heat_limit {
        return Err(Denial::Heat { heat_quote: account.heat_quote, limit_quote: heat_limit });
    }
    filters
        .check(quantity, intent.reference)
        .map_err(|violation| Denial::of_filter(violation, notional))?;
    let unit = unit_cost(intent.reference, filters.tick, &policy.costs).map_err(overflow)?;
    let cost_quote = Money::new(unit).scaled(quantity.to_decimal()).map_err(overflow)?;
    Ok(Approved { side: Side::Buy, quantity, cost_quote, protection: Some(protection), shrunk_by })
}

/// The limits that allow or forbid an entry whatever its size.
fn may_enter(
    intent: &Intent,
    sight: &Sight<'_>,
    account: &AccountView,
    policy: &Policy,
) -> Result<(), Denial> {
    let profile = &policy.profile;
    let ratio = |limit: Decimal| Money::new(limit).to_f64();
    if let Some(suspension) = &account.suspension {
        let Suspension { state, why, since } = suspension.clone();
        return Err(Denial::Suspended { state, why, since });
    }
    let drawdown_ratio = account.drawdown_ratio();
    let halt = ratio(profile.halt_at_drawdown_ratio);
    if account.trading_state == TradingState::Halted || drawdown_ratio >= halt {
        return Err(Denial::Halted { drawdown_ratio, limit_ratio: halt });
    }
    let loss_ratio = account.day_loss_ratio();
    let pause = ratio(profile.daily_loss_ratio);
    if account.trading_state == TradingState::Reducing || loss_ratio >= pause {
        return Err(Denial::DayLoss { loss_ratio, limit_ratio: pause });
    }
    match sight.risk_word {
        Some(word) if sight.now < word.expires_at => {
            // What is no number allows nothing either.
            let some = word.size_ratio > 0.0;
            if !word.entries_allowed || !some {
                return Err(Denial::RiskWord { size_ratio: word.size_ratio });
            }
        }
        word => {
            return Err(Denial::NoRiskWord { expired_at: word.map(|word| word.expires_at) });
        }
    }
    let confidence = intent.confidence.unwrap_or(0.0);
    let sure = confidence >= profile.min_confidence;
    if !sure {
        return Err(Denial::LowConfidence { confidence, limit: profile.min_confidence });
    }
    if let Some(kelly) = policy.kelly.as_ref().filter(|kelly| kelly.cap_ratio <= Decimal::ZERO) {
        return Err(Denial::Kelly { trades: kelly.trades, cap_ratio: kelly.cap_ratio });
    }
    if account.positions >= profile.max_positions {
        return Err(Denial::TooManyPositions {
            open: account.positions,
            limit: profile.max_positions,
        });
    }
    Ok(())
}

fn protection_of(intent: &Intent) -> Result<Protection, Denial> {
    let reference = intent.reference;
    match (intent.stop, intent.target) {
        (Some(stop), Some(target))
            if Price::ZERO < stop && stop < reference && reference < target =>
        {
            Ok(Protection { stop, target })
        }
        (stop, target) => Err(Denial::BadBarriers { reference, stop, target }),
    }
}

/// The largest size that every limit allows, and which limits made it smaller.
fn size(
    intent: &Intent,
    protection: Protection,
    sight: &Sight<'_>,
    account: &AccountView,
    policy: &Policy,
) -> Result<(Quantity, Vec<Shrink>), Overflow> {
    let (profile, costs) = (&policy.profile, &policy.costs);
    let mut shrunk_by = Vec::new();

    let tick = sight.instrument.filters.tick;
    let cost = unit_cost(intent.reference, tick, costs)?;
    let proceeds = unit_proceeds(protection.stop, tick, costs)?;
    let loss = cost.checked_sub(proceeds).ok_or(Overflow)?;

    let mut budget = account.equity_quote.scaled(profile.risk_per_trade_ratio)?;
    if let Some(kelly) =
        policy.kelly.as_ref().filter(|k| k.cap_ratio < profile.risk_per_trade_ratio)
    {
        budget = account.equity_quote.scaled(kelly.cap_ratio.max(Decimal::ZERO))?;
        shrunk_by.push(Shrink::Kelly);
    }
    if account.drawdown_ratio() >= Money::new(profile.halve_at_drawdown_ratio).to_f64() {
        budget = budget.scaled(Decimal::new(5, 1))?;
        shrunk_by.push(Shrink::Drawdown);
    }
    let caution = sight.risk_word.map_or(0.0, |word| word.size_ratio.clamp(0.0, 1.0));
    if caution < 1.0 {
        budget = budget.scaled(Decimal::try_from(caution).map_err(|_| Overflow)?)?;
        shrunk_by.push(Shrink::RiskWord);
    }
    let heat_left = account
        .equity_quote
        .scaled(profile.max_heat_ratio)?
        .minus(account.heat_quote)?
        .max(Money::ZERO);
    if heat_left < budget {
        budget = heat_left;
        shrunk_by.push(Shrink::Heat);
    }
    let mut quantity = units(budget, loss);
    let shares = Decimal::from(profile.max_positions);
    let share = Decimal::ONE.checked_div(shares).ok_or(Overflow)?;
    let share = account.equity_quote.scaled(share)?;
    for (cap, shrink) in [(share, Shrink::Share), (account.free_cash_quote, Shrink::Cash)] {
        let affordable = units(cap.max(Money::ZERO), cost);
        if affordable < quantity {
            quantity = affordable;
            shrunk_by.push(shrink);
        }
    }
    let filters = &sight.instrument.filters;
    if quantity > filters.max_quantity {
        quantity = filters.max_quantity;
        shrunk_by.push(Shrink::VenueMaximum);
    }
    Ok((quantity.floor_to(filters.step), shrunk_by))
}

/// What a unit takes out of the cash when it is bought at about `reference`: slippage, the tick
/// that is worse still, and the fee included.
pub(crate) fn unit_cost(reference: Price, tick: Price, costs: &Costs) -> Result<Decimal, Overflow> {
    let worst = reference.shifted_bps(costs.slippage_bps)?.ceil_to(tick).to_decimal();
    let with_fee = Decimal::ONE.checked_add(costs.taker_fee_ratio);
    with_fee.and_then(|ratio| worst.checked_mul(ratio)).ok_or(Overflow)
}

/// What a unit brings when its stop is hit, all costs off.
fn unit_proceeds(stop: Price, tick: Price, costs: &Costs) -> Result<Decimal, Overflow> {
    let worst = stop.shifted_bps(-costs.slippage_bps)?.floor_to(tick).to_decimal();
    let less_fee = Decimal::ONE.checked_sub(costs.taker_fee_ratio);
    less_fee.and_then(|ratio| worst.checked_mul(ratio)).ok_or(Overflow)
}

fn units(budget: Money, per_unit: Decimal) -> Quantity {
    let units = budget.to_decimal().checked_div(per_unit).filter(|_| per_unit > Decimal::ZERO);
    units.and_then(|units| Quantity::try_from(units).ok()).unwrap_or_default()
}
