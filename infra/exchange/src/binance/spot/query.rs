//! Questions about orders and executions on spot. Each is bounded; the caller goes on from the last
//! number that it saw.

use domain::instrument::InstrumentId;

use crate::binance::signed::call::Call;
use crate::binance::signed::paging::{Page, paged};
use crate::binance::signed::params::Params;

/// One order by its name.
pub fn order(instrument: InstrumentId, name: &str) -> Call {
    let params = Params::of(instrument).with("origClientOrderId", name);
    Call::ask("api/v3/order", params, 4)
}

/// One order by the venue's number.
pub fn order_by_number(instrument: InstrumentId, order_id: u64) -> Call {
    let params = Params::of(instrument).with("orderId", order_id);
    Call::ask("api/v3/order", params, 4)
}

/// The open orders of an instrument, or of all.
pub fn open_orders(instrument: Option<InstrumentId>) -> Call {
    let weight = if instrument.is_some() { 6 } else { 80 };
    let params = instrument.map(Params::of).unwrap_or_default();
    Call::ask("api/v3/openOrders", params, weight)
}

/// All orders of an instrument: open, filled, cancelled.
pub fn all_orders(instrument: InstrumentId, page: Page, limit: Option<u32>) -> Call {
    let params = Params::of(instrument);
    Call::ask("api/v3/allOrders", paged(params, "orderId", page, limit), 20)
}

/// The account's executions in an instrument.
pub fn trades(instrument: InstrumentId, page: Page, limit: Option<u32>) -> Call {
    let params = Params::of(instrument);
    Call::ask("api/v3/myTrades", paged(params, "fromId", page, limit), 20)
}

/// The executions of one order.
pub fn trades_of_order(instrument: InstrumentId, order_id: u64) -> Call {
    let params = Params::of(instrument).with("orderId", order_id);
    Call::ask("api/v3/myTrades", params, 5)
}
