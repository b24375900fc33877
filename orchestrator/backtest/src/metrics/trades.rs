//! Statistics of closed round trips: of a run, of a pair, of an exit reason.

use domain::instrument::InstrumentId;
use domain::money::{Money, Quantity};
use domain::time::UtcMs;
use domain::trade::Trade;
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

use crate::metrics::ratios;
use crate::outcome::OpenPosition;

/// What statistics take from a trade, in floats.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Round {
    /// Of what.
    pub instrument: InstrumentId,
    /// First fill.
    pub entry_time: UtcMs,
    /// Last fill; of an open position the end of the history.
    pub exit_time: UtcMs,
    /// Profit net of fees, in quote units.
    pub pnl_quote: f64,
    /// Profit as a ratio of what was paid to open; nought where that was nothing.
    pub pnl_ratio: f64,
}

impl Round {
    /// Of a closed trade.
    pub fn of(trade: &Trade) -> Self {
        Self {
            instrument: trade.instrument,
            entry_time: trade.entry_time,
            exit_time: trade.exit_time,
            pnl_quote: trade.pnl_quote.to_f64(),
            pnl_ratio: pnl_ratio(trade.pnl_quote, trade.entry_price, trade.quantity),
        }
    }

    /// Of a position that is open at `end`, as if it were closed at its mark without a fee.
    pub fn of_open(position: &OpenPosition, end: UtcMs) -> Self {
        Self {
            instrument: position.instrument,
            entry_time: position.entry_time,
            exit_time: end,
            pnl_quote: position.pnl_quote.to_f64(),
            pnl_ratio: pnl_ratio(position.pnl_quote, position.entry_price, position.quantity),
        }
    }

    /// How long it was held.
    pub const fn held_ms(&self) -> i64 {
        self.exit_time.since(self.entry_time)
    }
}

/// Profit of what was paid to open.
fn pnl_ratio(pnl: Money, entry_price: Decimal, quantity: Quantity) -> f64 {
    let paid = entry_price.checked_mul(quantity.to_decimal()).unwrap_or_default();
    pnl.ratio_of(Money::new(paid))
}

/// How long trades were held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Held {
    /// The shortest.
    pub min_ms: i64,
    /// The mean.
    pub avg_ms: i64,
    /// The longest.
    pub max_ms: i64,
}

impl Held {
    fn of(held: &[i64]) -> Option<Self> {
        let sum: i128 = held.iter().copied().map(i128::from).sum();
        let avg_ms = sum.checked_div(held.len() as i128)?;
        Some(Self {
            min_ms: *held.iter().min()?,
            avg_ms: i64::try_from(avg_ms).unwrap_or(i64::MAX),
            max_ms: *held.iter().max()?,
        })
    }
}

/// Statistics of trades. What has no value is `None`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TradeStats {
    /// Closed round trips.
    pub trades: u64,
    /// With a profit.
    pub wins: u64,
    /// With neither.
    pub draws: u64,
    /// With a loss.
    pub losses: u64,
    /// Wins over trades.
    pub win_ratio: Option<f64>,
    /// Profit of all of them, net of fees.
    pub closed_profit_quote: f64,
    /// Sum of the wins.
    pub won_quote: f64,
    /// Sum of the losses, above nought.
    pub lost_quote: f64,
    /// Wins over losses. In JSON infinity is the text `"inf"`.
    #[serde(serialize_with = "infinity_as_text")]
    pub profit_factor: Option<f64>,
    /// Mean of the wins.
    pub avg_win_quote: Option<f64>,
    /// Mean of the losses, above nought.
    pub avg_loss_quote: Option<f64>,
    /// W·avgWin − L·avgLoss: what a trade makes on average. L is the part that lost, so that a draw
    /// counts as nought.
    pub expectancy_quote: Option<f64>,
    /// (1 + RR)·W − 1.
    pub expectancy_ratio: Option<f64>,
    /// √n·mean/σ of the profits.
    pub sqn: Option<f64>,
    /// Mean of the trades' profit ratios.
    pub avg_profit_ratio: Option<f64>,
    /// The best by ratio.
    pub best_trade: Option<Round>,
    /// The worst by ratio.
    pub worst_trade: Option<Round>,
    /// How long they were held.
    pub held: Option<Held>,
    /// How long the winners were held.
    pub held_winners: Option<Held>,
    /// How long the losers were held.
    pub held_losers: Option<Held>,
    /// The longest run of wins, by exit; a draw ends it.
    pub max_consecutive_wins: u64,
    /// The longest run of losses, by exit; a draw ends it.
    pub max_consecutive_losses: u64,
}

