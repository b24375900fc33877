//! How large an entry may be.

use domain::intent::Intent;
use domain::money::{Money, Overflow, Price, Quantity};
use domain::signal::Direction;
use rust_decimal::Decimal;

use super::Shrink;
use crate::policy::{Costs, Policy};
use crate::profile::Profile;
use crate::profile::rules::Sizing;
use crate::snapshot::{AccountView, Sight};

/// The largest size that every limit allows, and which limits made it smaller.
pub(super) fn size(
    intent: &Intent,
    unit: Unit,
    sight: &Sight<'_>,
    account: &AccountView,
    policy: &Policy,
) -> Result<(Quantity, Vec<Shrink>), Overflow> {
    let profile = &policy.profile;
    let mut shrunk_by = Vec::new();
    let by_risk = profile.sizing.is_none();

    let mut budget = account.equity_quote.scaled(profile.risk_per_trade_ratio)?;
    let mut bound = Shrink::Risk;
    if let Some(kelly) =
        policy.kelly.as_ref().filter(|k| k.cap_ratio < profile.risk_per_trade_ratio)
    {
        budget = account.equity_quote.scaled(kelly.cap_ratio.max(Decimal::ZERO))?;
        bound = Shrink::Kelly;
        if by_risk {
            shrunk_by.push(Shrink::Kelly);
        }
    }
    let mut stake = profile.sizing.map(|rule| stake(rule, intent, account, profile)).transpose()?;
    if let Some((_, Some(shrink))) = stake {
        shrunk_by.push(shrink);
    }
    for (factor, shrink) in factors(sight, account, profile)? {
        budget = budget.scaled(factor)?;
        stake = stake.map(|(of, by)| Ok((of.scaled(factor)?, by))).transpose()?;
        shrunk_by.push(shrink);
    }
    let heat_left = account
        .equity_quote
        .scaled(profile.max_heat_ratio)?
        .minus(account.heat_quote)?
        .max(Money::ZERO);
    if heat_left < budget {
        (budget, bound) = (heat_left, Shrink::Heat);
        if by_risk {
            shrunk_by.push(Shrink::Heat);
        }
    }
    let mut quantity = units(budget, unit.loss);
    if let Some((stake, _)) = stake {
        let by_stake = units(stake, intent.reference.to_decimal());
        if quantity < by_stake {
            shrunk_by.push(bound);
        }
        quantity = quantity.min(by_stake);
    }
    let shares = Decimal::from(profile.max_positions);
    let share = Decimal::ONE.checked_div(shares).ok_or(Overflow)?;
    let share = account.equity_quote.scaled(share)?;
    for (cap, shrink) in [(share, Shrink::Share), (account.free_cash_quote, Shrink::Cash)] {
        let affordable = units(cap.max(Money::ZERO), unit.cost);
        if affordable < quantity {
            quantity = affordable;
            shrunk_by.push(shrink);
        }
    }
    if let Some(rollout) = &policy.rollout {
        let part = quantity.to_decimal().checked_mul(rollout.share(sight.now)).ok_or(Overflow)?;
        quantity = Quantity::try_from(part).map_err(|_| Overflow)?;
        shrunk_by.push(Shrink::Rollout);
    }
    let filters = &sight.instrument.filters;
    if quantity > filters.max_quantity {
        quantity = filters.max_quantity;
        shrunk_by.push(Shrink::VenueMaximum);
    }
    Ok((quantity.floor_to(filters.step), shrunk_by))
}

/// The notional that a share of the capital makes as margin, and whether confidence made it less.
fn stake(
    rule: Sizing,
    intent: &Intent,
    account: &AccountView,
    profile: &Profile,
) -> Result<(Money, Option<Shrink>), Overflow> {
    let margin = account.equity_quote.scaled(rule.capital_ratio)?;
    let notional = margin.scaled(Decimal::from(profile.leverage()))?;
    let confidence = intent.confidence.unwrap_or(0.0).clamp(0.5, 1.0);
    if !rule.by_confidence || confidence >= 1.0 {
        return Ok((notional, None));
    }
    let confidence = Decimal::try_from(confidence).map_err(|_| Overflow)?;
    Ok((notional.scaled(confidence)?, Some(Shrink::Confidence)))
}

