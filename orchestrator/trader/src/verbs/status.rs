//! `status`: what runs and where the account stands.

use std::process::ExitCode;
use std::time::Duration;

use decision::record::ConfigurationRecord;
use domain::canonical;
use domain::ledger::Head;
use domain::time::UtcMs;
use serde::Serialize;
use serde_json::{Value, json};
use store::alerts::{AlertCounts, AlertState};
use store::facts::read::FactCount;
use store::lookup::Counts;
use store::portfolio::PortfolioRow;
use store::store::Store;

use crate::config::settings::{Mail, Settings};
use crate::control::word;
use crate::ending::{Code, Outcome};
use crate::verbs::output::{self, signed, two};
use crate::verbs::reading;
use crate::verbs::trading::{self, Trading};

/// A container's health check gives up after this.
const PATIENCE: Duration = Duration::from_secs(3);
/// Alerts that are looked at.
const LATEST_ALERTS: u32 = 20;

/// All that there is to say.
#[derive(Serialize)]
struct State {
    configuration: Option<ConfigurationRecord>,
    writer: Option<u32>,
    last_watermark: Option<UtcMs>,
    portfolio: Option<PortfolioRow>,
    trading: Trading,
    counts: Counts,
    facts: Vec<FactCount>,
    head: Head,
    alerts: AlertCounts,
    /// The latest of those that nobody was mailed.
    unsent: Vec<AlertState>,
}

/// Shows the store's present.
pub(crate) fn status(settings: &Settings, json: bool) -> Outcome<()> {
    let (state, place) =
        reading::read(settings, async |store, place| Ok((read(store).await?, place.to_string())))?;
    if json {
        output::print_json(&document(&state, &place, settings))
    } else {
        output::print(&text(&state, &place, settings))
    }
}

/// Asks a health address. It needs neither configuration nor store.
pub(crate) fn healthz(url: &str, json: bool) -> Outcome<ExitCode> {
    let answer = actix::System::new().block_on(async {
        let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build()?;
        Ok::<_, reqwest::Error>(client.get(url).send().await?.status().as_u16())
    });
    let (healthy, status, problem) = match answer {
        Ok(200) => (true, Some(200), None),
        Ok(status) => (false, Some(status), Some(format!("{url} answers {status}"))),
        Err(error) => (false, None, Some(format!("no answer: {:#}", anyhow::Error::from(error)))),
    };
    if json {
        output::print_json(&json!({ "healthy": healthy, "status": status, "problem": problem }))?;
    } else if healthy {
        output::print("healthy\n")?;
    }
    if let Some(problem) = problem {
        output::tell(&format!("error: {problem}\n"));
    }
    Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::from(Code::Venue as u8) })
}

async fn read(store: &Store) -> Outcome<State> {
    let configuration = store.configuration_of(u64::MAX >> 1).await?;
    let configuration = configuration.map(|entry| canonical::decode(&entry.payload)).transpose()?;
    Ok(State {
        configuration,
        writer: store.writer().await?,
        last_watermark: store.last_watermark().await?,
        portfolio: store.latest_portfolio().await?,
        trading: trading::read(store).await?,
        counts: store.counts().await?,
        facts: store.fact_counts().await?,
        head: store.ledger_head().await?,
        alerts: store.alert_counts().await?,
        unsent: unsent(store).await?,
    })
}

async fn unsent(store: &Store) -> Outcome<Vec<AlertState>> {
    let mut latest = store.alerts(LATEST_ALERTS).await?;
    latest.retain(|alert| alert.sent_at.is_none());
    Ok(latest)
}

fn document(state: &State, place: &str, settings: &Settings) -> Value {
    let run = state.configuration.as_ref().map(|run| {
        json!({
            "mode": run.mode, "seed": run.seed, "began_at": run.began_at,
            "began_at_utc": run.began_at.to_string(), "capital_quote": run.capital_quote,
            "quote": run.quote, "instruments": run.instruments, "timeframes": run.timeframes,
            "profile": run.policy.profile.name, "policy_hash": run.policy_hash,
        })
    });
    let portfolio = state.portfolio.as_ref().map(|row| output::with_utc(json!(row), &["at"]));
    json!({
        "store": place,
        "run": run,
        "running": state.writer.is_some(),
        "pid": state.writer,
        "last_watermark": state.last_watermark,
        "last_watermark_utc": state.last_watermark.map(|at| at.to_string()),
        "portfolio": portfolio,
        "trading": state.trading.state,
        "trading_why": state.trading.why,
        "trading_since": state.trading.since,
        "halt_file": word::is_halted_by_file(&settings.data_dir),
        "alerts": state.alerts,
        "unsent_alerts": state.unsent,
        "mail_missing": missing(&settings.mail),
        "counts": state.counts,
        "facts": state.facts,
        "ledger_entries": state.head.seq,
        "ledger_head_hash": state.head.hash,
    })
}

