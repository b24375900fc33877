//! The files that people start from: `.env.template`, and what they bring from elsewhere.

use std::collections::BTreeMap;
use std::fs;

use super::super::table::{self, Fallback, template_variables};
use super::*;

/// A `.env` that was written for a system before this one, as it is published.
const FOREIGN: &str = include_str!("foreign.env");

#[test]
fn a_file_from_elsewhere_works_as_it_is() {
    let sources = with_dotenv(FOREIGN);
    let settings = loaded(&sources).settings;
    assert_eq!(settings.policy.hash(), loaded(&nothing()).settings.policy.hash());
    assert_eq!(settings.instruments.last().unwrap().as_str(), "MATIC/USDT");
    let found = warnings(&sources);
    let delisted = found.iter().filter(|w| w.contains("is delisted")).count();
    let unread = found.iter().filter(|w| w.contains("is known but not read")).count();
    assert_eq!(delisted, 1);
    assert_eq!(delisted + unread, found.len(), "{found:#?}");
    assert!(!found.concat().contains("hunter2"), "{found:#?}");

    let as_toml = with_toml(
        "trading_mode = 'paper'\ninitial_capital = 1000.00\nmax_positions = 3\n\
         risk_per_trade = 0.02\nmax_portfolio_heat = 0.06\ndaily_loss_limit = 0.05\n\
         max_drawdown_threshold = 0.15\nemergency_stop_threshold = 0.25\n\
         crypto_pairs = 'BTC/USDT,ETH/USDT'\nbase_currency = 'USDT'\n\
         stop_loss_atr_multiplier = 2.0\ntrailing_stop_enabled = true\n\
         take_profit_r_multiple = 2.0\nlog_level = 'INFO'\nlog_format = 'json'\n",
    );
    assert_eq!(warnings(&as_toml), [""; 0]);
}

#[test]
fn the_template_holds_every_setting_and_no_other() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.env.template");
    let Ok(template) = fs::read_to_string(path) else {
        println!("skipped: there is no {path}");
        return;
    };
    // A name with # before it is one that a person may want.
    let mut lines = BTreeMap::new();
    for (number, line) in (1..).zip(template.lines()) {
        let text = line.strip_prefix("# ").unwrap_or(line);
        let Some((name, _)) = text.split_once('=') else { continue };
        if !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_uppercase() || b"_0123456789".contains(&b))
        {
            let before = lines.insert(name, number);
            assert_eq!(before, None, "{name} stands twice in .env.template");
        }
    }
    let missing: Vec<_> = template_variables().filter(|name| !lines.contains_key(name)).collect();
    let foreign: Vec<_> =
        lines.keys().filter(|name| !template_variables().any(|known| known == **name)).collect();
    assert!(
        missing.is_empty() && foreign.is_empty(),
        ".env.template lacks {missing:?}; nothing reads its {foreign:?}"
    );

    let sources = with_dotenv(&template);
    let (told, plain) = (loaded(&sources), loaded(&nothing()));
    assert_eq!(told.warnings, []);
    for (name, text) in &told.given {
        let Some(Fallback::Text(default)) = table::find(name).map(|s| s.fallback) else { continue };
        assert_eq!(text, default, "{name} of .env.template");
    }
    assert_eq!(told.settings.policy.hash(), plain.settings.policy.hash());
}
