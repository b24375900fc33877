//! Whatever is ordered, nothing is made and nothing is lost.

use domain::order::Side;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rust_decimal::Decimal;

use super::*;
use crate::faults::plan::FaultPlan;
use crate::generator;
use crate::spot::order::{Order, Status};

const START: UtcMs = UtcMs::new(1_704_067_200_000);

/// Balances follow from the executions, and what is locked is what open orders and lists hold.
fn add_up(account: &Account, start: Decimal) {
    let (mut base, mut quote) = (start, start);
    for trade in &account.trades {
        match trade.side {
            Side::Buy => (base, quote) = (base + trade.quantity - trade.fee, quote - trade.quote),
            Side::Sell => (base, quote) = (base - trade.quantity, quote + trade.quote - trade.fee),
        }
    }
    let (mut base_locked, mut quote_locked) = (Decimal::ZERO, Decimal::ZERO);
    let mut hold = |side: Side, amount: Decimal| match side {
        Side::Buy => quote_locked += amount,
        Side::Sell => base_locked += amount,
    };
    for order in account.orders.values() {
        hold(order.ticket.side, order.locked);
        assert!(account.open.contains(&order.id) || order.locked.is_zero());
    }
    for list in account.lists.values() {
        hold(account.orders[list.orders.last().unwrap()].ticket.side, list.locked);
        assert!(!list.is_done || list.locked.is_zero());
    }
    for (asset, total, locked) in [("BTC", base, base_locked), ("USDT", quote, quote_locked)] {
        let balance = account.balances[asset];
        assert_eq!((balance.free + balance.locked, balance.locked), (total, locked), "{asset}");
        assert!(balance.free >= Decimal::ZERO && balance.locked >= Decimal::ZERO, "{asset}");
    }
}

fn request(rng: &mut ChaCha8Rng, n: u64, last: Decimal) -> (&'static str, Vec<(String, String)>) {
    let mut price = |least: i64, most: i64| {
        let bps = Decimal::from(10_000 + rng.random_range(least..=most));
        (last * bps / Decimal::from(10_000)).round_dp(1).to_string()
    };
    let (below, above) = (price(-60, -1), price(1, 60));
    let (near, far) = (price(-30, 30), price(-120, -61));
    let quantity = format!("0.0{}", rng.random_range(1..=9));
    let is_buy = rng.random_bool(0.5);
    let (side, back) = if is_buy { ("BUY", "SELL") } else { ("SELL", "BUY") };
    let (stop, target) = if is_buy { (&above, &below) } else { (&below, &above) };
    let shape = rng.random_range(0..8);
    let text = match shape {
        0 => format!("type=MARKET&quantity={quantity}"),
        1 => format!("type=LIMIT&timeInForce=GTC&quantity={quantity}&price={near}"),
        2 => format!("type=STOP_LOSS&quantity={quantity}&stopPrice={stop}"),
        3 => format!(
            "type=STOP_LOSS_LIMIT&timeInForce=GTC&quantity={quantity}&stopPrice={stop}&price={near}"
        ),
        4 => format!(
            "type=TAKE_PROFIT_LIMIT&timeInForce=GTC&quantity={quantity}&stopPrice={target}&price={near}"
        ),
        5 => "".to_owned(),
        6 => {
            let (up, down) =
                if is_buy { ("STOP_LOSS", "LIMIT_MAKER") } else { ("LIMIT_MAKER", "STOP_LOSS") };
            let field = |kind: &str| if kind == "STOP_LOSS" { "StopPrice" } else { "Price" };
            format!(
                "quantity={quantity}&aboveType={up}&above{}={above}&belowType={down}&below{}={below}",
                field(up),
                field(down),
            )
        }
        _ => format!(
            "workingType=LIMIT&workingTimeInForce=GTC&workingSide=BUY&workingPrice={below}\
             &workingQuantity={quantity}&pendingSide=SELL&pendingQuantity={quantity}\
             &pendingAboveType=LIMIT_MAKER&pendingAbovePrice={above}&pendingBelowType=STOP_LOSS\
             &pendingBelowStopPrice={far}"
        ),
    };
    let path = match shape {
        5 => "openOrders.cancelAll",
        6 => "orderList.place.oco",
        7 => "orderList.place.otoco",
        _ => "order.place",
    };
    let mut pairs = vec![("symbol".to_owned(), "BTCUSDT".to_owned())];
    if shape < 5 || shape == 6 {
        pairs.push(("side".to_owned(), side.to_owned()));
    }
    if shape < 5 {
        pairs.push(("newClientOrderId".to_owned(), format!("n{n}-{back}")));
    }
    let fields = text.split('&').filter_map(|field| field.split_once('='));
    pairs.extend(fields.map(|(name, value)| (name.to_owned(), value.to_owned())));
    (path, pairs)
}

