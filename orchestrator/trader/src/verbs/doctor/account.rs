//! The account and its key: whether it is taken, what it may do, and how the account is set.

use domain::instrument::InstrumentId;
use domain::money::Money;
use exchange::binance::clock::local_now;
use exchange::binance::signed::client::SignedOptions;
use exchange::binance::signed::error::CallError;
use exchange::binance::signed::keys::Keys;
use exchange::binance::signed::verdict::Market;
use exchange::binance::spot::account::KeyRights;
use exchange::binance::spot::client::SpotClient;
use exchange::binance::usdm::account::UsdmBalance;
use exchange::binance::usdm::client::UsdmClient;
use exchange::binance::usdm::setting::Brackets;
use rust_decimal::Decimal;

use super::finding::{Check, Finding};
use super::venue;
use crate::config::endpoints::Network;
use crate::config::settings::{ApiKeys, Settings};
use crate::live::gate::{self, Evidence};
use crate::live::{record, rollout};

/// Nothing of a key is ever part of a finding.
const KEYS: Check = Check::here("keys");
const MEND: &str = "check the key, its rights and the addresses it is allowed from";

/// Whether there is an account that can be traded at, and what stands against real money.
pub(super) async fn check(settings: &Settings) -> Vec<Finding> {
    let live = &settings.live;
    let Some(keys) = &live.keys else {
        return vec![KEYS.ok("none: paper trading needs none")];
    };
    let market = settings.market();
    let network = if live.testnet { Network::Testnet } else { Network::Live };
    // What a key may do is told on spot, of futures too.
    let at = |market| settings.endpoints.of(market, network).account_rest;
    let made = signed(keys).and_then(|spot_keys| Ok((spot_keys, signed(keys)?)));
    let (spot_keys, usdm_keys) = match made {
        Ok(made) => made,
        Err(why) => return vec![KEYS.fail(why, "copy it again")],
    };
    let options = SignedOptions { rest: venue::PATIENCE, ..SignedOptions::default() };
    let clients = SpotClient::new(&at(Market::Spot), spot_keys, options.clone())
        .and_then(|spot| Ok((spot, UsdmClient::new(&at(Market::Usdm), usdm_keys, options)?)));
    let (spot, usdm) = match clients {
        Ok(clients) => clients,
        Err(error) => return vec![KEYS.fail(error.to_string(), "correct the address")],
    };
    let mut findings = match market {
        Market::Spot => on_spot(&spot).await,
        Market::Usdm => on_futures(&usdm, settings).await,
    };
    if live.testnet {
        findings.push(KEYS.ok("of the test network, which does not tell what they may do"));
    } else {
        let rights = spot.key_rights().await;
        findings.extend(of_rights(&rights, market));
        let rights = rights.map_err(|error| error.to_string());
        findings.push(real_money(settings, rights, market).await);
    }
    findings
}

fn signed(keys: &ApiKeys) -> Result<Keys, String> {
    Keys::new(keys.key.clone(), &keys.secret).map_err(|error| error.to_string())
}

/// Whose fault it is that a question went unanswered.
fn refused(error: &CallError) -> Finding {
    match error {
        CallError::Unauthorised { .. } | CallError::Rejected { .. } => {
            KEYS.fail(error.to_string(), MEND)
        }
        _ => Check::remote("keys").fail(error.to_string(), "check the network, and try again"),
    }
}

async fn on_spot(client: &SpotClient) -> Vec<Finding> {
    match client.account().await {
        Err(error) => vec![refused(&error)],
        Ok(account) => {
            let held = account.balances.len();
            let what = format!("accepted on spot; the account holds {held} assets");
            let tradable = Check::here("account");
            vec![
                KEYS.ok(what),
                match account.can_trade {
                    true => tradable.ok("may trade on spot"),
                    false => tradable.fail("may not trade on spot", "ask the venue why"),
                },
            ]
        }
    }
}

async fn on_futures(client: &UsdmClient, settings: &Settings) -> Vec<Finding> {
    let account = Check::here("account");
    let config = match client.config().await {
        Ok(config) => config,
        Err(error) => return vec![refused(&error)],
    };
    let mut findings = vec![KEYS.ok("accepted on USD-M futures")];
    if !config.can_trade {
        findings.push(account.fail("may not trade futures", "ask the venue why"));
    }
    findings.push(account.ok(match config.dual_side_position {
        false => "one-way mode",
        true => "hedge mode: each order names its position's side",
    }));
    if config.multi_assets_margin {
        findings.push(account.warn(
            "multi-assets mode: every asset backs every position",
            "set single-asset mode at the venue",
        ));
    }
    findings.push(match client.balances().await {
        Ok(balances) => funds(settings, &balances),
        Err(error) => refused(&error),
    });
    for instrument in &settings.instruments {
        findings.push(match client.brackets(*instrument).await {
            Ok(brackets) => leverage(*instrument, settings, &brackets),
            Err(error) => refused(&error),
        });
        match client.symbol_config(*instrument).await {
            Ok(found) => findings.extend(found.iter().map(|set| {
                let margin = format!("{:?}", set.margin_type).to_lowercase();
                account.ok(format!("{instrument}: leverage {}, {margin} margin", set.leverage))
            })),
            Err(error) => findings.push(refused(&error)),
        }
    }
    findings
}

