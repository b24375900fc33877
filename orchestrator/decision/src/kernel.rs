//! The risk kernel: the one owner of every hard limit.
//!
//! It computes each limit from what the decision saw, shrinks a size until it fits or refuses, and only it
//! can make an [`Approved`].

mod size;

use domain::gateway::Protection;
use domain::intent::{Action, Intent};
use domain::money::{Money, Overflow, Price, Quantity};
use domain::order::Side;
use domain::signal::Direction;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use self::size::{Unit, size};
use crate::denial::Denial;
use crate::exits::{ahead, closing_side};
use crate::policy::Policy;
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
    /// The share of a run that is still young.
    Rollout,
    /// What one position may lose at its stop.
    Risk,
    /// Not all of the confidence that there can be.
    Confidence,
    /// Smaller size shortly before the drawdown limit.
    NearHalt,
    /// Half size shortly before the day's loss limit.
    DayLoss,
    /// Past days that were not worth their risk.
    LowSharpe,
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

/// What the venue takes of a held quantity: a fee in base units may have left a part of a step. Of
/// less than one step all is asked for, and the venue may say what it thinks of it.
pub(crate) fn closable(held: Quantity, step: Quantity) -> Quantity {
    Some(held.floor_to(step)).filter(|whole| !whole.is_zero()).unwrap_or(held)
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
        _ if intent.instrument != sight.instrument.id => Err(invented(intent, sight)),
        (_, Some(holding)) if holding.in_transit => {
            Err(Denial::InTransit { instrument: intent.instrument })
        }
        (action, Some(holding)) if action == holding.closing() => {
            let quantity = closable(holding.quantity, sight.instrument.filters.step);
            Ok(approve_close(closing_side(holding.direction), quantity))
        }
        (Action::Sell, _) if !policy.profile.has_shorts() => {
            Err(Denial::NothingToClose { reference: intent.reference })
        }
        (Action::Sell, _) => check_entry(Direction::Short, intent, sight, account, policy),
        (Action::Buy, _) => check_entry(Direction::Long, intent, sight, account, policy),
    };
    checked.map_or_else(Verdict::Denied, Verdict::Approved)
}

fn invented(intent: &Intent, sight: &Sight<'_>) -> Denial {
    let Intent { instrument: of, reference, .. } = *intent;
    Denial::Invented { of, reference, instrument: sight.instrument.id, seen: sight.reference }
}

fn check_entry(
    direction: Direction,
    intent: &Intent,
    sight: &Sight<'_>,
    account: &AccountView,
    policy: &Policy,
) -> Result<Approved, Denial> {
    if intent.reference != sight.reference {
        return Err(invented(intent, sight));
    }
    may_enter(intent, sight, account, policy)?;
    let protection = protection_of(direction, intent)?;
    let overflow = |_: Overflow| Denial::Overflow { equity_quote: account.equity_quote };
    outlives_its_stop(direction, intent.reference, protection.stop, policy)?;
    let tick = sight.instrument.filters.tick;
    let unit =
        Unit::of(direction, intent.reference, protection.stop, tick, policy).map_err(overflow)?;
    let (quantity, shrunk_by) = size(intent, unit, sight, account, policy).map_err(overflow)?;
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
    let cost_quote = Money::new(unit.cost).scaled(quantity.to_decimal()).map_err(overflow)?;
    let side = closing_side(direction).opposite();
    Ok(Approved { side, quantity, cost_quote, protection: Some(protection), shrunk_by })
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
    let reduces = account.trading_state == TradingState::Reducing;
    if let Some(near_ratio) = profile.near_halt_ratio()
        && reduces
        && loss_ratio < pause
        && drawdown_ratio >= near_ratio
    {
        return Err(Denial::NearHalt { drawdown_ratio, near_ratio });
    }
    if reduces || loss_ratio >= pause {
        return Err(Denial::DayLoss { loss_ratio, limit_ratio: pause });
    }
    if let (Some(limits), Some(day)) = (&profile.day, &account.day) {
        if day.entries >= limits.max_entries {
            return Err(Denial::DayEntries { entries: day.entries, limit: limits.max_entries });
        }
        let (losses, limit) = (day.losses_in_a_row, limits.max_losses_in_a_row);
        if losses >= limit {
            return Err(Denial::LossesInARow { losses, limit });
        }
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

fn protection_of(direction: Direction, intent: &Intent) -> Result<Protection, Denial> {
    let reference = intent.reference;
    let encloses = |stop: Price, target: Price| match direction {
        Direction::Short => Price::ZERO < target && target < reference && reference < stop,
        Direction::Long | Direction::Flat => {
            Price::ZERO < stop && stop < reference && reference < target
        }
    };
    match (intent.stop, intent.target) {
        (Some(stop), Some(target)) if encloses(stop, target) => Ok(Protection { stop, target }),
        (stop, target) => Err(Denial::BadBarriers { reference, stop, target }),
    }
}

/// Whether the stop is hit well before the venue would liquidate.
fn outlives_its_stop(
    direction: Direction,
    reference: Price,
    stop: Price,
    policy: &Policy,
) -> Result<(), Denial> {
    let Some(margin) = policy.profile.margin else { return Ok(()) };
    let far = ahead(direction, reference, stop).unwrap_or(reference).to_decimal();
    let stop_ratio = far.checked_div(reference.to_decimal()).unwrap_or(Decimal::ONE);
    let safe_ratio = margin.safe_stop_ratio();
    if stop_ratio <= safe_ratio {
        return Ok(());
    }
    let bps = margin.liquidation_ratio().saturating_mul(Decimal::from(10_000));
    let signed =
        if direction == Direction::Short { bps } else { bps.saturating_mul(-Decimal::ONE) };
    let liquidation = reference.shifted_bps(signed).unwrap_or_default();
    Err(Denial::NearLiquidation { stop, stop_ratio, safe_ratio, liquidation })
}
