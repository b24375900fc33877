//! Orders as they stand after their latest transition.

use domain::ids::Id;
use domain::instrument::InstrumentId;
use domain::money::{Price, Quantity};
use domain::order::{ClientOrderId, Order, OrderKind, OrderState, Role, Side, Ticket};
use domain::time::UtcMs;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgConnection;

use crate::error::StoreError;
use crate::rows::{self, Filter};
use crate::store::Store;

/// One order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// The ledger entry of its latest transition.
    pub seq: u64,
    /// When that happened.
    pub at: UtcMs,
    /// How it stands.
    pub order: Order,
}

/// An order with its kind spread out, as the table has it.
#[derive(Serialize, Deserialize)]
struct Flat {
    client_order_id: ClientOrderId,
    decision_id: Id,
    seq: u64,
    at: UtcMs,
    instrument: InstrumentId,
    role: Role,
    side: Side,
    kind: Kind,
    price: Option<Price>,
    trigger: Option<Price>,
    quantity: Quantity,
    filled: Quantity,
    state: OrderState,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Market,
    Limit,
    Stop,
    Target,
}

impl From<&OrderRow> for Flat {
    fn from(OrderRow { seq, at, order }: &OrderRow) -> Self {
        let Ticket { client_order_id, instrument, side, kind, quantity } = order.ticket;
        let (kind, price, trigger) = match kind {
            OrderKind::Market => (Kind::Market, None, None),
            OrderKind::Limit { price } => (Kind::Limit, Some(price), None),
            OrderKind::Stop { trigger } => (Kind::Stop, None, Some(trigger)),
            OrderKind::Target { price } => (Kind::Target, Some(price), None),
        };
        Self {
            client_order_id,
            decision_id: client_order_id.decision_id(),
            seq: *seq,
            at: *at,
            instrument,
            role: client_order_id.role(),
            side,
            kind,
            price,
            trigger,
            quantity,
            filled: order.filled,
            state: order.state,
        }
    }
}

impl TryFrom<Flat> for OrderRow {
    type Error = StoreError;

    fn try_from(flat: Flat) -> Result<Self, StoreError> {
        let kind = match (flat.kind, flat.price, flat.trigger) {
            (Kind::Market, None, None) => OrderKind::Market,
            (Kind::Limit, Some(price), None) => OrderKind::Limit { price },
            (Kind::Stop, None, Some(trigger)) => OrderKind::Stop { trigger },
            (Kind::Target, Some(price), None) => OrderKind::Target { price },
            _ => {
                let what =
                    format!("order {} has prices that its kind has not", flat.client_order_id);
                return Err(StoreError::Corrupt { what });
            }
        };
        let Flat { client_order_id, instrument, side, quantity, .. } = flat;
        let ticket = Ticket { client_order_id, instrument, side, kind, quantity };
        let order = Order { ticket, state: flat.state, filled: flat.filled };
        Ok(Self { seq: flat.seq, at: flat.at, order })
    }
}

/// An order that is written again takes the newer state; several states of one in `orders` are
/// fine.
pub(crate) async fn write(
    connection: &mut PgConnection,
    orders: &[OrderRow],
) -> Result<(), StoreError> {
    let flat: Vec<Flat> = orders.iter().map(Flat::from).collect();
    let statement = "insert into orders \
        select distinct on (client_order_id) client_order_id, decision_id, seq, utc_of(at), \
            instrument, role, side, kind, price, trigger, quantity, filled, state \
        from json_to_recordset($1::json) as r(client_order_id text, decision_id text, \
            seq bigint, at bigint, instrument text, role text, side text, kind text, \
            price numeric, trigger numeric, quantity numeric, filled numeric, state text) \
        order by client_order_id, seq desc \
        on conflict (client_order_id) do update set seq = excluded.seq, at = excluded.at, \
            kind = excluded.kind, price = excluded.price, trigger = excluded.trigger, \
            quantity = excluded.quantity, filled = excluded.filled, state = excluded.state \
        where excluded.seq > orders.seq";
    rows::write(connection, statement, &flat).await
}

impl Store {
    /// The orders, by their latest transition.
    ///
    /// # Errors
    /// Those of any read, and [`StoreError::Corrupt`] for a row that is no order.
    pub async fn orders(&self, filter: &Filter) -> Result<Vec<OrderRow>, StoreError> {
        let columns = "client_order_id, decision_id, seq, ms_of(at) as at, instrument, role, \
            side, kind, price::text as price, trigger::text as trigger, \
            quantity::text as quantity, filled::text as filled, state";
        let flat: Vec<Flat> = self.list((columns, "orders"), ("t.at", "t.seq"), filter).await?;
        flat.into_iter().map(OrderRow::try_from).collect()
    }
}
