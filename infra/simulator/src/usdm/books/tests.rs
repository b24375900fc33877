//! Whatever is ordered, nothing is made and nothing is lost.

use std::collections::BTreeMap;

use domain::order::Side;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::generator;
use crate::options::Funding;
use crate::signed::rest::Verb;
use crate::usdm::algo::AlgoStatus;
use crate::usdm::endpoints::ENDPOINTS;
use crate::usdm::order::{Origin, PositionSide};

const START: UtcMs = UtcMs::new(1_704_067_200_000);
const DEPOSIT: i64 = 20_000;

/// A wallet is what its rows add up to, by kind what trades and positions say; positions are what
/// was bought less what was sold, and cost what is not realised yet.
fn add_up(account: &Account) {
    let mut by_kind = BTreeMap::<&str, Decimal>::new();
    for row in &account.incomes {
        assert_eq!(row.asset, "USDT");
        *by_kind.entry(row.kind).or_default() += row.amount;
    }
    let of = |kind: &str| by_kind.get(kind).copied().unwrap_or_default();
    let fees: Decimal = account.trades.iter().map(|trade| trade.fee).sum();
    let realised: Decimal = account.trades.iter().map(|trade| trade.realised).sum();
    assert_eq!(of("TRANSFER"), Decimal::from(DEPOSIT));
    assert_eq!((of("COMMISSION"), of("REALIZED_PNL")), (-fees, realised));
    let all = Decimal::from(DEPOSIT) + realised - fees + of("FUNDING_FEE") + of("INSURANCE_CLEAR");
    assert_eq!(account.wallet("USDT"), all);
    let mut flow = BTreeMap::<(String, PositionSide), [Decimal; 3]>::new();
    for trade in &account.trades {
        let sign = if trade.side == Side::Buy { Decimal::ONE } else { -Decimal::ONE };
        let sums = flow.entry((trade.symbol.clone(), trade.position_side)).or_default();
        sums[0] += sign * trade.quantity;
        sums[1] += sign * trade.quote;
        sums[2] += trade.realised;
    }
    for (key, position) in &account.positions {
        let [amount, quote, realised] = flow.get(key).copied().unwrap_or_default();
        assert_eq!((position.amount, position.realised), (amount, realised), "{key:?}");
        // Worths are cut at eight decimals, a position's parts apart from the whole.
        assert!((position.cost - (quote + realised)).abs() < Decimal::new(1, 5), "{key:?}");
        assert_eq!(position.amount.is_zero(), position.cost.is_zero(), "{key:?}");
        assert!(!position.amount.is_zero() || position.isolated.is_zero(), "{key:?}");
    }
    for order in account.orders.values() {
        let is_open = matches!(order.status, Status::New | Status::PartiallyFilled);
        assert_eq!(is_open, account.open.contains(&order.id), "{order:?}");
        let trades = account.trades.iter().filter(|trade| trade.order_id == order.id);
        assert_eq!(order.filled, trades.map(|trade| trade.quantity).sum(), "{order:?}");
    }
    for algo in account.algos.values() {
        assert_eq!(algo.status == AlgoStatus::New, account.waiting.contains(&algo.id));
        let order = algo.order_id.and_then(|id| account.orders.get(&id));
        let is_open = order.is_some_and(|order| account.open.contains(&order.id));
        assert_eq!(is_open, algo.status == AlgoStatus::Triggered, "{algo:?}");
    }
}

