//! Each fill model by worked examples.

use domain::fill::Liquidity;
use domain::order::{OrderKind, Role};
use domain::time::HOUR_MS;

use super::{Pit, START, fills, names, price, terms};
use crate::sim::terms::{FillModel, Slippage, Terms};

fn free(fill: FillModel) -> Terms {
    Terms { fill, slippage: Slippage::Bps(0.into()), ..terms() }
}

#[test]
fn models_are_read_by_the_names_they_print() {
    for model in FillModel::ALL {
        assert_eq!(model.to_string().parse(), Ok(model));
    }
    let error = "mid".parse::<FillModel>().unwrap_err().to_string();
    assert!(error.contains("'mid'") && error.contains("next-open"), "{error}");
}

#[test]
fn terms_refuse_what_they_do_not_know() {
    let known = serde_json::to_value(terms()).unwrap();
    assert_eq!(serde_json::from_value::<Terms>(known.clone()).unwrap(), terms());
    let mut unknown = known;
    unknown["latency"] = 5.into();
    let error = serde_json::from_value::<Terms>(unknown).unwrap_err().to_string();
    assert!(error.contains("unknown field `latency`"), "{error}");
}

#[test]
fn the_close_model_trades_at_the_close_it_saw() {
    let mut pit = Pit::under(free(FillModel::Close));
    pit.candle(["100", "105", "99", "101"]);
    let decided = pit.now;
    let reports = pit.enter("1");
    let expected = [
        (Role::Entry, "submitted"),
        (Role::Entry, "accepted"),
        (Role::Entry, "filled"),
        (Role::Stop, "accepted"),
        (Role::Target, "accepted"),
    ];
    assert_eq!(names(&reports), expected);
    let bought = &fills(&reports)[0];
    assert_eq!((bought.price, bought.time_exchange), (price("101"), decided));
    // Extremes beyond both barriers say nothing, the close between them neither.
    assert_eq!(pit.candle(["101", "130", "80", "102"]), []);
    let reports = pit.candle(["102", "103", "90", "93"]);
    assert_eq!(names(&reports), [(Role::Stop, "filled"), (Role::Target, "cancelled")]);
    let sold = &fills(&reports)[0];
    assert_eq!((sold.price, sold.time_exchange), (price("93"), pit.now));
}

#[test]
fn the_close_model_takes_its_profit_at_the_close_too() {
    let mut pit = Pit::under(free(FillModel::Close));
    pit.enter("1");
    let reports = pit.candle(["100", "115", "90", "112"]);
    assert_eq!(names(&reports), [(Role::Target, "filled"), (Role::Stop, "cancelled")]);
    let sold = &fills(&reports)[0];
    assert_eq!((sold.price, sold.liquidity), (price("112"), Liquidity::Maker));
    // An exit is at the close as well.
    let mut pit = Pit::under(free(FillModel::Close));
    pit.enter("1");
    pit.candle(["100", "109", "96", "104"]);
    let reports = pit.submit(Role::Exit, OrderKind::Market, "1");
    assert_eq!(fills(&reports)[0].price, price("104"));
    // The position is gone, and what protected it with it.
    assert_eq!(pit.venue.working_orders(), 0);
}

#[test]
fn with_latency_the_close_model_takes_the_first_close_after_the_arrival() {
    let mut pit = Pit::under(Terms { latency_ms: 250, ..free(FillModel::Close) });
    assert_eq!(names(&pit.enter("1")), [(Role::Entry, "submitted")]);
    let reports = pit.candle(["100", "130", "80", "103"]);
    assert_eq!(names(&reports)[..2], [(Role::Entry, "accepted"), (Role::Entry, "filled")]);
    let bought = &fills(&reports)[0];
    assert_eq!((bought.price, bought.time_exchange), (price("103"), pit.now));
    assert_eq!(reports[0].time_exchange, START.plus_ms(HOUR_MS + 250));
}

#[test]
fn the_intrabar_bound_takes_the_worst_of_the_next_candle() {
    let mut pit = Pit::under(free(FillModel::Intrabar));
    pit.enter("1");
    let [bought] = &fills(&pit.candle(["100", "104", "97", "101"]))[..] else { panic!() };
    assert_eq!(bought.price, price("104"));
    pit.submit(Role::Exit, OrderKind::Market, "1");
    let [sold] = &fills(&pit.candle(["101", "103", "96", "102"]))[..] else { panic!() };
    assert_eq!(sold.price, price("96"));
    // The entry's own candle holds its stop: bought at the high, given up at the stop.
    let mut pit = Pit::under(free(FillModel::Intrabar));
    pit.enter("1");
    let found: Vec<_> =
        fills(&pit.candle(["100", "120", "94", "101"])).iter().map(|fill| fill.price).collect();
    assert_eq!(found, [price("120"), price("95")]);
}

/// Defect 8 of the reference systems: slippage counted twice.
#[test]
fn slippage_is_counted_once_in_every_model() {
    let ten = Slippage::Bps(10.into());
    for (model, bought_at, sold_at) in [
        // 100 and 102, ten basis points worse.
        (FillModel::NextOpen, "100.1", "101.89"),
        (FillModel::Close, "100.1", "101.89"),
        // 103 and 99.
        (FillModel::Intrabar, "103.11", "98.9"),
    ] {
        let mut pit = Pit::under(Terms { fill: model, slippage: ten, ..terms() });
        let mut reports = pit.enter("1");
        let at_once = model == FillModel::Close;
        let first = if at_once { ["100", "103", "99", "102"] } else { ["100", "103", "99", "100"] };
        reports.extend(pit.candle(first));
        reports.extend(pit.submit(Role::Exit, OrderKind::Market, "1"));
        reports.extend(pit.candle(["102", "103", "99", "100"]));
        let found: Vec<_> = fills(&reports).iter().map(|fill| fill.price).collect();
        assert_eq!(found, [price(bought_at), price(sold_at)], "{model}");
        // The fee is of the price that was paid, with no slippage of its own.
        let fees: Vec<_> = fills(&reports).iter().map(|fill| fill.fee.to_decimal()).collect();
        let thousandth: rust_decimal::Decimal = "0.001".parse().unwrap();
        let expected = [bought_at, sold_at].map(|at| price(at).to_decimal() * thousandth);
        assert_eq!(fees, expected.map(|fee| fee.round_dp(8)), "{model}");
    }
}

#[test]
fn a_resting_entrys_target_is_not_taken_at_prices_from_before_it_filled() {
    use domain::gateway::{Command, Protection};
    let limit = |at| OrderKind::Limit { price: price(at) };
    let protection = Some(Protection { stop: price("90"), target: price("99") });
    let mut pit = Pit::under(free(FillModel::NextOpen));
    let ticket = super::ticket(1, Role::Entry, limit("96"), "1");
    pit.execute(Command::Submit { ticket, protection });
    // It opened at 100 and fell to 96 and below: 99 was passed on the way down.
    let reports = pit.candle(["100", "101", "95", "97"]);
    assert_eq!(fills(&reports).len(), 1, "{reports:?}");
    assert_eq!(pit.venue.working_orders(), 2);
    // Had it closed above, the target would have been on the way.
    let mut pit = Pit::under(free(FillModel::NextOpen));
    pit.execute(Command::Submit { ticket, protection });
    let reports = pit.candle(["100", "101", "95", "100.5"]);
    let found: Vec<_> = fills(&reports).iter().map(|fill| fill.price).collect();
    assert_eq!(found, [price("96"), price("99")]);
}
