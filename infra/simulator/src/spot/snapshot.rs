//! An account's books as a test reads them.

use super::account::Account;
use super::books::Books;
use super::order::side_word;
use crate::snapshot::{BookedBalance, BookedOrder, BookedTrade, MarketBooks};

impl Books {
    /// None for a key that is nobody's.
    pub(crate) fn snapshot(&self, key: &str) -> Option<MarketBooks> {
        self.accounts.get(key).map(Account::snapshot)
    }
}

impl Account {
    fn snapshot(&self) -> MarketBooks {
        let balances = self.balances.iter().map(|(asset, balance)| {
            (asset.clone(), BookedBalance { free: balance.free, locked: balance.locked })
        });
        let orders = self.orders.values().map(|order| BookedOrder {
            id: order.id,
            client_order_id: order.name.clone(),
            list: order.list,
            symbol: order.symbol.clone(),
            side: side_word(order.ticket.side).to_owned(),
            kind: order.ticket.kind.word().to_owned(),
            status: order.status.word().to_owned(),
            quantity: order.ticket.quantity,
            price: order.ticket.price,
            stop: order.ticket.stop,
            filled: order.filled,
            filled_quote: order.filled_quote,
            reduces_only: false,
            created_ms: order.created.ms(),
            updated_ms: order.updated.ms(),
        });
        let name = |id: u64| self.orders.get(&id).map(|order| order.name.clone());
        let trades = self.trades.iter().map(|trade| BookedTrade {
            id: trade.id,
            order_id: trade.order_id,
            client_order_id: name(trade.order_id).unwrap_or_default(),
            symbol: trade.symbol.clone(),
            side: side_word(trade.side).to_owned(),
            price: trade.price,
            quantity: trade.quantity,
            quote: trade.quote,
            fee: trade.fee,
            fee_asset: trade.fee_asset.clone(),
            is_maker: trade.is_maker,
            time_ms: trade.time.ms(),
        });
        MarketBooks {
            balances: balances.collect(),
            orders: orders.collect(),
            conditional: Vec::new(),
            trades: trades.collect(),
            positions: Vec::new(),
            incomes: Vec::new(),
        }
    }
}
