//! Reports of the venue: late, twice, or of orders that are long over.

use decision::account::Account;
use decision::book::{Book, CoreError};
use decision::exits::Stage;
use decision::kernel::approve_close;
use decision::profile::Trailing;
use domain::candle::Candle;
use domain::fill::{Fill, Liquidity};
use domain::ids::{Id, RunSeed};
use domain::instrument::InstrumentId;
use domain::money::{Price, Quantity};
use domain::order::{ClientOrderId, OrderEvent, OrderReport, OrderState, Role, Side};
use domain::portfolio::Portfolio;
use domain::time::UtcMs;
use domain::timeframe::Timeframe;
use domain::trade::ExitReason;

use crate::parts::{approved, eager, money};

struct Desk {
    book: Book,
    account: Account,
    fills: u64,
}

fn id(n: u64) -> Id {
    Id::of(RunSeed(1), n, "decision", "BTC/USDT")
}

fn instrument() -> InstrumentId {
    "BTC/USDT".parse().unwrap()
}

#[test]
fn a_rest_that_can_t_be_sold_ends_the_position_and_stays_owned() {
    let mut desk = Desk::new();
    desk.enter(1);
    let bought = Fill {
        quantity: "33.283".parse().unwrap(),
        fee: money("0.033283"),
        fee_asset: "BTC".parse().unwrap(),
        ..fill(1, Role::Entry, 1, "1")
    };
    desk.report(1, Role::Entry, OrderEvent::Filled(bought));
    // 33.249717 are held, of which the venue takes 33.249.
    let stop = desk.book.order(ClientOrderId::new(id(1), Role::Stop)).unwrap().ticket.quantity;
    assert_eq!(stop, "33.249".parse().unwrap());
    desk.report(1, Role::Stop, OrderEvent::Accepted);
    desk.fills = 1;
    desk.fill(1, Role::Stop, "33.249");
    let portfolio = &desk.account.portfolio;
    assert!(portfolio.positions().is_empty() && desk.book.plans().is_empty());
    assert_eq!(portfolio.others()[&"BTC".parse().unwrap()], money("0.000717"));
    // 33.249 sold and 33.283 bought at 100, 0.1 paid for the sale.
    assert_eq!(portfolio.realised_quote(), money("-3.5"));
    assert_eq!(portfolio.cash(), money("9996.5"));
    assert_eq!(portfolio.equity().unwrap(), money("9996.5717"));
}

fn report(decision: u64, role: Role, event: OrderEvent) -> OrderReport {
    let client_order_id = ClientOrderId::new(id(decision), role);
    OrderReport { client_order_id, time_exchange: UtcMs::new(0), event }
}

fn fill(decision: u64, role: Role, venue_fill_id: u64, quantity: &str) -> Fill {
    Fill {
        venue_fill_id,
        client_order_id: ClientOrderId::new(id(decision), role),
        instrument: instrument(),
        side: if role == Role::Entry { Side::Buy } else { Side::Sell },
        price: "100".parse().unwrap(),
        quantity: quantity.parse().unwrap(),
        fee: money("0.1"),
        fee_asset: "USDT".parse().unwrap(),
        liquidity: Liquidity::Taker,
        time_exchange: UtcMs::new(0),
    }
}

impl Desk {
    fn new() -> Self {
        let portfolio = Portfolio::new("USDT".parse().unwrap(), money("10000"));
        Self { book: Book::default(), account: Account::new(portfolio), fills: 0 }
    }

    fn hear(&mut self, report: &OrderReport) -> Result<bool, CoreError> {
        let step: Quantity = "0.001".parse().unwrap();
        Ok(self.book.hear(report, &mut self.account, step)?.is_some())
    }

    fn report(&mut self, decision: u64, role: Role, event: OrderEvent) -> bool {
        self.hear(&report(decision, role, event)).unwrap()
    }

    fn enter(&mut self, decision: u64) -> Quantity {
        let approved = approved(&eager());
        let reference = "100".parse().unwrap();
        self.book.intend_entry(id(decision), instrument(), reference, &approved).unwrap();
        self.report(decision, Role::Entry, OrderEvent::Submitted);
        approved.quantity()
    }

    fn fill(&mut self, decision: u64, role: Role, quantity: &str) {
        self.fills += 1;
        let fill = fill(decision, role, self.fills, quantity);
        assert!(self.report(decision, role, OrderEvent::Filled(fill)));
    }

    fn plan(&self) -> Option<Id> {
        self.book.plans().get(&instrument()).map(|plan| plan.decision_id)
    }
}

