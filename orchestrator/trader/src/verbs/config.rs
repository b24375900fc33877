//! `config`: what is configured, whether it can be, and the profiles that there are.

use clap::{Args, Subcommand};
use decision::profile::Profile;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::config::load::Loaded;
use crate::config::show::{self, ShownSetting};
use crate::ending::Outcome;
use crate::verbs::output::{self, Column};

/// `config`.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// What to do with it.
    #[command(subcommand)]
    pub what: ConfigVerb,
}

/// What to do with the configuration.
#[derive(Debug, Clone, Subcommand)]
pub enum ConfigVerb {
    /// Every setting, its value and where it came from.
    Show,
    /// Read everything and report every error.
    Check,
    /// The profiles that come with the program.
    Profiles,
}

type Col = Column<ShownSetting>;

const COLUMNS: [Col; 4] = [
    Col::text("setting", |s| s.key.to_owned()),
    Col::text("value", |s| if s.value.is_empty() { "-".to_owned() } else { s.value.clone() }),
    Col::text("from", |s| s.origin.clone()),
    Col::text("what it is", |s| s.help.to_owned()),
];

/// Every setting, its value and where it came from.
pub(crate) fn show(loaded: &Loaded, json: bool) -> Outcome<()> {
    let settings = show::show(loaded);
    if json {
        return output::print(&output::array(&settings, &[])?);
    }
    output::print(&output::table(&COLUMNS, &settings))?;
    for warning in &loaded.warnings {
        output::tell(&format!("warning: {warning}\n"));
    }
    Ok(())
}

/// That the configuration can be used; what can't was reported when it was read.
pub(crate) fn check(loaded: &Loaded, json: bool) -> Outcome<()> {
    let warnings: Vec<_> = loaded.warnings.iter().map(ToString::to_string).collect();
    if json {
        return output::print_json(&json!({ "good": true, "warnings": warnings }));
    }
    let warnings: String = warnings.iter().map(|warning| format!("warning: {warning}\n")).collect();
    output::print(&format!("the configuration is good\n{warnings}"))
}

/// The profiles that come with the program.
pub(crate) fn profiles(json: bool) -> Outcome<()> {
    let profiles = Profile::names().map(Profile::named).collect::<Result<Vec<_>, _>>()?;
    if json {
        return output::print(&output::array(&profiles, &[])?);
    }
    let texts: Vec<_> = profiles.iter().map(describe).collect();
    output::print(&texts.join("\n"))
}

fn describe(profile: &Profile) -> String {
    let percent = |ratio: Decimal| format!("{} %", (ratio * Decimal::ONE_HUNDRED).normalize());
    let trailing = profile.trailing.map_or("none".to_owned(), |trailing| {
        format!(
            "from {} R in favour, {} R behind the best price",
            trailing.activation_r_multiple, trailing.distance_r_multiple
        )
    });
    let market = match serde_json::to_value(profile.market) {
        Ok(Value::String(name)) => name,
        _ => String::new(),
    };
    let mut lines = vec![
        ("market", market),
        ("decides at each", format!("{} close", profile.decision_timeframe)),
        ("confidence", format!("at least {}", profile.min_confidence)),
        ("positions", format!("at most {}", profile.max_positions)),
        ("risk per trade", percent(profile.risk_per_trade_ratio)),
        ("heat", format!("at most {}", percent(profile.max_heat_ratio))),
        ("pauses for the day", format!("at {} loss", percent(profile.daily_loss_ratio))),
        ("halves sizes", format!("from {} drawdown", percent(profile.halve_at_drawdown_ratio))),
        ("halts", format!("at {} drawdown", percent(profile.halt_at_drawdown_ratio))),
        (
            "stop",
            barrier(
                "average true ranges away",
                profile.stop_atr_multiple,
                profile.stop_least_ratio,
            ),
        ),
        (
            "target",
            barrier(
                "R (times the stop's distance)",
                profile.target_r_multiple,
                profile.target_least_ratio,
            ),
        ),
        ("trailing stop", trailing),
    ];
    if let Some(margin) = profile.margin {
        lines.push(("leverage", margin.leverage.to_string()));
        lines.push((
            "stops at most",
            format!("{} away, half of the way to liquidation", percent(margin.safe_stop_ratio())),
        ));
    }
    if let Some(sizing) = profile.sizing {
        let by = if sizing.by_confidence { ", by confidence" } else { "" };
        lines.push(("margin per position", format!("{}{by}", percent(sizing.capital_ratio))));
    }
    if let Some(day) = profile.day {
        lines.push(("entries per day", format!("at most {}", day.max_entries)));
        lines.push(("losses in a row", format!("{} end the day", day.max_losses_in_a_row)));
        lines.push((
            "halves sizes too",
            format!("from {} of the day's loss limit", percent(day.halve_at_loss_share)),
        ));
    }
    if let Some(near) = profile.near_halt {
        let how = format!(
            "from {} of the drawdown limit a day without entries, then {} of a size",
            percent(near.at_share),
            percent(near.size_ratio)
        );
        lines.push(("before a halt", how));
    }
    if let Some(low) = profile.low_sharpe {
        let how = format!(
            "{} of a size where it is below {} over {} days",
            percent(low.size_ratio),
            low.below,
            low.days
        );
        lines.push(("Sharpe ratio", how));
    }
    if let Some(exits) = profile.exits {
        lines.push(("exits", format!("against a lean of at least {}", profile.exit_confidence())));
        if let Some(share) = exits.early_stop_share {
            lines.push(("early stop", format!("a close {} of the way to it", percent(share))));
        }
        if exits.cut_losers {
            lines.push(("losers", "closed when nothing speaks for them; winners run".to_owned()));
        }
    }
    let lines: String = lines.iter().map(|(what, how)| format!("  {what:<20} {how}\n")).collect();
    format!("{}\n{lines}", profile.name)
}

/// The wider of a multiple and a share of the price.
fn barrier(unit: &str, multiple: f64, least_ratio: f64) -> String {
    let least = format!("{:.1} % of the price", least_ratio * 100.0);
    match (multiple == 0.0, least_ratio == 0.0) {
        (true, _) => format!("{least} away"),
        (false, true) => format!("{multiple} {unit}"),
        (false, false) => format!("{multiple} {unit}, at least {least}"),
    }
}
