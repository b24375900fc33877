//! Perpetuals: shorts, margin, sizes and exits as the profiles for futures have them.

use decision::account::Account;
use decision::decide::decide;
use decision::kernel::{self, Approved, Shrink, Verdict};
use decision::policy::Policy;
use decision::profile::Profile;
use decision::snapshot::{DayCount, Holding, Planned, Snapshot, TradingState};
use domain::funding::{FundingPayment, FundingSource};
use domain::intent::{Action, Intent, IntentReason};
use domain::money::{Money, Price, Quantity};
use domain::order::Side;
use domain::portfolio::Portfolio;
use domain::signal::{AgentId, Direction};
use domain::time::{DAY_MS, UtcMs};
use rust_decimal::Decimal;

use crate::parts::{self, money, signal};

fn policy(name: &str) -> Policy {
    Policy { profile: Profile::named(name).unwrap(), ..parts::policy() }
}

/// A perpetual at 100 with a signal.
fn snapshot(direction: Direction, confidence: f64) -> Snapshot {
    let mut snapshot = parts::snapshot(vec![signal(AgentId::Technical, direction, confidence)]);
    snapshot.instrument.id = "BTC/USDT:USDT".parse().unwrap();
    // 1.5 of it are 0.6 % of the price.
    snapshot.signals[0].atr_quote = Some(0.4);
    snapshot
}

fn judged(snapshot: &Snapshot, policy: &Policy) -> (Intent, Verdict) {
    let intent = decide(&snapshot.sight(), policy);
    let verdict = kernel::check(&intent, &snapshot.sight(), &snapshot.account, policy);
    (intent, verdict)
}

fn approved(snapshot: &Snapshot, policy: &Policy) -> Approved {
    match judged(snapshot, policy).1 {
        Verdict::Approved(approved) => approved,
        other => panic!("{other:?}"),
    }
}