#[test]
fn old_reports_never_drop_a_newer_plan() {
    for ended in [OrderEvent::Cancelled, OrderEvent::Expired] {
        let mut desk = Desk::new();
        desk.enter(1);
        desk.report(1, Role::Entry, ended.clone());
        assert_eq!(desk.plan(), None);
        desk.enter(2);
        desk.report(1, Role::Entry, ended);
        assert_eq!(desk.plan(), Some(id(2)));
        // Nor does a fill that crossed the cancel open it.
        desk.fill(1, Role::Entry, "1");
        assert_eq!(desk.book.plans()[&instrument()].stage, Stage::Entering);
    }
}

#[test]
fn a_refused_entry_leaves_nothing_behind() {
    let mut desk = Desk::new();
    desk.enter(1);
    assert!(desk.book.reserved().unwrap() > money("3300"));
    desk.report(1, Role::Entry, OrderEvent::Rejected { reason: "no".to_owned() });
    assert_eq!((desk.plan(), desk.book.reserved().unwrap()), (None, money("0")));
}

#[test]
fn a_fill_that_is_told_twice_is_booked_once() {
    let mut desk = Desk::new();
    desk.enter(1);
    desk.fill(1, Role::Entry, "1");
    let (book, account) = (desk.book.clone(), desk.account.clone());
    let again = report(1, Role::Entry, OrderEvent::Filled(fill(1, Role::Entry, 1, "1")));
    assert_eq!(desk.hear(&again), Ok(false));
    assert_eq!((&desk.book, &desk.account), (&book, &account));
    // As long as orders of the instrument are under way.
    desk.book.prune();
    assert_eq!(desk.hear(&again), Ok(false));
    assert_eq!(desk.account, account);
}

#[test]
fn what_cannot_be_booked_changes_nothing() {
    let mut desk = Desk::new();
    desk.enter(1);
    let (book, account) = (desk.book.clone(), desk.account.clone());
    let fill =
        Fill { fee: money("79228162514264337593543950335"), ..fill(1, Role::Entry, 1, "1.001") };
    let report = report(1, Role::Entry, OrderEvent::Filled(fill));
    assert!(matches!(desk.hear(&report), Err(CoreError::Book(_))));
    assert_eq!((&desk.book, &desk.account), (&book, &account));
    // The same fill with a fee that can be is still to come.
    desk.fill(1, Role::Entry, "1.001");
}

#[test]
fn the_protection_covers_what_the_venue_takes() {
    let mut desk = Desk::new();
    desk.enter(1);
    for (n, held) in [(1, "9.99"), (2, "19.98")] {
        // One thousandth of the units goes as a fee, which leaves the step behind.
        let base = Fill {
            fee: "0.0105".parse().unwrap(),
            fee_asset: "BTC".parse().unwrap(),
            ..fill(1, Role::Entry, n, "10.0005")
        };
        desk.report(1, Role::Entry, OrderEvent::Filled(base));
        let stop = desk.book.order(ClientOrderId::new(id(1), Role::Stop)).unwrap();
        assert_eq!(stop.ticket.quantity, held.parse().unwrap());
    }
}

#[test]
fn an_exit_that_came_to_nothing_can_be_tried_again() {
    let mut desk = Desk::new();
    let quantity = desk.enter(1);
    desk.fill(1, Role::Entry, &quantity.to_string());
    let close = approve_close(Side::Sell, quantity);
    let stage = |desk: &Desk| desk.book.plans()[&instrument()].stage;
    desk.book.intend_exit(id(2), instrument(), ExitReason::ExitSignal, &close);
    desk.report(2, Role::Exit, OrderEvent::Submitted);
    assert_eq!(stage(&desk), Stage::Closing(ExitReason::ExitSignal));
    desk.report(2, Role::Exit, OrderEvent::Rejected { reason: "no".to_owned() });
    assert_eq!(stage(&desk), Stage::Open);
    desk.book.intend_exit(id(3), instrument(), ExitReason::ForceExit, &close);
    desk.report(3, Role::Exit, OrderEvent::Submitted);
    // The old exit's end is told once more: the new one is still under way.
    desk.report(2, Role::Exit, OrderEvent::Rejected { reason: "no".to_owned() });
    assert_eq!(stage(&desk), Stage::Closing(ExitReason::ForceExit));
    desk.fill(3, Role::Exit, &quantity.to_string());
    assert_eq!(desk.plan(), None);
}

