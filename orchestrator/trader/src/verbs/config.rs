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
        eprintln!("warning: {warning}");
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
    let lines = [
        ("market", market),
        ("decides at each", format!("{} close", profile.decision_timeframe)),
        ("confidence", format!("at least {}", profile.min_confidence)),
        ("positions", format!("at most {}", profile.max_positions)),
        ("risk per trade", percent(profile.risk_per_trade_ratio)),
        ("heat", format!("at most {}", percent(profile.max_heat_ratio))),
        ("pauses for the day", format!("at {} loss", percent(profile.daily_loss_ratio))),
        ("halves sizes", format!("from {} drawdown", percent(profile.halve_at_drawdown_ratio))),
        ("halts", format!("at {} drawdown", percent(profile.halt_at_drawdown_ratio))),
        ("stop", format!("{} average true ranges away", profile.stop_atr_multiple)),
        ("target", format!("{} R (times the stop's distance)", profile.target_r_multiple)),
        ("trailing stop", trailing),
    ];
    let lines: String = lines.iter().map(|(what, how)| format!("  {what:<20} {how}\n")).collect();
    format!("{}\n{lines}", profile.name)
}
