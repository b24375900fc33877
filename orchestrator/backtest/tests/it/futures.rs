//! Perpetuals, long and short, over seeded worlds: the books add up from cash flows alone, and no
//! position gets past a limit.

use std::collections::BTreeMap;

use backtest::curve::Grain;
use backtest::engine::paper_terms;
use backtest::floor::Floor;
use backtest::history::History;
use backtest::run::{Besides, run, run_on};
use decision::account::Account;
use decision::core::Core;
use decision::exits::Stage;
use decision::kernel::Verdict;
use decision::outbox::{Outbox, Sink};
use decision::policy::Policy;
use decision::profile::Profile;
use decision::record::{DecisionRecord, Record};
use decision::snapshot::TradingState;
use domain::fill::Fill;
use domain::funding::FundingRate;
use domain::ids::RunSeed;
use domain::instrument::{Instrument, InstrumentId};
use domain::order::{ClientOrderId, OrderKind, Role, Side};
use domain::portfolio::Portfolio;
use domain::signal::Direction;
use domain::timeframe::Timeframe::{self, H1, H4, M5};
use domain::trade::Trade;
use exchange::sim::venue::SimVenue;
use exchange::{candle_file, funding_file, observed};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::parts::{self, CAPITAL};
use crate::run::configuration;
use crate::tape::{listed, recorded, traded};
use crate::witness::Seen;
use crate::world::{Nature, World};

/// Books of its own, kept from fills and trades alone.
struct Books {
    policy: Policy,
    cash: Decimal,
    pnl: Decimal,
    held: BTreeMap<InstrumentId, Decimal>,
    seen: Seen,
}

impl Books {
    fn fill(&mut self, fill: &Fill) {
        let (price, quantity) = (fill.price.to_decimal(), fill.quantity.to_decimal());
        let signed = if fill.side == Side::Buy { quantity } else { -quantity };
        // Bought once and sold once, whichever comes first: each moves the cash once.
        self.cash -= signed * price + fill.fee.to_decimal();
        let held = self.held.entry(fill.instrument).or_default();
        let before = *held;
        *held += signed;
        let role = fill.client_order_id.role();
        if role == Role::Entry {
            assert!(before.is_zero() || before.is_sign_negative() == signed.is_sign_negative());
        } else {
            assert!(held.abs() < before.abs(), "{role:?} opened: {fill:?}");
            assert!(held.is_zero() || held.is_sign_negative() == before.is_sign_negative());
        }
    }

    /// A short gains what the price falls, a long what it rises, less its costs.
    fn trade(&mut self, trade: &Trade) {
        let moved = trade.exit_price - trade.entry_price;
        let gained = if trade.direction == Direction::Short { -moved } else { moved };
        let expected = gained * trade.quantity.to_decimal() - trade.fees_quote.to_decimal();
        let pnl = trade.pnl_quote.to_decimal();
        assert!((pnl - expected).abs() < Decimal::new(1, 6), "{trade:?}");
        self.pnl += pnl;
        self.seen.add(format!("{} {}", trade.direction, trade.exit_reason));
    }

    fn decision(&mut self, record: &DecisionRecord) {
        let DecisionRecord { snapshot, intent, verdict, .. } = record;
        self.seen.add(intent.reason.name());
        let (Policy { profile, .. }, account) = (&self.policy, &snapshot.account);
        let approved = match verdict {
            Verdict::Approved(approved) => approved,
            Verdict::Denied(denial) => return self.seen.add(denial.name()),
            Verdict::Hold => return,
        };
        let Some(protection) = approved.protection() else {
            let held = snapshot.holding.unwrap();
            assert_eq!(approved.quantity(), held.quantity);
            assert_eq!(approved.side() == Side::Buy, held.direction == Direction::Short);
            return;
        };
        assert!(snapshot.holding.is_none_or(|held| held.quantity.is_zero() && !held.in_transit));
        assert_eq!(account.trading_state, TradingState::Active);
        assert!(account.positions < profile.max_positions);
        let (margin, equity) = (profile.margin.unwrap(), account.equity_quote.to_decimal());
        let price = intent.reference.to_decimal();
        let notional = price * approved.quantity().to_decimal();
        let most = equity * profile.sizing.unwrap().capital_ratio * Decimal::from(margin.leverage);
        assert!(notional <= most, "beyond the share of the capital");
        assert!(approved.cost_quote() <= account.free_cash_quote, "beyond the free margin");
        assert!(notional / Decimal::from(margin.leverage) < approved.cost_quote().to_decimal());
        let away = (protection.stop.to_decimal() - price).abs() / price;
        assert!(away <= margin.safe_stop_ratio(), "liquidation comes first");
        let risked = away * notional;
        assert!(risked <= equity * profile.risk_per_trade_ratio);
        assert!(risked + account.heat_quote.to_decimal() <= equity * profile.max_heat_ratio);
        let is_long = approved.side() == Side::Buy;
        assert_eq!(protection.stop < intent.reference, is_long);
        assert_eq!(protection.target > intent.reference, is_long);
        if let (Some(limits), Some(day)) = (profile.day, account.day) {
            assert!(day.entries < limits.max_entries);
            assert!(day.losses_in_a_row < limits.max_losses_in_a_row);
        }
        self.seen.add(if is_long { "enters long" } else { "enters short" });
        for shrink in approved.shrunk_by() {
            self.seen.add(format!("{shrink:?}"));
        }
    }