/// What every size is multiplied by.
fn factors(
    sight: &Sight<'_>,
    account: &AccountView,
    profile: &Profile,
) -> Result<Vec<(Decimal, Shrink)>, Overflow> {
    let half = Decimal::new(5, 1);
    let mut factors = Vec::new();
    let drawdown = account.drawdown_ratio();
    // Where both limits are one, the kernel halts before it would halve.
    if drawdown >= Money::new(profile.halve_at_drawdown_ratio).to_f64() {
        factors.push((half, Shrink::Drawdown));
    }
    if let (Some(near), Some(near_ratio)) = (profile.near_halt, profile.near_halt_ratio())
        && drawdown >= near_ratio
    {
        factors.push((near.size_ratio, Shrink::NearHalt));
    }
    if let Some(day) = profile.day {
        let from = profile.daily_loss_ratio.checked_mul(day.halve_at_loss_share).ok_or(Overflow)?;
        if account.day_loss_ratio() >= Money::new(from).to_f64() {
            factors.push((half, Shrink::DayLoss));
        }
    }
    if let (Some(low), Some(sharpe)) = (profile.low_sharpe, account.sharpe)
        && sharpe < low.below
    {
        factors.push((low.size_ratio, Shrink::LowSharpe));
    }
    let caution = sight.risk_word.map_or(0.0, |word| word.size_ratio.clamp(0.0, 1.0));
    if caution < 1.0 {
        factors.push((Decimal::try_from(caution).map_err(|_| Overflow)?, Shrink::RiskWord));
    }
    Ok(factors)
}

/// What one base unit of an entry takes and risks, in quote units, slippage and fees included.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit {
    /// Cash; with leverage its margin, its fee, and what slippage loses of it at once.
    pub(super) cost: Decimal,
    /// What is lost when its stop is hit.
    loss: Decimal,
}

impl Unit {
    pub(super) fn of(
        direction: Direction,
        reference: Price,
        stop: Price,
        tick: Price,
        policy: &Policy,
    ) -> Result<Self, Overflow> {
        let costs = &policy.costs;
        let (cost, loss) = match direction {
            Direction::Short => {
                let (got, paid) =
                    (unit_proceeds(reference, tick, costs)?, unit_cost(stop, tick, costs)?);
                (unit_cost(reference, tick, costs)?, paid.checked_sub(got))
            }
            Direction::Long | Direction::Flat => {
                let cost = unit_cost(reference, tick, costs)?;
                (cost, cost.checked_sub(unit_proceeds(stop, tick, costs)?))
            }
        };
        let loss = loss.ok_or(Overflow)?;
        let Some(margin) = policy.profile.margin else { return Ok(Self { cost, loss }) };
        let reference = reference.to_decimal();
        let margin = reference.checked_div(Decimal::from(margin.leverage)).ok_or(Overflow)?;
        let beside = cost.checked_sub(reference).ok_or(Overflow)?;
        Ok(Self { cost: margin.checked_add(beside).ok_or(Overflow)?, loss })
    }
}

/// What a unit takes out of the cash when it is bought at about `reference`: slippage, the tick
/// that is worse still, and the fee included.
fn unit_cost(reference: Price, tick: Price, costs: &Costs) -> Result<Decimal, Overflow> {
    let worst = reference.shifted_bps(costs.slippage_bps)?.ceil_to(tick).to_decimal();
    let with_fee = Decimal::ONE.checked_add(costs.taker_fee_ratio);
    with_fee.and_then(|ratio| worst.checked_mul(ratio)).ok_or(Overflow)
}

/// What a unit brings when it is sold at about `price`, all costs off.
fn unit_proceeds(price: Price, tick: Price, costs: &Costs) -> Result<Decimal, Overflow> {
    let worst = price.shifted_bps(-costs.slippage_bps)?.floor_to(tick).to_decimal();
    let less_fee = Decimal::ONE.checked_sub(costs.taker_fee_ratio);
    less_fee.and_then(|ratio| worst.checked_mul(ratio)).ok_or(Overflow)
}

fn units(budget: Money, per_unit: Decimal) -> Quantity {
    let units = budget.to_decimal().checked_div(per_unit).filter(|_| per_unit > Decimal::ZERO);
    units.and_then(|units| Quantity::try_from(units).ok()).unwrap_or_default()
}