fn denial(snapshot: &Snapshot, policy: &Policy) -> String {
    match judged(snapshot, policy).1 {
        Verdict::Denied(denial) => denial.name().to_owned(),
        other => panic!("{other:?}"),
    }
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

#[test]
fn barriers_are_the_wider_of_range_and_share_and_mirrored_for_shorts() {
    let policy = policy("intraday-futures");
    for (atr, stop, target) in [(0.4, "0.6", "1.8"), (0.1, "0.5", "1.5")] {
        let mut long = snapshot(Direction::Long, 0.9);
        long.signals[0].atr_quote = Some(atr);
        let mut short = snapshot(Direction::Short, 0.9);
        short.signals[0].atr_quote = Some(atr);
        let (stop, target) = (price(stop), price(target));
        let (long, short) = (judged(&long, &policy).0, judged(&short, &policy).0);
        let at = price("100");
        assert_eq!((long.action, short.action), (Action::Buy, Action::Sell));
        assert_eq!(long.stop, Some(at.minus(stop).unwrap()));
        assert_eq!(long.target, Some(at.plus(target).unwrap()));
        assert_eq!(short.stop, Some(at.plus(stop).unwrap()));
        assert_eq!(short.target, Some(at.minus(target).unwrap()));
        assert_eq!((long.reason, short.reason), (IntentReason::Enter, IntentReason::Enter));
    }
    // Fixed barriers need no range.
    let mut unknown = snapshot(Direction::Short, 0.9);
    unknown.signals[0].atr_quote = None;
    let fixed = judged(&unknown, &self::policy("rl-futures")).0;
    assert_eq!((fixed.stop, fixed.target), (Some(price("102")), Some(price("95"))));
    let ranged = judged(&unknown, &policy).0;
    assert_eq!((ranged.action, ranged.reason), (Action::Hold, IntentReason::NoRange));
}

#[test]
fn a_short_is_opened_by_selling_and_closed_by_buying() {
    let policy = policy("intraday-futures");
    let entry = approved(&snapshot(Direction::Short, 0.9), &policy);
    assert_eq!(entry.side(), Side::Sell);
    assert!(entry.protection().is_some());
    let mut held = snapshot(Direction::Long, 0.9);
    let quantity: Quantity = "1.5".parse().unwrap();
    let direction = Direction::Short;
    held.holding = Some(Holding { direction, quantity, in_transit: false, planned: None });
    let (intent, verdict) = judged(&held, &policy);
    assert_eq!((intent.action, intent.reason), (Action::Buy, IntentReason::ExitOnOpposite));
    let Verdict::Approved(exit) = verdict else { panic!("{verdict:?}") };
    assert_eq!((exit.side(), exit.quantity(), exit.protection()), (Side::Buy, quantity, None));
    // On spot the same lean has nothing to sell.
    let (intent, _) = judged(&snapshot(Direction::Short, 0.9), &parts::policy());
    assert_eq!(intent.reason, IntentReason::NothingToSell);
}

#[test]
fn a_size_is_the_published_formula() {
    let policy = policy("intraday-futures");
    // 8 % × clamp(confidence, 0.5, 1) × 1/(1 + max(0, volatility − 1)) × max(0.5, 1 − drawdown/5 %),
    // of which the last two are the risk agent's word, at leverage 5 and a price of 100.
    for (confidence, volatility, drawdown) in
        [(1.0, 1.0, 0.0), (0.8, 1.0, 0.0), (0.65, 2.0, 0.0), (0.9, 1.25, 0.01), (0.7, 0.5, 0.04)]
    {
        let word =
            1.0 / (1.0 + f64::max(0.0, volatility - 1.0)) * f64::max(0.5, 1.0 - drawdown / 0.05);
        let mut seen = snapshot(Direction::Long, confidence);
        seen.risk_word.as_mut().unwrap().size_ratio = word;
        seen.signals[0].confidence = confidence;
        let mut free = policy.clone();
        (free.profile.near_halt, free.profile.max_heat_ratio) = (None, Decimal::ONE);
        let size = approved(&seen, &free).quantity().to_f64();
        let formula = 10_000.0 * 0.08 * confidence.clamp(0.5, 1.0) * word * 5.0 / 100.0;
        assert!((size - formula).abs() <= 0.001, "{size} against {formula}");
    }
    let whole = approved(&snapshot(Direction::Long, 1.0), &policy);
    assert_eq!(whole.shrunk_by(), []);
    // Of the equity 8 % are margin; fee and slippage come on top.
    let cost = whole.cost_quote().to_f64();
    assert!(cost > 800.0 && cost < 808.0, "{cost}");
}

#[test]
fn what_a_position_may_lose_limits_its_size_by_capital() {
    let mut policy = policy("rl-futures");
    let bot = approved(&snapshot(Direction::Short, 0.9), &policy);
    assert_eq!((bot.quantity(), bot.shrunk_by()), ("50".parse().unwrap(), &[][..]));
    policy.profile.risk_per_trade_ratio = Decimal::new(5, 3);
    let limited = approved(&snapshot(Direction::Short, 0.9), &policy);
    assert_eq!(limited.shrunk_by(), [Shrink::Risk]);
    // Two out of a hundred, and its costs, are lost of each unit.
    assert!(limited.quantity().to_f64() < 50.0 / 2.0);
    let mut poor = snapshot(Direction::Short, 0.9);
    poor.account.free_cash_quote = money("100");
    let poor = approved(&poor, &self::policy("rl-futures"));
    assert_eq!(poor.shrunk_by(), [Shrink::Cash]);
    assert!(poor.cost_quote() <= money("100") && poor.quantity().to_f64() > 9.0);
}

#[test]
fn a_stop_that_liquidation_overtakes_is_refused() {
    let policy = policy("intraday-futures");
    // Liquidation is about 1/5 − 1 % = 19 % away, and half of that is safe.
    for direction in [Direction::Long, Direction::Short] {
        let mut wide = snapshot(direction, 0.9);
        wide.signals[0].atr_quote = Some(6.3);
        approved(&wide, &policy);
        wide.signals[0].atr_quote = Some(6.4);
        let (_, verdict) = judged(&wide, &policy);
        let Verdict::Denied(denial) = verdict else { panic!("{verdict:?}") };
        assert_eq!(denial.name(), "near_liquidation");
        let at = if direction == Direction::Long { "81" } else { "119" };
        assert!(denial.to_string().ends_with(&format!("liquidation at about {at}")), "{denial}");
    }
}

#[test]
fn profiles_whose_stop_lies_beyond_a_safe_distance_are_refused() {
    let bot = include_str!("../../profiles/rl-futures.toml");
    let with = |leverage: u32| {
        Profile::parse(&bot.replace("leverage = 10", &format!("leverage = {leverage}")))
    };
    for leverage in [1, 10, 20] {
        with(leverage).unwrap();
    }
    for (leverage, problem) in [
        (21, "beyond 0.01880952"),
        (50, "beyond 0.005"),
        (100, "leaves nothing of the maintenance_ratio"),
        (126, "must be 1 to 125"),
        (0, "must be 1 to 125"),
    ] {
        let error = with(leverage).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
    let marginless = bot.replace("[margin]\nleverage = 10\nmaintenance_ratio = \"0.01\"\n", "");
    assert!(Profile::parse(&marginless).unwrap_err().to_string().contains("[margin] is missing"));
    let spot = bot.replace("usdm-futures", "spot");
    assert!(Profile::parse(&spot).unwrap_err().to_string().contains("spot has no leverage"));
}

#[test]
fn the_day_has_its_limits() {
    let policy = policy("intraday-futures");
    let day = |entries, losses_in_a_row| {
        let mut seen = snapshot(Direction::Long, 1.0);
        seen.account.day = Some(DayCount { entries, losses_in_a_row });
        seen
    };
    approved(&day(14, 7), &policy);
    assert_eq!(denial(&day(15, 0), &policy), "day_entries");
    assert_eq!(denial(&day(0, 8), &policy), "losses_in_a_row");
    let lost = |opened: &str| {
        let mut seen = snapshot(Direction::Long, 1.0);
        seen.account.day_open_equity_quote = money(opened);
        seen
    };
    // 75 % of the limit of 2 % are 1.5 %.
    let whole = approved(&lost("10152.28"), &policy).quantity();
    let half = approved(&lost("10152.29"), &policy);
    assert_eq!(half.shrunk_by(), [Shrink::DayLoss]);
    assert!((half.quantity().to_f64() - whole.to_f64() / 2.0).abs() <= 0.001);
    assert_eq!(denial(&lost("10204.09"), &policy), "day_loss");
}

#[test]
fn close_to_the_drawdown_limit_a_day_is_without_entries_and_then_sizes_are_small() {
    let policy = policy("intraday-futures");
    let fallen = |peak: &str, state| {
        let mut seen = snapshot(Direction::Long, 1.0);
        seen.account.peak_equity_quote = money(peak);
        seen.account.trading_state = state;
        seen
    };
    // 80 % of the limit of 5 % are 4 %.
    assert_eq!(approved(&fallen("10416.66", TradingState::Active), &policy).shrunk_by(), []);
    assert_eq!(denial(&fallen("10416.67", TradingState::Reducing), &policy), "near_halt");
    let small = approved(&fallen("10416.67", TradingState::Active), &policy);
    assert_eq!(small.shrunk_by(), [Shrink::NearHalt]);
    assert_eq!(small.quantity(), "12".parse().unwrap());
    assert_eq!(denial(&fallen("10526.32", TradingState::Active), &policy), "halted");
}

#[test]
fn past_days_that_were_not_worth_their_risk_make_sizes_smaller() {
    let policy = policy("intraday-futures");
    let mut seen = snapshot(Direction::Long, 1.0);
    for (sharpe, quantity, shrunk) in [
        (None, "40", &[][..]),
        (Some(0.5), "40", &[]),
        (Some(0.49), "28", &[Shrink::LowSharpe]),
        (Some(-3.0), "28", &[Shrink::LowSharpe]),
    ] {
        seen.account.sharpe = sharpe;
        let approved = approved(&seen, &policy);
        assert_eq!(
            (approved.quantity(), approved.shrunk_by()),
            (quantity.parse().unwrap(), shrunk)
        );
    }
}

fn holding(direction: Direction, entry: &str) -> Holding {
    let planned = Some(Planned { entry: price(entry), risk: price("2") });
    Holding { direction, quantity: "1".parse().unwrap(), in_transit: false, planned }
}

#[test]
fn losers_are_cut_and_winners_run() {
    let policy = policy("rl-futures");
    let intent = |held: Holding, direction, confidence| {
        let mut seen = snapshot(direction, confidence);
        seen.holding = Some(held);
        decide(&seen.sight(), &policy)
    };
    // At 80 % of a stop 2 away the price has gone 1.6 against it, whatever agents say.
    for (direction, entry, given_up) in [
        (Direction::Long, "101.60", true),
        (Direction::Long, "101.59", false),
        (Direction::Short, "98.40", true),
        (Direction::Short, "98.41", false),
    ] {
        let held = holding(direction, entry);
        let intent = intent(held, direction, 0.9);
        assert_eq!(intent.reason == IntentReason::EarlyStop, given_up, "{direction} {entry}");
        assert_eq!(intent.action == held.closing(), given_up);
    }
    // Nothing speaks for it: a loser goes, a winner stays.
    let flat = |held| intent(held, Direction::Flat, 0.5).reason;
    assert_eq!(flat(holding(Direction::Long, "100.01")), IntentReason::CutLoser);
    assert_eq!(flat(holding(Direction::Short, "99.99")), IntentReason::CutLoser);
    assert_eq!(flat(holding(Direction::Long, "99.99")), IntentReason::Flat);
    assert_eq!(flat(holding(Direction::Short, "100.01")), IntentReason::Flat);
    // Silence is no opinion.
    let mut silent = parts::snapshot(Vec::new());
    silent.holding = Some(holding(Direction::Long, "100.01"));
    assert_eq!(decide(&silent.sight(), &policy).reason, IntentReason::NoSignal);
    // The other profiles do neither.
    let mut seen = snapshot(Direction::Flat, 0.5);
    seen.holding = Some(holding(Direction::Long, "101.9"));
    let plain = decide(&seen.sight(), &self::policy("intraday-futures"));
    assert_eq!((plain.action, plain.reason), (Action::Hold, IntentReason::Flat));
}

#[test]
fn less_confidence_opens_than_closes() {
    let mut policy = policy("rl-futures");
    policy.profile.min_confidence = 0.6;
    policy.profile.exits.as_mut().unwrap().confidence = Some(0.75);
    let mut seen = snapshot(Direction::Short, 0.7);
    assert_eq!(decide(&seen.sight(), &policy).reason, IntentReason::Enter);
    seen.holding = Some(holding(Direction::Long, "99"));
    assert_eq!(decide(&seen.sight(), &policy).reason, IntentReason::LowConfidence);
    seen.signals[0].confidence = 0.75;
    assert_eq!(decide(&seen.sight(), &policy).reason, IntentReason::ExitOnOpposite);
    // However little is asked, no lean is no entry.
    seen.holding = None;
    seen.signals[0].direction = Direction::Flat;
    assert_eq!(decide(&seen.sight(), &self::policy("rl-futures")).reason, IntentReason::Flat);
}

fn account() -> Account {
    Account::new(Portfolio::new("USDT".parse().unwrap(), money("10000")))
}

#[test]
fn counters_begin_anew_with_the_utc_day() {
    let profile = Profile::named("intraday-futures").unwrap();
    let mut account = account();
    let noon = UtcMs::new(DAY_MS * 100 + DAY_MS / 2);
    account.mark(noon, &profile).unwrap();
    account.note_entry();
    for pnl in ["-1", "-2"] {
        account.note_trade(money(pnl));
    }
    assert_eq!(account.day_count(), DayCount { entries: 1, losses_in_a_row: 2 });
    account.note_trade(Money::ZERO);
    account.note_trade(money("-1"));
    assert_eq!(account.day_count().losses_in_a_row, 1);
    account.mark(noon.plus_ms(1), &profile).unwrap();
    assert_eq!(account.day_count().entries, 1);
    account.mark(UtcMs::new(DAY_MS * 101), &profile).unwrap();
    assert_eq!(account.day_count(), DayCount::default());
    // And they are part of what is kept.
    account.note_entry();
    let text = domain::canonical::encode(&account).unwrap();
    assert_eq!(domain::canonical::decode::<Account>(&text).unwrap(), account);
}

#[test]
fn the_sharpe_ratio_is_that_of_daily_equity() {
    let profile = Profile::named("intraday-futures").unwrap();
    let mut account = account();
    let mut equities = Vec::new();
    for day in 0..45i64 {
        let gain = if day % 3 == 0 { "-40" } else { "30" };
        let equity = account.portfolio.equity().unwrap();
        equities.push(equity.to_f64());
        assert_eq!(account.sharpe(&profile).is_some(), day >= 31, "day {day}");
        account.mark(UtcMs::new(DAY_MS * (100 + day)), &profile).unwrap();
        let payment = FundingPayment {
            instrument: "BTC/USDT:USDT".parse().unwrap(),
            time_exchange: UtcMs::new(DAY_MS * (100 + day)),
            amount_quote: money(gain),
            source: FundingSource::Told { income_id: day },
        };
        account.portfolio.book_funding(&payment).unwrap();
    }
    let last: Vec<_> =
        equities[equities.len() - 31..].windows(2).map(|w| w[1] / w[0] - 1.0).collect();
    let mean = last.iter().sum::<f64>() / 30.0;
    let sigma = (last.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / 29.0).sqrt();
    let sharpe = account.sharpe(&profile).unwrap();
    assert!((sharpe - mean / sigma * 365f64.sqrt()).abs() < 1e-9, "{sharpe}");
    // The default profile asks nothing and keeps nothing.
    assert_eq!(account.sharpe(&Profile::named("swing-spot").unwrap()), None);
}

#[test]
fn a_day_pauses_where_the_drawdown_comes_close_to_its_limit() {
    let profile = Profile::named("intraday-futures").unwrap();
    let mut account = account();
    let lose = |account: &mut Account, amount: &str, at: i64| {
        let payment = FundingPayment {
            instrument: "BTC/USDT:USDT".parse().unwrap(),
            time_exchange: UtcMs::new(at),
            amount_quote: money(amount),
            source: FundingSource::Told { income_id: at },
        };
        account.portfolio.book_funding(&payment).unwrap();
        account.mark(UtcMs::new(at), &profile).unwrap();
        account.state()
    };
    let day = |n: i64| DAY_MS * (100 + n) + 1;
    assert_eq!(lose(&mut account, "-150", day(0)), TradingState::Active);
    assert_eq!(lose(&mut account, "-150", day(1)), TradingState::Active);
    assert_eq!(lose(&mut account, "-110", day(2)), TradingState::Reducing);
    // The next day trades again, and does not pause a second time for the same loss.
    assert_eq!(lose(&mut account, "-1", day(3)), TradingState::Active);
    assert_eq!(lose(&mut account, "-100", day(4)), TradingState::Halted);
}
