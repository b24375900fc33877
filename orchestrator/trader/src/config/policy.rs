//! The policy: a profile, what the settings change in it, and the costs.

use std::path::Path;

use decision::policy::{Costs, Kelly, Policy};
use decision::profile::{Profile, ProfileError};

use super::reading::Reading;
use super::sources::Sources;
use super::values;
use crate::evidence;

/// Settings that override a field of the profile.
const OVERRIDES: [(&str, &str); 9] = [
    ("MAX_POSITIONS", "max_positions"),
    ("RISK_PER_TRADE", "risk_per_trade_ratio"),
    ("MAX_PORTFOLIO_HEAT", "max_heat_ratio"),
    ("DAILY_LOSS_LIMIT", "daily_loss_ratio"),
    ("MAX_DRAWDOWN_THRESHOLD", "halve_at_drawdown_ratio"),
    ("EMERGENCY_STOP_THRESHOLD", "halt_at_drawdown_ratio"),
    ("STOP_LOSS_ATR_MULTIPLIER", "stop_atr_multiple"),
    ("TAKE_PROFIT_R_MULTIPLE", "target_r_multiple"),
    ("TRAILING_STOP_ENABLED", "trailing"),
];

/// Puts it together; what is wrong is noted in `reading`.
pub(super) fn read(reading: &mut Reading, sources: &Sources) -> Policy {
    let base = reading.read_or_default("SEXTANT_PROFILE", |name| profile(name, sources));
    let changed = overridden(reading, base);
    let names = OVERRIDES.map(|(name, _)| name);
    if !reading.any_failed(&["SEXTANT_PROFILE"]) && !reading.any_failed(&names) {
        check(reading, &changed);
    }
    let market = changed.market;
    let costs = Costs {
        maker_fee_ratio: reading.read_or_usual("SEXTANT_MAKER_FEE", market, values::fee_ratio),
        taker_fee_ratio: reading.read_or_usual("SEXTANT_TAKER_FEE", market, values::fee_ratio),
        slippage_bps: reading.read_or_default("SEXTANT_SLIPPAGE_BPS", values::bps),
    };
    let kelly = kelly(reading, sources);
    Policy { costs, kelly, ..Policy::of(changed) }
}

/// What stored out-of-sample trades justify, where some are named.
fn kelly(reading: &mut Reading, sources: &Sources) -> Option<Kelly> {
    let fraction = reading.read_or_default("KELLY_FRACTION", values::kelly_fraction);
    reading.read("SEXTANT_KELLY_EVIDENCE", |name| match sources.files.get(Path::new(name)) {
        Some(Ok(text)) => evidence::cap(text, fraction),
        Some(Err(why)) => Err(format!("can't be read: {why}")),
        None => Err("can't be read".to_owned()),
    })
}

fn profile(name: &str, sources: &Sources) -> Result<Profile, String> {
    let profile = match sources.files.get(Path::new(name)) {
        Some(Ok(text)) => Profile::parse(text),
        Some(Err(why)) => return Err(format!("can't be read: {why}")),
        None => Profile::named(name),
    };
    profile.map_err(|e| format!("can't be used: {e}"))
}

fn overridden(reading: &mut Reading, mut profile: Profile) -> Profile {
    let mut over = |name, field: &mut _| {
        if let Some(value) = reading.read(name, values::number) {
            *field = value;
        }
    };
    over("RISK_PER_TRADE", &mut profile.risk_per_trade_ratio);
    over("MAX_PORTFOLIO_HEAT", &mut profile.max_heat_ratio);
    over("DAILY_LOSS_LIMIT", &mut profile.daily_loss_ratio);
    over("MAX_DRAWDOWN_THRESHOLD", &mut profile.halve_at_drawdown_ratio);
    over("EMERGENCY_STOP_THRESHOLD", &mut profile.halt_at_drawdown_ratio);
    if let Some(count) = reading.read("MAX_POSITIONS", values::whole) {
        profile.max_positions = count;
    }
    if let Some(multiple) = reading.read("STOP_LOSS_ATR_MULTIPLIER", values::multiple) {
        profile.stop_atr_multiple = multiple;
    }
    if let Some(multiple) = reading.read("TAKE_PROFIT_R_MULTIPLE", values::multiple) {
        profile.target_r_multiple = multiple;
    }
    match reading.read("TRAILING_STOP_ENABLED", values::boolean) {
        Some(false) => profile.trailing = None,
        Some(true) if profile.trailing.is_none() => reading.refuse(
            "TRAILING_STOP_ENABLED",
            format!("but the profile '{}' has no [trailing] that says how far", profile.name),
        ),
        _ => {}
    }
    profile
}

/// Each thing that can't be is noted at the settings whose fields it names.
fn check(reading: &mut Reading, profile: &Profile) {
    let problems = match profile.clone().checked() {
        Ok(_) => return,
        Err(ProfileError::Impossible { problems, .. }) => problems,
        Err(other) => vec![other.to_string()],
    };
    for problem in problems {
        let involved = OVERRIDES.into_iter().filter(|(_, field)| problem.contains(field));
        let mut given = involved.filter_map(|(name, _)| reading.given(name));
        let first = given.next().map_or("SEXTANT_PROFILE", |g| g.setting.name);
        let others: String =
            given.map(|g| format!(" (with {} from {})", g.quoted(), g.origin)).collect();
        let name = &profile.name;
        reading.refuse(first, format!("makes the profile '{name}' impossible: {problem}{others}"));
    }
}