    fn check(&mut self, floor: &Floor) {
        self.held.retain(|_, held| !held.is_zero());
        let (core, portfolio) = (floor.core(), &floor.core().account().portfolio);
        assert_eq!(portfolio.cash().to_decimal(), self.cash);
        assert_eq!(portfolio.realised_quote().to_decimal(), self.pnl);
        let held: BTreeMap<_, _> = portfolio
            .positions()
            .iter()
            .map(|(id, position)| (*id, position.net_base().unwrap()))
            .collect();
        assert_eq!(held, self.held);
        let mark = |id| portfolio.mark(id).unwrap().to_decimal();
        let worth: Decimal = held.iter().map(|(id, held)| held * mark(*id)).sum();
        assert_eq!(portfolio.equity().unwrap().to_decimal(), self.cash + worth);
        for (id, held) in &held {
            let plan = core.book().plans().get(id).expect("what is held has a plan");
            let is_long = plan.direction == Direction::Long;
            assert_eq!(is_long, held.is_sign_positive());
            assert_eq!(plan.protection.stop < plan.protection.target, is_long);
            let order = |role| core.book().order(ClientOrderId::new(plan.decision_id, role));
            if plan.stage == Stage::Open {
                let (stop, target) = (order(Role::Stop).unwrap(), order(Role::Target).unwrap());
                assert_eq!(stop.ticket.kind, OrderKind::Stop { trigger: plan.protection.stop });
                for order in [stop, target] {
                    assert!(!order.state.is_final());
                    assert_eq!(order.ticket.quantity.to_decimal(), held.abs());
                    assert_eq!(order.ticket.side == Side::Sell, is_long);
                }
            }
        }
        let view = core.view().unwrap();
        assert!(view.positions <= self.policy.profile.max_positions);
    }
}

fn policy(name: &str) -> Policy {
    let mut policy = Policy { profile: Profile::named(name).unwrap(), ..parts::policy() };
    // The worlds' agents speak at each hour.
    policy.profile.decision_timeframe = Timeframe::H1;
    policy
}

fn live(seed: u64, nature: Nature, steps: usize, policy: Policy) -> Seen {
    let mut world = World::of_perpetuals(seed, nature);
    let capital: Decimal = CAPITAL.parse().unwrap();
    let account = Account::new(Portfolio::new("USDT".parse().unwrap(), CAPITAL.parse().unwrap()));
    let core = Core::new(RunSeed(7), policy.clone(), Timeframe::M15, account);
    let mut floor = Floor::new(core, SimVenue::new(paper_terms(&policy), Timeframe::M15));
    let (held, seen) = (BTreeMap::new(), Seen::default());
    let mut books = Books { policy, cash: capital, pnl: Decimal::ZERO, held, seen };
    let mut out = Outbox::default();
    for _ in 0..steps {
        let (released, effects) = world.turn();
        floor.open(released.view(), &mut out).unwrap();
        floor.decide(released.view(), &effects.answers, &mut out).unwrap();
        let commands = std::mem::take(&mut out.commands);
        floor.execute(commands, &mut out).unwrap();
        for dated in out.records.drain(..) {
            match &dated.record {
                Record::Fill(fill) => books.fill(fill),
                Record::Trade(trade) => books.trade(trade),
                Record::Decision(record) => books.decision(record),
                Record::StateChanged(change) => books.seen.add(change.to.name()),
                _ => {}
            }
        }
        books.check(&floor);
    }
    books.seen
}

fn nature() -> impl Strategy<Value = Nature> {
    (0.0005..0.02f64, -0.002..0.002f64, 0.0..0.02f64, 0.0..0.02f64)
        .prop_map(|(sigma, drift, jumps, breaks)| Nature { sigma, drift, jumps, breaks })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn books_of_longs_and_shorts_add_up_within_every_limit(
        seed: u64, nature in nature(), steps in 1usize..500, bot: bool,
    ) {
        live(seed, nature, steps, policy(if bot { "rl-futures" } else { "intraday-futures" }));
    }
}