fn request(
    rng: &mut ChaCha8Rng,
    n: i64,
    last: Decimal,
    hedge: bool,
) -> (Verb, &'static str, String) {
    let mut price = |least: i64, most: i64| {
        let bps = Decimal::from(10_000 + rng.random_range(least..=most));
        (last * bps / Decimal::from(10_000)).round_dp(1).to_string()
    };
    let (below, above, near) = (price(-60, -1), price(1, 60), price(-30, 30));
    let quantity = format!("{}.{}", rng.random_range(0..=4), rng.random_range(1..=9));
    let is_buy = rng.random_bool(0.5);
    let side = if is_buy { "BUY" } else { "SELL" };
    let (stop, target) = if is_buy { (&above, &below) } else { (&below, &above) };
    let of = match (hedge, rng.random_bool(0.5)) {
        (false, _) => "BOTH",
        (true, true) => "LONG",
        (true, false) => "SHORT",
    };
    let reduces = if !hedge && rng.random_bool(0.3) { "&reduceOnly=true" } else { "" };
    let common = format!("symbol=BTCUSDT&side={side}&positionSide={of}");
    let waits = format!("{common}&algoType=CONDITIONAL&clientAlgoId=a{n}");
    let (verb, path, text) = match rng.random_range(0..10) {
        0 | 1 => (
            Verb::Post,
            "/fapi/v1/order",
            format!("{common}&type=MARKET&quantity={quantity}{reduces}"),
        ),
        2 => (
            Verb::Post,
            "/fapi/v1/order",
            format!(
                "{common}&type=LIMIT&timeInForce=GTC&quantity={quantity}&price={near}{reduces}"
            ),
        ),
        3 => (
            Verb::Post,
            "/fapi/v1/algoOrder",
            format!("{waits}&type=STOP_MARKET&triggerPrice={stop}&closePosition=true"),
        ),
        4 => (
            Verb::Post,
            "/fapi/v1/algoOrder",
            format!(
                "{waits}&type=STOP&triggerPrice={stop}&price={near}&quantity={quantity}{reduces}"
            ),
        ),
        5 => (
            Verb::Post,
            "/fapi/v1/algoOrder",
            format!(
                "{waits}&type=TAKE_PROFIT_MARKET&triggerPrice={target}&quantity={quantity}{reduces}"
            ),
        ),
        6 => (
            Verb::Post,
            "/fapi/v1/algoOrder",
            format!(
                "{waits}&type=TRAILING_STOP_MARKET&callbackRate=0.3&quantity={quantity}{reduces}"
            ),
        ),
        7 => (Verb::Delete, "/fapi/v1/allOpenOrders", "symbol=BTCUSDT".to_owned()),
        8 => (Verb::Delete, "/fapi/v1/algoOpenOrders", "symbol=BTCUSDT".to_owned()),
        _ => (
            Verb::Post,
            "/fapi/v1/leverage",
            format!("symbol=BTCUSDT&leverage={}", rng.random_range(1..=125)),
        ),
    };
    (verb, path, text)
}

fn ask(books: &mut Books, history: &History, verb: Verb, path: &str, text: &str) -> Answer {
    let is_meant =
        |e: &&Endpoint| e.path == path && format!("{:?}", e.method) == format!("{verb:?}");
    let endpoint = ENDPOINTS.iter().find(is_meant).unwrap();
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let (marks, funding, now) = (&books.marks, books.options.funding, books.now);
    let mut desk = Desk {
        account: books.accounts.get_mut("k").unwrap(),
        ids: &mut books.ids,
        news: &mut books.news,
        venue: Venue { history, marks, funding, now },
        wall_ms: 0,
        listen_key_life_ms: 1,
    };
    (endpoint.answer)(&mut desk, &Params::any(pairs).unwrap())
}

#[test]
fn nothing_is_made_and_nothing_is_lost() {
    let file = generator::candles("BTC/USDT:USDT".parse().unwrap(), START, 2, 7);
    let history = History::new(vec![file]);
    let options =
        AccountOptions::new("k", "s", &[]).with_futures(&[("USDT", Decimal::from(DEPOSIT))]);
    let (mut liquidated, mut funded) = (0, 0);
    for seed in 0..24 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let usdm = UsdmOptions { funding: Funding::Seeded(seed), ..UsdmOptions::default() };
        let first = START.plus_ms(MINUTE_MS);
        let mut books = Books::new(
            std::slice::from_ref(&options),
            (usdm, Arc::new(Layer::new(Default::default(), 1, first))),
            &history,
            first,
        );
        let hedge = seed % 2 == 1;
        if hedge {
            let mode = "dualSidePosition=true";
            ask(&mut books, &history, Verb::Post, "/fapi/v1/positionSide/dual", mode).unwrap();
        }
        if seed % 4 >= 2 {
            let margin = "symbol=BTCUSDT&marginType=ISOLATED";
            ask(&mut books, &history, Verb::Post, "/fapi/v1/marginType", margin).unwrap();
        }
        let (mut taken, mut filled) = (0, 0);
        for n in 0..600 {
            books.advance(&history, START.plus_ms(MINUTE_MS * (2 + 3 * n)));
            add_up(&books.accounts["k"]);
            let last = books.marks["BTCUSDT"];
            let (verb, path, text) = request(&mut rng, n, last, hedge);
            taken += u32::from(ask(&mut books, &history, verb, path, &text).is_ok());
            let account = &books.accounts["k"];
            add_up(account);
            filled = account.trades.len();
        }
        let account = &books.accounts["k"];
        let forced = account.orders.values().filter(|order| order.origin == Origin::Liquidation);
        liquidated += forced.count();
        funded += account.incomes.iter().filter(|row| row.kind == "FUNDING_FEE").count();
        assert!(taken > 100 && filled > 20, "seed {seed}: {taken} taken, {filled} filled");
    }
    assert!(liquidated > 0 && funded > 20, "{liquidated} liquidated, {funded} funded");
}