impl TradeStats {
    /// Of these, in the order of their exits.
    pub fn of(rounds: &[Round]) -> Self {
        let profits: Vec<_> = rounds.iter().map(|round| round.pnl_quote).collect();
        let ratios: Vec<_> = rounds.iter().map(|round| round.pnl_ratio).collect();
        let wins: Vec<_> = profits.iter().copied().filter(|pnl| *pnl > 0.0).collect();
        let losses: Vec<_> = profits.iter().filter(|pnl| **pnl < 0.0).map(|pnl| -pnl).collect();
        let part = |count: usize| (!rounds.is_empty()).then(|| count as f64 / rounds.len() as f64);
        let (won_quote, lost_quote) =
            (ratios::sum(wins.iter().copied()), ratios::sum(losses.iter().copied()));
        let (avg_win_quote, avg_loss_quote) = (ratios::mean(&wins), ratios::mean(&losses));
        let (win_ratio, loss_ratio) = (part(wins.len()), part(losses.len()));
        let (win, loss) = (avg_win_quote.unwrap_or(0.0), avg_loss_quote.unwrap_or(0.0));
        let held = |which: fn(f64) -> bool| {
            let rounds = rounds.iter().filter(|round| which(round.pnl_quote));
            Held::of(&rounds.map(Round::held_ms).collect::<Vec<_>>())
        };
        let by_ratio = |a: &&Round, b: &&Round| a.pnl_ratio.total_cmp(&b.pnl_ratio);
        Self {
            trades: rounds.len() as u64,
            wins: wins.len() as u64,
            draws: (rounds.len() - wins.len() - losses.len()) as u64,
            losses: losses.len() as u64,
            win_ratio,
            closed_profit_quote: ratios::sum(profits.iter().copied()),
            won_quote,
            lost_quote,
            profit_factor: ratios::profit_factor(won_quote, lost_quote),
            avg_win_quote,
            avg_loss_quote,
            expectancy_quote: win_ratio.zip(loss_ratio).map(|(w, l)| w * win - l * loss),
            expectancy_ratio: win_ratio.and_then(|w| ratios::expectancy_ratio(w, win, loss)),
            sqn: ratios::sqn(&profits),
            avg_profit_ratio: ratios::mean(&ratios),
            // Of equals the first.
            best_trade: rounds.iter().rev().max_by(by_ratio).copied(),
            worst_trade: rounds.iter().min_by(by_ratio).copied(),
            held: held(|_| true),
            held_winners: held(|pnl| pnl > 0.0),
            held_losers: held(|pnl| pnl < 0.0),
            max_consecutive_wins: longest_run(&profits, |pnl| pnl > 0.0),
            max_consecutive_losses: longest_run(&profits, |pnl| pnl < 0.0),
        }
    }
}

fn longest_run(profits: &[f64], counts: fn(f64) -> bool) -> u64 {
    let runs = profits.split(|pnl| !counts(*pnl));
    runs.map(|run| run.len() as u64).max().unwrap_or(0)
}