#[test]
fn what_the_venue_takes_in_several_fills_is_one_order() {
    let mut desk = Desk::new();
    let quantity = desk.enter(1);
    desk.fill(1, Role::Entry, &quantity.to_string());
    let liquidation = ClientOrderId::new(id(1), Role::Liquidation);
    for (part, filled) in [("3", "3"), ("10", "13"), ("0.001", "13.001")] {
        desk.fill(1, Role::Liquidation, part);
        let order = desk.book.order(liquidation).unwrap();
        assert_eq!((order.state, order.filled), (OrderState::Filled, filled.parse().unwrap()));
        assert_eq!(order.ticket.quantity, order.filled);
        assert_eq!(desk.plan(), Some(id(1)));
        // The next part may come a watermark later.
        desk.book.prune();
    }
    desk.fills += 1;
    let rest = quantity.minus_or_zero("13.001".parse().unwrap());
    let last = fill(1, Role::Liquidation, desk.fills, &rest.to_string());
    let report = report(1, Role::Liquidation, OrderEvent::Filled(last));
    let step = "0.001".parse().unwrap();
    let (order, trade) = desk.book.hear(&report, &mut desk.account, step).unwrap().unwrap();
    assert_eq!((order.filled, order.ticket.quantity), (quantity, quantity));
    assert_eq!(trade.unwrap().exit_reason, ExitReason::Liquidation);
    assert!(desk.plan().is_none() && desk.account.portfolio.positions().is_empty());
    // Told once more it says nothing, and with its position it is forgotten.
    assert_eq!(desk.hear(&report), Ok(false));
    desk.book.prune();
    assert!(desk.book.order(liquidation).is_none());
}

#[test]
fn what_the_venue_does_not_take_is_left_and_the_next_entry_is_free() {
    let mut desk = Desk::new();
    desk.enter(1);
    desk.fill(1, Role::Entry, "0.04");
    let close = approve_close(Side::Sell, "0.04".parse().unwrap());
    desk.book.intend_exit(id(2), instrument(), ExitReason::ExitSignal, &close);
    desk.report(2, Role::Exit, OrderEvent::Submitted);
    let reason = "Filter failure: NOTIONAL".to_owned();
    desk.report(2, Role::Exit, OrderEvent::Rejected { reason });
    let trade = desk.book.leave(&mut desk.account, instrument(), UtcMs::new(7)).unwrap().unwrap();
    assert_eq!((trade.exit_reason, trade.exit_time), (ExitReason::ForceExit, UtcMs::new(7)));
    // Four were paid for what is still owned, and a fee.
    assert_eq!(trade.pnl_quote, money("-4.1"));
    let portfolio = &desk.account.portfolio;
    assert_eq!(portfolio.others()[&"BTC".parse().unwrap()], money("0.04"));
    assert_eq!(portfolio.equity().unwrap(), money("9999.9"));
    assert!(portfolio.positions().is_empty() && desk.plan().is_none());
    let left = desk.book.leave(&mut desk.account, instrument(), UtcMs::new(8));
    assert_eq!(left, Ok(None));
    desk.enter(3);
    assert_eq!(desk.plan(), Some(id(3)));
}

#[test]
fn orders_that_were_never_intended_are_errors() {
    let mut desk = Desk::new();
    let stranger = report(9, Role::Exit, OrderEvent::Accepted);
    assert!(matches!(desk.hear(&stranger), Err(CoreError::UnknownOrder(_))));
}

#[test]
fn the_best_price_of_a_position_ends_with_it() {
    let mut desk = Desk::new();
    let trailing = Trailing { activation_r_multiple: 1.0, distance_r_multiple: 1.0 };
    let candle = |high: &str, close: &str| {
        let [high, close] = [high, close].map(|text| text.parse::<Price>().unwrap());
        let open = "100".parse().unwrap();
        Candle::new(Timeframe::M1, UtcMs::new(0), [open, high, open, close], 1.0).unwrap()
    };
    let tick = "0.01".parse().unwrap();
    for n in [1, 3] {
        let quantity = desk.enter(n).to_string();
        desk.fill(n, Role::Entry, &quantity);
        let plan = desk.book.plan_mut(instrument()).unwrap();
        // What was won before is no profit of this position.
        let first = plan.protection.stop;
        assert_eq!(plan.trail(&candle("100.01", "100"), &trailing, tick), None, "{n}");
        let risen = candle("109", "108.5");
        assert!(plan.trail(&risen, &trailing, tick) > Some(first), "{n}");
        let close = approve_close(Side::Sell, quantity.parse().unwrap());
        desk.book.intend_exit(id(n + 1), instrument(), ExitReason::ExitSignal, &close);
        desk.report(n + 1, Role::Exit, OrderEvent::Submitted);
        desk.fill(n + 1, Role::Exit, &quantity);
        assert_eq!(desk.plan(), None);
    }
}