#[test]
fn the_worlds_reach_what_profiles_of_futures_know() {
    let mut seen = BTreeMap::<(&str, String), u32>::new();
    for name in ["intraday-futures", "rl-futures"] {
        for seed in 0..40u64 {
            let wild = (seed % 4) as f64;
            let nature = Nature {
                sigma: 0.0006 + 0.001 * wild,
                drift: 0.0001 * (seed % 3) as f64 - 0.0001,
                jumps: 0.002 * wild,
                breaks: 0.001 * wild,
            };
            for (what, count) in live(seed, nature, 800, policy(name)).0 {
                *seen.entry((name, what)).or_default() += count;
            }
        }
    }
    println!("{seen:?}");
    let both = ["enters long", "enters short", "long stop_loss", "short stop_loss", "halted"];
    let intraday = [
        "long roi",
        "short roi",
        "long exit_signal",
        "short exit_signal",
        "Confidence",
        "RiskWord",
        "DayLoss",
        "day_loss",
        "NearHalt",
        "near_halt",
    ];
    let bot = ["early_stop", "cut_loser", "too_many_positions", "exit_on_opposite"];
    let wanted = both
        .iter()
        .flat_map(|what| [("intraday-futures", *what), ("rl-futures", *what)])
        .chain(intraday.map(|what| ("intraday-futures", what)))
        .chain(bot.map(|what| ("rl-futures", what)));
    for (name, what) in wanted {
        let count = seen.get(&(name, what.to_owned())).copied();
        assert!(count.unwrap_or_default() > 0, "{what} never happened under {name}");
    }
}

/// Recorded candles and funding of a perpetual, over `range`.
fn perpetual(range: &str) -> Option<(History, Vec<FundingRate>)> {
    let spot = recorded("1m")?;
    let um = spot.ancestors().nth(2)?.join("um");
    let file = candle_file::read(&um.join("1m/BTCUSDT-1m-20250504-20250624.csv.gz")).unwrap();
    let id: InstrumentId = "BTC/USDT:USDT".parse().unwrap();
    let filters = observed::filters(&file.candles);
    let history = History::new(vec![(Instrument { id, filters }, file.candles)], &[M5, H1, H4]);
    let history = history.unwrap().within(range.parse().unwrap()).unwrap();
    let mut rates =
        funding_file::read(&um.join("funding/BTCUSDT-funding-8h.csv.gz"), &[id]).unwrap();
    rates.retain(|rate| rate.time_exchange > history.from());
    Some((history, rates))
}

#[test]
fn recorded_perpetuals_are_traded_both_ways_and_their_profit_is_their_cash_flow() {
    let Some((history, funding)) = perpetual("20250510-20250610") else { return };
    for name in ["intraday-futures", "rl-futures"] {
        let profile = Profile::named(name).unwrap();
        let mut configuration = configuration(&history, profile.decision_timeframe, CAPITAL);
        let halt = profile.halt_drawdown();
        configuration.agents.risk = risk::config::Config::new(profile.decision_timeframe, halt);
        configuration.policy.profile = profile;
        configuration.policy.costs.maker_fee_ratio = Decimal::new(2, 4);
        configuration.policy.costs.taker_fee_ratio = Decimal::new(4, 4);
        let besides = Besides { funding: &funding, ..Besides::default() };
        let terms = paper_terms(&configuration.policy);
        let outcome =
            run_on(terms, besides, &configuration, &history, Grain::Days, Sink::Full).unwrap();
        let of = |direction| outcome.trades.iter().filter(|t| t.direction == direction).count();
        let (longs, shorts) = (of(Direction::Long), of(Direction::Short));
        let mut reasons = BTreeMap::<_, u32>::new();
        for trade in &outcome.trades {
            *reasons.entry(trade.exit_reason.name()).or_default() += 1;
        }
        let made: Decimal = outcome.trades.iter().map(|t| t.pnl_quote.to_decimal()).sum();
        let open: Decimal = outcome.left_open.iter().map(|p| p.pnl_quote.to_decimal()).sum();
        let last = outcome.records.iter().rev().find_map(|dated| match &dated.record {
            Record::Marked(mark) => Some(mark.view.clone()),
            _ => None,
        });
        println!("{name}: {longs} longs, {shorts} shorts, {made} made, {reasons:?}");
        assert!(longs > 0 && shorts > 0, "{name}: {longs} longs, {shorts} shorts");
        let paid: Decimal = outcome
            .records
            .iter()
            .map(|dated| match &dated.record {
                Record::Fill(fill) => {
                    let worth = fill.price.to_decimal() * fill.quantity.to_decimal();
                    let signed = if fill.side == Side::Buy { -worth } else { worth };
                    signed - fill.fee.to_decimal()
                }
                Record::Funding(payment) => payment.amount_quote.to_decimal(),
                _ => Decimal::ZERO,
            })
            .sum();
        let worth: Decimal = outcome
            .left_open
            .iter()
            .map(|position| {
                let worth = position.mark.to_decimal() * position.quantity.to_decimal();
                if position.direction == Direction::Short { -worth } else { worth }
            })
            .sum();
        // What every trade made is what flowed, to the last digit.
        assert_eq!((made + open).normalize(), (paid + worth).normalize(), "{name}");
        assert!(last.is_some_and(|view| view.equity_quote.to_decimal() > Decimal::ZERO));
    }
}

#[test]
fn a_profile_of_futures_refuses_spot() {
    let history = History::new(vec![(listed("BTC/USDT"), traded(M5, &[(0, 100)]))], &[]).unwrap();
    let mut configuration = configuration(&history, M5, CAPITAL);
    configuration.policy.profile = Profile::named("intraday-futures").unwrap();
    let refused = run(&configuration, &history, Grain::Days, Sink::None).unwrap_err();
    assert!(refused.to_string().contains("name it as BTC/USDT:USDT"), "{refused}");
}