fn text(state: &State, place: &str, settings: &Settings) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| text += &format!("{name:<16} {value}\n");
    line("store", place.trim_start_matches("the store ").to_owned());
    let Some(run) = &state.configuration else {
        line("run", "none yet: start with `sextant demo` or `sextant run`".to_owned());
        return text;
    };
    line(
        "run",
        format!(
            "{}, seed {}, profile {}, policy {:.12}…",
            run.mode, run.seed, run.policy.profile.name, run.policy_hash
        ),
    );
    let pairs: Vec<_> = run.instruments.iter().map(ToString::to_string).collect();
    line("pairs", pairs.join(", "));
    line(
        "running now",
        match state.writer {
            Some(0) => "yes".to_owned(),
            Some(pid) => format!("yes, process {pid}"),
            None => "no".to_owned(),
        },
    );
    let at = |at: UtcMs| format!("{} UTC", output::moment(at));
    line("from", at(run.began_at));
    line("until", state.last_watermark.map_or("nothing heard yet".to_owned(), at));
    if let Some(account) = &state.portfolio {
        account_lines(account, run, &state.trading, &mut line);
    }
    alert_lines(state, settings, &mut line);
    let Counts { candles, signals, decisions, orders, fills, trades } = state.counts;
    line("candles", candles.to_string());
    for FactCount { instrument, kind, rows, to, .. } in &state.facts {
        line(kind.name(), format!("{rows} of {instrument}, until {}", at(*to)));
    }
    line("decisions", format!("{decisions} from {signals} signals"));
    line("trades", format!("{trades} closed, {orders} orders, {fills} fills"));
    line(
        "ledger",
        format!("{} entries, head {:.16}…", state.head.seq, state.head.hash.to_string()),
    );
    text
}

/// Settings without which alerts go nowhere.
fn missing(mail: &Mail) -> &[&'static str] {
    match mail {
        Mail::To(_) => &[],
        Mail::Missing(names) => names,
    }
}

fn alert_lines(state: &State, settings: &Settings, line: &mut impl FnMut(&str, String)) {
    if word::is_halted_by_file(&settings.data_dir) {
        let file = word::halt_file(&settings.data_dir);
        line("halt file", format!("{} is there: nothing opens while it is", file.display()));
    }
    let AlertCounts { unsent, failed } = state.alerts;
    if unsent == 0 {
        return;
    }
    let why = match missing(&settings.mail) {
        [] if failed > 0 => format!("; the mail server refused {failed}"),
        [] => String::new(),
        names => format!("; there is no mail server: {} not set", names.join(", ")),
    };
    line("alerts", format!("{unsent} not mailed{why}"));
    for alert in &state.unsent {
        line("", format!("{} UTC  {}", output::moment(alert.at), alert.subject));
    }
}

fn account_lines(
    account: &PortfolioRow,
    run: &ConfigurationRecord,
    trading: &Trading,
    line: &mut impl FnMut(&str, String),
) {
    let quote = run.quote.as_str();
    let profile = &run.policy.profile;
    let change = account.equity_quote.minus(run.capital_quote);
    let change = change.map_or(0.0, |change| change.ratio_of(run.capital_quote) * 100.0);
    line(
        "equity",
        format!(
            "{} {quote}, {change:+.2} % since the start with {}",
            two(account.equity_quote),
            two(run.capital_quote)
        ),
    );
    line("cash", format!("{} {quote}", two(account.cash_quote)));
    line("today", format!("{} {quote}", signed(account.day_pnl_quote)));
    line(
        "realised",
        format!(
            "{} {quote}, fees {} {quote}",
            signed(account.realised_quote),
            two(account.fees_quote)
        ),
    );
    let percent =
        |ratio: rust_decimal::Decimal| (ratio * rust_decimal::Decimal::ONE_HUNDRED).normalize();
    line(
        "drawdown",
        format!(
            "{:.2} % (sizes halve at {} %, trading halts at {} %)",
            account.drawdown_ratio * 100.0,
            percent(profile.halve_at_drawdown_ratio),
            percent(profile.halt_at_drawdown_ratio)
        ),
    );
    line(
        "heat",
        format!("{:.2} % of {} %", account.heat_ratio * 100.0, percent(profile.max_heat_ratio)),
    );
    line(
        "trading",
        match (&trading.why, trading.since) {
            (Some(why), Some(since)) => {
                format!("{} since {} UTC: {why}", trading.state, output::moment(since))
            }
            _ => trading.state.clone(),
        },
    );
    line("positions", format!("{} of {}", account.open_positions, profile.max_positions));
    for (instrument, held) in account.positions.as_object().into_iter().flatten() {
        let held = held.as_str().map_or_else(|| held.to_string(), str::to_owned);
        line("", format!("{instrument} {held}"));
    }
}