/// Whether the wallet has what is to be traded with.
fn funds(settings: &Settings, balances: &[UsdmBalance]) -> Finding {
    let check = Check::here("account");
    let quote = settings.quote.as_str();
    let wallet = balances.iter().find(|balance| balance.asset == quote);
    let wallet = wallet.map_or(Money::ZERO, |balance| balance.wallet_balance);
    let what = format!("the wallet has {wallet} {quote}, the capital is {}", settings.capital);
    match wallet < settings.capital {
        true => check.warn(what, "pay in more, or set a smaller INITIAL_CAPITAL"),
        false => check.ok(what),
    }
}

/// Whether the venue allows the profile's leverage for the largest position that it may open, and
/// asks for no more margin to keep it than the profile reckons with.
fn leverage(instrument: InstrumentId, settings: &Settings, brackets: &[Brackets]) -> Finding {
    let check = Check::here("leverage");
    let profile = &settings.policy.profile;
    let wanted = profile.leverage();
    // Each position may take its equal share of the equity.
    let shares = Decimal::from(wanted).checked_div(Decimal::from(profile.max_positions));
    let largest = shares.and_then(|shares| settings.capital.scaled(shares).ok());
    let own = brackets.iter().find(|brackets| brackets.symbol == instrument.symbol());
    let bracket = own.zip(largest).and_then(|(own, largest)| own.of(largest));
    let (Some(bracket), Some(largest)) = (bracket, largest) else {
        let what = format!("the venue has no bracket for positions in {instrument} of that size");
        return check.fail(what, "take a smaller capital or leverage");
    };
    let (most, kept) = (bracket.initial_leverage, bracket.maint_margin_ratio.normalize());
    let reckoned = profile.margin.map_or(Decimal::ZERO, |margin| margin.maintenance_ratio);
    let what = format!(
        "{instrument}: up to {most} for positions of {}, which need {kept} of their worth; the \
         profile wants {wanted} and reckons with {}",
        largest.to_decimal().round_dp(2).normalize(),
        reckoned.normalize()
    );
    if u32::from(most) < wanted {
        check.fail(what, "take a profile with less leverage, or less capital")
    } else if kept > reckoned {
        check.warn(
            what,
            "raise the profile's maintenance_ratio: liquidation is nearer than it thinks",
        )
    } else {
        check.ok(what)
    }
}

fn of_rights(rights: &Result<KeyRights, CallError>, market: Market) -> Vec<Finding> {
    let check = Check::here("key's rights");
    let rights = match rights {
        Ok(rights) => rights,
        Err(error) => return vec![refused(error)],
    };
    let KeyRights { enable_reading, ip_restrict, .. } = *rights;
    let mut findings = vec![match (rights.admit(market), enable_reading) {
        (Err(error), _) => check.fail(error.to_string(), "change it at the venue"),
        (Ok(()), false) => check.fail("it may not read", "allow reading at the venue"),
        (Ok(()), true) => check.ok("it may read and trade, and not withdraw"),
    }];
    if !ip_restrict {
        findings.push(check.warn("it works from any address", "hold it to yours at the venue"));
    }
    findings
}

/// What stands against real money: nothing that is wrong, as long as it is not asked for.
async fn real_money(
    settings: &Settings,
    rights: Result<KeyRights, String>,
    market: Market,
) -> Finding {
    let check = Check::here("real money");
    let Settings { live, store, data_dir, .. } = settings;
    let paper_days = record::paper_days(settings).await.map_err(|failure| failure.to_string());
    let backup_days = gate::backup_days(live, data_dir, local_now());
    let evidence = Evidence { live, store, paper_days, backup_days, rights, market };
    match gate::live_gate(&evidence) {
        Ok(()) => check.ok(format!("may be traded: {} of the capital", rollout::told())),
        Err(refusals) => {
            let why: Vec<_> = refusals.iter().map(ToString::to_string).collect();
            check.warn("may not be traded", &why.join("; "))
        }
    }
}
