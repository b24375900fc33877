//! What stands between the settings and an account at a real venue: keys that may do no more than they
//! must, a mode of positions that is known, and for real money everything that the gate asks for.

use exchange::binance::clock::local_now;
use exchange::binance::signed::client::SignedOptions;
use exchange::binance::signed::error::CallError;
use exchange::binance::signed::keys::Keys;
use exchange::binance::signed::verdict;
use exchange::binance::spot::account::KeyRights;
use exchange::binance::spot::client::SpotClient;
use exchange::binance::transport::RestOptions;
use exchange::binance::usdm::client::UsdmClient;
use exchange::binance::usdm::setting::Leverage;
use exchange::binance::user_stream::stream::UserStreamOptions;
use exchange::binance::words::MarginType;
use execution::terms::{Market, Terms};

use crate::config::endpoints::Network;
use crate::config::settings::{ApiKeys, Settings};
use crate::ending::{Code, Failure, Outcome};
use crate::gateway::account::Account;
use crate::gateway::open::Venue;
use crate::live::gate::{self, Evidence};
use crate::live::{record, rollout};
use crate::terminal;

/// The venue, ready to be traded at: its account is what the settings want, and for real money
/// nothing stands against it. The limits that apply are printed first.
pub async fn admitted(settings: &Settings, real_money: bool) -> Outcome<Venue> {
    let refused = |why: String| Err(Failure::new(Code::Refused, why));
    let live = &settings.live;
    let Some(keys) = &live.keys else {
        let why = "orders need an account: set BINANCE_API_KEY and BINANCE_API_SECRET, or see \
                   `sextant doctor`";
        return refused(why.to_owned());
    };
    if !real_money && !live.testnet {
        let why = "BINANCE_TESTNET is false: --testnet needs the keys of the test network, and \
                   real money --live";
        return refused(why.to_owned());
    }
    terminal::tell(&format!("{}\n", limits(settings, real_money)));
    if real_money {
        pass_the_gate(settings, keys).await?;
    }
    let addresses = settings.account();
    let options = SignedOptions::default();
    let market = settings.market();
    let (account, execution_market) = match market {
        verdict::Market::Spot => {
            let client = SpotClient::new(&addresses.account_rest, signed(keys)?, options)?;
            let account = client.account().await?;
            if !account.can_trade {
                return refused("the venue does not let this account trade on spot".to_owned());
            }
            (Account::Spot(client), Market::Spot)
        }
        verdict::Market::Usdm => {
            let client = UsdmClient::new(&addresses.account_rest, signed(keys)?, options)?;
            let hedge = client.hedge_mode().await?;
            prepare(&client, settings).await?;
            (Account::Usdm(client), Market::Usdm { hedge })
        }
    };
    let timeframe_ms = settings.policy.profile.decision_timeframe.span_ms();
    let usual = Terms::usual(execution_market);
    Ok(Venue {
        account,
        stream_url: addresses.account_stream,
        stream: UserStreamOptions::default(),
        // A decision is not worth more than a small part of the time that it is made for.
        terms: Terms { stale_after_ms: usual.stale_after_ms.max(timeframe_ms / 20), ..usual },
        in_turns: false,
    })
}

fn signed(keys: &ApiKeys) -> Outcome<Keys> {
    Keys::new(keys.key.clone(), &keys.secret)
        .map_err(|error| Failure::new(Code::Usage, error.to_string()))
}

/// Sets every instrument's leverage and margin as the profile wants them.
async fn prepare(client: &UsdmClient, settings: &Settings) -> Outcome<()> {
    let wanted = settings.policy.profile.leverage();
    let leverage = Leverage::new(wanted).ok();
    let leverage = leverage.ok_or_else(|| {
        Failure::new(Code::Usage, format!("a leverage of {wanted} is beyond the venue's"))
    })?;
    for instrument in &settings.instruments {
        client.set_margin_type(*instrument, &MarginType::Isolated).await?;
        client.set_leverage(*instrument, leverage).await?;
    }
    Ok(())
}

async fn pass_the_gate(settings: &Settings, keys: &ApiKeys) -> Outcome<()> {
    let market = settings.market();
    let rights = rights(settings, keys).await;
    let evidence = Evidence {
        live: &settings.live,
        store: &settings.store,
        paper_days: record::paper_days(settings).await.map_err(|failure| failure.to_string()),
        backup_days: gate::backup_days(&settings.live, &settings.data_dir, local_now()),
        rights: rights.map_err(|error| error.to_string()),
        market,
    };
    gate::live_gate(&evidence).map_err(|refusals| {
        let each: Vec<_> = refusals.iter().map(|refusal| format!("\n  - {refusal}")).collect();
        Failure::new(Code::Refused, format!("no real money is traded:{}", each.concat()))
    })
}

async fn rights(settings: &Settings, keys: &ApiKeys) -> Result<KeyRights, CallError> {
    // The rights of a key are told by spot's host, whatever it trades.
    let url = settings.endpoints.of(verdict::Market::Spot, Network::Live).account_rest;
    let keys = Keys::new(keys.key.clone(), &keys.secret).expect("checked when it was read");
    // Whoever waits at the start wants to know.
    let rest = RestOptions { timeout_ms: 5_000, deadline_ms: 8_000, ..RestOptions::default() };
    let client = SpotClient::new(&url, keys, SignedOptions { rest, ..SignedOptions::default() });
    client.map_err(CallError::NotSent)?.key_rights().await
}

/// The limits that apply, for a person to read before the first order.
fn limits(settings: &Settings, real_money: bool) -> String {
    let profile = &settings.policy.profile;
    let percent = |ratio: rust_decimal::Decimal| {
        format!("{} %", (ratio * rust_decimal::Decimal::ONE_HUNDRED).normalize())
    };
    let money = if real_money { "REAL MONEY" } else { "the venue's test network" };
    let share = if real_money { rollout::told() } else { "all of it".to_owned() };
    format!(
        "trading at {money} with profile {name}:\n  \
         capital {capital} {quote}, traded: {share}\n  \
         at most {positions} positions, leverage {leverage}, {risk} of equity at risk in each, {heat} in all\n  \
         no entries after a loss of {day} in a day, halt at a drawdown of {halt}\n  \
         stop it: `sextant halt`, `sextant close --all`, or touch HALT in {folder}",
        name = profile.name,
        capital = settings.capital,
        quote = settings.quote,
        positions = profile.max_positions,
        leverage = profile.leverage(),
        risk = percent(profile.risk_per_trade_ratio),
        heat = percent(profile.max_heat_ratio),
        day = percent(profile.daily_loss_ratio),
        halt = percent(profile.halt_at_drawdown_ratio),
        folder = settings.data_dir.display(),
    )
}
