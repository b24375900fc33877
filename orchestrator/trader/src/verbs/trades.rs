//! `trades`: closed round trips and their sum.

use domain::money::Money;
use domain::trade::Trade;
use rust_decimal::Decimal;

use crate::cli::Listing;
use crate::config::settings::Settings;
use crate::ending::Outcome;
use crate::verbs::listing::{Asked, Form};
use crate::verbs::output::{self, Column, moment, signed, span, two};
use crate::verbs::reading;

type Col = Column<Trade>;

/// Of a trade.
pub(crate) const COLUMNS: [Col; 13] = [
    Col::text("entry_time", |t| t.entry_time.to_string())
        .headed("entry (UTC)")
        .shown(|t| moment(t.entry_time)),
    Col::text("exit_time", |t| t.exit_time.to_string())
        .headed("exit (UTC)")
        .shown(|t| moment(t.exit_time)),
    Col::text("pair", |t| t.instrument.to_string()),
    Col::text("direction", |t| t.direction.to_string()),
    Col::number("quantity", |t| t.quantity.to_string()),
    Col::number("entry_price", |t| t.entry_price.to_string()).shown(|t| price(t.entry_price)),
    Col::number("exit_price", |t| t.exit_price.to_string()).shown(|t| price(t.exit_price)),
    Col::number("pnl_quote", |t| t.pnl_quote.to_string())
        .headed("pnl")
        .shown(|t| signed(t.pnl_quote)),
    Col::number("pnl_ratio", |t| pnl_ratio(t).to_string())
        .headed("pnl %")
        .shown(|t| format!("{:+.2}", pnl_ratio(t) * 100.0)),
    Col::number("fees_quote", |t| t.fees_quote.to_string())
        .headed("fees")
        .shown(|t| two(t.fees_quote)),
    Col::text("exit_reason", |t| t.exit_reason.to_string()),
    Col::number("duration_ms", duration_ms)
        .headed("duration")
        .shown(|t| span(t.exit_time.since(t.entry_time))),
    Col::text("decision_id", |t| t.decision_id.to_string())
        .headed("decision")
        .shown(|t| format!("{:.12}", t.decision_id.to_string())),
];

/// Lists trades; for people with their sum.
pub(crate) fn list(listing: &Listing, settings: &Settings, json: bool) -> Outcome<()> {
    let asked = Asked::of(listing, json)?;
    // All of them, since the sum is of all.
    let trades = reading::read(settings, async |store, _| Ok(store.trades(&asked.filter).await?))?;
    asked.print("closed trades", &COLUMNS, &trades, &["entry_time", "exit_time"])?;
    if asked.form == Form::Table && !trades.is_empty() {
        output::print(&format!("\n{}\n", totals(&trades)))?;
    }
    Ok(())
}

fn duration_ms(trade: &Trade) -> String {
    trade.exit_time.since(trade.entry_time).to_string()
}

/// Average prices of several fills may have more digits than tell anything.
fn price(price: Decimal) -> String {
    let digits = if price < Decimal::ONE_HUNDRED { 6 } else { 2 };
    price.round_dp(digits).normalize().to_string()
}

/// Profit of what was paid to open.
fn pnl_ratio(trade: &Trade) -> f64 {
    let paid = trade.entry_price.checked_mul(trade.quantity.to_decimal()).unwrap_or_default();
    trade.pnl_quote.ratio_of(Money::new(paid))
}

fn totals(trades: &[Trade]) -> String {
    let sum = |of: fn(&Trade) -> Decimal| {
        Money::new(trades.iter().map(of).fold(Decimal::ZERO, Decimal::saturating_add))
    };
    let wins = trades.iter().filter(|t| t.pnl_quote.to_decimal() > Decimal::ZERO).count();
    let pnl = sum(|t| t.pnl_quote.to_decimal());
    let won = sum(|t| t.pnl_quote.to_decimal().max(Decimal::ZERO));
    let lost = sum(|t| t.pnl_quote.to_decimal().min(Decimal::ZERO).abs());
    let factor = won.to_decimal().checked_div(lost.to_decimal());
    let factor = factor.map_or("∞".to_owned(), |factor| two(Money::new(factor)));
    let held: i64 = trades.iter().map(|t| t.exit_time.since(t.entry_time)).sum();
    let count = trades.len();
    format!(
        "{count} {}, {wins} won ({:.1} %), profit {}, fees {}, profit factor {factor}, \
         held {} on average",
        if count == 1 { "trade" } else { "trades" },
        wins as f64 / count as f64 * 100.0,
        signed(pnl),
        two(sum(|t| t.fees_quote.to_decimal())),
        span(held / i64::try_from(count).unwrap_or(1).max(1)),
    )
}

#[cfg(test)]
mod tests {
    use domain::ids::{Id, RunSeed};
    use domain::signal::Direction;
    use domain::time::UtcMs;
    use domain::trade::ExitReason;

    use super::*;

    fn trade(pnl: i64) -> Trade {
        Trade {
            decision_id: Id::of(RunSeed(1), 1, "decision", "A"),
            instrument: "BTC/USDT".parse().unwrap(),
            direction: Direction::Long,
            entry_time: UtcMs::new(0),
            exit_time: UtcMs::new(5_400_000),
            quantity: "2".parse().unwrap(),
            entry_price: Decimal::from(50),
            exit_price: Decimal::new(123_456_789, 6),
            fees_quote: Money::new(Decimal::ONE),
            pnl_quote: Money::new(Decimal::from(pnl)),
            exit_reason: ExitReason::Roi,
        }
    }

    #[test]
    fn the_sum_says_what_was_won_and_how() {
        assert_eq!(
            totals(&[trade(6), trade(-4)]),
            "2 trades, 1 won (50.0 %), profit +2.00, fees 2.00, profit factor 1.50, held 1 h 30 min on average"
        );
        assert!(totals(&[trade(6)]).contains("1 trade, 1 won (100.0 %), profit +6.00"));
        assert!(totals(&[trade(6)]).contains("profit factor ∞"));
    }

    #[test]
    fn profit_is_of_what_was_paid() {
        assert_eq!(pnl_ratio(&trade(6)), 0.06);
        assert_eq!(price(trade(6).exit_price), "123.46");
    }
}
