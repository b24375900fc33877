//! An account's books on futures as a test reads them.

use rust_decimal::Decimal;

use super::account::Account;
use super::books::Books;
use super::order::side_word;
use crate::snapshot::{BookedBalance, BookedOrder, BookedPosition, BookedTrade, MarketBooks};

impl Books {
    /// None for a key that is nobody's, or whose account has never had anything on futures.
    pub(crate) fn snapshot(&self, key: &str) -> Option<MarketBooks> {
        let account = self.accounts.get(key);
        account.filter(|account| !account.wallets.is_empty()).map(Account::snapshot)
    }
}

impl Account {
    fn snapshot(&self) -> MarketBooks {
        let wallets = self.wallets.iter();
        let balances = wallets.map(|(asset, free)| {
            (asset.clone(), BookedBalance { free: *free, locked: Decimal::ZERO })
        });
        let orders = self.orders.values().map(|order| BookedOrder {
            id: order.id,
            client_order_id: order.name.clone(),
            list: None,
            symbol: order.symbol.clone(),
            side: side_word(order.ticket.side).to_owned(),
            kind: order.ticket.kind.word().to_owned(),
            status: order.status.word().to_owned(),
            quantity: order.ticket.quantity,
            price: order.ticket.price,
            stop: order.stop,
            filled: order.filled,
            filled_quote: order.filled_quote,
            reduces_only: order.ticket.reduces(),
            created_ms: order.created.ms(),
            updated_ms: order.updated.ms(),
        });
        let conditional = self.algos.values().map(|algo| BookedOrder {
            id: algo.id,
            client_order_id: algo.name.clone(),
            list: None,
            symbol: algo.symbol.clone(),
            side: side_word(algo.ticket.order.side).to_owned(),
            kind: algo.ticket.kind.word().to_owned(),
            status: algo.status.word().to_owned(),
            quantity: algo.ticket.order.quantity,
            price: algo.ticket.order.price,
            stop: algo.ticket.trigger,
            filled: Decimal::ZERO,
            filled_quote: Decimal::ZERO,
            reduces_only: algo.ticket.order.reduces() || algo.ticket.order.close_position,
            created_ms: algo.created.ms(),
            updated_ms: algo.updated.ms(),
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
        let open = self.positions.iter().filter(|(_, position)| !position.amount.is_zero());
        let positions = open.map(|((symbol, side), position)| BookedPosition {
            symbol: symbol.clone(),
            side: side.word().to_owned(),
            quantity: position.amount,
            entry_price: position.entry(),
        });
        MarketBooks {
            balances: balances.collect(),
            orders: orders.collect(),
            conditional: conditional.collect(),
            trades: trades.collect(),
            positions: positions.collect(),
        }
    }
}