/// JSON has no infinity, and `null` would say that there is no value.
pub(crate) fn infinity_as_text<S: Serializer>(
    value: &Option<f64>,
    to: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) if value.is_infinite() => to.serialize_str("inf"),
        value => value.serialize(to),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::{Id, RunSeed};
    use domain::signal::Direction;
    use domain::trade::ExitReason;
    use proptest::prelude::*;

    fn round(at: i64, held: i64, pnl_quote: f64) -> Round {
        Round {
            instrument: "BTC/USDT".parse().unwrap(),
            entry_time: UtcMs::new(at - held),
            exit_time: UtcMs::new(at),
            pnl_quote,
            pnl_ratio: pnl_quote / 100.0,
        }
    }

    fn of(profits: &[f64]) -> TradeStats {
        let rounds: Vec<_> = profits.iter().map(|pnl| round(10, 5, *pnl)).collect();
        TradeStats::of(&rounds)
    }

    /// Van Tharp, "Super Trader" (2009): the eight trades in dollars; won 6,598, lost 2,354, the
    /// mean 530.50.
    #[test]
    fn the_eight_trades_of_van_tharp() {
        let stats = of(&[678.0, 3_456.0, -567.0, 342.0, 1_234.0, 888.0, -1_333.0, -454.0]);
        assert_eq!((stats.trades, stats.wins, stats.draws, stats.losses), (8, 5, 0, 3));
        assert_eq!(stats.win_ratio, Some(0.625));
        assert_eq!((stats.won_quote, stats.lost_quote), (6_598.0, 2_354.0));
        assert_eq!(stats.profit_factor, Some(6_598.0 / 2_354.0));
        assert!((stats.expectancy_quote.unwrap() - 530.5).abs() < 1e-9);
        // 530.5 of an average loss of 2354/3.
        assert!((stats.expectancy_ratio.unwrap() - 530.5 * 3.0 / 2_354.0).abs() < 1e-12);
        assert_eq!((stats.max_consecutive_wins, stats.max_consecutive_losses), (3, 2));
        assert_eq!(stats.best_trade.unwrap().pnl_quote, 3_456.0);
        assert_eq!(stats.worst_trade.unwrap().pnl_quote, -1_333.0);
    }

    #[test]
    fn a_draw_is_neither_and_ends_a_run() {
        let stats = of(&[1.0, 0.0, 1.0, 1.0, -4.0]);
        assert_eq!((stats.wins, stats.draws, stats.losses), (3, 1, 1));
        assert_eq!((stats.max_consecutive_wins, stats.max_consecutive_losses), (2, 1));
        assert!((stats.expectancy_quote.unwrap() - -0.2).abs() < 1e-15);
    }

    #[test]
    fn winners_and_losers_are_timed_apart() {
        let stats = TradeStats::of(&[round(10, 2, 1.0), round(20, 5, 1.0), round(30, 9, -1.0)]);
        assert_eq!(stats.held_winners, Some(Held { min_ms: 2, avg_ms: 3, max_ms: 5 }));
        assert_eq!(stats.held_losers, Some(Held { min_ms: 9, avg_ms: 9, max_ms: 9 }));
        assert_eq!(stats.held, Some(Held { min_ms: 2, avg_ms: 5, max_ms: 9 }));
    }

    #[test]
    fn no_trades_have_no_ratios_and_no_losses_an_infinite_factor() {
        let none = of(&[]);
        assert_eq!((none.trades, none.closed_profit_quote), (0, 0.0));
        assert_eq!(
            (none.win_ratio, none.profit_factor, none.sqn, none.held),
            (None, None, None, None)
        );
        assert_eq!((none.expectancy_quote, none.expectancy_ratio), (None, None));
        let won = of(&[3.0, 4.0]);
        assert_eq!(won.profit_factor, Some(f64::INFINITY));
        assert_eq!(won.expectancy_quote, Some(3.5));
        let text = serde_json::to_string(&won).unwrap();
        assert!(text.contains(r#""profit_factor":"inf""#), "{text}");
        assert!(serde_json::to_string(&none).unwrap().contains(r#""profit_factor":null"#));
    }

    #[test]
    fn profit_is_of_what_was_paid() {
        let trade = Trade {
            decision_id: Id::of(RunSeed(1), 1, "decision", "A"),
            instrument: "BTC/USDT".parse().unwrap(),
            direction: Direction::Long,
            entry_time: UtcMs::new(0),
            exit_time: UtcMs::new(60_000),
            quantity: "2".parse().unwrap(),
            entry_price: Decimal::from(50),
            exit_price: Decimal::from(54),
            fees_quote: "2".parse().unwrap(),
            pnl_quote: "6".parse().unwrap(),
            exit_reason: ExitReason::Roi,
        };
        let round = Round::of(&trade);
        assert_eq!((round.pnl_quote, round.pnl_ratio, round.held_ms()), (6.0, 0.06, 60_000));
    }

    proptest! {
        #[test]
        fn order_matters_to_runs_only(
            profits in prop::collection::vec(-1_000_000i32..1_000_000, 0..60),
        ) {
            let profits: Vec<_> = profits.into_iter().map(f64::from).collect();
            let reversed: Vec<_> = profits.iter().rev().copied().collect();
            let (there, back) = (of(&profits), of(&reversed));
            // Whole numbers add up the same in any order.
            prop_assert_eq!(there.profit_factor, back.profit_factor);
            prop_assert_eq!(there.expectancy_quote, back.expectancy_quote);
            prop_assert_eq!(there.closed_profit_quote, there.won_quote - there.lost_quote);
            prop_assert_eq!(there.max_consecutive_wins, back.max_consecutive_wins);
            prop_assert_eq!(there.wins + there.draws + there.losses, there.trades);
            if let Some(expectancy) = there.expectancy_quote {
                let mean = there.closed_profit_quote / there.trades as f64;
                prop_assert!((expectancy - mean).abs() <= 1e-9 * mean.abs().max(1.0));
            }
        }

        #[test]
        fn the_other_side_of_every_trade_has_the_inverse_factor(
            profits in prop::collection::vec(-1_000i32..1_000, 1..60),
        ) {
            let profits: Vec<_> = profits.into_iter().map(f64::from).collect();
            let others: Vec<_> = profits.iter().map(|pnl| -pnl).collect();
            let (mine, theirs) = (of(&profits), of(&others));
            prop_assert_eq!((mine.wins, mine.losses), (theirs.losses, theirs.wins));
            if let (Some(a), Some(b)) = (mine.profit_factor, theirs.profit_factor)
                && a.is_finite() && b.is_finite()
            {
                prop_assert!((a * b - 1.0).abs() < 1e-12);
            }
        }
    }
}