#[test]
fn nothing_is_made_and_nothing_is_lost() {
    let file = generator::candles("BTC/USDT".parse().unwrap(), START, 1, 7);
    let history = History::new(vec![file]);
    let start = Decimal::from(20_000);
    let options = AccountOptions::new("k", "s", &[("BTC", start), ("USDT", start)]);
    let plan = FaultPlan::parse(
        r#"{ "faults": [
            { "name": "partial-fills", "when": { "ratio": 0.4 }, "parameters": { "delay_ms": 90000 } },
            { "name": "partial-fills", "when": { "ratio": 0.1 }, "parameters": { "delay_ms": 0 } },
            { "name": "order-rejected-later", "when": { "ratio": 0.1 } }
        ] }"#,
    );
    let plan = plan.unwrap();
    for seed in 0..20 {
        // Whole and at once; in parts; late; and of little volume.
        let layer = match seed % 4 {
            1 => Layer::new(plan.clone(), seed, START),
            _ => Layer::new(FaultPlan::default(), seed, START),
        };
        let layer = Arc::new(layer);
        let trading = match seed % 4 {
            2 => Trading { latency_ms: 45_000, volume_share: None },
            3 => Trading { latency_ms: 0, volume_share: Some(Decimal::new(1, 3)) },
            _ => Trading::default(),
        };
        let mut parts = 0;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let first = START.plus_ms(60_000);
        let mut books = Books::new(
            std::slice::from_ref(&options),
            &history,
            first,
            (trading, Arc::clone(&layer)),
        );
        let (mut taken, mut filled) = (0, 0);
        for n in 0..400 {
            books.advance(&history, START.plus_ms(60_000 * (2 + n)));
            let account = books.accounts.get_mut("k").unwrap();
            add_up(account, start);
            let last = history.price(&history.markets["BTCUSDT"], books.now).to_decimal();
            let (message, pairs) = request(&mut rng, n.unsigned_abs(), last);
            let mut endpoints = super::super::endpoints::ENDPOINTS.iter();
            let endpoint = endpoints.find(|e| e.message == message).unwrap();
            let now = books.now;
            let call =
                Call::new(endpoint.method.word(), endpoint.path, "k", pairs.clone()).unwrap();
            let fates = layer.fates(&call, now);
            let ids = &mut books.ids;
            let mut desk = Desk { account, ids, history: &history, now, trading, fates };
            let params = Params::of(pairs, endpoint.known).unwrap();
            taken += u32::from((endpoint.answer)(&mut desk, &params).is_ok());
            add_up(desk.account, start);
            filled = desk.account.trades.len();
            let is_part = |order: &&Order| order.status == Status::PartiallyFilled;
            parts += desk.account.orders.values().filter(is_part).count();
        }
        assert_eq!(parts > 0, seed % 2 == 1, "seed {seed}: {parts} parts");
        assert!(taken > 100 && filled > 50, "seed {seed}: {taken} taken, {filled} filled");
    }
}
